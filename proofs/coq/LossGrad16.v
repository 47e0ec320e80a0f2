(* SPDX-License-Identifier: Apache-2.0 *)
(* T8 for the cross-entropy of rows in float16 and bfloat16: LossGradError.v with the one rounding exchanged (specs/accuracy.md#storage). *)
From Coq Require Import Reals ZArith Bool Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 ExpKernel Hinge Modulator SigmaFloat AffineFloat RealSum Softmax Within Contract LogContract Accuracy ProbBound LogRest
  LossContract LossTerms LossBound GradContract SlopeFloat GradMean GradBound GradError LossGradContract LossGradBound
  BoundFunctions ConditionFloat ComputedBounds Storage16 GradFunction GradComputed LossGradError.
Open Scope R_scope.

(* beyond the format's largest number an entry may be an infinity *)
Definition is_loss_gradient16 (s : storage) (r : row) (y : nat) (a w : R) (out : nat -> R) : Prop := exists m rest, is_rest r m rest /\
  forall i, (i < size r)%nat -> taken r i = true ->
    let z := pull_of r y a w m rest i in - largest s <= z <= largest s -> out i = rnd16 s z.

Theorem loss_grad16_error : forall s r out y a w A t i, valid_row r -> is_loss_gradient16 s r y a w out -> format32 a -> 0 <= a <= 1 ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A -> in_reach_grad A (INR (size r)) ->
  (i < size r)%nat -> taken r i = true ->
  let exact := loss_grad_row r y a w (dsigma (coefs r) (premapped r i)) i in let D := steepness (coefs r) (premapped r i) in
  let p := multimax_row r i in let q := target_share r y a i in
  let off k := loss_allowance k p q (Rabs w) D * Rabs (scale r) in
  Rabs exact + off (kappa A (INR (size r))) + pow2 (-500) <= largest s ->
  Rabs (out i - exact) <= pow2 (- precision s) * Rabs exact + pow2 (least s - 1) + pow2 (-499) + off ((1 + pow2 (- precision s)) * kappa A (INR (size r))).
Proof.
intros s r out y a w A t i Vr (m & rest & Rs & Pu) Fa Ha Ht T TopT C B Hi Ti exact D p q off Rg.
destruct (loss_grad_close r m rest y a w A t i Vr Rs Fa Ha Ht T TopT C B Hi Ti) as (o & O0 & E & O1 & O2). fold exact D p q in E, O1, O2.
set (k := kappa A (INR (size r))) in *. set (z := pull_of _ _ _ _ _ _ _) in *.
set (h := pow2 (- precision s)). assert (H : 0 <= h <= / 200) by (unfold h; destruct s; simpl; lra).
specialize (O2 h H). change (o * (1 + pow2 (-24)) <= off k) in O1. change (o * (1 + h) <= off ((1 + h) * k)) in O2.
assert (O3 : o <= off k). { assert (0 <= o * pow2 (-24)) by (apply Rmult_le_pos; [lra | apply bpow_ge_0]). lra. }
assert (P500 : 0 < pow2 (-500)) by apply bpow_gt_0.
assert (P499 : pow2 (-499) = 2 * pow2 (-500)) by (change (-499)%Z with (1 + -500)%Z; rewrite bpow_plus; reflexivity).
assert (Z : Rabs z <= Rabs exact + Rabs (z - exact)).
{ replace z with (exact + (z - exact)) at 1 by ring. apply Rabs_triang. }
assert (O : out i = rnd16 s z).
{ apply Pu; trivial. fold z. assert (Zb : Rabs z <= largest s) by lra. now apply Rabs_le_inv. }
rewrite O. assert (R := rnd16_error s z). fold h in R. replace (rnd16 s z - exact) with ((rnd16 s z - z) + (z - exact)) by ring.
eapply Rle_trans. apply Rabs_triang.
assert (h * Rabs z <= h * (Rabs exact + (o + pow2 (-500)))) by (apply Rmult_le_compat_l; lra).
assert (h * pow2 (-500) <= 1 * pow2 (-500)) by (apply Rmult_le_compat_r; lra). lra.
Qed.

(* with what mmax_condition and mmax_bound_gradient return *)
Corollary c_loss_grad16_error : forall s r out y a w C t i, valid_row r -> is_loss_gradient16 s r y a w out -> format32 a -> 0 <= a <= 1 ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> c_condition_row r t C ->
  c_log_error C (INR (size r)) (pow2 (-50)) < 1 / 2 -> (y < size r)%nat -> taken r y = true -> (i < size r)%nat -> taken r i = true ->
  let exact := loss_grad_row r y a w (dsigma (coefs r) (premapped r i)) i in let D := steepness (coefs r) (premapped r i) in
  let p := multimax_row r i in let q := target_share r y a i in
  let off k := loss_allowance k p q (Rabs w) D * Rabs (scale r) in
  Rabs exact + off (c_bound_gradient C (INR (size r))) + pow2 (-500) <= largest s ->
  Rabs (out i - exact) <= pow2 (- precision s) * Rabs exact + pow2 (least s - 1) + pow2 (-499) +
    off ((1 + pow2 (- precision s)) * c_bound_gradient C (INR (size r))).
Proof.
intros s r out y a w C t i Vr Lg Fa Ha Ht T TopT Cr H Hy Ty Hi Ti exact D p q off Rg.
destruct (c_condition_row_enough r t C Vr Ht T Cr) as [C0 Cx]. destruct (c_gradient_enough r t C Vr Ht C0 H) as [B1 B2].
assert (Q := share_nonneg r y a i Vr Hy Ty Ha). assert (Pp : 0 <= p) by (apply (multimax_row_sum r t Ht T)).
assert (PD : 0 <= D) by (eapply Rle_trans; [apply Rabs_pos | apply dsigma_steepness]). fold q in Q.
assert (Le : forall k l, k <= l -> off k <= off l).
{ intros k l Hk. unfold off, loss_allowance. repeat (apply Rmult_le_compat_r; [first [apply Rabs_pos | exact PD]|]).
  apply Rplus_le_compat_r, Rmult_le_compat_r; lra. }
set (k := kappa (Rmax C least_condition) (INR (size r))) in *. set (c := c_bound_gradient C (INR (size r))) in *.
assert (L1 := Le k c ltac:(lra)). assert (P : 0 < pow2 (- precision s)) by apply bpow_gt_0.
assert (L2 := Le ((1 + pow2 (- precision s)) * k) ((1 + pow2 (- precision s)) * c) ltac:(apply Rmult_le_compat_l; lra)).
assert (E := loss_grad16_error s r out y a w _ t i Vr Lg Fa Ha Ht T TopT Cx B1 Hi Ti). cbv zeta in E. fold exact D p q k in E.
specialize (E ltac:(unfold off in *; lra)). unfold off in *. lra.
Qed.
