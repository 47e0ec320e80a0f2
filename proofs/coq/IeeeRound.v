(* SPDX-License-Identifier: Apache-2.0 *)
(* The axioms of ieee_float about rounding, about comparisons with infinities, and about neg and abs. *)
From Coq Require Import Reals ZArith Psatz Bool.
From Flocq Require Import Core BinarySingleNaN Relative.
From MultiMax Require Import IeeeModel.
Open Scope R_scope.

Lemma Bounded_real_no_overflow : forall f m x, in_range f x -> no_overflow f m x.
Proof.
intros f m x [A B]. split.
- rewrite <- (rnd_id f m (- largest f)). apply round_le; auto with typeclass_instances. apply generic_format_opp, largest_format.
- rewrite <- (rnd_id f m (largest f)) by apply largest_format. apply round_le; auto with typeclass_instances.
Qed.
Lemma Round_monotonic : forall f m x y, x <= y -> rnd f m x <= rnd f m y.
Proof. intros. apply round_le; auto with typeclass_instances. Qed.
Lemma Round_idempotent : forall f m1 m2 x, rnd f m1 (rnd f m2 x) = rnd f m2 x.
Proof. intros. apply rnd_id, rnd_format. Qed.
Lemma Round_to_real : forall f m (x : t f), finite x -> rnd f m (val x) = val x.
Proof. intros. apply rnd_id. now apply format_val. Qed.
Lemma Round_down_le : forall f x, rnd f mode_DN x <= x.
Proof. intros. apply round_DN_pt; auto with typeclass_instances. Qed.
Lemma Round_up_ge : forall f x, x <= rnd f mode_UP x.
Proof. intros. apply round_UP_pt; auto with typeclass_instances. Qed.
Lemma Round_down_neg : forall f x, rnd f mode_DN (- x) = - rnd f mode_UP x.
Proof. intros. apply round_DN_opp. Qed.
Lemma Round_up_neg : forall f x, rnd f mode_UP (- x) = - rnd f mode_DN x.
Proof. intros. apply round_UP_opp. Qed.
Lemma fexp_is : forall f, fexp f = FLT_exp (3 - emax f - prec f) (prec f). Proof. reflexivity. Qed.
Lemma safe_int_format : forall f i, (- 2 ^ prec f <= i <= 2 ^ prec f)%Z -> generic_format radix2 (fexp f) (IZR i).
Proof.
intros f i H. assert (A := prec_2 f). assert (B := prec_emax f). unfold Prec_lt_emax in B.
destruct (Z.eq_dec (Z.abs i) (2 ^ prec f)) as [E|E].
- assert (P : generic_format radix2 (fexp f) (IZR (2 ^ prec f))).
  { rewrite (IZR_Zpower radix2) by lia. apply generic_format_bpow. unfold SpecFloat.fexp, SpecFloat.emin. lia. }
  destruct (Z.abs_eq_or_opp i) as [F|F]; rewrite F in E; subst; trivial.
  replace i with (- (2 ^ prec f))%Z by lia. rewrite opp_IZR. now apply generic_format_opp.
- rewrite fexp_is. apply generic_format_FLT. exists (Defs.Float radix2 i 0); unfold F2R; cbn [Fnum Fexp].
  + simpl. ring.
  + change (radix_val radix2) with 2%Z. lia.
  + lia.
Qed.
Lemma Exact_rounding_for_integers : forall f m i, (- 2 ^ prec f <= i <= 2 ^ prec f)%Z -> rnd f m (IZR i) = IZR i.
Proof. intros. apply rnd_id. now apply safe_int_format. Qed.
Definition max_int f : Z := (2 ^ emax f - 2 ^ (emax f - prec f))%Z.
Lemma max_real_int : forall f, largest f = IZR (max_int f).
Proof.
intros f. assert (A := prec_2 f). assert (B := prec_emax f). unfold Prec_lt_emax in B. unfold max_int.
rewrite largest_is, minus_IZR, !(IZR_Zpower radix2) by lia. reflexivity.
Qed.
(* error: half a unit of 2^(1-prec), or a unit in the directed modes, and the same of the smallest subnormal *)
Lemma round_error : forall f m x, Rabs (rnd f m x - x) <= ulp radix2 (fexp f) x /\
  (m = mode_NE -> Rabs (rnd f m x - x) <= / 2 * ulp radix2 (fexp f) x).
