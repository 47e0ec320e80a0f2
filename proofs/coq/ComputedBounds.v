(* SPDX-License-Identifier: Apache-2.0 *)
(* T6 with the values that the C functions compute on both sides: mmax_condition in, mmax_bound_probs_ulp and mmax_bound_log_ulp out. *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 SigmaFloat AffineFloat RealSum Contract Accuracy ProbBound LogContract LogBound LossContract LossBound.
From MultiMax Require Import BoundFunctions ConditionFloat.
Open Scope R_scope.

Lemma tiny_absorbed : forall p, 0 <= p <= pow2 (-300) -> add p (mul 2 eps_e) = mul 2 eps_e.
Proof.
intros p Hp. set (v := mul 2 eps_e). assert (Ev : v = IZR 231 * pow2 (-41)).
{ unfold v, mul. replace (2 * eps_e) with (IZR 231 * pow2 (-41)) by (unfold eps_e; simpl; lra).
  apply round_generic; auto with typeclass_instances. apply format64_scaled; lia. }
assert (Fv : format64 v) by apply format64_rnd. assert (V1 : pow2 (-34) <= v) by (rewrite Ev; simpl; lra).
assert (V0 : 0 < v) by (generalize (bpow_gt_0 radix2 (-34)); lra). unfold add. apply Rle_antisym.
- apply round_N_le_midp; auto with typeclass_instances. rewrite succ_eq_pos by lra.
  assert (Ul : pow2 (-90) <= ulp radix2 fexp64 v).
  { rewrite ulp_neq_0 by lra. apply bpow_le. unfold cexp, FLT_exp.
    assert (-33 <= mag radix2 v)%Z by (apply mag_ge_bpow; rewrite Rabs_pos_eq by lra; exact V1). lia. }
  assert (pow2 (-300) < pow2 (-91)) by (apply bpow_lt; lia).
  assert (E : pow2 (-90) = 2 * pow2 (-91)) by (change (-90)%Z with (1 + -91)%Z; rewrite bpow_plus; reflexivity). lra.
- apply round_ge_generic; auto with typeclass_instances. lra.
Qed.
Lemma c_log_error_tiny : forall A n k, 0 <= A <= least_condition -> c_log_error A n k = c_log_error 0 n k.
Proof.
assert (T : forall A, 0 <= A <= least_condition -> add (mul (mul 2 c_gamma5) A) (mul 2 eps_e) = mul 2 eps_e).
{ intros A [A0 A1]. apply tiny_absorbed. assert (E3 : mul 2 c_gamma5 = 2 * c_gamma5).
  { unfold mul. replace (2 * c_gamma5) with (IZR 335544321 * pow2 (-78)) by (unfold c_gamma5; simpl; lra).
    apply round_generic; auto with typeclass_instances. apply format64_scaled; lia. }
  assert (G : 0 <= 2 * c_gamma5 <= 1) by (unfold c_gamma5; split; simpl; lra). rewrite E3. unfold mul.
  assert (V : 0 <= 2 * c_gamma5 * A <= pow2 (-300)).
  { split. apply Rmult_le_pos; lra. apply Rle_trans with (1 * pow2 (-500)). apply Rmult_le_compat; trivial; lra.
    rewrite Rmult_1_l. apply bpow_le. lia. }
  exact (fits_rnd (-300) _ ltac:(lia) V). }
intros A n k H. unfold c_log_error. cbv zeta. rewrite (T A H). rewrite (T 0); trivial. split. lra. apply bpow_ge_0.
Qed.
Lemma floored : forall C, 0 <= C ->
  (forall n k, c_log_error C n k = c_log_error (Rmax C least_condition) n k) /\ pow2 (-900) <= Rmax C least_condition.
Proof.
intros C HC. assert (L : 0 < least_condition) by apply bpow_gt_0. split.
- intros n k. unfold Rmax. destruct Rle_dec; trivial. rewrite (c_log_error_tiny C) by lra. symmetry. apply c_log_error_tiny. lra.
- eapply Rle_trans; [|apply Rmax_r]. apply bpow_le. lia.
Qed.

(* C as computed: at least mmax_condition of every entry but those far below the largest, by the test of oracle/row_bound.c *)
Definition c_condition_at (r : row) (i : nat) : R := c_condition (coefs r) (scale r) (shift r) (logit r i).
Definition c_condition_row (r : row) (t : nat) (C : R) : Prop := forall i, (i < size r)%nat -> taken r i = true ->
  c_condition_at r i <= C \/ modulated_at r i - modulated_at r t + 20 * u64 * (c_condition_at r i + c_condition_at r t) < -111.
Lemma c_condition_enough : forall r i C, valid_row r -> (i < size r)%nat -> taken r i = true ->
  c_condition_at r i <= C -> 0 <= C /\ condition_at r i <= Rmax C least_condition.
Proof.
intros r i C (_ & VP & VX) Hi Ti H. destruct (condition_enough (coefs r) (scale r) (shift r) (logit r i) VP (VX i Hi Ti)) as [P E].
split. apply Rle_trans with (1 := P). exact H. apply Rle_trans with (1 := E). apply Rle_max_compat_r. exact H.
Qed.
Lemma c_condition_row_enough : forall r t C, valid_row r -> (t < size r)%nat -> taken r t = true ->
  c_condition_row r t C -> 0 <= C /\ condition_row r t (Rmax C least_condition).
Proof.
intros r t C Vr Ht T H. assert (P : forall i, (i < size r)%nat -> taken r i = true ->
  0 <= c_condition_at r i /\ condition_at r i <= c_condition_at r i + least_condition).
{ intros i Hi Ti. destruct (c_condition_enough r i (c_condition_at r i) Vr Hi Ti ltac:(lra)) as [P E]. split; trivial.
  apply Rle_trans with (1 := E). assert (0 <= least_condition) by apply bpow_ge_0. apply Rmax_lub; lra. }
assert (U := u64_small). assert (L : 0 <= least_condition <= 1) by (split; [apply bpow_ge_0 | change 1 with (pow2 0); apply bpow_le; lia]).
destruct (P t Ht T) as [P1 P2]. split.
- destruct (H t Ht T) as [D|D]; [lra|]. assert (0 <= 20 * u64 * (c_condition_at r t + c_condition_at r t)) by (apply Rmult_le_pos; lra). lra.
- intros i Hi Ti. destruct (P i Hi Ti) as [Q1 Q2]. destruct (H i Hi Ti) as [D|D]. left. now apply c_condition_enough.
  right. assert (u64 * (condition_at r i + condition_at r t) <= u64 * (c_condition_at r i + c_condition_at r t + 2)) by (apply Rmult_le_compat_l; lra).
  assert (0 <= u64 * (c_condition_at r i + c_condition_at r t)) by (apply Rmult_le_pos; lra). lra.
Qed.
Lemma some_entries : forall r t, valid_row r -> (t < size r)%nat -> exists n, INR (size r) = IZR n /\ (1 <= n <= 2147483647)%Z.
Proof. intros r t [V _] Ht. exists (Z.of_nat (size r)). rewrite INR_IZR_INZ. split; trivial. lia. Qed.
Lemma c_probs_enough : forall r t C, valid_row r -> (t < size r)%nat -> 0 <= C -> c_log_error C (INR (size r)) half_grid < 1 / 2 ->
  in_reach (Rmax C least_condition) (INR (size r)) /\ bound_ulp (Rmax C least_condition) (INR (size r)) <= c_bound_probs C (INR (size r)).
Proof.
intros r t C Vr Ht HC H. destruct (some_entries r t Vr Ht) as (n & En & Hn). rewrite En in *. destruct (floored C HC) as [E P].
unfold c_bound_probs. rewrite E in *. apply c_bound_probs_enough; auto.
Qed.
Lemma c_log_enough : forall r t C, valid_row r -> (t < size r)%nat -> 0 <= C -> c_error_log C (INR (size r)) < 1 / 2 ->
  in_reach_log (Rmax C least_condition) (INR (size r)) /\ bound_log_ulp (Rmax C least_condition) (INR (size r)) <= c_bound_log C (INR (size r)).
Proof.
intros r t C Vr Ht HC H. destruct (some_entries r t Vr Ht) as (n & En & Hn). rewrite En in *. destruct (floored C HC) as [E P].
unfold c_bound_log, c_error_log in *. rewrite E in *. apply c_bound_log_enough; auto.
Qed.

Corollary c_probability_error : forall r p C t i, valid_row r -> is_softmax r p ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> c_condition_row r t C ->
  (i < size r)%nat -> taken r i = true -> c_log_error C (INR (size r)) half_grid < 1 / 2 -> pow2 (-126) <= multimax_row r i ->
  Rabs (p i - multimax_row r i) <= c_bound_probs C (INR (size r)) * ulp32 (multimax_row r i).
Proof.
intros r p C t i Vr Sm Ht T TopT Cr Hi Ti H Hp. destruct (c_condition_row_enough r t C Vr Ht T Cr) as [C0 Cx].
destruct (c_probs_enough r t C Vr Ht C0 H) as [B1 B2].
eapply Rle_trans. exact (probability_error r p _ t i Vr Sm Ht T TopT Cx Hi Ti B1 Hp). apply Rmult_le_compat_r; trivial. apply ulp_ge_0.
Qed.
Corollary c_log_probability_error : forall r out C t i, valid_row r -> is_logged r out ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> c_condition_row r t C ->
  (i < size r)%nat -> taken r i = true -> c_condition_at r i <= C -> c_error_log C (INR (size r)) < 1 / 2 ->
  let y := ln (multimax_row r i) in pow2 (-126) <= - y <= pow2 126 -> INR (size r) * pow2 (-97) <= - y ->
  Rabs (out i - y) <= c_bound_log C (INR (size r)) * ulp32 y.
Proof.
intros r out C t i Vr Lg Ht T TopT Cr Hi Ti Ci H y Hy Hn. destruct (c_condition_row_enough r t C Vr Ht T Cr) as [C0 Cx].
destruct (c_log_enough r t C Vr Ht C0 H) as [B1 B2]. destruct (c_condition_enough r i C Vr Hi Ti Ci) as [_ Cy].
eapply Rle_trans. exact (log_probability_error r out _ t i Vr Lg Ht T TopT Cx Hi Ti Cy B1 Hy Hn). apply Rmult_le_compat_r; trivial. apply ulp_ge_0.
Qed.
Definition c_condition_loss (r : row) (y : nat) (a : R) (t : nat) (C : R) : Prop := c_condition_row r t C /\ c_condition_at r y <= C /\
  (0 < a -> forall i, (i < size r)%nat -> taken r i = true -> c_condition_at r i <= C).
Lemma c_condition_loss_enough : forall r y a t C, valid_row r -> (t < size r)%nat -> taken r t = true -> (y < size r)%nat -> taken r y = true ->
  c_condition_loss r y a t C -> 0 <= C /\ condition_loss r y a t (Rmax C least_condition).
Proof.
intros r y a t C Vr Ht T Hy Ty (Cr & Cy & Ca). destruct (c_condition_row_enough r t C Vr Ht T Cr) as [C0 Cx]. split; trivial.
split; trivial. split. now apply c_condition_enough. intros Pa i Hi Ti. apply c_condition_enough; trivial. now apply Ca.
Qed.
Corollary c_loss_error : forall r y a out C t, valid_row r -> format32 a -> 0 <= a <= 1 -> is_loss r y a out ->
  (y < size r)%nat -> taken r y = true -> (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) ->
  c_condition_loss r y a t C -> c_error_log C (INR (size r)) < 1 / 2 ->
  let v := cross_entropy r y a in pow2 (-126) <= v <= pow2 126 -> INR (size r) * pow2 (-97) <= v ->
  Rabs (out - v) <= c_bound_log C (INR (size r)) * ulp32 v.
Proof.
intros r y a out C t Vr Fa Ha Ls Hy Ty Ht T TopT Cl H v Hv Hn. destruct (c_condition_loss_enough r y a t C Vr Ht T Hy Ty Cl) as [C0 Cx].
destruct (c_log_enough r t C Vr Ht C0 H) as [B1 B2].
eapply Rle_trans. exact (loss_error r y a out _ t Vr Fa Ha Ls Hy Ty Ht T TopT Cx B1 Hv Hn). apply Rmult_le_compat_r; trivial. apply ulp_ge_0.
Qed.
Corollary c_loss_error_smoothed : forall r y a out C t, valid_row r -> format32 a -> pow2 (-30) <= a <= 1 -> is_loss r y a out ->
  (y < size r)%nat -> taken r y = true -> (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) ->
  c_condition_loss r y a t C -> c_error_log C (INR (size r)) < 1 / 2 ->
  let v := cross_entropy r y a in v <= pow2 126 -> Rabs (out - v) <= c_bound_log C (INR (size r)) * ulp32 v.
Proof.
intros r y a out C t Vr Fa Ha Ls Hy Ty Ht T TopT Cl H v Hv. destruct (c_condition_loss_enough r y a t C Vr Ht T Hy Ty Cl) as [C0 Cx].
destruct (c_log_enough r t C Vr Ht C0 H) as [B1 B2].
eapply Rle_trans. exact (loss_error_smoothed r y a out _ t Vr Fa Ha Ls Hy Ty Ht T TopT Cx B1 Hv). apply Rmult_le_compat_r; trivial. apply ulp_ge_0.
Qed.
