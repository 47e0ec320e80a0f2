(* SPDX-License-Identifier: Apache-2.0 *)
(* T8 for the cross-entropy: the gradient of the C contract is_loss_gradient against
   scale sigma'(y) w (p - q), y the rounded argument of sigma. h is the probability as computed: LossProb.v says how far it is off. *)
From Coq Require Import Reals ZArith Bool Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 ExpKernel Hinge Modulator SigmaFloat AffineFloat LogFloat RealSum Within Contract Accuracy LogContract LossContract
  GradContract SlopeFloat GradMean GradBound GradError LossGradContract LossProb LossResidual.
Open Scope R_scope.

Lemma scaled_error : forall w d z X Y, 0 <= X -> 0 <= Y -> Rabs (d - z) <= X + 5 * u64 * Y + 12 * eta64 -> Rabs z <= X + Y ->
  Rabs (mul w d - w * z) <= Rabs w * ((1 + 2 * u64) * X + 601/100 * u64 * Y + 13 * eta64) + eta64 /\
  Rabs (mul w d) <= Rabs w * (201/100 * X + 101/100 * Y + 13 * eta64) + eta64.
Proof.
intros w d z X Y HX HY Hd Hz. assert (U := u64_figure). assert (P : 0 < eta64) by apply bpow_gt_0.
assert (D : Rabs d <= 2 * X + (1 + 5 * u64) * Y + 12 * eta64).
{ replace d with (z + (d - z)) by ring. eapply Rle_trans. apply Rabs_triang. lra. }
assert (R := mul_error w d). rewrite Rabs_mult in R. set (W := Rabs w) in *. assert (PW : 0 <= W) by apply Rabs_pos.
assert (M : W * Rabs d <= W * (2 * X + (1 + 5 * u64) * Y + 12 * eta64)) by (apply Rmult_le_compat_l; trivial).
assert (N : W * Rabs (d - z) <= W * (X + 5 * u64 * Y + 12 * eta64)) by (apply Rmult_le_compat_l; trivial).
assert (A : 0 <= W * X) by (apply Rmult_le_pos; trivial). assert (B : 0 <= W * Y) by (apply Rmult_le_pos; trivial).
assert (C : 0 <= W * eta64) by (apply Rmult_le_pos; lra).
assert (M2 : u64 * (W * Rabs d) <= u64 * (W * (2 * X + (1 + 5 * u64) * Y + 12 * eta64))) by (apply Rmult_le_compat_l; [rewrite U; lra | exact M]).
split.
- replace (mul w d - w * z) with ((mul w d - w * d) + w * (d - z)) by ring. eapply Rle_trans. apply Rabs_triang.
  rewrite (Rabs_mult w (d - z)). fold W. rewrite U in *. lra.
- replace (mul w d) with ((mul w d - w * d) + w * d) by ring. eapply Rle_trans. apply Rabs_triang.
  rewrite (Rabs_mult w d). fold W. rewrite U in *. lra.
Qed.

Theorem loss_grad_before_rounding : forall r y a w m rest t i, valid_row r -> 0 <= a <= 1 -> is_rest r m rest ->
  (t < size r)%nat -> taken r t = true -> modulated_at r t = m -> (i < size r)%nat -> taken r i = true ->
  let p := multimax_row r i in let q := target_share r y a i in let h := mul (weight r m i) (inverse_of rest) in
  let D := steepness (coefs r) (premapped r i) in
  Rabs (pull_of r y a w m rest i - loss_grad_row r y a w (dsigma (coefs r) (premapped r i)) i) <=
    Rabs w * ((1 + 15 * u64) * Rabs (h - p) + 13 * u64 * (h + q) + 14 * eta64) * D * Rabs (scale r) + pow2 (-500).
Proof.
intros r y a w m rest t i Vr Ha Rs Ht T M Hi Ti p q h D.
assert (E := residual_error r y a m rest t i Vr Ha Rs Ht T M Hi Ti). cbv zeta in E. fold p q h in E.
assert (Pp : 0 <= p) by (apply (multimax_row_sum r t Ht T)).
assert (K1 : 1 <= unmasked_count r).
{ unfold unmasked_count. apply (kept_term r (fun _ => 1)) with (t := t); trivial. intros; lra. }
assert (Q0 : 0 <= q).
{ unfold q, target_share. assert (0 <= a / unmasked_count r) by (apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra]).
  assert (0 <= (1 - a) * delta y i) by (apply Rmult_le_pos; [lra | unfold delta; destruct Nat.eq_dec; lra]). lra. }
