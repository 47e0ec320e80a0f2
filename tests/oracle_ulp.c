/* SPDX-License-Identifier: Apache-2.0 */
/* The ulp measure has the values derived by hand from its definition in oracle/ulp.h. */
#include "ulp.h"

#include <float.h>
#include <math.h>

#include "oracle_check.h"
#include "random.h"

static double f(float computed, double hi, double lo) {
  return ulp_error_float(computed, (exact_value){hi, lo});
}

static double d(double computed, double hi, double lo) {
  return ulp_error_double(computed, (exact_value){hi, lo});
}

static void check_binade_edges(void) {
  CHECK(f(1.0f, 1.0, 0) == 0.0);
  CHECK(f(1.0f + 0x1p-23f, 1.0, 0) == 1.0);
  CHECK(f(1.0f - 0x1p-24f, 1.0, 0) == 0.5);             /* the ulp of 1 is 2^-23 */
  CHECK(f(1.0f, 1.0, -0x1p-60) == 0x1p-36);             /* 2^-60 / 2^-24 */
  CHECK(f(1.0f - 0x1p-24f, 1.0, -0x1p-60) == 1.0 - 0x1p-36);
  CHECK(f(1.0f - 0x1p-24f, 1.0, 0x1p-60) == 0.5 + 0x1p-37);
  CHECK(f(-1.0f, -1.0, 0x1p-60) == 0x1p-36);            /* -1 + 2^-60 is below in size */
  CHECK(f(-1.0f, -1.0, -0x1p-60) == 0x1p-37);
  CHECK(f(1.0f, 1.0 + 0x1p-24, 0) == 0.5);              /* a tie */
  CHECK(f(2.0f, 1.0, 0) == 0x1p23);
  CHECK(f(-1.0f, 1.0, 0) == 0x1p24);
  CHECK(d(1.0 - 0x1p-53, 1.0, 0) == 0.5);
  CHECK(d(1.0 - 0x1p-53, 1.0, -0x1p-60) == 1.0 - 0x1p-7); /* ulp 2^-53 */
  CHECK(d(1.0, 1.0, 0x1p-54) == 0.25);
}

static void check_small(void) {
  CHECK(f(0.0f, 0.0, 0) == 0.0);
  CHECK(f(-0.0f, 0.0, 0) == 0.0);
  CHECK(f(0x1p-149f, 0.0, 0) == 1.0);
  CHECK(f(0.0f, 0x1p-150, 0) == 0.5);
  CHECK(f(0x1p-149f, 0x1p-150, 0) == 0.5);
  CHECK(f(0.0f, 0x1p-160, 0) == 0x1p-11);
  CHECK(f(0x1p-126f, 0x1p-126, -0x1p-150) == 0.5);      /* subnormals: still 2^-149 */
  CHECK(f(0x1p-126f, 0x1p-125, 0) == 0x1p22);          /* 2^-126 / 2^-148 */
  CHECK(d(0x1p-1074, 0.0, 0) == 1.0);
  CHECK(d(0x1p-1022, 0x1p-1022, -0x1p-1074) == 1.0);
}

static void check_large(void) {
  const double top = (double)FLT_MAX; /* 2^128 - 2^104 */
  CHECK(f(INFINITY, top + 0x1p103, 0) == 0.5);
  CHECK(f(FLT_MAX, top + 0x1p103, 0) == 0.5);
  CHECK(f(INFINITY, 0x1p128, 0) == 0.0);
  CHECK(f(INFINITY, 0x1p128, -0x1p70) == 0x1p-34);
  CHECK(f(INFINITY, 0x1p130, 0) == 0.0);
  CHECK(f(FLT_MAX, 0x1p130, 0) == 0x1p26 - 0x1p24 + 1.0);
  CHECK(f(INFINITY, -0x1p130, 0) == 0x1p25);
  CHECK(f(-INFINITY, -0x1p130, 0) == 0.0);
  CHECK(f(INFINITY, 1.0, 0) == 0x1p151);                /* less 2^23, beyond 53 bits */
  CHECK(f(-INFINITY, top, 0) == 0x1p25 - 1.0);
  CHECK(d(INFINITY, DBL_MAX, 0x1p969) == 0.75);
  CHECK(d(DBL_MAX, DBL_MAX, 0x1p969) == 0.25);
}

static void check_special(void) {
  CHECK(f(NAN, (double)NAN, 0) == 0.0);
  CHECK(isinf(f(NAN, 1.0, 0)) && isinf(f(1.0f, (double)NAN, 0)));
  CHECK(isinf(f(INFINITY, (double)NAN, 0)) && isinf(f(NAN, (double)INFINITY, 0)));
  CHECK(f(-INFINITY, -(double)INFINITY, 0) == 0.0);
  CHECK(isinf(f(INFINITY, -(double)INFINITY, 0)) && isinf(f(-FLT_MAX, -(double)INFINITY, 0)));
  CHECK(isinf(d(DBL_MAX, (double)INFINITY, 0)) && d((double)INFINITY, (double)INFINITY, 0) == 0.0);
}

static void check_units(void) {
  CHECK(ulp_of_float((exact_value){1.0, 0}) == 0x1p-23);
  CHECK(ulp_of_float((exact_value){1.0, -0x1p-60}) == 0x1p-24);
  CHECK(ulp_of_float((exact_value){0.0, 0}) == 0x1p-149);
  CHECK(ulp_of_float((exact_value){-0x1p-140, 0}) == 0x1p-149);
  CHECK(ulp_of_float((exact_value){0x1p200, 0}) == 0x1p104);
  CHECK(ulp_of_double((exact_value){0.0, 0}) == 0x1p-1074);
  CHECK(ulp_of_double((exact_value){DBL_MAX, 0}) == 0x1p971);
  CHECK(isnan(ulp_of_float((exact_value){(double)INFINITY, 0})));
}

/* The nearest float is within half an ulp and no other float is nearer. */
static void check_nearest(void) {
  uint64_t state = 7;
  int wrong = 0;
  for (int i = 0; i < 200000; i++) {
    double hi = random_normal(&state) * exp2(random_between(&state, -152.0, 127.0));
    double lo = hi * random_between(&state, -0x1p-54, 0x1p-54);
    float near = (float)hi;
    double e = f(near, hi, lo);
    double up = f(nextafterf(near, INFINITY), hi, lo), down = f(nextafterf(near, -INFINITY), hi, lo);
    wrong += !(e <= 0.5 + 0x1p-29 && up >= e - 0x1p-29 && down >= e - 0x1p-29);
  }
  CHECK(wrong == 0);
}

int main(void) {
  check_binade_edges();
  check_small();
  check_large();
  check_special();
  check_units();
  check_nearest();
  return verdict_line("oracle_ulp");
}
