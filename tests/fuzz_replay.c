/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claim: no reader crashes, leaks or misreports on the corpus, nor on any prefix of its files.
 * Compiled with AddressSanitizer and UndefinedBehaviorSanitizer. Both outcomes must occur for
 * every reader: a reader that refuses everything would prove nothing.
 */
#include <dirent.h>
#include <stdio.h>

#include "fuzz_readers.h"

static const struct {
  const char *folder;
  fuzz_reader *read;
} readers[] = {{"tests/corpus/tensor", fuzz_tensor},
               {"tests/corpus/side", fuzz_side},
               {"tests/corpus/csv", fuzz_csv},
               {"tests/corpus/json", fuzz_json}};

struct tally {
  size_t files, runs, accepted, refused;
};

static void replay(const char *path, fuzz_reader *read, struct tally *tally) {
  static uint8_t data[1 << 16];
  FILE *file = fopen(path, "rb");
  fuzz_require(file != NULL);
  size_t size = fread(data, 1, sizeof data, file);
  fclose(file);
  tally->files++;
  /* Whole, and truncated at up to 600 places. */
  size_t step = size / 600 + 1;
  for (size_t length = size;; length = length > step ? length - step : 0) {
    int accepted = read(data, length);
    tally->runs++;
    if (accepted)
      tally->accepted++;
    else
      tally->refused++;
    if (length == 0) break;
  }
}

int main(void) {
  int failed = 0;
  for (size_t k = 0; k < sizeof readers / sizeof readers[0]; k++) {
    struct tally tally = {0};
    DIR *folder = opendir(readers[k].folder);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
      char path[512];
      if (entry->d_name[0] == '.') continue;
      snprintf(path, sizeof path, "%s/%s", readers[k].folder, entry->d_name);
      replay(path, readers[k].read, &tally);
    }
    if (folder != NULL) closedir(folder);
    printf("%s files=%zu runs=%zu accepted=%zu refused=%zu\n", readers[k].folder, tally.files,
           tally.runs, tally.accepted, tally.refused);
    if (tally.accepted == 0 || tally.refused == 0) failed = 1;
  }
  printf("%s fuzz_replay\n", failed ? "FAIL" : "PASS");
  return failed;
}
