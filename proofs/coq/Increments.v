(* SPDX-License-Identifier: Apache-2.0 *)
(* T7c-e: on [lo, hi] the increments of sigma are decided by finitely many one-sided slopes, at the ends and at the knots
   inside: the exact Lipschitz constant, and an exact test for monotonicity. *)
From Coq Require Import Reals Psatz List.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core.Raux.
From MultiMax Require Import Hinge Modulator Slopes.
Import ListNotations.
Open Scope R_scope.

(* neighbours of x in a finite set *)
Lemma bracket : forall l x lo hi, lo < x < hi -> ~ In x l -> exists u v,
  lo <= u < x /\ x < v <= hi /\ (u = lo \/ In u l) /\ (v = hi \/ In v l) /\ forall k, In k l -> k <= u \/ v <= k.
Proof.
induction l as [|k l IH]; intros x lo hi Hx N.
- exists lo, hi. repeat split; try lra; now left.
- destruct (IH x lo hi Hx) as (u & v & Hu & Hv & Mu & Mv & B). intros I. apply N. now right.
  assert (Nk : k <> x) by (intros ->; apply N; now left).
  destruct (Rlt_dec u k) as [H1|H1]; [destruct (Rlt_dec k v) as [H2|H2]|].
  + destruct (Rlt_dec k x) as [H3|H3].
    * exists k, v. repeat split; try lra; simpl; try tauto.
      intros k' [->|I]. lra. destruct (B k' I); lra.
    * exists u, k. repeat split; try lra; simpl; try tauto.
      intros k' [->|I]. lra. destruct (B k' I); lra.
  + exists u, v. repeat split; try lra; simpl; try tauto. intros k' [->|I]. lra. destruct (B k' I); lra.
  + exists u, v. repeat split; try lra; simpl; try tauto. intros k' [->|I]. lra. destruct (B k' I); lra.
Qed.

(* between neighbouring knots the derivative is affine, from the right slope at u to the left slope at v *)
Lemma affine_piece : forall P u v x, u < x < v -> (forall k, In k (knots P) -> k <= u \/ v <= k) ->
  (v - u) * dsigma P x = (v - x) * slope_right P u + (x - u) * slope_left P v.
Proof.
intros P u v x Hx B.
assert (Lo : forall k, k <= u \/ v <= k -> step (k - u) = step (k - x) /\ step_ge (k - v) = step (k - x) /\
   (v - u) * relu (k - x) = (v - x) * relu (k - u) + (x - u) * relu (k - v)).
{ intros k Hk. hinge; repeat split; first [lra | ring | nra]. }
assert (Hi : forall k, k <= u \/ v <= k -> step_ge (u - k) = step (x - k) /\ step (v - k) = step (x - k) /\
   (v - u) * relu (x - k) = (v - x) * relu (u - k) + (x - u) * relu (v - k)).
{ intros k Hk. hinge; repeat split; first [lra | ring | nra]. }
destruct (Lo (k1 P)) as (A1 & A2 & _). { apply B. simpl. tauto. }
destruct (Hi (k2 P)) as (B1 & B2 & _). { apply B. simpl. tauto. }
destruct (Lo (k3 P)) as (_ & _ & A3). { apply B. simpl. tauto. }
destruct (Hi (k4 P)) as (_ & _ & A4). { apply B. simpl. tauto. }
unfold dsigma, slope_right, slope_left. rewrite A1, A2, B1, B2.
transitivity ((v - u) * (1 - c1 P * step (k1 P - x) + c2 P * step (x - k2 P))
  - 2 * c3 P * ((v - u) * relu (k3 P - x)) + 2 * c4 P * ((v - u) * relu (x - k4 P))). ring.
rewrite A3, A4. ring.
Qed.

(* a property of the slopes that matter on [lo, hi] *)
Definition all_slopes (P : params) (lo hi : R) (Q : R -> Prop) : Prop :=
  Q (slope_right P lo) /\ Q (slope_left P hi) /\
  forall k, In k (knots P) -> lo < k < hi -> Q (slope_left P k) /\ Q (slope_right P k).

(* T7c: increments of s*sigma are at least m times the distance iff finitely many slopes are; s = 1 or -1 in use *)
Theorem increments_iff : forall P s m lo hi, lo < hi ->
  ((forall x y, lo <= x -> x <= y -> y <= hi -> m * (y - x) <= s * (sigma P y - sigma P x))
   <-> all_slopes P lo hi (fun q => m <= s * q)).
