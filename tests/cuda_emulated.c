/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of the CUDA runtime that the library's objects call, over the PTX executor: kernels are found by the
 * names that nvcc registers and launched from the PTX of build/gpu/cuda/sm_90.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cuda_device.h"
#include "ptx.h"

typedef struct dim3 {
  unsigned x, y, z;
} dim3;

enum { MOST_KERNELS = 64, MOST_BUFFERS = 32, UNITS = 5 };
static struct {
  const void *host;
  const char *name;
} kernels[MOST_KERNELS];
static int kernel_count;
static struct {
  dim3 grid, block;
  size_t shared;
  void *stream;
} pushed;
static struct mmax_ptx_module *modules[UNITS];
static struct mmax_ptx_machine *machine;
static struct {
  uint64_t address;
  void *data;
} buffers[MOST_BUFFERS];
static int buffer_count, launch_failures;

void **__cudaRegisterFatBinary(void *binary);
void __cudaRegisterFatBinaryEnd(void **handle);
void __cudaUnregisterFatBinary(void **handle);
void __cudaRegisterFunction(void **handle, const char *host, char *device, const char *name, int limit, void *tid, void *bid,
                            void *block, void *grid, int *warp);
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared, void *stream);
int __cudaPopCallConfiguration(dim3 *grid, dim3 *block, size_t *shared, void *stream);
int __cudaGetKernel(const void **kernel, const void *host);
int __cudaLaunchKernel(const void *kernel, dim3 grid, dim3 block, void **args, size_t shared, void *stream);
int cudaGetLastError(void);

void **__cudaRegisterFatBinary(void *binary) { return (void **)binary; }
void __cudaRegisterFatBinaryEnd(void **handle) { (void)handle; }
void __cudaUnregisterFatBinary(void **handle) { (void)handle; }
void __cudaRegisterFunction(void **handle, const char *host, char *device, const char *name, int limit, void *tid, void *bid,
                            void *block, void *grid, int *warp) {
  (void)handle, (void)device, (void)limit, (void)tid, (void)bid, (void)block, (void)grid, (void)warp;
  if (kernel_count == MOST_KERNELS) abort();
  kernels[kernel_count].host = host;
  kernels[kernel_count++].name = name;
}

unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared, void *stream) {
  pushed.grid = grid;
  pushed.block = block;
  pushed.shared = shared;
  pushed.stream = stream;
  return 0;
}
int __cudaPopCallConfiguration(dim3 *grid, dim3 *block, size_t *shared, void *stream) {
  *grid = pushed.grid;
  *block = pushed.block;
  *shared = pushed.shared;
  *(void **)stream = pushed.stream;
  return 0;
}
int __cudaGetKernel(const void **kernel, const void *host) {
  *kernel = host;
  return 0;
}

static void load(void) {
  static const char *const units[] = {"forward", "log", "backward", "loss", "accumulate"};
  if (machine == NULL) machine = mmax_ptx_machine_new();
  for (int k = 0; k < UNITS && modules[k] == NULL; k++) {
    char path[256], error[MMAX_PTX_ERROR_SIZE];
    snprintf(path, sizeof path, "build/gpu/cuda/sm_90/%s.ptx", units[k]);
    if ((modules[k] = mmax_ptx_load(path, error)) == NULL) {
      printf("FAIL %s\n", error);
      exit(1);
    }
  }
}

static int holds(const struct mmax_ptx_module *m, const char *name) {
  for (int k = 0; k < mmax_ptx_kernel_count(m); k++)
    if (strcmp(mmax_ptx_kernel_name(m, k), name) == 0) return 1;
  return 0;
}

int __cudaLaunchKernel(const void *kernel, dim3 grid, dim3 block, void **args, size_t shared, void *stream) {
  (void)stream;
  load();
  const char *name = "unknown";
  for (int k = 0; k < kernel_count; k++)
    if (kernels[k].host == kernel) name = kernels[k].name;
  for (int m = 0; m < UNITS; m++) {
    if (!holds(modules[m], name)) continue;
    unsigned char params[4096];
    size_t used = 0, size;
    long at;
    for (int a = 0; (at = mmax_ptx_param_offset(modules[m], name, a, &size)) >= 0; a++) {
      memcpy(params + at, args[a], size);
      used = (size_t)at + size;
    }
    struct mmax_ptx_launch l = {.kernel = name, .grid = {grid.x, grid.y, grid.z}, .block = {block.x, block.y, block.z},
                                .dynamic_shared = (unsigned)shared, .params = params, .params_size = used, .step_limit = 1 << 24};
    char error[MMAX_PTX_ERROR_SIZE];
    if (mmax_ptx_launch(machine, modules[m], &l, error) == 0) return 0;
    printf("%s: %s\n", name, error);
  }
  launch_failures++;
  return 98; /* cudaErrorInvalidDeviceFunction */
}
int cudaGetLastError(void) { return 0; }

void *device_put(const void *data, size_t bytes) {
  load();
  void *copy = malloc(bytes);
  if (copy == NULL || buffer_count == MOST_BUFFERS) exit(1);
  if (data != NULL) memcpy(copy, data, bytes);
  uint64_t at = mmax_ptx_buffer(machine, copy, bytes, MMAX_PTX_WRITABLE | (data == NULL ? 0 : MMAX_PTX_INITIALISED), 0);
  buffers[buffer_count].address = at;
  buffers[buffer_count++].data = copy;
  return (void *)(uintptr_t)at;
}

void device_get(void *data, const void *buffer, size_t bytes) {
  for (int k = 0; k < buffer_count; k++)
    if (buffers[k].address == (uintptr_t)buffer) memcpy(data, buffers[k].data, bytes);
}

int device_reset(void) {
  int wrong = launch_failures + (int)mmax_ptx_report_count(machine);
  for (size_t k = 0; k < mmax_ptx_report_count(machine); k++) mmax_ptx_report_print(stdout, "sm_90", mmax_ptx_report_at(machine, k));
  for (int k = 0; k < buffer_count; k++) free(buffers[k].data);
  buffer_count = launch_failures = 0;
  mmax_ptx_machine_free(machine);
  machine = mmax_ptx_machine_new();
  return wrong;
}

const char *device_name(void) { return "an interpreter of PTX"; }
