/* SPDX-License-Identifier: Apache-2.0 */
/* See grads_json.h. */
#include "grads_json.h"

#include "output.h"

const char *const grad_name[MMAX_NPARAMS] = {"c1", "c2", "c3", "c4",    "k1",
                                             "k2", "k3", "k4", "scale", "shift"};

json_t *grads_json(const char *params_text, const double grad[MMAX_NPARAMS]) {
  /* c1 = 1-t_b1, c2 = t_d1-1, c3 = 1-t_b2, c4 = t_d2-1 */
  static const char *const temperature[4] = {"tb1", "td1", "tb2", "td2"};
  json_t *coefficients = json_object(), *temperatures = json_object();
  for (int k = 0; k < MMAX_NPARAMS; k++)
    (void)json_object_set_new(coefficients, grad_name[k], json_number(grad[k]));
  for (int k = 0; k < 4; k++)
    (void)json_object_set_new(temperatures, temperature[k],
                              json_number(k % 2 == 0 ? -grad[k] : grad[k]));
  return json_pack("{s:o, s:o, s:o}", "params", json_text(params_text), "grad", coefficients,
                   "grad_temperatures", temperatures);
}
