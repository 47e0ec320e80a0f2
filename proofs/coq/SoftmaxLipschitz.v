(* SPDX-License-Identifier: Apache-2.0 *)
(* T9: softmax is 1/2-Lipschitz in l_q for every real q >= 1 and for q = oo, and 1-Lipschitz from l_oo to l_1; so MultiMax is
   K/2-Lipschitz wherever sigma is K-Lipschitz. Mean value along the segment, absolute row sums of the Jacobian, Young. *)
From Coq Require Import Reals Psatz Lia PeanoNat.
From Coquelicot Require Import Coquelicot.
From MultiMax Require Import Hinge Modulator Slopes Increments RealSum RealPower Softmax Gradient.
Open Scope R_scope.

Definition prob (n : nat) (p : nat -> R) : Prop := (forall i, (i < n)%nat -> 0 <= p i <= 1) /\ sum n p = 1.
Definition jac (p : nat -> R) (i j : nat) : R := p i * (delta i j - p j).

Lemma jac_abs : forall n p i j, prob n p -> (i < n)%nat -> (j < n)%nat ->
  Rabs (jac p i j) = p i * p j + (p i - 2 * p i * p i) * delta i j.
Proof.
intros n p i j [B _] Hi Hj. generalize (B i Hi) (B j Hj). intros Bi Bj. unfold jac, delta.
destruct Nat.eq_dec as [->|]. rewrite Rabs_pos_eq by nra. ring.
rewrite Rabs_left1 by nra. ring.
Qed.
Lemma jac_sym : forall n p i j, prob n p -> (i < n)%nat -> (j < n)%nat -> Rabs (jac p i j) = Rabs (jac p j i).
Proof.
intros n p i j H Hi Hj. rewrite !(jac_abs n) by trivial. unfold delta.
destruct (Nat.eq_dec i j), (Nat.eq_dec j i); try lia; subst; ring.
Qed.

(* T9a: absolute row sums are 2 p (1 - p) <= 1/2 *)
Theorem jac_row : forall n p i, prob n p -> (i < n)%nat -> sum n (fun j => Rabs (jac p i j)) = 2 * p i * (1 - p i).
Proof.
intros n p i H Hi. rewrite (sum_ext n _ (fun j => p i * p j + (p i - 2 * p i * p i) * delta i j))
  by (intros; now apply (jac_abs n)).
rewrite sum_plus, sum_scal, (sum_delta n (fun _ => p i - 2 * p i * p i)) by exact Hi. destruct H as [_ ->]. ring.
Qed.
Corollary jac_row_half : forall n p i, prob n p -> (i < n)%nat -> sum n (fun j => Rabs (jac p i j)) <= 1 / 2.
Proof. intros n p i H Hi. rewrite (jac_row n) by trivial. generalize (Rle_0_sqr (p i - 1 / 2)). unfold Rsqr. lra. Qed.

(* mean value along the segment from y to x, tested against weights w *)
Lemma mean_value : forall n x y w, (0 < n)%nat -> exists p, prob n p /\
  sum n (fun i => w i * (softmax n x i - softmax n y i)) = sum n (fun i => sum n (fun j => jac p i j * w j * (x i - y i))).
Proof.
intros n x y w Hn. set (s := fun (u : R) k => y k + u * (x k - y k)).
assert (D : forall u, is_derive (fun u => sum n (fun i => w i * softmax n (s u) i)) u
  (sum n (fun i => grad_sigma n (s u) w i * (x i - y i)))).
{ intros u. apply softmax_vjp. intros k Hk. unfold s. auto_derive; trivial. ring. }
destruct (MVT_gen (fun u => sum n (fun i => w i * softmax n (s u) i)) 0 1
  (fun u => sum n (fun i => grad_sigma n (s u) w i * (x i - y i)))) as (c & _ & E).
- intros u _. apply D.
- intros u _. apply derivable_continuous_pt. exists (sum n (fun i => grad_sigma n (s u) w i * (x i - y i))).
  apply is_derive_Reals, D.
