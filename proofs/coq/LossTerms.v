(* SPDX-License-Identifier: Apache-2.0 *)
(* T6 for the cross-entropy, what is computed of the terms: ln(1 + rest), (1-a) (m - s_y) and (a/K) sum_k (m - s_k), s the computed
   sigmas, m the largest. All are >= 0, so relative errors of the terms are one of their sum; see LossBound.v. *)
From Coq Require Import Reals ZArith Bool Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 SigmaFloat AffineFloat RealSum Softmax Within Contract Accuracy LogContract LogRest LastRounding LogBound LossContract.
Open Scope R_scope.

(* errors above a floor *)
Lemma near_plus : forall t f g a b c d, near t f a b -> near t g c d -> near t (f + g) (a + c) (b + d).
Proof. intros t f g a b c d [] []. split; lra. Qed.
Lemma near_trans : forall s t f g a b c, 0 <= s -> 0 <= t -> 0 <= f -> 0 <= g -> near s f a b -> near t g b c -> near (s + t) (f + g) a c.
Proof.
intros s t f g a b c Hs Ht Hf Hg [A1 A2] [B1 B2]. assert (Es := exp_ge_1 s Hs). assert (Et := exp_ge_1 t Ht). unfold near. rewrite exp_plus. split.
- rewrite Rmult_assoc. apply Rle_trans with (1 := A1). apply Rmult_le_compat_l. lra. nra.
- rewrite (Rmult_comm (exp s)), Rmult_assoc. apply Rle_trans with (1 := B2). apply Rmult_le_compat_l. lra. nra.
Qed.
Lemma near_scale : forall s t f x y a b, 0 <= x <= 1 -> 0 <= y <= 1 -> 0 <= f -> 0 <= a -> 0 <= b ->
  within s x y -> near t f a b -> near (s + t) f (x * a) (y * b).
Proof.
intros s t f x y a b Hx Hy Hf Ha Hb [A1 A2] [B1 B2]. assert (Es := exp_pos s). assert (Et := exp_pos t). unfold near. rewrite exp_plus.
assert (One : forall x y a b, 0 <= x -> 0 <= y <= 1 -> 0 <= a -> 0 <= b -> x <= exp s * y -> a <= exp t * (b + f) -> x * a <= exp s * exp t * (y * b + f)).
{ clear - Es Et Hf. intros x y a b Hx Hy Ha Hb H1 H2. apply Rle_trans with ((exp s * y) * (exp t * (b + f))). now apply Rmult_le_compat.
  replace ((exp s * y) * (exp t * (b + f))) with (exp s * exp t * (y * (b + f))) by ring. apply Rmult_le_compat_l.
  apply Rmult_le_pos; lra. nra. }
split; apply One; trivial; lra.
Qed.
Lemma near_of_relative : forall e f a b, 0 <= e < 1 -> 0 <= f -> 0 <= a -> 0 <= b -> Rabs (a - b) <= e * b + f -> near (e / (1 - e)) f a b.
Proof.
intros e f a b He Hf Ha Hb H. apply Rabs_le_inv in H. set (t := e / (1 - e)). assert (T : (1 + t) * (1 - e) = 1) by (unfold t; field; lra).
assert (Pt : e <= t) by nra. assert (G := exp_ineq1_le t). split.
- apply Rle_trans with ((1 + t) * (b + f)); [nra | apply Rmult_le_compat_r; lra].
- apply Rle_trans with ((1 + t) * (a + f)); [|apply Rmult_le_compat_r; lra].
  apply Rle_trans with ((1 + t) * ((1 - e) * b)). rewrite <- Rmult_assoc, T. lra. apply Rmult_le_compat_l; lra.
