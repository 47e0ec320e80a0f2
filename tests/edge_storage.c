/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 16-bit calls: every cause of refusal has its own status and leaves every
 * output untouched; special rows and entries give what specs/semantics.md says,
 * in all kernels and backends; the caller's rounding mode, flush-to-zero and
 * denormals-are-zero change no bit.
 */
#include <fenv.h>

#include "random.h"
#include "storage.h"
#include "support.h"

#if defined(__x86_64__)
#include <immintrin.h>
static void flush_subnormals(int on) {
  _mm_setcsr(on ? _mm_getcsr() | 0x8040u : _mm_getcsr() & ~0x8040u);
}
#elif defined(__aarch64__)
static void flush_subnormals(int on) {
  uint64_t v;
  __asm__ volatile("mrs %0, fpcr" : "=r"(v));
  v = on ? v | 1u << 24 : v & ~(uint64_t)(1u << 24);
  __asm__ volatile("msr fpcr, %0" : : "r"(v));
}
#endif

enum { ROWS = 3, N = 4, SIZE = ROWS * N };
static _Alignas(64) uint16_t x[SIZE + 16], g[SIZE], out[SIZE + 16];
static float loss[ROWS];
static uint8_t mask[SIZE];
static int32_t y[ROWS];
static mmax_params params;
static mmax_storage storage;
static mmax_exec how;

static uint16_t bits(double v) { return round_by_integers(storage, v); }

static void fill(void) {
  for (int i = 0; i < SIZE + 16; i++) x[i] = bits(0.25 * i), out[i] = 0x5555;
  for (int i = 0; i < SIZE; i++) g[i] = bits(1.0);
  for (int i = 0; i < ROWS; i++) y[i] = i, loss[i] = -7.0f;
  memset(mask, 0, sizeof mask);
}

static int untouched(void) {
  for (int i = 0; i < SIZE + 16; i++)
    if (out[i] != 0x5555 || x[i] != bits(0.25 * i)) return 0;
  for (int i = 0; i < ROWS; i++)
    if (loss[i] != -7.0f) return 0;
  return 1;
}

/* All four entry points on one set of arguments; each must refuse alike. */
static void refuses(mmax_status want, const mmax_params *p, const mmax_rows16 *in, uint16_t *to,
                    size_t stride, const mmax_exec *exec) {
  mmax_targets t = {y, -100, 0.0f};
  mmax_accumulator acc, before;
  mmax_report report = {9, 9, 9, 9, 9}, same = report;
  mmax_accumulator_init(&acc);
  before = acc;
  CHECK(mmax_forward16(p, in, to, stride, exec, &report) == want);
  CHECK(mmax_log_forward16(p, in, to, stride, exec, &report) == want);
  CHECK(mmax_backward16(p, in, g, N, to, stride, &acc, exec, &report) == want);
  CHECK(mmax_cross_entropy_backward16(p, in, &t, NULL, loss, to, stride, &acc, exec, &report) ==
        want);
  CHECK(untouched() && memcmp(&acc, &before, sizeof acc) == 0);
  CHECK(memcmp(&report, &same, sizeof report) == 0);
}

