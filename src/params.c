/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters: the one place where temperatures and the authors' ts become coefficients. */
#include "fpenv.h"
#include "multimax.h"
#include "ref/arith.h"

#ifdef __FRAMAC__
#include "params.acsl"
#endif

#define FLOAT_MAX 0x1.fffffep127

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact: \result != 0 <==> float_range(v);
*/
static int in_float_range(double v) { return v >= -FLOAT_MAX && v <= FLOAT_MAX; }

/* A knot and its coefficient, which is 0 without its term. */
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact: \result != 0 <==> float_range(coef) && float_range(knot) && (present != 0 || coef == 0.0);
*/
static int term_valid(unsigned present, double coef, double knot) {
  return in_float_range(coef) && in_float_range(knot) && (present != 0 || coef == 0.0);
}

void mmax_params_softmax(mmax_params *params) {
  params->coef[0] = params->coef[1] = params->coef[2] = params->coef[3] = 0.0;
  params->knot[0] = params->knot[1] = params->knot[2] = params->knot[3] = 0.0;
  params->scale = 1.0;
  params->shift = 0.0;
  params->terms = MMAX_ORDER_0;
}

/*@ requires  valid:  \valid_read(params);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact:  \result != 0 <==> terms_accepted((mmax_params *)params);
*/
static int terms_valid(const mmax_params *params) {
  return params->terms <= (MMAX_ORDER_2 | MMAX_TERM_AFFINE) &&
         term_valid(params->terms & MMAX_TERM_LOW1, params->coef[0], params->knot[0]) &&
         term_valid(params->terms & MMAX_TERM_HIGH1, params->coef[1], params->knot[1]) &&
         term_valid(params->terms & MMAX_TERM_LOW2, params->coef[2], params->knot[2]) &&
         term_valid(params->terms & MMAX_TERM_HIGH2, params->coef[3], params->knot[3]);
}

mmax_status mmax_params_check(const mmax_params *params) {
  if (params == NULL) return MMAX_ERR_NULL;
  if (!terms_valid(params)) return MMAX_ERR_PARAMS;
  if (!in_float_range(params->scale) || !in_float_range(params->shift)) return MMAX_ERR_PARAMS;
  if (!(params->terms & MMAX_TERM_AFFINE) && (params->scale != 1.0 || params->shift != 0.0))
    return MMAX_ERR_PARAMS;
  return MMAX_OK;
}

/* What an entry of the paper's or the authors' arrays is to its coefficient. */
enum form { AS_IT_IS, ONE_MINUS, MINUS_ONE };

/*@ requires  finite: finf(v);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  coefficient_is(\result, form, v);
    ensures   range:  float_range(\result);
*/
static double coefficient_of(enum form form, float v) {
  double t = mmax_widen(v);
  /*@ assert hint_range: float_range(t); */
  if (form == AS_IT_IS) {
    /*@ assert hint_same: coefficient_is(t, form, v); */
    return t;
  }
  if (form == ONE_MINUS) {
    /*@ assert hint_low: float_real(rnd64(1.0 - t)); */
    double low = mmax_sub(1.0, t);
    /*@ assert hint_one_minus: coefficient_is(low, form, v); */
    return low;
  }
  /*@ assert hint_high: float_real(rnd64(t - 1.0)); */
  double high = mmax_sub(t, 1.0);
  /*@ assert hint_minus_one: coefficient_is(high, form, v); */
  return high;
}

typedef struct term {
  double coef, knot;
  int ok;
} term;

/* Term i: zeros when it is absent, not ok when a value of it is not finite. */
/*@ requires  index:   0 <= i < 4;
    requires  given:   term_readable(present, (float *)values + i, (float *)knots + i);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   ok:      \result.ok != 0 <==> term_given(present, (float *)values + i, (float *)knots + i);
    ensures   range:   float_range(\result.coef) && float_range(\result.knot);
    ensures   absent:  present != 0 || \result.coef == 0.0;
    ensures   value:   \result.ok != 0 ==>
                         term_is(\result.coef, \result.knot, present, form, (float *)values + i, (float *)knots + i);
*/
static term term_of(unsigned present, enum form form, const float *values, const float *knots,
                    int i) {
  term t = {0.0, 0.0, 1};
  if (!present) return t;
  float value = values[i], knot = knots[i];
  t.ok = mmax_classify(value) == MMAX_FINITE && mmax_classify(knot) == MMAX_FINITE;
  if (!t.ok) return t;
  t.coef = coefficient_of(form, value);
  t.knot = mmax_widen(knot);
  return t;
}

