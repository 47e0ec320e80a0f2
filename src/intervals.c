/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the modulator increases: the pieces of sigma' above zero in y, joined
 * where they meet, then their x.
 */
#include "fpenv.h"
#include "multimax.h"
#include "pieces.h"
#include "x_of.h"

#ifdef __FRAMAC__
#include "rising.acsl"
#endif

/*@ requires  finite: fin(v);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  fin(\result) && \result == directed_of(rising, v);
*/
static double directed(double v, int rising) { return rising ? v : -v; }

/* Where sigma' > 0 on the piece, or with rising 0 -sigma'; empty if nowhere. */
/*@ requires  piece:  is_cut(q.lo) && is_cut(q.hi) && bounded(q.base, 6.0e77) && bounded(q.rate, 1.5e39);
    requires  order:  at_most(q.lo, q.hi);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   ends:   far_or(\result.lo, 1.0e299) && far_or(\result.hi, 1.0e299);
    ensures   inside: at_most(q.lo, \result.lo) && at_most(\result.hi, q.hi);
    ensures   low:    \result.lo == part_low(directed_of(rising, q.base), directed_of(rising, q.rate), q.lo, q.hi);
    ensures   high:   \result.hi == part_high(directed_of(rising, q.base), directed_of(rising, q.rate), q.hi);
*/
static mmax_interval positive_part(piece q, int rising) {
  double base = directed(q.base, rising), rate = directed(q.rate, rising);
  mmax_interval all = {q.lo, q.hi}, none = {q.hi, q.hi};
  if (rate == 0.0) return base > 0.0 ? all : none;
  double root = quotient(-base, rate);
  mmax_interval above = {larger(q.lo, root), q.hi}, below = {q.lo, smaller(q.hi, root)};
  return rate > 0.0 ? above : below;
}

/* Ascending, apart but for ends. */
typedef struct intervals {
  size_t n;
  mmax_interval v[MMAX_MAX_INTERVALS];
} intervals;

#ifdef __FRAMAC__
#include "intervals.acsl"
#endif

/* Appends an interval, or to the last one where the two meet at a knot: sigma is continuous. */
/*@ requires  room:   0 <= s.n <= 4 && are_ends(s) && filled(s) && apart(s) && up_to(s, found.lo);
    requires  ends:   far_or(found.lo, 1.0e299) && far_or(found.hi, 1.0e299);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   count:  0 <= \result.n <= s.n + 1;
    ensures   ends:   are_ends(\result);
    ensures   filled: filled(\result);
    ensures   order:  apart(\result);
    ensures   reach:  \forall double b; up_to(s, b) ==> at_most(found.hi, b) ==> up_to(\result, b);
    ensures   which:  \forall real y; y != found.lo || !ends_at(s, y) ==> (inside(\result, y) <==> inside(s, y) || found.lo < y < found.hi);
*/
static intervals append(intervals s, mmax_interval found) {
  if (!(found.lo < found.hi)) return s;
  if (s.n > 0 && s.v[s.n - 1].hi == found.lo) {
    /*@ assert hint_longer: at_most(s.v[s.n - 1].lo, found.hi); */
    s.v[s.n - 1].hi = found.hi;
    return s;
  }
  s.v[s.n] = found;
  s.n++;
  return s;
}

/* Appends what is positive on the next piece. */
/*@ requires  room:   0 <= s.n <= 4 && are_ends(s) && filled(s) && apart(s) && up_to(s, q.lo);
    requires  piece:  is_cut(q.lo) && is_cut(q.hi) && bounded(q.base, 6.0e77) && bounded(q.rate, 1.5e39);
    requires  order:  at_most(q.lo, q.hi);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   count:  0 <= \result.n <= s.n + 1;
    ensures   ends:   are_ends(\result);
    ensures   filled: filled(\result);
    ensures   order:  apart(\result) && up_to(\result, q.hi);
    ensures   which:  \forall real y; y != q.lo ==> (inside(\result, y) <==> inside(s, y) ||
                        in_part(directed_of(rising, q.base), directed_of(rising, q.rate), q.lo, q.hi, y));
*/
static intervals append_piece(intervals s, piece q, int rising) {
  mmax_interval found = positive_part(q, rising);
  /*@ assert hint_start: up_to(s, found.lo); */
  /*@ assert hint_reach: up_to(s, q.hi); */
  return append(s, found);
}

