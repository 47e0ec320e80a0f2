(* SPDX-License-Identifier: Apache-2.0 *)
(* T3l: method error of ln(1+t), t >= 0: 1 + t = 2^k (1 + f), w = f/(2 + f), series 2w(1 + w^2/3 + ... + w^16/17).
   The derivative of the truncation error is 2 w^18/(1 - w^2), so the relative error is below w^18/(19 (1 - w^2)).
   Rounding errors are not covered here. *)
From Coq Require Import Reals Psatz Lia ZArith.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Tactic.
From MultiMax Require Import Hinge.
Open Scope R_scope.

Definition log_series (w : R) : R :=
  2 * w * (1 + w^2 * (/3 + w^2 * (/5 + w^2 * (/7 + w^2 * (/9 + w^2 * (/11 + w^2 * (/13 + w^2 * (/15 + w^2 * /17)))))))).
Definition log_ratio (w : R) : R := ln ((1 + w) / (1 - w)).

Lemma log_ratio_derive : forall w, -1 < w < 1 -> is_derive log_ratio w (2 / (1 - w ^ 2)).
Proof.
intros w Hw. unfold log_ratio. auto_derive.
- repeat split; try lra. apply Rmult_lt_0_compat. lra. apply Rinv_0_lt_compat. lra.
- field. repeat split; nra.
Qed.
Lemma log_error_derive : forall w, -1 < w < 1 ->
  is_derive (fun w => log_ratio w - log_series w) w (2 * w ^ 18 / (1 - w ^ 2)).
Proof.
intros w Hw. evar_last.
apply (is_derive_minus (K := R_AbsRing) (V := R_NormedModule)). now apply log_ratio_derive.
unfold log_series. auto_derive; trivial. unfold minus, plus, opp; simpl. field. nra.
Qed.

Lemma log_ratio_opp : forall w, -1 < w < 1 -> log_ratio (- w) = - log_ratio w.
Proof.
intros w Hw. unfold log_ratio. rewrite <- ln_Rinv. f_equal. field. lra. apply Rdiv_lt_0_compat; lra.
Qed.
Lemma log_series_opp : forall w, log_series (- w) = - log_series w.
Proof. intros w. unfold log_series. ring. Qed.

