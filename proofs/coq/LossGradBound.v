(* SPDX-License-Identifier: Apache-2.0 *)
(* T8 for the cross-entropy: every gradient that satisfies the C contract is_loss_gradient is within the bound of
   specs/accuracy.md#gradient of scale * sigma'(s) * w * (p_i - q_i), s the rounded argument of sigma. The weights but the largest are
   summed on the grid of the second: LogRest.v. *)
From Coq Require Import Reals ZArith Bool PeanoNat Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 ExpKernel Hinge Modulator SigmaFloat AffineFloat RealSum Softmax Within Contract LogContract Accuracy ProbBound LogRest
  LossContract LossTerms LossBound GradContract SlopeFloat GradMean GradBound GradError LossGradContract.
Open Scope R_scope.

Lemma within_1_plus : forall t a b, 0 <= t -> within t a b -> within t (1 + a) (1 + b).
Proof. intros t a b Ht [A B]. assert (E := exp_ge_1 t Ht). split; lra. Qed.

(* weights against the exponentials of the computed sigmas *)
Lemma weights_close : forall r m t, is_top r m -> (t < size r)%nat -> taken r t = true -> modulated_at r t = m ->
  let V := sum (size r) (kept r (fun i => exp (modulated_at r i - m))) in
  1 <= V /\ Rabs (weight_sum r m - V) <= (eps_e + INR (size r) * clamp) * V.
Proof.
intros r m t Top Ht T M V. destruct (count_close r m t Top Ht T M) as [V1 _]. fold V in V1. destruct figures as (F1 & _ & _ & F4).
split; [apply V1|]. assert (Pn := pos_INR (size r)). unfold weight_sum, V. rewrite kept_minus.
apply Rle_trans with (eps_e * V + INR (size r) * clamp).
- unfold V. rewrite <- kept_scal.
  apply Rle_trans with (sum (size r) (kept r (fun i => eps_e * exp (modulated_at r i - m) + clamp))).
  + apply kept_abs. intros i Hi Ti. assert (Fm : format64 m) by (rewrite <- M; apply format64_rnd).
    destruct (weight_error (modulated_at r i) m (format64_rnd _) Fm (Top i Hi Ti)) as [R W]. fold (weight r m i) in R, W.
    set (v := exp _) in *. assert (Pv : 0 < v) by apply exp_pos. destruct W as [[W1 W2]|[W1 _]].
    * rewrite W1, Rminus_0_l, Rabs_Ropp, Rabs_pos_eq by lra. rewrite F1. lra.
    * lra.
  + rewrite kept_scal. apply kept_affine. lra.
- fold V. assert (INR (size r) * clamp * 1 <= INR (size r) * clamp * V); [|lra]. apply Rmult_le_compat_l; [apply Rmult_le_pos|]; lra.
Qed.

