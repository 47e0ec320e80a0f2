/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of output that are one number per entry of the row alone. */
#ifndef EXACT_FORWARD_H
#define EXACT_FORWARD_H

#include "exact_row.h"

/* p_i = e_i / sum. No state. */
void forward_entry(row *r, void *state, size_t i, interval *out);
/* log p_i = z_i - log(1 + rest). state: an interval for the logarithm. */
void log_prepare(row *r, void *state);
void log_entry(row *r, void *state, size_t i, interval *out);

#endif
