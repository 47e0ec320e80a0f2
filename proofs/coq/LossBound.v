(* SPDX-License-Identifier: Apache-2.0 *)
(* T6 for the cross-entropy: a loss that satisfies the C contract is_loss of mmax_row_loss_ref is within bound_log_ulp of
   -sum_k q_k ln multimax_k, smoothed or not, in units of the last place of the exact value. For exact exp and ln the modulator's error
   is a relative error of every -ln p_k (LogBound.v), so of every mean of them with weights q_k >= 0; and the loss is computed as a sum of
   terms >= 0, ln(1 + rest) + (1-a) (m - s_y) + (a/K) sum_k (m - s_k), so relative errors of the terms are one of the sum. *)
From Coq Require Import Reals ZArith Bool Psatz.
From Flocq Require Import Core.
From Coquelicot Require Import Coquelicot.
From MultiMax Require Import Float64 SigmaFloat AffineFloat LogFloat RealSum Softmax Within Contract Accuracy ProbBound LogContract.
From MultiMax Require Import LogRest LastRounding LogBound LossContract LossTerms.
Open Scope R_scope.

(* the terms are a mean of negated log-probabilities *)
Lemma log_shift : forall r s t i, (t < size r)%nat -> taken r t = true -> (i < size r)%nat -> taken r i = true ->
  ln (1 + others r s i (s i)) = (s t - s i) + ln (1 + others r s t (s t)).
Proof.
intros r s t i Ht T Hi Ti. assert (A1 := all_others r s i Hi Ti). assert (A2 := all_others r s t Ht T).
assert (U1 := others_nonneg r s i (s i)). assert (U2 := others_nonneg r s t (s t)). assert (P := exp_pos (s t - s i)).
rewrite <- (ln_exp (s t - s i)) at 1. rewrite <- ln_mult by lra. f_equal. apply Rmult_eq_reg_l with (exp (s i)). 2: apply Rgt_not_eq, exp_pos.
rewrite <- A1, A2, <- Rmult_assoc, <- exp_plus. f_equal. f_equal. ring.
Qed.
Definition mean_of (r : row) (y : nat) (a : R) (s : nat -> R) : R :=
  sum (size r) (kept r (fun k => target_share r y a k * ln (1 + others r s k (s k)))).
Lemma mean_is : forall r y a t m, valid_row r -> (y < size r)%nat -> taken r y = true -> top_at r t m -> 
  mean_of r y a (modulated_at r) = terms_of r y t a m.
Proof.
intros r y a t m Vr Hy Ty (Ht & T & Et & _). destruct (count_figures r y Vr Hy Ty) as [HK _]. unfold mean_of, terms_of.
set (K := unmasked_count r) in *. rewrite <- Et. set (s := modulated_at r). set (L := ln (1 + others r s t (s t))).
assert (E : sum (size r) (kept r (fun k => target_share r y a k * ln (1 + others r s k (s k)))) =
  sum (size r) (fun k => (1 - a) * (kept r (fun k => s t - s k + L) k * delta y k) +
    (a / K * kept r (fun i => s t - s i) k + a / K * L * kept r (fun _ => 1) k))).
{ apply sum_ext. intros k Hk. unfold kept. destruct (taken r k) eqn:Tk; [|ring].
  rewrite (log_shift r s t k Ht T Hk Tk). fold L. unfold target_share. fold K. ring. }
rewrite E, !sum_plus, !sum_scal, sum_delta by exact Hy. unfold kept at 1. rewrite Ty. fold K. unfold unmasked_count in K. fold K. field. lra.
Qed.
Lemma mean_exact : forall r y a, cross_entropy r y a = mean_of r y a (sigma_at r).
Proof.
intros r y a. unfold cross_entropy, mean_of. rewrite <- (Rmult_1_l (sum _ _)), <- Ropp_mult_distr_l_reverse, <- sum_scal.
apply sum_ext. intros k Hk. unfold kept. destruct (taken r k) eqn:Tk; [|ring].
destruct (log_exact r k Hk Tk) as [_ E]. rewrite <- E. ring.
Qed.
Lemma share_nonneg : forall r y a k, valid_row r -> (y < size r)%nat -> taken r y = true -> 0 <= a <= 1 -> 0 <= target_share r y a k.
Proof.
intros r y a k Vr Hy Ty Ha. destruct (count_figures r y Vr Hy Ty) as [HK _]. unfold target_share, delta.
assert (0 <= a / unmasked_count r) by (apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat; lra]). destruct Nat.eq_dec; lra.
Qed.

