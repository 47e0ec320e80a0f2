/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of a sub-command as a table that is both parser and help text:
 * --name VALUE or --name=VALUE; no abbreviations, no positional arguments.
 */
#ifndef MULTIMAX_OPTIONS_H
#define MULTIMAX_OPTIONS_H

#include <stddef.h>

#include "fault.h"

enum option_kind {
  OPTION_TEXT,   /* const char **                       */
  OPTION_COUNT,  /* size_t *, a whole number >= 0       */
  OPTION_WHOLE,  /* int *, a whole number               */
  OPTION_NUMBER, /* double *, decimal or hexadecimal    */
  OPTION_FLAG    /* int *, takes no value               */
};

struct option {
  const char *name;     /* "--input" */
  const char *argument; /* "FILE", NULL for a flag */
  enum option_kind kind;
  void *to;
  const char *help; /* may hold newlines */
};

struct usage {
  const char *command, *summary, *details; /* details: after the options; examples */
  const struct option *options;
  size_t count;
};

/* 0: go on; 1: --help was printed; -1: fault. argv[0] is the sub-command. */
int options_parse(const struct usage *usage, int argc, char **argv, struct fault *fault);

#endif
