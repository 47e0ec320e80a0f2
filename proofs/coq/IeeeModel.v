(* SPDX-License-Identifier: Apache-2.0 *)
(* Flocq's binary floats as a model of Why3's theory ieee_float, one lemma for each axiom, by the axiom's name. The statements
   are checked against what Why3 prints by proofs/wp/ieee_axioms.py. A format f stands for binary32 or binary64. *)
From Coq Require Import Reals ZArith Psatz Bool.
From Flocq Require Import Core BinarySingleNaN Relative.
Open Scope R_scope.

Record fmt := mk_fmt { prec : Z; emax : Z; prec_pos : Prec_gt_0 prec; prec_emax : Prec_lt_emax prec emax; prec_2 : (1 < prec)%Z;
  emax_3 : (2 < emax)%Z;
  largest : R; largest_is : largest = bpow radix2 emax - bpow radix2 (emax - prec) }.
#[global] Existing Instance prec_pos.
#[global] Existing Instance prec_emax.
Definition F32 : fmt.
Proof. refine (mk_fmt 24 128 eq_refl eq_refl eq_refl eq_refl 340282346638528859811704183484516925440 _). simpl. lra. Defined.
Definition F64 : fmt.
Proof.
refine (mk_fmt 53 1024 eq_refl eq_refl eq_refl eq_refl
  179769313486231570814527423731704356798070567525844996598917476803157260780028538760589558632766878171540458953514382464234321326889464182768467546703537516986049910576551282076245490090389328944075868508455133942304583236903222948165808559332123348274797826204144723168738177180919299881250404026184124858368 _).
rewrite <- !IZR_Zpower by lia. rewrite <- minus_IZR. f_equal.
Defined.

