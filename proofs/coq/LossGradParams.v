(* SPDX-License-Identifier: Apache-2.0 *)
(* T8 for the parameters of the cross-entropy: what the C contract is_loss_param_row of mmax_row_loss_ref says of a row's ten sums, as exact
   counts on their grids, against the sums over the reals of w (p - q) times each factor; GradParams.v for the backward kernel. *)
From Coq Require Import Reals ZArith PeanoNat Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 ExpKernel Hinge Modulator SigmaFloat AffineFloat RealSum Softmax Contract LogContract Accuracy ProbBound LogRest
  LossContract LossTerms LossBound GradContract SlopeFloat GradMean GradBound GradError GradMoments GradParams
  LossGradContract LossGradBound LossGradError.
Open Scope R_scope.

(* an entry that takes part in the gradient; lo, hi and largest are over those entries *)
Definition pulls (r : row) (m : R) (y : nat) (a : R) (i : nat) : Prop := taken r i = true /\ (0 < a \/ i = y \/ 0 < weight r m i).
Definition pull_extent (r : row) (m : R) (y : nat) (a lo hi largest : R) : Prop :=
  format64 lo /\ format64 hi /\ Rabs lo <= pow2 257 /\ Rabs hi <= pow2 257 /\ 0 <= largest <= pow2 128 /\
  forall i, (i < size r)%nat -> pulls r m y a i -> lo <= premapped r i <= hi /\ Rabs (logit r i) <= largest.
Definition pull_term (r : row) (y : nat) (a w m rest : R) (j : moment) (i : nat) : R :=
  moment_term (coefs r) (logit r i) (premapped r i) (mul w (residual_at r y a m rest i)) j.
Definition is_pull_moment (r : row) (y : nat) (a w m rest bound : R) (j : moment) (s : Z) (big : R) : Prop :=
  is_grid big /\ grid_over big bound /\ let t := sum (size r) (kept r (pull_term r y a w m rest j)) in
  steps s big <= t <= steps (s + Z.of_nat (size r)) big.

(* a row's sums, as the loss kernel makes them *)
Definition is_loss_moments (r : row) (y : nat) (a w : R) (s : moment -> Z) (big : moment -> R) (lo hi largest : R) : Prop :=
  exists m rest, is_rest r m rest /\ pull_extent r m y a lo hi largest /\
  forall j, is_pull_moment r y a w m rest (moment_bound (coefs r) lo hi largest (mul 2 (Rabs w)) j) j (s j) (big j).

(* over the reals *)
Definition loss_moment_row (r : row) (y : nat) (a w : R) (j : moment) : R :=
  sum (size r) (kept r (fun i => w * (multimax_row r i - target_share r y a i) * moment_factor (coefs r) (logit r i) (premapped r i) j)).

Lemma moment_term_zero : forall P x y j, moment_term P x y 0 j = 0.
Proof.
intros P x y j. assert (M : forall b, mul 0 b = 0) by (intros b; unfold mul; rewrite Rmult_0_l; apply round_0; auto with typeclass_instances).
destruct j; unfold moment_term, chosen; cbv zeta; rewrite ?M, ?Rmult_0_l; trivial; now destruct Rlt_dec.
Qed.

(* q adds up to at most 1; a masked target has no q of its own *)
Lemma target_sum_most : forall r y a t, valid_row r -> (t < size r)%nat -> taken r t = true -> 0 <= a <= 1 ->
  (forall i, 0 <= target_share r y a i) /\ sum (size r) (kept r (target_share r y a)) <= 1.
Proof.
intros r y a t Vr Ht T Ha. destruct (count_figures r t Vr Ht T) as [HK _]. set (K := unmasked_count r) in *.
assert (Q0 : 0 <= a / K) by (apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat; lra]).
split. intros i. unfold target_share, delta. fold K. destruct Nat.eq_dec; lra.
assert (D : sum (size r) (fun k => kept r (fun _ => 1) k * delta y k) <= 1).
{ destruct (Nat.lt_ge_cases y (size r)) as [L|L].
  - rewrite sum_delta by exact L. unfold kept. destruct (taken r y); lra.
  - apply Rle_trans with (sum (size r) (fun _ => 0)); [|rewrite sum_const; lra]. apply sum_le. intros k Hk. unfold delta.
    destruct Nat.eq_dec; [lia|lra]. }
