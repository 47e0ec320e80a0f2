/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See npy.h. The header is a Python dictionary literal with exactly the keys
 * descr, fortran_order and shape; the parser accepts that and nothing more.
 */
#include "npy.h"

#include <stdio.h>
#include <string.h>

static const unsigned char magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

/* A position in the header text; `base` is the offset of text[0] in the file. */
struct cursor {
  const struct bytes *file;
  size_t at, end;
};

static int bad(const struct cursor *c, struct fault *fault, const char *what) {
  return fault_set(fault, "%s: byte %zu: %s in the .npy header", c->file->name, c->at, what);
}

static void skip_space(struct cursor *c) {
  while (c->at < c->end && (c->file->data[c->at] == ' ' || c->file->data[c->at] == '\n')) c->at++;
}

static int take(struct cursor *c, char wanted) {
  skip_space(c);
  if (c->at >= c->end || c->file->data[c->at] != (unsigned char)wanted) return 0;
  c->at++;
  return 1;
}

static int take_word(struct cursor *c, const char *word) {
  size_t length = strlen(word);
  skip_space(c);
  if (c->end - c->at < length || memcmp(c->file->data + c->at, word, length) != 0) return 0;
  c->at += length;
  return 1;
}

/* A quoted string without escapes, at most room-1 bytes. */
static int take_string(struct cursor *c, char *text, size_t room, struct fault *fault) {
  char quote = take(c, '\'') ? '\'' : take(c, '"') ? '"' : '\0';
  if (quote == '\0') return bad(c, fault, "expected a quoted string");
  size_t used = 0;
  while (c->at < c->end && c->file->data[c->at] != (unsigned char)quote) {
    if (used + 1 >= room) return bad(c, fault, "string too long");
    text[used++] = (char)c->file->data[c->at++];
  }
  text[used] = '\0';
  return take(c, quote) ? 0 : bad(c, fault, "unterminated string");
}

static int take_extent(struct cursor *c, size_t *value, struct fault *fault) {
  size_t digits = 0, v = 0;
  skip_space(c);
  size_t start = c->at;
  while (c->at < c->end && c->file->data[c->at] >= '0' && c->file->data[c->at] <= '9') {
    size_t digit = (size_t)(c->file->data[c->at] - '0');
    if (v > (SIZE_MAX - digit) / 10) {
      c->at = start;
      return bad(c, fault, "dimension overflows 64 bits");
    }
    v = 10 * v + digit;
    c->at++;
    digits++;
  }
  if (digits == 0) return bad(c, fault, "expected a dimension");
  if (c->at < c->end && c->file->data[c->at] == 'L') c->at++; /* written by Python 2 */
  *value = v;
  return 0;
}

static int take_shape(struct cursor *c, struct npy *npy, struct fault *fault) {
  if (!take(c, '(')) return bad(c, fault, "expected '(' of the shape");
  npy->ndim = 0;
  while (!take(c, ')')) {
    if (npy->ndim == 3) return bad(c, fault, "more than 3 dimensions");
    if (take_extent(c, &npy->dim[npy->ndim], fault) != 0) return -1;
    npy->ndim++;
    if (take(c, ',')) continue;
    if (npy->ndim == 1) return bad(c, fault, "expected ',' after the first dimension");
    if (!take(c, ')')) return bad(c, fault, "expected ',' or ')' in the shape");
    break;
  }
  return npy->ndim == 0 ? bad(c, fault, "0 dimensions: 1 to 3 are supported") : 0;
}

static int take_descr(struct cursor *c, struct npy *npy, struct fault *fault) {
  char text[16];
  skip_space(c);
  size_t start = c->at;
  if (c->at < c->end && c->file->data[c->at] == '[')
    return bad(c, fault, "structured element type: a plain number type is needed");
  if (take_string(c, text, sizeof text, fault) != 0) return -1;
  int known = strlen(text) == 3 && strchr("<>|=", text[0]) != NULL &&
              strchr("fiub", text[1]) != NULL && strchr("1248", text[2]) != NULL;
  if (!known) {
    c->at = start;
    return fault_set(fault, "%s: byte %zu: element type '%s' is not supported", c->file->name,
                     start, text);
  }
  npy->big_endian = text[0] == '>';
  npy->kind = text[1];
  npy->width = (unsigned)(text[2] - '0');
  return 0;
}

static int take_entry(struct cursor *c, struct npy *npy, unsigned *seen, struct fault *fault) {
  char key[24];
  skip_space(c);
  size_t start = c->at;
  if (take_string(c, key, sizeof key, fault) != 0) return -1;
  unsigned bit = strcmp(key, "descr") == 0           ? 1u
                 : strcmp(key, "fortran_order") == 0 ? 2u
                 : strcmp(key, "shape") == 0         ? 4u
                                                     : 0u;
  if (bit == 0 || (*seen & bit) != 0) {
    c->at = start;
    return bad(c, fault, bit == 0 ? "unknown key" : "repeated key");
  }
  *seen |= bit;
  if (!take(c, ':')) return bad(c, fault, "expected ':'");
  if (bit == 1u) return take_descr(c, npy, fault);
  if (bit == 4u) return take_shape(c, npy, fault);
  if (take_word(c, "True"))
    npy->fortran = 1;
  else if (take_word(c, "False"))
    npy->fortran = 0;
  else
    return bad(c, fault, "expected True or False");
  return 0;
}

