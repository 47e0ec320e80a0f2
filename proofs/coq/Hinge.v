(* SPDX-License-Identifier: Apache-2.0 *)
(* Calculus helpers: relu and its one-sided behaviour, the mean value theorem with finitely many exceptional points,
   derivatives from one-sided quadratic expansions. *)
From Coq Require Import Reals Psatz List.
From Coquelicot Require Import Coquelicot.
Import ListNotations.
Open Scope R_scope.

Definition relu (u : R) : R := if Rlt_dec 0 u then u else 0.
Definition step (u : R) : R := if Rlt_dec 0 u then 1 else 0.     (* [u > 0]: relu'(0) = 0 *)
Definition step_ge (u : R) : R := if Rle_dec 0 u then 1 else 0.  (* [u >= 0] *)

Ltac hinge := unfold relu, step, step_ge in *; repeat (destruct Rlt_dec || destruct Rle_dec).

Lemma relu_max : forall u, relu u = Rmax u 0.
Proof. intros u. unfold relu, Rmax. destruct Rlt_dec, Rle_dec; lra. Qed.
Lemma relu_lip : forall a b, Rabs (relu a - relu b) <= Rabs (a - b).
Proof. intros a b. hinge; unfold Rabs; repeat destruct Rcase_abs; lra. Qed.
Lemma relu_mono : forall a b, a <= b -> 0 <= relu a <= relu b.
Proof. intros a b H. hinge; lra. Qed.
Lemma relu_sq_lip : forall a b m, a <= m -> b <= m -> Rabs (relu a ^ 2 - relu b ^ 2) <= 2 * relu m * Rabs (a - b).
Proof.
intros a b m Ha Hb. replace (relu a ^ 2 - relu b ^ 2) with ((relu a + relu b) * (relu a - relu b)) by ring.
rewrite Rabs_mult. destruct (relu_mono a m Ha), (relu_mono b m Hb).
apply Rmult_le_compat; try apply Rabs_pos. rewrite Rabs_pos_eq; lra. apply relu_lip.
Qed.

Lemma lip_continuous : forall f L x, (forall y z, Rabs (f y - f z) <= L * Rabs (y - z)) -> continuity_pt f x.
Proof.
intros f L x H eps He. exists (eps / (Rabs L + 1)). assert (P := Rabs_pos L).
split. apply Rdiv_lt_0_compat; lra.
intros y [_ Hy]. simpl in *. unfold R_dist in *. eapply Rle_lt_trans. apply H.
apply Rle_lt_trans with (Rabs L * Rabs (y - x)).
apply Rmult_le_compat_r. apply Rabs_pos. apply RRle_abs.
apply Rle_lt_trans with (Rabs L * (eps / (Rabs L + 1))). apply Rmult_le_compat_l; lra.
apply Rmult_lt_reg_r with (Rabs L + 1). lra. field_simplify; nra.
Qed.

(* mean value with an interior point *)
Lemma MVT_open : forall f df a b, a < b -> (forall x, a < x < b -> is_derive f x (df x)) ->
  (forall x, a <= x <= b -> continuity_pt f x) -> exists c, a < c < b /\ f b - f a = df c * (b - a).
Proof.
intros f df a b Hab D C. set (m := (a + b) / 2).
set (df' := fun x => if Rlt_dec a x then if Rlt_dec x b then df x else df m else df m).
destruct (MVT_gen f a b df') as (c & Hc & E); rewrite ?Rmin_left, ?Rmax_right in * by lra.
- intros x Hx. unfold df'. destruct Rlt_dec; [|lra]. destruct Rlt_dec; [|lra]. now apply D.
- exact C.
- unfold df' in E. destruct Rlt_dec; [destruct Rlt_dec|].
  exists c; split; [lra | exact E].
  all: exists m; split; [unfold m; lra | exact E].
Qed.

(* a bound of the derivative off finitely many points bounds the increments *)
Lemma increment_ge : forall l f df m a b, a <= b ->
  (forall x, a <= x <= b -> continuity_pt f x) ->
  (forall x, a < x < b -> ~ In x l -> is_derive f x (df x) /\ m <= df x) -> m * (b - a) <= f b - f a.
Proof.
induction l as [|k l IH]; intros f df m a b Hab C D.
- destruct Hab as [Hab|<-]; [|lra].
  destruct (MVT_open f df a b Hab) as (c & Hc & E).
  intros x Hx. now apply D. exact C. rewrite E.
  destruct (D c Hc) as [_ B]; [easy|]. nra.
- assert (K : forall a b, a <= b -> (forall x, a <= x <= b -> continuity_pt f x) ->
    (forall x, a < x < b -> ~ In x (k :: l) -> is_derive f x (df x) /\ m <= df x) -> ~ (a < k < b) -> m * (b - a) <= f b - f a).
  { clear a b Hab C D. intros a b Hab C D N. apply (IH f df); trivial. intros x Hx H. apply D; trivial.
    intros [->|I]; tauto. }
  destruct (Rlt_dec a k) as [H1|H1]; [destruct (Rlt_dec k b) as [H2|H2]|]; try (apply K; trivial; lra).
  assert (A : m * (k - a) <= f k - f a).
  { apply K; try lra; intros; [apply C | apply D]; trivial; lra. }
  assert (B : m * (b - k) <= f b - f k).
  { apply K; try lra; intros; [apply C | apply D]; trivial; lra. }
  lra.
Qed.

Lemma increment_gt : forall l f df a b, a < b ->
  (forall x, a <= x <= b -> continuity_pt f x) ->
  (forall x, a < x < b -> ~ In x l -> is_derive f x (df x) /\ 0 < df x) -> f a < f b.
Proof.
induction l as [|k l IH]; intros f df a b Hab C D.
- destruct (MVT_open f df a b Hab) as (c & Hc & E).
  intros x Hx. now apply D. exact C.
  destruct (D c Hc) as [_ B]; [easy|]. nra.
- assert (K : forall a b, a < b -> (forall x, a <= x <= b -> continuity_pt f x) ->
    (forall x, a < x < b -> ~ In x (k :: l) -> is_derive f x (df x) /\ 0 < df x) -> ~ (a < k < b) -> f a < f b).
  { clear a b Hab C D. intros a b Hab C D N. apply (IH f df); trivial. intros x Hx H. apply D; trivial.
    intros [->|I]; tauto. }
  destruct (Rlt_dec a k) as [H1|H1]; [destruct (Rlt_dec k b) as [H2|H2]|]; try (apply K; trivial; lra).
  apply Rlt_trans with (f k).
  + apply K; try lra; intros; [apply C | apply D]; trivial; lra.
  + apply K; try lra; intros; [apply C | apply D]; trivial; lra.
Qed.

(* exact expansions to the right and to the left of x *)
Definition right_exp (f : R -> R) x l :=
  exists d s, 0 < d /\ forall h, 0 <= h < d -> f (x + h) = f x + l * h + s * h ^ 2.
Definition left_exp (f : R -> R) x l :=
  exists d s, 0 < d /\ forall h, 0 <= h < d -> f (x - h) = f x - l * h + s * h ^ 2.

Lemma expansion_derive : forall (f : R -> R) x l, right_exp f x l -> left_exp f x l -> is_derive f x l.
Proof.
intros f x l (d1 & s1 & P1 & E1) (d2 & s2 & P2 & E2). apply is_derive_Reals. intros eps He.
set (S := Rabs s1 + Rabs s2 + 1).
assert (HS : 0 < S) by (unfold S; generalize (Rabs_pos s1) (Rabs_pos s2); lra).
assert (Hd : 0 < Rmin (Rmin d1 d2) (eps / S)).
{ repeat apply Rmin_pos; trivial. now apply Rdiv_lt_0_compat. }
exists (mkposreal _ Hd). intros h Nh Hh. simpl in Hh.
assert (H1 := Rlt_le_trans _ _ _ Hh (Rmin_l _ _)). assert (H2 := Rlt_le_trans _ _ _ Hh (Rmin_r _ _)).
assert (H3 := Rlt_le_trans _ _ _ H1 (Rmin_l _ _)). assert (H4 := Rlt_le_trans _ _ _ H1 (Rmin_r _ _)).
assert (B : exists s, Rabs s <= S /\ f (x + h) - f x = l * h + s * h ^ 2).
{ destruct (Rle_dec 0 h) as [Hp|Hn].
  - exists s1. split. unfold S; generalize (Rabs_pos s2); lra.
    rewrite E1. ring. rewrite Rabs_pos_eq in H3; lra.
  - exists s2. split. unfold S; generalize (Rabs_pos s1); lra.
    replace (x + h) with (x - - h) by ring. rewrite E2. ring. rewrite Rabs_left in H4; lra. }
destruct B as (s & Bs & Es). rewrite Es. replace ((l * h + s * h ^ 2) / h - l) with (s * h) by (field; exact Nh).
rewrite Rabs_mult. apply Rle_lt_trans with (S * Rabs h).
apply Rmult_le_compat_r; trivial. apply Rabs_pos.
apply Rmult_lt_reg_r with (/ S). now apply Rinv_0_lt_compat.
replace (S * Rabs h * / S) with (Rabs h) by (field; lra). exact H2.
Qed.

(* an expansion's slope inherits bounds on increments; so slopes are unique *)
Lemma slope_bound : forall l s m d, 0 < d -> (forall h, 0 < h < d -> m * h <= l * h + s * h ^ 2) -> m <= l.
Proof.
intros l s m d Hd H. apply Rnot_lt_le. intros C.
set (h := Rmin (d / 2) ((m - l) / (2 * (Rabs s + 1)))).
assert (P := Rabs_pos s).
assert (Hh : 0 < h). { apply Rmin_pos. lra. apply Rdiv_lt_0_compat; lra. }
assert (H1 : h <= d / 2) by apply Rmin_l.
assert (H2 : h <= (m - l) / (2 * (Rabs s + 1))) by apply Rmin_r.
assert (H3 : h * (2 * (Rabs s + 1)) <= m - l).
{ apply Rmult_le_reg_r with (/ (2 * (Rabs s + 1))). apply Rinv_0_lt_compat; lra.
  rewrite Rmult_assoc, Rinv_r, Rmult_1_r by lra. exact H2. }
specialize (H h ltac:(lra)). assert (Hs := RRle_abs s).
assert (m <= l + s * h) by nra. nra.
Qed.

Lemma derive_right : forall (f : R -> R) x l l', is_derive f x l -> right_exp f x l' -> l = l'.
Proof.
intros f x l l' D (d & s & P & E). apply is_derive_Reals in D.
destruct (Req_dec l l') as [H|H]; trivial. exfalso.
assert (He : 0 < Rabs (l' - l) / 2) by (assert (0 < Rabs (l' - l)) by (apply Rabs_pos_lt; lra); lra).
destruct (D _ He) as [dl Hdl].
set (h := Rmin (Rmin (d / 2) (dl / 2)) (Rabs (l' - l) / (2 * (Rabs s + 1)))).
assert (Ps := Rabs_pos s). assert (Pd := cond_pos dl).
assert (Hh : 0 < h). { repeat apply Rmin_pos; try lra. apply Rdiv_lt_0_compat; lra. }
assert (H1 : h <= Rmin (d / 2) (dl / 2)) by apply Rmin_l.
assert (H1a := Rle_trans _ _ _ H1 (Rmin_l _ _)). assert (H1b := Rle_trans _ _ _ H1 (Rmin_r _ _)).
assert (H2 : h <= Rabs (l' - l) / (2 * (Rabs s + 1))) by apply Rmin_r.
assert (H3 : h * (2 * (Rabs s + 1)) <= Rabs (l' - l)).
{ apply Rmult_le_reg_r with (/ (2 * (Rabs s + 1))). apply Rinv_0_lt_compat; lra.
  rewrite Rmult_assoc, Rinv_r, Rmult_1_r by lra. exact H2. }
specialize (Hdl h ltac:(lra)). rewrite (Rabs_pos_eq h) in Hdl by lra. specialize (Hdl ltac:(lra)).
rewrite E in Hdl by lra.
replace ((f x + l' * h + s * h ^ 2 - f x) / h - l) with ((l' - l) + s * h) in Hdl by (field; lra).
assert (T := Rabs_triang_inv (l' - l) (- (s * h))). rewrite Rabs_Ropp, Rabs_mult, (Rabs_pos_eq h) in T by lra.
replace (l' - l - - (s * h)) with (l' - l + s * h) in T by ring. nra.
Qed.

Lemma derive_left : forall (f : R -> R) x l l', is_derive f x l -> left_exp f x l' -> l = l'.
Proof.
intros f x l l' D (d & s & P & E).
assert (D' : is_derive (fun y => f (- y)) (- x) (- l)).
{ evar_last. apply (is_derive_comp f Ropp). rewrite Ropp_involutive. exact D.
  apply (is_derive_opp (fun y : R => y) (- x) 1). apply (is_derive_id (- x)). unfold scal, opp; simpl. unfold mult; simpl. ring. }
cut (- l = - l'); [lra|]. apply (derive_right _ _ _ _ D'). exists d, s. split; trivial. intros h Hh.
replace (- (- x + h)) with (x - h) by ring. rewrite Ropp_involutive, E by trivial. ring.
Qed.
