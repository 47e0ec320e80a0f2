/* SPDX-License-Identifier: Apache-2.0 */
/* Log-probabilities of every SIMD backend have the reference's bits, in place too. */
#include "diff.h"

static int check(const diff_case *c, const mmax_kernels *subject) {
  size_t total = (c->in.rows - 1) * c->in.stride + c->in.cols, bytes = total * sizeof(float);
  float *want = malloc(bytes), *got = malloc(bytes);
  mmax_report a, b;
  mmax_report_start(&a);
  mmax_report_start(&b);
  const mmax_input want_in = mmax_input_of(&c->in);
  mmax_input in = want_in;
  memcpy(want, c->in.logits, bytes);
  memcpy(got, c->in.logits, bytes);
  if (c->seed & 1) in.logits = got;
  mmax_output to = {want, c->in.stride}, out = {got, c->in.stride};
  const mmax_scratch none = {NULL, 0};
  mmax_kernels_ref.log_forward(&c->params, &want_in, to, none, &a);
  subject->log_forward(&c->params, &in, out, c->scratch, &b);
  int same = diff_same(want, got, total) && memcmp(&a, &b, sizeof a) == 0;
  free(want);
  free(got);
  return same;
}

int main(int argc, char **argv) { return diff_main("diff_log", check, argc, argv); }
