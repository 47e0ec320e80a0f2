/* SPDX-License-Identifier: Apache-2.0 */
/* This library as a subject, by backend, and the oracle as one. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../exact.h"
#include "../fault.h"
#include "serve.h"

static mmax_rows rows_of(const struct serve_call *call) {
  const struct wire_request *r = &call->request;
  mmax_rows in = {call->logits, call->mask, r->rows, r->cols, r->stride, r->cols};
  return in;
}

static int ours(void *context, struct serve_call *call) {
  const struct wire_request *r = &call->request;
  mmax_rows in = rows_of(call);
  mmax_exec exec = {*(const mmax_backend *)context, r->threads, NULL, 0};
  mmax_status status;
  if (r->op == WIRE_FORWARD) {
    status = mmax_forward(&r->params, &in, call->out, r->cols, &exec, NULL);
  } else if (r->op == WIRE_LOG) {
    status = mmax_log_forward(&r->params, &in, call->out, r->cols, &exec, NULL);
  } else {
    mmax_accumulator acc;
    mmax_accumulator_init(&acc);
    status = mmax_backward(&r->params, &in, call->upstream, r->cols, call->out, r->cols, &acc,
                           &exec, NULL);
    (void)mmax_accumulator_finish(&acc, &r->params, call->grad_params);
    call->grad_params_count = MMAX_NPARAMS;
  }
  (void)snprintf(call->reason, sizeof call->reason, "%s", mmax_status_text(status));
  return status < 0 ? -1 : 0;
}

int serve_ours(const char *backend) {
  char hello[256];
  mmax_backend chosen = MMAX_BACKEND_AUTO;
  int found = 0;
  for (int b = MMAX_BACKEND_AUTO; b <= MMAX_BACKEND_PORTABLE; b++)
    if (strcmp(mmax_backend_name((mmax_backend)b), backend) == 0) {
      chosen = (mmax_backend)b;
      found = 1;
    }
  if (!found || (chosen != MMAX_BACKEND_AUTO && !mmax_backend_available(chosen))) {
    (void)fprintf(stderr, "backend '%s' is not available here\n", backend);
    return EXIT_INPUT;
  }
  (void)snprintf(hello, sizeof hello,
                 "{\"protocol\": 1, \"name\": \"multimax %d.%d.%d, backend %s\", \"formula\": "
                 "\"multimax\", \"ops\": [\"forward\", \"log\", \"backward\"], \"features\": "
                 "[\"mask\", \"inplace\", \"stride\", \"threads\", \"echo\"]}",
                 MMAX_VERSION_MAJOR, MMAX_VERSION_MINOR, MMAX_VERSION_PATCH, backend);
  struct serve_subject subject = {hello, ours, &chosen};
  return serve_loop(&subject);
}

static int oracle(void *context, struct serve_call *call) {
  const struct wire_request *r = &call->request;
  mmax_rows in = rows_of(call);
  exact_status status;
  (void)context;
  if (r->op == WIRE_FORWARD) {
    status = exact_forward(&r->params, &in, call->out, NULL, r->cols, NULL, NULL);
  } else if (r->op == WIRE_LOG) {
    status = exact_log_forward(&r->params, &in, call->out, NULL, r->cols, NULL, NULL);
  } else {
    exact_grads grads;
    status = exact_backward(&r->params, &in, call->upstream, r->cols, call->out, NULL, r->cols,
                            &grads, NULL, NULL);
    memcpy(call->grad_params, grads.rounded, sizeof call->grad_params);
    call->grad_params_count = MMAX_NPARAMS;
  }
  (void)snprintf(call->reason, sizeof call->reason, "%s", exact_status_text(status));
  return status < 0 ? -1 : 0;
}

int serve_oracle(void) {
  struct serve_subject subject = {
      "{\"protocol\": 1, \"name\": \"the oracle\", \"formula\": \"multimax\", \"ops\": "
      "[\"forward\", \"log\", \"backward\"], \"features\": [\"mask\", \"stride\", \"echo\"]}",
      oracle, NULL};
  return serve_loop(&subject);
}
