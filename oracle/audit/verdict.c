/* SPDX-License-Identifier: Apache-2.0 */
/* See verdict.h. */
#include "verdict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

const char *const severity_names[SEVERITIES] = {"pass", "info", "minor", "major", "critical"};

const char *const property_names[PROPERTIES] = {
    "survives",  "supported",    "memory-bounds", "input-kept",  "finite",       "range",
    "normalised", "accuracy",    "tiny-accuracy", "underflow",   "log-accuracy", "order",
    "ties",      "nonfinite",    "minus-infinity", "masked-zero", "mask-inert",  "all-masked",
    "reproducible", "stateless", "threads",       "permutation", "duplication",  "batch",
    "in-place",  "strided",      "gradient",      "gradient-sum", "gradient-masked", "parameter-gradient"};

const char *const property_questions[PROPERTIES] = {
    "answers every request: no hang, crash, garbage, memory flood",
    "offers what the suite asks for",
    "writes inside its buffers only",
    "leaves the caller's logits as they were",
    "finite logits give finite outputs",
    "probabilities lie in [0, 1]",
    "the probabilities of a row sum to 1",
    "probabilities from 2^-20 on are accurate",
    "normal probabilities below 2^-20 are accurate",
    "subnormal probabilities are not flushed to zero",
    "log-probabilities are accurate",
    "larger modulated logits have no smaller probabilities",
    "equal logits have equal bits",
    "NaN and +inf are answered as the profile says",
    "a logit of -inf has probability exactly 0 (or what the profile says)",
    "masked entries are exactly 0",
    "what masked entries hold changes nothing",
    "rows without an unmasked entry follow the profile",
    "the same request gives the same bits",
    "no answer depends on earlier requests",
    "the number of threads changes no bits",
    "permuting a row permutes its output",
    "a row twice has half of each probability",
    "a row's output does not depend on the batch around it",
    "computing in place changes no bits",
    "rows apart in memory give the same bits",
    "gradients of the logits are accurate",
    "gradients of a row's logits sum to 0 (softmax)",
    "masked entries have gradient 0",
    "gradients of the parameters are accurate and have the right sign"};

const char *const property_units[PROPERTIES] = {
    "events", "events", "events", "entries", "entries", "excess", "|sum-1|", "ulp", "ulp", "ulp", "ulp",
    "ulp", "ulp", "entries", "probability", "probability", "entries", "entries", "entries", "entries",
    "ulp", "ulp", "ulp", "ulp", "ulp", "ulp", "x bound", "x bound", "gradient", "x bound"};

void verdicts_init(struct verdicts *v, size_t groups) {
  memset(v, 0, sizeof *v);
  v->groups = groups;
  v->cells = audit_alloc(groups * PROPERTIES, sizeof *v->cells);
  v->worst_ulp = audit_alloc(groups, sizeof *v->worst_ulp);
  for (size_t g = 0; g < groups; g++) v->worst_ulp[g] = -1;
  for (int k = 0; k < SIZE_BINS; k++) v->plots.by_size[k] = -1;
  for (int k = 0; k < LENGTH_BINS; k++) v->plots.by_length[k] = -1;
}

void verdicts_free(struct verdicts *v) {
  free(v->cells);
  free(v->worst_ulp);
}

struct cell *verdicts_cell(struct verdicts *v, enum property property, size_t group) {
  return &v->cells[(size_t)property * v->groups + group];
}

static int is_worse(const struct observation *a, const struct observation *b) {
  if (a->severity != b->severity) return a->severity > b->severity;
  if (a->measure != b->measure) return a->measure > b->measure;
  if (a->case_index != b->case_index) return a->case_index < b->case_index;
  return a->row < b->row || (a->row == b->row && a->col < b->col);
}

void verdicts_record(struct verdicts *v, enum property property, size_t group,
                     const struct observation *observation) {
  struct cell *cell = verdicts_cell(v, property, group);
  struct observation seen = *observation;
  if (isnan(seen.measure)) seen.measure = INFINITY;
  if (isnan(seen.got)) seen.got = NAN; /* printed without its sign */
  cell->checked++;
  cell->failed += seen.severity > SEVERITY_INFO;
  if (cell->checked == 1 || is_worse(&seen, &cell->worst)) cell->worst = seen;
}

static int log2_floor(double v) {
  int e;
  (void)frexp(v, &e);
  return e - 1;
}

void verdicts_error(struct verdicts *v, size_t group, float logit, size_t cols, double ulp) {
  if (isnan(ulp)) ulp = INFINITY;
  int bin = ulp <= 0.5 ? 0 : !isfinite(ulp) ? ULP_BINS - 1 : 2 + log2_floor(ulp);
  if (bin > 1 && ulp == ldexp(1, bin - 2)) bin--; /* <= 2^(k-1) belongs to bin k */
  v->plots.ulp[bin >= ULP_BINS ? ULP_BINS - 1 : bin]++;
  int size = logit == 0 || !isfinite(logit) ? 0 : 32 + log2_floor(fabs((double)logit));
  size = size < 0 ? 0 : size >= SIZE_BINS ? SIZE_BINS - 1 : size;
  v->plots.by_size[size] = fmax(v->plots.by_size[size], ulp);
  int length = log2_floor((double)cols);
  v->plots.by_length[length] = fmax(v->plots.by_length[length], ulp);
  v->worst_ulp[group] = fmax(v->worst_ulp[group], ulp);
}

void verdicts_merge(struct verdicts *into, const struct verdicts *from) {
  for (size_t k = 0; k < into->groups * PROPERTIES; k++) {
    struct cell *a = &into->cells[k];
    const struct cell *b = &from->cells[k];
    if (b->checked == 0) continue;
    if (a->checked == 0 || is_worse(&b->worst, &a->worst)) a->worst = b->worst;
    a->checked += b->checked;
    a->failed += b->failed;
  }
  for (size_t g = 0; g < into->groups; g++) into->worst_ulp[g] = fmax(into->worst_ulp[g], from->worst_ulp[g]);
  for (int k = 0; k < ULP_BINS; k++) into->plots.ulp[k] += from->plots.ulp[k];
  for (int k = 0; k < SIZE_BINS; k++) into->plots.by_size[k] = fmax(into->plots.by_size[k], from->plots.by_size[k]);
  for (int k = 0; k < LENGTH_BINS; k++)
    into->plots.by_length[k] = fmax(into->plots.by_length[k], from->plots.by_length[k]);
}

const struct cell *verdicts_property(const struct verdicts *v, enum property property, size_t *group,
                                     size_t *checked, size_t *failed) {
  const struct cell *worst = NULL;
  *checked = *failed = 0;
  for (size_t g = 0; g < v->groups; g++) {
    const struct cell *cell = &v->cells[(size_t)property * v->groups + g];
    if (cell->checked == 0) continue;
    *checked += cell->checked;
    *failed += cell->failed;
    if (worst == NULL || is_worse(&cell->worst, &worst->worst)) {
      worst = cell;
      *group = g;
    }
  }
  return worst;
}

enum severity verdicts_worst(const struct verdicts *v) {
  enum severity worst = SEVERITY_PASS;
  for (size_t k = 0; k < v->groups * PROPERTIES; k++)
    if (v->cells[k].checked > 0 && v->cells[k].worst.severity > worst) worst = v->cells[k].worst.severity;
  return worst;
}
