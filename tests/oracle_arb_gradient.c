/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oracle's gradients of logits and parameters, of forward and of
 * cross-entropy, and its losses are the correctly rounded truth by Arb:
 * sum_k p_i p_k (g_i - g_k), w (p_i - q_i), sum_k q_k log(1/p_k); rows whose
 * unmasked sigma are all equal in rationals.
 */
#include "oracle_arb.h"

enum { CASES = 4000, MAX_ROWS = 3 };

typedef struct problem {
  size_t rows, cols;
  int loss; /* cross-entropy, else backward */
  float x[MAX_ROWS * MAX_COLS], g[MAX_ROWS * MAX_COLS], w[MAX_ROWS];
  uint8_t mask[MAX_ROWS * MAX_COLS];
  int32_t target[MAX_ROWS];
  float smoothing;
  balls row[MAX_ROWS];
  int present[MAX_ROWS]; /* has unmasked entries */
} problem;

static fmpq_t q_share, q_t; /* scratch */

/* q_i = (1-a) [i = target] + a/n */
static void share(const problem *p, size_t r, size_t i, fmpq_t q) {
  q_set_d(q, (double)p->smoothing);
  if ((int32_t)i == p->target[r]) {
    fmpq_t rest;
    fmpq_init(rest);
    fmpq_one(rest);
    fmpq_sub(rest, rest, q);
    fmpq_div_fmpz(q, q, (fmpz[]){(fmpz)p->row[r].unmasked});
    fmpq_add(q, q, rest);
    fmpq_clear(rest);
  } else {
    fmpq_div_fmpz(q, q, (fmpz[]){(fmpz)p->row[r].unmasked});
  }
}

static void grad_sigma_rational(const problem *p, size_t r, size_t i, fmpq_t out) {
  const balls *b = &p->row[r];
  fmpz n = (fmpz)b->unmasked;
  if (p->loss) {
    share(p, r, i, q_share);
    fmpq_set_si(out, 1, b->unmasked);
    fmpq_sub(out, out, q_share);
    q_set_d(q_t, (double)p->w[r]);
    fmpq_mul(out, out, q_t);
    return;
  }
  fmpq_zero(out);
  for (size_t k = 0; k < b->n; k++) {
    if (b->skip[k]) continue;
    q_set_d(q_t, (double)p->g[r * p->cols + i]);
    fmpq_add(out, out, q_t);
    q_set_d(q_t, (double)p->g[r * p->cols + k]);
    fmpq_sub(out, out, q_t);
  }
  fmpq_div_fmpz(out, out, &n);
  fmpq_div_fmpz(out, out, &n);
}

static void grad_sigma(const problem *p, size_t r, size_t i, slong prec, arb_t out) {
  const balls *b = &p->row[r];
  arb_t t;
  arb_init(t);
  if (p->loss) {
    share(p, r, i, q_share);
    arb_set_fmpq(t, q_share, prec);
    arb_sub(out, b->p[i], t, prec);
    arb_set_d(t, (double)p->w[r]);
    arb_mul(out, out, t, prec);
  } else {
    arb_t u;
    arb_init(u);
    arb_zero(out);
    for (size_t k = 0; k < b->n; k++) {
      if (b->skip[k]) continue;
      arb_set_d(t, (double)p->g[r * p->cols + i]);
      arb_set_d(u, (double)p->g[r * p->cols + k]);
      arb_sub(t, t, u, ARF_PREC_EXACT);
      arb_mul(t, t, b->p[k], prec);
      arb_add(out, out, t, prec);
    }
    arb_mul(out, out, b->p[i], prec);
    arb_clear(u);
  }
  arb_clear(t);
}

