/* SPDX-License-Identifier: Apache-2.0 */
/* What the lane tests share: LANES names the header under test, specs/lanes_model.h its meaning. */
#ifndef TEST_LANES_H
#define TEST_LANES_H

#define _DEFAULT_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#ifndef LANES
#if defined(__aarch64__)
#define LANES "simd/lanes_neon.h"
#else
#define LANES "simd/lanes_avx2.h"
#endif
#endif
#include LANES
#include "../specs/lanes_model.h"
#include "random.h"
#include "support.h"

static inline int same(double a, double b) { return as_bits(a) == as_bits(b) || (a != a && b != b); }
static inline int exact(double a, double b) { return as_bits(a) == as_bits(b); }
static inline int same_float(float a, float b) { return as_bits32(a) == as_bits32(b) || (a != a && b != b); }
static inline int exact_float(float a, float b) { return as_bits32(a) == as_bits32(b); }

/* The end of readable memory: what lies below it may be read, and nothing else. */
static inline uint8_t *memory_end(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  uint8_t *area = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (area == MAP_FAILED || mprotect(area + page, page, PROT_NONE) != 0) exit(1);
  return area + page;
}

/* Can this processor run the header? */
static inline int lanes_here(const char *test) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (V_LANES == 8 ? !__builtin_cpu_supports("avx512dq") : !__builtin_cpu_supports("fma")) {
    printf("SKIP %s: this processor has not got %s\n", test, LANES);
    return 0;
  }
#endif
  (void)test;
  return 1;
}

#endif
