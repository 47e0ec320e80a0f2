(* SPDX-License-Identifier: Apache-2.0 *)
(* The probability of an entry as the loss's gradient computes it, weight times 1/(1 + rest), against the exact one. *)
From Coq Require Import Reals ZArith Bool Psatz.
From Flocq Require Import Core.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Tactic.
From MultiMax Require Import Float64 ExpKernel SigmaFloat AffineFloat LogFloat RealSum Softmax Within Contract Accuracy LogContract LogRest LogBound
  LossContract GradContract LossGradContract.
Open Scope R_scope.

(* wide_error of Accuracy.v for any inverse within z of the exact one *)
Definition product_chain (d n z : R) : R := 2 * d + n * clamp + eps_e / (1 - eps_e) + z + 101/100 * u64.
Theorem product_error : forall r m d inv z t i, valid_row r -> 0 <= d -> is_top r m ->
  (t < size r)%nat -> taken r t = true -> modulated_at r t = m -> near_or_far r m d t ->
  0 <= z -> pow2 (-40) <= inv -> within z inv (/ sum (size r) (kept r (fun i => exp (modulated_at r i - m)))) ->
  (i < size r)%nat -> taken r i = true ->
  let c := product_chain d (INR (size r)) z in let h := mul (weight r m i) inv in 0 <= c /\ 0 <= h /\ 0 < multimax_row r i /\
  (within c h (multimax_row r i) \/ (h <= clamp * exp c /\ multimax_row r i <= clamp * exp c)).
Proof.
intros r m d inv z t i Vr Hd Top Ht T M H Hz I0 Wi Hi Ti c h.
destruct (count_close r m t Top Ht T M) as [[V1 V2] _].
set (n := INR (size r)) in *. assert (N : 0 <= n <= 2147483647) by (apply many; exact Vr).
destruct figures as (F1 & F2 & F3 & F4).
set (V := sum (size r) (kept r (fun i => exp (modulated_at r i - m)))) in *.
set (v := exp (modulated_at r i - m)). assert (Pv : 0 < v) by apply exp_pos.
assert (Pi : 0 < inv) by (generalize (bpow_gt_0 radix2 (-40)); lra).
set (W := sum (size r) (kept r (fun k => exp (sigma_at r k)))).
assert (Wt : exp (sigma_at r t) <= W).
{ apply (kept_term r (fun k => exp (sigma_at r k))); trivial. intros; apply Rlt_le, exp_pos. }
assert (PW : 0 < W) by (generalize (exp_pos (sigma_at r t)); lra).
assert (Ep : multimax_row r i = exp (sigma_at r i) / W) by (unfold multimax_row, kept at 1; now rewrite Ti).
assert (Pp : 0 < multimax_row r i) by (rewrite Ep; apply Rdiv_lt_0_compat; [apply exp_pos | exact PW]).
assert (Tn : 0 <= n * clamp) by (apply Rmult_le_pos; lra).
assert (T1 : 0 <= eps_e / (1 - eps_e)) by (rewrite F1; lra).
assert (Pc : 0 <= c /\ 2 * d + n * clamp <= c) by (unfold c, product_chain; fold n; lra). destruct Pc as [Pc Pc2].
assert (Ec := exp_ge_1 c Pc).
(* the ratio of exponentials, exact and of the computed sigma *)
assert (Q : v / V = exp (modulated_at r i) / sum (size r) (kept r (fun k => exp (modulated_at r k)))).
{ set (VV := sum (size r) (kept r (fun k => exp (modulated_at r k)))).
  assert (EV : V = exp (- m) * VV).
  { unfold V, VV. rewrite <- sum_scal. apply sum_ext. intros k _. unfold kept. destruct (taken r k); [|ring].
    unfold Rminus. rewrite exp_plus. ring. }
  assert (PV : 0 < VV). { apply Rmult_lt_reg_l with (exp (- m)). apply exp_pos. rewrite <- EV. lra. }
  unfold v, Rminus. rewrite EV, exp_plus. field. split. lra. apply Rgt_not_eq, exp_pos. }
assert (Qv : v / V <= v).
{ unfold Rdiv. rewrite <- (Rmult_1_r v) at 2. apply Rmult_le_compat_l. lra. rewrite <- Rinv_1. apply Rinv_le_contravar; lra. }
assert (Ratio : Rabs (modulated_at r i - sigma_at r i) <= d -> within (2 * d + n * clamp) (v / V) (multimax_row r i)).
{ intros D. rewrite Q, Ep. replace (2 * d + n * clamp) with (d + (d + n * clamp)) by ring. apply within_div; trivial.
  apply Rlt_le, exp_pos. apply Rlt_le, exp_pos.
  apply Rlt_le_trans with (exp (modulated_at r t)). apply exp_pos.
  apply (kept_term r (fun k => exp (modulated_at r k))); trivial. intros; apply Rlt_le, exp_pos.
  now apply within_exp. now apply sums_ratio with (m := m) (t := t). }
assert (Far : sigma_at r i - sigma_at r t <= -109.9 -> multimax_row r i <= clamp).
{ intros D. rewrite Ep. apply Rmult_le_reg_r with W; trivial. unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
  apply Rle_trans with (clamp * exp (sigma_at r t)); [|apply Rmult_le_compat_l; lra].
  replace (sigma_at r i) with ((sigma_at r i - sigma_at r t) + sigma_at r t) by ring. rewrite exp_plus.
  apply Rmult_le_compat_r. apply Rlt_le, exp_pos. now apply clamp_exp. }
destruct (weight_error (modulated_at r i) m) as [Rw We].
{ apply format64_rnd. } { rewrite <- M. apply format64_rnd. } { now apply Top. }
fold v in We. change (weight_of (modulated_at r i) m) with (weight r m i) in *.
split; [exact Pc|]. split.
{ unfold h, mul. rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances.
  apply Rmult_le_pos; lra. }
split; [exact Pp|].
destruct We as [[W0 Wv]|[Wr Wp]].
- right. unfold h, mul. rewrite W0, Rmult_0_l, round_0 by auto with typeclass_instances.
  split. apply Rmult_le_pos; lra.
  destruct (H i Hi Ti) as [D|[_ D]].
  + destruct (Ratio D) as [_ B]. apply Rle_trans with (1 := B). rewrite Rmult_comm.
    apply Rmult_le_compat; try lra. apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat; lra]. apply Rlt_le, exp_pos. now apply exp_le.
  + specialize (Far D). nra.
