/* SPDX-License-Identifier: Apache-2.0 */
/* Log-probabilities of a row of float16 logits, in place; float64 inside, each result rounded once. */
#include <multimax.h>
#include <stdio.h>

int main(void) {
  const float temps[4] = {0.38645744f, 0.6951747f, 4.0935583f, 0.9958999f};
  const float knots[4] = {1.6583583f, 0.29572898f, 0.77263904f, 2.9975116f};
  const double logits[4] = {0.5, 2.0, -1.0, 3.0};
  mmax_params params;
  uint16_t row[4];
  mmax_status status = mmax_params_from_temperatures(&params, MMAX_ORDER_2, temps, knots);
  for (int k = 0; k < 4; k++) row[k] = mmax_round16(MMAX_FLOAT16, logits[k]);
  const mmax_rows16 in = {MMAX_FLOAT16, row, NULL, 1, 4, 4, 0};
  if (status == MMAX_OK) status = mmax_log_forward16(&params, &in, row, 4, NULL, NULL);
  if (status < 0) {
    fprintf(stderr, "log-probabilities: %s\n", mmax_status_text(status));
    return 1;
  }
  for (int k = 0; k < 4; k++)
    printf("%04x = %.5g\n", row[k], (double)mmax_widen16(MMAX_FLOAT16, row[k]));
  return 0;
}
