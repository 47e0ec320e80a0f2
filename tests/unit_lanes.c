/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every lane operation of one instruction set equals its model
 * (specs/lanes_model.h) on all combinations of special values and on random
 * ones, in every lane; loads and stores touch their entries alone (the buffer
 * ends at an unreadable page). 16-bit storage: unit_lanes16.c.
 */
#include "lanes.h"

static const double special[] = {
    0.0, -0.0, 1.0, -1.0, 6.0, -110.0, 0x1p-1074, -0x1p-1074, 0x1p-1022, -0x1p-1022, 0x1.fffffffffffffp-1,
    0x1.0000000000001p0, 0x1.8p52, 0x1p53, 0x1.fffffep127, 0x1.ffffffp127, -0x1.ffffffp127, 0x1p-149, 0x1p-150,
    0x1.8p-149, 0x1.000001p0, 0x1.000003p0, 0x1.fffffffffffffp1023, -0x1.fffffffffffffp1023, 0x1p-52, -0x1p-53,
    0x1.71547652b82fep0, INFINITY, -INFINITY, NAN};
enum { SPECIALS = sizeof special / sizeof *special };

/* A different value in every lane, `a` in lane `at`. */
static vd around(double a, int at, double lanes[V_LANES], uint64_t *seed) {
  for (int k = 0; k < V_LANES; k++) lanes[k] = special[random_u64(seed) % SPECIALS];
  lanes[at] = a;
  return v_load(lanes);
}

static void lanes_of(vd v, double out[V_LANES]) { v_store(out, v); }
static int lane_bit(vm m, int k) { return (int)(v_bits(m) >> k & 1); }

#define EACH(check, condition)                            \
  for (int lane = 0; lane < V_LANES; lane++) {            \
    const double p = x[lane], q = y[lane], t = z[lane];   \
    (void)p, (void)q, (void)t;                            \
    lanes_of(check, got);                                 \
    CHECK(condition);                                     \
  }
#define G got[lane]

static void arithmetic(double a, double b, double c, uint64_t *seed) {
  double x[V_LANES], y[V_LANES], z[V_LANES], got[V_LANES];
  int at = (int)(random_u64(seed) % V_LANES);
  vd u = around(a, at, x, seed), v = around(b, at, y, seed), w = around(c, at, z, seed);
  EACH(v_fma(u, v, w), same(G, model_fma(p, q, t)));
  EACH(v_fnma(u, v, w), same(G, model_fnma(p, q, t)));
  v_down_enter();
  vd down = v_pin(v_fma_down(v_pin(u), v_pin(v), v_pin(w)));
  v_down_leave();
  EACH(down, same(G, model_fma_down(p, q, t)));
  EACH(v_pin(u), exact(G, model_pin(p)));
  EACH(v_add(u, v), same(G, model_add(p, q)));
  EACH(v_sub(u, v), same(G, model_sub(p, q)));
  EACH(v_mul(u, v), same(G, model_mul(p, q)));
  EACH(v_div(u, v), same(G, model_div(p, q)));
  EACH(v_max(u, v), exact(G, model_max(p, q)));
  EACH(v_min(u, v), exact(G, model_min(p, q)));
  EACH(v_abs(u), exact(G, model_abs(p)));
  EACH(v_set(a), exact(G, model_set(a)));
  vm gt = v_gt(u, v), ge = v_ge(v, w), both = v_and(gt, ge);
  EACH(v_keep(gt, w), exact(G, model_keep(model_gt(p, q), t)));
  EACH(v_select(ge, u, w), exact(G, model_select(model_ge(q, t), p, t)));
  int of_gt[V_LANES];
  for (int k = 0; k < V_LANES; k++) of_gt[k] = model_gt(x[k], y[k]);
  CHECK(v_bits(gt) == model_bits(of_gt, V_LANES));
  EACH(u, lane_bit(gt, lane) == model_gt(p, q));
  EACH(u, lane_bit(ge, lane) == model_ge(q, t));
  EACH(u, lane_bit(both, lane) == model_and(model_gt(p, q), model_ge(q, t)));
  double acc[V_LANES];
  for (int k = 0; k < V_LANES; k++) acc[k] = fabs(z[k]) > 0.0 ? fabs(z[k]) : 6.0;
  vm some = v_gt(u, v);
  v_down_enter();
  down = v_pin(v_add_down_where(some, v_pin(v), v_pin(v_load(acc))));
  v_down_leave();
  EACH(down, same(G, model_add_down_where(model_gt(p, q), q, acc[lane])));
}