/* Writes params only if every value is valid. */
/*@ requires  valid:   \valid(params);
    requires  given:   terms_readable(terms, (float *)values, (float *)knots);
    terminates \true;
    exits     \false;
    assigns   *params;
    behavior refused:
      assumes refused: !terms_given(terms, (float *)values, (float *)knots);
      ensures status:  \result == MMAX_ERR_PARAMS;
      ensures same:    same_params{Pre, Post}(params);
    behavior ok:
      assumes ok:      terms_given(terms, (float *)values, (float *)knots);
      ensures status:  \result == MMAX_OK;
      ensures made:    made_from(params, terms, low, high, (float *)values, (float *)knots);
    complete behaviors;
    disjoint behaviors;
*/
static mmax_status set(mmax_params *params, unsigned terms, enum form low, enum form high,
                       const float *values, const float *knots) {
  if (terms > MMAX_ORDER_2) return MMAX_ERR_PARAMS;
  term low1 = term_of(terms & MMAX_TERM_LOW1, low, values, knots, 0);
  term high1 = term_of(terms & MMAX_TERM_HIGH1, high, values, knots, 1);
  term low2 = term_of(terms & MMAX_TERM_LOW2, low, values, knots, 2);
  term high2 = term_of(terms & MMAX_TERM_HIGH2, high, values, knots, 3);
  if (!low1.ok || !high1.ok || !low2.ok || !high2.ok) return MMAX_ERR_PARAMS;
  /*@ assert hint_absent: ((terms & 1) != 0 || low1.coef == 0.0) && ((terms & 2) != 0 || high1.coef == 0.0) &&
                          ((terms & 4) != 0 || low2.coef == 0.0) && ((terms & 8) != 0 || high2.coef == 0.0); */
  params->coef[0] = low1.coef;
  params->coef[1] = high1.coef;
  params->coef[2] = low2.coef;
  params->coef[3] = high2.coef;
  params->knot[0] = low1.knot;
  params->knot[1] = high1.knot;
  params->knot[2] = low2.knot;
  params->knot[3] = high2.knot;
  params->scale = 1.0;
  params->shift = 0.0;
  params->terms = terms;
  /*@ assert hint_low1: term_is(params->coef[0], params->knot[0], terms & 1, low, (float *)values + 0, (float *)knots + 0); */
  /*@ assert hint_high1: term_is(params->coef[1], params->knot[1], terms & 2, high, (float *)values + 1, (float *)knots + 1); */
  /*@ assert hint_low2: term_is(params->coef[2], params->knot[2], terms & 4, low, (float *)values + 2, (float *)knots + 2); */
  /*@ assert hint_high2: term_is(params->coef[3], params->knot[3], terms & 8, high, (float *)values + 3, (float *)knots + 3); */
  /*@ assert hint_range: float_range(params->coef[0]) && float_range(params->coef[1]) && float_range(params->coef[2]) &&
        float_range(params->coef[3]) && float_range(params->knot[0]) && float_range(params->knot[1]) &&
        float_range(params->knot[2]) && float_range(params->knot[3]); */
  /*@ assert hint_affine: params->scale == 1.0 && params->shift == 0.0 && float_range(params->scale) && float_range(params->shift); */
  /*@ assert hint_terms: terms_accepted(params); */
  /*@ assert hint_accepted: accepted(params); */
  return MMAX_OK;
}

