(* SPDX-License-Identifier: Apache-2.0 *)
(* The axioms of ieee_float about add, sub, mul and div, special values included. *)
From Coq Require Import Reals ZArith Psatz Bool.
From Flocq Require Import Core BinarySingleNaN Plus_error.
From MultiMax Require Import IeeeModel IeeeRound.
Open Scope R_scope.

Definition nearest (m : mode) := m = mode_NE \/ m = mode_NA.
Definition add {f} (m : mode) (x y : t f) : t f := Bplus m x y.
Definition sub {f} (m : mode) (x y : t f) : t f := Bminus m x y.
Definition mul {f} (m : mode) (x y : t f) : t f := Bmult m x y.
Definition div {f} (m : mode) (x y : t f) : t f := Bdiv m x y.
Definition overflow_value {f} (m : mode) (x : t f) : Prop :=
  match m with
  | mode_DN => (is_positive x -> finite x /\ val x = largest f) /\ (~ is_positive x -> is_infinite x)
  | mode_UP => (is_positive x -> is_infinite x) /\ (~ is_positive x -> finite x /\ val x = - largest f)
  | mode_ZR => (is_positive x -> finite x /\ val x = largest f) /\ (~ is_positive x -> finite x /\ val x = - largest f)
  | mode_NA | mode_NE => is_infinite x end.
Definition sign_zero_result {f} (m : mode) (x : t f) : Prop :=
  is_zero x -> match m with mode_DN => is_negative x | _ => is_positive x end.

Lemma by_sign : forall f (x : t f), ~ is_nan x -> (is_positive x <-> Bsign x = false) /\ (is_negative x <-> Bsign x = true).
Proof. cases. Qed.
Lemma nan_eq : forall f (x : t f), is_nan x <-> BinarySingleNaN.is_nan x = true.
Proof. cases. Qed.
Lemma finite_not_nan : forall f (x : t f), finite x -> ~ is_nan x. Proof. cases. Qed.

(* what an overflow gives *)
Lemma overflow_is : forall f m s (r : t f), B2SF r = binary_overflow (prec f) (emax f) m s ->
  overflow_value m r /\ ~ is_nan r /\ Bsign r = s /\ (nearest m -> ~ finite r).
Proof.
intros f m s r. assert (H2 := prec_2 f). unfold binary_overflow.
assert (Lv : IZR (Zpos (Z.to_pos (2 ^ prec f - 1))) * bpow radix2 (emax f - prec f) = largest f).
{ assert (0 < 2 ^ prec f - 1)%Z. { assert (2 ^ 1 <= 2 ^ prec f)%Z by (apply Z.pow_le_mono_r; lia). lia. }
  rewrite Z2Pos.id by lia. rewrite minus_IZR, (IZR_Zpower radix2) by lia. rewrite largest_is, Rmult_minus_distr_r, <- bpow_plus.
  f_equal. f_equal. lia. ring. }
