/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A progress bar with the time left, on standard error and only if that is a
 * terminal. Any number of threads may report.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

typedef struct progress {
  const char *label;
  size_t total;
  atomic_size_t done;
  atomic_uint_fast64_t next_ns; /* when the bar is drawn again */
  uint64_t start_ns;
  int visible;
} progress;

/* label must outlive the bar. */
void progress_start(progress *bar, const char *label, size_t total);
/* bar may be NULL. */
void progress_add(progress *bar, size_t count);
/* Clears the line. */
void progress_finish(progress *bar);

#endif
