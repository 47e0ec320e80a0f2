/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMAX_PTX_EXTRACT_H
#define MMAX_PTX_EXTRACT_H

/* Writes every PTX and cubin in `file` to FOLDER/N.sm_S.ptx or .cubin, N counting containers (one per source file), and
   prints their names. 0, or 2 (printed). */
int extract_file(const char *file, const char *folder);

#endif
