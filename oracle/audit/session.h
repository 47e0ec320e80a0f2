/* SPDX-License-Identifier: Apache-2.0 */
/* One subject process and what one worker has seen of it so far. */
#ifndef AUDIT_SESSION_H
#define AUDIT_SESSION_H

#include "child.h"
#include "profile.h"
#include "suite.h"
#include "verdict.h"

enum { FEATURE_MASK = 1, FEATURE_INPLACE = 2, FEATURE_STRIDE = 4, FEATURE_THREADS = 8, FEATURE_ECHO = 16 };

/* What the subject said of itself. */
struct subject_facts {
  char name[200];
  unsigned ops;      /* bit per wire_op */
  unsigned features;
  int multimax;      /* takes modulator parameters */
  const struct format *format;
};

struct session {
  const char *command;
  struct child_limits limits;
  enum profile profile;
  struct subject_facts facts;
  struct child child;
  unsigned restarts, restarts_allowed;
  uint64_t next_id;
  struct verdicts *verdicts;
  const struct suite *suite;
};

/* Reads the greeting: 0, or -1 with the fault set. */
int facts_parse(struct subject_facts *facts, const char *hello, struct fault *fault);

int session_open(struct session *s, struct fault *fault);
void session_close(struct session *s);

/* How one case is sent. */
struct variant {
  size_t stride_extra; /* NaN between rows */
  int in_place, echo;
  unsigned threads;
};

/* Sends rows of logits (dense); out: rows*cols; grad_params may be NULL. 0 if an
   answer came; events are recorded as PROP_SURVIVES, refusals as PROP_SUPPORTED,
   broken guards and a changed input as theirs. */
int session_call(struct session *s, const struct audit_case *c, size_t case_index, const struct variant *v,
                 const float *logits, const uint8_t *mask, const float *upstream, size_t rows,
                 float *out, double grad_params[MMAX_NPARAMS], size_t *grad_params_count);

/* Everything about one case; *hash: of the outputs' bits. */
void check_case(struct session *s, const struct audit_case *c, size_t case_index, uint64_t *hash);
/* Parts of it. */
void check_rows(struct session *s, const struct audit_case *c, size_t case_index, const float *out);
void check_gradient(struct session *s, const struct audit_case *c, size_t case_index, const float *out,
                    const double *grad_params, size_t grad_params_count);
void check_relations(struct session *s, const struct audit_case *c, size_t case_index, const float *out);

/* FNV-1a, 64 bits: tells outputs apart, protects against nothing. All NaN count as one. */
uint64_t hash_floats(uint64_t hash, const float *values, size_t count);
#define HASH_START 0xcbf29ce484222325u

int same_bits(float a, float b, int nan_payload_matters);

#endif
