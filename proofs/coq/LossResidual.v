(* SPDX-License-Identifier: Apache-2.0 *)
(* fl(p - q) of the loss's gradient against the exact difference: what the probability is off by, and a few roundings of p + q. *)
From Coq Require Import Reals ZArith Bool Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 ExpKernel SigmaFloat AffineFloat LogFloat RealSum Within Contract Accuracy LogContract LogRest LogBound LossContract
  GradContract SlopeFloat LossGradContract LossProb.
Open Scope R_scope.

Lemma minus_error : forall h b p q E t, 0 <= h -> 0 <= q -> 0 <= t <= 3 * u64 -> Rabs (h - p) <= E -> Rabs (b - q) <= t * q + 5 * eta64 ->
  Rabs (sub h b - (p - q)) <= E + 5 * u64 * (h + q) + 12 * eta64.
Proof.
intros h b p q E t Hh Hq Ht He Hb. assert (U := u64_small). assert (P : 0 < eta64) by apply bpow_gt_0.
assert (R := rnd_error (h - b)). fold (sub h b) in R.
assert (B : Rabs b <= q + (t * q + 5 * eta64)).
{ replace b with (q + (b - q)) by ring. eapply Rle_trans. apply Rabs_triang. rewrite (Rabs_pos_eq q Hq). lra. }
assert (D : Rabs (h - b) <= h + (q + (t * q + 5 * eta64))).
{ unfold Rminus. eapply Rle_trans. apply Rabs_triang. rewrite Rabs_Ropp, (Rabs_pos_eq h Hh). lra. }
assert (Tq : t * q <= 3 * u64 * q) by (apply Rmult_le_compat_r; lra).
assert (Uq : 0 <= u64 * q) by (apply Rmult_le_pos; lra). assert (Uh : 0 <= u64 * h) by (apply Rmult_le_pos; lra).
assert (Uq2 : u64 * (3 * u64 * q) <= / 300 * (u64 * q)).
{ replace (u64 * (3 * u64 * q)) with (3 * u64 * (u64 * q)) by ring. apply Rmult_le_compat_r; lra. }
assert (Ue : u64 * eta64 <= / 1024 * eta64) by (apply Rmult_le_compat_r; lra).
assert (M : u64 * Rabs (h - b) <= u64 * (h + (q + (3 * u64 * q + 5 * eta64)))) by (apply Rmult_le_compat_l; lra).
replace (sub h b - (p - q)) with ((sub h b - (h - b)) + ((h - p) - (b - q))) by ring.
eapply Rle_trans. apply Rabs_triang. assert (T : Rabs ((h - p) - (b - q)) <= E + (t * q + 5 * eta64)).
{ unfold Rminus at 1. eapply Rle_trans. apply Rabs_triang. rewrite Rabs_Ropp. lra. }
lra.
Qed.

Lemma uniform_error : forall a k, 0 <= a -> 1 <= k -> rnd k = k -> Rabs (uniform_of a k - a / k) <= u64 * (a / k) + eta64.
Proof.
intros a k Ha Hk Fk. assert (P : 0 < eta64) by apply bpow_gt_0. assert (Q : 0 <= a / k) by (apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra]).
unfold uniform_of. destruct Rlt_dec as [H|H].
- rewrite Fk. assert (R := rnd_error (a / k)). rewrite (Rabs_pos_eq _ Q) in R. exact R.
- assert (a = 0) by lra. subst. replace (0 / k) with 0 by (unfold Rdiv; ring). rewrite Rminus_0_r, Rabs_R0. lra.
Qed.

Lemma target_error : forall a u v, 0 <= a <= 1 -> 0 <= v -> Rabs (u - v) <= u64 * v + eta64 ->
  Rabs (add (sub 1 a) u - (1 - a + v)) <= 3 * u64 * (1 - a + v) + 5 * eta64.