- exists (softmax n (s c)). split.
  { split. intros i Hi. split. now apply Rlt_le, softmax_pos. now apply softmax_le_1. now apply softmax_sum. }
  rewrite Rminus_0_r, Rmult_1_r in E. rewrite (sum_ext n _ (fun i => w i * softmax n (s 1) i - w i * softmax n (s 0) i)).
  + rewrite sum_minus, E. apply sum_ext. intros i Hi. unfold grad_sigma. set (p := softmax n (s c)).
    rewrite (sum_ext n (fun j => jac p i j * w j * (x i - y i))
      (fun j => (p i * (x i - y i)) * (w j * delta i j - p j * w j))) by (intros; unfold jac; ring).
    rewrite sum_scal, sum_minus, (sum_delta n w) by exact Hi. ring.
  + intros i Hi. rewrite (softmax_ext n (s 1) x), (softmax_ext n (s 0) y); trivial; try ring; intros; unfold s; ring.
Qed.

Lemma bilinear_abs : forall n p w v, sum n (fun i => sum n (fun j => jac p i j * w j * v i))
  <= sum n (fun i => sum n (fun j => Rabs (jac p i j) * (Rabs (w j) * Rabs (v i)))).
Proof.
intros n p w v. apply sum_le. intros i Hi. apply sum_le. intros j Hj.
eapply Rle_trans. apply RRle_abs. rewrite !Rabs_mult. lra.
Qed.

(* T9b: q = oo *)
Theorem softmax_lip_inf : forall n x y D i, (i < n)%nat -> (forall k, (k < n)%nat -> Rabs (x k - y k) <= D) ->
  Rabs (softmax n x i - softmax n y i) <= D / 2.
Proof.
assert (One : forall n x y D i, (i < n)%nat -> (forall k, (k < n)%nat -> Rabs (x k - y k) <= D) ->
  softmax n x i - softmax n y i <= D / 2).
{ intros n x y D i Hi H. destruct (mean_value n x y (delta i) ltac:(lia)) as (p & Hp & E).
  rewrite (sum_ext n _ (fun k => (softmax n x k - softmax n y k) * delta i k)) in E by (intros; ring).
  rewrite (sum_delta n (fun k => softmax n x k - softmax n y k)) in E by exact Hi. rewrite E.
  assert (PD : 0 <= D) by (eapply Rle_trans; [apply Rabs_pos | apply (H i Hi)]).
  apply Rle_trans with (sum n (fun k => D * Rabs (jac p i k))).
  - apply sum_le. intros k Hk. rewrite (sum_ext n _ (fun j => (jac p k j * (x k - y k)) * delta i j)) by (intros; ring).
    rewrite (sum_delta n (fun j => jac p k j * (x k - y k))) by exact Hi.
    eapply Rle_trans. apply RRle_abs. rewrite Rabs_mult, (jac_sym n) by trivial.
    rewrite Rmult_comm. apply Rmult_le_compat_r. apply Rabs_pos. now apply H.
  - rewrite sum_scal. generalize (jac_row_half n p i Hp Hi). nra. }
intros n x y D i Hi H. apply Rabs_le. split; [|now apply One].
assert (softmax n y i - softmax n x i <= D / 2); [|lra]. apply One; trivial.
intros k Hk. rewrite Rabs_minus_sym. now apply H.
Qed.

(* T9c: every real q >= 1, as q-th powers *)
Theorem softmax_lip_pow : forall n x y q, (0 < n)%nat -> 1 <= q ->
  pow_sum n q (fun i => softmax n x i - softmax n y i) <= rpow (1 / 2) q * pow_sum n q (fun i => x i - y i).
Proof.
intros n x y q Hn Hq. set (d := fun i => softmax n x i - softmax n y i). set (v := fun i => x i - y i).
set (size := fun t => if Rlt_dec 0 t then Rpower t (q - 1) else 0).
set (w := fun i => if Rlt_dec 0 (d i) then size (Rabs (d i)) else - size (Rabs (d i))).
assert (W : forall i, Rabs (w i) = size (Rabs (d i)) /\ w i * d i = rpow (Rabs (d i)) q).
{ intros i. assert (Ps : 0 <= size (Rabs (d i))) by (unfold size; destruct Rlt_dec; [apply Rlt_le, exp_pos | lra]).
  assert (Es : size (Rabs (d i)) * Rabs (d i) = rpow (Rabs (d i)) q).
  { unfold size, rpow. destruct Rlt_dec as [H|H]; [|ring]. rewrite <- (Rpower_1 (Rabs (d i)) H) at 2.
    rewrite <- Rpower_plus. f_equal. ring. }
  unfold w. destruct (Rlt_dec 0 (d i)) as [H|H]; rewrite <- Es; split.
  now apply Rabs_pos_eq. now rewrite (Rabs_pos_eq (d i)) by lra.
  rewrite Rabs_Ropp. now apply Rabs_pos_eq. rewrite (Rabs_left1 (d i)) by lra. ring. }