static void refusals(void) {
  const mmax_rows16 good = {storage, x, NULL, ROWS, N, N, 0};
  mmax_rows16 in = good;
  refuses(MMAX_ERR_NULL, NULL, &in, out, N, NULL);
  refuses(MMAX_ERR_NULL, &params, NULL, out, N, NULL);
  in.logits = NULL;
  refuses(MMAX_ERR_NULL, &params, &in, out, N, NULL);
  CHECK(mmax_forward16(&params, &good, NULL, N, NULL, NULL) == MMAX_ERR_NULL);
  CHECK(mmax_backward16(&params, &good, NULL, N, out, N, NULL, NULL, NULL) == MMAX_ERR_NULL);
  CHECK(mmax_cross_entropy16(&params, &good, NULL, loss, NULL, NULL) == MMAX_ERR_NULL);
  mmax_targets t = {y, -100, 0.0f};
  CHECK(mmax_cross_entropy16(&params, &good, &t, NULL, NULL, NULL) == MMAX_ERR_NULL);

  mmax_params p = params;
  p.coef[1] = NAN;
  refuses(MMAX_ERR_PARAMS, &p, &good, out, N, NULL);
  static const int wrong[5] = {MMAX_FLOAT32, 3, -1, 4, 0x7fffffff};
  for (int i = 0; i < 5; i++) {
    in = good;
    in.storage = (mmax_storage)wrong[i];
    refuses(MMAX_ERR_STORAGE, &params, &in, out, N, NULL);
    in.rows = 0; /* of nothing, too */
    refuses(MMAX_ERR_STORAGE, &params, &in, out, N, NULL);
  }
  in = good;
  in.cols = (size_t)MMAX_MAX_COLS + 1;
  refuses(MMAX_ERR_SIZE, &params, &in, out, N, NULL);
  in = good;
  in.stride = SIZE_MAX / 4; /* two rows, two bytes each: beyond PTRDIFF_MAX */
  refuses(MMAX_ERR_SIZE, &params, &in, out, N, NULL);
  in = good;
  in.stride = N - 1;
  refuses(MMAX_ERR_STRIDE, &params, &in, out, N, NULL);
  refuses(MMAX_ERR_STRIDE, &params, &good, out, N - 1, NULL);
  refuses(MMAX_ERR_ALIGN, &params, &good, (uint16_t *)(void *)((char *)out + 1), N, NULL);
  in = good;
  in.logits = (const uint16_t *)(const void *)((const char *)x + 1);
  refuses(MMAX_ERR_ALIGN, &params, &in, out, N, NULL);
  refuses(MMAX_ERR_OVERLAP, &params, &good, x + 1, N, NULL);
  refuses(MMAX_ERR_OVERLAP, &params, &good, x + SIZE - 1, N, NULL); /* the last logit alone */
  refuses(MMAX_ERR_OVERLAP, &params, &good, x, N + 1, NULL);
  in = good;
  in.mask = (const uint8_t *)out + 2 * SIZE - 1;
  in.mask_stride = N;
  refuses(MMAX_ERR_OVERLAP, &params, &in, out, N, NULL);
  mmax_exec exec = {(mmax_backend)99, 1, NULL, 0};
  refuses(MMAX_ERR_BACKEND, &params, &good, out, N, &exec);
  static _Alignas(64) char scratch[256];
  exec = (mmax_exec){MMAX_BACKEND_AUTO, 1, scratch + 8, 64};
  refuses(MMAX_ERR_SCRATCH, &params, &good, out, N, &exec);

  y[ROWS - 1] = N;
  CHECK(mmax_cross_entropy_backward16(&params, &good, &t, NULL, loss, out, N, NULL, NULL, NULL) ==
        MMAX_ERR_TARGET);
  y[ROWS - 1] = 0;
  t.smoothing = 1.5f;
  CHECK(mmax_cross_entropy16(&params, &good, &t, loss, NULL, NULL) == MMAX_ERR_SMOOTHING);
  CHECK(untouched());
}

/* Two bytes are alignment enough, and what follows the logits at once does not overlap. */
static void accepted(void) {
  mmax_rows16 in = {storage, x + 1, NULL, 1, N, N, 0};
  CHECK(mmax_forward16(&params, &in, x + 1 + N, N, &how, NULL) == MMAX_OK);
  fill();
  mmax_report r;
  mmax_rows16 none = {storage, NULL, NULL, 0, N, N, 0};
  CHECK(mmax_forward16(&params, &none, NULL, N, &how, &r) == MMAX_OK && r.masked_rows == 0);
  none = (mmax_rows16){storage, NULL, NULL, ROWS, 0, 0, 0};
  CHECK(mmax_backward16(&params, &none, NULL, 0, NULL, 0, NULL, &how, &r) == MMAX_OK);
  CHECK(r.first_masked == SIZE_MAX && untouched());
}

static int all(const uint16_t *v, int n, uint16_t want) {
  for (int i = 0; i < n; i++)
    if (v[i] != want) return 0;
  return 1;
}

