/* SPDX-License-Identifier: Apache-2.0 */
/* Cross-entropy, its gradients and exact parameter sums of every SIMD backend have the
   reference's bits; in place of the logits too, and with any output left out. */
#include "diff.h"

static int check(const diff_case *c, const diff_pair *pair) {
  size_t total = (c->in.rows - 1) * c->in.stride + c->in.cols, bytes = total * pair->size;
  void *want = malloc(bytes), *got = malloc(bytes);
  float loss_want[MAX_ROWS], loss_got[MAX_ROWS];
  memset(loss_want, 0x55, sizeof loss_want);
  memset(loss_got, 0x55, sizeof loss_got);
  mmax_accumulator sum_want, sum_got;
  mmax_accumulator_init(&sum_want);
  mmax_accumulator_init(&sum_got);
  mmax_report a, b;
  mmax_report_start(&a);
  mmax_report_start(&b);
  mmax_input in = pair->in;
  unsigned given = (unsigned)(c->seed % 8); /* outputs asked for */
  if (c->seed & 8) given = 7;
  memcpy(want, pair->in.logits, bytes);
  memcpy(got, want, bytes);
  if ((given & 1) && (c->seed & 16)) in.logits = got;
  mmax_output to = {given & 1 ? want : NULL, c->in.stride};
  mmax_output out = {given & 1 ? got : NULL, c->in.stride};
  const mmax_targets targets = {c->target, -100, c->smoothing};
  const mmax_scratch none = {NULL, 0};
  const float *w = c->seed & 32 ? c->grad_loss : NULL;
  pair->reference->cross_entropy(&c->params, &pair->in, &targets, w, given & 2 ? loss_want : NULL, to,
                                 given & 4 ? &sum_want : NULL, none, &a);
  pair->subject->cross_entropy(&c->params, &in, &targets, w, given & 2 ? loss_got : NULL, out,
                         given & 4 ? &sum_got : NULL, c->scratch, &b);
  int same = diff_same_in(pair, want, got, total) && diff_same(loss_want, loss_got, MAX_ROWS) &&
             memcmp(&a, &b, sizeof a) == 0 && memcmp(&sum_want, &sum_got, sizeof sum_got) == 0;
  free(want);
  free(got);
  return same;
}

int main(int argc, char **argv) { return diff_main("diff_loss", check, argc, argv); }