static void check_logits(tally *t, problem *p, const float *got, const exact_value *values,
                         size_t c) {
  arb_t ball, slope;
  fmpq_t q;
  arb_init(ball), arb_init(slope), fmpq_init(q);
  for (size_t r = 0; r < p->rows; r++) {
    balls *b = &p->row[r];
    int done[MAX_COLS];
    for (size_t i = 0; i < p->cols; i++) {
      done[i] = !p->present[r] || b->skip[i];
      if (done[i])
        tally_add(t, got[r * p->cols + i] == 0.0f ? AGREES : DISAGREES, "masked gradient",
                  (double)got[r * p->cols + i], c, i);
    }
    for (slong prec = 128; prec <= ARB_MAX_BITS && p->present[r]; prec *= 2) {
      int weighed = 0;
      for (size_t i = 0; i < p->cols; i++) {
        if (done[i]) continue;
        if (!weighed++) balls_weigh(b, prec);
        cell cell;
        verdict v;
        cell_float(&cell, got[r * p->cols + i]);
        if (b->uniform) {
          grad_sigma_rational(p, r, i, q);
          fmpq_mul(q, q, b->at[i].slope);
          v = judge_rational(&cell, q);
          arb_set_fmpq(ball, q, prec);
        } else {
          grad_sigma(p, r, i, prec, ball);
          arb_set_fmpq(slope, b->at[i].slope, prec);
          arb_mul(ball, ball, slope, prec);
          v = judge(&cell, ball, 0, NULL);
        }
        verdict w = judge_value(ball, values[r * p->cols + i], -60, -220);
        cell_clear(&cell);
        if ((v == UNKNOWN || w == UNKNOWN) && 2 * prec <= ARB_MAX_BITS) continue;
        tally_add(t, last_verdict(v, ball), p->loss ? "gradient of the loss" : "gradient",
                  (double)got[r * p->cols + i], c, r * p->cols + i);
        tally_add(t, w == AGREES ? AGREES : DISAGREES, "value", values[r * p->cols + i].hi, c, r * p->cols + i);
        done[i] = 1;
      }
    }
  }
  arb_clear(ball), arb_clear(slope), fmpq_clear(q);
}

/* Parameter j's gradient at this precision; 1 if it is q exactly. */
static int parameter(problem *p, int j, slong prec, arb_t sum, fmpq_t q) {
  arb_t ball, weight;
  fmpq_t term;
  int rational = 1;
  arb_init(ball), arb_init(weight), fmpq_init(term);
  arb_zero(sum);
  fmpq_zero(q);
  for (size_t r = 0; r < p->rows; r++) {
    balls *b = &p->row[r];
    if (!p->present[r]) continue;
    for (size_t i = 0; i < p->cols; i++) {
      if (b->skip[i] || fmpq_is_zero(b->at[i].weight[j])) continue;
      if (b->uniform) {
        grad_sigma_rational(p, r, i, term);
        fmpq_mul(term, term, b->at[i].weight[j]);
        fmpq_add(q, q, term);
        continue;
      }
      rational = 0;
      grad_sigma(p, r, i, prec, ball);
      arb_set_fmpq(weight, b->at[i].weight[j], prec);
      arb_addmul(sum, ball, weight, prec);
    }
  }
  arb_set_fmpq(ball, q, prec);
  arb_add(sum, sum, ball, prec);
  arb_clear(ball), arb_clear(weight), fmpq_clear(term);
  return rational;
}

static void check_parameters(tally *t, problem *p, const exact_grads *got, size_t c) {
  arb_t ball;
  fmpq_t q;
  int done[MMAX_NPARAMS] = {0};
  arb_init(ball), fmpq_init(q);
  for (slong prec = 256; prec <= ARB_MAX_BITS; prec *= 2) {
    for (size_t r = 0; r < p->rows; r++)
      if (p->present[r]) balls_weigh(&p->row[r], prec);
    int left = 0;
    for (int j = 0; j < MMAX_NPARAMS; j++) {
      if (done[j]) continue;
      cell cell;
      cell_double(&cell, got->rounded[j]);
      int rational = parameter(p, j, prec, ball, q);
      verdict v = rational ? judge_rational(&cell, q) : judge(&cell, ball, 0, NULL);
      verdict w = judge_value(ball, got->value[j], -100, -1074);
      cell_clear(&cell);
      if ((v == UNKNOWN || w == UNKNOWN) && 2 * prec <= ARB_MAX_BITS) {
        left++;
        continue;
      }
      tally_add(t, last_verdict(v, ball), "parameter gradient", got->rounded[j], c, (size_t)j);
      tally_add(t, w == AGREES ? AGREES : DISAGREES, "parameter value", got->value[j].hi, c, (size_t)j);
      done[j] = 1;
    }
    if (left == 0) break;
  }
  arb_clear(ball), fmpq_clear(q);
}

