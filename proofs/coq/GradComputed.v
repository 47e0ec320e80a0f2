(* SPDX-License-Identifier: Apache-2.0 *)
(* T8 with the values that the C functions compute on both sides, mmax_condition in and mmax_bound_gradient out; and T8 for gradients
   in float16 and bfloat16, the contract with the one rounding exchanged (specs/accuracy.md#storage). *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core Relative.
From MultiMax Require Import Float64 SigmaFloat AffineFloat RealSum Contract LogContract Accuracy ProbBound BoundFunctions ConditionFloat
  ComputedBounds Storage16 GradContract SlopeFloat GradMean GradBound GradError GradFunction GradParams GradMoments.
Open Scope R_scope.

Lemma c_gradient_enough : forall r t C, valid_row r -> (t < size r)%nat -> 0 <= C ->
  c_log_error C (INR (size r)) (pow2 (-50)) < 1 / 2 ->
  in_reach_grad (Rmax C least_condition) (INR (size r)) /\
  kappa (Rmax C least_condition) (INR (size r)) <= c_bound_gradient C (INR (size r)).
Proof.
intros r t C Vr Ht HC H. destruct (some_entries r t Vr Ht) as (n & En & Hn). rewrite En in *. destruct (floored C HC) as [E P].
unfold c_bound_gradient. rewrite E in *. apply c_bound_gradient_enough; auto.
Qed.

Corollary c_grad_error : forall r g out C t G i, valid_row r -> valid_upstream r g -> is_backward r g out ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> c_condition_row r t C ->
  c_log_error C (INR (size r)) (pow2 (-50)) < 1 / 2 -> at_most r g G -> (i < size r)%nat -> taken r i = true ->
  let k := c_bound_gradient C (INR (size r)) in
  let exact := grad_row r g (premapped r i) i in let D := steepness (coefs r) (premapped r i) in let p := multimax_row r i in
  Rabs exact + allowance 8 k p G D * Rabs (scale r) <= 33 * 10 ^ 37 ->
  Rabs (out i - exact) <= pow2 (-24) * Rabs exact + pow2 (-149) + allowance 8 ((1 + pow2 (-24)) * k) p G D * Rabs (scale r) /\
  (C <= pow2 20 -> INR (size r) <= pow2 20 ->
   Rabs (out i - exact) <= pow2 (-24) * Rabs exact + pow2 (-149) + allowance 8 k p G D * Rabs (scale r)).
Proof.
intros r g out C t G i Vr Vg Bw Ht T TopT Cr H Ha Hi Ti k exact D p Rg. destruct (c_condition_row_enough r t C Vr Ht T Cr) as [C0 Cx].
destruct (c_gradient_enough r t C Vr Ht C0 H) as [B1 B2]. fold k in B2. set (A := Rmax C least_condition) in *.
assert (PG : 0 <= G) by (destruct Ha as [HG _]; generalize (bpow_gt_0 radix2 (-149)); lra).
assert (Pp : 0 <= p) by (apply (multimax_row_sum r t Ht T)).
assert (PD : 0 <= D) by (eapply Rle_trans; [apply Rabs_pos | apply dsigma_steepness]).
assert (Mono : forall k1 k2, k1 <= k2 -> allowance 8 k1 p G D * Rabs (scale r) <= allowance 8 k2 p G D * Rabs (scale r)).
{ intros k1 k2 Hk. apply Rmult_le_compat_r. apply Rabs_pos. apply allowance_mono; trivial; lra. }
assert (P24 : 0 < pow2 (-24)) by apply bpow_gt_0.
destruct (grad_error r g out A t G i Vr Vg Bw Ht T TopT Cx B1 Ha Hi Ti) as [E1 E2].
{ specialize (Mono _ _ B2). fold exact D p. lra. }
fold exact D p in E1, E2. split.
- assert (M : (1 + pow2 (-24)) * kappa A (INR (size r)) <= (1 + pow2 (-24)) * k) by (apply Rmult_le_compat_l; lra). specialize (Mono _ _ M). lra.
- intros HC Hn. specialize (Mono _ _ B2). assert (A20 : 0 <= A <= pow2 20).
  { unfold A. split. apply Rle_trans with (1 := C0). apply Rmax_l. apply Rmax_lub; trivial. apply bpow_le. lia. }
  specialize (E2 (moderate A (INR (size r)) A20 (conj (pos_INR _) Hn))). lra.
Qed.

Corollary c_moment_error : forall r g s big lo hi largest C t G j far, valid_row r -> valid_upstream r g ->
  is_moments r g s big lo hi largest ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> c_condition_row r t C ->
  c_log_error C (INR (size r)) (pow2 (-50)) < 1 / 2 -> at_most r g G ->
  (forall i, (i < size r)%nat -> taken r i = true -> moment_size (coefs r) (premapped r i) (premapped r i) (Rabs (logit r i)) j <= far) ->
  Rabs (steps (s j) (big j) - moment_row r g j) <=
    4 * c_bound_gradient C (INR (size r)) * G * moment_size (coefs r) lo hi largest j +
    INR (size r) * (5 * faint * G * far + pow2 (-254)).
Proof.
intros r g s big lo hi X C t G j far Vr Vg Mo Ht T TopT Cr H Ha Hfar. destruct (c_condition_row_enough r t C Vr Ht T Cr) as [C0 Cx].
destruct (c_gradient_enough r t C Vr Ht C0 H) as [B1 B2].
eapply Rle_trans. apply (moment_error_4 r g s big lo hi X _ t G j far Vr Vg Mo Ht T TopT Cx B1 Ha Hfar). apply Rplus_le_compat_r.
destruct Mo as (m & total & most & mean & _ & _ & _ & _ & (_ & _ & _ & _ & HX & _) & _).
assert (PG : 0 <= G) by (destruct Ha as [HG _]; generalize (bpow_gt_0 radix2 (-149)); lra).
assert (Z : 0 <= moment_size (coefs r) lo hi X j) by (apply (moment_size_mono (coefs r) lo hi X lo hi X j); lra).
apply Rmult_le_compat_r; trivial. apply Rmult_le_compat_r; lra.
Qed.

(* 16 bits *)
Definition is_backward16 (s : storage) (r : row) (g out : nat -> R) : Prop := exists m total most mean,
  is_largest r m /\ total_close (count_sum r m) total /\ largest_up r g m most /\
  is_mean r g m (rnd (1 / total)) most mean /\ forall i, (i < size r)%nat -> taken r i = true ->
    let z := grad_of r g m (rnd (1 / total)) mean i in - largest s <= z <= largest s -> out i = rnd16 s z.

Lemma rnd16_error : forall s v, Rabs (rnd16 s v - v) <= pow2 (- precision s) * Rabs v + pow2 (least s - 1).
Proof.
intros s v. destruct (error_N_FLT radix2 (least s) (precision s) ltac:(destruct s; simpl; lia) (fun t => negb (Z.even t)) v)
  as (e & h & He & Hh & _ & E).
rewrite E. replace (v * (1 + e) + h - v) with (e * v + h) by ring. eapply Rle_trans. apply Rabs_triang. rewrite Rabs_mult.
replace (/ 2 * pow2 (- precision s + 1)) with (pow2 (- precision s)) in He by (destruct s; simpl; lra).
replace (/ 2 * pow2 (least s)) with (pow2 (least s - 1)) in Hh by (destruct s; simpl; lra).
apply Rplus_le_compat; trivial. apply Rmult_le_compat_r; trivial. apply Rabs_pos.
Qed.

Theorem grad16_error : forall s r g out A t G i, valid_row r -> valid_upstream r g -> is_backward16 s r g out ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A -> in_reach_grad A (INR (size r)) ->
  at_most r g G -> (i < size r)%nat -> taken r i = true ->
  let exact := grad_row r g (premapped r i) i in let D := steepness (coefs r) (premapped r i) in let p := multimax_row r i in
  Rabs exact + allowance 8 (kappa A (INR (size r))) p G D * Rabs (scale r) + pow2 (-500) <= largest s ->
  Rabs (out i - exact) <= pow2 (- precision s) * Rabs exact + pow2 (least s - 1) + pow2 (-499) +
    allowance 8 ((1 + pow2 (- precision s)) * kappa A (INR (size r))) p G D * Rabs (scale r).
Proof.
intros s r g out A t G i Vr Vg (m & total & most & mean & [Top (t0 & Hs & Ts & Ems)] & Tc & [Lu Lm] & Im & Gd) Ht T TopT C B Ha Hi Ti
  exact D p Rg.
assert (M : modulated_at r t = m). { apply Rle_antisym. now apply Top. rewrite <- Ems. now apply TopT. }
assert (Nf := near_or_far_row r A t Vr Ht T C). rewrite M in Nf. assert (N := many r Vr).
assert (A0 := condition_nonneg r A t Vr Ht T C).
destruct (noise_kappa A (INR (size r)) N A0 B) as (C1 & [K0 K1] & _). fold (quanta r) in K0, K1.
assert (PG : 0 <= G) by (destruct Ha as [HG _]; generalize (bpow_gt_0 radix2 (-149)); lra).
assert (Hm : most <= G).
{ destruct Lm as [-> | (j & Hj & [Tj _] & Ej)]; trivial. generalize (proj2 Ha j Hj Tj). unfold Rabs. destruct Rcase_abs; lra. }
assert (E := grad_before_rounding r g m _ total t most mean G i Vr Vg A0 Top Ht T M Nf Tc C1 Ha Hm Im Hi Ti).
cbv zeta in E. fold exact D p in E. set (z := grad_of _ _ _ _ _ _) in *. set (no := noise _ (quanta r)) in *.
set (k := kappa A (INR (size r))) in *. set (sc := Rabs (scale r)) in *.
assert (Ps : 0 <= sc) by apply Rabs_pos. assert (Pp : 0 <= p) by (apply (multimax_row_sum r t Ht T)).
assert (PD : 0 <= D) by (eapply Rle_trans; [apply Rabs_pos | apply dsigma_steepness]).
assert (Pf : 0 < faint) by apply bpow_gt_0. set (q := pow2 (- precision s)).
assert (Q : 0 < q <= / 200) by (unfold q; destruct s; simpl; lra).
assert (A1 : allowance 5 no p G D * sc <= allowance 8 k p G D * sc).
{ apply Rmult_le_compat_r; trivial. apply allowance_mono; trivial. lra. }
assert (A2 : (1 + q) * (allowance 5 no p G D * sc) <= allowance 8 ((1 + q) * k) p G D * sc).
{ rewrite <- Rmult_assoc. apply Rmult_le_compat_r; trivial.
  eapply Rle_trans; [|apply (allowance_mono (5 * (1 + q)) 8 ((1 + q) * no) ((1 + q) * k) p G D); trivial; try lra; apply Rmult_le_compat_l; lra].
  unfold allowance. destruct Rle_dec; apply Req_le; ring. }
assert (Z : Rabs z <= Rabs exact + Rabs (z - exact)).
{ replace z with (exact + (z - exact)) at 1 by ring. apply Rabs_triang. }
assert (O : out i = rnd16 s z).
{ apply Gd; trivial. fold z. assert (Zb : Rabs z <= largest s) by lra. now apply Rabs_le_inv. }
rewrite O. assert (R := rnd16_error s z). fold q in R. replace (rnd16 s z - exact) with ((rnd16 s z - z) + (z - exact)) by ring.
eapply Rle_trans. apply Rabs_triang.
assert (P499 : pow2 (-499) = 2 * pow2 (-500)) by (change (-499)%Z with (1 + -500)%Z; rewrite bpow_plus; reflexivity).
assert (P500 : 0 < pow2 (-500)) by apply bpow_gt_0.
assert (q * Rabs z <= q * (Rabs exact + (allowance 5 no p G D * sc + pow2 (-500)))) by (apply Rmult_le_compat_l; lra).
assert (q * pow2 (-500) <= 1 * pow2 (-500)) by (apply Rmult_le_compat_r; lra). lra.
Qed.
