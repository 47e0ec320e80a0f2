/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigma' as a function on the reals: linear between neighbouring knots, so five
 * pieces tell everything. FAR stands for infinity: arithmetic is on finite
 * numbers alone. proofs/coq/LipschitzFloat.v says how exact it is.
 */
#ifndef MMAX_PIECES_H
#define MMAX_PIECES_H

#include <stddef.h>

#include "multimax.h"
#include "ref/arith.h"
#include "ref/modulator.h"

#ifdef __FRAMAC__
#include "query.acsl"
#endif

#define FAR 0x1p1020

/*@ requires  finite: fin(a) && fin(b);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == greater(a, b);
    ensures   finite: fin(\result) && at_most(a, \result) && at_most(b, \result);
*/
static inline double larger(double a, double b) { return a > b ? a : b; }
/*@ requires  finite: fin(a) && fin(b);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == lesser(a, b);
    ensures   finite: fin(\result) && at_most(\result, a) && at_most(\result, b);
*/
static inline double smaller(double a, double b) { return a < b ? a : b; }

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   plus:   positive != 0 ==> \is_plus_infinity(\result);
    ensures   minus:  positive == 0 ==> \is_minus_infinity(\result);
*/
static inline double infinity_of(int positive) {
  return positive ? mmax_wide_inf() : mmax_wide_minus_inf();
}

/* sigma'(y) = base + rate*y on (lo, hi), no knot inside; size_* with the magnitudes of the same
   terms, so that |rounding| <= 2^-49 * (size_base + size_rate*|y|). */
typedef struct piece {
  double lo, hi, base, rate, size_base, size_rate;
} piece;

#ifdef __FRAMAC__
#include "piece.acsl"
#endif

/*@ requires  range:  bounded(sum, 3.0e77) && bounded(term, 2.4e77);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == plus_if(sum, acts, term);
    ensures   most:   bounded(\result, 6.0e77);
    ensures   one:    bounded(sum, 1.0) && bounded(term, 3.5e38) ==> bounded(\result, 4.0e38);
    ensures   two:    bounded(sum, 4.0e38) && bounded(term, 3.5e38) ==> bounded(\result, 8.0e38);
    ensures   three:  bounded(sum, 8.0e38) ==> bounded(\result, 3.0e77);
    ensures   rate1:  bounded(sum, 0.0) && bounded(term, 7.0e38) ==> bounded(\result, 7.1e38);
    ensures   rate2:  bounded(sum, 7.1e38) && bounded(term, 7.0e38) ==> bounded(\result, 1.5e39);
*/
static inline double with(double sum, int acts, double term) {
  return acts ? mmax_add(sum, term) : sum;
}

/*@ requires  range:  bounded(sum, 1.0) && bounded(t1, 3.5e38) && bounded(t2, 3.5e38) && bounded(t3, 2.4e77) && bounded(t4, 2.4e77);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  bounded(\result, 6.0e77);
    ensures   value:  \result == sum4(sum, a1, t1, a2, t2, a3, t3, a4, t4);
*/
static inline double with4(double sum, int a1, double t1, int a2, double t2, int a3, double t3,
                           int a4, double t4) {
  return with(with(with(with(sum, a1, t1), a2, t2), a3, t3), a4, t4);
}

/*@ requires  range:  bounded(t1, 7.0e38) && bounded(t2, 7.0e38);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  bounded(\result, 1.5e39);
    ensures   value:  \result == sum2(a1, t1, a2, t2);
*/
static inline double with2(int a1, double t1, int a2, double t2) {
  return with(with(0.0, a1, t1), a2, t2);
}

/*@ requires  range:  bounded(rate, 7.0e38) && float_sized(knot);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  bounded(\result, 2.4e77);
    ensures   value:  \result == product(rate, knot);
*/
static inline double rate_at(double rate, double knot) { return mmax_mul(rate, knot); }

/*@ requires  params: valid_model(p) && is_cut(lo) && is_cut(hi);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   ends:   \result.lo == lo && \result.hi == hi && is_cut(\result.lo) && is_cut(\result.hi);
    ensures   base:   bounded(\result.base, 6.0e77) && bounded(\result.size_base, 6.0e77);
    ensures   rate:   bounded(\result.rate, 1.5e39) && bounded(\result.size_rate, 1.5e39);
    ensures   value:  is_piece(p, \result);
*/
static inline piece piece_between(mmax_params p, double lo, double hi) {
  int low1 = hi <= p.knot[0], high1 = lo >= p.knot[1];
  int low2 = hi <= p.knot[2], high2 = lo >= p.knot[3];
  double c1 = p.coef[0], c2 = p.coef[1];
  double rate3 = mmax_twice(p.coef[2]), rate4 = mmax_twice(p.coef[3]);
  double at3 = rate_at(rate3, p.knot[2]), at4 = rate_at(rate4, p.knot[3]);
  double minus1 = -c1, minus3 = -at3, minus4 = -at4;
  /*@ assert hint_first:  low1 == not_above(hi, p.knot[0]) && high1 == not_above(p.knot[1], lo); */
  /*@ assert hint_second: low2 == not_above(hi, p.knot[2]) && high2 == not_above(p.knot[3], lo); */
  /*@ assert hint_minus:  minus1 == -p.coef[0]; */
  /*@ assert hint_third:  at3 == at_knot(p.coef[2], p.knot[2]) && minus3 == -at_knot(p.coef[2], p.knot[2]); */
  /*@ assert hint_fourth: at4 == at_knot(p.coef[3], p.knot[3]) && minus4 == -at_knot(p.coef[3], p.knot[3]); */
  piece q = {lo, hi, 0.0, 0.0, 0.0, 0.0};
  q.base = with4(1.0, low1, minus1, high1, c2, low2, minus3, high2, minus4);
  q.rate = with2(low2, rate3, high2, rate4);
  q.size_base = with4(1.0, low1, mmax_abs(c1), high1, mmax_abs(c2), low2, mmax_abs(at3), high2,
                      mmax_abs(at4));
  q.size_rate = with2(low2, mmax_abs(rate3), high2, mmax_abs(rate4));
  /*@ assert hint_base: q.base == base_of(p, lo, hi); */
  /*@ assert hint_rate: q.rate == rate_of(p, lo, hi); */
  /*@ assert hint_size_base: q.size_base == size_base_of(p, lo, hi); */
  /*@ assert hint_size_rate: q.size_rate == size_rate_of(p, lo, hi); */
  return q;
}

