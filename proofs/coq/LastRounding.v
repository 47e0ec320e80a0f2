(* SPDX-License-Identifier: Apache-2.0 *)
(* The last steps of T6 for a logarithm or a loss: from errors in the logarithm of the double above a floor to a relative error, above
   n 2^-158 near 0, and from there to the float32 in units of the last place of the exact value. *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core.
From Interval Require Import Tactic.
From MultiMax Require Import Float64 SigmaFloat Within Contract Accuracy ProbBound LogRest.
Open Scope R_scope.
#[local] Instance prec24 : Prec_gt_0 24 := eq_refl.

(* a floor that is small against b is a relative error *)
Lemma near_absorb : forall t f h a b, 0 <= t <= / 2 -> 0 <= h <= / 8 -> 0 <= a -> 0 <= b -> 0 <= f <= h * b -> near t f a b ->
  within (t + 4 * h) a b.
Proof.
intros t f h a b Ht Hh Ha Hb Hf [A B]. assert (Et := exp_ge_1 t (proj1 Ht)). assert (Eh := exp_ineq1_le (4 * h)).
assert (E2 : exp t <= 2). { apply Rle_trans with (exp (/ 2)). apply exp_le; lra. interval. }
unfold within. rewrite exp_plus, !Rmult_assoc. split.
- apply Rle_trans with (1 := A). apply Rmult_le_compat_l. lra. nra.
- assert (C : b * (1 - 2 * h) <= exp t * a).
  { assert (exp t * f <= 2 * (h * b)) by (apply Rmult_le_compat; lra). lra. }
  assert (D : 1 <= (1 - 2 * h) * exp (4 * h)). { apply Rle_trans with ((1 - 2 * h) * (1 + 4 * h)). nra. apply Rmult_le_compat_l; lra. }
  apply Rle_trans with (b * (1 - 2 * h) * exp (4 * h)).
  + rewrite Rmult_assoc. rewrite <- (Rmult_1_r b) at 1. now apply Rmult_le_compat_l.
  + replace (exp t * (exp (4 * h) * a)) with (exp t * a * exp (4 * h)) by ring. apply Rmult_le_compat_r. apply Rlt_le, exp_pos. exact C.
Qed.

Lemma near_floor : forall t f g a b, 0 <= f <= g -> near t f a b -> near t g a b.
Proof.
intros t f g a b H [A B]. assert (E := exp_pos t).
split; (eapply Rle_trans; [eassumption|]); apply Rmult_le_compat_l; lra.
Qed.
(* what the errors in the logarithm, above a floor, say of a double l and the exact y: relative, or relative above n 2^-158 *)
Lemma near_relative : forall k b n l y, 0 <= n <= 2147483647 -> 0 <= k <= b - pow2 (-47) -> b < 1 / 2 + 5 * u64 ->
  0 <= l -> 0 <= y -> near k (3 / 4 * (n * clamp)) l y ->
  exists e, 0 <= e <= excess b /\ e < 1 /\
    (b <= 1 / 4 -> Rabs (l - y) <= e * y + n * pow2 (-158)) /\ (n * pow2 (-97) <= y -> Rabs (l - y) <= e * y).
Proof.
intros k b n l y N Ch B L0 Y0 Nr. assert (U := u64_small).
assert (U46 : 5 * u64 <= / 2 * pow2 (-47)) by (unfold u64; simpl; lra).
assert (P61 : 0 < 4 * pow2 (-61) <= / 2 * pow2 (-47)) by (simpl; lra). set (k2 := k + 4 * pow2 (-61)).
assert (Ex := excess_mono k2 b ltac:(unfold k2; lra) ltac:(unfold k2; lra) ltac:(lra)).
assert (Ek2 := excess_mono k k2 ltac:(unfold k2; lra) ltac:(lra) ltac:(unfold k2; lra)). set (e := excess k2) in *.
exists e. split; [lra|]. split; [lra|].
assert (Cp : 0 < clamp) by apply bpow_gt_0. assert (Fn : 0 <= n * clamp) by (apply Rmult_le_pos; lra).
assert (Ek : exp k <= 1 + excess k /\ exp k <= / (1 - k)).
{ assert (G := exp_ineq1_le (- k)). rewrite exp_Ropp in G. assert (P := exp_pos k).
  assert (I : exp k <= / (1 - k)).
  { apply Rmult_le_reg_r with (1 - k). lra. rewrite Rinv_l by lra. apply Rle_trans with (exp k * / exp k).
    apply Rmult_le_compat_l; lra. rewrite Rinv_r; lra. }
  split. unfold excess. replace (1 + k / (1 - k)) with (/ (1 - k)) by (field; lra). exact I.
  exact I. }
split.
- intros B4. change (pow2 (-158)) with clamp. destruct Nr as [B1 B2].
  assert (E4 : exp k <= 4 / 3). { apply Rle_trans with (1 := proj2 Ek). replace (4 / 3) with (/ (3 / 4)) by field. apply Rinv_le_contravar; lra. }
  assert (1 <= exp k) by (apply exp_ge_1; lra). assert (X : (exp k - 1) * y <= e * y) by (apply Rmult_le_compat_r; lra).
  assert (Z : exp k * (3 / 4 * (n * clamp)) <= n * clamp).
  { apply Rle_trans with (4 / 3 * (3 / 4 * (n * clamp))). apply Rmult_le_compat_r; lra. lra. }
  destruct (Rle_or_lt l y) as [H1|H1].
  + rewrite Rabs_left1 by lra. assert ((exp k - 1) * l <= (exp k - 1) * y) by (apply Rmult_le_compat_l; lra). lra.
  + rewrite Rabs_pos_eq by lra. lra.
- intros Hy. assert (W : within (k + 4 * pow2 (-61)) l y).
  { apply near_absorb with (3 / 4 * (n * clamp)); trivial. lra. split. apply bpow_ge_0. simpl. lra. split. lra.
    apply Rle_trans with (n * clamp). lra.
    apply Rle_trans with (pow2 (-61) * (n * pow2 (-97))); [|apply Rmult_le_compat_l; [apply bpow_ge_0 | exact Hy]].
    unfold clamp. change (-158)%Z with (-61 + -97)%Z. rewrite bpow_plus. apply Req_le. ring. }
  apply (relative_of_within k2); trivial. unfold k2. lra.
Qed.

(* and what the last rounding makes of that *)
Lemma rounded_relative : forall eb e l p, pow2 (-126) <= p -> 0 <= l -> 0 <= e <= eb -> e < 1 -> Rabs (l - p) <= e * p ->
  Rabs (rnd32 l - p) <= ((if Rle_dec eb (pow2 (-24)) then 1 / 2 else 1) + pow2 24 * eb) * ulp32 p.
Proof.
intros eb e l p Hp L0 E0 E1 D. assert (Pu : 0 <= ulp32 p) by apply ulp_ge_0.
destruct (narrow_error p l e Hp L0 D) as [H1 H2]. assert (0 < pow2 24) by apply bpow_gt_0.
destruct (Rle_dec eb (pow2 (-24))) as [S|S].
- eapply Rle_trans. apply H1. lra. apply Rmult_le_compat_r; trivial. nra.
- eapply Rle_trans. apply H2. lra. apply Rmult_le_compat_r; trivial. nra.
Qed.
Lemma rounded_floor : forall eb e f l p, 0 <= l -> 0 <= p -> 0 <= f <= pow2 (-126) -> 0 <= e <= eb -> eb <= 1 / 3 ->
  Rabs (l - p) <= e * p + f ->
  (pow2 (-126) <= p -> Rabs (rnd32 l - p) <= (1 + pow2 24 * eb) * ulp32 p + f) /\
  (p < pow2 (-126) -> Rabs (rnd32 l - p) <= eb * p + pow2 (-149) + f).
Proof.
intros eb e f l p L0 P0 F E0 Eb D.
assert (Ey : e * p <= 1 / 3 * p) by (apply Rmult_le_compat_r; lra).
assert (Ee : e * p <= eb * p) by (apply Rmult_le_compat_r; lra). assert (D' := Rabs_le_inv _ _ D).
assert (Half : Rabs (rnd32 l - l) <= / 2 * ulp32 l) by (apply error_le_half_ulp; auto with typeclass_instances).
assert (Tri : Rabs (rnd32 l - p) <= Rabs (rnd32 l - l) + Rabs (l - p)).
{ replace (rnd32 l - p) with ((rnd32 l - l) + (l - p)) by ring. apply Rabs_triang. }
assert (Ul : forall k, (-149 <= k)%Z -> l < pow2 (k + 24) -> ulp32 l <= pow2 k).
{ intros k Hk Hl. destruct (Req_dec l 0) as [->|Nl].
  - rewrite ulp_FLT_0 by auto with typeclass_instances. now apply bpow_le.
  - rewrite ulp_neq_0 by trivial. apply bpow_le. unfold cexp, FLT_exp.
    assert (mag radix2 l <= k + 24)%Z by (apply mag_le_bpow; trivial; rewrite Rabs_pos_eq; trivial). lia. }
assert (Two : forall k, pow2 (k + 1) = 2 * pow2 k) by (intros k; rewrite bpow_plus; change (pow2 1) with 2; ring).
split; intros Hp.
- destruct (mag_normal p Hp) as (M & Bp & Up). set (g := mag radix2 p : Z) in *.
  assert (Up2 : pow2 (g - 24 + 1) = 2 * ulp32 p) by (rewrite Up; apply Two).
  assert (Ule : ulp32 l <= pow2 (g - 24 + 1)).
  { apply Ul. lia. replace (g - 24 + 1 + 24)%Z with (g + 1)%Z by lia. rewrite Two.
    assert (pow2 (-126) <= / 2 * pow2 g). { change (/ 2) with (pow2 (-1)). rewrite <- bpow_plus. apply bpow_le. lia. } lra. }
  assert (Eg : eb * p <= pow2 24 * eb * ulp32 p).
  { replace (pow2 24 * eb * ulp32 p) with (eb * pow2 g). apply Rmult_le_compat_l; lra.
    replace g with (24 + (g - 24))%Z at 1 by lia. rewrite bpow_plus, Up. ring. }
  lra.
- assert (Ule : ulp32 l <= pow2 (-149 + 1)).
  { apply Ul. lia. change (-149 + 1 + 24)%Z with (-126 + 1 + 1)%Z. rewrite !Two. generalize (bpow_gt_0 radix2 (-126)). lra. }
  rewrite Two in Ule. lra.
Qed.
