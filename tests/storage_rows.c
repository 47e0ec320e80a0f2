/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A 16-bit call is the float32 call on the widened row with another last
 * rounding: same status, report, loss and parameter sums, bit for bit; each
 * matrix element is a rounding of a double that rounds to the float32 result;
 * forward's are the doubles of the proved row functions, rounded once. All
 * backends and kernels, masks, special entries, strides, in place, threads.
 * Control: the float32 result rounded again is noticed by the last of these.
 */
#include "random.h"
#include "ref/row.h"
#include "storage.h"
#include "support.h"

enum { ROWS = 3, MOST = 700, SIZE = ROWS * (MOST + 3) };

typedef struct call {
  mmax_params params;
  mmax_storage storage;
  mmax_exec how;
  size_t n, stride;
  int in_place;
  uint16_t x16[SIZE], g16[SIZE], out16[SIZE];
  float x[SIZE], g[SIZE], out[SIZE], loss16[ROWS], loss[ROWS], grad_loss[ROWS];
  uint8_t mask_bytes[SIZE];
  const uint8_t *mask;
  int32_t target[ROWS];
  mmax_targets targets;
  mmax_report report16, report;
  mmax_accumulator acc16, acc;
} call;

static size_t twice_noticed, outputs;

/* Some double that rounds to `wide` rounds to `got`. */
static int fits(mmax_storage s, uint16_t got, float wide) {
  if (isnan(wide)) return got == format_of(s).nan;
  if (isinf(wide)) return got == round_by_integers(s, (double)wide);
  /* middles to the neighbours, exact in double; beyond the largest float one step more */
  float up = nextafterf(wide, INFINITY), down = nextafterf(wide, -INFINITY);
  double high = isinf(up) ? (double)wide * (1.0 + 0x1p-25) : ((double)wide + (double)up) / 2.0;
  double low = isinf(down) ? (double)wide * (1.0 + 0x1p-25) : ((double)wide + (double)down) / 2.0;
  if (wide == 0.0f) return got == round_by_integers(s, (double)wide); /* sign included */
  return order16(round_by_integers(s, low)) <= order16(got) &&
         order16(got) <= order16(round_by_integers(s, high)) && got >> 15 == (signbit(wide) != 0);
}

static uint16_t logit(mmax_storage s, int kind, uint64_t *seed) {
  const format16 f = format_of(s);
  uint64_t dice = random_u64(seed) % 64;
  if (kind == 1 && dice < 20) return 0x8000 | f.infinity;
  if (kind == 2 && dice == 0) return (uint16_t)random_u64(seed); /* maybe NaN or infinite */
  if (kind == 3) return (uint16_t)(random_u64(seed) % f.infinity | (dice & 1) << 15);
  if (kind == 4) return 0x8000 | f.infinity;
  return round_by_integers(s, random_normal(seed) * (kind == 5 ? 30.0 : 2.0));
}

static void fill(call *c, uint64_t *seed) {
  c->stride = c->n + random_u64(seed) % 4;
  c->mask = random_u64(seed) % 3 == 0 ? c->mask_bytes : NULL;
  for (size_t r = 0; r < ROWS; r++) {
    int kind = (int)(random_u64(seed) % 25) / 4;
    for (size_t k = 0; k < c->stride; k++) {
      size_t i = r * c->stride + k;
      c->x16[i] = logit(c->storage, kind, seed);
      c->g16[i] = round_by_integers(c->storage, random_normal(seed) * (kind == 5 ? 1e4 : 1.0));
      c->x[i] = (float)widen_by_fields(c->storage, c->x16[i]);
      c->g[i] = (float)widen_by_fields(c->storage, c->g16[i]);
      c->mask_bytes[i] = random_u64(seed) % 4 == 0;
    }
    c->target[r] = random_u64(seed) % 8 ? (int32_t)(random_u64(seed) % c->n) : -100;
    c->grad_loss[r] = (float)random_normal(seed);
  }
  c->targets = (mmax_targets){c->target, -100, random_u64(seed) % 2 ? 0.125f : 0.0f};
}