Qed.
Lemma unit_figure : u64 / (1 - u64) <= 101/100 * u64.
Proof.
assert (U : 0 < u64 <= / 1024) by apply u64_small. apply Rmult_le_reg_r with (1 - u64). lra. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra.
Qed.
Lemma near_rnd : forall v, 0 <= v -> 0 <= rnd v /\ near (101/100 * u64) eta64 (rnd v) v.
Proof.
intros v Hv. assert (P : 0 <= rnd v).
{ rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances. }
split; trivial. assert (Pe := eta64_pos). apply near_weaken with (u64 / (1 - u64)); try lra. apply unit_figure.
apply near_of_relative; try lra. generalize u64_small; lra. eapply Rle_trans. apply rnd_error. rewrite (Rabs_pos_eq v) by trivial. lra.
Qed.
Lemma within_sub : forall a b, format64 a -> format64 b -> b <= a -> 0 <= sub a b /\ within (101/100 * u64) (sub a b) (a - b).
Proof.
intros a b Fa Fb H. assert (E := sub_error a b Fa Fb). rewrite (Rabs_pos_eq (a - b)) in E by lra.
assert (P : 0 <= sub a b).
{ unfold sub. rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances. lra. }
split; trivial. apply within_weaken with (u64 / (1 - u64)); try lra. apply unit_figure. apply within_of_relative; try lra.
generalize u64_small; lra.
Qed.

(* K is a whole number of entries *)
Lemma count_kept : forall r n, exists k, sum n (kept r (fun _ => 1)) = INR k /\ (k <= n)%nat.
Proof.
intros r. induction n as [|n (k & E & L)]. exists O. now split.
simpl. unfold kept at 2. rewrite E. destruct (taken r n).
- exists (S k). rewrite S_INR. split. lra. lia.
- exists k. split. lra. lia.
Qed.
Lemma count_figures : forall r y, valid_row r -> (y < size r)%nat -> taken r y = true ->
  1 <= unmasked_count r <= INR (size r) /\ rnd (unmasked_count r) = unmasked_count r.
Proof.
intros r y Vr Hy Ty. unfold unmasked_count. assert (K1 := kept_term r (fun _ => 1) (size r) y ltac:(intros; lra) Hy Ty). simpl in K1.
destruct (count_kept r (size r)) as (k & E & L). rewrite E in *. split. split; trivial. now apply le_INR.
apply round_generic; auto with typeclass_instances. rewrite INR_IZR_INZ. apply format64_int. destruct Vr as [V _]. lia.
Qed.

(* the computed ln(1 + rest) against the exact one of the computed sigmas *)
Lemma const_near : forall r m rest c, valid_row r -> is_rest r m rest -> log_is rest c -> exists t, top_at r t m /\ 0 <= c /\
  near (const_error (INR (size r)) + (0 + eps_e / (1 - eps_e))) (INR (size r) * low) c (ln (1 + others r (modulated_at r) t m)).
Proof.
intros r m rest c Vr (t & w & Tp & Sec & Ro) Lc. exists t. split; [exact Tp|].
destruct (const_close r t m w rest c Vr Tp Sec Ro Lc) as (S0 & C0 & Fc & Wc). destruct Tp as (Ht & T & Et & Top).
assert (N := many r Vr). destruct figures as (F1 & _ & _ & _). destruct low_clamp as [L1 L2]. assert (CE := const_small _ N).
assert (Fm : format64 m) by (rewrite <- Et; apply format64_rnd).
assert (Fl : 0 <= INR (size r) * low) by (apply Rmult_le_pos; lra). assert (Q : 0 <= eps_e / (1 - eps_e)) by (rewrite F1; lra).
split; [exact C0|]. apply near_within with (ln (1 + sum (size r) (kept (drop r t) (weight r m)))); try lra; trivial. apply near_ln; try lra.
- apply others_nonneg.
- unfold others. apply sums_near; try lra. intros k Hk Dk. apply weight_near; trivial; try lra.
  + apply format64_rnd.
  + apply Top; trivial. apply dropped in Dk. tauto.
  + left. rewrite Rminus_eq_0, Rabs_R0. lra.
Qed.

(* the computed sum of the distances against the exact one of the computed sigmas *)
Lemma below_near : forall r t m b, valid_row r -> top_at r t m -> is_below r m b ->
  0 <= b /\ near (const_error (INR (size r))) (INR (size r) * pow2 (-257)) b (sum (size r) (kept r (fun i => m - modulated_at r i))).
