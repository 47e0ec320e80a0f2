(* SPDX-License-Identifier: Apache-2.0 *)
(* T3l on binary64: mmax_log1p of src/ref/log.h, every rounding included. fl(1 + t) = 2^k m, f = m - 1 (exact), w = f/(2 + f), the
   series by fma, k ln2 added by one fma. Relative error to ln(1 + t) at most 2^-48, for every t that is 0 or in [2^-900, 2^35]. *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core Sterbenz.
From Coquelicot Require Import Coquelicot.
From Gappa Require Import Gappa_tactic.
From Interval Require Import Tactic.
From MultiMax Require Import Float64 ExpKernel LogKernel SigmaFloat.
Open Scope R_scope.

Definition d17 := 4238682002231055 * pow2 (-56).  (* 0x1.e1e1e1e1e1e1ep-5 *)
Definition d15 := 4803839602528529 * pow2 (-56).  (* 0x1.1111111111111p-4 *)
Definition d13 := 1385722962267845 * pow2 (-54).  (* 0x1.3b13b13b13b14p-4 *)
Definition d11 := 3275345183542179 * pow2 (-55).  (* 0x1.745d1745d1746p-4 *)
Definition d9 := 2001599834386887 * pow2 (-54).   (* 0x1.c71c71c71c71cp-4 *)
Definition d7 := 2573485501354569 * pow2 (-54).   (* 0x1.2492492492492p-3 *)
Definition d5 := 3602879701896397 * pow2 (-54).   (* 0x1.999999999999ap-3 *)
Definition d3 := 6004799503160661 * pow2 (-54).   (* 0x1.5555555555555p-2 *)

(* as in src/ref/log.h; what the contract of mmax_log1p says of its result (specs/logic/log.acsl) *)
Definition tail_hat (v : R) : R := fma v (fma v (fma v (fma v (fma v (fma v (fma v d17 d15) d13) d11) d9) d7) d5) d3.
Definition series_hat (w : R) : R := let v := mul w w in fma (mul (mul 2 w) v) (tail_hat v) (mul 2 w).
Definition ratio_hat (f : R) : R := rnd (f / add 2 f).
Definition log_result (k : Z) (f : R) : R := fma (IZR k) ln2 (series_hat (ratio_hat f)).
Definition log1p_is (t c : R) : Prop :=
  (t <= 53 / 128 /\ c = log_result 0 t) \/
  (53 / 128 < t /\ exists (m : R) (k : Z), (0 <= k <= 36)%Z /\ m * pow2 k = add 1 t /\ 705 / 1000 <= m <= 181 / 128 /\
     c = log_result k (sub m 1)).

(* a within e of b, relative to b; signs are free *)
Definition rel (e a b : R) : Prop := Rabs (a - b) <= e * Rabs b.
Lemma rel_trans : forall d e a b c, 0 <= d <= / 1024 -> 0 <= e -> rel d a b -> rel e b c -> rel (d + 1025 / 1024 * e) a c.
Proof.
unfold rel. intros d e a b c Hd He H1 H2. assert (B : Rabs b <= Rabs c + Rabs (b - c)).
{ replace b with (c + (b - c)) at 1 by ring. apply Rabs_triang. }
replace (a - c) with ((a - b) + (b - c)) by ring. eapply Rle_trans. apply Rabs_triang.
assert (d * Rabs b <= d * ((1 + e) * Rabs c)) by (apply Rmult_le_compat_l; lra).
assert (0 <= e * Rabs c) by (apply Rmult_le_pos; [lra | apply Rabs_pos]).
assert (d * (e * Rabs c) <= / 1024 * (e * Rabs c)) by (apply Rmult_le_compat_r; lra). lra.
Qed.
Lemma rel_weaken : forall d e a b, d <= e -> rel d a b -> rel e a b.
Proof. unfold rel. intros d e a b H R. eapply Rle_trans. exact R. apply Rmult_le_compat_r; trivial. apply Rabs_pos. Qed.
Lemma rnd_rel : forall v, pow2 (-1020) <= Rabs v -> rel u64 (rnd v) v.
Proof.
intros v H. unfold rel. eapply Rle_trans. apply error_le_half_ulp; auto with typeclass_instances.
assert (G : ulp radix2 fexp64 v <= Rabs v * pow2 (1 - 53)).
{ apply ulp_FLT_le. eapply Rle_trans; [|exact H]. apply bpow_le. lia. }
replace (pow2 (1 - 53)) with (2 * u64) in G by (unfold u64; simpl; lra). lra.
Qed.

Lemma u64_figure : u64 = / 9007199254740992.
Proof. unfold u64. simpl. lra. Qed.
Lemma small_1000 : 0 < pow2 (-1000) <= / 10 ^ 40.
Proof. split. apply bpow_gt_0. apply Rle_trans with (pow2 (-150)). apply bpow_le. lia. simpl. lra. Qed.

(* w^2/3 + w^4/5 + ... is v tail_of v, v = w^2 *)
Definition tail_of (v : R) : R := /3 + v * (/5 + v * (/7 + v * (/9 + v * (/11 + v * (/13 + v * (/15 + v * /17)))))).
Lemma log_series_tail : forall w, log_series w = 2 * w * (1 + w * w * tail_of (w * w)).
Proof. intros w. unfold log_series, tail_of. replace (w ^ 2) with (w * w) by ring. reflexivity. Qed.

Definition tail_c (v : R) : R := v * (v * (v * (v * (v * (v * (v * d17 + d15) + d13) + d11) + d9) + d7) + d5) + d3.
Lemma tail_error : forall v, 0 <= v <= 302/10000 -> Rabs (tail_hat v - tail_of v) <= pow2 (-50) /\ 33/100 <= tail_hat v <= 35/100.
Proof.
intros v Hv. assert (Hv2 : 0 <= v <= 31/1024) by lra. clear Hv.
assert (E : Rabs (tail_hat v - tail_c v) <= 1 * pow2 (-52) /\ 340/1024 <= tail_hat v <= 352/1024).
{ unfold tail_c, tail_hat, fma, d17, d15, d13, d11, d9, d7, d5, d3. gappa. }
destruct E as [E1 E2]. split; [|lra]. set (T := tail_c v) in *.
assert (M : Rabs (T - tail_of v) <= pow2 (-52)).
{ replace (T - tail_of v) with ((d3 - /3) + v * ((d5 - /5) + v * ((d7 - /7) + v * ((d9 - /9) + v * ((d11 - /11) + v * ((d13 - /13)
    + v * ((d15 - /15) + v * (d17 - /17)))))))) by (unfold T, tail_c, tail_of; ring).
  unfold d17, d15, d13, d11, d9, d7, d5, d3. interval with (i_prec 100). }
replace (tail_hat v - tail_of v) with ((tail_hat v - T) + (T - tail_of v)) by ring.
eapply Rle_trans. apply Rabs_triang. simpl in *. lra.
Qed.
Lemma tail_lipschitz : forall v x, 0 <= v <= 302/10000 -> 0 <= x <= 302/10000 ->
  Rabs (tail_of x - tail_of v) <= 25/100 * Rabs (x - v) /\ 33/100 <= tail_of v <= 35/100.
Proof.
intros v x Hv Hx. split; [|unfold tail_of; interval].
set (q := /5 + (x + v) * /7 + (x^2 + x*v + v^2) * /9 + (x^3 + x^2*v + x*v^2 + v^3) * /11
  + (x^4 + x^3*v + x^2*v^2 + x*v^3 + v^4) * /13 + (x^5 + x^4*v + x^3*v^2 + x^2*v^3 + x*v^4 + v^5) * /15
  + (x^6 + x^5*v + x^4*v^2 + x^3*v^3 + x^2*v^4 + x*v^5 + v^6) * /17).
replace (tail_of x - tail_of v) with (q * (x - v)) by (unfold tail_of, q; field).
rewrite Rabs_mult. apply Rmult_le_compat_r. apply Rabs_pos. unfold q. interval.
Qed.

(* doubling is exact *)
Lemma twice_exact : forall w, format64 w -> mul 2 w = 2 * w.
Proof.
intros w F. unfold mul. apply round_generic; auto with typeclass_instances. apply FLT_format_generic in F; [|reflexivity].
destruct F as [g -> H1 H2]. apply generic_format_FLT.
exists (Defs.Float radix2 (Defs.Fnum g) (Defs.Fexp g + 1)); cbn [Defs.Fnum Defs.Fexp]; [|exact H1|lia].
unfold Defs.F2R. cbn [Defs.Fnum Defs.Fexp]. rewrite bpow_plus. change (pow2 1) with 2. ring.
Qed.

(* the series as computed, for a w that is not absurdly small *)
Lemma series_error : forall w, format64 w -> pow2 (-1000) <= Rabs w <= 1736/10000 -> rel (14/10 * u64) (series_hat w) (log_series w).
Proof.
intros w Fw [Hl Hw]. destruct small_1000 as [S0 S1]. assert (U := u64_figure). assert (N : w <> 0) by (intros ->; rewrite Rabs_R0 in Hl; lra).
unfold series_hat. cbv zeta. rewrite twice_exact by exact Fw. rewrite log_series_tail.
set (v := mul w w). set (x := w * w) in *.
assert (X : 0 <= x <= 3014/100000).
{ unfold x. rewrite <- (Rabs_pos_eq (w * w)) by nra. rewrite Rabs_mult. assert (P := Rabs_pos w). split; nra. }
assert (Et : eta64 <= / 10 ^ 60).
{ apply Rle_trans with (pow2 (-300)). unfold eta64. apply bpow_le. lia. simpl. lra. }
assert (Ep := eta64_pos).
assert (V : Rabs (v - x) <= u64 * x + eta64).
{ eapply Rle_trans. apply rnd_error. fold x. rewrite (Rabs_pos_eq x) by lra. lra. }
apply Rabs_le_inv in V. assert (V0 : 0 <= v).
{ unfold v, mul. rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances. fold x. lra. }
assert (VB : 0 <= v <= 302/10000) by (rewrite U in V; lra).
destruct (tail_error v VB) as [T1 T2]. destruct (tail_lipschitz x v ltac:(lra) VB) as [L1 L2].
set (h := tail_hat v) in *. set (b := tail_of x) in *.
(* the cube, relative to 2 w *)
set (p := mul (2 * w) v). assert (Pc : Rabs (p - 2 * w * x) <= Rabs (2 * w) * (u64 * / 10)).
{ assert (E := rnd_error (2 * w * v)). fold (mul (2 * w) v) in E. fold p in E. rewrite Rabs_mult, (Rabs_pos_eq v) in E by exact V0.
  assert (Eta : eta64 <= Rabs (2 * w) * (u64 * / 1000)).
  { apply Rle_trans with (pow2 (-1000) * pow2 (-73)). unfold eta64. rewrite <- bpow_plus. apply bpow_le. lia.
    rewrite Rabs_mult, (Rabs_pos_eq 2) by lra. apply Rmult_le_compat; try apply bpow_ge_0. lra. rewrite U. simpl. lra. }
  replace (p - 2 * w * x) with ((p - 2 * w * v) + 2 * w * (v - x)) by ring.
  eapply Rle_trans. apply Rabs_triang. rewrite (Rabs_mult (2 * w)).
  assert (Vx : Rabs (v - x) <= u64 * 31/1000) by (apply Rabs_le; rewrite U in *; lra).
  assert (Rabs (2 * w) * Rabs (v - x) <= Rabs (2 * w) * (u64 * 31/1000)) by (apply Rmult_le_compat_l; [apply Rabs_pos | exact Vx]).
  assert (u64 * (Rabs (2 * w) * v) <= Rabs (2 * w) * (u64 * (302/10000))).
  { replace (u64 * (Rabs (2 * w) * v)) with (Rabs (2 * w) * (u64 * v)) by ring. apply Rmult_le_compat_l. apply Rabs_pos.
    apply Rmult_le_compat_l; rewrite ?U; lra. }
  assert (P2 := Rabs_pos (2 * w)). assert (0 <= Rabs (2 * w) * u64) by (apply Rmult_le_pos; rewrite ?U; lra). lra. }
set (a := p * h + 2 * w). set (y := 2 * w * (1 + x * b)).
assert (Bx : 0 <= x * b <= 11/1000) by nra.
assert (A : Rabs (a - y) <= Rabs (2 * w) * (u64 * (3/10))).
{ replace (a - y) with ((p - 2 * w * x) * h + 2 * w * (x * (h - b))) by (unfold a, y; ring).
  eapply Rle_trans. apply Rabs_triang. rewrite (Rabs_mult (p - 2 * w * x) h), (Rabs_mult (2 * w)), (Rabs_mult x), (Rabs_pos_eq h), (Rabs_pos_eq x) by lra.
  assert (P2 := Rabs_pos (2 * w)).
  assert (Hb : Rabs (h - b) <= u64 * (805/100)).
  { replace (h - b) with ((h - tail_of v) + (tail_of v - b)) by ring. eapply Rle_trans. apply Rabs_triang.
    assert (Rabs (v - x) <= u64 * 31/1000) by (apply Rabs_le; rewrite U in *; lra).
    replace (pow2 (-50)) with (8 * u64) in T1 by (rewrite U; simpl; lra). lra. }
  assert (x * Rabs (h - b) <= 3014/100000 * (u64 * (805/100))) by (apply Rmult_le_compat; try lra; apply Rabs_pos).
  assert (Rabs (2 * w) * (x * Rabs (h - b)) <= Rabs (2 * w) * (u64 * (243/1000))) by (apply Rmult_le_compat_l; lra).
  assert (Rabs (p - 2 * w * x) * h <= Rabs (2 * w) * (u64 * / 10) * (35/100)) by (apply Rmult_le_compat; try lra; apply Rabs_pos).
  assert (0 <= Rabs (2 * w) * u64) by (apply Rmult_le_pos; rewrite ?U; lra). lra. }
assert (Y : Rabs (2 * w) <= Rabs y).
{ unfold y. rewrite (Rabs_mult (2 * w)), (Rabs_pos_eq (1 + x * b)) by lra. assert (P2 := Rabs_pos (2 * w)). nra. }
assert (R1 : rel (3/10 * u64) a y).
{ unfold rel. eapply Rle_trans. exact A. rewrite <- Rmult_assoc, (Rmult_comm (Rabs (2 * w))). rewrite Rmult_assoc.
  replace (u64 * (Rabs (2 * w) * (3 / 10))) with (3 / 10 * u64 * Rabs (2 * w)) by ring.
  apply Rmult_le_compat_l; [rewrite U; lra | exact Y]. }
apply rel_weaken with (u64 + 1025/1024 * (3/10 * u64)). rewrite U. lra.
apply rel_trans with a; try (rewrite U; lra); trivial.
apply rnd_rel. assert (Ay : Rabs y <= Rabs a + Rabs (a - y)).
{ replace y with (a + - (a - y)) at 1 by ring. eapply Rle_trans. apply Rabs_triang. rewrite Rabs_Ropp. lra. }
assert (P0 := bpow_gt_0 radix2 (-1020)). assert (pow2 (-1020) <= pow2 (-1000)) by (apply bpow_le; lia).
rewrite (Rabs_mult 2), (Rabs_pos_eq 2) in * by lra. rewrite U in A. lra.
Qed.

(* the derivative of ln((1 + w)/(1 - w)) is between 2 and 2.07 here *)
Lemma log_ratio_slope : forall a b, Rabs a <= 1736/10000 -> Rabs b <= 1736/10000 ->
  exists s, 2 <= s <= 207/100 /\ log_ratio b - log_ratio a = s * (b - a).
Proof.
intros a b Ha Hb. apply Rabs_le_inv in Ha. apply Rabs_le_inv in Hb.
assert (M : -1736/10000 <= Rmin a b /\ Rmax a b <= 1736/10000).
{ unfold Rmin, Rmax. destruct (Rle_dec a b); lra. }
destruct (MVT_gen log_ratio a b (fun x => 2 / (1 - x ^ 2))) as (c & Hc & E).
- intros x Hx. apply log_ratio_derive. lra.
- intros x Hx. apply derivable_continuous_pt. exists (2 / (1 - x ^ 2)). apply is_derive_Reals, log_ratio_derive. lra.
- exists (2 / (1 - c ^ 2)). split; [|exact E]. assert (H : -1736/10000 <= c <= 1736/10000) by lra. clear -H. split.
  + apply Rmult_le_reg_r with (1 - c ^ 2). nra. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by nra. nra.
  + apply Rmult_le_reg_r with (1 - c ^ 2). nra. unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l by nra. nra.
Qed.

Lemma ratio_error : forall f, pow2 (-990) <= Rabs f -> -295/1000 <= f <= 53/128 ->
  rel (201/100 * u64) (ratio_hat f) (f / (2 + f)) /\ pow2 (-1000) <= Rabs (ratio_hat f) <= 1736/10000 /\ Rabs (f / (2 + f)) <= 1736/10000.
Proof.
intros f Hl Hf. assert (U := u64_figure). assert (P0 := bpow_gt_0 radix2 (-990)).
assert (D : rel u64 (add 2 f) (2 + f)).
{ apply rnd_rel. rewrite Rabs_pos_eq by lra. apply Rle_trans with (pow2 0). apply bpow_le. lia. simpl. lra. }
unfold rel in D. rewrite (Rabs_pos_eq (2 + f)) in D by lra. apply Rabs_le_inv in D. set (d := add 2 f) in *.
assert (Pd : 17/10 <= d <= 242/100) by (rewrite U in D; lra).
assert (Q : rel (1001/1000 * u64) (f / d) (f / (2 + f))).
{ unfold rel. replace (f / d - f / (2 + f)) with (f / (2 + f) * ((2 + f - d) / d)) by (field; lra).
  rewrite Rabs_mult, Rmult_comm. apply Rmult_le_compat_r. apply Rabs_pos. unfold Rdiv. rewrite Rabs_mult, (Rabs_pos_eq (/ d)).
  2: apply Rlt_le, Rinv_0_lt_compat; lra. apply Rmult_le_reg_r with d. lra. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
  apply Rabs_le. rewrite U in *. lra. }
assert (W : Rabs (f / (2 + f)) <= 17303/100000).
{ apply Rabs_le. split.
  - apply Rmult_le_reg_r with (2 + f). lra. unfold Rdiv at 2. rewrite Rmult_assoc, Rinv_l by lra. lra.
  - apply Rmult_le_reg_r with (2 + f). lra. unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l by lra. lra. }
assert (F2 : pow2 (-992) <= Rabs (f / d)).
{ unfold Rdiv. rewrite Rabs_mult, (Rabs_pos_eq (/ d)) by (apply Rlt_le, Rinv_0_lt_compat; lra).
  change (-992)%Z with (-990 + -2)%Z. rewrite bpow_plus. apply Rmult_le_compat; trivial; try apply bpow_ge_0.
  change (pow2 (-2)) with (/ 4). apply Rinv_le_contravar; lra. }
assert (R : rel u64 (ratio_hat f) (f / d)).
{ apply rnd_rel. apply Rle_trans with (2 := F2). apply bpow_le. lia. }
assert (T : rel (201/100 * u64) (ratio_hat f) (f / (2 + f))).
{ apply rel_weaken with (u64 + 1025/1024 * (1001/1000 * u64)). rewrite U. lra. apply rel_trans with (f / d); trivial; rewrite U; lra. }
split; [exact T|]. split; [|lra]. split.
- assert (A : Rabs (f / d) <= 2 * Rabs (ratio_hat f)).
  { unfold rel in R. assert (B : Rabs (f / d) <= Rabs (ratio_hat f) + Rabs (ratio_hat f - f / d)).
    { replace (f / d) with (ratio_hat f + - (ratio_hat f - f / d)) at 1 by ring. eapply Rle_trans. apply Rabs_triang. rewrite Rabs_Ropp. lra. }
    assert (P := Rabs_pos (f / d)). rewrite U in R. lra. }
  assert (pow2 (-992) = 256 * pow2 (-1000)). { change (-992)%Z with (8 + -1000)%Z. rewrite bpow_plus. reflexivity. }
  generalize (bpow_gt_0 radix2 (-1000)). lra.
- unfold rel in T. assert (B : Rabs (ratio_hat f) <= Rabs (f / (2 + f)) + Rabs (ratio_hat f - f / (2 + f))).
  { replace (ratio_hat f) with (f / (2 + f) + (ratio_hat f - f / (2 + f))) at 1 by ring. apply Rabs_triang. }
  rewrite U in T. lra.
Qed.

(* ln(1 + f) by the series *)
Lemma small_error : forall f, f = 0 \/ pow2 (-990) <= Rabs f -> -295/1000 <= f <= 53/128 ->
  rel (14 * u64) (series_hat (ratio_hat f)) (ln (1 + f)) /\ format64 (series_hat (ratio_hat f)).
Proof.
intros f Hl Hf. assert (U := u64_figure). split; [|apply generic_format_round; auto with typeclass_instances].
destruct Hl as [-> | Hl].
{ assert (R0 : rnd 0 = 0) by (apply round_0; auto with typeclass_instances).
  assert (E0 : ratio_hat 0 = 0) by (unfold ratio_hat; replace (0 / add 2 0) with 0 by (unfold Rdiv; ring); exact R0).
  assert (E1 : series_hat 0 = 0).
  { unfold series_hat, mul. cbv zeta. unfold fma at 1. repeat (rewrite Rmult_0_r || rewrite Rmult_0_l || rewrite R0). rewrite Rplus_0_r. exact R0. }
  rewrite E0, E1. unfold rel. rewrite Rplus_0_r, ln_1, Rminus_0_r, Rabs_R0. lra. }
destruct (ratio_error f Hl Hf) as (R & B & W). set (w := ratio_hat f) in *.
assert (Fw : format64 w) by (apply generic_format_round; auto with typeclass_instances).
assert (S := series_error w Fw B). rewrite <- log_ratio_f by lra. set (x := f / (2 + f)) in *.
assert (Z : log_ratio 0 = 0). { unfold log_ratio. replace ((1 + 0) / (1 - 0)) with 1 by field. apply ln_1. }
assert (Two : 2 * Rabs x <= Rabs (log_ratio x)).
{ destruct (log_ratio_slope 0 x) as (s & Hs & E). rewrite Rabs_R0; lra. lra.
  rewrite Z, !Rminus_0_r in E. rewrite E, Rabs_mult, (Rabs_pos_eq s) by lra. apply Rmult_le_compat_r. apply Rabs_pos. lra. }
assert (M : rel (21/10 * u64) (log_ratio w) (log_ratio x)).
{ destruct (log_ratio_slope x w W ltac:(lra)) as (s & Hs & E). unfold rel in *. rewrite E, Rabs_mult, (Rabs_pos_eq s) by lra.
  assert (s * Rabs (w - x) <= 207/100 * (201/100 * u64 * Rabs x)) by (apply Rmult_le_compat; try lra; apply Rabs_pos).
  assert (0 <= u64 * Rabs x) by (apply Rmult_le_pos; [rewrite U; lra | apply Rabs_pos]).
  assert (u64 * (2 * Rabs x) <= u64 * Rabs (log_ratio x)) by (apply Rmult_le_compat_l; rewrite ?U; lra). lra. }
assert (L : rel (101/10 * u64) (log_series w) (log_ratio w)).
{ unfold rel. rewrite <- Rabs_Ropp. replace (- (log_series w - log_ratio w)) with (log_ratio w - log_series w) by ring.
  eapply Rle_trans. apply (log_method_error w (1736/10000)). lra. tauto.
  apply Rmult_le_compat_r. apply Rabs_pos. rewrite U. interval. }
apply rel_weaken with (14/10 * u64 + 1025/1024 * (101/10 * u64 + 1025/1024 * (21/10 * u64))). rewrite U. lra.
apply rel_trans with (log_series w); trivial; try (rewrite U; lra).
apply rel_trans with (log_ratio w); trivial; rewrite U; lra.
Qed.

(* a double near 1 is 1 or at least 2^-54 away *)
Lemma apart_from_1 : forall m, format64 m -> 705/1000 <= m -> m - 1 = 0 \/ pow2 (-990) <= Rabs (m - 1).
Proof.
intros m Fm Hm. assert (F1 : format64 1) by (apply (format64_int 1); lia).
assert (G : forall x, 1 / 2 <= x -> pow2 (-990) <= ulp radix2 fexp64 x).
{ intros x Hx. rewrite ulp_neq_0 by lra. apply bpow_le. unfold cexp, FLT_exp.
  assert (0 <= mag radix2 x)%Z by (apply mag_ge_bpow; rewrite Rabs_pos_eq by lra; simpl; lra). lia. }
destruct (Rtotal_order m 1) as [L|[E|L]].
- right. assert (S := succ_le_lt radix2 fexp64 m 1 Fm F1 L). rewrite succ_eq_pos in S by lra.
  specialize (G m ltac:(lra)). rewrite Rabs_left; lra.
- left. lra.
- right. assert (S := succ_le_lt radix2 fexp64 1 m F1 Fm L). rewrite succ_eq_pos in S by lra.
  specialize (G 1 ltac:(lra)). rewrite Rabs_pos_eq; lra.
Qed.

(* T3l: the C kernel's relative error *)
Theorem log1p_hat_error : forall t c, t = 0 \/ pow2 (-900) <= t <= pow2 35 -> log1p_is t c ->
  Rabs (c - ln (1 + t)) <= pow2 (-48) * ln (1 + t).
Proof.
intros t c Ht H. assert (U := u64_figure). assert (E48 : pow2 (-48) = 32 * u64) by (rewrite U; simpl; lra). rewrite E48. clear E48.
assert (P9 := bpow_gt_0 radix2 (-900)). assert (T0 : 0 <= t) by lra.
assert (Ln : 0 <= ln (1 + t)) by (rewrite <- ln_1; apply ln_le; lra).
destruct H as [[Hs ->] | (Hs & m & k & Hk & Em & Hm & ->)].
- destruct (small_error t) as [R F]; [destruct Ht as [Z|Z]; [left; exact Z | right; rewrite Rabs_pos_eq by lra] | lra |].
  { apply Rle_trans with (2 := proj1 Z). apply bpow_le. lia. }
  assert (E : log_result 0 t = series_hat (ratio_hat t)).
  { unfold log_result, fma. rewrite Rmult_0_l, Rplus_0_l. apply round_generic; auto with typeclass_instances. }
  rewrite E. unfold rel in R. rewrite (Rabs_pos_eq (ln (1 + t))) in R by exact Ln. eapply Rle_trans. exact R.
  apply Rmult_le_compat_r; trivial. rewrite U. lra.
- (* d = fl(1 + t) = m 2^k *)
  assert (Fd : format64 (add 1 t)) by (apply generic_format_round; auto with typeclass_instances).
  assert (D : rel u64 (add 1 t) (1 + t)).
  { apply rnd_rel. rewrite Rabs_pos_eq by lra. apply Rle_trans with (pow2 0). apply bpow_le. lia. simpl. lra. }
  unfold rel in D. rewrite (Rabs_pos_eq (1 + t)) in D by lra. set (d := add 1 t) in *. apply Rabs_le_inv in D.
  assert (Pk := bpow_gt_0 radix2 k).
  assert (Fm : format64 m).
  { assert (E : m = d * pow2 (- k)).
    { rewrite <- Em, Rmult_assoc, <- bpow_plus. replace (k + - k)%Z with 0%Z by lia. simpl. ring. }
    rewrite E, <- scale_exact; trivial. apply generic_format_round; auto with typeclass_instances. rewrite U in D. lra. lia. }
  assert (Sf : sub m 1 = m - 1).
  { unfold sub. apply round_generic; auto with typeclass_instances. apply sterbenz; auto with typeclass_instances.
    apply (format64_int 1). lia. lra. }
  rewrite Sf. destruct (small_error (m - 1)) as [R F]; [now apply apart_from_1 | lra |].
  set (s := series_hat (ratio_hat (m - 1))) in *. replace (1 + (m - 1)) with m in R by ring. unfold rel in R.
  (* ln(1 + t) = k ln 2 + ln m - ln(d/(1 + t)) *)
  set (e := d / (1 + t)). assert (He : 1 - u64 <= e <= 1 + u64).
  { unfold e. split; (apply Rmult_le_reg_r with (1 + t); [lra|]); unfold Rdiv; rewrite Rmult_assoc, Rinv_l by lra; rewrite U in *; lra. }
  assert (Le : Rabs (ln e) <= 101/100 * u64).
  { assert (Pe : 0 < e) by (rewrite U in He; lra). assert (I := Rinv_0_lt_compat e Pe).
    assert (A := exp_ineq1_le (ln e)). rewrite exp_ln in A by exact Pe.
    assert (B := exp_ineq1_le (ln (/ e))). rewrite exp_ln, ln_Rinv in B by assumption.
    assert (C : / e <= 1 + 101/100 * u64).
    { apply Rmult_le_reg_r with e; trivial. rewrite Rinv_l by lra. rewrite U in *. lra. }
    apply Rabs_le. rewrite U in *. lra. }
  assert (L : ln (1 + t) = IZR k * ln 2 + ln m - ln e).
  { assert (Q : 1 + t = m * pow2 k / e).
    { unfold e. rewrite Em. field. rewrite U in D. lra. }
    assert (Pe : 0 < e) by (rewrite U in He; lra).
    rewrite Q at 1. unfold Rdiv. rewrite ln_mult, ln_mult, ln_Rinv; try lra.
    - rewrite bpow_exp, ln_exp. simpl (IZR radix2). ring.
    - apply Rmult_lt_0_compat; lra.
    - now apply Rinv_0_lt_compat. }
  assert (Lm : Rabs (ln m) <= 3497/10000).
  { clear -Hm. assert (-(3497/10000) <= ln m <= 3497/10000); [|apply Rabs_le; lra]. split; interval. }
  assert (L0 : 3464/10000 <= ln (1 + t)).
  { apply Rle_trans with (ln (1 + 53/128)). interval. apply ln_le; lra. }
  assert (L2 : Rabs (ln2 - ln 2) <= / 4 * u64).
  { rewrite U. unfold ln2. interval with (i_prec 110). }
  assert (Hl2 : 6931/10000 <= ln 2) by interval.
  assert (K : 0 <= IZR k) by (apply IZR_le; lia).
  set (x := IZR k * ln2 + s). set (y := ln (1 + t)) in *.
  assert (X : Rabs (x - y) <= 18 * u64 * y).
  { replace (x - y) with (IZR k * (ln2 - ln 2) + ((s - ln m) + ln e)) by (unfold x; rewrite L; ring).
    eapply Rle_trans. apply Rabs_triang. rewrite Rabs_mult, (Rabs_pos_eq (IZR k)) by exact K.
    assert (A1 := Rabs_triang (s - ln m) (ln e)).
    assert (A2 : IZR k * Rabs (ln2 - ln 2) <= IZR k * (/ 4 * u64)) by (apply Rmult_le_compat_l; trivial).
    assert (A3 : 14 * u64 * Rabs (ln m) <= 14 * u64 * (3497/10000)) by (apply Rmult_le_compat_l; rewrite ?U; lra).
    assert (A4 : IZR k * (6931/10000) <= y + 3498/10000).
    { assert (IZR k * (6931/10000) <= IZR k * ln 2) by (apply Rmult_le_compat_l; trivial).
      apply Rabs_le_inv in Lm. apply Rabs_le_inv in Le. rewrite U in Le. lra. }
    rewrite U in *. lra. }
  unfold log_result, fma. fold s. fold x. assert (Rx := rnd_error x).
  assert (Et : eta64 <= / 10 ^ 60).
  { apply Rle_trans with (pow2 (-300)). unfold eta64. apply bpow_le. lia. simpl. lra. }
  replace (rnd x - y) with ((rnd x - x) + (x - y)) by ring. eapply Rle_trans. apply Rabs_triang.
  assert (Bx : Rabs x <= y + Rabs (x - y)).
  { replace x with (y + (x - y)) at 1 by ring. eapply Rle_trans. apply Rabs_triang. rewrite (Rabs_pos_eq y) by lra. lra. }
  rewrite U in *. lra.
Qed.
