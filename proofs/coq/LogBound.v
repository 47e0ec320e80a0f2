(* SPDX-License-Identifier: Apache-2.0 *)
(* T6 for log-probabilities: an entry that satisfies the C contract is_logged of mmax_row_log_ref is within bound_log_ulp of the
   logarithm of MultiMax (Eq. 6 over the reals), in units of the last place of the exact value. For every entry
   ln p_i = -ln(1 + sum over the others of exp(sigma_k - sigma_i)), so all errors are relative ones and no case of specs/accuracy.md#log
   is needed but one: the separated largest entry, where weights below the clamp may be all there is. *)
From Coq Require Import Reals ZArith Bool Psatz.
From Flocq Require Import Core.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Tactic.
From MultiMax Require Import Float64 ExpKernel SigmaFloat AffineFloat LogFloat RealSum Softmax Within Contract Accuracy ProbBound LogContract LogRest LastRounding.
Open Scope R_scope.
#[local] Instance prec24 : Prec_gt_0 24 := eq_refl.

(* what mmax_bound_log_ulp adds up *)
Definition log_error_log (A n : R) : R := log_error A n (pow2 (-50)) + pow2 (-44).
Definition in_reach_log (A n : R) : Prop := log_error_log A n < 1 / 2 + 5 * u64.
Definition bound_log_ulp (A n : R) : R :=
  let e := excess (log_error_log A n) in (if Rle_dec e (pow2 (-24)) then 1 / 2 else 1) + pow2 24 * e.

Lemma dropped : forall r t i, taken (drop r t) i = true <-> taken r i = true /\ i <> t.
Proof.
intros r t i. simpl. rewrite andb_true_iff, negb_true_iff, Nat.eqb_neq. reflexivity.
Qed.
Lemma sum_drop : forall r f n t, (t < n)%nat -> taken r t = true -> sum n (kept r f) = f t + sum n (kept (drop r t) f).
Proof.
intros r f n t Ht T. apply Rplus_eq_reg_r with (- sum n (kept (drop r t) f)).
replace (f t + sum n (kept (drop r t) f) + - sum n (kept (drop r t) f)) with (f t) by ring.
rewrite <- (sum_delta n f t Ht). change (sum n (kept r f) - sum n (kept (drop r t) f) = sum n (fun k => f k * delta t k)).
rewrite <- sum_minus. apply sum_ext. intros k _. unfold kept, delta. simpl.
destruct (Nat.eq_dec t k) as [<-|N].
- rewrite T, Nat.eqb_refl. simpl. ring.
- assert (E : Nat.eqb k t = false) by (apply Nat.eqb_neq; auto). rewrite E, andb_true_r. destruct (taken r k); ring.
Qed.

(* the others against entry i *)
Definition others (r : row) (s : nat -> R) (i : nat) (v : R) : R := sum (size r) (kept (drop r i) (fun k => exp (s k - v))).
Lemma others_nonneg : forall r s i v, 0 <= others r s i v.
Proof. intros. apply kept_nonneg. intros. apply Rlt_le, exp_pos. Qed.
Lemma all_others : forall r s i, (i < size r)%nat -> taken r i = true ->
  sum (size r) (kept r (fun k => exp (s k))) = exp (s i) * (1 + others r s i (s i)).
Proof.
intros r s i Hi T. rewrite (sum_drop r _ _ i Hi T), Rmult_plus_distr_l, Rmult_1_r. f_equal. unfold others.
rewrite <- sum_scal. apply sum_ext. intros k _. unfold kept. destruct (taken (drop r i) k); [|ring].
rewrite <- exp_plus. f_equal. ring.
Qed.
Lemma log_exact : forall r i, (i < size r)%nat -> taken r i = true ->
  0 < multimax_row r i /\ - ln (multimax_row r i) = ln (1 + others r (sigma_at r) i (sigma_at r i)).
Proof.
intros r i Hi T. assert (E : multimax_row r i = exp (sigma_at r i) / sum (size r) (kept r (fun k => exp (sigma_at r k))))
  by (unfold multimax_row, kept at 1; now rewrite T).
