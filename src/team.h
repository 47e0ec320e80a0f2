/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that compute the same rows together. Every member calls the same
 * kernel with the same arguments and works on its share of each row; where a
 * result of the whole row is needed, they join what their shares gave. Sums are
 * integers and the rest are maxima, so the number of members changes no bit.
 * The kernels know of no thread library: `wait` is the caller's.
 */
#ifndef MMAX_TEAM_H
#define MMAX_TEAM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __FRAMAC__
#include "span.acsl"
#endif

enum { MMAX_TEAM_MOST = 64 };

/* What a share gives, and joined the row: who uses it decides what a field holds. */
typedef struct mmax_note {
  double first, second; /* joined: the two largest, which may be equal */
  double top, fall;     /* joined: the largest of each                 */
  uint64_t low, high;   /* joined: the sum, 128 bits                   */
  uint64_t flags;       /* joined: any                                 */
} mmax_note;

typedef struct mmax_team {
  unsigned size;
  /* Returns once all members have called it as often as the caller; orders memory. */
  void (*wait)(struct mmax_team *team);
  mmax_note note[2][MMAX_TEAM_MOST];
} mmax_team;

/* One thread's place in its team. */
typedef struct mmax_member {
  mmax_team *team;
  unsigned index, turn; /* turn: 0 at first */
} mmax_member;

static inline mmax_note mmax_note_join(mmax_note a, mmax_note b) {
  double less = a.first < b.first ? a.first : b.first;
  a.second = b.second > a.second ? b.second : a.second;
  a.second = less > a.second ? less : a.second;
  a.first = b.first > a.first ? b.first : a.first;
  a.top = b.top > a.top ? b.top : a.top;
  a.fall = b.fall > a.fall ? b.fall : a.fall;
  a.low += b.low;
  a.high += b.high + (a.low < b.low);
  a.flags |= b.flags;
  return a;
}

/* Every member's note joined, the same for all. All members call it equally often, in the same
   order. Who writes to a place again has met every reader of it in between: two places are enough. */
static inline mmax_note mmax_team_join(mmax_member *me, mmax_note mine) {
  mmax_note *all = me->team->note[me->turn];
  me->turn ^= 1;
  all[me->index] = mine;
  me->team->wait(me->team);
  mmax_note joined = all[0];
  for (unsigned k = 1; k < me->team->size; k++) joined = mmax_note_join(joined, all[k]);
  return joined;
}

/* Entries [from, to) of a row. */
typedef struct mmax_span {
  size_t from, to;
} mmax_span;

/* Share k of n entries among `size`, in whole chunks but the last; may be empty. In order of k they are the n entries, each once. */
/*@ requires  sized:   n + chunk <= SIZE_MAX && 1 <= chunk;
    requires  member:  k < size;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   from:    \result.from == share_from(n, chunk, size, k);
    ensures   to:      \result.to == share_from(n, chunk, size, k + 1);
*/
static inline mmax_span mmax_share(size_t n, size_t chunk, unsigned size, unsigned k) {
  const size_t chunks = n / chunk + (n % chunk != 0), each = chunks / size, more = chunks % size;
  /*@ assert hint_chunks: chunks == chunks_of(n, chunk); */
  /*@ assert hint_each: each == chunks / size && entries_in(k, each) == each*k && 0 <= entries_in(k, each) <= chunks; */
  const size_t first = each * k + (k < more ? k : more), next = first + each + (k < more);
  /*@ assert hint_first: (size_t)(each*k) == entries_in(k, each) && first == chunks_before(chunks, size, k); */
  /*@ assert hint_next: next == chunks_before(chunks, size, k + 1); */
  /*@ assert hint_fits: entries_in(first, chunk) <= entries_in(next, chunk) <= SIZE_MAX; */
  const size_t from = first * chunk, to = next * chunk;
  /*@ assert hint_ends: from == entries_in(first, chunk) && to == entries_in(next, chunk); */
  const mmax_span s = {from < n ? from : n, to < n ? to : n};
  return s;
}

static inline mmax_span mmax_team_share(const mmax_member *me, size_t n, size_t chunk) {
  return mmax_share(n, chunk, me->team->size, me->index);
}

#endif
