(* SPDX-License-Identifier: Apache-2.0 *)
(* T8: a row's gradients sum to 0 once scale and slope are divided out: those at sigma, and the float32 gradients written. *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Hinge Modulator SigmaFloat AffineFloat RealSum Contract LogContract Accuracy ProbBound
  GradContract SlopeFloat GradMean GradBound GradError.
Open Scope R_scope.

(* the gradients at sigma that a row's gradients were made from *)
Theorem grad_sum_zero : forall r g out G, valid_row r -> valid_upstream r g -> is_backward r g out -> at_most r g G ->
  exists gs : nat -> R, Rabs (sum (size r) (kept r gs)) <= (INR (size r) * (6 * half_grid) + 15 * u64) * G /\
  forall i, (i < size r)%nat -> taken r i = true -> let v := mul (mul (gs i) (slope_at (coefs r) (premapped r i))) (scale r) in
    narrow_range v -> out i = rnd32 v.
Proof.
intros r g out G Vr Vg (m & total & most & mean & [Top (t & Ht & T & M)] & Tc & [Lu Lm] & Im & Gd) Ha.
exists (grad_sigma_hat r g m (rnd (1 / total)) mean). split.
- replace (INR (size r) * (6 * half_grid)) with (6 * quanta r) by (unfold quanta; ring).
  apply (grad_sigma_hat_sum r g m t total most mean G); trivial.
  destruct Lm as [-> | (j & Hj & [Tj _] & Ej)].
  + destruct Ha as [HG _]. generalize (bpow_gt_0 radix2 (-149)). lra.
  + generalize (proj2 Ha j Hj Tj). unfold Rabs. destruct Rcase_abs; lra.
- intros i Hi Ti v Rg. now apply Gd.
Qed.

(* the gradients written, divided by scale * sigma', sum to 0: K bounds D / |sigma'|, L is at most |scale sigma'| *)
Theorem grad_logits_sum : forall r g out G K L, valid_row r -> valid_upstream r g -> is_backward r g out -> at_most r g G -> 0 < L ->
  (forall i, (i < size r)%nat -> taken r i = true -> let s := dsigma (coefs r) (premapped r i) in
     let D := steepness (coefs r) (premapped r i) in
     D <= K * Rabs s /\ L <= Rabs (scale r * s) /\ 3 * (G * D * Rabs (scale r)) <= 33 * 10 ^ 37) ->
  Rabs (sum (size r) (kept r (fun i => out i / (scale r * dsigma (coefs r) (premapped r i))))) <=
    (INR (size r) * (6 * half_grid) + 15 * u64 + 2001 / 1000 * pow2 (-24) + 13 * u64 * K) * G + INR (size r) * (pow2 (-149) / L).
Proof.
intros r g out G K L Vr Vg (m & total & most & mean & [Top (t & Ht & T & M)] & Tc & [Lu Lm] & Im & Gd) Ha PL H.
assert (Hm : most <= G).
{ destruct Lm as [-> | (j & Hj & [Tj _] & Ej)].
  - destruct Ha as [HG _]. generalize (bpow_gt_0 radix2 (-149)). lra.
  - generalize (proj2 Ha j Hj Tj). unfold Rabs. destruct Rcase_abs; lra. }
assert (S0 := grad_sigma_hat_sum r g m t total most mean G Vr Vg Top Ht T M Tc Ha Hm Im).
destruct (mass_close r m t total Vr Top Ht T M Tc) as [H0 H1].
assert (Sz := mean_size r g m t total most mean G Vr Top Ht T M Tc Ha Hm Im).
assert (Q := quanta_small r Vr). assert (U := u64_figure). assert (U0 := u64_small). assert (Pe := eta64_pos).
set (v := rnd (1 / total)) in *. destruct Ha as [HG Hg]. assert (PG := bpow_gt_0 radix2 (-149)).
assert (Fm : format64 mean) by (destruct Im as (? & ? & _ & _ & _ & ->); apply format64_rnd).
assert (QG : 0 <= quanta r * G <= / 1000000 * G) by (split; [apply Rmult_le_pos | apply Rmult_le_compat_r]; lra).
assert (Hs : prob_sum r m v <= 1 + / 500000) by (apply Rabs_le_inv in H1; rewrite U in H1; lra).
assert (K1 : 1 <= K).
{ destruct (H t Ht T) as (A & B & _). assert (Ds := dsigma_steepness (coefs r) (premapped r t)).
  rewrite Rabs_mult in B. assert (P := Rabs_pos (scale r)). set (s := Rabs (dsigma _ _)) in *.
  assert (0 < s). { destruct (Rabs_pos (dsigma (coefs r) (premapped r t))) as [Z|Z]; fold s in Z; trivial.
  rewrite <- Z, Rmult_0_r in B. lra. }
  apply Rmult_le_reg_r with s; lra. }
assert (P24 : pow2 (-24) = / 16777216) by (simpl; lra).
assert (P500 : pow2 (-500) <= pow2 (-150) * / 1000).
{ apply Rle_trans with (pow2 (-160)). apply bpow_le. lia. change (-160)%Z with (-150 + -10)%Z. rewrite bpow_plus.
  apply Rmult_le_compat_l. apply bpow_ge_0. simpl. lra. }
assert (P150 : 0 < pow2 (-150) <= / 10). { split. apply bpow_gt_0. apply Rle_trans with (pow2 (-10)). apply bpow_le. lia. simpl. lra.
}
assert (P149 : pow2 (-149) = 2 * pow2 (-150)) by (change (-149)%Z with (1 + -150)%Z; rewrite bpow_plus; reflexivity).
assert (UK : 0 <= u64 * K) by (apply Rmult_le_pos; lra).
assert (One : forall i, (i < size r)%nat -> taken r i = true ->
  Rabs (out i / (scale r * dsigma (coefs r) (premapped r i)) - grad_sigma_hat r g m v mean i) <=
  (pow2 (-24) + 613 / 100 * (u64 * K)) * (20001 / 10000 * G) * prob r m v i + ((pow2 (-24) + 613 / 100 * (u64 * K)) * eta64 + pow2 (-149) / L)).
{ intros i Hi Ti. destruct (H i Hi Ti) as (Kd & Lc & Rg). assert (Hh := H0 i Hi Ti).
  destruct (grad_sigma_size (prob r m v i) (g i) mean G Hh (format32_64 _ (proj1 (Vg i Hi Ti))) Fm (Hg i Hi Ti)
    ltac:(rewrite U in Sz; lra)) as [_ Gs]. fold (grad_sigma_hat r g m v mean i) in Gs.
    set (gs := grad_sigma_hat r g m v mean i) in *.
  assert (VP := proj1 (proj2 Vr)). assert (VX := proj2 (proj2 Vr) i Hi Ti).
  assert (VP' := VP). destruct VP' as (_ & _ & _ & _ & _ & _ & _ & _ & _ & Sc & Sh).
  destruct (slope_at_close (coefs r) (scale r) (shift r) (premapped r i) VP (format64_rnd _)
    (affine_size _ _ _ Sc Sh (proj2 VX))) as [DD Es].
  assert (Ds := dsigma_steepness (coefs r) (premapped r i)).
  set (s := dsigma (coefs r) (premapped r i)) in *. set (D := steepness (coefs r) (premapped r i)) in *.
  assert (F := finish_error gs gs _ s (scale r) D 0 (Rabs gs) (Rle_refl 0) (Rabs_pos gs) DD Ds Es Sc
    ltac:(rewrite Rminus_eq_0, Rabs_R0; lra) ltac:(lra)). rewrite Rplus_0_l in F.
  set (c := scale r * s) in *. set (z := grad_of r g m v mean i) in *.
  change (mul (mul gs (slope_at (coefs r) (premapped r i))) (scale r)) with z in F.
  assert (Pc : 0 < Rabs c) by lra. assert (Ps := Rabs_pos (scale r)). assert (Pg := Rabs_pos gs).
  assert (Ec : 612 / 100 * u64 * Rabs gs * D * Rabs (scale r) <= 612 / 100 * (u64 * K) * Rabs gs * Rabs c).
  { unfold c. rewrite (Rabs_mult (scale r)).
    replace (612 / 100 * (u64 * K) * Rabs gs * (Rabs (scale r) * Rabs s)) with (612 / 100 * u64 * Rabs gs * (K * Rabs s) * Rabs (scale r)) by ring.
    apply Rmult_le_compat_r; trivial. apply Rmult_le_compat_l; trivial. apply Rmult_le_pos; lra. }
  assert (Hi1 : prob r m v i <= 1001 / 1000).
  { apply Rle_trans with (prob_sum r m v); [|lra]. apply kept_term; trivial. }
  (* the range of float32 *)
  assert (O : out i = rnd32 z).
  { apply Gd; trivial. fold v z. assert (Zb : Rabs z <= 34 * 10 ^ 37); [|now apply Rabs_le_inv].
    assert (G0 : Rabs gs <= 2003 / 1000 * G + eta64).
    { assert (prob r m v i * G <= 1001 / 1000 * G) by (apply Rmult_le_compat_r; lra). lra. }
    assert (E3 : 612 / 100 * u64 * Rabs gs * D * Rabs (scale r) <= / 10 * (Rabs gs * D * Rabs (scale r))).
    { rewrite <- !Rmult_assoc. repeat apply Rmult_le_compat_r; trivial; lra. }
    assert (E4 : Rabs (c * gs) <= Rabs gs * D * Rabs (scale r)).
    { unfold c. rewrite !Rabs_mult. replace (Rabs (scale r) * Rabs s * Rabs gs) with (Rabs gs * Rabs s * Rabs (scale r)) by ring.
      apply Rmult_le_compat_r; trivial. apply Rmult_le_compat_l; trivial. }
    assert (DS : 0 <= D * Rabs (scale r) <= pow2 519).
    { split. apply Rmult_le_pos; lra. change 519%Z with (391 + 128)%Z. rewrite bpow_plus. apply Rmult_le_compat; trivial; lra. }
    assert (E5 : Rabs gs * D * Rabs (scale r) <= 2003 / 1000 * (G * D * Rabs (scale r)) + pow2 (-500)).
    { rewrite Rmult_assoc. apply Rle_trans with ((2003 / 1000 * G + eta64) * (D * Rabs (scale r))). apply Rmult_le_compat_r; lra.
      assert (eta64 * (D * Rabs (scale r)) <= pow2 (-500)); [|lra].
      apply Rle_trans with (eta64 * pow2 519). apply Rmult_le_compat_l; lra. unfold eta64. rewrite <- bpow_plus. apply bpow_le. lia. }
    assert (Z : Rabs z <= Rabs (z - c * gs) + Rabs (c * gs)).
    { replace z with ((z - c * gs) + c * gs) at 1 by ring. apply Rabs_triang. }
    clear -F E3 E4 E5 Z Rg P500 P150. lra. }
  assert (R := rnd32_error z). rewrite <- O in R.
  assert (Zc : Rabs z <= Rabs c * Rabs gs + Rabs (z - c * gs)).
  { rewrite <- Rabs_mult. replace z with (c * gs + (z - c * gs)) at 1 by ring. apply Rabs_triang. }
  assert (N : Rabs (out i - c * gs) <= ((pow2 (-24) + 613 / 100 * (u64 * K)) * Rabs gs) * Rabs c + pow2 (-149)).
  { replace (out i - c * gs) with ((out i - z) + (z - c * gs)) by ring. eapply Rle_trans. apply Rabs_triang.
    assert (P : 0 <= u64 * K * Rabs gs * Rabs c) by (apply Rmult_le_pos; [apply Rmult_le_pos|]; lra).
    clear -R Zc F Ec P P24 P500 P150 P149. rewrite P24 in *. lra. }
  assert (Cn : c <> 0) by (intros Z; rewrite Z, Rabs_R0 in Pc; lra).
  replace (out i / c - gs) with ((out i - c * gs) / c) by (field; exact Cn).
  unfold Rdiv. rewrite Rabs_mult, Rabs_inv. apply Rle_trans with ((pow2 (-24) + 613 / 100 * (u64 * K)) * Rabs gs + pow2 (-149) * / L).
  - apply Rle_trans with ((((pow2 (-24) + 613 / 100 * (u64 * K)) * Rabs gs) * Rabs c + pow2 (-149)) * / Rabs c).
    apply Rmult_le_compat_r; trivial. apply Rlt_le, Rinv_0_lt_compat, Pc.
    rewrite Rmult_plus_distr_r, Rmult_assoc, Rinv_r, Rmult_1_r by lra. apply Rplus_le_compat_l, Rmult_le_compat_l. lra.
    apply Rinv_le_contravar; lra.
  - assert (P : (pow2 (-24) + 613 / 100 * (u64 * K)) * Rabs gs <= (pow2 (-24) + 613 / 100 * (u64 * K)) * (20001 / 10000 * prob r m v i * G + eta64)).
    { apply Rmult_le_compat_l; trivial. rewrite P24. lra. }
    lra. }
set (w := pow2 (-24) + 613 / 100 * (u64 * K)) in *. assert (Pw : 0 <= w) by (unfold w; rewrite P24; lra).
assert (PLi : 0 <= pow2 (-149) / L) by (apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat, PL]).
set (Y := sum (size r) (kept r (grad_sigma_hat r g m v mean))) in *. set (X := sum _ _).
assert (E : Rabs (X - Y) <= w * (20001 / 10000 * G) * prob_sum r m v + INR (size r) * (w * eta64 + pow2 (-149) / L)).
{ unfold X, Y. rewrite kept_minus. eapply Rle_trans. apply (kept_abs r _ _ _ One). apply kept_affine.
  assert (0 <= w * eta64) by (apply Rmult_le_pos; lra). lra. }
assert (Ne : INR (size r) * eta64 <= / 100 * u64 * G).
{ assert (N := many r Vr). apply Rle_trans with (2147483647 * eta64). apply Rmult_le_compat_r; lra.
  apply Rle_trans with (pow2 31 * eta64). apply Rmult_le_compat_r. lra. simpl; lra.
  apply Rle_trans with (pow2 (-60) * pow2 (-149)). unfold eta64. rewrite <- !bpow_plus. apply bpow_le. lia.
  apply Rmult_le_compat; trivial; try apply bpow_ge_0. rewrite U. simpl. lra. }
assert (PwG : 0 <= w * G) by (apply Rmult_le_pos; lra).
assert (E1 : w * G * prob_sum r m v <= w * G * (1 + / 500000)) by (apply Rmult_le_compat_l; lra).
assert (E2 : w * (INR (size r) * eta64) <= w * (/ 100 * u64 * G)) by (apply Rmult_le_compat_l; lra).
assert (E3 : w * (/ 100 * u64 * G) <= / 1000000 * (w * G)).
{ replace (w * (/ 100 * u64 * G)) with (/ 100 * u64 * (w * G)) by ring. apply Rmult_le_compat_r; trivial. rewrite U. lra. }
assert (W : w * G = pow2 (-24) * G + 613 / 100 * (u64 * K * G)) by (unfold w; ring).
assert (UKG : 0 <= u64 * K * G) by (apply Rmult_le_pos; lra).
replace X with ((X - Y) + Y) by ring. eapply Rle_trans. apply Rabs_triang.
replace (INR (size r) * (6 * half_grid)) with (6 * quanta r) by (unfold quanta; ring).
rewrite P24 in *. clear -E S0 E1 E2 E3 W UKG PG HG. lra.
Qed.
