/* SPDX-License-Identifier: Apache-2.0 */
/* What mmax_exec.scratch should hold: one row of doubles, padded to whole vectors. Rows of up to
   4096 entries live on the stack and never use it (a thread takes less than 48 KiB of stack, the
   calling one less than 160 KiB if it starts others); longer rows without it are computed again in
   every pass, at about twice the time. */
#include "../multimax.h"

size_t mmax_scratch_bytes(size_t cols) { return (cols + 7) / 8 * 64; }