destruct (overflow_to_inf m s) eqn:O; destruct r as [s'|s'| |s' m' e' H]; try discriminate; intros E; injection E; intros; subst.
- repeat split; try easy. destruct m, s; try discriminate; simpl; unfold is_positive, is_infinite; repeat split; intros; try easy; congruence.
- assert (V : val (B754_finite s (Z.to_pos (2 ^ prec f - 1)) (emax f - prec f) H : t f) = if s then - largest f else largest f).
  { unfold val. simpl. unfold F2R, cond_Zopp. cbn [Fnum Fexp]. rewrite <- Lv. destruct s; [change (Z.neg ?p) with (- Z.pos p)%Z; rewrite opp_IZR|]; ring. }
  repeat split; try easy; destruct m, s; try discriminate; simpl; unfold is_positive; try (repeat split; intros; easy).
  all: try (intros [C|C]; discriminate). all: repeat split; intros; try easy; try congruence; exact V.
Qed.

Lemma add_cases : forall f m (x y : t f), finite x -> finite y -> let v := val x + val y in let r := add m x y in
  (no_overflow f m v /\ finite r /\ val r = rnd f m v /\
     Bsign r = match Rcompare v 0 with Eq => match m with mode_DN => Bsign x || Bsign y | _ => Bsign x && Bsign y end | Lt => true | Gt => false end) \/
  (~ no_overflow f m v /\ overflow_value m r /\ ~ is_nan r /\ Bsign r = Bsign x /\ Bsign x = Bsign y /\ (nearest m -> ~ finite r)).
Proof.
intros f m x y Fx Fy v r. assert (C := Bplus_correct (prec f) (emax f) _ _ m x y Fx Fy). unfold v. rewrite !val_finite by assumption.
fold (rnd f m (B2R x + B2R y)) in C. rewrite no_overflow_is. destruct (Rlt_bool (Rabs (rnd f m (B2R x + B2R y))) (bpow radix2 (emax f))).
- left. destruct C as (C1 & C2 & C3). split; trivial. split; [exact C2|]. split; [|exact C3]. unfold r, add. rewrite val_finite by exact C2. exact C1.
- right. destruct C as [C1 C2]. split; [discriminate|]. apply overflow_is in C1. unfold r, add. tauto.
Qed.
Lemma add_finite : forall f m (x y : t f), finite x -> finite y -> no_overflow f m (val x + val y) ->
  finite (add m x y) /\ val (add m x y) = rnd f m (val x + val y).
Proof. intros f m x y Fx Fy H. destruct (add_cases f m x y Fx Fy) as [C|C]; tauto. Qed.
Lemma add_finite_rev : forall f m (x y : t f), finite (add m x y) -> finite x /\ finite y.
Proof. intros f m x y. destruct x as [s|s| |s mx e H], y as [s'|s'| |s' m' e' H']; try easy. unfold add, finite. simpl. destruct (Bool.eqb s s'); easy. Qed.
Lemma add_finite_rev_n : forall f m (x y : t f), nearest m -> finite (add m x y) ->
  no_overflow f m (val x + val y) /\ val (add m x y) = rnd f m (val x + val y).
Proof. intros f m x y N F. destruct (add_finite_rev f m x y F) as [Fx Fy]. destruct (add_cases f m x y Fx Fy) as [C|C]; tauto. Qed.
Lemma sum_zero : forall f m (x y : t f), finite x -> finite y -> rnd f m (val x + val y) = 0 -> val x + val y = 0.
Proof.
intros f m x y Fx Fy H. destruct (Req_dec (val x + val y) 0) as [E|E]; trivial. exfalso. revert H.
assert (Mo : Monotone_exp (fexp f)) by exact (FLT_exp_monotone _ _).
apply round_plus_neq_0; auto using format_val with typeclass_instances.
Qed.
Lemma add_special : forall f m (x y : t f), let r := add m x y in
  (is_nan x \/ is_nan y -> is_nan r) /\ (finite x /\ is_infinite y -> is_infinite r /\ same_sign r y) /\
  (is_infinite x /\ finite y -> is_infinite r /\ same_sign r x) /\
  (is_infinite x /\ is_infinite y /\ same_sign x y -> is_infinite r /\ same_sign r x) /\
  (is_infinite x /\ is_infinite y /\ diff_sign x y -> is_nan r) /\
  (finite x /\ finite y /\ ~ no_overflow f m (val x + val y) -> same_sign_real r (val x + val y) /\ overflow_value m r) /\
  (finite x /\ finite y -> (same_sign x y -> same_sign r x) /\ (~ same_sign x y -> sign_zero_result m r)).
Proof.
intros f m x y r. subst r.
assert (Fin : finite x /\ finite y ->
  (~ no_overflow f m (val x + val y) -> same_sign_real (add m x y) (val x + val y) /\ overflow_value m (add m x y)) /\
  ((same_sign x y -> same_sign (add m x y) x) /\ (~ same_sign x y -> sign_zero_result m (add m x y)))).
{ intros [Fx Fy]. destruct (by_sign f x (finite_not_nan f x Fx)) as [Sx1 Sx2]. destruct (by_sign f y (finite_not_nan f y Fy)) as [Sy1 Sy2].
  destruct (sign_val f x Fx) as (Vx1 & _ & Vx2 & _). destruct (sign_val f y Fy) as (Vy1 & _ & Vy2 & _).
  assert (Same : Bsign x = Bsign y -> same_sign x y).
  { intros E. unfold same_sign. rewrite Sx1, Sx2, Sy1, Sy2, <- E. destruct (Bsign x); auto. }
  destruct (add_cases f m x y Fx Fy) as [(C1 & C2 & C3 & C4)|(C1 & C2 & C3 & C4 & C5 & _)].
  - split; [easy|]. destruct (by_sign f _ (finite_not_nan f _ C2)) as [Sr1 Sr2]. split.
    + intros [[A B]|[A B]]; [left | right]; split; trivial; [apply Sr1 | apply Sr2]; rewrite C4.
      * assert (H1 := Vx1 A). assert (H2 := Vy1 B). apply Sx1 in A. apply Sy1 in B. rewrite A, B.
        case Rcompare_spec; intros; try reflexivity; try (exfalso; lra). now destruct m.
      * assert (H1 := Vx2 A). assert (H2 := Vy2 B). apply Sx2 in A. apply Sy2 in B. rewrite A, B.
        case Rcompare_spec; intros; try reflexivity; try (exfalso; lra). now destruct m.
    + intros D Z. apply zero_to_real in Z. destruct Z as [_ Z]. rewrite Z in C3. symmetry in C3. apply sum_zero in C3; trivial.
      rewrite C3, Rcompare_Eq in C4 by reflexivity. assert (Ne : Bsign x <> Bsign y) by (intros E; now apply D, Same).
      destruct m; (apply Sr2 || apply Sr1); rewrite C4; destruct (Bsign x), (Bsign y); easy.
  - destruct (by_sign f _ C3) as [Sr1 Sr2]. rewrite C4 in Sr1, Sr2. split.
    + intros _. split; trivial.
      assert (N0 : val x + val y <> 0).
      { intros E. apply C1. rewrite E. apply Bounded_real_no_overflow. assert (L := largest_pos f). split; lra. }
      unfold same_sign_real. rewrite Sr1, Sr2. destruct (Bsign x); [right | left]; split; trivial.
      * assert (H1 : val x <= 0) by now apply Vx2, Sx2. assert (H2 : val y <= 0) by now apply Vy2, Sy2. lra.
      * assert (H1 : 0 <= val x) by now apply Vx1, Sx1. assert (H2 : 0 <= val y) by now apply Vy1, Sy1. lra.
    + split.
      * intros _. unfold same_sign. rewrite Sr1, Sr2, Sx1, Sx2. destruct (Bsign x); auto.
      * intros D. exfalso. now apply D, Same. }
split; [|split; [|split; [|split; [|split]]]].
6: tauto.
all: clear Fin; unfold add; cases.
Qed.

Lemma sub_is : forall f m (x y : t f), sub m x y = add m x (neg y).
Proof. intros f m x y. destruct x, y; reflexivity. Qed.
Lemma sub_finite : forall f m (x y : t f), finite x -> finite y -> no_overflow f m (val x - val y) ->
  finite (sub m x y) /\ val (sub m x y) = rnd f m (val x - val y).
Proof.
intros f m x y Fx Fy H. destruct (neg_finite f y Fy) as [Fn En]. rewrite sub_is. unfold Rminus in *. rewrite <- En in *. now apply add_finite.
Qed.
Lemma sub_finite_rev : forall f m (x y : t f), finite (sub m x y) -> finite x /\ finite y.
Proof. intros f m x y. rewrite sub_is. intros F. apply add_finite_rev in F. destruct F as [Fx Fn]. split; trivial. now apply neg_finite_rev in Fn. Qed.
Lemma sub_finite_rev_n : forall f m (x y : t f), nearest m -> finite (sub m x y) ->
  no_overflow f m (val x - val y) /\ val (sub m x y) = rnd f m (val x - val y).
Proof.
intros f m x y N F. destruct (sub_finite_rev f m x y F) as [Fx Fy]. destruct (neg_finite f y Fy) as [Fn En]. rewrite sub_is in *.
unfold Rminus. rewrite <- En. now apply add_finite_rev_n.
Qed.
Lemma neg_sides : forall f (y : t f), (is_nan y <-> is_nan (neg y)) /\ (is_infinite y <-> is_infinite (neg y)) /\ (finite y <-> finite (neg y)) /\
  (is_positive y <-> is_negative (neg y)) /\ (is_negative y <-> is_positive (neg y)).
Proof. unfold neg. cases. Qed.
Lemma sub_special : forall f m (x y : t f), let r := sub m x y in
  (is_nan x \/ is_nan y -> is_nan r) /\ (finite x /\ is_infinite y -> is_infinite r /\ diff_sign r y) /\
  (is_infinite x /\ finite y -> is_infinite r /\ same_sign r x) /\
  (is_infinite x /\ is_infinite y /\ same_sign x y -> is_nan r) /\
  (is_infinite x /\ is_infinite y /\ diff_sign x y -> is_infinite r /\ same_sign r x) /\
  (finite x /\ finite y /\ ~ no_overflow f m (val x - val y) -> same_sign_real r (val x - val y) /\ overflow_value m r) /\
  (finite x /\ finite y -> (diff_sign x y -> same_sign r x) /\ (~ diff_sign x y -> sign_zero_result m r)).
Proof.
intros f m x y r. unfold r. rewrite sub_is. destruct (neg_sides f y) as (A & B & C & D & E).
assert (S := add_special f m x (neg y)). cbv zeta in S. set (z := add m x (neg y)) in *.
assert (En : finite y -> val y = - val (neg y)) by (intros F; destruct (neg_finite f y F) as [_ ->]; ring).
unfold diff_sign, same_sign in *. rewrite A, B, C, D, E in *. destruct S as (S1 & S2 & S3 & S4 & S5 & S6 & S7).
split; [exact S1|]. split; [intros H; generalize (S2 H); tauto|]. split; [exact S3|]. split; [tauto|]. split; [tauto|]. split.
- intros (H1 & H2 & H3). assert (H4 : val x - val y = val x + val (neg y)) by (rewrite (En H2); unfold Rminus; now rewrite Ropp_involutive).
  rewrite H4 in *. exact (S6 (conj H1 (conj H2 H3))).
- intros H. generalize (S7 H). clear. tauto.
Qed.

Lemma mul_cases : forall f m (x y : t f), finite x -> finite y -> let v := val x * val y in let r := mul m x y in
  (no_overflow f m v /\ finite r /\ val r = rnd f m v) \/
  (~ no_overflow f m v /\ overflow_value m r /\ (nearest m -> ~ finite r)).
Proof.
intros f m x y Fx Fy v r. assert (C := Bmult_correct (prec f) (emax f) _ _ m x y). unfold v. rewrite !val_finite by assumption.
fold (rnd f m (B2R x * B2R y)) in C. rewrite no_overflow_is. destruct (Rlt_bool (Rabs (rnd f m (B2R x * B2R y))) (bpow radix2 (emax f))).
- left. destruct C as (C1 & C2 & _). unfold finite in *. rewrite Fx, Fy in C2. split; trivial. split; [exact C2|].
  unfold r, mul. rewrite val_finite by exact C2. exact C1.
- right. split; [discriminate|]. apply overflow_is in C. unfold r, mul. tauto.
Qed.
Lemma mul_finite : forall f m (x y : t f), finite x -> finite y -> no_overflow f m (val x * val y) ->
  finite (mul m x y) /\ val (mul m x y) = rnd f m (val x * val y).
Proof. intros f m x y Fx Fy H. destruct (mul_cases f m x y Fx Fy) as [C|C]; tauto. Qed.
Lemma mul_finite_rev : forall f m (x y : t f), finite (mul m x y) -> finite x /\ finite y.
Proof. intros f m x y. destruct x as [s|s| |s mx e H], y as [s'|s'| |s' m' e' H']; easy. Qed.
Lemma mul_finite_rev_n : forall f m (x y : t f), nearest m -> finite (mul m x y) ->
  no_overflow f m (val x * val y) /\ val (mul m x y) = rnd f m (val x * val y).
Proof. intros f m x y N F. destruct (mul_finite_rev f m x y F) as [Fx Fy]. destruct (mul_cases f m x y Fx Fy) as [C|C]; tauto. Qed.
Lemma mul_sign : forall f m (x y : t f), ~ is_nan (mul m x y) -> Bsign (mul m x y) = xorb (Bsign x) (Bsign y).
Proof.
intros f m x y N. assert (C := Bmult_correct (prec f) (emax f) _ _ m x y). unfold mul in *.
destruct Rlt_bool; [|now apply overflow_is in C]. destruct C as (_ & _ & C). apply C. rewrite nan_eq in N. now destruct BinarySingleNaN.is_nan.
Qed.
Lemma product_by_sign : forall f (r x y : t f), ~ is_nan r -> Bsign r = xorb (Bsign x) (Bsign y) -> product_sign r x y.
Proof.
intros f r x y N S. destruct (by_sign f r N) as [A B]. unfold product_sign, same_sign, diff_sign. rewrite A, B, S.
split; intros [[P Q]|[P Q]]; (assert (Nx : ~ is_nan x) by (destruct x; easy)); (assert (Ny : ~ is_nan y) by (destruct y; easy));
  destruct (by_sign f x Nx) as [X1 X2], (by_sign f y Ny) as [Y1 Y2]; rewrite ?X1, ?X2 in P; rewrite ?Y1, ?Y2 in Q; rewrite P, Q; reflexivity.
Qed.
Lemma mul_special : forall f m (x y : t f), let r := mul m x y in
  (is_nan x \/ is_nan y -> is_nan r) /\ (is_zero x /\ is_infinite y -> is_nan r) /\
  (finite x /\ is_infinite y /\ ~ is_zero x -> is_infinite r) /\ (is_infinite x /\ is_zero y -> is_nan r) /\
  (is_infinite x /\ finite y /\ ~ is_zero y -> is_infinite r) /\ (is_infinite x /\ is_infinite y -> is_infinite r) /\
  (finite x /\ finite y /\ ~ no_overflow f m (val x * val y) -> overflow_value m r) /\ (~ is_nan r -> product_sign r x y).
Proof.
intros f m x y r. subst r. split; [|split; [|split; [|split; [|split; [|split; [|split]]]]]].
7: { intros (Fx & Fy & H). destruct (mul_cases f m x y Fx Fy) as [C|C]; tauto. }
7: { intros N. apply product_by_sign; trivial. now apply mul_sign. }
all: unfold mul; cases.
Qed.

Lemma div_cases : forall f m (x y : t f), finite x -> finite y -> ~ is_zero y -> let v := val x / val y in let r := div m x y in
  (no_overflow f m v /\ finite r /\ val r = rnd f m v) \/
  (~ no_overflow f m v /\ overflow_value m r /\ (nearest m -> ~ finite r)).
Proof.
intros f m x y Fx Fy Zy v r. assert (Ny : B2R y <> 0). { intros E. apply Zy, zero_to_real. split; trivial. now rewrite val_finite. }
assert (C := Bdiv_correct (prec f) (emax f) _ _ m x y Ny). unfold v. rewrite !val_finite by assumption.
fold (rnd f m (B2R x / B2R y)) in C. rewrite no_overflow_is. destruct (Rlt_bool (Rabs (rnd f m (B2R x / B2R y))) (bpow radix2 (emax f))).
- left. destruct C as (C1 & C2 & _). unfold finite in *. rewrite Fx in C2. split; trivial. split; [exact C2|].
  unfold r, div. rewrite val_finite by exact C2. exact C1.
- right. split; [discriminate|]. apply overflow_is in C. unfold r, div. tauto.
Qed.
Lemma div_finite : forall f m (x y : t f), finite x -> finite y -> ~ is_zero y -> no_overflow f m (val x / val y) ->
  finite (div m x y) /\ val (div m x y) = rnd f m (val x / val y).
Proof. intros f m x y Fx Fy Zy H. destruct (div_cases f m x y Fx Fy Zy) as [C|C]; tauto. Qed.
Lemma div_finite_rev : forall f m (x y : t f), finite (div m x y) ->
  finite x /\ finite y /\ ~ is_zero y \/ finite x /\ is_infinite y /\ val (div m x y) = 0.
Proof.
intros f m x y. destruct x as [s|s| |s mx e H], y as [s'|s'| |s' m' e' H']; try easy; intros F; try (right; repeat split; reflexivity); left; repeat split; easy.
Qed.
Lemma div_finite_rev_n : forall f m (x y : t f), nearest m -> finite (div m x y) -> finite y ->
  no_overflow f m (val x / val y) /\ val (div m x y) = rnd f m (val x / val y).
Proof.
intros f m x y N F Fy. destruct (div_finite_rev f m x y F) as [(Fx & _ & Zy)|(_ & I & _)].
- destruct (div_cases f m x y Fx Fy Zy) as [C|C]; tauto.
- exfalso. destruct y; easy.
Qed.
Lemma div_sign : forall f m (x y : t f), ~ is_nan (div m x y) -> Bsign (div m x y) = xorb (Bsign x) (Bsign y).
Proof.
intros f m x y N. destruct y as [s'|s'| |s' m' e' H'] eqn:Y.
1-3: destruct x; try reflexivity; exfalso; apply N; easy.
assert (Ny : B2R y <> 0). { subst y. assert (P := B2R_sign f s' m' e' H'). simpl in P. intros E. simpl in E. rewrite E in P. lra. }
rewrite <- Y in *. assert (C := Bdiv_correct (prec f) (emax f) _ _ m x y Ny). unfold div in *.
destruct Rlt_bool; [|now apply overflow_is in C]. destruct C as (_ & _ & C). apply C. rewrite nan_eq in N. now destruct BinarySingleNaN.is_nan.
Qed.
Lemma div_special : forall f m (x y : t f), let r := div m x y in
  (is_nan x \/ is_nan y -> is_nan r) /\ (finite x /\ is_infinite y -> is_zero r) /\ (is_infinite x /\ finite y -> is_infinite r) /\
  (is_infinite x /\ is_infinite y -> is_nan r) /\
  (finite x /\ finite y /\ ~ is_zero y /\ ~ no_overflow f m (val x / val y) -> overflow_value m r) /\
  (finite x /\ is_zero y /\ ~ is_zero x -> is_infinite r) /\ (is_zero x /\ is_zero y -> is_nan r) /\ (~ is_nan r -> product_sign r x y).
Proof.
intros f m x y r. subst r. split; [|split; [|split; [|split; [|split; [|split; [|split]]]]]].
5: { intros (Fx & Fy & Zy & H). destruct (div_cases f m x y Fx Fy Zy) as [C|C]; tauto. }
7: { intros N. apply product_by_sign; trivial. now apply div_sign. }
all: unfold div; cases.
Qed.
