(* SPDX-License-Identifier: Apache-2.0 *)
(* T6 for outputs in float16 and bfloat16 (specs/accuracy.md#storage): a double that obeys the float32 bound before its last rounding
   is rounded once to 16 bits; the bound is mmax_bound16_ulp of the float32 one, and that function as computed. Every exact value
   is covered, below the format's normal range too. *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 SigmaFloat AffineFloat RealSum Within Contract Accuracy ProbBound LogContract LogRest LastRounding LogBound.
From MultiMax Require Import BoundFunctions ConditionFloat ComputedBounds.
Open Scope R_scope.

(* any precision P and least exponent E *)
Lemma narrow_error_any : forall P E p x D, Prec_gt_0 P -> 0 < p -> 0 <= x -> Rabs (x - p) <= D ->
  let fexp := FLT_exp E P in let u := ulp radix2 fexp p in
  pow2 E <= u /\ p < pow2 P * u /\
  (D <= u -> Rabs (round radix2 fexp ZnearestE x - p) <= 1 / 2 * u + D) /\
  (D <= pow2 P * u -> Rabs (round radix2 fexp ZnearestE x - p) <= u + D).
Proof.
intros P E p x D HP Hp Hx HD fexp u. unfold Prec_gt_0 in HP. set (e := Z.max (mag radix2 p) (E + P)).
assert (U : u = pow2 (e - P)).
{ unfold u. rewrite ulp_neq_0 by lra. f_equal. unfold cexp, fexp, FLT_exp, e. lia. }
assert (Pe : p < pow2 e).
{ apply Rlt_le_trans with (pow2 (mag radix2 p)). rewrite <- (Rabs_pos_eq p) at 1 by lra. apply bpow_mag_gt. apply bpow_le. unfold e. lia. }
assert (Ue : pow2 e = pow2 P * u) by (rewrite U, <- bpow_plus; f_equal; lia). assert (Pu : 0 < u) by (rewrite U; apply bpow_gt_0).
assert (V : Valid_exp fexp) by (apply FLT_exp_valid; exact HP).
assert (Half : Rabs (round radix2 fexp ZnearestE x - x) <= / 2 * ulp radix2 fexp x) by (apply error_le_half_ulp; auto with typeclass_instances).
set (z := round radix2 fexp ZnearestE x) in *.
assert (Tri : Rabs (z - p) <= Rabs (z - x) + Rabs (x - p)).
{ replace (z - p) with ((z - x) + (x - p)) by ring. apply Rabs_triang. }
assert (Ulp : forall k, (e <= k)%Z -> x < pow2 k -> ulp radix2 fexp x <= pow2 (k - P)).
{ intros k Hk L. destruct (Req_dec x 0) as [->|Nx].
  - unfold fexp. rewrite ulp_FLT_0 by exact HP. apply bpow_le. unfold e in Hk. lia.
  - rewrite ulp_neq_0 by trivial. apply bpow_le. unfold cexp, fexp, FLT_exp.
    assert (mag radix2 x <= k)%Z by (apply mag_le_bpow; trivial; rewrite Rabs_pos_eq; trivial). unfold e in Hk. lia. }
assert (Xp := Rabs_le_inv _ _ HD).
split. { rewrite U. apply bpow_le. unfold e. lia. } split. { now rewrite <- Ue. } split; intros H.
- destruct (Rlt_or_le x (pow2 e)) as [L|L]. { assert (K := Ulp e ltac:(lia) L). rewrite <- U in K. lra. }
  (* x above p's binade: it rounds to the edge *)
  assert (Fe : generic_format radix2 fexp (pow2 e)) by (apply generic_format_bpow; unfold fexp, FLT_exp, e; lia).
  assert (Ee : ulp radix2 fexp (pow2 e) = 2 * u).
  { rewrite ulp_bpow, U. change 2 with (pow2 1). rewrite <- bpow_plus. f_equal. unfold fexp, FLT_exp, e. lia. }
  assert (Z : z = pow2 e).
  { apply Rle_antisym.
    - apply round_N_le_midp; auto with typeclass_instances. rewrite succ_eq_pos by apply bpow_ge_0. lra.
    - apply round_ge_generic; auto with typeclass_instances. }
  rewrite Z. rewrite Rabs_pos_eq by lra. lra.
- assert (X2 : x < pow2 (e + 1)) by (rewrite bpow_plus; change (pow2 1) with 2; lra).
  assert (K := Ulp (e + 1)%Z ltac:(lia) X2). replace (e + 1 - P)%Z with (1 + (e - P))%Z in K by lia. rewrite bpow_plus, <- U in K.
  change (pow2 1) with 2 in K. lra.
Qed.

Inductive storage := float16 | bfloat16.
Definition precision (s : storage) : Z := match s with float16 => 11 | bfloat16 => 8 end.
Definition least (s : storage) : Z := match s with float16 => -24 | bfloat16 => -133 end.
Notation fexp16 s := (FLT_exp (least s) (precision s)).
Notation rnd16 s := (round radix2 (fexp16 s) ZnearestE).
Notation ulp16 s := (ulp radix2 (fexp16 s)).

(* mmax_bound16_ulp, and as it is computed *)
Definition from_ulps (e : R) : R := (if Rle_dec e 1 then 1 / 2 else 1) + e.
Definition bound16_ulp (s : storage) (b : R) : R := from_ulps ((b - 1 / 2) * pow2 (precision s - 24) + pow2 (-25)).
Definition c_bound16 (s : storage) (b : R) : R :=
  let e := add (mul (sub b (1 / 2)) (pow2 (precision s - 24))) (pow2 (-25)) in add (if Rle_dec e 1 then 1 / 2 else 1) e.

(* what is proved: x relative, or what the clamp may lose *)
Definition need16 (s : storage) (x : R) : R := Rmax (pow2 (precision s) * x) (pow2 (-25) * (1 + x)).
Lemma precision_range : forall s, 256 <= pow2 (precision s) <= 2048 /\ pow2 (precision s - 24) * pow2 24 = pow2 (precision s).
Proof.
intros s. split. { destruct s; simpl; lra. } rewrite <- bpow_plus. f_equal. lia.
Qed.
Lemma rounded16 : forall s x p v, 0 < p -> 0 <= v -> 0 <= x < 1 ->
  (Rabs (v - p) <= x * p \/ Rabs (v - p) <= clamp * (1 + x)) -> Rabs (rnd16 s v - p) <= from_ulps (need16 s x) * ulp16 s p.
Proof.
intros s x p v Hp Hv Hx H. set (u := ulp16 s p). set (D := need16 s x * u).
assert (HP : Prec_gt_0 (precision s)) by (destruct s; reflexivity).
destruct (narrow_error_any (precision s) (least s) p v (Rabs (v - p)) HP Hp Hv (Rle_refl _)) as (U1 & U2 & _). fold u in U1, U2.
assert (U0 : 0 < u) by (apply Rlt_le_trans with (2 := U1); apply bpow_gt_0). destruct (precision_range s) as [Pr _].
assert (HD : Rabs (v - p) <= D).
{ unfold D, need16. destruct H as [H|H]; apply Rle_trans with (1 := H).
  - apply Rle_trans with (pow2 (precision s) * x * u); [|apply Rmult_le_compat_r; [lra | apply Rmax_l]].
    replace (pow2 (precision s) * x * u) with (x * (pow2 (precision s) * u)) by ring. apply Rmult_le_compat_l; lra.
  - apply Rle_trans with (pow2 (-25) * (1 + x) * u); [|apply Rmult_le_compat_r; [lra | apply Rmax_r]].
    replace (pow2 (-25) * (1 + x) * u) with (pow2 (-25) * u * (1 + x)) by ring. apply Rmult_le_compat_r. lra.
    unfold clamp. change (-158)%Z with (-25 + -133)%Z. rewrite bpow_plus. apply Rmult_le_compat_l. apply bpow_ge_0.
    apply Rle_trans with (2 := U1). apply bpow_le. destruct s; simpl; lia. }
destruct (narrow_error_any (precision s) (least s) p v D HP Hp Hv HD) as (_ & _ & H1 & H2). fold u in H1, H2.
assert (N : need16 s x <= pow2 (precision s)).
{ unfold need16. apply Rmax_lub. rewrite <- (Rmult_1_r (pow2 (precision s))) at 2. apply Rmult_le_compat_l; lra.
  apply Rle_trans with (1 * 2). apply Rmult_le_compat; try lra. apply bpow_ge_0. simpl; lra. lra. }
unfold from_ulps. destruct Rle_dec as [L|L]; rewrite Rmult_plus_distr_r; fold D.
- apply H1. unfold D. rewrite <- (Rmult_1_l u) at 2. apply Rmult_le_compat_r; lra.
- rewrite Rmult_1_l. apply H2. unfold D. apply Rmult_le_compat_r; lra.
Qed.
Lemma from_ulps_mono : forall a b, a <= b -> from_ulps a <= from_ulps b.
Proof. intros a b H. unfold from_ulps. repeat destruct Rle_dec; lra. Qed.

Lemma bound16_enough : forall s x b, 0 <= x -> 1 / 2 + pow2 24 * x <= b -> from_ulps (need16 s x) <= bound16_ulp s b.
Proof.
intros s x b Hx Hb. unfold bound16_ulp. apply from_ulps_mono. destruct (precision_range s) as [Pr E].
assert (Y : pow2 (precision s) * x <= (b - 1 / 2) * pow2 (precision s - 24)).
{ rewrite <- E. replace (pow2 (precision s - 24) * pow2 24 * x) with (pow2 24 * x * pow2 (precision s - 24)) by ring.
  apply Rmult_le_compat_r. apply bpow_ge_0. lra. }
assert (X : 256 * x <= pow2 (precision s) * x) by (apply Rmult_le_compat_r; lra).
assert (P25 : pow2 (-25) = / 33554432) by (simpl; lra). unfold need16. rewrite P25. apply Rmax_lub; lra.
Qed.

(* the C function's roundings are below its 2^-25 *)
Lemma c_bound16_enough : forall s x b, / 10 ^ 10 <= x <= 2 -> 1 / 2 + pow2 24 * x <= b -> from_ulps (need16 s x) <= c_bound16 s b.
Proof.
intros s x b Hx Hb. destruct (precision_range s) as [Pr E].
assert (U : 0 < u64 <= / 10 ^ 15) by (destruct figures as (_ & _ & F3 & _); rewrite F3; lra).
assert (Low : forall v w, / 10 ^ 20 <= w -> w <= v -> w * (1 - 2 * u64) <= rnd v).
{ intros v w Hw Hv. assert (Q := rnd_error w). rewrite (Rabs_pos_eq w) in Q by lra. apply Rabs_le_inv in Q.
  assert (rnd w <= rnd v) by (apply round_le; auto with typeclass_instances).
  assert (eta64 <= u64 * w); [|lra]. apply Rle_trans with (u64 * / 10 ^ 20); [|apply Rmult_le_compat_l; lra].
  apply Rle_trans with (pow2 (-53) * pow2 (-100)). unfold eta64. rewrite <- bpow_plus. apply bpow_le. lia.
  apply Rmult_le_compat_l. apply bpow_ge_0. simpl. lra. }
set (P := pow2 (precision s)) in *. set (sc := pow2 (precision s - 24)) in *. assert (P24 : pow2 24 = 16777216) by reflexivity.
assert (P25 : pow2 (-25) = / 33554432) by (simpl; lra).
assert (Sc : / 65536 <= sc <= 1) by (rewrite P24 in E; lra).
assert (Px : 256 * x <= P * x <= 2048 * 2) by (split; [apply Rmult_le_compat_r | apply Rmult_le_compat]; lra).
assert (S1 : pow2 24 * x * (1 - 2 * u64) <= sub b (1 / 2)) by (apply Low; rewrite P24 in *; lra).
assert (S2 : P * x * (1 - 2 * u64) * (1 - 2 * u64) <= mul (sub b (1 / 2)) sc).
{ apply Low. nra. replace (P * x * (1 - 2 * u64)) with (pow2 24 * x * (1 - 2 * u64) * sc) by (rewrite <- E; ring).
  apply Rmult_le_compat_r; lra. }
set (y := P * x) in *. assert (Y4 : y * (1 - 4 * u64) <= y * (1 - 2 * u64) * (1 - 2 * u64)) by nra.
unfold c_bound16. cbv zeta. set (e := add _ (pow2 (-25))).
assert (S3 : (y * (1 - 4 * u64) + / 33554432) * (1 - 2 * u64) <= e).
{ unfold e, add. apply Low. nra. rewrite P25. fold sc. lra. }
(* 1e-9 to spare *)
assert (Yu : y * u64 <= 4096 * / 10 ^ 15) by (apply Rmult_le_compat; lra).
assert (N : need16 s x + / 10 ^ 9 <= e).
{ assert (need16 s x <= e - / 10 ^ 9); [|lra]. unfold need16. fold P. fold y. rewrite P25.
  assert (256 * x <= y) by (apply Rmult_le_compat_r; lra). assert (0 <= y * u64 * u64) by (repeat apply Rmult_le_pos; lra).
  replace ((y * (1 - 4 * u64) + / 33554432) * (1 - 2 * u64))
    with (y - 6 * (y * u64) + 8 * (y * u64 * u64) + / 33554432 * (1 - 2 * u64)) in S3 by ring.
  apply Rmax_lub; lra. }
assert (N0 : 0 <= need16 s x <= 4096 * 2).
{ unfold need16. fold P. fold y. split. apply Rle_trans with y. lra. apply Rmax_l. rewrite P25. apply Rmax_lub; lra. }
assert (K : forall k, 1 / 2 <= k <= 1 -> k + need16 s x <= add k e).
{ intros k Hk. apply Rle_trans with ((k + need16 s x + / 10 ^ 9) * (1 - 2 * u64)).
  - assert ((k + need16 s x + / 10 ^ 9) * u64 <= 8200 * / 10 ^ 15) by (apply Rmult_le_compat; lra). lra.
  - unfold add. apply Low; lra. }
unfold from_ulps. destruct (Rle_dec e 1); destruct (Rle_dec (need16 s x) 1); try (apply K; lra).
- exfalso. lra.
- eapply Rle_trans; [|apply (K 1); lra]. lra.
Qed.

(* the contracts of Contract.v and LogContract.v with this last rounding in place of rnd32 *)
Definition is_softmax16 (s : storage) (r : row) (p : nat -> R) : Prop := exists m total,
  is_largest r m /\ total_close (count_sum r m) total /\
  forall i, (i < size r)%nat -> taken r i = true -> p i = rnd16 s (rnd (weight r m i * rnd (1 / total))).
Definition largest (s : storage) : R := (2 - pow2 (1 - precision s)) * pow2 (match s with float16 => 15 | bfloat16 => 127 end).
Definition is_logged16 (s : storage) (r : row) (out : nat -> R) : Prop := exists m rest c,
  is_rest r m rest /\ log_is rest c /\ forall i, (i < size r)%nat -> taken r i = true ->
    - largest s <= log_of (modulated_at r i) m c <= largest s -> out i = rnd16 s (log_of (modulated_at r i) m c).

Lemma excess_range : forall b, b < 1 / 2 + 5 * u64 -> 2 * eps_e <= b -> / 10 ^ 10 <= excess b <= 2.
Proof.
intros b B L. assert (U := u64_small). destruct figures as (F1 & _ & _ & _). rewrite F1 in L. unfold excess. split.
- apply Rle_trans with b. lra. apply Rmult_le_reg_r with (1 - b). lra. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra.
- apply Rmult_le_reg_r with (1 - b). lra. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra.
Qed.
Lemma log_error_least : forall A n g, 0 <= gamma_5 * A + pow2 (-600) -> 0 <= n * g < 1 -> 2 * eps_e <= log_error A n g.
Proof.
intros A n g HA Hg. unfold log_error. assert (0 <= n * g / (1 - n * g)) by (apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat; lra]).
assert (H6 : pow2 (-600) <= u64) by (apply bpow_le; lia). set (t := n * g / (1 - n * g)) in *. set (q := gamma_5 * A) in *.
replace (2 * gamma_5 * A) with (2 * q) by (unfold q; ring). assert (U := u64_small). lra.
Qed.

(* probabilities, before the C function's roundings *)
Lemma probability16_need : forall s r p A t i, valid_row r -> is_softmax16 s r p ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A ->
  (i < size r)%nat -> taken r i = true -> in_reach A (INR (size r)) -> let x := excess (log_error A (INR (size r)) half_grid) in
  / 10 ^ 10 <= x <= 2 /\ exists e, 0 <= e <= x /\ e < 1 /\
    Rabs (p i - multimax_row r i) <= from_ulps (need16 s e) * ulp16 s (multimax_row r i).
Proof.
intros s r p A t i Vr (m & total & [Top (k & Hk & Tk & Ek)] & Tc & Pw) Ht T TopT C Hi Ti B x.
assert (M : modulated_at r t = m). { apply Rle_antisym. now apply Top. rewrite <- Ek. now apply TopT. }
assert (Nf := near_or_far_row r A t Vr Ht T C). rewrite M in Nf.
assert (N := many r Vr). assert (L := chain_log_error A (INR (size r)) N).
assert (A0 := condition_nonneg r A t Vr Ht T C).
destruct (wide_error r m _ total t i Vr A0 Top Ht T M Nf Tc Hi Ti) as (C0 & X0 & P0 & D).
rewrite (Pw i Hi Ti). fold (wide r m total i).
set (c := chain _ _) in *. set (b := log_error _ _ _) in *. set (w := wide r m total i) in *. set (q := multimax_row r i) in *.
unfold in_reach in B. fold b in B. assert (U := u64_small). assert (Lb : c <= b) by lra.
assert (Ex := excess_mono c b (conj C0 Lb) ltac:(lra) ltac:(lra)). fold x in Ex.
split. { apply excess_range; trivial. apply log_error_least; trivial. destruct figures as (_ & F2 & _ & _). rewrite F2. lra. }
exists (excess c). split; [lra|]. split; [lra|]. apply rounded16; trivial. lra. destruct D as [D|[D1 D2]].
- left. apply (relative_of_within c); trivial; lra.
- right. assert (E2 : exp c <= 1 + excess c).
  { assert (G := exp_ineq1_le (- c)). rewrite exp_Ropp in G. assert (Pc := exp_pos c).
    replace (1 + excess c) with (/ (1 - c)) by (unfold excess; field; lra). apply Rmult_le_reg_r with (1 - c). lra. rewrite Rinv_l by lra.
    apply Rle_trans with (exp c * / exp c). apply Rmult_le_compat_l; lra. rewrite Rinv_r; lra. }
  assert (clamp * exp c <= clamp * (1 + excess c)) by (apply Rmult_le_compat_l; [apply bpow_ge_0 | exact E2]). apply Rabs_le. lra.
Qed.
Lemma need16_mono : forall s x y, x <= y -> need16 s x <= need16 s y.
Proof.
intros s x y H. unfold need16. apply Rmax_case.
- apply Rle_trans with (2 := Rmax_l _ _). apply Rmult_le_compat_l; trivial. apply bpow_ge_0.
- apply Rle_trans with (2 := Rmax_r _ _). apply Rmult_le_compat_l. apply bpow_ge_0. lra.
Qed.
Lemma half_and : forall x, 1 / 2 + pow2 24 * x <= (if Rle_dec x (pow2 (-24)) then 1 / 2 else 1) + pow2 24 * x.
Proof. intros x. destruct Rle_dec; lra. Qed.

Theorem probability16_error : forall s r p A t i, valid_row r -> is_softmax16 s r p ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A ->
  (i < size r)%nat -> taken r i = true -> in_reach A (INR (size r)) ->
  Rabs (p i - multimax_row r i) <= bound16_ulp s (bound_ulp A (INR (size r))) * ulp16 s (multimax_row r i).
Proof.
intros s r p A t i Vr Sm Ht T TopT C Hi Ti B.
destruct (probability16_need s r p A t i Vr Sm Ht T TopT C Hi Ti B) as (X & e & E0 & _ & H). set (x := excess _) in *.
apply Rle_trans with (1 := H). apply Rmult_le_compat_r. apply ulp_ge_0. apply Rle_trans with (from_ulps (need16 s x)).
apply from_ulps_mono, need16_mono, E0. apply bound16_enough. lra. apply half_and.
Qed.
(* with everything as the C functions compute it *)
Corollary c_probability16_error : forall s r p C t i, valid_row r -> is_softmax16 s r p ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> c_condition_row r t C ->
  (i < size r)%nat -> taken r i = true -> c_log_error C (INR (size r)) half_grid < 1 / 2 ->
  Rabs (p i - multimax_row r i) <= c_bound16 s (c_bound_probs C (INR (size r))) * ulp16 s (multimax_row r i).
Proof.
intros s r p C t i Vr Sm Ht T TopT Cr Hi Ti H. destruct (c_condition_row_enough r t C Vr Ht T Cr) as [C0 Cx].
destruct (c_probs_enough r t C Vr Ht C0 H) as [B1 B2].
destruct (probability16_need s r p _ t i Vr Sm Ht T TopT Cx Hi Ti B1) as (X & e & E0 & _ & D). unfold bound_ulp in B2. set (x := excess _) in *.
apply Rle_trans with (1 := D). apply Rmult_le_compat_r. apply ulp_ge_0. apply Rle_trans with (from_ulps (need16 s x)).
apply from_ulps_mono, need16_mono, E0. apply c_bound16_enough; trivial. apply Rle_trans with (1 := half_and x). exact B2.
Qed.

(* log-probabilities, away from 0 and from the format's largest number *)
Lemma log_probability16_need : forall s r out A t i, valid_row r -> is_logged16 s r out ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A ->
  (i < size r)%nat -> taken r i = true -> condition_at r i <= A -> in_reach_log A (INR (size r)) ->
  let y := ln (multimax_row r i) in let x := excess (log_error_log A (INR (size r))) in
  INR (size r) * pow2 (-97) <= - y -> 0 < - y -> (1 + x) * - y <= largest s -> / 10 ^ 10 <= x <= 2 /\
  Rabs (out i - y) <= from_ulps (need16 s x) * ulp16 s y.
Proof.
intros s r out A t i Vr (m & rest & c & Rs & Lc & Lg) Ht T TopT C Hi Ti Ci B y x Hn Hy Hl.
destruct (log_of_error r m rest c A t i Vr Rs Lc Ht T TopT C Hi Ti Ci B) as (L0 & Y0 & e & E0 & E1 & _ & D).
specialize (D Hn). fold y in D, Y0. fold x in E0. set (l := - log_of (modulated_at r i) m c) in *.
assert (N := many r Vr). destruct figures as (F1 & _ & _ & _). assert (A0 := condition_pos r i).
assert (Xr : / 10 ^ 10 <= x <= 2).
{ apply excess_range; trivial. unfold log_error_log. assert (P50 : pow2 (-50) = / 1125899906842624) by (simpl; lra).
  assert (P44 : 0 < pow2 (-44)) by apply bpow_gt_0.
  assert (2 * eps_e <= log_error A (INR (size r)) (pow2 (-50))); [|lra]. apply log_error_least; [|rewrite P50; lra].
  apply Rplus_le_le_0_compat; [|apply bpow_ge_0]. apply Rmult_le_pos; [|lra]. unfold gamma_5, u64. simpl. lra. }
split; trivial. assert (Ee : e * - y <= x * - y) by (apply Rmult_le_compat_r; lra).
rewrite Lg; trivial. 2:{ apply Rabs_le_inv in D. assert (Z : log_of (modulated_at r i) m c = - l) by (unfold l; ring). rewrite Z. lra. }
replace (log_of (modulated_at r i) m c) with (- l) by (unfold l; ring). rewrite round_NE_opp.
replace (- rnd16 s l - y) with (- (rnd16 s l - - y)) by ring. rewrite Rabs_Ropp, <- (ulp_opp radix2 (fexp16 s) y).
eapply Rle_trans. apply (rounded16 s e (- y) l); trivial. lra. now left.
apply Rmult_le_compat_r. apply ulp_ge_0. apply from_ulps_mono, need16_mono, E0.
Qed.
Theorem log_probability16_error : forall s r out A t i, valid_row r -> is_logged16 s r out ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A ->
  (i < size r)%nat -> taken r i = true -> condition_at r i <= A -> in_reach_log A (INR (size r)) ->
  let y := ln (multimax_row r i) in let x := excess (log_error_log A (INR (size r))) in
  INR (size r) * pow2 (-97) <= - y -> 0 < - y -> (1 + x) * - y <= largest s ->
  Rabs (out i - y) <= bound16_ulp s (bound_log_ulp A (INR (size r))) * ulp16 s y.
Proof.
intros s r out A t i Vr Lg Ht T TopT C Hi Ti Ci B y x Hn Hy Hl.
destruct (log_probability16_need s r out A t i Vr Lg Ht T TopT C Hi Ti Ci B Hn Hy Hl) as [X D]. fold y in D. fold x in X, D.
apply Rle_trans with (1 := D). apply Rmult_le_compat_r. apply ulp_ge_0. apply bound16_enough. lra. apply half_and.
Qed.
Corollary c_log_probability16_error : forall s r out C t i, valid_row r -> is_logged16 s r out ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> c_condition_row r t C ->
  (i < size r)%nat -> taken r i = true -> c_condition_at r i <= C -> c_error_log C (INR (size r)) < 1 / 2 ->
  let y := ln (multimax_row r i) in INR (size r) * pow2 (-97) <= - y -> 0 < - y -> 3 * - y <= largest s ->
  Rabs (out i - y) <= c_bound16 s (c_bound_log C (INR (size r))) * ulp16 s y.
Proof.
intros s r out C t i Vr Lg Ht T TopT Cr Hi Ti Ci H y Hn Hy Hl. destruct (c_condition_row_enough r t C Vr Ht T Cr) as [C0 Cx].
destruct (c_log_enough r t C Vr Ht C0 H) as [B1 B2]. destruct (c_condition_enough r i C Vr Hi Ti Ci) as [_ Cy].
set (A := Rmax C least_condition) in *. assert (X : excess (log_error_log A (INR (size r))) <= 2).
{ unfold in_reach_log in B1. unfold excess. set (b := log_error_log _ _) in *. assert (U := u64_small).
  apply Rmult_le_reg_r with (1 - b). lra. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
assert (Hl' : (1 + excess (log_error_log A (INR (size r)))) * - y <= largest s).
{ apply Rle_trans with (2 := Hl). apply Rmult_le_compat_r; lra. }
destruct (log_probability16_need s r out A t i Vr Lg Ht T TopT Cx Hi Ti Cy B1 Hn Hy Hl') as [X' D]. fold y in D.
apply Rle_trans with (1 := D). apply Rmult_le_compat_r. apply ulp_ge_0. apply c_bound16_enough; trivial.
apply Rle_trans with (1 := half_and _). exact B2.
Qed.
(* nearer to 0 one unit in place of a half, and what weights below the clamp may add *)
Theorem log_probability16_error_floor : forall s r out A t i, valid_row r -> is_logged16 s r out ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A ->
  (i < size r)%nat -> taken r i = true -> condition_at r i <= A -> log_error_log A (INR (size r)) <= 1 / 4 ->
  let y := ln (multimax_row r i) in let x := excess (log_error_log A (INR (size r))) in
  let f := INR (size r) * pow2 (-158) in 0 < - y -> (1 + x) * - y + f <= largest s ->
  Rabs (out i - y) <= (1 + pow2 (precision s) * x) * ulp16 s y + f.
Proof.
intros s r out A t i Vr (m & rest & c & Rs & Lc & Lg) Ht T TopT C Hi Ti Ci B y x f Hy Hl. assert (U := u64_small).
destruct (log_of_error r m rest c A t i Vr Rs Lc Ht T TopT C Hi Ti Ci ltac:(unfold in_reach_log; lra)) as (L0 & Y0 & e & E0 & E1 & D & _).
specialize (D B). fold y in D, Y0. fold x in E0. fold f in D. set (l := - log_of (modulated_at r i) m c) in *.
assert (N := many r Vr). assert (Ee : e * - y <= x * - y) by (apply Rmult_le_compat_r; lra).
assert (F : 0 <= f <= pow2 (-127)).
{ unfold f. split. apply Rmult_le_pos. lra. apply bpow_ge_0. change (-127)%Z with (31 + -158)%Z. rewrite bpow_plus.
  apply Rmult_le_compat_r. apply bpow_ge_0. apply Rle_trans with 2147483647. lra. simpl. lra. }
assert (X : x <= 1 / 3).
{ unfold x, excess. set (b := log_error_log _ _) in *. apply Rmult_le_reg_r with (1 - b). lra.
  unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l by lra. lra. }
rewrite Lg; trivial. 2:{ apply Rabs_le_inv in D. assert (Z : log_of (modulated_at r i) m c = - l) by (unfold l; ring). rewrite Z. lra. }
replace (log_of (modulated_at r i) m c) with (- l) by (unfold l; ring). rewrite round_NE_opp.
replace (- rnd16 s l - y) with (- (rnd16 s l - - y)) by ring. rewrite Rabs_Ropp, <- (ulp_opp radix2 (fexp16 s) y).
assert (HP : Prec_gt_0 (precision s)) by (destruct s; reflexivity). set (u := ulp16 s (- y)).
destruct (narrow_error_any (precision s) (least s) (- y) l (x * - y + f) HP Hy L0 ltac:(lra)) as (U1 & U2 & _ & H). fold u in U1, U2, H.
assert (Xu : x * - y <= x * (pow2 (precision s) * u)) by (apply Rmult_le_compat_l; lra).
assert (Fu : f <= 1 / 2 * (pow2 (precision s) * u)).
{ apply Rle_trans with (1 := proj2 F). destruct (precision_range s) as [Pr _].
  apply Rle_trans with (1 * pow2 (-133) * 64). change 64 with (pow2 6). rewrite Rmult_1_l, <- bpow_plus. apply Req_le. f_equal.
  assert (pow2 (-133) <= u) by (apply Rle_trans with (2 := U1); apply bpow_le; destruct s; simpl; lia).
  assert (256 * u <= pow2 (precision s) * u) by (apply Rmult_le_compat_r; generalize (bpow_gt_0 radix2 (-133)); lra). generalize (bpow_gt_0 radix2 (-133)). lra. }
assert (x * (pow2 (precision s) * u) <= 1 / 3 * (pow2 (precision s) * u)) by (apply Rmult_le_compat_r; lra).
specialize (H ltac:(lra)). apply Rle_trans with (1 := H). lra.
Qed.
