(* SPDX-License-Identifier: Apache-2.0 *)
(* T7: the modulator sigma of Eq. 6 over the reals, for ALL parameters (knots may cross). c1..c4 = 1-t_b1, t_d1-1, 1-t_b2,
   t_d2-1; k1..k4 = b1, d1, b2, d2. Continuity, explicit Lipschitz constant, derivative, one-sided derivatives. *)
From Coq Require Import Reals Psatz List.
From Coquelicot Require Import Coquelicot.
From MultiMax Require Import Hinge.
Import ListNotations.
Open Scope R_scope.

Record params := mk_params { c1 : R; c2 : R; c3 : R; c4 : R; k1 : R; k2 : R; k3 : R; k4 : R }.

Definition sigma (P : params) (x : R) : R :=
  x + c1 P * relu (k1 P - x) + c2 P * relu (x - k2 P) + c3 P * relu (k3 P - x) ^ 2 + c4 P * relu (x - k4 P) ^ 2.

(* affine pre-map: y = scale*x + shift *)
Definition modulated (P : params) (scale shift x : R) : R := sigma P (scale * x + shift).

(* the derivative as computed (strict indicators), and the one-sided derivatives *)
Definition dsigma (P : params) (x : R) : R :=
  1 - c1 P * step (k1 P - x) + c2 P * step (x - k2 P) - 2 * c3 P * relu (k3 P - x) + 2 * c4 P * relu (x - k4 P).
Definition slope_right (P : params) (x : R) : R :=
  1 - c1 P * step (k1 P - x) + c2 P * step_ge (x - k2 P) - 2 * c3 P * relu (k3 P - x) + 2 * c4 P * relu (x - k4 P).
Definition slope_left (P : params) (x : R) : R :=
  1 - c1 P * step_ge (k1 P - x) + c2 P * step (x - k2 P) - 2 * c3 P * relu (k3 P - x) + 2 * c4 P * relu (x - k4 P).

(* T7b: Lipschitz on [lo, hi] with an explicit constant *)
Definition lip_const (P : params) (lo hi : R) : R :=
  1 + Rabs (c1 P) + Rabs (c2 P) + 2 * Rabs (c3 P) * Rmax (k3 P - lo) 0 + 2 * Rabs (c4 P) * Rmax (hi - k4 P) 0.

Theorem sigma_lipschitz : forall P lo hi x y, lo <= x <= hi -> lo <= y <= hi ->
  Rabs (sigma P x - sigma P y) <= lip_const P lo hi * Rabs (x - y).
Proof.
intros P lo hi x y Hx Hy. unfold sigma, lip_const. rewrite <- !relu_max. set (D := Rabs (x - y)).
assert (PD : 0 <= D) by apply Rabs_pos.
assert (Scale : forall c u v k, Rabs (u - v) <= k * D -> Rabs (c * u - c * v) <= Rabs c * k * D).
{ intros c u v k Hu. replace (c * u - c * v) with (c * (u - v)) by ring.
  rewrite Rabs_mult, Rmult_assoc. apply Rmult_le_compat_l; [apply Rabs_pos | exact Hu]. }