/*@ requires  valid:   params == \null || \valid(params);
    requires  given:   params != \null && (terms == 0 || (temps != \null && knots != \null)) ==>
                         terms_readable(terms, (float *)temps, (float *)knots);
    terminates \true;
    exits     \false;
    assigns   *params;
    behavior null:
      assumes null:    params == \null || (terms != 0 && (temps == \null || knots == \null));
      assigns \nothing;
      ensures status:  \result == MMAX_ERR_NULL;
    behavior refused:
      assumes given:   params != \null && (terms == 0 || (temps != \null && knots != \null));
      assumes refused: !terms_given(terms, (float *)temps, (float *)knots);
      ensures status:  \result == MMAX_ERR_PARAMS;
      ensures same:    same_params{Pre, Post}(params);
    behavior ok:
      assumes given:   params != \null && (terms == 0 || (temps != \null && knots != \null));
      assumes ok:      terms_given(terms, (float *)temps, (float *)knots);
      ensures status:  \result == MMAX_OK;
      ensures made:    made_from(params, terms, 1, 2, (float *)temps, (float *)knots);
    complete behaviors;
    disjoint behaviors;
*/
mmax_status mmax_params_from_temperatures(mmax_params *params, unsigned terms,
                                          const float temps[4], const float knots[4]) {
  if (params == NULL || (terms != 0 && (temps == NULL || knots == NULL))) return MMAX_ERR_NULL;
  mmax_fpenv saved = mmax_fpenv_enter();
  mmax_status status = set(params, terms, ONE_MINUS, MINUS_ONE, temps, knots);
  mmax_fpenv_leave(saved);
  return status;
}

/*@ requires  valid:   params == \null || \valid(params);
    requires  given:   params != \null && (terms == 0 || (ts != \null && ranges != \null)) ==>
                         terms_readable(terms, (float *)ts, (float *)ranges);
    terminates \true;
    exits     \false;
    assigns   *params;
    behavior null:
      assumes null:    params == \null || (terms != 0 && (ts == \null || ranges == \null));
      assigns \nothing;
      ensures status:  \result == MMAX_ERR_NULL;
    behavior refused:
      assumes given:   params != \null && (terms == 0 || (ts != \null && ranges != \null));
      assumes refused: !terms_given(terms, (float *)ts, (float *)ranges);
      ensures status:  \result == MMAX_ERR_PARAMS;
      ensures same:    same_params{Pre, Post}(params);
    behavior ok:
      assumes given:   params != \null && (terms == 0 || (ts != \null && ranges != \null));
      assumes ok:      terms_given(terms, (float *)ts, (float *)ranges);
      ensures status:  \result == MMAX_OK;
      ensures made:    made_from(params, terms, 0, 0, (float *)ts, (float *)ranges);
    complete behaviors;
    disjoint behaviors;
*/
mmax_status mmax_params_from_ts(mmax_params *params, unsigned terms, const float ts[4],
                                const float ranges[4]) {
  if (params == NULL || (terms != 0 && (ts == NULL || ranges == NULL))) return MMAX_ERR_NULL;
  mmax_fpenv saved = mmax_fpenv_enter(); /* widening a subnormal meets DAZ */
  mmax_status status = set(params, terms, AS_IT_IS, AS_IT_IS, ts, ranges);
  mmax_fpenv_leave(saved);
  return status;
}