(* a function with f(0) = 0 and f' >= 0 on [0, b] is not negative there *)
Lemma nonneg_from_0 : forall f df b, 0 <= b -> f 0 = 0 -> (forall x, 0 <= x <= b -> is_derive f x (df x) /\ 0 <= df x) -> 0 <= f b.
Proof.
intros f df b Hb H0 D.
assert (I := increment_ge nil f df 0 0 b Hb). rewrite H0 in I. lapply I.
- intros J. lapply J. lra. intros x Hx _. apply D. lra.
- intros x Hx. apply derivable_continuous_pt. exists (df x). apply is_derive_Reals. apply D. lra.
Qed.

Theorem log_method_error : forall w b, 0 <= b < 1 -> Rabs w <= b ->
  Rabs (log_ratio w - log_series w) <= b ^ 18 / (19 * (1 - b ^ 2)) * Rabs (log_ratio w).
Proof.
assert (Pos : forall w b, 0 <= w <= b -> b < 1 ->
  0 <= log_ratio w - log_series w <= 2 * w * (b ^ 18 / (19 * (1 - b ^ 2))) /\ 2 * w <= log_ratio w).
{ intros w b Hw Hb.
  assert (P : forall x, 0 <= x <= w -> 0 < 1 - b ^ 2 <= 1 - x ^ 2).
  { intros x Hx. split; nra. }
  assert (Zero : log_ratio 0 = 0 /\ log_series 0 = 0).
  { split. unfold log_ratio. replace ((1 + 0) / (1 - 0)) with 1 by field. apply ln_1. unfold log_series. ring. }
  destruct Zero as [Z1 Z2].
  assert (A : 0 <= log_ratio w - log_series w).
  { apply (nonneg_from_0 (fun w => log_ratio w - log_series w) (fun w => 2 * w ^ 18 / (1 - w ^ 2))). lra. rewrite Z1, Z2. ring.
    intros x Hx. split. apply log_error_derive. lra. destruct (P x Hx).
    apply Rmult_le_pos. apply Rmult_le_pos. lra. apply pow_le. lra. apply Rlt_le, Rinv_0_lt_compat. lra. }
  assert (B : 0 <= 2 * w ^ 19 / (19 * (1 - b ^ 2)) - (log_ratio w - log_series w)).
  { apply (nonneg_from_0 (fun w => 2 * w ^ 19 / (19 * (1 - b ^ 2)) - (log_ratio w - log_series w))
      (fun w => 2 * w ^ 18 / (1 - b ^ 2) - 2 * w ^ 18 / (1 - w ^ 2))). lra.
    rewrite Z1, Z2, pow_i by lia. field. destruct (P 0 ltac:(lra)). lra.
    intros x Hx. destruct (P x Hx). split.
    - apply (is_derive_minus (K := R_AbsRing) (V := R_NormedModule) (fun w => 2 * w ^ 19 / (19 * (1 - b ^ 2)))
        (fun w => log_ratio w - log_series w)).
      auto_derive; trivial. field. lra. apply log_error_derive. lra.
    - unfold Rdiv. rewrite <- Rmult_minus_distr_l. apply Rmult_le_pos. apply Rmult_le_pos. lra. apply pow_le. lra.
      assert (/ (1 - x ^ 2) <= / (1 - b ^ 2)); [|lra]. apply Rinv_le_contravar; lra. }
  assert (C : 2 * w <= log_series w).
  { unfold log_series. assert (0 <= w ^ 2) by apply pow2_ge_0. revert H. generalize (w ^ 2). intros v Hv.
    rewrite <- (Rmult_1_r (2 * w)) at 1. apply Rmult_le_compat_l. lra.
    assert (0 <= v * (/3 + v * (/5 + v * (/7 + v * (/9 + v * (/11 + v * (/13 + v * (/15 + v * /17)))))))); [|lra].
    repeat (apply Rmult_le_pos || apply Rplus_le_le_0_compat); lra. }
  split; [split; [exact A|]|lra].
  assert (D : w ^ 19 <= w * b ^ 18).
  { replace (w ^ 19) with (w * w ^ 18) by ring. apply Rmult_le_compat_l. lra. apply pow_incr. lra. }
  assert (E : 0 < / (19 * (1 - b ^ 2))). { apply Rinv_0_lt_compat. destruct (P 0 ltac:(lra)). lra. }
  unfold Rdiv in *. nra. }
intros w b Hb Hw. set (c := b ^ 18 / (19 * (1 - b ^ 2))) in *.
assert (Pc : 0 <= c).
{ unfold c. apply Rmult_le_pos. apply pow_le. lra. apply Rlt_le, Rinv_0_lt_compat. nra. }
assert (Main : forall w, 0 <= w <= b -> Rabs (log_ratio w - log_series w) <= c * Rabs (log_ratio w)).
{ clear w Hw. intros w Hw. destruct (Pos w b Hw ltac:(lra)) as [[A1 A2] A3]. fold c in A2.
  rewrite (Rabs_pos_eq (_ - _)) by exact A1. rewrite (Rabs_pos_eq (log_ratio w)) by lra. nra. }
destruct (Rle_dec 0 w) as [H|H].
- apply Main. rewrite Rabs_pos_eq in Hw; lra.
- rewrite Rabs_left in Hw by lra. specialize (Main (- w) ltac:(lra)).
  rewrite log_series_opp, log_ratio_opp in Main by lra.
  replace (- log_ratio w - - log_series w) with (- (log_ratio w - log_series w)) in Main by ring.
  now rewrite !Rabs_Ropp in Main.
Qed.

(* f = d - 1 with d in [0.707, 1.41407]: |w| <= 0.17165 *)
Lemma w_range : forall f, -293/1000 <= f <= 41407/100000 -> Rabs (f / (2 + f)) <= 17165/100000.
Proof.
intros f Hf. apply Rabs_le. split.
- apply Rmult_le_reg_r with (2 + f). lra. unfold Rdiv at 2. rewrite Rmult_assoc, Rinv_l by lra. lra.
- apply Rmult_le_reg_r with (2 + f). lra. unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l by lra. lra.
Qed.
Lemma log_ratio_f : forall f, -1 < f -> log_ratio (f / (2 + f)) = ln (1 + f).
Proof. intros f Hf. unfold log_ratio. f_equal. field. lra. Qed.

(* T3l: the method's relative error, including the reduction by 2^k, is below 2^-49 *)
Theorem log1p_method : forall t f (k : nat), 0 <= t -> 1 + t = 2 ^ k * (1 + f) -> -293/1000 <= f <= 41407/100000 ->
  Rabs (INR k * ln 2 + log_series (f / (2 + f)) - ln (1 + t)) <= / 2 ^ 49 * ln (1 + t).
Proof.
intros t f k Ht E Hf. set (w := f / (2 + f)).
assert (Hw : Rabs w <= 17165/100000) by (apply w_range; lra).
assert (L : ln (1 + t) = INR k * ln 2 + log_ratio w).
{ rewrite E, ln_mult, ln_pow by (try apply pow_lt; lra). unfold w. rewrite log_ratio_f by lra. reflexivity. }
assert (M := log_method_error w (17165/100000) ltac:(lra) Hw).
replace (INR k * ln 2 + log_series w - ln (1 + t)) with (- (log_ratio w - log_series w)) by (rewrite L; ring).
rewrite Rabs_Ropp. eapply Rle_trans. exact M.
assert (C : (17165/100000) ^ 18 / (19 * (1 - (17165/100000) ^ 2)) * (101/100) <= / 2 ^ 49) by interval.
assert (Pc : 0 <= (17165/100000) ^ 18 / (19 * (1 - (17165/100000) ^ 2))) by interval.
assert (F : Rabs (log_ratio w) <= 101/100 * ln (1 + t)).
2: { assert (0 <= ln (1 + t)) by (rewrite <- ln_1; apply ln_le; lra). nra. }
rewrite L. unfold w. rewrite log_ratio_f by lra. destruct k as [|k].
- simpl in E. simpl INR. rewrite Rmult_0_l, Rplus_0_l.
  assert (0 <= ln (1 + f)) by (rewrite <- ln_1; apply ln_le; lra). rewrite Rabs_pos_eq; lra.
- assert (A : Rabs (ln (1 + f)) <= 34675/100000).
  { apply Rabs_le. split; interval with (i_prec 60). }
  assert (B : 6931/10000 <= ln 2) by interval.
  assert (D : 1 <= INR (S k)). { rewrite S_INR. generalize (pos_INR k). lra. }
  assert (G : 6931/10000 <= INR (S k) * ln 2) by nra.
  revert A G. generalize (INR (S k) * ln 2). intros q. unfold Rabs. destruct Rcase_abs; intros; lra.
Qed.