- assert (Wx : within (eps_e / (1 - eps_e) + z + 101/100 * u64)
                h (v / V)).
  { rewrite Rplus_comm. apply within_trans with (weight r m i * inv).
    - apply within_rnd. apply Rle_trans with (pow2 (-160) * pow2 (-40)).
      rewrite <- bpow_plus. apply bpow_le. lia. apply Rmult_le_compat; trivial; apply bpow_ge_0.
    - apply within_mult; try lra. apply Rlt_le, Rinv_0_lt_compat; lra.
      apply within_of_relative; lra. exact Wi. }
  set (th := eps_e / (1 - eps_e) + _ + _) in Wx.
  assert (Ect : c = th + (2 * d + n * clamp)) by (unfold c, th, product_chain; fold n; lra).
  destruct (H i Hi Ti) as [D|[D1 D2]].
  + left. rewrite Ect. apply within_trans with (v / V); auto.
  + right. split; [|specialize (Far D2); nra]. destruct Wx as [B _]. apply Rle_trans with (1 := B).
    assert (v <= clamp) by (apply clamp_exp; lra). rewrite Rmult_comm. apply Rmult_le_compat; try lra.
    apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat; lra]. apply Rlt_le, exp_pos. apply exp_le. lra.
Qed.

(* the computed 1/(1 + rest) *)
Definition rest_chain (n : R) : R :=
  (eps_e + n * clamp) / (1 - (eps_e + n * clamp)) +
  (grid_error n / (1 - grid_error n) + pow2 (-51) / (1 - pow2 (-51))) + 202/100 * u64.
Lemma rest_inverse_close : forall r m t w rest, valid_row r -> top_at r t m -> second_at r t m w -> rest_of r t m w rest ->
  0 <= rest_chain (INR (size r)) <= / 100000 /\ 0 <= rest <= pow2 35 /\ pow2 (-40) <= inverse_of rest <= 1 /\
  within (202/100 * u64) (inverse_of rest) (/ (1 + rest)) /\
  within (rest_chain (INR (size r))) (inverse_of rest) (/ sum (size r) (kept r (fun i => exp (modulated_at r i - m)))).
