(* SPDX-License-Identifier: Apache-2.0 *)
(* mmax_condition of src/bounds.c as it is computed in binary64: it never overflows, and it is at least the condition size A of
   specs/accuracy.md#condition, pre-map term included, or A is below 2^-500, which no bound notices. *)
From Coq Require Import Reals ZArith Psatz List.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Hinge Modulator SigmaFloat AffineFloat Within Accuracy LogRest LossTerms BoundFunctions.
Import ListNotations.
Open Scope R_scope.

Definition c_amplitude (P : params) (y : R) : R :=
  let low1 := hinge_hat (k1 P) y in let high1 := hinge_hat y (k2 P) in
  let low2 := hinge_hat (k3 P) y in let high2 := hinge_hat y (k4 P) in
  add (add (add (add (Rabs y) (mul (Rabs (c1 P)) low1)) (mul (Rabs (c2 P)) high1)) (mul (mul (Rabs (c3 P)) low2) low2))
    (mul (mul (Rabs (c4 P)) high2) high2).
Definition c_slope (P : params) (y : R) : R :=
  let moved := mul (Rabs y) u64 in
  add (add (add (add 1 (Rabs (c1 P))) (Rabs (c2 P))) (mul (mul 2 (Rabs (c3 P))) (add (hinge_hat (k3 P) y) moved)))
    (mul (mul 2 (Rabs (c4 P))) (add (hinge_hat y (k4 P)) moved)).
Definition c_condition (P : params) (scale shift x : R) : R :=
  let y := affine_hat scale shift x in let a := c_amplitude P y in
  mul (if identity_map scale shift then a else add a (mul (Rabs y) (c_slope P y))) c_slack.

(* the exact a is at most e^t (computed b + f) *)
Definition up (t f a b : R) : Prop := a <= exp t * (b + f).
Notation step := (101/100 * u64).
Lemma up_weaken : forall s t f g a b, s <= t -> f <= g -> 0 <= b + f -> up s f a b -> up t g a b.
Proof.
intros s t f g a b H Hf Hb U. apply exp_le in H. apply Rle_trans with (1 := U). apply Rmult_le_compat; trivial. apply Rlt_le, exp_pos. lra.
Qed.
Lemma up_refl : forall t a, 0 <= t -> 0 <= a -> up t 0 a a.
Proof. intros t a Ht Ha. unfold up. rewrite Rplus_0_r. assert (E := exp_ge_1 t Ht). nra. Qed.
Lemma up_trans : forall s t f g a b c, 0 <= s -> 0 <= t -> 0 <= f -> up s f a b -> up t g b c -> up (s + t) (f + g) a c.
Proof.
intros s t f g a b c Hs Ht Hf A B. unfold up in *. assert (Es := exp_ge_1 s Hs). assert (Et := exp_ge_1 t Ht). rewrite exp_plus, Rmult_assoc.
apply Rle_trans with (1 := A). apply Rmult_le_compat_l. lra. nra.
Qed.
Lemma up_scale : forall t f a b x, 0 <= x -> up t f a b -> up t (x * f) (x * a) (x * b).
Proof.
intros t f a b x Hx A. unfold up in *. replace (exp t * (x * b + x * f)) with (x * (exp t * (b + f))) by ring. now apply Rmult_le_compat_l.
Qed.
Lemma up_rnd : forall v, 0 <= v -> 0 <= rnd v /\ up step eta64 v (rnd v).
Proof. intros v Hv. destruct (near_rnd v Hv) as [P [_ U]]. now split. Qed.
Lemma up_add : forall t f g a b c d, 0 <= t -> 0 <= f -> 0 <= g -> 0 <= b -> 0 <= d -> up t f a b -> up t g c d ->
  0 <= add b d /\ up (t + step) (f + g + eta64) (a + c) (add b d).
Proof.
intros t f g a b c d Ht Hf Hg Hb Hd A B. destruct (up_rnd (b + d)) as [P R]; [lra|]. split; [assumption|].
apply up_trans with (b + d); trivial; try lra. generalize u64_small; lra. unfold up in *. lra.
Qed.
Lemma up_hinge : forall a b, format64 a -> format64 b ->
  0 <= hinge_hat a b <= 2 * relu (a - b) /\ up step 0 (relu (a - b)) (hinge_hat a b).
Proof.
intros a b Fa Fb. destruct (hinge_hat_error a b Fa Fb) as [P E]. assert (U := u64_small). assert (R := relu_nonneg (a - b)). apply Rabs_le_inv in E.
split; [split; nra|]. unfold up. rewrite Rplus_0_r. assert (G := exp_ineq1_le step). set (h := hinge_hat a b) in *. set (r := relu (a - b)) in *.
apply Rle_trans with ((1 + step) * h); [nra | apply Rmult_le_compat_r; lra].
Qed.

(* |c| r and |c| r^2, h the computed hinge *)
Lemma up_linear : forall c r h, 0 <= c -> 0 <= h -> up step 0 r h -> 0 <= mul c h /\ up (2 * step) eta64 (c * r) (mul c h).
Proof.
intros c r h Hc Hh A. assert (U := u64_small). assert (P := eta64_pos). destruct (up_rnd (c * h)) as [P1 R]; [now apply Rmult_le_pos|]. split; [assumption|].
replace (2 * step) with (step + step) by ring. rewrite <- (Rplus_0_l eta64). apply up_trans with (c * h); trivial; try lra.
rewrite <- (Rmult_0_r c). now apply up_scale.
Qed.
Lemma up_square : forall c r h, 0 <= c -> 0 <= r -> 0 <= h <= pow2 259 -> up step 0 r h ->
  0 <= mul (mul c h) h /\ up (4 * step) (pow2 (-815)) (c * r ^ 2) (mul (mul c h) h).
Proof.
intros c r h Hc Hr Hh A. assert (U := u64_small). assert (P := eta64_pos). destruct (up_linear c r h Hc (proj1 Hh) A) as [P1 R1].
destruct (up_rnd (mul c h * h)) as [P2 R2]; [now apply Rmult_le_pos|]. split; [assumption|].
assert (A1 := up_scale _ _ _ _ r Hr R1). assert (A2 := up_scale _ _ _ _ (mul c h) P1 A). rewrite Rmult_0_r in A2.
assert (Fl : eta64 * pow2 259 <= pow2 (-816)) by (unfold eta64; rewrite <- bpow_plus; apply bpow_le; lia).
assert (E816 : pow2 (-815) = 2 * pow2 (-816)) by (change (-815)%Z with (1 + -816)%Z; rewrite bpow_plus; reflexivity).
assert (Es := exp_ge_1 step ltac:(lra)). unfold up in *. rewrite Rplus_0_r in *.
(* c r^2 <= e^2 (c h + eta) r, r <= e h *)
apply Rle_trans with (exp (2 * step) * (exp step * ((mul c h + eta64) * h))).
- replace (c * r ^ 2) with (c * r * r) by ring. apply Rle_trans with (exp (2 * step) * (mul c h + eta64) * r).
  apply Rmult_le_compat_r; trivial. rewrite Rmult_assoc. apply Rmult_le_compat_l. apply Rlt_le, exp_pos.
  replace (exp step * ((mul c h + eta64) * h)) with ((mul c h + eta64) * (exp step * h)) by ring. apply Rmult_le_compat_l; lra.
- replace (exp (4 * step)) with (exp (2 * step) * (exp step * exp step)) by (rewrite <- !exp_plus; f_equal; ring).
  rewrite (Rmult_assoc (exp (2 * step))). apply Rmult_le_compat_l. apply Rlt_le, exp_pos. rewrite Rmult_assoc. apply Rmult_le_compat_l. lra.
  assert (eta64 * h <= eta64 * pow2 259) by (apply Rmult_le_compat_l; lra).
  assert (e1 : eta64 <= pow2 (-816)) by (apply bpow_le; lia). change (mul (mul c h) h) with (rnd (mul c h * h)).
  assert (exp step * eta64 <= exp step * pow2 (-816)) by (apply Rmult_le_compat_l; lra).
  assert (1 * pow2 (-816) <= exp step * pow2 (-816)) by (apply Rmult_le_compat_r; [apply bpow_ge_0 | lra]). rewrite E816. lra.
Qed.

Lemma up_amplitude : forall P y, format_params P -> format64 y -> float_sized (k3 P) -> float_sized (k4 P) -> Rabs y <= pow2 257 ->
  0 <= c_amplitude P y /\ up (8 * step) (pow2 (-800)) (amplitude P y) (c_amplitude P y).
Proof.
intros P y (F1 & F2 & F3 & F4) Fy K3 K4 Hy. unfold c_amplitude, amplitude. cbv zeta.
destruct (up_hinge _ _ F1 Fy) as [H1 U1]. destruct (up_hinge _ _ Fy F2) as [H2 U2].
destruct (up_hinge _ _ F3 Fy) as [H3 U3]. destruct (up_hinge _ _ Fy F4) as [H4 U4].
assert (S3 := proj1 (hinge_size _ _ K3 Hy)). assert (S4 := proj2 (hinge_size _ _ K4 Hy)).
assert (E259 : pow2 259 = 2 * pow2 258) by (change 259%Z with (1 + 258)%Z; rewrite bpow_plus; reflexivity).
set (h1 := hinge_hat (k1 P) y) in *. set (h2 := hinge_hat y (k2 P)) in *. set (h3 := hinge_hat (k3 P) y) in *. set (h4 := hinge_hat y (k4 P)) in *.
destruct (up_linear (Rabs (c1 P)) _ h1 (Rabs_pos _) (proj1 H1) U1) as [P1 L1].
destruct (up_linear (Rabs (c2 P)) _ h2 (Rabs_pos _) (proj1 H2) U2) as [P2 L2].
destruct (up_square (Rabs (c3 P)) _ h3 (Rabs_pos _) (relu_nonneg _) ltac:(lra) U3) as [P3 L3].
destruct (up_square (Rabs (c4 P)) _ h4 (Rabs_pos _) (relu_nonneg _) ltac:(lra) U4) as [P4 L4].
assert (U := u64_small). assert (Pe := eta64_pos). assert (e1 : eta64 <= pow2 (-815)) by (apply bpow_le; lia).
set (f := pow2 (-815)) in *. assert (E800 : pow2 (-800) = 32768 * f).
{ unfold f. change (-800)%Z with (15 + -815)%Z. rewrite bpow_plus. reflexivity. }
apply (up_weaken _ (4 * step) _ f) in L1; [|lra..]. apply (up_weaken _ (4 * step + step) _ f) in L2; [|lra..].
apply (up_weaken _ (4 * step + step + step) _ f) in L3; [|lra..]. apply (up_weaken _ (4 * step + step + step + step) _ f) in L4; [|lra..].
assert (Y := up_refl (4 * step) (Rabs y) ltac:(lra) (Rabs_pos y)).
destruct (up_add (4 * step) 0 f _ _ _ _ ltac:(lra) ltac:(lra) ltac:(lra) (Rabs_pos y) P1 Y L1) as [A1 B1].
destruct (up_add (4 * step + step) (0 + f + eta64) f _ _ _ _ ltac:(lra) ltac:(lra) ltac:(lra) A1 P2 B1 L2) as [A2 B2].
destruct (up_add (4 * step + step + step) (0 + f + eta64 + f + eta64) f _ _ _ _ ltac:(lra) ltac:(lra) ltac:(lra) A2 P3 B2 L3) as [A3 B3].
destruct (up_add (4 * step + step + step + step) (0 + f + eta64 + f + eta64 + f + eta64) f _ _ _ _ ltac:(lra) ltac:(lra) ltac:(lra) A3 P4 B3 L4) as [A4 B4].
split; [assumption|]. refine (up_weaken _ _ _ _ _ _ _ _ _ B4); lra.
Qed.

(* 2 |c| (r + m), where m is what the rounding of y moves it by *)
Lemma up_quad : forall c r h m n, 0 <= c <= pow2 128 -> 0 <= r -> 0 <= m -> 0 <= h <= pow2 259 -> 0 <= n <= pow2 258 ->
  up step 0 r h -> up step eta64 m n ->
  0 <= mul (mul 2 c) (add h n) /\ up (4 * step) (pow2 (-812)) (2 * c * (r + m)) (mul (mul 2 c) (add h n)).
Proof.
intros c r h m n Hc Hr Hm Hh Hn A B. assert (U := u64_small). assert (P := eta64_pos).
destruct (up_add step 0 eta64 r h m n ltac:(lra) ltac:(lra) ltac:(lra) (proj1 Hh) (proj1 Hn) A B) as [PA UA].
assert (A260 : add h n <= pow2 260).
{ unfold add. apply round_le_generic; auto with typeclass_instances. apply generic_format_bpow. unfold FLT_exp. lia.
  assert (pow2 258 <= pow2 259) by (apply bpow_le; lia). change 260%Z with (1 + 259)%Z. rewrite bpow_plus. change (pow2 1) with 2. lra. }
destruct (up_rnd (2 * c)) as [PC UC]; [lra|]. change (rnd (2 * c)) with (mul 2 c) in *.
destruct (up_rnd (mul 2 c * add h n)) as [PR UR]; [now apply Rmult_le_pos|]. change (rnd _) with (mul (mul 2 c) (add h n)) in UR, PR. split; [assumption|].
assert (Q1 := up_scale _ _ _ _ (2 * c) ltac:(lra) UA). assert (Q2 := up_scale _ _ _ _ (add h n) PA UC).
rewrite (Rmult_comm (add h n) (2 * c)), (Rmult_comm (add h n) (mul 2 c)) in Q2.
assert (F2 : 0 <= add h n * eta64) by (apply Rmult_le_pos; lra). assert (F1 : 0 <= 2 * c * (0 + eta64 + eta64)) by (apply Rmult_le_pos; lra).
assert (Q3 := up_trans step step _ _ _ _ _ ltac:(lra) ltac:(lra) F2 Q2 UR).
assert (Q4 := up_trans (step + step) (step + step) _ _ _ _ _ ltac:(lra) ltac:(lra) F1 Q1 Q3).
refine (up_weaken _ _ _ _ _ _ _ _ _ Q4). lra. 2: lra.
assert (E1 : add h n * eta64 <= pow2 260 * eta64) by (apply Rmult_le_compat_r; lra).
assert (E2 : 2 * c * (0 + eta64 + eta64) <= pow2 130 * eta64).
{ change 130%Z with (2 + 128)%Z. rewrite bpow_plus. change (pow2 2) with 4. replace (2 * c * (0 + eta64 + eta64)) with (4 * c * eta64) by ring.
  apply Rmult_le_compat_r; lra. }
unfold eta64 in *. rewrite <- !bpow_plus in *.
assert (pow2 (260 + -1075) <= pow2 (-815)) by (apply bpow_le; lia). assert (pow2 (130 + -1075) <= pow2 (-815)) by (apply bpow_le; lia).
assert (pow2 (-1075) <= pow2 (-815)) by (apply bpow_le; lia). change (-812)%Z with (3 + -815)%Z. rewrite bpow_plus. change (pow2 3) with 8. lra.
Qed.

Lemma up_slope : forall P y, format_params P -> format64 y -> float_sized (c3 P) -> float_sized (c4 P) -> float_sized (k3 P) -> float_sized (k4 P) ->
  Rabs y <= pow2 257 -> 0 <= c_slope P y /\ up (8 * step) (pow2 (-805)) (slope_size P y (Rabs y * u64)) (c_slope P y).
Proof.
intros P y (_ & _ & F3 & F4) Fy C3 C4 K3 K4 Hy. unfold c_slope, slope_size. cbv zeta. assert (U := u64_small). assert (Pe := eta64_pos).
destruct (up_hinge _ _ F3 Fy) as [H3 U3]. destruct (up_hinge _ _ Fy F4) as [H4 U4].
assert (S3 := proj1 (hinge_size _ _ K3 Hy)). assert (S4 := proj2 (hinge_size _ _ K4 Hy)).
assert (E259 : pow2 259 = 2 * pow2 258) by (change 259%Z with (1 + 258)%Z; rewrite bpow_plus; reflexivity).
set (h3 := hinge_hat (k3 P) y) in *. set (h4 := hinge_hat y (k4 P)) in *. assert (Y := Rabs_pos y).
destruct (up_rnd (Rabs y * u64)) as [M0 UM]; [apply Rmult_le_pos; lra|]. change (rnd (Rabs y * u64)) with (mul (Rabs y) u64) in *.
assert (M1 : mul (Rabs y) u64 <= pow2 258).
{ unfold mul. apply round_le_generic; auto with typeclass_instances. apply generic_format_bpow. unfold FLT_exp. lia.
  assert (pow2 257 <= pow2 258) by (apply bpow_le; lia). assert (Rabs y * u64 <= Rabs y * 1) by (apply Rmult_le_compat_l; lra). lra. }
set (n := mul (Rabs y) u64) in *. assert (Pm : 0 <= Rabs y * u64) by (apply Rmult_le_pos; lra). set (m := Rabs y * u64) in *.
destruct (up_quad (Rabs (c3 P)) _ h3 m n (conj (Rabs_pos _) C3) (relu_nonneg _) Pm ltac:(lra) ltac:(lra) U3 UM) as [P3 L3].
destruct (up_quad (Rabs (c4 P)) _ h4 m n (conj (Rabs_pos _) C4) (relu_nonneg _) Pm ltac:(lra) ltac:(lra) U4 UM) as [P4 L4].
set (f := pow2 (-812)) in *. assert (e1 : eta64 <= f) by (apply bpow_le; lia).
assert (E805 : pow2 (-805) = 128 * f).
{ unfold f. change (-805)%Z with (7 + -812)%Z. rewrite bpow_plus. reflexivity. }
apply (up_weaken _ (4 * step + step + step) _ f) in L3; [|lra..]. apply (up_weaken _ (4 * step + step + step + step) _ f) in L4; [|lra..].
assert (Y1 := up_refl (4 * step) 1 ltac:(lra) ltac:(lra)). assert (Q1 := up_refl (4 * step) (Rabs (c1 P)) ltac:(lra) (Rabs_pos _)).
assert (Q2 := up_refl (4 * step + step) (Rabs (c2 P)) ltac:(lra) (Rabs_pos _)).
destruct (up_add (4 * step) 0 0 _ _ _ _ ltac:(lra) ltac:(lra) ltac:(lra) Rle_0_1 (Rabs_pos _) Y1 Q1) as [A1 B1].
destruct (up_add (4 * step + step) (0 + 0 + eta64) 0 _ _ _ _ ltac:(lra) ltac:(lra) ltac:(lra) A1 (Rabs_pos _) B1 Q2) as [A2 B2].
destruct (up_add (4 * step + step + step) (0 + 0 + eta64 + 0 + eta64) f _ _ _ _ ltac:(lra) ltac:(lra) ltac:(lra) A2 P3 B2 L3) as [A3 B3].
destruct (up_add (4 * step + step + step + step) (0 + 0 + eta64 + 0 + eta64 + f + eta64) f _ _ _ _ ltac:(lra) ltac:(lra) ltac:(lra) A3 P4 B3 L4) as [A4 B4].
split; [assumption|]. refine (up_weaken _ _ _ _ _ _ _ _ _ B4); lra.
Qed.

(* what no bound notices *)
Definition least_condition : R := pow2 (-500).
Theorem condition_enough : forall P scale shift x, valid_params P scale shift -> float_logit x ->
  0 <= c_condition P scale shift x /\ condition P scale shift x <= Rmax (c_condition P scale shift x) least_condition.
Proof.
intros P a b x (FP & H1 & H2 & H3 & H4 & K1 & K2 & K3 & K4 & Ha & Hb) [Fx Hx]. unfold c_condition, condition. cbv zeta.
set (y := affine_hat a b x). assert (Fy : format64 y) by apply format64_rnd. assert (Sy : Rabs y <= pow2 257) by now apply affine_size.
assert (U := u64_small). assert (Pe := eta64_pos). destruct (up_amplitude P y FP Fy K3 K4 Sy) as [A0 UA].
set (c := if identity_map a b then c_amplitude P y else _). set (r := amplitude P y + _).
assert (H : 0 <= c /\ up (10 * step) (pow2 (-546)) r c).
{ unfold c, r. assert (E800 : pow2 (-800) <= pow2 (-548)) by (apply bpow_le; lia). assert (P548 := bpow_gt_0 radix2 (-548)).
  assert (P800 := bpow_gt_0 radix2 (-800)).
  assert (E546 : pow2 (-546) = 4 * pow2 (-548)) by (change (-546)%Z with (2 + -548)%Z; rewrite bpow_plus; reflexivity).
  destruct (identity_map a b).
  - rewrite Rplus_0_r. split; [assumption|]. refine (up_weaken _ _ _ _ _ _ _ _ _ UA); lra.
  - destruct (up_slope P y FP Fy H3 H4 K3 K4 Sy) as [S0 US]. assert (V := up_scale _ _ _ _ _ (Rabs_pos y) US). clear US.
    destruct (up_rnd (Rabs y * c_slope P y)) as [M0 UM]. { apply Rmult_le_pos; trivial. apply Rabs_pos. }
    assert (F0 : 0 <= Rabs y * pow2 (-805) <= pow2 (-548)).
    { split. apply Rmult_le_pos; [apply Rabs_pos | apply bpow_ge_0].
      change (-548)%Z with (257 + -805)%Z. rewrite bpow_plus. apply Rmult_le_compat_r; trivial. apply bpow_ge_0. }
    assert (W := up_trans (8 * step) step _ _ _ _ _ ltac:(lra) ltac:(lra) (proj1 F0) V UM).
    change (rnd (Rabs y * c_slope P y)) with (mul (Rabs y) (c_slope P y)) in *.
    apply (up_weaken _ (8 * step + step) _ (pow2 (-800))) in UA; [|lra..].
    destruct (up_add (8 * step + step) (pow2 (-800)) (Rabs y * pow2 (-805) + eta64) _ _ _ _ ltac:(lra) ltac:(lra) ltac:(lra) A0 M0 UA W) as [X0 X].
    split; [assumption|]. refine (up_weaken _ _ _ _ _ _ _ _ _ X); try lra.
    assert (eta64 <= pow2 (-800)) by (apply bpow_le; lia).
    assert (4 * pow2 (-800) <= pow2 (-548)); [|lra]. change 4 with (pow2 2). rewrite <- bpow_plus. apply bpow_le. lia. }
destruct H as [C0 H]. clearbody c r. unfold up in H.
assert (U' : 0 < u64 <= / 10 ^ 15) by (destruct figures as (_ & _ & F3 & _); rewrite F3; lra).
assert (E : exp (11 * step) <= 1 + 12 * u64).
{ assert (G := exp_ineq1_le (- (11 * step))). rewrite exp_Ropp in G. assert (Q := exp_pos (11 * step)).
  assert (I : exp (11 * step) * (1 - 11 * step) <= 1).
  { apply Rle_trans with (exp (11 * step) * / exp (11 * step)). apply Rmult_le_compat_l; lra. rewrite Rinv_r; lra. }
  apply Rmult_le_reg_r with (1 - 11 * step). lra. apply Rle_trans with (1 := I). nra. }
assert (Cs : c_slack = 1 + / 1099511627776) by (unfold c_slack; simpl; lra).
assert (Cc : 0 <= c * c_slack) by (rewrite Cs; apply Rmult_le_pos; lra).
split. { unfold mul. rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances. }
assert (E10 : exp (10 * step) <= exp (11 * step)) by (apply exp_le; lra). assert (P10 := exp_pos (10 * step)).
destruct (Rle_or_lt (pow2 (-502)) c) as [L|L].
- apply Rle_trans with (2 := Rmax_l _ _). assert (Wr : pow2 (-1000) <= c * c_slack).
  { apply Rle_trans with (pow2 (-502)). apply bpow_le. lia. rewrite Cs. lra. }
  destruct (within_rnd _ Wr) as [_ W]. change (rnd (c * c_slack)) with (mul c c_slack) in W. set (z := mul c c_slack) in *.
  assert (F : pow2 (-546) <= / 17592186044416 * c).
  { apply Rle_trans with (pow2 (-44) * pow2 (-502)). rewrite <- bpow_plus. apply bpow_le. lia.
    replace (pow2 (-44)) with (/ 17592186044416) by (simpl; lra). apply Rmult_le_compat_l; lra. }
  assert (R1 : r <= exp (10 * step) * (1 + / 17592186044416) * c).
  { apply Rle_trans with (1 := H). rewrite Rmult_assoc. apply Rmult_le_compat_l; lra. }
  assert (R2 : exp step * exp (10 * step) <= 1 + 12 * u64) by (rewrite <- exp_plus; replace (step + 10 * step) with (11 * step) by ring; exact E).
  assert (Z0 : 0 <= z). { assert (Pst := exp_pos step). apply Rnot_lt_le. intros N. assert (exp step * z < exp step * 0) by (apply Rmult_lt_compat_l; lra). lra. }
  (* r c_slack <= e^10 (1 + 2^-44) e^1 z *)
  apply Rmult_le_reg_r with c_slack. rewrite Cs; lra. apply Rle_trans with (exp (10 * step) * (1 + / 17592186044416) * (c * c_slack)).
  + rewrite <- Rmult_assoc. apply Rmult_le_compat_r; trivial. rewrite Cs; lra.
  + apply Rle_trans with (exp (10 * step) * (1 + / 17592186044416) * (exp step * z)).
    * apply Rmult_le_compat_l; trivial. apply Rmult_le_pos; lra.
    * replace (exp (10 * step) * (1 + / 17592186044416) * (exp step * z)) with (exp step * exp (10 * step) * ((1 + / 17592186044416) * z)) by ring.
      apply Rle_trans with ((1 + 12 * u64) * ((1 + / 17592186044416) * z)). apply Rmult_le_compat_r; [nra | exact R2].
      rewrite (Rmult_comm z), <- Rmult_assoc. apply Rmult_le_compat_r; trivial. rewrite Cs. lra.
- apply Rle_trans with (2 := Rmax_r _ _). apply Rle_trans with (1 := H). unfold least_condition.
  assert (E2 : exp (10 * step) <= 2) by lra. assert (P546 := bpow_gt_0 radix2 (-546)).
  assert (pow2 (-546) <= pow2 (-502)) by (apply bpow_le; lia).
  apply Rle_trans with (2 * (pow2 (-502) + pow2 (-502))). apply Rmult_le_compat; lra.
  change (-500)%Z with (2 + -502)%Z. rewrite bpow_plus. change (pow2 2) with 4. lra.
Qed.

(* nothing overflows: every value on the way is below 2^660, for any float32 x and parameters up to 2^128 *)
Definition fits (k : Z) (v : R) : Prop := 0 <= v <= pow2 k.
Lemma fits_rnd : forall k v, (-1074 <= k)%Z -> fits k v -> fits k (rnd v).
Proof.
intros k v Hk [A B]. split.
- rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances.
- apply round_le_generic; auto with typeclass_instances. apply generic_format_bpow. unfold FLT_exp. lia.
Qed.
Lemma fits_mul : forall j k l a b, (-1074 <= l)%Z -> (j + k <= l)%Z -> fits j a -> fits k b -> fits l (mul a b).
Proof.
intros j k l a b Hl H [A1 A2] [B1 B2]. apply fits_rnd; trivial. split. now apply Rmult_le_pos.
apply Rle_trans with (pow2 (j + k)). rewrite bpow_plus. now apply Rmult_le_compat. now apply bpow_le.
Qed.
Lemma fits_add : forall j k l a b, (-1074 <= l)%Z -> (j < l)%Z -> (k < l)%Z -> fits j a -> fits k b -> fits l (add a b).
Proof.
intros j k l a b Hl J K [A1 A2] [B1 B2]. apply fits_rnd; trivial. split. lra.
assert (pow2 j <= pow2 (l - 1)) by (apply bpow_le; lia). assert (pow2 k <= pow2 (l - 1)) by (apply bpow_le; lia).
replace l with (1 + (l - 1))%Z by lia. rewrite bpow_plus. change (pow2 1) with 2. lra.
Qed.
Lemma fits_weaken : forall j k v, (j <= k)%Z -> fits j v -> fits k v.
Proof. intros j k v H [A B]. split; [assumption|]. apply Rle_trans with (1 := B). now apply bpow_le. Qed.
Lemma fits_hinge : forall a b, Rabs a <= pow2 257 -> Rabs b <= pow2 257 -> fits 258 (Rabs (sub a b)) /\ fits 258 (hinge_hat a b).
Proof.
intros a b Ha Hb. assert (S : fits 258 (Rabs (sub a b))).
{ split. apply Rabs_pos. unfold sub. apply abs_round_le_generic; auto with typeclass_instances.
  - apply generic_format_bpow. unfold FLT_exp. lia.
  - apply Rabs_le_inv in Ha. apply Rabs_le_inv in Hb. change 258%Z with (1 + 257)%Z. rewrite bpow_plus. change (pow2 1) with 2. apply Rabs_le. lra. }
split; [assumption|]. split. apply relu_nonneg. eapply Rle_trans. apply relu_abs. apply S.
Qed.
Definition amplitude_values (P : params) (y : R) : list R :=
  let low1 := hinge_hat (k1 P) y in let high1 := hinge_hat y (k2 P) in
  let low2 := hinge_hat (k3 P) y in let high2 := hinge_hat y (k4 P) in
  let a1 := add (Rabs y) (mul (Rabs (c1 P)) low1) in let a2 := add a1 (mul (Rabs (c2 P)) high1) in
  let a3 := add a2 (mul (mul (Rabs (c3 P)) low2) low2) in
  [Rabs y; Rabs (sub (k1 P) y); Rabs (sub y (k2 P)); Rabs (sub (k3 P) y); Rabs (sub y (k4 P)); low1; high1; low2; high2;
   mul (Rabs (c1 P)) low1; mul (Rabs (c2 P)) high1; mul (Rabs (c3 P)) low2; mul (mul (Rabs (c3 P)) low2) low2;
   mul (Rabs (c4 P)) high2; mul (mul (Rabs (c4 P)) high2) high2; a1; a2; a3; c_amplitude P y].
Definition slope_values (P : params) (y : R) : list R :=
  let moved := mul (Rabs y) u64 in let low := add (hinge_hat (k3 P) y) moved in let high := add (hinge_hat y (k4 P)) moved in
  let s1 := add 1 (Rabs (c1 P)) in let s2 := add s1 (Rabs (c2 P)) in let s3 := add s2 (mul (mul 2 (Rabs (c3 P))) low) in
  [moved; low; high; s1; s2; mul 2 (Rabs (c3 P)); mul (mul 2 (Rabs (c3 P))) low; mul 2 (Rabs (c4 P)); mul (mul 2 (Rabs (c4 P))) high; s3;
   c_slope P y; mul (Rabs y) (c_slope P y); add (c_amplitude P y) (mul (Rabs y) (c_slope P y))].
Theorem condition_fits : forall P scale shift x, valid_params P scale shift -> float_logit x ->
  Forall (fits 660) (amplitude_values P (affine_hat scale shift x) ++ slope_values P (affine_hat scale shift x) ++
    [c_condition P scale shift x]).
Proof.
intros P a b x (FP & H1 & H2 & H3 & H4 & K1 & K2 & K3 & K4 & Ha & Hb) [Fx Hx].
set (y := affine_hat a b x). assert (Y : Rabs y <= pow2 257) by now apply affine_size.
assert (F : forall v, float_sized v -> fits 128 (Rabs v)) by (intros v Hv; split; [apply Rabs_pos | exact Hv]).
assert (Kn : forall v, float_sized v -> Rabs v <= pow2 257) by (intros v Hv; apply Rle_trans with (1 := Hv); apply bpow_le; lia).
destruct (fits_hinge _ _ (Kn _ K1) Y) as [D1 R1]. destruct (fits_hinge _ _ Y (Kn _ K2)) as [D2 R2].
destruct (fits_hinge _ _ (Kn _ K3) Y) as [D3 R3]. destruct (fits_hinge _ _ Y (Kn _ K4)) as [D4 R4].
assert (Fy : fits 257 (Rabs y)) by (split; [apply Rabs_pos | exact Y]).
assert (One : fits 0 1) by (split; [lra | simpl; lra]). assert (Two : fits 1 2) by (split; [lra | simpl; lra]).
assert (Fu : fits 0 u64) by (split; [apply bpow_ge_0 | apply bpow_le; lia]).
assert (Fs : fits 1 c_slack) by (unfold c_slack; split; simpl; lra).
assert (C1 := F _ H1). assert (C2 := F _ H2). assert (C3 := F _ H3). assert (C4 := F _ H4).
set (h1 := hinge_hat (k1 P) y) in *. set (h2 := hinge_hat y (k2 P)) in *. set (h3 := hinge_hat (k3 P) y) in *. set (h4 := hinge_hat y (k4 P)) in *.
assert (M1 : fits 386 (mul (Rabs (c1 P)) h1)) by (apply (fits_mul 128 258); trivial; lia).
assert (M2 : fits 386 (mul (Rabs (c2 P)) h2)) by (apply (fits_mul 128 258); trivial; lia).
assert (M3 : fits 386 (mul (Rabs (c3 P)) h3)) by (apply (fits_mul 128 258); trivial; lia).
assert (M4 : fits 386 (mul (Rabs (c4 P)) h4)) by (apply (fits_mul 128 258); trivial; lia).
assert (S3 : fits 644 (mul (mul (Rabs (c3 P)) h3) h3)) by (apply (fits_mul 386 258); trivial; lia).
assert (S4 : fits 644 (mul (mul (Rabs (c4 P)) h4) h4)) by (apply (fits_mul 386 258); trivial; lia).
assert (A1 := fits_add 257 386 387 _ _ ltac:(lia) ltac:(lia) ltac:(lia) Fy M1).
assert (A2 := fits_add 387 386 388 _ _ ltac:(lia) ltac:(lia) ltac:(lia) A1 M2).
assert (A3 := fits_add 388 644 645 _ _ ltac:(lia) ltac:(lia) ltac:(lia) A2 S3).
assert (A4 := fits_add 645 644 646 _ _ ltac:(lia) ltac:(lia) ltac:(lia) A3 S4).
change (add _ _) with (c_amplitude P y) in A4.
assert (N : fits 257 (mul (Rabs y) u64)) by (apply (fits_mul 257 0); trivial; lia).
assert (L := fits_add 258 257 259 _ _ ltac:(lia) ltac:(lia) ltac:(lia) R3 N).
assert (G := fits_add 258 257 259 _ _ ltac:(lia) ltac:(lia) ltac:(lia) R4 N).
assert (B1 := fits_add 0 128 129 _ _ ltac:(lia) ltac:(lia) ltac:(lia) One C1).
assert (B2 := fits_add 129 128 130 _ _ ltac:(lia) ltac:(lia) ltac:(lia) B1 C2).
assert (T3 : fits 129 (mul 2 (Rabs (c3 P)))) by (apply (fits_mul 1 128); trivial; lia).
assert (T4 : fits 129 (mul 2 (Rabs (c4 P)))) by (apply (fits_mul 1 128); trivial; lia).
assert (Q3 := fits_mul 129 259 388 _ _ ltac:(lia) ltac:(lia) T3 L). assert (Q4 := fits_mul 129 259 388 _ _ ltac:(lia) ltac:(lia) T4 G).
assert (B3 := fits_add 130 388 389 _ _ ltac:(lia) ltac:(lia) ltac:(lia) B2 Q3).
assert (B4 := fits_add 389 388 390 _ _ ltac:(lia) ltac:(lia) ltac:(lia) B3 Q4).
change (add _ (mul (mul 2 (Rabs (c4 P))) _)) with (c_slope P y) in B4.
assert (V := fits_mul 257 390 647 _ _ ltac:(lia) ltac:(lia) Fy B4).
assert (W := fits_add 646 647 648 _ _ ltac:(lia) ltac:(lia) ltac:(lia) A4 V).
assert (Z : fits 649 (c_condition P a b x)).
{ unfold c_condition. cbv zeta. fold y. apply (fits_mul 648 1); try lia; try assumption. destruct identity_map; [revert A4; apply fits_weaken; lia | exact W]. }
unfold amplitude_values, slope_values. cbv zeta. fold h1 h2 h3 h4. simpl app.
repeat (apply Forall_cons; [eapply fits_weaken; [|eassumption]; lia|]). apply Forall_nil.
Qed.
