(* SPDX-License-Identifier: Apache-2.0 *)
(* T7/T8: the derivative of sigma off the first-order knots, where sigma is C1, and increments of sigma on [lo, hi]
   decided by finitely many one-sided slopes: at the ends and at the knots inside. *)
From Coq Require Import Reals Psatz List.
From Coquelicot Require Import Coquelicot.
From MultiMax Require Import Hinge Modulator.
Import ListNotations.
Open Scope R_scope.

Definition first_knots (P : params) : list R := [k1 P; k2 P].
Definition knots (P : params) : list R := [k1 P; k2 P; k3 P; k4 P].

(* T8a: the computed derivative is the derivative wherever the active first-order knots are not *)
Theorem sigma_derive : forall P x, (c1 P = 0 \/ x <> k1 P) -> (c2 P = 0 \/ x <> k2 P) ->
  is_derive (sigma P) x (dsigma P x).
Proof.
intros P x H1 H2. apply expansion_derive.
- replace (dsigma P x) with (slope_right P x). apply sigma_right.
  unfold dsigma, slope_right. destruct H2 as [->|H2]; [ring|]. hinge; lra.
- replace (dsigma P x) with (slope_left P x). apply sigma_left.
  unfold dsigma, slope_left. destruct H1 as [->|H1]; [ring|]. hinge; lra.
Qed.

(* the jump of the slope at a point *)
Lemma slope_jump : forall P x, slope_right P x - slope_left P x
  = c1 P * (step_ge (k1 P - x) - step (k1 P - x)) + c2 P * (step_ge (x - k2 P) - step (x - k2 P)).
Proof. intros P x. unfold slope_right, slope_left. ring. Qed.

Theorem derivable_iff : forall P (x : R), ex_derive (sigma P) x <-> slope_left P x = slope_right P x.
Proof.
intros P x. split.
- intros [l D]. rewrite <- (derive_left _ _ _ _ D (sigma_left P x)). apply (derive_right _ _ _ _ D (sigma_right P x)).
- intros E. exists (slope_right P x). apply expansion_derive. apply sigma_right. rewrite <- E. apply sigma_left.
Qed.

(* T8b: differentiable everywhere iff both first-order terms vanish, or their kinks sit at one knot and cancel *)
Theorem derivable_everywhere_iff : forall P,
  (forall x : R, ex_derive (sigma P) x) <-> (c1 P = 0 /\ c2 P = 0) \/ (k1 P = k2 P /\ c1 P + c2 P = 0).
Proof.
intros P. split.
- intros D. assert (J : forall x, slope_right P x - slope_left P x = 0).
  { intros x. generalize (proj1 (derivable_iff P x) (D x)). lra. }
  generalize (J (k1 P)) (J (k2 P)). rewrite !slope_jump. clear D J.
  destruct (Req_dec (k1 P) (k2 P)) as [E|N].
  + rewrite E. intros H _. right. revert H. hinge; lra.
  + left. hinge; lra.
- intros H x. apply derivable_iff. generalize (slope_jump P x).
  destruct H as [[-> ->]|[E H]]; [lra|]. rewrite E. hinge; lra.
Qed.

(* T8c: the derivative as computed (strict indicators) is continuous iff t_b1 = t_d1 = 1 *)
Lemma dsigma_near : forall P x, exists d K, 0 < d /\ forall h, 0 < h < d ->
  Rabs (dsigma P (x + h) - slope_right P x) <= K * h /\ Rabs (dsigma P (x - h) - slope_left P x) <= K * h.
