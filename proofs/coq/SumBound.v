(* SPDX-License-Identifier: Apache-2.0 *)
(* T5: mmax_bound_sum as computed in binary64 (sum_bound_hat of specs/logic/bounds.acsl) is exactly the bound on |sum p - 1|, and a row that
   satisfies the C contract is_softmax obeys it, whatever the errors of sigma and exp. *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 SigmaFloat AffineFloat RealSum Contract Accuracy GradContract GradMean GradError.
Open Scope R_scope.

Definition sum_bound (n : R) : R := 1048578 * pow2 (-44) + n * (1048577 * pow2 (-71)).   (* 0x1.00002p-24 + n 0x1.00001p-51 *)
Definition c_sum_bound (n : R) : R := add (1048578 * pow2 (-44)) (mul n (1048577 * pow2 (-71))).

(* nothing is rounded: every value on the way is a multiple of 2^-71 below 2^-18 *)
Theorem c_sum_bound_exact : forall n, (0 <= n <= 2147483647)%Z -> c_sum_bound (IZR n) = sum_bound (IZR n).
Proof.
intros n Hn. unfold c_sum_bound, sum_bound, add, mul.
assert (E : 1048578 * pow2 (-44) = IZR (1048578 * 2 ^ 27) * pow2 (-71)).
{ rewrite mult_IZR. change (IZR (2 ^ 27)) with (pow2 27). rewrite Rmult_assoc, <- bpow_plus. reflexivity. }
rewrite (round_generic _ _ _ (IZR n * _)) by (rewrite <- Rmult_assoc, <- mult_IZR; apply format64_scaled; lia).
rewrite E, <- Rmult_assoc, <- mult_IZR, <- Rmult_plus_distr_r, <- plus_IZR. apply round_generic, format64_scaled; auto with typeclass_instances; lia.
Qed.

(* the largest weight counts in full *)
Lemma count_whole : forall r m t, is_top r m -> (t < size r)%nat -> taken r t = true -> modulated_at r t = m -> 1 <= count_sum r m.
Proof.
intros r m t Top Ht T M. assert (Fm : format64 m) by (rewrite <- M; apply format64_rnd).
assert (Q : forall k : Z, (0 <= k <= 1)%Z -> quant (IZR k) 6 = IZR k).
{ intros k Hk. unfold quant. rewrite round_generic; auto with typeclass_instances. ring. rewrite <- plus_IZR. apply format64_int. lia. }
replace 1 with (quant (weight r m t) 6) by (unfold weight; rewrite M, weight_top; apply (Q 1%Z); lia).
apply (kept_term r (fun i => quant (weight r m i) 6)); trivial. intros i Hi Ti. destruct (weight_range r m i Top Fm Hi Ti) as [W _].
rewrite <- (Q 0%Z) by lia. unfold quant. apply Rplus_le_compat_r. apply round_le; auto with typeclass_instances. lra.
Qed.

Theorem sum_close_to_one : forall r p, valid_row r -> is_softmax r p -> masked_zero r p -> Rabs (sum (size r) p - 1) <= sum_bound (INR (size r)).
Proof.
intros r p Vr (m & total & [Top (t & Ht & T & M)] & [Tl Th] & Wp) Z. set (v := rnd (1 / total)) in Wp. set (n := INR (size r)).
set (q := n * half_grid). assert (Hq : 0 <= q <= / 1000000) by now apply quanta_small. assert (U := u64_figure).
destruct (inverse_close r m t total Vr Top Ht T M (conj Tl Th)) as (_ & _ & I0 & _). fold v in I0.
assert (Fm : format64 m) by (rewrite <- M; apply format64_rnd). assert (C1 := count_whole r m t Top Ht T M).
set (C := count_sum r m) in *. set (S := weight_sum r m). replace (pow2 (-51)) with (4 * u64) in Tl, Th by (rewrite U; simpl; lra).
assert (Pv : 0 < v) by (generalize (bpow_gt_0 radix2 (-40)); lra). assert (Pt : 0 < total) by (rewrite U in Tl; lra).
assert (Small : pow2 (-1000) <= 1 / total).
{ apply Rnot_lt_le. intros L. assert (v <= pow2 (-1000)); [|assert (pow2 (-1000) < pow2 (-40)) by (apply bpow_lt; lia); lra].
  apply round_le_generic; auto with typeclass_instances. apply generic_format_bpow. unfold FLT_exp; lia. lra. }
(* the inverse times the sum as counted, and as weighed *)
assert (VC : Rabs (v * C - 1) <= 501/100 * u64).
{ assert (E := rnd_relative (1 / total) (or_intror (Rle_trans _ _ _ Small (RRle_abs _)))). fold v in E.
  rewrite (Rabs_pos_eq (1 / total)) in E by (generalize (bpow_gt_0 radix2 (-1000)); lra). apply (Rmult_le_compat_r total) in E; [|lra].
  rewrite <- (Rabs_pos_eq total) in E at 2 by lra. rewrite <- Rabs_mult in E. replace ((v - 1 / total) * total) with (v * total - 1) in E by (field; lra).
  replace (u64 * (1 / total) * total) with u64 in E by (field; lra). apply Rabs_le_inv in E.
  apply (Rmult_le_compat_l v) in Tl; [|lra]. apply (Rmult_le_compat_l v) in Th; [|lra]. apply Rabs_le. rewrite U in *. lra. }
assert (VS : Rabs (v * S - 1) <= 501/100 * u64 + (1 + 501/100 * u64) * q).
{ assert (D : Rabs (C - S) <= 0 * S + q).
  { unfold C, count_sum, S, weight_sum. rewrite kept_minus. eapply Rle_trans; [|apply kept_affine; apply bpow_ge_0].
    apply kept_abs. intros i Hi Ti. rewrite Rmult_0_l, Rplus_0_l. apply quant_close. now apply (weight_range r m i). }
  apply Rabs_le_inv in VC. assert (V1 : v * 1 <= v * C) by (apply Rmult_le_compat_l; lra).
  replace (v * S - 1) with ((v * C - 1) + v * - (C - S)) by ring. eapply Rle_trans. apply Rabs_triang. apply Rplus_le_compat. apply Rabs_le; lra.
  rewrite Rabs_mult, Rabs_Ropp, (Rabs_pos_eq v) by lra. apply Rmult_le_compat; try apply Rabs_pos; lra. }
(* both roundings of every entry *)
assert (E : Rabs (sum (size r) p - v * S) <= (pow2 (-24) * (1 + u64) + u64) * (v * S) + n * pow2 (-150)).
{ rewrite (sum_ext (size r) p (kept r p)) by (intros i Hi; unfold kept; destruct (taken r i) eqn:K; [reflexivity | now apply Z]).
  unfold S, weight_sum. rewrite <- kept_scal, kept_minus. eapply Rle_trans; [|apply kept_affine; apply bpow_ge_0].
  apply kept_abs. intros i Hi Ti. destruct (weight_range r m i Top Fm Hi Ti) as [W1 W2]. rewrite (Wp i Hi Ti). unfold prob_of.
  rewrite (Rmult_comm v). set (w := weight r m i * v). assert (Pw : 0 <= w) by (apply Rmult_le_pos; lra).
  assert (A : Rabs (rnd w - w) <= u64 * Rabs w).
  { apply rnd_relative. rewrite Rabs_pos_eq by exact Pw. unfold w. destruct W2 as [-> | W2]. left; ring. right.
    apply Rle_trans with (pow2 (-160) * pow2 (-40)). rewrite <- bpow_plus; apply bpow_le; lia. apply Rmult_le_compat; trivial; apply bpow_ge_0. }
  rewrite (Rabs_pos_eq w Pw) in A. assert (B := rnd32_error (rnd w)).
  assert (R0 : Rabs (rnd w) <= (1 + u64) * w) by (apply Rabs_le_inv in A; apply Rabs_le; rewrite U in *; lra).
  apply (Rmult_le_compat_l (pow2 (-24))) in R0; [|apply bpow_ge_0]. assert (Tr := Rabs_triang (rnd32 (rnd w) - rnd w) (rnd w - w)).
  replace (rnd32 (rnd w) - rnd w + (rnd w - w)) with (rnd32 (rnd w) - w) in Tr by ring. lra. }
assert (Last : n * pow2 (-150) <= q * / 10 ^ 20) by (unfold q, half_grid; rewrite Rmult_assoc; apply Rmult_le_compat_l; [apply pos_INR | simpl; lra]).
replace (sum_bound n) with (/ 16777216 * (1 + / 524288) + q * (1 + / 1048576)) by (unfold sum_bound, q, half_grid; simpl; lra).
replace (pow2 (-24)) with (/ 16777216) in E by (simpl; lra). apply Rabs_le_inv in VS. apply Rabs_le_inv in E. rewrite U in *. apply Rabs_le. lra.
Qed.

Corollary c_sum_close_to_one : forall r p, valid_row r -> is_softmax r p -> masked_zero r p ->
  Rabs (sum (size r) p - 1) <= c_sum_bound (INR (size r)).
Proof.
intros r p Vr Sm Z. rewrite INR_IZR_INZ, c_sum_bound_exact, <- INR_IZR_INZ by (destruct Vr; lia). now apply sum_close_to_one.
Qed.
