/* SPDX-License-Identifier: Apache-2.0 */
/* One step of a classifier's output layer: loss, gradient of the logits, and
   the eight parameter gradients accumulated over two shards in any order. */
#include <multimax.h>
#include <stdio.h>

static mmax_status shard(const mmax_params *params, const float *logits, const int32_t *target,
                         size_t rows, float *loss, float *grad, mmax_accumulator *acc) {
  const mmax_rows in = {logits, NULL, rows, 3, 3, 0};
  const mmax_targets targets = {target, -100, 0.1f};
  mmax_accumulator_init(acc);
  return mmax_cross_entropy_backward(params, &in, &targets, NULL, loss, grad, 3, acc, NULL, NULL);
}

int main(void) {
  const float ts[4] = {0.1f, -0.2f, 0.0f, 0.05f}, ranges[4] = {0.0f, 1.0f, 0.0f, 2.0f};
  const float logits[2][3] = {{1.5f, -0.5f, 3.0f}, {0.0f, 2.5f, 1.0f}};
  const int32_t target[2] = {2, 0};
  float loss[2], grad[2][3];
  double grad_params[MMAX_NPARAMS];
  mmax_params params;
  mmax_accumulator first, second;
  if (mmax_params_from_ts(&params, MMAX_ORDER_2, ts, ranges) != MMAX_OK) return 1;
  if (shard(&params, logits[0], target, 1, loss, grad[0], &first) != MMAX_OK) return 1;
  if (shard(&params, logits[1], target + 1, 1, loss + 1, grad[1], &second) != MMAX_OK) return 1;
  if (mmax_accumulator_merge(&second, &first) != MMAX_OK) return 1; /* either order: same bits */
  if (mmax_accumulator_finish(&second, &params, grad_params) != MMAX_OK) return 1;
  printf("loss %.9g %.9g\n", (double)loss[0], (double)loss[1]);
  for (int r = 0; r < 2; r++)
    printf("grad_logits %.9g %.9g %.9g\n", (double)grad[r][0], (double)grad[r][1],
           (double)grad[r][2]);
  printf("grad c1..c4 k1..k4");
  for (int j = 0; j < 8; j++) printf(" %.6g", grad_params[j]);
  printf("\n");
  return 0;
}
