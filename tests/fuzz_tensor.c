/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target, logits and gradients: .npy and text. Build and run: make fuzz-tensor */
#include "fuzz_readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  (void)fuzz_tensor(data, size);
  return 0;
}