Proof.
intros P x.
set (away := fun k => if Req_EM_T x k then 1 else Rabs (x - k)).
assert (Pa : forall k, 0 < away k).
{ intros k. unfold away. destruct Req_EM_T; [lra|]. apply Rabs_pos_lt. lra. }
exists (Rmin (away (k1 P)) (away (k2 P))), (2 * Rabs (c3 P) + 2 * Rabs (c4 P)).
split. now apply Rmin_pos. intros h Hh.
assert (H1 := Rlt_le_trans _ _ _ (proj2 Hh) (Rmin_l _ _)). assert (H2 := Rlt_le_trans _ _ _ (proj2 Hh) (Rmin_r _ _)).
assert (Bound : forall a b u v, Rabs u <= h -> Rabs v <= h -> Rabs (a * u + b * v) <= (Rabs a + Rabs b) * h).
{ intros a b u v Hu Hv. eapply Rle_trans. apply Rabs_triang. rewrite !Rabs_mult.
  generalize (Rabs_pos a) (Rabs_pos b). nra. }
assert (L : forall a b, Rabs (a - b) = h -> Rabs (relu a - relu b) <= h) by (intros a b <-; apply relu_lip).
assert (Ab : Rabs h = h) by (apply Rabs_pos_eq; lra).
assert (Abn : Rabs (- h) = h) by (rewrite Rabs_Ropp; exact Ab).
assert (Two : forall c, Rabs (-2 * c) = 2 * Rabs c /\ Rabs (2 * c) = 2 * Rabs c).
{ intros c. rewrite !Rabs_mult. split; f_equal; unfold Rabs; destruct Rcase_abs; lra. }
assert (S : forall k, h < away k ->
  step (k - (x + h)) = step (k - x) /\ step (x + h - k) = step_ge (x - k) /\
  step (k - (x - h)) = step_ge (k - x) /\ step (x - h - k) = step (x - k)).
{ intros k Hk. unfold away in Hk. destruct Req_EM_T as [->|N].
  repeat split; hinge; lra. unfold Rabs in Hk. destruct Rcase_abs; repeat split; hinge; lra. }
destruct (S _ H1) as (S1 & _ & S1' & _). destruct (S _ H2) as (_ & S2 & _ & S2').
unfold dsigma, slope_right, slope_left. rewrite S1, S2, S1', S2'.
destruct (Two (c3 P)) as [T3 _]. destruct (Two (c4 P)) as [_ T4].
rewrite <- T3, <- T4. split.
- match goal with |- Rabs ?e <= _ => replace e with (-2 * c3 P * (relu (k3 P - (x + h)) - relu (k3 P - x))
    + 2 * c4 P * (relu (x + h - k4 P) - relu (x - k4 P))) by ring end.
  apply Bound; apply L; [rewrite <- Abn at 2 | rewrite <- Ab at 2]; f_equal; ring.
- match goal with |- Rabs ?e <= _ => replace e with (-2 * c3 P * (relu (k3 P - (x - h)) - relu (k3 P - x))
    + 2 * c4 P * (relu (x - h - k4 P) - relu (x - k4 P))) by ring end.
  apply Bound; apply L; [rewrite <- Ab at 2 | rewrite <- Abn at 2]; f_equal; ring.
Qed.

