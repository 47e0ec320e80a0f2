/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 16-bit results are the exact real result rounded once: every finite float16
 * and bfloat16 logit, in rows of neighbours and in rows spread over the whole
 * range, through forward, log, backward and cross-entropy of all learned layers
 * and plain softmax. A result must be a rounding of a real number no further
 * from the oracle's than the float64 before it may be (specs/accuracy.md), which
 * nearly always leaves one pattern. Controls: rounding through float32 on the
 * way, and truncation, are refused.
 */
#include "exact.h"
#include "random.h"
#include "row_bound.h"
#include "storage.h"
#include "support.h"
#include "ulp.h"

enum { COLS = 128, MOST_ROWS = 32, MODELS = LEARNED_LAYERS + 1, KERNELS = 4 };
static const char *const kernel_name[KERNELS] = {"forward", "log", "backward", "loss"};

/* Rows of one model, stored and widened. */
typedef struct rows {
  mmax_storage storage;
  mmax_params params;
  size_t count;
  uint16_t x16[MOST_ROWS * COLS], g16[MOST_ROWS * COLS], out[MOST_ROWS * COLS];
  float x[MOST_ROWS * COLS], g[MOST_ROWS * COLS];
  uint8_t mask[MOST_ROWS * COLS];
  int32_t target[MOST_ROWS];
  mmax_targets targets;
  exact_value exact[MOST_ROWS * COLS], probs[MOST_ROWS * COLS];
} rows;

static struct {
  size_t outputs, outside, pinned, misrounded, unbounded, twice_refused, truncated_refused;
} found[2][KERNELS];

/* Some real number within `error` of v rounds to the pattern. */
static int reachable(mmax_storage s, uint16_t got, double v, double lo, double error) {
  double below = nextafter((v - error) + lo, -(double)INFINITY);
  double above = nextafter((v + error) + lo, (double)INFINITY);
  return !is_nan16(s, got) && order16(round_by_integers(s, below)) <= order16(got) &&
         order16(got) <= order16(round_by_integers(s, above));
}

static double ulp16(mmax_storage s, double v) {
  const format16 f = format_of(s);
  int e = v == 0.0 ? f.least : ilogb(v);
  return ldexp(1.0, (e < f.least ? f.least : e) - (f.precision - 1));
}

/* What the float64 before rounding may be off by. */
static double error_of(const rows *a, int kernel, const struct row_bound *b, size_t at, double share) {
  const exact_value v = a->exact[at];
  if (kernel < 2) {
    double bound = kernel == 0 ? bound_prob(b) : bound_log(b, mmax_condition(&a->params, a->x[at]), v);
    return (mmax_bound16_ulp(a->storage, bound) - 0.5) * ulp16(a->storage, v.hi);
  }
  double bound = bound_grad_logit(b, a->x[at], a->probs[at].hi + share, v);
  return isinf(bound) ? bound : fmax(bound * ulp_of_float(v) - 0x1p-24 * fabs(v.hi) - 0x1p-149, 0.0);
}

/* An output whose float64 value may be `error` away from v. */
static void judge(const rows *a, int kernel, uint16_t got, exact_value v, double error) {
  mmax_storage s = a->storage;
  found[s == MMAX_BFLOAT16][kernel].outputs++;
  if (isinf(error)) {
    found[s == MMAX_BFLOAT16][kernel].unbounded++;
    return;
  }
  int inside = reachable(s, got, v.hi, v.lo, error);
  uint16_t exact = round_by_integers(s, v.lo == 0.0 ? v.hi : nextafter(v.hi, v.lo < 0.0 ? -(double)INFINITY : (double)INFINITY));
  uint16_t twice = round_by_integers(s, (double)(float)v.hi);
  uint16_t toward_zero = (uint16_t)(exact - (fabs(widen_by_fields(s, exact)) > fabs(v.hi)));
  if (!inside && failures < 10)
    printf("%s %s: got %04x, exact %a rounds to %04x, error %a\n", format_of(s).name,
           kernel_name[kernel], got, v.hi, exact, error);
  CHECK(inside);
  found[s == MMAX_BFLOAT16][kernel].outside += !inside;
  found[s == MMAX_BFLOAT16][kernel].misrounded += order16(got) != order16(exact);
  found[s == MMAX_BFLOAT16][kernel].pinned +=
      order16(round_by_integers(s, v.hi - error)) == order16(round_by_integers(s, v.hi + error));
  found[s == MMAX_BFLOAT16][kernel].twice_refused += !reachable(s, twice, v.hi, v.lo, error);
  found[s == MMAX_BFLOAT16][kernel].truncated_refused += !reachable(s, toward_zero, v.hi, v.lo, error);
}

