(* SPDX-License-Identifier: Apache-2.0 *)
(* mmax_bound_probs_ulp and mmax_bound_log_ulp of src/bounds.c as they are computed in binary64, SLACK included, are at least the
   bounds that ProbBound.v and LogBound.v prove, wherever they are finite. *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core.
From Interval Require Import Tactic.
From MultiMax Require Import Float64 SigmaFloat AffineFloat Within Accuracy ProbBound LogBound.
Open Scope R_scope.

Definition c_gamma5 : R := 335544321 * pow2 (-79).        (* GAMMA5, 0x1.4000001p-51 *)
Definition c_slack : R := 1 + pow2 (-40).                 (* SLACK *)
Definition c_log_error (A n grid : R) : R :=
  let count := mul n grid in
  add (add (add (mul (mul 2 c_gamma5) A) (mul 2 eps_e)) (rnd (count / sub 1 count))) (mul 16 u64).
Definition c_relative (t : R) : R := mul (rnd (t / sub 1 t)) c_slack.     (* for t < 1/2; else +inf *)
Definition c_with_rounding (e : R) : R := add (if Rle_dec e (pow2 (-24)) then 1 / 2 else 1) (mul (pow2 24) e).
Definition c_bound_probs (A n : R) : R := c_with_rounding (c_relative (c_log_error A n half_grid)).
Definition c_error_log (A n : R) : R := add (c_log_error A n (pow2 (-50))) (pow2 (-44)).
Definition c_bound_log (A n : R) : R := c_with_rounding (c_relative (c_error_log A n)).

Lemma gamma_figure : gamma_5 <= c_gamma5.
Proof. unfold gamma_5, c_gamma5, u64. simpl. lra. Qed.

Lemma within_plus : forall t a b c d, within t a b -> within t c d -> within t (a + c) (b + d).
Proof. intros t a b c d [] []. split; lra. Qed.
Lemma within_rnd_0 : forall v, v = 0 \/ pow2 (-1000) <= v -> within (101/100 * u64) (rnd v) v.
Proof.
intros v [-> | H]. rewrite round_0 by auto with typeclass_instances. apply within_refl. generalize u64_small; lra. lra. now apply within_rnd.
Qed.
Lemma above_1000 : forall v, / 10 ^ 30 <= v -> pow2 (-1000) <= v.
Proof. intros v H. apply Rle_trans with (pow2 (-200)). apply bpow_le. lia. apply Rle_trans with (2 := H). simpl. lra. Qed.

(* A is 0 or not absurdly small, n a number of entries *)
Lemma c_log_error_close : forall A n k, A = 0 \/ pow2 (-900) <= A -> (1 <= n <= 2147483647)%Z -> (-51 <= k <= -50)%Z ->
  let t := 2 * c_gamma5 * A + 2 * eps_e + IZR n * pow2 k / (1 - IZR n * pow2 k) + 16 * u64 in
  / 10 ^ 10 <= t /\ log_error A (IZR n) (pow2 k) <= t /\ within (6 * u64) (c_log_error A (IZR n) (pow2 k)) t.
Proof.
intros A n k HA Hn Hk t. destruct figures as (F1 & F2 & F3 & _). assert (G := gamma_figure).
assert (U : 0 < u64 <= / 10 ^ 15) by (rewrite F3; lra).
assert (A0 : 0 <= A) by (destruct HA as [-> | HA]; [lra | generalize (bpow_gt_0 radix2 (-900)); lra]).
assert (Hi : 1 <= IZR n <= 2147483647) by (split; apply IZR_le; lia).
assert (Pg : 0 < c_gamma5) by (unfold c_gamma5; simpl; lra).
assert (Fix : forall m e, (Z.abs m <= 2 ^ 53)%Z -> (-1074 <= e)%Z -> rnd (IZR m * pow2 e) = IZR m * pow2 e).
{ intros m e Hm He. apply round_generic; auto with typeclass_instances. now apply format64_scaled. }
assert (E1 : mul 2 eps_e = 2 * eps_e).
{ unfold mul. replace (2 * eps_e) with (IZR 231 * pow2 (-41)) by (unfold eps_e; simpl; lra). apply Fix; lia. }
assert (E2 : mul 16 u64 = 16 * u64).
{ unfold mul. replace (16 * u64) with (IZR 1 * pow2 (-49)) by (unfold u64; simpl; lra). apply Fix; lia. }
assert (E3 : mul 2 c_gamma5 = 2 * c_gamma5).
{ unfold mul. replace (2 * c_gamma5) with (IZR 335544321 * pow2 (-78)) by (unfold c_gamma5; simpl; lra). apply Fix; lia. }
assert (E4 : mul (IZR n) (pow2 k) = IZR n * pow2 k) by (unfold mul; apply Fix; lia).
unfold c_log_error. cbv zeta. rewrite E1, E2, E3, E4. unfold mul.
assert (Kb : half_grid <= pow2 k <= 2 * half_grid).
{ unfold half_grid. assert (D : 2 * pow2 (-51) = pow2 (-50)) by (simpl; lra). rewrite D. split; apply bpow_le; lia. }
set (g := IZR n * pow2 k) in *. assert (Hg : / 10 ^ 16 <= g <= / 500000) by (unfold g; rewrite F2 in Kb; split; nra).
assert (T0 : / 10 ^ 17 <= g / (1 - g) <= / 400000).
{ assert (I : g / (1 - g) * (1 - g) = g) by (field; lra). split; nra. }
assert (P1 : 0 <= 2 * c_gamma5 * A) by (apply Rmult_le_pos; lra).
assert (W1 : within (101/100 * u64) (rnd (2 * c_gamma5 * A)) (2 * c_gamma5 * A)).
{ apply within_rnd_0. destruct HA as [-> | HA]; [left; ring | right].
  apply Rle_trans with (pow2 (-60) * pow2 (-900)). rewrite <- bpow_plus. apply bpow_le. lia.
  apply Rmult_le_compat; trivial; try apply bpow_ge_0. unfold c_gamma5. simpl. lra. }
assert (W2 : within (101/100 * u64 + 101/100 * u64) (rnd (g / sub 1 g)) (g / (1 - g))).
{ assert (S : within (101/100 * u64) (sub 1 g) (1 - g)) by (apply within_rnd, above_1000; lra).
  assert (Sp : 0 < sub 1 g). { destruct S as [_ S]. generalize (exp_pos (101 / 100 * u64)). nra. }
  assert (Q : within (0 + 101/100 * u64) (g / sub 1 g) (g / (1 - g))).
  { apply within_div; trivial; try lra. apply within_refl; lra. }
  rewrite Rplus_0_l in Q. apply within_trans with (g / sub 1 g); trivial. apply within_rnd, above_1000.
  destruct Q as [_ Q]. assert (exp (101 / 100 * u64) <= 2).
  { apply Rle_trans with (exp (/ 2)). apply exp_le. lra. interval. }
  assert (0 <= g / sub 1 g) by (apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat; lra]). nra. }
