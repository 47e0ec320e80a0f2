/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mmax_accumulator: ten 1024-bit two's complement integers in units of 2^-256.
 * |one row's sum| < 2^646, so 2^64 rows cannot overflow.
 */
#include "fpenv.h"
#include "multimax.h"
#include "ref/primitives.h"

#define LIMBS MMAX_ACC_LIMBS

static const uint8_t magic[8] = {'M', 'M', 'A', 'X', 'A', 'C', 'C', '1'};

void mmax_accumulator_init(mmax_accumulator *acc) {
  for (int j = 0; j < MMAX_NPARAMS; j++)
    for (int i = 0; i < LIMBS; i++) acc->limb[j][i] = 0;
  acc->rows = 0;
  acc->nonfinite_rows = 0;
}

static void limbs_add(uint64_t into[LIMBS], const uint64_t from[LIMBS]) {
  uint64_t carry = 0;
  for (int i = 0; i < LIMBS; i++) {
    uint64_t sum = into[i] + from[i];
    uint64_t overflow = sum < from[i];
    into[i] = sum + carry;
    carry = overflow | (into[i] < carry);
  }
}

mmax_status mmax_accumulator_merge(mmax_accumulator *into, const mmax_accumulator *from) {
  if (into == NULL || from == NULL) return MMAX_ERR_NULL;
  for (int j = 0; j < MMAX_NPARAMS; j++) limbs_add(into->limb[j], from->limb[j]);
  into->rows += from->rows;
  into->nonfinite_rows += from->nonfinite_rows;
  return MMAX_OK;
}

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
    grad_params[j] = acc->nonfinite_rows > 0 ? mmax_from_bits(0x7ff8000000000000u)
                                             : factor[j] * limbs_round(acc->limb[j]);
  mmax_fpenv_leave(saved);
  return MMAX_OK;
}

static uint8_t *put64(uint8_t *at, uint64_t v) {
  for (int i = 0; i < 8; i++) at[i] = (uint8_t)(v >> (8 * i));
  return at + 8;
}

static uint64_t get64(const uint8_t *at) {
  uint64_t v = 0;
  for (int i = 7; i >= 0; i--) v = v << 8 | at[i];
  return v;
}

mmax_status mmax_accumulator_store(const mmax_accumulator *acc, uint8_t bytes[MMAX_ACC_BYTES]) {
  if (acc == NULL || bytes == NULL) return MMAX_ERR_NULL;
  for (int i = 0; i < 8; i++) bytes[i] = magic[i];
  uint8_t *at = put64(bytes + 8, acc->rows);
  at = put64(at, acc->nonfinite_rows);
  for (int j = 0; j < MMAX_NPARAMS; j++)
    for (int i = 0; i < LIMBS; i++) at = put64(at, acc->limb[j][i]);
  return MMAX_OK;
}

mmax_status mmax_accumulator_load(mmax_accumulator *acc, const uint8_t bytes[MMAX_ACC_BYTES]) {
  if (acc == NULL || bytes == NULL) return MMAX_ERR_NULL;
  for (int i = 0; i < 8; i++)
    if (bytes[i] != magic[i]) return MMAX_ERR_FORMAT;
  acc->rows = get64(bytes + 8);
  acc->nonfinite_rows = get64(bytes + 16);
  for (int j = 0; j < MMAX_NPARAMS; j++)
    for (int i = 0; i < LIMBS; i++)
      acc->limb[j][i] = get64(bytes + 24 + 8 * ((size_t)j * LIMBS + (size_t)i));
  return MMAX_OK;
}
