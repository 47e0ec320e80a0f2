(* SPDX-License-Identifier: Apache-2.0 *)
(* T8 for the parameters of the cross-entropy: the sums that LossGradParams.v compares with, taken at the exact arguments, are the derivatives of
   w times the row's loss in the eight parameters (times their factor), scale and shift, masks and smoothing included. *)
From Coq Require Import Reals ZArith Psatz.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Hinge Modulator Slopes SigmaFloat AffineFloat RealSum Softmax Gradient ParamGradient Contract Accuracy LossContract
  LossTerms LossBound GradContract GradExact GradMoments GradParams LossGradContract LossGradExact.
Open Scope R_scope.

Definition loss_moment_exact (r : row) (y : nat) (a w : R) (j : moment) : R :=
  sum (size r) (kept r (fun i => w * (multimax_row r i - target_share r y a i) * moment_factor (coefs r) (logit r i) (argument r i) j)).

Lemma loss_path_derive : forall r y a w (P : R -> params) (sc sh : R -> R) t v, (y < size r)%nat -> taken r y = true ->
  coefs r = P t -> scale r = sc t -> shift r = sh t ->
  (forall k, (k < size r)%nat -> taken r k = true -> is_derive (fun u => sigma (P u) (sc u * logit r k + sh u)) t (v k)) ->
  is_derive (fun u => w * cross_entropy (with_params r (P u) (sc u) (sh u)) y a) t
    (sum (size r) (kept r (fun k => w * (multimax_row r k - target_share r y a k) * v k))).
Proof.
intros r y a w P sc sh t v Hy Ty EP Es Eh D.
set (s := fun u k => sigma (P u) (sc u * logit r k + sh u)).
assert (St : forall k, sigma_at r k = s t k) by (intros k; unfold sigma_at, modulated, s; now rewrite EP, Es, Eh).
set (Z := fun u => sum (size r) (kept r (fun k => exp (s u k)))).
set (B := fun u => sum (size r) (kept r (fun k => target_share r y a k * s u k))).
assert (PZ : 0 < Z t).
{ apply Rlt_le_trans with (exp (s t y)). apply exp_pos. apply (kept_term r (fun k => exp (s t k))); trivial.
  intros; apply Rlt_le, exp_pos. }
apply (is_derive_ext (fun u => w * (ln (Z u) - B u))).
{ intros u. rewrite (entropy_parts (with_params r (P u) (sc u) (sh u)) y a Hy Ty). f_equal. f_equal.
  change (size (with_params r (P u) (sc u) (sh u))) with (size r). unfold B. apply sum_ext. intros k _. unfold kept. simpl taken.
  destruct (taken r k); trivial. rewrite ln_exp. reflexivity. }
assert (DZ : is_derive Z t (sum (size r) (kept r (fun k => exp (s t k) * v k)))).
{ apply (sum_derive (size r) (fun u => kept r (fun k => exp (s u k)))). intros k H1. unfold kept. destruct (taken r k) eqn:E.
  - evar_last. apply (is_derive_comp exp (fun u => s u k)). apply is_derive_exp. now apply D.
    unfold scal; simpl; unfold mult; simpl. ring.
  - apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule) 0 t). }
assert (DB : is_derive B t (sum (size r) (kept r (fun k => target_share r y a k * v k)))).
{ apply (sum_derive (size r) (fun u => kept r (fun k => target_share r y a k * s u k))). intros k H1. unfold kept. destruct (taken r k) eqn:E.
  - apply (is_derive_scal (fun u => s u k)). now apply D.
  - apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule) 0 t). }
evar_last.
- apply (is_derive_scal (fun u => ln (Z u) - B u)).
  apply (is_derive_minus (K := R_AbsRing) (V := R_NormedModule) (fun u => ln (Z u)) B).
  + apply (is_derive_comp ln Z). now apply is_derive_ln. exact DZ.
  + exact DB.
