(* SPDX-License-Identifier: Apache-2.0 *)
(* T8 for parameters: a row's ten sums, as exact counts on their grids, against the sums over the reals of specs/semantics.md#backward,
   before an accumulator adds rows and rounds. M is the largest factor over the entries that carry weight. *)
From Coq Require Import Reals ZArith Psatz.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core.
From MultiMax Require Import Float64 ExpKernel Hinge Modulator Slopes SigmaFloat AffineFloat RealSum Softmax Gradient ParamGradient Contract LossContract
  Accuracy ProbBound GradContract SlopeFloat GradMean GradBound GradError GradExact GradMoments.
Open Scope R_scope.

(* what the passes over a row find, and what its sums hold *)
Definition extent_of (r : row) (m lo hi largest : R) : Prop :=
  format64 lo /\ format64 hi /\ Rabs lo <= pow2 257 /\ Rabs hi <= pow2 257 /\ 0 <= largest <= pow2 128 /\
  forall i, (i < size r)%nat -> weighed r m i -> lo <= premapped r i <= hi /\ Rabs (logit r i) <= largest.
Definition row_term (r : row) (g : nat -> R) (m v mean : R) (j : moment) (i : nat) : R :=
  moment_term (coefs r) (logit r i) (premapped r i) (grad_sigma_hat r g m v mean i) j.
Definition is_moment (r : row) (g : nat -> R) (m v mean bound : R) (j : moment) (s : Z) (big : R) : Prop :=
  is_grid big /\ grid_over big bound /\ let t := sum (size r) (kept r (row_term r g m v mean j)) in
  steps s big <= t <= steps (s + Z.of_nat (size r)) big.
Definition moment_row (r : row) (g : nat -> R) (j : moment) : R :=
  sum (size r) (kept r (fun i => grad_sigma_row r g i * moment_factor (coefs r) (logit r i) (premapped r i) j)).