static int parse_dictionary(struct cursor *c, struct npy *npy, struct fault *fault) {
  unsigned seen = 0;
  if (!take(c, '{')) return bad(c, fault, "expected '{'");
  while (!take(c, '}')) {
    if (take_entry(c, npy, &seen, fault) != 0) return -1;
    if (take(c, ',')) continue;
    if (!take(c, '}')) return bad(c, fault, "expected ',' or '}'");
    break;
  }
  if (seen != 7u) return bad(c, fault, "descr, fortran_order or shape missing");
  skip_space(c);
  return c->at == c->end ? 0 : bad(c, fault, "text after the closing '}'");
}

/* The data must fill the rest of the file exactly. */
static int check_size(struct npy *npy, const struct bytes *bytes, struct fault *fault) {
  size_t count = 1, available = bytes->size - npy->offset;
  for (unsigned k = 0; k < npy->ndim; k++)
    if (npy->dim[k] == 0) count = 0;
  for (unsigned k = 0; k < npy->ndim && count != 0; k++) {
    if (npy->dim[k] > SIZE_MAX / npy->width / count)
      return fault_set(fault, "%s: byte 10: the shape's product overflows %zu bits", bytes->name,
                       8 * sizeof(size_t));
    count *= npy->dim[k];
  }
  if (count * npy->width > available)
    return fault_set(fault,
                     "%s: truncated: the header promises %zu elements of %u bytes from byte %zu, "
                     "the file ends at byte %zu",
                     bytes->name, count, npy->width, npy->offset, bytes->size);
  if (count * npy->width < available)
    return fault_set(fault, "%s: byte %zu: %zu bytes follow the %zu elements of the header",
                     bytes->name, npy->offset + count * npy->width, available - count * npy->width,
                     count);
  npy->count = count;
  return 0;
}

int npy_is(const struct bytes *bytes) {
  return bytes->size >= sizeof magic && memcmp(bytes->data, magic, sizeof magic) == 0;
}

int npy_header(struct npy *npy, const struct bytes *bytes, struct fault *fault) {
  const unsigned char *b = bytes->data;
  memset(npy, 0, sizeof *npy);
  if (!npy_is(bytes))
    return fault_set(fault, "%s: byte 0: not a .npy file (no \\x93NUMPY)", bytes->name);
  if (bytes->size < 8) return fault_set(fault, "%s: byte 6: truncated .npy header", bytes->name);
  if (b[6] < 1 || b[6] > 3 || b[7] != 0)
    return fault_set(fault, "%s: byte 6: .npy version %u.%u is not supported (1.0, 2.0, 3.0 are)",
                     bytes->name, b[6], b[7]);
  size_t prefix = b[6] == 1 ? 10 : 12;
  if (bytes->size < prefix)
    return fault_set(fault, "%s: byte 8: truncated .npy header", bytes->name);
  size_t length = (size_t)b[8] | (size_t)b[9] << 8;
  if (b[6] != 1) length |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
  if (length > bytes->size - prefix)
    return fault_set(fault, "%s: byte 8: the header claims %zu bytes, the file has %zu after it",
                     bytes->name, length, bytes->size - prefix);
  if (length > 65536)
    return fault_set(fault, "%s: byte 8: a header of %zu bytes is over the limit of 65536",
                     bytes->name, length);
  struct cursor cursor = {.file = bytes, .at = prefix, .end = prefix + length};
  if (parse_dictionary(&cursor, npy, fault) != 0) return -1;
  npy->offset = prefix + length;
  return check_size(npy, bytes, fault);
}

/* Position in the file's order of element k in C order. */
static size_t position(const struct npy *npy, size_t k) {
  if (!npy->fortran || npy->ndim == 1) return k;
  size_t index = 0, rest = k, stride = npy->count;
  for (unsigned d = npy->ndim; d-- > 0;) {
    stride /= npy->dim[d];
    index += (rest % npy->dim[d]) * stride;
    rest /= npy->dim[d];
  }
  return index;
}

uint64_t npy_element(const struct npy *npy, const struct bytes *bytes, size_t k) {
  const unsigned char *from = bytes->data + npy->offset + position(npy, k) * npy->width;
  uint64_t value = 0;
  for (unsigned b = 0; b < npy->width; b++)
    value |= (uint64_t)from[b] << 8 * (npy->big_endian ? npy->width - 1 - b : b);
  return value;
}

size_t npy_compose(char text[NPY_HEADER_MAX], const char *descr, int fortran, unsigned ndim,
                   const size_t dim[3]) {
  char shape[80] = "";
  for (unsigned d = 0; d < ndim; d++) {
    size_t used = strlen(shape);
    (void)snprintf(shape + used, sizeof shape - used, d == 0 ? "%zu," : " %zu,", dim[d]);
  }
  if (ndim > 1) shape[strlen(shape) - 1] = '\0';
  memset(text, ' ', NPY_HEADER_MAX);
  memcpy(text, magic, sizeof magic);
  int length = snprintf(text + 10, NPY_HEADER_MAX - 10,
                        "{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }", descr,
                        fortran ? "True" : "False", shape);
  size_t used = 10 + (size_t)length;
  size_t total = (used + 1 + 63) / 64 * 64;
  memset(text + used, ' ', total - used);
  text[total - 1] = '\n';
  text[6] = 1;
  text[7] = 0;
  text[8] = (char)((total - 10) & 0xff);
  text[9] = (char)((total - 10) >> 8);
  return total;
}
