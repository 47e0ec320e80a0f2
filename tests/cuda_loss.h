/* SPDX-License-Identifier: Apache-2.0 */
/* The comparison of cuda_kernels.h for cross-entropy, whose invalid targets the reference does not know. */
#ifndef CUDA_LOSS_H
#define CUDA_LOSS_H

#include "cuda_kernels.h"

/* The reference row by row, as a row whose target is no class is the device's own affair: NaN, and counted. */
static inline void loss_reference(const diff_case *c, const cuda_call *call, const cuda_rows *rows, float *loss, void *grad,
                                  size_t stride, mmax_accumulator *acc, mmax_report *report, cuda_report *bad) {
  mmax_scratch none = {NULL, 0};
  mmax_report_start(report);
  for (size_t r = 0; r < c->in.rows; r++) {
    mmax_input one = {(const char *)rows->x + r * c->in.stride * rows->size,
                      c->in.mask == NULL ? NULL : c->in.mask + r * c->in.mask_stride, 1, c->in.cols, c->in.stride, 0, NULL};
    char *out = grad == NULL ? NULL : (char *)grad + r * stride * rows->size;
    mmax_targets targets = {c->target + r, -100, c->smoothing};
    int32_t t = c->target[r];
    if (t != -100 && (t < 0 || (size_t)t >= c->in.cols)) {
      if (bad->bad_targets++ == 0) bad->first_bad_target = r;
      uint32_t nan_bits = 0x7fc00000u;
      uint16_t nan16 = rows->storage == MMAX_FLOAT32 ? 0 : format_of(rows->storage).nan;
      if (loss != NULL) memcpy(loss + r, &nan_bits, 4);
      for (size_t i = 0; out != NULL && i < c->in.cols; i++)
        memcpy(out + i * rows->size, rows->size == 4 ? (void *)&nan_bits : (void *)&nan16, rows->size);
      if (acc != NULL) acc->nonfinite_rows++;
      continue;
    }
    mmax_report part;
    mmax_report_start(&part);
    reference(rows->storage)->cross_entropy(&c->params, &one, &targets, call->grad_loss == NULL ? NULL : call->grad_loss + r,
                                            loss == NULL ? NULL : loss + r, (mmax_output){out, stride}, acc, none, &part);
    mmax_report_append(report, &part, r);
  }
}

static inline int loss_same(const diff_case *c, const cuda_call *call) {
  cuda_rows rows = rows_start(c, call);
  size_t stride = call->in_place ? c->in.stride : call->out_stride, count = c->in.rows;
  size_t out_bytes = extent_of(&c->in, stride) * rows.size, in_bytes = extent_of(&c->in, c->in.stride) * rows.size;
  void *want = output_start(call->in_place ? rows.x : NULL, out_bytes), *got = output_start(want, out_bytes);
  float *want_loss = output_start(NULL, count * 4), *got_loss = output_start(NULL, count * 4);
  mmax_accumulator want_acc, got_acc;
  accumulator_fill(&want_acc, c->seed);
  got_acc = want_acc;
  mmax_report report;
  cuda_report device_report = report_start(), bad = report_start();
  loss_reference(c, call, &rows, call->no_loss ? NULL : want_loss, call->no_grad ? NULL : want, stride,
                 call->no_acc ? NULL : &want_acc, &report, &bad);
  struct mmax_ptx_machine *m = mmax_ptx_machine_new();
  cuda_workspace workspace = workspace_of(c, call);
  loss_args a = {batch_of(m, c, &device_report), 0, -100, c->smoothing, c->smoothing > 0.0f, 0, 0, 0, (int64_t)stride, 0, 0,
                 {results_at(m, &workspace), WHOLE}};
  a.target = readable(m, c->target, count * 4, 0);
  a.grad_loss = readable(m, call->grad_loss, count * 4, 0);
  if (!call->no_loss) a.loss = writable(m, got_loss, count * 4, 0, 0);
  if (!call->no_grad) a.grad = writable(m, got, out_bytes, call->in_place, skew_of(c, 0, rows.size));
  a.batch.logits = call->in_place && !call->no_grad ? a.grad : readable(m, rows.x, in_bytes, skew_of(c, 1, rows.size));
  if (!call->no_acc) {
    a.moments = writable(m, workspace.moments, workspace.moment_bytes, 0, 0);
    a.acc = writable(m, &got_acc, sizeof got_acc, 1, 0);
  }
  int same = launch_rows(m, call->kernel, count, call->blocks, call->parts, call->cluster, 3, &a, sizeof a, &a.split);
  if (same && !call->no_acc) same = accumulate_same(m, c, call, a.moments, a.acc);
  mmax_ptx_machine_free(m);
  same = same_cells(want, got, out_bytes, rows.size) && same;
  same = same_cells(want_loss, got_loss, count * 4, 4) && same;
  same = same_accumulator(&want_acc, &got_acc) && same;
  same = same_report(&report, &device_report) && same;
  same = bad.bad_targets == device_report.bad_targets && bad.first_bad_target == device_report.first_bad_target && same;
  free(want);
  free(got);
  free(want_loss);
  free(got_loss);
  workspace_end(&workspace);
  rows_end(&rows);
  return same;
}

#endif
