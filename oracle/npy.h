/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The .npy container (NumPy format versions 1.0, 2.0, 3.0), read from memory.
 * The header is checked against the size of the file before anything is
 * allocated; every message names the file and the byte offset.
 */
#ifndef MULTIMAX_NPY_H
#define MULTIMAX_NPY_H

#include <stdint.h>

#include "bytes.h"

struct npy {
  char kind;      /* as in NumPy: 'f', 'i', 'u', 'b' */
  unsigned width; /* bytes per element: 1, 2, 4, 8   */
  int big_endian; /* else little-endian */
  int fortran;    /* first index runs fastest        */
  unsigned ndim;  /* 1..3                            */
  size_t dim[3];  /* outermost first                 */
  size_t count;   /* product of dim                  */
  size_t offset;  /* of the first element            */
};

int npy_is(const struct bytes *bytes);
int npy_header(struct npy *npy, const struct bytes *bytes, struct fault *fault);

/* Raw little-endian value of element k counted in C order (last index fastest). */
uint64_t npy_element(const struct npy *npy, const struct bytes *bytes, size_t k);

/* Writes a version 1.0 header of `descr` ("<f4"); returns its length, a multiple of 64. */
#define NPY_HEADER_MAX 256
size_t npy_compose(char text[NPY_HEADER_MAX], const char *descr, int fortran, unsigned ndim,
                   const size_t dim[3]);

#endif
