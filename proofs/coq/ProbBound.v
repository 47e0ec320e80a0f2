(* SPDX-License-Identifier: Apache-2.0 *)
(* T6: every probability that satisfies the C contract is_softmax is within bound_ulp of MultiMax (Eq. 6 over the reals), in
   units of the last place of the exact value; bound_ulp is the formula of mmax_bound_probs_ulp (src/bounds.c). *)
From Coq Require Import Reals ZArith Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 ExpKernel Hinge Modulator SigmaFloat AffineFloat RealSum Softmax Within Contract Accuracy.
Open Scope R_scope.

Notation fexp32 := (FLT_exp (-149) 24).
Notation ulp32 := (ulp radix2 fexp32).
#[local] Instance prec24 : Prec_gt_0 24 := eq_refl.

Lemma mag_normal : forall p, pow2 (-126) <= p -> (-125 <= mag radix2 p)%Z /\ pow2 (mag radix2 p - 1) <= p < pow2 (mag radix2 p) /\
  ulp32 p = pow2 (mag radix2 p - 24).
Proof.
intros p Hp. assert (P0 := bpow_gt_0 radix2 (-126)). assert (N : p <> 0) by lra.
assert (M : (-125 <= mag radix2 p)%Z) by (apply mag_ge_bpow; rewrite Rabs_pos_eq by lra; exact Hp).
split; trivial. split. assert (L := bpow_mag_le radix2 p N). assert (G := bpow_mag_gt radix2 p). rewrite Rabs_pos_eq in L, G by lra. now split.
rewrite ulp_neq_0 by exact N. unfold cexp, FLT_exp. f_equal. lia.
Qed.

(* rounding to float32 a value known to within r of a normal p: half a unit of p's binade, whichever binade the value is in,
   as long as r is at most 2^-24; a whole unit up to r = 1 *)
Lemma narrow_error : forall p x r, pow2 (-126) <= p -> 0 <= x -> Rabs (x - p) <= r * p ->
  (r <= pow2 (-24) -> Rabs (rnd32 x - p) <= (1 / 2 + pow2 24 * r) * ulp32 p) /\
  (r < 1 -> Rabs (rnd32 x - p) <= (1 + pow2 24 * r) * ulp32 p).
Proof.
intros p x r Hp Hx Hr. destruct (mag_normal p Hp) as (M & B & U). set (e := mag radix2 p : Z) in *.
assert (P0 := bpow_gt_0 radix2 (-126)).
assert (Pr : 0 <= r). { assert (0 <= Rabs (x - p)) by apply Rabs_pos. assert (0 < pow2 (-126)) by apply bpow_gt_0. nra. }
assert (Ue : pow2 e = pow2 24 * ulp32 p) by (rewrite U, <- bpow_plus; f_equal; lia).
assert (Pu : 0 < ulp32 p) by (rewrite U; apply bpow_gt_0).
assert (Rp : r * p <= pow2 24 * r * ulp32 p).
{ replace (pow2 24 * r * ulp32 p) with (r * pow2 e) by (rewrite Ue; ring). apply Rmult_le_compat_l; lra. }
assert (Half : Rabs (rnd32 x - x) <= / 2 * ulp32 x) by (apply error_le_half_ulp; auto with typeclass_instances).
assert (Tri : Rabs (rnd32 x - p) <= Rabs (rnd32 x - x) + Rabs (x - p)).
{ replace (rnd32 x - p) with ((rnd32 x - x) + (x - p)) by ring. apply Rabs_triang. }
assert (Fe : generic_format radix2 fexp32 (pow2 e)) by (apply generic_format_bpow; unfold FLT_exp; lia).
assert (Low : x < pow2 e -> ulp32 x <= ulp32 p).
{ intros L. destruct (Req_dec x 0) as [->|Nx].
  - rewrite ulp_FLT_0 by auto with typeclass_instances. rewrite U. apply bpow_le. lia.
  - rewrite (ulp_neq_0 _ _ x) by trivial. rewrite U. apply bpow_le. unfold cexp, FLT_exp.
    assert (mag radix2 x <= e)%Z by (apply mag_le_bpow; trivial; rewrite Rabs_pos_eq; trivial). lia. }