/* The intervals of y where sigma increases, or with rising 0 -sigma. */
/*@ requires  params: valid_model(p);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   count:  0 <= \result.n <= 5;
    ensures   ends:   are_ends(\result);
    ensures   filled: filled(\result);
    ensures   order:  apart(\result);
    ensures   which:  are_rising(p, rising, \result);
*/
static intervals increasing(mmax_params p, int rising) {
  cut_list cut = cuts(p);
  intervals found = {0};
  /*@ loop invariant i:      0 <= i < cut.n;
      loop invariant count:  0 <= found.n <= i;
      loop invariant ends:   are_ends(found);
      loop invariant filled: filled(found);
      loop invariant order:  apart(found);
      loop invariant reach:  up_to(found, cut.v[i]);
      loop invariant which:  \forall real y; !cut_at(p, y) ==> (inside(found, y) <==> rises_to(p, rising, cut.v[i], y));
      loop assigns i, found;
      loop variant cut.n - i;
  */
  for (size_t i = 0; i + 1 < cut.n; i++) {
    /*@ assert hint_next:  at_most(cut.v[i], cut.v[i + 1]); */
    /*@ assert hint_here:  cut.v[i] < cut.v[i + 1] ==> neighbours(p, cut.v[i], cut.v[i + 1]); */
    /*@ assert hint_piece: next_piece(p, cut.v[i], cut.v[i + 1]); */
    /*@ assert hint_reach: up_to(found, cut.v[i + 1]); */
    if (!(cut.v[i] < cut.v[i + 1])) continue;
    piece q = piece_between(p, cut.v[i], cut.v[i + 1]);
    /*@ assert hint_on:    \forall real y; rises_on(p, rising, cut.v[i], cut.v[i + 1], y) <==>
          in_part(directed_of(rising, q.base), directed_of(rising, q.rate), q.lo, q.hi, y); */
    /*@ assert hint_to:    \forall real y; rises_to(p, rising, cut.v[i + 1], y) <==>
          rises_to(p, rising, cut.v[i], y) || rises_on(p, rising, cut.v[i], cut.v[i + 1], y); */
    found = append_piece(found, q, rising);
    /*@ assert hint_found: \forall real y; !cut_at(p, y) ==> (inside(found, y) <==> rises_to(p, rising, cut.v[i + 1], y)); */
  }
  return found;
}

/* Appends (x of near, x of far) unless nothing is left of it. */
/*@ requires  range:  float_sized(scale) && scale != 0.0 && float_sized(shift);
    requires  room:   0 <= x.n <= 4 && are_ordered(x) && apart_x(x) && reach(x, x_at(scale, shift, near));
    requires  ends:   far_or(near, 1.0e299) && far_or(far, 1.0e299) && follows(scale, near, far);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   count:  x.n <= \result.n <= x.n + 1;
    ensures   order:  are_ordered(\result);
    ensures   apart:  apart_x(\result);
    ensures   reach:  reach(\result, x_at(scale, shift, far));
    ensures   before: \forall integer k; 0 <= k < x.n ==> \result.v[k] == x.v[k];
    ensures   none:   \result.n == x.n ==> !(x_at(scale, shift, near) < x_at(scale, shift, far));
    ensures   found:  \result.n > x.n ==> stands_for(\result.v[x.n].lo, x_at(scale, shift, near)) && stands_for(\result.v[x.n].hi, x_at(scale, shift, far));
*/
static intervals append_x(intervals x, double scale, double shift, double near, double far) {
  mmax_interval found = {x_of(scale, shift, near), x_of(scale, shift, far)};
  /*@ ghost double minus = -scale; */
  /*@ assert hint_minus: fin(minus) && minus == -scale; */
  /*@ assert hint_size: fmt(size_of(scale)); */
  /*@ assert hint_turned: x_at(scale, shift, near) <= x_at(scale, shift, far); */
  /*@ assert hint_reach:  reach(x, x_at(scale, shift, far)); */
  /*@ assert hint_before: all_before(x, found.lo); */
  /*@ assert hint_found:  reaches(found.hi, x_at(scale, shift, far)); */
  if (!(found.lo < found.hi)) return x;
  x.v[x.n] = found;
  x.n++;
  return x;
}

/* Of the i-th interval of y, counted from the least x: the end of lesser x, and the other. */
/*@ requires  index:  0 <= i < y.n <= 5 && are_ends(y) && fin(scale);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  far_or(\result, 1.0e299) && \result == near_of(scale, y, i);
*/
static double near_end(double scale, intervals y, size_t i) {
  return scale > 0.0 ? y.v[i].lo : y.v[y.n - 1 - i].hi;
}

/*@ requires  index:  0 <= i < y.n <= 5 && are_ends(y) && fin(scale);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  far_or(\result, 1.0e299) && \result == far_of(scale, y, i);
*/
static double far_end(double scale, intervals y, size_t i) {
  return scale > 0.0 ? y.v[i].hi : y.v[y.n - 1 - i].lo;
}