rewrite E, (all_others r (sigma_at r) i Hi T). clear E.
assert (U := others_nonneg r (sigma_at r) i (sigma_at r i)). set (u := others _ _ _ _) in *. assert (P := exp_pos (sigma_at r i)).
replace (exp (sigma_at r i) / (exp (sigma_at r i) * (1 + u))) with (/ (1 + u)) by (field; lra).
split. apply Rinv_0_lt_compat; lra. rewrite ln_Rinv by lra. ring.
Qed.

(* which of equal largest entries is separated changes nothing *)
Lemma rest_top : forall r m rest t, is_rest r m rest -> (t < size r)%nat -> taken r t = true -> modulated_at r t = m ->
  exists w, top_at r t m /\ second_at r t m w /\ rest_of r t m w rest.
Proof.
intros r m rest t (s & w & (Hs & Ts & Es & Top) & Sec & Ro) Ht T Et.
destruct (Nat.eq_dec s t) as [->|N]. { exists w. repeat split; trivial. }
assert (W1 : w = 1).
{ destruct Sec as [[M _]|(j & Hj & Nj & Tj & Bj & ->)].
  - rewrite (M t Ht) in T by auto. discriminate.
  - assert (E : modulated_at r j = m). { apply Rle_antisym. now apply Top. rewrite <- Et. apply Bj; auto. }
    unfold weight. rewrite E. apply weight_top. }
subst w. exists 1. split; [repeat split; trivial|]. split.
- right. exists s. split; trivial. split; trivial. split; trivial. split.
  + intros i Hi _ Ti. rewrite Es. now apply Top.
  + unfold weight. rewrite Es. symmetry. apply weight_top.
- destruct Ro as [[W _]|(P & big & G & C)]; [lra|]. right. split; trivial. exists big. split; trivial.
  replace (other_sum r m t big) with (other_sum r m s big); trivial. unfold other_sum.
  set (f := fun i => quant (weight r m i) big). assert (A := sum_drop r f (size r) s Hs Ts). assert (B := sum_drop r f (size r) t Ht T).
  assert (E : f s = f t). { unfold f, weight. now rewrite Es, Et. } lra.
Qed.

(* all errors but the last rounding, in the logarithm *)
Definition log_chain (d n : R) : R := 2 * d + n * clamp + eps_e / (1 - eps_e) + const_error n + 303/100 * u64 + / 10 ^ 30.

Lemma const_small : forall n, 0 <= n <= 2147483647 -> 0 <= const_error n <= / 100000.
Proof.
intros n Hn. unfold const_error, grid_error. set (g := n * pow2 (-50)).
assert (Hg : 0 <= g <= / 500000) by (unfold g; simpl; lra).
assert (G : 0 <= g / (1 - g) <= / 400000).
{ split. apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat; lra].
  apply Rmult_le_reg_r with (1 - g). lra. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
simpl pow2. lra.
Qed.

Theorem log_wide : forall r m rest c d t i, valid_row r -> 0 <= d -> is_rest r m rest -> log_is rest c ->
  (t < size r)%nat -> taken r t = true -> modulated_at r t = m -> near_or_far r m d t ->
  (i < size r)%nat -> taken r i = true -> Rabs (modulated_at r i - sigma_at r i) <= d ->
  let l := - log_of (modulated_at r i) m c in let y := - ln (multimax_row r i) in let n := INR (size r) in
  0 <= l /\ 0 <= y /\ near (log_chain d n) (n * low) l y.
