/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every operation on enclosures contains what it must and is as tight as its
 * precision allows. At 5 bits a rounding in the wrong direction shows at once;
 * the truth is computed at 600 bits, where operands of 5 bits leave sums and
 * products exact.
 */
#include "exact_interval.h"

#include "oracle_check.h"
#include "random.h"

enum { SMALL = 5, LARGE = 600, CASES = 20000 };

static interval a, b, out;
static mpfr_t point, truth, slack;
static int outside, loose;

static void random_number(uint64_t *state, mpfr_t v) {
  mpfr_set_d(v, random_normal(state) * exp2(random_between(state, -6.0, 6.0)), MPFR_RNDN);
}

static void random_interval(uint64_t *state, interval *v, int sign) {
  random_number(state, v->lo);
  random_number(state, v->hi);
  if (sign > 0) mpfr_abs(v->lo, v->lo, MPFR_RNDN), mpfr_abs(v->hi, v->hi, MPFR_RNDN);
  if (mpfr_cmp(v->lo, v->hi) > 0) mpfr_swap(v->lo, v->hi);
}

/* truth must be in out */
static void contains(void) {
  outside += mpfr_cmp(out.lo, truth) > 0 || mpfr_cmp(out.hi, truth) < 0;
}

/* one end of out must be truth, rounded outwards to the small precision */
static void end(mpfr_srcptr got, mpfr_rnd_t direction) {
  mpfr_set(slack, truth, direction);
  loose += !mpfr_equal_p(slack, got);
}

/* op at the four corners of a x b: the hull of these is the exact result. */
static void corners(int (*op)(mpfr_t, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t)) {
  mpfr_t least, most;
  mpfr_inits2(LARGE, least, most, (mpfr_ptr)0);
  mpfr_set_inf(least, 1);
  mpfr_set_inf(most, -1);
  for (int k = 0; k < 4; k++) {
    op(truth, k & 1 ? a.lo : a.hi, k & 2 ? b.lo : b.hi, MPFR_RNDN);
    contains();
    mpfr_min(least, least, truth, MPFR_RNDN);
    mpfr_max(most, most, truth, MPFR_RNDN);
  }
  mpfr_set(truth, least, MPFR_RNDN);
  end(out.lo, MPFR_RNDD);
  mpfr_set(truth, most, MPFR_RNDN);
  end(out.hi, MPFR_RNDU);
  mpfr_clears(least, most, (mpfr_ptr)0);
}

static void check_binary(uint64_t *state) {
  random_interval(state, &a, 0);
  random_interval(state, &b, 0);
  interval_add(&out, &a, &b);
  corners(mpfr_add);
  interval_sub(&out, &a, &b);
  corners(mpfr_sub);
  random_interval(state, &b, 1);
  interval_div(&out, &a, &b);
  corners(mpfr_div);
  random_interval(state, &a, 1);
  random_interval(state, &b, 0);
  interval_mul(&out, &a, &b);
  corners(mpfr_mul);
}

static void check_point(uint64_t *state) {
  random_interval(state, &a, 0);
  random_number(state, point);
  mpfr_set(b.lo, point, MPFR_RNDD); /* of small precision, so that b is the point */
  mpfr_set(point, b.lo, MPFR_RNDN);
  mpfr_set(b.hi, point, MPFR_RNDN);
  interval_scale(&out, &a, point);
  corners(mpfr_mul);
  interval_set_point(&out, point);
  loose += !mpfr_equal_p(out.lo, point) || !mpfr_equal_p(out.hi, point);
  interval_point_sub(&out, point, &a);
  for (int k = 0; k < 2; k++) {
    mpfr_sub(truth, point, k ? a.lo : a.hi, MPFR_RNDN);
    contains();
    end(k ? out.hi : out.lo, k ? MPFR_RNDU : MPFR_RNDD);
  }
}

static void check_functions(uint64_t *state) {
  random_interval(state, &a, 1);
  interval_log1p(&out, &a);
  for (int k = 0; k < 2; k++) {
    mpfr_log1p(truth, k ? a.hi : a.lo, MPFR_RNDN);
    contains();
    end(k ? out.hi : out.lo, k ? MPFR_RNDU : MPFR_RNDD);
  }
  mpfr_neg(point, a.lo, MPFR_RNDN);
  interval_exp_point(&out, point);
  mpfr_exp(truth, point, MPFR_RNDN);
  contains();
  end(out.lo, MPFR_RNDD);
  end(out.hi, MPFR_RNDU);
}

int main(void) {
  uint64_t state = 11;
  interval_init(&a, SMALL);
  interval_init(&b, SMALL);
  interval_init(&out, SMALL);
  mpfr_inits2(LARGE, point, truth, (mpfr_ptr)0);
  mpfr_init2(slack, SMALL);
  for (int i = 0; i < CASES; i++) {
    check_binary(&state);
    check_point(&state);
    check_functions(&state);
  }
  CHECK(outside == 0);
  CHECK(loose == 0);
  mpfr_set_si(point, 0, MPFR_RNDN);
  interval_exp_point(&out, point);
  CHECK(mpfr_cmp_ui(out.lo, 1) == 0 && mpfr_cmp_ui(out.hi, 1) == 0);
  mpfr_set_d(point, -1e30, MPFR_RNDN);
  interval_exp_point(&out, point);
  CHECK(mpfr_zero_p(out.lo) && mpfr_sgn(out.hi) > 0);
  interval_clear(&a);
  interval_clear(&b);
  interval_clear(&out);
  mpfr_clears(point, truth, slack, (mpfr_ptr)0);
  mpfr_free_cache();
  return verdict_line("oracle_interval");
}