split; [unfold t; fold g; rewrite F1; nra|]. split.
{ unfold log_error, t. fold g. assert (gamma_5 * A <= c_gamma5 * A) by (apply Rmult_le_compat_r; lra). lra. }
assert (P2 : 0 <= rnd (2 * c_gamma5 * A)).
{ rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances. }
assert (P3 : 0 <= rnd (g / sub 1 g)).
{ destruct W2 as [_ W2]. generalize (exp_pos (101 / 100 * u64 + 101 / 100 * u64)). nra. }
(* three additions *)
assert (Add : forall s a v b w, 0 <= a -> 0 <= b -> 0 <= v -> / 10 ^ 12 <= v + w -> 202/100 * u64 <= s -> s <= / 2 -> within s a v -> within s b w ->
  0 <= add a b /\ within (s + 101/100 * u64) (add a b) (v + w)).
{ intros s a v b w Ha Hb Hv Hw Hs S2 Wa Wb. assert (Wab := within_plus _ _ _ _ _ Wa Wb). split.
  - unfold add. rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances. lra.
  - rewrite Rplus_comm. apply within_trans with (a + b); trivial. apply within_rnd, above_1000. destruct Wab as [_ Wab].
    assert (exp s <= 2). { apply Rle_trans with (exp (/ 2)). now apply exp_le. interval. }
    assert (exp s * (a + b) <= 2 * (a + b)) by (apply Rmult_le_compat_r; lra). lra. }
