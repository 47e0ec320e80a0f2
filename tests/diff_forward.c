/* SPDX-License-Identifier: Apache-2.0 */
/* Forward of every SIMD backend has the reference's bits, in place too, and writes nothing else. */
#include "diff.h"

static int check(const diff_case *c, const diff_pair *pair) {
  enum { BEYOND = 8 };
  size_t total = (c->in.rows - 1) * c->in.stride + c->in.cols + BEYOND, bytes = total * pair->size;
  void *want = malloc(bytes), *got = malloc(bytes);
  mmax_report a, b;
  mmax_report_start(&a);
  mmax_report_start(&b);
  mmax_input in = pair->in;
  int in_place = c->seed & 1;
  memset(want, 0x55, bytes);
  memset(got, 0x55, bytes);
  if (in_place) {
    memcpy(want, pair->in.logits, bytes - BEYOND * pair->size);
    memcpy(got, pair->in.logits, bytes - BEYOND * pair->size);
    in.logits = got;
  }
  mmax_output to = {want, c->in.stride}, out = {got, c->in.stride};
  const mmax_scratch none = {NULL, 0};
  pair->reference->forward(&c->params, &pair->in, to, none, &a);
  pair->subject->forward(&c->params, &in, out, c->scratch, &b);
  int same = diff_same_in(pair, want, got, total) && memcmp(&a, &b, sizeof a) == 0;
  free(want);
  free(got);
  return same;
}

int main(int argc, char **argv) { return diff_main("diff_forward", check, argc, argv); }
