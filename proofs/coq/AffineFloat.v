(* SPDX-License-Identifier: Apache-2.0 *)
(* T7g with the affine pre-map: y = fma(scale, x, shift) is rounded once, and sigma then meets an argument that is off by at
   most |y|u + eta. The condition size grows by |y| D, D a bound of sigma's slope near y (specs/accuracy.md#condition). *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Hinge Modulator SigmaFloat.
Open Scope R_scope.

Definition affine_hat (scale shift x : R) : R := fma scale x shift.
Definition modulated_hat (P : params) (scale shift x : R) : R := sigma_hat P (affine_hat scale shift x).

(* largest slope of sigma within m of y *)
Definition slope_size (P : params) (y m : R) : R :=
  1 + Rabs (c1 P) + Rabs (c2 P) + 2 * Rabs (c3 P) * (relu (k3 P - y) + m) + 2 * Rabs (c4 P) * (relu (y - k4 P) + m).
Definition identity_map (scale shift : R) : bool :=
  if Req_EM_T scale 1 then if Req_EM_T shift 0 then true else false else false.
Definition condition (P : params) (scale shift x : R) : R :=
  let y := affine_hat scale shift x in
  amplitude P y + if identity_map scale shift then 0 else Rabs y * slope_size P y (Rabs y * u64).

(* finite float32 values, as doubles *)
Notation format32 := (generic_format radix2 (FLT_exp (-149) 24)).
Definition float_sized (v : R) : Prop := Rabs v <= pow2 128.
Definition valid_params (P : params) (scale shift : R) : Prop :=
  format_params P /\ float_sized (c1 P) /\ float_sized (c2 P) /\ float_sized (c3 P) /\ float_sized (c4 P) /\
  float_sized (k1 P) /\ float_sized (k2 P) /\ float_sized (k3 P) /\ float_sized (k4 P) /\ float_sized scale /\ float_sized shift.
Definition float_logit (x : R) : Prop := format32 x /\ float_sized x.

Lemma format32_64 : forall x, format32 x -> format64 x.
Proof.
intros x H. apply (generic_inclusion_mag radix2 (FLT_exp (-149) 24)); trivial.
intros _. unfold FLT_exp. lia.
Qed.
Lemma format64_rnd : forall v, format64 (rnd v).
Proof. intros v. apply generic_format_round; auto with typeclass_instances. Qed.
Lemma relu_nonneg : forall u, 0 <= relu u.
Proof. intros u. hinge; lra. Qed.
Lemma relu_abs : forall u, relu u <= Rabs u.
Proof. intros u. hinge; unfold Rabs; destruct Rcase_abs; lra. Qed.

(* relative to the rounded value *)
Lemma rnd_error_result : forall v, Rabs (rnd v - v) <= Rabs (rnd v) * u64 + eta64.
Proof.
intros v. eapply Rle_trans. apply error_le_half_ulp_round; auto with typeclass_instances.
assert (Pe := eta64_pos). assert (U := u64_small). set (w := rnd v).
destruct (Rle_or_lt (pow2 (-1022)) (Rabs w)) as [H|H].
- assert (L : ulp radix2 fexp64 w <= Rabs w * pow2 (1 - 53)) by (apply ulp_FLT_le; exact H).
  replace (pow2 (1 - 53)) with (2 * u64) in L by (unfold u64; simpl; lra). lra.
- rewrite ulp_FLT_small by (auto with typeclass_instances; apply Rlt_trans with (1 := H), bpow_lt; lia).
  assert (E : pow2 (-1074) = 2 * eta64).
  { unfold eta64. change (-1074)%Z with (1 + -1075)%Z. rewrite bpow_plus. reflexivity. }
  rewrite E. assert (0 <= Rabs w * u64) by (apply Rmult_le_pos; [apply Rabs_pos | lra]). lra.
Qed.

Lemma affine_identity : forall x, format64 x -> affine_hat 1 0 x = x.
Proof.
intros x F. unfold affine_hat, fma. rewrite Rmult_1_l, Rplus_0_r. apply round_generic; auto with typeclass_instances.
Qed.

(* sigma within d of y *)
Lemma sigma_moved : forall P y z d, Rabs (y - z) <= d -> Rabs (sigma P y - sigma P z) <= slope_size P y d * d.
Proof.
intros P y z d H. assert (Pd : 0 <= d) by (eapply Rle_trans; [apply Rabs_pos | exact H]). apply Rabs_le_inv in H.
assert (L := sigma_lipschitz P (y - d) (y + d) y z ltac:(lra) ltac:(lra)).
eapply Rle_trans. exact L.
assert (B : lip_const P (y - d) (y + d) <= slope_size P y d).
{ unfold lip_const, slope_size. rewrite <- !relu_max.
  assert (A : forall v, relu (v + d) <= relu v + d) by (intros v; hinge; lra).
  replace (k3 P - (y - d)) with (k3 P - y + d) by ring. replace (y + d - k4 P) with (y - k4 P + d) by ring.
  assert (2 * Rabs (c3 P) * relu (k3 P - y + d) <= 2 * Rabs (c3 P) * (relu (k3 P - y) + d)).
  { apply Rmult_le_compat_l, A. generalize (Rabs_pos (c3 P)); lra. }
  assert (2 * Rabs (c4 P) * relu (y - k4 P + d) <= 2 * Rabs (c4 P) * (relu (y - k4 P) + d)).
  { apply Rmult_le_compat_l, A. generalize (Rabs_pos (c4 P)); lra. }
  lra. }
apply Rle_trans with (slope_size P y d * Rabs (y - z)).
- apply Rmult_le_compat_r; trivial. apply Rabs_pos.
- apply Rmult_le_compat_l. 2: apply Rabs_le; lra.
  unfold slope_size. generalize (Rabs_pos (c1 P)) (Rabs_pos (c2 P)). intros.
  assert (0 <= 2 * Rabs (c3 P) * (relu (k3 P - y) + d)).
  { apply Rmult_le_pos. generalize (Rabs_pos (c3 P)); lra. generalize (relu_nonneg (k3 P - y)); lra. }
  assert (0 <= 2 * Rabs (c4 P) * (relu (y - k4 P) + d)).
  { apply Rmult_le_pos. generalize (Rabs_pos (c4 P)); lra. generalize (relu_nonneg (y - k4 P)); lra. }
  lra.
Qed.

(* sizes: nothing here exceeds 2^400, so what underflow adds is below 2^-600 *)
Lemma affine_size : forall scale shift x, float_sized scale -> float_sized shift -> float_sized x ->
  Rabs (affine_hat scale shift x) <= pow2 257.
Proof.
intros a b x Ha Hb Hx. unfold affine_hat, fma. apply abs_round_le_generic; auto with typeclass_instances.
- apply generic_format_bpow. unfold FLT_exp. lia.
- eapply Rle_trans. apply Rabs_triang. rewrite Rabs_mult. unfold float_sized in *.
  assert (M : Rabs a * Rabs x <= pow2 128 * pow2 128) by (apply Rmult_le_compat; trivial; apply Rabs_pos).
  rewrite <- bpow_plus in M. simpl (128 + 128)%Z in M.
  assert (pow2 128 <= pow2 256) by (apply bpow_le; lia).
  change 257%Z with (1 + 256)%Z. rewrite bpow_plus. change (pow2 1) with 2. lra.
Qed.

Lemma hinge_size : forall k y, float_sized k -> Rabs y <= pow2 257 -> relu (k - y) <= pow2 258 /\ relu (y - k) <= pow2 258.
Proof.
intros k y Hk Hy. unfold float_sized in Hk. assert (pow2 128 <= pow2 257) by (apply bpow_le; lia).
assert (E : pow2 258 = 2 * pow2 257) by (change 258%Z with (1 + 257)%Z; rewrite bpow_plus; reflexivity).
assert (T : Rabs (k - y) <= pow2 258 /\ Rabs (y - k) <= pow2 258).
{ apply Rabs_le_inv in Hk. apply Rabs_le_inv in Hy. split; apply Rabs_le; lra. }
split; eapply Rle_trans; try apply relu_abs; tauto.
Qed.

Lemma gain_5 : u64 <= gain 5.
Proof.
assert (U := u64_small). assert (1 <= (1 + u64) ^ 4) by (apply pow_R1_Rle; lra). unfold gain.
replace ((1 + u64) ^ 5) with ((1 + u64) ^ 4 * (1 + u64)) by ring. nra.
Qed.

Lemma slope_size_max : forall P y m, float_sized (c1 P) -> float_sized (c2 P) -> float_sized (c3 P) -> float_sized (c4 P) ->
  relu (k3 P - y) <= pow2 258 -> relu (y - k4 P) <= pow2 258 -> 0 <= m <= pow2 258 -> 0 <= slope_size P y m <= pow2 391.
Proof.
intros P y m H1 H2 H3 H4 R3 R4 Hm. unfold float_sized in *. unfold slope_size.
assert (N3 := relu_nonneg (k3 P - y)). assert (N4 := relu_nonneg (y - k4 P)).
assert (Q : forall c r, Rabs c <= pow2 128 -> 0 <= r <= pow2 258 -> 0 <= 2 * Rabs c * (r + m) <= pow2 388).
{ intros c r Hc Hr. assert (0 <= Rabs c) by apply Rabs_pos. split. apply Rmult_le_pos; lra.
  replace (pow2 388) with ((2 * pow2 128) * (2 * pow2 258)).
  apply Rmult_le_compat; lra.
  change (2 * pow2 128) with (pow2 1 * pow2 128). change (2 * pow2 258) with (pow2 1 * pow2 258). rewrite <- !bpow_plus. reflexivity. }
assert (Q3 := Q _ _ H3 (conj N3 R3)). assert (Q4 := Q _ _ H4 (conj N4 R4)).
assert (1 <= pow2 388) by (change 1 with (pow2 0); apply bpow_le; lia).
assert (pow2 128 <= pow2 388) by (apply bpow_le; lia).
assert (E : pow2 391 = 8 * pow2 388) by (change 391%Z with (3 + 388)%Z; rewrite bpow_plus; reflexivity).
generalize (Rabs_pos (c1 P)) (Rabs_pos (c2 P)). lra.
Qed.

(* T7g, pre-map included: what the C code computes for a logit *)
Theorem modulated_hat_error : forall P scale shift x, valid_params P scale shift -> float_logit x ->
  Rabs (modulated_hat P scale shift x - modulated P scale shift x) <= gain 5 * condition P scale shift x + pow2 (-600).
Proof.
intros P a b x (FP & H1 & H2 & H3 & H4 & K1 & K2 & K3 & K4 & Ha & Hb) [Fx Hx].
unfold modulated_hat, modulated, condition. cbv zeta. set (y := affine_hat a b x).
assert (Fy : format64 y) by apply format64_rnd. assert (Sy : Rabs y <= pow2 257) by now apply affine_size.
assert (R3 := proj1 (hinge_size _ _ K3 Sy)). assert (R4 := proj2 (hinge_size _ _ K4 Sy)).
assert (E := sigma_hat_error P y FP Fy). assert (G := gain_5). assert (U := u64_small). assert (Pe := eta64_pos).
assert (T : tiny P y <= pow2 (-601)).
{ unfold tiny. assert (B : 4 + relu (k3 P - y) + relu (y - k4 P) <= pow2 260).
  { assert (4 <= pow2 258) by (change 4 with (pow2 2); apply bpow_le; lia).
    change 260%Z with (2 + 258)%Z. rewrite bpow_plus. change (pow2 2) with 4. lra. }
  apply Rle_trans with (pow2 3 * eta64 * pow2 260).
  - apply Rmult_le_compat; try lra. generalize (relu_nonneg (k3 P - y)) (relu_nonneg (y - k4 P)); lra.
    change (pow2 3) with 8. lra.
  - unfold eta64. rewrite <- !bpow_plus. apply bpow_le. lia. }
assert (E600 : pow2 (-600) = pow2 (-601) + pow2 (-601)).
{ change (-600)%Z with (1 + -601)%Z. rewrite bpow_plus. change (pow2 1) with 2. ring. }
unfold identity_map. destruct (Req_EM_T a 1) as [A|A]; [destruct (Req_EM_T b 0) as [B|B]|].
{ assert (Y : y = a * x + b).
  { unfold y. rewrite A, B, affine_identity by now apply format32_64. ring. }
  rewrite <- Y, Rplus_0_r. generalize (bpow_gt_0 radix2 (-601)). lra. }
all: assert (D : Rabs (y - (a * x + b)) <= Rabs y * u64 + eta64) by apply rnd_error_result.
all: set (m := Rabs y * u64) in *; assert (Pm : 0 <= m) by (unfold m; apply Rmult_le_pos; [apply Rabs_pos | lra]).
all: assert (Sm : m <= pow2 257) by (unfold m; generalize (Rabs_pos y); nra).
all: assert (M := sigma_moved P y _ _ D).
all: assert (e1 : eta64 <= 1) by (change 1 with (pow2 0); apply bpow_le; lia).
all: assert (one : 1 <= pow2 257) by (change 1 with (pow2 0); apply bpow_le; lia).
all: assert (Z := slope_size_max P y m H1 H2 H3 H4 R3 R4 ltac:(split; [exact Pm|];
       eapply Rle_trans; [exact Sm | apply bpow_le; lia])).
all: assert (X : slope_size P y (m + eta64) * (m + eta64) <= slope_size P y m * m + pow2 (-601)).
1, 3: assert (S : slope_size P y (m + eta64) = slope_size P y m + (2 * Rabs (c3 P) + 2 * Rabs (c4 P)) * eta64)
  by (unfold slope_size; ring); rewrite S;
  replace ((slope_size P y m + (2 * Rabs (c3 P) + 2 * Rabs (c4 P)) * eta64) * (m + eta64))
    with (slope_size P y m * m + eta64 * (slope_size P y m + (2 * Rabs (c3 P) + 2 * Rabs (c4 P)) * (m + eta64))) by ring;
  apply Rplus_le_compat_l; apply Rle_trans with (eta64 * pow2 395);
  [ apply Rmult_le_compat_l; [lra|] | unfold eta64; rewrite <- bpow_plus; apply bpow_le; lia ];
  assert (V : (2 * Rabs (c3 P) + 2 * Rabs (c4 P)) * (m + eta64) <= pow2 130 * pow2 258);
  [ apply Rmult_le_compat; generalize (Rabs_pos (c3 P)) (Rabs_pos (c4 P)); unfold float_sized in H3, H4; try lra;
    [ change 130%Z with (2 + 128)%Z | change 258%Z with (1 + 257)%Z ]; rewrite bpow_plus; [ change (pow2 2) with 4 | change (pow2 1) with 2 ]; lra
  | rewrite <- bpow_plus in V; change (130 + 258)%Z with 388%Z in V;
    assert (pow2 388 <= pow2 391) by (apply bpow_le; lia);
    change 395%Z with (4 + 391)%Z; rewrite bpow_plus; change (pow2 4) with 16; generalize (bpow_gt_0 radix2 391); lra ].
all: assert (W : slope_size P y m * m <= gain 5 * (Rabs y * slope_size P y m)) by
  (unfold m at 2; replace (slope_size P y m * (Rabs y * u64)) with (u64 * (Rabs y * slope_size P y m)) by ring;
   apply Rmult_le_compat_r; trivial; apply Rmult_le_pos; [apply Rabs_pos | tauto]).
all: replace (sigma_hat P y - sigma P (a * x + b)) with ((sigma_hat P y - sigma P y) + (sigma P y - sigma P (a * x + b))) by ring.
all: eapply Rle_trans; [apply Rabs_triang|]; lra.
Qed.