/* Both calls; in place on copies where asked for. */
static void run(call *c, int kernel, mmax_status status[2]) {
  const size_t n = c->stride;
  uint16_t *x16 = c->x16;
  float *x = c->x;
  memset(c->out16, 0x55, sizeof c->out16);
  memset(c->out, 0x55, sizeof c->out);
  memset(c->loss16, 0x55, sizeof c->loss16);
  memset(c->loss, 0x55, sizeof c->loss);
  if (c->in_place) {
    memcpy(x16 = c->out16, c->x16, ROWS * n * sizeof *x16);
    memcpy(x = c->out, c->x, ROWS * n * sizeof *x);
  }
  mmax_accumulator_init(&c->acc16);
  mmax_accumulator_init(&c->acc);
  const mmax_rows16 a = {c->storage, x16, c->mask, ROWS, c->n, n, n};
  const mmax_rows b = {x, c->mask, ROWS, c->n, n, n};
  const mmax_exec *how = &c->how;
  if (kernel == 0) {
    status[0] = mmax_forward16(&c->params, &a, c->out16, n, how, &c->report16);
    status[1] = mmax_forward(&c->params, &b, c->out, n, how, &c->report);
  } else if (kernel == 1) {
    status[0] = mmax_log_forward16(&c->params, &a, c->out16, n, how, &c->report16);
    status[1] = mmax_log_forward(&c->params, &b, c->out, n, how, &c->report);
  } else if (kernel == 2) {
    status[0] = mmax_backward16(&c->params, &a, c->g16, n, c->out16, n, &c->acc16, how, &c->report16);
    status[1] = mmax_backward(&c->params, &b, c->g, n, c->out, n, &c->acc, how, &c->report);
  } else {
    status[0] = mmax_cross_entropy_backward16(&c->params, &a, &c->targets, c->grad_loss, c->loss16,
                                              c->out16, n, &c->acc16, how, &c->report16);
    status[1] = mmax_cross_entropy_backward(&c->params, &b, &c->targets, c->grad_loss, c->loss,
                                            c->out, n, &c->acc, how, &c->report);
  }
}

static void forward_once(const call *c) {
  for (size_t r = 0; r < ROWS; r++) {
    const float *x = c->x + r * c->stride;
    const uint8_t *mask = c->mask == NULL ? NULL : c->mask + r * c->stride;
    if (mmax_row_state(x, mask, c->n) != MMAX_OK) continue;
    double max = mmax_modulated(&c->params, x[mmax_row_argmax(&c->params, x, mask, c->n)]);
    double inverse = 1.0 / mmax_sum_weight(mmax_row_sum(&c->params, x, mask, c->n, max));
    for (size_t k = 0; k < c->n; k++) {
      double p = mmax_unmasked(x, mask, k) ? mmax_weight(&c->params, x[k], max) * inverse : 0.0;
      CHECK(c->out16[r * c->stride + k] == round_by_integers(c->storage, p));
      twice_noticed += c->out16[r * c->stride + k] != round_by_integers(c->storage, (double)(float)p);
    }
  }
}

static void one(call *c, int kernel) {
  mmax_status status[2];
  run(c, kernel, status);
  CHECK(status[0] == status[1] && status[0] >= 0);
  CHECK(memcmp(&c->report16, &c->report, sizeof c->report) == 0);
  CHECK(memcmp(&c->acc16, &c->acc, sizeof c->acc) == 0);
  CHECK(memcmp(c->loss16, c->loss, sizeof c->loss) == 0);
  for (size_t i = 0; i < ROWS * c->stride; i++) {
    if (i % c->stride >= c->n) { /* between rows: not written */
      CHECK(c->out16[i] == (c->in_place ? c->x16[i] : 0x5555));
      continue;
    }
    outputs++;
    int fit = fits(c->storage, c->out16[i], c->out[i]);
    if (!fit && failures < 10)
      printf("%s backend %d kernel %d n %zu: %04x, float32 %a\n", format_of(c->storage).name,
             (int)c->how.backend, kernel, c->n, c->out16[i], (double)c->out[i]);
    CHECK(fit);
  }
  if (kernel == 0) forward_once(c);
}

int main(int argc, char **argv) {
  static call c;
  mmax_params layers[LEARNED_LAYERS];
  int rounds = argc > 1 ? atoi(argv[1]) : 500; /* of each backend and storage */
  uint64_t seed = 3;
  learned_layers(layers);
  for (int s = 0; s < 2; s++)
    for (int b = MMAX_BACKEND_REF; b <= MMAX_BACKEND_PORTABLE; b++) {
      if (!mmax_backend_available((mmax_backend)b)) continue;
      c.storage = storages[s];
      int few = b == MMAX_BACKEND_PORTABLE; /* slow */
      for (int round = 0; round < (few ? rounds / 5 : rounds); round++) {
        c.n = round < rounds * 3 / 5 && !few ? 1 + (size_t)round : 1 + random_u64(&seed) % MOST;
        c.params = layers[round % LEARNED_LAYERS];
        if (round % 19 == 18) mmax_params_softmax(&c.params);
        if (round % 5 == 0) mmax_params_set_affine(&c.params, -0.75f, 1.5f);
        c.in_place = round % 3 == 0;
        c.how = (mmax_exec){(mmax_backend)b, (unsigned)round % 4, NULL, 0};
        fill(&c, &seed);
        for (int kernel = 0; kernel < 4; kernel++) one(&c, kernel);
      }
    }
  printf("outputs=%zu rounded twice would differ=%zu\n", outputs, twice_noticed);
  CHECK(twice_noticed > 0 || argc > 1);
  return verdict("storage_rows");
}
