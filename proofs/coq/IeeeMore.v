(* SPDX-License-Identifier: Apache-2.0 *)
(* fma and sqrt where finite, the error of a rounding in figures, floor and its kin; and a warning: WP's axioms about casts
   cannot hold together with IEEE rounding. *)
From Coq Require Import Reals ZArith Psatz Bool.
From Flocq Require Import Core BinarySingleNaN.
From MultiMax Require Import IeeeModel IeeeRound IeeeArith.
Open Scope R_scope.

Definition fma {f} (m : mode) (x y z : t f) : t f := Bfma m x y z.
Lemma fma_cases : forall f m (x y z : t f), finite x -> finite y -> finite z -> let v := val x * val y + val z in let r := fma m x y z in
  (no_overflow f m v /\ finite r /\ val r = rnd f m v) \/ (~ no_overflow f m v /\ overflow_value m r /\ (nearest m -> ~ finite r)).
Proof.
intros f m x y z Fx Fy Fz v r. assert (C := Bfma_correct (prec f) (emax f) _ _ m x y z Fx Fy Fz). cbv zeta in C.
unfold v. rewrite !val_finite by assumption. fold (rnd f m (B2R x * B2R y + B2R z)) in C. rewrite no_overflow_is.
destruct (Rlt_bool (Rabs (rnd f m (B2R x * B2R y + B2R z))) (bpow radix2 (emax f))).
- left. destruct C as (C1 & C2 & _). split; trivial. split; [exact C2|]. unfold r, fma. rewrite val_finite by exact C2. exact C1.
- right. split; [discriminate|]. apply overflow_is in C. unfold r, fma. tauto.
Qed.
Lemma fma_finite : forall f m (x y z : t f), finite x -> finite y -> finite z -> no_overflow f m (val x * val y + val z) ->
  finite (fma m x y z) /\ val (fma m x y z) = rnd f m (val x * val y + val z).
Proof. intros f m x y z Fx Fy Fz H. destruct (fma_cases f m x y z Fx Fy Fz) as [C|C]; tauto. Qed.
Lemma fma_finite_rev : forall f m (x y z : t f), finite (fma m x y z) -> finite x /\ finite y /\ finite z.
Proof.
intros f m x y z. unfold fma, finite. destruct x as [s|s| |s mx e H], y as [s'|s'| |s' m' e' H'], z as [a|a| |a b c d]; try easy; simpl;
  destruct Bool.eqb; easy.
Qed.
Lemma fma_finite_rev_n : forall f m (x y z : t f), nearest m -> finite (fma m x y z) ->
  no_overflow f m (val x * val y + val z) /\ val (fma m x y z) = rnd f m (val x * val y + val z).
Proof. intros f m x y z N F. destruct (fma_finite_rev f m x y z F) as (Fx & Fy & Fz). destruct (fma_cases f m x y z Fx Fy Fz) as [C|C]; tauto. Qed.

Lemma round_bound : forall f m x e h, e = bpow radix2 (1 - prec f) -> h = bpow radix2 (3 - emax f - prec f) ->
  x - e * Rabs x - h <= rnd f m x /\ rnd f m x <= x + e * Rabs x + h.
Proof.
intros f m x e h -> ->. destruct (round_error f m x) as [E _]. assert (U := ulp_bound f x). apply Rabs_le_inv in E. lra.
Qed.
Lemma round_bound_ne : forall f x e h, e = / 2 * bpow radix2 (1 - prec f) -> h = / 2 * bpow radix2 (3 - emax f - prec f) ->
  x - e * Rabs x - h <= rnd f mode_NE x /\ rnd f mode_NE x <= x + e * Rabs x + h.
Proof.
intros f x e h -> ->. destruct (round_error f mode_NE x) as [_ E]. specialize (E eq_refl). assert (U := ulp_bound f x).
apply Rabs_le_inv in E. lra.
Qed.
Definition safe f i := (- 2 ^ prec f <= i /\ i <= 2 ^ prec f)%Z.
Lemma Exact_rounding : forall f m i, safe f i -> rnd f m (IZR i) = IZR i.
Proof. intros. now apply Exact_rounding_for_integers. Qed.

