/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row in memory, and the walk over its entries: 16 bytes at a time where the row's address allows it, cell by cell
 * at its ends and where it does not. What is read how depends on addresses and shapes alone.
 */
#ifndef MMAX_GPU_WALK_CUH
#define MMAX_GPU_WALK_CUH

#include "storage.cuh"

namespace mmax {

/* 16 bytes of a row, worked through from the front. */
template <class S> struct chunk {
  uint32_t word[4];
  __device__ unsigned front() const { return S::width == 4 ? word[0] : word[0] & 0xffffu; }
  /* Drops the front cell and appends one. */
  __device__ void shift(unsigned cell) {
    if (S::width == 4) {
      word[0] = word[1], word[1] = word[2], word[2] = word[3], word[3] = cell;
    } else {
      for (int k = 0; k < 3; k++) word[k] = word[k] >> 16 | word[k + 1] << 16;
      word[3] = word[3] >> 16 | cell << 16;
    }
  }
};

template <class S> __device__ inline chunk<S> load_chunk(const typename S::cell *from) {
  uint4 v = *(const uint4 *)from;
  return chunk<S>{{v.x, v.y, v.z, v.w}};
}
/* As one instruction: the compiler would take the store apart. */
template <class S> __device__ inline void store_chunk(typename S::cell *to, const chunk<S> &c) {
  asm volatile("st.global.v4.u32 [%0], {%1, %2, %3, %4};" ::"l"(__cvta_generic_to_global(to)), "r"(c.word[0]),
               "r"(c.word[1]), "r"(c.word[2]), "r"(c.word[3])
               : "memory");
}

/* As many mask bytes as a chunk has cells. */
template <class S> __device__ inline uint64_t load_mask(const uint8_t *from) {
  if (S::width == 4) return *(const uint32_t *)from;
  return *(const uint64_t *)from;
}

/* One row of a matrix; `wide`: its whole chunks are aligned. */
template <class T> struct line {
  T *at;
  bool wide;
};

template <class T> __device__ inline line<T> line_at(T *at, int lead, int alignment) {
  return line<T>{at, ((uintptr_t)at - lead * sizeof(T)) % alignment == 0};
}

/* A row, of which the entries [lo, hi) are walked. Chunks start at multiples of S::width less `lead`. */
template <class S> struct row {
  line<const typename S::cell> x;
  line<const uint8_t> mask;
  bool has_mask, wide; /* wide: worth walking by chunks */
  int64_t n, lo, hi;
  int lead;
};

struct entry {
  float x;
  bool unmasked;
};

template <class S> __device__ inline entry entry_of(unsigned cell, unsigned byte) {
  float x = S::widen(cell);
  bool unmasked = (byte == 0) & !is_minus_inf(x);
  return entry{x, unmasked};
}

/* Entries before a row so that chunks of its first matrix are aligned. */
template <class S> __device__ inline int lead_of(const typename S::cell *x) {
  return (int)((uintptr_t)x % 16 / sizeof(*x));
}

/* What a pass reads beside the row, and writes; `nothing` where it does not. */
struct nothing {};
template <class T> struct output {
  line<T> to;
  bool wanted; /* else nothing is stored */
};
__device__ inline bool is_wide(nothing) { return true; }
template <class T> __device__ inline bool is_wide(line<T> l) { return l.wide; }
template <class T> __device__ inline bool is_wide(output<T> o) { return o.to.wide; }

/* Calls f(i, entry, g) for every entry that falls to this thread, g being 0 where nothing is read, and writes what it
   returns to `out`. Whole chunks first if all matrices are aligned alike, UNROLL entries at a time; what is left at
   the ends, or else everything, is dealt out singly. */
template <class S, int UNROLL, class G, class In, class Out, class F>
__device__ inline void walk(G group, const row<S> &w, In g, Out out, F f) {
  typedef typename S::cell cell_type;
  const bool reads = !std::is_same<In, nothing>::value, writes = !std::is_same<Out, nothing>::value;
  const int64_t W = S::width;
  int64_t from = w.hi, to = w.hi; /* the whole chunks */
  if (w.wide & w.x.wide & (w.mask.wide | !w.has_mask) & is_wide(g) & is_wide(out)) {
    int64_t first = (w.lo + w.lead + W - 1) / W * W - w.lead, last = (w.hi + w.lead) / W * W - w.lead;
    if (first < last) from = first, to = last;
  }
#pragma unroll 1
  for (int64_t i = from + group.rank() * W; i < to; i += G::threads * W) {
    chunk<S> x = load_chunk<S>(w.x.at + i), h = {};
    uint64_t mask = 0;
    if (w.has_mask) mask = load_mask<S>(w.mask.at + i);
    if constexpr (reads) h = load_chunk<S>(g.at + i);
#pragma unroll UNROLL
    for (int j = 0; j < W; j++) {
      entry e = entry_of<S>(x.front(), (unsigned)mask & 0xffu);
      unsigned value = 0;
      if constexpr (writes) value = f(i + j, e, S::widen(h.front()));
      else f(i + j, e, S::widen(h.front()));
      x.shift(value);
      h.shift(0);
      mask >>= 8;
    }
    if constexpr (writes)
      if (out.wanted) store_chunk<S>(out.to.at + i, x);
  }
  int64_t head = from - w.lo, rest = head + (w.hi - to);
#pragma unroll 1
  for (int64_t k = group.rank(); k < rest; k += G::threads) {
    int64_t i = k < head ? w.lo + k : to + (k - head);
    unsigned byte = 0, h = 0;
    if (w.has_mask) byte = w.mask.at[i];
    if constexpr (reads) h = g.at[i];
    entry e = entry_of<S>(w.x.at[i], byte);
    if constexpr (writes) {
      unsigned value = f(i, e, S::widen(h));
      if (out.wanted) out.to.at[i] = (cell_type)value;
    } else {
      f(i, e, S::widen(h));
    }
  }
}

} // namespace mmax

#endif
