/* SPDX-License-Identifier: Apache-2.0 */
/* See serve.h. Outputs stand between two guard zones, checked after every call. */
#include "serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD = 64 }; /* floats on each side */
static const uint32_t guard_bits = 0x7fb5a5a5; /* a signalling NaN nobody computes */

static void guard_set(float *zone) {
  for (int k = 0; k < GUARD; k++) memcpy(zone + k, &guard_bits, sizeof guard_bits);
}

static int guard_whole(const float *zone) {
  for (int k = 0; k < GUARD; k++)
    if (memcmp(zone + k, &guard_bits, sizeof guard_bits) != 0) return 0;
  return 1;
}

/* count floats between guards; NULL if there is no memory. */
static float *guarded(size_t count) {
  float *zone = malloc((count + 2 * GUARD) * sizeof(float));
  if (zone == NULL) return NULL;
  guard_set(zone);
  guard_set(zone + GUARD + count);
  return zone + GUARD;
}

static int guards_whole(const float *data, size_t count) {
  return guard_whole(data - GUARD) && guard_whole(data + count);
}

static void unguard(float *data) {
  if (data != NULL) free(data - GUARD);
}

static int read_all(void *to, size_t bytes) {
  return bytes == 0 || fread(to, 1, bytes, stdin) == bytes ? 0 : -1;
}

static int write_reply(const struct serve_call *call, const struct wire_reply *reply) {
  char line[WIRE_LINE_MAX];
  size_t length = wire_compose_reply(line, reply);
  if (fwrite(line, 1, length, stdout) != length) return -1;
  if (!reply->refused) {
    if (fwrite(call->out, sizeof(float), reply->out, stdout) != reply->out) return -1;
    if (fwrite(call->logits, sizeof(float), reply->echo, stdout) != reply->echo) return -1;
    if (fwrite(call->grad_params, sizeof(double), reply->params, stdout) != reply->params)
      return -1;
  }
  return fflush(stdout) == 0 ? 0 : -1;
}

static int one_call(const struct serve_subject *subject, struct serve_call *call) {
  const struct wire_request *r = &call->request;
  size_t cells = r->rows * r->cols, read = r->rows * r->stride;
  uint8_t *mask = malloc(cells + 1);
  float *upstream = malloc((cells + 1) * sizeof(float)), *logits = guarded(read);
  float *out = r->in_place ? logits : guarded(cells);
  int result = -1;
  if (mask == NULL || upstream == NULL || logits == NULL || out == NULL) {
    (void)fprintf(stderr, "out of memory for %zu numbers\n", cells);
  } else if (read_all(logits, read * sizeof(float)) == 0 &&
             read_all(mask, r->has_mask ? cells : 0) == 0 &&
             read_all(upstream, r->op == WIRE_BACKWARD ? cells * sizeof(float) : 0) == 0) {
    call->logits = logits;
    call->mask = r->has_mask ? mask : NULL;
    call->upstream = r->op == WIRE_BACKWARD ? upstream : NULL;
    call->out = out;
    struct wire_reply reply = {.id = r->id, .refused = subject->call(subject->context, call) != 0};
    reply.out = cells;
    reply.echo = r->echo ? read : 0;
    reply.params = call->grad_params_count;
    reply.guard_broken = !guards_whole(logits, read) || (out != logits && !guards_whole(out, cells));
    (void)snprintf(reply.reason, sizeof reply.reason, "%s", call->reason);
    result = write_reply(call, &reply);
  }
  if (out != logits) unguard(out);
  unguard(logits);
  free(upstream);
  free(mask);
  return result;
}

int serve_loop(const struct serve_subject *subject) {
  char line[WIRE_LINE_MAX];
  if (fgets(line, sizeof line, stdin) == NULL || strcmp(line, WIRE_HELLO) != 0) {
    (void)fprintf(stderr, "this program speaks the multimax audit protocol; see "
                          "specs/audit-protocol.md\n");
    return 1;
  }
  (void)printf("%s\n", subject->hello);
  (void)fflush(stdout);
  while (fgets(line, sizeof line, stdin) != NULL && strcmp(line, "bye\n") != 0) {
    struct serve_call call;
    memset(&call, 0, sizeof call);
    line[strcspn(line, "\n")] = '\0';
    if (wire_parse_request(&call.request, line) != 0) {
      (void)fprintf(stderr, "malformed request: %.100s\n", line);
      return 1;
    }
    if (one_call(subject, &call) != 0) return 1;
  }
  return 0;
}
