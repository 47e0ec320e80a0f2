(* SPDX-License-Identifier: Apache-2.0 *)
(* T6 for log-probabilities, the constant of a row: the computed ln(1 + rest) against the exact one. The weights but the largest are
   summed on the grid of the second, so their sum keeps its relative accuracy; weights below the clamp are lost, n 2^-158 in all. *)
From Coq Require Import Reals ZArith Bool Psatz.
From Flocq Require Import Core.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Tactic.
From MultiMax Require Import Float64 ExpKernel LogKernel SigmaFloat AffineFloat LogFloat RealSum Softmax Within Contract Accuracy LogContract.
Open Scope R_scope.

(* a at most e^t (b + f), and the other way round: errors in the logarithm above a floor f *)
Definition near (t f a b : R) : Prop := a <= exp t * (b + f) /\ b <= exp t * (a + f).

Lemma ln_1_pos : forall x, 0 <= x -> 0 <= ln (1 + x).
Proof. intros x H. rewrite <- ln_1. apply ln_le; lra. Qed.
Lemma ln_1_scale : forall k x, 1 <= k -> 0 <= x -> ln (1 + k * x) <= k * ln (1 + x).
Proof.
intros k x Hk Hx. assert (P : 0 <= k * ln (1 + x) - ln (1 + k * x)); [|lra].
apply (nonneg_from_0 (fun x => k * ln (1 + x) - ln (1 + k * x)) (fun x => k / (1 + x) - k / (1 + k * x))); trivial.
- rewrite Rmult_0_r, !Rplus_0_r, ln_1. ring.
- intros y Hy. assert (0 <= k * y) by (apply Rmult_le_pos; lra). split.
  + auto_derive. split; lra. field. lra.
  + assert (/ (1 + k * y) <= / (1 + y)) by (apply Rinv_le_contravar; nra). unfold Rdiv.
    assert (k * / (1 + k * y) <= k * / (1 + y)) by (apply Rmult_le_compat_l; lra). lra.
Qed.
Lemma ln_1_plus : forall x f, 0 <= x -> 0 <= f -> ln (1 + (x + f)) <= ln (1 + x) + f.
Proof.
intros x f Hx Hf. replace (1 + (x + f)) with ((1 + x) * (1 + f * / (1 + x))) by (field; lra).
assert (I : 0 < / (1 + x) <= 1). { split. apply Rinv_0_lt_compat; lra. rewrite <- Rinv_1. apply Rinv_le_contravar; lra. }
assert (G : 0 <= f * / (1 + x) <= f) by (split; nra). rewrite ln_mult by lra. apply Rplus_le_compat_l.
rewrite <- (ln_exp f) at 2. apply ln_le. lra. apply Rle_trans with (1 + f). lra. apply exp_ineq1_le.
Qed.
Lemma near_ln : forall t f a b, 0 <= t -> 0 <= f -> 0 <= a -> 0 <= b -> near t f a b -> near t f (ln (1 + a)) (ln (1 + b)).
Proof.
assert (One : forall t f a b, 0 <= t -> 0 <= f -> 0 <= a -> 0 <= b -> a <= exp t * (b + f) -> ln (1 + a) <= exp t * (ln (1 + b) + f)).
{ intros t f a b Ht Hf Ha Hb H. assert (E := exp_ge_1 t Ht).
  apply Rle_trans with (ln (1 + exp t * (b + f))). apply ln_le; lra.
  apply Rle_trans with (exp t * ln (1 + (b + f))). apply ln_1_scale; lra.
  apply Rmult_le_compat_l. lra. now apply ln_1_plus. }
intros t f a b Ht Hf Ha Hb [A B]. split; now apply One.
Qed.
Lemma near_0 : forall t a b, near t 0 a b <-> within t a b.
Proof. intros t a b. unfold near, within. now rewrite !Rplus_0_r. Qed.
Lemma near_within : forall s t f a b c, 0 <= s -> 0 <= f -> within s a b -> near t f b c -> near (s + t) f a c.
Proof.
intros s t f a b c Hs Hf [A1 A2] [B1 B2]. assert (E := exp_ge_1 s Hs). assert (Ps := exp_pos s). assert (Pt := exp_pos t).
unfold near. rewrite exp_plus. split.
- rewrite Rmult_assoc. apply Rle_trans with (1 := A1). apply Rmult_le_compat_l; lra.
- rewrite (Rmult_comm (exp s)), Rmult_assoc. apply Rle_trans with (1 := B2). apply Rmult_le_compat_l. lra. nra.
Qed.
Lemma near_weaken : forall s t f a b, 0 <= f -> 0 <= a -> 0 <= b -> s <= t -> near s f a b -> near t f a b.
Proof.
intros s t f a b Hf Ha Hb H [A B]. apply exp_le in H. split; (eapply Rle_trans; [eassumption|]); apply Rmult_le_compat_r; trivial; lra.
Qed.

