/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts: one cell per property and group, holding the worst that was seen,
 * with its witness. specs/audit-protocol.md says what each property means and
 * where the severities come from.
 */
#ifndef AUDIT_VERDICT_H
#define AUDIT_VERDICT_H

#include <stddef.h>
#include <stdint.h>

enum severity { SEVERITY_PASS, SEVERITY_INFO, SEVERITY_MINOR, SEVERITY_MAJOR, SEVERITY_CRITICAL, SEVERITIES };
extern const char *const severity_names[SEVERITIES];

enum property {
  PROP_SURVIVES,
  PROP_SUPPORTED,
  PROP_MEMORY_BOUNDS,
  PROP_INPUT_KEPT,
  PROP_FINITE,
  PROP_RANGE,
  PROP_NORMALISED,
  PROP_ACCURACY,
  PROP_TINY,
  PROP_UNDERFLOW,
  PROP_LOG,
  PROP_ORDER,
  PROP_TIES,
  PROP_NONFINITE,
  PROP_MINUS_INF,
  PROP_MASKED_ZERO,
  PROP_MASK_INERT,
  PROP_ALL_MASKED,
  PROP_REPRODUCIBLE,
  PROP_STATELESS,
  PROP_THREADS,
  PROP_PERMUTATION,
  PROP_DUPLICATION,
  PROP_BATCH,
  PROP_IN_PLACE,
  PROP_STRIDED,
  PROP_GRADIENT,
  PROP_GRADIENT_SUM,
  PROP_GRADIENT_MASKED,
  PROP_PARAMETER_GRADIENT,
  PROPERTIES
};
extern const char *const property_names[PROPERTIES];
extern const char *const property_questions[PROPERTIES]; /* one line each, for reports */
extern const char *const property_units[PROPERTIES];

/* Where and what. measure is in the property's unit, NaN-free, may be INFINITY. */
struct observation {
  enum severity severity;
  double measure, bound;
  size_t case_index, row, col;
  float input, got;
  double exact;
  char message[200];
};

struct cell {
  size_t checked, failed; /* checks of this kind; of them above SEVERITY_INFO */
  struct observation worst;
};

enum { ULP_BINS = 34, SIZE_BINS = 64, LENGTH_BINS = 32 };
struct plots {
  uint64_t ulp[ULP_BINS];        /* outputs by error: bin 0 <= 0.5, k: <= 2^(k-1), last: more or NaN */
  double by_size[SIZE_BINS];     /* worst error by floor(log2 |logit|)+32; -1: none */
  double by_length[LENGTH_BINS]; /* by floor(log2 cols) */
};

struct verdicts {
  size_t groups;
  struct cell *cells; /* [property*groups + group] */
  double *worst_ulp;  /* per group, over forward outputs; -1: none */
  struct plots plots;
};

void verdicts_init(struct verdicts *v, size_t groups);
void verdicts_free(struct verdicts *v);
struct cell *verdicts_cell(struct verdicts *v, enum property property, size_t group);
/* Counts one check and keeps the observation if it is the worst. */
void verdicts_record(struct verdicts *v, enum property property, size_t group,
                     const struct observation *observation);
void verdicts_error(struct verdicts *v, size_t group, float logit, size_t cols, double ulp);
void verdicts_merge(struct verdicts *into, const struct verdicts *from);
/* Over all groups: the worst cell (its group to *group), or NULL if nothing was checked. */
const struct cell *verdicts_property(const struct verdicts *v, enum property property, size_t *group,
                                     size_t *checked, size_t *failed);
enum severity verdicts_worst(const struct verdicts *v);

#endif
