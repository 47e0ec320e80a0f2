/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal text of a number that is a bound. */
#ifndef MULTIMAX_DECIMAL_H
#define MULTIMAX_DECIMAL_H

struct decimal {
  char text[32];
};

/* The least decimal of `digits` (at most 15) significant digits that is not below value >= 0;
   "inf" or "nan" for those. */
struct decimal decimal_above(double value, int digits);

#endif
