(* SPDX-License-Identifier: Apache-2.0 *)
(* T8 for the cross-entropy: from the C contract is_loss_gradient to the bound of specs/accuracy.md#gradient, with p_i + q_i for p_i and
   |w| for G. A is a condition of the row (ProbBound.v), n its size. *)
From Coq Require Import Reals ZArith Bool PeanoNat Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 ExpKernel Hinge Modulator SigmaFloat AffineFloat RealSum Softmax Within Contract LogContract Accuracy ProbBound LogRest
  LossContract LossTerms LossBound GradContract SlopeFloat GradMean GradBound GradError LossGradContract LossGradBound
  BoundFunctions ConditionFloat ComputedBounds GradFunction GradComputed.
Open Scope R_scope.

(* the uniform part of q, the target's q *)
Lemma uniform_close : forall r t a, valid_row r -> (t < size r)%nat -> taken r t = true -> format32 a -> 0 <= a <= 1 ->
  let q := a / unmasked_count r in let u := uniform_of a (unmasked_count r) in
  format64 u /\ 0 <= q <= a /\ 0 <= u /\ Rabs (u - q) <= u64 * q.
Proof.
intros r t a Vr Ht T Fa Ha q u. destruct (count_figures r t Vr Ht T) as [HK RK]. assert (N := many r Vr).
assert (I : / 2147483647 <= / unmasked_count r <= 1).
{ split. apply Rinv_le_contravar; lra. rewrite <- Rinv_1. apply Rinv_le_contravar; lra. }
assert (Q : 0 <= q <= a).
{ unfold q, Rdiv. split. apply Rmult_le_pos; lra. rewrite <- (Rmult_1_r a) at 2. apply Rmult_le_compat_l; lra. }
unfold u, uniform_of. destruct (Rlt_dec 0 a) as [Pa|Na].
- rewrite RK. fold q. split; [apply format64_rnd|]. split; [exact Q|]. split.
  + rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances. lra.
  + replace (u64 * q) with (u64 * Rabs q) by (rewrite Rabs_pos_eq; lra). apply rnd_relative. right. rewrite Rabs_pos_eq by lra.
    assert (Ka : pow2 (-149) <= a).
    { apply (generic_format_ge_bpow radix2 (FLT_exp (-149) 24)); trivial. intros e; unfold FLT_exp; lia. }
    apply Rle_trans with (pow2 (-149) * pow2 (-31)). rewrite <- bpow_plus. apply bpow_le. lia.
    unfold q, Rdiv. apply Rmult_le_compat; try apply bpow_ge_0; trivial. apply Rle_trans with (2 := proj1 I). simpl. lra.
- assert (A0 : a = 0) by lra. unfold q. rewrite A0. unfold Rdiv. rewrite Rmult_0_l, Rminus_0_r, Rabs_R0, Rmult_0_r.
  repeat split; try lra. apply generic_format_0.
Qed.

Lemma difference_close : forall a b p q e f, format64 a -> format64 b -> 0 <= a -> 0 <= b -> 0 <= p -> 0 <= q -> 0 <= e <= p + / 1000 ->
  0 <= f <= / 1000 * q -> Rabs (a - p) <= e -> Rabs (b - q) <= f -> Rabs (sub a b - (p - q)) <= e + f + u64 * (p + e + q + f).
Proof.
intros a b p q e f Fa Fb Ha Hb Hp Hq He Hf Ea Eb. assert (S := sub_error a b Fa Fb). apply Rabs_le_inv in Ea. apply Rabs_le_inv in Eb.
assert (D : Rabs (a - b) <= p + e + q + f) by (apply Rabs_le; lra). assert (U := u64_small).
assert (u64 * Rabs (a - b) <= u64 * (p + e + q + f)) by (apply Rmult_le_compat_l; lra).
replace (sub a b - (p - q)) with ((sub a b - (a - b)) + ((a - p) - (b - q))) by ring.
eapply Rle_trans. apply Rabs_triang. assert (Rabs ((a - p) - (b - q)) <= e + f) by (apply Rabs_le; lra). lra.
Qed.

(* p - q as computed: v the inverse of 1 + rest, x the relative error of p, phi what a faint p may be off *)
Lemma residual_error : forall e rest v (t : bool) a u p q x phi, format64 e -> format64 v -> format64 u -> format32 a -> 0 <= a <= 1 -> 0 <= u ->
  0 <= q -> Rabs (u - q) <= u64 * q -> 0 <= rest -> 0 <= v <= 1 -> Rabs ((1 + rest) * v - 1) <= 201/100 * u64 ->
  0 <= x < 1 -> 0 <= phi <= / 1000 -> 0 <= p <= 1 -> 0 <= mul e v -> Rabs (mul e v - p) <= x * p + phi -> (a = 0 -> q = 0) ->
  let Q := q + if t then 1 - a else 0 in
  Rabs (residual_of e rest v t a u - (p - Q)) <= (x + 5 * u64) * (p + Q) + 101/100 * phi.
Proof.
intros e rest v t a u p q x phi Fe Fv Fu Fa Ha Hu Hq Eu Hr Hv Iv Hx Hphi Hp Hh Eh Zq Q.
assert (U := u64_figure). assert (U0 := u64_small). assert (F1 : format64 1) by (apply (format64_int 1); lia).
assert (XP : 0 <= x * p <= p) by (split; [apply Rmult_le_pos; lra | rewrite <- (Rmult_1_l p) at 2; apply Rmult_le_compat_r; lra]).
assert (UQ : 0 <= u64 * q) by (apply Rmult_le_pos; lra). assert (UP : 0 <= u64 * p) by (apply Rmult_le_pos; lra).
assert (Uph : u64 * phi <= / 1000 * phi) by (apply Rmult_le_compat_r; rewrite ?U; lra).
assert (UXP : u64 * (x * p) <= u64 * p) by (apply Rmult_le_compat_l; lra).
set (h := mul e v) in *. assert (Fh : format64 h) by apply format64_rnd.
(* the pattern of all but one case *)
assert (G : forall b k, format64 b -> 0 <= b -> 0 <= k -> Rabs (b - k) <= 202/100 * u64 * k ->
  Rabs (sub h b - (p - k)) <= (x + 5 * u64) * (p + k) + 101/100 * phi).
{ intros b k Fb Hb Hk Eb. assert (UK : 0 <= u64 * k) by (apply Rmult_le_pos; lra).
  assert (UUK : u64 * (u64 * k) <= / 1000 * (u64 * k)) by (apply Rmult_le_compat_r; rewrite ?U in *; lra).
  assert (XK : 0 <= x * k) by (apply Rmult_le_pos; lra).
  assert (K3 : 202/100 * u64 * k <= / 1000 * k) by (apply Rmult_le_compat_r; trivial; rewrite U; lra).
  eapply Rle_trans. apply (difference_close h b p k (x * p + phi) (202/100 * u64 * k)); trivial; lra. lra. }
unfold residual_of. destruct t.
- destruct (Rlt_dec 0 a) as [Pa|Na].
  + assert (Fa' : format64 a) by now apply format32_64.
    assert (K := sub_error 1 a F1 Fa'). rewrite (Rabs_pos_eq (1 - a)) in K by lra. set (kp := sub 1 a) in *.
    assert (K0 : 0 <= kp).
    { unfold kp, sub. rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances. lra. }
    assert (S := sub_error kp (- u) (format64_rnd _) ltac:(now apply generic_format_opp)).
    unfold sub, Rminus in S. rewrite Ropp_involutive in S. fold (add kp u) in S.
    change (rnd (kp + u)) with (add kp u) in S.
    rewrite (Rabs_pos_eq (kp + u)) in S by lra.
    apply Rabs_le_inv in K. apply Rabs_le_inv in Eu. apply Rabs_le_inv in S.
    assert (B0 : 0 <= add kp u).
    { unfold add. rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances. lra. }
    apply G; trivial. apply format64_rnd. unfold Q; lra.
    assert (L : kp + u <= (1 + u64) * Q) by (unfold Q; lra).
    assert (u64 * (kp + u) <= u64 * ((1 + u64) * Q)) by (apply Rmult_le_compat_l; lra).
    assert (0 <= u64 * Q) by (apply Rmult_le_pos; unfold Q; lra).
    assert (u64 * (u64 * Q) <= / 1000 * (u64 * Q)) by (apply Rmult_le_compat_r; rewrite ?U in *; lra).
    unfold Q in *. apply Rabs_le. lra.
  + assert (A0 : a = 0) by lra. assert (Eq : Q = 1) by (unfold Q; rewrite A0, (Zq A0); lra). rewrite Eq.
    destruct (Req_EM_T e 1) as [E1|E1].
    * assert (Ev : h = v).
      { unfold h, mul. rewrite E1, Rmult_1_l. apply round_generic; auto with typeclass_instances. }
      rewrite Ev in Eh. apply Rabs_le_inv in Eh. apply Rabs_le_inv in Iv. assert (Mm := mul_error rest v).
      assert (Rv : Rabs (rest * v) <= 1001/1000) by (apply Rabs_le; rewrite U in Iv; lra).
      assert (u64 * Rabs (rest * v) <= u64 * (1001/1000)) by (apply Rmult_le_compat_l; lra).
      assert (Et : eta64 <= / 100 * u64).
      { unfold eta64, u64. apply Rle_trans with (pow2 (-7) * pow2 (-53)). rewrite <- bpow_plus. apply bpow_le. lia.
        apply Rmult_le_compat_r. apply bpow_ge_0. simpl. lra. }
      assert (Mm' : Rabs (mul rest v - rest * v) <= 102/100 * u64) by lra. apply Rabs_le_inv in Mm'.
      assert (0 <= x * 1) by lra. apply Rabs_le. lra.
    * apply G; trivial; try lra. rewrite Rminus_eq_0, Rabs_R0. lra.
- assert (Eq : Q = q) by (unfold Q; lra). rewrite Eq. apply G; trivial. lra.
Qed.

(* what multiplies (p + q) |w| D |scale|, x the relative error of a probability *)
Definition loss_noise (x : R) : R := x + 21 * u64.
Definition loss_allowance (k p q G D : R) : R := (k * (p + q) + 2 * faintness p) * G * D.

(* the gradient at sigma, as finish_error and moment_term_error take it *)
Lemma loss_sigma_error : forall r m d rest s w2 t y a w i, valid_row r -> 0 <= d ->
  top_at r s m -> second_at r s m w2 -> rest_of r s m w2 rest ->
  (t < size r)%nat -> taken r t = true -> modulated_at r t = m -> near_or_far r m d t -> loss_grad_chain d (INR (size r)) < 1 / 2 ->
  format32 a -> 0 <= a <= 1 -> (i < size r)%nat -> taken r i = true ->
  let x := excess (loss_grad_chain d (INR (size r))) in let p := multimax_row r i in let q := target_share r y a i in
  let g := mul w (residual_at r y a m rest i) in
  0 <= x < 1 /\ 0 <= q /\ exists e b, 0 <= e /\ 0 <= b /\ Rabs (g - w * (p - q)) <= e + eta64 /\ Rabs g <= b + eta64 /\
    e + 612 / 100 * u64 * b <= (loss_noise x * (p + q) + 11/10 * faintness p) * Rabs w.
Proof.
intros r m d rest s w2 t y a w i Vr Hd Tp Sec Ro Ht T M Nf C Fa Ha Hi Ti x p q g0. set (v := inverse_of rest).
destruct (loss_share r m d rest s w2 t i Vr Hd Tp Sec Ro Ht T M Nf C Hi Ti) as (Hx & H0 & P0 & Eh). fold x p in Hx, H0, P0, Eh. fold v in H0, Eh.
destruct (rest_inverse r s m w2 rest Vr Tp Sec Ro) as ([R0 _] & V01 & _ & _ & Iv). fold v in V01, Iv.
destruct (uniform_close r t a Vr Ht T Fa Ha) as (Fu & Q0 & U0 & Eu).
set (u := uniform_of a (unmasked_count r)) in *. set (qu := a / unmasked_count r) in *.
assert (Eq : q = qu + if Nat.eqb i y then 1 - a else 0).
{ unfold q, target_share, delta. fold qu. destruct (Nat.eq_dec y i) as [->|N].
  - rewrite Nat.eqb_refl. ring.
  - rewrite (proj2 (Nat.eqb_neq i y)) by congruence. ring. }
assert (Pf : 0 < faint <= / 1000).
{ split. apply bpow_gt_0. unfold faint. apply Rle_trans with (pow2 (-10)). apply bpow_le. lia. simpl. lra. }
assert (Ph : 0 <= faintness p <= / 1000) by (unfold faintness; destruct Rle_dec; lra).
assert (Fe : format64 (weight r m i)).
{ unfold weight, weight_of, exp_fn. destruct Rlt_dec. apply generic_format_0. apply format64_rnd. }
assert (Pv : 0 <= v <= 1) by (generalize (bpow_gt_0 radix2 (-40)); lra).
assert (Zq : a = 0 -> qu = 0) by (intros ->; unfold qu, Rdiv; ring).
assert (Er := residual_error (weight r m i) rest v (Nat.eqb i y) a u p qu x (faintness p) Fe (format64_rnd _) Fu Fa Ha U0 (proj1 Q0) Eu R0 Pv Iv
  Hx Ph ltac:(lra) H0 Eh Zq). cbv zeta in Er. rewrite <- Eq in Er.
assert (Q1 : 0 <= q) by (rewrite Eq; destruct (Nat.eqb i y); lra).
split; [exact Hx|]. split; [exact Q1|].
change (residual_of _ _ _ _ _ _) with (residual_at r y a m rest i) in Er. set (dh := residual_at r y a m rest i) in *.
assert (U := u64_figure). assert (Us := u64_small). set (phi := faintness p) in *. set (S := p + q) in *.
assert (HS : 0 <= S) by (unfold S; lra). assert (US : 0 <= u64 * S) by (apply Rmult_le_pos; lra).
assert (XS : 0 <= x * S <= S) by (split; [apply Rmult_le_pos; lra | rewrite <- (Rmult_1_l S) at 2; apply Rmult_le_compat_r; lra]).
assert (Uph : 0 <= u64 * phi <= / 1000 * phi) by (split; [apply Rmult_le_pos | apply Rmult_le_compat_r]; rewrite ?U; lra).
assert (US2 : u64 * (u64 * S) <= / 1000 * (u64 * S)) by (apply Rmult_le_compat_r; rewrite ?U in *; lra).
assert (UXS : u64 * (x * S) <= u64 * S) by (apply Rmult_le_compat_l; lra).
assert (UUp : u64 * (u64 * phi) <= / 1000 * (u64 * phi)) by (apply Rmult_le_compat_r; rewrite ?U in *; lra).
assert (Dh : Rabs dh <= (1 + x + 5 * u64) * S + 101/100 * phi).
{ replace dh with ((dh - (p - q)) + (p - q)) by ring. eapply Rle_trans. apply Rabs_triang.
  assert (Rabs (p - q) <= S) by (unfold S; apply Rabs_le; lra). lra. }
set (e := (x + 5 * u64) * S + 101/100 * phi) in *.
set (b := (1 + x + 5 * u64) * S + 101/100 * phi) in *.
assert (Mm := mul_error w dh). rewrite Rabs_mult in Mm. set (G := Rabs w) in *. assert (PG : 0 <= G) by apply Rabs_pos.
assert (GD : G * Rabs dh <= G * b) by (apply Rmult_le_compat_l; trivial).
assert (He : 0 <= e) by (unfold e; lra). assert (Hb : 0 <= b) by (unfold b; lra).
assert (GE : 0 <= G * e) by now apply Rmult_le_pos. assert (GB : 0 <= G * b) by now apply Rmult_le_pos.
assert (UGB : 0 <= u64 * (G * b)) by (apply Rmult_le_pos; lra). assert (UGD : u64 * (G * Rabs dh) <= u64 * (G * b)) by (apply Rmult_le_compat_l; lra).
assert (A1 : Rabs (mul w dh - w * (p - q)) <= G * e + u64 * (G * b) + eta64).
{ replace (mul w dh - w * (p - q)) with ((mul w dh - w * dh) + w * (dh - (p - q))) by ring.
  eapply Rle_trans. apply Rabs_triang. rewrite (Rabs_mult w (dh - (p - q))). fold G.
  assert (G * Rabs (dh - (p - q)) <= G * e) by (apply Rmult_le_compat_l; trivial). lra. }
assert (B1 : Rabs (mul w dh) <= G * b + u64 * (G * b) + eta64).
{ replace (mul w dh) with ((mul w dh - w * dh) + w * dh) by ring. eapply Rle_trans. apply Rabs_triang. rewrite (Rabs_mult w dh). fold G. lra. }
exists (G * e + u64 * (G * b)), (G * b + u64 * (G * b)). split; [lra|]. split; [lra|]. split; [exact A1|]. split; [exact B1|].
replace (G * e + u64 * (G * b) + 612 / 100 * u64 * (G * b + u64 * (G * b))) with
  ((e + u64 * b + 612 / 100 * u64 * (b + u64 * b)) * G) by ring.
apply Rmult_le_compat_r; trivial.
assert (Ub : u64 * b <= 21/10 * (u64 * S) + / 500 * phi) by (unfold b; lra).
assert (UUb : u64 * (u64 * b) <= / 1000 * (u64 * b)) by (apply Rmult_le_compat_r; [apply Rmult_le_pos|]; rewrite ?U; lra).
unfold loss_noise. unfold e. lra.
Qed.

(* the gradient before it is rounded to float32 *)
Theorem loss_grad_before_rounding : forall r m d rest s w2 t y a w i, valid_row r -> 0 <= d ->
  top_at r s m -> second_at r s m w2 -> rest_of r s m w2 rest ->
  (t < size r)%nat -> taken r t = true -> modulated_at r t = m -> near_or_far r m d t -> loss_grad_chain d (INR (size r)) < 1 / 2 ->
  format32 a -> 0 <= a <= 1 -> (i < size r)%nat -> taken r i = true ->
  let x := excess (loss_grad_chain d (INR (size r))) in
  let p := multimax_row r i in let q := target_share r y a i in let D := steepness (coefs r) (premapped r i) in
  0 <= x < 1 /\ 0 <= q /\
  Rabs (pull_of r y a w m rest i - loss_grad_row r y a w (dsigma (coefs r) (premapped r i)) i) <=
    (loss_noise x * (p + q) + 11/10 * faintness p) * Rabs w * D * Rabs (scale r) + pow2 (-500).
Proof.
intros r m d rest s w2 t y a w i Vr Hd Tp Sec Ro Ht T M Nf C Fa Ha Hi Ti x p q D.
destruct (loss_sigma_error r m d rest s w2 t y a w i Vr Hd Tp Sec Ro Ht T M Nf C Fa Ha Hi Ti) as (Hx & Q1 & e & b & He & Hb & A1 & B1 & Eb).
fold x p q in Hx, Q1, A1, Eb. split; [exact Hx|]. split; [exact Q1|].
destruct Vr as (_ & VP & VX). assert (VP' := VP). destruct VP' as (_ & _ & _ & _ & _ & _ & _ & _ & _ & Sc & Sh).
destruct (slope_at_close (coefs r) (scale r) (shift r) (premapped r i) VP (format64_rnd _)
  (affine_size _ _ _ Sc Sh (proj2 (VX i Hi Ti)))) as [DD Es]. fold D in DD, Es.
assert (Ds := dsigma_steepness (coefs r) (premapped r i)). fold D in Ds. unfold pull_of, loss_grad_row. fold p q. eapply Rle_trans.
exact (finish_error _ _ _ _ _ _ e b He Hb DD Ds Es Sc A1 B1).
apply Rplus_le_compat_r, Rmult_le_compat_r. apply Rabs_pos. apply Rmult_le_compat_r. lra. exact Eb.
Qed.

Lemma loss_noise_kappa : forall A n, 0 <= n <= 2147483647 -> 0 <= gamma_5 * A + pow2 (-600) -> in_reach_grad A n ->
  let c := loss_grad_chain (gamma_5 * A + pow2 (-600)) n in c < 1 / 2 /\ (1 + pow2 (-24)) * loss_noise (excess c) <= kappa A n.
Proof.
intros A n Hn HA B c. destruct figures as (F1 & _ & F3 & F4). unfold in_reach_grad in B. set (l := grad_log_error A n) in *.
assert (P51 : pow2 (-51) = / 2251799813685248) by (simpl; lra). assert (P24 : pow2 (-24) = / 16777216) by (simpl; lra).
assert (P50 : pow2 (-50) = / 1125899906842624) by (simpl; lra).
assert (Pc : 0 <= n * clamp <= / 10 ^ 30).
{ split. apply Rmult_le_pos; lra. apply Rle_trans with (2147483647 * / 10 ^ 47). apply Rmult_le_compat; lra. lra. }
set (g := grid_error n). assert (Hg : 0 <= g <= / 500000) by (unfold g, grid_error; rewrite P50; lra).
assert (Tg : 0 <= g / (1 - g)) by (apply Rmult_le_pos; [|apply Rlt_le, Rinv_0_lt_compat]; lra).
set (e := eps_e + n * clamp). assert (He : 0 <= e <= 231 / 4398046511104 + / 10 ^ 30) by (unfold e; rewrite F1; lra).
assert (Te : 0 <= e / (1 - e) <= e + / 10 ^ 18).
{ split. apply Rmult_le_pos; [|apply Rlt_le, Rinv_0_lt_compat]; lra.
  apply Rmult_le_reg_r with (1 - e). lra. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra. }
assert (Q : 0 <= eps_e / (1 - eps_e) <= eps_e + / 10 ^ 18) by (rewrite F1; lra).
assert (P6 : pow2 (-600) <= / 10 ^ 20). { apply Rle_trans with (pow2 (-70)). apply bpow_le. lia. simpl. lra. }
assert (L : l = 2 * gamma_5 * A + 2 * eps_e + g / (1 - g) + 16 * u64) by reflexivity.
assert (Ec : c = 2 * (gamma_5 * A + pow2 (-600)) + n * clamp + eps_e / (1 - eps_e) +
  (e / (1 - e) + (g / (1 - g) + pow2 (-51) / (1 - pow2 (-51))) + 202/100 * u64) + 101/100 * u64) by reflexivity.
assert (Cl : c <= l - 5 * u64) by (rewrite Ec, L, P51, F3 in *; unfold e in *; lra).
assert (C0 : 0 <= c) by (rewrite Ec, P51, F3; lra).
assert (C1 : c < 1 / 2) by lra. split; [exact C1|].
destruct (excess_mono c l ltac:(rewrite F3 in Cl; lra) C1 ltac:(rewrite F3 in *; lra)) as [[X0 X1] X2].
unfold loss_noise, kappa. fold l. assert (N48 : 0 <= n * pow2 (-48)) by (apply Rmult_le_pos; [lra | apply bpow_ge_0]).
rewrite P24, F3. lra.
Qed.

(* what the loss kernel takes for the largest is that of t *)
Lemma loss_top : forall r s m A t, valid_row r -> top_at r s m -> (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) ->
  condition_row r t A -> modulated_at r t = m /\ near_or_far r m (gamma_5 * A + pow2 (-600)) t.
Proof.
intros r s m A t Vr (Hs & Ts & Es & Top) Ht T TopT C. assert (M : modulated_at r t = m).
{ apply Rle_antisym. now apply Top. rewrite <- Es. now apply TopT. }
split; trivial. rewrite <- M. now apply near_or_far_row.
Qed.

(* the gradient before its last rounding, of which h is the relative error *)
Lemma loss_grad_close : forall r m rest y a w A t i, valid_row r -> is_rest r m rest -> format32 a -> 0 <= a <= 1 ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A -> in_reach_grad A (INR (size r)) ->
  (i < size r)%nat -> taken r i = true ->
  let exact := loss_grad_row r y a w (dsigma (coefs r) (premapped r i)) i in let D := steepness (coefs r) (premapped r i) in
  let p := multimax_row r i in let q := target_share r y a i in
  let off k := loss_allowance k p q (Rabs w) D * Rabs (scale r) in let k := kappa A (INR (size r)) in
  exists o, 0 <= o /\ Rabs (pull_of r y a w m rest i - exact) <= o + pow2 (-500) /\ o * (1 + pow2 (-24)) <= off k /\
    forall h, 0 <= h <= / 200 -> o * (1 + h) <= off ((1 + h) * k).
Proof.
intros r m rest y a w A t i Vr (s & w2 & Tp & Sec & Ro) Fa Ha Ht T TopT C B Hi Ti exact D p q off k.
destruct (loss_top r s m A t Vr Tp Ht T TopT C) as [M Nf]. assert (A0 := condition_nonneg r A t Vr Ht T C).
destruct (loss_noise_kappa A (INR (size r)) (many r Vr) A0 B) as [C1 K].
destruct (loss_grad_before_rounding r m _ rest s w2 t y a w i Vr A0 Tp Sec Ro Ht T M Nf C1 Fa Ha Hi Ti) as (Hx & Q0 & E).
fold p q D exact in Q0, E. set (x := excess _) in *. fold k in K.
assert (Pp : 0 <= p) by (apply (multimax_row_sum r t Ht T)). assert (PG : 0 <= Rabs w) by apply Rabs_pos.
assert (PD : 0 <= D) by (eapply Rle_trans; [apply Rabs_pos | apply dsigma_steepness]). assert (Ps : 0 <= Rabs (scale r)) by apply Rabs_pos.
assert (U := u64_figure). assert (P24 : pow2 (-24) = / 16777216) by (simpl; lra).
assert (X0 : 0 <= loss_noise x) by (unfold loss_noise; rewrite U; lra). assert (Pf : 0 < faint) by apply bpow_gt_0.
assert (Ph : 0 <= faintness p) by (unfold faintness; destruct Rle_dec; lra).
set (l := loss_noise x * (p + q)) in *. assert (L0 : 0 <= l) by (apply Rmult_le_pos; lra).
assert (KQ : (1 + pow2 (-24)) * l <= k * (p + q)) by (unfold l; rewrite <- Rmult_assoc; apply Rmult_le_compat_r; lra).
assert (S : forall c d, (l + 11/10 * faintness p) * c <= d * (p + q) + 2 * faintness p ->
  (l + 11/10 * faintness p) * Rabs w * D * Rabs (scale r) * c <= off d).
{ intros c d L. unfold off, loss_allowance.
  replace ((l + 11/10 * faintness p) * Rabs w * D * Rabs (scale r) * c) with ((l + 11/10 * faintness p) * c * Rabs w * D * Rabs (scale r)) by ring.
  repeat (apply Rmult_le_compat_r; [assumption|]). exact L. }
exists ((l + 11/10 * faintness p) * Rabs w * D * Rabs (scale r)). split; [repeat apply Rmult_le_pos; trivial; lra|]. split; [exact E|].
split; [apply S; rewrite P24 in *; lra|]. intros h Hh. apply S.
assert ((1 + h) * l <= (1 + h) * (k * (p + q))) by (apply Rmult_le_compat_l; rewrite P24 in *; lra).
assert (h * faintness p <= / 200 * faintness p) by (apply Rmult_le_compat_r; lra). lra.
Qed.

Theorem loss_grad_error : forall r out y a w A t i, valid_row r -> is_loss_gradient r y a w out -> format32 a -> 0 <= a <= 1 ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A -> in_reach_grad A (INR (size r)) ->
  (i < size r)%nat -> taken r i = true ->
  let exact := loss_grad_row r y a w (dsigma (coefs r) (premapped r i)) i in let D := steepness (coefs r) (premapped r i) in
  let p := multimax_row r i in let q := target_share r y a i in
  let off := loss_allowance (kappa A (INR (size r))) p q (Rabs w) D * Rabs (scale r) in
  Rabs exact + off <= 33 * 10 ^ 37 -> Rabs (out i - exact) <= pow2 (-24) * Rabs exact + pow2 (-149) + off.
Proof.
intros r out y a w A t i Vr (m & rest & Rs & Pu) Fa Ha Ht T TopT C B Hi Ti exact D p q off Rg.
destruct (loss_grad_close r m rest y a w A t i Vr Rs Fa Ha Ht T TopT C B Hi Ti) as (o & O0 & E & A1 & _).
fold exact D p q in E, A1. change (o * (1 + pow2 (-24)) <= off) in A1. set (z := pull_of _ _ _ _ _ _ _) in *.
assert (P24 : pow2 (-24) = / 16777216) by (simpl; lra).
assert (P500 : pow2 (-500) <= pow2 (-150) * / 1000).
{ apply Rle_trans with (pow2 (-160)). apply bpow_le. lia. change (-160)%Z with (-150 + -10)%Z. rewrite bpow_plus.
  apply Rmult_le_compat_l. apply bpow_ge_0. simpl. lra. }
assert (P150 : 0 < pow2 (-150) <= / 10). { split. apply bpow_gt_0. apply Rle_trans with (pow2 (-10)). apply bpow_le. lia. simpl. lra. }
assert (P149 : pow2 (-149) = 2 * pow2 (-150)) by (change (-149)%Z with (1 + -150)%Z; rewrite bpow_plus; reflexivity).
assert (Z : Rabs z <= Rabs exact + Rabs (z - exact)) by (replace z with (exact + (z - exact)) at 1 by ring; apply Rabs_triang).
assert (O : out i = rnd32 z).
{ apply Pu; trivial. fold z. unfold narrow_range. rewrite P24 in A1. assert (Zb : Rabs z <= 34 * 10 ^ 37) by lra. now apply Rabs_le_inv. }
rewrite O. assert (R := rnd32_error z). replace (rnd32 z - exact) with ((rnd32 z - z) + (z - exact)) by ring.
eapply Rle_trans. apply Rabs_triang. rewrite P24 in *. lra.
Qed.

(* with what mmax_condition and mmax_bound_gradient return *)
Corollary c_loss_grad_error : forall r out y a w C t i, valid_row r -> is_loss_gradient r y a w out -> format32 a -> 0 <= a <= 1 ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> c_condition_row r t C ->
  c_log_error C (INR (size r)) (pow2 (-50)) < 1 / 2 -> (y < size r)%nat -> taken r y = true -> (i < size r)%nat -> taken r i = true ->
  let exact := loss_grad_row r y a w (dsigma (coefs r) (premapped r i)) i in let D := steepness (coefs r) (premapped r i) in
  let p := multimax_row r i in let q := target_share r y a i in
  let off := loss_allowance (c_bound_gradient C (INR (size r))) p q (Rabs w) D * Rabs (scale r) in
  Rabs exact + off <= 33 * 10 ^ 37 -> Rabs (out i - exact) <= pow2 (-24) * Rabs exact + pow2 (-149) + off.
Proof.
intros r out y a w C t i Vr Lg Fa Ha Ht T TopT Cr H Hy Ty Hi Ti exact D p q off Rg.
destruct (c_condition_row_enough r t C Vr Ht T Cr) as [C0 Cx]. destruct (c_gradient_enough r t C Vr Ht C0 H) as [B1 B2].
assert (Q := share_nonneg r y a i Vr Hy Ty Ha). assert (Pp : 0 <= p) by (apply (multimax_row_sum r t Ht T)).
assert (PD : 0 <= D) by (eapply Rle_trans; [apply Rabs_pos | apply dsigma_steepness]). fold q in Q.
assert (Le : loss_allowance (kappa (Rmax C least_condition) (INR (size r))) p q (Rabs w) D * Rabs (scale r) <= off).
{ unfold off, loss_allowance. repeat (apply Rmult_le_compat_r; [first [apply Rabs_pos | exact PD]|]).
  apply Rplus_le_compat_r, Rmult_le_compat_r; lra. }
assert (E := loss_grad_error r out y a w _ t i Vr Lg Fa Ha Ht T TopT Cx B1 Hi Ti). fold exact D p q in E. specialize (E ltac:(lra)). lra.
Qed.
