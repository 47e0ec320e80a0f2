(* SPDX-License-Identifier: Apache-2.0 *)
(* T8: what grad_error compares with is the derivative of the row's loss, masks and pre-map included, if sigma' is taken at the exact
   argument; how far the slope at the rounded argument is from it where no first-order knot lies between; the computed gradients at
   sigma sum to 0. *)
From Coq Require Import Reals ZArith Psatz.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Hinge Modulator Slopes SigmaFloat AffineFloat RealSum Softmax Gradient Contract LogContract Accuracy ProbBound
  GradContract SlopeFloat GradMean GradBound GradError.
Open Scope R_scope.

Definition argument (r : row) (i : nat) : R := scale r * logit r i + shift r.
Definition set_logit (r : row) (i : nat) (u : R) : row :=
  mk_row (size r) (taken r) (upd (logit r) i u) (coefs r) (scale r) (shift r).

Lemma quotient_mean : forall r g, mean_row r g =
  sum (size r) (kept r (fun k => exp (sigma_at r k) * g k)) / sum (size r) (kept r (fun k => exp (sigma_at r k))).
Proof.
intros r g. unfold mean_row, Rdiv. rewrite Rmult_comm, <- kept_scal. apply sum_ext. intros k _. unfold multimax_row, kept.
destruct (taken r k); trivial. unfold Rdiv. ring.
Qed.

(* one logit moves one term of a sum *)
Lemma moved_sum : forall r i u (h : R -> nat -> R), (i < size r)%nat -> taken r i = true ->
  sum (size r) (kept r (fun k => h (exp (sigma_at (set_logit r i u) k)) k)) =
  sum (size r) (kept r (fun k => h (exp (sigma_at r k)) k)) +
    (h (exp (modulated (coefs r) (scale r) (shift r) u)) i - h (exp (sigma_at r i)) i).
Proof.
intros r i u h Hi Ti.
rewrite <- (sum_delta (size r) (fun _ => h (exp (modulated (coefs r) (scale r) (shift r) u)) i - h (exp (sigma_at r i)) i) i Hi).
rewrite <- sum_plus. apply sum_ext. intros k _. unfold kept, delta, sigma_at, set_logit, upd. simpl.
destruct (Nat.eq_dec k i) as [E|N].
- subst k. rewrite Ti. destruct (Nat.eq_dec i i); [ring | congruence].
- destruct (Nat.eq_dec i k) as [E|_]; [congruence|]. destruct (taken r k); ring.
Qed.

(* T8f for rows with masks *)
Theorem grad_row_derive : forall r g i, (i < size r)%nat -> taken r i = true ->
  (c1 (coefs r) = 0 \/ argument r i <> k1 (coefs r)) -> (c2 (coefs r) = 0 \/ argument r i <> k2 (coefs r)) ->
  is_derive (fun u => mean_row (set_logit r i u) g) (logit r i) (grad_row r g (argument r i) i).
Proof.
intros r g i Hi Ti H1 H2.
set (Z := sum (size r) (kept r (fun k => exp (sigma_at r k)))).
set (Y := sum (size r) (kept r (fun k => exp (sigma_at r k) * g k))).
set (s := fun u => modulated (coefs r) (scale r) (shift r) u).
assert (PZ : 0 < Z).
{ apply Rlt_le_trans with (exp (sigma_at r i)). apply exp_pos. apply (kept_term r (fun k => exp (sigma_at r k))); trivial.
  intros; apply Rlt_le, exp_pos. }
assert (Ds : is_derive s (logit r i) (scale r * dsigma (coefs r) (argument r i))).
{ unfold s, modulated. evar_last. apply (is_derive_comp (sigma (coefs r)) (fun u => scale r * u + shift r)).
  apply sigma_derive; assumption. auto_derive; trivial. unfold scal; simpl; unfold mult; simpl. unfold argument. ring. }
assert (De : is_derive (fun u => exp (s u)) (logit r i) (exp (sigma_at r i) * (scale r * dsigma (coefs r) (argument r i)))).
{ evar_last. apply (is_derive_comp exp s). apply is_derive_exp. exact Ds. unfold scal; simpl; unfold mult; simpl.
  unfold s, sigma_at. ring. }
apply (is_derive_ext (fun u => (Y + (exp (s u) - exp (sigma_at r i)) * g i) / (Z + (exp (s u) - exp (sigma_at r i))))).
{ intros u. rewrite quotient_mean. f_equal; [|f_equal].
  - change (kept (set_logit r i u)) with (kept r). change (size (set_logit r i u)) with (size r).
    rewrite (moved_sum r i u (fun e k => e * g k) Hi Ti). unfold Y, s. ring.
  - change (kept (set_logit r i u)) with (kept r). change (size (set_logit r i u)) with (size r).
    rewrite (moved_sum r i u (fun e k => e) Hi Ti). unfold Z, s. ring. }