static void scaling(uint64_t *seed) {
  for (int k = -159; k <= 0; k++)
    for (int at = 0; at < V_LANES; at++) {
      double p[V_LANES], s[V_LANES], e[V_LANES], got[V_LANES];
      for (int j = 0; j < V_LANES; j++) {
        p[j] = random_between(seed, 0.5, 2.0);
        e[j] = (double)-(int)(random_u64(seed) % 160);
      }
      e[at] = k;
      for (int j = 0; j < V_LANES; j++) s[j] = e[j] + 0x1.8p52;
      vm keep = v_gt(v_load(p), v_set(0.75));
      lanes_of(v_ldexp(keep, v_load(p), v_load(s), v_load(e)), got);
      for (int j = 0; j < V_LANES; j++)
        CHECK(exact(got[j], model_ldexp(p[j] > 0.75, p[j], s[j], e[j])));
    }
}

static uint64_t integer(uint64_t *seed) {
  static const uint64_t edge[] = {0, 1, UINT64_MAX, 1ull << 63, (1ull << 53) + 1, 1ull << 32, 0xffffffffu, (1ull << 54) - 1};
  uint64_t dice = random_u64(seed);
  return dice % 2 ? edge[dice / 2 % 8] : random_u64(seed) >> (dice / 2 % 64);
}

static vq integers(uint64_t a[V_LANES], uint64_t *seed) {
  vq q = q_zero();
  for (int k = 0; k < V_LANES; k++) a[k] = integer(seed);
  double as[V_LANES];
  memcpy(as, a, sizeof as);
  return q_count(q, v_load(as)); /* q_store below shows that this is a itself */
}

static void counting(uint64_t *seed) {
  uint64_t a[V_LANES], b[V_LANES], got[V_LANES];
  double d[V_LANES], back[V_LANES];
  vq u = integers(a, seed), v = integers(b, seed);
  vd f = around(special[random_u64(seed) % SPECIALS], 0, d, seed);
  uint64_t want[V_LANES];
  q_store(got, u);
  for (int k = 0; k < V_LANES; k++) {
    model_q_store(want, a[k], (size_t)k);
    CHECK(got[k] == want[k]);
  }
  q_store(got, q_zero());
  for (int k = 0; k < V_LANES; k++) CHECK(got[k] == model_q_zero());
  q_store(got, q_add(u, v));
  for (int k = 0; k < V_LANES; k++) CHECK(got[k] == model_q_add(a[k], b[k]));
  q_store(got, q_sub(u, v));
  for (int k = 0; k < V_LANES; k++) CHECK(got[k] == model_q_sub(a[k], b[k]));
  q_store(got, q_count(u, f));
  for (int k = 0; k < V_LANES; k++) CHECK(got[k] == model_q_count(a[k], d[k]));
  q_store(got, q_set(a[0]));
  for (int k = 0; k < V_LANES; k++) CHECK(got[k] == model_q_set(a[0]));
  v_store(back, q_double(u));
  for (int k = 0; k < V_LANES; k++) CHECK(exact(back[k], model_q_double(a[k])));
}

