/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Negative control of `multimax check`: linked with -Wl,--wrap over the
 * library's entry points, this plants one defect, named by BROKEN, in what the
 * library returns. tests/cli_check.sh demands that check exits 1 for each.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "multimax.h"

static int broken(const char *defect) {
  const char *chosen = getenv("BROKEN");
  return chosen != NULL && strcmp(chosen, defect) == 0;
}

/* The last entry of the last row, two ulp up. */
static void move_last(float *out, const mmax_rows *in, size_t stride) {
  if (in->rows == 0 || in->cols == 0) return;
  float *last = &out[(in->rows - 1) * stride + in->cols - 1];
  *last = nextafterf(nextafterf(*last, INFINITY), INFINITY);
}

mmax_status __real_mmax_forward(const mmax_params *params, const mmax_rows *in, float *probs,
                                size_t stride, const mmax_exec *exec, mmax_report *report);
mmax_status __wrap_mmax_forward(const mmax_params *params, const mmax_rows *in, float *probs,
                                size_t stride, const mmax_exec *exec, mmax_report *report);
mmax_status __wrap_mmax_forward(const mmax_params *params, const mmax_rows *in, float *probs,
                                size_t stride, const mmax_exec *exec, mmax_report *report) {
  mmax_status status = __real_mmax_forward(params, in, probs, stride, exec, report);
  if (broken("entry")) move_last(probs, in, stride);
  if (broken("scale"))
    for (size_t k = 0; k < in->rows * in->cols; k++) probs[k] *= 1.0f + 0x1p-21f;
  if (broken("nan-bits") && isnan(probs[0])) probs[0] = -probs[0];
  if (broken("plausible") && isnan(probs[0]))
    for (size_t k = 0; k < in->cols; k++) probs[k] = 1.0f / (float)in->cols;
  if (broken("report") && report != NULL) report->nonfinite_rows = 0;
  if (broken("first") && report != NULL) report->first_masked++;
  return status;
}

mmax_status __real_mmax_log_forward(const mmax_params *params, const mmax_rows *in, float *out,
                                    size_t stride, const mmax_exec *exec, mmax_report *report);
mmax_status __wrap_mmax_log_forward(const mmax_params *params, const mmax_rows *in, float *out,
                                    size_t stride, const mmax_exec *exec, mmax_report *report);
mmax_status __wrap_mmax_log_forward(const mmax_params *params, const mmax_rows *in, float *out,
                                    size_t stride, const mmax_exec *exec, mmax_report *report) {
  mmax_status status = __real_mmax_log_forward(params, in, out, stride, exec, report);
  if (broken("entry")) move_last(out, in, stride);
  return status;
}

mmax_status __real_mmax_backward(const mmax_params *params, const mmax_rows *in, const float *g,
                                 size_t g_stride, float *grad, size_t stride,
                                 mmax_accumulator *acc, const mmax_exec *exec,
                                 mmax_report *report);
mmax_status __wrap_mmax_backward(const mmax_params *params, const mmax_rows *in, const float *g,
                                 size_t g_stride, float *grad, size_t stride,
                                 mmax_accumulator *acc, const mmax_exec *exec,
                                 mmax_report *report);
mmax_status __wrap_mmax_backward(const mmax_params *params, const mmax_rows *in, const float *g,
                                 size_t g_stride, float *grad, size_t stride,
                                 mmax_accumulator *acc, const mmax_exec *exec,
                                 mmax_report *report) {
  mmax_status status =
      __real_mmax_backward(params, in, g, g_stride, grad, stride, acc, exec, report);
  if (broken("entry")) /* one entry off by a thousandth */
    grad[(in->rows - 1) * stride + in->cols - 1] *= 1.001f;
  return status;
}

mmax_status __real_mmax_cross_entropy_backward(const mmax_params *params, const mmax_rows *in,
                                               const mmax_targets *targets, const float *w,
                                               float *loss, float *grad, size_t stride,
                                               mmax_accumulator *acc, const mmax_exec *exec,
                                               mmax_report *report);
mmax_status __wrap_mmax_cross_entropy_backward(const mmax_params *params, const mmax_rows *in,
                                               const mmax_targets *targets, const float *w,
                                               float *loss, float *grad, size_t stride,
                                               mmax_accumulator *acc, const mmax_exec *exec,
                                               mmax_report *report);
mmax_status __wrap_mmax_cross_entropy_backward(const mmax_params *params, const mmax_rows *in,
                                               const mmax_targets *targets, const float *w,
                                               float *loss, float *grad, size_t stride,
                                               mmax_accumulator *acc, const mmax_exec *exec,
                                               mmax_report *report) {
  mmax_status status = __real_mmax_cross_entropy_backward(params, in, targets, w, loss, grad,
                                                          stride, acc, exec, report);
  if (broken("entry") && in->rows > 0)
    loss[in->rows - 1] = nextafterf(nextafterf(loss[in->rows - 1], 0), 0);
  if (broken("ignored")) loss[0] = 0x1p-149f;
  return status;
}

mmax_status __real_mmax_accumulator_finish(const mmax_accumulator *acc, const mmax_params *params,
                                           double grad[MMAX_NPARAMS]);
mmax_status __wrap_mmax_accumulator_finish(const mmax_accumulator *acc, const mmax_params *params,
                                           double grad[MMAX_NPARAMS]);
mmax_status __wrap_mmax_accumulator_finish(const mmax_accumulator *acc, const mmax_params *params,
                                           double grad[MMAX_NPARAMS]) {
  mmax_status status = __real_mmax_accumulator_finish(acc, params, grad);
  if (broken("sign")) grad[6] = -grad[6]; /* d/dk3 */
  return status;
}
