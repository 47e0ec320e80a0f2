/* SPDX-License-Identifier: Apache-2.0 */
#include "cubin.h"
int cubin_compare(struct mmax_ptx_module *module, const char *kernel, const char *path, size_t *findings) { (void)module; (void)kernel; (void)path; (void)findings; return 2; }
