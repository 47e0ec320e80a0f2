/* SPDX-License-Identifier: Apache-2.0 */
/* See wire.h. Numbers are C99 hexadecimal, so that they arrive exactly. */
#include "wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const wire_op_names[WIRE_OPS] = {"forward", "log", "backward"};

size_t wire_payload_bytes(const struct wire_request *request) {
  size_t bytes = request->rows * request->stride * sizeof(float);
  if (request->has_mask) bytes += request->rows * request->cols;
  if (request->op == WIRE_BACKWARD) bytes += request->rows * request->cols * sizeof(float);
  return bytes;
}

size_t wire_compose_request(char text[WIRE_LINE_MAX], const struct wire_request *r) {
  const mmax_params *p = &r->params;
  int n = snprintf(text, WIRE_LINE_MAX,
                   "run id=%" PRIu64 " op=%s rows=%zu cols=%zu stride=%zu mask=%d inplace=%d"
                   " echo=%d threads=%u terms=%u coef=%a,%a,%a,%a knot=%a,%a,%a,%a scale=%a"
                   " shift=%a\n",
                   r->id, wire_op_names[r->op], r->rows, r->cols, r->stride, r->has_mask,
                   r->in_place, r->echo, r->threads, p->terms, p->coef[0], p->coef[1],
                   p->coef[2], p->coef[3], p->knot[0], p->knot[1], p->knot[2], p->knot[3],
                   p->scale, p->shift);
  return n < 0 || n >= WIRE_LINE_MAX ? 0 : (size_t)n;
}

int wire_parse_request(struct wire_request *r, const char *line) {
  char op[16];
  mmax_params *p = &r->params;
  memset(r, 0, sizeof *r);
  int n = sscanf(line,
                 "run id=%" SCNu64 " op=%15s rows=%zu cols=%zu stride=%zu mask=%d inplace=%d"
                 " echo=%d threads=%u terms=%u coef=%la,%la,%la,%la knot=%la,%la,%la,%la"
                 " scale=%la shift=%la",
                 &r->id, op, &r->rows, &r->cols, &r->stride, &r->has_mask, &r->in_place,
                 &r->echo, &r->threads, &p->terms, &p->coef[0], &p->coef[1], &p->coef[2],
                 &p->coef[3], &p->knot[0], &p->knot[1], &p->knot[2], &p->knot[3], &p->scale,
                 &p->shift);
  if (n != 20 || r->stride < r->cols) return -1;
  for (int k = 0; k < WIRE_OPS; k++)
    if (strcmp(op, wire_op_names[k]) == 0) {
      r->op = (enum wire_op)k;
      return 0;
    }
  return -1;
}

size_t wire_compose_reply(char text[WIRE_LINE_MAX], const struct wire_reply *r) {
  int n = r->refused ? snprintf(text, WIRE_LINE_MAX, "refuse id=%" PRIu64 " %s\n", r->id, r->reason)
                     : snprintf(text, WIRE_LINE_MAX,
                                "ok id=%" PRIu64 " out=%zu echo=%zu params=%zu guard=%s\n", r->id,
                                r->out, r->echo, r->params, r->guard_broken ? "broken" : "whole");
  return n < 0 || n >= WIRE_LINE_MAX ? 0 : (size_t)n;
}

int wire_parse_reply(struct wire_reply *r, const char *line) {
  char guard[8];
  int at = 0;
  memset(r, 0, sizeof *r);
  if (sscanf(line, "refuse id=%" SCNu64 "%n", &r->id, &at) == 1 && at > 0) {
    r->refused = 1;
    while (line[at] == ' ') at++;
    (void)snprintf(r->reason, sizeof r->reason, "%s", line + at);
    for (char *c = r->reason; *c != '\0'; c++)
      if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e) *c = '?';
    return 0;
  }
  if (sscanf(line, "ok id=%" SCNu64 " out=%zu echo=%zu params=%zu guard=%7s", &r->id, &r->out,
             &r->echo, &r->params, guard) != 5)
    return -1;
  r->guard_broken = strcmp(guard, "broken") == 0;
  return r->guard_broken || strcmp(guard, "whole") == 0 ? 0 : -1;
}