set (s0 := 202/100 * u64).
set (p1 := rnd (2 * c_gamma5 * A)) in *. set (p2 := rnd (g / sub 1 g)) in *.
assert (Us : 0 <= s0 <= / 4 /\ 101/100 * u64 <= / 100 /\ s0 = 202/100 * u64) by (unfold s0; lra).
destruct (Add s0 p1 (2 * c_gamma5 * A) (2 * eps_e) (2 * eps_e)) as [N1 B1]; try lra.
{ apply within_weaken with (101/100 * u64); trivial. lra. } { apply within_refl; lra. }
destruct (Add (s0 + 101/100 * u64) (add p1 (2 * eps_e)) (2 * c_gamma5 * A + 2 * eps_e) p2 (g / (1 - g))) as [N2 B2]; try lra; trivial.
{ apply within_weaken with (101/100 * u64 + 101/100 * u64); trivial; lra. }
destruct (Add (s0 + 101/100 * u64 + 101/100 * u64) (add (add p1 (2 * eps_e)) p2) (2 * c_gamma5 * A + 2 * eps_e + g / (1 - g)) (16 * u64) (16 * u64))
  as [N3 B3]; try lra; trivial.
{ apply within_refl; lra. }
unfold t. apply within_weaken with (s0 + 101/100 * u64 + 101/100 * u64 + 101/100 * u64); trivial; lra.
Qed.

(* h the computed sum, t the exact one with the constants as they are written, l what is proved *)
Lemma c_ulp_enough : forall l t h, / 10 ^ 10 <= t -> l <= t -> within (8 * u64) h t -> h < 1 / 2 ->
  l < 1 / 2 + 5 * u64 /\
  (if Rle_dec (excess l) (pow2 (-24)) then 1 / 2 else 1) + pow2 24 * excess l <= c_with_rounding (c_relative h).
Proof.
intros l t h T0 T1 W H.
destruct figures as (_ & _ & F3 & _). assert (U : 0 < u64 <= / 10 ^ 15) by (rewrite F3; lra).
assert (Rh := relative_of_within (8 * u64) h t ltac:(lra) ltac:(lra) W).
assert (Q7 : 8 * u64 / (1 - 8 * u64) <= 81/10 * u64).
{ apply Rmult_le_reg_r with (1 - 8 * u64). lra. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra. }
assert (Hh : t * (1 - 81/10 * u64) <= h).
{ apply Rabs_le_inv in Rh. assert (8 * u64 / (1 - 8 * u64) * t <= 81/10 * u64 * t) by (apply Rmult_le_compat_r; lra). lra. }
assert (Ht : t < 1 / 2 + 5 * u64) by nra.
split. lra.
assert (Inv : forall x, x < 3 / 5 -> excess x = / (1 - x) - 1) by (intros x Hx; unfold excess; field; lra).
assert (El : excess l <= excess t).
{ rewrite !Inv by lra. assert (/ (1 - l) <= / (1 - t)) by (apply Rinv_le_contravar; lra). lra. }
set (y := excess t) in *. assert (Ey : y * (1 - t) = t) by (unfold y, excess; field; lra).
assert (Py : / 10 ^ 10 <= y <= 2) by nra.
(* the quotient *)
assert (Hp : 0 < h) by nra.
assert (Ex : y * (1 - 25 * u64) <= h / (1 - h)).
{ apply Rmult_le_reg_r with (1 - h). lra. replace (h / (1 - h) * (1 - h)) with h by (field; lra).
  assert (y * (1 - 25 * u64) * (1 - h) <= y * (1 - 25 * u64) * (1 - t * (1 - 81/10 * u64))) by (apply Rmult_le_compat_l; [apply Rmult_le_pos; lra | lra]).
  apply Rle_trans with (1 := H0). apply Rle_trans with (2 := Hh).
  replace (y * (1 - 25 * u64) * (1 - t * (1 - 81/10 * u64))) with ((1 - 25 * u64) * (y * (1 - t) + y * t * (81/10 * u64))) by ring.
  rewrite Ey. assert (y * t * (81/10 * u64) <= 2 * t * (81/10 * u64)).
  { apply Rmult_le_compat_r. lra. apply Rmult_le_compat_r; lra. }
  assert (0 <= t * u64) by (apply Rmult_le_pos; lra).
  apply Rle_trans with ((1 - 25 * u64) * (t + 2 * t * (81/10 * u64))). apply Rmult_le_compat_l; lra.
  assert (0 <= t * u64 * u64) by (apply Rmult_le_pos; lra). lra. }
assert (Pq : 0 < h / (1 - h)) by (apply Rdiv_lt_0_compat; lra).
assert (S1 : within (101/100 * u64) (sub 1 h) (1 - h)) by (apply within_rnd, above_1000; lra).
assert (Sp : 0 < sub 1 h).
{ destruct S1 as [_ S1]. apply Rnot_le_lt. intros C. assert (P := exp_pos (101 / 100 * u64)).
  assert (exp (101 / 100 * u64) * sub 1 h <= exp (101 / 100 * u64) * 0) by (apply Rmult_le_compat_l; lra). lra. }