Proof.
intros r t m b Vr (Ht & T & Et & Top) (far & big & (F0 & Fa & Fx) & (E & HE & ->) & (G1 & G2 & G3) & Sc). assert (N := many r Vr).
set (n := INR (size r)) in *. assert (U := u64_small). assert (Fm : format64 m) by (rewrite <- Et; apply format64_rnd).
assert (Bl : forall i, (i < size r)%nat -> taken r i = true -> 0 <= below_at r m i /\ within (101/100 * u64) (below_at r m i) (m - modulated_at r i)).
{ intros i Hi Ti. apply within_sub; trivial. apply format64_rnd. now apply Top. }
set (D := sum (size r) (kept r (below_at r m))). set (B := sum _ _).
assert (D0 : 0 <= D) by (apply kept_nonneg; intros; now apply Bl).
assert (FD : far <= D).
{ destruct Fx as [->|(s & Hs & Ts & <-)]; trivial. apply (kept_term r (below_at r m)); trivial. intros; now apply Bl. }
assert (P50 : pow2 (-50) = / 1125899906842624) by (simpl; lra). assert (P51 : pow2 (-51) = / 2251799813685248) by (simpl; lra).
set (g := grid_error n). assert (Hg : 0 <= g <= / 500000) by (unfold g, grid_error; rewrite P50; lra).
set (Q := below_sum r m (6 * pow2 E)) in *. assert (PE := bpow_gt_0 radix2 E).
assert (Qs : Rabs (Q - D) <= g * D + n * pow2 (-257)).
{ unfold Q, below_sum, D. rewrite <- sum_minus. eapply Rle_trans. apply sum_abs. fold D.
  apply Rle_trans with (n * pow2 (E - 51)).
  - unfold n. rewrite <- sum_const. apply sum_le. intros i Hi. unfold kept. destruct (taken r i) eqn:Ti.
    + apply quant_close_grid. lia. specialize (Fa i Hi Ti). assert (0 <= below_at r m i) by now apply Bl. lra.
    + rewrite Rminus_0_r, Rabs_R0. apply bpow_ge_0.
  - unfold g, grid_error. rewrite Rmult_assoc, <- Rmult_plus_distr_l. apply Rmult_le_compat_l. apply N.
    replace (E - 51)%Z with (-51 + E)%Z by lia. rewrite bpow_plus.
    assert (P257 := bpow_gt_0 radix2 (-257)). destruct G3 as [G3|G3].
    + rewrite P50, P51. lra.
    + assert (PE2 : pow2 E <= pow2 (-206)).
      { change (-206)%Z with (1 + -207)%Z. rewrite bpow_plus. change (pow2 1) with 2. lra. }
      assert (pow2 (-51) * pow2 E <= pow2 (-257)).
      { change (-257)%Z with (-51 + -206)%Z. rewrite bpow_plus. apply Rmult_le_compat_l; trivial. apply bpow_ge_0. }
      assert (0 <= pow2 (-50) * D) by (apply Rmult_le_pos; trivial; apply bpow_ge_0). lra. }
assert (Qb : 0 <= Q /\ 0 <= b /\ Rabs (b - Q) <= pow2 (-51) * Q + 0).
{ destruct Sc as [[Z1 Z2]|C].
  { rewrite Z1, Z2, Rminus_eq_0, Rabs_R0. lra. }
  unfold total_close in C. rewrite P51 in *. split; [lra|]. split; [lra|]. apply Rabs_le. lra. }
destruct Qb as (Q0 & B0 & Qb). split; [exact B0|].
assert (Fn : 0 <= n * pow2 (-257)) by (apply Rmult_le_pos; [lra | apply bpow_ge_0]).
assert (W1 := near_of_relative (pow2 (-51)) 0 b Q ltac:(rewrite P51; lra) ltac:(lra) B0 Q0 Qb).
assert (W2 := near_of_relative g _ Q D ltac:(lra) Fn Q0 D0 Qs).
assert (W3 : near (101/100 * u64) (n * 0) D B).
{ apply sums_near; try lra. intros i Hi Ti. apply near_0. now apply Bl. }
assert (B1 : 0 <= B). { apply kept_nonneg. intros i Hi Ti. specialize (Top i Hi Ti). lra. }
assert (T1 : 0 <= pow2 (-51) / (1 - pow2 (-51))) by (rewrite P51; lra).
assert (T2 : 0 <= g / (1 - g)) by (apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat; lra]).
assert (P48 : 2 * u64 <= pow2 (-48) / (1 - pow2 (-48))) by (unfold u64; simpl; lra).
apply near_floor with (0 + n * pow2 (-257) + n * 0). lra.
apply near_weaken with (pow2 (-51) / (1 - pow2 (-51)) + g / (1 - g) + 101/100 * u64); try lra.
- unfold const_error. fold g. lra.
- apply near_trans with D; trivial; try lra. apply near_trans with Q; trivial; lra.
Qed.

