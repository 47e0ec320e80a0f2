/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the annotations of row kernels say of an entry as it is stored. They are read, and proved, twice: of float32 rows, and with
 * -DMMAX_HALF of rows of 16-bit patterns, of the format the_storage, whichever that is. After row.acsl.
 */
#ifndef MMAX_LOGIC_WORDS_H
#define MMAX_LOGIC_WORDS_H

#ifdef MMAX_HALF
#include "half.acsl"
typedef uint16_t mmax_word;
typedef float mmax_no_word;
#define WORDS bits   /* the entries of a source or a sink */
#define NO_WORDS f32 /* the pointer that is then unused   */
#define WORDS_AT(data) halves_at(data)
#define STORED_AS(s) (s == the_storage && s != MMAX_FLOAT32)
#define VALUE(w) pattern_value(the_storage, w)
#define FINITE(w) finite_pattern(the_storage, w)
#define NOT_A_NUMBER(w) (w == nan_of(the_storage))
#define ZERO(w) narrowed(the_storage, 0.0, w)
#define MINUS_INF(w) (w == 32768 + infinity_of(the_storage))
#define SAME_VALUE(a, b) (a == b)
#define ALIKE(a, b) a == b
#define WRITTEN(v, w) narrowed(the_storage, v, w)
#else
typedef float mmax_word;
typedef uint16_t mmax_no_word;
#define WORDS f32
#define NO_WORDS bits
#define WORDS_AT(data) floats_at(data)
#define STORED_AS(s) s == MMAX_FLOAT32
#define VALUE(w) w
#define FINITE(w) \is_finite(w)
#define NOT_A_NUMBER(w) \is_NaN(w)
#define ZERO(w) \is_finite(w) && w == 0.0
#define MINUS_INF(w) \is_minus_infinity(w)
#define SAME_VALUE(a, b) (real)a == (real)b
#define ALIKE(a, b) class_of(a) == class_of(b) && (real)a == (real)b
/* v, rounded once; beyond float32's range only the kind is told */
#define WRITTEN(v, w) !\is_NaN(w) && (-3.4e38 <= v <= 3.4e38 ==> \is_finite(w) && (real)w == rnd32(v))
#endif

#endif