Proof.
intros a u v Ha Hv Hu. assert (U := u64_small). assert (P : 0 < eta64) by apply bpow_gt_0.
assert (R1 := rnd_error (1 - a)). fold (sub 1 a) in R1. rewrite (Rabs_pos_eq (1 - a)) in R1 by lra.
assert (R2 := rnd_error (sub 1 a + u)). fold (add (sub 1 a) u) in R2.
assert (S : Rabs (sub 1 a + u - (1 - a + v)) <= u64 * (1 - a + v) + 2 * eta64).
{ replace (sub 1 a + u - (1 - a + v)) with ((sub 1 a - (1 - a)) + (u - v)) by ring. eapply Rle_trans. apply Rabs_triang. lra. }
set (q := 1 - a + v) in *. assert (Q : 0 <= q) by (unfold q; lra). assert (Uq : 0 <= u64 * q) by (apply Rmult_le_pos; lra).
assert (D : Rabs (sub 1 a + u) <= q + (u64 * q + 2 * eta64)).
{ replace (sub 1 a + u) with (q + (sub 1 a + u - q)) by ring. eapply Rle_trans. apply Rabs_triang. rewrite (Rabs_pos_eq q Q). lra. }
assert (M : u64 * Rabs (sub 1 a + u) <= u64 * (q + (u64 * q + 2 * eta64))) by (apply Rmult_le_compat_l; lra).
assert (Uq2 : u64 * (u64 * q) <= / 1024 * (u64 * q)) by (apply Rmult_le_compat_r; lra).
assert (Ue : u64 * eta64 <= / 1024 * eta64) by (apply Rmult_le_compat_r; lra).
replace (add (sub 1 a) u - q) with ((add (sub 1 a) u - (sub 1 a + u)) + (sub 1 a + u - q)) by ring.
eapply Rle_trans. apply Rabs_triang. lra.
Qed.

(* p - 1 of the largest entry, as -rest/(1 + rest) *)
Lemma rest_error : forall rest v p E, 0 <= rest -> 0 < v -> within (202/100 * u64) v (/ (1 + rest)) -> Rabs (v - p) <= E ->
  Rabs (- mul rest v - (p - 1)) <= E + 5 * u64 + eta64.
Proof.
intros rest v p E Hr Hv W He. assert (U := u64_figure). assert (P : 0 < eta64) by apply bpow_gt_0.
assert (I : 0 < / (1 + rest)) by (apply Rinv_0_lt_compat; lra).
assert (D : Rabs (v - / (1 + rest)) <= 202/100 * u64 / (1 - 202/100 * u64) * / (1 + rest)) by (apply relative_of_within; trivial; rewrite ?U; lra).
assert (C : 202/100 * u64 / (1 - 202/100 * u64) <= 203/100 * u64).
{ rewrite U. lra. }
assert (D2 : Rabs (v - / (1 + rest)) <= 203/100 * u64 * / (1 + rest)) by (eapply Rle_trans; [exact D | apply Rmult_le_compat_r; lra]).
assert (S : Rabs ((1 + rest) * v - 1) <= 203/100 * u64).
{ replace ((1 + rest) * v - 1) with ((1 + rest) * (v - / (1 + rest))) by (field; lra). rewrite Rabs_mult, (Rabs_pos_eq (1 + rest)) by lra.
  apply Rle_trans with ((1 + rest) * (203/100 * u64 * / (1 + rest))). apply Rmult_le_compat_l; lra. right. field. lra. }
assert (M := mul_error rest v). apply Rabs_le_inv in S. assert (L : 0 <= rest * v) by (apply Rmult_le_pos; lra).
rewrite (Rabs_pos_eq (rest * v) L) in M. assert (L2 : rest * v <= 2) by (rewrite U in S; lra).
assert (M2 : u64 * (rest * v) <= u64 * 2) by (apply Rmult_le_compat_l; rewrite ?U; lra).
apply Rabs_le_inv in M. apply Rabs_le_inv in He. apply Rabs_le. rewrite U in *. lra.
Qed.

(* p - q of every entry, e its weight; the exact probability is that of multimax_row *)
Theorem residual_error : forall r y a m rest t i, valid_row r -> 0 <= a <= 1 -> is_rest r m rest ->
  (t < size r)%nat -> taken r t = true -> modulated_at r t = m -> (i < size r)%nat -> taken r i = true ->
  let p := multimax_row r i in let q := target_share r y a i in let h := mul (weight r m i) (inverse_of rest) in
  Rabs (residual_at r y a m rest i - (p - q)) <= Rabs (h - p) + 5 * u64 * (h + q) + 12 * eta64.