static const mmax_exec how = {MMAX_BACKEND_REF, 1, NULL, 0};

static mmax_rows widened(const rows *a) {
  const mmax_rows in = {a->x, a->mask, a->count, COLS, COLS, COLS};
  return in;
}

static mmax_status run_kernel(rows *a, int kernel) {
  const mmax_rows16 in = {a->storage, a->x16, a->mask, a->count, COLS, COLS, COLS};
  switch (kernel) {
  case 0: return mmax_forward16(&a->params, &in, a->out, COLS, &how, NULL);
  case 1: return mmax_log_forward16(&a->params, &in, a->out, COLS, &how, NULL);
  case 2: return mmax_backward16(&a->params, &in, a->g16, COLS, a->out, COLS, NULL, &how, NULL);
  default:
    return mmax_cross_entropy_backward16(&a->params, &in, &a->targets, NULL, NULL, a->out, COLS,
                                         NULL, &how, NULL);
  }
}

/* The same in float32, of the widened rows. */
static mmax_status run_wide(const rows *a, int kernel, float *out) {
  const mmax_rows in = widened(a);
  switch (kernel) {
  case 0: return mmax_forward(&a->params, &in, out, COLS, &how, NULL);
  case 1: return mmax_log_forward(&a->params, &in, out, COLS, &how, NULL);
  case 2: return mmax_backward(&a->params, &in, a->g, COLS, out, COLS, NULL, &how, NULL);
  default:
    return mmax_cross_entropy_backward(&a->params, &in, &a->targets, NULL, NULL, out, COLS, NULL,
                                       &how, NULL);
  }
}

static exact_status run_oracle(rows *a, int kernel) {
  const mmax_rows in = widened(a);
  exact_status status = EXACT_OK;
  if (kernel != 1) { /* gradients' bounds need the probabilities */
    status = exact_forward(&a->params, &in, NULL, a->probs, COLS, NULL, NULL);
    if (kernel == 0) memcpy(a->exact, a->probs, sizeof a->exact);
  }
  if (status != EXACT_OK || kernel == 0) return status;
  if (kernel == 1) return exact_log_forward(&a->params, &in, NULL, a->exact, COLS, NULL, NULL);
  if (kernel == 2)
    return exact_backward(&a->params, &in, a->g, COLS, NULL, a->exact, COLS, NULL, NULL, NULL);
  return exact_cross_entropy(&a->params, &in, &a->targets, NULL, NULL, NULL, NULL, a->exact, COLS,
                             NULL, NULL, NULL);
}

/* |sum of probabilities - 1|; the sum of COLS short numbers is exact but for 2^-45. */
static void check_sum(mmax_storage s, const uint16_t *probs) {
  const format16 f = format_of(s);
  double sum = 0.0;
  for (size_t k = 0; k < COLS; k++) sum += widen_by_fields(s, probs[k]);
  CHECK(fabs(sum - 1.0) <= 0x1.00002p0 * ldexp(1.0, -f.precision) + 0x1p-45 +
                               COLS * (ldexp(1.0, f.least - f.precision) + 0x1.00001p-51));
}

static void compare_row(const rows *a, int kernel, size_t r) {
  const size_t from = r * COLS, target = kernel == 3 ? (size_t)a->target[r] : SIZE_MAX;
  const double smoothing = kernel == 3 ? (double)a->targets.smoothing : 0.0;
  size_t unmasked = 0;
  for (size_t k = 0; k < COLS; k++) unmasked += a->mask[from + k] == 0;
  struct row_bound b;
  row_bound_start(&b, &a->params, a->x + from, a->mask + from, COLS, kernel == 2 ? a->g + from : NULL,
                  kernel == 3 ? 1.0 : 0.0, smoothing > 0.0, target);
  for (size_t k = 0; k < COLS; k++) {
    if (a->mask[from + k] != 0) {
      CHECK(a->out[from + k] == (kernel == 1 ? 0x8000 | format_of(a->storage).infinity : 0));
      continue;
    }
    double share = kernel == 3 ? smoothing / (double)unmasked + (k == target ? 1.0 - smoothing : 0.0) : 0.0;
    judge(a, kernel, a->out[from + k], a->exact[from + k], error_of(a, kernel, &b, from + k, share));
  }
  if (kernel == 0) check_sum(a->storage, a->out + from);
}

static void compare(rows *a, int kernel) {
  CHECK(run_kernel(a, kernel) == MMAX_OK && run_oracle(a, kernel) == EXACT_OK);
  for (size_t r = 0; r < a->count; r++) compare_row(a, kernel, r);
}

