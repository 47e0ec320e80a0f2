(* SPDX-License-Identifier: Apache-2.0 *)
(* T8 with a pre-map: what the rounding of y = scale*x + shift does to the exact gradients, first-order knots between included. With m
   at least the distance of the two arguments, sigma' moves by at most slope_moved, each factor of a parameter sum by factor_moved. *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Hinge Modulator SigmaFloat AffineFloat RealSum Contract Accuracy ProbBound GradContract SlopeFloat
  GradMean GradBound GradError GradExact GradMoments GradParams.
Open Scope R_scope.

(* a knot that near may lie between *)
Definition jump (c k y m : R) : R := if Rle_dec (Rabs (y - k)) m then Rabs c else 0.
Definition slope_moved (P : params) (y m : R) : R :=
  2 * (Rabs (c3 P) + Rabs (c4 P)) * m + jump (c1 P) (k1 P) y m + jump (c2 P) (k2 P) y m.
Definition factor_moved (P : params) (x y m : R) (j : moment) : R :=
  match j with
  | Low1 => m | High1 => m | Low2 => (2 * relu (k3 P - y) + m) * m | High2 => (2 * relu (y - k4 P) + m) * m
  | KnotLow1 => jump 1 (k1 P) y m | KnotHigh1 => jump 1 (k2 P) y m | KnotLow2 => m | KnotHigh2 => m
  | Scaled => slope_moved P y m * Rabs x | Shifted => slope_moved P y m end.
Definition moved (r : row) (i : nat) : R := Rabs (premapped r i) * u64 + eta64.

Lemma argument_moved : forall r i, Rabs (premapped r i - argument r i) <= moved r i.
Proof. intros r i. apply rnd_error_result. Qed.

Lemma step_moved : forall c k y z m, Rabs (y - z) <= m ->
  Rabs (c * step (k - y) - c * step (k - z)) <= jump c k y m /\ Rabs (c * step (y - k) - c * step (z - k)) <= jump c k y m.
Proof.
intros c k y z m H. apply Rabs_le_inv in H. unfold jump. assert (Pc := Rabs_pos c).
assert (E : forall a b, (a = 0 \/ a = 1) -> (b = 0 \/ b = 1) -> Rabs (c * a - c * b) <= Rabs c /\ (a = b -> Rabs (c * a - c * b) = 0)).
{ intros a b Ha Hb. split.
  - destruct Ha as [-> | ->], Hb as [-> | ->]; unfold Rabs; repeat destruct Rcase_abs; lra.
  - intros ->. rewrite Rminus_eq_0. apply Rabs_R0. }
assert (S : forall u, step u = 0 \/ step u = 1) by (intros u; hinge; lra).
split.
- destruct (E (step (k - y)) (step (k - z)) (S _) (S _)) as [A B]. destruct Rle_dec as [|N]; trivial. apply Req_le, B.
  unfold step. destruct (Rlt_dec 0 (k - y)), (Rlt_dec 0 (k - z)); trivial; exfalso; apply N, Rabs_le; lra.
- destruct (E (step (y - k)) (step (z - k)) (S _) (S _)) as [A B]. destruct Rle_dec as [|N]; trivial. apply Req_le, B.
  unfold step. destruct (Rlt_dec 0 (y - k)), (Rlt_dec 0 (z - k)); trivial; exfalso; apply N, Rabs_le; lra.
Qed.
Lemma hinge_moved : forall k y z m, Rabs (y - z) <= m ->
  Rabs (relu (k - y) - relu (k - z)) <= m /\ Rabs (relu (y - k) - relu (z - k)) <= m.
Proof.
intros k y z m H. split; (eapply Rle_trans; [apply relu_lip|]).
- replace (k - y - (k - z)) with (- (y - z)) by ring. now rewrite Rabs_Ropp.
- now replace (y - k - (z - k)) with (y - z) by ring.
Qed.
Lemma slope_moved_enough : forall P y z m, Rabs (y - z) <= m -> Rabs (dsigma P y - dsigma P z) <= slope_moved P y m.
Proof.
intros P y z m H. unfold dsigma, slope_moved.
destruct (step_moved (c1 P) (k1 P) y z m H) as [A1 _]. destruct (step_moved (c2 P) (k2 P) y z m H) as [_ A2].
destruct (hinge_moved (k3 P) y z m H) as [A3 _]. destruct (hinge_moved (k4 P) y z m H) as [_ A4].
assert (B3 : Rabs (c3 P * (relu (k3 P - y) - relu (k3 P - z))) <= Rabs (c3 P) * m).
{ rewrite Rabs_mult. apply Rmult_le_compat_l; trivial. apply Rabs_pos. }
assert (B4 : Rabs (c4 P * (relu (y - k4 P) - relu (z - k4 P))) <= Rabs (c4 P) * m).
{ rewrite Rabs_mult. apply Rmult_le_compat_l; trivial. apply Rabs_pos. }
apply Rabs_le_inv in A1. apply Rabs_le_inv in A2. apply Rabs_le_inv in B3. apply Rabs_le_inv in B4. apply Rabs_le. lra.
Qed.

Lemma factor_moved_enough : forall P x y z m j, Rabs (y - z) <= m ->
  Rabs (moment_factor P x y j - moment_factor P x z j) <= factor_moved P x y m j.
Proof.
intros P x y z m j H. assert (Pm : 0 <= m) by (eapply Rle_trans; [apply Rabs_pos | exact H]).
assert (Sq : forall a b, 0 <= a -> 0 <= b -> Rabs (a - b) <= m -> Rabs (a ^ 2 - b ^ 2) <= (2 * a + m) * m).
{ intros a b Ha Hb Hd. replace (a ^ 2 - b ^ 2) with ((a - b) * (a + b)) by ring.
  rewrite Rabs_mult, (Rabs_pos_eq (a + b)), Rmult_comm by lra.
  apply Rmult_le_compat; trivial; try apply Rabs_pos. lra. apply Rabs_le_inv in Hd. lra. }
destruct j; simpl.
- apply (hinge_moved (k1 P) y z m H).
- apply (hinge_moved (k2 P) y z m H).
- generalize (Sq _ _ (relu_nonneg (k3 P - y)) (relu_nonneg (k3 P - z)) (proj1 (hinge_moved (k3 P) y z m H))). simpl. trivial.
- generalize (Sq _ _ (relu_nonneg (y - k4 P)) (relu_nonneg (z - k4 P)) (proj2 (hinge_moved (k4 P) y z m H))). simpl. trivial.
- generalize (proj1 (step_moved 1 (k1 P) y z m H)). now rewrite !Rmult_1_l.
- generalize (proj2 (step_moved 1 (k2 P) y z m H)). now rewrite !Rmult_1_l.
- apply (hinge_moved (k3 P) y z m H).
- apply (hinge_moved (k4 P) y z m H).
- replace (dsigma P y * x - dsigma P z * x) with ((dsigma P y - dsigma P z) * x) by ring. rewrite Rabs_mult.
  apply Rmult_le_compat_r. apply Rabs_pos. now apply slope_moved_enough.
- now apply slope_moved_enough.
Qed.

Lemma grad_sigma_row_size : forall r g G t i, (t < size r)%nat -> taken r t = true -> at_most r g G -> (i < size r)%nat ->
  taken r i = true -> Rabs (grad_sigma_row r g i) <= 2 * G * multimax_row r i.
Proof.
intros r g G t i Ht T [HG Hg] Hi Ti. destruct (multimax_row_sum r t Ht T) as [P0 P1]. assert (PG := bpow_gt_0 radix2 (-149)).
assert (Mr : Rabs (mean_row r g) <= G).
{ unfold mean_row. rewrite <- (Rmult_1_r G), <- P1, <- kept_scal. apply kept_abs. intros k Hk Tk.
  rewrite Rabs_mult, Rmult_comm, (Rabs_pos_eq (multimax_row r k)) by apply P0. apply Rmult_le_compat_r. apply P0. now apply Hg. }
unfold grad_sigma_row. rewrite Rabs_mult, (Rabs_pos_eq (multimax_row r i)), Rmult_comm by apply P0.
apply Rmult_le_compat_r. apply P0. unfold Rminus. eapply Rle_trans. apply Rabs_triang. rewrite Rabs_Ropp. specialize (Hg i Hi Ti).
lra.
Qed.

(* the gradient at a logit, wherever the knots are *)
Theorem grad_premap : forall r g G t i, (t < size r)%nat -> taken r t = true -> at_most r g G -> (i < size r)%nat -> taken r i = true ->
  Rabs (grad_row r g (premapped r i) i - grad_row r g (argument r i) i) <=
    2 * slope_moved (coefs r) (premapped r i) (moved r i) * multimax_row r i * G * Rabs (scale r).
Proof.
intros r g G t i Ht T Ha Hi Ti. assert (S := grad_sigma_row_size r g G t i Ht T Ha Hi Ti).
assert (D := slope_moved_enough (coefs r) _ _ _ (argument_moved r i)).
unfold grad_row. replace (scale r * dsigma (coefs r) (premapped r i) * grad_sigma_row r g i - scale r * dsigma (coefs r) (argument r i) * grad_sigma_row r g i)
  with ((dsigma (coefs r) (premapped r i) - dsigma (coefs r) (argument r i)) * grad_sigma_row r g i * scale r) by ring.
rewrite !Rabs_mult. apply Rmult_le_compat_r. apply Rabs_pos.
replace (2 * slope_moved (coefs r) (premapped r i) (moved r i) * multimax_row r i * G)
  with (slope_moved (coefs r) (premapped r i) (moved r i) * (2 * G * multimax_row r i)) by ring.
apply Rmult_le_compat; trivial; apply Rabs_pos.
Qed.

(* a parameter sum: w is the most that any entry's factor moves *)
Theorem moment_premap : forall r g G t j w, (t < size r)%nat -> taken r t = true -> at_most r g G ->
  (forall i, (i < size r)%nat -> taken r i = true -> factor_moved (coefs r) (logit r i) (premapped r i) (moved r i) j <= w) ->
  Rabs (moment_row r g j - moment_row_exact r g j) <= 2 * G * w.
Proof.
intros r g G t j w Ht T Ha Hw. destruct (multimax_row_sum r t Ht T) as [P0 P1].
assert (PG : 0 <= G) by (destruct Ha as [HG _]; generalize (bpow_gt_0 radix2 (-149)); lra).
unfold moment_row, moment_row_exact. rewrite kept_minus.
replace (2 * G * w) with (2 * G * w * sum (size r) (kept r (multimax_row r))) by (rewrite P1; ring).
rewrite <- kept_scal. apply kept_abs. intros i Hi Ti.
replace (grad_sigma_row r g i * moment_factor (coefs r) (logit r i) (premapped r i) j -
  grad_sigma_row r g i * moment_factor (coefs r) (logit r i) (argument r i) j) with (grad_sigma_row r g i *
  (moment_factor (coefs r) (logit r i) (premapped r i) j - moment_factor (coefs r) (logit r i) (argument r i) j)) by ring.
rewrite Rabs_mult. replace (2 * G * w * multimax_row r i) with (2 * G * multimax_row r i * w) by ring.
apply Rmult_le_compat; try apply Rabs_pos. now apply (grad_sigma_row_size r g G t i).
eapply Rle_trans. apply factor_moved_enough, argument_moved. now apply Hw.
Qed.

(* T8 against the gradient at the exact argument *)
Theorem grad_error_premap : forall r g out A t G i, valid_row r -> valid_upstream r g -> is_backward r g out ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A -> in_reach_grad A (INR (size r)) ->
  at_most r g G -> (i < size r)%nat -> taken r i = true ->
  let exact := grad_row r g (argument r i) i in let D := steepness (coefs r) (premapped r i) in let p := multimax_row r i in
  let off := 2 * slope_moved (coefs r) (premapped r i) (moved r i) * p * G * Rabs (scale r) in
  Rabs exact + off + allowance 8 (kappa A (INR (size r))) p G D * Rabs (scale r) <= 33 * 10 ^ 37 ->
  Rabs (out i - exact) <= pow2 (-24) * Rabs exact + pow2 (-149) + (1 + pow2 (-24)) * off +
    allowance 8 ((1 + pow2 (-24)) * kappa A (INR (size r))) p G D * Rabs (scale r).
Proof.
intros r g out A t G i Vr Vg Bw Ht T TopT C B Ha Hi Ti exact D p off Rg.
assert (M := grad_premap r g G t i Ht T Ha Hi Ti). fold exact p off in M. set (e := grad_row r g (premapped r i) i) in *.
assert (E : Rabs e <= Rabs exact + off).
{ replace e with (exact + (e - exact)) by ring. eapply Rle_trans. apply Rabs_triang. lra. }
destruct (grad_error r g out A t G i Vr Vg Bw Ht T TopT C B Ha Hi Ti) as [Er _]. { fold e D p. lra. }
fold e D p in Er. assert (P24 : 0 < pow2 (-24)) by apply bpow_gt_0.
assert (pow2 (-24) * Rabs e <= pow2 (-24) * (Rabs exact + off)) by (apply Rmult_le_compat_l; lra).
replace (out i - exact) with ((out i - e) + (e - exact)) by ring. eapply Rle_trans. apply Rabs_triang. lra.
Qed.