static void across(uint64_t *seed) {
  double x[V_LANES][V_LANES], top[V_LANES];
  uint64_t n[V_LANES][V_LANES], sum[V_LANES];
  vd v[V_LANES];
  vq q[V_LANES];
  for (int r = 0; r < V_LANES; r++) {
    v[r] = around(1.0, 0, x[r], seed);
    for (int k = 0; k < V_LANES; k++)
      if (x[r][k] != x[r][k] || x[r][k] == 0.0) x[r][k] = -(double)k - 1.0; /* no NaN, no two zeros */
    v[r] = v_load(x[r]);
    q[r] = integers(n[r], seed);
  }
  v_store(top, v_max_rows(v));
  q_store(sum, q_sum_rows(q));
  for (int r = 0; r < V_LANES; r++) {
    CHECK(exact(top[r], model_max_rows(x[r], V_LANES)));
    CHECK(sum[r] == model_q_sum_rows(n[r], V_LANES));
  }
}

/* Lanes of a vector of floats, without a lane operation. */
static void floats_of(vf v, float out[F_LANES]) {
  memcpy(out, &v, sizeof v);
}

static float any_float(uint64_t *seed) {
  return random_u64(seed) % 2 ? (float)special[random_u64(seed) % SPECIALS] : random_float(seed);
}

static void floats(uint64_t *seed) {
  float x[F_LANES], y[F_LANES], got[F_LANES];
  double halves[V_LANES];
  for (int k = 0; k < F_LANES; k++) {
    x[k] = any_float(seed);
    y[k] = random_u64(seed) % 4 ? any_float(seed) : x[k];
  }
  vf u = f_load(x), v = f_load(y);
  floats_of(u, got);
  for (int k = 0; k < F_LANES; k++) CHECK(exact_float(got[k], model_f_load(x, (size_t)k)));
  floats_of(f_zero(), got);
  for (int k = 0; k < F_LANES; k++) CHECK(exact_float(got[k], model_f_zero()));
  floats_of(f_set(x[0]), got);
  for (int k = 0; k < F_LANES; k++) CHECK(exact_float(got[k], model_f_set(x[0])));
  floats_of(f_max(u, v), got);
  for (int k = 0; k < F_LANES; k++) CHECK(exact_float(got[k], model_f_max(x[k], y[k])));
  floats_of(f_min(u, v), got);
  for (int k = 0; k < F_LANES; k++) CHECK(exact_float(got[k], model_f_min(x[k], y[k])));
  floats_of(f_abs(u), got);
  for (int k = 0; k < F_LANES; k++) CHECK(exact_float(got[k], model_f_abs(x[k])));
  v_store(halves, f_max_halves(u));
  for (size_t k = 0; k < V_LANES; k++) CHECK(same(halves[k], model_f_max_halves(x, k, V_LANES)));
  v_store(halves, f_min_halves(u));
  for (size_t k = 0; k < V_LANES; k++) CHECK(same(halves[k], model_f_min_halves(x, k, V_LANES)));
  float acc[F_LANES];
  for (int k = 0; k < F_LANES; k++) acc[k] = random_u64(seed) % 32 ? 0.0f : NAN;
  floats_of(f_probe(f_load(acc), u), got);
  for (int k = 0; k < F_LANES; k++) CHECK(same_float(got[k], model_f_probe(acc[k], x[k])));
  CHECK(f_is_zero(f_load(acc)) == model_f_is_zero(acc, F_LANES));
}