Notation fexp f := (SpecFloat.fexp (prec f) (emax f)).
Definition t (f : fmt) : Set := binary_float (prec f) (emax f).
Definition finite {f} (x : t f) : Prop := is_finite x = true.
(* the real of an infinity or NaN is left open by the theory; not 0, as WP's library asks *)
Definition val {f} (x : t f) : R := if is_finite x then B2R x else 1.
Definition is_zero {f} (x : t f) : Prop := match x with B754_zero _ => True | _ => False end.
Definition is_infinite {f} (x : t f) : Prop := match x with B754_infinity _ => True | _ => False end.
Definition is_nan {f} (x : t f) : Prop := match x with B754_nan => True | _ => False end.
Definition is_positive {f} (x : t f) : Prop :=
  match x with B754_zero s | B754_infinity s | B754_finite s _ _ _ => s = false | B754_nan => False end.
Definition is_negative {f} (x : t f) : Prop :=
  match x with B754_zero s | B754_infinity s | B754_finite s _ _ _ => s = true | B754_nan => False end.
Definition rnd (f : fmt) (m : mode) (x : R) : R := round radix2 (fexp f) (round_mode m) x.
Definition zeroF {f} : t f := B754_zero false.
Definition le {f} (x y : t f) : Prop := match Bcompare x y with Some Lt | Some Eq => True | _ => False end.
Definition lt {f} (x y : t f) : Prop := Bcompare x y = Some Lt.
Definition eq {f} (x y : t f) : Prop := Bcompare x y = Some Eq.

Definition in_range f (x : R) : Prop := - largest f <= x /\ x <= largest f.
Definition no_overflow f m x := in_range f (rnd f m x).
Definition plus_inf {f} (x : t f) := is_infinite x /\ is_positive x.
Definition minus_inf {f} (x : t f) := is_infinite x /\ is_negative x.
Definition not_nan {f} (x : t f) := finite x \/ is_infinite x.
Definition same_sign {f} (x y : t f) := is_positive x /\ is_positive y \/ is_negative x /\ is_negative y.
Definition diff_sign {f} (x y : t f) := is_positive x /\ is_negative y \/ is_negative x /\ is_positive y.
Definition product_sign {f} (z x y : t f) := (same_sign x y -> is_positive z) /\ (diff_sign x y -> is_negative z).
Definition same_sign_real {f} (x : t f) r := is_positive x /\ 0 < r \/ is_negative x /\ r < 0.

(* case analysis on everything *)
Ltac sides := unfold not_nan, plus_inf, minus_inf, product_sign, same_sign, diff_sign, same_sign_real, finite, is_zero, is_infinite, is_nan, is_positive, is_negative in *.
Ltac cases := intros; repeat match goal with x : t _ |- _ => destruct x as [[|]|[|]| |[|] ? ? ?] end; sides; simpl in *;
  try solve [intuition (congruence || discriminate)].

Lemma val_finite : forall f (x : t f), finite x -> val x = B2R x.
Proof. intros f x H. unfold val. now rewrite H. Qed.
Lemma round_valid : forall f, Valid_exp (fexp f).
Proof. intros f. exact (FLT_exp_valid _ _). Qed.
#[global] Existing Instance round_valid.
Lemma format_val : forall f (x : t f), finite x -> generic_format radix2 (fexp f) (val x).
Proof. intros f x H. rewrite val_finite by exact H. apply generic_format_B2R. Qed.
Lemma largest_format : forall f, generic_format radix2 (fexp f) (largest f).
Proof.
intros f. rewrite largest_is. destruct f as [p e Hp He H2 H3 l Hl]. simpl. clear Hl.
change (SpecFloat.fexp p e) with (FLT_exp (3 - e - p) p).
apply generic_format_FLT. exists (Defs.Float radix2 (2 ^ p - 1) (e - p)); unfold F2R; cbn [Fnum Fexp].
- rewrite minus_IZR, (IZR_Zpower radix2) by lia. rewrite Rmult_minus_distr_r, <- bpow_plus. f_equal. f_equal. lia. ring.
- change (radix_val radix2) with 2%Z. assert (0 < 2 ^ p)%Z by (apply Z.pow_pos_nonneg; lia). lia.
- unfold Prec_lt_emax in He. unfold Prec_gt_0 in Hp. lia.
Qed.
Lemma largest_pos : forall f, 0 < largest f.
Proof.
intros f. rewrite largest_is. assert (bpow radix2 (emax f - prec f) < bpow radix2 (emax f)); [|lra].
apply bpow_lt. assert (H := prec_2 f). lia.
Qed.
Lemma rnd_format : forall f m x, generic_format radix2 (fexp f) (rnd f m x).
Proof. intros. apply generic_format_round; auto with typeclass_instances. Qed.
Lemma rnd_id : forall f m x, generic_format radix2 (fexp f) x -> rnd f m x = x.
Proof. intros. apply round_generic; auto with typeclass_instances. Qed.
(* below the next power of two means at most the largest *)
Lemma below_emax : forall f x, generic_format radix2 (fexp f) x -> Rabs x < bpow radix2 (emax f) <-> in_range f x.
Proof.
intros f x Fx. unfold in_range. split; intros H.
- assert (B : Rabs x <= largest f); [|apply Rabs_le_inv in B; lra].
  rewrite largest_is. apply Rle_trans with (pred radix2 (fexp f) (bpow radix2 (emax f))).
  + apply pred_ge_gt; auto with typeclass_instances. now apply generic_format_abs.
    apply generic_format_bpow. unfold SpecFloat.fexp, SpecFloat.emin. assert (A := prec_2 f). assert (B := prec_emax f). unfold Prec_lt_emax in B. lia.
  + rewrite pred_bpow. apply Req_le. do 2 f_equal. unfold SpecFloat.fexp, SpecFloat.emin. assert (A := prec_2 f).
    assert (B := emax_3 f). lia.
- apply Rle_lt_trans with (largest f). apply Rabs_le. lra. rewrite largest_is. generalize (bpow_gt_0 radix2 (emax f - prec f)). lra.
Qed.
Lemma no_overflow_is : forall f m x, no_overflow f m x <-> Rlt_bool (Rabs (rnd f m x)) (bpow radix2 (emax f)) = true.
Proof.
intros f m x. unfold no_overflow. rewrite <- below_emax by apply rnd_format. case Rlt_bool_spec; intros H; split; intros; try lra; easy.
Qed.

(* classes and signs *)
Lemma t'axiom : forall f (x : t f), finite x -> - largest f <= val x /\ val x <= largest f.
Proof. intros f x H. apply below_emax. now apply format_val. rewrite val_finite by exact H. apply abs_B2R_lt_emax. Qed.
Lemma is_not_nan1 : forall f (x : t f), not_nan x <-> ~ is_nan x. Proof. cases. Qed.
Lemma is_not_finite : forall f (x : t f), ~ finite x <-> is_infinite x \/ is_nan x. Proof. cases. Qed.
Lemma zeroF_is_positive : forall f, is_positive (@zeroF f). Proof. reflexivity. Qed.
Lemma zeroF_is_zero : forall f, is_zero (@zeroF f). Proof. exact (fun _ => I). Qed.
Lemma B2R_sign : forall (f : fmt) (s : bool) (m : positive) (e : Z) (H : SpecFloat.bounded (prec f) (emax f) m e = true),
  0 < (if s then -1 else 1) * @B2R (prec f) (emax f) (B754_finite s m e H).
Proof.
intros. unfold B2R, F2R, cond_Zopp. simpl. assert (P := bpow_gt_0 radix2 e). assert (0 < IZR (Zpos m)) by (apply IZR_lt; lia).
assert (0 < IZR (Zpos m) * bpow radix2 e) by now apply Rmult_lt_0_compat.
destruct s; simpl; [change (Zneg m) with (- Zpos m)%Z; rewrite opp_IZR|]; lra.
Qed.
Lemma zero_to_real : forall f (x : t f), is_zero x <-> finite x /\ val x = 0.
Proof.
intros f [s|s| |s m e H]; unfold is_zero, finite, val; simpl; try (split; intuition discriminate).
split; [easy|]. intros [_ E]. assert (B := B2R_sign f s m e H). simpl in B. destruct s; lra.
Qed.
Lemma sign_val : forall f (x : t f), finite x -> (is_positive x -> 0 <= val x) /\ (0 < val x -> is_positive x) /\
  (is_negative x -> val x <= 0) /\ (val x < 0 -> is_negative x).
Proof.
intros f [s|s| |s m e H]; unfold is_positive, is_negative, finite, val; simpl; try easy; intros _.
- destruct s; repeat split; intros; try easy; lra.
- assert (B := B2R_sign f s m e H). simpl in B. destruct s; repeat split; intros; try easy; lra.
Qed.
Lemma positive_to_real : forall f (x : t f), finite x -> is_positive x -> 0 <= val x. Proof. intros. now apply sign_val. Qed.
Lemma to_real_positive : forall f (x : t f), finite x -> 0 < val x -> is_positive x. Proof. intros. now apply sign_val. Qed.
Lemma negative_to_real : forall f (x : t f), finite x -> is_negative x -> val x <= 0. Proof. intros. now apply sign_val. Qed.
Lemma to_real_negative : forall f (x : t f), finite x -> val x < 0 -> is_negative x. Proof. intros. now apply sign_val. Qed.
Lemma negative_xor_positive : forall f (x : t f), ~ (is_positive x /\ is_negative x). Proof. cases. Qed.
Lemma negative_or_positive : forall f (x : t f), not_nan x -> is_positive x \/ is_negative x. Proof. cases. Qed.
Lemma diff_sign_trans : forall f (x y z : t f), diff_sign x y /\ diff_sign y z -> same_sign x z. Proof. cases. Qed.
Lemma diff_sign_product : forall f (x y : t f), finite x /\ finite y /\ val x * val y < 0 -> diff_sign x y.
Proof.
intros f x y (Fx & Fy & H). destruct (sign_val f x Fx) as (_ & A & _ & B). destruct (sign_val f y Fy) as (_ & C & _ & D). unfold diff_sign.
destruct (Rtotal_order (val x) 0) as [L|[L|L]]; destruct (Rtotal_order (val y) 0) as [M|[M|M]]; rewrite ?L, ?M in H; try lra; try (exfalso; nra); auto.
Qed.
Lemma same_sign_product : forall f (x y : t f), finite x /\ finite y /\ same_sign x y -> 0 <= val x * val y.
Proof.
intros f x y (Fx & Fy & H). destruct (sign_val f x Fx) as (A & _ & B & _). destruct (sign_val f y Fy) as (C & _ & D & _). 
destruct H as [[H1 H2]|[H1 H2]]. apply Rmult_le_pos; auto. assert (val x <= 0) by auto. assert (val y <= 0) by auto. nra.
Qed.

(* comparisons *)
Lemma compare_finite : forall f (x y : t f), finite x -> finite y -> Bcompare x y = Some (Rcompare (val x) (val y)).
Proof. intros f x y Fx Fy. rewrite !val_finite by assumption. now apply Bcompare_correct. Qed.
Lemma eq_to_real_finite : forall f (x y : t f), finite x /\ finite y -> eq x y <-> val x = val y.
Proof. intros f x y [Fx Fy]. unfold eq. rewrite compare_finite by assumption. case Rcompare_spec; intros; split; intros; try easy; lra. Qed.
Lemma lt_finite : forall f (x y : t f), finite x /\ finite y -> lt x y <-> val x < val y.
Proof. intros f x y [Fx Fy]. unfold lt. rewrite compare_finite by assumption. case Rcompare_spec; intros; split; intros; try easy; lra. Qed.
Lemma le_finite : forall f (x y : t f), finite x /\ finite y -> le x y <-> val x <= val y.
Proof. intros f x y [Fx Fy]. unfold le. rewrite compare_finite by assumption. case Rcompare_spec; intros; split; intros; try easy; lra. Qed.
Lemma feq_eq : forall f (x y : t f), finite x -> finite y -> ~ is_zero x -> eq x y -> x = y.
Proof.
intros f x y Fx Fy Z E. apply eq_to_real_finite in E; [|now split]. rewrite !val_finite in E by assumption.
assert (Nx : B2R x <> 0). { intros C. apply Z, zero_to_real. split; trivial. now rewrite val_finite. }
apply B2R_inj; trivial; apply is_finite_strict_B2R; congruence.
Qed.
Lemma eq_refl' : forall f (x : t f), finite x -> eq x x. Proof. intros. now apply eq_to_real_finite. Qed.
Lemma eq_feq : forall f (x y : t f), finite x -> finite y -> x = y -> eq x y. Proof. intros f x y Fx _ <-. now apply eq_refl'. Qed.