Proof.
intros r m rest c d t i Vr Hd Rs Lc Ht T Et Nf Hi Ti Di l y n.
destruct (rest_top r m rest t Rs Ht T Et) as (w & Tp & Sec & Ro).
destruct (const_close r t m w rest c Vr Tp Sec Ro Lc) as (S0 & C0 & Fc & Wc). fold n in Wc.
set (S := sum (size r) (kept (drop r t) (weight r m))) in *.
assert (N := many r Vr). fold n in N. destruct figures as (F1 & _ & F3 & F4). destruct Tp as (_ & _ & _ & Top).
assert (CE := const_small n N). set (ce := const_error n) in *.
assert (Gn : 0 <= n * clamp <= / 10 ^ 37).
{ split. apply Rmult_le_pos; lra. apply Rle_trans with (2147483647 * / 10 ^ 47). apply Rmult_le_compat; lra. lra. }
destruct low_clamp as [L1 L2]. assert (Fn : 0 <= n * low <= n * clamp) by (split; [apply Rmult_le_pos | apply Rmult_le_compat_l]; lra).
set (F := n * low) in *. set (G := n * clamp) in *. assert (Q : 0 <= eps_e / (1 - eps_e) <= / 10 ^ 9) by (rewrite F1; lra). set (q := eps_e / (1 - eps_e)) in *.
assert (Fm : format64 m) by (rewrite <- Et; apply format64_rnd).
destruct (log_exact r i Hi Ti) as [Pp Ey]. fold y in Ey. assert (U0 := others_nonneg r (sigma_at r) i (sigma_at r i)).
assert (Y0 : 0 <= y) by (rewrite Ey; now apply ln_1_pos). assert (Dt : Rabs (modulated_at r t - sigma_at r t) <= d).
{ destruct (Nf t Ht T) as [D|D]; trivial. lra. }
assert (U : 0 < u64 <= / 10 ^ 15) by (rewrite F3; lra).
(* the other weights against targets v *)
assert (Sn : forall e v, 0 <= e -> (forall k, (k < size r)%nat -> taken (drop r t) k = true ->
    Rabs ((modulated_at r k - m) - v k) <= e \/ (modulated_at r k - m <= -110 /\ v k <= -109.9)) ->
  near (ce + (e + q)) F c (ln (1 + sum (size r) (kept (drop r t) (fun k => exp (v k)))))).
{ intros e v He Hv. apply near_within with (ln (1 + S)); try lra; trivial. apply near_ln; try lra.
  - apply kept_nonneg. intros. apply Rlt_le, exp_pos.
  - unfold S, F, n. apply sums_near; try lra. intros k Hk Dk. apply weight_near; trivial; try lra.
    apply format64_rnd. apply Top; trivial. apply dropped in Dk. tauto. now apply Hv. }
destruct (Nat.eq_dec i t) as [->|Ni].
- (* the separated entry *)
  assert (El : l = c).
  { unfold l, log_of, sub. rewrite Et, Rminus_eq_0, round_0, Rminus_0_l, round_NE_opp by auto with typeclass_instances.
    rewrite round_generic by auto with typeclass_instances. ring. }
  rewrite El, Ey. split; [exact C0|]. split; [rewrite <- Ey; exact Y0|].
  apply near_weaken with (ce + (2 * d + q)); try lra. unfold log_chain. fold q ce G. lra.
  apply Sn. lra. intros k Hk Dk. apply dropped in Dk. destruct (Nf k Hk (proj1 Dk)) as [D|D]; [left|right; exact D].
  rewrite Et in Dt. apply Rabs_le_inv in D. apply Rabs_le_inv in Dt. apply Rabs_le. lra.
