(* SPDX-License-Identifier: Apache-2.0 *)
(* mmax_bound_gradient of src/bounds.c as it is computed in binary64, SLACK included, is at least kappa of GradError.v wherever it is
   finite; and the regime without the factor 1 + 2^-24 holds for A, n <= 2^20. *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core.
From Interval Require Import Tactic.
From MultiMax Require Import Float64 SigmaFloat AffineFloat Within Accuracy ProbBound LogBound BoundFunctions GradBound GradError.
Open Scope R_scope.

Definition c_bound_gradient (A n : R) : R :=
  mul (add (add (mul 3 (c_relative (c_log_error A n (pow2 (-50))))) (mul n (pow2 (-48)))) (mul 32 u64)) c_slack.

Lemma rnd_low : forall v w, / 10 ^ 20 <= w -> w <= v -> w * (1 - 2 * u64) <= rnd v.
Proof.
intros v w Hw Hv. destruct figures as (_ & _ & F3 & _). assert (R := rnd_error w). rewrite (Rabs_pos_eq w) in R by lra.
apply Rabs_le_inv in R.
assert (rnd w <= rnd v) by (apply round_le; auto with typeclass_instances).
assert (eta64 <= u64 * w); [|lra]. assert (0 < u64) by (rewrite F3; lra).
apply Rle_trans with (u64 * / 10 ^ 20); [|apply Rmult_le_compat_l; lra].
apply Rle_trans with (pow2 (-53) * pow2 (-100)). unfold eta64. rewrite <- bpow_plus. apply bpow_le. lia.
apply Rmult_le_compat_l. apply bpow_ge_0. simpl. lra.
Qed.

Lemma rnd_relative' : forall v, / 10 ^ 3 <= v -> Rabs (rnd v - v) <= u64 * Rabs v.
Proof.
intros v H. apply GradMean.rnd_relative. right. rewrite Rabs_pos_eq by lra. apply above_1000. lra.
Qed.

(* h the computed error in the logarithm, t the exact formula *)
Lemma c_relative_low : forall h t, / 10 ^ 10 <= t -> within (6 * u64) h t -> h < 1 / 2 ->
  t < 1 / 2 + 5 * u64 /\ excess t * (1 + 8000 * u64) <= c_relative h.
Proof.
intros h t T0 W H. destruct figures as (_ & _ & F3 & _). assert (U : 0 < u64 <= / 10 ^ 15) by (rewrite F3; lra).
assert (Rh := relative_of_within (6 * u64) h t ltac:(lra) ltac:(lra) W).
assert (Q6 : 6 * u64 / (1 - 6 * u64) <= 61/10 * u64).
{ apply Rmult_le_reg_r with (1 - 6 * u64). lra. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra. }
assert (Hh : t * (1 - 61/10 * u64) <= h).
{ apply Rabs_le_inv in Rh. assert (6 * u64 / (1 - 6 * u64) * t <= 61/10 * u64 * t) by (apply Rmult_le_compat_r; lra). lra. }
assert (Ht : t < 1 / 2 + 5 * u64) by nra. split. exact Ht.
set (y := excess t). assert (Ey : y * (1 - t) = t) by (unfold y, excess; field; lra). assert (Py : / 10 ^ 10 <= y <= 2) by nra.
assert (tp : 0 <= t * u64) by (apply Rmult_le_pos; lra).
(* the divisor *)
assert (Hp : 0 < h) by nra.
assert (S1 : 0 < sub 1 h <= (1 - t) * (1 + 20 * u64)).
{ unfold sub. assert (E := rnd_relative' (1 - h) ltac:(lra)). rewrite (Rabs_pos_eq (1 - h)) in E by lra. apply Rabs_le_inv in E.
  split. nra.
  apply Rle_trans with ((1 - h) * (1 + u64)). lra. apply Rle_trans with ((1 - t + 61/10 * u64 * t) * (1 + u64)).
  apply Rmult_le_compat_r; lra.
  nra. }
assert (Q : y * (1 - 30 * u64) <= h / sub 1 h).
{ apply Rmult_le_reg_r with (sub 1 h). tauto. replace (h / sub 1 h * sub 1 h) with h by (field; lra).
  apply Rle_trans with (y * (1 - 30 * u64) * ((1 - t) * (1 + 20 * u64))). apply Rmult_le_compat_l; [apply Rmult_le_pos|]; lra.
  apply Rle_trans with (2 := Hh).
  replace (y * (1 - 30 * u64) * ((1 - t) * (1 + 20 * u64))) with (y * (1 - t) * ((1 - 30 * u64) * (1 + 20 * u64))) by ring.
  rewrite Ey. apply Rmult_le_compat_l; nra. }
assert (Q2 := rnd_low (h / sub 1 h) (y * (1 - 30 * u64)) ltac:(clear - Py U; nra) Q).
assert (Cs : c_slack = 1 + 8192 * u64) by (unfold c_slack; rewrite F3; simpl; lra).
unfold c_relative, mul.
apply Rle_trans with (y * (1 - 30 * u64) * (1 - 2 * u64) * c_slack * (1 - 2 * u64)).
- rewrite Cs, !Rmult_assoc. apply Rmult_le_compat_l. lra. rewrite F3. lra.
- assert (P : / 10 ^ 11 <= y * (1 - 30 * u64) * (1 - 2 * u64)) by (clear - Py U; nra).
  apply rnd_low. rewrite Cs. clear - P U. nra. apply Rmult_le_compat_r. rewrite Cs; lra. exact Q2.
Qed.

(* what the C function returns is finite iff its error in the logarithm is below 1/2 *)
Theorem c_bound_gradient_enough : forall A n, A = 0 \/ pow2 (-900) <= A -> (1 <= n <= 2147483647)%Z ->
  c_log_error A (IZR n) (pow2 (-50)) < 1 / 2 -> in_reach_grad A (IZR n) /\ kappa A (IZR n) <= c_bound_gradient A (IZR n).
Proof.
intros A n HA Hn H. destruct (c_log_error_close A n (-50) HA Hn ltac:(lia)) as (T0 & T1 & W).
set (t := _ + 16 * u64) in *. set (h := c_log_error A (IZR n) (pow2 (-50))) in *. destruct figures as (F1 & F2 & F3 & _).
destruct (c_relative_low h t T0 W H) as [T2 R]. assert (U : 0 < u64 <= / 10 ^ 15) by (rewrite F3; lra).
fold (grad_log_error A (IZR n)) in T1. split. unfold in_reach_grad. lra.
assert (Inv : forall z, z < 3 / 5 -> excess z = / (1 - z) - 1) by (intros z Hz; unfold excess; field; lra).
set (l := grad_log_error A (IZR n)) in *.
assert (El : excess l <= excess t).
{ rewrite !Inv by lra. assert (/ (1 - l) <= / (1 - t)) by (apply Rinv_le_contravar; lra). lra. }
assert (Y0 : / 10 ^ 10 <= excess t).
{ rewrite Inv by lra. assert (I : / (1 - t) * (1 - t) = 1) by (field; lra). assert (0 < / (1 - t)) by (apply Rinv_0_lt_compat; lra).
  nra. }
unfold kappa. fold l. set (y := excess t) in *. set (c := c_relative h) in *.
assert (Hi : 1 <= IZR n <= 2147483647) by (split; apply IZR_le; lia).
assert (Fix : forall m e, (Z.abs m <= 2 ^ 53)%Z -> (-1074 <= e)%Z -> rnd (IZR m * pow2 e) = IZR m * pow2 e).
{ intros m e Hm He. apply round_generic; auto with typeclass_instances. now apply format64_scaled. }
assert (E1 : mul (IZR n) (pow2 (-48)) = IZR n * pow2 (-48)) by (unfold mul; apply Fix; lia).
assert (E2 : mul 32 u64 = 32 * u64).
{ unfold mul. replace (32 * u64) with (IZR 1 * pow2 (-48)) by (unfold u64; simpl; lra). apply Fix; lia. }
unfold c_bound_gradient. fold h c. rewrite E1, E2. unfold add, mul.
assert (M : 0 <= IZR n * pow2 (-48)) by (apply Rmult_le_pos; [lra | apply bpow_ge_0]).
set (w := IZR n * pow2 (-48)) in *.
assert (A1 := rnd_low (3 * c) (3 * (y * (1 + 8000 * u64))) ltac:(nra) ltac:(lra)).
assert (B1 : 3 * y <= rnd (3 * c)) by (assert (0 <= y * u64) by (apply Rmult_le_pos; lra); nra).
assert (A2 := rnd_low (rnd (3 * c) + w) (3 * y + w) ltac:(lra) ltac:(lra)).
assert (A3 := rnd_low (rnd (rnd (3 * c) + w) + 32 * u64) ((3 * y + w) * (1 - 2 * u64) + 32 * u64) ltac:(nra) ltac:(lra)).
assert (Cs : c_slack = 1 + 8192 * u64) by (unfold c_slack; rewrite F3; simpl; lra).
set (z := rnd (rnd (rnd (3 * c) + w) + 32 * u64)) in *.
assert (Zl : (3 * y + w + 32 * u64) * (1 - 4 * u64) <= z) by (clear - A3 Y0 M U; nra).
assert (P : / 10 ^ 11 <= (3 * y + w + 32 * u64) * (1 - 4 * u64)) by (clear - Y0 M U; nra).
assert (A4 := rnd_low (z * c_slack) ((3 * y + w + 32 * u64) * (1 - 4 * u64) * c_slack) ltac:(rewrite Cs; clear - P U; nra)
  ltac:(apply Rmult_le_compat_r; [rewrite Cs; lra | exact Zl])).
apply Rle_trans with (3 * y + w + 32 * u64). lra. apply Rle_trans with (2 := A4). rewrite Cs, !Rmult_assoc.
rewrite <- (Rmult_1_r (3 * y + w + 32 * u64)) at 1. apply Rmult_le_compat_l. lra. rewrite F3. lra.
Qed.

(* where grad_error needs no factor *)
Theorem moderate : forall A n, 0 <= A <= pow2 20 -> 0 <= n <= pow2 20 -> grad_log_error A n <= pow2 (-26).
Proof.
intros A n HA Hn. unfold grad_log_error, log_error. destruct figures as (F1 & _ & F3 & _). assert (G := proj2 gain_gamma).
assert (G0 : 0 <= gamma_5) by (unfold gamma_5; rewrite F3; lra).
assert (gamma_5 * A <= 501 / 100 * u64 * pow2 20) by (apply Rmult_le_compat; lra).
set (g := n * pow2 (-50)). assert (Hg : 0 <= g <= pow2 (-30)).
{ unfold g. split. apply Rmult_le_pos; [lra | apply bpow_ge_0]. change (-30)%Z with (20 + -50)%Z. rewrite bpow_plus.
  apply Rmult_le_compat_r. apply bpow_ge_0. lra. }
assert (Q : g / (1 - g) <= 2 * pow2 (-30)).
{ simpl in *. apply Rmult_le_reg_r with (1 - g). lra. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
rewrite F1, F3 in *. simpl in *. lra.
Qed.
