/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floating-point environment of a call: round to nearest, subnormals kept,
 * no traps; the caller's, with its exception flags, comes back afterwards.
 * C11's <fenv.h> needs a C library and knows nothing of flush-to-zero.
 */
#ifndef MMAX_FPENV_H
#define MMAX_FPENV_H

#include <stdint.h>

#if defined(__FRAMAC__)
/* Contracts of the asm below (specs/soundness.md): the only C-visible effect is on the rounding mode, which the proofs fix. */
typedef int mmax_fpenv;
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
*/
static inline mmax_fpenv mmax_fpenv_enter(void);
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
*/
static inline void mmax_fpenv_leave(mmax_fpenv saved);

#elif defined(__x86_64__)

typedef uint32_t mmax_fpenv;
static inline mmax_fpenv mmax_fpenv_enter(void) {
  mmax_fpenv saved;
  const uint32_t nearest = 0x1f80; /* all exceptions masked, no FTZ, no DAZ */
  __asm__ volatile("stmxcsr %0" : "=m"(saved) : : "memory");
  __asm__ volatile("ldmxcsr %0" : : "m"(nearest) : "memory");
  return saved;
}
static inline void mmax_fpenv_leave(mmax_fpenv saved) {
  __asm__ volatile("ldmxcsr %0" : : "m"(saved) : "memory");
}

#elif defined(__aarch64__)

typedef struct mmax_fpenv {
  uint64_t control, status;
} mmax_fpenv;
static inline mmax_fpenv mmax_fpenv_enter(void) {
  mmax_fpenv saved;
  const uint64_t nearest = 0;
  __asm__ volatile("mrs %0, fpcr\n\tmrs %1, fpsr"
                   : "=r"(saved.control), "=r"(saved.status)
                   :
                   : "memory");
  __asm__ volatile("msr fpcr, %0" : : "r"(nearest) : "memory");
  return saved;
}
static inline void mmax_fpenv_leave(mmax_fpenv saved) {
  __asm__ volatile("msr fpcr, %0\n\tmsr fpsr, %1"
                   :
                   : "r"(saved.control), "r"(saved.status)
                   : "memory");
}

#else
#define MMAX_FPENV_FIXED /* cannot be set here: mmax_fpenv_is_nearest decides */
typedef int mmax_fpenv;
static inline mmax_fpenv mmax_fpenv_enter(void) { return 0; }
static inline void mmax_fpenv_leave(mmax_fpenv saved) { (void)saved; }
#endif

/* Pins a value computed or used between enter and leave: a compiler may move
   arithmetic on registers past their asm, but not a volatile access. */
#if defined(__FRAMAC__)
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   same:   \is_finite(v) ==> \is_finite(\result) && \result == v;
    ensures   kind:   (\is_NaN(v) <==> \is_NaN(\result)) && (\is_plus_infinity(v) <==> \is_plus_infinity(\result)) &&
                      (\is_minus_infinity(v) <==> \is_minus_infinity(\result));
*/
static inline double mmax_fpenv_pin(double v);
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   same:   \is_finite(v) ==> \is_finite(\result) && \result == v;
    ensures   kind:   (\is_NaN(v) <==> \is_NaN(\result)) && (\is_plus_infinity(v) <==> \is_plus_infinity(\result)) &&
                      (\is_minus_infinity(v) <==> \is_minus_infinity(\result));
*/
static inline float mmax_fpenv_pin32(float v);
/*@ axiomatic Environment {
    // inside mmax_fpenv_enter and leave this machine rounds to nearest and keeps subnormals
    predicate nearest_here reads \nothing;
} */
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   same:   \result == v;
*/
static inline uint16_t mmax_fpenv_pin16(uint16_t v);
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact:  \result != 0 <==> nearest_here;
*/
static inline int mmax_fpenv_is_nearest(void);
#else
static inline double mmax_fpenv_pin(double v) {
  volatile double pinned = v;
  return pinned;
}
static inline float mmax_fpenv_pin32(float v) {
  volatile float pinned = v;
  return pinned;
}
static inline uint16_t mmax_fpenv_pin16(uint16_t v) {
  volatile uint16_t pinned = v;
  return pinned;
}

/* Rounds to nearest and keeps subnormals, observed through arithmetic. */
static inline int mmax_fpenv_is_nearest(void) {
  volatile double one = 1.0, tiny = 0x1p-53, least = 0x1p-1022, half = 0.5;
  volatile double up = one + tiny;          /* tie: 1 when to nearest or down */
  volatile double above = one + tiny * 1.5; /* 1 + 2^-52 when to nearest or up */
  volatile double below = -one - tiny;      /* tie: -1 when to nearest or up   */
  volatile double subnormal = least * half;
  volatile double back = subnormal + subnormal;
  return up == 1.0 && above == 1.0 + 0x1p-52 && below == -1.0 && subnormal > 0.0 && back == least;
}
#endif

#endif
