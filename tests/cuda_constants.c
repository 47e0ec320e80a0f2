/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claim: the kernels' float64 constants are those of src/ref: every hexadecimal one of exp.h and log.h and the
 * quotients of log.h occur in the PTX, and the PTX has no others but the plain ones below. A coefficient that is
 * off by an ulp changes too few float32 results to be seen by comparing them.
 * usage: cuda_constants DIR
 */
#include <ctype.h>

#include "cuda_kernels.h"

static double want[64];
static size_t wanted;

static const double plain[] = {0.0, 0.5, 1.0, 2.0, 6.0, -1.0, -2.0, -110.0, -INFINITY, INFINITY, 0x1p-50, 0x1p64, 0x1p14, 0x1p-207};

static void read_constants(const char *path) {
  FILE *in = fopen(path, "r");
  char line[512];
  if (in == NULL) {
    printf("FAIL cannot read %s (run from the project's root)\n", path);
    exit(1);
  }
  while (fgets(line, sizeof line, in) != NULL) {
    char *code = strstr(line, "/*");
    if (code != NULL) *code = 0;
    if (strchr(line, ';') == NULL && strchr(line, '{') == NULL) continue; /* prose and contracts */
    if (strstr(line, "assert") || strstr(line, "hint_") || strstr(line, "ensures")) continue;
    for (char *p = line; (p = strstr(p, "0x1")) != NULL && wanted < 64;) want[wanted++] = strtod(p, &p);
  }
  fclose(in);
}

static int same(double a, double b) { return memcmp(&a, &b, sizeof a) == 0 || a == -b; }

int main(int argc, char **argv) {
  read_constants("src/ref/exp.h");
  size_t from_exp = wanted;
  read_constants("src/ref/log.h");
  for (int k = 3; k <= 17; k += 2) want[wanted++] = 1.0 / k;
  CHECK(from_exp >= 8 && wanted > from_exp + 8);
  load_modules(argc > 1 ? argv[1] : "build/gpu/cuda/sm_90");
  for (int m = 0; m < module_count; m++)
    for (int k = 0; k < mmax_ptx_kernel_count(modules[m]); k++) {
      const char *kernel = mmax_ptx_kernel_name(modules[m], k);
      struct mmax_ptx_audit audit;
      char error[MMAX_PTX_ERROR_SIZE];
      CHECK(mmax_ptx_audit(modules[m], kernel, &audit, error) == 0);
      int log = strstr(kernel, "log") || strstr(kernel, "loss"), computes = log || strstr(kernel, "ward") != NULL;
      for (size_t w = 0; computes && w < (log ? wanted : from_exp); w++) {
        int found = 0;
        for (size_t c = 0; c < audit.constants; c++) {
          double v;
          memcpy(&v, &audit.constant[c].bits, sizeof v);
          found |= audit.constant[c].size == 8 && same(v, want[w]);
        }
        if (!found) printf("%s lacks %a\n", kernel, want[w]);
        CHECK(found);
      }
      for (size_t c = 0; c < audit.constants; c++) {
        double v;
        memcpy(&v, &audit.constant[c].bits, sizeof v);
        int known = audit.constant[c].size == 4;
        for (size_t w = 0; w < wanted; w++) known |= same(v, want[w]);
        for (size_t w = 0; w < sizeof plain / sizeof *plain; w++) known |= same(v, plain[w]);
        if (!known) printf("%s has %a, which the reference has not\n", kernel, v);
        CHECK(known);
      }
      mmax_ptx_audit_free(&audit);
    }
  return verdict("cuda_constants");
}
