(* SPDX-License-Identifier: Apache-2.0 *)
(* T6, before the last rounding: from the contract of a row (Contract.v) the float64 probability is within B of MultiMax in the
   logarithm. Sources of error: sigma (T7g), its difference to the largest, exp (T3), the clamp at -110, the quantisation of
   the weights, total, inverse, product. *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core.
From Interval Require Import Tactic.
From MultiMax Require Import Float64 ExpKernel Hinge Modulator SigmaFloat AffineFloat RealSum Softmax Within Contract.
Open Scope R_scope.

Definition eps_e : R := 231 * pow2 (-42).      (* 0x1.cep-35: one weight *)
Definition gamma_5 : R := 5 * u64 / (1 - 5 * u64).
Definition clamp : R := pow2 (-158).           (* what a weight below exp(-110) can be *)
Definition half_grid : R := pow2 (-51).        (* quantisation of a weight *)

(* specs/accuracy.md#probs, log_error of src/bounds.c *)
Definition log_error (A N grid : R) : R := 2 * gamma_5 * A + 2 * eps_e + N * grid / (1 - N * grid) + 16 * u64.

Lemma clamp_exp : forall d, d <= -109.9 -> exp d <= clamp.
Proof.
intros d H. unfold clamp. rewrite bpow_exp. apply exp_le. apply Rle_trans with (1 := H).
assert (ln (IZR radix2) <= 69315/100000) by (simpl; interval). simpl IZR in *. lra.
Qed.

(* one weight against the exponential of the exact difference of the computed sigmas *)
Lemma weight_error : forall s m, format64 s -> format64 m -> s <= m -> let e := weight_of s m in let v := exp (s - m) in
  0 <= e <= 1 /\ ((e = 0 /\ v <= clamp) \/ (Rabs (e - v) <= eps_e * v /\ pow2 (-160) <= e)).
Proof.
intros s m Fs Fm H e v. unfold e, v, weight_of, exp_fn. set (z := rnd (s - m)).
assert (E : Rabs (z - (s - m)) <= u64 * Rabs (s - m)) by (apply sub_error; assumption).
assert (Fz : format64 z) by apply format64_rnd.
assert (Z0 : z <= 0).
{ unfold z. rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances. lra. }
assert (U : 0 < u64 <= / 1000000) by (unfold u64; simpl; lra).
rewrite (Rabs_left1 (s - m)) in E by lra. apply Rabs_le_inv in E.
destruct (Rlt_dec z (-110)) as [L|L].
- split; [split; lra|]. left. split; trivial. apply clamp_exp. nra.
- assert (Z : -110 <= z <= 0) by lra. assert (R := exp_hat_range z Fz Z). split.
  { generalize (bpow_gt_0 radix2 (-160)). split; lra. }
  right. split; [|tauto].
  assert (C := exp_hat_correct z Fz Z). set (d := z - (s - m)) in *.
  assert (W : m - s <= 111) by (unfold d in E; nra). assert (u64 * - (s - m) <= u64 * 111) by (apply Rmult_le_compat_l; lra).
  assert (B : -111 * u64 <= d <= 111 * u64) by lra.
  replace z with ((s - m) + d) in C at 2 3 by (unfold d; ring). rewrite exp_plus in C. apply Rabs_le_inv in C.
  assert (P := exp_pos (s - m)). clear v. generalize dependent (exp (s - m)). intros v' C P.
  assert (I : Rabs ((1 + 522/10000000000000) * exp d - 1) <= eps_e /\ Rabs ((1 - 522/10000000000000) * exp d - 1) <= eps_e).
  { clear -B. unfold eps_e, u64 in *. simpl pow2 in *. split; interval with (i_prec 80). }
  destruct I as [I J]. apply Rabs_le_inv in I. apply Rabs_le_inv in J. apply Rabs_le. split.
  + assert ((1 - 522 / 10000000000000) * exp d * v' <= exp_hat z) by lra.
    assert ((1 - eps_e) * v' <= (1 - 522 / 10000000000000) * exp d * v') by (apply Rmult_le_compat_r; lra). lra.
  + assert (exp_hat z <= (1 + 522 / 10000000000000) * exp d * v') by lra.
    assert ((1 + 522 / 10000000000000) * exp d * v' <= (1 + eps_e) * v') by (apply Rmult_le_compat_r; lra). lra.
Qed.
Lemma weight_top : forall m, weight_of m m = 1.
Proof.
intros m. unfold weight_of, exp_fn. rewrite Rminus_eq_0, round_0 by auto with typeclass_instances.
destruct Rlt_dec; [lra|]. apply exp_hat_0.
Qed.

(* a weight on the grid 2^-50 *)
Lemma quant_close : forall e, 0 <= e <= 1 -> Rabs (quant e 6 - e) <= half_grid.
Proof.
intros e H. unfold quant. replace (rnd (e + 6) - 6 - e) with (rnd (e + 6) - (e + 6)) by ring.
eapply Rle_trans. apply error_le_half_ulp; auto with typeclass_instances.
assert (M : (mag radix2 7 = 3 :> Z)%Z) by (apply mag_unique; rewrite Rabs_pos_eq; simpl; lra).
assert (L : ulp radix2 fexp64 (e + 6) <= ulp radix2 fexp64 7).
{ apply ulp_le; auto with typeclass_instances. rewrite !Rabs_pos_eq; lra. }
rewrite (ulp_neq_0 _ _ 7) in L by lra. unfold cexp in L. rewrite M in L. unfold half_grid. simpl in *. lra.
Qed.

(* sums over the entries that take part *)
Lemma kept_le : forall r f g n, (forall i, (i < n)%nat -> taken r i = true -> f i <= g i) -> sum n (kept r f) <= sum n (kept r g).
Proof. intros r f g n H. apply sum_le. intros i Hi. unfold kept. destruct (taken r i) eqn:T; [now apply H | lra]. Qed.
Lemma kept_nonneg : forall r f n, (forall i, (i < n)%nat -> taken r i = true -> 0 <= f i) -> 0 <= sum n (kept r f).
Proof. intros r f n H. apply sum_nonneg. intros i Hi. unfold kept. destruct (taken r i) eqn:T; [now apply H | lra]. Qed.
Lemma kept_term : forall r f n t, (forall i, (i < n)%nat -> taken r i = true -> 0 <= f i) -> (t < n)%nat -> taken r t = true ->
  f t <= sum n (kept r f).
Proof.
intros r f n t H Ht T. replace (f t) with (kept r f t) by (unfold kept; now rewrite T). apply sum_ge_term; trivial.
intros j Hj. unfold kept. destruct (taken r j) eqn:K; [now apply H | lra].
Qed.
Lemma kept_affine : forall r f c d n, 0 <= d -> sum n (kept r (fun i => c * f i + d)) <= c * sum n (kept r f) + INR n * d.
Proof.
intros r f c d n Hd. rewrite <- sum_scal, <- sum_const, <- sum_plus. apply sum_le. intros i _. unfold kept. destruct (taken r i); lra.
Qed.

(* two families of positive terms, close but for terms that are tiny against that of t *)
Lemma sums_within : forall r n a b t d e, 0 <= d -> 0 <= e -> (t < n)%nat -> taken r t = true ->
  (forall i, (i < n)%nat -> taken r i = true -> 0 <= a i /\ 0 <= b i) -> within d (a t) (b t) ->
  (forall i, (i < n)%nat -> taken r i = true -> within d (a i) (b i) \/ (a i <= e * a t /\ b i <= e * b t)) ->
  within (d + INR n * e) (sum n (kept r a)) (sum n (kept r b)).
Proof.
assert (One : forall r n a b t d e, 0 <= d -> 0 <= e -> (t < n)%nat -> taken r t = true ->
  (forall i, (i < n)%nat -> taken r i = true -> 0 <= b i) -> a t <= exp d * b t ->
  (forall i, (i < n)%nat -> taken r i = true -> a i <= exp d * b i \/ a i <= e * a t) ->
  sum n (kept r a) <= exp (d + INR n * e) * sum n (kept r b)).
{ intros r n a b t d e Hd He Ht T B At H. assert (Ed := exp_ge_1 d Hd).
  assert (Bt := kept_term r b n t B Ht T). assert (B0 := B t Ht T). assert (Pn := pos_INR n).
  assert (S : sum n (kept r a) <= exp d * sum n (kept r b) + INR n * (e * (exp d * b t))).
  { eapply Rle_trans; [|apply kept_affine].
    - apply kept_le. intros i Hi Ti. assert (Bi := B i Hi Ti).
      assert (0 <= e * (exp d * b t)) by (repeat apply Rmult_le_pos; lra).
      destruct (H i Hi Ti) as [Q|Q]. lra.
      assert (e * a t <= e * (exp d * b t)) by (apply Rmult_le_compat_l; lra). nra.
    - repeat apply Rmult_le_pos; lra. }
  eapply Rle_trans. exact S. rewrite exp_plus. assert (G := exp_ineq1_le (INR n * e)).
  assert (L : INR n * (e * (exp d * b t)) <= exp d * (INR n * e * sum n (kept r b))).
  { replace (INR n * (e * (exp d * b t))) with (exp d * (INR n * e * b t)) by ring. apply Rmult_le_compat_l. lra.
    apply Rmult_le_compat_l; trivial. now apply Rmult_le_pos. }
  assert (K : exp d * ((1 + INR n * e) * sum n (kept r b)) <= exp d * (exp (INR n * e) * sum n (kept r b))).
  { apply Rmult_le_compat_l. lra. apply Rmult_le_compat_r; lra. }
  lra. }
intros r n a b t d e Hd He Ht T P W H. split.
- apply One with t; trivial. intros i Hi Ti. apply (P i Hi Ti). apply W.
  intros i Hi Ti. destruct (H i Hi Ti) as [[Q _]|[Q _]]; tauto.
- apply One with t; trivial. intros i Hi Ti. apply (P i Hi Ti). apply W.
  intros i Hi Ti. destruct (H i Hi Ti) as [[_ Q]|[_ Q]]; tauto.
Qed.

(* the exact sum of the quantised weights against the sum of the exponentials *)
Lemma count_close : forall r m t, (forall i, (i < size r)%nat -> taken r i = true -> modulated_at r i <= m) ->
  (t < size r)%nat -> taken r t = true -> modulated_at r t = m ->
  let v := fun i => exp (modulated_at r i - m) in let V := sum (size r) (kept r v) in
  1 <= V <= INR (size r) /\
  Rabs (count_sum r m - V) <= (eps_e + INR (size r) * clamp + INR (size r) * half_grid) * V.
Proof.
intros r m t Top Ht T M v V. set (n := size r) in *. assert (Pn := pos_INR n).
assert (Pe : 0 < eps_e) by (unfold eps_e; simpl; lra). assert (Pc : 0 < clamp) by apply bpow_gt_0.
assert (Pg : 0 < half_grid) by apply bpow_gt_0.
assert (V1 : 1 <= V).
{ unfold V. replace 1 with (v t). apply kept_term; trivial. intros; apply Rlt_le, exp_pos.
  unfold v. rewrite M, Rminus_eq_0. apply exp_0. }
assert (VN : V <= INR n).
{ unfold V. rewrite <- (Rmult_1_r (INR n)), <- sum_const. apply sum_le. intros i Hi. unfold kept. destruct (taken r i) eqn:Ti; [|lra].
  unfold v. rewrite <- exp_0. apply exp_le. specialize (Top i Hi Ti). lra. }
split. now split.
assert (One : forall i, (i < n)%nat -> taken r i = true -> Rabs (quant (weight r m i) 6 - v i) <= eps_e * v i + (clamp + half_grid)).
{ intros i Hi Ti. destruct (weight_error (modulated_at r i) m) as [R W].
  - apply format64_rnd.
  - rewrite <- M. apply format64_rnd.
  - now apply Top.
  - fold (weight r m i) in R, W. fold (v i) in W. assert (Q := quant_close _ R). assert (Pv : 0 < v i) by apply exp_pos.
    replace (quant (weight r m i) 6 - v i) with ((quant (weight r m i) 6 - weight r m i) + (weight r m i - v i)) by ring.
    eapply Rle_trans. apply Rabs_triang. destruct W as [[W1 W2]|[W1 _]].
    + rewrite W1, Rminus_0_l, Rabs_Ropp, (Rabs_pos_eq (v i)) by lra. rewrite W1 in Q. nra.
    + lra. }
unfold count_sum, V. fold n. rewrite <- sum_minus. eapply Rle_trans. apply sum_abs.
apply Rle_trans with (eps_e * V + INR n * (clamp + half_grid)).
- eapply Rle_trans; [|apply kept_affine; lra]. apply sum_le. intros i Hi. unfold kept. destruct (taken r i) eqn:Ti.
  now apply One. rewrite Rminus_0_r, Rabs_R0. lra.
- fold V. assert (INR n * (clamp + half_grid) <= INR n * (clamp + half_grid) * V); [|lra].
  rewrite <- (Rmult_1_r (INR n * _)) at 1. apply Rmult_le_compat_l; trivial. apply Rmult_le_pos; lra.
Qed.

(* the float64 probability, before it is rounded to float32 *)
Definition wide (r : row) (m total : R) (i : nat) : R := rnd (weight r m i * rnd (1 / total)).

(* B without its figures: n weights, sigma within d *)
Definition chain (d n : R) : R :=
  let e := eps_e + n * clamp + n * half_grid in
  2 * d + n * clamp + eps_e / (1 - eps_e) + e / (1 - e) + pow2 (-51) / (1 - pow2 (-51)) + 202/100 * u64.

Lemma figures : eps_e = 231 / 4398046511104 /\ half_grid = / 2251799813685248 /\ u64 = / 9007199254740992 /\
  0 < clamp <= / 10 ^ 47.
Proof.
repeat split; try (unfold eps_e, half_grid, u64; simpl; lra). apply bpow_gt_0.
unfold clamp. rewrite bpow_exp. apply Rle_trans with (exp (-109.5)). apply exp_le.
assert (69314/100000 <= ln (IZR radix2)) by (simpl; interval). simpl IZR in *. lra. interval.
Qed.
Lemma many : forall r, valid_row r -> 0 <= INR (size r) <= 2147483647.
Proof. intros r [H _]. split. apply pos_INR. rewrite INR_IZR_INZ. now apply IZR_le. Qed.

(* what reaches the output: entries whose sigma is known to within d, and those far below the largest *)
Definition near_or_far (r : row) (m d : R) (t : nat) : Prop := forall i, (i < size r)%nat -> taken r i = true ->
  Rabs (modulated_at r i - sigma_at r i) <= d \/
  (modulated_at r i - m <= -110 /\ sigma_at r i - sigma_at r t <= -109.9).

Lemma sums_ratio : forall r m d t, 0 <= d -> (t < size r)%nat -> taken r t = true -> modulated_at r t = m ->
  near_or_far r m d t -> within (d + INR (size r) * clamp)
    (sum (size r) (kept r (fun k => exp (modulated_at r k)))) (sum (size r) (kept r (fun k => exp (sigma_at r k)))).
Proof.
intros r m d t Hd Ht T M H. assert (F := figures). apply sums_within with t; trivial; try lra.
- intros i _ _. generalize (exp_pos (modulated_at r i)) (exp_pos (sigma_at r i)). lra.
- destruct (H t Ht T) as [N|N]; [now apply within_exp | lra].
- intros i Hi Ti. destruct (H i Hi Ti) as [N|[N1 N2]]. left. now apply within_exp. right.
  rewrite M. split; match goal with |- exp ?a <= clamp * exp ?b => replace a with ((a - b) + b) by ring end;
  rewrite exp_plus; (apply Rmult_le_compat_r; [apply Rlt_le, exp_pos | apply clamp_exp; lra]).
Qed.

(* the sum, its conversion and its inverse *)
Lemma inverse_close : forall r m t total, valid_row r -> is_top r m -> (t < size r)%nat -> taken r t = true -> modulated_at r t = m ->
  total_close (count_sum r m) total -> let V := sum (size r) (kept r (fun i => exp (modulated_at r i - m))) in
  let e := eps_e + INR (size r) * clamp + INR (size r) * half_grid in
  1 <= V <= 2147483647 /\ 0 <= e <= / 1000000 /\ pow2 (-40) <= rnd (1 / total) /\
  within (e / (1 - e) + pow2 (-51) / (1 - pow2 (-51)) + 101/100 * u64) (rnd (1 / total)) (/ V).
Proof.
intros r m t total Vr Top Ht T M Tc V e. assert (N := many r Vr). destruct figures as (F1 & F2 & F3 & F4).
destruct (count_close r m t Top Ht T M) as [V1 C]. fold V in V1, C. fold e in C.
assert (He : 0 <= e <= / 1000000).
{ unfold e. rewrite F1, F2. assert (0 <= INR (size r) * clamp <= 2147483647 * / 10 ^ 47).
  { split. apply Rmult_le_pos; lra. apply Rmult_le_compat; lra. } lra. }
assert (W1 : within (e / (1 - e)) (count_sum r m) V) by (apply within_of_relative; lra).
assert (P51 : pow2 (-51) = / 2251799813685248) by (simpl; lra).
assert (C1 : Rabs (count_sum r m - V) <= / 1000000 * V) by (eapply Rle_trans; [exact C | apply Rmult_le_compat_r; lra]).
apply Rabs_le_inv in C1. assert (S1 : 1 / 2 <= count_sum r m <= 2 ^ 33) by lra.
unfold total_close in Tc. assert (T1 : 1 / 4 <= total <= 2 ^ 34) by (rewrite P51 in Tc; lra).
assert (W2 : within (pow2 (-51) / (1 - pow2 (-51))) total (count_sum r m)).
{ apply within_of_relative; try lra. apply Rabs_le. lra. }
assert (I : pow2 (-35) <= 1 / total <= 4).
{ assert (Y : 1 / total * total = 1) by (field; lra). assert (0 < 1 / total) by (apply Rdiv_lt_0_compat; lra).
  replace (pow2 (-35)) with (/ 2 ^ 35) by (simpl; lra). split; [|nra].
  apply Rmult_le_reg_r with total; [lra|]. rewrite Y. lra. }
assert (W3 : within (101/100 * u64) (rnd (1 / total)) (1 / total)).
{ apply within_rnd. eapply Rle_trans; [|apply I]. apply bpow_le. lia. }
split; [lra|]. split; [exact He|]. split.
- apply Rle_trans with (rnd (pow2 (-40))).
  + apply Req_le, eq_sym, round_generic; auto with typeclass_instances. apply generic_format_bpow. unfold FLT_exp. lia.
  + apply round_le; auto with typeclass_instances. eapply Rle_trans; [|apply I]. apply bpow_le. lia.
- assert (Q : within (e / (1 - e) + pow2 (-51) / (1 - pow2 (-51))) (1 / total) (/ V)).
  { replace (1 / total) with (/ total) by (field; lra). apply within_inv; try lra. rewrite Rplus_comm.
    apply within_trans with (count_sum r m); assumption. }
  rewrite Rplus_comm. exact (within_trans _ _ _ _ _ W3 Q).
Qed.

(* T6 before the last rounding: either the weight was computed and p is within the chain, or both are tiny; inv is within w of the
   inverse of the sum of the exponentials *)
Theorem share_error : forall r m d inv w t i, valid_row r -> 0 <= d -> 0 <= w -> is_top r m ->
  (t < size r)%nat -> taken r t = true -> modulated_at r t = m -> near_or_far r m d t ->
  pow2 (-40) <= inv -> within w inv (/ sum (size r) (kept r (fun i => exp (modulated_at r i - m)))) ->
  (i < size r)%nat -> taken r i = true ->
  let c := 2 * d + INR (size r) * clamp + eps_e / (1 - eps_e) + w + 101/100 * u64 in let h := rnd (weight r m i * inv) in
  0 <= c /\ 0 <= h /\ 0 < multimax_row r i /\
  (within c h (multimax_row r i) \/ (h <= clamp * exp c /\ multimax_row r i <= clamp * exp c)).
Proof.
intros r m d inv w t i Vr Hd Hw Top Ht T M H I0 Wi Hi Ti c h. unfold h.
destruct (count_close r m t Top Ht T M) as [V1 _].
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
assert (Pc : 0 <= c /\ 2 * d + n * clamp <= c) by (unfold c; lra). destruct Pc as [Pc Pc2].
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
{ rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances.
  apply Rmult_le_pos; lra. }
split; [exact Pp|].
destruct We as [[W0 Wv]|[Wr Wp]].
- right. rewrite W0, Rmult_0_l, round_0 by auto with typeclass_instances.
  split. apply Rmult_le_pos; lra.
  destruct (H i Hi Ti) as [D|[_ D]].
  + destruct (Ratio D) as [_ B]. apply Rle_trans with (1 := B). rewrite Rmult_comm.
    apply Rmult_le_compat; try lra. apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat; lra]. apply Rlt_le, exp_pos. now apply exp_le.
  + specialize (Far D). nra.
- assert (Wx : within (eps_e / (1 - eps_e) + w + 101/100 * u64) (rnd (weight r m i * inv)) (v / V)).
  { rewrite Rplus_comm. apply within_trans with (weight r m i * inv).
    - apply within_rnd. apply Rle_trans with (pow2 (-160) * pow2 (-40)).
      rewrite <- bpow_plus. apply bpow_le. lia. apply Rmult_le_compat; trivial; apply bpow_ge_0.
    - apply within_mult; try lra. apply Rlt_le, Rinv_0_lt_compat; lra.
      apply within_of_relative; lra. exact Wi. }
  set (th := eps_e / (1 - eps_e) + _ + _) in Wx.
  assert (Ect : c = th + (2 * d + n * clamp)) by (unfold c, th; lra).
  destruct (H i Hi Ti) as [D|[D1 D2]].
  + left. rewrite Ect. apply within_trans with (v / V); auto.
  + right. split; [|specialize (Far D2); nra]. destruct Wx as [B _]. apply Rle_trans with (1 := B).
    assert (v <= clamp) by (apply clamp_exp; lra). rewrite Rmult_comm. apply Rmult_le_compat; try lra.
    apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat; lra]. apply Rlt_le, exp_pos. apply exp_le. lra.
Qed.

(* inv from the sum of the quantised weights *)
Theorem wide_error : forall r m d total t i, valid_row r -> 0 <= d -> is_top r m ->
  (t < size r)%nat -> taken r t = true -> modulated_at r t = m -> near_or_far r m d t ->
  total_close (count_sum r m) total -> (i < size r)%nat -> taken r i = true ->
  let c := chain d (INR (size r)) in 0 <= c /\ 0 <= wide r m total i /\ 0 < multimax_row r i /\
  (within c (wide r m total i) (multimax_row r i) \/
   (wide r m total i <= clamp * exp c /\ multimax_row r i <= clamp * exp c)).
Proof.
intros r m d total t i Vr Hd Top Ht T M H Tc Hi Ti c.
destruct (inverse_close r m t total Vr Top Ht T M Tc) as (_ & He & I0 & Wi). destruct figures as (_ & _ & F3 & _).
set (e := eps_e + _ + _) in *.
assert (Te : 0 <= e / (1 - e)) by (apply Rmult_le_pos; [|apply Rlt_le, Rinv_0_lt_compat]; lra).
assert (T2 : 0 <= pow2 (-51) / (1 - pow2 (-51))) by (simpl; lra).
assert (W0 : 0 <= e / (1 - e) + pow2 (-51) / (1 - pow2 (-51)) + 101/100 * u64) by (rewrite F3; lra).
assert (E := share_error r m d _ _ t i Vr Hd W0 Top Ht T M H I0 Wi Hi Ti). cbv zeta in E.
assert (Ec : 2 * d + INR (size r) * clamp + eps_e / (1 - eps_e) + (e / (1 - e) + pow2 (-51) / (1 - pow2 (-51)) + 101/100 * u64) +
  101/100 * u64 = c) by (unfold c, chain; fold e; lra).
rewrite Ec in E. exact E.
Qed.
