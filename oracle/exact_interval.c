/* SPDX-License-Identifier: Apache-2.0 */
/* Outward rounded arithmetic. */
#include "exact_interval.h"

void interval_init(interval *a, mpfr_prec_t bits) {
  mpfr_init2(a->lo, bits);
  mpfr_init2(a->hi, bits);
}

void interval_clear(interval *a) {
  mpfr_clear(a->lo);
  mpfr_clear(a->hi);
}

void interval_precision(interval *a, mpfr_prec_t bits) {
  mpfr_set_prec(a->lo, bits);
  mpfr_set_prec(a->hi, bits);
}

void interval_set_point(interval *out, mpfr_srcptr point) {
  mpfr_set(out->lo, point, MPFR_RNDD);
  mpfr_set(out->hi, point, MPFR_RNDU);
}

void interval_set_count(interval *out, unsigned long n) {
  mpfr_set_ui(out->lo, n, MPFR_RNDD);
  mpfr_set_ui(out->hi, n, MPFR_RNDU);
}

void interval_exp_point(interval *out, mpfr_srcptr z) {
  int inexact = mpfr_exp(out->lo, z, MPFR_RNDD);
  mpfr_set(out->hi, out->lo, MPFR_RNDU);
  if (inexact) mpfr_nextabove(out->hi); /* of 0 after underflow: the least positive number */
}

void interval_log1p(interval *out, const interval *a) {
  mpfr_log1p(out->lo, a->lo, MPFR_RNDD);
  mpfr_log1p(out->hi, a->hi, MPFR_RNDU);
}

void interval_add(interval *out, const interval *a, const interval *b) {
  mpfr_add(out->lo, a->lo, b->lo, MPFR_RNDD);
  mpfr_add(out->hi, a->hi, b->hi, MPFR_RNDU);
}

/* The ends are computed crosswise and swapped, so that out may be b. */
void interval_sub(interval *out, const interval *a, const interval *b) {
  mpfr_sub(out->lo, a->hi, b->lo, MPFR_RNDU);
  mpfr_sub(out->hi, a->lo, b->hi, MPFR_RNDD);
  mpfr_swap(out->lo, out->hi);
}

void interval_point_sub(interval *out, mpfr_srcptr point, const interval *b) {
  mpfr_sub(out->lo, point, b->lo, MPFR_RNDU);
  mpfr_sub(out->hi, point, b->hi, MPFR_RNDD);
  mpfr_swap(out->lo, out->hi);
}

void interval_scale(interval *out, const interval *a, mpfr_srcptr point) {
  int negative = mpfr_sgn(point) < 0;
  mpfr_mul(out->lo, a->lo, point, negative ? MPFR_RNDU : MPFR_RNDD);
  mpfr_mul(out->hi, a->hi, point, negative ? MPFR_RNDD : MPFR_RNDU);
  if (negative) mpfr_swap(out->lo, out->hi);
}

void interval_mul(interval *out, const interval *a, const interval *b) {
  mpfr_mul(out->lo, mpfr_sgn(b->lo) >= 0 ? a->lo : a->hi, b->lo, MPFR_RNDD);
  mpfr_mul(out->hi, mpfr_sgn(b->hi) >= 0 ? a->hi : a->lo, b->hi, MPFR_RNDU);
}

void interval_div(interval *out, const interval *a, const interval *b) {
  mpfr_srcptr below = mpfr_sgn(a->lo) >= 0 ? b->hi : b->lo;
  mpfr_srcptr above = mpfr_sgn(a->hi) >= 0 ? b->lo : b->hi;
  mpfr_div(out->lo, a->lo, below, MPFR_RNDD);
  mpfr_div(out->hi, a->hi, above, MPFR_RNDU);
}