apply Rle_trans with ((1 - a) * sum (size r) (fun k => kept r (fun _ => 1) k * delta y k) + a / K * K).
- unfold K at 2. unfold unmasked_count. rewrite <- !sum_scal, <- sum_plus. apply sum_le. intros k _. unfold kept, target_share. fold K.
  destruct (taken r k); lra.
- replace (a / K * K) with a by (field; lra). assert ((1 - a) * sum (size r) (fun k => kept r (fun _ => 1) k * delta y k) <= (1 - a) * 1) by
    (apply Rmult_le_compat_l; lra). lra.
Qed.

Lemma kappa_quanta : forall A r, valid_row r -> 0 <= gamma_5 * A + pow2 (-600) -> in_reach_grad A (INR (size r)) ->
  8 * quanta r <= kappa A (INR (size r)).
Proof. intros A r Vr A0 B. destruct (noise_kappa A (INR (size r)) (many r Vr) A0 B) as (_ & _ & _ & K). exact K. Qed.

(* T8 for one sum of a row; far: how large a factor can be where the probability is faint *)
Theorem loss_moment_error : forall r y a w s big lo hi largest A t j far, valid_row r -> is_loss_moments r y a w s big lo hi largest ->
  format32 a -> 0 <= a <= 1 ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A -> in_reach_grad A (INR (size r)) ->
  (forall i, (i < size r)%nat -> taken r i = true -> moment_size (coefs r) (premapped r i) (premapped r i) (Rabs (logit r i)) j <= far) ->
  Rabs (steps (s j) (big j) - loss_moment_row r y a w j) <=
    (2 * kappa A (INR (size r)) + 9 * quanta r) * Rabs w * moment_size (coefs r) lo hi largest j +
    INR (size r) * (2 * faint * Rabs w * far + pow2 (-254)).
Proof.
intros r y a w s big lo hi X A t j far Vr (m & rest & (s0 & w2 & Tp & Sec & Ro) & Ex & Mo) Fa Ha Ht T TopT C B Hfar.
destruct (loss_top r s0 m A t Vr Tp Ht T TopT C) as [M Nf]. assert (A0 := condition_nonneg r A t Vr Ht T C). assert (N := many r Vr).
destruct (loss_noise_kappa A (INR (size r)) N A0 B) as [C1 K].
destruct (multimax_row_sum r t Ht T) as [P0 P1]. destruct (target_sum_most r y a t Vr Ht T Ha) as [Q0 Q1].
set (x := excess (loss_grad_chain (gamma_5 * A + pow2 (-600)) (INR (size r)))) in *. set (G := Rabs w) in *.
assert (PG : 0 <= G) by apply Rabs_pos. destruct Ex as (Fl & Fh & Sl & Sh & HX & Ex).
assert (VP := proj1 (proj2 Vr)). assert (VX := proj2 (proj2 Vr)). set (Z := moment_size (coefs r) lo hi X j).
assert (PZ : 0 <= Z) by (apply (moment_size_mono (coefs r) lo hi X lo hi X j); lra).
destruct (Mo j) as (Gr & Go & St). cbv zeta in St.
(* the grid *)
assert (U := u64_figure). assert (U0 := u64_small).
assert (Aa : 0 <= mul 2 G <= (2 + / 100000) * G + pow2 (-1000)).
{ assert (Q := mul_upper 2 G 2 G (2 * G) ltac:(lra) (conj PG (Rle_refl _)) (Rle_refl _)). split. tauto.
  assert (eta64 <= pow2 (-1000)) by (unfold eta64; apply bpow_le; lia). rewrite U in *. lra. }