Proof.
intros r m t w rest Vr Tp Sec Ro. destruct (rest_sum r t m w rest Vr Tp Sec Ro) as (Hg & S0 & D).
destruct Tp as (Ht & Tt & Et & Top). assert (N := many r Vr). destruct figures as (F1 & F2 & F3 & F4).
destruct (count_close r m t Top Ht Tt Et) as [[V1 V2] _].
set (n := INR (size r)) in *. set (V := sum (size r) (kept r (fun i => exp (modulated_at r i - m)))) in *.
set (S := sum (size r) (kept (drop r t) (weight r m))) in *. unfold rest_chain. set (g := grid_error n) in *.
assert (P51 : pow2 (-51) = / 2251799813685248) by (simpl; lra).
assert (G : 0 <= g / (1 - g) <= / 400000).
{ split. apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat; lra].
  apply Rmult_le_reg_r with (1 - g). lra. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
set (gq := g / (1 - g)) in *. set (tq := pow2 (-51) / (1 - pow2 (-51))). assert (TQ : 0 <= tq <= / 10 ^ 10) by (unfold tq; rewrite P51; lra).
assert (Nc : 0 <= n * clamp <= / 10 ^ 37).
{ split. apply Rmult_le_pos; lra. apply Rle_trans with (2147483647 * / 10 ^ 47). apply Rmult_le_compat; lra. lra. }
set (e := eps_e + n * clamp) in *. assert (He : 0 <= e <= / 1000000) by (unfold e; rewrite F1; lra).
assert (Eq : 0 <= e / (1 - e) <= / 900000).
{ split. apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat; lra].
  apply Rmult_le_reg_r with (1 - e). lra. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
set (eq := e / (1 - e)) in *. assert (U : 0 < u64 <= / 10 ^ 15) by (rewrite F3; lra).
assert (R0 : 0 <= rest <= pow2 35).
{ destruct D as [[_ ->]|[D _]]. split. lra. apply bpow_ge_0. generalize (bpow_gt_0 radix2 (-200)). lra. }
assert (P35 : pow2 35 = 34359738368) by (simpl; lra).
assert (Fm : format64 m) by (rewrite <- Et; apply format64_rnd).
(* the weights *)
assert (EV : V = 1 + sum (size r) (kept (drop r t) (fun i => exp (modulated_at r i - m)))).
{ unfold V. rewrite (sum_drop r _ (size r) t Ht Tt). rewrite Et, Rminus_eq_0, exp_0. reflexivity. }
assert (SV : Rabs ((1 + S) - V) <= e * V).
{ rewrite EV at 1. replace (1 + S - (1 + sum (size r) (kept (drop r t) (fun i => exp (modulated_at r i - m)))))
    with (S - sum (size r) (kept (drop r t) (fun i => exp (modulated_at r i - m)))) by ring.
  unfold S. rewrite <- sum_minus. eapply Rle_trans. apply sum_abs.
  apply Rle_trans with (sum (size r) (kept r (fun i => eps_e * exp (modulated_at r i - m) + clamp))).
  - apply sum_le. intros i Hi. unfold kept. destruct (taken (drop r t) i) eqn:Di.
    + apply dropped in Di. rewrite (proj1 Di). destruct (weight_error (modulated_at r i) m) as [R W].
      apply format64_rnd. exact Fm. apply Top; tauto. fold (weight r m i) in R, W.
      assert (Pv := exp_pos (modulated_at r i - m)). assert (0 <= eps_e * exp (modulated_at r i - m)) by (apply Rmult_le_pos; [rewrite F1|]; lra).
      destruct W as [[W1 W2]|[W1 _]]. rewrite W1, Rminus_0_l, Rabs_Ropp, Rabs_pos_eq; lra. lra.
    + rewrite Rminus_0_r, Rabs_R0. destruct (taken r i); [|lra]. assert (Pv := exp_pos (modulated_at r i - m)).
      assert (0 <= eps_e * exp (modulated_at r i - m)) by (apply Rmult_le_pos; [rewrite F1|]; lra). lra.
  - eapply Rle_trans. apply kept_affine. lra. fold V n. unfold e. rewrite Rmult_plus_distr_r.
    assert (n * clamp * 1 <= n * clamp * V) by (apply Rmult_le_compat_l; lra). lra. }
assert (W1 : within eq (1 + S) V) by (apply within_of_relative; lra).
assert (W2 : within (gq + tq) (1 + rest) (1 + S)).
{ assert (E1 : 1 <= exp (gq + tq)) by (apply exp_ge_1; lra). destruct D as [[Z1 Z2]|[_ [A B]]].
  - rewrite Z1, Z2. apply within_refl; lra.
  - fold tq in A, B. unfold within. set (E := exp (gq + tq)) in *. split; lra. }
