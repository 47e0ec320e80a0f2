/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole file in memory. Every parser works on such a block, so no header can
 * make the command allocate more than the file it stands in justifies.
 */
#ifndef MULTIMAX_BYTES_H
#define MULTIMAX_BYTES_H

#include <stddef.h>

#include "fault.h"

struct bytes {
  const char *name; /* for messages; not owned */
  unsigned char *data;
  size_t size;
};

#define BYTES_LIMIT ((size_t)1 << 34)        /* logits, masks, gradients: 16 GiB */
#define BYTES_LIMIT_PARAMS ((size_t)1 << 20) /* parameter files: 1 MiB */

/* Reads `path` ("-": standard input); refuses directories and files over `limit`. */
int bytes_read(struct bytes *out, const char *path, size_t limit, struct fault *fault);
void bytes_free(struct bytes *bytes);

#endif