assert (Wt : 0 <= weight r m i /\ 0 <= inverse_of rest).
{ destruct Rs as (t0 & w0 & Tp & Sec & Ro). destruct (rest_inverse_close r m t0 w0 rest Vr Tp Sec Ro) as (_ & _ & [I0 _] & _).
  destruct Tp as (_ & _ & _ & Top). assert (Fm : format64 m) by (rewrite <- M; apply format64_rnd).
  destruct (weight_error (modulated_at r i) m (format64_rnd _) Fm (Top i Hi Ti)) as [[E0 _] _]. split. exact E0.
  apply Rle_trans with (2 := I0). apply bpow_ge_0. }
assert (H0 : 0 <= h).
{ unfold h, mul. rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances. apply Rmult_le_pos; tauto. }
set (X := Rabs (h - p)) in *. assert (PX : 0 <= X) by apply Rabs_pos. set (d := residual_at r y a m rest i) in *.
assert (Z : Rabs (p - q) <= X + (h + q)).
{ replace (p - q) with (- (h - p) + (h + - q)) by ring. eapply Rle_trans. apply Rabs_triang. rewrite Rabs_Ropp. fold X.
  assert (Rabs (h + - q) <= h + q) by (apply Rabs_le; lra). lra. }
destruct (scaled_error w d (p - q) X (h + q) PX ltac:(lra) E Z) as [A B].
assert (U := u64_figure). assert (P : 0 < eta64) by apply bpow_gt_0. set (W := Rabs w) in *. assert (PW : 0 <= W) by apply Rabs_pos.
assert (WX : 0 <= W * X) by (apply Rmult_le_pos; trivial). assert (WY : 0 <= W * (h + q)) by (apply Rmult_le_pos; lra).
assert (WE : 0 <= W * eta64) by (apply Rmult_le_pos; lra).
destruct Vr as (_ & VP & VX). assert (VP' := VP). destruct VP' as (_ & _ & _ & _ & _ & _ & _ & _ & _ & Sc & Sh).
destruct (slope_at_close (coefs r) (scale r) (shift r) (premapped r i) VP (format64_rnd _)
  (affine_size _ _ _ Sc Sh (proj2 (VX i Hi Ti)))) as [DD Es]. fold D in DD, Es.
assert (Ds := dsigma_steepness (coefs r) (premapped r i)). fold D in Ds. unfold pull_of, loss_grad_row. fold d p q.
eapply Rle_trans.
{ refine (finish_error (mul w d) (w * (p - q)) _ _ (scale r) D
    (W * ((1 + 2 * u64) * X + 601/100 * u64 * (h + q) + 13 * eta64)) (W * (201/100 * X + 101/100 * (h + q) + 13 * eta64)) _ _ DD Ds Es Sc A B);
  apply Rmult_le_pos; trivial; rewrite ?U; lra. }
apply Rplus_le_compat_r, Rmult_le_compat_r. apply Rabs_pos. apply Rmult_le_compat_r. lra. rewrite U. lra.
Qed.

(* X, what a probability p is off by: sigma known to within d, n entries; weights below the clamp are lost *)
Definition prob_slack (d n p : R) : R := let c := product_chain d n (rest_chain n) in c / (1 - c) * p + 2 * clamp.
Definition loss_grad_slack (w D sc X p q : R) : R :=
  Rabs w * ((1 + 15 * u64) * X + 13 * u64 * (p + X + q) + 14 * eta64) * D * Rabs sc + pow2 (-500).

Theorem loss_grad_error : forall r y a w out d t i, valid_row r -> 0 <= a <= 1 -> 0 <= d -> is_loss_gradient r y a w out ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> near_or_far r (modulated_at r t) d t ->
  product_chain d (INR (size r)) (rest_chain (INR (size r))) < 1 / 2 -> (i < size r)%nat -> taken r i = true ->
  let p := multimax_row r i in let q := target_share r y a i in let y_hat := premapped r i in
  let exact := loss_grad_row r y a w (dsigma (coefs r) y_hat) i in
  let B := loss_grad_slack w (steepness (coefs r) y_hat) (scale r) (prob_slack d (INR (size r)) p) p q in
  Rabs exact + B <= 33 * 10 ^ 37 -> Rabs (out i - exact) <= pow2 (-24) * (Rabs exact + B) + pow2 (-150) + B.
Proof.
intros r y a w out d t i Vr Ha Hd (m & rest & Rs & G) Ht T Top Nf C Hi Ti p q yh exact B Rg.
assert (M : modulated_at r t = m).
{ destruct Rs as (s & ws & (Hs & Ts & Es & Tm) & _). apply Rle_antisym. now apply Tm. rewrite <- Es. now apply Top. }
rewrite M in Nf. destruct (loss_prob_error r m d rest t i Vr Hd Rs Ht T M Nf Hi Ti) as (C0 & H0 & P0 & D). fold p in P0, D.
set (n := INR (size r)) in *. set (c := product_chain d n (rest_chain n)) in *. set (h := mul (weight r m i) (inverse_of rest)) in *.
assert (Cl : 0 < clamp) by apply bpow_gt_0. assert (X0 : 0 <= c / (1 - c)) by (apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra]).
assert (XP : 0 <= c / (1 - c) * p) by (apply Rmult_le_pos; lra).
assert (X : Rabs (h - p) <= prob_slack d n p).
{ unfold prob_slack. fold c. cbv zeta. destruct D as [W|[A1 A2]].
  - assert (R := relative_of_within c h p ltac:(lra) ltac:(lra) W). lra.
  - assert (E2 := exp_2 c ltac:(lra)). assert (clamp * exp c <= clamp * 2) by (apply Rmult_le_compat_l; lra).
    assert (Rabs (h - p) <= clamp * exp c) by (apply Rabs_le; lra). lra. }
