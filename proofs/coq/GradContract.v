(* SPDX-License-Identifier: Apache-2.0 *)
(* What the C contract of mmax_row_backward_ref says of a row, word for word over the reals (specs/logic/backward.acsl, grid.acsl,
   gradient.acsl, moments.acsl, modulator.acsl); see Contract.v. g is the upstream gradient, out the gradient at the logits, as
   real values; v is the inverse of the sum of the weights. *)
From Coq Require Import Reals ZArith.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Hinge Modulator SigmaFloat AffineFloat RealSum Contract LogContract LossContract.
Open Scope R_scope.

(* big = 6 * 2^E stands for the grid of unit 2^(E-50): is_grid and grid_over of LossContract.v *)
Definition unit_of (big : R) : R := big / 6755399441055744.
Definition steps (q : Z) (big : R) : R := IZR q * unit_of big.
Definition grid_over (big bound : R) : Prop :=
  6 * bound < big /\ 6 * pow2 (-207) < big /\ (big <= 12 * bound \/ big <= 12 * pow2 (-207)).

(* the slope of sigma, as computed *)
Definition slope_low (d r c : R) : R := if Rlt_dec 0 r then sub d c else d.
Definition slope_high (d r c : R) : R := if Rlt_dec 0 r then add d c else d.
Definition slope_square (d f r : R) : R := fma f r d.
Definition slope_hat (P : params) (r1 r2 r3 r4 : R) : R :=
  slope_square (slope_square (slope_high (slope_low 1 r1 (c1 P)) r2 (c2 P)) (mul (-2) (c3 P)) r3) (mul 2 (c4 P)) r4.
Definition slope_at (P : params) (y : R) : R :=
  slope_hat P (hinge_hat (k1 P) y) (hinge_hat y (k2 P)) (hinge_hat (k3 P) y) (hinge_hat y (k4 P)).

Definition premapped (r : row) (i : nat) : R := affine_hat (scale r) (shift r) (logit r i).
Definition prob (r : row) (m v : R) (i : nat) : R := mul (weight r m i) v.
Definition weighed (r : row) (m : R) (i : nat) : Prop := taken r i = true /\ 0 < weight r m i.
Definition upstream_within (r : row) (g : nat -> R) (m most : R) : Prop :=
  forall i, (i < size r)%nat -> weighed r m i -> - most <= g i <= most.
Definition largest_up (r : row) (g : nat -> R) (m most : R) : Prop := upstream_within r g m most /\
  (most = 0 \/ exists t, (t < size r)%nat /\ weighed r m t /\ (g t = most \/ g t = - most)).
Definition upstream_sum (r : row) (g : nat -> R) (m v : R) : R := sum (size r) (kept r (fun i => prob r m v i * g i)).
Definition is_mean (r : row) (g : nat -> R) (m v most mean : R) : Prop := exists (big : R) (s : Z),
  is_grid big /\ grid_over big most /\
  steps s big <= upstream_sum r g m v <= steps (s + Z.of_nat (size r)) big /\ mean = mul (rnd (IZR s)) (unit_of big).

(* beyond 3.4e38 an entry may be an infinity *)
Definition grad_sigma_hat (r : row) (g : nat -> R) (m v mean : R) (i : nat) : R := mul (prob r m v i) (sub (g i) mean).
Definition grad_of (r : row) (g : nat -> R) (m v mean : R) (i : nat) : R :=
  mul (mul (grad_sigma_hat r g m v mean i) (slope_at (coefs r) (premapped r i))) (scale r).
Definition graded (r : row) (g out : nat -> R) (m v mean : R) : Prop := forall i, (i < size r)%nat -> taken r i = true ->
  narrow_range (grad_of r g m v mean i) -> out i = rnd32 (grad_of r g m v mean i).
Definition is_backward (r : row) (g out : nat -> R) : Prop := exists m total most mean,
  is_largest r m /\ total_close (count_sum r m) total /\ largest_up r g m most /\
  is_mean r g m (rnd (1 / total)) most mean /\ graded r g out m (rnd (1 / total)) mean.

(* what the caller of the C function owes: upstream gradients are finite floats *)
Definition valid_upstream (r : row) (g : nat -> R) : Prop := forall i, (i < size r)%nat -> taken r i = true -> float_logit (g i).

(* over the reals: the mean of g under the probabilities, the gradient at sigma of entry i, and at its logit, the slope at y *)
Definition mean_row (r : row) (g : nat -> R) : R := sum (size r) (kept r (fun k => multimax_row r k * g k)).
Definition grad_sigma_row (r : row) (g : nat -> R) (i : nat) : R := multimax_row r i * (g i - mean_row r g).
Definition grad_row (r : row) (g : nat -> R) (y : R) (i : nat) : R := scale r * dsigma (coefs r) y * grad_sigma_row r g i.
