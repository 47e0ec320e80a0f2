/* SPDX-License-Identifier: Apache-2.0 */
/* Parameter gradients as JSON, in the coefficients and in the paper's temperatures. */
#ifndef MULTIMAX_GRADS_JSON_H
#define MULTIMAX_GRADS_JSON_H

#include <jansson.h>

#include "multimax.h"

/* "c1".."c4", "k1".."k4", "scale", "shift": the order of MMAX_NPARAMS. */
extern const char *const grad_name[MMAX_NPARAMS];

json_t *grads_json(const char *params_text, const double grad[MMAX_NPARAMS]);

#endif
