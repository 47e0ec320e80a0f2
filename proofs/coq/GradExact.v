(* SPDX-License-Identifier: Apache-2.0 *)
(* T8: what grad_error compares with is the derivative of the row's loss, masks and pre-map included, if sigma' is taken at the exact
   argument; GradPremap.v: how far the rounded argument's is from it. *)
From Coq Require Import Reals ZArith Psatz.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Hinge Modulator Slopes SigmaFloat AffineFloat RealSum Softmax Gradient Contract LogContract Accuracy ProbBound
  GradContract SlopeFloat GradMean GradBound GradError.
Open Scope R_scope.

Definition argument (r : row) (i : nat) : R := scale r * logit r i + shift r.
Definition set_logit (r : row) (i : nat) (u : R) : row :=
  mk_row (size r) (taken r) (upd (logit r) i u) (coefs r) (scale r) (shift r).

Lemma quotient_mean : forall r g, mean_row r g =
  sum (size r) (kept r (fun k => exp (sigma_at r k) * g k)) / sum (size r) (kept r (fun k => exp (sigma_at r k))).
Proof.
intros r g. unfold mean_row, Rdiv. rewrite Rmult_comm, <- kept_scal. apply sum_ext. intros k _. unfold multimax_row, kept.
destruct (taken r k); trivial. unfold Rdiv. ring.
Qed.

(* one logit moves one term of a sum *)
Lemma moved_sum : forall r i u (h : R -> nat -> R), (i < size r)%nat -> taken r i = true ->
  sum (size r) (kept r (fun k => h (exp (sigma_at (set_logit r i u) k)) k)) =
  sum (size r) (kept r (fun k => h (exp (sigma_at r k)) k)) +
    (h (exp (modulated (coefs r) (scale r) (shift r) u)) i - h (exp (sigma_at r i)) i).
Proof.
intros r i u h Hi Ti.
rewrite <- (sum_delta (size r) (fun _ => h (exp (modulated (coefs r) (scale r) (shift r) u)) i - h (exp (sigma_at r i)) i) i Hi).
rewrite <- sum_plus. apply sum_ext. intros k _. unfold kept, delta, sigma_at, set_logit, upd. simpl.
destruct (Nat.eq_dec k i) as [E|N].
- subst k. rewrite Ti. destruct (Nat.eq_dec i i); [ring | congruence].
- destruct (Nat.eq_dec i k) as [E|_]; [congruence|]. destruct (taken r k); ring.
Qed.

(* T8f for rows with masks *)
Theorem grad_row_derive : forall r g i, (i < size r)%nat -> taken r i = true ->
  (c1 (coefs r) = 0 \/ argument r i <> k1 (coefs r)) -> (c2 (coefs r) = 0 \/ argument r i <> k2 (coefs r)) ->
  is_derive (fun u => mean_row (set_logit r i u) g) (logit r i) (grad_row r g (argument r i) i).
Proof.
intros r g i Hi Ti H1 H2.
set (Z := sum (size r) (kept r (fun k => exp (sigma_at r k)))).
set (Y := sum (size r) (kept r (fun k => exp (sigma_at r k) * g k))).
set (s := fun u => modulated (coefs r) (scale r) (shift r) u).
assert (PZ : 0 < Z).
{ apply Rlt_le_trans with (exp (sigma_at r i)). apply exp_pos. apply (kept_term r (fun k => exp (sigma_at r k))); trivial.
  intros; apply Rlt_le, exp_pos. }
assert (Ds : is_derive s (logit r i) (scale r * dsigma (coefs r) (argument r i))).
{ unfold s, modulated. evar_last. apply (is_derive_comp (sigma (coefs r)) (fun u => scale r * u + shift r)).
  apply sigma_derive; assumption. auto_derive; trivial. unfold scal; simpl; unfold mult; simpl. unfold argument. ring. }
assert (De : is_derive (fun u => exp (s u)) (logit r i) (exp (sigma_at r i) * (scale r * dsigma (coefs r) (argument r i)))).
{ evar_last. apply (is_derive_comp exp s). apply is_derive_exp. exact Ds. unfold scal; simpl; unfold mult; simpl.
  unfold s, sigma_at. ring. }
apply (is_derive_ext (fun u => (Y + (exp (s u) - exp (sigma_at r i)) * g i) / (Z + (exp (s u) - exp (sigma_at r i))))).
{ intros u. rewrite quotient_mean. f_equal; [|f_equal].
  - change (kept (set_logit r i u)) with (kept r). change (size (set_logit r i u)) with (size r).
    rewrite (moved_sum r i u (fun e k => e * g k) Hi Ti). unfold Y, s. ring.
  - change (kept (set_logit r i u)) with (kept r). change (size (set_logit r i u)) with (size r).
    rewrite (moved_sum r i u (fun e k => e) Hi Ti). unfold Z, s. ring. }
assert (E0 : exp (s (logit r i)) - exp (sigma_at r i) = 0) by (unfold s, sigma_at; ring).
set (l := exp (sigma_at r i) * (scale r * dsigma (coefs r) (argument r i))) in *.
evar_last.
- apply (is_derive_div (fun u => Y + (exp (s u) - exp (sigma_at r i)) * g i) (fun u => Z + (exp (s u) - exp (sigma_at r i))) (logit r i) (l * g i) l).
  + evar_last. apply (is_derive_plus (K := R_AbsRing) (V := R_NormedModule) (fun _ => Y)).
    apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule) Y).
    apply (is_derive_ext (fun u => g i * (exp (s u) - exp (sigma_at r i)))). intros u. simpl. ring.
    apply (is_derive_scal (fun u => exp (s u) - exp (sigma_at r i)) _ (g i) l).
    evar_last. apply (is_derive_minus (K := R_AbsRing) (V := R_NormedModule) (fun u => exp (s u)) (fun _ => exp (sigma_at r i))).
    exact De.
    apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule)). unfold minus, plus, opp, zero; simpl. ring.
    unfold plus, zero; simpl. ring.
  + evar_last. apply (is_derive_plus (K := R_AbsRing) (V := R_NormedModule) (fun _ => Z)).
    apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule) Z).
    apply (is_derive_minus (K := R_AbsRing) (V := R_NormedModule) (fun u => exp (s u)) (fun _ => exp (sigma_at r i))). exact De.
    apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule)). unfold minus, plus, opp, zero; simpl. ring.
  + rewrite E0. lra.
- rewrite E0. unfold grad_row, grad_sigma_row. rewrite quotient_mean. fold Y Z. unfold multimax_row, kept at 1. rewrite Ti. fold Z.
  unfold l. field. lra.
Qed.

(* without a pre-map nothing is rounded: grad_error then compares with the derivative *)
Lemma premapped_plain : forall r i, valid_row r -> (i < size r)%nat -> taken r i = true -> scale r = 1 -> shift r = 0 ->
  premapped r i = argument r i.
Proof.
intros r i (_ & _ & VX) Hi Ti A B. unfold premapped, argument. rewrite A, B, affine_identity.
ring. apply format32_64, VX; assumption.
Qed.