Lemma dsigma_continuous_at : forall P x, continuity_pt (dsigma P) x <-> slope_left P x = dsigma P x /\ slope_right P x = dsigma P x.
Proof.
intros P x. destruct (dsigma_near P x) as (d & K & Pd & B).
assert (PK : 0 <= K).
{ destruct (B (d / 2) ltac:(lra)) as [B1 _]. generalize (Rabs_pos (dsigma P (x + d / 2) - slope_right P x)). nra. }
split.
- intros C. unfold continuity_pt, continue_in, limit1_in, limit_in in C; simpl in C; unfold R_dist in C.
  assert (Z : forall l, (forall h, 0 < h < d -> exists y, Rabs (y - x) = h /\ Rabs (dsigma P y - l) <= K * h) -> l = dsigma P x).
  { intros l Hl. destruct (Req_dec l (dsigma P x)) as [E|N]; trivial. exfalso.
    set (e := Rabs (l - dsigma P x) / 2).
    assert (Pe : 0 < e) by (unfold e; assert (0 < Rabs (l - dsigma P x)) by (apply Rabs_pos_lt; lra); lra).
    destruct (C e Pe) as (a & Pa & Ha).
    set (h := Rmin (Rmin (d / 2) (a / 2)) (e / (K + 1))).
    assert (Ph : 0 < h). { unfold h. repeat apply Rmin_pos; try lra. apply Rdiv_lt_0_compat; lra. }
    assert (h1 : h <= Rmin (d / 2) (a / 2)) by apply Rmin_l.
    assert (h2 := Rle_trans _ _ _ h1 (Rmin_l _ _)). assert (h3 := Rle_trans _ _ _ h1 (Rmin_r _ _)).
    assert (h4 : h * (K + 1) <= e).
    { apply Rmult_le_reg_r with (/ (K + 1)). apply Rinv_0_lt_compat; lra.
      rewrite Rmult_assoc, Rinv_r, Rmult_1_r by lra. apply Rmin_r. }
    destruct (Hl h ltac:(lra)) as (y & Hy & Dy).
    assert (Cy : Rabs (dsigma P y - dsigma P x) < e).
    { apply Ha. split; [split; [exact I|]|lra]. intros E0. rewrite E0, Rminus_eq_0, Rabs_R0 in Hy. lra. }
    assert (T := Rabs_triang (dsigma P y - dsigma P x) (l - dsigma P y)).
    rewrite (Rabs_minus_sym l (dsigma P y)) in T.
    replace (dsigma P y - dsigma P x + (l - dsigma P y)) with (l - dsigma P x) in T by ring.
    unfold e in *. nra. }
  split; apply Z; intros h Hh; destruct (B h Hh) as [B1 B2].
  + exists (x - h). split; trivial. replace (x - h - x) with (- h) by ring. rewrite Rabs_Ropp. apply Rabs_pos_eq; lra.
  + exists (x + h). split; trivial. replace (x + h - x) with h by ring. apply Rabs_pos_eq; lra.
- intros [El Er]. rewrite El, Er in B. intros e Pe. exists (Rmin d (e / (K + 1))).
  split. apply Rmin_pos; trivial. apply Rdiv_lt_0_compat; lra.
  intros y [[_ N] Hy]. simpl in *. unfold R_dist in *.
  assert (y1 := Rlt_le_trans _ _ _ Hy (Rmin_l _ _)). assert (y2 := Rlt_le_trans _ _ _ Hy (Rmin_r _ _)).
  assert (y3 : Rabs (y - x) * (K + 1) < e).
  { apply Rmult_lt_reg_r with (/ (K + 1)). apply Rinv_0_lt_compat; lra.
    rewrite Rmult_assoc, Rinv_r, Rmult_1_r by lra. exact y2. }
  set (h := Rabs (y - x)) in *. assert (Ph : 0 < h) by (apply Rabs_pos_lt; lra).
  apply Rle_lt_trans with (K * h); [|nra].
  destruct (B h ltac:(lra)) as [B1 B2]. unfold h in B1, B2 |- *.
  destruct (Rle_dec x y) as [O|O].
  + rewrite (Rabs_pos_eq (y - x)) in B1 by lra. replace (x + (y - x)) with y in B1 by ring.
    rewrite (Rabs_pos_eq (y - x)) by lra. exact B1.
  + rewrite (Rabs_left (y - x)) in B2 by lra. replace (x - - (y - x)) with y in B2 by ring.
    rewrite (Rabs_left (y - x)) by lra. exact B2.
Qed.

Theorem dsigma_continuous_iff : forall P,
  (forall x, continuity_pt (dsigma P) x) <-> c1 P = 0 /\ c2 P = 0.
Proof.
intros P. split.
- intros C. destruct (proj1 (dsigma_continuous_at P (k1 P)) (C _)) as [H1 _].
  destruct (proj1 (dsigma_continuous_at P (k2 P)) (C _)) as [_ H2].
  unfold slope_left, slope_right, dsigma in H1, H2. split; [clear H2 | clear H1]; hinge; lra.
- intros [E1 E2] x. apply dsigma_continuous_at. unfold slope_left, slope_right, dsigma. rewrite E1, E2. lra.
Qed.
