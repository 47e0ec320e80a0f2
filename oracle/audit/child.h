/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A subject as a child process that may do anything: hang, die, print garbage,
 * flood memory or its output. Every wait has a time limit, every read a size
 * limit, memory a resource limit; the auditor survives and says what happened.
 */
#ifndef AUDIT_CHILD_H
#define AUDIT_CHILD_H

#include <stdint.h>
#include <sys/types.h>

#include "../fault.h"
#include "wire.h"

struct child_limits {
  double start_seconds, call_seconds;
  size_t memory_mib; /* RLIMIT_DATA; 0: none */
};

enum child_event {
  CHILD_ANSWERED,
  CHILD_REFUSED,
  CHILD_HUNG,    /* no complete reply in time */
  CHILD_DIED,    /* end of output, or the process ended */
  CHILD_MEMORY,  /* died with most of the memory limit in use, or out of memory by its own words */
  CHILD_GARBAGE, /* something that is no reply */
  CHILD_EVENTS
};
extern const char *const child_event_names[CHILD_EVENTS];

#define CHILD_TAIL 512
struct child {
  pid_t pid; /* 0: not running */
  int in, out, err;
  struct child_limits limits;
  char tail[CHILD_TAIL]; /* end of its standard error, printable */
  size_t tail_length;
  char hello[WIRE_HELLO_MAX];
  char why[1024]; /* of the last event but CHILD_ANSWERED */
};

/* Starts `command` (by sh; "@SPEC": this program's own `audit --serve SPEC`) and
   reads its hello line into child->hello. 0, or -1 with the fault set. */
int child_start(struct child *child, const char *command, const struct child_limits *limits,
                struct fault *fault);

/* Where a reply goes; room in elements. */
struct child_answer {
  float *out, *echo;
  double params[MMAX_NPARAMS];
  size_t out_expected, echo_expected; /* exact sizes a reply must have */
  size_t params_got;
  int guard_broken;
};

/* logits: rows*stride; mask, upstream: rows*cols or NULL. After anything but
   CHILD_ANSWERED and CHILD_REFUSED the child is stopped. */
enum child_event child_call(struct child *child, const struct wire_request *request,
                            const float *logits, const uint8_t *mask, const float *upstream,
                            struct child_answer *answer);

/* Closes its input, waits a moment, then kills what is left of its process group. */
void child_stop(struct child *child);

#endif
