(* SPDX-License-Identifier: Apache-2.0 *)
(* T8, first half, from the contract of the backward kernel (GradContract.v): the computed probabilities sum to 1, the mean of the
   upstream gradients is near the exact one, and the gradients at sigma sum to 0. N = n 2^-51, G at least every |g| and 2^-149. *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 ExpKernel Hinge Modulator SigmaFloat AffineFloat RealSum Softmax Within Contract LossContract Accuracy ProbBound
  GradContract SlopeFloat.
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
{ intros i Hi Ti. destruct (weight_range r m i Top Fm Hi Ti) as [W1 W2].
  assert (Pw : 0 <= weight r m i * v) by (apply Rmult_le_pos; lra).
  replace (u64 * (v * weight r m i)) with (u64 * Rabs (weight r m i * v)) by (rewrite Rabs_pos_eq; [ring | exact Pw]).
  apply rnd_relative. rewrite Rabs_pos_eq by exact Pw.
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
  apply (kept_abs r _ (fun i => 0 * weight r m i + half_grid)). intros i Hi Ti. rewrite Rmult_0_l, Rplus_0_l. apply quant_close.
  now apply W.
  eapply Rle_trans. apply kept_affine. unfold half_grid; apply bpow_ge_0. rewrite Rmult_0_l, Rplus_0_l. fold (quanta r).
  change (sum (size r) (kept r (weight r m))) with S.
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
{ unfold prob_sum, S, weight_sum. rewrite <- !kept_scal, kept_minus. apply kept_abs. intros i Hi Ti.
  rewrite (Rmult_comm v (weight r m i)) at 1.
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
- intros i. unfold multimax_row, kept at 1. fold W. destruct (taken r i); [|lra]. apply Rlt_le, Rdiv_lt_0_compat; trivial.
  apply exp_pos.
- replace 1 with (/ W * W) by (field; lra). unfold W at 2. rewrite <- kept_scal. apply sum_ext. intros i _.
  unfold multimax_row, kept. destruct (taken r i); trivial. fold W. unfold Rdiv. apply Rmult_comm.
Qed.

(* the grid of the mean *)
Lemma unit_power : forall e, unit_of (6 * pow2 e) = pow2 (e - 50).
Proof.
intros e. unfold unit_of, Zminus. rewrite bpow_plus. replace (pow2 (- (50))) with (6 / 6755399441055744) by (simpl; lra). field.
Qed.
Lemma grid_unit : forall big most G, is_grid big -> grid_over big most -> most <= G -> pow2 (-149) <= G ->
  pow2 (-950) <= unit_of big <= 4 * half_grid * G.
Proof.
intros big most G (e & He & ->) (_ & _ & B) M HG. rewrite unit_power. split. apply bpow_le. lia.
assert (P : pow2 (-207) <= pow2 (-149)) by (apply bpow_le; lia). assert (pow2 e <= 2 * G) by lra.
unfold Zminus. rewrite bpow_plus. replace (4 * half_grid * G) with (2 * G * pow2 (- (50))).
apply Rmult_le_compat_r; trivial. apply bpow_ge_0. unfold half_grid. simpl. lra.
Qed.

(* the computed mean against the sum of the computed products *)
Lemma mean_rounded : forall r g m t total most mean G, valid_row r -> is_top r m -> (t < size r)%nat -> taken r t = true ->
  modulated_at r t = m -> total_close (count_sum r m) total -> at_most r g G -> most <= G ->
  is_mean r g m (rnd (1 / total)) most mean -> let v := rnd (1 / total) in
  Rabs (upstream_sum r g m v) <= prob_sum r m v * G /\
  Rabs (mean - upstream_sum r g m v) <= (4 * quanta r + 21 / 10 * u64) * G.
Proof.
intros r g m t total most mean G Vr Top Ht T M Tc [HG Hg] Hm (big & s & Gr & Go & St & Em) v.
destruct (mass_close r m t total Vr Top Ht T M Tc) as [P0 P1]. fold v in P0, P1, St.
assert (Q := quanta_small r Vr). assert (U := u64_figure). assert (PG := bpow_gt_0 radix2 (-149)).
destruct (grid_unit big most G Gr Go Hm HG) as [U0 U1].
set (X := upstream_sum r g m v) in *. set (un := unit_of big) in *.
assert (BX : Rabs X <= prob_sum r m v * G).
{ unfold X, upstream_sum, prob_sum. rewrite (Rmult_comm _ G), <- kept_scal. apply kept_abs. intros i Hi Ti.
  rewrite Rabs_mult, Rmult_comm, (Rabs_pos_eq (prob r m v i)) by now apply P0. apply Rmult_le_compat_r. now apply P0. now apply Hg. }
split; trivial.
assert (BX2 : Rabs X <= 1001 / 1000 * G).
{ eapply Rle_trans. exact BX. apply Rmult_le_compat_r. lra. apply Rabs_le_inv in P1. rewrite U in P1. lra. }
assert (Un : INR (size r) * un <= 4 * quanta r * G).
{ unfold quanta. replace (4 * (INR (size r) * half_grid) * G) with (INR (size r) * (4 * half_grid * G)) by ring.
  apply Rmult_le_compat_l; trivial. apply pos_INR. }
assert (QG : quanta r * G <= / 1000000 * G) by (apply Rmult_le_compat_r; lra).
assert (S1 : Rabs (steps s big - X) <= 4 * quanta r * G).
{ unfold steps in *. fold un in St |- *. rewrite plus_IZR, <- INR_IZR_INZ in St. apply Rabs_le. lra. }
assert (Pu : 0 < un) by (generalize (bpow_gt_0 radix2 (-950)); lra).
(* two roundings of the count *)
assert (Is : IZR s = 0 \/ 1 <= Rabs (IZR s)).
{ destruct (Z.eq_dec s 0) as [->|N]. now left. right. rewrite <- abs_IZR. apply IZR_le. lia. }
assert (L1 : 1 >= pow2 (-1000)) by (apply Rle_ge; change 1 with (pow2 0); apply bpow_le; lia).
assert (Fs : Rabs (rnd (IZR s) - IZR s) <= u64 * Rabs (IZR s)) by (apply rnd_relative; destruct Is; [left | right]; lra).
assert (F2 : Rabs (mean - rnd (IZR s) * un) <= u64 * Rabs (rnd (IZR s) * un)).
{ rewrite Em. apply rnd_relative. destruct Is as [-> | Is].
  left. rewrite round_0 by auto with typeclass_instances. ring.
  right. rewrite Rabs_mult, (Rabs_pos_eq un) by lra. apply Rle_trans with (1 * pow2 (-950)). rewrite Rmult_1_l. apply bpow_le. lia.
  apply Rmult_le_compat; try lra. apply bpow_ge_0. apply abs_round_ge_generic; auto with typeclass_instances.
  change 1 with (pow2 0). apply generic_format_bpow. unfold FLT_exp. lia. }
assert (F1 : Rabs (rnd (IZR s) * un - steps s big) <= u64 * Rabs (steps s big)).
{ unfold steps. fold un. replace (rnd (IZR s) * un - IZR s * un) with ((rnd (IZR s) - IZR s) * un) by ring.
  rewrite !Rabs_mult, (Rabs_pos_eq un), <- Rmult_assoc by lra. apply Rmult_le_compat_r; lra. }
assert (A : forall a b, Rabs a <= Rabs b + Rabs (a - b)).
{ intros a b. replace a with (b + (a - b)) at 1 by ring. apply Rabs_triang. }
assert (A1 := A (rnd (IZR s) * un) (steps s big)). assert (A2 := A (steps s big) X).
replace (mean - X) with ((mean - rnd (IZR s) * un) + (rnd (IZR s) * un - steps s big) + (steps s big - X)) by ring.
eapply Rle_trans. apply Rabs_triang. eapply Rle_trans. apply Rplus_le_compat_r, Rabs_triang.
rewrite U in *. lra.
Qed.

Lemma mean_size : forall r g m t total most mean G, valid_row r -> is_top r m -> (t < size r)%nat -> taken r t = true ->
  modulated_at r t = m -> total_close (count_sum r m) total -> at_most r g G -> most <= G ->
  is_mean r g m (rnd (1 / total)) most mean -> Rabs mean <= (1 + 5001 / 1000 * quanta r + 92 / 10 * u64) * G.
Proof.
intros r g m t total most mean G Vr Top Ht T M Tc Ha Hm Im.
destruct (mean_rounded r g m t total most mean G Vr Top Ht T M Tc Ha Hm Im) as [B E].
destruct (mass_close r m t total Vr Top Ht T M Tc) as [_ P1]. set (v := rnd (1 / total)) in *.
destruct Ha as [HG _]. assert (PG := bpow_gt_0 radix2 (-149)).
replace mean with ((mean - upstream_sum r g m v) + upstream_sum r g m v) by ring.
eapply Rle_trans. apply Rabs_triang.
assert (prob_sum r m v * G <= (1 + (1001 / 1000 * quanta r + 7 * u64)) * G).
{ apply Rmult_le_compat_r. lra. apply Rabs_le_inv in P1. lra. }
assert (0 <= u64 * G) by (apply Rmult_le_pos; generalize u64_small; lra). lra.
Qed.

(* T8: the gradients at sigma, as computed, sum to 0 *)
Theorem grad_sigma_hat_sum : forall r g m t total most mean G, valid_row r -> valid_upstream r g -> is_top r m ->
  (t < size r)%nat -> taken r t = true -> modulated_at r t = m -> total_close (count_sum r m) total -> at_most r g G -> most <= G ->
  is_mean r g m (rnd (1 / total)) most mean ->
  Rabs (sum (size r) (kept r (grad_sigma_hat r g m (rnd (1 / total)) mean))) <= (6 * quanta r + 15 * u64) * G.
Proof.
intros r g m t total most mean G Vr Vg Top Ht T M Tc Ha Hm Im.
destruct (mean_rounded r g m t total most mean G Vr Top Ht T M Tc Ha Hm Im) as [_ E].
assert (B := mean_size r g m t total most mean G Vr Top Ht T M Tc Ha Hm Im).
destruct (mass_close r m t total Vr Top Ht T M Tc) as [P0 P1]. set (v := rnd (1 / total)) in *.
destruct Ha as [HG Hg]. assert (PG := bpow_gt_0 radix2 (-149)). assert (Q := quanta_small r Vr). assert (U := u64_figure).
assert (Fm : format64 mean) by (destruct Im as (? & ? & _ & _ & _ & ->); apply format64_rnd).
assert (U0 := u64_small). assert (Pe := eta64_pos).
assert (QG : 0 <= quanta r * G <= / 1000000 * G) by (split; [apply Rmult_le_pos | apply Rmult_le_compat_r]; lra).
(* one entry: two roundings *)
assert (One : forall i, (i < size r)%nat -> taken r i = true ->
  Rabs (grad_sigma_hat r g m v mean i - prob r m v i * (g i - mean)) <= 401 / 100 * u64 * G * prob r m v i + eta64).
{ intros i Hi Ti. assert (Pi := P0 i Hi Ti). assert (S := sub_error (g i) mean (format32_64 _ (proj1 (Vg i Hi Ti))) Fm).
  assert (D : Rabs (g i - mean) <= 2001 / 1000 * G).
  { unfold Rminus. eapply Rle_trans. apply Rabs_triang. rewrite Rabs_Ropp. specialize (Hg i Hi Ti).
    rewrite U in B. lra. }
  assert (D2 : Rabs (g i - mean) <= (2 + / 100000) * G).
  { unfold Rminus. eapply Rle_trans. apply Rabs_triang. rewrite Rabs_Ropp. specialize (Hg i Hi Ti). rewrite U in B. lra. }
  clear D. set (d := sub (g i) mean) in *. set (p := prob r m v i) in *. unfold grad_sigma_hat. fold d p.
  assert (R := mul_error p d).
  assert (T1 : Rabs d <= (2 + / 50000) * G).
  { replace d with ((g i - mean) + (d - (g i - mean))) by ring. eapply Rle_trans. apply Rabs_triang.
    assert (u64 * Rabs (g i - mean) <= u64 * ((2 + / 100000) * G)) by (apply Rmult_le_compat_l; lra). rewrite U in *. lra. }
  replace (mul p d - p * (g i - mean)) with ((mul p d - p * d) + p * (d - (g i - mean))) by ring.
  eapply Rle_trans. apply Rabs_triang. rewrite (Rabs_mult p (d - _)), (Rabs_pos_eq p) by exact Pi.
  rewrite (Rabs_mult p d), (Rabs_pos_eq p) in R by exact Pi.
  assert (T2 : p * Rabs d <= p * ((2 + / 50000) * G)) by (apply Rmult_le_compat_l; lra).
  assert (T3 : p * Rabs (d - (g i - mean)) <= p * (u64 * ((2 + / 100000) * G))).
  { apply Rmult_le_compat_l; trivial. eapply Rle_trans. exact S. apply Rmult_le_compat_l; lra. }
  assert (T4 : u64 * (p * Rabs d) <= u64 * (p * ((2 + / 50000) * G))) by (apply Rmult_le_compat_l; lra).
  assert (0 <= u64 * G * p) by (apply Rmult_le_pos; [apply Rmult_le_pos|]; lra). lra. }
set (X := upstream_sum r g m v) in *.
assert (Sum : sum (size r) (kept r (fun i => prob r m v i * (g i - mean))) = X - mean * prob_sum r m v).
{ unfold X, upstream_sum, prob_sum. rewrite <- kept_scal, kept_minus. apply sum_ext. intros i _. unfold kept.
  destruct (taken r i); ring. }
set (Y := sum (size r) (kept r (grad_sigma_hat r g m v mean))).
assert (EY : Rabs (Y - (X - mean * prob_sum r m v)) <= 401 / 100 * u64 * G * prob_sum r m v + INR (size r) * eta64).
{ rewrite <- Sum. unfold Y. rewrite kept_minus. eapply Rle_trans. apply (kept_abs r _ _ _ One). apply kept_affine. lra. }
assert (Ne : INR (size r) * eta64 <= / 100 * u64 * G).
{ assert (N := many r Vr). apply Rle_trans with (2147483647 * eta64). apply Rmult_le_compat_r; lra.
  apply Rle_trans with (pow2 31 * eta64). apply Rmult_le_compat_r. lra. simpl; lra.
  apply Rle_trans with (pow2 (-60) * pow2 (-149)). unfold eta64. rewrite <- !bpow_plus. apply bpow_le. lia.
  apply Rmult_le_compat; trivial; try apply bpow_ge_0. rewrite U. simpl. lra. }
assert (P2 := P1). apply Rabs_le_inv in P2.
assert (Ps : G * prob_sum r m v <= (1 + / 500000) * G).
{ rewrite Rmult_comm. apply Rmult_le_compat_r. lra. rewrite U in P2. lra. }
assert (Md : Rabs (mean * (1 - prob_sum r m v)) <= (1 + / 100000) * G * (1001 / 1000 * quanta r + 7 * u64)).
{ rewrite Rabs_mult. apply Rmult_le_compat; try apply Rabs_pos. rewrite U in B. lra. rewrite Rabs_minus_sym. exact P1. }
replace Y with ((Y - (X - mean * prob_sum r m v)) + (mean * (1 - prob_sum r m v) - (mean - X))) by ring.
eapply Rle_trans. apply Rabs_triang.
assert (Tr : forall a b, Rabs (a - b) <= Rabs a + Rabs b).
{ intros a b. unfold Rminus. rewrite <- (Rabs_Ropp b). apply Rabs_triang. }
specialize (Tr (mean * (1 - prob_sum r m v)) (mean - X)). clear - E EY Ne Ps Md Tr QG PG HG U U0.
assert (401 / 100 * u64 * (G * prob_sum r m v) <= 401 / 100 * u64 * ((1 + / 500000) * G)) by (apply Rmult_le_compat_l; lra).
assert (0 <= u64 * G) by (apply Rmult_le_pos; lra). lra.
Qed.
