/* SPDX-License-Identifier: Apache-2.0 */
/* See bytes.h. The buffer doubles as bytes arrive: pipes have no size to trust. */
#include "bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int read_stream(struct bytes *out, FILE *stream, size_t expected, size_t limit,
                       struct fault *fault) {
  size_t room = expected + 1; /* one more, so that a growing file is noticed */
  unsigned char *data = malloc(room);
  size_t size = 0;
  while (data != NULL) {
    size_t got = fread(data + size, 1, room - size, stream);
    size += got;
    if (size < room) break;
    if (room > limit) break;
    size_t larger = room > limit / 2 ? limit + 1 : 2 * room;
    unsigned char *moved = realloc(data, larger);
    if (moved == NULL) {
      free(data);
      data = NULL;
    } else {
      data = moved;
      room = larger;
    }
  }
  if (data == NULL) return fault_set(fault, "%s: out of memory", out->name);
  if (ferror(stream)) {
    free(data);
    return fault_set(fault, "%s: read error at byte %zu: %s", out->name, size, strerror(errno));
  }
  if (size > limit) {
    free(data);
    return fault_set(fault, "%s: larger than the limit of %zu bytes", out->name, limit);
  }
  out->data = data;
  out->size = size;
  return 0;
}

int bytes_read(struct bytes *out, const char *path, size_t limit, struct fault *fault) {
  *out = (struct bytes){.name = path, .data = NULL, .size = 0};
  if (strcmp(path, "-") == 0) {
    out->name = "standard input";
    return read_stream(out, stdin, 65536, limit, fault);
  }
  FILE *stream = fopen(path, "rb");
  if (stream == NULL) return fault_set(fault, "%s: cannot open: %s", path, strerror(errno));
  struct stat about;
  int result;
  if (fstat(fileno(stream), &about) != 0)
    result = fault_set(fault, "%s: %s", path, strerror(errno));
  else if (S_ISDIR(about.st_mode))
    result = fault_set(fault, "%s: is a directory", path);
  else if (S_ISREG(about.st_mode) && (about.st_size < 0 || (size_t)about.st_size > limit))
    result = fault_set(fault, "%s: larger than the limit of %zu bytes", path, limit);
  else
    result = read_stream(out, stream, S_ISREG(about.st_mode) ? (size_t)about.st_size : 65536, limit,
                         fault);
  (void)fclose(stream);
  return result;
}

void bytes_free(struct bytes *bytes) {
  free(bytes->data);
  bytes->data = NULL;
  bytes->size = 0;
}