- (* any other *)
  set (s := modulated_at r i) in *. assert (Fs : format64 s) by apply format64_rnd. assert (Sm : s <= m) by now apply Top.
  set (a := m - s). set (v := fun k => modulated_at r k - m).
  assert (N1 := Sn 0 v ltac:(lra) ltac:(intros k _ _; left; unfold v; rewrite Rminus_eq_0, Rabs_R0; lra)).
  set (tt := sum (size r) (kept (drop r t) (fun k => exp (v k)))) in N1.
  assert (T0 : 0 <= tt) by (apply kept_nonneg; intros; apply Rlt_le, exp_pos). assert (L0 := ln_1_pos tt T0).
  (* the exact logarithm for the computed sigmas *)
  set (z := others r (modulated_at r) i s). assert (Z0 : 0 <= z) by apply others_nonneg.
  assert (Ez : ln (1 + z) = a + ln (1 + tt)).
  { assert (A1 := all_others r (modulated_at r) i Hi Ti). fold s z in A1.
    assert (A2 := all_others r (modulated_at r) t Ht T). rewrite Et in A2. change (others r (modulated_at r) t m) with tt in A2.
    assert (Pa := exp_pos a). rewrite <- (ln_exp a) at 1. rewrite <- ln_mult by lra. f_equal.
    apply Rmult_eq_reg_l with (exp s). 2: apply Rgt_not_eq, exp_pos. rewrite <- A1, A2. rewrite <- Rmult_assoc, <- exp_plus.
    f_equal. f_equal. unfold a. ring. }
  assert (Zh : 1 / 2 <= ln (1 + z)).
  { apply Rle_trans with (ln 2). interval. apply ln_le. lra.
    assert (K : exp (modulated_at r t - s) <= z).
    { apply (kept_term (drop r i) (fun k => exp (modulated_at r k - s))); trivial. intros; apply Rlt_le, exp_pos. apply dropped. split; auto. }
    assert (E := exp_ineq1_le (modulated_at r t - s)). rewrite Et in *. lra. }
  assert (Wy : within (2 * d + G) (ln (1 + z)) y).
  { rewrite Ey. apply near_0. apply near_ln; try lra. apply near_0. unfold z, others, G, n.
    apply sums_within with t; trivial; try lra.
    - apply dropped. auto.
    - intros k _ _. split; apply Rlt_le, exp_pos.
    - apply within_exp. fold s in Di. apply Rabs_le_inv in Di. apply Rabs_le_inv in Dt. apply Rabs_le. lra.
    - intros k Hk Dk. apply dropped in Dk. destruct (Nf k Hk (proj1 Dk)) as [D|[D1 D2]].
      + left. apply within_exp. fold s in Di. apply Rabs_le_inv in Di. apply Rabs_le_inv in D. apply Rabs_le. lra.
      + right. split.
        * replace (modulated_at r k - s) with ((modulated_at r k - m) + (modulated_at r t - s)) by (rewrite Et; ring).
          rewrite exp_plus. apply Rmult_le_compat_r. apply Rlt_le, exp_pos. apply clamp_exp. lra.
        * replace (sigma_at r k - sigma_at r i) with ((sigma_at r k - sigma_at r t) + (sigma_at r t - sigma_at r i)) by ring.
          rewrite exp_plus. apply Rmult_le_compat_r. apply Rlt_le, exp_pos. apply clamp_exp. lra. }
  (* l is the rounded sum of a rounded a and c *)
  assert (El : l = rnd (sub m s + c)).
  { unfold l, log_of. assert (O : sub s m = - sub m s) by (unfold sub; rewrite <- round_NE_opp; f_equal; ring).
    rewrite O. unfold sub at 1. rewrite <- round_NE_opp. f_equal. ring. }
  assert (Ra := sub_error m s Fm Fs). fold a in Ra. assert (A0 : 0 <= a) by (unfold a; lra). rewrite (Rabs_pos_eq a A0) in Ra.
  assert (Wa : within (101/100 * u64) (sub m s) a).
  { apply within_weaken with (u64 / (1 - u64)); trivial.
    - apply Rabs_le_inv in Ra. assert (u64 * a <= 1 * a) by (apply Rmult_le_compat_r; lra). lra.
    - apply Rmult_le_reg_r with (1 - u64). lra. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra.
    - apply within_of_relative; trivial; lra. }
  assert (Sa : 0 <= sub m s).
  { unfold sub. rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances. }
  set (x := sub m s + c) in *. set (h := ce + (0 + q) + 101/100 * u64).
  assert (Nx : near h F x (a + ln (1 + tt))).
  { assert (W1 : near h F c (ln (1 + tt))) by (apply near_weaken with (ce + (0 + q)); trivial; unfold h; lra).
    assert (W2 : within h (sub m s) a) by (apply within_weaken with (101/100 * u64); trivial; unfold h; lra).
    destruct W1 as [B1 B2], W2 as [B3 B4]. unfold x. split; lra. }
  rewrite <- Ez in Nx. assert (X0 : 0 <= x) by (unfold x; lra).
  assert (Wx : within (h + 4 * (2 * F)) x (ln (1 + z))).
  { apply near_absorb with F; trivial; unfold h; try lra. split. lra. nra. }
  assert (Xq : / 4 <= x).
  { destruct Wx as [_ B]. assert (E2 : exp (h + 4 * (2 * F)) <= 2).
    { apply Rle_trans with (exp (/ 2)). apply exp_le. unfold h. lra. interval. }
    assert (exp (h + 4 * (2 * F)) * x <= 2 * x) by (apply Rmult_le_compat_r; lra). lra. }
  assert (Wl : within (101/100 * u64) l x).
  { rewrite El. apply within_rnd. apply Rle_trans with (pow2 (-2)). apply bpow_le. lia. simpl. lra. }
  assert (Pl : 0 <= l).
  { rewrite El. rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances. }
  split; [exact Pl|]. split; [exact Y0|].
  assert (Wf : within (log_chain d n) l y).
  { apply within_weaken with (101/100 * u64 + (h + 4 * (2 * F)) + (2 * d + G)); trivial.
    - unfold log_chain, h. fold q ce G. lra.
    - apply within_trans with (ln (1 + z)); trivial. now apply within_trans with x. }
  destruct Wf as [B1 B2]. assert (Pe := exp_pos (log_chain d n)). split.
  + apply Rle_trans with (1 := B1). apply Rmult_le_compat_l; lra.
  + apply Rle_trans with (1 := B2). apply Rmult_le_compat_l; lra.
