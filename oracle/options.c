/* SPDX-License-Identifier: Apache-2.0 */
/* See options.h. */
#include "options.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_help(const struct usage *usage) {
  (void)printf("multimax %s: %s\n\nusage: multimax %s [options]\n\n", usage->command,
               usage->summary, usage->command);
  for (size_t k = 0; k < usage->count; k++) {
    const struct option *o = &usage->options[k];
    int width = printf("  %s%s%s", o->name, o->argument == NULL ? "" : " ",
                       o->argument == NULL ? "" : o->argument);
    (void)printf(width < 25 ? "%*s" : "\n%*s", width < 25 ? 26 - width : 26, "");
    for (const char *c = o->help; *c != '\0'; c++) {
      (void)putchar(*c);
      if (*c == '\n') (void)printf("%26s", "");
    }
    (void)putchar('\n');
  }
  (void)printf("  --help                  this text\n\n%s", usage->details);
}

static int store(const struct option *o, const char *value, struct fault *fault) {
  char *end;
  errno = 0;
  switch (o->kind) {
  case OPTION_TEXT: *(const char **)o->to = value; return 0;
  case OPTION_FLAG: *(int *)o->to = 1; return 0;
  case OPTION_COUNT: {
    unsigned long long v = strtoull(value, &end, 10);
    if (*value < '0' || *value > '9' || *end != '\0' || errno != 0 || v > SIZE_MAX) break;
    *(size_t *)o->to = (size_t)v;
    return 0;
  }
  case OPTION_WHOLE: {
    long v = strtol(value, &end, 10);
    if (end == value || *end != '\0' || errno != 0 || v < INT_MIN || v > INT_MAX) break;
    *(int *)o->to = (int)v;
    return 0;
  }
  case OPTION_NUMBER: {
    double v = strtod(value, &end);
    if (end == value || *end != '\0' || (errno != 0 && (v > 1 || v < -1))) break;
    *(double *)o->to = v;
    return 0;
  }
  }
  return fault_set(fault, "%s: '%s' is not %s", o->name, value,
                   o->kind == OPTION_COUNT    ? "a whole number of at least 0"
                   : o->kind == OPTION_NUMBER ? "a number"
                                              : "a whole number");
}

int options_parse(const struct usage *usage, int argc, char **argv, struct fault *fault) {
  for (int a = 1; a < argc; a++) {
    const char *equals = strchr(argv[a], '=');
    size_t length = equals == NULL ? strlen(argv[a]) : (size_t)(equals - argv[a]);
    const struct option *found = NULL;
    if (strcmp(argv[a], "--help") == 0 || strcmp(argv[a], "-h") == 0) {
      print_help(usage);
      return 1;
    }
    for (size_t k = 0; k < usage->count && found == NULL; k++)
      if (strlen(usage->options[k].name) == length &&
          memcmp(usage->options[k].name, argv[a], length) == 0)
        found = &usage->options[k];
    if (found == NULL)
      return fault_set(fault, "%s '%s'; see multimax %s --help",
                       argv[a][0] == '-' ? "unknown option" : "unexpected argument", argv[a],
                       usage->command);
    const char *value = equals == NULL ? NULL : equals + 1;
    if (found->kind == OPTION_FLAG) {
      if (value != NULL) return fault_set(fault, "%s takes no value", found->name);
    } else if (value == NULL) {
      if (a + 1 == argc)
        return fault_set(fault, "%s needs a value: %s", found->name, found->argument);
      value = argv[++a];
    }
    if (store(found, value, fault) != 0) return -1;
  }
  return 0;
}