(* where a weight is 0 so are the smaller ones; else it is at least 2^-160 *)
Lemma weight_zero : forall s v m, v <= s -> s <= m -> weight_of s m = 0 -> weight_of v m = 0.
Proof.
intros s v m H Hs Z. unfold weight_of, exp_fn in *. assert (M : rnd (v - m) <= rnd (s - m)).
{ apply round_le; auto with typeclass_instances. lra. }
destruct (Rlt_dec (rnd (s - m)) (-110)) as [L|L]. { destruct Rlt_dec; lra. }
assert (N : rnd (s - m) <= 0).
{ rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances. lra. }
assert (R := exp_hat_range _ (format64_rnd (s - m)) ltac:(lra)). generalize (bpow_gt_0 radix2 (-160)). lra.
Qed.

(* what a weight that is 0 can be *)
Definition low : R := exp (-109.9).
Lemma low_clamp : 0 < low <= 7 / 10 * clamp.
Proof.
unfold low, clamp. split. apply exp_pos. rewrite bpow_exp. simpl (IZR radix2). set (x := IZR (-158) * ln 2).
replace (-109.9) with ((-109.9 - x) + x) by ring. rewrite exp_plus. apply Rmult_le_compat_r. apply Rlt_le, exp_pos.
unfold x. interval.
Qed.
Lemma weight_zero_low : forall s m, format64 s -> format64 m -> s <= m -> weight_of s m = 0 -> exp (s - m) <= low.
Proof.
intros s m Fs Fm H Z. unfold weight_of, exp_fn in Z. assert (E := sub_error s m Fs Fm). unfold sub in E.
assert (U : 0 < u64 <= / 1000000) by (unfold u64; simpl; lra).
rewrite (Rabs_left1 (s - m)) in E by lra. apply Rabs_le_inv in E. assert (N : rnd (s - m) <= 0).
{ rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances. lra. }
destruct (Rlt_dec (rnd (s - m)) (-110)) as [L|L].
- apply exp_le. nra.
- assert (R := exp_hat_range _ (format64_rnd (s - m)) ltac:(lra)). generalize (bpow_gt_0 radix2 (-160)). lra.
Qed.

(* a weight against a target known to within d, or both below the clamp *)
Lemma weight_near : forall s m v d, format64 s -> format64 m -> s <= m -> 0 <= d ->
  Rabs ((s - m) - v) <= d \/ (s - m <= -110 /\ v <= -109.9) ->
  near (d + eps_e / (1 - eps_e)) low (weight_of s m) (exp v).