Qed.

Lemma log_chain_error : forall A n, 0 <= n <= 2147483647 ->
  0 <= gamma_5 * A + pow2 (-600) -> 0 <= log_chain (gamma_5 * A + pow2 (-600)) n <= log_error_log A n - pow2 (-46).
Proof.
intros A n Hn Ha. unfold log_chain, log_error_log, log_error. assert (C := const_small n Hn). unfold const_error, grid_error in *.
destruct figures as (F1 & _ & F3 & F4). set (g := n * pow2 (-50) / (1 - n * pow2 (-50))) in *.
assert (P6 : 0 < pow2 (-600) <= / 10 ^ 20).
{ split. apply bpow_gt_0. apply Rle_trans with (pow2 (-100)). apply bpow_le. lia. simpl. lra. }
assert (K : 0 <= n * clamp <= / 10 ^ 37).
{ split. apply Rmult_le_pos; lra. apply Rle_trans with (2147483647 * / 10 ^ 47). apply Rmult_le_compat; lra. lra. }
assert (E51 : pow2 (-51) = / 2251799813685248) by (simpl; lra). assert (E48 : pow2 (-48) = / 281474976710656) by (simpl; lra).
assert (E46 : pow2 (-46) = / 70368744177664) by (simpl; lra). assert (E44 : pow2 (-44) = / 17592186044416) by (simpl; lra).
rewrite E51, E48, E46, E44, F1, F3 in *. lra.
Qed.

