/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of the audit protocol (specs/audit-protocol.md), shared by the
 * auditor and by subjects written in C. Payloads are little-endian.
 */
#ifndef AUDIT_WIRE_H
#define AUDIT_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "multimax.h"

#define WIRE_VERSION 1
#define WIRE_LINE_MAX 2048    /* a request's or a reply's header with its newline */
#define WIRE_HELLO_MAX 65536  /* the subject's description of itself */
#define WIRE_HELLO "multimax-audit 1\n"

enum wire_op { WIRE_FORWARD, WIRE_LOG, WIRE_BACKWARD, WIRE_OPS };
extern const char *const wire_op_names[WIRE_OPS];

struct wire_request {
  uint64_t id;
  enum wire_op op;
  size_t rows, cols, stride;
  int has_mask, in_place, echo;
  unsigned threads;
  mmax_params params;
};

struct wire_reply {
  uint64_t id;
  int refused, guard_broken;
  size_t out, echo; /* float32 */
  size_t params;    /* float64 */
  char reason[256]; /* of a refusal */
};

/* Bytes that follow the request's line. */
size_t wire_payload_bytes(const struct wire_request *request);

/* Length of the line written into text. */
size_t wire_compose_request(char text[WIRE_LINE_MAX], const struct wire_request *request);
/* line: without newline, NUL-terminated. 0, or -1: not a request. */
int wire_parse_request(struct wire_request *request, const char *line);

size_t wire_compose_reply(char text[WIRE_LINE_MAX], const struct wire_reply *reply);
int wire_parse_reply(struct wire_reply *reply, const char *line);

#endif
