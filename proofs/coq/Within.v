(* SPDX-License-Identifier: Apache-2.0 *)
(* Errors in the logarithm: within t a b says |ln(a/b)| <= t. They add along products, quotients and sums of positive terms,
   so a chain of roundings is a sum of its errors. *)
From Coq Require Import Reals Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 SigmaFloat.
Open Scope R_scope.

Definition within (t a b : R) : Prop := a <= exp t * b /\ b <= exp t * a.

Lemma exp_ge_1 : forall t, 0 <= t -> 1 <= exp t.
Proof. intros t H. generalize (exp_ineq1_le t). lra. Qed.
Lemma exp_le : forall a b, a <= b -> exp a <= exp b.
Proof. intros a b [H | ->]. apply Rlt_le, exp_increasing, H. lra. Qed.

Lemma within_refl : forall t a, 0 <= t -> 0 <= a -> within t a a.
Proof. intros t a Ht Ha. assert (E := exp_ge_1 t Ht). split; nra. Qed.
Lemma within_sym : forall t a b, within t a b -> within t b a.
Proof. intros t a b []. now split. Qed.
Lemma within_weaken : forall s t a b, 0 <= a -> 0 <= b -> s <= t -> within s a b -> within t a b.
Proof.
intros s t a b Ha Hb H [A B]. apply exp_le in H. split; (eapply Rle_trans; [eassumption|]); apply Rmult_le_compat_r; trivial.
Qed.
Lemma within_trans : forall s t a b c, within s a b -> within t b c -> within (s + t) a c.
Proof.
intros s t a b c [A1 A2] [B1 B2]. rewrite <- (Rplus_comm t). generalize (exp_pos s) (exp_pos t). intros P Q. split.
- rewrite Rplus_comm, exp_plus, Rmult_assoc. eapply Rle_trans. exact A1. apply Rmult_le_compat_l; lra.
- rewrite exp_plus, Rmult_assoc. eapply Rle_trans. exact B2. apply Rmult_le_compat_l; lra.
Qed.
Lemma within_mult : forall s t a b c d, 0 <= a -> 0 <= b -> 0 <= c -> 0 <= d ->
  within s a b -> within t c d -> within (s + t) (a * c) (b * d).
Proof.
intros s t a b c d Ha Hb Hc Hd [A1 A2] [B1 B2]. unfold within. rewrite !(exp_plus s t). split.
- replace (exp s * exp t * (b * d)) with ((exp s * b) * (exp t * d)) by ring. apply Rmult_le_compat; trivial.
- replace (exp s * exp t * (a * c)) with ((exp s * a) * (exp t * c)) by ring. apply Rmult_le_compat; trivial.
Qed.
Lemma within_inv : forall t a b, 0 < a -> 0 < b -> within t a b -> within t (/ a) (/ b).
Proof.
intros t a b Ha Hb [A B]. generalize (exp_pos t). intros E.
split; apply Rmult_le_reg_r with (a * b); try nra.
- replace (/ a * (a * b)) with b by (field; lra). replace (exp t * / b * (a * b)) with (exp t * a) by (field; lra). exact B.
- replace (/ b * (a * b)) with a by (field; lra). replace (exp t * / a * (a * b)) with (exp t * b) by (field; lra). exact A.
Qed.
Lemma within_div : forall s t a b c d, 0 <= a -> 0 <= b -> 0 < c -> 0 < d ->
  within s a b -> within t c d -> within (s + t) (a / c) (b / d).
Proof.
intros. assert (0 < / c) by now apply Rinv_0_lt_compat. assert (0 < / d) by now apply Rinv_0_lt_compat.
unfold Rdiv. apply within_mult; try lra; trivial. now apply within_inv.
Qed.
Lemma within_exp : forall x y t, Rabs (x - y) <= t -> within t (exp x) (exp y).
Proof.
intros x y t H. apply Rabs_le_inv in H. unfold within. rewrite <- !(exp_plus t). split; apply exp_le; lra.
Qed.