- unfold minus, plus, opp, scal; simpl; unfold mult; simpl.
  transitivity (w * (/ Z t * sum (size r) (kept r (fun k => exp (s t k) * v k)) - sum (size r) (kept r (fun k => target_share r y a k * v k)))).
  { ring. }
  rewrite <- (sum_scal (size r) (/ Z t)), <- sum_minus, <- sum_scal. apply sum_ext. intros k _. unfold kept at 1 2 3. destruct (taken r k) eqn:E; [|ring].
  assert (Q : sum (size r) (kept r (fun k => exp (sigma_at r k))) = Z t).
  { unfold Z. apply sum_ext. intros l _. unfold kept. destruct (taken r l); trivial. now rewrite St. }
  unfold multimax_row, kept at 1. rewrite E. fold (kept r (fun k => exp (sigma_at r k))). rewrite Q, St. field. lra.
Qed.

Theorem loss_moment_params : forall r y a w j q c, (y < size r)%nat -> taken r y = true ->
  param_of j = Some (q, c) -> (forall i, (i < size r)%nat -> taken r i = true -> smooth_at (coefs r) q (argument r i)) ->
  is_derive (fun u => w * cross_entropy (with_params r (ParamGradient.set (coefs r) q u) (scale r) (shift r)) y a) (get (coefs r) q)
    (c (coefs r) * loss_moment_exact r y a w j).
Proof.
intros r y a w j q c Hy Ty Hj Sm. evar_last.
apply (loss_path_derive r y a w (fun u => ParamGradient.set (coefs r) q u) (fun _ => scale r) (fun _ => shift r) (get (coefs r) q)
  (fun k => dparam (coefs r) q (argument r k)) Hy Ty); trivial.
- now rewrite set_get.
- intros k Hk Tk. apply sigma_param_derive. now apply Sm.
- unfold loss_moment_exact. rewrite <- sum_scal. apply sum_ext. intros i Hi. unfold kept. destruct (taken r i) eqn:Ti; [|ring].
  destruct j; try discriminate; injection Hj as <- <-; unfold dparam, moment_factor; ring.
Qed.

Theorem loss_moment_premap : forall r y a w, (y < size r)%nat -> taken r y = true ->
  (forall i, (i < size r)%nat -> taken r i = true -> (c1 (coefs r) = 0 \/ argument r i <> k1 (coefs r)) /\
    (c2 (coefs r) = 0 \/ argument r i <> k2 (coefs r))) ->
  is_derive (fun u => w * cross_entropy (with_params r (coefs r) u (shift r)) y a) (scale r) (loss_moment_exact r y a w Scaled) /\
  is_derive (fun u => w * cross_entropy (with_params r (coefs r) (scale r) u) y a) (shift r) (loss_moment_exact r y a w Shifted).
Proof.
intros r y a w Hy Ty Sm. split; evar_last.
- apply (loss_path_derive r y a w (fun _ => coefs r) (fun u => u) (fun _ => shift r) (scale r)
    (fun k => dsigma (coefs r) (argument r k) * logit r k) Hy Ty); trivial.
  intros k Hk Tk. destruct (Sm k Hk Tk). evar_last.
  apply (is_derive_comp (sigma (coefs r)) (fun u => u * logit r k + shift r)). now apply sigma_derive. auto_derive; trivial.
  unfold scal; simpl; unfold mult; simpl. unfold argument. ring.
- unfold loss_moment_exact. apply sum_ext. intros i Hi. unfold kept. destruct (taken r i) eqn:Ti; trivial.
- apply (loss_path_derive r y a w (fun _ => coefs r) (fun _ => scale r) (fun u => u) (shift r)
    (fun k => dsigma (coefs r) (argument r k)) Hy Ty); trivial.
  intros k Hk Tk. destruct (Sm k Hk Tk). evar_last.
  apply (is_derive_comp (sigma (coefs r)) (fun u => scale r * logit r k + u)). now apply sigma_derive. auto_derive; trivial.
  unfold scal; simpl; unfold mult; simpl. unfold argument. ring.
- unfold loss_moment_exact. apply sum_ext. intros i Hi. unfold kept. destruct (taken r i) eqn:Ti; trivial.
Qed.