assert (Ad : within (101/100 * u64) (add 1 rest) (1 + rest)).
{ apply within_rnd. apply Rle_trans with (pow2 0). apply bpow_le. lia. change (pow2 0) with 1. lra. }
assert (A1 : 1 <= add 1 rest <= 2 ^ 36).
{ unfold add. split.
  - rewrite <- (round_generic radix2 fexp64 ZnearestE 1) at 1. apply round_le; auto with typeclass_instances. lra.
    change 1 with (pow2 0). apply generic_format_bpow. unfold FLT_exp. lia.
  - replace (2 ^ 36) with (pow2 36) by (simpl; lra). rewrite <- (round_generic radix2 fexp64 ZnearestE (pow2 36)).
    apply round_le; auto with typeclass_instances. simpl. rewrite P35 in R0. lra. apply generic_format_bpow. unfold FLT_exp. lia. }
set (total := add 1 rest) in *.
assert (I : pow2 (-36) <= 1 / total <= 1).
{ assert (Y : 1 / total * total = 1) by (field; lra). assert (0 < 1 / total) by (apply Rdiv_lt_0_compat; lra).
  replace (pow2 (-36)) with (/ 2 ^ 36) by (simpl; lra). split; [|nra].
  apply Rmult_le_reg_r with total; [lra|]. rewrite Y. lra. }
assert (W3 : within (101/100 * u64) (inverse_of rest) (1 / total)).
{ unfold inverse_of. fold total. apply within_rnd. eapply Rle_trans; [|apply I]. apply bpow_le. lia. }
assert (W4 : within (101/100 * u64 + (101/100 * u64)) (inverse_of rest) (/ (1 + rest))).
{ apply within_trans with (1 / total). exact W3. replace (1 / total) with (/ total) by (field; lra). apply within_inv; try lra. exact Ad. }
assert (I2 : pow2 (-40) <= inverse_of rest <= 1).
{ unfold inverse_of. fold total.
  assert (F40 : rnd (pow2 (-40)) = pow2 (-40)) by (apply round_generic; auto with typeclass_instances; apply generic_format_bpow; unfold FLT_exp; lia).
  assert (F0 : rnd (pow2 0) = pow2 0) by (apply round_generic; auto with typeclass_instances; apply generic_format_bpow; unfold FLT_exp; lia).
  change (pow2 0) with 1 in F0. split; [rewrite <- F40 | rewrite <- F0 at 2]; apply round_le; auto with typeclass_instances; [|lra].
  apply Rle_trans with (pow2 (-36)). apply bpow_le. lia. apply I. }
split; [lra|]. split; [exact R0|]. split; [exact I2|].
assert (W5 : within (202/100 * u64) (inverse_of rest) (/ (1 + rest))) by (replace (202/100 * u64) with (101/100 * u64 + 101/100 * u64) by field; exact W4).
split; [exact W5|].
replace (eq + (gq + tq) + 202/100 * u64) with (202/100 * u64 + ((gq + tq) + eq)) by ring.
apply within_trans with (/ (1 + rest)). exact W5. apply within_inv; try lra. apply within_trans with (1 + S); assumption.
Qed.

(* the probability p of p - q before any rounding of the difference; as prob_error of GradBound.v *)
Theorem loss_prob_error : forall r m d rest t i, valid_row r -> 0 <= d -> is_rest r m rest ->
  (t < size r)%nat -> taken r t = true -> modulated_at r t = m -> near_or_far r m d t -> (i < size r)%nat -> taken r i = true ->
  let c := product_chain d (INR (size r)) (rest_chain (INR (size r))) in let h := mul (weight r m i) (inverse_of rest) in
  0 <= c /\ 0 <= h /\ 0 < multimax_row r i /\
  (within c h (multimax_row r i) \/ (h <= clamp * exp c /\ multimax_row r i <= clamp * exp c)).
Proof.
intros r m d rest t i Vr Hd Rs Ht T M Nf Hi Ti. destruct (rest_top r m rest t Rs Ht T M) as (w & Tp & Sec & Ro).
destruct (rest_inverse_close r m t w rest Vr Tp Sec Ro) as (Z & _ & [I0 _] & _ & W). destruct Tp as (_ & _ & _ & Top).
apply product_error with t; trivial. lra.
Qed.
