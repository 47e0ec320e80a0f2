/* SPDX-License-Identifier: Apache-2.0 */
/* A GPU as the device of cuda_api.c and cuda_golden.c. */
#include <cuda_runtime_api.h>
#include <stdio.h>
#include <stdlib.h>

#include "cuda_device.h"

enum { MOST_BUFFERS = 32 };
static void *buffers[MOST_BUFFERS];
static int buffer_count;

static void must(cudaError_t status, const char *what) {
  if (status == cudaSuccess) return;
  printf("FAIL %s: %s\n", what, cudaGetErrorString(status));
  exit(1);
}

void *device_put(const void *data, size_t bytes) {
  void *at = NULL;
  if (buffer_count == MOST_BUFFERS) exit(1);
  must(cudaMalloc(&at, bytes), "cudaMalloc");
  if (data != NULL) must(cudaMemcpy(at, data, bytes, cudaMemcpyHostToDevice), "cudaMemcpy");
  return buffers[buffer_count++] = at;
}

void device_get(void *data, const void *buffer, size_t bytes) {
  must(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  must(cudaMemcpy(data, buffer, bytes, cudaMemcpyDeviceToHost), "cudaMemcpy");
}

int device_reset(void) {
  int wrong = cudaDeviceSynchronize() != cudaSuccess;
  while (buffer_count > 0) must(cudaFree(buffers[--buffer_count]), "cudaFree");
  return wrong;
}

int device_clusters(void) {
  int yes = 0;
  must(cudaDeviceGetAttribute(&yes, cudaDevAttrClusterLaunch, 0), "cudaDeviceGetAttribute");
  return yes;
}

const char *device_name(void) {
  static struct cudaDeviceProp properties;
  static char name[400];
  int driver = 0, runtime = 0;
  must(cudaGetDeviceProperties(&properties, 0), "cudaGetDeviceProperties");
  must(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
  must(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
  snprintf(name, sizeof name, "%s of compute capability %d.%d; CUDA of the driver %d.%d, of the runtime %d.%d", properties.name,
           properties.major, properties.minor, driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
  return name;
}