destruct (mean_value n x y w Hn) as (p & Hp & E).
assert (D : pow_sum n q d <= sum n (fun i => sum n (fun j => Rabs (jac p i j) * (Rabs (w j) * Rabs (v i))))).
{ unfold pow_sum. rewrite (sum_ext n _ (fun i => w i * d i)) by (intros; now rewrite (proj2 (W i))).
  unfold d at 1. rewrite E. apply bilinear_abs. }
set (X := fun j => (1 - / q) * rpow (Rabs (d j)) q). set (Y := fun i => / q * rpow (1 / 2 * Rabs (v i)) q).
assert (Pq : 0 < / q <= 1).
{ split. apply Rinv_0_lt_compat; lra. rewrite <- Rinv_1. apply Rinv_le_contravar; lra. }
assert (PX : forall j, 0 <= X j) by (intros; apply Rmult_le_pos; [lra | apply rpow_nonneg]).
assert (PY : forall j, 0 <= Y j) by (intros; apply Rmult_le_pos; [lra | apply rpow_nonneg]).
assert (Young : forall i j, Rabs (w j) * Rabs (v i) <= 2 * (X j + Y i)).
{ intros i j. rewrite (proj1 (W j)). unfold size. destruct Rlt_dec as [H|H].
  - generalize (young (Rabs (d j)) (1 / 2 * Rabs (v i)) q H ltac:(generalize (Rabs_pos (v i)); lra) Hq). fold (X j) (Y i). lra.
  - generalize (PX j) (PY i). lra. }
assert (F : pow_sum n q d <= sum n X + sum n Y).
{ eapply Rle_trans. exact D.
  apply Rle_trans with (sum n (fun i => sum n (fun j => 2 * (X j * Rabs (jac p i j)) + 2 * (Y i * Rabs (jac p i j))))).
  - apply sum_le. intros i Hi. apply sum_le. intros j Hj.
    replace (2 * (X j * Rabs (jac p i j)) + 2 * (Y i * Rabs (jac p i j))) with (Rabs (jac p i j) * (2 * (X j + Y i))) by ring.
    apply Rmult_le_compat_l. apply Rabs_pos. apply Young.
  - rewrite (sum_ext n _ (fun i => sum n (fun j => 2 * (X j * Rabs (jac p i j))) + 2 * Y i * sum n (fun j => Rabs (jac p i j)))).
    2: { intros i Hi. rewrite sum_plus. f_equal. rewrite <- sum_scal. apply sum_ext. intros. ring. }
    rewrite sum_plus. apply Rplus_le_compat.
    + rewrite sum_swap. apply sum_le. intros j Hj.
      rewrite (sum_ext n _ (fun i => 2 * X j * Rabs (jac p j i))) by (intros; rewrite (jac_sym n) by trivial; ring).
      rewrite sum_scal. generalize (jac_row_half n p j Hp Hj) (PX j). nra.
    + apply sum_le. intros i Hi. generalize (jac_row_half n p i Hp Hi) (PY i). nra. }
unfold X, Y in F. rewrite !sum_scal in F. fold (pow_sum n q d) in F.
assert (G : pow_sum n q d <= sum n (fun i => rpow (1 / 2 * Rabs (v i)) q)).
{ apply Rmult_le_reg_l with (/ q). lra. lra. }
eapply Rle_trans. exact G. unfold pow_sum. rewrite <- sum_scal. apply sum_le. intros i Hi.
apply Req_le, rpow_mult. lra. apply Rabs_pos.
Qed.

Theorem softmax_lip : forall n x y q, (0 < n)%nat -> 1 <= q ->
  norm_q n q (fun i => softmax n x i - softmax n y i) <= 1 / 2 * norm_q n q (fun i => x i - y i).
Proof. intros n x y q Hn Hq. apply norm_q_scale; trivial. lra. now apply softmax_lip_pow. Qed.