assert (Bd := moment_bound_size (coefs r) (scale r) (shift r) lo hi X _ G j VP Fl Fh Sl Sh HX PG Aa). fold Z in Bd.
assert (PGZ : 0 <= G * Z) by (apply Rmult_le_pos; lra).
assert (Un := grid_fine_enough _ _ _ Gr Go Bd ltac:(rewrite Rmult_assoc; lra)). set (un := unit_of (big j)) in *.
set (S := sum (size r) (kept r (pull_term r y a w m rest j))) in *.
assert (NU : INR (size r) * un <= 4 * quanta r * (2001 / 1000 * (G * Z)) + INR (size r) * pow2 (-255)).
{ unfold quanta. replace (4 * (INR (size r) * half_grid) * (2001 / 1000 * (G * Z)) + INR (size r) * pow2 (-255))
    with (INR (size r) * (4 * half_grid * (2001 / 1000 * G * Z) + pow2 (-255))) by ring. apply Rmult_le_compat_l; lra. }
assert (E1 : Rabs (steps (s j) (big j) - S) <= INR (size r) * un).
{ unfold steps in *. fold un in St |- *. rewrite plus_IZR, <- INR_IZR_INZ in St. apply Rabs_le. lra. }
(* one entry *)
assert (Pf : 0 < faint) by apply bpow_gt_0.
assert (Fr : 0 <= far).
{ eapply Rle_trans; [|apply (Hfar t Ht T)].
  apply (moment_size_mono (coefs r) (premapped r t) (premapped r t) (Rabs (logit r t)) (premapped r t) (premapped r t) (Rabs (logit r t)) j);
    try lra; split; [apply Rabs_pos | lra]. }
