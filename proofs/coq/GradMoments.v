(* SPDX-License-Identifier: Apache-2.0 *)
(* T8 for parameters: the ten sums of a row (specs/semantics.md#backward), each a count of floors on its own grid. What one entry adds
   to each, against the exact factor at the rounded argument. lo, hi: between them the arguments of the entries that carry weight. *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 ExpKernel Hinge Modulator SigmaFloat AffineFloat RealSum Contract Accuracy ProbBound GradContract
  SlopeFloat GradMean GradBound.
Open Scope R_scope.

Inductive moment := Low1 | High1 | Low2 | High2 | KnotLow1 | KnotHigh1 | KnotLow2 | KnotHigh2 | Scaled | Shifted.

(* as computed, before the floor: gs the gradient at sigma, x the logit, y the argument *)
Definition chosen (r g : R) : R := if Rlt_dec 0 r then g else 0.
Definition moment_term (P : params) (x y gs : R) (j : moment) : R :=
  let r1 := hinge_hat (k1 P) y in let r2 := hinge_hat y (k2 P) in let r3 := hinge_hat (k3 P) y in let r4 := hinge_hat y (k4 P) in
  match j with
  | Low1 => gs * r1 | High1 => gs * r2 | Low2 => mul gs r3 * r3 | High2 => mul gs r4 * r4
  | KnotLow1 => chosen r1 gs | KnotHigh1 => chosen r2 gs | KnotLow2 => mul gs r3 | KnotHigh2 => mul gs r4
  | Scaled => mul gs (slope_at P y) * x | Shifted => mul gs (slope_at P y) end.
(* what multiplies the gradient at sigma over the reals; dparam of ParamGradient.v but for its coefficients *)
Definition moment_factor (P : params) (x y : R) (j : moment) : R :=
  match j with
  | Low1 => relu (k1 P - y) | High1 => relu (y - k2 P) | Low2 => relu (k3 P - y) ^ 2 | High2 => relu (y - k4 P) ^ 2
  | KnotLow1 => step (k1 P - y) | KnotHigh1 => step (y - k2 P) | KnotLow2 => relu (k3 P - y) | KnotHigh2 => relu (y - k4 P)
  | Scaled => dsigma P y * x | Shifted => dsigma P y end.
(* M: how large a factor can be *)
Definition steep_between (P : params) (lo hi : R) : R :=
  1 + Rabs (c1 P) + Rabs (c2 P) + 2 * Rabs (c3 P) * relu (k3 P - lo) + 2 * Rabs (c4 P) * relu (hi - k4 P).
Definition moment_size (P : params) (lo hi largest : R) (j : moment) : R :=
  match j with
  | Low1 => relu (k1 P - lo) | High1 => relu (hi - k2 P) | Low2 => relu (k3 P - lo) ^ 2 | High2 => relu (hi - k4 P) ^ 2
  | KnotLow1 => 1 | KnotHigh1 => 1 | KnotLow2 => relu (k3 P - lo) | KnotHigh2 => relu (hi - k4 P)
  | Scaled => steep_between P lo hi * largest | Shifted => steep_between P lo hi end.

Lemma moment_size_mono : forall P lo hi X lo' hi' X' j, lo' <= lo -> hi <= hi' -> 0 <= X <= X' ->
  0 <= moment_size P lo hi X j <= moment_size P lo' hi' X' j.
Proof.
intros P lo hi X lo' hi' X' j H1 H2 HX.
assert (L : forall k, 0 <= relu (k - lo) <= relu (k - lo')) by (intros k; apply relu_mono; lra).
assert (H : forall k, 0 <= relu (hi - k) <= relu (hi' - k)) by (intros k; apply relu_mono; lra).
assert (L1 := L (k1 P)). assert (L3 := L (k3 P)). assert (R2 := H (k2 P)). assert (R4 := H (k4 P)). clear L H.
assert (S : 0 <= steep_between P lo hi <= steep_between P lo' hi').
{ unfold steep_between. assert (P1 := Rabs_pos (c1 P)). assert (P2 := Rabs_pos (c2 P)). assert (P3 := Rabs_pos (c3 P)).
  assert (P4 := Rabs_pos (c4 P)).
  assert (A : forall c u v, 0 <= c -> 0 <= u <= v -> 0 <= 2 * c * u <= 2 * c * v).
  { intros c u v Hc Hu. split. apply Rmult_le_pos; lra. apply Rmult_le_compat_l; lra. }
  assert (A3 := A _ _ _ P3 L3). assert (A4 := A _ _ _ P4 R4). lra. }
assert (Sq : forall u v, 0 <= u <= v -> 0 <= u ^ 2 <= v ^ 2).
{ intros u v Hu. split. apply pow2_ge_0. apply pow_incr. lra. }
destruct j; simpl moment_size; try (apply Sq); trivial; try lra.
split. apply Rmult_le_pos; lra. apply Rmult_le_compat; lra.
Qed.

(* what one entry adds: a, b as in finish_error *)
Lemma moment_term_error : forall P scale shift x y gs e a b j, valid_params P scale shift -> format64 y -> Rabs y <= pow2 257 ->
  Rabs x <= pow2 128 -> 0 <= a -> 0 <= b -> Rabs (gs - e) <= a + eta64 -> Rabs gs <= b + eta64 ->
  Rabs (moment_term P x y gs j - e * moment_factor P x y j) <=
    (a + 612 / 100 * u64 * b) * moment_size P y y (Rabs x) j + pow2 (-500).
Proof.
intros P sc sh x y gs e a b j VP Fy Sy Sx Ha Hb He Hg. assert (VP' := VP).
destruct VP' as ((F1 & F2 & F3 & F4) & H1 & H2 & H3 & H4 & K1 & K2 & K3 & K4 & _).
assert (U := u64_small). assert (U' := u64_figure). assert (Pe := eta64_pos).
assert (Small : forall k, (k <= 570)%Z -> eta64 * pow2 k <= pow2 (-505)).
{ intros k Hk. unfold eta64. rewrite <- bpow_plus. apply bpow_le. lia. }
assert (P5 : pow2 (-500) = 32 * pow2 (-505)) by (change (-500)%Z with (5 + -505)%Z; rewrite bpow_plus; reflexivity).
assert (P0 : 0 < pow2 (-505)) by apply bpow_gt_0.
assert (E0 : eta64 <= pow2 (-505)) by (rewrite <- (Rmult_1_r eta64); apply (Small 0%Z); lia).
(* a factor with a relative error u *)
assert (One : forall r h, 0 <= r <= pow2 258 -> 0 <= h -> Rabs (h - r) <= u64 * r ->
  Rabs (gs * h - e * r) <= (a + u64 * b) * r + 2 * pow2 (-505) /\ Rabs (mul gs h - e * r) <= (a + 202 / 100 * u64 * b) * r + 5 * pow2 (-505) /\
  Rabs (mul gs h * h - e * r ^ 2) <= (a + 304 / 100 * u64 * b) * r ^ 2 + 8 * pow2 (-505)).
{ intros r h Hr Hh Eh. assert (ER : 0 <= eta64 * r <= pow2 (-505)).
  { split. apply Rmult_le_pos; lra. eapply Rle_trans; [|apply (Small 258%Z); lia]. apply Rmult_le_compat_l; lra. }
  assert (R2 : 0 <= r ^ 2) by apply pow2_ge_0.
  assert (ER2 : 0 <= eta64 * r ^ 2 <= pow2 (-505)).
  { split. apply Rmult_le_pos; lra. eapply Rle_trans; [|apply (Small 516%Z); lia]. apply Rmult_le_compat_l. lra.
    replace (r ^ 2) with (r * r) by ring. change 516%Z with (258 + 258)%Z. rewrite bpow_plus. apply Rmult_le_compat; lra. }
  assert (BR : 0 <= b * r) by (apply Rmult_le_pos; lra). assert (BR2 : 0 <= b * r ^ 2) by (apply Rmult_le_pos; lra).
  assert (Hb' : h <= (1 + u64) * r) by (apply Rabs_le_inv in Eh; lra).
  assert (A1 : Rabs (gs - e) * r <= (a + eta64) * r) by (apply Rmult_le_compat_r; lra).
  assert (A2 : Rabs gs * Rabs (h - r) <= (b + eta64) * (u64 * r)) by (apply Rmult_le_compat; trivial; apply Rabs_pos).
  assert (G1 : Rabs (gs * h - e * r) <= (a + eta64) * r + (b + eta64) * (u64 * r)).
  { replace (gs * h - e * r) with ((gs - e) * r + gs * (h - r)) by ring. eapply Rle_trans. apply Rabs_triang.
    rewrite !Rabs_mult, (Rabs_pos_eq r) by lra. lra. }
  assert (G2 : Rabs (gs * h) <= (b + eta64) * ((1 + u64) * r)).
  { rewrite Rabs_mult, (Rabs_pos_eq h) by exact Hh. apply Rmult_le_compat; trivial. apply Rabs_pos. }
  assert (M := mul_error gs h).
  assert (M2 : u64 * Rabs (gs * h) <= u64 * ((b + eta64) * ((1 + u64) * r))) by (apply Rmult_le_compat_l; lra).
  split; [|split].
  - rewrite U' in *. lra.
  - replace (mul gs h - e * r) with ((mul gs h - gs * h) + (gs * h - e * r)) by ring. eapply Rle_trans. apply Rabs_triang.
    rewrite U' in *. lra.
  - assert (Sq : Rabs (h * h - r ^ 2) <= 2001 / 1000 * u64 * r ^ 2).
    { replace (h * h - r ^ 2) with ((h - r) * (h + r)) by ring. rewrite Rabs_mult, (Rabs_pos_eq (h + r)) by lra.
      apply Rle_trans with (u64 * r * ((2 + u64) * r)). apply Rmult_le_compat; try lra. apply Rabs_pos.
      replace (u64 * r * ((2 + u64) * r)) with (u64 * (2 + u64) * r ^ 2) by ring. apply Rmult_le_compat_r; trivial. rewrite U'. lra. }
    replace (mul gs h * h - e * r ^ 2) with ((mul gs h - gs * h) * h + ((gs - e) * r ^ 2 + gs * (h * h - r ^ 2))) by ring.
    eapply Rle_trans. apply Rabs_triang. assert (T := Rabs_triang ((gs - e) * r ^ 2) (gs * (h * h - r ^ 2))).
    rewrite !Rabs_mult, (Rabs_pos_eq (r ^ 2)) in T by exact R2. rewrite (Rabs_mult _ h), (Rabs_pos_eq h) by exact Hh.
    assert (B1 : Rabs (gs - e) * r ^ 2 <= (a + eta64) * r ^ 2) by (apply Rmult_le_compat_r; lra).
    assert (B2 : Rabs gs * Rabs (h * h - r ^ 2) <= (b + eta64) * (2001 / 1000 * u64 * r ^ 2)) by (apply Rmult_le_compat; trivial; apply Rabs_pos).
    assert (B3 : Rabs (mul gs h - gs * h) * h <= (u64 * ((b + eta64) * ((1 + u64) * r)) + eta64) * ((1 + u64) * r)).
    { apply Rmult_le_compat; trivial. apply Rabs_pos. lra. }
    replace ((u64 * ((b + eta64) * ((1 + u64) * r)) + eta64) * ((1 + u64) * r))
      with (u64 * (1 + u64) * (1 + u64) * (b * r ^ 2) + u64 * (1 + u64) * (1 + u64) * (eta64 * r ^ 2) + (1 + u64) * (eta64 * r)) in B3 by ring.
    rewrite U' in *. lra. }
assert (Ab : forall z k1' k2', z <= (a + k1' * u64 * b) * k2' + 8 * pow2 (-505) -> 0 <= k2' -> k1' <= 612 / 100 ->
  z <= (a + 612 / 100 * u64 * b) * k2' + pow2 (-500)).
{ intros z q1 q2 Hz Hq2 Hq1. assert (UB : 0 <= u64 * b) by (apply Rmult_le_pos; lra).
  assert (q1 * u64 * b <= 612 / 100 * u64 * b) by (rewrite !Rmult_assoc; apply Rmult_le_compat_r; lra).
  assert ((a + q1 * u64 * b) * q2 <= (a + 612 / 100 * u64 * b) * q2) by (apply Rmult_le_compat_r; lra). lra. }
destruct (hinge_hat_error (k1 P) y F1 Fy) as [N1 E1]. destruct (hinge_hat_error y (k2 P) Fy F2) as [N2 E2].
destruct (hinge_hat_error (k3 P) y F3 Fy) as [N3 E3]. destruct (hinge_hat_error y (k4 P) Fy F4) as [N4 E4].
destruct (hinge_size _ _ K1 Sy) as [Z1 _]. destruct (hinge_size _ _ K2 Sy) as [_ Z2].
destruct (hinge_size _ _ K3 Sy) as [Z3 _]. destruct (hinge_size _ _ K4 Sy) as [_ Z4].
assert (Q1 := relu_nonneg (k1 P - y)). assert (Q2 := relu_nonneg (y - k2 P)). assert (Q3 := relu_nonneg (k3 P - y)).
assert (Q4 := relu_nonneg (y - k4 P)).
assert (UB : 0 <= u64 * b) by (apply Rmult_le_pos; lra).
destruct (slope_at_close P sc sh y VP Fy Sy) as [DD Es]. assert (Ds := dsigma_steepness P y).
assert (Fin : forall s, Rabs s <= pow2 128 -> Rabs (mul gs (slope_at P y) * s - e * (dsigma P y * s)) <= (a + 612 / 100 * u64 * b) * (steepness P y * Rabs s) + pow2 (-500)).
{ intros s Hs. set (D := steepness P y) in *. set (sl := slope_at P y) in *. set (d := dsigma P y) in *.
  assert (S1 : Rabs sl <= (1 + / 100000) * D).
  { replace sl with (d + (sl - d)) by ring. eapply Rle_trans. apply Rabs_triang. rewrite U' in *. lra. }
  assert (M := mul_error gs sl).
  assert (G : Rabs (gs * sl) <= (b + eta64) * ((1 + / 100000) * D)) by (rewrite Rabs_mult; apply Rmult_le_compat; trivial; apply Rabs_pos).
  assert (G' : u64 * Rabs (gs * sl) <= u64 * ((b + eta64) * ((1 + / 100000) * D))) by (apply Rmult_le_compat_l; lra).
  assert (T1 : Rabs (gs - e) * Rabs d <= (a + eta64) * D) by (apply Rmult_le_compat; trivial; apply Rabs_pos).
  assert (T2 : Rabs gs * Rabs (sl - d) <= (b + eta64) * (41 / 10 * u64 * D)) by (apply Rmult_le_compat; trivial; apply Rabs_pos).
  assert (ED : 0 <= eta64 * D) by (apply Rmult_le_pos; lra). assert (BD : 0 <= b * D) by (apply Rmult_le_pos; lra).
  assert (E1' : eta64 <= eta64 * D) by (rewrite <- (Rmult_1_r eta64) at 1; apply Rmult_le_compat_l; lra).
  assert (H : Rabs (mul gs sl - e * d) <= a * D + 512 / 100 * u64 * (b * D) + 3 * (eta64 * D)).
  { replace (mul gs sl - e * d) with ((mul gs sl - gs * sl) + ((gs - e) * d + gs * (sl - d))) by ring. eapply Rle_trans.
    apply Rabs_triang.
    assert (T := Rabs_triang ((gs - e) * d) (gs * (sl - d))). rewrite !Rabs_mult in T. clear -M G' T1 T2 ED BD E1' T U'.
    rewrite U' in *. lra. }
  replace (mul gs sl * s - e * (d * s)) with ((mul gs sl - e * d) * s) by ring. rewrite Rabs_mult.
  apply Rle_trans with ((a * D + 512 / 100 * u64 * (b * D) + 3 * (eta64 * D)) * Rabs s). apply Rmult_le_compat_r; trivial.
  apply Rabs_pos.
  assert (EDS : eta64 * D * Rabs s <= pow2 (-505)).
  { eapply Rle_trans; [|apply (Small 519%Z); lia]. rewrite Rmult_assoc. apply Rmult_le_compat_l. lra.
    change 519%Z with (391 + 128)%Z. rewrite bpow_plus. apply Rmult_le_compat; try lra. apply Rabs_pos. }
  assert (0 <= u64 * (b * D) * Rabs s) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | apply Rabs_pos]). lra. }
assert (St : steep_between P y y = steepness P y) by reflexivity.
destruct j; unfold moment_term, moment_factor, moment_size, chosen; cbv zeta; rewrite ?hinge_switch by assumption; rewrite ?St.
- apply (Ab _ 1); try lra. destruct (One _ _ (conj Q1 Z1) N1 E1) as (A & _). lra.
- apply (Ab _ 1); try lra. destruct (One _ _ (conj Q2 Z2) N2 E2) as (A & _). lra.
- apply (Ab _ (304 / 100)); try apply pow2_ge_0; try lra. destruct (One _ _ (conj Q3 Z3) N3 E3) as (_ & _ & A). exact A.
- apply (Ab _ (304 / 100)); try apply pow2_ge_0; try lra. destruct (One _ _ (conj Q4 Z4) N4 E4) as (_ & _ & A). exact A.
- unfold step. destruct (Rlt_dec 0 (k1 P - y)); [rewrite Rmult_1_r | rewrite Rmult_0_r, Rminus_0_r, Rabs_R0]; lra.
- unfold step. destruct (Rlt_dec 0 (y - k2 P)); [rewrite Rmult_1_r | rewrite Rmult_0_r, Rminus_0_r, Rabs_R0]; lra.
- apply (Ab _ (202 / 100)); try lra. destruct (One _ _ (conj Q3 Z3) N3 E3) as (_ & A & _). lra.
- apply (Ab _ (202 / 100)); try lra. destruct (One _ _ (conj Q4 Z4) N4 E4) as (_ & A & _). lra.
- now apply Fin.
- assert (L1 : Rabs 1 <= pow2 128) by (rewrite Rabs_R1; change 1 with (pow2 0); apply bpow_le; lia).
  generalize (Fin 1 L1). now rewrite Rabs_R1, !Rmult_1_r.
Qed.

(* the bound that each grid is made for, a = 2 G as computed *)
Definition steepness_hat (P : params) (r3 r4 : R) : R :=
  add (add (add (add 1 (Rabs (c1 P))) (Rabs (c2 P))) (mul (mul 2 (Rabs (c3 P))) r3)) (mul (mul 2 (Rabs (c4 P))) r4).
Definition moment_bound (P : params) (lo hi largest a : R) (j : moment) : R :=
  let r3 := hinge_hat (k3 P) lo in let r4 := hinge_hat hi (k4 P) in
  match j with
  | Low1 => mul a (hinge_hat (k1 P) lo) | High1 => mul a (hinge_hat hi (k2 P)) | Low2 => mul (mul a r3) r3 | High2 => mul (mul a r4) r4
  | KnotLow1 => a | KnotHigh1 => a | KnotLow2 => mul a r3 | KnotHigh2 => mul a r4
  | Scaled => mul (mul a (steepness_hat P r3 r4)) largest | Shifted => mul a (steepness_hat P r3 r4) end.

Lemma mul_upper : forall a b A B E, 0 <= a <= A -> 0 <= b <= B -> A * B <= E -> 0 <= mul a b <= (1 + u64) * E + eta64.
Proof.
intros a b A B E Ha Hb He. assert (U := u64_small). assert (R := mul_error a b).
assert (P : 0 <= a * b <= A * B). { split. apply Rmult_le_pos; lra. apply Rmult_le_compat; lra. }
rewrite (Rabs_pos_eq (a * b)) in R by lra. apply Rabs_le_inv in R. split.
- unfold mul. rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances. lra.
- assert (u64 * (a * b) <= u64 * E) by (apply Rmult_le_compat_l; lra). lra.
Qed.
Lemma add_upper : forall a b A B, 1 <= a <= A -> 0 <= b <= B -> 1 <= add a b <= (1 + 2 * u64) * (A + B).
Proof.
intros a b A B Ha Hb. assert (U := u64_small). assert (R := rnd_error (a + b)). fold (add a b) in R.
rewrite (Rabs_pos_eq (a + b)) in R by lra. apply Rabs_le_inv in R. split.
- replace 1 with (rnd 1). apply round_le; auto with typeclass_instances. lra. apply round_generic; auto with typeclass_instances.
  change 1 with (pow2 0). apply generic_format_bpow. unfold FLT_exp. lia.
- assert (eta64 <= u64) by (unfold eta64, u64; apply bpow_le; lia).
  assert (u64 * (a + b) <= u64 * (A + B)) by (apply Rmult_le_compat_l; lra).
  assert (u64 * 1 <= u64 * (A + B)) by (apply Rmult_le_compat_l; lra). lra.
Qed.

Lemma moment_bound_size : forall P scale shift lo hi X a G j, valid_params P scale shift -> format64 lo -> format64 hi ->
  Rabs lo <= pow2 257 -> Rabs hi <= pow2 257 -> 0 <= X <= pow2 128 -> 0 <= G -> 0 <= a <= (2 + / 100000) * G + pow2 (-1000) ->
  moment_bound P lo hi X a j <= 2001 / 1000 * G * moment_size P lo hi X j + pow2 (-300).
Proof.
intros P sc sh lo hi X a G j ((F1 & F2 & F3 & F4) & H1 & H2 & H3 & H4 & K1 & K2 & K3 & K4 & _) Fl Fh Sl Sh HX HG Ha.
assert (U := u64_figure). assert (U0 := u64_small). assert (Pe := eta64_pos).
assert (Small : forall k, (k <= 650)%Z -> pow2 (-1000) * pow2 k <= pow2 (-310)).
{ intros k Hk. rewrite <- bpow_plus. apply bpow_le. lia. }
assert (P3 : pow2 (-300) = 1024 * pow2 (-310)) by (change (-300)%Z with (10 + -310)%Z; rewrite bpow_plus; reflexivity).
assert (P0 : 0 < pow2 (-310)) by apply bpow_gt_0. assert (Pt : 0 < pow2 (-1000)) by apply bpow_gt_0.
set (z := pow2 (-310)) in *. set (w := pow2 (-1000)) in *.
assert (Ez : eta64 <= w) by (unfold eta64, w; apply bpow_le; lia). assert (Ew : w <= z) by (unfold w, z; apply bpow_le; lia).
destruct (hinge_hat_error (k1 P) lo F1 Fl) as [N1 E1]. destruct (hinge_hat_error hi (k2 P) Fh F2) as [N2 E2].
destruct (hinge_hat_error (k3 P) lo F3 Fl) as [N3 E3]. destruct (hinge_hat_error hi (k4 P) Fh F4) as [N4 E4].
destruct (hinge_size _ _ K1 Sl) as [Z1 _]. destruct (hinge_size _ _ K2 Sh) as [_ Z2].
destruct (hinge_size _ _ K3 Sl) as [Z3 _]. destruct (hinge_size _ _ K4 Sh) as [_ Z4].
assert (Q1 := relu_nonneg (k1 P - lo)). assert (Q2 := relu_nonneg (hi - k2 P)). assert (Q3 := relu_nonneg (k3 P - lo)).
assert (Q4 := relu_nonneg (hi - k4 P)).
assert (One : forall r h, 0 <= r <= pow2 258 -> 0 <= h -> Rabs (h - r) <= u64 * r -> 0 <= h <= (1 + u64) * r /\
  0 <= mul a h <= (2 + / 10000) * (G * r) + 2 * w * (1 + r) /\ mul (mul a h) h <= (2 + / 1000) * (G * r ^ 2) + 10 * z).
{ intros r h Hr Hh Eh. assert (Hb : h <= (1 + u64) * r) by (apply Rabs_le_inv in Eh; lra). split. lra.
  assert (GR : 0 <= G * r) by (apply Rmult_le_pos; lra). assert (WR : 0 <= w * r) by (apply Rmult_le_pos; lra).
  assert (M1 := mul_upper a h _ _ _ Ha (conj Hh Hb) (Rle_refl _)).
  assert (M2 : 0 <= mul a h <= (2 + / 10000) * (G * r) + 2 * w * (1 + r)). { split. tauto. eapply Rle_trans. apply M1.
  rewrite U in *. lra. }
  split; trivial. assert (M3 := mul_upper _ h _ _ _ M2 (conj Hh Hb) (Rle_refl _)). eapply Rle_trans. apply M3.
  assert (W1 : 0 <= w * r <= z). { split; trivial. apply Rle_trans with (w * pow2 258). apply Rmult_le_compat_l; lra. apply Small.
  lia. }
  assert (W2 : 0 <= w * r * r <= z).
  { split. apply Rmult_le_pos; lra. rewrite Rmult_assoc. eapply Rle_trans; [|apply (Small 516%Z); lia]. apply Rmult_le_compat_l. lra.
    change 516%Z with (258 + 258)%Z. rewrite bpow_plus. apply Rmult_le_compat; lra. }
  assert (0 <= G * r * r) by (apply Rmult_le_pos; lra).
  replace (((2 + / 10000) * (G * r) + 2 * w * (1 + r)) * ((1 + u64) * r)) with ((1 + u64) * ((2 + / 10000) * (G * r * r) + 2 * (w * r) + 2 * (w * r * r))) by ring.
  replace (G * r ^ 2) with (G * r * r) by ring. rewrite U in *. lra. }
assert (Wr : forall r, 0 <= r <= pow2 258 -> w * r <= z).
{ intros r Hr. apply Rle_trans with (w * pow2 258). apply Rmult_le_compat_l; lra. apply Small. lia. }
(* the steepness *)
set (D := steep_between P lo hi). set (Dh := steepness_hat P (hinge_hat (k3 P) lo) (hinge_hat hi (k4 P))).
assert (Term : forall c r h, Rabs c <= pow2 128 -> 0 <= r <= pow2 258 -> 0 <= h -> Rabs (h - r) <= u64 * r ->
  0 <= mul (mul 2 (Rabs c)) h <= (1 + 4 * u64) * (2 * Rabs c * r) + 4 * z).
{ intros c r h Hc Hr Hh Eh. destruct (One r h Hr Hh Eh) as [Hb _]. assert (Pc := Rabs_pos c).
  assert (M1 := mul_upper 2 (Rabs c) 2 (Rabs c) (2 * Rabs c) ltac:(lra) ltac:(lra) (Rle_refl _)).
  assert (M2 := mul_upper _ h _ _ _ M1 Hb (Rle_refl _)). split. tauto. eapply Rle_trans. apply M2.
  assert (CR : 0 <= Rabs c * r) by (apply Rmult_le_pos; lra). assert (ER : 0 <= eta64 * r <= z).
  { split. apply Rmult_le_pos; lra. eapply Rle_trans; [|apply (Wr r Hr)]. apply Rmult_le_compat_r; lra. }
  rewrite U in *. lra. }
assert (T3 := Term _ _ _ H3 (conj Q3 Z3) N3 E3). assert (T4 := Term _ _ _ H4 (conj Q4 Z4) N4 E4).
assert (D1 : 1 <= D <= pow2 391).
{ unfold D. split.
  - unfold steep_between. assert (Pc1 := Rabs_pos (c1 P)). assert (Pc2 := Rabs_pos (c2 P)).
    assert (0 <= 2 * Rabs (c3 P) * relu (k3 P - lo)) by (apply Rmult_le_pos; trivial; generalize (Rabs_pos (c3 P)); lra).
    assert (0 <= 2 * Rabs (c4 P) * relu (hi - k4 P)) by (apply Rmult_le_pos; trivial; generalize (Rabs_pos (c4 P)); lra). lra.
  - unfold steep_between, float_sized in *.
    assert (A : forall c q, Rabs c <= pow2 128 -> 0 <= q <= pow2 258 -> 2 * Rabs c * q <= pow2 388).
    { intros c q Hc Hq. replace (pow2 388) with (2 * pow2 128 * (2 * pow2 258)). apply Rmult_le_compat; try lra.
      generalize (Rabs_pos c); lra.
      change (2 * pow2 128) with (pow2 1 * pow2 128). change (2 * pow2 258) with (pow2 1 * pow2 258). rewrite <- !bpow_plus.
      reflexivity. }
    assert (A3 := A _ _ H3 (conj Q3 Z3)). assert (A4 := A _ _ H4 (conj Q4 Z4)).
    assert (1 <= pow2 388) by (change 1 with (pow2 0); apply bpow_le; lia). assert (pow2 128 <= pow2 388) by (apply bpow_le; lia).
    assert (E : pow2 391 = 8 * pow2 388) by (change 391%Z with (3 + 388)%Z; rewrite bpow_plus; reflexivity). lra. }
assert (Z53 : z <= / 1000 * u64).
{ unfold z, u64. apply Rle_trans with (pow2 (-10) * pow2 (-53)). rewrite <- bpow_plus. apply bpow_le. lia. apply Rmult_le_compat_r.
  apply bpow_ge_0. simpl; lra. }
assert (HD : 1 <= Dh <= (1 + / 1000000) * D).
{ unfold Dh, steepness_hat. assert (Pc1 := Rabs_pos (c1 P)). assert (Pc2 := Rabs_pos (c2 P)).
  assert (B1 := add_upper 1 (Rabs (c1 P)) 1 _ ltac:(lra) (conj Pc1 (Rle_refl _))).
  assert (B2 := add_upper _ (Rabs (c2 P)) _ _ B1 (conj Pc2 (Rle_refl _))).
  assert (B3 := add_upper _ _ _ _ B2 T3). assert (B4 := add_upper _ _ _ _ B3 T4). split. tauto. eapply Rle_trans. apply B4.
  unfold D, steep_between in *. set (t3 := 2 * Rabs (c3 P) * relu (k3 P - lo)) in *.
  set (t4 := 2 * Rabs (c4 P) * relu (hi - k4 P)) in *.
  assert (0 <= t3) by (unfold t3; apply Rmult_le_pos; trivial; generalize (Rabs_pos (c3 P)); lra).
  assert (0 <= t4) by (unfold t4; apply Rmult_le_pos; trivial; generalize (Rabs_pos (c4 P)); lra). rewrite U in *. lra. }
assert (GD : 0 <= G * D) by (apply Rmult_le_pos; lra).
assert (WD : 0 <= w * D <= z). { split. apply Rmult_le_pos; lra. apply Rle_trans with (w * pow2 391). apply Rmult_le_compat_l; lra.
apply Small. lia. }
assert (AD : 0 <= mul a Dh <= (2 + / 10000) * (G * D) + 4 * (w * D)).
{ assert (M := mul_upper a Dh _ _ _ Ha (conj (Rle_trans _ _ _ Rle_0_1 (proj1 HD)) (proj2 HD)) (Rle_refl _)). split. tauto.
  eapply Rle_trans. apply M.
  assert (w <= w * D) by (rewrite <- (Rmult_1_r w) at 1; apply Rmult_le_compat_l; lra). rewrite U in *. lra. }
destruct j; unfold moment_bound, moment_size; cbv zeta; fold Dh D.
- destruct (One _ _ (conj Q1 Z1) N1 E1) as (_ & A & _). assert (B := Wr _ (conj Q1 Z1)).
  assert (0 <= G * relu (k1 P - lo)) by (apply Rmult_le_pos; lra). lra.
- destruct (One _ _ (conj Q2 Z2) N2 E2) as (_ & A & _). assert (B := Wr _ (conj Q2 Z2)).
  assert (0 <= G * relu (hi - k2 P)) by (apply Rmult_le_pos; lra). lra.
- destruct (One _ _ (conj Q3 Z3) N3 E3) as (_ & _ & A). lra.
- destruct (One _ _ (conj Q4 Z4) N4 E4) as (_ & _ & A). lra.
- lra.
- lra.
- destruct (One _ _ (conj Q3 Z3) N3 E3) as (_ & A & _). assert (B := Wr _ (conj Q3 Z3)).
  assert (0 <= G * relu (k3 P - lo)) by (apply Rmult_le_pos; lra). lra.
- destruct (One _ _ (conj Q4 Z4) N4 E4) as (_ & A & _). assert (B := Wr _ (conj Q4 Z4)).
  assert (0 <= G * relu (hi - k4 P)) by (apply Rmult_le_pos; lra). lra.
- assert (M := mul_upper _ X _ X _ AD ltac:(lra) (Rle_refl _)). eapply Rle_trans. apply M.
  assert (GDX : 0 <= G * D * X) by (apply Rmult_le_pos; lra). assert (WDX : 0 <= w * D * X <= z).
  { split. apply Rmult_le_pos; lra. eapply Rle_trans; [|apply (Small 519%Z); lia]. rewrite Rmult_assoc. apply Rmult_le_compat_l. lra.
    change 519%Z with (391 + 128)%Z. rewrite bpow_plus. apply Rmult_le_compat; lra. }
  replace (((2 + / 10000) * (G * D) + 4 * (w * D)) * X) with ((2 + / 10000) * (G * D * X) + 4 * (w * D * X)) by ring.
  replace (2001 / 1000 * G * (D * X)) with (2001 / 1000 * (G * D * X)) by ring. rewrite U in *. lra.
- lra.
Qed.
