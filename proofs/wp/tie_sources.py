# SPDX-License-Identifier: Apache-2.0
"""What tie_contract.py exports, what its symbols mean, and the proofs (coq/*_tie.part) that follow."""
import os
import re

SOURCES = ["""#include "ref/kernels_ref.h"
#include "loss_gradient.acsl"
/*@ lemma exported{L}: \\forall mmax_accumulator *acc, mmax_params *params, float *x, uint8_t *mask, float *p, integer n, target, real a, w, float l;
      is_softmax{L,L}(params, x, mask, p, n) && is_logged{L,L}(params, x, mask, p, n) &&
      is_loss(params, x, mask, n, target, a, l) && is_loss_gradient{L,L}(params, x, mask, p, n, target, a, w) &&
      is_loss_param_row{L,L}(acc, params, x, mask, n, target, a, w); */
""", """#include "ref/kernels_ref.h"
#include "ref/gradient.h"
#include "backward.acsl"
/*@ lemma exported{L}: \\forall mmax_accumulator *acc, mmax_params *params, float *x, uint8_t *mask, float *p, float *g, integer n;
      is_softmax{L,L}(params, x, mask, p, n) && is_backward{L,L}(params, x, mask, g, p, n) &&
      is_backward_row{L,L}(params, x, mask, g, p, n) && is_param_row{L,L}(acc, params, x, mask, g, n); */
""", """#include "ref/row16.h"
#include "forward.acsl"
#include "row16.acsl"
/*@ lemma exported{L}: \\forall mmax_params *params, float *y, *q, integer s, uint16_t *x, *p, uint8_t *mask, integer n;
      is_softmax{L,L}(params, y, mask, q, n) && is_softmax16{L,L}(params, s, x, mask, p, n); */
""", """#define MMAX_HALF
#include "ref/kernels_ref.h"
#include "loss_gradient.acsl"
/*@ lemma exported{L}: \\forall mmax_accumulator *acc, mmax_params *params, float *y, *q, uint16_t *x, *p, *g, uint8_t *mask, integer n, target, real a, w, float l;
      is_softmax{L,L}(params, y, mask, q, n) && is_softmax{L,L}(params, x, mask, p, n) && is_logged{L,L}(params, x, mask, p, n) &&
      is_loss(params, x, mask, n, target, a, l) && is_loss_gradient{L,L}(params, x, mask, p, n, target, a, w) &&
      is_loss_param_row{L,L}(acc, params, x, mask, n, target, a, w) &&
      is_backward{L,L}(params, x, mask, g, p, n) && is_backward_row{L,L}(params, x, mask, g, p, n) && is_param_row{L,L}(acc, params, x, mask, g, n); */
""", """#include "pieces.h"
#include "rising.acsl"
/*@ lemma exported: \\forall mmax_params p, integer rising, real lo, hi, r, y;
      is_lipschitz(p, lo, hi, r) && is_unbounded(p, lo, hi) && rises(p, rising, y) && x_at(lo, hi, y) == r && minus_end(p) == plus_end(p); */
""", """#include "ref/modulator.h"
#include "bounds.acsl"
/*@ lemma exported{L}: \\forall mmax_params *p, integer s, real x, n, b; condition_hat(p, x) == ulps_hat(probs_error_hat(b, n)) +
      ulps_hat(log_probs_error_hat(b, n)) + gradient_hat(b, n) + bound16_hat(s, b) + sum_bound_hat(n); */
"""]
FLOAT = {"L_rnd64": "Definition L_rnd64 (x:R) : R := rnd x.",
         "L_rnd32": "Definition L_rnd32 (x:R) : R := rnd32 x.",
         "L_p2": "Definition L_p2 (k:R) : R := bpow radix2 (Zfloor k)."}
