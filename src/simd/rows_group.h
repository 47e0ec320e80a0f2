/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A group of rows goes through each phase together: short rows then share the
 * reductions and the division. A row's doubles stay in its buffer from phase
 * to phase if they fit; else the row is walked in chunks that are computed
 * again in every phase (specs/semantics.md: no allocation). The members of a
 * team (../team.h) walk one row together, each on its own chunks of it, and join
 * at the end of each phase.
 */
#ifndef MMAX_SIMD_ROWS_GROUP_H
#define MMAX_SIMD_ROWS_GROUP_H

#include "../kernels.h"
#include "../ref/row.h"
#include "../team.h"
#include "rows_exp.h"

enum {
  V_GROUP = 8,            /* rows, at most                             */
  V_GROUP_ENTRIES = 2048, /* of all rows of a group of several: 16 KiB */
  V_CHUNK = 4096          /* entries of the stack buffer: 32 KiB       */
};

typedef struct row {
  const cell *x;
  const uint8_t *mask;
  size_t n;
  mmax_span span; /* this thread's entries: all of them but in a team */
  double *buffer;
  int resident; /* the buffer holds the whole row */
  int closed;   /* has masked or non-finite entries */
  mmax_status state;
  double max, second, inverse;
  double rest, log; /* sum of the weights but one largest; ln(1 + rest) */
} row;

typedef struct batch {
  const mmax_params *params;
  const mmax_input *in;
  unsigned shape;
  double *buffer;
  size_t room;       /* doubles in the buffer                   */
  int resident;      /* a whole row fits                        */
  size_t group;      /* rows at a time                          */
  int closed;        /* expect the next row to have masked entries */
  mmax_span span;    /* this thread's entries of each row */
  int stream;        /* results go past the caches */
} batch;

static batch batch_of(const mmax_params *params, const mmax_input *in, double *stack,
                      mmax_scratch scratch) {
  size_t need = padded(in->cols);
  batch b = {params, in, shape_of(params), stack, V_CHUNK, 1, 1, in->mask != NULL, {0, in->cols}, 0};
  if (in->me != NULL) b.span = mmax_team_share(in->me, in->cols, V_CHUNK);
  if (need > V_CHUNK && scratch.bytes / sizeof(double) >= need) {
    b.buffer = scratch.data;
    b.room = need;
  }
  b.resident = need <= b.room;
  if (need * 2 <= V_GROUP_ENTRIES) b.group = V_GROUP_ENTRIES / need;
  if (b.group > V_GROUP) b.group = V_GROUP;
  return b;
}

/* Opens rows [first, first + group) of the batch; returns how many there are. */
V_INLINE size_t group_open(const batch *b, size_t first, row *rows) {
  size_t left = b->in->rows - first, count = left < b->group ? left : b->group;
  size_t pitch = padded(b->in->cols);
  for (size_t r = 0; r < count; r++) {
    row *at = &rows[r];
    at->x = (const cell *)b->in->logits + (first + r) * b->in->stride;
    at->mask = b->in->mask == NULL ? NULL : b->in->mask + (first + r) * b->in->mask_stride;
    at->n = b->in->cols;
    at->span = b->span;
    at->buffer = b->buffer + (b->group > 1 ? r * pitch : 0);
    at->resident = b->resident;
    at->closed = b->closed;
    at->state = MMAX_OK;
  }
  return count;
}

/* Entries [at, at + run_length) of a row; runs cover its span in order. */
V_INLINE size_t run_length(const row *r, size_t at) {
  return r->n - at < V_CHUNK ? r->n - at : V_CHUNK;
}
V_INLINE double *run_buffer(const row *r, size_t at) { return r->resident ? r->buffer + at : r->buffer; }

V_INLINE tops run_modulate(const batch *b, row *r, size_t at, int two, int closed) {
  size_t n = run_length(r, at);
  double *s = run_buffer(r, at);
  const cell *x = r->x + at;
  if (closed) {
    int finite = 1;
    const uint8_t *mask = r->mask == NULL ? NULL : r->mask + at;
    tops t = {v_set(0.0), v_set(0.0)};
    switch (b->shape) {
    case 0: t = modulate_closed(b->params, 0, two, x, mask, n, s, &finite); break;
    case 1: t = modulate_closed(b->params, 1, two, x, mask, n, s, &finite); break;
    case 3: t = modulate_closed(b->params, 3, two, x, mask, n, s, &finite); break;
    default: t = modulate_closed(b->params, 7, two, x, mask, n, s, &finite); break;
    }
    if (!finite) r->state = MMAX_ROW_NONFINITE;
    return t;
  }
  switch (b->shape) {
  case 0: return modulate_open(b->params, 0, two, x, n, s);
  case 1: return modulate_open(b->params, 1, two, x, n, s);
  case 3: return modulate_open(b->params, 3, two, x, n, s);
  default: return modulate_open(b->params, 7, two, x, n, s);
  }
}

V_INLINE tops row_modulate_as(const batch *b, row *r, int two) {
  tops t = tops_start();
  if (!r->closed) {
    for (size_t at = r->span.from; at < r->span.to; at += V_CHUNK) {
      if (!all_finite(r->x + at, run_length(r, at))) {
        r->closed = 1;
        break;
      }
      t = tops_join(t, run_modulate(b, r, at, two, 0), two);
    }
    if (!r->closed) return t;
    t = tops_start();
  }
  for (size_t at = r->span.from; at < r->span.to; at += V_CHUNK)
    t = tops_join(t, run_modulate(b, r, at, two, 1), two);
  return t;
}
static tops row_modulate(const batch *b, row *r) { return row_modulate_as(b, r, 0); }
static tops row_modulate_two(const batch *b, row *r) { return row_modulate_as(b, r, 1); }

