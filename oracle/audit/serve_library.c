/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A function of a shared library as a subject: library:PATH:SYMBOL:ARGUMENTS.
 * ARGUMENTS is a comma-separated list, in the order of the C prototype:
 *
 *   x      const float *, one row (or all, if `rows` is among the arguments)
 *   y      float *, the probabilities       xy     float *, in place
 *   rows, cols            size_t            rows:int, cols:int    int
 *   ts, ranges            const float[4], the authors' parameters
 *
 * The function's result is ignored. libffi makes the call.
 */
#include <dlfcn.h>
#include <ffi.h>
#include <stdio.h>
#include <string.h>

#include "../fault.h"
#include "serve.h"

enum argument { ARG_X, ARG_Y, ARG_XY, ARG_ROWS, ARG_COLS, ARG_ROWS_INT, ARG_COLS_INT, ARG_TS, ARG_RANGES, ARGS };
static const char *const argument_names[ARGS] = {"x",        "y",        "xy", "rows",  "cols",
                                                 "rows:int", "cols:int", "ts", "ranges"};
enum { MAX_ARGUMENTS = 9 };

struct library {
  void (*function)(void);
  enum argument arguments[MAX_ARGUMENTS];
  unsigned count;
  int whole; /* takes all rows at once */
  int modulated;
  ffi_cif cif;
  ffi_type *types[MAX_ARGUMENTS];
};

static void call_once(struct library *lib, const mmax_params *params, float *x, float *y,
                      size_t rows, size_t cols) {
  void *values[MAX_ARGUMENTS];
  int rows_int = (int)rows, cols_int = (int)cols;
  float ts[4], ranges[4], *ts_at = ts, *ranges_at = ranges;
  for (int j = 0; j < 4; j++) {
    ts[j] = (float)params->coef[j];
    ranges[j] = (float)params->knot[j];
  }
  for (unsigned k = 0; k < lib->count; k++) switch (lib->arguments[k]) {
    case ARG_X: values[k] = &x; break;
    case ARG_Y:
    case ARG_XY: values[k] = &y; break;
    case ARG_ROWS: values[k] = &rows; break;
    case ARG_COLS: values[k] = &cols; break;
    case ARG_ROWS_INT: values[k] = &rows_int; break;
    case ARG_COLS_INT: values[k] = &cols_int; break;
    case ARG_TS: values[k] = &ts_at; break;
    default: values[k] = &ranges_at; break;
    }
  ffi_call(&lib->cif, lib->function, NULL, values);
}

static int library(void *context, struct serve_call *call) {
  struct library *lib = context;
  const struct wire_request *r = &call->request;
  int in_place_only = 0;
  for (unsigned k = 0; k < lib->count; k++) in_place_only |= lib->arguments[k] == ARG_XY;
  if (r->op != WIRE_FORWARD || call->mask != NULL || r->stride != r->cols) {
    (void)snprintf(call->reason, sizeof call->reason, "forward of dense unmasked rows only");
    return -1;
  }
  if (in_place_only) memmove(call->out, call->logits, r->rows * r->cols * sizeof(float));
  size_t step = lib->whole ? r->rows : 1;
  for (size_t row = 0; row < r->rows; row += step)
    call_once(lib, &r->params, call->logits + row * r->cols, call->out + row * r->cols, step,
              r->cols);
  return 0;
}

static int parse_arguments(struct library *lib, char *text) {
  for (char *name = strtok(text, ","); name != NULL; name = strtok(NULL, ",")) {
    int k = 0;
    while (k < ARGS && strcmp(name, argument_names[k]) != 0) k++;
    if (k == ARGS || lib->count == MAX_ARGUMENTS) {
      (void)fprintf(stderr, "argument '%s' is none of x, y, xy, rows, cols, rows:int, cols:int, "
                            "ts, ranges, or there are more than %d\n", name, MAX_ARGUMENTS);
      return -1;
    }
    lib->whole |= k == ARG_ROWS || k == ARG_ROWS_INT;
    lib->modulated |= k == ARG_TS;
    lib->types[lib->count] = k == ARG_ROWS || k == ARG_COLS
                                 ? (sizeof(size_t) == 8 ? &ffi_type_uint64 : &ffi_type_uint32)
                             : k == ARG_ROWS_INT || k == ARG_COLS_INT ? &ffi_type_sint
                                                                      : &ffi_type_pointer;
    lib->arguments[lib->count++] = (enum argument)k;
  }
  return ffi_prep_cif(&lib->cif, FFI_DEFAULT_ABI, lib->count, &ffi_type_void, lib->types) == FFI_OK
             ? 0
             : -1;
}

int serve_library(const char *specification) {
  char text[2048], hello[512];
  struct library lib;
  memset(&lib, 0, sizeof lib);
  (void)snprintf(text, sizeof text, "%s", specification);
  char *symbol = strchr(text, ':'), *arguments = symbol == NULL ? NULL : strchr(symbol + 1, ':');
  if (arguments == NULL || strlen(specification) >= sizeof text) {
    (void)fprintf(stderr, "library: want PATH:SYMBOL:ARGUMENTS, e.g. ./libx.so:softmax:x,y,cols\n");
    return EXIT_INPUT;
  }
  *symbol++ = '\0';
  *arguments++ = '\0';
  if (parse_arguments(&lib, arguments) != 0) return EXIT_INPUT;
  void *handle = dlopen(text, RTLD_NOW | RTLD_LOCAL);
  void *address = handle == NULL ? NULL : dlsym(handle, symbol);
  if (address == NULL) {
    (void)fprintf(stderr, "%s\n", dlerror());
    return EXIT_INPUT;
  }
  memcpy(&lib.function, &address, sizeof address);
  for (char *c = symbol; *c != '\0'; c++)
    if (*c == '"' || *c == '\\') *c = '?';
  (void)snprintf(hello, sizeof hello,
                 "{\"protocol\": 1, \"name\": \"%.200s of a shared library\", \"formula\": \"%s\", "
                 "\"ops\": [\"forward\"], \"features\": [\"inplace\", \"echo\"]}",
                 symbol, lib.modulated ? "multimax" : "softmax");
  struct serve_subject subject = {hello, library, &lib};
  return serve_loop(&subject);
}
