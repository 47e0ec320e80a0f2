/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 30 };
static const uint64_t interval_ns = 200000000;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void progress_start(progress *bar, const char *label, size_t total) {
  bar->label = label;
  bar->total = total;
  bar->start_ns = now_ns();
  bar->visible = isatty(STDERR_FILENO);
  atomic_init(&bar->done, 0);
  atomic_init(&bar->next_ns, bar->start_ns + interval_ns);
}

static void draw(const progress *bar, size_t done, uint64_t now) {
  double share = bar->total > 0 ? (double)done / (double)bar->total : 1.0;
  double elapsed = (double)(now - bar->start_ns) * 1e-9;
  unsigned left = share > 0.0 ? (unsigned)(elapsed / share - elapsed + 0.5) : 0;
  int full = (int)(share * (double)WIDTH);
  fprintf(stderr, "\r%s [%.*s%*s] %3.0f%%  %u:%02u left \033[K", bar->label, full,
          "##############################", WIDTH - full, "", share * 100.0, left / 60,
          left % 60);
}

void progress_add(progress *bar, size_t count) {
  if (bar == NULL) return;
  size_t done = atomic_fetch_add(&bar->done, count) + count;
  if (!bar->visible) return;
  uint64_t now = now_ns();
  uint_fast64_t next = atomic_load(&bar->next_ns);
  /* one thread wins the exchange and draws */
  if (now >= next && atomic_compare_exchange_strong(&bar->next_ns, &next, now + interval_ns))
    draw(bar, done, now);
}

void progress_finish(progress *bar) {
  if (bar->visible) fputs("\r\033[K", stderr);
}