(* T9d: from l_oo to l_1 with constant 1 *)
Theorem softmax_lip_inf_1 : forall n x y D, (0 < n)%nat -> (forall k, (k < n)%nat -> Rabs (x k - y k) <= D) ->
  sum n (fun i => Rabs (softmax n x i - softmax n y i)) <= D.
Proof.
intros n x y D Hn H. set (d := fun i => softmax n x i - softmax n y i).
set (w := fun i => if Rlt_dec 0 (d i) then 1 else -1).
assert (W : forall i, w i * d i = Rabs (d i) /\ w i * w i = 1).
{ intros i. unfold w. destruct Rlt_dec; split; try ring. rewrite Rabs_pos_eq; lra. rewrite Rabs_left1; lra. }
destruct (mean_value n x y w Hn) as (p & [Bp Sp] & E).
rewrite (sum_ext n _ (fun i => w i * d i)) by (intros; symmetry; apply W). unfold d. rewrite E.
set (m := sum n (fun j => p j * w j)).
assert (PD : 0 <= D) by (eapply Rle_trans; [apply Rabs_pos | apply (H O Hn)]).
apply Rle_trans with (sum n (fun i => D / 2 * (p i * 2 - 2 * m * (p i * w i) + m * m * p i))).
- apply sum_le. intros i Hi.
  rewrite (sum_ext n _ (fun j => (p i * (x i - y i)) * (w j * delta i j - p j * w j))) by (intros; unfold jac; ring).
  rewrite sum_scal, sum_minus, (sum_delta n w) by exact Hi. fold m.
  replace (D / 2 * (p i * 2 - 2 * m * (p i * w i) + m * m * p i)) with (p i * (D * ((1 + (w i - m) ^ 2) / 2))).
  2: { replace ((w i - m) ^ 2) with (w i * w i - 2 * m * w i + m * m) by ring. rewrite (proj2 (W i)). field. }
  rewrite Rmult_assoc. apply Rmult_le_compat_l. apply Bp; exact Hi.
  eapply Rle_trans. apply RRle_abs. rewrite Rabs_mult. apply Rmult_le_compat; try apply Rabs_pos. now apply H.
  generalize (Rle_0_sqr (Rabs (w i - m) - 1)) (pow2_abs (w i - m)). unfold Rsqr. simpl. lra.
- rewrite sum_scal, sum_plus, sum_minus, !sum_scal.
  rewrite (sum_ext n (fun i => p i * 2) (fun i => 2 * p i)) by (intros; ring). rewrite sum_scal, Sp. fold m.
  generalize (Rle_0_sqr m). unfold Rsqr. nra.
Qed.

(* T9e: MultiMax, with K from sigma_lipschitz or, best possible, sup_slope *)
Theorem multimax_lip : forall n P lo hi x y q K, (0 < n)%nat -> 1 <= q -> lo < hi -> sup_slope P lo hi <= K ->
  (forall i, (i < n)%nat -> lo <= x i <= hi) -> (forall i, (i < n)%nat -> lo <= y i <= hi) ->
  norm_q n q (fun i => multimax n P x i - multimax n P y i) <= K / 2 * norm_q n q (fun i => x i - y i).
Proof.
intros n P lo hi x y q K Hn Hq Hlh HK Hx Hy.
assert (L := proj2 (lipschitz_iff P lo hi K Hlh) HK).
assert (PK : 0 <= K).
{ destruct (proj1 (sup_slope_le P lo hi K) HK) as [A _]. eapply Rle_trans; [apply Rabs_pos | exact A]. }
eapply Rle_trans. apply (softmax_lip n (fun k => sigma P (x k)) (fun k => sigma P (y k)) q Hn Hq).
replace (K / 2 * norm_q n q (fun i => x i - y i)) with (1 / 2 * (K * norm_q n q (fun i => x i - y i))) by field.
apply Rmult_le_compat_l. lra. apply norm_q_scale; trivial. apply pow_sum_scale; trivial. lra.
intros i Hi. apply L; [now apply Hx | now apply Hy].
Qed.

Theorem multimax_lip_inf : forall n P lo hi x y K D i, (i < n)%nat -> lo < hi -> sup_slope P lo hi <= K ->
  (forall k, (k < n)%nat -> lo <= x k <= hi) -> (forall k, (k < n)%nat -> lo <= y k <= hi) ->
  (forall k, (k < n)%nat -> Rabs (x k - y k) <= D) ->
  Rabs (multimax n P x i - multimax n P y i) <= K / 2 * D.