Proof.
intros s m v d Fs Fm H Hd D. destruct figures as (F1 & _ & _ & _). destruct low_clamp as [F4 _].
assert (Q : eps_e <= eps_e / (1 - eps_e)) by (rewrite F1; lra). assert (E0 : 0 < eps_e) by (rewrite F1; lra).
set (q := eps_e / (1 - eps_e)) in *. assert (Ea := exp_ineq1_le (d + q)). assert (Pv := exp_pos v). assert (Pz := exp_pos (s - m)).
assert (Big : forall x, 0 <= x -> x <= exp (d + q) * x).
{ intros x Hx. rewrite <- (Rmult_1_l x) at 1. apply Rmult_le_compat_r; lra. }
destruct (weight_error s m Fs Fm H) as [R We']. assert (Wl := weight_zero_low s m Fs Fm H). set (e := weight_of s m) in *.
assert (We : (e = 0 /\ exp (s - m) <= low) \/ (Rabs (e - exp (s - m)) <= eps_e * exp (s - m) /\ pow2 (-160) <= e)).
{ destruct We' as [[W0 _]|W1]; [left | right; exact W1]. split; auto. }
clear We' Wl.
destruct D as [D|[D1 D2]].
- assert (Wz := within_exp _ _ _ D). destruct We as [[W0 W1]|[W1 _]].
  + rewrite W0. split. apply Rmult_le_pos; [apply Rlt_le, exp_pos | lra].
    destruct Wz as [_ Wz]. apply Rle_trans with (1 := Wz). apply Rmult_le_compat; try lra. apply Rlt_le, exp_pos. apply exp_le. lra.
  + assert (W2 : within q e (exp (s - m))) by (apply within_of_relative; lra).
    assert (W : within (d + q) e (exp v)) by (rewrite Rplus_comm; apply within_trans with (exp (s - m)); assumption).
    destruct W as [A B]. split; (eapply Rle_trans; [eassumption|]); apply Rmult_le_compat_l; try lra; apply Rlt_le, exp_pos.
- assert (C1 : exp (s - m) <= low) by (apply exp_le; lra). assert (C2 : exp v <= low) by (apply exp_le; lra). split.
  + assert (Ce : e <= (1 + eps_e) * low).
    { destruct We as [[W0 _]|[W1 _]]. rewrite W0. apply Rmult_le_pos; lra. apply Rabs_le_inv in W1.
      apply Rle_trans with ((1 + eps_e) * exp (s - m)). lra. apply Rmult_le_compat_l; lra. }
    apply Rle_trans with (1 := Ce). apply Rmult_le_compat; lra.
  + apply Rle_trans with (low + e). lra. rewrite (Rplus_comm low). apply Big. lra.
Qed.

(* sums of such terms *)
Lemma sums_near : forall r n a b t f, 0 <= t -> 0 <= f ->
  (forall i, (i < n)%nat -> taken r i = true -> near t f (a i) (b i)) -> near t (INR n * f) (sum n (kept r a)) (sum n (kept r b)).
Proof.
intros r n a b t f Ht Hf H. assert (E := exp_pos t).
assert (One : forall a b, (forall i, (i < n)%nat -> taken r i = true -> a i <= exp t * (b i + f)) ->
  sum n (kept r a) <= exp t * (sum n (kept r b) + INR n * f)).
{ clear a b H. intros a b H. rewrite Rmult_plus_distr_l. replace (exp t * (INR n * f)) with (INR n * (exp t * f)) by ring.
  eapply Rle_trans; [|apply kept_affine; apply Rmult_le_pos; lra]. apply kept_le. intros i Hi Ti. specialize (H i Hi Ti). lra. }
split; apply One; intros i Hi Ti; now apply H.
Qed.

(* a weight on the grid of unit 2^(E-50) *)
Lemma quant_close_grid : forall v E, (-1000 <= E)%Z -> 0 <= v <= 3 / 2 * pow2 E ->
  Rabs (quant v (6 * pow2 E) - v) <= pow2 (E - 51).
Proof.
intros v E HE Hv. assert (P := bpow_gt_0 radix2 E). unfold quant.
replace (rnd (v + 6 * pow2 E) - 6 * pow2 E - v) with (rnd (v + 6 * pow2 E) - (v + 6 * pow2 E)) by ring.
eapply Rle_trans. apply error_le_half_ulp; auto with typeclass_instances.
assert (E3 : pow2 (E + 3) = 8 * pow2 E) by (rewrite bpow_plus; change (pow2 3) with 8; ring).
assert (E2 : pow2 (E + 3 - 1) = 4 * pow2 E).
{ replace (E + 3 - 1)%Z with (E + 2)%Z by lia. rewrite bpow_plus. change (pow2 2) with 4. ring. }
rewrite ulp_neq_0 by lra. unfold cexp. rewrite (mag_unique radix2 _ (E + 3)) by (rewrite Rabs_pos_eq by lra; lra).
unfold FLT_exp. rewrite Z.max_l by lia. replace (E - 51)%Z with (-1 + (E + 3 - 53))%Z by lia. rewrite bpow_plus.
change (pow2 (-1)) with (/ 2). lra.
Qed.

Definition grid_error (n : R) : R := n * pow2 (-50).

(* rest against the sum of the other weights *)
Lemma rest_sum : forall r t m w rest, valid_row r -> top_at r t m -> second_at r t m w -> rest_of r t m w rest ->
  let S := sum (size r) (kept (drop r t) (weight r m)) in let g := grid_error (INR (size r)) in
  0 <= g <= / 500000 /\ 0 <= S <= INR (size r) /\
  ((S = 0 /\ rest = 0) \/
   (pow2 (-200) <= rest <= pow2 35 /\ within (g / (1 - g) + pow2 (-51) / (1 - pow2 (-51))) rest S)).
Proof.
intros r t m w rest Vr (Ht & Tt & Et & Top) Sec Ro S g. assert (N := many r Vr). destruct figures as (F1 & _ & _ & _).
assert (P50 : pow2 (-50) = / 1125899906842624) by (simpl; lra). assert (P51 : pow2 (-51) = / 2251799813685248) by (simpl; lra).
assert (Hg : 0 <= g <= / 500000) by (unfold g, grid_error; rewrite P50; lra).
assert (Fm : format64 m) by (rewrite <- Et; apply format64_rnd).
assert (Unit : forall i, (i < size r)%nat -> taken r i = true -> 0 <= weight r m i <= 1).
{ intros i Hi Ti. apply weight_error; trivial. apply format64_rnd. now apply Top. }
assert (Dr : forall i, taken (drop r t) i = true -> taken r i = true /\ i <> t).
{ intros i H. simpl in H. apply andb_prop in H. destruct H as [A B]. split; trivial. intros ->. now rewrite Nat.eqb_refl in B. }
split; [exact Hg|].
assert (S0 : 0 <= S <= INR (size r)).
{ split. apply kept_nonneg. intros i Hi Ti. apply Dr in Ti. apply (Unit i Hi). tauto.
  rewrite <- (Rmult_1_r (INR (size r))), <- sum_const. apply sum_le. intros i Hi. unfold kept. destruct (taken (drop r t) i) eqn:D; [|lra].
  apply Dr in D. apply (Unit i Hi). tauto. }
split; [exact S0|].
assert (Zero : w = 0 -> S = 0).
{ intros W0. assert (A : S <= 0).
  { rewrite <- (Rmult_0_r (INR (size r))), <- sum_const. apply sum_le. intros i Hi. unfold kept. destruct (taken (drop r t) i) eqn:D; [|lra].
    apply Dr in D. destruct D as [Ti Ni]. destruct Sec as [[Ms _]|(j & Hj & Nj & Tj & Bj & Ej)].
    - rewrite Ms in Ti by assumption. discriminate.
    - apply Req_le. apply (weight_zero (modulated_at r j)). now apply Bj. now apply Top. rewrite <- W0. now symmetry. }
  lra. }
destruct Ro as [[W0 R0]|(W0 & big & (E & HE & ->) & Rc)].
{ left. split; auto. }
right. destruct Sec as [[_ W1]|(j & Hj & Nj & Tj & Bj & Ej)]; [lra|].
(* the second weight, the others at most 1.01 of it *)
destruct (weight_error (modulated_at r j) m (format64_rnd _) Fm (Top j Hj Tj)) as [Rj Wj]. fold (weight r m j) in Rj, Wj. rewrite <- Ej in *.
destruct Wj as [[Wj _]|[Wj Wp]]; [lra|].
assert (Zj := exp_pos (modulated_at r j - m)). apply Rabs_le_inv in Wj.
assert (Oth : forall i, (i < size r)%nat -> taken (drop r t) i = true -> 0 <= weight r m i <= 3 / 2 * pow2 E).
{ intros i Hi D. apply Dr in D. destruct D as [Ti Ni]. split. now apply Unit.
  destruct (weight_error (modulated_at r i) m (format64_rnd _) Fm (Top i Hi Ti)) as [Ri Wi]. fold (weight r m i) in Ri, Wi.
  destruct Wi as [[Wi _]|[Wi _]]. { rewrite Wi. generalize (bpow_gt_0 radix2 E). lra. }
  apply Rabs_le_inv in Wi. assert (exp (modulated_at r i - m) <= exp (modulated_at r j - m)).
  { apply exp_le. specialize (Bj i Hi Ni Ti). lra. }
  rewrite F1 in *. lra. }
assert (HE2 : (-160 <= E <= 1)%Z).
{ assert (pow2 (-160) < pow2 E) by lra. apply lt_bpow in H. assert (pow2 E <= pow2 1) by (change (pow2 1) with 2; lra).
  apply le_bpow in H0. lia. }
assert (Wd : w <= S).
{ rewrite Ej. apply (kept_term (drop r t) (weight r m)); trivial.
  - intros i Hi Ti. apply Dr in Ti. now apply Unit.
  - simpl. rewrite Tj. apply Nat.eqb_neq in Nj. now rewrite Nj. }
set (Q := other_sum r m t (6 * pow2 E)) in *.
assert (Qs : Rabs (Q - S) <= g * S).
{ unfold Q, other_sum, S. rewrite <- sum_minus. eapply Rle_trans. apply sum_abs.
  apply Rle_trans with (INR (size r) * pow2 (E - 51)).
  - rewrite <- sum_const. apply sum_le. intros i Hi. unfold kept. destruct (taken (drop r t) i) eqn:D.
    + apply quant_close_grid. lia. now apply Oth.
    + rewrite Rminus_0_r, Rabs_R0. apply bpow_ge_0.
  - fold S. unfold g, grid_error. rewrite Rmult_assoc. apply Rmult_le_compat_l. apply N.
    replace (E - 51)%Z with (-51 + E)%Z by lia. rewrite bpow_plus. rewrite P50, P51. lra. }
apply Rabs_le_inv in Qs. assert (GS : 0 <= g * S <= / 500000 * S) by (split; [apply Rmult_le_pos; lra | apply Rmult_le_compat_r; lra]).
assert (L161 : pow2 (-300) <= pow2 (-160) / 2).
{ apply Rle_trans with (pow2 (-161)). apply bpow_le. lia. change (-161)%Z with (-160 + -1)%Z. rewrite bpow_plus. simpl (pow2 (-1)). lra. }
assert (Tc : total_close Q rest) by (apply Rc; lra). unfold total_close in Tc. rewrite P51 in *.
assert (L200 : pow2 (-200) <= pow2 (-160) / 2).
{ apply Rle_trans with (pow2 (-161)). apply bpow_le. lia. change (-161)%Z with (-160 + -1)%Z. rewrite bpow_plus. simpl (pow2 (-1)). lra. }
assert (P160 := bpow_gt_0 radix2 (-160)). assert (L200' : pow2 (-200) <= / 4 * pow2 (-160)).
{ change (/ 4) with (pow2 (-2)). rewrite <- bpow_plus. apply bpow_le. lia. }
assert (P35 : pow2 35 = 34359738368) by (simpl; lra). split.
- rewrite P35. lra.
- rewrite Rplus_comm. apply within_trans with Q.
  + apply within_of_relative; try lra. apply Rabs_le. lra.
  + apply within_of_relative; try lra. apply Rabs_le. lra.
Qed.

(* the constant of the row against ln(1 + S), relative *)
Definition const_error (n : R) : R :=
  grid_error n / (1 - grid_error n) + pow2 (-51) / (1 - pow2 (-51)) + pow2 (-48) / (1 - pow2 (-48)).
Lemma const_close : forall r t m w rest c, valid_row r -> top_at r t m -> second_at r t m w -> rest_of r t m w rest -> log_is rest c ->
  let S := sum (size r) (kept (drop r t) (weight r m)) in
  0 <= S /\ 0 <= c /\ format64 c /\ within (const_error (INR (size r))) c (ln (1 + S)).
Proof.
intros r t m w rest c Vr Tp Sec Ro Lc S. destruct (rest_sum r t m w rest Vr Tp Sec Ro) as (Hg & S0 & D).
fold S in S0, D. unfold const_error. set (g := grid_error (INR (size r))) in *.
assert (P51 : pow2 (-51) = / 2251799813685248) by (simpl; lra). assert (P48 : pow2 (-48) = / 281474976710656) by (simpl; lra).
assert (G0 : 0 <= g / (1 - g)) by (apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat; lra]).
assert (Fc : format64 c).
{ destruct Lc as [[_ ->]|[[_ ->]|(_ & a & k & _ & _ & _ & ->)]]; [apply generic_format_0 | apply format64_rnd ..]. }
assert (R0 : rest = 0 \/ pow2 (-900) <= rest <= pow2 35).
{ destruct D as [[_ D]|[D _]]. now left. right. split; [|tauto]. apply Rle_trans with (2 := proj1 D). apply bpow_le. lia. }
assert (C0 : Rabs (c - ln (1 + rest)) <= pow2 (-48) * ln (1 + rest)).
{ destruct Lc as [[Z ->]|L]. rewrite Z, Rplus_0_r, ln_1, Rminus_0_r, Rabs_R0. lra. now apply log1p_hat_error. }
assert (Rp : 0 <= rest) by (generalize (bpow_gt_0 radix2 (-900)); lra). assert (L0 := ln_1_pos rest Rp).
split; [lra|]. split. { apply Rabs_le_inv in C0. rewrite P48 in C0. lra. }
split; [exact Fc|]. rewrite Rplus_comm. apply within_trans with (ln (1 + rest)).
- apply within_of_relative; trivial; rewrite P48; lra.
- destruct D as [[-> ->]|[_ W]].
  + apply within_refl. rewrite P51. lra. rewrite Rplus_0_r, ln_1. lra.
  + apply near_0. apply near_ln; try lra. rewrite P51. lra. now apply near_0.
Qed.
