/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ln(1 + t) for 0 <= t <= 2^35 with small RELATIVE error, down to the tiniest t.
 *
 * 1 + t = 2^k * (1 + f), f in [-0.293, 0.4143];  w = f/(2+f), |w| <= 0.1717;
 * ln(1+f) = 2w (1 + w^2/3 + w^4/5 + ... + w^16/17) + a tail below 2^-49.
 * Without the sum 1 + t when t < 0.4142, so nothing is lost there.
 */
#ifndef MMAX_REF_LOG_H
#define MMAX_REF_LOG_H

#include "arith.h"

#ifdef __FRAMAC__
#include "log.acsl"
#endif

/* d = m * 2^k. */
typedef struct mmax_halved {
  double m;
  int k;
} mmax_halved;

/*@ requires  range:  fin(d) && 1.0 <= d <= 68719476736.0;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  fin(\result.m) && 0.705 <= \result.m <= 1.4140625 && 0 <= \result.k <= 36;
    ensures   none:   \result.k == 0 ==> \result.m == d;
    ensures   exact:  halved(d, \result.m, \result.k);
*/
static inline mmax_halved mmax_halve(double d) {
  mmax_halved h = {d, 0};
  /*@ ghost int left = 36; */
  /*@ assert hint_start: halved(d, d, 0); */
  /*@ loop invariant range: fin(h.m) && 0.705 <= h.m <= 68719476736.0 && 0 <= h.k <= 36;
      loop invariant none:  h.k == 0 ==> h.m == d;
      loop invariant exact: halved(d, h.m, h.k);
      loop invariant left:  left == 36 - h.k && h.m <= p2(left);
      loop assigns   h, left;
      loop variant   left;
  */
  while (h.m > 0x1.6ap0) {
    /*@ assert hint_left: left > 0; */
    /*@ assert hint_half: rnd64(h.m*0.5) == h.m*0.5; */
    double half = mmax_mul(h.m, 0.5);
    /*@ assert hint_halved: halved(d, half, h.k + 1); */
    /*@ assert hint_below: half <= p2(left - 1); */
    h.m = half;
    h.k = h.k + 1;
    /*@ ghost left = left - 1; */
  }
  return h;
}

/* ln((1+w)/(1-w)), the series to w^17. */
/*@ requires  range:  fin(w) && -0.1735 <= w <= 0.1735;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  fin(\result) && -0.36 <= \result <= 0.36;
    ensures   sign:   w >= 0.0 ==> \result >= 0.0;
    ensures   value:  \result == log_series_hat(w);
*/
static inline double mmax_log_series(double w) {
  double w2 = mmax_mul(w, w);
  /*@ assert hint_square: w2 == mult(w, w); */
  /*@ assert hint_w2: 0.0 <= w2 <= 0.0302; */
  double h8 = mmax_fma(w2, 0x1.e1e1e1e1e1e1ep-5, 0x1.1111111111111p-4); /* 1/17, 1/15 */
  /*@ assert hint_8: 0.06 <= h8 <= 0.07; */
  /*@ assert hint_step_8: h8 == fused(w2, 0x1.e1e1e1e1e1e1ep-5, 0x1.1111111111111p-4); */
  double h7 = mmax_fma(w2, h8, 0x1.3b13b13b13b14p-4); /* 1/13 */
  /*@ assert hint_7: 0.07 <= h7 <= 0.08; */
  /*@ assert hint_step_7: h7 == fused(w2, h8, 0x1.3b13b13b13b14p-4); */
  double h6 = mmax_fma(w2, h7, 0x1.745d1745d1746p-4); /* 1/11 */
  /*@ assert hint_6: 0.09 <= h6 <= 0.1; */
  /*@ assert hint_step_6: h6 == fused(w2, h7, 0x1.745d1745d1746p-4); */
  double h5 = mmax_fma(w2, h6, 0x1.c71c71c71c71cp-4); /* 1/9 */
  /*@ assert hint_5: 0.11 <= h5 <= 0.12; */
  /*@ assert hint_step_5: h5 == fused(w2, h6, 0x1.c71c71c71c71cp-4); */
  double h4 = mmax_fma(w2, h5, 0x1.2492492492492p-3); /* 1/7 */
  /*@ assert hint_4: 0.14 <= h4 <= 0.15; */
  /*@ assert hint_step_4: h4 == fused(w2, h5, 0x1.2492492492492p-3); */
  double h3 = mmax_fma(w2, h4, 0x1.999999999999ap-3); /* 1/5 */
  /*@ assert hint_3: 0.19 <= h3 <= 0.21; */
  /*@ assert hint_step_3: h3 == fused(w2, h4, 0x1.999999999999ap-3); */
  double h2 = mmax_fma(w2, h3, 0x1.5555555555555p-2); /* 1/3 */
  /*@ assert hint_2: 0.33 <= h2 <= 0.35; */
  /*@ assert hint_step_2: h2 == fused(w2, h3, 0x1.5555555555555p-2); */
  double twice = mmax_mul(2.0, w);
  /*@ assert hint_double: twice == mult(2.0, w); */
  /*@ assert hint_twice: -0.35 <= twice <= 0.35; */
  /*@ assert hint_positive: w >= 0.0 ==> twice >= 0.0; */
  double cube = mmax_mul(twice, w2);
  /*@ assert hint_product_v: cube == mult(twice, w2); */
  /*@ assert hint_cube: -0.011 <= cube <= 0.011; */
  /*@ assert hint_not_negative: w >= 0.0 ==> cube >= 0.0; */
  /*@ assert hint_tail: h2 == log_tail(w2); */
  double s = mmax_fma(cube, h2, twice);
  /*@ assert hint_fused: s == fused(cube, h2, twice); */
  /*@ assert hint_cubed: s == log_cubed(twice, w2); */
  /*@ assert hint_range: -0.36 <= s <= 0.36; */
  /*@ assert hint_product: w >= 0.0 ==> cube*h2 + twice >= 0.0; */
  /*@ assert hint_sign: w >= 0.0 ==> s >= 0.0; */
  return s;
}

