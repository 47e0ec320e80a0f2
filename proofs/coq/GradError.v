(* SPDX-License-Identifier: Apache-2.0 *)
(* T8: from the C contract is_backward to the bound of specs/accuracy.md#gradient and mmax_bound_gradient. A is a condition of the
   row (ProbBound.v), n its size, G at least 2^-149 and every |g|; the exact gradient is the derivative where there is no pre-map. *)
From Coq Require Import Reals ZArith Psatz.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core Relative.
From MultiMax Require Import Float64 ExpKernel Hinge Modulator Slopes SigmaFloat AffineFloat RealSum Softmax Gradient Within Contract LogContract
  Accuracy ProbBound GradContract SlopeFloat GradMean GradBound.
Open Scope R_scope.

Definition grad_log_error (A n : R) : R := log_error A n (pow2 (-50)).
Definition in_reach_grad (A n : R) : Prop := grad_log_error A n < 1 / 2 + 5 * u64.
Definition kappa (A n : R) : R := 3 * excess (grad_log_error A n) + n * pow2 (-48) + 32 * u64.

Lemma rnd32_error : forall v, Rabs (rnd32 v - v) <= pow2 (-24) * Rabs v + pow2 (-150).
Proof.
intros v. destruct (error_N_FLT radix2 (-149) 24 ltac:(lia) (fun t => negb (Z.even t)) v) as (e & h & He & Hh & _ & E).
rewrite E. replace (v * (1 + e) + h - v) with (e * v + h) by ring.
eapply Rle_trans. apply Rabs_triang. rewrite Rabs_mult.
replace (/ 2 * pow2 (- (24) + 1)) with (pow2 (-24)) in He by (simpl; lra).
replace (/ 2 * pow2 (-149)) with (pow2 (-150)) in Hh.
2: { change (-150)%Z with (-1 + -149)%Z. rewrite bpow_plus. reflexivity. }
apply Rplus_le_compat; trivial. apply Rmult_le_compat_r; trivial. apply Rabs_pos.
Qed.

(* what was proved of the computed gradient is at most kappa, with room for the last rounding while kappa is small *)
Lemma noise_kappa : forall A n, 0 <= n <= 2147483647 -> 0 <= gamma_5 * A + pow2 (-600) -> in_reach_grad A n ->
  let c := chain (gamma_5 * A + pow2 (-600)) n in let x := excess c in
  c < 1 / 2 /\ 0 <= noise x (n * half_grid) <= kappa A n /\
  (grad_log_error A n <= pow2 (-26) -> (1 + pow2 (-24)) * noise x (n * half_grid) <= kappa A n) /\ 8 * (n * half_grid) <= kappa A n.
Proof.
intros A n Hn HA B c x. assert (L := chain_log_error A n Hn). fold c in L. destruct figures as (F1 & F2 & F3 & F4).
unfold in_reach_grad in B. set (l := grad_log_error A n) in *. set (N := n * half_grid).
assert (HN : 0 <= N <= / 1000000) by (unfold N; rewrite F2; lra).
assert (E50 : n * pow2 (-50) = 2 * N) by (unfold N; rewrite F2; simpl; lra).
assert (E48 : n * pow2 (-48) = 8 * N) by (unfold N; rewrite F2; simpl; lra).
assert (Ll : log_error A n half_grid + N <= l).
{ unfold l, grad_log_error, log_error. rewrite E50. fold N.
  assert (N / (1 - N) + N <= 2 * N / (1 - 2 * N)); [|lra].
  assert (I : 2 * N / (1 - 2 * N) - N / (1 - N) = N * / ((1 - 2 * N) * (1 - N))) by (field; lra).
  assert (J : 1 <= / ((1 - 2 * N) * (1 - N))).
  { rewrite <- Rinv_1. apply Rinv_le_contravar; nra. }
  assert (N * 1 <= N * / ((1 - 2 * N) * (1 - N))) by (apply Rmult_le_compat_l; lra). lra. }
assert (C0 : 0 <= c).
{ unfold c, chain. set (k := n * clamp). assert (Pk : 0 <= k <= / 10 ^ 30).
  { unfold k. split. apply Rmult_le_pos; lra. apply Rle_trans with (2147483647 * / 10 ^ 47). apply Rmult_le_compat; lra. lra. }
  fold N. set (e := eps_e + k + N). assert (He : 0 <= e <= / 100000) by (unfold e; rewrite F1; lra).
  assert (0 <= e / (1 - e)) by (apply Rmult_le_pos; [|apply Rlt_le, Rinv_0_lt_compat]; lra).
  assert (0 <= eps_e / (1 - eps_e)) by (rewrite F1; lra). assert (0 <= pow2 (-51) / (1 - pow2 (-51))) by (simpl; lra).
  assert (0 < u64) by (rewrite F3; lra). lra. }
