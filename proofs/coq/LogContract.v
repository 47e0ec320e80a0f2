(* SPDX-License-Identifier: Apache-2.0 *)
(* What the C contract of mmax_row_log_ref says of a row, word for word over the reals (specs/logic/lse.acsl, log.acsl); see
   Contract.v. The constant of the row is ln(1 + rest), rest the sum of all weights but one largest, on the grid of the second. *)
From Coq Require Import Reals ZArith Bool PeanoNat.
From Flocq Require Import Core.
From MultiMax Require Import Float64 AffineFloat LogFloat RealSum Contract.
Open Scope R_scope.

(* the row without entry t *)
Definition drop (r : row) (t : nat) : row :=
  mk_row (size r) (fun i => taken r i && negb (Nat.eqb i t)) (logit r) (coefs r) (scale r) (shift r).

Definition top_at (r : row) (t : nat) (m : R) : Prop :=
  (t < size r)%nat /\ taken r t = true /\ modulated_at r t = m /\ is_top r m.
Definition others_masked (r : row) (t : nat) : Prop := forall i, (i < size r)%nat -> i <> t -> taken r i = false.
Definition others_below (r : row) (t : nat) (s : R) : Prop :=
  forall i, (i < size r)%nat -> i <> t -> taken r i = true -> modulated_at r i <= s.
Definition second_at (r : row) (t : nat) (m w : R) : Prop := (others_masked r t /\ w = 0) \/
  exists j, (j < size r)%nat /\ j <> t /\ taken r j = true /\ others_below r t (modulated_at r j) /\ w = weight r m j.
Definition other_sum (r : row) (m : R) (t : nat) (big : R) : R :=
  sum (size r) (kept (drop r t) (fun i => quant (weight r m i) big)).
Definition grid_above (w big : R) : Prop := exists e : Z, w < pow2 e <= 2 * w /\ big = 6 * pow2 e.
Definition rest_close (s rest : R) : Prop := pow2 (-300) <= s -> total_close s rest.
Definition rest_of (r : row) (t : nat) (m w rest : R) : Prop :=
  (w = 0 /\ rest = 0) \/ (0 < w /\ exists big, grid_above w big /\ rest_close (other_sum r m t big) rest).
Definition is_rest (r : row) (m rest : R) : Prop :=
  exists t w, top_at r t m /\ second_at r t m w /\ rest_of r t m w rest.
Definition log_is (rest c : R) : Prop := (rest = 0 /\ c = 0) \/ log1p_is rest c.

(* beyond 3.4e38 an entry may be -inf *)
Definition log_of (s m c : R) : R := sub (sub s m) c.
Definition narrow_range (l : R) : Prop := - (34 * 10 ^ 37) <= l <= 34 * 10 ^ 37.
Definition logged (r : row) (out : nat -> R) (m c : R) : Prop := forall i, (i < size r)%nat -> taken r i = true ->
  narrow_range (log_of (modulated_at r i) m c) -> out i = rnd32 (log_of (modulated_at r i) m c).
Definition is_logged (r : row) (out : nat -> R) : Prop :=
  exists m rest c, is_rest r m rest /\ log_is rest c /\ logged r out m c.
