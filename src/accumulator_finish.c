/* SPDX-License-Identifier: Apache-2.0 */
/* The exact sums of an accumulator as parameter gradients: the only place that rounds them. */
#include "fpenv.h"
#include "multimax.h"
#include "ref/primitives.h"

#define LIMBS MMAX_ACC_LIMBS

/* The nearest double, ties to even. */
static double limbs_round(const uint64_t limb[LIMBS]) {
  int negative = (limb[LIMBS - 1] >> 63) != 0;
  uint64_t m[LIMBS];
  uint64_t carry = (uint64_t)negative;
  for (int i = 0; i < LIMBS; i++) { /* magnitude: ~v + 1 when negative */
    m[i] = (negative ? ~limb[i] : limb[i]) + carry;
    carry = carry & (m[i] == 0);
  }
  int top = LIMBS - 1;
  while (top > 0 && m[top] == 0) top--;
  if (m[top] == 0) return 0.0;
  int lead = 0; /* leading zeros of the top limb */
  while (!(m[top] << lead >> 63)) lead++;
  uint64_t below = top > 0 ? m[top - 1] : 0;
  uint64_t head = lead == 0 ? m[top] : m[top] << lead | below >> (64 - lead);
  /* 64 bits are 11 more than a double keeps: the rest is one sticky bit. */
  uint64_t sticky = below << lead;
  for (int i = top - 2; i >= 0; i--) sticky |= m[i];
  head |= sticky != 0;
  double v = mmax_u64_to_double(head) * mmax_pow2(64 * top - lead - 256);
  return negative ? -v : v;
}

mmax_status mmax_accumulator_finish(const mmax_accumulator *acc, const mmax_params *params,
                                    double grad_params[MMAX_NPARAMS]) {
  if (acc == NULL || grad_params == NULL) return MMAX_ERR_NULL;
  mmax_status status = mmax_params_check(params);
  if (status != MMAX_OK) return status;
  mmax_fpenv saved = mmax_fpenv_enter();
  const double factor[MMAX_NPARAMS] = {1.0,
                                       1.0,
                                       1.0,
                                       1.0,
                                       params->coef[0],
                                       -params->coef[1],
                                       2.0 * params->coef[2],
                                       -2.0 * params->coef[3],
                                       1.0,
                                       1.0};
  for (int j = 0; j < MMAX_NPARAMS; j++)
    grad_params[j] = acc->nonfinite_rows > 0 ? mmax_wide_nan()
                                             : factor[j] * limbs_round(acc->limb[j]);
  mmax_fpenv_leave(saved);
  return MMAX_OK;
}
