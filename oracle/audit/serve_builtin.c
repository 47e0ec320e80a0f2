/* SPDX-License-Identifier: Apache-2.0 */
/* The subjects that come with the command: SPEC of `multimax audit --serve SPEC`. */
#include <stdio.h>
#include <string.h>

#include "../fault.h"
#include "serve.h"

int serve_builtin(const char *specification) {
  if (strcmp(specification, "ours") == 0) return serve_ours("auto");
  if (strncmp(specification, "ours:", 5) == 0) return serve_ours(specification + 5);
  if (strcmp(specification, "oracle") == 0) return serve_oracle();
  if (strcmp(specification, "naive") == 0) return serve_naive();
  if (strncmp(specification, "library:", 8) == 0) return serve_library(specification + 8);
  (void)fprintf(stderr,
                "multimax audit: no built-in subject '%s'; there are ours[:BACKEND], oracle, "
                "naive, library:PATH:SYMBOL:ARGUMENTS\n",
                specification);
  return EXIT_INPUT;
}
