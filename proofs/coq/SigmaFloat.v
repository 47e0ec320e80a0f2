(* SPDX-License-Identifier: Apache-2.0 *)
(* T7g: sigma in binary64, as computed: four subtractions, relu, two products, four fma. Knot decisions are exact; the error
   is at most ((1+u)^5 - 1) A(x) plus underflow, A(x) = |x| + sum |terms|; no term active gives x itself. No overflow is
   assumed. The affine pre-map and its rounding are not part of this. *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core Plus_error Relative.
From MultiMax Require Import Float64 Hinge Modulator.
Open Scope R_scope.

Definition u64 : R := pow2 (-53).
Definition eta64 : R := pow2 (-1075).   (* half the smallest subnormal *)
Definition gain (n : nat) : R := (1 + u64) ^ n - 1.

Definition hinge_hat (a b : R) : R := relu (sub a b).
Definition sigma_hat (P : params) (x : R) : R :=
  let r1 := hinge_hat (k1 P) x in let r2 := hinge_hat x (k2 P) in
  let r3 := hinge_hat (k3 P) x in let r4 := hinge_hat x (k4 P) in
  let s1 := fma (c1 P) r1 x in let s2 := fma (c2 P) r2 s1 in
  let s3 := fma (mul (c3 P) r3) r3 s2 in fma (mul (c4 P) r4) r4 s3.
Definition amplitude (P : params) (x : R) : R :=
  Rabs x + Rabs (c1 P) * relu (k1 P - x) + Rabs (c2 P) * relu (x - k2 P)
  + Rabs (c3 P) * relu (k3 P - x) ^ 2 + Rabs (c4 P) * relu (x - k4 P) ^ 2.
Definition format_params (P : params) : Prop :=
  format64 (k1 P) /\ format64 (k2 P) /\ format64 (k3 P) /\ format64 (k4 P).

Lemma u64_small : 0 < u64 <= / 1024.
Proof. unfold u64. split. apply bpow_gt_0. change (/ 1024) with (pow2 (-10)). apply bpow_le. lia. Qed.
Lemma eta64_pos : 0 < eta64. Proof. apply bpow_gt_0. Qed.

Lemma rnd_error : forall v, Rabs (rnd v - v) <= u64 * Rabs v + eta64.
Proof.
intros v. destruct (error_N_FLT radix2 (-1074) 53 ltac:(lia) (fun t => negb (Z.even t)) v) as (e & h & He & Hh & _ & E).
rewrite E. replace (v * (1 + e) + h - v) with (e * v + h) by ring.
eapply Rle_trans. apply Rabs_triang. rewrite Rabs_mult.
replace (/ 2 * pow2 (- (53) + 1)) with u64 in He by (unfold u64; simpl; lra).
replace (/ 2 * pow2 (-1074)) with eta64 in Hh.
2: { unfold eta64. replace (-1075)%Z with (-1 + -1074)%Z by lia. rewrite bpow_plus. reflexivity. }
apply Rplus_le_compat; trivial. apply Rmult_le_compat_r; trivial. apply Rabs_pos.
Qed.

(* subtraction has no underflow error, and its sign is exact *)
Lemma sub_error : forall a b, format64 a -> format64 b -> Rabs (sub a b - (a - b)) <= u64 * Rabs (a - b).
Proof.
intros a b Fa Fb. unfold sub, Rminus. destruct (FLT_plus_error_N_ex radix2 (-1074) 53 (fun t => negb (Z.even t)) a (- b))
  as (e & He & ->); trivial. now apply generic_format_opp.
replace ((a + - b) * (1 + e) + - (a + - b)) with (e * (a + - b)) by ring. rewrite Rabs_mult.
apply Rmult_le_compat_r. apply Rabs_pos. eapply Rle_trans. exact He.
assert (U : u_ro radix2 53 = u64) by (unfold u_ro, u64; simpl; lra). rewrite U.
assert (Pu := u64_small). apply Rmult_le_reg_r with (1 + u64). lra.
unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra.
Qed.

(* T7g: fl(a - b) > 0 iff a > b, so a term is active exactly on its side of the knot *)
Theorem knot_decision : forall a b, format64 a -> format64 b -> (0 < sub a b <-> b < a).
Proof.
intros a b Fa Fb. assert (E := sub_error a b Fa Fb). assert (U := u64_small).
split; intros H; apply Rnot_le_lt; intros C; revert E; unfold Rabs; repeat destruct Rcase_abs; nra.
Qed.

Lemma hinge_hat_error : forall a b, format64 a -> format64 b ->
  0 <= hinge_hat a b /\ Rabs (hinge_hat a b - relu (a - b)) <= u64 * relu (a - b).
Proof.
intros a b Fa Fb. assert (K := knot_decision a b Fa Fb). assert (E := sub_error a b Fa Fb). unfold hinge_hat, relu.
destruct (Rlt_dec 0 (sub a b)) as [H|H], (Rlt_dec 0 (a - b)) as [G|G].
- split. lra. now rewrite (Rabs_pos_eq (a - b)) in E by lra.
- exfalso. apply K in H. lra.
- exfalso. apply H, K. lra.
- split. lra. rewrite Rminus_0_r, Rabs_R0. lra.
Qed.

(* T7g *)
Theorem sigma_hat_identity : forall P x, format_params P -> format64 x ->
  k1 P <= x -> x <= k2 P -> k3 P <= x -> x <= k4 P -> sigma_hat P x = x.
Proof.
intros P x (F1 & F2 & F3 & F4) Fx H1 H2 H3 H4.
assert (Z : forall a b, format64 a -> format64 b -> a <= b -> hinge_hat a b = 0).
{ intros a b Fa Fb H. unfold hinge_hat, relu. destruct Rlt_dec as [N|N]; trivial. apply (proj1 (knot_decision a b Fa Fb)) in N. lra. }
assert (F : forall c, fma c 0 x = x).
{ intros c. unfold fma. rewrite Rmult_0_r, Rplus_0_l. apply round_generic; trivial. auto with typeclass_instances. }
unfold sigma_hat. rewrite !Z by trivial. cbv zeta. now rewrite !F.
Qed.

(* one rounding of a value known to within gain n * A + t *)
Lemma round_step : forall n w v A t, Rabs v <= A -> Rabs (w - v) <= gain n * A + t ->
  Rabs (rnd w - v) <= gain (S n) * A + ((1 + u64) * t + eta64).
Proof.
intros n w v A t Hv Hw. assert (U := u64_small). assert (E := rnd_error w).
assert (Wv : Rabs w <= Rabs v + Rabs (w - v)).
{ replace w with (v + (w - v)) at 1 by ring. apply Rabs_triang. }
assert (T : Rabs (rnd w - v) <= Rabs (rnd w - w) + Rabs (w - v)).
{ replace (rnd w - v) with ((rnd w - w) + (w - v)) by ring. apply Rabs_triang. }
assert (G : gain (S n) = u64 + (1 + u64) * gain n) by (unfold gain; simpl; ring). rewrite G.
assert (B : u64 * Rabs w <= u64 * (A + (gain n * A + t))) by (apply Rmult_le_compat_l; lra).
replace ((u64 + (1 + u64) * gain n) * A + ((1 + u64) * t + eta64))
  with (u64 * (A + (gain n * A + t)) + eta64 + (gain n * A + t)) by ring. lra.
Qed.

Lemma gain_mono : forall n, 0 <= gain n <= gain (S n).
Proof.
intros n. assert (U := u64_small). unfold gain. simpl.
assert (1 <= (1 + u64) ^ n) by (apply pow_R1_Rle; lra). split; nra.
Qed.

Definition tiny (P : params) (x : R) : R := 5 * eta64 * (4 + relu (k3 P - x) + relu (x - k4 P)).

Theorem sigma_hat_error : forall P x, format_params P -> format64 x ->
  Rabs (sigma_hat P x - sigma P x) <= gain 5 * amplitude P x + tiny P x.
Proof.
intros P x (F1 & F2 & F3 & F4) Fx. assert (U := u64_small). assert (Pe := eta64_pos).
destruct (hinge_hat_error (k1 P) x F1 Fx) as [N1 E1]. destruct (hinge_hat_error x (k2 P) Fx F2) as [N2 E2].
destruct (hinge_hat_error (k3 P) x F3 Fx) as [N3 E3]. destruct (hinge_hat_error x (k4 P) Fx F4) as [N4 E4].
unfold sigma_hat, sigma, amplitude, tiny. cbv zeta.
assert (R1 := relu_mono (k1 P - x) _ (Rle_refl _)). assert (R2 := relu_mono (x - k2 P) _ (Rle_refl _)).
assert (R3 := relu_mono (k3 P - x) _ (Rle_refl _)). assert (R4 := relu_mono (x - k4 P) _ (Rle_refl _)).
revert N1 E1 N2 E2 N3 E3 N4 E4 R1 R2 R3 R4.
generalize (hinge_hat (k1 P) x) (relu (k1 P - x)) (hinge_hat x (k2 P)) (relu (x - k2 P))
  (hinge_hat (k3 P) x) (relu (k3 P - x)) (hinge_hat x (k4 P)) (relu (x - k4 P)).
intros h1 r1 h2 r2 h3 r3 h4 r4 N1 E1 N2 E2 N3 E3 N4 E4 [R1 _] [R2 _] [R3 _] [R4 _].
assert (G1 : gain 1 = u64) by (unfold gain; ring).
assert (G0 : gain 0 = 0) by (unfold gain; simpl; ring).
assert (M1 := gain_mono 1). assert (M2 := gain_mono 2). assert (M3 := gain_mono 3).
(* linear term: c*h + s with s near v *)
assert (Lin : forall n c h r s v A t, 0 <= r -> Rabs (h - r) <= u64 * r -> Rabs v <= A -> u64 <= gain n ->
  Rabs (s - v) <= gain n * A + t ->
  Rabs (fma c h s - (v + c * r)) <= gain (S n) * (A + Rabs c * r) + ((1 + u64) * t + eta64)).
{ intros n c h r s v A t Hr Hh Hv Hn Hs. unfold fma. apply round_step.
  - eapply Rle_trans. apply Rabs_triang. rewrite Rabs_mult, (Rabs_pos_eq r) by exact Hr. lra.
  - replace (c * h + s - (v + c * r)) with (c * (h - r) + (s - v)) by ring.
    eapply Rle_trans. apply Rabs_triang. rewrite Rabs_mult.
    assert (Rabs c * Rabs (h - r) <= Rabs c * (gain n * r)).
    { apply Rmult_le_compat_l. apply Rabs_pos. eapply Rle_trans. exact Hh. apply Rmult_le_compat_r; lra. }
    lra. }
(* quadratic term: fl(c*h)*h + s *)
assert (Quad : forall n c h r s v A t, 0 <= h -> 0 <= r -> Rabs (h - r) <= u64 * r -> Rabs v <= A -> gain 3 <= gain n ->
  Rabs (s - v) <= gain n * A + t ->
  Rabs (fma (mul c h) h s - (v + c * r ^ 2)) <= gain (S n) * (A + Rabs c * r ^ 2) + ((1 + u64) * (t + eta64 * ((1 + u64) * r)) + eta64)).
{ intros n c h r s v A t Ph Hr Hh Hv Hn Hs.
  assert (Q : Rabs (mul c h - c * r) <= gain 2 * (Rabs c * r) + eta64).
  { unfold mul. replace eta64 with ((1 + u64) * 0 + eta64) by ring. apply round_step.
    rewrite Rabs_mult, (Rabs_pos_eq r) by exact Hr. lra.
    replace (c * h - c * r) with (c * (h - r)) by ring. rewrite Rabs_mult, G1.
    assert (Rabs c * Rabs (h - r) <= Rabs c * (u64 * r)) by (apply Rmult_le_compat_l; [apply Rabs_pos | exact Hh]). lra. }
  assert (Hb : h <= (1 + u64) * r).
  { revert Hh. unfold Rabs. destruct Rcase_abs; lra. }
  assert (V : Rabs (mul c h * h - c * r ^ 2) <= gain 3 * (Rabs c * r ^ 2) + eta64 * ((1 + u64) * r)).
  { replace (mul c h * h - c * r ^ 2) with ((mul c h - c * r) * h + c * r * (h - r)) by ring.
    eapply Rle_trans. apply Rabs_triang. rewrite !Rabs_mult, (Rabs_pos_eq h), (Rabs_pos_eq r) by assumption.
    assert (A1 : Rabs (mul c h - c * r) * h <= (gain 2 * (Rabs c * r) + eta64) * ((1 + u64) * r)).
    { apply Rmult_le_compat; trivial. apply Rabs_pos. }
    assert (A2 : Rabs c * r * Rabs (h - r) <= Rabs c * r * (u64 * r)).
    { apply Rmult_le_compat_l; trivial. apply Rmult_le_pos; trivial. apply Rabs_pos. }
    assert (G3 : gain 3 = u64 + (1 + u64) * gain 2) by (unfold gain; ring). rewrite G3.
    replace ((u64 + (1 + u64) * gain 2) * (Rabs c * r ^ 2) + eta64 * ((1 + u64) * r))
      with ((gain 2 * (Rabs c * r) + eta64) * ((1 + u64) * r) + Rabs c * r * (u64 * r)) by ring. lra. }
  unfold fma. apply round_step.
  - eapply Rle_trans. apply Rabs_triang. rewrite Rabs_mult, (Rabs_pos_eq (r ^ 2)) by apply pow2_ge_0. lra.
  - replace (mul c h * h + s - (v + c * r ^ 2)) with ((mul c h * h - c * r ^ 2) + (s - v)) by ring.
    eapply Rle_trans. apply Rabs_triang.
    assert (gain 3 * (Rabs c * r ^ 2) <= gain n * (Rabs c * r ^ 2)).
    { apply Rmult_le_compat_r; trivial. apply Rmult_le_pos. apply Rabs_pos. apply pow2_ge_0. }
    lra. }
assert (A0 : Rabs x <= Rabs x) by lra.
assert (S1 := Lin 1%nat (c1 P) h1 r1 x x (Rabs x) 0 R1 E1 A0 ltac:(lra)
  ltac:(rewrite Rminus_eq_0, Rabs_R0, G1; generalize (Rabs_pos x); nra)).
set (s1 := fma (c1 P) h1 x) in *. set (A1 := Rabs x + Rabs (c1 P) * r1) in *.
assert (B1 : Rabs (x + c1 P * r1) <= A1).
{ unfold A1. eapply Rle_trans. apply Rabs_triang. rewrite Rabs_mult, (Rabs_pos_eq r1) by exact R1. lra. }
assert (S2 := Lin 2%nat (c2 P) h2 r2 s1 _ A1 _ R2 E2 B1 ltac:(lra) S1).
set (s2 := fma (c2 P) h2 s1) in *. set (A2 := A1 + Rabs (c2 P) * r2) in *.
assert (B2 : Rabs (x + c1 P * r1 + c2 P * r2) <= A2).
{ unfold A2. eapply Rle_trans. apply Rabs_triang. rewrite Rabs_mult, (Rabs_pos_eq r2) by exact R2. lra. }
assert (S3 := Quad 3%nat (c3 P) h3 r3 s2 _ A2 _ N3 R3 E3 B2 ltac:(lra) S2).
set (s3 := fma (mul (c3 P) h3) h3 s2) in *. set (A3 := A2 + Rabs (c3 P) * r3 ^ 2) in *.
assert (B3 : Rabs (x + c1 P * r1 + c2 P * r2 + c3 P * r3 ^ 2) <= A3).
{ unfold A3. eapply Rle_trans. apply Rabs_triang. rewrite Rabs_mult, (Rabs_pos_eq (r3 ^ 2)) by apply pow2_ge_0. lra. }
assert (S4 := Quad 4%nat (c4 P) h4 r4 s3 _ A3 _ N4 R4 E4 B3 ltac:(lra) S3).
eapply Rle_trans. exact S4. apply Rplus_le_compat_l.
set (q := 1 + u64) in *. assert (Q : 1 <= q <= 1 + / 1024) by (unfold q; lra).
assert (Q2 : 1 <= q * q <= 1 + / 256) by (clear -Q; nra). assert (Q3 : 1 <= q * q * q <= 1 + / 200) by (clear -Q Q2; nra).
replace (q * (q * (q * (q * 0 + eta64) + eta64 + eta64 * (q * r3)) + eta64 + eta64 * (q * r4)) + eta64)
  with (eta64 * (q * q * q + q * q + q + 1 + q * q * q * r3 + q * q * r4)) by ring.
replace (5 * eta64 * (4 + r3 + r4)) with (eta64 * (5 * (4 + r3 + r4))) by ring.
apply Rmult_le_compat_l. lra. assert (q * q * q * r3 <= 2 * r3) by (apply Rmult_le_compat_r; lra).
assert (q * q * r4 <= 2 * r4) by (apply Rmult_le_compat_r; lra). lra.
Qed.

(* in figures: 5.01 * 2^-53 * A(x), plus 5 * 2^-1075 * (4 + r3 + r4) *)
Corollary sigma_hat_error_5 : forall P x, format_params P -> format64 x ->
  Rabs (sigma_hat P x - sigma P x) <= 501/100 * pow2 (-53) * amplitude P x + tiny P x.
Proof.
intros P x FP Fx. eapply Rle_trans. apply sigma_hat_error; assumption. apply Rplus_le_compat_r, Rmult_le_compat_r.
- unfold amplitude. repeat apply Rplus_le_le_0_compat; try (apply Rmult_le_pos); try apply Rabs_pos; try apply pow2_ge_0;
    generalize (relu_mono (k1 P - x) _ (Rle_refl _)) (relu_mono (x - k2 P) _ (Rle_refl _)); lra.
- unfold gain, u64. simpl. lra.
Qed.

(* so at a knot, where sigma is continuous, the computed values on both sides differ by the true difference and two errors *)
Corollary sigma_hat_jump : forall P x y, format_params P -> format64 x -> format64 y ->
  Rabs (sigma_hat P x - sigma_hat P y) <= Rabs (sigma P x - sigma P y)
    + (gain 5 * amplitude P x + tiny P x) + (gain 5 * amplitude P y + tiny P y).
Proof.
intros P x y FP Fx Fy. assert (E := sigma_hat_error P x FP Fx). assert (F := sigma_hat_error P y FP Fy).
revert E F. unfold Rabs. repeat destruct Rcase_abs; lra.
Qed.
