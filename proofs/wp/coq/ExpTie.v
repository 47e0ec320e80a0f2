(* SPDX-License-Identifier: Apache-2.0 *)
(* The lemmas of specs/logic/exp.acsl and the tactic that closes their goals as Why3 prints them, unfolded (proofs/wp/tie.py): the kernel's
   formulas in the operand order and with the constants that Why3 prints are shown equal to proofs/coq/ExpFormula.v. *)
From Coq Require Import Reals ZArith Lia Lra.
From Flocq Require Import Core.
From MultiMax Require Import Float64 ExpKernel WpLemmas.
Open Scope R_scope.

Lemma exp_k_whole : forall z, -110 <= z <= 0 -> whole (exp_k z).
Proof. intros z H. destruct (k_int z H) as (k & -> & B). exists k. repeat split; lia. Qed.
Lemma exp_r_small : forall z, rnd z = z -> -110 <= z <= 0 -> (-1733/5000 <= exp_r z <= 1733/5000).
Proof.
intros z F H. destruct (reduction z (fmt_of z F) H) as [R _]. apply Rabs_le_inv in R. lra.
Qed.
Lemma exp_hat_unit : forall z, rnd z = z -> -110 <= z <= 0 ->
  1 / 1461501637330902918203684832716283019655932542976 <= exp_hat z <= 1.
Proof.
intros z F H. assert (R := exp_hat_range z (fmt_of z F) H).
assert (P : pow2 (-160) = 1 / 1461501637330902918203684832716283019655932542976).
{ change (pow2 (-160)) with (/ IZR (Zpower_pos 2 160)). unfold Rdiv. rewrite Rmult_1_l. do 2 f_equal. }
rewrite <- P. exact R.
Qed.
Lemma exp_hat_close : forall z, rnd z = z -> -110 <= z <= 0 ->
  exp z + (-1) / 17179869184 * exp z <= exp_hat z <= exp z + 1 / 17179869184 * exp z.
Proof.
intros z F H. assert (C := exp_hat_34 z (fmt_of z F) H).
assert (P : pow2 (-34) = 1 / 17179869184) by (simpl; lra). rewrite P in C. apply Rabs_le_inv in C. lra.
Qed.
Lemma exp_hat_apart : forall y z, rnd y = y -> rnd z = z -> -110 <= y <= 0 -> -110 <= z <= 0 ->
  1 / 8589934592 + y <= z -> exp_hat y <= exp_hat z.
Proof.
intros y z Fy Fz Hy Hz H. apply exp_hat_monotone_apart; auto using fmt_of. lra.
Qed.
Lemma exp_hat_near : forall y z, rnd y = y -> rnd z = z -> -110 <= y <= 0 -> -110 <= z <= 0 -> y <= z ->
  exp_hat y <= 3 / 2 * exp_hat z.
Proof.
intros y z Fy Fz Hy Hz M. assert (Cy := exp_hat_close y Fy Hy). assert (Cz := exp_hat_close z Fz Hz).
assert (I : exp y <= exp z). { destruct (Rle_lt_or_eq_dec y z M) as [L|L]. apply Rlt_le, exp_increasing, L. rewrite L. lra. }
assert (P := exp_pos y). lra.
Qed.

Definition w_k z := rnd (-6755399441055744 + rnd (6755399441055744 + 3248660424278399 / 2251799813685248 * z)).
Definition w_r z := rnd (z + -6243314768165359 / 9007199254740992 * w_k z).
Definition w_h r p c := rnd (c + p * r).
Definition w_p r := w_h r (w_h r (w_h r (w_h r (w_h r (w_h r (w_h r (7301351163192271 / 36893488147419103232)
  (3215417130663097 / 2305843009213693952)) (600491744490801 / 72057594037927936))
  (6004745953128709 / 144115188075855872)) (6004799215915945 / 36028797018963968))
  (140737490259335 / 281474976710656)) 1) 1.
Definition w_hat z := rnd (p2 (w_k z) * w_p (w_r z)).

