/* SPDX-License-Identifier: Apache-2.0 */
/* Loading and weighing of a row, and the loop over precisions. */
#include "exact_row.h"

#include <stdlib.h>

exact_status row_init(row *r, modulator *m, size_t capacity) {
  size_t n = capacity > 0 ? capacity : 1;
  r->modulator = m;
  r->capacity = 0; /* of the MPFR arrays: what row_clear has to clear */
  r->skip = malloc(n);
  r->settled = malloc(n);
  r->sigma = calloc(n, sizeof *r->sigma);
  r->e = calloc(n, sizeof *r->e);
  r->bits = FIRST_BITS;
  interval_init(&r->sum, r->bits);
  interval_init(&r->rest, r->bits);
  interval_init(&r->t, r->bits);
  mpfr_init2(r->z, WIDE_BITS);
  if (r->skip == NULL || r->settled == NULL || r->sigma == NULL || r->e == NULL)
    return EXACT_ERR_MEMORY;
  for (size_t i = 0; i < n; i++) {
    mpfr_init2(r->sigma[i], NARROW_BITS);
    interval_init(&r->e[i], r->bits);
  }
  r->capacity = n;
  return EXACT_OK;
}

void row_clear(row *r) {
  for (size_t i = 0; i < r->capacity; i++) {
    mpfr_clear(r->sigma[i]);
    interval_clear(&r->e[i]);
  }
  interval_clear(&r->sum);
  interval_clear(&r->rest);
  interval_clear(&r->t);
  mpfr_clear(r->z);
  free(r->skip);
  free(r->settled);
  free(r->sigma);
  free(r->e);
}

static exact_status classify(row *r, const uint8_t *mask) {
  r->unmasked = 0;
  for (size_t i = 0; i < r->cols; i++) {
    r->skip[i] = (uint8_t)exact_masked(r->logits, mask, i);
    if (r->skip[i]) continue;
    if (!isfinite(r->logits[i])) return EXACT_ROW_NONFINITE;
    r->unmasked++;
  }
  return r->unmasked > 0 ? EXACT_OK : EXACT_ROW_MASKED;
}

exact_status row_load(row *r, const float *logits, const uint8_t *mask, size_t cols) {
  r->logits = logits;
  r->cols = cols;
  exact_status status = classify(r, mask);
  if (status != EXACT_OK) return status;
  r->top = SIZE_MAX;
  r->uniform = 1;
  for (size_t i = 0; i < cols; i++) {
    if (r->skip[i]) continue;
    mpfr_srcptr s = modulator_sigma(r->modulator, logits[i])->sigma;
    mpfr_set_prec(r->sigma[i], mpfr_get_prec(s));
    mpfr_set(r->sigma[i], s, MPFR_RNDN);
    int order = r->top == SIZE_MAX ? 0 : mpfr_cmp(r->sigma[i], r->sigma[r->top]);
    if (order != 0) r->uniform = 0;
    if (r->top == SIZE_MAX || order > 0) r->top = i;
  }
  return EXACT_OK;
}

void row_weigh(row *r, mpfr_prec_t bits) {
  interval_precision(&r->sum, bits);
  interval_precision(&r->rest, bits);
  interval_precision(&r->t, bits);
  r->bits = bits;
  interval_set_count(&r->rest, 0);
  for (size_t i = 0; i < r->cols; i++) {
    if (r->skip[i]) continue;
    interval *e = &r->e[i];
    interval_precision(e, bits);
    mpfr_sub(r->z, r->sigma[i], r->sigma[r->top], MPFR_RNDN); /* exact */
    interval_exp_point(e, r->z);
    if (i != r->top) interval_add(&r->rest, &r->rest, e);
  }
  interval_set_count(&r->t, 1);
  interval_add(&r->sum, &r->rest, &r->t);
}

mpfr_prec_t next_bits(mpfr_prec_t bits) {
  if (bits >= EXACT_MAX_BITS) return 0;
  return 2 * bits < EXACT_MAX_BITS ? 2 * bits : EXACT_MAX_BITS;
}

static int settle(const interval *a, float *out, exact_value *value) {
  float unused;
  return interval_round_float(a, out != NULL ? out : &unused) &&
         (value == NULL || interval_value(a, 1, value));
}

static void unsettled(float *out, exact_value *value) {
  if (out != NULL) *out = NAN;
  if (value != NULL) value->hi = value->lo = NAN;
}

static void prepare(row *r, const row_output *kind, mpfr_prec_t bits, interval *a) {
  row_weigh(r, bits);
  if (kind->prepare != NULL) kind->prepare(r, kind->state);
  interval_precision(a, bits);
}

exact_status row_settle(row *r, const row_output *kind, float *out, exact_value *values) {
  interval a;
  size_t left = r->unmasked;
  interval_init(&a, FIRST_BITS);
  for (size_t i = 0; i < r->cols; i++) {
    r->settled[i] = r->skip[i];
    if (r->skip[i]) row_fill(1, kind->masked, out ? out + i : NULL, values ? values + i : NULL);
  }
  for (mpfr_prec_t bits = FIRST_BITS; bits != 0 && left > 0; bits = next_bits(bits)) {
    prepare(r, kind, bits, &a);
    for (size_t i = 0; i < r->cols; i++) {
      if (r->settled[i]) continue;
      kind->entry(r, kind->state, i, &a);
      r->settled[i] = (uint8_t)settle(&a, out ? out + i : NULL, values ? values + i : NULL);
      left -= r->settled[i];
    }
  }
  for (size_t i = 0; i < r->cols && left > 0; i++)
    if (!r->settled[i]) unsettled(out ? out + i : NULL, values ? values + i : NULL);
  interval_clear(&a);
  return left == 0 ? EXACT_OK : EXACT_UNDECIDED;
}

exact_status row_settle_one(row *r, const row_output *kind, size_t i, float *out,
                            exact_value *value) {
  interval a;
  int done = 0;
  interval_init(&a, FIRST_BITS);
  for (mpfr_prec_t bits = FIRST_BITS; bits != 0 && !done; bits = next_bits(bits)) {
    prepare(r, kind, bits, &a);
    kind->entry(r, kind->state, i, &a);
    done = settle(&a, out, value);
  }
  if (!done) unsettled(out, value);
  interval_clear(&a);
  return done ? EXACT_OK : EXACT_UNDECIDED;
}

void row_fill(size_t cols, float fill, float *out, exact_value *values) {
  for (size_t i = 0; i < cols; i++) {
    if (out != NULL) out[i] = fill;
    if (values != NULL) {
      values[i].hi = (double)fill;
      values[i].lo = isnan(fill) ? (double)NAN : 0.0;
    }
  }
}