(* the loss before its last rounding against that of the computed sigmas *)
Definition loss_chain (n : R) : R := const_error n + eps_e / (1 - eps_e) + 6 * u64.
Definition terms_of (r : row) (y t : nat) (a m : R) : R :=
  ln (1 + others r (modulated_at r) t m) + (1 - a) * (m - modulated_at r y) +
  a / unmasked_count r * sum (size r) (kept r (fun i => m - modulated_at r i)).
Lemma smooth_near : forall r y a m rest c l, valid_row r -> is_rest r m rest -> log_is rest c -> loss_is r y a m c l ->
  (y < size r)%nat -> taken r y = true -> format32 a -> 0 < a <= 1 -> exists t, top_at r t m /\ 0 <= l /\ 0 <= terms_of r y t a m /\
  near (loss_chain (INR (size r))) (3 / 4 * (INR (size r) * clamp)) l (terms_of r y t a m).
Proof.
intros r y a m rest c l Vr Rs Lc Ls Hy Ty Fa Ha. destruct Ls as [[Z _]|(_ & s & Bs & El)]; [lra|].
destruct (const_near r m rest c Vr Rs Lc) as (t & Tp & C0 & Nc). exists t. split; [exact Tp|].
destruct (below_near r t m s Vr Tp Bs) as [S0 Ns]. destruct (count_figures r y Vr Hy Ty) as [HK RK]. assert (N := many r Vr).
destruct Tp as (Ht & T & Et & Top). assert (Fm : format64 m) by (rewrite <- Et; apply format64_rnd).
destruct (within_sub m (modulated_at r y) Fm (format64_rnd _) (Top y Hy Ty)) as [B0 Wb].
destruct (within_sub 1 a (format64_int 1 ltac:(lia)) (format32_64 _ Fa) ltac:(lra)) as [A0 Wa].
assert (A1 : sub 1 a <= 1).
{ unfold sub. rewrite <- (round_generic radix2 fexp64 ZnearestE 1) at 2 by (apply (format64_int 1); lia).
  apply round_le; auto with typeclass_instances. lra. }
set (n := INR (size r)) in *. set (K := unmasked_count r) in *. set (L := ln _) in Nc. unfold terms_of. fold L K.
set (b := m - modulated_at r y) in *. set (B := sum _ _) in *. assert (Bp : 0 <= b) by (specialize (Top y Hy Ty); unfold b; lra).
assert (BB : 0 <= B). { apply kept_nonneg. intros i Hi Ti. specialize (Top i Hi Ti). lra. }
assert (LL : 0 <= L) by apply ln_1_pos, others_nonneg.
(* the share a/K *)
assert (Ka : pow2 (-149) <= a) by (apply (generic_format_ge_bpow radix2 (FLT_exp (-149) 24)); trivial; [intros e; unfold FLT_exp; lia | lra]).
assert (Q0 : pow2 (-1000) <= a / K <= 1).
{ assert (I : / 2147483647 <= / K <= 1).
  { split. apply Rinv_le_contravar; lra. rewrite <- Rinv_1. apply Rinv_le_contravar; lra. } split.
  - apply Rle_trans with (pow2 (-149) * pow2 (-31)). rewrite <- bpow_plus. apply bpow_le. lia.
    apply Rmult_le_compat; try apply bpow_ge_0; trivial. apply Rle_trans with (2 := proj1 I). simpl. lra.
  - unfold Rdiv. apply Rle_trans with (1 * 1); [apply Rmult_le_compat|]; lra. }
assert (Wq := within_rnd (a / K) (proj1 Q0)). assert (P1000 := bpow_gt_0 radix2 (-1000)).
assert (Q1 : 0 <= rnd (a / K) <= 1).
{ split. rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances. lra.
  rewrite <- (round_generic radix2 fexp64 ZnearestE 1) by (auto with typeclass_instances; apply (format64_int 1); lia).
  apply round_le; auto with typeclass_instances. lra. }
