(* SPDX-License-Identifier: Apache-2.0 *)
(* T8, first half, from the contract of the backward kernel (GradContract.v): the computed probabilities sum to 1, the mean of the
   upstream gradients is near the exact one, and the gradients at sigma sum to 0. N = n 2^-51, G at least every |g| and 2^-149. *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 ExpKernel Hinge Modulator SigmaFloat AffineFloat RealSum Softmax Within Contract Accuracy ProbBound
  GradContract.
Open Scope R_scope.

Definition quanta (r : row) : R := INR (size r) * half_grid.
Definition prob_sum (r : row) (m v : R) : R := sum (size r) (kept r (prob r m v)).
Definition at_most (r : row) (g : nat -> R) (G : R) : Prop :=
  pow2 (-149) <= G /\ forall i, (i < size r)%nat -> taken r i = true -> Rabs (g i) <= G.

Lemma rnd_relative : forall v, v = 0 \/ pow2 (-1000) <= Rabs v -> Rabs (rnd v - v) <= u64 * Rabs v.
Proof.
intros v [-> | H]. rewrite round_0, Rminus_eq_0, Rabs_R0 by auto with typeclass_instances. lra.
eapply Rle_trans. apply error_le_half_ulp; auto with typeclass_instances.
assert (G : ulp radix2 fexp64 v <= Rabs v * pow2 (1 - 53)).
{ apply ulp_FLT_le. apply Rle_trans with (2 := H). apply bpow_le. lia. }
replace (pow2 (1 - 53)) with (2 * u64) in G by (unfold u64; simpl; lra). lra.
Qed.

Lemma quanta_small : forall r, valid_row r -> 0 <= quanta r <= / 1000000.
Proof.
intros r Vr. assert (N := many r Vr). destruct figures as (_ & F2 & _). unfold quanta. rewrite F2. lra.
Qed.
Lemma u64_figure : u64 = / 9007199254740992.
Proof. apply figures. Qed.

(* sums over the entries that take part *)
Lemma kept_abs : forall r f h n, (forall i, (i < n)%nat -> taken r i = true -> Rabs (f i) <= h i) ->
  Rabs (sum n (kept r f)) <= sum n (kept r h).
Proof.
intros r f h n H. eapply Rle_trans. apply sum_abs. apply sum_le. intros i Hi. unfold kept. destruct (taken r i) eqn:T.
now apply H. rewrite Rabs_R0. lra.
Qed.
Lemma kept_scal : forall r f c n, sum n (kept r (fun i => c * f i)) = c * sum n (kept r f).
Proof. intros r f c n. rewrite <- sum_scal. apply sum_ext. intros i _. unfold kept. destruct (taken r i); ring. Qed.
Lemma kept_minus : forall r f h n, sum n (kept r f) - sum n (kept r h) = sum n (kept r (fun i => f i - h i)).
Proof. intros r f h n. rewrite <- sum_minus. apply sum_ext. intros i _. unfold kept. destruct (taken r i); ring. Qed.

Lemma weight_range : forall r m i, is_top r m -> format64 m -> (i < size r)%nat -> taken r i = true ->
  0 <= weight r m i <= 1 /\ (weight r m i = 0 \/ pow2 (-160) <= weight r m i).
Proof.
intros r m i Top Fm Hi Ti. destruct (weight_error (modulated_at r i) m) as [W1 W2]; trivial.
apply format64_rnd. now apply Top. split; trivial. destruct W2 as [[W2 _]|[_ W2]]. now left. now right.
Qed.

(* the float64 probabilities sum to 1, whatever the errors of sigma and exp *)
Lemma mass_close : forall r m t total, valid_row r -> is_top r m -> (t < size r)%nat -> taken r t = true -> modulated_at r t = m ->
  total_close (count_sum r m) total -> let v := rnd (1 / total) in
  (forall i, (i < size r)%nat -> taken r i = true -> 0 <= prob r m v i) /\
  Rabs (prob_sum r m v - 1) <= 1001 / 1000 * quanta r + 7 * u64.
Proof.
intros r m t total Vr Top Ht T M Tc v. assert (Q := quanta_small r Vr). assert (U := u64_figure).
destruct (inverse_close r m t total Vr Top Ht T M Tc) as (_ & _ & I0 & _). fold v in I0.
assert (Fm : format64 m) by (rewrite <- M; apply format64_rnd).
assert (W : forall i, (i < size r)%nat -> taken r i = true -> 0 <= weight r m i <= 1) by (intros; now apply weight_range).
assert (Pv : 0 < v) by (generalize (bpow_gt_0 radix2 (-40)); lra).
assert (Err : forall i, (i < size r)%nat -> taken r i = true -> Rabs (prob r m v i - weight r m i * v) <= u64 * (v * weight r m i)).
{ intros i Hi Ti. destruct (weight_range r m i Top Fm Hi Ti) as [W1 W2]. assert (Pw : 0 <= weight r m i * v) by (apply Rmult_le_pos; lra).
  replace (u64 * (v * weight r m i)) with (u64 * Rabs (weight r m i * v)) by (rewrite Rabs_pos_eq; [ring | exact Pw]). apply rnd_relative. rewrite Rabs_pos_eq by exact Pw.
  destruct W2 as [-> | W2]. left; ring. right. apply Rle_trans with (pow2 (-160) * pow2 (-40)).
  rewrite <- bpow_plus. apply bpow_le. lia. apply Rmult_le_compat; trivial; apply bpow_ge_0. }
split.
{ intros i Hi Ti. unfold prob, mul. rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances.
  apply Rmult_le_pos. now apply W. lra. }
(* the sum of the weights times the inverse *)
set (S := weight_sum r m).
assert (S1 : 1 <= S).
{ unfold S, weight_sum. rewrite <- (weight_top m). replace (weight_of m m) with (weight r m t) by (unfold weight; now rewrite M).
  apply kept_term; trivial. intros; now apply W. }
assert (Cs : Rabs (count_sum r m - S) <= quanta r * S).
{ unfold count_sum, S, weight_sum. rewrite kept_minus. eapply Rle_trans.
  apply (kept_abs r _ (fun i => 0 * weight r m i + half_grid)). intros i Hi Ti. rewrite Rmult_0_l, Rplus_0_l. apply quant_close. now apply W.
  eapply Rle_trans. apply kept_affine. unfold half_grid; apply bpow_ge_0. rewrite Rmult_0_l, Rplus_0_l. fold (quanta r). change (sum (size r) (kept r (weight r m))) with S.
  rewrite <- (Rmult_1_r (quanta r)) at 1. apply Rmult_le_compat_l; lra. }
assert (QS : quanta r * S <= / 1000000 * S) by (apply Rmult_le_compat_r; lra).
assert (C1 : 1 / 2 <= count_sum r m) by (apply Rabs_le_inv in Cs; lra).
assert (P51 : pow2 (-51) = 4 * u64) by (rewrite U; simpl; lra).
assert (T1 : Rabs (total - count_sum r m) <= pow2 (-51) * count_sum r m) by (unfold total_close in Tc; apply Rabs_le; lra).
assert (T2 : 1 / 4 <= total). { apply Rabs_le_inv in T1. rewrite P51, U in T1. lra. }
assert (W1 : within (quanta r / (1 - quanta r)) (count_sum r m) S) by (apply within_of_relative; lra).
assert (W2 : within (4 * u64 / (1 - 4 * u64)) total (count_sum r m)).
{ apply within_of_relative; try lra. rewrite <- P51. exact T1. }
assert (St : S * (1 / total) <= 8 /\ pow2 (-1000) <= 1 / total).
{ assert (total <= 2 ^ 35).
  { destruct (count_close r m t Top Ht T M) as [V1 C]. assert (N := many r Vr). destruct figures as (F1 & F2 & _ & F4).
    set (V := sum (size r) (kept r (fun i => exp (modulated_at r i - m)))) in *.
    assert (0 <= INR (size r) * clamp <= 2147483647 * / 10 ^ 47).
    { split. apply Rmult_le_pos; lra. apply Rmult_le_compat; lra. }
    assert (C' : Rabs (count_sum r m - V) <= 1 * V).
    { eapply Rle_trans. exact C. apply Rmult_le_compat_r. lra. fold (quanta r). rewrite F1. lra. }
    apply Rabs_le_inv in C'. apply Rabs_le_inv in T1. rewrite P51, U in T1. lra. }
  assert (Y : 1 / total * total = 1) by (field; lra). assert (0 < 1 / total) by (apply Rdiv_lt_0_compat; lra).
  split.
  - apply Rabs_le_inv in Cs. apply Rabs_le_inv in T1. rewrite P51, U in T1.
    assert (S <= 2 * total) by lra. apply Rmult_le_reg_r with total; [lra|]. rewrite Rmult_assoc, Y. lra.
  - apply Rle_trans with (pow2 (-35)). apply bpow_le. lia. replace (pow2 (-35)) with (/ 2 ^ 35) by (simpl; lra).
    apply Rmult_le_reg_r with total; [lra|]. rewrite Y. lra. }
assert (W3 : within (101/100 * u64) v (1 / total)) by (apply within_rnd; tauto).
set (tau := 101/100 * u64 + (4 * u64 / (1 - 4 * u64) + quanta r / (1 - quanta r))).
assert (Wv : within tau (v * S) 1).
{ assert (A : within tau v (/ S)).
  { unfold tau. apply within_trans with (1 / total); trivial. replace (1 / total) with (/ total) by (field; lra).
    apply within_inv; try lra. apply within_trans with (count_sum r m); assumption. }
  replace 1 with (/ S * S) by (field; lra). rewrite <- (Rplus_0_r tau).
  apply within_mult; trivial; try lra. apply Rlt_le, Rinv_0_lt_compat; lra. apply within_refl; lra. }
assert (Te : quanta r / (1 - quanta r) <= quanta r * (1 + / 500000)).
{ apply Rmult_le_reg_r with (1 - quanta r). lra. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra. }
assert (Te0 : 0 <= quanta r / (1 - quanta r)) by (apply Rmult_le_pos; [|apply Rlt_le, Rinv_0_lt_compat]; lra).
assert (T4 : 0 <= 4 * u64 / (1 - 4 * u64) <= 41 / 10 * u64).
{ split. apply Rmult_le_pos; [|apply Rlt_le, Rinv_0_lt_compat]; lra.
  apply Rmult_le_reg_r with (1 - 4 * u64). lra. unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l by lra. rewrite U. lra. }
assert (Tau : 0 <= tau <= 52 / 10 * u64 + quanta r * (1 + / 500000)) by (unfold tau; lra).
assert (R := relative_of_within tau (v * S) 1 ltac:(rewrite U in Tau; lra) ltac:(lra) Wv).
assert (Tx : tau / (1 - tau) <= tau * (1 + / 400000)).
{ apply Rmult_le_reg_r with (1 - tau). rewrite U in Tau; lra. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by (rewrite U in Tau; lra).
  assert (tau <= / 900000) by (rewrite U in Tau; lra). nra. }
assert (E : Rabs (prob_sum r m v - v * S) <= u64 * (v * S)).
{ unfold prob_sum, S, weight_sum. rewrite <- !kept_scal, kept_minus. apply kept_abs. intros i Hi Ti. rewrite (Rmult_comm v (weight r m i)) at 1.
  now apply Err. }
apply Rabs_le_inv in R. apply Rabs_le_inv in E. rewrite U in *. apply Rabs_le. lra.
Qed.

(* the exact probabilities *)
Lemma multimax_row_sum : forall r t, (t < size r)%nat -> taken r t = true ->
  (forall i, 0 <= multimax_row r i) /\ sum (size r) (kept r (multimax_row r)) = 1.
Proof.
intros r t Ht T. set (W := sum (size r) (kept r (fun k => exp (sigma_at r k)))).
assert (PW : 0 < W).
{ apply Rlt_le_trans with (exp (sigma_at r t)). apply exp_pos. apply (kept_term r (fun k => exp (sigma_at r k))); trivial.
  intros; apply Rlt_le, exp_pos. }
split.
- intros i. unfold multimax_row, kept at 1. fold W. destruct (taken r i); [|lra]. apply Rlt_le, Rdiv_lt_0_compat; trivial. apply exp_pos.
- replace 1 with (/ W * W) by (field; lra). unfold W at 2. rewrite <- kept_scal. apply sum_ext. intros i _.
  unfold multimax_row, kept. destruct (taken r i); trivial. fold W. unfold Rdiv. apply Rmult_comm.
Qed.