assert (Q : within (303/100 * u64) (rnd (h / sub 1 h)) (h / (1 - h)) /\ / 10 ^ 11 <= h / sub 1 h).
{ assert (Q1 : within (0 + 101/100 * u64) (h / sub 1 h) (h / (1 - h))).
  { apply within_div; trivial; try lra. apply within_refl; lra. }
  rewrite Rplus_0_l in Q1. assert (L : / 10 ^ 11 <= h / sub 1 h).
  { destruct Q1 as [_ Q1]. assert (exp (101 / 100 * u64) <= 2). { apply Rle_trans with (exp (/ 2)). apply exp_le. lra. interval. }
    assert (0 < h / sub 1 h) by now apply Rdiv_lt_0_compat.
    assert (exp (101 / 100 * u64) * (h / sub 1 h) <= 2 * (h / sub 1 h)) by (apply Rmult_le_compat_r; lra).
    assert (/ 10 ^ 10 * (1 - / 2) <= y * (1 - 25 * u64)) by (apply Rmult_le_compat; lra). lra. }
  split; trivial. apply within_weaken with (101/100 * u64 + 101/100 * u64); try lra.
  - rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances. lra.
  - apply within_trans with (h / sub 1 h); trivial. apply within_rnd, above_1000. lra. }
destruct Q as [Qw Ql]. assert (Qb : y * (1 - 30 * u64) <= rnd (h / sub 1 h)).
{ assert (Qr := relative_of_within (303/100 * u64) _ _ ltac:(lra) (Rlt_le _ _ Pq) Qw). apply Rabs_le_inv in Qr.
  assert (303/100 * u64 / (1 - 303/100 * u64) <= 4 * u64).
  { apply Rmult_le_reg_r with (1 - 303/100 * u64). lra. unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l by lra.
    assert (u64 * u64 <= u64 * / 10 ^ 15) by (apply Rmult_le_compat_l; lra). lra. }
  set (q := 303/100 * u64 / (1 - 303/100 * u64)) in *. set (x := h / (1 - h)) in *.
  assert (q * x <= 4 * u64 * x) by (apply Rmult_le_compat_r; lra).
  assert (y * (1 - 25 * u64) * (1 - 4 * u64) <= x * (1 - 4 * u64)) by (apply Rmult_le_compat_r; lra).
  assert (0 <= y * u64) by (apply Rmult_le_pos; lra). assert (0 <= y * u64 * u64) by (apply Rmult_le_pos; lra). lra. }
(* the slack, the scaling, the last addition *)
assert (Low : forall v w, / 10 ^ 20 <= w -> w <= v -> w * (1 - 2 * u64) <= rnd v).
{ intros v w Hw Hv. assert (R := rnd_error w). rewrite (Rabs_pos_eq w) in R by lra. apply Rabs_le_inv in R.
  assert (rnd w <= rnd v) by (apply round_le; auto with typeclass_instances).
  assert (eta64 <= u64 * w); [|lra]. apply Rle_trans with (u64 * / 10 ^ 20); [|apply Rmult_le_compat_l; lra].
  apply Rle_trans with (pow2 (-53) * pow2 (-100)). unfold eta64. rewrite <- bpow_plus. apply bpow_le. lia.
  apply Rmult_le_compat_l. apply bpow_ge_0. simpl. lra. }
