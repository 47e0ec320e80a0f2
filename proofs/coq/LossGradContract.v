(* SPDX-License-Identifier: Apache-2.0 *)
(* What the C contract of mmax_row_loss_ref says of the gradient of a row's cross-entropy, word for word over the reals
   (specs/logic/loss_gradient.acsl); see LossContract.v. y is the target, a the smoothing, w what the gradient is multiplied by,
   out the gradient at the logits, as real values. *)
From Coq Require Import Reals ZArith Bool.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Hinge Modulator SigmaFloat AffineFloat RealSum Contract LogContract LossContract GradContract.
Open Scope R_scope.

(* fl(p - q), e the entry's weight, v the inverse of the sum of the weights, u the uniform part of q *)
Definition residual_of (e rest v : R) (is_target : bool) (a u : R) : R :=
  if is_target then
    if Rlt_dec 0 a then sub (mul e v) (add (sub 1 a) u)
    else if Req_EM_T e 1 then - mul rest v else sub (mul e v) 1
  else sub (mul e v) u.
Definition uniform_of (a k : R) : R := if Rlt_dec 0 a then rnd (a / rnd k) else 0.
Definition inverse_of (rest : R) : R := rnd (1 / add 1 rest).
Definition residual_at (r : row) (y : nat) (a m rest : R) (i : nat) : R :=
  residual_of (weight r m i) rest (inverse_of rest) (Nat.eqb i y) a (uniform_of a (unmasked_count r)).
Definition pull_of (r : row) (y : nat) (a w m rest : R) (i : nat) : R :=
  mul (mul (mul w (residual_at r y a m rest i)) (slope_at (coefs r) (premapped r i))) (scale r).

(* beyond 3.4e38 an entry may be an infinity *)
Definition is_loss_gradient (r : row) (y : nat) (a w : R) (out : nat -> R) : Prop := exists m rest, is_rest r m rest /\
  forall i, (i < size r)%nat -> taken r i = true -> narrow_range (pull_of r y a w m rest i) -> out i = rnd32 (pull_of r y a w m rest i).

(* over the reals: the gradient at the logit of entry i, of w times the cross-entropy, s the slope at y *)
Definition loss_grad_row (r : row) (y : nat) (a w s : R) (i : nat) : R :=
  scale r * s * (w * (multimax_row r i - target_share r y a i)).
