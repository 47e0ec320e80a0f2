/* SPDX-License-Identifier: Apache-2.0 */
/*
 * float16 and bfloat16 cells of one instruction set equal their model
 * (specs/lanes_model.h): widening on all 65,536 cells; narrowing on every cell,
 * every tie between two, their neighbours among the doubles, the limits and
 * random doubles. Loads and stores touch their entries alone.
 */
#include "lanes.h"

enum { CELLS = 65536, PAD = 40 };

/* The operations of one format. */
typedef struct format {
  const char *name;
  int digits;
  vd (*widen)(const uint16_t *);
  vd (*widen_first)(const uint16_t *, size_t);
  void (*narrow)(uint16_t *, vd);
  void (*narrow_first)(uint16_t *, vd, size_t);
  vf (*load)(const uint16_t *);
  vf (*load_first)(const uint16_t *, size_t, vf);
  double (*model_widen)(const uint16_t *, size_t, size_t);
  void (*model_narrow)(uint16_t *, double, size_t, size_t);
  float (*model_load)(const uint16_t *, size_t, float, size_t);
} format;

static void floats_of(vf v, float out[F_LANES]) { memcpy(out, &v, sizeof v); }

static void widening(const format *f) {
  static uint16_t cell[CELLS + PAD];
  for (int k = 0; k < CELLS + PAD; k++) cell[k] = (uint16_t)k;
  for (int i = 0; i < CELLS; i++) { /* every cell in every lane */
    double got[V_LANES];
    float wide[F_LANES];
    v_store(got, f->widen(cell + i));
    for (size_t k = 0; k < V_LANES; k++) CHECK(same(got[k], f->model_widen(cell + i, V_LANES, k)));
    floats_of(f->load(cell + i), wide);
    for (size_t k = 0; k < F_LANES; k++)
      CHECK(same_float(wide[k], f->model_load(cell + i, F_LANES, 0.0f, k)));
  }
}

static void narrow_is(const format *f, const double a[V_LANES]) {
  uint16_t got[V_LANES], want[V_LANES];
  f->narrow(got, v_load(a));
  for (size_t k = 0; k < V_LANES; k++) {
    f->model_narrow(want, a[k], V_LANES, k);
    CHECK(got[k] == want[k]);
    if (got[k] != want[k] && failures < 10) printf("%s of %a: %04x, not %04x\n", f->name, a[k], got[k], want[k]);
  }
}

/* a, and the doubles beside it, in turn in every lane. */
static void narrow_near(const format *f, double a) {
  const double five[5] = {a, nextafter(a, INFINITY), nextafter(a, -INFINITY), a * (1.0 + 0x1p-24), a * (1.0 - 0x1p-24)};
  for (int first = 0; first < 5; first += V_LANES < 4 ? 1 : 4) {
    double lanes[V_LANES];
    for (int k = 0; k < V_LANES; k++) lanes[k] = five[(first + k) % 5];
    narrow_is(f, lanes);
  }
}

static void narrowing(const format *f, uint64_t *seed) {
  static const double limit[] = {0.0,       0x1p-1074,  0x1p-1022,  0x1p-1000,  0x1p-150,  0x1p-149,  0x1p-134,
                                 0x1p-133,  0x1.8p-133, 0x1p-126,   0x1p-25,    0x1p-24,   0x1.8p-24, 0x1p-14,
                                 65504.0,   65519.0,    65520.0,    65536.0,    0x1.fep127, 0x1.ffp127, 0x1.fffffep127,
                                 0x1.ffffffp127, 0x1p128, 0x1p129,  0x1p199,    0x1p200,   0x1p201,   0x1p245,
                                 0x1p246,   0x1p978,    0x1p1000,   0x1p1023,   1e308,     0x1.fffffffffffffp1023, INFINITY};
  for (int i = 0; i < CELLS; i++) {
    const uint16_t pair[2] = {(uint16_t)i, (uint16_t)(i + 1)};
    double a = f->model_widen(pair, 2, 0), b = f->model_widen(pair, 2, 1);
    uint16_t back;
    if (a != a) continue;
    f->model_narrow(&back, a, 1, 0);
    CHECK(back == i); /* the model inverts itself */
    narrow_near(f, a);
    if (b - b == 0.0) narrow_near(f, (a + b) / 2.0);
  }
  for (size_t i = 0; i < sizeof limit / sizeof *limit; i++) {
    narrow_near(f, limit[i]);
    narrow_near(f, -limit[i]);
  }
  for (int i = 0; i < 60000; i++) {
    double lanes[V_LANES];
    for (int k = 0; k < V_LANES; k++) {
      double any = as_double(random_u64(seed));
      lanes[k] = i % 2 == 0 || any != any ? ldexp(random_normal(seed), (int)(random_u64(seed) % 340) - 170) : any;
    }
    narrow_is(f, lanes);
  }
}

/* Up to the end of readable memory, and nothing beside it. */
static void memory(const format *f, uint64_t *seed) {
  uint16_t *end = (uint16_t *)(void *)memory_end();
  for (int round = 0; round < 500; round++)
    for (size_t count = 0; count <= F_LANES; count++) {
      uint16_t *in = end - count;
      float rest[F_LANES], wide[F_LANES];
      for (size_t k = 0; k < count; k++) in[k] = (uint16_t)random_u64(seed);
      for (size_t k = 0; k < F_LANES; k++) rest[k] = random_float(seed);
      floats_of(count == F_LANES ? f->load(in) : f->load_first(in, count, f_load(rest)), wide);
      for (size_t k = 0; k < F_LANES; k++) CHECK(same_float(wide[k], f->model_load(in, count, rest[k], k)));
      if (count > V_LANES) continue;
      double got[V_LANES], out[V_LANES];
      uint16_t room[V_LANES + 2], want[V_LANES + 2];
      v_store(got, count == V_LANES ? f->widen(in) : f->widen_first(in, count));
      for (size_t k = 0; k < V_LANES; k++) CHECK(same(got[k], f->model_widen(in, count, k)));
      for (size_t k = 0; k < V_LANES; k++) out[k] = random_normal(seed);
      for (size_t k = 0; k < V_LANES + 2; k++) room[k] = want[k] = 0x7777;
      for (size_t k = 0; k < V_LANES; k++) f->model_narrow(want + 1, out[k], count, k);
      in[-1] = 0x7777;
      for (int here = 0; here < 2; here++) {
        if (count == V_LANES) f->narrow(here ? in : room + 1, v_load(out));
        else f->narrow_first(here ? in : room + 1, v_load(out), count);
      }
      CHECK(memcmp(room, want, sizeof room) == 0);
      CHECK(memcmp(in - 1, want, (count + 1) * sizeof *in) == 0);
    }
}

int main(void) {
  if (!lanes_here("unit_lanes16")) return 77;
  const format formats[2] = {
      {"float16", 11, v_widen_f16, v_widen_f16_first, v_narrow_f16, v_narrow_f16_first, f_load_f16,
       f_load_f16_first, model_widen_f16_first, model_narrow_f16_first, model_f_load_f16_first},
      {"bfloat16", 8, v_widen_bf16, v_widen_bf16_first, v_narrow_bf16, v_narrow_bf16_first, f_load_bf16,
       f_load_bf16_first, model_widen_bf16_first, model_narrow_bf16_first, model_f_load_bf16_first}};
  uint64_t seed = 1;
  for (int i = 0; i < 2; i++) {
    widening(&formats[i]);
    narrowing(&formats[i], &seed);
    memory(&formats[i], &seed);
  }
  return verdict("unit_lanes16 " LANES);
}