Lemma w_log2e : log2e = 3248660424278399 / 2251799813685248.
Proof. reflexivity. Qed.
Lemma w_ln2 : ln2 = 6243314768165359 / 9007199254740992.
Proof. reflexivity. Qed.
Lemma w_magic : magic = 6755399441055744.
Proof. unfold magic. change (pow2 51) with 2251799813685248. lra. Qed.
Lemma w_k_is : forall z, w_k z = exp_k z.
Proof.
intros z. unfold w_k, exp_k, sub, fma. rewrite w_log2e, w_magic. f_equal.
rewrite (Rplus_comm _ (rnd _)). unfold Rminus. f_equal. f_equal. rewrite (Rplus_comm 6755399441055744). f_equal. apply Rmult_comm.
Qed.
Lemma w_r_is : forall z, w_r z = exp_r z.
Proof.
intros z. unfold w_r, exp_r, fma. rewrite w_k_is, w_ln2. f_equal. field.
Qed.
Lemma w_h_is : forall r p p' c c', p = p' -> c = c' -> w_h r p c = fma r p' c'.
Proof. intros r p p' c c' -> ->. unfold w_h, fma. f_equal. ring. Qed.
Lemma w_p_is : forall r, w_p r = exp_p r.
Proof.
intros r. unfold w_p, exp_p. repeat apply w_h_is; unfold c2, c3, c4, c5, c6, c7; reflexivity.
Qed.
Lemma w_hat_is : forall z, w_hat z = exp_hat z.
Proof. intros z. unfold w_hat, exp_hat, mul, p2. rewrite w_k_is, w_r_is, w_p_is. f_equal. ring. Qed.

Lemma w_whole : forall z, -110 <= z <= 0 -> whole (w_k z).
Proof. intros z H. rewrite w_k_is. now apply exp_k_whole. Qed.
Lemma w_small : forall z, rnd z = z -> -110 <= z <= 0 -> w_r z <= 1733/5000 /\ -1733/5000 <= w_r z.
Proof. intros z F H. rewrite w_r_is. assert (E := exp_r_small z F H). lra. Qed.
Lemma w_unit : forall z, rnd z = z -> -110 <= z <= 0 ->
  w_hat z <= 1 /\ 1 / 1461501637330902918203684832716283019655932542976 <= w_hat z.
Proof. intros z F H. rewrite w_hat_is. assert (E := exp_hat_unit z F H). tauto. Qed.
Lemma w_zero : w_hat 0 = 1.
Proof. rewrite w_hat_is. apply exp_hat_0. Qed.
Lemma w_close : forall z, rnd z = z -> -110 <= z <= 0 ->
  exp z + -1 / 17179869184 * exp z <= w_hat z /\ w_hat z <= exp z + 1 / 17179869184 * exp z.
Proof. intros z F H. rewrite w_hat_is. exact (exp_hat_close z F H). Qed.
Lemma w_apart : forall y z, rnd y = y -> rnd z = z -> -110 <= y <= 0 -> -110 <= z <= 0 ->
  1 / 8589934592 + y <= z -> w_hat y <= w_hat z.
Proof. intros. rewrite !w_hat_is. now apply exp_hat_apart. Qed.

Lemma w_near : forall y z, rnd y = y -> rnd z = z -> -110 <= y <= 0 -> -110 <= z <= 0 -> y <= z -> w_hat y <= 3 / 2 * w_hat z.
Proof. intros. rewrite !w_hat_is. now apply exp_hat_near. Qed.

Ltac close_exp :=
  repeat match goal with H : _ /\ _ |- _ => destruct H end;
  first
  [ exact w_zero
  | match goal with z : R |- _ =>
      first [ exact (w_whole z ltac:(lra)) | exact (w_small z ltac:(assumption) ltac:(lra))
            | exact (w_unit z ltac:(assumption) ltac:(lra)) | exact (w_close z ltac:(assumption) ltac:(lra)) ] end
  | match goal with y : R, z : R |- _ => exact (w_near y z ltac:(assumption) ltac:(assumption) ltac:(lra) ltac:(lra) ltac:(lra)) end
  | match goal with y : R, z : R |- _ => exact (w_apart y z ltac:(assumption) ltac:(assumption) ltac:(lra) ltac:(lra) ltac:(lra)) end ].