assert (Ff : 0 <= faint * G * far) by (repeat apply Rmult_le_pos; lra).
destruct (loss_sigma_error r m _ rest s0 w2 t y a w t Vr A0 Tp Sec Ro Ht T M Nf C1 Fa Ha Ht T) as (Hx & _). fold x in Hx.
set (no := loss_noise x) in *. assert (PN : 0 <= no) by (unfold no, loss_noise; lra).
assert (One : forall i, (i < size r)%nat -> taken r i = true ->
  Rabs (pull_term r y a w m rest j i - w * (multimax_row r i - target_share r y a i) * moment_factor (coefs r) (logit r i) (premapped r i) j) <=
  no * (G * Z) * (multimax_row r i + target_share r y a i) + (2 * faint * G * far + pow2 (-500))).
{ intros i Hi Ti. set (p := multimax_row r i). set (q := target_share r y a i).
  destruct (loss_sigma_error r m _ rest s0 w2 t y a w i Vr A0 Tp Sec Ro Ht T M Nf C1 Fa Ha Hi Ti) as (_ & _ & e & b & He & Hb & Ea & Eb & D).
  fold x p q in Ea, Eb, D. fold no G in D.
  destruct VP as (VP1 & VP2 & VP3 & VP4 & VP5 & VP6 & VP7 & VP8 & VP9 & Sc & Shf).
  assert (Sy := affine_size _ _ _ Sc Shf (proj2 (VX i Hi Ti))).
  set (S' := moment_size (coefs r) (premapped r i) (premapped r i) (Rabs (logit r i)) j) in *.
  assert (Sf := Hfar i Hi Ti). fold S' in Sf. assert (Pp : 0 <= p) by apply P0. assert (Pq : 0 <= q) by apply Q0.
  assert (PS : 0 <= S') by (apply (moment_size_mono (coefs r) (premapped r i) (premapped r i) (Rabs (logit r i)) (premapped r i) (premapped r i) (Rabs (logit r i)) j);
    try lra; split; [apply Rabs_pos | lra]).
  assert (Nq : 0 <= no * (G * Z) * (p + q)) by (repeat apply Rmult_le_pos; lra).
  assert (Ph : 0 <= faintness p <= faint) by (unfold faintness; destruct Rle_dec; lra).
  assert (Pull : pulls r m y a i \/ (a = 0 /\ i <> y /\ weight r m i = 0)).
  { unfold pulls. destruct (Rlt_dec 0 a) as [L|L]; [left; tauto|]. destruct (Nat.eq_dec i y) as [I|I]; [left; tauto|].
    destruct (Rlt_dec 0 (weight r m i)) as [W|W]; [left; tauto|]. right. repeat split; trivial; try lra.
    destruct Tp as (Hs & Ts & Es & Top). assert (Fm : format64 m) by (rewrite <- Es; apply format64_rnd).
    destruct (weight_error (modulated_at r i) m (format64_rnd _) Fm (Top i Hi Ti)) as [R0 _]. fold (weight r m i) in R0. lra. }
  destruct Pull as [Pu | (Za & Ni & Zw)].
  - assert (Te := moment_term_error (coefs r) (scale r) (shift r) (logit r i) (premapped r i) _ (w * (p - q)) e b j (proj1 (proj2 Vr)) (format64_rnd _) Sy
      (proj2 (VX i Hi Ti)) He Hb Ea Eb). fold S' in Te. unfold pull_term. eapply Rle_trans. exact Te.
    destruct (Ex i Hi Pu) as [Ey Exx].
    assert (SZ : S' <= Z) by (apply moment_size_mono; try lra; split; [apply Rabs_pos | exact Exx]).
    apply Rle_trans with ((no * (p + q) + 11 / 10 * faintness p) * G * S' + pow2 (-500)).
    { apply Rplus_le_compat_r. apply Rmult_le_compat_r; trivial. }
    assert (T1 : no * (p + q) * G * S' <= no * (p + q) * G * Z) by (apply Rmult_le_compat_l; trivial; repeat apply Rmult_le_pos; lra).
    assert (T2 : 11 / 10 * faintness p * G * S' <= 11 / 10 * faint * G * far).
    { apply Rmult_le_compat; trivial. repeat apply Rmult_le_pos; lra. apply Rmult_le_compat_r; lra. }
    replace ((no * (p + q) + 11 / 10 * faintness p) * G * S') with (no * (p + q) * G * S' + 11 / 10 * faintness p * G * S') by ring.
    replace (no * (G * Z) * (p + q)) with (no * (p + q) * G * Z) by ring. lra.
  - assert (Zu : uniform_of a (unmasked_count r) = 0) by (unfold uniform_of; destruct Rlt_dec; lra).
    assert (M0 : forall v, mul 0 v = 0) by (intros v; unfold mul; rewrite Rmult_0_l; apply round_0; auto with typeclass_instances).
    assert (Zr : residual_at r y a m rest i = 0).
    { unfold residual_at, residual_of. rewrite (proj2 (Nat.eqb_neq i y) Ni), Zw, Zu, M0. unfold sub. rewrite Rminus_0_r.
      apply round_0; auto with typeclass_instances. }
    assert (Zm : mul w 0 = 0) by (unfold mul; rewrite Rmult_0_r; apply round_0; auto with typeclass_instances).
    unfold pull_term. rewrite Zr, Zm, moment_term_zero.
    assert (Zq : q = 0).
    { unfold q, target_share, delta. rewrite Za. destruct Nat.eq_dec; [now elim Ni|]. unfold Rdiv. ring. }
    destruct (loss_share r m _ rest s0 w2 t i Vr A0 Tp Sec Ro Ht T M Nf C1 Hi Ti) as (_ & _ & [Pp' _] & Eh). fold x p in Pp', Eh.
    rewrite Zw, M0, Rminus_0_l, Rabs_Ropp, Rabs_pos_eq in Eh by lra.
    assert (Pfa : p <= faint).
    { destruct (Rle_dec p faint) as [L|L]; [exact L|]. unfold faintness in Eh. destruct Rle_dec; [lra|].
      assert (x * p < 1 * p) by (apply Rmult_lt_compat_r; lra). lra. }
    (* the factor is no more than its size, taken at a gradient of 0 *)
    assert (Fac : Rabs (w * (p - q) * moment_factor (coefs r) (logit r i) (premapped r i) j) <= faint * G * far + pow2 (-500)).
    { assert (Te := moment_term_error (coefs r) (scale r) (shift r) (logit r i) (premapped r i) 0 (w * (p - q)) (faint * G) 0 j (proj1 (proj2 Vr))
        (format64_rnd _) Sy (proj2 (VX i Hi Ti)) ltac:(apply Rmult_le_pos; lra) (Rle_refl 0)).
      rewrite moment_term_zero, !Rminus_0_l, !Rabs_Ropp, Rabs_R0, Rmult_0_r, !Rplus_0_r in Te. fold S' in Te. eapply Rle_trans. apply Te.
      - assert (Pe := eta64_pos). rewrite Zq, Rminus_0_r, Rabs_mult, (Rabs_pos_eq p) by lra. fold G.
        assert (G * p <= G * faint) by (apply Rmult_le_compat_l; lra). lra.
      - assert (Pe := eta64_pos). lra.
      - apply Rplus_le_compat_r. apply Rmult_le_compat_l; trivial. apply Rmult_le_pos; lra. }
    rewrite Rminus_0_l, Rabs_Ropp. lra. }
assert (E2 : Rabs (S - loss_moment_row r y a w j) <= no * (G * Z) * 2 + INR (size r) * (2 * faint * G * far + pow2 (-500))).
{ unfold S, loss_moment_row. rewrite kept_minus. eapply Rle_trans. apply (kept_abs r _ _ _ One).
  eapply Rle_trans. apply kept_affine. generalize (bpow_gt_0 radix2 (-500)); lra. apply Rplus_le_compat_r. apply Rmult_le_compat_l.
  apply Rmult_le_pos; lra.
  replace (sum (size r) (kept r (fun i => multimax_row r i + target_share r y a i)))
    with (sum (size r) (kept r (multimax_row r)) + sum (size r) (kept r (target_share r y a))). lra.
  rewrite <- sum_plus. apply sum_ext. intros i _. unfold kept. destruct (taken r i); lra. }
replace (steps (s j) (big j) - loss_moment_row r y a w j) with ((steps (s j) (big j) - S) + (S - loss_moment_row r y a w j)) by ring.
eapply Rle_trans. apply Rabs_triang.
assert (K1 : no <= kappa A (INR (size r))).
{ assert (P24 : 0 <= pow2 (-24) * no) by (apply Rmult_le_pos; [apply bpow_ge_0 | exact PN]). lra. }
assert (K2 : no * (G * Z) <= kappa A (INR (size r)) * (G * Z)) by (apply Rmult_le_compat_r; lra).
assert (QZ : 0 <= quanta r * (G * Z)) by (apply Rmult_le_pos; [apply (quanta_small r Vr) | lra]).
assert (P54 : pow2 (-255) + pow2 (-500) <= pow2 (-254)).
{ assert (pow2 (-500) <= pow2 (-255)) by (apply bpow_le; lia). change (-254)%Z with (1 + -255)%Z. rewrite bpow_plus.
  change (pow2 1) with 2. lra. }
assert (INR (size r) * (pow2 (-255) + pow2 (-500)) <= INR (size r) * pow2 (-254)) by (apply Rmult_le_compat_l; lra).
lra.
Qed.

(* as specs/accuracy.md puts it *)
Corollary loss_moment_error_4 : forall r y a w s big lo hi largest A t j far, valid_row r -> is_loss_moments r y a w s big lo hi largest ->
  format32 a -> 0 <= a <= 1 ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A -> in_reach_grad A (INR (size r)) ->
  (forall i, (i < size r)%nat -> taken r i = true -> moment_size (coefs r) (premapped r i) (premapped r i) (Rabs (logit r i)) j <= far) ->
  Rabs (steps (s j) (big j) - loss_moment_row r y a w j) <=
    4 * kappa A (INR (size r)) * Rabs w * moment_size (coefs r) lo hi largest j +
    INR (size r) * (2 * faint * Rabs w * far + pow2 (-254)).
Proof.
intros r y a w s big lo hi X A t j far Vr Mo Fa Ha Ht T TopT C B Hfar.
eapply Rle_trans. apply (loss_moment_error r y a w s big lo hi X A t j far Vr Mo Fa Ha Ht T TopT C B Hfar). apply Rplus_le_compat_r.
destruct Mo as (m & rest & _ & (_ & _ & _ & _ & HX & _) & _).
assert (Nf := near_or_far_row r A t Vr Ht T C).
assert (A0 := condition_nonneg r A t Vr Ht T C).
assert (K := kappa_quanta A r Vr A0 B). assert (Q := quanta_small r Vr).
assert (Z : 0 <= moment_size (coefs r) lo hi X j) by (apply (moment_size_mono (coefs r) lo hi X lo hi X j); lra).
apply Rmult_le_compat_r; trivial. apply Rmult_le_compat_r; [apply Rabs_pos | lra].
Qed.