/* Finite patterns in the order of their values; returns how many. */
static int sorted(mmax_storage s, uint16_t out[PATTERNS]) {
  int n = 0, top = format_of(s).infinity;
  for (int m = top - 1; m >= 0; m--) out[n++] = (uint16_t)(0x8000 | m);
  for (int m = 0; m < top; m++) out[n++] = (uint16_t)m;
  return n;
}

static void fill(rows *a, const uint16_t *patterns, int n, int first, int step, uint64_t *seed) {
  for (size_t i = 0; i < a->count * COLS; i++) {
    int r = (int)(i / COLS), k = (int)(i % COLS), all = n / COLS;
    int at = step ? (first + r) + k * all : (first + r) * COLS + k;
    a->x16[i] = patterns[at];
    a->g16[i] = round_by_integers(a->storage, random_normal(seed) * (r % 4 == 3 ? 0x1p12 : 1.0));
    a->x[i] = (float)widen_by_fields(a->storage, a->x16[i]);
    a->g[i] = (float)widen_by_fields(a->storage, a->g16[i]);
    a->mask[i] = step && k % 16 == r % 16;
  }
  for (size_t r = 0; r < a->count; r++) {
    size_t t = random_u64(seed) % COLS;
    while (a->mask[r * COLS + t] != 0) t = (t + 1) % COLS;
    a->target[r] = (int32_t)t;
  }
  a->targets = (mmax_targets){a->target, -100, step ? 0.1f : 0.0f};
}

/* Rows first.. of an arrangement, one model. */
static void arrangement(rows *a, const mmax_params *models, const uint16_t *patterns, int n, int step,
                        uint64_t *seed) {
  int all = n / COLS; /* whole: COLS divides both counts of finite patterns */
  CHECK(all * COLS == n);
  for (int first = 0, m = step; first < all; first += (int)a->count, m++) {
    a->count = (size_t)(all - first < MOST_ROWS ? all - first : MOST_ROWS);
    a->params = models[m % MODELS];
    fill(a, patterns, n, first, step, seed);
    for (int kernel = 0; kernel < KERNELS; kernel++) compare(a, kernel);
  }
}

/* Ordinary rows on which rounding the float32 result would give another pattern:
   the oracle decides. Such an output is one in 2^14 (float16) or 2^17. */
static void near_middles(rows *a, const mmax_params *models, int kernel, uint64_t *seed) {
  static float wide[MOST_ROWS * COLS];
  static uint16_t patterns[PATTERNS];
  size_t *refused = &found[a->storage == MMAX_BFLOAT16][kernel].twice_refused, before = *refused;
  a->count = MOST_ROWS;
  for (int batch = 0; batch < 1000 && *refused - before < 3; batch++) {
    for (int i = 0; i < MOST_ROWS * COLS; i++)
      patterns[i] = round_by_integers(a->storage, 2.0 * random_normal(seed));
    a->params = models[batch % MODELS];
    fill(a, patterns, MOST_ROWS * COLS, 0, batch % 2, seed);
    CHECK(run_kernel(a, kernel) == MMAX_OK && run_wide(a, kernel, wide) == MMAX_OK);
    int differ = 0;
    for (int i = 0; i < MOST_ROWS * COLS; i++)
      differ += a->out[i] != round_by_integers(a->storage, (double)wide[i]);
    if (differ > 0) compare(a, kernel);
  }
  CHECK(*refused > before);
}

int main(void) {
  static rows a;
  static uint16_t patterns[PATTERNS];
  mmax_params models[MODELS];
  uint64_t seed = 1;
  learned_layers(models);
  mmax_params_softmax(&models[LEARNED_LAYERS]);
  for (int s = 0; s < 2; s++) {
    a.storage = storages[s];
    int n = sorted(a.storage, patterns);
    for (int step = 0; step < 2; step++) arrangement(&a, models, patterns, n, step, &seed);
    for (int k = 0; k < KERNELS; k++) {
      near_middles(&a, models, k, &seed);
      printf("%s %s: outputs=%zu outside=%zu one pattern left=%zu not the nearest=%zu unbounded=%zu "
             "refused controls: twice=%zu truncated=%zu\n",
             format_of(a.storage).name, kernel_name[k], found[s][k].outputs, found[s][k].outside,
             found[s][k].pinned, found[s][k].misrounded, found[s][k].unbounded,
             found[s][k].twice_refused, found[s][k].truncated_refused);
      CHECK(found[s][k].truncated_refused > 0);
    }
  }
  return verdict("storage_oracle");
}