assert (E0 : exp (s (logit r i)) - exp (sigma_at r i) = 0) by (unfold s, sigma_at; ring).
set (l := exp (sigma_at r i) * (scale r * dsigma (coefs r) (argument r i))) in *.
evar_last.
- apply (is_derive_div (fun u => Y + (exp (s u) - exp (sigma_at r i)) * g i) (fun u => Z + (exp (s u) - exp (sigma_at r i))) (logit r i) (l * g i) l).
  + evar_last. apply (is_derive_plus (K := R_AbsRing) (V := R_NormedModule) (fun _ => Y)).
    apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule) Y).
    apply (is_derive_ext (fun u => g i * (exp (s u) - exp (sigma_at r i)))). intros u. simpl. ring.
    apply (is_derive_scal (fun u => exp (s u) - exp (sigma_at r i)) _ (g i) l).
    evar_last. apply (is_derive_minus (K := R_AbsRing) (V := R_NormedModule) (fun u => exp (s u)) (fun _ => exp (sigma_at r i))).
    exact De.
    apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule)). unfold minus, plus, opp, zero; simpl. ring.
    unfold plus, zero; simpl. ring.
  + evar_last. apply (is_derive_plus (K := R_AbsRing) (V := R_NormedModule) (fun _ => Z)).
    apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule) Z).
    apply (is_derive_minus (K := R_AbsRing) (V := R_NormedModule) (fun u => exp (s u)) (fun _ => exp (sigma_at r i))). exact De.
    apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule)). unfold minus, plus, opp, zero; simpl. ring.
  + rewrite E0. lra.
- rewrite E0. unfold grad_row, grad_sigma_row. rewrite quotient_mean. fold Y Z. unfold multimax_row, kept at 1. rewrite Ti. fold Z.
  unfold l. field. lra.
Qed.

(* the slope at another argument: no active first-order knot between *)
Definition same_side (c k y z : R) : Prop := c = 0 \/ (y < k <-> z < k) /\ (k < y <-> k < z).
Lemma dsigma_moved : forall P y z, same_side (c1 P) (k1 P) y z -> same_side (c2 P) (k2 P) y z ->
  Rabs (dsigma P y - dsigma P z) <= 2 * (Rabs (c3 P) + Rabs (c4 P)) * Rabs (y - z).
Proof.
intros P y z H1 H2. unfold dsigma.
assert (E1 : c1 P * step (k1 P - y) = c1 P * step (k1 P - z)).
{ destruct H1 as [->|[A B]]. ring. f_equal. unfold step.
  destruct (Rlt_dec 0 (k1 P - y)), (Rlt_dec 0 (k1 P - z)); trivial; exfalso; lra. }
assert (E2 : c2 P * step (y - k2 P) = c2 P * step (z - k2 P)).
{ destruct H2 as [->|[A B]]. ring. f_equal. unfold step.
  destruct (Rlt_dec 0 (y - k2 P)), (Rlt_dec 0 (z - k2 P)); trivial; exfalso; lra. }
rewrite E1, E2.
match goal with |- Rabs ?e <= _ => replace e with (-2 * c3 P * (relu (k3 P - y) - relu (k3 P - z)) + 2 * c4 P * (relu (y - k4 P) - relu (z - k4 P))) by ring end.
eapply Rle_trans. apply Rabs_triang. rewrite !Rabs_mult, (Rabs_left (-2)), (Rabs_pos_eq 2) by lra.
assert (L3 := relu_lip (k3 P - y) (k3 P - z)). assert (L4 := relu_lip (y - k4 P) (z - k4 P)).
replace (k3 P - y - (k3 P - z)) with (- (y - z)) in L3 by ring. rewrite Rabs_Ropp in L3.
replace (y - k4 P - (z - k4 P)) with (y - z) in L4 by ring.
assert (Rabs (c3 P) * Rabs (relu (k3 P - y) - relu (k3 P - z)) <= Rabs (c3 P) * Rabs (y - z)) by (apply Rmult_le_compat_l; trivial; apply Rabs_pos).
assert (Rabs (c4 P) * Rabs (relu (y - k4 P) - relu (z - k4 P)) <= Rabs (c4 P) * Rabs (y - z)) by (apply Rmult_le_compat_l; trivial; apply Rabs_pos).
lra.
Qed.