/* One member writes what a row has once. */
V_INLINE int leads(const batch *b) { return b->in->me == NULL || b->in->me->index == 0; }

/* From a share's two largest sigma and state to the row's; the state is that of all members. */
static V_JOIN void join_tops(const batch *b, row *r) {
  mmax_note note = {.first = r->max, .second = r->second, .flags = r->state == MMAX_ROW_NONFINITE};
  note = mmax_team_join(b->in->me, note);
  r->max = note.first;
  r->second = note.second;
  if (note.flags) r->state = MMAX_ROW_NONFINITE;
}

/* sigma of every entry in the buffers, each row's maximum and state. */
V_INLINE void group_modulate(batch *b, row rows[V_GROUP], size_t count) {
  vd first[V_GROUP];
  double max[V_GROUP];
  for (size_t r = 0; r < count; r++) first[r] = row_modulate(b, &rows[r]).first;
  for (size_t r = count; r < V_GROUP; r++) first[r] = minus_inf();
  for (size_t r = 0; r < count; r += V_LANES) v_store(max + r, v_max_rows(first + r));
  for (size_t r = 0; r < count; r++) {
    rows[r].max = rows[r].second = max[r];
    if (b->in->me != NULL) join_tops(b, &rows[r]);
    if (rows[r].state == MMAX_OK && rows[r].max == -__builtin_inf()) rows[r].state = MMAX_ROW_MASKED;
  }
  if (b->in->mask == NULL) b->closed = rows[count - 1].closed;
}

/* The same with the second largest value, that is the largest of the row without one maximum. */
V_INLINE void group_modulate_two(batch *b, row *rows, size_t count) {
  for (size_t r = 0; r < count; r++) {
    tops t = row_modulate_two(b, &rows[r]);
    double first[V_LANES], second[V_LANES];
    v_store(first, t.first);
    v_store(second, t.second);
    int top = 0;
    for (int k = 1; k < V_LANES; k++)
      if (first[k] > first[top]) top = k;
    double max = first[top], next = second[top];
    for (int k = 0; k < V_LANES; k++)
      if (k != top && first[k] > next) next = first[k];
    rows[r].max = max;
    rows[r].second = next;
    if (b->in->me != NULL) join_tops(b, &rows[r]);
    if (rows[r].state == MMAX_OK && rows[r].max == -__builtin_inf()) rows[r].state = MMAX_ROW_MASKED;
  }
  if (b->in->mask == NULL) b->closed = rows[count - 1].closed;
}

/* sigma of a run is in the buffer: as left by group_modulate, or computed again. */
V_INLINE double *run_sigma(const batch *b, row *r, size_t at) {
  if (!r->resident) (void)(r->closed ? run_modulate(b, r, at, 0, 1) : run_modulate(b, r, at, 0, 0));
  return run_buffer(r, at);
}

/* Weights of a run are in the buffer: as left by the sum, or computed again. */
static double *run_weights(const batch *b, row *r, size_t at) {
  double *e = run_buffer(r, at);
  if (!r->resident) {
    run_sigma(b, r, at);
    weigh_only(e, run_length(r, at), r->max);
  }
  return e;
}

/* From the sum of a share to that of the row. */
static V_JOIN mmax_sum join_sums(const batch *b, mmax_sum sum) {
  mmax_note note = {.low = sum.lo, .high = sum.hi};
  note = mmax_team_join(b->in->me, note);
  mmax_sum all = {note.high, note.low};
  return all;
}

static double long_row_inverse(const batch *b, row *r) {
  mmax_sum sum = {0, 0};
  for (size_t at = r->span.from; at < r->span.to; at += V_CHUNK)
    sum = sum_lanes(sum, weigh(run_sigma(b, r, at), run_length(r, at), r->max));
  if (b->in->me != NULL) sum = join_sums(b, sum);
  return 1.0 / mmax_sum_total(sum, 0x1p-50);
}

/* Weights in the buffers, and the inverse of each row's sum. */
V_INLINE void group_weigh(const batch *b, row rows[V_GROUP], size_t count) {
  if (b->in->cols > V_CHUNK) { /* one row */
    if (rows[0].state == MMAX_OK) rows[0].inverse = long_row_inverse(b, &rows[0]);
    return;
  }
  vq sum[V_GROUP];
  double inverse[V_GROUP];
  for (size_t r = 0; r < V_GROUP; r++)
    sum[r] = r < count && rows[r].state == MMAX_OK ? weigh(rows[r].buffer, rows[r].n, rows[r].max)
                                                   : q_zero();
  for (size_t r = 0; r < count; r += V_LANES)
    v_store(inverse + r,
            v_div(v_set(1.0), v_mul(q_double(q_sum_rows(sum + r)), v_set(0x1p-50))));
  for (size_t r = 0; r < count; r++) rows[r].inverse = inverse[r];
}

static inline double lane_max(vd a) {
  double lane[V_LANES];
  v_store(lane, a);
  double m = lane[0];
  for (int k = 1; k < V_LANES; k++) m = lane[k] > m ? lane[k] : m;
  return m;
}
static inline double lane_min(vd a) { return -lane_max(v_sub(v_set(-0.0), a)); }
static inline uint64_t lane_sum(vq a) {
  uint64_t lane[V_LANES], sum = 0;
  q_store(lane, a);
  for (int k = 0; k < V_LANES; k++) sum += lane[k];
  return sum;
}

static inline void fill(cell *out, size_t n, float value) {
  const cell c = cell_of(value);
  for (size_t i = 0; i < n; i++) out[i] = c;
}

#endif