(* a row's sums, as the backward kernel makes them *)
Definition is_moments (r : row) (g : nat -> R) (s : moment -> Z) (big : moment -> R) (lo hi largest : R) : Prop :=
  exists m total most mean, is_largest r m /\ total_close (count_sum r m) total /\ largest_up r g m most /\
  is_mean r g m (rnd (1 / total)) most mean /\ extent_of r m lo hi largest /\
  forall j, is_moment r g m (rnd (1 / total)) mean (moment_bound (coefs r) lo hi largest (mul 2 most) j) j (s j) (big j).

Lemma grid_fine_enough : forall big bound B, is_grid big -> grid_over big bound -> bound <= B + pow2 (-300) -> 0 <= B ->
  0 <= unit_of big <= 4 * half_grid * B + pow2 (-255).
Proof.
intros big bound B (e & He & ->) (_ & _ & O) Hb PB. rewrite unit_power. split. apply bpow_ge_0.
assert (P3 : pow2 (-300) <= pow2 (-207)) by (apply bpow_le; lia).
assert (pow2 e <= 2 * B + 4 * pow2 (-207)) by (generalize (bpow_gt_0 radix2 (-207)); lra).
unfold Zminus. rewrite bpow_plus. replace (4 * half_grid * B + pow2 (-255)) with ((2 * B + 4 * pow2 (-207)) * pow2 (- (50))).
- apply Rmult_le_compat_r; trivial. apply bpow_ge_0.
- rewrite Rmult_plus_distr_r. f_equal. unfold half_grid. simpl. lra. change 4 with (pow2 2). rewrite <- !bpow_plus. reflexivity.
Qed.

(* T8 for one sum of a row; far: how large a factor can be where the probability is faint *)
Theorem moment_error : forall r g s big lo hi largest A t G j far, valid_row r -> valid_upstream r g -> is_moments r g s big lo hi largest ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A -> in_reach_grad A (INR (size r)) ->
  at_most r g G ->
  (forall i, (i < size r)%nat -> taken r i = true -> moment_size (coefs r) (premapped r i) (premapped r i) (Rabs (logit r i)) j <= far) ->
  Rabs (steps (s j) (big j) - moment_row r g j) <=
    (kappa A (INR (size r)) + 9 * quanta r) * G * moment_size (coefs r) lo hi largest j +
    INR (size r) * (5 * faint * G * far + pow2 (-254)).
Proof.
intros r g s big lo hi X A t G j far Vr Vg (m & total & most & mean & [Top (s0 & Hs & Ts & Ems)] & Tc & [Lu Lm] & Im & Ex & Mo) Ht T TopT C B Ha Hfar.
assert (M : modulated_at r t = m). { apply Rle_antisym. now apply Top. rewrite <- Ems. now apply TopT. }
assert (Nf := near_or_far_row r A t Vr Ht T C). rewrite M in Nf. assert (Nn := many r Vr).
assert (A0 := condition_nonneg r A t Vr Ht T C).
destruct (noise_kappa A (INR (size r)) Nn A0 B) as (C1 & [K0 K1] & _). fold (quanta r) in K0, K1.
assert (PG : 0 <= G) by (destruct Ha as [HG _]; generalize (bpow_gt_0 radix2 (-149)); lra).
assert (Hm : 0 <= most <= G).
{ split.
  - assert (W : weighed r m t). { split; trivial. unfold weight. rewrite M, weight_top. lra. }
    destruct (Lu t Ht W). lra.
  - destruct Lm as [-> | (k & Hk & [Tk _] & Ek)]; trivial. generalize (proj2 Ha k Hk Tk). unfold Rabs. destruct Rcase_abs; lra. }
destruct (multimax_row_sum r t Ht T) as [P0 P1].
set (v := rnd (1 / total)) in *. set (no := noise _ _) in *. destruct Ex as (Fl & Fh & Sl & Sh & HX & Ex).
assert (VP := proj1 (proj2 Vr)). assert (VX := proj2 (proj2 Vr)). set (Z := moment_size (coefs r) lo hi X j).
assert (PZ : 0 <= Z) by (apply (moment_size_mono (coefs r) lo hi X lo hi X j); lra).
destruct (Mo j) as (Gr & Go & St). cbv zeta in St.
(* the grid *)
assert (U := u64_figure). assert (U0 := u64_small).
assert (Aa : 0 <= mul 2 most <= (2 + / 100000) * G + pow2 (-1000)).
{ assert (Q := mul_upper 2 most 2 G (2 * G) ltac:(lra) Hm (Rle_refl _)). split. tauto.
  assert (eta64 <= pow2 (-1000)) by (unfold eta64; apply bpow_le; lia). rewrite U in *. lra. }
assert (Bd := moment_bound_size (coefs r) (scale r) (shift r) lo hi X _ G j VP Fl Fh Sl Sh HX PG Aa). fold Z in Bd.
assert (PGZ : 0 <= G * Z) by (apply Rmult_le_pos; lra).
assert (Un := grid_fine_enough _ _ _ Gr Go Bd ltac:(rewrite Rmult_assoc; lra)). set (un := unit_of (big j)) in *.
set (S := sum (size r) (kept r (row_term r g m v mean j))) in *.
assert (NU : INR (size r) * un <= 4 * quanta r * (2001 / 1000 * (G * Z)) + INR (size r) * pow2 (-255)).
{ unfold quanta. replace (4 * (INR (size r) * half_grid) * (2001 / 1000 * (G * Z)) + INR (size r) * pow2 (-255))
    with (INR (size r) * (4 * half_grid * (2001 / 1000 * G * Z) + pow2 (-255))) by ring. apply Rmult_le_compat_l; lra. }
assert (E1 : Rabs (steps (s j) (big j) - S) <= INR (size r) * un).
{ unfold steps in *. fold un in St |- *. rewrite plus_IZR, <- INR_IZR_INZ in St. apply Rabs_le. lra. }
(* one entry *)
assert (Pf : 0 < faint) by apply bpow_gt_0.
assert (One : forall i, (i < size r)%nat -> taken r i = true ->
  Rabs (row_term r g m v mean j i - grad_sigma_row r g i * moment_factor (coefs r) (logit r i) (premapped r i) j) <=
  no * (G * Z) * multimax_row r i + (5 * faint * G * far + pow2 (-500))).
{ intros i Hi Ti.
  destruct (grad_sigma_entry r g m _ total t most mean G i Vr Vg A0 Top Ht T M Nf Tc C1 Ha (proj2 Hm) Im Hi Ti) as (a & b & Pa & Pb & Ea & Eb & N4 & D).
  fold no in N4, D. fold v in Ea, Eb.
  destruct VP as (VP1 & VP2 & VP3 & VP4 & VP5 & VP6 & VP7 & VP8 & VP9 & Sc & Shf).
  assert (Sy := affine_size _ _ _ Sc Shf (proj2 (VX i Hi Ti))).
  assert (Te := moment_term_error (coefs r) (scale r) (shift r) (logit r i) (premapped r i) _ _ a b j (proj1 (proj2 Vr)) (format64_rnd _) Sy
    (proj2 (VX i Hi Ti)) Pa Pb Ea Eb).
  set (S' := moment_size (coefs r) (premapped r i) (premapped r i) (Rabs (logit r i)) j) in *. unfold row_term. eapply Rle_trans.
  exact Te.
  assert (PS : 0 <= S') by (apply (moment_size_mono (coefs r) (premapped r i) (premapped r i) (Rabs (logit r i)) (premapped r i) (premapped r i) (Rabs (logit r i)) j);
    try lra; split; [apply Rabs_pos | lra]).
  assert (Sf := Hfar i Hi Ti). fold S' in Sf. assert (Pp := P0 i).
  assert (F5 : 0 <= 5 * faint * G) by (apply Rmult_le_pos; lra).
  assert (Ff : 0 <= 5 * faint * G * far) by (apply Rmult_le_pos; lra).
  assert (Nq : 0 <= no * (G * Z) * multimax_row r i) by (apply Rmult_le_pos; trivial; apply Rmult_le_pos; lra).
  destruct D as [[W D]|[D1 D2]].
  - destruct (Ex i Hi (conj Ti W)) as [Ey Exx].
    assert (SZ : S' <= Z) by (apply moment_size_mono; try lra; split; [apply Rabs_pos | exact Exx]).
    assert ((a + 612 / 100 * u64 * b) * S' <= no * multimax_row r i * G * Z).
    { apply Rmult_le_compat; trivial. assert (0 <= 612 / 100 * u64 * b) by (apply Rmult_le_pos; lra). lra. }
    replace (no * (G * Z) * multimax_row r i) with (no * multimax_row r i * G * Z) by ring. lra.
  - assert ((a + 612 / 100 * u64 * b) * S' <= 5 * faint * G * far).
    { apply Rmult_le_compat; trivial. assert (0 <= 612 / 100 * u64 * b) by (apply Rmult_le_pos; lra). lra. }
    lra. }
assert (Fr : 0 <= far).
{ eapply Rle_trans; [|apply (Hfar t Ht T)].
  apply (moment_size_mono (coefs r) (premapped r t) (premapped r t) (Rabs (logit r t)) (premapped r t) (premapped r t) (Rabs (logit r t)) j);
    try lra; split; [apply Rabs_pos | lra]. }
assert (E2 : Rabs (S - moment_row r g j) <= no * (G * Z) * 1 + INR (size r) * (5 * faint * G * far + pow2 (-500))).
{ unfold S, moment_row. rewrite kept_minus. eapply Rle_trans. apply (kept_abs r _ _ _ One). rewrite <- P1. apply kept_affine.
  assert (0 <= 5 * faint * G * far) by (apply Rmult_le_pos; [apply Rmult_le_pos|]; lra). generalize (bpow_gt_0 radix2 (-500)); lra. }
replace (steps (s j) (big j) - moment_row r g j) with ((steps (s j) (big j) - S) + (S - moment_row r g j)) by ring.
eapply Rle_trans. apply Rabs_triang.
assert (K2 : no * (G * Z) <= kappa A (INR (size r)) * (G * Z)) by (apply Rmult_le_compat_r; lra).
assert (QZ : 0 <= quanta r * (G * Z)) by (apply Rmult_le_pos; [apply (quanta_small r Vr) | lra]).
assert (P54 : pow2 (-255) + pow2 (-500) <= pow2 (-254)).
{ assert (pow2 (-500) <= pow2 (-255)) by (apply bpow_le; lia). change (-254)%Z with (1 + -255)%Z. rewrite bpow_plus.
  change (pow2 1) with 2. lra. }
assert (INR (size r) * (pow2 (-255) + pow2 (-500)) <= INR (size r) * pow2 (-254)) by (apply Rmult_le_compat_l; lra).
lra.
Qed.

(* as specs/accuracy.md puts it *)
Corollary moment_error_4 : forall r g s big lo hi largest A t G j far, valid_row r -> valid_upstream r g -> is_moments r g s big lo hi largest ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A -> in_reach_grad A (INR (size r)) ->
  at_most r g G ->
  (forall i, (i < size r)%nat -> taken r i = true -> moment_size (coefs r) (premapped r i) (premapped r i) (Rabs (logit r i)) j <= far) ->
  Rabs (steps (s j) (big j) - moment_row r g j) <=
    4 * kappa A (INR (size r)) * G * moment_size (coefs r) lo hi largest j + INR (size r) * (5 * faint * G * far + pow2 (-254)).
Proof.
intros r g s big lo hi X A t G j far Vr Vg Mo Ht T TopT C B Ha Hfar.
eapply Rle_trans. apply (moment_error r g s big lo hi X A t G j far Vr Vg Mo Ht T TopT C B Ha Hfar). apply Rplus_le_compat_r.
destruct Mo as (m & total & most & mean & [Top (s0 & Hs & Ts & Ems)] & _ & _ & _ & (_ & _ & _ & _ & HX & _) & _).
assert (Q := quanta_small r Vr). assert (Nn := many r Vr).
assert (PG : 0 <= G) by (destruct Ha as [HG _]; generalize (bpow_gt_0 radix2 (-149)); lra).
assert (Z : 0 <= moment_size (coefs r) lo hi X j) by (apply (moment_size_mono (coefs r) lo hi X lo hi X j); lra).
apply Rmult_le_compat_r; trivial. apply Rmult_le_compat_r; trivial.
assert (Nf := near_or_far_row r A t Vr Ht T C).
assert (A0 := condition_nonneg r A t Vr Ht T C).
destruct (noise_kappa A (INR (size r)) Nn A0 B) as (_ & _ & _ & K). fold (quanta r) in K. lra.
Qed.

(* the sums at the exact arguments are the derivatives in every parameter, scale and shift, masks included *)
Definition with_params (r : row) (P : params) (sc sh : R) : row := mk_row (size r) (taken r) (logit r) P sc sh.
Lemma path_derive : forall r g (P : R -> params) (sc sh : R -> R) t v k0, (k0 < size r)%nat -> taken r k0 = true ->
  coefs r = P t -> scale r = sc t -> shift r = sh t ->
  (forall k, (k < size r)%nat -> taken r k = true -> is_derive (fun u => sigma (P u) (sc u * logit r k + sh u)) t (v k)) ->
  is_derive (fun u => mean_row (with_params r (P u) (sc u) (sh u)) g) t (sum (size r) (kept r (fun k => grad_sigma_row r g k * v k))).
Proof.
intros r g P sc sh t v k0 Hk Tk EP Es Eh D.
set (s := fun u k => sigma (P u) (sc u * logit r k + sh u)).
assert (St : forall k, sigma_at r k = s t k) by (intros k; unfold sigma_at, modulated, s; now rewrite EP, Es, Eh).
set (N := fun u => sum (size r) (kept r (fun k => exp (s u k) * g k))).
set (Z := fun u => sum (size r) (kept r (fun k => exp (s u k)))).
assert (PZ : 0 < Z t).
{ apply Rlt_le_trans with (exp (s t k0)). apply exp_pos. apply (kept_term r (fun k => exp (s t k))); trivial.
  intros; apply Rlt_le, exp_pos. }
apply (is_derive_ext (fun u => N u / Z u)). { intros u. rewrite quotient_mean. reflexivity. }
assert (De : forall k, (k < size r)%nat -> taken r k = true -> is_derive (fun u => exp (s u k)) t (exp (s t k) * v k)).
{ intros k H1 H2. evar_last. apply (is_derive_comp exp (fun u => s u k)). apply is_derive_exp. now apply D.
  unfold scal; simpl; unfold mult; simpl. ring. }
assert (DZ : is_derive Z t (sum (size r) (kept r (fun k => exp (s t k) * v k)))).
{ apply (sum_derive (size r) (fun u => kept r (fun k => exp (s u k)))). intros k H1. unfold kept. destruct (taken r k) eqn:E.
  now apply De. apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule) 0 t). }
assert (DN : is_derive N t (sum (size r) (kept r (fun k => exp (s t k) * v k * g k)))).
{ apply (sum_derive (size r) (fun u => kept r (fun k => exp (s u k) * g k))). intros k H1. unfold kept. destruct (taken r k) eqn:E.
  apply (is_derive_ext (fun u => g k * exp (s u k))). intros; simpl; ring. evar_last. apply (is_derive_scal (fun u => exp (s u k))).
  now apply De. ring. apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule) 0 t). }
evar_last. apply (is_derive_div N Z t _ _ DN DZ). lra.
transitivity (/ Z t * sum (size r) (kept r (fun k => exp (s t k) * v k * g k)) -
  N t / (Z t * Z t) * sum (size r) (kept r (fun k => exp (s t k) * v k))).
{ field. lra. }
rewrite <- !kept_scal, kept_minus. apply sum_ext. intros k _. unfold kept. destruct (taken r k) eqn:E; trivial.
assert (Q : sum (size r) (kept r (fun k => exp (sigma_at r k))) = Z t).
{ unfold Z. apply sum_ext. intros l _. unfold kept. destruct (taken r l); trivial. now rewrite St. }
assert (QN : sum (size r) (kept r (fun k => exp (sigma_at r k) * g k)) = N t).
{ unfold N. apply sum_ext. intros l _. unfold kept. destruct (taken r l); trivial. now rewrite St. }
unfold grad_sigma_row. rewrite quotient_mean, Q, QN. unfold multimax_row, kept at 1. rewrite E.
fold (kept r (fun k => exp (sigma_at r k))).
rewrite Q, St. field. lra.
Qed.

(* the sums at the exact arguments *)
Definition moment_row_exact (r : row) (g : nat -> R) (j : moment) : R :=
  sum (size r) (kept r (fun i => grad_sigma_row r g i * moment_factor (coefs r) (logit r i) (argument r i) j)).
Definition param_of (j : moment) : option (param_name * (params -> R)) :=
  match j with
  | Low1 => Some (C1, fun _ => 1) | High1 => Some (C2, fun _ => 1) | Low2 => Some (C3, fun _ => 1) | High2 => Some (C4, fun _ => 1)
  | KnotLow1 => Some (K1, c1) | KnotHigh1 => Some (K2, fun P => - c2 P) | KnotLow2 => Some (K3, fun P => 2 * c3 P)
  | KnotHigh2 => Some (K4, fun P => - 2 * c4 P) | Scaled => None | Shifted => None end.

Theorem moment_row_params : forall r g t j q c, (t < size r)%nat -> taken r t = true ->
  param_of j = Some (q, c) -> (forall i, (i < size r)%nat -> taken r i = true -> smooth_at (coefs r) q (argument r i)) ->
  is_derive (fun u => mean_row (with_params r (ParamGradient.set (coefs r) q u) (scale r) (shift r)) g) (get (coefs r) q)
    (c (coefs r) * moment_row_exact r g j).
Proof.
intros r g t j q c Ht T Hj Sm. evar_last.
apply (path_derive r g (fun u => ParamGradient.set (coefs r) q u) (fun _ => scale r) (fun _ => shift r) (get (coefs r) q)
  (fun k => dparam (coefs r) q (argument r k)) t Ht T); trivial.
- now rewrite set_get.
- intros k Hk Tk. apply sigma_param_derive. now apply Sm.
- unfold moment_row_exact. rewrite <- kept_scal. apply sum_ext. intros i Hi. unfold kept. destruct (taken r i) eqn:Ti; trivial.
  destruct j; try discriminate; injection Hj as <- <-; unfold dparam, moment_factor; ring.
Qed.

Theorem moment_row_premap : forall r g t, (t < size r)%nat -> taken r t = true ->
  (forall i, (i < size r)%nat -> taken r i = true -> (c1 (coefs r) = 0 \/ argument r i <> k1 (coefs r)) /\
    (c2 (coefs r) = 0 \/ argument r i <> k2 (coefs r))) ->
  is_derive (fun u => mean_row (with_params r (coefs r) u (shift r)) g) (scale r) (moment_row_exact r g Scaled) /\
  is_derive (fun u => mean_row (with_params r (coefs r) (scale r) u) g) (shift r) (moment_row_exact r g Shifted).
Proof.
intros r g t Ht T Sm. split; evar_last.
- apply (path_derive r g (fun _ => coefs r) (fun u => u) (fun _ => shift r) (scale r)
    (fun k => dsigma (coefs r) (argument r k) * logit r k) t Ht T); trivial.
  intros k Hk Tk. destruct (Sm k Hk Tk). evar_last.
  apply (is_derive_comp (sigma (coefs r)) (fun u => u * logit r k + shift r)). now apply sigma_derive. auto_derive; trivial.
  unfold scal; simpl; unfold mult; simpl. unfold argument. ring.
- unfold moment_row_exact. apply sum_ext. intros i Hi. unfold kept. destruct (taken r i) eqn:Ti; trivial.
- apply (path_derive r g (fun _ => coefs r) (fun _ => scale r) (fun u => u) (shift r)
    (fun k => dsigma (coefs r) (argument r k)) t Ht T); trivial.
  intros k Hk Tk. destruct (Sm k Hk Tk). evar_last.
  apply (is_derive_comp (sigma (coefs r)) (fun u => scale r * logit r k + u)). now apply sigma_derive. auto_derive; trivial.
  unfold scal; simpl; unfold mult; simpl. unfold argument. ring.
- unfold moment_row_exact. apply sum_ext. intros i Hi. unfold kept. destruct (taken r i) eqn:Ti; trivial.
Qed.
