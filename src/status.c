/* SPDX-License-Identifier: Apache-2.0 */
#include "multimax.h"

const char *mmax_status_text(mmax_status status) {
  switch (status) {
  case MMAX_OK: return "ok";
  case MMAX_ROW_MASKED: return "a row has no unmasked entry";
  case MMAX_ROW_NONFINITE: return "a row holds NaN or +inf";
  case MMAX_ERR_NULL: return "a required pointer is NULL";
  case MMAX_ERR_PARAMS: return "invalid parameters";
  case MMAX_ERR_SIZE: return "rows or cols too large";
  case MMAX_ERR_STRIDE: return "a row stride is smaller than cols";
  case MMAX_ERR_ALIGN: return "a pointer is not aligned for its type";
  case MMAX_ERR_OVERLAP: return "buffers overlap";
  case MMAX_ERR_TARGET: return "a target is not a class";
  case MMAX_ERR_SMOOTHING: return "label smoothing is not in [0, 1]";
  case MMAX_ERR_BACKEND: return "backend not available on this machine";
  case MMAX_ERR_FENV: return "floating-point environment cannot be set";
  case MMAX_ERR_FORMAT: return "not the bytes of an accumulator";
  case MMAX_ERR_SCRATCH: return "scratch memory too small or misaligned";
  case MMAX_ERR_DEVICE: return "the device refused a launch";
  case MMAX_ERR_STORAGE: return "storage is neither float16 nor bfloat16";
  }
  return "unknown status";
}