/* Partial loads and stores against the end of readable memory. */
static void memory(uint64_t *seed) {
  uint8_t *end = memory_end();
  for (size_t count = 0; count <= V_LANES; count++) {
    float *in = (float *)(void *)end - count, copy[V_LANES + 1];
    double got[V_LANES], out[V_LANES];
    for (size_t k = 0; k < count; k++) in[k] = random_float(seed);
    v_store(got, count == V_LANES ? v_widen(in) : v_widen_first(in, count));
    for (size_t k = 0; k < V_LANES; k++) CHECK(same(got[k], model_widen_first(in, count, k)));
    for (size_t k = 0; k < V_LANES; k++)
      CHECK(lane_bit(v_first(count), (int)k) == model_first(count, k));
    vd v = around(special[random_u64(seed) % SPECIALS], 0, out, seed);
    in[-1] = 7.0f;
    if (count == V_LANES) v_narrow(in, v);
    else v_narrow_first(in, v, count);
    for (size_t k = 0; k < count; k++) {
      model_narrow(copy, out[k], k);
      CHECK(same_float(in[k], copy[k]));
    }
    CHECK(in[-1] == 7.0f);
    if (count == V_LANES) {
      v_stream(in, v);
      lanes_streamed();
      for (size_t k = 0; k < count; k++) {
        model_stream(copy, out[k], k);
        CHECK(same_float(in[k], copy[k]));
      }
    }
    float room[V_LANES + 1], want[V_LANES + 1]; /* nothing written after the last */
    for (size_t k = 0; k <= V_LANES; k++) room[k] = want[k] = 7.0f;
    if (count < V_LANES) v_narrow_first(room, v, count);
    else v_narrow(room, v);
    for (size_t k = 0; k < V_LANES; k++) model_narrow_first(want, out[k], count, k);
    for (size_t k = 0; k <= V_LANES; k++) CHECK(same_float(room[k], want[k]));
  }
  double *doubles = (double *)(void *)end - V_LANES, want[V_LANES];
  for (size_t k = 0; k < V_LANES; k++) doubles[k] = random_normal(seed);
  v_store(want, v_load(doubles));
  for (size_t k = 0; k < V_LANES; k++) CHECK(exact(want[k], model_load(doubles, k)));
  v_store(doubles, v_set(want[0]));
  for (size_t k = 0; k < V_LANES; k++) {
    model_store(want, want[0], k);
    CHECK(exact(doubles[k], want[k]));
  }
  for (size_t count = 1; count < F_LANES; count++)
    for (int round = 0; round < 200; round++) {
      float *in = (float *)(void *)end - count, rest[F_LANES], got[F_LANES];
      for (size_t k = 0; k < count; k++) in[k] = random_float(seed);
      for (size_t k = 0; k < F_LANES; k++) rest[k] = any_float(seed);
      floats_of(f_load_first(in, count, f_load(rest)), got);
      for (size_t k = 0; k < F_LANES; k++)
        CHECK(same_float(got[k], model_f_load_first(in, count, rest[k], k)));
    }
  for (int round = 0; round < 2000; round++) {
    uint8_t *bytes = end - V_LANES;
    for (int k = 0; k < V_LANES; k++) bytes[k] = random_u64(seed) % 2 ? (uint8_t)random_u64(seed) : 0;
    for (int k = 0; k < V_LANES; k++)
      CHECK(lane_bit(v_zero_bytes(bytes), k) == model_zero_bytes(bytes, (size_t)k));
  }
}

int main(void) {
  uint64_t seed = 1;
  if (!lanes_here("unit_lanes")) return 77;
  for (int a = 0; a < SPECIALS; a++)
    for (int b = 0; b < SPECIALS; b++)
      for (int c = 0; c < SPECIALS; c++) arithmetic(special[a], special[b], special[c], &seed);
  for (int i = 0; i < 5000; i++) {
    arithmetic(random_normal(&seed), random_normal(&seed), random_normal(&seed), &seed);
    arithmetic((double)random_float(&seed), as_double(random_u64(&seed)), as_double(random_u64(&seed)), &seed);
    arithmetic(random_normal(&seed), random_normal(&seed), 0x1.8p52, &seed);
    arithmetic(random_unit(&seed), random_normal(&seed) * 0x1p-30, 6.0, &seed);
    counting(&seed);
    across(&seed);
    floats(&seed);
  }
  scaling(&seed);
  memory(&seed);
  return verdict("unit_lanes " LANES);
}