Proof.
intros n P lo hi x y K D i Hi Hlh HK Hx Hy H.
assert (L := proj2 (lipschitz_iff P lo hi K Hlh) HK).
assert (PK : 0 <= K).
{ destruct (proj1 (sup_slope_le P lo hi K) HK) as [A _]. eapply Rle_trans; [apply Rabs_pos | exact A]. }
replace (K / 2 * D) with (K * D / 2) by field. apply softmax_lip_inf; trivial.
intros k Hk. eapply Rle_trans. apply L; [now apply Hx | now apply Hy]. apply Rmult_le_compat_l; trivial. now apply H.
Qed.

(* T9f: log-probabilities move at most twice as far as the modulated logits *)
Theorem log_softmax_lip : forall n x y D i, (i < n)%nat -> (forall k, (k < n)%nat -> Rabs (x k - y k) <= D) ->
  Rabs (log_softmax n x i - log_softmax n y i) <= 2 * D.
Proof.
assert (One : forall n x y D, (0 < n)%nat -> (forall k, (k < n)%nat -> Rabs (x k - y k) <= D) -> ln (exp_sum n x) <= D + ln (exp_sum n y)).
{ intros n x y D Hn H. rewrite <- (ln_exp D) at 1. rewrite <- ln_mult by (try apply exp_pos; now apply exp_sum_pos).
  assert (A : exp_sum n x <= exp D * exp_sum n y).
  { unfold exp_sum. rewrite <- sum_scal. apply sum_le. intros k Hk. rewrite <- exp_plus.
    assert (x k <= D + y k) by (generalize (H k Hk) (RRle_abs (x k - y k)); lra).
    destruct (Req_dec (x k) (D + y k)) as [->|N]. lra. apply Rlt_le, exp_increasing. lra. }
  destruct (Req_dec (exp_sum n x) (exp D * exp_sum n y)) as [->|N]. lra.
  apply Rlt_le, ln_increasing. now apply exp_sum_pos. lra. }
intros n x y D i Hi H. unfold log_softmax.
assert (A := One n x y D ltac:(lia) H).
assert (B := One n y x D ltac:(lia) ltac:(intros; rewrite Rabs_minus_sym; now apply H)).
generalize (H i Hi). unfold Rabs. repeat destruct Rcase_abs; lra.
Qed.

(* T9g: 1/2 is best possible: at p = (1/2, 1/2) in direction (1, -1) *)
Theorem softmax_lip_tight : forall K, (forall x y D i, (i < 2)%nat -> (forall k, (k < 2)%nat -> Rabs (x k - y k) <= D) ->
  Rabs (softmax 2 x i - softmax 2 y i) <= K * D) -> 1 / 2 <= K.
Proof.
intros K H. set (v := fun k => match k with O => 1 | _ => -1 end). set (s := fun (u : R) k => u * v k).
assert (D : is_derive (fun u => softmax 2 (s u) 0) 0 (1 / 2)).
{ evar_last. apply (softmax_derive 2 s 0 v 0). lia. intros k Hk. unfold s. auto_derive; trivial. ring.
  unfold softmax, exp_sum, s, v. simpl. rewrite !Rmult_0_l, exp_0. field. }
apply is_derive_Reals in D. apply Rnot_lt_le. intros C.
destruct (D (1 / 2 - K) ltac:(lra)) as [d Hd]. assert (Pd := cond_pos d).
specialize (Hd (d / 2) ltac:(lra)). rewrite Rabs_pos_eq in Hd by lra. specialize (Hd ltac:(lra)).
specialize (H (s (d / 2)) (s 0) (d / 2) O ltac:(lia)). lapply H; clear H.
- intros H. rewrite Rplus_0_l in Hd.
  set (q := softmax 2 (s (d / 2)) 0 - softmax 2 (s 0) 0) in *.
  assert (B : q <= K * (d / 2)) by (eapply Rle_trans; [apply RRle_abs | exact H]).
  assert (A : q / (d / 2) <= K).
  { apply Rmult_le_reg_r with (d / 2). lra. unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  revert Hd. unfold Rabs. destruct Rcase_abs; lra.
- intros [|[|k]] Hk; [| |lia]; unfold s, v; apply Rabs_le; lra.
Qed.
