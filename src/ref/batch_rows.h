/* SPDX-License-Identifier: Apache-2.0 */
/* The four kernels and their table for one storage; batch.c includes this once for each, with
   STORAGE, TABLE and OF(name), a kernel's name for that storage. */

static void OF(forward)(const mmax_params *params, const mmax_input *in, mmax_output probs,
                        mmax_scratch scratch, mmax_report *report) {
  (void)scratch;
  for (size_t r = 0; r < in->rows; r++) {
    const mmax_view row = view_of(in, STORAGE, r);
    mmax_report_row(report, r, forward_row(params, &row, sink_of(probs, STORAGE, r)));
  }
}

static void OF(log_forward)(const mmax_params *params, const mmax_input *in,
                            mmax_output log_probs, mmax_scratch scratch, mmax_report *report) {
  (void)scratch;
  for (size_t r = 0; r < in->rows; r++) {
    const mmax_view row = view_of(in, STORAGE, r);
    mmax_report_row(report, r, mmax_row_log_ref(params, &row, sink_of(log_probs, STORAGE, r)));
  }
}

static void OF(backward)(const mmax_params *params, const mmax_input *in, mmax_upstream upstream,
                         mmax_output grad, mmax_accumulator *acc, mmax_scratch scratch,
                         mmax_report *report) {
  (void)scratch;
  for (size_t r = 0; r < in->rows; r++) {
    const mmax_view row = view_of(in, STORAGE, r);
    const mmax_source g = source_at(upstream.grad_probs, STORAGE, r * upstream.stride);
    mmax_report_row(
        report, r, mmax_row_backward_ref(params, &row, g, sink_of(grad, STORAGE, r), acc));
  }
}

static void OF(cross_entropy)(const mmax_params *params, const mmax_input *in,
                              const mmax_targets *targets, const float *grad_loss, float *loss,
                              mmax_output grad, mmax_accumulator *acc, mmax_scratch scratch,
                              mmax_report *report) {
  (void)scratch;
  for (size_t r = 0; r < in->rows; r++) {
    const mmax_view row = view_of(in, STORAGE, r);
    const mmax_sink out = sink_of(grad, STORAGE, r);
    loss_row(params, &row, targets, r, grad_loss, loss, out, acc, report);
  }
}

const mmax_kernels TABLE = {OF(forward), OF(log_forward), OF(backward), OF(cross_entropy), 0};
#undef STORAGE
#undef TABLE
#undef OF