assert (Lo : forall k, Rabs ((k - x) - (k - y)) = D).
{ intros k. unfold D. rewrite <- Rabs_Ropp. f_equal. ring. }
assert (Hi : forall k, Rabs ((x - k) - (y - k)) = D) by (intros k; unfold D; f_equal; ring).
assert (A1 : Rabs (c1 P * relu (k1 P - x) - c1 P * relu (k1 P - y)) <= Rabs (c1 P) * 1 * D).
{ apply Scale. rewrite Rmult_1_l, <- (Lo (k1 P)). apply relu_lip. }
assert (A2 : Rabs (c2 P * relu (x - k2 P) - c2 P * relu (y - k2 P)) <= Rabs (c2 P) * 1 * D).
{ apply Scale. rewrite Rmult_1_l, <- (Hi (k2 P)). apply relu_lip. }
assert (A3 : Rabs (c3 P * relu (k3 P - x) ^ 2 - c3 P * relu (k3 P - y) ^ 2) <= Rabs (c3 P) * (2 * relu (k3 P - lo)) * D).
{ apply Scale. rewrite <- (Lo (k3 P)). apply relu_sq_lip; lra. }
assert (A4 : Rabs (c4 P * relu (x - k4 P) ^ 2 - c4 P * relu (y - k4 P) ^ 2) <= Rabs (c4 P) * (2 * relu (hi - k4 P)) * D).
{ apply Scale. rewrite <- (Hi (k4 P)). apply relu_sq_lip; lra. }
match goal with |- Rabs (x + ?a + ?b + ?c + ?d - (y + ?a' + ?b' + ?c' + ?d')) <= _ =>
  replace (x + a + b + c + d - (y + a' + b' + c' + d')) with ((x - y) + ((a - a') + ((b - b') + ((c - c') + (d - d'))))) by ring;
  generalize (Rabs_triang (x - y) ((a - a') + ((b - b') + ((c - c') + (d - d')))))
    (Rabs_triang (a - a') ((b - b') + ((c - c') + (d - d')))) (Rabs_triang (b - b') ((c - c') + (d - d')))
    (Rabs_triang (c - c') (d - d')) end.
fold D. lra.
Qed.

(* T7a: continuous everywhere, for all parameters *)
Theorem sigma_continuous : forall P x, continuity_pt (sigma P) x.
Proof.
intros P x.
assert (Lo : forall k, continuity_pt (fun x => relu (k - x)) x).
{ intros k. apply (lip_continuous _ 1). intros y z. rewrite Rmult_1_l.
  replace (Rabs (y - z)) with (Rabs ((k - y) - (k - z))). apply relu_lip.
  rewrite <- Rabs_Ropp. f_equal. ring. }
assert (Hi : forall k, continuity_pt (fun x => relu (x - k)) x).
{ intros k. apply (lip_continuous _ 1). intros y z. rewrite Rmult_1_l.
  replace (y - z) with ((y - k) - (z - k)) by ring. apply relu_lip. }
assert (Sq : forall f, continuity_pt f x -> continuity_pt (fun x => f x ^ 2) x).
{ intros f Hf. apply continuity_pt_ext with (fun x => f x * f x). intros t. simpl. ring.
  now apply continuity_pt_mult. }
unfold sigma. repeat apply continuity_pt_plus; try (apply continuity_pt_scal; auto; fail).
apply derivable_continuous_pt, derivable_pt_id.
all: apply (continuity_pt_scal (fun x => relu _ ^ 2)); apply Sq; auto.
Qed.

Corollary modulated_lipschitz : forall P scale shift lo hi x y,
  lo <= scale * x + shift <= hi -> lo <= scale * y + shift <= hi ->
  Rabs (modulated P scale shift x - modulated P scale shift y) <= lip_const P lo hi * Rabs scale * Rabs (x - y).
Proof.
intros P scale shift lo hi x y Hx Hy. unfold modulated.
eapply Rle_trans. apply (sigma_lipschitz P lo hi); assumption.
replace (scale * x + shift - (scale * y + shift)) with (scale * (x - y)) by ring. rewrite Rabs_mult. lra.
Qed.

(* where no term is active sigma is the identity *)
Theorem sigma_identity : forall P x, k1 P <= x -> x <= k2 P -> k3 P <= x -> x <= k4 P -> sigma P x = x.
Proof. intros P x H1 H2 H3 H4. unfold sigma. hinge; lra. Qed.

(* one-sided derivatives: sigma is exactly quadratic on each side of every point *)
Lemma relu_low_right : forall k x, exists d, 0 < d /\ forall h, 0 <= h < d -> relu (k - (x + h)) = relu (k - x) - step (k - x) * h.
Proof.
intros k x. destruct (Rlt_dec x k); [exists (k - x) | exists 1]; (split; [lra|]); intros h Hh; hinge; lra.
Qed.
Lemma relu_high_right : forall k x, exists d, 0 < d /\ forall h, 0 <= h < d -> relu (x + h - k) = relu (x - k) + step_ge (x - k) * h.
Proof.
intros k x. destruct (Rlt_dec x k); [exists (k - x) | exists 1]; (split; [lra|]); intros h Hh; hinge; lra.
Qed.
Lemma relu_low_left : forall k x, exists d, 0 < d /\ forall h, 0 <= h < d -> relu (k - (x - h)) = relu (k - x) + step_ge (k - x) * h.
Proof.
intros k x. destruct (Rlt_dec k x); [exists (x - k) | exists 1]; (split; [lra|]); intros h Hh; hinge; lra.
Qed.
Lemma relu_high_left : forall k x, exists d, 0 < d /\ forall h, 0 <= h < d -> relu (x - h - k) = relu (x - k) - step (x - k) * h.
Proof.
intros k x. destruct (Rlt_dec k x); [exists (x - k) | exists 1]; (split; [lra|]); intros h Hh; hinge; lra.
Qed.
Lemma relu_step : forall u, relu u * step u = relu u /\ relu u * step_ge u = relu u.
Proof. intros u. hinge; lra. Qed.

Theorem sigma_right : forall P x, right_exp (sigma P) x (slope_right P x).
Proof.
intros P x.
destruct (relu_low_right (k1 P) x) as (d1 & P1 & E1). destruct (relu_high_right (k2 P) x) as (d2 & P2 & E2).
destruct (relu_low_right (k3 P) x) as (d3 & P3 & E3). destruct (relu_high_right (k4 P) x) as (d4 & P4 & E4).
exists (Rmin (Rmin d1 d2) (Rmin d3 d4)), (c3 P * step (k3 P - x) ^ 2 + c4 P * step_ge (x - k4 P) ^ 2).
split. repeat apply Rmin_pos; trivial. intros h [Hh H].
generalize (Rmin_l (Rmin d1 d2) (Rmin d3 d4)) (Rmin_r (Rmin d1 d2) (Rmin d3 d4)). intros.
generalize (Rmin_l d1 d2) (Rmin_r d1 d2) (Rmin_l d3 d4) (Rmin_r d3 d4). intros.
unfold sigma, slope_right. rewrite E1, E2, E3, E4 by lra.
destruct (relu_step (k3 P - x)) as [S3 _]. destruct (relu_step (x - k4 P)) as [_ S4].
ring [S3 S4].
Qed.

Theorem sigma_left : forall P x, left_exp (sigma P) x (slope_left P x).
Proof.
intros P x.
destruct (relu_low_left (k1 P) x) as (d1 & P1 & E1). destruct (relu_high_left (k2 P) x) as (d2 & P2 & E2).
destruct (relu_low_left (k3 P) x) as (d3 & P3 & E3). destruct (relu_high_left (k4 P) x) as (d4 & P4 & E4).
exists (Rmin (Rmin d1 d2) (Rmin d3 d4)), (c3 P * step_ge (k3 P - x) ^ 2 + c4 P * step (x - k4 P) ^ 2).
split. repeat apply Rmin_pos; trivial. intros h [Hh H].
generalize (Rmin_l (Rmin d1 d2) (Rmin d3 d4)) (Rmin_r (Rmin d1 d2) (Rmin d3 d4)). intros.
generalize (Rmin_l d1 d2) (Rmin_r d1 d2) (Rmin_l d3 d4) (Rmin_r d3 d4). intros.
unfold sigma, slope_left. rewrite E1, E2, E3, E4 by lra.
destruct (relu_step (k3 P - x)) as [_ S3]. destruct (relu_step (x - k4 P)) as [S4 _].
ring [S3 S4].
Qed.
