(* SPDX-License-Identifier: Apache-2.0 *)
(* T8d-h: the gradient formulas are derivatives. A row moves along any differentiable path of modulated logits; partial
   derivatives with respect to one logit or one parameter are such paths. At knots: Clarke.v. *)
From Coq Require Import Reals Psatz Lia PeanoNat.
From Coquelicot Require Import Coquelicot.
From MultiMax Require Import Hinge Modulator Slopes RealSum Softmax.
Open Scope R_scope.

(* vector-Jacobian product of softmax: g = upstream gradient at the probabilities *)
Definition grad_sigma (n : nat) (s g : nat -> R) (i : nat) : R :=
  softmax n s i * (g i - sum n (fun k => softmax n s k * g k)).
(* the same at the log-probabilities *)
Definition grad_sigma_log (n : nat) (s g : nat -> R) (i : nat) : R := g i - softmax n s i * sum n g.

Definition moves (n : nat) (s : R -> nat -> R) (t : R) (v : nat -> R) : Prop :=
  forall k, (k < n)%nat -> is_derive (fun u => s u k) t (v k).

Lemma exp_sum_derive : forall n s t v, moves n s t v ->
  is_derive (fun u => exp_sum n (s u)) t (sum n (fun k => exp (s t k) * v k)).
Proof.
intros n s t v H. apply sum_derive. intros i Hi. evar_last.
apply (is_derive_comp exp (fun u => s u i)). apply is_derive_exp. now apply H.
unfold scal; simpl; unfold mult; simpl. ring.
Qed.

(* T8d *)
Theorem softmax_derive : forall n s t v i, (i < n)%nat -> moves n s t v ->
  is_derive (fun u => softmax n (s u) i) t
    (softmax n (s t) i * (v i - sum n (fun k => softmax n (s t) k * v k))).
Proof.
intros n s t v i Hi H. assert (P := exp_sum_pos n (s t) ltac:(lia)).
evar_last. apply is_derive_div.
apply (is_derive_comp exp (fun u => s u i)). apply is_derive_exp. now apply H.
apply exp_sum_derive. exact H. lra.
assert (E : sum n (fun k => exp (s t k) * v k) = exp_sum n (s t) * sum n (fun k => softmax n (s t) k * v k)).
{ rewrite <- sum_scal. apply sum_ext. intros. unfold softmax. field. lra. }
rewrite E. unfold scal, softmax; simpl. unfold mult; simpl. field. lra.
Qed.

(* the Jacobian: d p_i / d s_k = p_i (delta_ik - p_k) *)
Definition upd (x : nat -> R) (i : nat) (u : R) : nat -> R := fun k => if Nat.eq_dec k i then u else x k.
Lemma upd_self : forall x i k, upd x i (x i) k = x k.
Proof. intros x i k. unfold upd. destruct Nat.eq_dec; congruence. Qed.

Lemma upd_moves : forall n f x i l, is_derive f (x i) l -> moves n (fun u k => f (upd x i u k)) (x i) (fun k => l * delta i k).
Proof.
intros n f x i l D k Hk. unfold upd, delta. destruct (Nat.eq_dec k i), (Nat.eq_dec i k); try lia.
- now rewrite Rmult_1_r.
- rewrite Rmult_0_r. apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule) (f (x k)) (x i)).
Qed.

Theorem softmax_jacobian : forall n s i k, (i < n)%nat -> (k < n)%nat ->
  is_derive (fun u => softmax n (upd s k u) i) (s k) (softmax n s i * (delta i k - softmax n s k)).
Proof.
intros n s i k Hi Hk. evar_last.
apply (softmax_derive n (fun u j => upd s k u j) (s k) (fun j => 1 * delta k j)). exact Hi.
apply (upd_moves n (fun y => y)). apply (is_derive_id (s k)).
rewrite !(softmax_ext n (upd s k (s k)) s) by (trivial; intros; apply upd_self).
rewrite (sum_ext n _ (fun j => softmax n s j * delta k j))
  by (intros j Hj; rewrite (softmax_ext n (upd s k (s k)) s) by (trivial; intros; apply upd_self); ring).
rewrite (sum_delta n (softmax n s)) by exact Hk. unfold delta. destruct (Nat.eq_dec k i), (Nat.eq_dec i k); try lia; ring.
Qed.

(* T8e: d/dt sum g_i p_i = sum grad_sigma_i v_i *)
Theorem softmax_vjp : forall n s t v g, moves n s t v ->
  is_derive (fun u => sum n (fun i => g i * softmax n (s u) i)) t (sum n (fun i => grad_sigma n (s t) g i * v i)).
Proof.
intros n s t v g H. evar_last.
apply (sum_derive n (fun u i => g i * softmax n (s u) i)
  (fun i => g i * (softmax n (s t) i * (v i - sum n (fun k => softmax n (s t) k * v k))))).
intros i Hi. apply (is_derive_scal (fun u => softmax n (s u) i)). now apply softmax_derive.
set (p := softmax n (s t)). unfold grad_sigma. fold p.
rewrite (sum_ext n _ (fun i => g i * p i * v i - sum n (fun k => p k * v k) * (p i * g i))) by (intros; ring).
rewrite sum_minus, sum_scal.
rewrite (sum_ext n (fun i => p i * _ * v i) (fun i => g i * p i * v i - sum n (fun k => p k * g k) * (p i * v i))) by (intros; ring).
rewrite sum_minus, sum_scal. ring.
Qed.

