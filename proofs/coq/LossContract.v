(* SPDX-License-Identifier: Apache-2.0 *)
(* What the C contract of mmax_row_loss_ref says of a row's cross-entropy, word for word over the reals (specs/logic/loss.acsl,
   gradient.acsl); see Contract.v. y is the target, a the smoothing, out the real value of the loss written. *)
From Coq Require Import Reals ZArith.
From Flocq Require Import Core.
From MultiMax Require Import Float64 AffineFloat RealSum Contract LogContract.
Open Scope R_scope.

Definition is_grid (big : R) : Prop := exists e : Z, (-900 <= e <= 900)%Z /\ big = 6 * pow2 e.
Definition grid_over (big bound : R) : Prop :=
  6 * bound < big /\ 6 * pow2 (-207) < big /\ (big <= 12 * bound \/ big <= 12 * pow2 (-207)).

Definition below (s m : R) : R := sub m s.
Definition below_at (r : row) (m : R) (i : nat) : R := below (modulated_at r i) m.
Definition unmasked_count (r : row) : R := sum (size r) (kept r (fun _ => 1)).
Definition below_sum (r : row) (m big : R) : R := sum (size r) (kept r (fun i => quant (below_at r m i) big)).
Definition furthest (r : row) (m far : R) : Prop := 0 <= far /\
  (forall i, (i < size r)%nat -> taken r i = true -> below_at r m i <= far) /\
  (far = 0 \/ exists t, (t < size r)%nat /\ taken r t = true /\ below_at r m t = far).
Definition sum_close (s d : R) : Prop := (s = 0 /\ d = 0) \/ total_close s d.
Definition is_below (r : row) (m b : R) : Prop :=
  exists far big, furthest r m far /\ is_grid big /\ grid_over big far /\ sum_close (below_sum r m big) b.
Definition plain_loss (a b c : R) : R := fma (sub 1 a) b c.
Definition smooth_loss (a k s l : R) : R := fma (rnd (a / rnd k)) s l.
Definition loss_is (r : row) (y : nat) (a m c l : R) : Prop :=
  (a = 0 /\ l = plain_loss a (below_at r m y) c) \/
  (0 < a /\ exists s, is_below r m s /\ l = smooth_loss a (unmasked_count r) s (plain_loss a (below_at r m y) c)).

(* of an unmasked target; beyond 3.4e38 the loss may be +inf *)
Definition is_loss (r : row) (y : nat) (a out : R) : Prop :=
  exists m rest c l, is_rest r m rest /\ log_is rest c /\ loss_is r y a m c l /\ (narrow_range l -> out = rnd32 l).

(* over the reals: -sum_k q_k ln multimax_k with q = (1-a) e_y + a/K *)
Definition target_share (r : row) (y : nat) (a : R) (k : nat) : R := (1 - a) * delta y k + a / unmasked_count r.
Definition cross_entropy (r : row) (y : nat) (a : R) : R :=
  - sum (size r) (kept r (fun k => target_share r y a k * ln (multimax_row r k))).
