(* SPDX-License-Identifier: Apache-2.0 *)
(* Real powers on [0, oo), Young's inequality, and l_q norms of rows, q >= 1 real. *)
From Coq Require Import Reals Psatz Lia.
From MultiMax Require Import RealSum.
Open Scope R_scope.

Definition rpow (t q : R) : R := if Rlt_dec 0 t then Rpower t q else 0.

Lemma rpow_nonneg : forall t q, 0 <= rpow t q.
Proof. intros t q. unfold rpow. destruct Rlt_dec; [apply Rlt_le, exp_pos | lra]. Qed.
Lemma rpow_pos : forall t q, 0 < t -> rpow t q = Rpower t q /\ 0 < rpow t q.
Proof. intros t q H. unfold rpow. destruct Rlt_dec; [|lra]. split; trivial. apply exp_pos. Qed.
Lemma rpow_0 : forall q, rpow 0 q = 0.
Proof. intros q. unfold rpow. destruct Rlt_dec; lra. Qed.
Lemma rpow_1 : forall t, 0 <= t -> rpow t 1 = t.
Proof. intros t H. unfold rpow. destruct Rlt_dec. now apply Rpower_1. lra. Qed.
Lemma rpow_2 : forall t, 0 <= t -> rpow t 2 = t ^ 2.
Proof.
intros t H. unfold rpow. destruct Rlt_dec; [|assert (t = 0) by lra; subst; ring].
replace 2 with (INR 2) by reflexivity. now rewrite Rpower_pow.
Qed.
Lemma rpow_le : forall a b q, 0 <= a <= b -> 0 <= q -> rpow a q <= rpow b q.
Proof.
intros a b q [Ha Hab] Hq. unfold rpow. destruct (Rlt_dec 0 a), (Rlt_dec 0 b); try lra.
apply Rle_Rpower_l; lra. apply Rlt_le, exp_pos.
Qed.
Lemma rpow_mult : forall a b q, 0 <= a -> 0 <= b -> rpow (a * b) q = rpow a q * rpow b q.
Proof.
intros a b q Ha Hb. destruct (Req_dec a 0) as [->|Na]. rewrite Rmult_0_l, rpow_0. ring.
destruct (Req_dec b 0) as [->|Nb]. rewrite Rmult_0_r, rpow_0. ring.
assert (0 < a * b) by (apply Rmult_lt_0_compat; lra).
unfold rpow. repeat (destruct Rlt_dec; [|lra]). symmetry. apply Rpower_mult_distr; lra.
Qed.
Lemma rpow_root : forall a q, 0 <= a -> 0 < q -> rpow (rpow a q) (/ q) = a.
Proof.
intros a q Ha Hq. destruct (Req_dec a 0) as [->|Na]. now rewrite !rpow_0.
destruct (rpow_pos a q ltac:(lra)) as [E P]. destruct (rpow_pos _ (/ q) P) as [-> _]. rewrite E, Rpower_mult, Rinv_r, Rpower_1; lra.
Qed.

Lemma ln_le_minus : forall u, 0 < u -> ln u <= u - 1.
Proof. intros u H. generalize (exp_ineq1_le (ln u)). rewrite exp_ln by exact H. lra. Qed.

(* Bernoulli, real exponent *)
Lemma bernoulli : forall y q, 0 < y -> 1 <= q -> 1 + q * (y - 1) <= Rpower y q.
Proof.
intros y q Hy Hq. set (z := Rpower y q). set (a := / q).
assert (Pz : 0 < z) by apply exp_pos.
assert (Pa : 0 < a <= 1).
{ unfold a. split. apply Rinv_0_lt_compat; lra. rewrite <- Rinv_1. apply Rinv_le_contravar; lra. }
set (m := 1 + a * (z - 1)). assert (Pm : 0 < m) by (unfold m; nra).
assert (L : ln y = a * ln z).
{ unfold z, a, Rpower. rewrite ln_exp. field. lra. }
assert (A : ln z - ln m <= z / m - 1).
{ unfold Rminus at 1. rewrite <- ln_Rinv, <- ln_mult by (trivial; now apply Rinv_0_lt_compat).
  apply (ln_le_minus (z / m)). now apply Rdiv_lt_0_compat. }
assert (B : - ln m <= / m - 1).
{ rewrite <- ln_Rinv by exact Pm. apply ln_le_minus. now apply Rinv_0_lt_compat. }
assert (C : a * (z / m - 1) + (1 - a) * (/ m - 1) = 0).
{ transitivity ((1 + a * (z - 1)) / m - 1). field. lra. fold m. field. lra. }
assert (D : ln y <= ln m). { rewrite L. nra. }
assert (E : y <= m).
{ destruct (Rle_dec y m); trivial. exfalso. assert (ln m < ln y) by (apply ln_increasing; lra). lra. }
unfold m in E. assert (q * (a * (z - 1)) = z - 1) by (unfold a; field; lra). nra.
Qed.

(* Young: a^(q-1) b <= (1 - 1/q) a^q + (1/q) b^q *)
Lemma young : forall a b q, 0 < a -> 0 <= b -> 1 <= q ->
  Rpower a (q - 1) * b <= (1 - / q) * rpow a q + / q * rpow b q.
Proof.
intros a b q Ha Hb Hq. destruct (rpow_pos a q Ha) as [-> _].
assert (Ea : Rpower a (q - 1) * a = Rpower a q).
{ rewrite <- (Rpower_1 a Ha) at 2. rewrite <- Rpower_plus. f_equal. ring. }
assert (Pa : 0 < Rpower a q) by apply exp_pos.
assert (Pq : 0 < / q <= 1).
{ split. apply Rinv_0_lt_compat; lra. rewrite <- Rinv_1. apply Rinv_le_contravar; lra. }
destruct (Req_dec b 0) as [->|Nb].
{ rewrite rpow_0, !Rmult_0_r, Rplus_0_r. apply Rmult_le_pos; lra. }
destruct (rpow_pos b q ltac:(lra)) as [-> _].
assert (Pb : 0 < b / a) by (apply Rdiv_lt_0_compat; lra).
assert (B := bernoulli (b / a) q Pb Hq).
assert (Eb : Rpower b q = Rpower a q * Rpower (b / a) q).
{ rewrite Rpower_mult_distr by trivial. f_equal. field. lra. }
rewrite Eb. replace (Rpower a (q - 1) * b) with (Rpower a q * (b / a)) by (rewrite <- Ea; field; lra).
assert (F : b / a <= 1 - / q + / q * Rpower (b / a) q).
{ apply Rmult_le_reg_l with q. lra.
  replace (q * (1 - / q + / q * Rpower (b / a) q)) with (q - 1 + Rpower (b / a) q) by (field; lra). lra. }
replace ((1 - / q) * Rpower a q + / q * (Rpower a q * Rpower (b / a) q))
  with (Rpower a q * (1 - / q + / q * Rpower (b / a) q)) by ring.
apply Rmult_le_compat_l; lra.
Qed.

(* l_q norm of a row *)
Definition pow_sum (n : nat) (q : R) (v : nat -> R) : R := sum n (fun i => rpow (Rabs (v i)) q).
Definition norm_q (n : nat) (q : R) (v : nat -> R) : R := rpow (pow_sum n q v) (/ q).

Lemma pow_sum_nonneg : forall n q v, 0 <= pow_sum n q v.
Proof. intros. apply sum_nonneg. intros. apply rpow_nonneg. Qed.

(* coordinatewise domination by c * |w| dominates the norm *)
Lemma pow_sum_scale : forall n q v w c, 0 <= c -> 0 <= q -> (forall i, (i < n)%nat -> Rabs (v i) <= c * Rabs (w i)) ->
  pow_sum n q v <= rpow c q * pow_sum n q w.
Proof.
intros n q v w c Hc Hq H. unfold pow_sum. rewrite <- sum_scal. apply sum_le. intros i Hi.
rewrite <- rpow_mult by (trivial; apply Rabs_pos). apply rpow_le; trivial. split. apply Rabs_pos. now apply H.
Qed.

Lemma norm_q_scale : forall n q v w c, 1 <= q -> 0 <= c -> pow_sum n q v <= rpow c q * pow_sum n q w ->
  norm_q n q v <= c * norm_q n q w.
Proof.
intros n q v w c Hq Hc H. unfold norm_q. rewrite <- (rpow_root c q) at 1 by lra.
assert (Pq : 0 < / q) by (apply Rinv_0_lt_compat; lra).
rewrite <- rpow_mult; [|apply rpow_nonneg|apply pow_sum_nonneg].
apply rpow_le; [|lra]. split; trivial. apply pow_sum_nonneg.
Qed.

Lemma norm_1 : forall n v, norm_q n 1 v = sum n (fun i => Rabs (v i)).
Proof.
intros n v. unfold norm_q. rewrite Rinv_1. rewrite rpow_1 by apply pow_sum_nonneg.
apply sum_ext. intros. apply rpow_1, Rabs_pos.
Qed.
Lemma pow_sum_2 : forall n v, pow_sum n 2 v = sum n (fun i => v i ^ 2).
Proof. intros n v. apply sum_ext. intros. rewrite rpow_2 by apply Rabs_pos. apply pow2_abs. Qed.
