/* SPDX-License-Identifier: Apache-2.0 */
/* Cross-entropy of one row: sum_k q_k (max - sigma_k) + log(1 + rest). */
#ifndef EXACT_LOSS_H
#define EXACT_LOSS_H

#include "exact_row.h"

typedef struct loss {
  size_t target; /* unmasked */
  float smoothing;
  interval linear, log;
} loss;

void loss_init(loss *l);
void loss_clear(loss *l);
void loss_prepare(row *r, void *state);
void loss_entry(row *r, void *state, size_t i, interval *out); /* i: any */

#endif
