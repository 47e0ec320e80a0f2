/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one writes first: exp(sigma(x)) over its sum, all in float32, nothing
 * subtracted. A subject that an audit must fail: exp overflows at 88.7.
 */
#include <math.h>
#include <stdio.h>

#include "serve.h"

static float relu(float v) { return v > 0 ? v : 0; }

static float modulate(const mmax_params *p, float x) {
  float c[4], k[4];
  for (int j = 0; j < 4; j++) {
    c[j] = (float)p->coef[j];
    k[j] = (float)p->knot[j];
  }
  float y = (p->terms & MMAX_TERM_AFFINE) != 0 ? (float)p->scale * x + (float)p->shift : x;
  float low = relu(k[2] - y), high = relu(y - k[3]);
  float s = y;
  if (p->terms & MMAX_TERM_LOW1) s = s + c[0] * relu(k[0] - y);
  if (p->terms & MMAX_TERM_HIGH1) s = s + c[1] * relu(y - k[1]);
  if (p->terms & MMAX_TERM_LOW2) s = s + c[2] * (low * low);
  if (p->terms & MMAX_TERM_HIGH2) s = s + c[3] * (high * high);
  return s;
}

static int naive(void *context, struct serve_call *call) {
  const struct wire_request *r = &call->request;
  (void)context;
  if (r->op != WIRE_FORWARD || call->mask != NULL) {
    (void)snprintf(call->reason, sizeof call->reason, "forward without a mask only");
    return -1;
  }
  for (size_t row = 0; row < r->rows; row++) {
    const float *x = call->logits + row * r->stride;
    float *p = call->out + row * r->cols, sum = 0;
    for (size_t k = 0; k < r->cols; k++) {
      p[k] = expf(modulate(&r->params, x[k]));
      sum += p[k];
    }
    for (size_t k = 0; k < r->cols; k++) p[k] = p[k] / sum;
  }
  return 0;
}

int serve_naive(void) {
  struct serve_subject subject = {"{\"protocol\": 1, \"name\": \"unshifted float32 formula\", "
                                  "\"formula\": \"multimax\", \"ops\": [\"forward\"], "
                                  "\"features\": [\"inplace\", \"stride\", \"echo\"]}",
                                  naive, NULL};
  return serve_loop(&subject);
}
