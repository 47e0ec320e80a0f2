(* SPDX-License-Identifier: Apache-2.0 *)
(* The exp kernel: k = round(z * log2 e) by the magic constant, r = fma(-k, ln2, z), p = degree 7 in Horner form with fma, result
   p * 2^k. ExpKernel.v proves what it gives; what only speaks of it loads neither Gappa nor Interval. *)
From Coq Require Import Reals.
From Flocq Require Import Core.
From MultiMax Require Import Float64.
Open Scope R_scope.

Definition log2e := 3248660424278399 * pow2 (-51).  (* 0x1.71547652b82fep0 *)
Definition ln2 := 6243314768165359 * pow2 (-53).  (* 0x1.62e42fefa39efp-1 *)
Definition c2 := 140737490259335 * pow2 (-48).  (* 0x1.0000003a1b0ep-1 *)
Definition c3 := 6004799215915945 * pow2 (-55).  (* 0x1.55555443653a9p-3 *)
Definition c4 := 6004745953128709 * pow2 (-57).  (* 0x1.55548dd80b105p-5 *)
Definition c5 := 600491744490801 * pow2 (-56).  (* 0x1.1112708f7a988p-7 *)
Definition c6 := 3215417130663097 * pow2 (-61).  (* 0x1.6d8cf47c17972p-10 *)
Definition c7 := 7301351163192271 * pow2 (-65).  (* 0x1.9f08a4a7663cfp-13 *)
Definition magic := 3 * pow2 51.  (* 0x1.8p52 *)

(* coefficients: minimax with p(0) = p'(0) = 1 *)
Definition P r := r * (r * (r * (r * (r * (r * (r * c7 + c6) + c5) + c4) + c3) + c2) + 1) + 1.

Definition exp_k z := sub (fma z log2e magic) magic.
Definition exp_r z := fma (- exp_k z) ln2 z.
Definition exp_p r := fma r (fma r (fma r (fma r (fma r (fma r (fma r c7 c6) c5) c4) c3) c2) 1) 1.
Definition exp_hat z := mul (exp_p (exp_r z)) (pow2 (Zfloor (exp_k z))).
