(* SPDX-License-Identifier: Apache-2.0 *)
(* T8 for the cross-entropy: what loss_grad_error compares with is the derivative of w times the row's loss, masks, smoothing and pre-map
   included, if sigma' is taken at the exact argument; and how far the rounded argument's is from it. *)
From Coq Require Import Reals ZArith Psatz.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Hinge Modulator Slopes SigmaFloat AffineFloat RealSum Softmax Gradient Contract LogContract Accuracy ProbBound
  LossContract LossTerms LossBound GradContract SlopeFloat GradMean GradBound GradError GradExact GradPremap LossGradContract LossGradBound LossGradError.
Open Scope R_scope.

Lemma target_sum : forall r y a, (y < size r)%nat -> taken r y = true -> sum (size r) (kept r (target_share r y a)) = 1.
Proof.
intros r y a Hy Ty. assert (K1 := kept_term r (fun _ => 1) (size r) y ltac:(intros; lra) Hy Ty). fold (unmasked_count r) in K1. simpl in K1.
transitivity (sum (size r) (fun k => (1 - a) * (kept r (fun _ => 1) k * delta y k) + a / unmasked_count r * kept r (fun _ => 1) k)).
- apply sum_ext. intros k _. unfold kept, target_share. destruct (taken r k); ring.
- rewrite sum_plus, !sum_scal, sum_delta by exact Hy. unfold kept at 1. rewrite Ty. fold (unmasked_count r). field. lra.
Qed.

(* ln of the sum of the exponentials less the mean of sigma *)
Lemma entropy_parts : forall r y a, (y < size r)%nat -> taken r y = true ->
  cross_entropy r y a = ln (sum (size r) (kept r (fun k => exp (sigma_at r k)))) -
    sum (size r) (kept r (fun k => target_share r y a k * ln (exp (sigma_at r k)))).
Proof.
intros r y a Hy Ty. set (Z := sum (size r) (kept r (fun k => exp (sigma_at r k)))).
assert (PZ : 0 < Z).
{ apply Rlt_le_trans with (exp (sigma_at r y)). apply exp_pos. apply (kept_term r (fun k => exp (sigma_at r k))); trivial.
  intros; apply Rlt_le, exp_pos. }
rewrite <- (Rmult_1_r (ln Z)), <- (target_sum r y a Hy Ty), <- kept_scal, kept_minus. unfold cross_entropy.
rewrite <- (Rmult_1_l (sum _ _)), <- Ropp_mult_distr_l_reverse, <- sum_scal. apply sum_ext. intros k _. unfold kept.
destruct (taken r k) eqn:Tk; [|ring]. unfold multimax_row, kept at 1. rewrite Tk. fold Z. unfold Rdiv.
rewrite ln_mult, ln_Rinv by (try apply Rinv_0_lt_compat; trivial; apply exp_pos). ring.
Qed.

Theorem loss_row_derive : forall r y a w i, (y < size r)%nat -> taken r y = true -> (i < size r)%nat -> taken r i = true ->
  (c1 (coefs r) = 0 \/ argument r i <> k1 (coefs r)) -> (c2 (coefs r) = 0 \/ argument r i <> k2 (coefs r)) ->
  is_derive (fun u => w * cross_entropy (set_logit r i u) y a) (logit r i) (loss_grad_row r y a w (dsigma (coefs r) (argument r i)) i).
Proof.
intros r y a w i Hy Ty Hi Ti H1 H2.
set (Z := sum (size r) (kept r (fun k => exp (sigma_at r k)))).
set (B := sum (size r) (kept r (fun k => target_share r y a k * ln (exp (sigma_at r k))))).
set (s := fun u => modulated (coefs r) (scale r) (shift r) u). set (q := target_share r y a i).
assert (PZ : 0 < Z).
{ apply Rlt_le_trans with (exp (sigma_at r i)). apply exp_pos. apply (kept_term r (fun k => exp (sigma_at r k))); trivial.
  intros; apply Rlt_le, exp_pos. }
assert (Ds : is_derive s (logit r i) (scale r * dsigma (coefs r) (argument r i))).
{ unfold s, modulated. evar_last. apply (is_derive_comp (sigma (coefs r)) (fun u => scale r * u + shift r)).
  apply sigma_derive; assumption. auto_derive; trivial. unfold scal; simpl; unfold mult; simpl. unfold argument. ring. }
