/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target, parameters from JSON. Build and run: make fuzz-json */
#include "fuzz_readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  (void)fuzz_json(data, size);
  return 0;
}