Proof.
intros f m x. split.
- destruct (Req_dec x 0) as [->|N]. { rewrite rnd_id, Rminus_0_r, Rabs_R0 by apply generic_format_0. apply ulp_ge_0. }
  apply Rlt_le, error_lt_ulp; auto with typeclass_instances.
- intros ->. apply error_le_half_ulp; auto with typeclass_instances.
Qed.
Lemma ulp_bound : forall f x, ulp radix2 (fexp f) x <= bpow radix2 (1 - prec f) * Rabs x + bpow radix2 (3 - emax f - prec f).
Proof.
intros f x. rewrite fexp_is. assert (P := bpow_ge_0 radix2 (1 - prec f)). assert (Q := bpow_gt_0 radix2 (3 - emax f - prec f)).
assert (X := Rabs_pos x). assert (PX : 0 <= bpow radix2 (1 - prec f) * Rabs x) by now apply Rmult_le_pos.
destruct (Rle_or_lt (bpow radix2 (3 - emax f - prec f + prec f - 1)) (Rabs x)) as [H|H].
- assert (L := ulp_FLT_le radix2 (3 - emax f - prec f) (prec f) x H). lra.
- rewrite ulp_FLT_small; auto with typeclass_instances. lra. apply Rlt_trans with (1 := H). apply bpow_lt. lia.
Qed.

(* comparisons as those of a real: infinities just outside the range *)
Definition ext {f} (x : t f) : R := match x with B754_infinity s => if s then - largest f - 1 else largest f + 1 | _ => val x end.
Lemma compare_ext : forall f (x y : t f), Bcompare x y = if orb (BinarySingleNaN.is_nan x) (BinarySingleNaN.is_nan y) then None
  else Some (Rcompare (ext x) (ext y)).
