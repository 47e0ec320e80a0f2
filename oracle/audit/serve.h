/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The subject's end of the protocol for subjects written in C: greets, reads
 * requests, calls one function, writes replies, ends when its input does.
 */
#ifndef AUDIT_SERVE_H
#define AUDIT_SERVE_H

#include "wire.h"

/* One request's data. out: rows*cols, dense; with in_place it is the logits'
   own memory (and stride = cols). grad_params: written where the subject has
   them, with *grad_params_count = MMAX_NPARAMS. */
struct serve_call {
  struct wire_request request;
  float *logits;
  const uint8_t *mask;
  const float *upstream;
  float *out;
  double grad_params[MMAX_NPARAMS];
  size_t grad_params_count;
  char reason[256]; /* why a call is refused */
};

struct serve_subject {
  const char *hello; /* one line of JSON, no newline */
  /* 0, or -1: refused, reason filled. */
  int (*call)(void *context, struct serve_call *call);
  void *context;
};

/* Exit status of the process: 0, or 1 after a malformed request. */
int serve_loop(const struct serve_subject *subject);

/* Built-in subjects of `multimax audit --serve SPEC`: exit status. */
int serve_builtin(const char *specification);
int serve_ours(const char *backend);
int serve_naive(void);
int serve_oracle(void);
int serve_library(const char *specification);

#endif
