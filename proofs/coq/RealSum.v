(* SPDX-License-Identifier: Apache-2.0 *)
(* Finite sums of reals over 0 .. n-1. *)
From Coq Require Import Reals Psatz List Permutation Lia PeanoNat.
From Coquelicot Require Import Coquelicot.
Import ListNotations.
Open Scope R_scope.

Fixpoint sum (n : nat) (f : nat -> R) : R := match n with O => 0 | S m => sum m f + f m end.

Lemma sum_ext : forall n f g, (forall i, (i < n)%nat -> f i = g i) -> sum n f = sum n g.
Proof. induction n; intros f g H; simpl; trivial. rewrite H by lia. f_equal. apply IHn. intros. apply H. lia. Qed.
Lemma sum_plus : forall n f g, sum n (fun i => f i + g i) = sum n f + sum n g.
Proof. induction n; intros; simpl; [ring|]. rewrite IHn. ring. Qed.
Lemma sum_scal : forall n c f, sum n (fun i => c * f i) = c * sum n f.
Proof. induction n; intros; simpl; [ring|]. rewrite IHn. ring. Qed.
Lemma sum_minus : forall n f g, sum n (fun i => f i - g i) = sum n f - sum n g.
Proof. induction n; intros; simpl; [ring|]. rewrite IHn. ring. Qed.
Lemma sum_const : forall n c, sum n (fun _ => c) = INR n * c.
Proof. induction n; intros. simpl; ring. rewrite S_INR. simpl. rewrite IHn. ring. Qed.
Lemma sum_le : forall n f g, (forall i, (i < n)%nat -> f i <= g i) -> sum n f <= sum n g.
Proof. induction n; intros f g H; simpl. lra. apply Rplus_le_compat. apply IHn; intros; apply H; lia. apply H; lia. Qed.
Lemma sum_nonneg : forall n f, (forall i, (i < n)%nat -> 0 <= f i) -> 0 <= sum n f.
Proof. intros n f H. rewrite <- (Rmult_0_r (INR n)), <- sum_const. now apply sum_le. Qed.
Lemma sum_ge_term : forall n f i, (forall j, (j < n)%nat -> 0 <= f j) -> (i < n)%nat -> f i <= sum n f.
Proof.
induction n; intros f i H Hi. lia. simpl. assert (S := sum_nonneg n f ltac:(intros; apply H; lia)).
assert (Hn := H n ltac:(lia)).
destruct (Nat.eq_dec i n) as [->|N]. lra. assert (f i <= sum n f); [|lra]. apply IHn; [intros; apply H|]; lia.
Qed.
Lemma sum_abs : forall n f, Rabs (sum n f) <= sum n (fun i => Rabs (f i)).
Proof. induction n; intros; simpl. rewrite Rabs_R0; lra. eapply Rle_trans. apply Rabs_triang. specialize (IHn f). lra. Qed.
Lemma sum_swap : forall n m f, sum n (fun i => sum m (fun j => f i j)) = sum m (fun j => sum n (fun i => f i j)).
Proof.
induction n; intros m f; simpl.
- rewrite (sum_const m 0). ring.
- rewrite IHn, <- sum_plus. reflexivity.
Qed.

(* the Kronecker delta *)
Definition delta (i j : nat) : R := if Nat.eq_dec i j then 1 else 0.
Lemma sum_delta : forall n f i, (i < n)%nat -> sum n (fun k => f k * delta i k) = f i.
Proof.
intros n f i. assert (Z : forall n, (n <= i)%nat -> sum n (fun k => f k * delta i k) = 0).
{ induction n0; intros H; simpl; trivial. rewrite IHn0 by lia. unfold delta. destruct Nat.eq_dec. lia. ring. }
induction n; intros H; [lia|]. simpl. unfold delta at 2. destruct Nat.eq_dec as [<-|N].
rewrite Z by lia. ring. rewrite IHn by lia. ring.
Qed.

Lemma sum_list : forall n f, sum n f = fold_right Rplus 0 (map f (seq 0 n)).
Proof.
induction n; intros f. reflexivity. rewrite seq_S, map_app, fold_right_app. simpl. rewrite IHn.
generalize (map f (seq 0 n)). induction l; simpl; lra.
Qed.

(* a permutation of 0 .. n-1 *)
Definition perm_of (n : nat) (pi : nat -> nat) : Prop :=
  (forall i, (i < n)%nat -> (pi i < n)%nat) /\ forall i j, (i < n)%nat -> (j < n)%nat -> pi i = pi j -> i = j.
Theorem sum_perm : forall n pi f, perm_of n pi -> sum n (fun i => f (pi i)) = sum n f.
Proof.
intros n pi f [B I]. rewrite !sum_list, <- (map_map pi f).
assert (Pm : Permutation (map pi (seq 0 n)) (seq 0 n)).
{ apply NoDup_Permutation_bis.
  - clear B. assert (H : forall l, NoDup l -> (forall i, In i l -> (i < n)%nat) -> NoDup (map pi l)).
    { induction l as [|a l IH]; intros N H; simpl; constructor; inversion N; subst.
      - intros M. apply in_map_iff in M. destruct M as (b & E & Hb). apply I in E; [|apply H; simpl; tauto..]. now subst.
      - apply IH; trivial. intros; apply H; simpl; tauto. }
    apply H. apply seq_NoDup. intros i Hi. apply in_seq in Hi. lia.
  - rewrite map_length. lia.
  - intros j Hj. apply in_map_iff in Hj. destruct Hj as (i & <- & Hi). apply in_seq in Hi. apply in_seq. specialize (B i). lia. }
apply (Permutation_map f) in Pm. revert Pm. generalize (map f (map pi (seq 0 n))) (map f (seq 0 n)).
intros l l' Pm. induction Pm; simpl; lra.
Qed.

Lemma sum_derive : forall n (f : R -> nat -> R) (d : nat -> R) (t : R),
  (forall i, (i < n)%nat -> is_derive (fun u => f u i) t (d i)) -> is_derive (fun u => sum n (f u)) t (sum n d).
Proof.
induction n; intros f d t H; simpl.
- apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule) 0 t).
- apply (is_derive_plus (K := R_AbsRing) (V := R_NormedModule) (fun u => sum n (f u)) (fun u => f u n)). apply IHn; intros; apply H; lia. apply H; lia.
Qed.