Proof.
intros P s m lo hi Hlh. split.
- intros H.
  assert (Right : forall x, lo <= x < hi -> m <= s * slope_right P x).
  { intros x Hx. destruct (sigma_right P x) as (d & q & Pd & E).
    apply (slope_bound _ (s * q) _ (Rmin d (hi - x))). apply Rmin_pos; lra.
    intros h Hh. assert (h1 := Rlt_le_trans _ _ _ (proj2 Hh) (Rmin_l _ _)).
    assert (h2 := Rlt_le_trans _ _ _ (proj2 Hh) (Rmin_r _ _)).
    generalize (H x (x + h) ltac:(lra) ltac:(lra) ltac:(lra)). rewrite E by lra. intros H'.
    replace (x + h - x) with h in H' by ring. lra. }
  assert (Left : forall x, lo < x <= hi -> m <= s * slope_left P x).
  { intros x Hx. destruct (sigma_left P x) as (d & q & Pd & E).
    apply (slope_bound _ (- (s * q)) _ (Rmin d (x - lo))). apply Rmin_pos; lra.
    intros h Hh. assert (h1 := Rlt_le_trans _ _ _ (proj2 Hh) (Rmin_l _ _)).
    assert (h2 := Rlt_le_trans _ _ _ (proj2 Hh) (Rmin_r _ _)).
    generalize (H (x - h) x ltac:(lra) ltac:(lra) ltac:(lra)). rewrite E by lra. intros H'.
    replace (x - (x - h)) with h in H' by ring. lra. }
  repeat split. apply Right; lra. apply Left; lra. apply Left; lra. apply Right; lra.
- intros (S1 & S2 & S3) x y Hx Hxy Hy.
  replace (s * (sigma P y - sigma P x)) with ((fun z => s * sigma P z) y - (fun z => s * sigma P z) x) by ring.
  apply (increment_ge (knots P) (fun z => s * sigma P z) (fun z => s * dsigma P z)); trivial.
  + intros z _. apply (continuity_pt_scal (sigma P)). apply sigma_continuous.
  + intros z Hz N. split.
    * apply (is_derive_scal (sigma P)). apply sigma_derive; right; intros ->; apply N; simpl; tauto.
    * destruct (bracket (knots P) z lo hi) as (u & v & Hu & Hv & Mu & Mv & B); trivial. lra.
      assert (A := affine_piece P u v z ltac:(lra) B).
      assert (Qu : m <= s * slope_right P u).
      { destruct Mu as [->|I]; trivial. destruct (Req_dec u lo) as [->|Ne]; trivial. apply S3; trivial. lra. }
      assert (Qv : m <= s * slope_left P v).
      { destruct Mv as [->|I]; trivial. destruct (Req_dec v hi) as [->|Ne]; trivial. apply S3; trivial. lra. }
      apply Rmult_le_reg_l with (v - u). lra.
      replace ((v - u) * (s * dsigma P z)) with (s * ((v - u) * dsigma P z)) by ring. rewrite A. nra.
Qed.

(* T7d: non-decreasing on [lo, hi] iff these slopes are not negative *)
Theorem increasing_iff : forall P lo hi, lo < hi ->
  ((forall x y, lo <= x -> x <= y -> y <= hi -> sigma P x <= sigma P y) <-> all_slopes P lo hi (fun q => 0 <= q)).
Proof.
intros P lo hi H. assert (I := increments_iff P 1 0 lo hi H). split.
- intros M. assert (A : all_slopes P lo hi (fun q => 0 <= 1 * q)).
  { apply I. intros x y Hx Hxy Hy. generalize (M x y Hx Hxy Hy). lra. }
  destruct A as (A1 & A2 & A3). repeat split; try lra; intros; destruct (A3 k); trivial; lra.
- intros (A1 & A2 & A3) x y Hx Hxy Hy.
  assert (B : all_slopes P lo hi (fun q => 0 <= 1 * q)).
  { repeat split; try lra; intros; destruct (A3 k); trivial; lra. }
  generalize (proj2 I B x y Hx Hxy Hy). lra.
Qed.

Theorem strictly_increasing : forall P lo hi x y, (forall z, lo < z < hi -> ~ In z (knots P) -> 0 < dsigma P z) ->
  lo <= x -> x < y -> y <= hi -> sigma P x < sigma P y.
Proof.
intros P lo hi x y H Hx Hxy Hy. apply (increment_gt (knots P) _ (dsigma P)); trivial.
- intros z _. apply sigma_continuous.
- intros z Hz N. split. apply sigma_derive; right; intros ->; apply N; simpl; tauto.
  apply H; trivial; lra.
Qed.

(* T7e: the largest |slope| on [lo, hi] *)
Definition sup_slope (P : params) (lo hi : R) : R :=
  fold_right (fun k m => if Rlt_dec lo k then if Rlt_dec k hi
    then Rmax (Rmax (Rabs (slope_left P k)) (Rabs (slope_right P k))) m else m else m)
  (Rmax (Rabs (slope_right P lo)) (Rabs (slope_left P hi))) (knots P).

Lemma sup_slope_le : forall P lo hi K, sup_slope P lo hi <= K <-> all_slopes P lo hi (fun q => Rabs q <= K).
Proof.
intros P lo hi K. unfold sup_slope, all_slopes.
assert (M : forall a b, Rmax a b <= K <-> a <= K /\ b <= K).
{ intros a b. split. intros H. generalize (Rmax_l a b) (Rmax_r a b). lra. intros [A B]. now apply Rmax_lub. }
generalize (knots P). induction l as [|k l IH]; simpl.
- rewrite M. split. intros [A B]. repeat split; trivial; now destruct H. tauto.
- assert (E : forall (A B : Prop), (A /\ B /\ (forall k', k = k' \/ In k' l -> lo < k' < hi ->
      Rabs (slope_left P k') <= K /\ Rabs (slope_right P k') <= K)) <->
    ((lo < k < hi -> Rabs (slope_left P k) <= K /\ Rabs (slope_right P k) <= K) /\
      (A /\ B /\ forall k', In k' l -> lo < k' < hi -> Rabs (slope_left P k') <= K /\ Rabs (slope_right P k') <= K))).
  { intros A B. split.
    - intros (X & Y & Z). split; [|split; [|split]]; trivial; intros; apply Z; auto.
    - intros (W & X & Y & Z). split; [|split]; trivial. intros k' [<-|I]; auto. }
  rewrite E, <- IH. destruct (Rlt_dec lo k), (Rlt_dec k hi); rewrite ?M; split; intros H; try (split; [intros|]); tauto || lra.
Qed.

Theorem lipschitz_iff : forall P lo hi K, lo < hi ->
  ((forall x y, lo <= x <= hi -> lo <= y <= hi -> Rabs (sigma P x - sigma P y) <= K * Rabs (x - y))
   <-> sup_slope P lo hi <= K).
Proof.
intros P lo hi K H. rewrite sup_slope_le.
assert (Up := increments_iff P (-1) (- K) lo hi H). assert (Dn := increments_iff P 1 (- K) lo hi H).
split.
- intros L.
  assert (L' : forall x y, lo <= x -> x <= y -> y <= hi -> - (K * (y - x)) <= sigma P y - sigma P x <= K * (y - x)).
  { intros x y Hx Hxy Hy. assert (A := L y x ltac:(lra) ltac:(lra)). rewrite (Rabs_pos_eq (y - x)) in A by lra.
    now apply Rabs_le_inv in A. }
  destruct (proj1 Up) as (A1 & A2 & A3). { intros x y Hx Hxy Hy. generalize (L' x y Hx Hxy Hy). lra. }
  destruct (proj1 Dn) as (B1 & B2 & B3). { intros x y Hx Hxy Hy. generalize (L' x y Hx Hxy Hy). lra. }
  repeat split; try (apply Rabs_le; lra); destruct (A3 k), (B3 k); trivial; apply Rabs_le; lra.
- intros (A1 & A2 & A3). apply Rabs_le_inv in A1, A2.
  assert (A4 : forall k, In k (knots P) -> lo < k < hi -> - K <= slope_left P k <= K /\ - K <= slope_right P k <= K).
  { intros k I Hk. destruct (A3 k I Hk) as [X Y]. apply Rabs_le_inv in X, Y. tauto. }
  assert (L' : forall x y, lo <= x -> x <= y -> y <= hi -> Rabs (sigma P x - sigma P y) <= K * Rabs (x - y)).
  { intros x y Hx Hxy Hy.
    assert (U : - K * (y - x) <= -1 * (sigma P y - sigma P x)).
    { apply Up; trivial. repeat split; try lra; destruct (A4 k); trivial; lra. }
    assert (D : - K * (y - x) <= 1 * (sigma P y - sigma P x)).
    { apply Dn; trivial. repeat split; try lra; destruct (A4 k); trivial; lra. }
    rewrite (Rabs_minus_sym x y), (Rabs_pos_eq (y - x)) by lra. apply Rabs_le. lra. }
  intros x y Hx Hy. destruct (Rle_dec x y). apply L'; lra.
  rewrite Rabs_minus_sym, (Rabs_minus_sym x y). apply L'; lra.
Qed.
