/* SPDX-License-Identifier: Apache-2.0 */
/* Which backend runs: asked of the processor and the operating system, not of the build. */
#include "kernels.h"

/* What the processor offers and the operating system saves. */
enum { KNOWN = 1, HAS_FMA = 2, HAS_AVX2 = 4, HAS_AVX512 = 8 };

/* Instruction sets of this build; the proofs read that of x86-64. */
#if defined(__FRAMAC__) || (defined(MMAX_SIMD) && defined(__x86_64__))
#define BUILT_X86
#elif defined(MMAX_SIMD) && defined(__aarch64__)
#define BUILT_NEON
#endif

#if defined(__FRAMAC__)
/* Contract of the code below (specs/soundness.md): a fixed fact of the machine. */
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   fixed:   \result == machine;
*/
static unsigned features(void);
#elif defined(__x86_64__)
#include <cpuid.h>

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
#else
static unsigned features(void) { return KNOWN | HAS_FMA; }
#endif

/* One a storage; NULL each: this machine cannot run them. */
typedef struct tables {
  const mmax_kernels *f32, *f16, *bf16;
} tables;

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   tables:  of_reference(\result.f32, 0) && of_reference(\result.f16, 1) && of_reference(\result.bf16, 2);
*/
static tables reference(void) {
  const tables fma = {&mmax_kernels_ref, &mmax_kernels_ref_f16, &mmax_kernels_ref_bf16};
  const tables portable = {&mmax_kernels_portable, &mmax_kernels_portable_f16,
                           &mmax_kernels_portable_bf16};
  return features() & HAS_FMA ? fma : portable;
}

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   tables:  of_backend(\result.f32, backend, 0) && of_backend(\result.f16, backend, 1) &&
                       of_backend(\result.bf16, backend, 2);
*/
static tables tables_of(mmax_backend backend) {
  const tables none = {NULL, NULL, NULL};
#if defined(BUILT_X86)
  const tables avx2 = {&mmax_kernels_avx2, &mmax_kernels_avx2_f16, &mmax_kernels_avx2_bf16};
  const tables avx512 = {&mmax_kernels_avx512, &mmax_kernels_avx512_f16, &mmax_kernels_avx512_bf16};
  if (backend == MMAX_BACKEND_AUTO && features() & HAS_AVX512) return avx512;
  if (backend == MMAX_BACKEND_AUTO && features() & HAS_AVX2) return avx2;
  if (backend == MMAX_BACKEND_AVX2) return features() & HAS_AVX2 ? avx2 : none;
  if (backend == MMAX_BACKEND_AVX512) return features() & HAS_AVX512 ? avx512 : none;
#elif defined(BUILT_NEON)
  const tables neon = {&mmax_kernels_neon, &mmax_kernels_neon_f16, &mmax_kernels_neon_bf16};
  if (backend == MMAX_BACKEND_AUTO || backend == MMAX_BACKEND_NEON) return neon;
#endif
  if (backend == MMAX_BACKEND_AUTO || backend == MMAX_BACKEND_REF) return reference();
  const tables portable = {&mmax_kernels_portable, &mmax_kernels_portable_f16,
                           &mmax_kernels_portable_bf16};
  return backend == MMAX_BACKEND_PORTABLE ? portable : none;
}

const mmax_kernels *mmax_kernels_for(mmax_backend backend, mmax_storage storage) {
  const tables of = tables_of(backend);
  if (storage == MMAX_FLOAT32) return of.f32;
  return storage == MMAX_FLOAT16 ? of.f16 : of.bf16;
}

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact:   \result != 0 <==> available(backend);
*/
int mmax_backend_available(mmax_backend backend) { return tables_of(backend).f32 != NULL; }

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   given:   \result != \null;
*/
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