/*@ requires  known:   terms <= 31;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   known:   \result <= 31;
    ensures   affine:  \result == (terms | 16) && has_affine(\result);
    ensures   low:     ((\result & 1) != 0 <==> (terms & 1) != 0) && ((\result & 2) != 0 <==> (terms & 2) != 0);
    ensures   high:    ((\result & 4) != 0 <==> (terms & 4) != 0) && ((\result & 8) != 0 <==> (terms & 8) != 0);
*/
static unsigned with_affine(unsigned terms) {
  const unsigned with = terms | MMAX_TERM_AFFINE;
  /* The provers know no bound of a disjunction of bits: each number that terms can be. */
  /*@ assert hint_0: terms == 0 ==> with <= 31; */ /*@ assert hint_1: terms == 1 ==> with <= 31; */
  /*@ assert hint_2: terms == 2 ==> with <= 31; */ /*@ assert hint_3: terms == 3 ==> with <= 31; */
  /*@ assert hint_4: terms == 4 ==> with <= 31; */ /*@ assert hint_5: terms == 5 ==> with <= 31; */
  /*@ assert hint_6: terms == 6 ==> with <= 31; */ /*@ assert hint_7: terms == 7 ==> with <= 31; */
  /*@ assert hint_8: terms == 8 ==> with <= 31; */ /*@ assert hint_9: terms == 9 ==> with <= 31; */
  /*@ assert hint_10: terms == 10 ==> with <= 31; */ /*@ assert hint_11: terms == 11 ==> with <= 31; */
  /*@ assert hint_12: terms == 12 ==> with <= 31; */ /*@ assert hint_13: terms == 13 ==> with <= 31; */
  /*@ assert hint_14: terms == 14 ==> with <= 31; */ /*@ assert hint_15: terms == 15 ==> with <= 31; */
  /*@ assert hint_16: terms == 16 ==> with <= 31; */ /*@ assert hint_17: terms == 17 ==> with <= 31; */
  /*@ assert hint_18: terms == 18 ==> with <= 31; */ /*@ assert hint_19: terms == 19 ==> with <= 31; */
  /*@ assert hint_20: terms == 20 ==> with <= 31; */ /*@ assert hint_21: terms == 21 ==> with <= 31; */
  /*@ assert hint_22: terms == 22 ==> with <= 31; */ /*@ assert hint_23: terms == 23 ==> with <= 31; */
  /*@ assert hint_24: terms == 24 ==> with <= 31; */ /*@ assert hint_25: terms == 25 ==> with <= 31; */
  /*@ assert hint_26: terms == 26 ==> with <= 31; */ /*@ assert hint_27: terms == 27 ==> with <= 31; */
  /*@ assert hint_28: terms == 28 ==> with <= 31; */ /*@ assert hint_29: terms == 29 ==> with <= 31; */
  /*@ assert hint_30: terms == 30 ==> with <= 31; */ /*@ assert hint_31: terms == 31 ==> with <= 31; */
  return with;
}

/*@ requires  valid:   params == \null || \valid(params);
    terminates \true;
    exits     \false;
    assigns   params->scale, params->shift, params->terms;
    behavior null:
      assumes null:    params == \null;
      assigns \nothing;
      ensures status:  \result == MMAX_ERR_NULL;
    behavior refused:
      assumes refused: params != \null && !(finf(scale) && finf(shift) && terms_accepted(params));
      assigns \nothing;
      ensures status:  \result == MMAX_ERR_PARAMS;
    behavior ok:
      assumes ok:      params != \null && finf(scale) && finf(shift) && terms_accepted(params);
      assigns params->scale, params->shift, params->terms;
      ensures status:  \result == MMAX_OK;
      ensures affine:  params->scale == scale && params->shift == shift;
      ensures terms:   params->terms == (\old(params->terms) | 16);
      ensures range:   float_range(params->scale) && float_range(params->shift);
      ensures good:    accepted(params);
    complete behaviors;
    disjoint behaviors;
*/
mmax_status mmax_params_set_affine(mmax_params *params, float scale, float shift) {
  if (params == NULL) return MMAX_ERR_NULL;
  if (mmax_classify(scale) != MMAX_FINITE || mmax_classify(shift) != MMAX_FINITE ||
      !terms_valid(params))
    return MMAX_ERR_PARAMS;
  mmax_fpenv saved = mmax_fpenv_enter();
  params->scale = mmax_widen(mmax_fpenv_pin32(scale));
  params->shift = mmax_widen(mmax_fpenv_pin32(shift));
  /*@ assert hint_range: float_range(params->scale) && float_range(params->shift); */
  params->terms = with_affine(params->terms);
  /*@ assert hint_again: float_range(params->scale) && float_range(params->shift); */
  /*@ assert hint_terms: terms_accepted(params); */
  /*@ assert hint_affine: has_affine(params->terms); */
  /*@ assert hint_accepted: accepted(params); */
  mmax_fpenv_leave(saved);
  return MMAX_OK;
}
