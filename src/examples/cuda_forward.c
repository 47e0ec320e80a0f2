/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MultiMax of a few rows on a CUDA device, with the CPU's bits.
 *   cc cuda_forward.c -lmultimax_cuda -lmultimax -lcudart -lstdc++ -lm
 */
#include <cuda_runtime_api.h>
#include <stdio.h>

#include "multimax_cuda.h"

int main(void) {
  enum { ROWS = 2, COLS = 4 };
  const float temps[4] = {1.8f, 0.6f, 1.0f, 1.0f}, knots[4] = {-1.0f, 1.0f, 0.0f, 0.0f};
  const float logits[ROWS * COLS] = {0.5f, 2.0f, -1.5f, 0.0f, 3.0f, 3.0f, -4.0f, 1.0f};
  float probs[ROWS * COLS], *device = NULL;
  mmax_cuda_report report, *device_report = NULL;
  mmax_params params;
  mmax_status status = mmax_params_from_temperatures(&params, MMAX_ORDER_1, temps, knots);
  if (status != MMAX_OK) {
    fprintf(stderr, "%s\n", mmax_status_text(status));
    return 1;
  }
  if (cudaMalloc((void **)&device, sizeof logits) != cudaSuccess ||
      cudaMalloc((void **)&device_report, sizeof report) != cudaSuccess ||
      cudaMemcpy(device, logits, sizeof logits, cudaMemcpyHostToDevice) != cudaSuccess) {
    fprintf(stderr, "%s\n", cudaGetErrorString(cudaGetLastError()));
    return 1;
  }
  mmax_rows in = {device, NULL, ROWS, COLS, COLS, 0};
  mmax_cuda_exec exec = {.report = device_report};
  status = mmax_cuda_report_start(device_report, NULL);
  if (status == MMAX_OK) status = mmax_cuda_forward(&params, &in, device, COLS, &exec);
  if (status != MMAX_OK || cudaMemcpy(probs, device, sizeof probs, cudaMemcpyDeviceToHost) != cudaSuccess ||
      cudaMemcpy(&report, device_report, sizeof report, cudaMemcpyDeviceToHost) != cudaSuccess) {
    fprintf(stderr, "%s; %s\n", mmax_status_text(status), cudaGetErrorString(cudaGetLastError()));
    return 1;
  }
  for (int r = 0; r < ROWS; r++)
    for (int k = 0; k < COLS; k++) printf("%.9g%c", (double)probs[r * COLS + k], k + 1 < COLS ? ' ' : '\n');
  if (report.nonfinite_rows != 0) printf("NaN or inf in row %llu\n", report.first_nonfinite);
  cudaFree(device);
  cudaFree(device_report);
  return 0;
}
