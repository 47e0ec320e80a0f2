/* SPDX-License-Identifier: Apache-2.0 */
/* A device for cuda_api.c and cuda_golden.c: the PTX executor (cuda_emulated.c) or a GPU (cuda_hardware.c). */
#ifndef CUDA_DEVICE_H
#define CUDA_DEVICE_H

#include <stddef.h>

/* A new buffer of `bytes`, filled from data unless that is NULL; exits on failure. */
void *device_put(const void *data, size_t bytes);
/* Waits for the device, then copies back. */
void device_get(void *data, const void *buffer, size_t bytes);
/* Frees all buffers; what went wrong since the last call: reports of the executor, errors of the driver. */
int device_reset(void);
/* Whether it runs clusters of blocks. */
int device_clusters(void);
/* What the results were obtained on. */
const char *device_name(void);

#endif
