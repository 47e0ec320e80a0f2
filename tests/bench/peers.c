/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain softmax of oneDNN and XNNPACK behind three C functions each, for
 * bench.py: open for a shape, run, no close (a bench process ends soon). NULL
 * or non-zero: failed.
 */
#include <dnnl.h>
#include <stdlib.h>
#include <xnnpack.h>

typedef struct onednn_softmax {
  dnnl_primitive_t primitive;
  dnnl_stream_t stream;
  dnnl_exec_arg_t args[2];
} onednn_softmax;

void *onednn_open(size_t rows, size_t cols, float *x, float *y) {
  onednn_softmax *s = calloc(1, sizeof *s);
  dnnl_engine_t engine;
  dnnl_memory_desc_t md;
  dnnl_softmax_desc_t desc;
  dnnl_primitive_desc_t pd;
  const dnnl_dims_t dims = {(dnnl_dim_t)rows, (dnnl_dim_t)cols};
  if (s == NULL || dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success ||
      dnnl_stream_create(&s->stream, engine, dnnl_stream_default_flags) != dnnl_success ||
      dnnl_memory_desc_init_by_tag(&md, 2, dims, dnnl_f32, dnnl_ab) != dnnl_success ||
      dnnl_softmax_forward_desc_init(&desc, dnnl_forward_inference, &md, 1) != dnnl_success ||
      dnnl_primitive_desc_create(&pd, &desc, NULL, engine, NULL) != dnnl_success ||
      dnnl_primitive_create(&s->primitive, pd) != dnnl_success)
    return NULL;
  s->args[0].arg = DNNL_ARG_SRC;
  s->args[1].arg = DNNL_ARG_DST;
  if (dnnl_memory_create(&s->args[0].memory, &md, engine, x) != dnnl_success ||
      dnnl_memory_create(&s->args[1].memory, &md, engine, y) != dnnl_success)
    return NULL;
  return s;
}

int onednn_run(void *handle) {
  onednn_softmax *s = handle;
  if (dnnl_primitive_execute(s->primitive, s->stream, 2, s->args) != dnnl_success) return 1;
  return dnnl_stream_wait(s->stream) != dnnl_success;
}

const char *onednn_version(void) {
  static char text[32];
  const dnnl_version_t *v = dnnl_version();
  int at = 0;
  int part[3] = {v->major, v->minor, v->patch};
  for (int i = 0; i < 3; i++) {
    if (i) text[at++] = '.';
    if (part[i] > 9) text[at++] = (char)('0' + part[i] / 10 % 10);
    text[at++] = (char)('0' + part[i] % 10);
  }
  return text;
}

void *xnnpack_open(size_t rows, size_t cols, float *x, float *y) {
  xnn_operator_t op;
  if (xnn_initialize(NULL) != xnn_status_success ||
      xnn_create_softmax_nc_f32(cols, cols, cols, 0, &op) != xnn_status_success ||
      xnn_setup_softmax_nc_f32(op, rows, x, y, NULL) != xnn_status_success)
    return NULL;
  return op;
}

int xnnpack_run(void *handle) {
  return xnn_run_operator((xnn_operator_t)handle, NULL) != xnn_status_success;
}