assert (Inv : forall z, z < 3 / 5 -> excess z = / (1 - z) - 1) by (intros z Hz; unfold excess; field; lra).
assert (U : 0 < u64 <= / 10 ^ 15) by (rewrite F3; lra).
assert (C1 : c < 1 / 2) by lra. destruct (excess_mono c l ltac:(lra) C1 ltac:(lra)) as [[X0 X1] X2]. fold x in X0, X1, X2.
assert (Y : x + (N + 6 * u64) <= excess l).
{ unfold x. rewrite !Inv by lra.
  assert (I : / (1 - l) - / (1 - c) = (l - c) * / ((1 - l) * (1 - c))) by (field; lra).
  assert (J : 1 <= / ((1 - l) * (1 - c))) by (rewrite <- Rinv_1; apply Rinv_le_contravar;
    [apply Rmult_lt_0_compat; lra | rewrite <- (Rmult_1_r 1); apply Rmult_le_compat; lra]).
  assert ((l - c) * 1 <= (l - c) * / ((1 - l) * (1 - c))) by (apply Rmult_le_compat_l; lra). lra. }
assert (XN : 0 <= x * N <= N) by (split; [apply Rmult_le_pos; lra | nra]).
assert (XU : 0 <= x * u64 <= u64) by (split; [apply Rmult_le_pos; lra | nra]).
split; [exact C1|]. unfold noise, kappa. fold l. rewrite E48. split; [split; lra|]. split; [|fold N; lra]. intros Hl.
assert (P24 : pow2 (-24) = / 16777216) by (simpl; lra). assert (P26 : pow2 (-26) = / 67108864) by (simpl; lra).
rewrite P26 in Hl. rewrite P24.
assert (X3 : x <= 2 * c).
{ unfold x, excess. apply Rmult_le_reg_r with (1 - c). lra. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra. }
assert (X4 : x <= 101 / 100 * c).
{ unfold x, excess. apply Rmult_le_reg_r with (1 - c). lra. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra. }
assert (XN2 : x * N <= / 1000000 * N) by (apply Rmult_le_compat_r; lra).
assert (XU2 : x * u64 <= / 1000000 * u64) by (apply Rmult_le_compat_r; lra).
rewrite F3 in *. lra.
Qed.

