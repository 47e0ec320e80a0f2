/* SPDX-License-Identifier: Apache-2.0 */
/* The linear part is rational: it is exact, but for its one division, as soon
   as the precision holds its sums. */
#include "exact_loss.h"

void loss_init(loss *l) {
  interval_init(&l->linear, FIRST_BITS);
  interval_init(&l->log, FIRST_BITS);
}

void loss_clear(loss *l) {
  interval_clear(&l->linear);
  interval_clear(&l->log);
}

/* r->z = factor * (max - sigma_i), exact: 4170 bits by 150. */
static void below_max(row *r, size_t i, mpfr_srcptr factor) {
  mpfr_sub(r->z, r->sigma[r->top], r->sigma[i], MPFR_RNDN);
  mpfr_mul(r->z, r->z, factor, MPFR_RNDN);
}

static void add_point(interval *sum, mpfr_srcptr point) {
  mpfr_add(sum->lo, sum->lo, point, MPFR_RNDD);
  mpfr_add(sum->hi, sum->hi, point, MPFR_RNDU);
}

void loss_prepare(row *r, void *state) {
  loss *l = state;
  mpfr_t factor;
  mpfr_init2(factor, 256);
  interval_precision(&l->linear, r->bits);
  interval_precision(&l->log, r->bits);
  interval_log1p(&l->log, &r->rest);
  /* (n (1-a) b_target + a sum_k b_k) / n */
  interval_set_count(&l->linear, 0);
  mpfr_set_d(factor, 1.0, MPFR_RNDN);
  mpfr_sub_d(factor, factor, (double)l->smoothing, MPFR_RNDN);
  mpfr_mul_ui(factor, factor, r->unmasked, MPFR_RNDN);
  below_max(r, l->target, factor);
  add_point(&l->linear, r->z);
  mpfr_set_flt(factor, l->smoothing, MPFR_RNDN);
  for (size_t i = 0; i < r->cols && l->smoothing > 0.0f; i++) {
    if (r->skip[i]) continue;
    below_max(r, i, factor);
    add_point(&l->linear, r->z);
  }
  interval_set_count(&r->t, r->unmasked);
  interval_div(&l->linear, &l->linear, &r->t);
  mpfr_clear(factor);
}

void loss_entry(row *r, void *state, size_t i, interval *out) {
  loss *l = state;
  (void)r;
  (void)i;
  interval_add(out, &l->linear, &l->log);
}