static void check_loss(tally *t, problem *p, const float *got, const exact_value *values, size_t c) {
  arb_t ball, u;
  fmpq_t linear, q;
  arb_init(ball), arb_init(u), fmpq_init(linear), fmpq_init(q);
  for (size_t r = 0; r < p->rows; r++) {
    balls *b = &p->row[r];
    int masked = p->present[r] && b->skip[p->target[r]];
    if (!p->present[r] || masked) {
      tally_add(t, got[r] == (masked ? INFINITY : 0.0f) ? AGREES : DISAGREES, "masked loss",
                (double)got[r], c, r);
      continue;
    }
    fmpq_zero(linear); /* sum q_k (max - sigma_k) */
    for (size_t i = 0; i < p->cols; i++) {
      if (b->skip[i]) continue;
      share(p, r, i, q);
      fmpq_mul(q, q, b->below_top[i]);
      fmpq_sub(linear, linear, q);
    }
    for (slong prec = 128; prec <= ARB_MAX_BITS; prec *= 2) {
      balls_weigh(b, prec);
      arb_log(ball, b->sum, prec);
      arb_set_fmpq(u, linear, prec);
      arb_add(ball, ball, u, prec);
      cell cell;
      cell_float(&cell, got[r]);
      verdict v = judge(&cell, ball, b->unmasked > 1 ? 1 : 0, linear);
      verdict w = judge_value(ball, values[r], -60, -220);
      cell_clear(&cell);
      if ((v == UNKNOWN || w == UNKNOWN) && 2 * prec <= ARB_MAX_BITS) continue;
      tally_add(t, last_verdict(v, ball), "loss", (double)got[r], c, r);
      tally_add(t, w == AGREES ? AGREES : DISAGREES, "loss value", values[r].hi, c, r);
      break;
    }
  }
  arb_clear(ball), arb_clear(u), fmpq_clear(linear), fmpq_clear(q);
}

static void random_problem(uint64_t *state, problem *p) {
  static const float smoothings[5] = {0.0f, 0.0f, 0.1f, 0.75f, 1.0f};
  p->rows = 1 + below(state, MAX_ROWS);
  p->smoothing = smoothings[below(state, 5)];
  for (size_t r = 0; r < p->rows; r++) {
    float x[MAX_COLS], g[MAX_COLS];
    uint8_t mask[MAX_COLS];
    size_t n = random_row(state, x, g, mask);
    if (r == 0) p->cols = n;
    for (size_t i = 0; i < p->cols; i++) {
      size_t at = r * p->cols + i;
      p->x[at] = i < n ? x[i] : -INFINITY;
      p->g[at] = i < n ? g[i] : NAN; /* masked: may be anything */
      p->mask[at] = i < n ? mask[i] : 0;
    }
    p->w[r] = below(state, 2) ? 1.0f : below(state, 2) ? (float)random_normal(state) : any_finite(state);
    p->target[r] = (int32_t)below(state, (unsigned)p->cols);
  }
}

int main(int argc, char **argv) {
  static problem p;
  static float out[MAX_ROWS * MAX_COLS], loss[MAX_ROWS];
  static exact_value values[MAX_ROWS * MAX_COLS], loss_values[MAX_ROWS];
  exact_grads grads;
  mmax_params layers[18];
  uint64_t state = 20240502;
  tally t = {0};
  size_t undecided = 0;
  choose_mutation(argc, argv);
  if (learned_layers(layers) != 18) return 1;
  for (size_t r = 0; r < MAX_ROWS; r++) balls_init(&p.row[r]);
  fmpq_init(q_share), fmpq_init(q_t);
  for (size_t c = 0; c < CASES; c++) {
    mmax_params params = random_params(&state, layers);
    random_problem(&state, &p);
    const mmax_rows in = {p.x, p.mask, p.rows, p.cols, p.cols, p.cols};
    const mmax_targets targets = {p.target, -1, p.smoothing};
    for (size_t r = 0; r < p.rows; r++)
      p.present[r] = balls_load(&p.row[r], &params, NULL, p.x + r * p.cols,
                                p.mask + r * p.cols, p.cols);
    p.loss = 0;
    undecided += exact_backward(&params, &in, p.g, p.cols, out, values, p.cols, &grads, NULL,
                                NULL) == EXACT_UNDECIDED;
    check_logits(&t, &p, out, values, c);
    check_parameters(&t, &p, &grads, c);
    p.loss = 1;
    undecided += exact_cross_entropy(&params, &in, &targets, p.w, loss, loss_values, out, values,
                                     p.cols, &grads, NULL, NULL) == EXACT_UNDECIDED;
    check_loss(&t, &p, loss, loss_values, c);
    check_logits(&t, &p, out, values, c);
    check_parameters(&t, &p, &grads, c);
  }
  for (size_t r = 0; r < MAX_ROWS; r++) balls_clear(&p.row[r]);
  fmpq_clear(q_share), fmpq_clear(q_t);
  flint_cleanup();
  int ok = t.disagreements == 0 && undecided == 0;
  printf("%s oracle_arb_gradient cases=%d checks=%zu disagreements=%zu near_ties=%zu undecided=%zu\n",
         ok ? "PASS" : "FAIL", CASES, t.checked, t.disagreements, t.near_ties, undecided);
  return !ok;
}