Theorem grad_sigma_sum : forall n s g, (0 < n)%nat -> sum n (grad_sigma n s g) = 0.
Proof.
intros n s g Hn. unfold grad_sigma.
rewrite (sum_ext n _ (fun i => softmax n s i * g i - sum n (fun k => softmax n s k * g k) * softmax n s i)) by (intros; ring).
rewrite sum_minus, sum_scal, softmax_sum by exact Hn. ring.
Qed.

(* T8f: gradient at one logit, with the affine pre-map y = scale*x + shift *)
Theorem grad_logits : forall n P scale shift x g i, (i < n)%nat ->
  (c1 P = 0 \/ scale * x i + shift <> k1 P) -> (c2 P = 0 \/ scale * x i + shift <> k2 P) ->
  is_derive (fun u => sum n (fun k => g k * softmax n (fun j => modulated P scale shift (upd x i u j)) k)) (x i)
    (scale * dsigma P (scale * x i + shift) * grad_sigma n (fun j => modulated P scale shift (x j)) g i).
Proof.
intros n P scale shift x g i Hi H1 H2. evar_last.
apply (softmax_vjp n (fun u j => modulated P scale shift (upd x i u j)) (x i)
  (fun j => scale * dsigma P (scale * x i + shift) * delta i j)).
apply upd_moves. unfold modulated. evar_last.
apply (is_derive_comp (sigma P) (fun y => scale * y + shift) (x i)). now apply sigma_derive.
auto_derive; trivial. unfold scal; simpl; unfold mult; simpl. ring.
set (s := fun j => modulated P scale shift (x j)).
assert (E : forall j, (j < n)%nat -> grad_sigma n (fun j => modulated P scale shift (upd x i (x i) j)) g j = grad_sigma n s g j).
{ assert (Q : forall j, (j < n)%nat -> softmax n (fun j => modulated P scale shift (upd x i (x i) j)) j = softmax n s j).
  { intros j Hj. apply softmax_ext; trivial. intros. unfold s. now rewrite upd_self. }
  intros j Hj. unfold grad_sigma. rewrite Q by exact Hj. f_equal. f_equal. apply sum_ext. intros. now rewrite Q. }
rewrite (sum_ext n _ (fun j => (scale * dsigma P (scale * x i + shift) * grad_sigma n s g j) * delta i j))
  by (intros j Hj; rewrite E by exact Hj; ring).
now rewrite (sum_delta n (fun j => scale * dsigma P (scale * x i + shift) * grad_sigma n s g j)).
Qed.

(* T8h: log-probabilities; cross-entropy with target distribution q has gradient p - q *)
Theorem log_softmax_vjp : forall n s t v g, (0 < n)%nat -> moves n s t v ->
  is_derive (fun u => sum n (fun i => g i * log_softmax n (s u) i)) t (sum n (fun i => grad_sigma_log n (s t) g i * v i)).
Proof.
intros n s t v g Hn H. assert (P := exp_sum_pos n (s t) Hn). evar_last.
apply (sum_derive n (fun u i => g i * log_softmax n (s u) i)
  (fun i => g i * (v i - sum n (fun k => softmax n (s t) k * v k)))).
intros i Hi. apply (is_derive_scal (fun u => log_softmax n (s u) i)).
apply (is_derive_minus (K := R_AbsRing) (V := R_NormedModule) (fun u => s u i) (fun u => ln (exp_sum n (s u)))). now apply H.
evar_last. apply (is_derive_comp ln (fun u => exp_sum n (s u))). apply is_derive_ln. exact P.
apply exp_sum_derive. exact H.
unfold scal; simpl; unfold mult; simpl. rewrite Rmult_comm, <- sum_scal. apply sum_ext. intros. unfold softmax. field. lra.
set (p := softmax n (s t)). unfold grad_sigma_log. fold p.
rewrite (sum_ext n _ (fun i => g i * v i - sum n (fun k => p k * v k) * g i)) by (intros; ring).
rewrite sum_minus, sum_scal.
rewrite (sum_ext n (fun i => (g i - _) * v i) (fun i => g i * v i - sum n g * (p i * v i))) by (intros; ring).
rewrite sum_minus, sum_scal. ring.
Qed.

Definition cross_entropy (n : nat) (q s : nat -> R) : R := - sum n (fun i => q i * log_softmax n s i).
Theorem cross_entropy_derive : forall n s t v q, (0 < n)%nat -> sum n q = 1 -> moves n s t v ->
  is_derive (fun u => cross_entropy n q (s u)) t (sum n (fun i => (softmax n (s t) i - q i) * v i)).
Proof.
intros n s t v q Hn Hq H. unfold cross_entropy. evar_last.
apply (is_derive_opp (K := R_AbsRing) (V := R_NormedModule) (fun u => sum n (fun i => q i * log_softmax n (s u) i))).
apply log_softmax_vjp; eassumption. unfold opp; simpl. rewrite <- (Rmult_1_l (sum n _)), Ropp_mult_distr_l, <- sum_scal.
apply sum_ext. intros i Hi. unfold grad_sigma_log. rewrite Hq. ring.
Qed.

(* label smoothing: q = (1-a) e_y + a/n *)
Theorem smoothed_target_sum : forall n y a, (y < n)%nat -> sum n (fun k => (1 - a) * delta y k + a / INR n) = 1.
Proof.
intros n y a Hy. rewrite sum_plus, (sum_delta n (fun _ => 1 - a)), sum_const by exact Hy. field. apply not_0_INR. lia.
Qed.
