(* SPDX-License-Identifier: Apache-2.0 *)
(* T8: every gradient at a logit that satisfies the C contract is_backward is within the bound of specs/accuracy.md#gradient of
   scale * sigma'(y) * p_i (g_i - sum p g), y the rounded argument of sigma (the exact one without a pre-map). *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core Relative.
From MultiMax Require Import Float64 ExpKernel Hinge Modulator SigmaFloat AffineFloat RealSum Softmax Within Contract LossContract Accuracy ProbBound
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

(* what multiplies p G D |scale|, x the relative error of a probability *)
Definition noise_sigma (x N : R) : R := 3 * x + (4 + 501 / 100 * x) * N + (612 / 100 + 134 / 10 * x) * u64.
Definition noise (x N : R) : R := 3 * x + (4 + 501 / 100 * x) * N + (184 / 10 + 257 / 10 * x) * u64.
Definition allowance (f k p G D : R) : R := (k * p + if Rle_dec p faint then f * faint else 0) * G * D.

Lemma grad_sigma_size : forall h g mean G, 0 <= h -> format64 g -> format64 mean -> Rabs g <= G -> Rabs mean <= (1 + / 100000) * G ->
  Rabs (sub g mean - (g - mean)) <= 20001 / 10000 * u64 * G /\ Rabs (mul h (sub g mean)) <= 20001 / 10000 * h * G + eta64.
Proof.
intros h g mean G Hh Fg Fm Hg Hm. assert (U := u64_figure). assert (U0 := u64_small).
assert (PG : 0 <= G) by (eapply Rle_trans; [apply Rabs_pos | exact Hg]).
assert (S := sub_error g mean Fg Fm). set (d := sub g mean) in *.
assert (D : Rabs (g - mean) <= (2 + / 100000) * G).
{ unfold Rminus. eapply Rle_trans. apply Rabs_triang. rewrite Rabs_Ropp. lra. }
assert (S' : Rabs (d - (g - mean)) <= u64 * ((2 + / 100000) * G)) by (eapply Rle_trans; [exact S | apply Rmult_le_compat_l; lra]).
assert (0 <= u64 * G) by (apply Rmult_le_pos; lra). split. lra.
assert (D2 : Rabs d <= (2 + / 50000) * G).
{ replace d with ((g - mean) + (d - (g - mean))) by ring. eapply Rle_trans. apply Rabs_triang. rewrite U in *. lra. }
assert (R := mul_error h d). rewrite Rabs_mult, (Rabs_pos_eq h) in R by exact Hh.
assert (T : h * Rabs d <= h * ((2 + / 50000) * G)) by (apply Rmult_le_compat_l; lra).
replace (mul h d) with ((mul h d - h * d) + h * d) by ring. eapply Rle_trans. apply Rabs_triang.
rewrite (Rabs_mult h d), (Rabs_pos_eq h) by exact Hh. assert (0 <= h * G) by (apply Rmult_le_pos; lra). rewrite U in *. lra.
Qed.

Lemma grad_sigma_near : forall h p g mean M G x N, 0 <= x < 1 -> 0 <= N <= / 1000000 -> 0 <= h -> 0 <= p -> Rabs (h - p) <= x * p ->
  format64 g -> format64 mean -> Rabs g <= G -> Rabs mean <= (1 + 5001 / 1000 * N + 92 / 10 * u64) * G ->
  Rabs (mean - M) <= (x + 4 * N + 211 / 100 * u64) * G ->
  Rabs (mul h (sub g mean) - p * (g - M)) <= noise_sigma x N * p * G + eta64.
Proof.
intros h p g mean M G x N Hx HN Hh Hp Ep Fg Fm Hg Hm Em. assert (U := u64_figure). assert (U0 := u64_small).
assert (PG : 0 <= G) by (eapply Rle_trans; [apply Rabs_pos | exact Hg]).
assert (NG : 0 <= N * G <= / 1000000 * G) by (split; [apply Rmult_le_pos | apply Rmult_le_compat_r]; lra).
assert (UG : 0 <= u64 * G) by (apply Rmult_le_pos; lra).
destruct (grad_sigma_size h g mean G Hh Fg Fm Hg ltac:(rewrite U in Hm; lra)) as [S1 _].
assert (R := mul_error h (sub g mean)). set (d := sub g mean) in *.
assert (D : Rabs d <= (2 + 5001 / 1000 * N + 113 / 10 * u64) * G).
{ replace d with (g + - mean + (d - (g - mean))) by ring. eapply Rle_trans. apply Rabs_triang.
  assert (Rabs (g + - mean) <= Rabs g + Rabs mean) by (rewrite <- (Rabs_Ropp mean); apply Rabs_triang). lra. }
assert (D2 : Rabs d <= 20001 / 10000 * G) by (rewrite U in D; lra).
assert (DM : Rabs (d - (g - M)) <= (x + 4 * N + 4111 / 1000 * u64) * G).
{ replace (d - (g - M)) with ((d - (g - mean)) + (M - mean)) by ring. eapply Rle_trans. apply Rabs_triang.
  rewrite (Rabs_minus_sym M mean). lra. }
assert (Hb : h <= (1 + x) * p) by (apply Rabs_le_inv in Ep; lra).
rewrite Rabs_mult, (Rabs_pos_eq h) in R by exact Hh.
assert (T1 : h * Rabs d <= (1 + x) * p * (20001 / 10000 * G)) by (apply Rmult_le_compat; trivial; apply Rabs_pos).
assert (T2 : Rabs (h - p) * Rabs d <= x * p * ((2 + 5001 / 1000 * N + 113 / 10 * u64) * G)) by (apply Rmult_le_compat; trivial; apply Rabs_pos).
assert (T3 : p * Rabs (d - (g - M)) <= p * ((x + 4 * N + 4111 / 1000 * u64) * G)) by (apply Rmult_le_compat_l; trivial).
assert (T4 : u64 * (h * Rabs d) <= u64 * ((1 + x) * p * (20001 / 10000 * G))) by (apply Rmult_le_compat_l; lra).
replace (mul h d - p * (g - M)) with ((mul h d - h * d) + ((h - p) * d + p * (d - (g - M)))) by ring.
eapply Rle_trans. apply Rabs_triang. assert (Tr := Rabs_triang ((h - p) * d) (p * (d - (g - M)))).
rewrite !Rabs_mult, (Rabs_pos_eq p) in Tr by exact Hp.
assert (PGp : 0 <= p * G) by (apply Rmult_le_pos; lra). assert (0 <= u64 * (p * G)) by (apply Rmult_le_pos; lra).
assert (0 <= x * (u64 * (p * G))) by (apply Rmult_le_pos; lra).
assert (0 <= x * N * (p * G)) by (apply Rmult_le_pos; [apply Rmult_le_pos|]; lra). unfold noise_sigma. lra.
Qed.

(* one entry's gradient at sigma: either it carries weight, or its probability is faint; a, b as in finish_error *)
Lemma grad_sigma_entry : forall r g m d total t most mean G i, valid_row r -> valid_upstream r g -> 0 <= d -> is_top r m ->
  (t < size r)%nat -> taken r t = true -> modulated_at r t = m -> near_or_far r m d t ->
  total_close (count_sum r m) total -> chain d (INR (size r)) < 1 / 2 -> at_most r g G -> most <= G ->
  is_mean r g m (rnd (1 / total)) most mean -> (i < size r)%nat -> taken r i = true ->
  let x := excess (chain d (INR (size r))) in let gs := grad_sigma_hat r g m (rnd (1 / total)) mean i in let p := multimax_row r i in
  exists a b, 0 <= a /\ 0 <= b /\ Rabs (gs - grad_sigma_row r g i) <= a + eta64 /\ Rabs gs <= b + eta64 /\
  0 <= noise x (quanta r) <= 4 /\
  ((0 < weight r m i /\ a + 612 / 100 * u64 * b <= noise x (quanta r) * p * G) \/
   (p <= faint /\ a + 612 / 100 * u64 * b <= 5 * faint * G)).
Proof.
intros r g m d total t most mean G i Vr Vg Hd Top Ht T M Nf Tc C Ha Hm Im Hi Ti x gs p.
destruct (prob_error r m d total t i Vr Hd Top Ht T M Nf Tc C Hi Ti) as (X & H0 & P0 & D). fold x in X, D.
destruct (mean_error r g m d total t most mean G Vr Hd Top Ht T M Nf Tc C Ha Hm Im) as [B E]. fold x in E.
assert (Sz := mean_size r g m t total most mean G Vr Top Ht T M Tc Ha Hm Im).
assert (Fm' : format64 m) by (rewrite <- M; apply format64_rnd).
assert (Wt : 0 <= weight r m i) by (apply (weight_range r m i Top Fm' Hi Ti)).
assert (Q := quanta_small r Vr). assert (U := u64_figure). assert (U0 := u64_small). set (v := rnd (1 / total)) in *.
destruct Ha as [HG Hg]. assert (PG := bpow_gt_0 radix2 (-149)). assert (Gi := Hg i Hi Ti).
assert (Fm : format64 mean) by (destruct Im as (? & ? & _ & _ & _ & ->); apply format64_rnd).
assert (Fg : format64 (g i)) by (apply format32_64, Vg; assumption).
unfold gs, grad_sigma_hat. fold v. set (h := prob r m v i) in *. fold p in P0, D.
assert (QG : 0 <= quanta r * G <= / 1000000 * G) by (split; [apply Rmult_le_pos | apply Rmult_le_compat_r]; lra).
destruct (grad_sigma_size h (g i) mean G H0 Fg Fm Gi ltac:(rewrite U in Sz; lra)) as [_ Gs].
assert (PpG : 0 <= p * G) by (apply Rmult_le_pos; lra).
assert (Fp : 0 < faint) by apply bpow_gt_0. assert (PfG : 0 <= faint * G) by (apply Rmult_le_pos; lra).
assert (XN : 0 <= x * quanta r <= quanta r) by (split; [apply Rmult_le_pos; lra | rewrite <- (Rmult_1_l (quanta r)) at 2; apply Rmult_le_compat_r; lra]).
assert (XU : 0 <= x * u64 <= u64) by (split; [apply Rmult_le_pos; lra | rewrite <- (Rmult_1_l u64) at 2; apply Rmult_le_compat_r; lra]).
assert (Nn : 0 <= noise_sigma x (quanta r)) by (unfold noise_sigma; lra).
assert (N4 : 0 <= noise x (quanta r) <= 4) by (unfold noise; rewrite U in *; lra).
assert (NG : 0 <= noise_sigma x (quanta r) * (p * G)) by (apply Rmult_le_pos; lra).
assert (Nx : noise x (quanta r) * p * G = noise_sigma x (quanta r) * p * G + (1228 / 100 + 123 / 10 * x) * (u64 * (p * G))).
{ unfold noise, noise_sigma. field. }
assert (UP : 0 <= u64 * (p * G)) by (apply Rmult_le_pos; lra). assert (XUP : 0 <= x * (u64 * (p * G))) by (apply Rmult_le_pos; lra).
destruct D as [D|[D1 D2]].
- exists (noise_sigma x (quanta r) * (p * G)), (20001 / 10000 * ((1 + x) * (p * G))).
  assert (XP : 0 <= x * (p * G)) by (apply Rmult_le_pos; lra).
  split; [exact NG|]. split; [lra|]. split; [|split; [|split; [exact N4 | left; split]]].
  + rewrite <- Rmult_assoc. unfold grad_sigma_row. fold p. apply grad_sigma_near; trivial; lra.
  + eapply Rle_trans. exact Gs. apply Rabs_le_inv in D.
    assert (h * G <= (1 + x) * p * G) by (apply Rmult_le_compat_r; lra). lra.
  + destruct Wt as [W|W]; trivial. exfalso. assert (h = 0).
    { unfold h, prob, mul. rewrite <- W, Rmult_0_l. apply round_0. auto with typeclass_instances. }
    rewrite H in D. apply Rabs_le_inv in D. assert (x * p < 1 * p) by (apply Rmult_lt_compat_r; lra). lra.
  + rewrite Nx. lra.
- assert (HGb : h * G <= faint * G) by (apply Rmult_le_compat_r; lra). assert (Pe := eta64_pos).
  exists (40002 / 10000 * (faint * G)), (20001 / 10000 * (faint * G)).
  split; [lra|]. split; [lra|]. split; [|split; [lra | split; [exact N4 | right; split; trivial]]].
  + assert (R1 : Rabs (grad_sigma_row r g i) <= 2 * (faint * G)).
    { unfold grad_sigma_row. fold p. rewrite Rabs_mult, (Rabs_pos_eq p) by lra.
      replace (2 * (faint * G)) with (faint * (2 * G)) by ring. apply Rmult_le_compat; try lra. apply Rabs_pos.
      unfold Rminus. eapply Rle_trans. apply Rabs_triang. rewrite Rabs_Ropp. lra. }
    unfold Rminus. eapply Rle_trans. apply Rabs_triang. rewrite Rabs_Ropp. lra.
  + rewrite U. lra.
Qed.

(* the gradient before it is rounded to float32 *)
Theorem grad_before_rounding : forall r g m d total t most mean G i, valid_row r -> valid_upstream r g -> 0 <= d -> is_top r m ->
  (t < size r)%nat -> taken r t = true -> modulated_at r t = m -> near_or_far r m d t ->
  total_close (count_sum r m) total -> chain d (INR (size r)) < 1 / 2 -> at_most r g G -> most <= G ->
  is_mean r g m (rnd (1 / total)) most mean -> (i < size r)%nat -> taken r i = true ->
  let x := excess (chain d (INR (size r))) in
  Rabs (grad_of r g m (rnd (1 / total)) mean i - grad_row r g (premapped r i) i) <=
    allowance 5 (noise x (quanta r)) (multimax_row r i) G (steepness (coefs r) (premapped r i)) * Rabs (scale r) + pow2 (-500).
Proof.
intros r g m d total t most mean G i Vr Vg Hd Top Ht T M Nf Tc C Ha Hm Im Hi Ti x.
destruct (grad_sigma_entry r g m d total t most mean G i Vr Vg Hd Top Ht T M Nf Tc C Ha Hm Im Hi Ti) as (a & b & Pa & Pb & Ea & Eb & N4 & D).
fold x in N4, D. destruct Vr as (_ & VP & VX). assert (VP' := VP). destruct VP' as (_ & _ & _ & _ & _ & _ & _ & _ & _ & Sc & Sh).
destruct (slope_at_close (coefs r) (scale r) (shift r) (premapped r i) VP (format64_rnd _)
  (affine_size _ _ _ Sc Sh (proj2 (VX i Hi Ti)))) as [DD Es].
assert (Ds := dsigma_steepness (coefs r) (premapped r i)). unfold grad_of, grad_row. eapply Rle_trans.
exact (finish_error _ _ _ _ _ _ a b Pa Pb DD Ds Es Sc Ea Eb).
apply Rplus_le_compat_r, Rmult_le_compat_r. apply Rabs_pos. unfold allowance. apply Rmult_le_compat_r. lra.
assert (PG : 0 <= G) by (destruct Ha as [HG _]; generalize (bpow_gt_0 radix2 (-149)); lra).
assert (Fp : 0 < faint) by apply bpow_gt_0. assert (PfG : 0 <= faint * G) by (apply Rmult_le_pos; lra).
assert (Pp : 0 <= multimax_row r i) by (apply (multimax_row_sum r t Ht T)).
assert (0 <= noise x (quanta r) * multimax_row r i * G) by (repeat apply Rmult_le_pos; lra).
rewrite Rmult_plus_distr_r. destruct D as [[_ D]|[D1 D2]]; destruct Rle_dec; lra.
Qed.
