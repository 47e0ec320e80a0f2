/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target, masks and targets: .npy and text. Build and run: make fuzz-side */
#include "fuzz_readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  (void)fuzz_side(data, size);
  return 0;
}
