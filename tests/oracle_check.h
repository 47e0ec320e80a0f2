/* SPDX-License-Identifier: Apache-2.0 */
/* Counting for the oracle's hand-derived tests. */
#ifndef ORACLE_CHECK_H
#define ORACLE_CHECK_H

#include <stdio.h>
#include <string.h>

static int check_count, check_failures;

static inline void check(int ok, const char *what, int line) {
  check_count++;
  if (ok) return;
  check_failures++;
  printf("line %d: not true: %s\n", line, what);
}

/* Same float, bit for bit, but any two NaN are alike. */
static inline int same(float a, float b) { return (a != a && b != b) || memcmp(&a, &b, 4) == 0; }

#define CHECK(condition) check((condition) != 0, #condition, __LINE__)

static inline int verdict_line(const char *name) {
  printf("%s %s checks=%d failures=%d\n", check_failures == 0 ? "PASS" : "FAIL", name, check_count,
         check_failures);
  return check_failures != 0;
}

#endif