(* what the modulator's errors do *)
Lemma mean_within : forall r y a s v d, valid_row r -> (y < size r)%nat -> taken r y = true -> 0 <= a <= 1 -> 0 <= d ->
  (forall i, (i < size r)%nat -> taken r i = true -> Rabs (s i - v i) <= d) -> within (2 * d) (mean_of r y a s) (mean_of r y a v).
Proof.
intros r y a s v d Vr Hy Ty Ha Hd H. apply near_0. rewrite <- (Rmult_0_r (INR (size r))). unfold mean_of.
apply sums_near; try lra. intros k Hk Tk. assert (Q := share_nonneg r y a k Vr Hy Ty Ha). set (q := target_share r y a k) in *.
assert (Nk : near (2 * d) 0 (ln (1 + others r s k (s k))) (ln (1 + others r v k (v k)))).
{ apply near_ln; try lra; try apply others_nonneg. rewrite <- (Rmult_0_r (INR (size r))). unfold others.
  apply sums_near; try lra. intros i Hi Di. apply dropped in Di. apply near_0, within_exp.
  assert (A := Rabs_le_inv _ _ (H i Hi (proj1 Di))). assert (B := Rabs_le_inv _ _ (H k Hk Tk)). apply Rabs_le. lra. }
assert (E := exp_pos (2 * d)). destruct Nk as [A B]. rewrite Rplus_0_r in *. unfold near. rewrite !Rplus_0_r. split.
- replace (exp (2 * d) * (q * ln (1 + others r v k (v k)))) with (q * (exp (2 * d) * ln (1 + others r v k (v k)))) by ring. now apply Rmult_le_compat_l.
- replace (exp (2 * d) * (q * ln (1 + others r s k (s k)))) with (q * (exp (2 * d) * ln (1 + others r s k (s k)))) by ring. now apply Rmult_le_compat_l.
Qed.

(* without smoothing it is a negated log-probability, computed alike *)
Lemma plain_exact : forall r y, (y < size r)%nat -> taken r y = true -> cross_entropy r y 0 = - ln (multimax_row r y).
Proof.
intros r y Hy Ty. unfold cross_entropy. f_equal.
transitivity (sum (size r) (fun k => kept r (fun k => ln (multimax_row r k)) k * delta y k)).
- apply sum_ext. intros k _. unfold kept, target_share, Rdiv. destruct (taken r k); ring.
- rewrite sum_delta by exact Hy. unfold kept at 1. now rewrite Ty.
Qed.
Lemma plain_is_log : forall s m c, plain_loss 0 (below s m) c = - log_of s m c.
Proof.
intros s m c. unfold plain_loss, below, log_of. assert (E : sub 1 0 = 1).
{ unfold sub. rewrite Rminus_0_r. apply round_generic; auto with typeclass_instances. apply (format64_int 1). lia. }
assert (O : sub s m = - sub m s) by (unfold sub; rewrite <- round_NE_opp; f_equal; ring).
rewrite E, O. unfold fma. unfold sub at 2. rewrite <- round_NE_opp. f_equal. ring.
Qed.

(* A: as for the target's log-probability; with smoothing every entry reaches the output *)
Definition condition_loss (r : row) (y : nat) (a : R) (t : nat) (A : R) : Prop := condition_row r t A /\ condition_at r y <= A /\
  (0 < a -> forall i, (i < size r)%nat -> taken r i = true -> condition_at r i <= A).

(* the double before its last rounding *)
Theorem loss_before_rounding : forall r y a out A t, valid_row r -> format32 a -> 0 <= a <= 1 -> is_loss r y a out ->
  (y < size r)%nat -> taken r y = true -> (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) ->
  condition_loss r y a t A -> in_reach_log A (INR (size r)) ->
  let n := INR (size r) in let v := cross_entropy r y a in
  exists l e, (l <= 34 * 10 ^ 37 -> out = rnd32 l) /\ 0 <= l /\ 0 <= v /\ 0 <= e <= excess (log_error_log A n) /\ e < 1 /\
    (log_error_log A n <= 1 / 4 -> Rabs (l - v) <= e * v + n * pow2 (-158)) /\ (n * pow2 (-97) <= v -> Rabs (l - v) <= e * v).
Proof.
intros r y a out A t Vr Fa Ha (m & rest & c & l & Rs & Lc & Ls & Out) Hy Ty Ht T TopT (Cr & Cy & Ca) B n v.
destruct (Req_dec a 0) as [->|Na].
- destruct Ls as [[_ El]|[H _]]; [|lra]. unfold below_at in El. rewrite plain_is_log in El.
  destruct (log_of_error r m rest c A t y Vr Rs Lc Ht T TopT Cr Hy Ty Cy B) as (L0 & V0 & e & E).
  rewrite <- El in L0, E. rewrite <- (plain_exact r y Hy Ty) in V0, E. fold n v in V0, E. exists l, e. split; [|now split].
  intros Hl. apply Out. unfold narrow_range. lra.
- assert (H : exists t0, top_at r t0 m /\ 0 <= l /\ 0 <= terms_of r y t0 a m /\
    near (loss_chain n) (3 / 4 * (n * clamp)) l (terms_of r y t0 a m)) by (apply (smooth_near r y a m rest c l); trivial; lra).
  destruct H as (t0 & Tp & L0 & T0 & Nl). rewrite <- (mean_is r y a t0 m Vr Hy Ty Tp) in *.
  set (d := gamma_5 * A + pow2 (-600)).
  assert (C0 := condition_pos r y). assert (G0 : 0 <= gamma_5).
  { destruct gain_gamma as [G _]. generalize gain_5 u64_small. lra. }
  assert (D0 : 0 <= d).
  { unfold d. apply Rplus_le_le_0_compat. apply Rmult_le_pos; lra. apply bpow_ge_0. }
  assert (W : within (2 * d) (mean_of r y a (modulated_at r)) v).
  { unfold v. rewrite mean_exact. apply mean_within; trivial. intros i Hi Ti.
    destruct Vr as (_ & VP & VX). destruct gain_gamma as [G1 _]. eapply Rle_trans. apply modulated_hat_error. exact VP. now apply VX.
    unfold d. apply Rplus_le_compat_r. apply Rle_trans with (gamma_5 * condition_at r i).
    - apply Rmult_le_compat_r; trivial. apply condition_pos.
    - apply Rmult_le_compat_l; trivial. apply Ca; trivial. lra. }
  assert (N := many r Vr). fold n in N. assert (Ch := log_chain_error A n N D0). fold d in Ch. set (b := log_error_log A n) in *.
  assert (CE := const_small n N). destruct figures as (F1 & _ & F3 & F4).
  assert (Fn : 0 <= n * clamp) by (apply Rmult_le_pos; lra). assert (Q : 0 <= eps_e / (1 - eps_e)) by (rewrite F1; lra).
  assert (V0 : 0 <= v).
  { unfold v. rewrite mean_exact. apply kept_nonneg. intros k Hk Tk. apply Rmult_le_pos. now apply share_nonneg. apply ln_1_pos, others_nonneg. }
  assert (Lb : loss_chain n + 2 * d <= b - pow2 (-47)).
  { unfold loss_chain. unfold log_chain in Ch. assert (P : pow2 (-47) + 4 * u64 <= pow2 (-46)) by (unfold u64; simpl; lra). lra. }
  assert (Nv : near (loss_chain n + 2 * d) (3 / 4 * (n * clamp)) l v).
  { rewrite <- (Rplus_0_r (3 / 4 * (n * clamp))). apply near_trans with (mean_of r y a (modulated_at r)); try lra; trivial.
    unfold loss_chain; lra. now apply near_0. }
  destruct (near_relative (loss_chain n + 2 * d) b n l v N ltac:(unfold loss_chain in *; lra) B L0 V0 Nv) as (e & E0 & E1 & D1 & D2).
  exists l, e. split. { intros Hl. apply Out. unfold narrow_range. lra. } repeat (split; trivial); tauto.
Qed.

(* T6 for the cross-entropy *)
Theorem loss_error : forall r y a out A t, valid_row r -> format32 a -> 0 <= a <= 1 -> is_loss r y a out ->
  (y < size r)%nat -> taken r y = true -> (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) ->
  condition_loss r y a t A -> in_reach_log A (INR (size r)) ->
  let v := cross_entropy r y a in pow2 (-126) <= v <= pow2 126 -> INR (size r) * pow2 (-97) <= v ->
  Rabs (out - v) <= bound_log_ulp A (INR (size r)) * ulp32 v.
Proof.
intros r y a out A t Vr Fa Ha Ls Hy Ty Ht T TopT C B v Hv Hn.
destruct (loss_before_rounding r y a out A t Vr Fa Ha Ls Hy Ty Ht T TopT C B) as (l & e & Out & L0 & V0 & E0 & E1 & _ & D).
specialize (D Hn). fold v in D, V0. rewrite Out.
- unfold bound_log_ulp. apply (rounded_relative _ e); trivial. apply Hv.
- apply Rabs_le_inv in D. assert (e * v <= 1 * v) by (apply Rmult_le_compat_r; lra). generalize pow2_126. lra.
Qed.

(* near 0, where the clamp's floor may be all there is: one unit in place of a half *)
Theorem loss_error_floor : forall r y a out A t, valid_row r -> format32 a -> 0 <= a <= 1 -> is_loss r y a out ->
  (y < size r)%nat -> taken r y = true -> (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) ->
  condition_loss r y a t A -> log_error_log A (INR (size r)) <= 1 / 4 ->
  let v := cross_entropy r y a in let e := excess (log_error_log A (INR (size r))) in v <= pow2 126 ->
  (pow2 (-126) <= v -> Rabs (out - v) <= (1 + pow2 24 * e) * ulp32 v + INR (size r) * pow2 (-158)) /\
  (v < pow2 (-126) -> Rabs (out - v) <= e * v + pow2 (-149) + INR (size r) * pow2 (-158)).
Proof.
intros r y a out A t Vr Fa Ha Ls Hy Ty Ht T TopT C B v eb Hv. assert (U := u64_small).
destruct (loss_before_rounding r y a out A t Vr Fa Ha Ls Hy Ty Ht T TopT C ltac:(unfold in_reach_log; lra))
  as (l & e & Out & L0 & V0 & E0 & _ & D & _). specialize (D B). fold v in D, V0. fold eb in E0. assert (N := many r Vr).
set (f := INR (size r) * pow2 (-158)) in *. assert (F : 0 <= f <= pow2 (-126)).
{ unfold f. split. apply Rmult_le_pos. lra. apply bpow_ge_0. apply Rle_trans with (pow2 (-127)); [|apply bpow_le; lia].
  change (-127)%Z with (31 + -158)%Z. rewrite bpow_plus.
  apply Rmult_le_compat_r. apply bpow_ge_0. apply Rle_trans with 2147483647. lra. simpl. lra. }
assert (Eb : eb <= 1 / 3).
{ unfold eb, excess. set (b := log_error_log _ _) in *. apply Rmult_le_reg_r with (1 - b). lra.
  unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l by lra. lra. }
assert (e * v <= 1 / 3 * v) by (apply Rmult_le_compat_r; lra). assert (D' := Rabs_le_inv _ _ D).
assert (P126 : pow2 (-126) <= 1) by (change 1 with (pow2 0); apply bpow_le; lia).
rewrite Out by (generalize pow2_126; lra). exact (rounded_floor eb e f l v L0 V0 F ltac:(lra) Eb D).
Qed.

(* a smoothing of 2^-30 or more keeps the loss of two or more entries away from 0 *)
Lemma smoothed_away : forall r y a i j, valid_row r -> (y < size r)%nat -> taken r y = true -> pow2 (-30) <= a <= 1 ->
  (i < size r)%nat -> taken r i = true -> (j < size r)%nat -> taken r j = true -> i <> j -> pow2 (-62) <= cross_entropy r y a.
Proof.
assert (One : forall r y a i j, valid_row r -> (y < size r)%nat -> taken r y = true -> pow2 (-30) <= a <= 1 ->
  (i < size r)%nat -> taken r i = true -> (j < size r)%nat -> taken r j = true -> i <> j -> sigma_at r i <= sigma_at r j -> pow2 (-62) <= cross_entropy r y a).
{ intros r y a i j Vr Hy Ty Ha Hi Ti Hj Tj Nij S. rewrite mean_exact. set (s := sigma_at r) in *. destruct (count_figures r y Vr Hy Ty) as [HK _].
  assert (N := many r Vr). assert (A0 := bpow_gt_0 radix2 (-30)).
  assert (E : 1 <= others r s i (s i)).
  { apply Rle_trans with (exp (s j - s i)). apply exp_ge_1. lra.
    apply (kept_term (drop r i) (fun k => exp (s k - s i))); trivial. intros; apply Rlt_le, exp_pos. apply dropped. auto. }
  assert (L : 1 / 2 <= ln (1 + others r s i (s i))).
  { apply Rle_trans with (ln 2). 2: apply ln_le; lra. rewrite <- (ln_exp (1 / 2)). apply ln_le. apply exp_pos.
    assert (G := exp_ineq1_le (- (1 / 2))). rewrite exp_Ropp in G. assert (P := exp_pos (1 / 2)).
    apply Rmult_le_reg_r with (/ exp (1 / 2)). now apply Rinv_0_lt_compat. rewrite Rinv_r; lra. }
  assert (Q : pow2 (-61) <= target_share r y a i).
  { unfold target_share. apply Rle_trans with (a / unmasked_count r).
    - change (-61)%Z with (-30 + -31)%Z. rewrite bpow_plus. unfold Rdiv. apply Rmult_le_compat; try apply bpow_ge_0. lra.
      apply Rle_trans with (/ 2147483647). simpl; lra. apply Rinv_le_contravar; lra.
    - unfold delta. destruct Nat.eq_dec; lra. }
  apply Rle_trans with (target_share r y a i * ln (1 + others r s i (s i))).
  - change (-62)%Z with (-61 + -1)%Z. rewrite bpow_plus. change (pow2 (-1)) with (/ 2). apply Rmult_le_compat; try lra. apply bpow_ge_0.
  - apply (kept_term r (fun k => target_share r y a k * ln (1 + others r s k (s k)))); trivial.
    intros k Hk Tk. apply Rmult_le_pos. apply share_nonneg; trivial; lra. apply ln_1_pos, others_nonneg. }
intros r y a i j Vr Hy Ty Ha Hi Ti Hj Tj Nij. destruct (Rle_or_lt (sigma_at r i) (sigma_at r j)) as [S|S].
- apply (One r y a i j); trivial.
- apply (One r y a j i); auto. lra.
Qed.
(* one unmasked entry: 0, exactly *)
Lemma other_or_none : forall r y n, (exists i, (i < n)%nat /\ i <> y /\ taken r i = true) \/
  (forall i, (i < n)%nat -> i <> y -> taken r i = false).
Proof.
intros r y. induction n as [|n [(i & Hi & H)|H]].
- right. intros i Hi. lia.
- left. exists i. split. lia. exact H.
- destruct (Nat.eq_dec n y) as [->|N].
  + right. intros i Hi Ni. apply H; lia.
  + destruct (taken r n) eqn:T. left. exists n. repeat split; auto. right. intros i Hi Ni.
    destruct (Nat.eq_dec i n) as [->|M]; trivial. apply H; lia.
Qed.
Lemma loss_single : forall r y a out, (y < size r)%nat -> taken r y = true -> others_masked r y -> is_loss r y a out ->
  out = 0 /\ cross_entropy r y a = 0.
Proof.
intros r y a out Hy Ty Om (m & rest & c & l & (t & w & (Ht & T & Et & _) & Sec & Ro) & Lc & Ls & Out).
assert (t = y) as -> by (destruct (Nat.eq_dec t y); trivial; rewrite (Om t Ht) in T by assumption; discriminate).
assert (W0 : w = 0).
{ destruct Sec as [[_ W]|(j & Hj & Nj & Tj & _)]; trivial. rewrite (Om j Hj Nj) in Tj. discriminate. }
assert (R0 : rest = 0) by (destruct Ro as [[_ R]|[P _]]; [exact R | lra]).
assert (C0 : c = 0).
{ destruct Lc as [[_ Z]|L]; trivial. assert (E := log1p_hat_error rest c ltac:(now left) L).
  rewrite R0, Rplus_0_r, ln_1, Rmult_0_r, Rminus_0_r in E. apply Rabs_le_inv in E. lra. }
assert (B0 : below_at r m y = 0) by (unfold below_at, below, sub; rewrite Et, Rminus_eq_0; apply round_0; auto with typeclass_instances).
assert (Pl : plain_loss a (below_at r m y) c = 0).
{ unfold plain_loss, fma. rewrite B0, C0, Rmult_0_r, Rplus_0_r. apply round_0; auto with typeclass_instances. }
assert (Only : forall f, f y = 0 -> sum (size r) (kept r f) = 0).
{ intros f F. rewrite <- (Rmult_0_r (INR (size r))), <- sum_const. apply sum_ext. intros k Hk. unfold kept.
  destruct (taken r k) eqn:Tk; trivial. destruct (Nat.eq_dec k y) as [->|N]; trivial. rewrite (Om k Hk N) in Tk. discriminate. }
split.
- assert (L0 : l = 0).
  { destruct Ls as [[_ ->]|(_ & s & (far & big & _ & (e & He & ->) & _ & Sc) & ->)]; trivial.
    assert (S0 : s = 0).
    { assert (Z : below_sum r m (6 * pow2 e) = 0).
      { apply Only. unfold quant. rewrite B0, Rplus_0_l, round_generic; auto with typeclass_instances. ring.
        apply (format64_scaled 6 e); lia. }
      destruct Sc as [[_ Z']|C]; trivial. unfold total_close in C. rewrite Z, Rmult_0_r in C. lra. }
    unfold smooth_loss, fma. rewrite Pl, S0, Rmult_0_r, Rplus_0_r. apply round_0; auto with typeclass_instances. }
  rewrite Out by (unfold narrow_range; lra). rewrite L0. apply round_0; auto with typeclass_instances.
- rewrite mean_exact. apply Only. assert (Z : others r (sigma_at r) y (sigma_at r y) = 0).
  { unfold others. rewrite <- (Rmult_0_r (INR (size r))), <- sum_const. apply sum_ext. intros k Hk. unfold kept.
    destruct (taken (drop r y) k) eqn:Tk; trivial. apply dropped in Tk. destruct Tk as [Tk Nk]. rewrite (Om k Hk Nk) in Tk. discriminate. }
  rewrite Z, Rplus_0_r, ln_1. ring.
Qed.

Corollary loss_error_smoothed : forall r y a out A t, valid_row r -> format32 a -> pow2 (-30) <= a <= 1 -> is_loss r y a out ->
  (y < size r)%nat -> taken r y = true -> (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) ->
  condition_loss r y a t A -> in_reach_log A (INR (size r)) ->
  let v := cross_entropy r y a in v <= pow2 126 ->
  Rabs (out - v) <= bound_log_ulp A (INR (size r)) * ulp32 v.
Proof.
intros r y a out A t Vr Fa Ha Ls Hy Ty Ht T TopT C B v Hv. assert (A0 := bpow_gt_0 radix2 (-30)).
assert (N := many r Vr). destruct (other_or_none r y (size r)) as [(i & Hi & Ni & Ti)|Om].
- assert (L := smoothed_away r y a i y Vr Hy Ty Ha Hi Ti Hy Ty Ni). fold v in L. apply (loss_error r y a out A t); trivial. lra.
  + split; trivial. apply Rle_trans with (2 := L). apply bpow_le. lia.
  + apply Rle_trans with (2 := L). apply Rle_trans with (pow2 31 * pow2 (-97)).
    * apply Rmult_le_compat_r. apply bpow_ge_0. simpl. lra.
    * rewrite <- bpow_plus. apply bpow_le. lia.
- destruct (loss_single r y a out Hy Ty Om Ls) as [E1 E2]. fold v in E2.
  rewrite E1, E2, Rminus_0_r, Rabs_R0. apply Rmult_le_pos; [|apply ulp_ge_0].
  assert (A1 := condition_pos r y). destruct C as (_ & Cy & _). assert (U := u64_small). assert (P46 := bpow_gt_0 radix2 (-46)).
  assert (D0 : 0 <= gamma_5 * A + pow2 (-600)).
  { apply Rplus_le_le_0_compat. apply Rmult_le_pos; [|lra]. destruct gain_gamma as [G _]. generalize gain_5. lra. apply bpow_ge_0. }
  assert (Ch := log_chain_error A _ N D0). unfold in_reach_log in B. unfold bound_log_ulp. set (b := log_error_log _ _) in *.
  assert (0 <= excess b) by (apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat; lra]).
  assert (0 <= pow2 24 * excess b) by (apply Rmult_le_pos; [apply bpow_ge_0 | lra]). destruct Rle_dec; lra.
Qed.