Theorem premap_slope : forall r g G t i, (t < size r)%nat -> taken r t = true -> at_most r g G -> (i < size r)%nat -> taken r i = true ->
  let y := premapped r i in let P := coefs r in
  same_side (c1 P) (k1 P) y (argument r i) -> same_side (c2 P) (k2 P) y (argument r i) ->
  Rabs (grad_row r g y i - grad_row r g (argument r i) i) <=
    4 * (Rabs (c3 P) + Rabs (c4 P)) * (Rabs y * u64 + eta64) * multimax_row r i * G * Rabs (scale r).
Proof.
intros r g G t i Ht T [HG Hg] Hi Ti y P S1 S2. destruct (multimax_row_sum r t Ht T) as [P0 P1].
assert (PG := bpow_gt_0 radix2 (-149)).
assert (Dm := dsigma_moved P y (argument r i) S1 S2).
assert (Er : Rabs (y - argument r i) <= Rabs y * u64 + eta64) by apply rnd_error_result.
assert (Mr : Rabs (mean_row r g) <= G).
{ unfold mean_row. rewrite <- (Rmult_1_r G), <- P1, <- kept_scal. apply kept_abs. intros k Hk Tk.
  rewrite Rabs_mult, Rmult_comm, (Rabs_pos_eq (multimax_row r k)) by apply P0. apply Rmult_le_compat_r. apply P0. now apply Hg. }
unfold grad_row. fold P.
replace (scale r * dsigma P y * grad_sigma_row r g i - scale r * dsigma P (argument r i) * grad_sigma_row r g i)
  with ((dsigma P y - dsigma P (argument r i)) * grad_sigma_row r g i * scale r) by ring.
rewrite !Rabs_mult. apply Rmult_le_compat_r. apply Rabs_pos.
assert (Gs : Rabs (grad_sigma_row r g i) <= multimax_row r i * (2 * G)).
{ unfold grad_sigma_row. rewrite Rabs_mult, (Rabs_pos_eq (multimax_row r i)) by apply P0. apply Rmult_le_compat_l. apply P0.
  unfold Rminus. eapply Rle_trans. apply Rabs_triang. rewrite Rabs_Ropp. specialize (Hg i Hi Ti). lra. }
replace (4 * (Rabs (c3 P) + Rabs (c4 P)) * (Rabs y * u64 + eta64) * multimax_row r i * G)
  with (2 * (Rabs (c3 P) + Rabs (c4 P)) * (Rabs y * u64 + eta64) * (multimax_row r i * (2 * G))) by ring.
apply Rmult_le_compat; trivial; try apply Rabs_pos. eapply Rle_trans. exact Dm. apply Rmult_le_compat_l; trivial.
generalize (Rabs_pos (c3 P)) (Rabs_pos (c4 P)). lra.
Qed.

(* without a pre-map nothing is rounded: grad_error then compares with the derivative *)
Lemma premapped_plain : forall r i, valid_row r -> (i < size r)%nat -> taken r i = true -> scale r = 1 -> shift r = 0 ->
  premapped r i = argument r i.
Proof.
intros r i (_ & _ & VX) Hi Ti A B. unfold premapped, argument. rewrite A, B, affine_identity.
ring. apply format32_64, VX; assumption.
Qed.

(* the gradients at sigma that a row's gradients were made from *)
Theorem grad_sum_zero : forall r g out G, valid_row r -> valid_upstream r g -> is_backward r g out -> at_most r g G ->
  exists gs : nat -> R, Rabs (sum (size r) (kept r gs)) <= (INR (size r) * (6 * half_grid) + 15 * u64) * G /\
  forall i, (i < size r)%nat -> taken r i = true -> let v := mul (mul (gs i) (slope_at (coefs r) (premapped r i))) (scale r) in
    narrow_range v -> out i = rnd32 v.
Proof.
intros r g out G Vr Vg (m & total & most & mean & [Top (t & Ht & T & M)] & Tc & [Lu Lm] & Im & Gd) Ha.
exists (grad_sigma_hat r g m (rnd (1 / total)) mean). split.
- replace (INR (size r) * (6 * half_grid)) with (6 * quanta r) by (unfold quanta; ring).
  apply (grad_sigma_hat_sum r g m t total most mean G); trivial.
  destruct Lm as [-> | (j & Hj & [Tj _] & Ej)].
  + destruct Ha as [HG _]. generalize (bpow_gt_0 radix2 (-149)). lra.
  + generalize (proj2 Ha j Hj Tj). unfold Rabs. destruct Rcase_abs; lra.
- intros i Hi Ti v Rg. now apply Gd.
Qed.
