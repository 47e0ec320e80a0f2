/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The number format of a subject's inputs and outputs. Values travel as
 * float32; inputs are rounded to the format before anything is computed, and
 * errors are measured in its ulp.
 */
#ifndef AUDIT_FORMAT_H
#define AUDIT_FORMAT_H

#include "../exact.h"

struct format {
  const char *name;
  int digits;       /* p: significant bits        */
  int emin;         /* exponent of the smallest normal number: 2^emin */
  float largest;
};

/* float32, bfloat16 or float16; NULL for another name. */
const struct format *format_find(const char *name);

/* Nearest even; beyond the format's range: infinite. */
float format_round(const struct format *format, float value);
/* u = 2^-p */
double format_unit(const struct format *format);
/* Error in ulp of the exact value, as oracle/ulp.h defines it. */
double format_ulp_error(const struct format *format, float computed, exact_value exact);
/* The spacing ulp(v). */
double format_ulp(const struct format *format, exact_value exact);
/* Smallest normal number. */
double format_tiny(const struct format *format);

#endif