/* From intervals of y to those of x; what rounds to nothing is left out. */
/*@ requires  range:  float_sized(scale) && scale != 0.0 && float_sized(shift);
    requires  ends:   0 <= y.n <= 5 && are_ends(y) && filled(y) && apart(y);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   count:  0 <= \result.n <= y.n;
    ensures   order:  are_ordered(\result);
    ensures   apart:  apart_x(\result);
    ensures   from:   come_from(scale, shift, y, \result);
    ensures   all:    are_all(scale, shift, y, y.n, \result);
*/
static intervals to_x(double scale, double shift, intervals y) {
  intervals x = {0};
  /*@ loop invariant i:      0 <= i <= y.n;
      loop invariant count:  0 <= x.n <= i;
      loop invariant order:  are_ordered(x);
      loop invariant apart:  apart_x(x);
      loop invariant reach:  i < y.n ==> reach(x, x_at(scale, shift, near_of(scale, y, i)));
      loop invariant from:   come_from(scale, shift, y, x);
      loop invariant all:    are_all(scale, shift, y, i, x);
      loop assigns i, x;
      loop variant y.n - i;
  */
  for (size_t i = 0; i < y.n; i++) {
    double near = near_end(scale, y, i), far = far_end(scale, y, i);
    /*@ assert hint_filled: follows(scale, near, far); */
    /*@ ghost size_t before = x.n; */
    x = append_x(x, scale, shift, near, far);
    /*@ assert hint_index: i == 0 || i == 1 || i == 2 || i == 3 || i == 4; */
    /*@ assert hint_new:   before < x.n ==> has_source(scale, shift, y, x.v[before]); */
    /*@ assert hint_up:    i + 1 < y.n ==> at_most(y.v[i].hi, y.v[i + 1].lo); */
    /*@ assert hint_down:  i + 1 < y.n ==> at_most(y.v[y.n - 2 - i].hi, y.v[y.n - 1 - i].lo); */
    /*@ assert hint_next:  i + 1 < y.n ==> follows(scale, far, near_of(scale, y, i + 1)); */
    /*@ assert hint_range: i + 1 < y.n ==> in_far(near_of(scale, y, i + 1)); */
    /*@ ghost double minus = -scale; */
    /*@ assert hint_minus: fin(minus) && minus == -scale; */
    /*@ assert hint_here:  fmt(size_of(scale)) && in_far(far); */
    /*@ assert hint_grows: i + 1 < y.n ==> x_at(scale, shift, far) <= x_at(scale, shift, near_of(scale, y, i + 1)); */
    /*@ assert hint_reach: i + 1 < y.n ==> reach(x, x_at(scale, shift, near_of(scale, y, i + 1))); */
  }
  return x;
}

/*@ requires  count:  0 <= x.n <= 5;
    requires  room:   \valid(out + (0 .. 4));
    terminates \true;
    exits     \false;
    assigns   out[0 .. 4];
    ensures   count:  \result == x.n;
    ensures   each:   \forall integer i; 0 <= i < x.n ==> out[i] == x.v[i];
*/
static size_t write_intervals(intervals x, mmax_interval *out) {
  /*@ loop invariant i:      0 <= i <= x.n;
      loop invariant each:   \forall integer k; 0 <= k < i ==> out[k] == x.v[k];
      loop assigns i, out[0 .. 4];
      loop variant x.n - i;
  */
  for (size_t i = 0; i < x.n; i++) out[i] = x.v[i];
  return x.n;
}

/*@ requires  params: \valid_read(params) && valid_params(params);
    requires  room:   \valid(out + (0 .. 4));
    terminates \true;
    exits     \false;
    assigns   out[0 .. 4];
    ensures   count:  0 <= \result <= 5;
    ensures   order:  \forall integer i; 0 <= i < \result ==> \lt_double(out[i].lo, out[i].hi);
    ensures   apart:  \forall integer i, j; 0 <= i < j < \result ==> \le_double(out[i].hi, out[j].lo);
    ensures   none:   \old(params->scale) == 0.0 ==> \result == 0;
    ensures   which:  \old(params->scale) != 0.0 ==> \exists intervals y, x; are_found(\old(*params), y, x) && \result == x.n &&
                        \forall integer i; 0 <= i < x.n ==> out[i] == x.v[i];
*/
size_t mmax_increasing_intervals(const mmax_params *params,
                                 mmax_interval out[MMAX_MAX_INTERVALS]) {
  mmax_fpenv saved = mmax_fpenv_enter();
  const mmax_params p = *params;
  size_t count = 0; /* scale 0: constant */
  if (p.scale != 0.0) {
    intervals y = increasing(p, p.scale > 0.0);
    intervals x = to_x(p.scale, p.shift, y);
    /*@ assert hint_found: are_found(p, y, x) && p == \at(*params, Pre); */
    count = write_intervals(x, out);
    /*@ assert hint_which: are_found(\at(*params, Pre), y, x) && count == x.n && \forall integer i; 0 <= i < x.n ==> out[i] == x.v[i]; */
  }
  mmax_fpenv_leave(saved);
  return count;
}