set (S := prob_slack d n p) in *. assert (Hb : h <= p + S) by (apply Rabs_le_inv in X; lra).
assert (E := loss_grad_before_rounding r y a w m rest t i Vr Ha Rs Ht T M Hi Ti). cbv zeta in E. fold p q h yh exact in E.
assert (U := u64_small). assert (Pe : 0 < eta64) by apply bpow_gt_0. assert (PD : 0 <= steepness (coefs r) yh) by (eapply Rle_trans; [apply Rabs_pos | apply dsigma_steepness]).
assert (EB : Rabs (pull_of r y a w m rest i - exact) <= B).
{ eapply Rle_trans. exact E. unfold B, loss_grad_slack. apply Rplus_le_compat_r, Rmult_le_compat_r. apply Rabs_pos.
  apply Rmult_le_compat_r. exact PD. apply Rmult_le_compat_l. apply Rabs_pos.
  assert ((1 + 15 * u64) * Rabs (h - p) <= (1 + 15 * u64) * S) by (apply Rmult_le_compat_l; lra).
  assert (13 * u64 * (h + q) <= 13 * u64 * (p + S + q)) by (apply Rmult_le_compat_l; lra). lra. }
set (z := pull_of r y a w m rest i) in *.
assert (Z : Rabs z <= Rabs exact + B).
{ replace z with (exact + (z - exact)) by ring. eapply Rle_trans. apply Rabs_triang. lra. }
assert (O : out i = rnd32 z). { apply G; trivial. unfold narrow_range. fold z. apply Rabs_le_inv. lra. }
rewrite O. assert (R := rnd32_error z). assert (P24 := bpow_gt_0 radix2 (-24)).
assert (pow2 (-24) * Rabs z <= pow2 (-24) * (Rabs exact + B)) by (apply Rmult_le_compat_l; lra).
replace (rnd32 z - exact) with ((rnd32 z - z) + (z - exact)) by ring. eapply Rle_trans. apply Rabs_triang. lra.
Qed.