/* Row 1 has a NaN or +inf, row 2 no unmasked entry. */
static void special_rows(uint16_t bad) {
  const format16 f = format_of(storage);
  const uint16_t minus_inf = 0x8000 | f.infinity;
  mmax_targets t = {y, -100, 0.25f};
  const mmax_rows16 in = {storage, x, NULL, ROWS, N, N, 0};
  mmax_report r;
  fill();
  x[N + 2] = bad;
  for (int k = 0; k < N; k++) x[2 * N + k] = minus_inf;
  for (int kernel = 0; kernel < 4; kernel++) {
    mmax_accumulator acc;
    mmax_accumulator_init(&acc);
    memset(out, 0x55, sizeof out);
    mmax_status status =
        kernel == 0   ? mmax_forward16(&params, &in, out, N, &how, &r)
        : kernel == 1 ? mmax_log_forward16(&params, &in, out, N, &how, &r)
        : kernel == 2 ? mmax_backward16(&params, &in, g, N, out, N, &acc, &how, &r)
                      : mmax_cross_entropy_backward16(&params, &in, &t, NULL, loss, out, N, &acc, &how, &r);
    CHECK(status == MMAX_ROW_NONFINITE && r.nonfinite_rows == 1 && r.first_nonfinite == 1);
    CHECK(r.masked_rows == 1 && r.first_masked == 2);
    CHECK(all(out + N, N, f.nan) && all(out + 2 * N, N, kernel == 1 ? minus_inf : 0));
    CHECK(all(out + SIZE, 4, 0x5555) && (kernel < 2 || acc.nonfinite_rows == 1));
  }
  CHECK(isnan(loss[1]) && loss[2] == 0.0f);
}

/* Masked entries may hold anything and have no influence; a -inf logit is the same. */
static void masks(void) {
  const format16 f = format_of(storage);
  uint16_t a[N], b[N], upstream[N] = {bits(1.0), bits(-2.0), f.nan, bits(0.5)};
  uint16_t with_nan[N] = {bits(1.0), bits(2.0), f.nan, bits(-1.0)};
  uint16_t with_inf[N] = {bits(1.0), bits(2.0), 0x8000 | f.infinity, bits(-1.0)};
  const uint8_t hide[N] = {0, 0, 200, 0};
  const mmax_rows16 by_mask = {storage, with_nan, hide, 1, N, N, 0};
  const mmax_rows16 by_inf = {storage, with_inf, NULL, 1, N, N, 0};
  CHECK(mmax_forward16(&params, &by_mask, a, N, &how, NULL) == MMAX_OK);
  CHECK(mmax_forward16(&params, &by_inf, b, N, &how, NULL) == MMAX_OK);
  CHECK(memcmp(a, b, sizeof a) == 0 && a[2] == 0);
  CHECK(mmax_log_forward16(&params, &by_mask, a, N, &how, NULL) == MMAX_OK);
  CHECK(mmax_log_forward16(&params, &by_inf, b, N, &how, NULL) == MMAX_OK);
  CHECK(memcmp(a, b, sizeof a) == 0 && a[2] == (0x8000 | f.infinity));
  CHECK(mmax_backward16(&params, &by_mask, upstream, N, a, N, NULL, &how, NULL) == MMAX_OK);
  CHECK(mmax_backward16(&params, &by_inf, upstream, N, b, N, NULL, &how, NULL) == MMAX_OK);
  CHECK(memcmp(a, b, sizeof a) == 0 && a[2] == 0);
  upstream[2] = 0;
  upstream[0] = f.infinity;
  CHECK(mmax_backward16(&params, &by_inf, upstream, N, b, N, NULL, &how, NULL) == MMAX_ROW_NONFINITE);
  CHECK(all(b, N, f.nan));
}

static void single_ties_and_ignored(void) {
  uint16_t one = bits(-3.25), p = 7, d = 7;
  int32_t t0 = 0, ignored = -100;
  mmax_targets t = {&t0, -100, 0.5f}, skip = {&ignored, -100, 0.5f};
  const mmax_rows16 in = {storage, &one, NULL, 1, 1, 1, 0};
  CHECK(mmax_forward16(&params, &in, &p, 1, &how, NULL) == MMAX_OK && p == bits(1.0));
  CHECK(mmax_log_forward16(&params, &in, &p, 1, &how, NULL) == MMAX_OK && (p & 0x7fff) == 0);
  CHECK(mmax_cross_entropy_backward16(&params, &in, &t, NULL, loss, &d, 1, NULL, &how, NULL) == MMAX_OK);
  CHECK(loss[0] == 0.0f && (d & 0x7fff) == 0);
  mmax_report r;
  loss[0] = d = 7;
  CHECK(mmax_cross_entropy_backward16(&params, &in, &skip, NULL, loss, &d, 1, NULL, &how, &r) == MMAX_OK);
  CHECK(loss[0] == 0.0f && d == 0 && r.ignored_rows == 1);
  uint16_t tied[N] = {bits(-1e4), bits(-1e4), bits(-1e4), bits(-1e4)}, q[N];
  const mmax_rows16 equal = {storage, tied, NULL, 1, N, N, 0};
  CHECK(mmax_forward16(&params, &equal, q, N, &how, NULL) == MMAX_OK && all(q, N, bits(0.25)));
}

