/* SPDX-License-Identifier: Apache-2.0 */
/* Products of one entry of a gradient, apart from its lemmas: among those Gappa does not end. */
#ifndef MMAX_REF_ENTRY_H
#define MMAX_REF_ENTRY_H

#include "gradient.h"

/* p*d. */
/*@ requires  range:   bounded(p, 1.0) && bounded(d, 7.2e38);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:   \result == product(p, d);
    ensures   range:   bounded(\result, 1.0e39);
*/
static inline double mmax_at_share(double p, double d) { return mmax_mul(p, d); }

/* w*d. */
/*@ requires  range:   bounded(w, 3.4028235e38) && bounded(d, 1.1);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:   \result == product(w, d);
    ensures   range:   bounded(\result, 1.0e39);
*/
static inline double mmax_at_residual(double w, double d) { return mmax_mul(w, d); }

/* h*c. */
/*@ requires  range:   bounded(h, 1.0e157) && float_sized(c);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:   \result == product(h, c);
    ensures   range:   bounded(\result, 1.0e197);
*/
static inline double mmax_at_scale(double h, double c) { return mmax_mul(h, c); }

#endif