(* the weight of the largest entry is 1, the others' sum is what rest is of *)
Lemma weights_split : forall r t m, top_at r t m -> weight_sum r m = 1 + sum (size r) (kept (drop r t) (weight r m)).
Proof.
intros r t m (Ht & T & M & _). unfold weight_sum.
assert (E : 1 = sum (size r) (fun k => weight r m k * delta t k)).
{ rewrite sum_delta by exact Ht. unfold weight. rewrite M. now rewrite weight_top. }
rewrite E at 1. rewrite <- sum_plus. apply sum_ext. intros k _. unfold kept, drop, delta; simpl.
destruct (Nat.eq_dec t k) as [<-|N].
- rewrite T, Nat.eqb_refl. simpl. ring.
- rewrite (proj2 (Nat.eqb_neq k t)) by congruence. destruct (taken r k); simpl; ring.
Qed.

(* the inverse of 1 + rest *)
Definition rest_chain (n : R) : R := let e := eps_e + n * clamp in let g := grid_error n in
  e / (1 - e) + (g / (1 - g) + pow2 (-51) / (1 - pow2 (-51))) + 202/100 * u64.
Lemma rest_inverse : forall r t m w rest, valid_row r -> top_at r t m -> second_at r t m w -> rest_of r t m w rest ->
  let v := inverse_of rest in 0 <= rest <= pow2 35 /\ pow2 (-40) <= v <= 1 /\ 0 <= rest_chain (INR (size r)) /\
  within (rest_chain (INR (size r))) v (/ sum (size r) (kept r (fun i => exp (modulated_at r i - m)))) /\
  Rabs ((1 + rest) * v - 1) <= 201/100 * u64.
Proof.
intros r t m w rest Vr Tp Sec Ro v. destruct (rest_sum r t m w rest Vr Tp Sec Ro) as (Hg & S0 & D).
assert (Sp := weights_split r t m Tp). destruct Tp as (Ht & T & M & Top).
destruct (weights_close r m t Top Ht T M) as [V1 W]. assert (N := many r Vr). destruct figures as (F1 & _ & F3 & F4).
set (n := INR (size r)) in *. set (g := grid_error n) in *. set (V := sum (size r) (kept r (fun i => exp (modulated_at r i - m)))) in *.
set (S := sum _ (kept (drop r t) _)) in *. assert (P35 : pow2 35 = 34359738368) by (simpl; lra).
assert (P51 : pow2 (-51) = / 2251799813685248) by (simpl; lra).
set (e := eps_e + n * clamp) in *. assert (He : 0 <= e <= / 1000000).
{ unfold e. rewrite F1. assert (0 <= n * clamp <= 2147483647 * / 10 ^ 47).
  { split. apply Rmult_le_pos; lra. apply Rmult_le_compat; lra. } lra. }
assert (Tg : 0 <= g / (1 - g)) by (apply Rmult_le_pos; [|apply Rlt_le, Rinv_0_lt_compat]; lra).
assert (Te : 0 <= e / (1 - e)) by (apply Rmult_le_pos; [|apply Rlt_le, Rinv_0_lt_compat]; lra).
assert (T5 : 0 <= pow2 (-51) / (1 - pow2 (-51))) by (rewrite P51; lra).
assert (R0 : 0 <= rest <= pow2 35).
{ destruct D as [[_ ->]|[[D1 D2] _]]. rewrite P35. lra. generalize (bpow_gt_0 radix2 (-200)). lra. }
split; [exact R0|].
(* 1 + rest *)
assert (W1 : within (g / (1 - g) + pow2 (-51) / (1 - pow2 (-51))) (1 + rest) (1 + S)).
{ apply within_1_plus. lra. destruct D as [[-> ->]|[_ D]]; trivial. apply within_refl; lra. }
rewrite <- Sp in W1.
assert (W2 : within (e / (1 - e)) (weight_sum r m) V) by (apply within_of_relative; lra).
assert (U : 0 < u64 <= / 10 ^ 15) by (rewrite F3; lra).
assert (Fix : rnd 1 = 1) by (apply round_generic; auto with typeclass_instances; apply (format64_int 1); lia).
unfold inverse_of, add in v. set (z := 1 + rest) in *. set (Tt := rnd z) in *.
assert (E1 : Rabs (Tt - z) <= u64 * z).
{ rewrite <- (Rabs_pos_eq z) at 2 by (unfold z; lra). apply rnd_relative. right. rewrite Rabs_pos_eq by (unfold z; lra).
  apply Rle_trans with (pow2 0). apply bpow_le. lia. change (pow2 0) with 1. unfold z; lra. }
assert (Z1 : 1 <= z <= 2 ^ 36) by (unfold z; rewrite P35 in R0; lra).
assert (T1 : 1 <= Tt) by (rewrite <- Fix; apply round_le; auto with typeclass_instances; lra).
apply Rabs_le_inv in E1. assert (T2 : Tt <= 2 ^ 37) by nra.
assert (W3 : within (101/100 * u64) Tt z).
{ apply within_rnd. apply Rle_trans with (pow2 0). apply bpow_le. lia. change (pow2 0) with 1. lra. }
assert (I : pow2 (-40) <= 1 / Tt <= 1).
{ assert (Y : 1 / Tt * Tt = 1) by (field; lra). assert (0 < 1 / Tt) by (apply Rdiv_lt_0_compat; lra). split; [|nra].
  apply Rmult_le_reg_r with Tt; [lra|]. rewrite Y. simpl. lra. }
assert (Hv : pow2 (-40) <= v <= 1).
{ assert (F40 : rnd (pow2 (-40)) = pow2 (-40)).
  { apply round_generic; auto with typeclass_instances. apply generic_format_bpow. unfold FLT_exp. lia. }
  split; [rewrite <- F40 | rewrite <- Fix]; apply round_le; auto with typeclass_instances; tauto. }
split; [exact Hv|].
assert (Pch : 0 <= rest_chain n) by (unfold rest_chain; fold e g; lra). split; [exact Pch|].
assert (L1000 : pow2 (-1000) <= 1 / Tt) by (eapply Rle_trans; [|apply I]; apply bpow_le; lia).
split.
- assert (W4 : within (101/100 * u64) v (1 / Tt)) by now apply within_rnd.
  assert (Q : within (101/100 * u64 + (g / (1 - g) + pow2 (-51) / (1 - pow2 (-51))) + e / (1 - e)) (1 / Tt) (/ V)).
  { replace (1 / Tt) with (/ Tt) by (field; lra). apply within_inv; try lra.
    apply within_trans with (weight_sum r m); trivial. apply within_trans with z; trivial. }
  replace (rest_chain n) with (101/100 * u64 + (101/100 * u64 + (g / (1 - g) + pow2 (-51) / (1 - pow2 (-51))) + e / (1 - e))).
  apply within_trans with (1 / Tt); trivial. unfold rest_chain. fold e g. lra.
- assert (E2 : Rabs (v - 1 / Tt) <= u64 * (1 / Tt)).
  { rewrite <- (Rabs_pos_eq (1 / Tt)) at 2 by (generalize (bpow_gt_0 radix2 (-40)); lra). apply rnd_relative. right.
    rewrite Rabs_pos_eq; trivial. generalize (bpow_gt_0 radix2 (-40)); lra. }
  apply Rabs_le_inv in E2.
  assert (Y : 1 / Tt * Tt = 1) by (field; lra). set (i := 1 / Tt) in *.
  assert (Zi : z * i * (1 - u64) <= 1 /\ 1 <= z * i * (1 + u64)).
  { assert (z * (1 - u64) * i <= Tt * i) by (apply Rmult_le_compat_r; [generalize (bpow_gt_0 radix2 (-40)); lra | lra]).
    assert (Tt * i <= z * (1 + u64) * i) by (apply Rmult_le_compat_r; [generalize (bpow_gt_0 radix2 (-40)); lra | lra]). lra. }
  assert (A1 : z * v <= z * i * (1 + u64)).
  { replace (z * i * (1 + u64)) with (z * ((1 + u64) * i)) by ring. apply Rmult_le_compat_l; lra. }
  assert (A2 : z * i * (1 - u64) <= z * v).
  { replace (z * i * (1 - u64)) with (z * ((1 - u64) * i)) by ring. apply Rmult_le_compat_l; lra. }
  assert (Us := u64_small). set (q := z * i) in *. destruct Zi as [Qu Ql].
  assert (Pq : 0 < q) by (apply Rmult_lt_reg_r with (1 + u64); lra).
  assert (U1 : u64 * q <= / 1024 * q) by (apply Rmult_le_compat_r; lra).
  assert (U2 : u64 * q <= u64 * (1001/1000)) by (apply Rmult_le_compat_l; lra).
  apply Rabs_le. split; lra.
Qed.

(* a float64 share against the exact one: x relative, or both are faint *)
Definition loss_grad_chain (d n : R) : R := 2 * d + n * clamp + eps_e / (1 - eps_e) + rest_chain n + 101/100 * u64.
Definition faintness (p : R) : R := if Rle_dec p faint then faint else 0.
Lemma loss_share : forall r m d rest s w t i, valid_row r -> 0 <= d -> top_at r s m -> second_at r s m w -> rest_of r s m w rest ->
  (t < size r)%nat -> taken r t = true -> modulated_at r t = m -> near_or_far r m d t -> loss_grad_chain d (INR (size r)) < 1 / 2 ->
  (i < size r)%nat -> taken r i = true ->
  let x := excess (loss_grad_chain d (INR (size r))) in let p := multimax_row r i in let h := mul (weight r m i) (inverse_of rest) in
  0 <= x < 1 /\ 0 <= h /\ 0 < p <= 1 /\ Rabs (h - p) <= x * p + faintness p.
Proof.
intros r m d rest s w t i Vr Hd Tp Sec Ro Ht T M Nf C Hi Ti x p h.
destruct (rest_inverse r s m w rest Vr Tp Sec Ro) as (_ & [I0 _] & Pch & Wi & _). destruct Tp as (_ & _ & _ & Top).
destruct (share_error r m d _ _ t i Vr Hd Pch Top Ht T M Nf I0 Wi Hi Ti) as (C0 & H0 & P0 & D). fold (loss_grad_chain d (INR (size r))) in C0, D.
set (c := loss_grad_chain d (INR (size r))) in *. fold (mul (weight r m i) (inverse_of rest)) in H0, D. fold h p in H0, P0, D.
destruct (excess_mono c c ltac:(lra) C ltac:(lra)) as [[X1 _] X2]. fold x in X1, X2.
assert (P1 : p <= 1).
{ destruct (multimax_row_sum r t Ht T) as [Q S1]. rewrite <- S1.
  apply Rle_trans with (kept r (multimax_row r) i). unfold kept. rewrite Ti. fold p. lra.
  apply (sum_ge_term (size r) (kept r (multimax_row r))); trivial. intros j _. unfold kept. destruct (taken r j). apply Q. lra. }
split; [lra|]. split; [exact H0|]. split; [lra|]. unfold faintness. assert (Pf : 0 < faint) by apply bpow_gt_0.
destruct D as [D|[D1 D2]].
- apply Rle_trans with (x * p + 0). rewrite Rplus_0_r. apply relative_of_within; trivial; lra. destruct Rle_dec; lra.
- assert (Hc : clamp * exp c <= faint).
  { unfold faint. change (-157)%Z with (-158 + 1)%Z. rewrite bpow_plus. apply Rmult_le_compat_l. apply bpow_ge_0.
    change (pow2 1) with 2. apply exp_2. lra. }
  assert (0 <= x * p) by (apply Rmult_le_pos; lra). destruct Rle_dec; [|lra]. apply Rabs_le. lra.
Qed.
