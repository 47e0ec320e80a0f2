(* SPDX-License-Identifier: Apache-2.0 *)
(* T3: the exp kernel (ExpFormula.v) on binary64, z in [-110, 0]. Rounding bounds come from the gappa tactic (its certificate is
   checked by Coq's kernel), the approximation error from Interval. *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core.
From Gappa Require Import Gappa_tactic.
From Interval Require Import Tactic.
From MultiMax Require Import Float64.
From MultiMax Require Export ExpFormula.
Open Scope R_scope.

Lemma method_error : forall r, Rabs r <= 363410/1048576 ->
  Rabs ((P r - exp r) / exp r) <= 521/10000000000000.
Proof. intros r H. unfold P, c2,c3,c4,c5,c6,c7.
  interval with (i_bisect r, i_taylor r, i_degree 10, i_prec 80).
Qed.

Lemma rel_helper :
  forall xa xe b : R, xe <> 0 ->
  (Rabs ((xa - xe) / xe) <= b <-> Rabs (xa - xe) <= b * Rabs xe).
Proof.
intros xa xe b Zx. unfold Rdiv. rewrite Rabs_mult, Rabs_inv. split ; intros H.
- apply Rmult_le_reg_r with (/ Rabs xe). now apply Rinv_0_lt_compat, Rabs_pos_lt.
  rewrite Rmult_assoc, Rinv_r, Rmult_1_r. exact H. now apply Rabs_no_R0.
- apply Rmult_le_reg_r with (Rabs xe). now apply Rabs_pos_lt.
  rewrite Rmult_assoc, Rinv_l, Rmult_1_r. exact H. now apply Rabs_no_R0.
Qed.

(* scaling by 2^k is exact *)
Lemma scale_exact : forall p k, format64 p -> 1/2 <= p -> (-1000 <= k)%Z ->
  mul p (pow2 k) = p * pow2 k.
Proof.
intros p k Fp Hp Hk. unfold mul. apply round_generic; auto with typeclass_instances.
apply generic_format_FLT_FLX.
- rewrite Rabs_mult, (Rabs_pos_eq (pow2 k)) by apply bpow_ge_0. rewrite (Rabs_pos_eq p) by lra.
  apply Rle_trans with (pow2 (-1) * pow2 k).
  + rewrite <- bpow_plus. apply bpow_le. lia.
  + apply Rmult_le_compat_r. apply bpow_ge_0. simpl. lra.
- apply generic_format_FLX_FLT in Fp.
  apply FLX_format_generic in Fp; [|reflexivity].
  destruct Fp as [f Hf Hf'].
  apply generic_format_FLX. exists (Defs.Float radix2 (Defs.Fnum f) (Defs.Fexp f + k)); [|exact Hf'].
  rewrite Hf. unfold Defs.F2R. simpl. rewrite bpow_plus. ring.
Qed.

(* q: computed polynomial, P: exact polynomial at the computed r, R: exact reduced argument *)
Lemma compose : forall R r q : R,
  Rabs r <= 363410/1048576 ->
  Rabs (r - R) <= 1 * pow2 (-47) ->
  Rabs ((q - P r) / P r) <= 1 * pow2 (-51) ->
  Rabs (q - exp R) <= 522/10000000000000 * exp R.
Proof.
  intros R r q Hr H1 H2.
  assert (HP : 1/2 <= P r). { unfold P, c2,c3,c4,c5,c6,c7; interval. }
  generalize (method_error r Hr). intros H3.
  assert (Er : exp r <> 0) by (apply Rgt_not_eq, exp_pos).
  assert (ER : exp R <> 0) by (apply Rgt_not_eq, exp_pos).
  rewrite <- (Rabs_pos_eq (exp R)) at 2 by apply Rlt_le, exp_pos.
  apply rel_helper. exact ER.
  generalize dependent (P r). intros p H2 HP H3.
  set (d := r - R) in *. set (a := (q-p)/p) in *. set (b := (p-exp r)/exp r) in *.
  assert (Hd : exp (r - R) = exp r / exp R) by (unfold Rminus, Rdiv; rewrite exp_plus, exp_Ropp; reflexivity).
  assert (Hq : (q - exp R) / exp R = (1 + (q-p)/p) * (1 + (p-exp r)/exp r) * exp (r - R) - 1).
  { rewrite Hd. field. repeat split; try assumption; lra. }
  fold a b d in Hq. rewrite Hq. clearbody a b d. clear Hq.
  simpl in H1, H2. interval with (i_prec 80).
Qed.

Lemma k_int : forall z, -110 <= z <= 0 -> exists k : Z, exp_k z = IZR k /\ (-159 <= k <= 0)%Z.
Proof.
intros z Hz.
assert (HM : round radix2 (FIX_exp 0) ZnearestE (exp_k z) = exp_k z).
{ assert (H: -0 <= round radix2 (FIX_exp 0) ZnearestE (exp_k z) - exp_k z <= 0).
  unfold exp_k, sub, fma, log2e, magic. gappa.
  lra. }
assert (Hb : -159 <= exp_k z <= 0).
{ unfold exp_k, sub, fma, log2e, magic. gappa. }
exists (ZnearestE (exp_k z)).
assert (E : exp_k z = IZR (ZnearestE (exp_k z))).
{ rewrite <- HM at 1. unfold round, Defs.F2R, scaled_mantissa, cexp, FIX_exp. simpl. rewrite !Rmult_1_r. reflexivity. }
split. exact E. rewrite E in Hb. destruct Hb. split; apply le_IZR; assumption.
Qed.

Lemma k_small : forall z, -5/16 <= z <= 0 -> exp_k z = 0.
Proof.
intros z Hz.
refine (let H := _ in Rle_antisym _ _ (proj2 H) (proj1 H)).
unfold exp_k, sub, fma, log2e, magic. gappa.
Qed.

Lemma k_half : forall z, -110 <= z <= 0 -> Rabs (exp_k z - z * log2e) <= 1/2.
Proof. intros z Hz.
assert (H: -0 <= exp_k z - (fma z log2e magic - magic) <= 0).
  unfold exp_k, sub, fma, log2e, magic. gappa.
replace (exp_k z - z * log2e) with ((exp_k z - (fma z log2e magic - magic)) + (fma z log2e magic - (z*log2e + magic))) by ring.
replace (exp_k z - (fma z log2e magic - magic)) with 0 by lra. rewrite Rplus_0_l. clear H.
unfold fma, log2e, magic. gappa. Qed.

Lemma reduction : forall z, format64 z -> -110 <= z <= 0 ->
  Rabs (exp_r z) <= 363410/1048576 /\ Rabs (exp_r z - (z - exp_k z * ln 2)) <= 1 * pow2 (-47).
Proof with auto with typeclass_instances.
intros z Fz Hz.
assert (Hl: - 1 * pow2 (-55) <= ln2 - ln 2 <= 1 * pow2 (-55))
  by (unfold ln2 ; interval with (i_prec 110)).
assert (Hd: - 1 * pow2 (-52) <= / log2e - ln2 <= 1 * pow2 (-52))
  by (unfold ln2, log2e ; interval with (i_prec 110)).
assert (Hi: 11629079/16777216 <= / log2e <= 11629080/16777216)
  by (unfold log2e ; interval with (i_prec 110)).
assert (Zl : log2e <> 0) by (unfold log2e ; interval).
assert (Hk : -159 <= exp_k z <= 0).
{ destruct (k_int z Hz) as (k & -> & Hk). split; apply IZR_le; lia. }
generalize (k_half z Hz). intros Hh.
assert (Hr : z - exp_k z * ln2 = - ((exp_k z - z * log2e) * / log2e) + exp_k z * (/ log2e - ln2)) by (field; exact Zl).
assert (Hz2 : Rabs (z - exp_k z * ln2) <= 363409/1048576).
{ rewrite Hr. clear -Hd Hi Hk Hh. gappa. }
unfold exp_r, fma.
replace (- exp_k z * ln2 + z) with (z - exp_k z * ln2) by ring.
replace (rnd (z - exp_k z * ln2) - (z - exp_k z * ln 2)) with
 ((rnd (z - exp_k z * ln2) - (z - exp_k z * ln2)) - exp_k z * (ln2 - ln 2)) by ring.
revert Hz2. generalize (z - exp_k z * ln2). clear -Hl Hk. intros r Hr. gappa.
Qed.

Lemma poly_round : forall r, Rabs r <= 363410/1048576 ->
  Rabs ((exp_p r - P r) / P r) <= 1 * pow2 (-51) /\ 1/2 <= exp_p r <= 3/2.
Proof.
intros r Hr.
assert (H: Rabs (exp_p r - P r) <= 11 * pow2 (-55) /\ 1/2 <= exp_p r <= 3/2).
{ unfold exp_p, fma, P, c2,c3,c4,c5,c6,c7. gappa. }
destruct H as [H H']. split; [|exact H'].
assert (HP : 703125/1000000 <= P r). { clear -Hr. unfold P, c2,c3,c4,c5,c6,c7; interval with (i_bisect r). }
apply rel_helper. lra. rewrite (Rabs_pos_eq (P r)) by lra.
eapply Rle_trans. exact H. simpl. lra.
Qed.

Lemma exp_p_le_1 : forall r, Rabs r <= 363410/1048576 -> r <= 0 -> exp_p r <= 1.
Proof with auto with typeclass_instances.
intros r Hr Hn. unfold exp_p. set (q := fma r (fma r (fma r (fma r (fma r (fma r c7 c6) c5) c4) c3) c2) 1).
assert (Hq : 0 <= q). { unfold q, fma, c2,c3,c4,c5,c6,c7. clear Hn. gappa. }
unfold fma at 1. clearbody q.
apply Rle_trans with (rnd 1).
- apply round_le... clear Hr. assert (0 <= (- r) * q) by (apply Rmult_le_pos; lra). lra.
- apply Req_le, round_generic... replace 1 with (pow2 0) by reflexivity. apply generic_format_bpow. unfold FLT_exp. simpl. lia.
Qed.

Lemma exp_p_0 : exp_p 0 = 1.
Proof with auto with typeclass_instances.
unfold exp_p. unfold fma at 1. rewrite Rmult_0_l, Rplus_0_l.
apply round_generic... replace 1 with (pow2 0) by reflexivity. apply generic_format_bpow. unfold FLT_exp. simpl. lia.
Qed.

Lemma format_exp_p : forall r, format64 (exp_p r).
Proof. intros r. unfold exp_p. unfold fma at 1. apply generic_format_round; auto with typeclass_instances. Qed.

(* T3d: the value of the kernel, with the final scaling shown exact *)
Lemma exp_hat_value : forall z, format64 z -> -110 <= z <= 0 ->
  exists k : Z, exp_k z = IZR k /\ (-159 <= k <= 0)%Z /\ exp_hat z = exp_p (exp_r z) * pow2 k.
Proof.
intros z Fz Hz. destruct (k_int z Hz) as (k & Ek & Bk). exists k. repeat split; try assumption; try apply Bk.
unfold exp_hat. rewrite Ek, Zfloor_IZR.
destruct (reduction z Fz Hz) as [Hr _]. destruct (poly_round _ Hr) as [_ Hp].
apply scale_exact. apply format_exp_p. lra. lia.
Qed.

(* T3a *)
Theorem exp_hat_correct : forall z, format64 z -> -110 <= z <= 0 ->
  Rabs (exp_hat z - exp z) <= 522/10000000000000 * exp z.
Proof.
intros z Fz Hz. destruct (exp_hat_value z Fz Hz) as (k & Ek & Bk & ->).
destruct (reduction z Fz Hz) as [Hr He]. destruct (poly_round _ Hr) as [Hp _].
assert (Hx : exp z = exp (z - exp_k z * ln 2) * pow2 k).
{ rewrite Ek, bpow_exp, <- exp_plus. f_equal. simpl. ring. }
rewrite Hx, <- Rmult_minus_distr_r, Rabs_mult, (Rabs_pos_eq (pow2 k)) by apply bpow_ge_0.
rewrite <- Rmult_assoc. apply Rmult_le_compat_r. apply bpow_ge_0.
apply compose with (exp_r z); assumption.
Qed.

(* T3b *)
Theorem exp_hat_0 : exp_hat 0 = 1.
Proof with auto with typeclass_instances.
destruct (exp_hat_value 0) as (k & Ek & _ & ->). apply generic_format_0. lra.
rewrite k_small in Ek by lra. apply (eq_IZR 0) in Ek. subst k.
replace (exp_r 0) with 0. rewrite exp_p_0. simpl; ring.
unfold exp_r. rewrite k_small by lra. unfold fma. replace (-0 * ln2 + 0) with 0 by ring. rewrite round_0...
Qed.

Theorem exp_hat_range : forall z, format64 z -> -110 <= z <= 0 ->
  pow2 (-160) <= exp_hat z <= 1.
Proof with auto with typeclass_instances.
intros z Fz Hz. destruct (exp_hat_value z Fz Hz) as (k & Ek & Bk & ->).
destruct (reduction z Fz Hz) as [Hr He]. destruct (poly_round _ Hr) as [_ Hp].
generalize (bpow_gt_0 radix2 k). intros Hk0. split.
- apply Rle_trans with (pow2 (-1) * pow2 k).
  rewrite <- bpow_plus. apply bpow_le. lia.
  apply Rmult_le_compat_r. lra. simpl. lra.
- destruct (Z.eq_dec k 0) as [->|Hk].
  + simpl pow2. rewrite Rmult_1_r. apply exp_p_le_1. exact Hr.
    unfold exp_r, fma. rewrite Ek. replace (-0 * ln2 + z) with z by ring. rewrite round_generic... lra.
  + assert (pow2 k <= pow2 (-1)). { apply bpow_le. lia. }
    simpl in H. nra.
Qed.
(* T3a in round figures *)
Corollary exp_hat_34 : forall z, format64 z -> -110 <= z <= 0 ->
  Rabs (exp_hat z - exp z) <= pow2 (-34) * exp z.
Proof. intros z Fz Hz. eapply Rle_trans. apply exp_hat_correct; assumption.
apply Rmult_le_compat_r. apply Rlt_le, exp_pos. simpl. lra. Qed.
(* T3c: monotone for arguments 1.05e-10 < 2^-33 apart *)
Theorem exp_hat_monotone_apart : forall x y, format64 x -> format64 y ->
  -110 <= x <= 0 -> -110 <= y <= 0 -> x + 105/1000000000000 <= y -> exp_hat x <= exp_hat y.
Proof.
intros x y Fx Fy Hx Hy H.
generalize (exp_hat_correct x Fx Hx) (exp_hat_correct y Fy Hy). intros Ax Ay.
apply Rabs_le_inv in Ax. apply Rabs_le_inv in Ay.
set (e := 522/10000000000000) in *.
assert (He : exp x * (1 + e) <= exp y * (1 - e)).
{ replace y with (x + (y - x)) by ring. rewrite exp_plus, Rmult_assoc. apply Rmult_le_compat_l. apply Rlt_le, exp_pos.
  apply Rle_trans with ((1 + (y-x)) * (1-e)).
  2: { apply Rmult_le_compat_r. unfold e; lra. apply exp_ineq1_le. }
  unfold e. nra. }
lra.
Qed.
