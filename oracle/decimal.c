/* SPDX-License-Identifier: Apache-2.0 */
#include "decimal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct decimal decimal_above(double value, int digits) {
  struct decimal d;
  char nearest[32];
  (void)snprintf(d.text, sizeof d.text, "%.*g", digits, value);
  if (!isfinite(value) || strtod(d.text, NULL) >= value) return d;
  /* Rounded down: one unit of the last digit more, by text, since a carry may pass through. */
  (void)snprintf(nearest, sizeof nearest, "%.*e", digits - 1, value);
  char *exponent = strchr(nearest, 'e'), *at = exponent - 1;
  for (; at >= nearest; at--) {
    if (*at == '.') continue;
    if (*at < '9') break;
    *at = '0';
  }
  if (at >= nearest) {
    ++*at;
    (void)snprintf(d.text, sizeof d.text, "%.*g", digits, strtod(nearest, NULL));
  } else {
    (void)snprintf(d.text, sizeof d.text, "1e%ld", strtol(exponent + 1, NULL, 10) + 1);
  }
  return d;
}
