/* SPDX-License-Identifier: Apache-2.0 */
/* Forward of every SIMD backend has the reference's bits, in place too, and writes nothing else. */
#include "diff.h"

static int check(const diff_case *c, const mmax_kernels *subject) {
  size_t total = (c->in.rows - 1) * c->in.stride + c->in.cols + 8, bytes = total * sizeof(float);
  float *want = malloc(bytes), *got = malloc(bytes);
  mmax_report a, b;
  mmax_report_start(&a);
  mmax_report_start(&b);
  const mmax_input want_in = mmax_input_of(&c->in);
  mmax_input in = want_in;
  int in_place = c->seed & 1;
  memset(want, 0x55, bytes);
  memset(got, 0x55, bytes);
  if (in_place) {
    memcpy(want, c->in.logits, bytes - 32);
    memcpy(got, c->in.logits, bytes - 32);
    in.logits = got;
  }
  mmax_output to = {want, c->in.stride}, out = {got, c->in.stride};
  const mmax_scratch none = {NULL, 0};
  mmax_kernels_ref.forward(&c->params, &want_in, to, none, &a);
  subject->forward(&c->params, &in, out, c->scratch, &b);
  int same = diff_same(want, got, total) && memcmp(&a, &b, sizeof a) == 0;
  free(want);
  free(got);
  return same;
}

int main(int argc, char **argv) { return diff_main("diff_forward", check, argc, argv); }