set (l := scale r * dsigma (coefs r) (argument r i)) in *.
apply (is_derive_ext (fun u => w * (ln (Z + (exp (s u) - exp (sigma_at r i))) - (B + q * (s u - sigma_at r i))))).
{ intros u. rewrite (entropy_parts (set_logit r i u) y a Hy Ty). f_equal. f_equal; [f_equal|].
  - change (kept (set_logit r i u)) with (kept r). change (size (set_logit r i u)) with (size r).
    now rewrite (moved_sum r i u (fun e _ => e) Hi Ti).
  - change (kept (set_logit r i u)) with (kept r). change (size (set_logit r i u)) with (size r).
    change (target_share (set_logit r i u) y a) with (target_share r y a).
    rewrite (moved_sum r i u (fun e k => target_share r y a k * ln e) Hi Ti). rewrite !ln_exp. fold B q. unfold s. ring. }
assert (E0 : exp (s (logit r i)) - exp (sigma_at r i) = 0) by (unfold s, sigma_at; ring).
assert (De : is_derive (fun u => Z + (exp (s u) - exp (sigma_at r i))) (logit r i) (l * exp (sigma_at r i))).
{ evar_last. apply (is_derive_plus (K := R_AbsRing) (V := R_NormedModule) (fun _ => Z)).
  apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule) Z).
  apply (is_derive_minus (K := R_AbsRing) (V := R_NormedModule) (fun u => exp (s u)) (fun _ => exp (sigma_at r i))).
  apply (is_derive_comp exp s). apply is_derive_exp. exact Ds.
  apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule)).
  unfold minus, plus, opp, zero, scal; simpl; unfold mult; simpl. unfold s, sigma_at. ring. }
evar_last.
- apply (is_derive_scal (fun u => ln (Z + (exp (s u) - exp (sigma_at r i))) - (B + q * (s u - sigma_at r i)))).
  apply (is_derive_minus (K := R_AbsRing) (V := R_NormedModule) (fun u => ln (Z + (exp (s u) - exp (sigma_at r i))))
    (fun u => B + q * (s u - sigma_at r i))).
  + apply (is_derive_comp ln (fun u => Z + (exp (s u) - exp (sigma_at r i)))). apply is_derive_ln. rewrite E0. lra. exact De.
  + apply (is_derive_plus (K := R_AbsRing) (V := R_NormedModule) (fun _ => B)). apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule) B).
    apply (is_derive_scal (fun u => s u - sigma_at r i)).
    apply (is_derive_minus (K := R_AbsRing) (V := R_NormedModule) s (fun _ => sigma_at r i)). exact Ds.
    apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule)).
- unfold minus, plus, opp, zero, scal; simpl; unfold mult; simpl. rewrite E0. unfold loss_grad_row. fold l q.
  unfold multimax_row, kept at 1. rewrite Ti. fold Z. field. lra.
Qed.

(* the gradient at a logit, wherever the knots are *)
Theorem loss_grad_premap : forall r t y a w i, (t < size r)%nat -> taken r t = true -> 0 <= target_share r y a i ->
  (i < size r)%nat -> taken r i = true ->
  Rabs (loss_grad_row r y a w (dsigma (coefs r) (premapped r i)) i - loss_grad_row r y a w (dsigma (coefs r) (argument r i)) i) <=
    slope_moved (coefs r) (premapped r i) (moved r i) * (multimax_row r i + target_share r y a i) * Rabs w * Rabs (scale r).
Proof.
intros r t y a w i Ht T Hq Hi Ti. destruct (multimax_row_sum r t Ht T) as [P0 _]. specialize (P0 i).
assert (D := slope_moved_enough (coefs r) _ _ _ (argument_moved r i)). unfold loss_grad_row.
replace (scale r * dsigma (coefs r) (premapped r i) * (w * (multimax_row r i - target_share r y a i)) - scale r * dsigma (coefs r) (argument r i) * (w * (multimax_row r i - target_share r y a i)))
  with ((dsigma (coefs r) (premapped r i) - dsigma (coefs r) (argument r i)) * (multimax_row r i - target_share r y a i) * w * scale r) by ring.
rewrite !Rabs_mult. repeat (apply Rmult_le_compat_r; [apply Rabs_pos|]).
apply Rmult_le_compat; trivial; try apply Rabs_pos. apply Rabs_le. lra.
Qed.
