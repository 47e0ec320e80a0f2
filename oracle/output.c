/* SPDX-License-Identifier: Apache-2.0 */
/* See output.h. */
#include "output.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "npy.h"

int output_open(struct output *output, const char *path, struct fault *fault) {
  *output = (struct output){.path = path, .stream = stdout};
  if (strcmp(path, "-") == 0) return 0;
  struct stat about;
  if (stat(path, &about) == 0 && !S_ISREG(about.st_mode)) { /* a device or a pipe: no rename */
    output->stream = fopen(path, "wb");
    if (output->stream != NULL) return 0;
    return fault_set(fault, "%s: cannot write: %s", path, strerror(errno));
  }
  size_t length = strlen(path);
  char *temporary = malloc(length + 8);
  if (temporary == NULL) return fault_set(fault, "%s: out of memory", path);
  memcpy(temporary, path, length);
  memcpy(temporary + length, ".XXXXXX", 8);
  int descriptor = mkstemp(temporary);
  if (descriptor < 0) {
    free(temporary);
    return fault_set(fault, "%s: cannot create: %s", path, strerror(errno));
  }
  /* mkstemp makes 0600; give what an ordinary new file would have. */
  mode_t mask = umask(0);
  (void)umask(mask);
  (void)fchmod(descriptor, 0666 & ~mask);
  output->temporary = temporary;
  output->stream = fdopen(descriptor, "wb");
  if (output->stream == NULL) {
    (void)close(descriptor);
    output_abandon(output);
    return fault_set(fault, "%s: %s", path, strerror(errno));
  }
  return 0;
}

void output_abandon(struct output *output) {
  if (output->stream != NULL && output->stream != stdout) (void)fclose(output->stream);
  output->stream = NULL;
  if (output->temporary == NULL) return;
  (void)unlink(output->temporary);
  free(output->temporary);
  output->temporary = NULL;
}

int output_commit(struct output *output, struct fault *fault) {
  int failed = fflush(output->stream) != 0 || ferror(output->stream);
  if (!failed && output->stream != stdout) {
    failed = fclose(output->stream) != 0;
    output->stream = NULL;
  }
  if (!failed && output->temporary != NULL) failed = rename(output->temporary, output->path) != 0;
  if (failed) {
    (void)fault_set(fault, "%s: cannot write: %s",
                    output->stream == stdout ? "standard output" : output->path, strerror(errno));
    output_abandon(output);
    return -1;
  }
  free(output->temporary);
  output->temporary = NULL;
  return 0;
}

static void put_float(FILE *stream, float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  unsigned char b[4] = {(unsigned char)bits, (unsigned char)(bits >> 8),
                        (unsigned char)(bits >> 16), (unsigned char)(bits >> 24)};
  (void)fwrite(b, 1, 4, stream);
}

/* Elements in the order of the file: first index fastest if shape->fortran. */
static void write_npy(FILE *stream, const struct shape *shape, const float *data) {
  char header[NPY_HEADER_MAX];
  size_t length = npy_compose(header, "<f4", shape->fortran, shape->ndim, shape->dim);
  size_t d0 = shape->ndim > 1 ? shape->dim[0] : 1, d1 = shape->ndim > 2 ? shape->dim[1] : 1;
  (void)fwrite(header, 1, length, stream);
  if (!shape->fortran) {
    for (size_t k = 0; k < shape->rows * shape->cols; k++) put_float(stream, data[k]);
    return;
  }
  for (size_t c = 0; c < shape->cols; c++)
    for (size_t j = 0; j < d1; j++)
      for (size_t i = 0; i < d0; i++) put_float(stream, data[(i * d1 + j) * shape->cols + c]);
}

static void write_text(FILE *stream, const struct shape *shape, const float *data, int hex) {
  for (size_t r = 0; r < shape->rows; r++)
    for (size_t c = 0; c < shape->cols; c++) {
      float value = data[r * shape->cols + c];
      (void)fprintf(stream, hex ? "%a%c" : "%.9g%c", (double)value,
                    c + 1 == shape->cols ? '\n' : ' ');
    }
}

static int is_npy_path(const char *path) {
  size_t length = strlen(path);
  return length >= 4 && strcmp(path + length - 4, ".npy") == 0;
}

int output_tensor(const char *path, const struct shape *shape, const float *data, int hex,
                  struct fault *fault) {
  struct output output;
  if (output_open(&output, path, fault) != 0) return -1;
  if (is_npy_path(path))
    write_npy(output.stream, shape, data);
  else
    write_text(output.stream, shape, data, hex);
  return output_commit(&output, fault);
}

int output_json(const char *path, const json_t *json, struct fault *fault) {
  struct output output;
  if (json == NULL) return fault_set(fault, "%s: out of memory", path);
  if (output_open(&output, path, fault) != 0) return -1;
  if (json_dumpf(json, output.stream, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) != 0) {
    output_abandon(&output);
    return fault_set(fault, "%s: cannot write JSON", path);
  }
  (void)fputc('\n', output.stream);
  return output_commit(&output, fault);
}

json_t *json_number(double value) {
  if (isfinite(value)) return json_real(value);
  return json_string(isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
}

json_t *json_hex(double value) {
  char hex[48];
  (void)snprintf(hex, sizeof hex, "%a", value);
  return json_pack("{s:o, s:s}", "value", json_number(value), "hex", hex);
}

json_t *json_text(const char *text) {
  json_t *json = json_string(text);
  if (json != NULL) return json;
  size_t length = strlen(text);
  char *ascii = malloc(length + 1);
  if (ascii == NULL) return NULL;
  for (size_t k = 0; k <= length; k++) ascii[k] = (unsigned char)text[k] < 0x80 ? text[k] : '?';
  json = json_string(ascii);
  free(ascii);
  return json;
}
