(* SPDX-License-Identifier: Apache-2.0 *)
(* T8i: what the computed derivative is at a first-order knot. The Clarke derivative of sigma at x is the interval between
   the one-sided slopes (Slopes.dsigma_near: they are the limits of the derivative from both sides). *)
From Coq Require Import Reals Psatz.
From MultiMax Require Import Hinge Modulator Slopes.
Open Scope R_scope.

Definition clarke (P : params) (x q : R) : Prop :=
  Rmin (slope_left P x) (slope_right P x) <= q <= Rmax (slope_left P x) (slope_right P x).

Lemma clarke_product : forall P x q, clarke P x q <-> (q - slope_left P x) * (slope_right P x - q) >= 0.
Proof.
intros P x q. unfold clarke, Rmin, Rmax. destruct Rle_dec; split; intros H; try nra;
  split; apply Rnot_lt_le; intros C; nra.
Qed.

(* distinct knots: the computed value is one of the one-sided derivatives; at b1 > d1 the one at b1 is 1 + c2 = t_d1 *)
Theorem dsigma_one_sided : forall P x, k1 P <> k2 P -> dsigma P x = slope_left P x \/ dsigma P x = slope_right P x.
Proof.
intros P x N. unfold dsigma, slope_left, slope_right.
destruct (Req_dec x (k1 P)) as [->|N1]; [right | left]; hinge; lra.
Qed.
Theorem dsigma_at_b1 : forall P, dsigma P (k1 P) = slope_right P (k1 P) \/ k1 P = k2 P.
Proof.
intros P. destruct (Req_dec (k1 P) (k2 P)) as [E|N]; [now right|left].
unfold dsigma, slope_right. hinge; lra.
Qed.
Theorem dsigma_crossed : forall P, k2 P < k1 P -> k3 P <= k1 P -> k1 P <= k4 P -> dsigma P (k1 P) = 1 + c2 P.
Proof. intros P H1 H2 H3. unfold dsigma. hinge; lra. Qed.

(* in the Clarke derivative everywhere iff the knots differ or the slopes' jumps do not oppose each other *)
Theorem dsigma_clarke_iff : forall P, (forall x, clarke P x (dsigma P x)) <-> k1 P <> k2 P \/ 0 <= c1 P * c2 P.
Proof.
intros P. split.
- intros H. destruct (Req_dec (k1 P) (k2 P)) as [E|N]; [right|now left].
  specialize (H (k1 P)). rewrite clarke_product in H. unfold dsigma, slope_left, slope_right in H.
  rewrite <- E in H. revert H. hinge; nra.
- intros H x. rewrite clarke_product. destruct H as [N|H].
  + destruct (dsigma_one_sided P x N) as [E|E]; rewrite E; nra.
  + unfold dsigma, slope_left, slope_right. hinge; nra.
Qed.

(* off the first-order knots it is the only element *)
Theorem clarke_unique : forall P x q, x <> k1 P -> x <> k2 P -> clarke P x q -> q = dsigma P x.
Proof.
intros P x q N1 N2. assert (E : slope_left P x = dsigma P x /\ slope_right P x = dsigma P x).
{ unfold dsigma, slope_left, slope_right. hinge; lra. }
unfold clarke. destruct E as [-> ->]. rewrite Rmin_left, Rmax_left by lra. lra.
Qed.
