/* SPDX-License-Identifier: Apache-2.0 */
/* Log-probabilities of every SIMD backend have the reference's bits, in place too. */
#include "diff.h"

static int check(const diff_case *c, const diff_pair *pair) {
  size_t total = (c->in.rows - 1) * c->in.stride + c->in.cols, bytes = total * pair->size;
  void *want = malloc(bytes), *got = malloc(bytes);
  mmax_report a, b;
  mmax_report_start(&a);
  mmax_report_start(&b);
  mmax_input in = pair->in;
  memcpy(want, pair->in.logits, bytes);
  memcpy(got, pair->in.logits, bytes);
  if (c->seed & 1) in.logits = got;
  mmax_output to = {want, c->in.stride}, out = {got, c->in.stride};
  const mmax_scratch none = {NULL, 0};
  pair->reference->log_forward(&c->params, &pair->in, to, none, &a);
  pair->subject->log_forward(&c->params, &in, out, c->scratch, &b);
  int same = diff_same_in(pair, want, got, total) && memcmp(&a, &b, sizeof a) == 0;
  free(want);
  free(got);
  return same;
}

int main(int argc, char **argv) { return diff_main("diff_log", check, argc, argv); }
