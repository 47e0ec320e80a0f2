/* SPDX-License-Identifier: Apache-2.0 */
/* Text inside XML and HTML. */
#ifndef AUDIT_MARKUP_H
#define AUDIT_MARKUP_H

#include <stdio.h>

/* Writes text with its special characters escaped; bytes outside ASCII become '?'. */
static inline void markup_text(FILE *f, const char *text) {
  for (const char *c = text; *c != '\0'; c++) switch (*c) {
    case '&': (void)fputs("&amp;", f); break;
    case '<': (void)fputs("&lt;", f); break;
    case '>': (void)fputs("&gt;", f); break;
    case '"': (void)fputs("&quot;", f); break;
    default: (void)fputc((unsigned char)*c < 0x80 && (*c >= 0x20 || *c == '\n') ? *c : '?', f);
    }
}

#endif