(* from a relative error and back *)
Lemma within_of_relative : forall e a b, 0 <= e < 1 -> 0 <= b -> Rabs (a - b) <= e * b -> within (e / (1 - e)) a b.
Proof.
intros e a b He Hb H. apply Rabs_le_inv in H. set (t := e / (1 - e)).
assert (T : t * (1 - e) = e) by (unfold t; field; lra).
assert (Pt : e <= t) by nra. assert (G := exp_ineq1_le t). split.
- apply Rle_trans with ((1 + t) * b); nra.
- assert (A : 0 <= a) by nra.
  apply Rle_trans with ((1 + t) * a); [|apply Rmult_le_compat_r; trivial].
  assert ((1 + t) * (1 - e) = 1) by (rewrite Rmult_plus_distr_r, T; ring).
  apply Rle_trans with ((1 + t) * ((1 - e) * b)). rewrite <- Rmult_assoc, H0. lra. apply Rmult_le_compat_l; lra.
Qed.
Lemma relative_of_within : forall t a b, 0 <= t < 1 -> 0 <= b -> within t a b -> Rabs (a - b) <= t / (1 - t) * b.
Proof.
intros t a b Ht Hb [A B]. set (r := t / (1 - t)). assert (R1 : (1 + r) * (1 - t) = 1) by (unfold r; field; lra).
assert (E1 : exp t <= 1 + r).
{ assert (G := exp_ineq1_le (- t)). rewrite exp_Ropp in G. assert (P := exp_pos t).
  apply Rmult_le_reg_r with (1 - t). lra. rewrite R1.
  apply Rle_trans with (exp t * / exp t). apply Rmult_le_compat_l; lra. rewrite Rinv_r; lra. }
assert (E0 : 1 <= exp t) by (apply exp_ge_1; lra).
assert (Pr : 0 <= r) by lra.
apply Rabs_le. split.
- assert (D : (1 - r) * exp t <= 1).
  { destruct (Rle_or_lt r 1). apply Rle_trans with ((1 - r) * (1 + r)). apply Rmult_le_compat_l; lra. nra. nra. }
  assert ((1 - r) * b <= a); [|lra].
  destruct (Rle_or_lt r 1) as [L|L].
  + apply Rmult_le_reg_l with (exp t). lra. apply Rle_trans with b; [|lra].
    replace (exp t * ((1 - r) * b)) with (((1 - r) * exp t) * b) by ring.
    rewrite <- (Rmult_1_l b) at 2. now apply Rmult_le_compat_r.
  + assert (0 <= a). { assert (0 <= exp t * a) by lra. nra. } nra.
- assert (exp t * b <= (1 + r) * b) by (apply Rmult_le_compat_r; lra). lra.
Qed.

(* one rounding of a double that does not underflow *)
Lemma within_rnd : forall v, pow2 (-1000) <= v -> within (101/100 * u64) (rnd v) v.
Proof.
intros v H. assert (U := u64_small). assert (Pv := bpow_gt_0 radix2 (-1000)).
assert (E : Rabs (rnd v - v) <= u64 * v).
{ assert (F := error_le_half_ulp radix2 fexp64 (fun x => negb (Z.even x)) v).
  eapply Rle_trans. exact F. assert (G : ulp radix2 fexp64 v <= Rabs v * pow2 (1 - 53)).
  { apply ulp_FLT_le. rewrite Rabs_pos_eq by lra. apply Rle_trans with (2 := H). apply bpow_le. lia. }
  rewrite (Rabs_pos_eq v) in G by lra. replace (pow2 (1 - 53)) with (2 * u64) in G by (unfold u64; simpl; lra). lra. }
apply within_weaken with (u64 / (1 - u64)); try lra.
- apply Rabs_le_inv in E. nra.
- apply Rmult_le_reg_r with (1 - u64). lra. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra.
  assert (u64 <= / 1024 / 100) by (unfold u64; simpl; lra). nra.
- apply within_of_relative; trivial; lra.
Qed.