REAL = dict(FLOAT, L_rnd64="Definition L_rnd64 (x:R) : R := x.")
# abstract on purpose: the two float types, their reals, what class a float has, the bits of an integer (which terms a model has)
ABSTRACT = {"t", "t1", "t'real", "t'real1", "L_class_of", "L_the_storage", "t'isFinite", "is_nan", "land"}
# per source: what the symbols mean, the predicates, the proofs
SOFTMAX = ("P_is_softmax",)
HALF, HALF_PARTS = ("P_is_softmax_2_", "P_is_softmax16"), ("contract_tie", "storage_tie", "half_tie")
PARTS = [((FLOAT, SOFTMAX + ("P_is_logged", "P_is_loss", "P_is_loss_gradient", "P_is_loss_param_row"),
           ("contract_tie", "log_tie", "loss_tie", "slope_tie", "residual_tie", "loss_grad_tie", "moment_terms_tie", "pulls_tie")),
          (REAL, SOFTMAX, ("sigma_tie",))),
         ((FLOAT, SOFTMAX + ("P_is_backward", "P_is_backward_row", "P_is_param_row"),
           ("contract_tie", "slope_tie", "grad_tie", "moment_terms_tie", "moments_tie")),),
         ((FLOAT, SOFTMAX + ("P_is_softmax16",), ("contract_tie", "storage_tie")),),
         ((FLOAT, HALF + ("P_is_logged", "P_is_loss", "P_is_loss_gradient", "P_is_loss_param_row"),
           HALF_PARTS + ("half log_tie", "half loss_tie", "half slope_tie", "half residual_tie", "half loss_grad_tie", "half moment_terms_tie", "half pulls_tie")),
          (FLOAT, HALF + ("P_is_backward", "P_is_backward_row", "P_is_param_row"),
           HALF_PARTS + ("half slope_tie", "half grad_tie", "half moment_terms_tie", "half moments_tie"))),
         ((FLOAT, ("P_is_lipschitz", "P_is_unbounded", "P_rises", "L_x_at", "L_minus_end", "L_plus_end"), ("query_tie",)),),
         ((FLOAT, ("L_condition_hat", "L_ulps_hat", "L_log_error_hat", "L_log_probs_error_hat", "L_gradient_hat", "L_bound16_hat", "L_sum_bound_hat"), ("bounds_tie",)),)]


def half(part):
    """A proof about float32 rows, of rows of patterns: memory, what takes part, an entry's value, and the last rounding are others, the rest is the same."""
    for old, new in ((r"\brow_of Mf64 (Mf32\d*) (Mint\d*) (\w+) x mask n", r"row16_of Mf64 \1 \2 \3 L_the_storage x mask n"),
                     (r"t'real \(Mf32", "L_pattern_value L_the_storage (Mf32"),
                     (r"\b(L_taken|P_unmasked)('def)? (Mf32\d*) (Mint\d*) x mask", r"\g<1>16\2 \3 \4 L_the_storage x mask"),
                     (r"\bvalues_of (?=Mf32)", "values16_of L_the_storage "), (r"\bvalues_of\b", "values16_of"),
                     (r"\btie_(at|weight)\b", r"half_\1"), (r"\btie_count_sum\b", "tie_count_sum16"),
                     (r"(intros) \[N1 N2\](\. destruct \(In i Hi\) as \[I0 I1\]\.)\s+destruct (\(\w+ \(Z\.of_nat i\) I0 I1 \(proj1 \(Un i\) Ti\)\)).*?(?=\nQed)",
                      r"\1 N\2 apply tie_narrowed; [exact N | exact \3]."),
                     (r"narrow_range h -> (\S+ L_the_storage [^=]*) = rnd32 h\)\.\s+\{ intros h \[_ E\] \[N1 N2\]\..*?exact E\. \}",
                      r"- largest (format_of L_the_storage) <= h <= largest (format_of L_the_storage) -> \1 = rnd16 (format_of L_the_storage) h).\n"
                      r"{ intros h E N. apply tie_narrowed; [exact N | exact E]. }"),
                     (r"\bP_grad_entry h", "P_narrowed L_the_storage h"),
                     (r"\b(is_logged|is_backward|is_loss_gradient) \(row16_of", r"\g<1>16 (format_of L_the_storage) (row16_of"),
                     # the memory of patterns comes after those of longer integers
                     ("Mint Mf64 Mf32 Mint1 Mint2 Mint3", "Mint Mf64 Mint1 Mint2 Mf32 Mint3"),
                     (r"Theorem tie_\w+", r"\g<0>_half"), (r"Print Assumptions tie_\w+", r"\g<0>_half"), (r"apply tie_is_backward;", "apply tie_is_backward_half;")):
        part = re.sub(old, new, part, flags=re.S)
    return part


def proof_of(part):
    text = open("%s/coq/%s.part" % (os.path.dirname(os.path.abspath(__file__)), part.split()[-1])).read()
    return half(text) if part.startswith("half ") else text