Proof.
intros r y a m rest t i Vr Ha Rs Ht T M Hi Ti p q h. destruct (rest_top r m rest t Rs Ht T M) as (w & Tp & Sec & Ro).
destruct (rest_inverse_close r m t w rest Vr Tp Sec Ro) as (_ & [R0 _] & [I0 _] & W & _). destruct Tp as (_ & _ & _ & Top).
assert (Pv : 0 < inverse_of rest) by (eapply Rlt_le_trans; [apply bpow_gt_0 | exact I0]). set (v := inverse_of rest) in *.
assert (Fm : format64 m) by (rewrite <- M; apply format64_rnd).
destruct (weight_error (modulated_at r i) m (format64_rnd _) Fm (Top i Hi Ti)) as [[E0 E1] _]. fold (weight r m i) in E0, E1.
assert (H0 : 0 <= h).
{ unfold h, mul. rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances. apply Rmult_le_pos; lra. }
assert (N := many r Vr). set (K := unmasked_count r) in *.
assert (K1 : 1 <= K /\ rnd K = K).
{ assert (C : exists n : Z, K = IZR n /\ (0 <= n <= Z.of_nat (size r))%Z).
  { unfold K, unmasked_count. generalize (size r). intros s. induction s as [|s (n & E & B)]. exists 0%Z. simpl. split; [reflexivity | lia].
    change (sum (S s) ?f) with (sum s f + f s). unfold kept at 2. destruct (taken r s).
    exists (n + 1)%Z. rewrite E, plus_IZR. split; [reflexivity | lia]. exists n. rewrite E, Rplus_0_r. split; [reflexivity | lia]. }
  destruct C as (n & E & B). assert (L : 1 <= K).
  { unfold K, unmasked_count. apply (kept_term r (fun _ => 1)) with (t := t); trivial. intros; lra. }
  split. exact L. rewrite E. apply round_generic; auto with typeclass_instances. destruct Vr as [Z _].
  apply format64_int. lia. }
destruct K1 as [K1 Fk]. assert (Ue := uniform_error a K (proj1 Ha) K1 Fk). set (u := uniform_of a K) in *.
assert (Q0 : 0 <= a / K) by (apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra]).
assert (P : 0 < eta64) by apply bpow_gt_0. assert (U := u64_small). assert (Uq : 0 <= u64 * (a / K)) by (apply Rmult_le_pos; lra).
unfold residual_at. fold v K u. unfold residual_of. fold h.
destruct (Nat.eqb i y) eqn:Y.
- assert (Eq : q = 1 - a + a / K) by (unfold q, target_share, delta; apply Nat.eqb_eq in Y; subst; destruct Nat.eq_dec; [fold K; ring | congruence]).
  destruct Rlt_dec as [A|A].
  + rewrite Eq. apply minus_error with (t := 3 * u64); trivial; try lra. now apply target_error.
  + assert (a = 0) by lra. assert (Q1 : q = 1) by (rewrite Eq, H; unfold Rdiv; ring). rewrite Q1.
    destruct Req_EM_T as [E|E].
    * assert (Eh : h = v).
      { unfold h. rewrite E. unfold mul. rewrite Rmult_1_l. apply round_generic; auto with typeclass_instances. apply format64_rnd. }
      assert (X := rest_error rest v p (Rabs (h - p)) R0 Pv W ltac:(rewrite Eh; lra)). assert (0 <= u64 * h) by (apply Rmult_le_pos; lra). lra.
    * apply minus_error with (t := 0); trivial; try lra. rewrite Rminus_eq_0, Rabs_R0. lra.
- assert (Eq : q = a / K) by (unfold q, target_share, delta; apply Nat.eqb_neq in Y; destruct Nat.eq_dec; [congruence | fold K; ring]).
  rewrite Eq. apply minus_error with (t := u64); trivial; try lra.
Qed.
