(* SPDX-License-Identifier: Apache-2.0 *)
(* T8: every gradient at a logit that satisfies the C contract is_backward is within the bound of specs/accuracy.md#gradient of
   scale * sigma'(y) * p_i (g_i - sum p g), y the rounded argument of sigma (the exact one without a pre-map). *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core Relative.
From MultiMax Require Import Float64 ExpKernel Hinge Modulator SigmaFloat AffineFloat RealSum Softmax Within Contract Accuracy ProbBound
  GradContract SlopeFloat GradMean.
Open Scope R_scope.

(* a probability below this may have been computed as 0, and is then off by as much *)
Definition faint : R := pow2 (-157).

Lemma exp_2 : forall c, c <= 1 / 2 -> exp c <= 2.
Proof.
intros c H. assert (G := exp_ineq1_le (- c)). rewrite exp_Ropp in G. assert (P := exp_pos c).
apply Rmult_le_reg_r with (/ exp c). now apply Rinv_0_lt_compat. rewrite Rinv_r; lra.
Qed.

(* a float64 probability against the exact one *)
Lemma prob_error : forall r m d total t i, valid_row r -> 0 <= d -> is_top r m ->
  (t < size r)%nat -> taken r t = true -> modulated_at r t = m -> near_or_far r m d t ->
  total_close (count_sum r m) total -> chain d (INR (size r)) < 1 / 2 -> (i < size r)%nat -> taken r i = true ->
  let x := excess (chain d (INR (size r))) in let p := multimax_row r i in let h := prob r m (rnd (1 / total)) i in
  0 <= x < 1 /\ 0 <= h /\ 0 < p /\ (Rabs (h - p) <= x * p \/ (h <= faint /\ p <= faint)).
Proof.
intros r m d total t i Vr Hd Top Ht T M Nf Tc C Hi Ti x p h.
destruct (wide_error r m d total t i Vr Hd Top Ht T M Nf Tc Hi Ti) as (C0 & X0 & P0 & D).
set (c := chain d (INR (size r))) in *. change (wide r m total i) with h in *. fold p in P0, D.
destruct (excess_mono c c ltac:(lra) C ltac:(lra)) as [[X1 _] X2]. fold x in X1, X2.
split; [lra|]. split; [exact X0|]. split; [exact P0|]. destruct D as [D|[D1 D2]].
- left. apply relative_of_within; trivial; lra.
- right. assert (clamp * exp c <= faint); [|lra]. unfold faint. change (-157)%Z with (-158 + 1)%Z. rewrite bpow_plus.
  apply Rmult_le_compat_l. apply bpow_ge_0. change (pow2 1) with 2. apply exp_2. lra.
Qed.

(* the computed mean against the exact one *)
Lemma mean_error : forall r g m d total t most mean G, valid_row r -> 0 <= d -> is_top r m ->
  (t < size r)%nat -> taken r t = true -> modulated_at r t = m -> near_or_far r m d t ->
  total_close (count_sum r m) total -> chain d (INR (size r)) < 1 / 2 -> at_most r g G -> most <= G ->
  is_mean r g m (rnd (1 / total)) most mean -> let x := excess (chain d (INR (size r))) in
  Rabs (mean_row r g) <= G /\ Rabs (mean - mean_row r g) <= (x + 4 * quanta r + 211 / 100 * u64) * G.
Proof.
intros r g m d total t most mean G Vr Hd Top Ht T M Nf Tc C Ha Hm Im x.
destruct (mean_rounded r g m t total most mean G Vr Top Ht T M Tc Ha Hm Im) as [_ E].
destruct (prob_error r m d total t t Vr Hd Top Ht T M Nf Tc C Ht T) as ([X0 X1] & _).
destruct (multimax_row_sum r t Ht T) as [P0 P1]. set (v := rnd (1 / total)) in *. fold x in X0, X1.
destruct Ha as [HG Hg]. assert (PG := bpow_gt_0 radix2 (-149)). assert (U := u64_figure). split.
- unfold mean_row. rewrite <- (Rmult_1_r G), <- P1, <- kept_scal. apply kept_abs. intros i Hi Ti.
  rewrite Rabs_mult, Rmult_comm, (Rabs_pos_eq (multimax_row r i)) by apply P0. apply Rmult_le_compat_r. apply P0. now apply Hg.
- set (X := upstream_sum r g m v) in *.
  assert (D : Rabs (X - mean_row r g) <= G * (x * 1 + INR (size r) * faint)).
  { unfold X, upstream_sum, mean_row. rewrite kept_minus.
    apply Rle_trans with (G * sum (size r) (kept r (fun i => x * multimax_row r i + faint))).
    - rewrite <- kept_scal. apply kept_abs. intros i Hi Ti.
      destruct (prob_error r m d total t i Vr Hd Top Ht T M Nf Tc C Hi Ti) as (_ & H0 & Pi & D). fold x v in D, H0. fold v in H0.
      replace (prob r m v i * g i - multimax_row r i * g i) with (g i * (prob r m v i - multimax_row r i)) by ring.
      rewrite Rabs_mult. apply Rmult_le_compat; try apply Rabs_pos. now apply Hg.
      assert (0 <= x * multimax_row r i) by (apply Rmult_le_pos; lra). assert (0 <= faint) by apply bpow_ge_0.
      destruct D as [D|[D1 D2]]. lra. apply Rabs_le. lra.
    - apply Rmult_le_compat_l. lra. rewrite <- P1. apply kept_affine. apply bpow_ge_0. }
  assert (N : INR (size r) * faint <= / 1000 * u64).
  { assert (N := many r Vr). apply Rle_trans with (pow2 31 * faint). apply Rmult_le_compat_r. apply bpow_ge_0. simpl pow2. lra.
    unfold faint. rewrite <- bpow_plus. apply Rle_trans with (pow2 (-10) * pow2 (-53)). rewrite <- bpow_plus. apply bpow_le. lia.
    unfold u64. apply Rmult_le_compat_r. apply bpow_ge_0. simpl. lra. }
  assert (G * (x * 1 + INR (size r) * faint) <= G * (x + / 1000 * u64)) by (apply Rmult_le_compat_l; lra).
  assert (0 <= u64 * G) by (apply Rmult_le_pos; generalize u64_small; lra).
  replace (mean - mean_row r g) with ((mean - X) + (X - mean_row r g)) by ring. eapply Rle_trans. apply Rabs_triang. lra.
Qed.

(* what is common to the entries that count and the faint ones: slope, its product, scale. gs is near e and at most b *)
Lemma finish_error : forall gs e sh s sc D a b, 0 <= a -> 0 <= b -> 1 <= D <= pow2 391 -> Rabs s <= D -> Rabs (sh - s) <= 41 / 10 * u64 * D ->
  Rabs sc <= pow2 128 -> Rabs (gs - e) <= a + eta64 -> Rabs gs <= b + eta64 ->
  Rabs (mul (mul gs sh) sc - sc * s * e) <= (a + 612 / 100 * u64 * b) * D * Rabs sc + pow2 (-500).
Proof.
intros gs e sh s sc D a b Ha Hb HD Hs Es Hc He Hg. assert (U := u64_small). assert (U' := u64_figure). assert (Pe := eta64_pos).
assert (S1 : Rabs sh <= (1 + / 100000) * D).
{ replace sh with (s + (sh - s)) by ring. eapply Rle_trans. apply Rabs_triang. rewrite U' in *. lra. }
set (k := Rabs sc) in *. assert (Pk : 0 <= k) by apply Rabs_pos.
assert (BD : 0 <= b * D) by (apply Rmult_le_pos; lra). assert (ED : 0 <= eta64 * D) by (apply Rmult_le_pos; lra).
assert (AD : 0 <= a * D) by (apply Rmult_le_pos; lra).
assert (P : Rabs (gs * sh) <= (1 + / 100000) * (b * D + eta64 * D)).
{ rewrite Rabs_mult. replace ((1 + / 100000) * (b * D + eta64 * D)) with ((b + eta64) * ((1 + / 100000) * D)) by ring.
  apply Rmult_le_compat; trivial; apply Rabs_pos. }
assert (Q : Rabs (gs * sh - s * e) <= (a * D + eta64 * D) + 41 / 10 * u64 * (b * D + eta64 * D)).
{ replace (gs * sh - s * e) with ((gs - e) * s + gs * (sh - s)) by ring. eapply Rle_trans. apply Rabs_triang. rewrite !Rabs_mult.
  assert (Rabs (gs - e) * Rabs s <= (a + eta64) * D) by (apply Rmult_le_compat; trivial; apply Rabs_pos).
  assert (Rabs gs * Rabs (sh - s) <= (b + eta64) * (41 / 10 * u64 * D)) by (apply Rmult_le_compat; trivial; apply Rabs_pos). lra. }
assert (H := mul_error gs sh). set (h := mul gs sh) in *.
assert (Tp : u64 * Rabs (gs * sh) <= u64 * ((1 + / 100000) * (b * D + eta64 * D))) by (apply Rmult_le_compat_l; lra).
assert (E1 : eta64 <= eta64 * D) by (rewrite <- (Rmult_1_r eta64) at 1; apply Rmult_le_compat_l; lra).
set (bd := b * D) in *. set (ed := eta64 * D) in *. set (ad := a * D) in *.
assert (H1 : Rabs (h - s * e) <= ad + 511 / 100 * u64 * bd + 3 * ed).
{ replace (h - s * e) with ((h - gs * sh) + (gs * sh - s * e)) by ring. eapply Rle_trans. apply Rabs_triang.
  clear -Tp Q H E1 U' BD ED. rewrite U' in *. lra. }
assert (H2 : Rabs h <= (1 + / 50000) * bd + 3 * ed).
{ replace h with ((h - gs * sh) + gs * sh) by ring. eapply Rle_trans. apply Rabs_triang.
  clear -Tp P H E1 U' BD ED. rewrite U' in *. lra. }
assert (L := mul_error h sc). rewrite (Rabs_mult h sc) in L. fold k in L.
assert (H3 : Rabs h * k <= ((1 + / 50000) * bd + 3 * ed) * k) by (apply Rmult_le_compat_r; trivial).
assert (H4 : Rabs (h - s * e) * k <= (ad + 511 / 100 * u64 * bd + 3 * ed) * k) by (apply Rmult_le_compat_r; trivial).
assert (H5 : u64 * (Rabs h * k) <= u64 * (((1 + / 50000) * bd + 3 * ed) * k)) by (apply Rmult_le_compat_l; lra).
replace (mul h sc - sc * s * e) with ((mul h sc - h * sc) + (h - s * e) * sc) by ring.
eapply Rle_trans. apply Rabs_triang. rewrite (Rabs_mult (h - s * e)). fold k.
assert (BK : 0 <= bd * k) by (apply Rmult_le_pos; trivial).
assert (EK : 0 <= ed * k <= pow2 (-520)).
{ split. now apply Rmult_le_pos. unfold ed, eta64. apply Rle_trans with (pow2 (-1075) * pow2 391 * pow2 128).
  apply Rmult_le_compat; trivial. apply Rmult_le_compat_l. apply bpow_ge_0. lra.
  rewrite <- !bpow_plus. apply bpow_le. lia. }
assert (EE : 4 * (ed * k) + eta64 <= pow2 (-500)).
{ assert (eta64 <= pow2 (-520)) by (unfold eta64; apply bpow_le; lia).
  apply Rle_trans with (pow2 3 * pow2 (-520)). change (pow2 3) with 8. lra. rewrite <- bpow_plus. apply bpow_le. lia. }
replace ((a + 612 / 100 * u64 * b) * D * k) with ((ad + 612 / 100 * u64 * bd) * k) by (unfold ad, bd; ring).
clear -L H3 H4 H5 BK EK EE U'. rewrite U' in *. lra.
Qed.
