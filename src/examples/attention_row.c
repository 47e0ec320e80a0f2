/* SPDX-License-Identifier: Apache-2.0 */
/* Probabilities of two attention rows with a padding mask, DeiT-small layer 11. */
#include <multimax.h>
#include <stdio.h>

int main(void) {
  const float temps[4] = {0.38645744f, 0.6951747f, 4.0935583f, 0.9958999f};
  const float knots[4] = {1.6583583f, 0.29572898f, 0.77263904f, 2.9975116f};
  mmax_params params;
  mmax_status status = mmax_params_from_temperatures(&params, MMAX_ORDER_2, temps, knots);
  if (status != MMAX_OK) {
    fprintf(stderr, "parameters: %s\n", mmax_status_text(status));
    return 1;
  }
  const float logits[2][4] = {{0.5f, 2.0f, -1.0f, 3.0f}, {1.0f, 1.0f, 0.0f, -4.0f}};
  const unsigned char padding[4] = {0, 0, 0, 1}; /* the last key is padding, in both rows */
  const mmax_rows in = {&logits[0][0], padding, 2, 4, 4, 0};
  float probs[2][4];
  mmax_report report;
  status = mmax_forward(&params, &in, &probs[0][0], 4, NULL, &report);
  if (status < 0) {
    fprintf(stderr, "forward: %s\n", mmax_status_text(status));
    return 1;
  }
  for (int r = 0; r < 2; r++)
    printf("%.9g %.9g %.9g %.9g\n", (double)probs[r][0], (double)probs[r][1],
           (double)probs[r][2], (double)probs[r][3]);
  return 0;
}
