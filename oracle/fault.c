/* SPDX-License-Identifier: Apache-2.0 */
/* See fault.h. Control bytes of hostile file names and tokens are printed as '?'. */
#include "fault.h"

#include <stdarg.h>
#include <stdio.h>

int fault_set(struct fault *fault, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(fault->text, sizeof fault->text, format, arguments);
  va_end(arguments);
  if (length < 0) fault->text[0] = '\0';
  for (char *c = fault->text; *c != '\0'; c++)
    if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
  return -1;
}

int fault_report(const char *command, const struct fault *fault) {
  (void)fprintf(stderr, "multimax %s: %s\n", command, fault->text);
  return EXIT_INPUT;
}
