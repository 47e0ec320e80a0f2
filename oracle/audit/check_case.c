/* SPDX-License-Identifier: Apache-2.0 */
/* One case from its first request to its last verdict. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "session.h"

static void unsupported(struct session *s, const struct audit_case *c, size_t case_index, const char *what) {
  struct observation o = {.severity = SEVERITY_INFO, .measure = 1, .case_index = case_index};
  (void)snprintf(o.message, sizeof o.message, "not offered: %s", what);
  verdicts_record(s->verdicts, PROP_SUPPORTED, c->group, &o);
}

void check_case(struct session *s, const struct audit_case *c, size_t case_index, uint64_t *hash) {
  unsigned flags = s->suite->groups[c->group].flags;
  *hash = HASH_START;
  if ((s->facts.ops >> c->op & 1u) == 0) {
    unsupported(s, c, case_index, wire_op_names[c->op]);
    return;
  }
  if (c->mask != NULL && (s->facts.features & FEATURE_MASK) == 0) {
    unsupported(s, c, case_index, "mask");
    return;
  }
  struct variant base = {0, 0, (flags & FLAG_ECHO) != 0, 1};
  float *out = audit_alloc(c->rows * c->cols, sizeof *out);
  double grad_params[MMAX_NPARAMS];
  size_t grad_params_count = 0;
  if (session_call(s, c, case_index, &base, c->logits, c->mask, c->upstream, c->rows, out, grad_params,
                   &grad_params_count) == 0) {
    *hash = hash_floats(*hash, out, c->rows * c->cols);
    if (c->op == WIRE_BACKWARD)
      check_gradient(s, c, case_index, out, grad_params, grad_params_count);
    else
      check_rows(s, c, case_index, out);
    check_relations(s, c, case_index, out);
  }
  free(out);
}
