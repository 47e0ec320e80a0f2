(* SPDX-License-Identifier: Apache-2.0 *)
(* T6 for the cross-entropy: a loss that satisfies the C contract is_loss of mmax_row_loss_ref is within bound_log_ulp of
   -sum_k q_k ln multimax_k, smoothed or not, in units of the last place of the exact value. For exact exp and ln the modulator's error
   is a relative error of every -ln p_k (LogBound.v), so of every mean of them with weights q_k >= 0; and the loss is computed as a sum of
   terms >= 0, ln(1 + rest) + (1-a) (m - s_y) + (a/K) sum_k (m - s_k), so relative errors of the terms are one of the sum. *)
From Coq Require Import Reals ZArith Bool Psatz.
From Flocq Require Import Core.
From Coquelicot Require Import Coquelicot.
From MultiMax Require Import Float64 SigmaFloat AffineFloat RealSum Softmax Within Contract Accuracy ProbBound LogContract LogRest LogBound LossContract.
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

(* the terms are a mean of negated log-probabilities *)
Lemma log_shift : forall r s t i, (t < size r)%nat -> taken r t = true -> (i < size r)%nat -> taken r i = true ->
  ln (1 + others r s i (s i)) = (s t - s i) + ln (1 + others r s t (s t)).
Proof.
intros r s t i Ht T Hi Ti. assert (A1 := all_others r s i Hi Ti). assert (A2 := all_others r s t Ht T).
assert (U1 := others_nonneg r s i (s i)). assert (U2 := others_nonneg r s t (s t)). assert (P := exp_pos (s t - s i)).
rewrite <- (ln_exp (s t - s i)) at 1. rewrite <- ln_mult by lra. f_equal. apply Rmult_eq_reg_l with (exp (s i)). 2: apply Rgt_not_eq, exp_pos.
rewrite <- A1, A2, <- Rmult_assoc, <- exp_plus. f_equal. f_equal. ring.
Qed.
Definition mean_of (r : row) (y : nat) (a : R) (s : nat -> R) : R :=
  sum (size r) (kept r (fun k => target_share r y a k * ln (1 + others r s k (s k)))).
Lemma mean_is : forall r y a t m, valid_row r -> (y < size r)%nat -> taken r y = true -> top_at r t m -> 
  mean_of r y a (modulated_at r) = terms_of r y t a m.
Proof.
intros r y a t m Vr Hy Ty (Ht & T & Et & _). destruct (count_figures r y Vr Hy Ty) as [HK _]. unfold mean_of, terms_of.
set (K := unmasked_count r) in *. rewrite <- Et. set (s := modulated_at r). set (L := ln (1 + others r s t (s t))).
assert (E : sum (size r) (kept r (fun k => target_share r y a k * ln (1 + others r s k (s k)))) =
  sum (size r) (fun k => (1 - a) * (kept r (fun k => s t - s k + L) k * delta y k) +
    (a / K * kept r (fun i => s t - s i) k + a / K * L * kept r (fun _ => 1) k))).
{ apply sum_ext. intros k Hk. unfold kept. destruct (taken r k) eqn:Tk; [|ring].
  rewrite (log_shift r s t k Ht T Hk Tk). fold L. unfold target_share. fold K. ring. }
rewrite E, !sum_plus, !sum_scal, sum_delta by exact Hy. unfold kept at 1. rewrite Ty. fold K. unfold unmasked_count in K. fold K. field. lra.
Qed.
Lemma mean_exact : forall r y a, cross_entropy r y a = mean_of r y a (sigma_at r).
Proof.
intros r y a. unfold cross_entropy, mean_of. rewrite <- (Rmult_1_l (sum _ _)), <- Ropp_mult_distr_l_reverse, <- sum_scal.
apply sum_ext. intros k Hk. unfold kept. destruct (taken r k) eqn:Tk; [|ring].
destruct (log_exact r k Hk Tk) as [_ E]. rewrite <- E. ring.
Qed.
Lemma share_nonneg : forall r y a k, valid_row r -> (y < size r)%nat -> taken r y = true -> 0 <= a <= 1 -> 0 <= target_share r y a k.
Proof.
intros r y a k Vr Hy Ty Ha. destruct (count_figures r y Vr Hy Ty) as [HK _]. unfold target_share, delta.
assert (0 <= a / unmasked_count r) by (apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat; lra]). destruct Nat.eq_dec; lra.
Qed.