/* Softmax: p (g - mean) of g = (top, -top) and equal p is top/2 and -top/2; scale doubles and
   more push it over float16's range, and to infinity. */
static void overflow(void) {
  const double top = storage == MMAX_FLOAT16 ? 65504.0 : 0x1.fep127;
  uint16_t equal[2] = {bits(1.0), bits(1.0)}, up[2] = {bits(top), bits(-top)}, d[2];
  const mmax_rows16 in = {storage, equal, NULL, 1, 2, 2, 0};
  mmax_params p;
  mmax_params_softmax(&p);
  CHECK(mmax_backward16(&p, &in, up, 2, d, 2, NULL, &how, NULL) == MMAX_OK);
  CHECK(d[0] == bits(top / 2.0) && d[1] == bits(-top / 2.0));
  CHECK(mmax_params_set_affine(&p, 2.0f, 0.0f) == MMAX_OK);
  CHECK(mmax_backward16(&p, &in, up, 2, d, 2, NULL, &how, NULL) == MMAX_OK);
  CHECK(d[0] == bits(top) && d[1] == bits(-top));
  CHECK(mmax_params_set_affine(&p, 2.5f, 0.0f) == MMAX_OK);
  CHECK(mmax_backward16(&p, &in, up, 2, d, 2, NULL, &how, NULL) == MMAX_OK);
  CHECK(d[0] == format_of(storage).infinity && d[1] == (0x8000 | format_of(storage).infinity));
}

static void environments(void) {
  static const int modes[4] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
  int subnormals = 0;
  uint64_t seed = 5;
  uint16_t a[64], up[64], first[4][64];
  for (int i = 0; i < 64; i++) a[i] = bits(random_normal(&seed)), up[i] = bits(random_normal(&seed));
  for (int i = 0; i < 16; i++) up[i] = (uint16_t)(1 + i * 7); /* a row of subnormals */
  int32_t target[4] = {1, 5, 9, 13};
  mmax_targets t = {target, -100, 0.1f};
  const mmax_rows16 in = {storage, a, NULL, 4, 16, 16, 0};
  for (int m = 0; m < 8; m++) {
    uint16_t got[4][64];
    fesetround(modes[m % 4]);
    flush_subnormals(m >= 4);
    mmax_forward16(&params, &in, got[0], 16, &how, NULL);
    mmax_log_forward16(&params, &in, got[1], 16, &how, NULL);
    mmax_backward16(&params, &in, up, 16, got[2], 16, NULL, &how, NULL);
    mmax_cross_entropy_backward16(&params, &in, &t, NULL, NULL, got[3], 16, NULL, &how, NULL);
    int kept = fegetround() == modes[m % 4];
    flush_subnormals(0);
    fesetround(FE_TONEAREST);
    if (m == 0) memcpy(first, got, sizeof got);
    CHECK(kept && memcmp(first, got, sizeof got) == 0);
  }
  for (int i = 0; i < 16; i++)
    subnormals += (first[2][i] & 0x7fff) - 1u < (1u << (format_of(storage).precision - 1)) - 1u;
  CHECK(subnormals > 0);
}

int main(void) {
  mmax_params layers[LEARNED_LAYERS];
  learned_layers(layers);
  for (int s = 0; s < 2; s++)
    for (int b = MMAX_BACKEND_AUTO; b <= MMAX_BACKEND_PORTABLE; b++) {
      if (!mmax_backend_available((mmax_backend)b)) continue;
      storage = storages[s];
      how = (mmax_exec){(mmax_backend)b, 1, NULL, 0};
      params = layers[3];
      fill();
      refusals();
      fill();
      accepted();
      for (int l = 0; l < LEARNED_LAYERS; l++) {
        params = layers[l];
        special_rows(format_of(storage).infinity);
        special_rows(format_of(storage).nan);
        special_rows(0xffff);
        special_rows((uint16_t)(format_of(storage).infinity + 1)); /* a signalling NaN */
        masks();
        single_ties_and_ignored();
        environments();
      }
      overflow();
    }
  return verdict("edge_storage");
}
