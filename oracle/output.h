/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Result files: written beside their destination under a temporary name and
 * renamed when complete, so that a reader never sees half a file. "-" is
 * standard output.
 */
#ifndef MULTIMAX_OUTPUT_H
#define MULTIMAX_OUTPUT_H

#include <jansson.h>
#include <stdio.h>

#include "tensor.h"

struct output {
  const char *path;
  char *temporary; /* NULL for standard output */
  FILE *stream;
};

int output_open(struct output *output, const char *path, struct fault *fault);
/* Flushes and renames. */
int output_commit(struct output *output, struct fault *fault);
/* Removes the temporary file. */
void output_abandon(struct output *output);

/* float32 of `shape`: .npy if the path ends so, else text, one row per line (hex: as %a). */
int output_tensor(const char *path, const struct shape *shape, const float *data, int hex,
                  struct fault *fault);
int output_json(const char *path, const json_t *json, struct fault *fault);

/* JSON has no infinities and no NaN: they become the strings "inf", "-inf", "nan". */
json_t *json_number(double value);
/* {"value": 0.1, "hex": "0x1.999999999999ap-4"}: hex holds every bit. */
json_t *json_hex(double value);
/* A string; bytes that are not UTF-8 become '?'. */
json_t *json_text(const char *text);

#endif