assert (Cs : c_slack = 1 + / 1099511627776) by (unfold c_slack; simpl; lra).
assert (Y0 : / 10 ^ 11 <= y * (1 - 30 * u64)).
{ apply Rle_trans with (/ 10 ^ 10 * (1 - / 2)). lra. apply Rmult_le_compat; lra. }
assert (X1 : y * (1 - 30 * u64) * c_slack * (1 - 2 * u64) <= c_relative h).
{ unfold c_relative. apply Low. rewrite Cs. lra. apply Rmult_le_compat_r; [rewrite Cs; lra | exact Qb]. }
assert (X2 : y * (1 + / 2199023255552) <= c_relative h).
{ apply Rle_trans with (2 := X1). rewrite Cs, !Rmult_assoc. apply Rmult_le_compat_l. lra. rewrite F3. lra. }
assert (X3 : pow2 24 * (y * (1 + / 2199023255552)) * (1 - 2 * u64) <= mul (pow2 24) (c_relative h)).
{ apply Low; [simpl; lra | apply Rmult_le_compat_l; [apply bpow_ge_0 | exact X2]]. }
assert (X2' : excess l <= c_relative h) by (apply Rle_trans with (2 := X2); assert (0 <= y) by lra; lra).
assert (K : forall k, 1 / 2 <= k <= 1 -> k + pow2 24 * excess l <= add k (mul (pow2 24) (c_relative h))).
{ intros k Hk. apply Rle_trans with ((k + pow2 24 * (y * (1 + / 2199023255552)) * (1 - 2 * u64)) * (1 - 2 * u64)).
  - assert (pow2 24 * excess l <= pow2 24 * y) by (apply Rmult_le_compat_l; [apply bpow_ge_0 | exact El]).
    apply Rle_trans with (k + pow2 24 * y). lra. clear - Py F3 Hk. rewrite F3. change (pow2 24) with 16777216. lra.
  - unfold add. apply Low; [|lra].
    assert (0 <= pow2 24 * (y * (1 + / 2199023255552)) * (1 - 2 * u64)); [|lra].
    apply Rmult_le_pos; [|lra]. apply Rmult_le_pos; [apply bpow_ge_0|]. apply Rmult_le_pos; lra. }
unfold c_with_rounding. destruct (Rle_dec (c_relative h) (pow2 (-24))) as [C|C]; destruct (Rle_dec (excess l) (pow2 (-24))) as [D|D].
- apply K. lra.
- exfalso. lra.
- eapply Rle_trans; [|apply (K 1); lra]. lra.
- apply K. lra.
Qed.

(* what the C functions return below 1/2, and what is proved of it *)
Theorem c_bound_probs_enough : forall A n, A = 0 \/ pow2 (-900) <= A -> (1 <= n <= 2147483647)%Z ->
  c_log_error A (IZR n) half_grid < 1 / 2 ->
  in_reach A (IZR n) /\ bound_ulp A (IZR n) <= c_bound_probs A (IZR n).
Proof.
intros A n HA Hn H. destruct (c_log_error_close A n (-51) HA Hn ltac:(lia)) as (T0 & T1 & W). fold half_grid in T0, T1, W.
apply within_weaken with (t := 8 * u64) in W; try lra.
- exact (c_ulp_enough _ _ _ T0 T1 W H).
- destruct W as [_ W]. assert (P := exp_pos (6 * u64)). apply Rnot_lt_le. intros C.
  assert (exp (6 * u64) * c_log_error A (IZR n) half_grid < exp (6 * u64) * 0) by (apply Rmult_lt_compat_l; lra). lra.
- generalize u64_small; lra.
Qed.

Theorem c_bound_log_enough : forall A n, A = 0 \/ pow2 (-900) <= A -> (1 <= n <= 2147483647)%Z ->
  c_error_log A (IZR n) < 1 / 2 ->
  in_reach_log A (IZR n) /\ bound_log_ulp A (IZR n) <= c_bound_log A (IZR n).
Proof.
intros A n HA Hn H. destruct (c_log_error_close A n (-50) HA Hn ltac:(lia)) as (T0 & T1 & W).
set (t := _ + 16 * u64) in *. set (h := c_log_error A (IZR n) (pow2 (-50))) in *.
assert (U : 0 < u64 <= / 10 ^ 15) by (destruct figures as (_ & _ & F3 & _); rewrite F3; lra).
assert (P : 0 <= h).
{ destruct W as [_ W]. assert (P := exp_pos (6 * u64)). apply Rnot_lt_le. intros C.
  assert (exp (6 * u64) * h < exp (6 * u64) * 0) by (apply Rmult_lt_compat_l; lra). lra. }
assert (P44 : 0 < pow2 (-44)) by apply bpow_gt_0.
assert (W2 : within (6 * u64) (h + pow2 (-44)) (t + pow2 (-44))).
{ apply within_plus; trivial. apply within_refl; lra. }
assert (W3 : within (101/100 * u64) (c_error_log A (IZR n)) (h + pow2 (-44))).
{ apply within_rnd. apply Rle_trans with (pow2 (-44)). apply bpow_le. lia. fold h. lra. }
assert (W4 := within_trans _ _ _ _ _ W3 W2). apply within_weaken with (t := 8 * u64) in W4; try lra.
- unfold in_reach_log, bound_log_ulp. apply (c_ulp_enough (log_error_log A (IZR n)) (t + pow2 (-44))); trivial; try lra.
  unfold log_error_log. lra.
- destruct W3 as [_ W3]. assert (Pe := exp_pos (101/100 * u64)). apply Rnot_lt_le. intros C.
  assert (exp (101/100 * u64) * c_error_log A (IZR n) < exp (101/100 * u64) * 0) by (apply Rmult_lt_compat_l; lra). lra.
Qed.