Proof.
intros f x y.
assert (B : forall z : t f, finite z -> - largest f <= ext z <= largest f /\ ext z = val z).
{ intros z Fz. assert (A := t'axiom f z Fz). destruct z as [s|s| |s m e H]; try discriminate; unfold ext; split; trivial; lra. }
assert (L := largest_pos f).
assert (Gt' : forall a b : R, b < a -> Some Gt = Some (Rcompare a b)) by (intros; now rewrite Rcompare_Gt).
assert (Lt' : forall a b : R, a < b -> Some Lt = Some (Rcompare a b)) by (intros; now rewrite Rcompare_Lt).
assert (I1 : @ext f (B754_infinity true) = - largest f - 1) by reflexivity.
assert (I2 : @ext f (B754_infinity false) = largest f + 1) by reflexivity.
destruct (is_finite x) eqn:Fx, (is_finite y) eqn:Fy.
- rewrite compare_finite by assumption. destruct (B x Fx) as [_ ->], (B y Fy) as [_ ->].
  destruct x as [s|s| |s m e H], y as [s'|s'| |s' m' e' H']; try discriminate; reflexivity.
- destruct (B x Fx) as [Bx _]. destruct y as [s'|[|]| |s' m' e' H']; try discriminate.
  + rewrite I1. assert (C : Bcompare x (B754_infinity true) = Some Gt) by (destruct x as [[|]|[|]| |[|] m e H]; easy).
    rewrite C. destruct x as [s|s| |s m e H]; try discriminate; apply Gt'; lra.
  + rewrite I2. assert (C : Bcompare x (B754_infinity false) = Some Lt) by (destruct x as [[|]|[|]| |[|] m e H]; easy).
    rewrite C. destruct x as [s|s| |s m e H]; try discriminate; apply Lt'; lra.
  + destruct x as [[|]|[|]| |[|] m e H]; try discriminate; reflexivity.
- destruct (B y Fy) as [By _]. destruct x as [s|[|]| |s m e H]; try discriminate.
  + rewrite I1. assert (C : Bcompare (B754_infinity true) y = Some Lt) by (destruct y as [[|]|[|]| |[|] m e H]; easy).
    rewrite C. destruct y as [s|s| |s m e H]; try discriminate; apply Lt'; lra.
  + rewrite I2. assert (C : Bcompare (B754_infinity false) y = Some Gt) by (destruct y as [[|]|[|]| |[|] m e H]; easy).
    rewrite C. destruct y as [s|s| |s m e H]; try discriminate; apply Gt'; lra.
  + destruct y as [[|]|[|]| |[|] m e H]; try discriminate; reflexivity.
- destruct x as [s|[|]| |s m e H], y as [s'|[|]| |s' m' e' H']; try discriminate; try reflexivity; cbn [BinarySingleNaN.is_nan orb];
    rewrite ?I1, ?I2; try (apply Lt'; lra); try (apply Gt'; lra); rewrite Rcompare_Eq by lra; reflexivity.
Qed.
Lemma cmp : forall f (x y : t f), (eq x y <-> not_nan x /\ not_nan y /\ ext x = ext y) /\
  (lt x y <-> not_nan x /\ not_nan y /\ ext x < ext y) /\ (le x y <-> not_nan x /\ not_nan y /\ ext x <= ext y).
Proof.
intros f x y. unfold eq, lt, le. rewrite compare_ext.
assert (N : forall z : t f, not_nan z <-> BinarySingleNaN.is_nan z = false).
{ intros z. rewrite is_not_nan1. destruct z; simpl; intuition discriminate. }
rewrite !N. destruct (BinarySingleNaN.is_nan x), (BinarySingleNaN.is_nan y); simpl; try (repeat split; intuition discriminate).
case Rcompare_spec; intros; repeat split; intros; try easy; try lra; intuition (try discriminate; try lra).
Qed.
Ltac by_cmp := intros; repeat match goal with
  | |- context[eq ?x ?y] => rewrite (proj1 (cmp _ x y)) | H : context[eq ?x ?y] |- _ => rewrite (proj1 (cmp _ x y)) in H
  | |- context[lt ?x ?y] => rewrite (proj1 (proj2 (cmp _ x y))) | H : context[lt ?x ?y] |- _ => rewrite (proj1 (proj2 (cmp _ x y))) in H
  | |- context[le ?x ?y] => rewrite (proj2 (proj2 (cmp _ x y))) | H : context[le ?x ?y] |- _ => rewrite (proj2 (proj2 (cmp _ x y))) in H end.
Lemma eq_sym : forall f (x y : t f), eq x y -> eq y x. Proof. by_cmp. intuition. Qed.
Lemma eq_trans : forall f (x y z : t f), eq x y -> eq y z -> eq x z. Proof. by_cmp. intuition congruence. Qed.
Lemma le_lt_trans : forall f (x y z : t f), le x y /\ lt y z -> lt x z. Proof. by_cmp. intuition lra. Qed.
Lemma lt_le_trans : forall f (x y z : t f), lt x y /\ le y z -> lt x z. Proof. by_cmp. intuition lra. Qed.
Lemma le_ge_asym : forall f (x y : t f), le x y /\ le y x -> eq x y. Proof. by_cmp. intuition lra. Qed.
Lemma not_lt_ge : forall f (x y : t f), ~ lt x y /\ not_nan x /\ not_nan y -> le y x.
Proof. by_cmp. destruct (Rle_or_lt (ext y) (ext x)); tauto. Qed.
Lemma not_gt_le : forall f (x y : t f), ~ lt y x /\ not_nan x /\ not_nan y -> le x y.
Proof. by_cmp. destruct (Rle_or_lt (ext x) (ext y)); tauto. Qed.
Lemma ext_side : forall f (x : t f), not_nan x -> (finite x /\ - largest f <= ext x <= largest f) \/
  (plus_inf x /\ ext x = largest f + 1) \/ (minus_inf x /\ ext x = - largest f - 1).
Proof.
intros f x N. destruct (is_finite x) eqn:F.
- left. split; trivial. assert (A := t'axiom f x F). destruct x as [s|s| |s m e H]; try discriminate; unfold ext; lra.
- right. destruct x as [s|[|]| |s m e H]; try discriminate; [right | left | destruct N as [N|N]; easy]; repeat split; reflexivity.
Qed.
Ltac sided := intros; repeat match goal with H : not_nan ?x |- _ => destruct (ext_side _ x H) as [[? ?]|[[? ?]|[? ?]]]; revert H end; intros.
Lemma ext_excl : forall f (x : t f), ~ (finite x /\ is_infinite x) /\ ~ (plus_inf x /\ minus_inf x).
Proof. cases. Qed.
Lemma eq_special : forall f (x y : t f), eq x y ->
  not_nan x /\ not_nan y /\ (finite x /\ finite y \/ is_infinite x /\ is_infinite y /\ same_sign x y).
Proof.
intros f x y. rewrite (proj1 (cmp _ x y)). intros (Nx & Ny & E). assert (L := largest_pos f). split; trivial. split; trivial.
destruct (ext_side _ x Nx) as [[? ?]|[[[? ?] ?]|[[? ?] ?]]], (ext_side _ y Ny) as [[? ?]|[[[? ?] ?]|[[? ?] ?]]];
  try (exfalso; lra); unfold same_sign; tauto.
Qed.
Lemma le_special : forall f (x y : t f), le x y -> finite x /\ finite y \/ minus_inf x /\ not_nan y \/ not_nan x /\ plus_inf y.
Proof.
intros f x y. rewrite (proj2 (proj2 (cmp _ x y))). intros (Nx & Ny & E). assert (L := largest_pos f).
destruct (ext_side _ x Nx) as [[? ?]|[[? ?]|[? ?]]], (ext_side _ y Ny) as [[? ?]|[[? ?]|[? ?]]]; try (exfalso; lra); tauto.
Qed.
Lemma lt_special : forall f (x y : t f), lt x y -> finite x /\ finite y \/ minus_inf x /\ not_nan y /\ ~ minus_inf y \/
  not_nan x /\ ~ plus_inf x /\ plus_inf y.
Proof.
intros f x y. rewrite (proj1 (proj2 (cmp _ x y))). intros (Nx & Ny & E). assert (L := largest_pos f).
destruct (ext_excl f x) as [Ex Ex'], (ext_excl f y) as [Ey Ey']. unfold minus_inf, plus_inf in *.
destruct (ext_side _ x Nx) as [[? ?]|[[? ?]|[? ?]]], (ext_side _ y Ny) as [[? ?]|[[? ?]|[? ?]]]; try (exfalso; lra); unfold plus_inf, minus_inf in *; tauto.
Qed.
Lemma lt_lt_finite : forall f (x y z : t f), lt x y -> lt y z -> finite y.
Proof.
intros f x y z. rewrite (proj1 (proj2 (cmp _ x y))), (proj1 (proj2 (cmp _ y z))). intros (Nx & Ny & E) (_ & Nz & F).
destruct (ext_side _ x Nx) as [[? ?]|[[? ?]|[? ?]]], (ext_side _ y Ny) as [[? ?]|[[? ?]|[? ?]]], (ext_side _ z Nz) as [[? ?]|[[? ?]|[? ?]]];
  trivial; exfalso; lra.
Qed.
Definition neg {f} (x : t f) : t f := Bopp x.
Definition abs {f} (x : t f) : t f := Babs x.
Lemma eq_zero : forall f, eq (@zeroF f) (neg zeroF). Proof. reflexivity. Qed.
Lemma neg_finite : forall f (x : t f), finite x -> finite (neg x) /\ val (neg x) = - val x.
Proof. intros f x F. unfold neg, finite, val in *. rewrite is_finite_Bopp, F, B2R_Bopp. easy. Qed.
Lemma neg_finite_rev : forall f (x : t f), finite (neg x) -> finite x /\ val (neg x) = - val x.
Proof. intros f x F. unfold neg, finite in *. rewrite is_finite_Bopp in F. split; trivial. now apply neg_finite. Qed.
Lemma abs_finite : forall f (x : t f), finite x -> finite (abs x) /\ val (abs x) = Rabs (val x) /\ is_positive (abs x).
Proof.
intros f x F. unfold abs, finite, val in *. rewrite is_finite_Babs, F, B2R_Babs. repeat split. destruct x; easy.
Qed.
Lemma abs_finite_rev : forall f (x : t f), finite (abs x) -> finite x /\ val (abs x) = Rabs (val x).
Proof. intros f x F. assert (G : finite x) by (unfold abs, finite in *; now rewrite is_finite_Babs in F). split; trivial. now apply abs_finite. Qed.
Lemma abs_universal : forall f (x : t f), ~ is_negative (abs x). Proof. unfold abs. cases. Qed.
Lemma neg_special : forall f (x : t f), (is_nan x -> is_nan (neg x)) /\ (is_infinite x -> is_infinite (neg x)) /\ (~ is_nan x -> diff_sign x (neg x)).
Proof. unfold neg. cases. Qed.
Lemma abs_special : forall f (x : t f), (is_nan x -> is_nan (abs x)) /\ (is_infinite x -> is_infinite (abs x)) /\ (~ is_nan x -> is_positive (abs x)).
Proof. unfold abs. cases. Qed.