/* f/(2 + f). */
/*@ requires  range:  fin(f) && -0.2955 <= f <= 0.4145;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  fin(\result) && -0.1735 <= \result <= 0.1735;
    ensures   sign:   f >= 0.0 ==> \result >= 0.0;
    ensures   value:  \result == log_ratio_hat(f);
*/
static inline double mmax_log_ratio(double f) {
  double d = mmax_add(2.0, f);
  /*@ assert hint_d: 1.7 <= d <= 2.42; */
  /*@ assert hint_sum: d == rnd64(2.0 + f); */
  double w = mmax_div(f, d);
  /*@ assert hint_over: w == over(f, d); */
  return w;
}

/*@ requires  range:  fin(t) && 0.0 <= t <= 34359738368.0;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  fin(\result) && 0.0 <= \result <= 26.0;
    ensures   value:  log1p_is(t, \result);
*/
static inline double mmax_log1p(double t) {
  double f = t;
  double k = 0.0;
  /*@ ghost int halvings = 0; */
  if (t > 0x1.a8p-2) { /* sqrt(2) - 1, nearly */
    double d = mmax_add(1.0, t);
    mmax_halved h = mmax_halve(d);
    f = mmax_sub(h.m, 1.0);
    k = mmax_i64_to_double(h.k);
    /*@ assert hint_k: k == h.k; */
    /*@ assert hint_f: f == rnd64(h.m - 1.0); */
    /*@ ghost halvings = h.k; */
    /*@ assert hint_halved: \forall real c; c == log_result(h.k, f) ==> log_halved(rnd64(1.0 + t), h.m, h.k, c); */
    /*@ assert hint_large: \forall real c; c == log_result(halvings, f) ==> log1p_is(t, c); */
  }
  /*@ assert hint_value: k == halvings && \forall real c; c == log_result(halvings, f) ==> log1p_is(t, c); */
  double small = mmax_log_series(mmax_log_ratio(f));
  double l = mmax_fma(k, 0x1.62e42fefa39efp-1, small); /* ln 2 */
  /*@ assert hint_fused: l == fused(k, 0x1.62e42fefa39efp-1, small); */
  /*@ assert hint_halvings: l == fused(halvings, 0x1.62e42fefa39efp-1, small); */
  /*@ assert hint_l: l == log_result(halvings, f); */
  return l;
}

#endif
