(* SPDX-License-Identifier: Apache-2.0 *)
(* What the C contracts say of a row, word for word over the reals (specs/logic/row.acsl, sum.acsl, forward.acsl): the names are
   theirs, rnd64 is Flocq's rounding, x and p are the real values of the logits and of the probabilities written. *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 ExpFormula Hinge Modulator SigmaFloat AffineFloat RealSum Softmax.
Open Scope R_scope.

Notation rnd32 := (round radix2 (FLT_exp (-149) 24) ZnearestE).

(* n entries; an entry takes part iff it is neither masked nor -inf; the others' x is never looked at *)
Record row := mk_row { size : nat; taken : nat -> bool; logit : nat -> R;
                       coefs : params; scale : R; shift : R }.

Definition exp_fn (z : R) : R := if Rlt_dec z (-110) then 0 else exp_hat z.
Definition weight_of (s m : R) : R := exp_fn (rnd (s - m)).
Definition modulated_at (r : row) (i : nat) : R := modulated_hat (coefs r) (scale r) (shift r) (logit r i).
Definition weight (r : row) (m : R) (i : nat) : R := weight_of (modulated_at r i) m.
Definition kept (r : row) (f : nat -> R) (i : nat) : R := if taken r i then f i else 0.
Definition weight_sum (r : row) (m : R) : R := sum (size r) (kept r (weight r m)).
Definition quant (v big : R) : R := rnd (v + big) - big.
Definition count_sum (r : row) (m : R) : R := sum (size r) (kept r (fun i => quant (weight r m i) 6)).
Definition total_close (s d : R) : Prop := - (pow2 (-51) * s) <= d - s <= pow2 (-51) * s.
Definition prob_of (e inverse : R) : R := rnd32 (rnd (e * inverse)).

Definition is_top (r : row) (m : R) : Prop := forall i, (i < size r)%nat -> taken r i = true -> modulated_at r i <= m.
Definition is_largest (r : row) (m : R) : Prop :=
  is_top r m /\ exists t, (t < size r)%nat /\ taken r t = true /\ modulated_at r t = m.
Definition weighted (r : row) (p : nat -> R) (m inverse : R) : Prop :=
  forall i, (i < size r)%nat -> taken r i = true -> p i = prob_of (weight r m i) inverse.
Definition masked_zero (r : row) (p : nat -> R) : Prop := forall i, (i < size r)%nat -> taken r i = false -> p i = 0.
Definition is_softmax (r : row) (p : nat -> R) : Prop :=
  exists m total, is_largest r m /\ total_close (count_sum r m) total /\ weighted r p m (rnd (1 / total)).

(* what the callers of the C functions owe *)
Definition valid_row (r : row) : Prop :=
  (Z.of_nat (size r) <= 2147483647)%Z /\ valid_params (coefs r) (scale r) (shift r) /\
  forall i, (i < size r)%nat -> taken r i = true -> float_logit (logit r i).

(* MultiMax over the reals of the entries that take part; 0 for the others *)
Definition sigma_at (r : row) (i : nat) : R := modulated (coefs r) (scale r) (shift r) (logit r i).
Definition multimax_row (r : row) (i : nat) : R :=
  kept r (fun i => exp (sigma_at r i) / sum (size r) (kept r (fun k => exp (sigma_at r k)))) i.

(* it is Eq. 6's softmax where nothing is masked and there is no pre-map *)
Theorem multimax_row_plain : forall r i, (i < size r)%nat -> (forall k, taken r k = true) -> scale r = 1 -> shift r = 0 ->
  multimax_row r i = multimax (size r) (coefs r) (logit r) i.
Proof.
intros r i Hi T A B. unfold multimax_row, multimax, softmax, exp_sum, kept, sigma_at, modulated. rewrite T, A, B.
rewrite Rmult_1_l, Rplus_0_r. f_equal. apply sum_ext. intros k Hk. rewrite T, Rmult_1_l, Rplus_0_r. reflexivity.
Qed.
(* and the entries that are left out influence nothing *)
Theorem multimax_row_masked : forall r q i, size r = size q -> coefs r = coefs q -> scale r = scale q -> shift r = shift q ->
  (forall k, taken r k = taken q k) -> (forall k, taken r k = true -> logit r k = logit q k) -> multimax_row r i = multimax_row q i.
Proof.
intros r q i N C A B T X. unfold multimax_row, sigma_at. rewrite <- N, <- C, <- A, <- B.
assert (K : forall f g : nat -> R, (forall k, taken r k = true -> f k = g k) -> forall k, kept r f k = kept q g k).
{ intros f g H k. unfold kept. rewrite <- T. destruct (taken r k) eqn:E; trivial. now apply H. }
apply K. intros k Hk. rewrite X by exact Hk. f_equal. apply sum_ext. intros j _. apply K. intros l Hl. now rewrite X.
Qed.