/* Ascending; the first is -FAR. */
typedef struct cut_list {
  size_t n;
  double v[6];
} cut_list;

#ifdef __FRAMAC__
#include "cuts.acsl"
#endif

/*@ requires  room:   1 <= c.n <= 4 && are_cuts(c) && is_cut(knot);
    requires  order:  ascending(c) && c.v[0] == -0x1p1020;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   count:  \result.n == c.n + 1;
    ensures   cuts:   are_cuts(\result);
    ensures   order:  ascending(\result) && \result.v[0] == -0x1p1020;
    ensures   which:  \forall real x; has(\result, x) <==> has(c, x) || x == knot;
*/
static inline cut_list insert(cut_list c, double knot) {
  size_t at = c.n;
  /*@ loop invariant at:    1 <= at <= c.n && c.n == \at(c.n, Pre);
      loop invariant cuts:  are_cuts_but(c, at);
      loop invariant order: ascending_but(c, at) && c.v[0] == -0x1p1020;
      loop invariant above: at < c.n ==> at_most(knot, c.v[at + 1]);
      loop invariant below: \forall integer j; 0 <= j < at ==> c.v[j] == \at(c.v[j], Pre);
      loop invariant moved: \forall integer j; at <= j < c.n ==> c.v[j + 1] == \at(c.v[j], Pre);
      loop assigns at, c;
      loop variant at;
  */
  for (; at > 1 && c.v[at - 1] > knot; at--) c.v[at] = c.v[at - 1];
  /*@ assert hint_last:  at_most(c.v[at - 1], knot); */
  c.v[at] = knot;
  c.n++;
  return c;
}

/* Inserts a knot that matters. */
/*@ requires  room:   1 <= c.n <= 4 && are_cuts(c) && is_cut(knot) && fin(coef);
    requires  order:  ascending(c) && c.v[0] == -0x1p1020;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   count:  c.n <= \result.n <= c.n + 1;
    ensures   cuts:   are_cuts(\result);
    ensures   order:  ascending(\result) && \result.v[0] == -0x1p1020;
    ensures   which:  \forall real x; has(\result, x) <==> has(c, x) || knot_at(coef, knot, x);
*/
static inline cut_list put(cut_list c, double coef, double knot) {
  return coef == 0.0 ? c : insert(c, knot);
}

/*@ requires  room:   1 <= c.n <= 5 && are_cuts(c) && ascending(c);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   count:  \result.n == c.n + 1;
    ensures   cuts:   are_cuts(\result);
    ensures   order:  ascending(\result);
    ensures   which:  \forall real x; has(\result, x) <==> has(c, x) || x == 0x1p1020;
    ensures   ends:   \result.v[0] == c.v[0] && \result.v[\result.n - 1] == 0x1p1020;
*/
static inline cut_list put_last(cut_list c) {
  /*@ assert hint_last: c.v[c.n - 1] <= 0x1p1020; */
  c.v[c.n] = FAR;
  c.n++;
  return c;
}

/* The knots that matter, between -FAR and FAR. */
/*@ requires  params: valid_model(p);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   count:  2 <= \result.n <= 6;
    ensures   cuts:   are_cuts(\result);
    ensures   order:  ascending(\result);
    ensures   which:  are_cuts_of(p, \result);
    ensures   ends:   \result.v[0] == -0x1p1020 && \result.v[\result.n - 1] == 0x1p1020;
*/
static inline cut_list cuts(mmax_params p) {
  cut_list c = {1, {-FAR, 0.0, 0.0, 0.0, 0.0, 0.0}};
  /*@ assert hint_start: \forall real x; has(c, x) <==> x == -0x1p1020; */
  c = put(c, p.coef[0], p.knot[0]);
  c = put(c, p.coef[1], p.knot[1]);
  c = put(c, p.coef[2], p.knot[2]);
  c = put(c, p.coef[3], p.knot[3]);
  return put_last(c);
}

#endif