Lemma allowance_mono : forall f f' k k' p G D, f <= f' -> k <= k' -> 0 <= p -> 0 <= G -> 0 <= D -> allowance f k p G D <= allowance f' k' p G D.
Proof.
intros f f' k k' p G D Hf Hk Hp HG HD. unfold allowance. apply Rmult_le_compat_r; trivial. apply Rmult_le_compat_r; trivial.
assert (k * p <= k' * p) by (apply Rmult_le_compat_r; lra). assert (0 < faint) by apply bpow_gt_0.
assert (f * faint <= f' * faint) by (apply Rmult_le_compat_r; lra). destruct Rle_dec; lra.
Qed.

(* T8: the bound, and the one without the factor 1 + 2^-24 for rows of moderate condition *)
Theorem grad_error : forall r g out A t G i, valid_row r -> valid_upstream r g -> is_backward r g out ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A -> in_reach_grad A (INR (size r)) ->
  at_most r g G -> (i < size r)%nat -> taken r i = true ->
  let exact := grad_row r g (premapped r i) i in let D := steepness (coefs r) (premapped r i) in let p := multimax_row r i in
  Rabs exact + allowance 8 (kappa A (INR (size r))) p G D * Rabs (scale r) <= 33 * 10 ^ 37 ->
  Rabs (out i - exact) <= pow2 (-24) * Rabs exact + pow2 (-149) +
    allowance 8 ((1 + pow2 (-24)) * kappa A (INR (size r))) p G D * Rabs (scale r) /\
  (grad_log_error A (INR (size r)) <= pow2 (-26) ->
   Rabs (out i - exact) <= pow2 (-24) * Rabs exact + pow2 (-149) + allowance 8 (kappa A (INR (size r))) p G D * Rabs (scale r)).
Proof.
intros r g out A t G i Vr Vg (m & total & most & mean & [Top (s & Hs & Ts & Ems)] & Tc & [Lu Lm] & Im & Gd) Ht T TopT C B Ha Hi Ti exact D p Rg.
assert (M : modulated_at r t = m). { apply Rle_antisym. now apply Top. rewrite <- Ems. now apply TopT. }
assert (Nf := near_or_far_row r A t Vr Ht T C). rewrite M in Nf. assert (N := many r Vr).
assert (A0 := condition_nonneg r A t Vr Ht T C).
destruct (noise_kappa A (INR (size r)) N A0 B) as (C1 & [K0 K1] & K2 & _). fold (quanta r) in K0, K1, K2.
assert (PG : 0 <= G) by (destruct Ha as [HG _]; generalize (bpow_gt_0 radix2 (-149)); lra).
assert (Hm : most <= G).
{ destruct Lm as [-> | (j & Hj & [Tj _] & Ej)]; trivial. generalize (proj2 Ha j Hj Tj). unfold Rabs. destruct Rcase_abs; lra. }
assert (E := grad_before_rounding r g m _ total t most mean G i Vr Vg A0 Top Ht T M Nf Tc C1 Ha Hm Im Hi Ti).
cbv zeta in E. fold exact D p in E. set (z := grad_of _ _ _ _ _ _) in *.
set (x := excess _) in *. set (no := noise x (quanta r)) in *. set (k := kappa A (INR (size r))) in *.
set (sc := Rabs (scale r)) in *.
assert (Ps : 0 <= sc) by apply Rabs_pos. assert (Pp : 0 <= p) by (apply (multimax_row_sum r t Ht T)).
assert (PD : 0 <= D).
{ eapply Rle_trans; [apply Rabs_pos | apply dsigma_steepness]. }
assert (Pf : 0 < faint) by apply bpow_gt_0. assert (P24 : pow2 (-24) = / 16777216) by (simpl; lra).
assert (Fac : forall k', (1 + pow2 (-24)) * no <= k' -> (1 + pow2 (-24)) * (allowance 5 no p G D * sc) <= allowance 8 k' p G D * sc).
{ intros k' Hk. rewrite <- Rmult_assoc. apply Rmult_le_compat_r; trivial.
  eapply Rle_trans; [|apply (allowance_mono (5 * (1 + pow2 (-24))) 8 ((1 + pow2 (-24)) * no) k' p G D); trivial; lra].
  unfold allowance. destruct Rle_dec; apply Req_le; ring. }
assert (A1 : allowance 5 no p G D * sc <= allowance 8 k p G D * sc).
{ apply Rmult_le_compat_r; trivial. apply allowance_mono; trivial. lra. }
assert (P500 : pow2 (-500) <= pow2 (-150) * / 1000).
{ apply Rle_trans with (pow2 (-160)). apply bpow_le. lia. change (-160)%Z with (-150 + -10)%Z. rewrite bpow_plus.
  apply Rmult_le_compat_l. apply bpow_ge_0. simpl. lra. }
assert (P150 : 0 < pow2 (-150) <= / 10). { split. apply bpow_gt_0. apply Rle_trans with (pow2 (-10)). apply bpow_le. lia. simpl. lra.
}
assert (P149 : pow2 (-149) = 2 * pow2 (-150)) by (change (-149)%Z with (1 + -150)%Z; rewrite bpow_plus; reflexivity).
assert (Al : 0 <= allowance 5 no p G D * sc).
{ apply Rmult_le_pos; trivial. unfold allowance. apply Rmult_le_pos; trivial. apply Rmult_le_pos; trivial.
  assert (0 <= no * p) by (apply Rmult_le_pos; trivial). destruct Rle_dec; lra. }
assert (Z : Rabs z <= Rabs exact + Rabs (z - exact)).
{ replace z with (exact + (z - exact)) at 1 by ring. apply Rabs_triang. }
assert (O : out i = rnd32 z).
{ apply Gd; trivial. fold z. unfold narrow_range. assert (Zb : Rabs z <= 34 * 10 ^ 37) by lra. now apply Rabs_le_inv. }
assert (Er : Rabs (out i - exact) <= pow2 (-24) * Rabs exact + pow2 (-149) + (1 + pow2 (-24)) * (allowance 5 no p G D * sc)).
{ rewrite O. assert (R := rnd32_error z). replace (rnd32 z - exact) with ((rnd32 z - z) + (z - exact)) by ring.
  eapply Rle_trans. apply Rabs_triang. rewrite P24 in *. lra. }
split.
- specialize (Fac ((1 + pow2 (-24)) * k)). assert ((1 + pow2 (-24)) * no <= (1 + pow2 (-24)) * k) by (apply Rmult_le_compat_l; lra).
  lra.
- intros Hl. specialize (Fac k (K2 Hl)). lra.
Qed.
