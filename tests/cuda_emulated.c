/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of the CUDA runtime that the library's objects call, over the PTX executor: kernels are found by the
 * names that nvcc registers and launched from the PTX of build/gpu/cuda/sm_N, N from the environment (MMAX_EMULATED_SM).
 */
#include <cuda_runtime_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cuda_device.h"
#include "ptx.h"

enum { MOST_KERNELS = 64, MOST_BUFFERS = 32, UNITS = 5 };
static struct {
  const void *host;
  const char *name;
} kernels[MOST_KERNELS];
static int kernel_count;
static struct {
  struct dim3 grid, block;
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
static cudaError_t last_error;

/* What nvcc's host code calls; declared in no header for C. */
void **__cudaRegisterFatBinary(void *binary);
void __cudaRegisterFatBinaryEnd(void **handle);
void __cudaUnregisterFatBinary(void **handle);
void __cudaRegisterFunction(void **handle, const char *host, char *device, const char *name, int limit, void *tid, void *bid,
                            void *block, void *grid, int *warp);
unsigned __cudaPushCallConfiguration(struct dim3 grid, struct dim3 block, size_t shared, void *stream);
int __cudaPopCallConfiguration(struct dim3 *grid, struct dim3 *block, size_t *shared, void *stream);
int __cudaGetKernel(const void **kernel, const void *host);
int __cudaLaunchKernel(const void *kernel, struct dim3 grid, struct dim3 block, void **args, size_t shared, void *stream);

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

unsigned __cudaPushCallConfiguration(struct dim3 grid, struct dim3 block, size_t shared, void *stream) {
  pushed.grid = grid;
  pushed.block = block;
  pushed.shared = shared;
  pushed.stream = stream;
  return 0;
}
int __cudaPopCallConfiguration(struct dim3 *grid, struct dim3 *block, size_t *shared, void *stream) {
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

static int target(void) {
  const char *sm = getenv("MMAX_EMULATED_SM");
  return sm == NULL ? 90 : atoi(sm);
}

static void load(void) {
  static const char *const units[] = {"forward", "log", "backward", "loss", "accumulate"};
  if (machine == NULL) machine = mmax_ptx_machine_new();
  for (int k = 0; k < UNITS && modules[k] == NULL; k++) {
    char path[256], error[MMAX_PTX_ERROR_SIZE];
    snprintf(path, sizeof path, "build/gpu/cuda/sm_%d/%s.ptx", target(), units[k]);
    if ((modules[k] = mmax_ptx_load(path, error)) == NULL) {
      printf("FAIL %s\n", error);
      exit(1);
    }
  }
}

static const char *name_of(const void *kernel) {
  for (int k = 0; k < kernel_count; k++)
    if (kernels[k].host == kernel) return kernels[k].name;
  return "unknown";
}

static struct mmax_ptx_module *module_of(const char *name) {
  load();
  for (int m = 0; m < UNITS; m++)
    for (int k = 0; k < mmax_ptx_kernel_count(modules[m]); k++)
      if (strcmp(mmax_ptx_kernel_name(modules[m], k), name) == 0) return modules[m];
  return NULL;
}

static cudaError_t run(const void *kernel, struct dim3 grid, struct dim3 block, struct dim3 cluster, size_t shared, void **args) {
  const char *name = name_of(kernel);
  char error[MMAX_PTX_ERROR_SIZE] = "no such kernel";
  struct mmax_ptx_module *module = module_of(name);
  if (module != NULL) {
    unsigned char params[4096];
    size_t used = 0, size;
    long at;
    for (int a = 0; (at = mmax_ptx_param_offset(module, name, a, &size)) >= 0; a++) {
      memcpy(params + at, args[a], size);
      used = (size_t)at + size;
    }
    struct mmax_ptx_launch l = {.kernel = name, .grid = {grid.x, grid.y, grid.z}, .block = {block.x, block.y, block.z},
                                .cluster = {cluster.x, cluster.y, cluster.z}, .dynamic_shared = (unsigned)shared,
                                .params = params, .params_size = used, .step_limit = 1 << 24};
    if (mmax_ptx_launch(machine, module, &l, error) == 0) return cudaSuccess;
  }
  printf("%s: %s\n", name, error);
  launch_failures++;
  return last_error = cudaErrorInvalidDeviceFunction;
}

static struct dim3 cluster_of(const cudaLaunchConfig_t *config) {
  struct dim3 cluster = {1, 1, 1};
  for (unsigned k = 0; k < config->numAttrs; k++)
    if (config->attrs[k].id == cudaLaunchAttributeClusterDimension) {
      cluster.x = config->attrs[k].val.clusterDim.x;
      cluster.y = config->attrs[k].val.clusterDim.y;
      cluster.z = config->attrs[k].val.clusterDim.z;
    }
  return cluster;
}

int __cudaLaunchKernel(const void *kernel, struct dim3 grid, struct dim3 block, void **args, size_t shared, void *stream) {
  const struct dim3 none = {1, 1, 1};
  (void)stream;
  return run(kernel, grid, block, none, shared, args);
}
cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t *config, const void *func, void **args) {
  return run(func, config->gridDim, config->blockDim, cluster_of(config), config->dynamicSmemBytes, args);
}

cudaError_t cudaFuncGetAttributes(struct cudaFuncAttributes *attr, const void *func) {
  struct mmax_ptx_module *module = module_of(name_of(func));
  memset(attr, 0, sizeof *attr);
  if (module == NULL) return last_error = cudaErrorInvalidDeviceFunction;
  attr->ptxVersion = attr->binaryVersion = mmax_ptx_target(module);
  return cudaSuccess;
}
/* A device that holds two clusters; one before sm_90 knows none. */
cudaError_t cudaOccupancyMaxActiveClusters(int *count, const void *func, const cudaLaunchConfig_t *config) {
  struct dim3 cluster = cluster_of(config);
  (void)func;
  *count = 0;
  if (target() < 90) return last_error = cudaErrorNotSupported;
  if (cluster.x * cluster.y * cluster.z > 8) return last_error = cudaErrorInvalidClusterSize;
  *count = 2;
  return cudaSuccess;
}
cudaError_t cudaGetLastError(void) {
  cudaError_t error = last_error;
  last_error = cudaSuccess;
  return error;
}

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
  for (size_t k = 0; k < mmax_ptx_report_count(machine); k++) mmax_ptx_report_print(stdout, "emulated", mmax_ptx_report_at(machine, k));
  for (int k = 0; k < buffer_count; k++) free(buffers[k].data);
  buffer_count = launch_failures = 0;
  mmax_ptx_machine_free(machine);
  machine = mmax_ptx_machine_new();
  return wrong;
}

int device_clusters(void) { return target() >= 90; }

const char *device_name(void) {
  static char name[80];
  snprintf(name, sizeof name, "an interpreter of PTX of sm_%d; no driver", target());
  return name;
}
