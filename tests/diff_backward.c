/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of logits and the exact parameter sums of every SIMD backend have the reference's
   bits; in place of the logits or of the upstream gradient too, and with either output left out. */
#include "diff.h"

static int check(const diff_case *c, const diff_pair *pair) {
  size_t total = (c->in.rows - 1) * c->in.stride + c->in.cols, bytes = total * pair->size;
  void *want = malloc(bytes), *got = malloc(bytes);
  mmax_accumulator sum_want, sum_got;
  mmax_accumulator_init(&sum_want);
  mmax_accumulator_init(&sum_got);
  sum_want.limb[3][1] = sum_got.limb[3][1] = UINT64_MAX; /* carries travel */
  mmax_report a, b;
  mmax_report_start(&a);
  mmax_report_start(&b);
  mmax_input in = pair->in;
  mmax_upstream up = {pair->grad, c->in.stride}, up_got = up;
  int place = (int)(c->seed % 3), leave_out = (int)(c->seed / 3 % 5);
  memcpy(want, place == 1 ? pair->grad : pair->in.logits, bytes);
  memcpy(got, want, bytes);
  if (leave_out != 1 && place == 1) up_got.grad_probs = got;
  if (leave_out != 1 && place == 2) in.logits = got;
  mmax_output to = {leave_out == 1 ? NULL : want, c->in.stride};
  mmax_output out = {leave_out == 1 ? NULL : got, c->in.stride};
  const mmax_scratch none = {NULL, 0};
  pair->reference->backward(&c->params, &pair->in, up, to, leave_out == 2 ? NULL : &sum_want, none, &a);
  pair->subject->backward(&c->params, &in, up_got, out, leave_out == 2 ? NULL : &sum_got, c->scratch, &b);
  int same = diff_same_in(pair, want, got, total) && memcmp(&a, &b, sizeof a) == 0;
  if (memcmp(&sum_want, &sum_got, sizeof sum_want) != 0) {
    same = 0;
    for (int j = 0; j < MMAX_NPARAMS; j++)
      if (memcmp(sum_want.limb[j], sum_got.limb[j], sizeof sum_got.limb[j]) != 0 && failures < 10)
        printf("parameter sum %d differs\n", j);
  }
  free(want);
  free(got);
  return same;
}

int main(int argc, char **argv) { return diff_main("diff_backward", check, argc, argv); }
