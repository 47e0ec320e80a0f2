/* SPDX-License-Identifier: Apache-2.0 */
/* Which backend runs: asked of the processor and the operating system, not of the build. */
#include "kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>

enum { KNOWN = 1, HAS_FMA = 2, HAS_AVX2 = 4, HAS_AVX512 = 8 };

/* Register state the operating system saves (XCR0): 6 = SSE+AVX, 0xe0 = AVX-512. */
static uint64_t saved_state(void) {
  uint32_t lo, hi;
  __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
  return (uint64_t)hi << 32 | lo;
}

static unsigned detect(void) {
  unsigned a, b, c, d, found = KNOWN;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return found;
  int has_f16c = (c & bit_F16C) != 0;
  if (!(c & bit_OSXSAVE) || !(c & bit_AVX) || !(c & bit_FMA)) return found;
  uint64_t state = saved_state();
  if ((state & 6) != 6) return found;
  found |= HAS_FMA;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_AVX2) || !has_f16c) return found;
  found |= HAS_AVX2;
  const unsigned needed = bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL;
  if ((b & needed) == needed && (state & 0xe6) == 0xe6) found |= HAS_AVX512;
  return found;
}

/* CPUID traps in virtual machines: asked once. Threads that race write the same value. */
static unsigned features(void) {
  static _Atomic unsigned cached;
  unsigned f = cached;
  if (f == 0) cached = f = detect();
  return f;
}
#endif

/* A backend's tables in the order of mmax_storage. */
typedef const mmax_kernels *const *tables;
static const mmax_kernels *const ref[] = {&mmax_kernels_ref, &mmax_kernels_ref_f16,
                                          &mmax_kernels_ref_bf16};
static const mmax_kernels *const portable[] = {
    &mmax_kernels_portable, &mmax_kernels_portable_f16, &mmax_kernels_portable_bf16};
#if defined(MMAX_SIMD) && defined(__x86_64__)
static const mmax_kernels *const avx2[] = {&mmax_kernels_avx2, &mmax_kernels_avx2_f16,
                                           &mmax_kernels_avx2_bf16};
static const mmax_kernels *const avx512[] = {&mmax_kernels_avx512, &mmax_kernels_avx512_f16,
                                             &mmax_kernels_avx512_bf16};
#elif defined(MMAX_SIMD) && defined(__aarch64__)
static const mmax_kernels *const neon[] = {&mmax_kernels_neon, &mmax_kernels_neon_f16,
                                           &mmax_kernels_neon_bf16};
#endif

static tables reference(void) {
#if defined(__x86_64__)
  return features() & HAS_FMA ? ref : portable;
#else
  return ref;
#endif
}

static tables fastest(void) {
#if defined(MMAX_SIMD) && defined(__x86_64__)
  if (features() & HAS_AVX512) return avx512;
  if (features() & HAS_AVX2) return avx2;
#elif defined(MMAX_SIMD) && defined(__aarch64__)
  return neon;
#endif
  return reference();
}

static tables tables_of(mmax_backend backend) {
  switch (backend) {
  case MMAX_BACKEND_AUTO: return fastest();
  case MMAX_BACKEND_REF: return reference();
  case MMAX_BACKEND_PORTABLE: return portable;
#if defined(MMAX_SIMD) && defined(__x86_64__)
  case MMAX_BACKEND_AVX2: return features() & HAS_AVX2 ? avx2 : NULL;
  case MMAX_BACKEND_AVX512: return features() & HAS_AVX512 ? avx512 : NULL;
#elif defined(MMAX_SIMD) && defined(__aarch64__)
  case MMAX_BACKEND_NEON: return neon;
#endif
  default: return NULL;
  }
}

const mmax_kernels *mmax_kernels_for(mmax_backend backend, mmax_storage storage) {
  tables of = tables_of(backend);
  return of == NULL ? NULL : of[storage];
}

int mmax_backend_available(mmax_backend backend) { return tables_of(backend) != NULL; }

const char *mmax_backend_name(mmax_backend backend) {
  switch (backend) {
  case MMAX_BACKEND_AUTO: return "auto";
  case MMAX_BACKEND_REF: return "ref";
  case MMAX_BACKEND_AVX2: return "avx2";
  case MMAX_BACKEND_AVX512: return "avx512";
  case MMAX_BACKEND_NEON: return "neon";
  case MMAX_BACKEND_PORTABLE: return "portable";
  }
  return "unknown";
}
