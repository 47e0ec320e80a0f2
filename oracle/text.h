/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text arrays: one row per line; numbers in decimal, C99 hexadecimal (0x1.8p-3), inf or nan,
 * separated by blanks, commas or semicolons; '#' starts a comment. Decimals are
 * rounded once to float32; a number beyond its range is refused.
 */
#ifndef MULTIMAX_TEXT_H
#define MULTIMAX_TEXT_H

#include "tensor.h"

int text_parse(struct tensor *out, const struct bytes *bytes, struct fault *fault);
int text_targets(int32_t **targets, const struct bytes *bytes, size_t rows, struct fault *fault);

/* The float32 nearest to the number written in text[0..length); 0, or -1 with `why` a
   static phrase. Used for every number a user writes. */
int number_parse(float *value, const char *text, size_t length, const char **why);

#endif