split; intros R1.
- destruct (Rlt_or_le x (pow2 e)) as [L|L]. specialize (Low L). lra.
  (* x above p's binade: it rounds to the edge *)
  assert (Ee : ulp32 (pow2 e) = 2 * ulp32 p).
  { rewrite ulp_bpow, U. unfold FLT_exp. replace (Z.max (e + 1 - 24) (-149)) with (1 + (e - 24))%Z by lia. rewrite bpow_plus. reflexivity. }
  assert (Xe : x < pow2 e + ulp32 p).
  { apply Rabs_le_inv in Hr. assert (r * p < ulp32 p); [|lra].
    apply Rle_lt_trans with (pow2 (-24) * p). apply Rmult_le_compat_r; lra.
    apply Rlt_le_trans with (pow2 (-24) * pow2 e). apply Rmult_lt_compat_l. apply bpow_gt_0. lra.
    rewrite <- bpow_plus, U. apply bpow_le. lia. }
  assert (E : rnd32 x = pow2 e).
  { apply Rle_antisym.
    - apply round_N_le_midp; auto with typeclass_instances. rewrite succ_eq_pos by apply bpow_ge_0. lra.
    - apply round_ge_generic; auto with typeclass_instances. }
  rewrite E. apply Rabs_le_inv in Hr. rewrite Rabs_pos_eq by lra. lra.
- assert (X2 : x < pow2 (e + 1)).
  { rewrite bpow_plus. change (pow2 1) with 2. apply Rabs_le_inv in Hr. nra. }
  assert (Ux : ulp32 x <= 2 * ulp32 p).
  { destruct (Rlt_or_le x (pow2 e)) as [L|L]. specialize (Low L). lra.
    assert (0 < pow2 e) by apply bpow_gt_0.
    rewrite (ulp_neq_0 _ _ x) by lra. rewrite U. change 2 with (pow2 1). rewrite <- bpow_plus. apply bpow_le. unfold cexp, FLT_exp.
    assert (mag radix2 x <= e + 1)%Z by (apply mag_le_bpow; [lra | rewrite Rabs_pos_eq; trivial]). lia. }
  lra.
Qed.

(* A of a row: at least the condition of every entry that can reach the output (specs/accuracy.md#condition) *)
Definition condition_at (r : row) (i : nat) : R := condition (coefs r) (scale r) (shift r) (logit r i).
Definition condition_row (r : row) (t : nat) (A : R) : Prop := forall i, (i < size r)%nat -> taken r i = true ->
  condition_at r i <= A \/
  modulated_at r i - modulated_at r t + 10 * u64 * (condition_at r i + condition_at r t) < -110.

Definition excess (t : R) : R := t / (1 - t).
(* where the C function returns a number; 1/2 is all that is meant, the rest is for its roundings *)
Definition in_reach (A n : R) : Prop := log_error A n half_grid < 1 / 2 + 5 * u64.
Definition bound_ulp (A n : R) : R :=
  let e := excess (log_error A n half_grid) in (if Rle_dec e (pow2 (-24)) then 1 / 2 else 1) + pow2 24 * e.

Lemma slope_size_pos : forall P y m, 0 <= m -> 0 <= slope_size P y m.
Proof.
intros P y m Hm. unfold slope_size. generalize (Rabs_pos (c1 P)) (Rabs_pos (c2 P)). intros.
assert (0 <= 2 * Rabs (c3 P) * (relu (k3 P - y) + m)).
{ apply Rmult_le_pos. generalize (Rabs_pos (c3 P)); lra. generalize (relu_nonneg (k3 P - y)); lra. }
assert (0 <= 2 * Rabs (c4 P) * (relu (y - k4 P) + m)).
{ apply Rmult_le_pos. generalize (Rabs_pos (c4 P)); lra. generalize (relu_nonneg (y - k4 P)); lra. }
lra.
Qed.
Lemma condition_pos : forall r i, 0 <= condition_at r i.
Proof.
intros r i. unfold condition_at, condition. cbv zeta. set (y := affine_hat _ _ _). assert (U := u64_small).
assert (A : 0 <= amplitude (coefs r) y).
{ unfold amplitude. repeat apply Rplus_le_le_0_compat; try apply Rmult_le_pos; try apply Rabs_pos; try apply pow2_ge_0; apply relu_nonneg. }
destruct identity_map. lra. assert (0 <= Rabs y * slope_size (coefs r) y (Rabs y * u64)); [|lra].
apply Rmult_le_pos. apply Rabs_pos. apply slope_size_pos, Rmult_le_pos. apply Rabs_pos. lra.
Qed.

Lemma gain_gamma : gain 5 <= gamma_5 /\ gamma_5 <= 501/100 * u64.
Proof. unfold gain, gamma_5, u64. simpl. lra. Qed.

Lemma near_or_far_row : forall r A t, valid_row r -> (t < size r)%nat -> taken r t = true -> condition_row r t A ->
  near_or_far r (modulated_at r t) (gamma_5 * A + pow2 (-600)) t.
Proof.
intros r A t (_ & VP & VX) Ht T C. assert (U := u64_small). destruct gain_gamma as [G1 G2]. assert (G0 := gain_5).
assert (P6 : 0 < pow2 (-600) <= / 1024). { split. apply bpow_gt_0. change (/ 1024) with (pow2 (-10)). apply bpow_le. lia. }
assert (E : forall i, (i < size r)%nat -> taken r i = true ->
  Rabs (modulated_at r i - sigma_at r i) <= gamma_5 * condition_at r i + pow2 (-600)).
{ intros i Hi Ti. eapply Rle_trans. apply modulated_hat_error; [exact VP | now apply VX].
  apply Rplus_le_compat_r, Rmult_le_compat_r; trivial. apply condition_pos. }
intros i Hi Ti. destruct (C i Hi Ti) as [Ci|F].
- left. eapply Rle_trans. now apply E. apply Rplus_le_compat_r, Rmult_le_compat_l; lra.
- right. assert (Ci := condition_pos r i). assert (Ct := condition_pos r t).
  assert (Ei := Rabs_le_inv _ _ (E i Hi Ti)). assert (Et := Rabs_le_inv _ _ (E t Ht T)).
  assert (gamma_5 * (condition_at r i + condition_at r t) <= 501/100 * u64 * (condition_at r i + condition_at r t))
    by (apply Rmult_le_compat_r; lra).
  assert (0 <= u64 * (condition_at r i + condition_at r t)) by (apply Rmult_le_pos; lra).
  split; lra.
Qed.
Lemma condition_nonneg : forall r A t, valid_row r -> (t < size r)%nat -> taken r t = true -> condition_row r t A -> 0 <= gamma_5 * A + pow2 (-600).
Proof.
intros r A t Vr Ht T C. destruct (near_or_far_row r A t Vr Ht T C t Ht T) as [H|H]; [|lra].
generalize (Rabs_pos (modulated_at r t - sigma_at r t)). lra.
Qed.

(* the chain of errors is at most what log_error of src/bounds.c adds up *)
Lemma chain_log_error : forall A n, 0 <= n <= 2147483647 ->
  chain (gamma_5 * A + pow2 (-600)) n <= log_error A n half_grid - 6 * u64.
Proof.
intros A n Hn. unfold chain, log_error. destruct figures as (F1 & F2 & F3 & F4).
set (g := n * half_grid). set (k := n * clamp). set (e := eps_e + k + g).
assert (Hg : 0 <= g <= / 1000000) by (unfold g; rewrite F2; lra).
assert (Hk : 0 <= k <= / 10 ^ 37).
{ unfold k. split. apply Rmult_le_pos; lra. apply Rle_trans with (2147483647 * / 10 ^ 47). apply Rmult_le_compat; lra. lra. }
assert (P6 : pow2 (-600) <= / 10 ^ 20).
{ apply Rle_trans with (pow2 (-100)). apply bpow_le. lia. simpl. lra. }
assert (D : e / (1 - e) - g / (1 - g) <= (eps_e + k) * (1 + / 400000)).
{ replace (e / (1 - e) - g / (1 - g)) with ((eps_e + k) * / ((1 - e) * (1 - g))) by (unfold e; field; unfold e; lra).
  apply Rmult_le_compat_l. lra. apply Rmult_le_reg_r with ((1 - e) * (1 - g)). unfold e; nra.
  rewrite Rinv_l by (unfold e; nra). unfold e; rewrite F1; nra. }
rewrite F1, F3 in *. simpl pow2. lra.
Qed.

Lemma excess_mono : forall c b, 0 <= c <= b -> c < 1 / 2 -> b < 3 / 5 -> 0 <= excess c <= excess b /\ excess c < 1.
Proof.
intros c b H C B. assert (E : forall x, x < 3 / 5 -> excess x = / (1 - x) - 1) by (intros x Hx; unfold excess; field; lra).
rewrite !E by lra. assert (/ (1 - c) <= / (1 - b)) by (apply Rinv_le_contravar; lra).
assert (/ 1 <= / (1 - c)) by (apply Rinv_le_contravar; lra). assert (/ (1 - c) < / (1 / 2)) by (apply Rinv_lt_contravar; lra). lra.
Qed.

(* T6 *)
Theorem probability_error : forall r p A t i, valid_row r -> is_softmax r p ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A ->
  (i < size r)%nat -> taken r i = true -> in_reach A (INR (size r)) -> pow2 (-126) <= multimax_row r i ->
  Rabs (p i - multimax_row r i) <= bound_ulp A (INR (size r)) * ulp32 (multimax_row r i).
Proof.
intros r p A t i Vr (m & total & [Top (s & Hs & Ts & Es)] & Tc & Pw) Ht T TopT C Hi Ti B Hp.
assert (M : modulated_at r t = m). { apply Rle_antisym. now apply Top. rewrite <- Es. now apply TopT. }
assert (Nf := near_or_far_row r A t Vr Ht T C). rewrite M in Nf.
assert (N := many r Vr). assert (L := chain_log_error A (INR (size r)) N).
assert (A0 := condition_nonneg r A t Vr Ht T C).
destruct (wide_error r m _ total t i Vr A0 Top Ht T M Nf Tc Hi Ti) as (C0 & X0 & P0 & D).
rewrite (Pw i Hi Ti). change (prob_of _ _) with (rnd32 (wide r m total i)).
set (c := chain _ _) in *. set (b := log_error _ _ _) in *.
unfold in_reach in B. fold b in B. assert (U := u64_small). assert (Lb : c <= b) by lra.
assert (Ex := excess_mono c b (conj C0 Lb) ltac:(lra) ltac:(lra)). fold (excess c) in *.
destruct D as [D|[_ D]].
- assert (Rl := relative_of_within c _ _ ltac:(lra) (Rlt_le _ _ P0) D). fold (excess c) in Rl.
  destruct (narrow_error _ _ _ Hp X0 Rl) as [H1 H2].
  unfold bound_ulp. fold b. set (u := ulp32 _) in *. assert (Pu : 0 <= u) by apply ulp_ge_0.
  destruct (Rle_dec (excess b) (pow2 (-24))) as [S|S].
  + eapply Rle_trans. apply H1. lra. apply Rmult_le_compat_r; trivial.
    assert (0 < pow2 24) by apply bpow_gt_0. nra.
  + eapply Rle_trans. apply H2. lra. apply Rmult_le_compat_r; trivial.
    assert (0 < pow2 24) by apply bpow_gt_0. nra.
- exfalso. assert (exp c <= 2).
  { assert (G := exp_ineq1_le (- c)). rewrite exp_Ropp in G. assert (P := exp_pos c).
    apply Rmult_le_reg_r with (/ exp c). now apply Rinv_0_lt_compat. rewrite Rinv_r; lra. }
  assert (clamp * exp c <= clamp * pow2 1). { apply Rmult_le_compat_l. apply bpow_ge_0. exact H. }
  unfold clamp in *. rewrite <- bpow_plus in H0. assert (pow2 (-158 + 1) < pow2 (-126)) by (apply bpow_lt; lia). lra.
Qed.

(* below float32's normal range: the relative error, half the smallest subnormal, and what the clamp at -110 may lose *)
Theorem probability_error_small : forall r p A t i, valid_row r -> is_softmax r p ->
  (t < size r)%nat -> taken r t = true -> is_top r (modulated_at r t) -> condition_row r t A ->
  (i < size r)%nat -> taken r i = true -> in_reach A (INR (size r)) -> multimax_row r i < pow2 (-126) ->
  Rabs (p i - multimax_row r i) <= excess (log_error A (INR (size r)) half_grid) * multimax_row r i + (pow2 (-150) + pow2 (-157)).
Proof.
intros r p A t i Vr (m & total & [Top (s & Hs & Ts & Es)] & Tc & Pw) Ht T TopT C Hi Ti B Hp.
assert (M : modulated_at r t = m). { apply Rle_antisym. now apply Top. rewrite <- Es. now apply TopT. }
assert (Nf := near_or_far_row r A t Vr Ht T C). rewrite M in Nf.
assert (N := many r Vr). assert (L := chain_log_error A (INR (size r)) N).
assert (A0 := condition_nonneg r A t Vr Ht T C).
destruct (wide_error r m _ total t i Vr A0 Top Ht T M Nf Tc Hi Ti) as (C0 & X0 & P0 & D).
rewrite (Pw i Hi Ti). change (prob_of _ _) with (rnd32 (wide r m total i)).
set (c := chain _ _) in *. set (b := log_error _ _ _) in *. set (x := wide r m total i) in *. set (q := multimax_row r i) in *.
unfold in_reach in B. fold b in B. assert (U := u64_small). assert (Lb : c <= b) by lra.
assert (Ex := excess_mono c b (conj C0 Lb) ltac:(lra) ltac:(lra)). fold (excess c) in *.
assert (E2 : exp c <= 2).
{ assert (G := exp_ineq1_le (- c)). rewrite exp_Ropp in G. assert (P := exp_pos c).
  apply Rmult_le_reg_r with (/ exp c). now apply Rinv_0_lt_compat. rewrite Rinv_r; lra. }
assert (Cl : clamp * exp c <= pow2 (-157)).
{ change (-157)%Z with (-158 + 1)%Z. rewrite bpow_plus. apply Rmult_le_compat_l. apply bpow_ge_0. exact E2. }
assert (P57 : pow2 (-157) <= pow2 (-126)) by (apply bpow_le; lia).
assert (Xp : Rabs (x - q) <= excess b * q + pow2 (-157) /\ x < pow2 (-125)).
{ change (-125)%Z with (1 + -126)%Z. rewrite bpow_plus. change (pow2 1) with 2. destruct D as [D|[D1 D2]].
  - assert (Rl := relative_of_within c x q ltac:(lra) (Rlt_le _ _ P0) D). fold (excess c) in Rl. split.
    + assert (excess c * q <= excess b * q) by (apply Rmult_le_compat_r; lra). generalize (bpow_gt_0 radix2 (-157)). lra.
    + apply Rabs_le_inv in Rl. nra.
  - split; [|lra]. assert (0 <= excess b * q) by (apply Rmult_le_pos; lra). apply Rabs_le. lra. }
destruct Xp as [Xp X2].
assert (Ux : ulp32 x = pow2 (-149)).
{ apply ulp_FLT_small; auto with typeclass_instances. rewrite Rabs_pos_eq by exact X0. exact X2. }
assert (Half : Rabs (rnd32 x - x) <= / 2 * ulp32 x) by (apply error_le_half_ulp; auto with typeclass_instances).
rewrite Ux in Half. change (/ 2) with (pow2 (-1)) in Half. rewrite <- bpow_plus in Half. change (-1 + -149)%Z with (-150)%Z in Half.
replace (rnd32 x - q) with ((rnd32 x - x) + (x - q)) by ring. eapply Rle_trans. apply Rabs_triang. lra.
Qed.

(* the plain case: no mask, no pre-map, no entry far away *)
Corollary probability_error_plain : forall n P x p A i, valid_row (mk_row n (fun _ => true) x P 1 0) ->
  is_softmax (mk_row n (fun _ => true) x P 1 0) p -> (forall k, (k < n)%nat -> amplitude P (x k) <= A) ->
  (i < n)%nat -> in_reach A (INR n) -> pow2 (-126) <= multimax n P x i ->
  Rabs (p i - multimax n P x i) <= bound_ulp A (INR n) * ulp32 (multimax n P x i).
Proof.
intros n P x p A i Vr Sm C Hi B Hp. set (r := mk_row n (fun _ => true) x P 1 0) in *.
assert (E : multimax_row r i = multimax n P x i) by (apply (multimax_row_plain r i); trivial).
rewrite <- E in *. destruct Sm as (m & total & L & Tw). destruct L as [Top (t & Ht & Tt & Et)].
apply (probability_error r p A t i); trivial.
- exists m, total. split; trivial. split; trivial. now exists t.
- now rewrite Et.
- intros k Hk Tk. left. unfold condition_at, condition, identity_map. simpl.
  destruct (Req_EM_T 1 1); [|lra]. destruct (Req_EM_T 0 0); [|lra]. rewrite Rplus_0_r.
  destruct Vr as (_ & _ & Vx). rewrite affine_identity. now apply C. apply format32_64. now apply Vx.
Qed.
