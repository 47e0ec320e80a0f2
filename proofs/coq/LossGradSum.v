(* SPDX-License-Identifier: Apache-2.0 *)
(* T8 for the cross-entropy: a row's gradients sum to 0 once scale and slope are divided out, as p and q both sum to 1. *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Hinge Modulator SigmaFloat AffineFloat RealSum Softmax Contract LogContract Accuracy ProbBound
  LossContract LossTerms LossBound GradContract SlopeFloat GradMean GradBound GradError LossGradContract LossGradBound LossGradError.
Open Scope R_scope.

Lemma target_shares : forall r y a, valid_row r -> (y < size r)%nat -> taken r y = true -> sum (size r) (kept r (target_share r y a)) = 1.
Proof.
intros r y a Vr Hy Ty. destruct (count_figures r y Vr Hy Ty) as [HK _].
transitivity (sum (size r) (fun k => (1 - a) * (kept r (fun _ => 1) k * delta y k) + a / unmasked_count r * kept r (fun _ => 1) k)).
- apply sum_ext. intros k _. unfold kept, target_share. destruct (taken r k); ring.
- rewrite sum_plus, !sum_scal, sum_delta by exact Hy. unfold kept at 1. rewrite Ty. fold (unmasked_count r). field. lra.
Qed.

(* K bounds D / |sigma'|, L is at most |scale sigma'| *)
Theorem loss_grad_sum : forall r out y a w A t K L, valid_row r -> is_loss_gradient r y a w out -> format32 a -> 0 <= a <= 1 ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A -> in_reach_grad A (INR (size r)) ->
  (y < size r)%nat -> taken r y = true -> 0 < L ->
  (forall i, (i < size r)%nat -> taken r i = true -> let s := dsigma (coefs r) (premapped r i) in let D := steepness (coefs r) (premapped r i) in
     D <= K * Rabs s /\ L <= Rabs (scale r * s) /\
     Rabs (loss_grad_row r y a w s i) +
       loss_allowance (kappa A (INR (size r))) (multimax_row r i) (target_share r y a i) (Rabs w) D * Rabs (scale r) <= 33 * 10 ^ 37) ->
  Rabs (sum (size r) (kept r (fun i => out i / (scale r * dsigma (coefs r) (premapped r i))))) <=
    2 * (pow2 (-24) + kappa A (INR (size r)) * K) * Rabs w + INR (size r) * (pow2 (-149) / L + 2 * faint * K * Rabs w).
Proof.
intros r out y a w A t K L Vr Lg Fa Ha Ht T TopT C B Hy Ty PL H. set (n := INR (size r)) in *. set (k := kappa A n) in *.
destruct (multimax_row_sum r t Ht T) as [Pp Sp]. assert (Sq := target_shares r y a Vr Hy Ty).
assert (PW := Rabs_pos w). assert (Pf : 0 < faint) by apply bpow_gt_0. assert (P24 := bpow_gt_0 radix2 (-24)). assert (P149 := bpow_gt_0 radix2 (-149)).
assert (N := many r Vr). fold n in N.
assert (A0 := condition_nonneg r A t Vr Ht T C).
destruct (noise_kappa A n N A0 B) as (_ & [X0 X1] & _). assert (K0 : 0 <= k) by (unfold k; lra).
assert (K1 : 0 <= K).
{ destruct (H t Ht T) as (Kd & Lc & _). rewrite Rabs_mult in Lc. assert (Ds := dsigma_steepness (coefs r) (premapped r t)).
  set (s := Rabs (dsigma (coefs r) (premapped r t))) in *. assert (Ps := Rabs_pos (scale r)). assert (Pd : 0 <= s) by apply Rabs_pos.
  assert (S0 : 0 < s). { destruct Pd as [Z|Z]; trivial. rewrite <- Z, Rmult_0_r in Lc. lra. }
  apply Rmult_le_reg_r with s; lra. }
set (c := fun i => scale r * dsigma (coefs r) (premapped r i)).
assert (Cd : forall i, scale r * dsigma (coefs r) (premapped r i) = c i) by reflexivity. clearbody c.
set (p := multimax_row r) in *. set (q := target_share r y a) in *.
assert (One : forall i, (i < size r)%nat -> taken r i = true ->
  Rabs (out i / c i - w * (p i - q i)) <= (pow2 (-24) + k * K) * Rabs w * (p i + q i) + (pow2 (-149) / L + 2 * faint * K * Rabs w)).
{ intros i Hi Ti. destruct (H i Hi Ti) as (Kd & Lc & Rg). assert (Q := share_nonneg r y a i Vr Hy Ty Ha). fold q in Q. assert (P := Pp i).
  assert (E := loss_grad_error r out y a w A t i Vr Lg Fa Ha Ht T TopT C B Hi Ti). cbv zeta in E. fold n k p q in E. specialize (E Rg).
  assert (Ds := dsigma_steepness (coefs r) (premapped r i)). rewrite Cd in Lc.
  assert (Ci : Rabs (c i) = Rabs (scale r) * Rabs (dsigma (coefs r) (premapped r i))) by (rewrite <- Cd; apply Rabs_mult).
  unfold loss_grad_row, loss_allowance in E. rewrite Cd in E. fold p q in E.
  set (s := Rabs (dsigma (coefs r) (premapped r i))) in *. set (D := steepness (coefs r) (premapped r i)) in *. set (sc := Rabs (scale r)) in *.
  assert (Ps : 0 <= sc) by apply Rabs_pos. assert (Pd : 0 <= s) by apply Rabs_pos.
  assert (F : 0 <= faintness (p i) <= faint) by (unfold faintness; destruct Rle_dec; lra).
  assert (PQ : Rabs (p i - q i) <= p i + q i) by (apply Rabs_le; lra).
  rewrite !Rabs_mult in E.
  assert (Cn : c i <> 0) by (intros Z; rewrite Z, Rabs_R0 in Lc; lra).
  assert (DK : D * sc <= K * Rabs (c i)).
  { rewrite Ci. replace (K * (sc * s)) with (K * s * sc) by ring. now apply Rmult_le_compat_r. }
  set (u := (k * (p i + q i) + 2 * faintness (p i)) * Rabs w) in *.
  assert (U : 0 <= u <= (k * (p i + q i) + 2 * faint) * Rabs w).
  { unfold u. split. apply Rmult_le_pos; trivial. apply Rplus_le_le_0_compat; [apply Rmult_le_pos|]; lra. apply Rmult_le_compat_r; lra. }
  assert (V : u * D * sc <= u * K * Rabs (c i)).
  { rewrite !Rmult_assoc. apply Rmult_le_compat_l; tauto. }
  replace (out i / c i - w * (p i - q i)) with ((out i - c i * (w * (p i - q i))) / c i) by (field; exact Cn).
  unfold Rdiv. rewrite Rabs_mult, Rabs_inv. assert (Pc : 0 < Rabs (c i)) by lra.
  apply Rmult_le_reg_r with (Rabs (c i)); trivial. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
  eapply Rle_trans. exact E.
  assert (W1 : Rabs w * Rabs (p i - q i) <= Rabs w * (p i + q i)) by (apply Rmult_le_compat_l; lra).
  assert (Y1 : pow2 (-24) * (Rabs (c i) * (Rabs w * Rabs (p i - q i))) <= pow2 (-24) * Rabs w * (p i + q i) * Rabs (c i)).
  { replace (pow2 (-24) * Rabs w * (p i + q i) * Rabs (c i)) with (pow2 (-24) * (Rabs (c i) * (Rabs w * (p i + q i)))) by ring.
    apply Rmult_le_compat_l. lra. apply Rmult_le_compat_l; lra. }
  assert (Y2 : pow2 (-149) <= pow2 (-149) * / L * Rabs (c i)).
  { rewrite <- (Rmult_1_r (pow2 (-149))) at 1. rewrite Rmult_assoc. apply Rmult_le_compat_l. lra.
    rewrite <- (Rinv_l L) by lra. apply Rmult_le_compat_l; trivial. apply Rlt_le, Rinv_0_lt_compat, PL. }
  assert (Y3 : u * K * Rabs (c i) <= (k * (p i + q i) + 2 * faint) * Rabs w * K * Rabs (c i)).
  { apply Rmult_le_compat_r. lra. apply Rmult_le_compat_r; tauto. }
  lra. }
assert (Z : sum (size r) (kept r (fun i => w * (p i - q i))) = 0).
{ rewrite kept_scal, <- kept_minus. fold p in Sp. rewrite Sp, Sq. ring. }
rewrite (sum_ext (size r) _ (kept r (fun i => out i / c i))) by (intros i _; unfold kept; now rewrite Cd).
rewrite <- (Rminus_0_r (sum _ _)), <- Z, kept_minus. eapply Rle_trans. apply (kept_abs r _ _ _ One).
assert (S2 : sum (size r) (kept r (fun i => p i + q i)) = 2).
{ transitivity (sum (size r) (kept r p) + sum (size r) (kept r q)); [|rewrite Sp, Sq; ring].
  rewrite <- sum_plus. apply sum_ext. intros i _. unfold kept. destruct (taken r i); ring. }
eapply Rle_trans. apply kept_affine.
- apply Rplus_le_le_0_compat. apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat, PL]. repeat apply Rmult_le_pos; lra.
- rewrite S2. fold n. lra.
Qed.
