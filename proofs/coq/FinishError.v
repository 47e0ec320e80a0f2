(* SPDX-License-Identifier: Apache-2.0 *)
(* T8: a parameter's gradient after all rows: the rows' sums are added without error (T11), the total is rounded once, and once more with its
   factor f (specs/logic/finish.acsl). S k is what row k adds, E k its derivative, e k the bound of GradParams.v or LossGradParams.v. *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Hinge Modulator SigmaFloat RealSum GradMean SlopeFloat.
Open Scope R_scope.

(* an entry of the accumulator as a number *)
Definition counts (v : R) : Prop := exists z : Z, v = IZR z * pow2 (-256).

Lemma counts_sum : forall n S, (forall k, (k < n)%nat -> counts (S k)) -> counts (sum n S).
Proof.
induction n as [|n IH]; intros S H; [exists 0%Z; simpl; ring|].
destruct (IH S ltac:(intros k Hk; apply H; lia)) as [a A]. destruct (H n ltac:(lia)) as [b B].
exists (a + b)%Z. change (sum (Datatypes.S n) S) with (sum n S + S n). rewrite A, B, plus_IZR. ring.
Qed.

Lemma counts_rnd : forall v, counts v -> Rabs (rnd v - v) <= u64 * Rabs v.
Proof.
intros v [z ->]. apply rnd_relative. destruct (Z.eq_dec z 0) as [->|N]; [left; ring | right].
rewrite Rabs_mult, <- abs_IZR, (Rabs_pos_eq (pow2 (-256))) by apply bpow_ge_0.
apply Rle_trans with (1 * pow2 (-256)). rewrite Rmult_1_l. apply bpow_le. lia.
apply Rmult_le_compat_r. apply bpow_ge_0. apply (IZR_le 1). lia.
Qed.

Theorem finish_error : forall f n S E e, (forall k, (k < n)%nat -> counts (S k) /\ Rabs (S k - E k) <= e k) ->
  Rabs (mul f (rnd (sum n S)) - f * sum n E) <= Rabs f * (sum n e + 201 / 100 * u64 * (Rabs (sum n E) + sum n e)) + eta64.
Proof.
intros f n S E e H. set (v := sum n S). set (x := sum n E). set (b := sum n e).
assert (R := counts_rnd v (counts_sum n S (fun k Hk => proj1 (H k Hk)))).
assert (D : Rabs (v - x) <= b).
{ unfold v, x, b. rewrite <- sum_minus. eapply Rle_trans. apply sum_abs. apply sum_le. intros k Hk. now apply H. }
set (t := rnd v) in *. assert (M := mul_error f t). assert (U := u64_figure). assert (U0 := u64_small).
assert (V : Rabs v <= Rabs x + b). { replace v with ((v - x) + x) by ring. eapply Rle_trans. apply Rabs_triang. lra. }
assert (P := Rabs_pos v). assert (F := Rabs_pos f).
assert (T : Rabs t <= (1 + u64) * Rabs v). { replace t with ((t - v) + v) by ring. eapply Rle_trans. apply Rabs_triang. lra. }
assert (A : u64 * Rabs (f * t) <= 1001 / 1000 * u64 * (Rabs f * Rabs v)).
{ rewrite Rabs_mult. assert (Rabs f * Rabs t <= Rabs f * ((1 + u64) * Rabs v)) by (apply Rmult_le_compat_l; lra).
  assert (0 <= Rabs f * Rabs v) by (apply Rmult_le_pos; lra).
  apply Rle_trans with (u64 * (Rabs f * ((1 + u64) * Rabs v))). { apply Rmult_le_compat_l; [lra | assumption]. }
  assert (u64 * (u64 * (Rabs f * Rabs v)) <= / 1000 * (u64 * (Rabs f * Rabs v))).
  { apply Rmult_le_compat_r. apply Rmult_le_pos; lra. rewrite U. lra. } lra. }
assert (B : Rabs (f * (t - x)) <= Rabs f * (u64 * Rabs v + b)).
{ rewrite Rabs_mult. apply Rmult_le_compat_l; trivial. replace (t - x) with ((t - v) + (v - x)) by ring.
  eapply Rle_trans. apply Rabs_triang. lra. }
assert (C : u64 * (Rabs f * Rabs v) <= u64 * (Rabs f * (Rabs x + b))).
{ apply Rmult_le_compat_l. lra. apply Rmult_le_compat_l; trivial. }
assert (N : 0 <= u64 * (Rabs f * Rabs v)) by (repeat apply Rmult_le_pos; lra).
replace (mul f t - f * x) with ((mul f t - f * t) + f * (t - x)) by ring. eapply Rle_trans. apply Rabs_triang. lra.
Qed.