(* what the modulator's errors do *)
Lemma mean_within : forall r y a s v d, valid_row r -> (y < size r)%nat -> taken r y = true -> 0 <= a <= 1 -> 0 <= d ->
  (forall i, (i < size r)%nat -> taken r i = true -> Rabs (s i - v i) <= d) -> within (2 * d) (mean_of r y a s) (mean_of r y a v).
Proof.
intros r y a s v d Vr Hy Ty Ha Hd H. apply near_0. rewrite <- (Rmult_0_r (INR (size r))). unfold mean_of.
apply sums_near; try lra. intros k Hk Tk. assert (Q := share_nonneg r y a k Vr Hy Ty Ha). set (q := target_share r y a k) in *.
assert (Nk : near (2 * d) 0 (ln (1 + others r s k (s k))) (ln (1 + others r v k (v k)))).
{ apply near_ln; try lra; try apply others_nonneg. rewrite <- (Rmult_0_r (INR (size r))). unfold others.
  apply sums_near; try lra. intros i Hi Di. apply dropped in Di. apply near_0, within_exp.
  assert (A := Rabs_le_inv _ _ (H i Hi (proj1 Di))). assert (B := Rabs_le_inv _ _ (H k Hk Tk)). apply Rabs_le. lra. }
assert (E := exp_pos (2 * d)). destruct Nk as [A B]. rewrite Rplus_0_r in *. unfold near. rewrite !Rplus_0_r. split.
- replace (exp (2 * d) * (q * ln (1 + others r v k (v k)))) with (q * (exp (2 * d) * ln (1 + others r v k (v k)))) by ring. now apply Rmult_le_compat_l.
- replace (exp (2 * d) * (q * ln (1 + others r s k (s k)))) with (q * (exp (2 * d) * ln (1 + others r s k (s k)))) by ring. now apply Rmult_le_compat_l.
Qed.

(* without smoothing it is a negated log-probability, computed alike *)
Lemma plain_exact : forall r y, (y < size r)%nat -> taken r y = true -> cross_entropy r y 0 = - ln (multimax_row r y).
Proof.
intros r y Hy Ty. unfold cross_entropy. f_equal.
transitivity (sum (size r) (fun k => kept r (fun k => ln (multimax_row r k)) k * delta y k)).
- apply sum_ext. intros k _. unfold kept, target_share, Rdiv. destruct (taken r k); ring.
- rewrite sum_delta by exact Hy. unfold kept at 1. now rewrite Ty.
Qed.
Lemma plain_is_log : forall s m c, plain_loss 0 (below s m) c = - log_of s m c.
Proof.
intros s m c. unfold plain_loss, below, log_of. assert (E : sub 1 0 = 1).
{ unfold sub. rewrite Rminus_0_r. apply round_generic; auto with typeclass_instances. apply (format64_int 1). lia. }
assert (O : sub s m = - sub m s) by (unfold sub; rewrite <- round_NE_opp; f_equal; ring).
rewrite E, O. unfold fma. unfold sub at 2. rewrite <- round_NE_opp. f_equal. ring.
Qed.

(* A: as for the target's log-probability; with smoothing every entry reaches the output *)
Definition condition_loss (r : row) (y : nat) (a : R) (t : nat) (A : R) : Prop := condition_row r t A /\ condition_at r y <= A /\
  (0 < a -> forall i, (i < size r)%nat -> taken r i = true -> condition_at r i <= A).

(* the double before its last rounding *)
Theorem loss_before_rounding : forall r y a out A t, valid_row r -> format32 a -> 0 <= a <= 1 -> is_loss r y a out ->
  (y < size r)%nat -> taken r y = true -> (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) ->
  condition_loss r y a t A -> in_reach_log A (INR (size r)) ->
  let n := INR (size r) in let v := cross_entropy r y a in
  exists l e, (l <= 34 * 10 ^ 37 -> out = rnd32 l) /\ 0 <= l /\ 0 <= v /\ 0 <= e <= excess (log_error_log A n) /\ e < 1 /\
    (log_error_log A n <= 1 / 4 -> Rabs (l - v) <= e * v + n * pow2 (-158)) /\ (n * pow2 (-97) <= v -> Rabs (l - v) <= e * v).
Proof.
intros r y a out A t Vr Fa Ha (m & rest & c & l & Rs & Lc & Ls & Out) Hy Ty Ht T TopT (Cr & Cy & Ca) B n v.
destruct (Req_dec a 0) as [->|Na].
- destruct Ls as [[_ El]|[H _]]; [|lra]. unfold below_at in El. rewrite plain_is_log in El.
  set (logs := fun k => if Nat.eq_dec k y then - out else rnd32 (log_of (modulated_at r k) m c)).
  destruct (log_before_rounding r logs A t y Vr) as (l' & e & Out' & H1 & H2 & H3); trivial.
  { exists m, rest, c. split; trivial. split; trivial. intros k _ _ R. unfold logs.
    destruct Nat.eq_dec as [->|]; trivial. rewrite Out, El, round_NE_opp. ring. rewrite El. unfold narrow_range in *. lra. }
  rewrite <- plain_exact in * by trivial. exists l', e. split; [|now split].
  intros Hl. specialize (Out' Hl). unfold logs in Out'. destruct Nat.eq_dec as [_|]; [|lia]. rewrite round_NE_opp in Out'. lra.
- assert (H : exists t0, top_at r t0 m /\ 0 <= l /\ 0 <= terms_of r y t0 a m /\
    near (loss_chain n) (3 / 4 * (n * clamp)) l (terms_of r y t0 a m)) by (apply (smooth_near r y a m rest c l); trivial; lra).
  destruct H as (t0 & Tp & L0 & T0 & Nl). rewrite <- (mean_is r y a t0 m Vr Hy Ty Tp) in *.
  set (d := gamma_5 * A + pow2 (-600)).
  assert (C0 := condition_pos r y). assert (G0 : 0 <= gamma_5).
  { destruct gain_gamma as [G _]. generalize gain_5 u64_small. lra. }
  assert (D0 : 0 <= d).
  { unfold d. apply Rplus_le_le_0_compat. apply Rmult_le_pos; lra. apply bpow_ge_0. }
  assert (W : within (2 * d) (mean_of r y a (modulated_at r)) v).
  { unfold v. rewrite mean_exact. apply mean_within; trivial. intros i Hi Ti.
    destruct Vr as (_ & VP & VX). destruct gain_gamma as [G1 _]. eapply Rle_trans. apply modulated_hat_error. exact VP. now apply VX.
    unfold d. apply Rplus_le_compat_r. apply Rle_trans with (gamma_5 * condition_at r i).
    - apply Rmult_le_compat_r; trivial. apply condition_pos.
    - apply Rmult_le_compat_l; trivial. apply Ca; trivial. lra. }
  assert (N := many r Vr). fold n in N. assert (Ch := log_chain_error A n N D0). fold d in Ch. set (b := log_error_log A n) in *.
  assert (CE := const_small n N). destruct figures as (F1 & _ & F3 & F4).
  assert (Fn : 0 <= n * clamp) by (apply Rmult_le_pos; lra). assert (Q : 0 <= eps_e / (1 - eps_e)) by (rewrite F1; lra).
  assert (V0 : 0 <= v).
  { unfold v. rewrite mean_exact. apply kept_nonneg. intros k Hk Tk. apply Rmult_le_pos. now apply share_nonneg. apply ln_1_pos, others_nonneg. }
  assert (Lb : loss_chain n + 2 * d <= b - pow2 (-47)).
  { unfold loss_chain. unfold log_chain in Ch. assert (P : pow2 (-47) + 4 * u64 <= pow2 (-46)) by (unfold u64; simpl; lra). lra. }
  assert (Nv : near (loss_chain n + 2 * d) (3 / 4 * (n * clamp)) l v).
  { rewrite <- (Rplus_0_r (3 / 4 * (n * clamp))). apply near_trans with (mean_of r y a (modulated_at r)); try lra; trivial.
    unfold loss_chain; lra. now apply near_0. }
  destruct (near_relative (loss_chain n + 2 * d) b n l v N ltac:(unfold loss_chain in *; lra) B L0 V0 Nv) as (e & E0 & E1 & D1 & D2).
  exists l, e. split. { intros Hl. apply Out. unfold narrow_range. lra. } repeat (split; trivial); tauto.
Qed.

(* T6 for the cross-entropy *)
Theorem loss_error : forall r y a out A t, valid_row r -> format32 a -> 0 <= a <= 1 -> is_loss r y a out ->
  (y < size r)%nat -> taken r y = true -> (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) ->
  condition_loss r y a t A -> in_reach_log A (INR (size r)) ->
  let v := cross_entropy r y a in pow2 (-126) <= v <= pow2 126 -> INR (size r) * pow2 (-97) <= v ->
  Rabs (out - v) <= bound_log_ulp A (INR (size r)) * ulp32 v.
Proof.
intros r y a out A t Vr Fa Ha Ls Hy Ty Ht T TopT C B v Hv Hn.
destruct (loss_before_rounding r y a out A t Vr Fa Ha Ls Hy Ty Ht T TopT C B) as (l & e & Out & L0 & V0 & E0 & E1 & _ & D).
specialize (D Hn). fold v in D, V0. rewrite Out.
- unfold bound_log_ulp. apply (rounded_relative _ e); trivial. apply Hv.
- apply Rabs_le_inv in D. assert (e * v <= 1 * v) by (apply Rmult_le_compat_r; lra). generalize pow2_126. lra.
Qed.

(* near 0, where the clamp's floor may be all there is: one unit in place of a half *)
Theorem loss_error_floor : forall r y a out A t, valid_row r -> format32 a -> 0 <= a <= 1 -> is_loss r y a out ->
  (y < size r)%nat -> taken r y = true -> (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) ->
  condition_loss r y a t A -> log_error_log A (INR (size r)) <= 1 / 4 ->
  let v := cross_entropy r y a in let e := excess (log_error_log A (INR (size r))) in v <= pow2 126 ->
  (pow2 (-126) <= v -> Rabs (out - v) <= (1 + pow2 24 * e) * ulp32 v + INR (size r) * pow2 (-158)) /\
  (v < pow2 (-126) -> Rabs (out - v) <= e * v + pow2 (-149) + INR (size r) * pow2 (-158)).
Proof.
intros r y a out A t Vr Fa Ha Ls Hy Ty Ht T TopT C B v eb Hv. assert (U := u64_small).
destruct (loss_before_rounding r y a out A t Vr Fa Ha Ls Hy Ty Ht T TopT C ltac:(unfold in_reach_log; lra))
  as (l & e & Out & L0 & V0 & E0 & _ & D & _). specialize (D B). fold v in D, V0. fold eb in E0. assert (N := many r Vr).
set (f := INR (size r) * pow2 (-158)) in *. assert (F : 0 <= f <= pow2 (-126)).
{ unfold f. split. apply Rmult_le_pos. lra. apply bpow_ge_0. apply Rle_trans with (pow2 (-127)); [|apply bpow_le; lia]. change (-127)%Z with (31 + -158)%Z. rewrite bpow_plus.
  apply Rmult_le_compat_r. apply bpow_ge_0. apply Rle_trans with 2147483647. lra. simpl. lra. }
assert (Eb : eb <= 1 / 3).
{ unfold eb, excess. set (b := log_error_log _ _) in *. apply Rmult_le_reg_r with (1 - b). lra.
  unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l by lra. lra. }
assert (e * v <= 1 / 3 * v) by (apply Rmult_le_compat_r; lra). assert (D' := Rabs_le_inv _ _ D).
assert (P126 : pow2 (-126) <= 1) by (change 1 with (pow2 0); apply bpow_le; lia).
rewrite Out by (generalize pow2_126; lra). exact (rounded_floor eb e f l v L0 V0 F ltac:(lra) Eb D).
Qed.

(* a smoothing of 2^-30 or more keeps the loss of two or more entries away from 0 *)
Lemma smoothed_away : forall r y a i j, valid_row r -> (y < size r)%nat -> taken r y = true -> pow2 (-30) <= a <= 1 ->
  (i < size r)%nat -> taken r i = true -> (j < size r)%nat -> taken r j = true -> i <> j -> pow2 (-62) <= cross_entropy r y a.
Proof.
assert (One : forall r y a i j, valid_row r -> (y < size r)%nat -> taken r y = true -> pow2 (-30) <= a <= 1 ->
  (i < size r)%nat -> taken r i = true -> (j < size r)%nat -> taken r j = true -> i <> j -> sigma_at r i <= sigma_at r j -> pow2 (-62) <= cross_entropy r y a).
{ intros r y a i j Vr Hy Ty Ha Hi Ti Hj Tj Nij S. rewrite mean_exact. set (s := sigma_at r) in *. destruct (count_figures r y Vr Hy Ty) as [HK _].
  assert (N := many r Vr). assert (A0 := bpow_gt_0 radix2 (-30)).
  assert (E : 1 <= others r s i (s i)).
  { apply Rle_trans with (exp (s j - s i)). apply exp_ge_1. lra.
    apply (kept_term (drop r i) (fun k => exp (s k - s i))); trivial. intros; apply Rlt_le, exp_pos. apply dropped. auto. }
  assert (L : 1 / 2 <= ln (1 + others r s i (s i))).
  { apply Rle_trans with (ln 2). 2: apply ln_le; lra. rewrite <- (ln_exp (1 / 2)). apply ln_le. apply exp_pos.
    assert (G := exp_ineq1_le (- (1 / 2))). rewrite exp_Ropp in G. assert (P := exp_pos (1 / 2)).
    apply Rmult_le_reg_r with (/ exp (1 / 2)). now apply Rinv_0_lt_compat. rewrite Rinv_r; lra. }
  assert (Q : pow2 (-61) <= target_share r y a i).
  { unfold target_share. apply Rle_trans with (a / unmasked_count r).
    - change (-61)%Z with (-30 + -31)%Z. rewrite bpow_plus. unfold Rdiv. apply Rmult_le_compat; try apply bpow_ge_0. lra.
      apply Rle_trans with (/ 2147483647). simpl; lra. apply Rinv_le_contravar; lra.
    - unfold delta. destruct Nat.eq_dec; lra. }
  apply Rle_trans with (target_share r y a i * ln (1 + others r s i (s i))).
  - change (-62)%Z with (-61 + -1)%Z. rewrite bpow_plus. change (pow2 (-1)) with (/ 2). apply Rmult_le_compat; try lra. apply bpow_ge_0.
  - apply (kept_term r (fun k => target_share r y a k * ln (1 + others r s k (s k)))); trivial.
    intros k Hk Tk. apply Rmult_le_pos. apply share_nonneg; trivial; lra. apply ln_1_pos, others_nonneg. }
intros r y a i j Vr Hy Ty Ha Hi Ti Hj Tj Nij. destruct (Rle_or_lt (sigma_at r i) (sigma_at r j)) as [S|S].
- apply (One r y a i j); trivial.
- apply (One r y a j i); auto. lra.
Qed.
Corollary loss_error_smoothed : forall r y a out A t i j, valid_row r -> format32 a -> pow2 (-30) <= a <= 1 -> is_loss r y a out ->
  (y < size r)%nat -> taken r y = true -> (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) ->
  condition_loss r y a t A -> in_reach_log A (INR (size r)) ->
  (i < size r)%nat -> taken r i = true -> (j < size r)%nat -> taken r j = true -> i <> j ->
  let v := cross_entropy r y a in v <= pow2 126 -> Rabs (out - v) <= bound_log_ulp A (INR (size r)) * ulp32 v.
Proof.
intros r y a out A t i j Vr Fa Ha Ls Hy Ty Ht T TopT C B Hi Ti Hj Tj Nij v Hv. assert (A0 := bpow_gt_0 radix2 (-30)).
assert (L := smoothed_away r y a i j Vr Hy Ty Ha Hi Ti Hj Tj Nij). fold v in L. assert (N := many r Vr).
apply (loss_error r y a out A t); trivial. lra.
- split; trivial. apply Rle_trans with (2 := L). apply bpow_le. lia.
- apply Rle_trans with (2 := L). fold v. apply Rle_trans with (pow2 31 * pow2 (-97)).
  + apply Rmult_le_compat_r. apply bpow_ge_0. simpl. lra.
  + rewrite <- bpow_plus. apply bpow_le. lia.
Qed.
