(* SPDX-License-Identifier: Apache-2.0 *)
(* Softmax and MultiMax over the reals, on rows 0 .. n-1: range, sum, shift and permutation; log-probabilities. *)
From Coq Require Import Reals Psatz Lia PeanoNat.
From Coquelicot Require Import Coquelicot.
From MultiMax Require Import Hinge Modulator RealSum.
Open Scope R_scope.

Definition exp_sum (n : nat) (s : nat -> R) : R := sum n (fun k => exp (s k)).
Definition softmax (n : nat) (s : nat -> R) (i : nat) : R := exp (s i) / exp_sum n s.
Definition multimax (n : nat) (P : params) (x : nat -> R) (i : nat) : R := softmax n (fun k => sigma P (x k)) i.
Definition log_softmax (n : nat) (s : nat -> R) (i : nat) : R := s i - ln (exp_sum n s).

Lemma exp_sum_pos : forall n s, (0 < n)%nat -> 0 < exp_sum n s.
Proof.
intros n s Hn. apply Rlt_le_trans with (exp (s O)). apply exp_pos.
apply (sum_ge_term n (fun k => exp (s k))); trivial. intros. apply Rlt_le, exp_pos.
Qed.

Theorem softmax_pos : forall n s i, (0 < n)%nat -> 0 < softmax n s i.
Proof. intros n s i Hn. apply Rdiv_lt_0_compat. apply exp_pos. now apply exp_sum_pos. Qed.

Theorem softmax_sum : forall n s, (0 < n)%nat -> sum n (softmax n s) = 1.
Proof.
intros n s Hn. assert (H := exp_sum_pos n s Hn). unfold softmax, Rdiv.
rewrite (sum_ext n _ (fun k => / exp_sum n s * exp (s k))) by (intros; ring).
rewrite sum_scal. fold (exp_sum n s). field. lra.
Qed.

Theorem softmax_le_1 : forall n s i, (i < n)%nat -> softmax n s i <= 1.
Proof.
intros n s i Hi. rewrite <- (softmax_sum n s) by lia. apply sum_ge_term; trivial.
intros. apply Rlt_le, softmax_pos. lia.
Qed.

Lemma softmax_ext : forall n s r i, (i < n)%nat -> (forall k, (k < n)%nat -> s k = r k) -> softmax n s i = softmax n r i.
Proof.
intros n s r i Hi H. unfold softmax, exp_sum. rewrite H by trivial. f_equal. apply sum_ext.
intros. now rewrite H.
Qed.

(* so subtracting the row's maximum of sigma changes nothing over the reals *)
Theorem softmax_shift : forall n s c i, (0 < n)%nat -> softmax n (fun k => s k + c) i = softmax n s i.
Proof.
intros n s c i Hn. assert (H := exp_sum_pos n s Hn). unfold softmax, exp_sum in *. rewrite exp_plus.
rewrite (sum_ext n (fun k => exp (s k + c)) (fun k => exp c * exp (s k))) by (intros; rewrite exp_plus; ring).
rewrite sum_scal. field. split. lra. apply Rgt_not_eq, exp_pos.
Qed.

Theorem multimax_perm : forall n P x pi i, perm_of n pi -> (i < n)%nat ->
  multimax n P (fun k => x (pi k)) i = multimax n P x (pi i).
Proof.
intros n P x pi i Hp Hi. unfold multimax, softmax, exp_sum. f_equal.
apply (sum_perm n pi (fun k => exp (sigma P (x k))) Hp).
Qed.

Theorem multimax_equal_logits : forall n P x i j, x i = x j -> multimax n P x i = multimax n P x j.
Proof. intros n P x i j H. unfold multimax, softmax. now rewrite H. Qed.

Theorem softmax_single : forall s, softmax 1 s 0 = 1.
Proof. intros s. generalize (softmax_sum 1 s ltac:(lia)). simpl. lra. Qed.

Theorem log_softmax_ln : forall n s i, (0 < n)%nat -> log_softmax n s i = ln (softmax n s i).
Proof.
intros n s i Hn. unfold softmax, Rdiv. rewrite ln_mult, ln_exp, ln_Rinv. reflexivity.
now apply exp_sum_pos. apply exp_pos. now apply Rinv_0_lt_compat, exp_sum_pos.
Qed.

(* log(sum exp) = m + ln(1 + T), T the other entries' weights relative to an entry of value m: the form that is computed *)
Theorem log_sum_exp : forall n s j, (j < n)%nat ->
  ln (exp_sum n s) = s j + ln (1 + sum n (fun k => if Nat.eq_dec k j then 0 else exp (s k - s j))).
Proof.
intros n s j Hj. assert (Hp := exp_sum_pos n s ltac:(lia)).
assert (E : exp_sum n s = exp (s j) * (1 + sum n (fun k => if Nat.eq_dec k j then 0 else exp (s k - s j)))).
{ unfold exp_sum.
  rewrite (sum_ext n (fun k => exp (s k))
    (fun k => exp (s j) * (1 * delta j k + (if Nat.eq_dec k j then 0 else exp (s k - s j))))).
  - rewrite sum_scal, sum_plus, (sum_delta n (fun _ => 1)) by exact Hj. reflexivity.
  - intros i Hi. unfold delta. destruct (Nat.eq_dec j i), (Nat.eq_dec i j); try lia.
    subst. ring. unfold Rminus. rewrite exp_plus, exp_Ropp. field. apply Rgt_not_eq, exp_pos. }
assert (Q : 0 < 1 + sum n (fun k => if Nat.eq_dec k j then 0 else exp (s k - s j))).
{ apply Rmult_lt_reg_l with (exp (s j)). apply exp_pos. rewrite <- E, Rmult_0_r. exact Hp. }
rewrite E, ln_mult, ln_exp; trivial. apply exp_pos.
Qed.
