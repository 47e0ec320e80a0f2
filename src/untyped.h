/* SPDX-License-Identifier: Apache-2.0 */
/* An untyped matrix as what its elements are, floats or 16-bit patterns, and back. */
#ifndef MMAX_UNTYPED_H
#define MMAX_UNTYPED_H

#include <stddef.h>
#include <stdint.h>

#ifdef __FRAMAC__
#include "views.acsl"
/* Contracts of the conversions below (specs/soundness.md): the proofs' memory model does not follow them. */
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   same:    \result == floats_at((void *)p);
*/
static inline const float *untyped_as_floats(const void *p);
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   same:    \result == halves_at((void *)p);
*/
static inline const uint16_t *untyped_as_halves(const void *p);
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   same:    \result == floats_at(p);
*/
static inline float *untyped_to_floats(void *p);
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   same:    \result == halves_at(p);
*/
static inline uint16_t *untyped_to_halves(void *p);
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   same:    \result == of_floats((float *)p) && (\result == \null <==> p == \null) && floats_at((void *)\result) == p;
*/
static inline const void *untyped_matrix(const float *p);
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   same:    \result == of_halves((uint16_t *)p) && (\result == \null <==> p == \null) && halves_at((void *)\result) == p;
*/
static inline const void *untyped_matrix16(const uint16_t *p);
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   same:    \result == of_floats(p) && (\result == \null <==> p == \null) && floats_at(\result) == p;
*/
static inline void *untyped_result(float *p);
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   same:    \result == of_halves(p) && (\result == \null <==> p == \null) && halves_at(\result) == p;
*/
static inline void *untyped_result16(uint16_t *p);
#else
static inline const float *untyped_as_floats(const void *p) { return (const float *)p; }
static inline const uint16_t *untyped_as_halves(const void *p) { return (const uint16_t *)p; }
static inline float *untyped_to_floats(void *p) { return (float *)p; }
static inline uint16_t *untyped_to_halves(void *p) { return (uint16_t *)p; }
static inline const void *untyped_matrix(const float *p) { return p; }
static inline const void *untyped_matrix16(const uint16_t *p) { return p; }
static inline void *untyped_result(float *p) { return p; }
static inline void *untyped_result16(uint16_t *p) { return p; }
#endif

#endif