assert (U : 0 < u64 <= / 10 ^ 15) by (destruct figures as (_ & _ & F3 & _); rewrite F3; lra).
assert (CE := const_small n N). set (ce := const_error n) in *. destruct figures as (F1 & _ & _ & F4).
assert (Q : 0 <= eps_e / (1 - eps_e)) by (rewrite F1; lra). set (q := eps_e / (1 - eps_e)) in *.
assert (N1 : 1 <= n) by lra. destruct low_clamp as [L1 L2]. assert (Fn : 0 <= n * low) by (apply Rmult_le_pos; lra).
assert (Pe := eta64_pos). assert (P257 := bpow_gt_0 radix2 (-257)). assert (Fs : 0 <= n * pow2 (-257)) by (apply Rmult_le_pos; lra).
(* the terms *)
set (h := ce + q + 303/100 * u64).
assert (X1 : near h 0 (sub 1 a * sub m (modulated_at r y)) ((1 - a) * b)).
{ apply near_weaken with (101/100 * u64 + 101/100 * u64); try lra; try (apply Rmult_le_pos; lra). unfold h; lra.
  apply near_scale; try lra; trivial. now apply near_0. }
assert (X2 : near h (n * low) c L) by (apply near_weaken with (ce + (0 + q)); trivial; unfold h; lra).
assert (X12 := near_plus _ _ _ _ _ _ _ X1 X2). rewrite Rplus_0_l in X12.
assert (V0 : 0 <= sub 1 a * sub m (modulated_at r y) + c) by (apply Rplus_le_le_0_compat; [apply Rmult_le_pos|]; lra).
destruct (near_rnd _ V0) as [R0 Nr].
assert (Hh : 0 <= h) by (unfold h; lra).
assert (X3 := near_trans (101/100 * u64) h eta64 (n * low) _ _ _ ltac:(lra) Hh ltac:(lra) Fn Nr X12).
change (rnd (sub 1 a * sub m (modulated_at r y) + c)) with (plain_loss a (below_at r m y) c) in *. set (p := plain_loss _ _ _) in *.
assert (X4 := near_scale (101/100 * u64) ce (n * pow2 (-257)) (rnd (a / K)) (a / K) s B Q1 ltac:(lra) Fs S0 BB Wq Ns).
assert (X5 : near (101/100 * u64 + h) (n * pow2 (-257)) (rnd (a / K) * s) (a / K * B)).
{ apply near_weaken with (101/100 * u64 + ce); trivial; try (apply Rmult_le_pos; lra). unfold h; lra. }
assert (X6 := near_plus _ _ _ _ _ _ _ X5 X3).
assert (V1 : 0 <= rnd (a / K) * s + p) by (apply Rplus_le_le_0_compat; [apply Rmult_le_pos|]; lra).
destruct (near_rnd _ V1) as [R1 Nr1].
assert (X7 := near_trans (101/100 * u64) (101/100 * u64 + h) eta64 (n * pow2 (-257) + (eta64 + n * low)) _ _ _ ltac:(lra) ltac:(lra) ltac:(lra) ltac:(lra) Nr1 X6).
assert (El' : l = rnd (rnd (a / K) * s + p)) by (rewrite El; unfold smooth_loss, fma; now rewrite RK). rewrite <- El' in *.
split; [exact R1|]. assert (T0 : 0 <= a / K * B + ((1 - a) * b + L)).
{ apply Rplus_le_le_0_compat; [apply Rmult_le_pos; lra | apply Rplus_le_le_0_compat; [apply Rmult_le_pos|]; lra]. }
replace (L + (1 - a) * b + a / K * B) with (a / K * B + ((1 - a) * b + L)) by ring. split; [exact T0|].
assert (Fl : eta64 + (n * pow2 (-257) + (eta64 + n * low)) <= 3 / 4 * (n * clamp)).
{ assert (E1 : eta64 <= pow2 (-257)) by (apply bpow_le; lia). assert (E2 : pow2 (-257) <= / 1024 * clamp).
  { unfold clamp. change (/ 1024) with (pow2 (-10)). rewrite <- bpow_plus. apply bpow_le. lia. }
  assert (n * low <= n * (7 / 10 * clamp)) by (apply Rmult_le_compat_l; lra).
  assert (n * pow2 (-257) <= n * (/ 1024 * clamp)) by (apply Rmult_le_compat_l; lra).
  assert (1 * (/ 1024 * clamp) <= n * (/ 1024 * clamp)) by (apply Rmult_le_compat_r; lra). lra. }
apply near_floor with (eta64 + (n * pow2 (-257) + (eta64 + n * low))); [lra|].
apply near_weaken with (101/100 * u64 + (101/100 * u64 + h)); trivial; try lra. unfold loss_chain, h. fold ce q. lra.
Qed.
