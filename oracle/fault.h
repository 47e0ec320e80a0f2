/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What went wrong and where, in one sentence. Readers never print or exit:
 * they fill a fault and return -1, so that they can be fuzzed and reused.
 */
#ifndef MULTIMAX_FAULT_H
#define MULTIMAX_FAULT_H

struct fault {
  char text[768];
};

/* Exit codes of every sub-command (multimax --help, multimax.1). */
enum { EXIT_FINE = 0, EXIT_OUTSIDE = 1, EXIT_INPUT = 2 };

/* Formats the sentence; returns -1, so that a reader can `return fault_set(...)`. */
int fault_set(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints `multimax COMMAND: sentence` on stderr and returns EXIT_INPUT. */
int fault_report(const char *command, const struct fault *fault);

#endif
