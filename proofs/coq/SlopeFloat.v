(* SPDX-License-Identifier: Apache-2.0 *)
(* The slope of sigma in binary64, as computed: its terms switch exactly at the knots, and it is within 4.1 u D of sigma' at the
   (rounded) argument, D the size of the numbers it is a sum of. Any doubles as knots, any reals as coefficients. *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Hinge Modulator SigmaFloat AffineFloat Contract GradContract.
Open Scope R_scope.

(* D of specs/accuracy.md#gradient: the size of sigma' at y *)
Definition steepness (P : params) (y : R) : R :=
  1 + Rabs (c1 P) + Rabs (c2 P) + 2 * Rabs (c3 P) * relu (k3 P - y) + 2 * Rabs (c4 P) * relu (y - k4 P).

Lemma steepness_slope_size : forall P y, steepness P y = slope_size P y 0.
Proof. intros P y. unfold steepness, slope_size. ring. Qed.

Lemma dsigma_steepness : forall P y, Rabs (dsigma P y) <= steepness P y.
Proof.
intros P y. unfold dsigma, steepness. generalize (relu_nonneg (k3 P - y)) (relu_nonneg (y - k4 P)). intros R3 R4.
assert (S : forall u, 0 <= step u <= 1) by (intros u; hinge; lra).
assert (S1 := S (k1 P - y)). assert (S2 := S (y - k2 P)). generalize dependent (step (k1 P - y)).
generalize dependent (step (y - k2 P)).
intros s2 S2 s1 S1. clear S. generalize dependent (relu (k3 P - y)). generalize dependent (relu (y - k4 P)). intros r4 R4 r3 R3.
assert (A : forall c s, 0 <= s <= 1 -> - Rabs c <= c * s <= Rabs c).
{ intros c s Hs. unfold Rabs. destruct Rcase_abs; nra. }
assert (B : forall c r, 0 <= r -> - (Rabs c * r) <= c * r <= Rabs c * r).
{ intros c r Hr. unfold Rabs. destruct Rcase_abs; nra. }
assert (A1 := A (c1 P) s1 S1). assert (A2 := A (c2 P) s2 S2). assert (B3 := B (c3 P) r3 R3). assert (B4 := B (c4 P) r4 R4).
apply Rabs_le. lra.
Qed.

Lemma mul_error : forall a b, Rabs (mul a b - a * b) <= u64 * Rabs (a * b) + eta64.
Proof. intros a b. apply rnd_error. Qed.

(* the sides of the knots are decided exactly *)
Lemma hinge_switch : forall a b (d e : R), format64 a -> format64 b ->
  (if Rlt_dec 0 (hinge_hat a b) then d else e) = if Rlt_dec 0 (a - b) then d else e.
Proof.
intros a b d e Fa Fb. assert (K := knot_decision a b Fa Fb). unfold hinge_hat, relu.
destruct (Rlt_dec 0 (sub a b)) as [A|A]; destruct (Rlt_dec 0 (a - b)) as [B|B].
- destruct (Rlt_dec 0 (sub a b)); tauto.
- exfalso. apply B. apply K in A. lra.
- exfalso. apply A, K. lra.
- destruct (Rlt_dec 0 0); [lra|trivial].
Qed.

Definition tiny_slope (P : params) (y : R) : R := 5 * eta64 * (4 + relu (k3 P - y) + relu (y - k4 P)).

Theorem slope_at_error : forall P y, format_params P -> format64 y ->
  Rabs (slope_at P y - dsigma P y) <= gain 4 * steepness P y + tiny_slope P y.
Proof.
intros P y (F1 & F2 & F3 & F4) Fy. assert (U := u64_small). assert (Pe := eta64_pos).
destruct (hinge_hat_error (k3 P) y F3 Fy) as [N3 E3]. destruct (hinge_hat_error y (k4 P) Fy F4) as [N4 E4].
unfold slope_at, slope_hat, dsigma, steepness, tiny_slope, slope_square.
assert (R3 := relu_nonneg (k3 P - y)). assert (R4 := relu_nonneg (y - k4 P)).
unfold slope_low, slope_high. rewrite !hinge_switch by assumption.
revert N3 E3 N4 E4 R3 R4. generalize (hinge_hat (k3 P) y) (relu (k3 P - y)) (hinge_hat y (k4 P)) (relu (y - k4 P)).
intros h3 r3 h4 r4 N3 E3 N4 E4 R3 R4.
assert (G1 : gain 1 = u64) by (unfold gain; ring).
assert (G0 : gain 0 = 0) by (unfold gain; simpl; ring).
assert (M1 := gain_mono 1). assert (M2 := gain_mono 2). assert (M3 := gain_mono 3).
set (q := 1 + u64) in *.
(* a first-order term *)
set (d1 := if Rlt_dec 0 (k1 P - y) then sub 1 (c1 P) else 1).
set (v1 := 1 - c1 P * step (k1 P - y)).
assert (A1 : Rabs v1 <= 1 + Rabs (c1 P)).
{ unfold v1, step. destruct (Rlt_dec 0 (k1 P - y)); unfold Rabs; repeat destruct Rcase_abs; lra. }
assert (S1 : Rabs (d1 - v1) <= gain 1 * (1 + Rabs (c1 P)) + eta64).
{ replace (gain 1 * (1 + Rabs (c1 P)) + eta64) with (gain 1 * (1 + Rabs (c1 P)) + ((1 + u64) * 0 + eta64)) by ring.
  unfold d1, v1, step. destruct (Rlt_dec 0 (k1 P - y)).
  - unfold sub. rewrite Rmult_1_r. apply round_step. unfold Rabs; repeat destruct Rcase_abs; lra.
    rewrite Rminus_eq_0, Rabs_R0, G0. lra.
  - replace (1 - (1 - c1 P * 0)) with 0 by ring. rewrite Rabs_R0, Rmult_0_r. rewrite G1.
    assert (0 <= u64 * (1 + Rabs (c1 P))) by (apply Rmult_le_pos; generalize (Rabs_pos (c1 P)); lra). lra. }
set (d2 := if Rlt_dec 0 (y - k2 P) then add d1 (c2 P) else d1).
set (v2 := v1 + c2 P * step (y - k2 P)).
assert (A2 : Rabs v2 <= 1 + Rabs (c1 P) + Rabs (c2 P)).
{ unfold v2. eapply Rle_trans. apply Rabs_triang. assert (Rabs (c2 P * step (y - k2 P)) <= Rabs (c2 P)); [|lra].
  unfold step. destruct (Rlt_dec 0 (y - k2 P)); [rewrite Rmult_1_r | rewrite Rmult_0_r, Rabs_R0; generalize (Rabs_pos (c2 P))]; lra. }
assert (S2 : Rabs (d2 - v2) <= gain 2 * (1 + Rabs (c1 P) + Rabs (c2 P)) + (q * eta64 + eta64)).
{ unfold d2, v2, step. destruct (Rlt_dec 0 (y - k2 P)).
  - unfold add. rewrite Rmult_1_r. apply round_step. eapply Rle_trans. apply Rabs_triang. lra.
    replace (d1 + c2 P - (v1 + c2 P)) with (d1 - v1) by ring. eapply Rle_trans. exact S1.
    assert (0 <= gain 1 * Rabs (c2 P)) by (apply Rmult_le_pos; [lra | apply Rabs_pos]). lra.
  - rewrite Rmult_0_r, Rplus_0_r. eapply Rle_trans. exact S1.
    assert (gain 1 * (1 + Rabs (c1 P)) <= gain 2 * (1 + Rabs (c1 P) + Rabs (c2 P))).
    { apply Rmult_le_compat; generalize (Rabs_pos (c1 P)) (Rabs_pos (c2 P)); lra. }
    assert (0 <= q * eta64) by (apply Rmult_le_pos; unfold q; lra). lra. }
(* a second-order term *)
assert (Quad : forall n k c h r s v A t, 0 <= r -> 0 <= h -> Rabs (h - r) <= u64 * r -> Rabs k = 2 -> Rabs v <= A -> (2 <= n)%nat ->
  Rabs (s - v) <= gain n * A + t ->
  Rabs (fma (mul k c) h s - (v + k * c * r)) <= gain (S n) * (A + 2 * Rabs c * r) + ((1 + u64) * (t + eta64 * (q * r)) + eta64)).
{ intros n k c h r s v A t Hr Hh Eh Hk Hv Hn Hs. unfold fma.
  assert (B : Rabs (k * c * r) = 2 * Rabs c * r) by (rewrite !Rabs_mult, Hk, (Rabs_pos_eq r) by exact Hr; ring).
  apply round_step. eapply Rle_trans. apply Rabs_triang. lra.
  assert (Hb : h <= q * r) by (apply Rabs_le_inv in Eh; unfold q; lra).
  assert (G2 : gain 2 <= gain n).
  { clear - Hn. induction Hn. lra. generalize (gain_mono m). lra. }
  assert (G2e : gain 2 = u64 * q + u64) by (unfold gain, q; ring).
  replace (mul k c * h + s - (v + k * c * r)) with ((mul k c - k * c) * h + k * c * (h - r) + (s - v)) by ring.
  eapply Rle_trans. apply Rabs_triang. assert (T := Rabs_triang ((mul k c - k * c) * h) (k * c * (h - r))).
  rewrite !Rabs_mult, (Rabs_pos_eq h), Hk in T by exact Hh.
  assert (E := mul_error k c). rewrite (Rabs_mult k c), Hk in E.
  assert (T1 : Rabs (mul k c - k * c) * h <= (u64 * (2 * Rabs c) + eta64) * (q * r)).
  { apply Rmult_le_compat; trivial. apply Rabs_pos. }
  assert (T2 : 2 * Rabs c * Rabs (h - r) <= 2 * Rabs c * (u64 * r)).
  { apply Rmult_le_compat_l; trivial. generalize (Rabs_pos c); lra. }
  assert (T3 : gain 2 * (2 * Rabs c * r) <= gain n * (2 * Rabs c * r)).
  { apply Rmult_le_compat_r; trivial. apply Rmult_le_pos; trivial. generalize (Rabs_pos c); lra. }
  rewrite G2e in T3. lra. }
assert (S3 := Quad 2%nat (-2) (c3 P) h3 r3 d2 v2 _ _ R3 N3 E3 ltac:(rewrite Rabs_left; lra) A2 (le_n _) S2).
set (d3 := fma (mul (-2) (c3 P)) h3 d2) in *. set (v3 := v2 + -2 * c3 P * r3) in *.
assert (A3 : Rabs v3 <= 1 + Rabs (c1 P) + Rabs (c2 P) + 2 * Rabs (c3 P) * r3).
{ unfold v3. eapply Rle_trans. apply Rabs_triang. rewrite !Rabs_mult, (Rabs_pos_eq r3), (Rabs_left (-2)) by lra. lra. }
assert (S4 := Quad 3%nat 2 (c4 P) h4 r4 d3 v3 _ _ R4 N4 E4 ltac:(rewrite Rabs_pos_eq; lra) A3 (le_S _ _ (le_n _)) S3).
replace (v2 - 2 * c3 P * r3 + 2 * c4 P * r4) with (v3 + 2 * c4 P * r4) by (unfold v3; ring).
eapply Rle_trans. exact S4. apply Rplus_le_compat_l.
assert (Q : 1 <= q <= 1 + / 1024) by (unfold q; lra). fold q.
assert (Q2 : 1 <= q * q <= 1 + / 256) by (clear -Q; nra). assert (Q3 : 1 <= q * q * q <= 1 + / 200) by (clear -Q Q2; nra).
replace (q * (q * (q * eta64 + eta64 + eta64 * (q * r3)) + eta64 + eta64 * (q * r4)) + eta64)
  with (eta64 * (q * q * q + q * q + q + 1 + q * q * q * r3 + q * q * r4)) by ring.
replace (5 * eta64 * (4 + r3 + r4)) with (eta64 * (5 * (4 + r3 + r4))) by ring.
apply Rmult_le_compat_l. lra. assert (q * q * q * r3 <= 2 * r3) by (apply Rmult_le_compat_r; lra).
assert (q * q * r4 <= 2 * r4) by (apply Rmult_le_compat_r; lra). lra.
Qed.

(* with float32-sized parameters underflow disappears in the fifth rounding *)
Theorem slope_at_close : forall P scale shift y, valid_params P scale shift -> format64 y -> Rabs y <= pow2 257 ->
  1 <= steepness P y <= pow2 391 /\ Rabs (slope_at P y - dsigma P y) <= 41 / 10 * u64 * steepness P y.
Proof.
intros P a b y (FP & H1 & H2 & H3 & H4 & K1 & K2 & K3 & K4 & Ha & Hb) Fy Sy.
assert (R3 := proj1 (hinge_size _ _ K3 Sy)). assert (R4 := proj2 (hinge_size _ _ K4 Sy)).
assert (N3 := relu_nonneg (k3 P - y)). assert (N4 := relu_nonneg (y - k4 P)).
assert (D : 1 <= steepness P y <= pow2 391).
{ split.
  - unfold steepness. assert (P1 := Rabs_pos (c1 P)). assert (P2 := Rabs_pos (c2 P)).
    assert (0 <= 2 * Rabs (c3 P) * relu (k3 P - y)) by (apply Rmult_le_pos; trivial; generalize (Rabs_pos (c3 P)); lra).
    assert (0 <= 2 * Rabs (c4 P) * relu (y - k4 P)) by (apply Rmult_le_pos; trivial; generalize (Rabs_pos (c4 P)); lra). lra.
  - rewrite steepness_slope_size. apply slope_size_max; trivial. split. lra. apply bpow_ge_0. }
split; trivial. eapply Rle_trans. apply slope_at_error; assumption.
assert (T : tiny_slope P y <= / 100 * u64).
{ unfold tiny_slope. assert (B : 4 + relu (k3 P - y) + relu (y - k4 P) <= pow2 260).
  { assert (4 <= pow2 258) by (change 4 with (pow2 2); apply bpow_le; lia).
    change 260%Z with (2 + 258)%Z. rewrite bpow_plus. change (pow2 2) with 4. lra. }
  apply Rle_trans with (pow2 3 * eta64 * pow2 260).
  - apply Rmult_le_compat; try lra. generalize eta64_pos; lra. change (pow2 3) with 8. generalize eta64_pos; lra.
  - unfold eta64, u64. rewrite <- !bpow_plus. apply Rle_trans with (pow2 (-7) * pow2 (-53)).
    rewrite <- bpow_plus. apply bpow_le. lia. apply Rmult_le_compat_r. apply bpow_ge_0. simpl. lra. }
assert (G : gain 4 <= 401 / 100 * u64) by (unfold gain, u64; simpl; lra). assert (U := u64_small).
assert (gain 4 * steepness P y <= 401 / 100 * u64 * steepness P y) by (apply Rmult_le_compat_r; lra).
assert (/ 100 * u64 * 1 <= / 100 * u64 * steepness P y) by (apply Rmult_le_compat_l; lra). lra.
Qed.
