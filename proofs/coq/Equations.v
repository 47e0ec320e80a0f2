(* SPDX-License-Identifier: Apache-2.0 *)
(* T7f: the paper's Eq. 4 and Eq. 6 are sigma; its Eq. 5 is not always. The cases of Eq. 5 overlap when b > d, so each
   reading is stated: first case wins, last case wins, or every case whose condition holds must hold. *)
From Coq Require Import Reals Psatz.
From MultiMax Require Import Hinge Modulator.
Open Scope R_scope.

(* Eq. 6 with N = 2, Max written out *)
Definition eq6 (tb1 td1 tb2 td2 b1 d1 b2 d2 x : R) : R :=
  x + ((1 - tb1) * Rmax (b1 - x) 0 ^ 1 + (td1 - 1) * Rmax (x - d1) 0 ^ 1)
    + ((1 - tb2) * Rmax (b2 - x) 0 ^ 2 + (td2 - 1) * Rmax (x - d2) 0 ^ 2).
Definition from_temperatures (tb1 td1 tb2 td2 b1 d1 b2 d2 : R) : params :=
  mk_params (1 - tb1) (td1 - 1) (1 - tb2) (td2 - 1) b1 d1 b2 d2.

Theorem sigma_eq6 : forall tb1 td1 tb2 td2 b1 d1 b2 d2 x,
  sigma (from_temperatures tb1 td1 tb2 td2 b1 d1 b2 d2) x = eq6 tb1 td1 tb2 td2 b1 d1 b2 d2 x.
Proof. intros. unfold sigma, eq6, from_temperatures. simpl. rewrite !relu_max. ring. Qed.

(* Eq. 4, first order *)
Definition eq4 (tb td b d x : R) : R := x + (1 - tb) * Rmax (b - x) 0 + (td - 1) * Rmax (x - d) 0.
Theorem sigma_eq4 : forall tb td b d x, sigma (from_temperatures tb td 1 1 b d 0 0) x = eq4 tb td b d x.
Proof. intros. unfold sigma, eq4, from_temperatures. simpl. rewrite !relu_max. ring. Qed.

(* Eq. 5 *)
Definition low_case (tb b x : R) := tb * x + (1 - tb) * b.
Definition high_case (td d x : R) := td * x + (1 - td) * d.
Definition eq5_first (tb td b d x : R) : R :=
  if Rlt_dec x b then low_case tb b x else if Rlt_dec d x then high_case td d x else x.
Definition eq5_last (tb td b d x : R) : R :=
  if Rlt_dec d x then high_case td d x else if Rlt_dec x b then low_case tb b x else x.

Ltac max_cases := unfold eq4, eq5_first, eq5_last, low_case, high_case, Rmax;
  repeat (destruct Rlt_dec || destruct Rle_dec); try nra.

Lemma overlap : forall tb td b d x, d < x < b ->
  eq4 tb td b d x = low_case tb b x + (td - 1) * (x - d) /\ eq4 tb td b d x = high_case td d x + (1 - tb) * (b - x).
Proof. intros. split; max_cases. Qed.

Theorem eq5_first_iff : forall tb td b d, (forall x, eq5_first tb td b d x = eq4 tb td b d x) <-> b <= d \/ td = 1.
Proof.
intros tb td b d. split.
- intros H. destruct (Rle_dec b d); [now left|right].
  destruct (overlap tb td b d ((b + d) / 2) ltac:(lra)) as [O _]. rewrite <- H in O.
  unfold eq5_first in O. destruct Rlt_dec; [|lra]. nra.
- intros [H|H] x. max_cases. subst td. max_cases.
Qed.

Theorem eq5_last_iff : forall tb td b d, (forall x, eq5_last tb td b d x = eq4 tb td b d x) <-> b <= d \/ tb = 1.
Proof.
intros tb td b d. split.
- intros H. destruct (Rle_dec b d); [now left|right].
  destruct (overlap tb td b d ((b + d) / 2) ltac:(lra)) as [_ O]. rewrite <- H in O.
  unfold eq5_last in O. destruct Rlt_dec; [|lra]. nra.
- intros [H|H] x. max_cases. subst tb. max_cases.
Qed.

Theorem eq5_all_iff : forall tb td b d,
  (forall x, (x < b -> eq4 tb td b d x = low_case tb b x) /\ (b <= x <= d -> eq4 tb td b d x = x) /\
             (d < x -> eq4 tb td b d x = high_case td d x)) <-> b <= d \/ (tb = 1 /\ td = 1).
Proof.
intros tb td b d. split.
- intros H. destruct (Rle_dec b d); [now left|right].
  destruct (overlap tb td b d ((b + d) / 2) ltac:(lra)) as [O1 O2].
  destruct (H ((b + d) / 2)) as (H1 & _ & H2). rewrite H1 in O1 by lra. rewrite H2 in O2 by lra. split; nra.
- intros [H|[-> ->]] x; repeat split; intros; max_cases.
Qed.

(* and Eq. 5 itself jumps at b when it disagrees: its left limit there is b, its value td*b + (1-td)*d *)
Theorem eq5_first_jump : forall tb td b d, d < b -> td <> 1 ->
  low_case tb b b = b /\ eq5_first tb td b d b <> b.
Proof.
intros tb td b d H Ht. split. unfold low_case. ring.
unfold eq5_first, high_case. destruct Rlt_dec; [lra|]. destruct Rlt_dec; [|lra].
intros E. assert ((td - 1) * (b - d) = 0) by lra. apply Rmult_integral in H0. lra.
Qed.

(* the special case the paper names: t_b = 0, t_d = 1, b = d = 0 is relu *)
Theorem eq4_relu : forall x, eq4 0 1 0 0 x = relu x.
Proof. intros x. rewrite relu_max. max_cases. Qed.
