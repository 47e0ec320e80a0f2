/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claim: on the device the calls of multimax_cuda.h give the bits of tests/golden_hashes.tsv, those of every backend
 * on the CPU, whatever number of blocks shares a row.
 * usage: cuda_golden [FILE WHAT]: writes the hashes that the device gave to FILE, under a line that names the device
 * and WHAT (its driver)
 */
#define main golden_hashes_main /* its inputs, hashes and table */
#include "golden_hashes.c"
#undef main

#include "cuda_device.h"
#include "multimax_cuda.h"

static mmax_cuda_exec exec_for(size_t rows, size_t cols) {
  static const unsigned blocks[] = {0, 1, 2, 7};
  static unsigned calls;
  mmax_cuda_exec exec = {.blocks_per_row = blocks[calls++ % 4]};
  exec.workspace_bytes = mmax_cuda_workspace_bytes(rows, cols, exec.blocks_per_row);
  exec.workspace = device_put(NULL, exec.workspace_bytes);
  return exec;
}

/* The batch on the device; a table of kernels for 16 bits is told which storage by the caller. */
static mmax_storage storage;
static mmax_rows rows_at(const mmax_input *in, const void *logits, const uint8_t *device_mask) {
  return (mmax_rows){logits, device_mask, in->rows, in->cols, in->stride, in->mask_stride};
}
static mmax_rows16 rows16_at(const mmax_input *in, const void *logits, const uint8_t *device_mask) {
  return (mmax_rows16){storage, logits, device_mask, in->rows, in->cols, in->stride, in->mask_stride};
}
static size_t bytes_of(const mmax_input *in) { return in->rows * in->cols * mmax_storage_bytes(storage); }
static const uint8_t *put_mask(const mmax_input *in) {
  return in->mask == NULL ? NULL : device_put(in->mask, in->rows * in->cols);
}
static void finished(void *host, const void *device, const mmax_input *in, mmax_status status) {
  CHECK(status == MMAX_OK);
  device_get(host, device, bytes_of(in));
}

static void forward(const mmax_params *p, const mmax_input *in, mmax_output to, mmax_scratch scratch, mmax_report *report) {
  (void)scratch, (void)report;
  mmax_cuda_exec exec = exec_for(in->rows, in->cols);
  void *logits = device_put(in->logits, bytes_of(in)), *probs = device_put(NULL, bytes_of(in));
  const uint8_t *at = put_mask(in);
  mmax_rows r = rows_at(in, logits, at);
  mmax_rows16 r16 = rows16_at(in, logits, at);
  finished(to.data, probs, in, storage == MMAX_FLOAT32 ? mmax_cuda_forward(p, &r, probs, to.stride, &exec)
                                                       : mmax_cuda_forward16(p, &r16, probs, to.stride, &exec));
  CHECK(device_reset() == 0);
}

static void log_forward(const mmax_params *p, const mmax_input *in, mmax_output to, mmax_scratch scratch, mmax_report *report) {
  (void)scratch, (void)report;
  mmax_cuda_exec exec = exec_for(in->rows, in->cols);
  void *logits = device_put(in->logits, bytes_of(in)), *logs = device_put(NULL, bytes_of(in));
  const uint8_t *at = put_mask(in);
  mmax_rows r = rows_at(in, logits, at);
  mmax_rows16 r16 = rows16_at(in, logits, at);
  finished(to.data, logs, in, storage == MMAX_FLOAT32 ? mmax_cuda_log_forward(p, &r, logs, to.stride, &exec)
                                                      : mmax_cuda_log_forward16(p, &r16, logs, to.stride, &exec));
  CHECK(device_reset() == 0);
}

static void backward(const mmax_params *p, const mmax_input *in, mmax_upstream up, mmax_output to, mmax_accumulator *acc,
                     mmax_scratch scratch, mmax_report *report) {
  (void)scratch, (void)report;
  mmax_cuda_exec exec = exec_for(in->rows, in->cols);
  void *logits = device_put(in->logits, bytes_of(in)), *upstream = device_put(up.grad_probs, bytes_of(in));
  void *grad = device_put(NULL, bytes_of(in));
  mmax_accumulator *sums = device_put(acc, sizeof *acc);
  const uint8_t *at = put_mask(in);
  mmax_rows r = rows_at(in, logits, at);
  mmax_rows16 r16 = rows16_at(in, logits, at);
  finished(to.data, grad, in,
           storage == MMAX_FLOAT32 ? mmax_cuda_backward(p, &r, upstream, up.stride, grad, to.stride, sums, &exec)
                                   : mmax_cuda_backward16(p, &r16, upstream, up.stride, grad, to.stride, sums, &exec));
  device_get(acc, sums, sizeof *acc);
  CHECK(device_reset() == 0);
}

static void cross_entropy(const mmax_params *p, const mmax_input *in, const mmax_targets *targets, const float *grad_loss,
                          float *losses, mmax_output to, mmax_accumulator *acc, mmax_scratch scratch, mmax_report *report) {
  (void)scratch, (void)report, (void)grad_loss; /* ones */
  mmax_cuda_exec exec = exec_for(in->rows, in->cols);
  void *logits = device_put(in->logits, bytes_of(in)), *grad = device_put(NULL, bytes_of(in));
  mmax_targets t = *targets;
  t.target = device_put(targets->target, in->rows * sizeof *t.target);
  float *of_rows = device_put(NULL, in->rows * sizeof *of_rows);
  mmax_accumulator *sums = device_put(acc, sizeof *acc);
  const uint8_t *at = put_mask(in);
  mmax_rows r = rows_at(in, logits, at);
  mmax_rows16 r16 = rows16_at(in, logits, at);
  finished(to.data, grad, in,
           storage == MMAX_FLOAT32
               ? mmax_cuda_cross_entropy_backward(p, &r, &t, NULL, of_rows, grad, to.stride, sums, &exec)
               : mmax_cuda_cross_entropy_backward16(p, &r16, &t, NULL, of_rows, grad, to.stride, sums, &exec));
  device_get(losses, of_rows, in->rows * sizeof *of_rows);
  device_get(acc, sums, sizeof *acc);
  CHECK(device_reset() == 0);
}

int main(int argc, char **argv) {
  static const mmax_kernels on_device = {forward, log_forward, backward, cross_entropy, 0};
  FILE *record = argc == 3 ? fopen(argv[1], "w") : NULL;
  if (argc != 1 && record == NULL) {
    printf("FAIL usage: cuda_golden [FILE WHAT], FILE can be written\n");
    return 2;
  }
  read_table();
  if (record != NULL) fprintf(record, "# device: %s; %s\n# kernel\tparameters\tn\tFNV-1a of the output bits (tests/golden_hashes.c)\n", device_name(), argv[2]);
  for (storage = MMAX_FLOAT32; storage <= MMAX_BFLOAT16; storage++)
    for (int k = 0; k < KERNELS; k++)
      for (int s = 0; s < SETS; s++)
        for (int l = 0; l < LENGTHS; l++) {
          mmax_params p = set_of(s);
          uint64_t h = hash_of(&on_device, storage, k, &p, lengths[l]);
          CHECK(h == wanted[storage][k][s][l]);
          if (record != NULL)
            fprintf(record, "%s%s\t%d\t%zu\t%016llx\n", kernel_name[k], storage_name[storage], s, lengths[l], (unsigned long long)h);
        }
  if (record != NULL && fclose(record) != 0) failures++;
  printf("on %s\n", device_name());
  return verdict("cuda_golden");
}