(* Why3's real.Truncate *)
Lemma Truncate_int : forall i, Ztrunc (IZR i) = i. Proof. exact Ztrunc_IZR. Qed.
Lemma Floor_int : forall i, Zfloor (IZR i) = i. Proof. exact Zfloor_IZR. Qed.
Lemma Ceil_int : forall i, Zceil (IZR i) = i. Proof. exact Zceil_IZR. Qed.
Lemma Floor_down : forall x, IZR (Zfloor x) <= x /\ x < IZR (Zfloor x + 1).
Proof. intros x. split. apply Zfloor_lb. rewrite plus_IZR. apply Zfloor_ub. Qed.
Lemma Ceil_up : forall x, IZR (Zceil x - 1) < x /\ x <= IZR (Zceil x).
Proof. intros x. split; [|apply Zceil_ub]. rewrite minus_IZR. generalize (Zceil_lb x). lra. Qed.
Lemma Floor_monotonic : forall x y, x <= y -> (Zfloor x <= Zfloor y)%Z. Proof. exact Zfloor_le. Qed.
Lemma Ceil_monotonic : forall x y, x <= y -> (Zceil x <= Zceil y)%Z. Proof. exact Zceil_le. Qed.
Lemma Truncate_down_pos : forall x, 0 <= x -> IZR (Ztrunc x) <= x /\ x < IZR (Ztrunc x + 1).
Proof. intros x H. rewrite Ztrunc_floor by exact H. apply Floor_down. Qed.
Lemma Truncate_up_neg : forall x, x <= 0 -> IZR (Ztrunc x - 1) < x /\ x <= IZR (Ztrunc x).
Proof. intros x H. rewrite Ztrunc_ceil by exact H. apply Ceil_up. Qed.
Lemma Real_of_truncate : forall x, x - 1 <= IZR (Ztrunc x) /\ IZR (Ztrunc x) <= x + 1.
Proof.
intros x. destruct (Rle_or_lt 0 x) as [H|H].
- generalize (Truncate_down_pos x H). rewrite plus_IZR. lra.
- generalize (Truncate_up_neg x (Rlt_le _ _ H)). rewrite minus_IZR. lra.
Qed.
Lemma Truncate_monotonic : forall x y, x <= y -> (Ztrunc x <= Ztrunc y)%Z. Proof. exact Ztrunc_le. Qed.
Lemma Truncate_monotonic_int1 : forall x i, x <= IZR i -> (Ztrunc x <= i)%Z.
Proof. intros x i H. rewrite <- (Ztrunc_IZR i). now apply Ztrunc_le. Qed.
Lemma Truncate_monotonic_int2 : forall x i, IZR i <= x -> (i <= Ztrunc x)%Z.
Proof. intros x i H. rewrite <- (Ztrunc_IZR i). now apply Ztrunc_le. Qed.

(* WP's library; val of an infinity or NaN is free in the theory, and 1 here. *)
Lemma real_0_is_zero : forall f (x : t f), 0 = val x -> is_zero x.
Proof.
intros f x E. apply zero_to_real. revert E. unfold val, finite. destruct (is_finite x); [now split|lra].
Qed.

(* WP's library says that a double above the largest float32 becomes an infinity (to_f32_plus_infinity, through f64_to_f32), Why3's
   says that it rounds (to_float32_conv). IEEE-754 rounds: no casts satisfy all three. *)
Definition above : t F64 := @B754_finite 53 1024 false 9007198717870082 75 eq_refl.
Lemma above_val : val above = largest F32 + bpow radix2 76.
Proof. unfold val, above. simpl. unfold F2R. simpl. lra. Qed.
Lemma above_rounds : no_overflow F32 mode_NE (val above).
Proof.
assert (L := largest_pos F32). assert (F := largest_format F32). unfold no_overflow. rewrite above_val. split.
- apply Rle_trans with (largest F32); [lra|]. apply round_ge_generic; auto with typeclass_instances. generalize (bpow_gt_0 radix2 76). lra.
- apply round_N_le_midp; auto with typeclass_instances. rewrite succ_eq_pos by lra.
  assert (M : (mag radix2 (largest F32) = 128 :> Z)%Z).
  { apply mag_unique. rewrite Rabs_pos_eq by lra. simpl. lra. }
  rewrite ulp_neq_0 by lra. unfold cexp. rewrite M. simpl. lra.
Qed.
Theorem casts_contradict : forall (to_float32 : mode -> t F64 -> t F32) (to_f32 : R -> t F32),
  (forall m x, finite x -> no_overflow F32 m (val x) -> finite (to_float32 m x) /\ val (to_float32 m x) = rnd F32 m (val x)) ->
  (forall v, largest F32 < v -> plus_inf (to_f32 v)) -> ~ (forall x, to_f32 (val x) = to_float32 mode_NE x).
Proof.
intros c r Hc Hr E. destruct (Hc mode_NE above eq_refl above_rounds) as [A _].
assert (B : plus_inf (r (val above))). { apply Hr. rewrite above_val. generalize (bpow_gt_0 radix2 76). lra. }
rewrite E in B. destruct (ext_excl F32 (c mode_NE above)) as [X _]. apply X. split; trivial. apply B.
Qed.
