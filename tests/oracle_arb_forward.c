/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oracle's sigma, sigma', condition, probabilities, log-probabilities and
 * temperature softmax are the correctly rounded truth by Arb.
 */
#include "oracle_arb.h"

enum { CASES = 8000 };

static void judge_scalar(tally *t, const fmpq_t truth, const exact_scalar *got, const char *what,
                         size_t c) {
  cell cell;
  arb_t ball;
  arb_init(ball);
  arb_set_fmpq(ball, truth, ARB_MAX_BITS);
  cell_float(&cell, got->as_float);
  tally_add(t, judge_rational(&cell, truth), what, (double)got->as_float, c, 0);
  cell_clear(&cell);
  cell_double(&cell, got->as_double);
  tally_add(t, judge_rational(&cell, truth), what, got->as_double, c, 1);
  cell_clear(&cell);
  tally_add(t, judge_value(ball, got->value, -100, -1074), what, got->value.hi, c, 2);
  arb_clear(ball);
}

static void check_modulator(tally *t, balls *b, const mmax_params *params, const float *x,
                            size_t c) {
  double reach = 0, want = 0, upper;
  for (size_t i = 0; i < b->n; i++) {
    if (b->skip[i]) continue;
    exact_scalar s;
    exact_sigma(params, x[i], &s);
    judge_scalar(t, b->at[i].sigma, &s, "sigma", c);
    exact_sigma_derivative(params, x[i], &s);
    judge_scalar(t, b->at[i].slope, &s, "sigma'", c);
    /* the condition is the least double that is no smaller */
    exact_condition(params, x[i], &upper);
    fmpq_t q;
    fmpq_init(q);
    q_set_d(q, upper);
    int ok = fmpq_cmp(q, b->at[i].condition) >= 0;
    q_set_d(q, upper > 0 ? nextafter(upper, 0) : -1.0);
    ok = ok && fmpq_cmp(q, b->at[i].condition) < 0;
    tally_add(t, ok ? AGREES : DISAGREES, "condition", upper, c, i);
    fmpq_clear(q);
    if (upper > want) want = upper;
  }
  exact_condition_row(params, x, b->skip, b->n, INFINITY, &reach);
  tally_add(t, reach == want ? AGREES : DISAGREES, "condition of the row", reach, c, 0);
}

static void truth_log(balls *b, size_t i, slong prec, arb_t out) {
  arb_t z; /* sigma_i - max - log(sum) */
  arb_init(z);
  arb_log(out, b->sum, prec);
  arb_set_fmpq(z, b->below_top[i], prec);
  arb_sub(out, z, out, prec);
  arb_clear(z);
}

/* Probabilities (logs = 0) or logarithms of a loaded row. */
static void check_row(tally *t, balls *b, int logs, const float *got, const exact_value *values,
                      const char *what, size_t c) {
  size_t left = 0;
  int done[MAX_COLS];
  for (size_t i = 0; i < b->n; i++) {
    done[i] = b->skip[i];
    if (b->skip[i])
      tally_add(t, got[i] == (logs ? -INFINITY : 0.0f) ? AGREES : DISAGREES, what, (double)got[i], c, i);
    else
      left++;
  }
  arb_t ball;
  arb_init(ball);
  for (slong prec = 128; prec <= ARB_MAX_BITS && left > 0; prec *= 2) {
    balls_weigh(b, prec);
    for (size_t i = 0; i < b->n; i++) {
      if (done[i]) continue;
      if (logs)
        truth_log(b, i, prec, ball);
      else
        arb_set(ball, b->p[i]);
      cell cell;
      cell_float(&cell, got[i]);
      /* log p_i < sigma_i - max whenever another entry has weight */
      int side = logs && b->unmasked > 1 ? -1 : 0;
      verdict v = judge(&cell, ball, side, b->below_top[i]);
      verdict w = judge_value(ball, values[i], -60, -220);
      cell_clear(&cell);
      if ((v == UNKNOWN || w == UNKNOWN) && 2 * prec <= ARB_MAX_BITS) continue;
      tally_add(t, last_verdict(v, ball), what, (double)got[i], c, i);
      tally_add(t, w == AGREES ? AGREES : DISAGREES, "value", values[i].hi, c, i);
      done[i] = 1;
      left--;
    }
  }
  arb_clear(ball);
}

int main(int argc, char **argv) {
  static balls b;
  static float x[MAX_COLS], g[MAX_COLS], out[MAX_COLS];
  static uint8_t mask[MAX_COLS];
  static exact_value values[MAX_COLS];
  mmax_params layers[18];
  uint64_t state = 20240501;
  tally t = {0};
  size_t undecided = 0;
  choose_mutation(argc, argv);
  if (learned_layers(layers) != 18) return 1;
  balls_init(&b);
  for (size_t c = 0; c < CASES; c++) {
    mmax_params params = random_params(&state, layers);
    size_t n = random_row(&state, x, g, mask);
    double beta = c % 4 == 0 ? (double)any_finite(&state) : random_normal(&state);
    const mmax_rows in = {x, mask, 1, n, n, n};
    if (!balls_load(&b, &params, NULL, x, mask, n)) continue;
    check_modulator(&t, &b, &params, x, c);
    undecided += exact_forward(&params, &in, out, values, n, NULL, NULL) != EXACT_OK;
    check_row(&t, &b, 0, out, values, "probability", c);
    undecided += exact_log_forward(&params, &in, out, values, n, NULL, NULL) != EXACT_OK;
    check_row(&t, &b, 1, out, values, "logarithm", c);
    balls_load(&b, &params, &beta, x, mask, n);
    undecided += exact_temperature(beta, &in, out, values, n, NULL, NULL) != EXACT_OK;
    check_row(&t, &b, 0, out, values, "temperature softmax", c);
  }
  balls_clear(&b);
  flint_cleanup();
  int ok = t.disagreements == 0 && undecided == 0;
  printf("%s oracle_arb_forward cases=%d checks=%zu disagreements=%zu near_ties=%zu undecided=%zu\n",
         ok ? "PASS" : "FAIL", CASES, t.checked, t.disagreements, t.near_ties, undecided);
  return !ok;
}
