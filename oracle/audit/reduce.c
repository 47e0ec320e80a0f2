/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shrinks a failing case: fewer rows, fewer entries, simpler numbers, as long
 * as the same property fails at the same severity. Delta debugging with a
 * budget; the oracle judges every attempt anew.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit.h"

enum { ATTEMPTS = 250, ATTEMPTS_DEADLY = 30, LONGEST = 64 };
#define SECONDS 4.0

struct search {
  struct session session;
  struct verdicts verdicts;
  enum property property;
  enum severity severity;
  struct audit_case best;
  int attempts;
  double deadline;
};

static double seconds_now(void) {
  struct timespec t;
  (void)timespec_get(&t, TIME_UTC);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Takes `candidate`: keeps it as the best if it still fails. */
static int try_case(struct search *s, struct audit_case candidate) {
  struct fault fault;
  uint64_t hash;
  size_t groups = s->verdicts.groups;
  int fails = 0;
  if (s->attempts-- > 0 && seconds_now() < s->deadline && candidate.cols > 0 && candidate.rows > 0) {
    verdicts_free(&s->verdicts);
    verdicts_init(&s->verdicts, groups);
    s->session.verdicts = &s->verdicts;
    if (case_decide(&candidate, 1, &fault) == 0) {
      check_case(&s->session, &candidate, 0, &hash);
      const struct cell *cell = verdicts_cell(&s->verdicts, s->property, candidate.group);
      fails = cell->checked > 0 && cell->worst.severity >= s->severity;
    }
  }
  if (fails) {
    case_free(&s->best);
    s->best = candidate;
  } else {
    case_free(&candidate);
  }
  return fails;
}

/* A copy without expectations. */
static struct audit_case blank_copy(const struct audit_case *c) {
  struct audit_case d = *c;
  d.at = NULL;
  d.exact = d.probs = NULL;
  d.count = 0;
  d.decided = 0;
  d = case_copy(&d);
  d.recipe.kind = d.upstream_recipe.kind = RECIPE_NONE;
  return d;
}

static struct audit_case without(const struct audit_case *c, size_t first_row, size_t rows, size_t first_col, size_t cols) {
  struct audit_case d = blank_copy(c);
  size_t to = 0;
  for (size_t k = 0; k < c->rows * c->cols; k++) {
    size_t r = k / c->cols, col = k % c->cols;
    if ((r >= first_row && r < first_row + rows) || (col >= first_col && col < first_col + cols)) continue;
    d.logits[to] = c->logits[k];
    if (d.upstream != NULL) d.upstream[to] = c->upstream[k];
    if (d.mask != NULL) d.mask[to] = c->mask[k];
    to++;
  }
  d.rows -= rows;
  d.cols -= cols;
  return d;
}

static void drop_rows(struct search *s) {
  for (size_t chunk = s->best.rows / 2; chunk > 0; chunk /= 2)
    for (size_t at = 0; at + chunk <= s->best.rows && s->best.rows > chunk && s->attempts > 0;)
      if (!try_case(s, without(&s->best, at, chunk, 0, 0))) at += chunk;
}

static void drop_cols(struct search *s) {
  for (size_t chunk = s->best.cols / 2; chunk > 0; chunk /= 2)
    for (size_t at = 0; at + chunk <= s->best.cols && s->best.cols > chunk && s->attempts > 0;)
      if (!try_case(s, without(&s->best, 0, 0, at, chunk))) at += chunk;
}

static int simpler(struct search *s, size_t k, float value, int upstream) {
  float now = upstream ? s->best.upstream[k] : s->best.logits[k];
  if (memcmp(&now, &value, sizeof now) == 0) return 1;
  struct audit_case d = blank_copy(&s->best);
  (upstream ? d.upstream : d.logits)[k] = format_round(s->session.facts.format, value);
  return try_case(s, d);
}

static float rounded_to(float v, int bits) {
  int e;
  double m = frexp((double)v, &e);
  return (float)ldexp(nearbyint(ldexp(m, bits)), e - bits);
}

static void simplify(struct search *s, int upstream) {
  for (size_t k = 0; k < s->best.rows * s->best.cols && s->attempts > 0; k++) {
    float v = upstream ? s->best.upstream[k] : s->best.logits[k];
    if (!isfinite(v) || v == 0) continue;
    if (simpler(s, k, 0, upstream) || simpler(s, k, v > 0 ? 1.0f : -1.0f, upstream)) continue;
    if (fabsf(v) < 1e6f && simpler(s, k, nearbyintf(v), upstream)) continue;
    if (!simpler(s, k, rounded_to(v, 4), upstream)) (void)simpler(s, k, rounded_to(v, 10), upstream);
  }
}

void audit_reduce(struct audit *audit, enum property property, size_t group) {
  const struct observation *worst = &verdicts_cell(&audit->verdicts, property, group)->worst;
  struct search s = {.property = property, .severity = worst->severity, .attempts = ATTEMPTS};
  struct fault fault;
  if (property == PROP_SURVIVES) {
    if (strncmp(worst->message, "hung", 4) == 0 || strncmp(worst->message, "not asked", 9) == 0) return;
    s.attempts = ATTEMPTS_DEADLY;
  }
  verdicts_init(&s.verdicts, audit->suite.group_count);
  s.session = (struct session){.command = audit->command, .limits = audit->limits, .profile = audit->profile,
                               .restarts_allowed = ATTEMPTS_DEADLY, .verdicts = &s.verdicts, .suite = &audit->suite};
  if (session_open(&s.session, &fault) != 0) {
    verdicts_free(&s.verdicts);
    return;
  }
  s.best = blank_copy(&audit->suite.cases[worst->case_index]);
  s.deadline = seconds_now() + SECONDS;
  if (try_case(&s, blank_copy(&s.best))) { /* it fails again: worth shrinking */
    size_t cells;
    do {
      cells = s.best.rows * s.best.cols;
      drop_rows(&s);
      drop_cols(&s);
    } while (s.best.rows * s.best.cols < cells && s.attempts > 0);
    simplify(&s, 0);
    if (s.best.upstream != NULL) simplify(&s, 1);
    /* A command line takes only so much; then the suite's case is the witness. */
    if (s.best.rows * s.best.cols <= LONGEST) {
      audit->reduction[property].done = 1;
      audit->reduction[property].row = s.best;
    } else {
      case_free(&s.best);
    }
  } else {
    case_free(&s.best);
  }
  session_close(&s.session);
  verdicts_free(&s.verdicts);
}