(* the double before its last rounding: relative, above the floor n 2^-158 of the clamp; entry i's own A counts *)
Theorem log_of_error : forall r m rest c A t i, valid_row r -> is_rest r m rest -> log_is rest c ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A ->
  (i < size r)%nat -> taken r i = true -> condition_at r i <= A -> in_reach_log A (INR (size r)) ->
  let n := INR (size r) in let y := - ln (multimax_row r i) in let l := - log_of (modulated_at r i) m c in
  0 <= l /\ 0 <= y /\ exists e, 0 <= e <= excess (log_error_log A n) /\ e < 1 /\
    (log_error_log A n <= 1 / 4 -> Rabs (l - y) <= e * y + n * pow2 (-158)) /\ (n * pow2 (-97) <= y -> Rabs (l - y) <= e * y).
Proof.
intros r m rest c A t i Vr Rs Lc Ht T TopT C Hi Ti Ci B n y l.
assert (M : modulated_at r t = m).
{ destruct Rs as (s & w & (Hs & Ts & Es & Top) & _). apply Rle_antisym. now apply Top. rewrite <- Es. now apply TopT. }
assert (Nf := near_or_far_row r A t Vr Ht T C). rewrite M in Nf. set (d := gamma_5 * A + pow2 (-600)) in *.
assert (Dt : Rabs (modulated_at r t - sigma_at r t) <= d). { destruct (Nf t Ht T) as [D|D]; trivial. lra. }
assert (D0 : 0 <= d) by (eapply Rle_trans; [apply Rabs_pos | exact Dt]).
assert (Di : Rabs (modulated_at r i - sigma_at r i) <= d).
{ destruct Vr as (_ & VP & VX). destruct gain_gamma as [G1 _]. eapply Rle_trans. apply modulated_hat_error. exact VP. now apply VX.
  unfold d. apply Rplus_le_compat_r. apply Rle_trans with (gamma_5 * condition_at r i).
  - apply Rmult_le_compat_r; trivial. apply condition_pos.
  - apply Rmult_le_compat_l; trivial. generalize gain_5 u64_small. lra. }
destruct (log_wide r m rest c d t i Vr D0 Rs Lc Ht T M Nf Hi Ti Di) as (L0 & Y0 & Nr).
fold n y l in L0, Y0, Nr.
assert (N := many r Vr). fold n in N. assert (Ch := log_chain_error A n N D0). fold d in Ch. set (b := log_error_log A n) in *.
set (k := log_chain d n) in *. unfold in_reach_log in B. fold n b in B. assert (U := u64_small).
destruct figures as (_ & _ & _ & F4). destruct low_clamp as [L1 L2].
assert (Fn : 0 <= n * low <= 7 / 10 * (n * clamp)).
{ split. apply Rmult_le_pos; lra. replace (7 / 10 * (n * clamp)) with (n * (7 / 10 * clamp)) by ring. apply Rmult_le_compat_l; lra. }
assert (Nr' : near k (3 / 4 * (n * clamp)) l y) by (apply (near_floor k (n * low)); trivial; lra).
assert (P47 : 0 < pow2 (-47) <= pow2 (-46)) by (split; [apply bpow_gt_0 | apply bpow_le; lia]).
destruct (near_relative k b n l y N ltac:(lra) B L0 Y0 Nr') as (e & E0 & E1 & D1 & D2).
split; [exact L0|]. split; [exact Y0|]. exists e. repeat (split; trivial); tauto.
Qed.
Corollary log_before_rounding : forall r out A t i, valid_row r -> is_logged r out ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A ->
  (i < size r)%nat -> taken r i = true -> condition_at r i <= A -> in_reach_log A (INR (size r)) ->
  let n := INR (size r) in let y := - ln (multimax_row r i) in
  exists l e, (l <= 34 * 10 ^ 37 -> out i = rnd32 (- l)) /\ 0 <= l /\ 0 <= y /\ 0 <= e <= excess (log_error_log A n) /\ e < 1 /\
    (log_error_log A n <= 1 / 4 -> Rabs (l - y) <= e * y + n * pow2 (-158)) /\ (n * pow2 (-97) <= y -> Rabs (l - y) <= e * y).
Proof.
intros r out A t i Vr (m & rest & c & Rs & Lc & Lg) Ht T TopT C Hi Ti Ci B n y.
destruct (log_of_error r m rest c A t i Vr Rs Lc Ht T TopT C Hi Ti Ci B) as (L0 & Y0 & e & E). fold n y in Y0, E.
exists (- log_of (modulated_at r i) m c), e. split; [|now split].
intros Hl. rewrite Ropp_involutive. apply Lg; trivial. unfold narrow_range. lra.
Qed.

Lemma pow2_126 : pow2 126 <= 9 * 10 ^ 37.
Proof. change (pow2 126) with (IZR (2 ^ 126)). rewrite pow_IZR, <- mult_IZR. apply IZR_le. vm_compute. discriminate. Qed.

(* T6 for log-probabilities *)
Theorem log_probability_error : forall r out A t i, valid_row r -> is_logged r out ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A ->
  (i < size r)%nat -> taken r i = true -> condition_at r i <= A -> in_reach_log A (INR (size r)) ->
  let y := ln (multimax_row r i) in pow2 (-126) <= - y <= pow2 126 -> INR (size r) * pow2 (-97) <= - y ->
  Rabs (out i - y) <= bound_log_ulp A (INR (size r)) * ulp32 y.
Proof.
intros r out A t i Vr Lg Ht T TopT C Hi Ti Ci B y Hy Hn.
destruct (log_before_rounding r out A t i Vr Lg Ht T TopT C Hi Ti Ci B) as (l & e & Out & L0 & Y0 & E0 & E1 & _ & D).
specialize (D Hn). fold y in D, Y0. unfold bound_log_ulp. set (eb := excess _) in *.
rewrite Out. 2:{ apply Rabs_le_inv in D. assert (e * - y <= 1 * - y) by (apply Rmult_le_compat_r; lra). generalize pow2_126. lra. }
rewrite round_NE_opp. replace (- rnd32 l - y) with (- (rnd32 l - - y)) by ring. rewrite Rabs_Ropp.
rewrite <- (ulp_opp radix2 fexp32 y). set (p := - y) in *.
apply (rounded_relative eb e); trivial. apply Hy.
Qed.

(* near 0, where the clamp's floor may be all there is: one unit in place of a half *)
Theorem log_probability_error_floor : forall r out A t i, valid_row r -> is_logged r out ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A ->
  (i < size r)%nat -> taken r i = true -> condition_at r i <= A -> log_error_log A (INR (size r)) <= 1 / 4 ->
  let y := ln (multimax_row r i) in let e := excess (log_error_log A (INR (size r))) in - y <= pow2 126 ->
  (pow2 (-126) <= - y -> Rabs (out i - y) <= (1 + pow2 24 * e) * ulp32 y + INR (size r) * pow2 (-158)) /\
  (- y < pow2 (-126) -> Rabs (out i - y) <= e * - y + pow2 (-149) + INR (size r) * pow2 (-158)).
Proof.
intros r out A t i Vr Lg Ht T TopT C Hi Ti Ci B y eb Hy. assert (U := u64_small).
destruct (log_before_rounding r out A t i Vr Lg Ht T TopT C Hi Ti Ci ltac:(unfold in_reach_log; lra))
  as (l & e & Out & L0 & Y0 & E0 & _ & D & _). specialize (D B). fold y in D, Y0. fold eb in E0. assert (N := many r Vr).
set (f := INR (size r) * pow2 (-158)) in *. assert (F : 0 <= f <= pow2 (-126)).
{ unfold f. split. apply Rmult_le_pos. lra. apply bpow_ge_0. apply Rle_trans with (pow2 (-127)); [|apply bpow_le; lia]. change (-127)%Z with (31 + -158)%Z. rewrite bpow_plus.
  apply Rmult_le_compat_r. apply bpow_ge_0. apply Rle_trans with 2147483647. lra. simpl. lra. }
assert (Eb : eb <= 1 / 3).
{ unfold eb, excess. set (b := log_error_log _ _) in *. apply Rmult_le_reg_r with (1 - b). lra.
  unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l by lra. lra. }
assert (Ey : e * - y <= 1 / 3 * - y) by (apply Rmult_le_compat_r; lra).
assert (Ee : e * - y <= eb * - y) by (apply Rmult_le_compat_r; lra). assert (D' := Rabs_le_inv _ _ D).
assert (P126 : pow2 (-126) <= 1) by (change 1 with (pow2 0); apply bpow_le; lia).
rewrite Out by (generalize pow2_126; lra).
rewrite round_NE_opp. replace (- rnd32 l - y) with (- (rnd32 l - - y)) by ring. rewrite Rabs_Ropp.
rewrite <- (ulp_opp radix2 fexp32 y). set (p := - y) in *.
exact (rounded_floor eb e f l p L0 Y0 F ltac:(lra) Eb D).
Qed.
