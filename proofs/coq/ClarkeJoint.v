(* SPDX-License-Identifier: Apache-2.0 *)
(* T8l: the gradient of a row's loss in all ten parameters and the logits together, as computed (strict indicators), is a Clarke
   subgradient for ALL parameters, knots crossed, equal or met by logits: with k1 a little lower and k2 a little higher no argument is
   a first-order knot and every indicator is what it was. At the end: in the logits alone T8k's condition is needed. *)
From Coq Require Import Reals Psatz Lia PeanoNat List.
From Coquelicot Require Import Coquelicot.
From MultiMax Require Import Hinge Modulator Slopes Clarke RealSum ParamGradient Contract LossContract GradContract GradExact
  GradMoments GradParams LossGradContract LossParamsExact ClarkeRow.
Import ListNotations.
Open Scope R_scope.

(* a point: c1..c4, k1..k4, scale, shift, then the logits *)
Definition params_at (z : nat -> R) : params :=
  mk_params (z 0%nat) (z 1%nat) (z 2%nat) (z 3%nat) (z 4%nat) (z 5%nat) (z 6%nat) (z 7%nat).
Definition argument_at (z : nat -> R) (k : nat) : R := z 8%nat * z (10 + k)%nat + z 9%nat.
Definition moment_at (j : nat) : moment :=
  nth j [Low1; High1; Low2; High2; KnotLow1; KnotHigh1; KnotLow2; KnotHigh2; Scaled] Shifted.
Definition factor_of (P : params) (m : moment) : R := match param_of m with Some (_, c) => c P | None => 1 end.
(* a gradient there: each sum times its factor, then the logits' *)
Definition gradient_vector (P : params) (M : moment -> R) (L : nat -> R) (j : nat) : R :=
  if Nat.ltb j 10 then factor_of P (moment_at j) * M (moment_at j) else L (j - 10)%nat.
(* of entry k's modulated value along v *)
Definition along (z v : nat -> R) (k : nat) : R :=
  sum 10 (fun j => v j * (factor_of (params_at z) (moment_at j) *
    moment_factor (params_at z) (z (10 + k)%nat) (argument_at z k) (moment_at j))) +
  v (10 + k)%nat * (z 8%nat * dsigma (params_at z) (argument_at z k)).

Lemma sum_app : forall m n f, sum (m + n) f = sum m f + sum n (fun i => f (m + i)%nat).
Proof.
intros m n f. induction n; simpl. rewrite Nat.add_0_r. ring. rewrite Nat.add_succ_r. simpl. rewrite IHn. ring.
Qed.

(* a coefficient times a hinge *)
Lemma hinge_line : forall (phi B : R -> R) b c vc b' l, B 0 = b -> is_derive B 0 b' -> is_derive phi b l ->
  is_derive (fun t => (c + t * vc) * phi (B t)) 0 (vc * phi b + c * (b' * l)).
Proof.
intros phi B b c vc b' l <- DB Dp. evar_last.
- apply (Derive.is_derive_mult (fun t => c + t * vc) (fun t => phi (B t)) 0 vc (b' * l)). auto_derive; trivial; ring.
  exact (is_derive_comp phi B 0 l b' Dp DB).
- simpl. ring.
Qed.
Lemma sigma_line : forall z v k, argument_at z k <> z 4%nat -> argument_at z k <> z 5%nat ->
  is_derive (fun t => sigma (params_at (fun i => z i + t * v i)) (argument_at (fun i => z i + t * v i) k)) 0 (along z v k).
Proof.
intros z v k N4 N5. set (a := argument_at z k) in *. set (A := fun t => argument_at (fun i => z i + t * v i) k).
set (a' := v 8%nat * z (10 + k)%nat + z 8%nat * v (10 + k)%nat + v 9%nat).
assert (A0 : A 0 = a) by (unfold A, a, argument_at; simpl; ring).
assert (DA : is_derive A 0 a') by (unfold A, argument_at, a'; auto_derive; trivial; simpl; ring).
assert (Low : forall j, is_derive (fun t => z j + t * v j - A t) 0 (v j - a')).
{ intros j. apply (is_derive_minus (K := R_AbsRing) (V := R_NormedModule) (fun t => z j + t * v j) A); trivial.
  auto_derive; trivial; ring. }
assert (High : forall j, is_derive (fun t => A t - (z j + t * v j)) 0 (a' - v j)).
{ intros j. apply (is_derive_minus (K := R_AbsRing) (V := R_NormedModule) A (fun t => z j + t * v j)); trivial.
  auto_derive; trivial; ring. }
assert (L0 : forall j, z j + 0 * v j - A 0 = z j - a) by (intros j; rewrite A0; ring).
assert (H0 : forall j, A 0 - (z j + 0 * v j) = a - z j) by (intros j; rewrite A0; ring).
assert (D1 := hinge_line relu _ _ (z 0%nat) (v 0%nat) _ _ (L0 4%nat) (Low 4%nat) (relu_derive (z 4%nat - a) ltac:(lra))).
assert (D2 := hinge_line relu _ _ (z 1%nat) (v 1%nat) _ _ (H0 5%nat) (High 5%nat) (relu_derive (a - z 5%nat) ltac:(lra))).
assert (D3 := hinge_line (fun u => relu u ^ 2) _ _ (z 2%nat) (v 2%nat) _ _ (L0 6%nat) (Low 6%nat) (relu_sq_derive (z 6%nat - a))).
assert (D4 := hinge_line (fun u => relu u ^ 2) _ _ (z 3%nat) (v 3%nat) _ _ (H0 7%nat) (High 7%nat) (relu_sq_derive (a - z 7%nat))).
evar_last.
- exact (is_derive_plus (K := R_AbsRing) (V := R_NormedModule) _ _ _ _ _
    (is_derive_plus (K := R_AbsRing) (V := R_NormedModule) _ _ _ _ _
      (is_derive_plus (K := R_AbsRing) (V := R_NormedModule) _ _ _ _ _
        (is_derive_plus (K := R_AbsRing) (V := R_NormedModule) _ _ _ _ _ DA D1) D2) D3) D4).
- unfold plus; simpl. unfold along, factor_of, moment_factor, dsigma, params_at; simpl. fold a. unfold a'. simpl. ring.
Qed.

(* k1 lower, k2 higher *)
Definition nudged (z : nat -> R) (h : R) (j : nat) : R := match j with 4%nat => z 4%nat - h | 5%nat => z 5%nat + h | _ => z j end.

Lemma relu_tends : forall f u, (forall h, f h = u - h) -> tends (fun h => relu (f h)) (relu u).
Proof.
intros f u E. apply (tends_rate _ _ 1 1 Rlt_0_1). intros h Hh. eapply Rle_trans. apply relu_lip.
replace (f h - u) with (- h) by (rewrite E; ring). rewrite Rabs_Ropp, Rabs_pos_eq; lra.
Qed.
Lemma step_tends : forall f u, (forall h, f h = u - h) -> tends (fun h => step (f h)) (step u).
Proof.
intros f u E. apply (tends_rate _ _ 0 (if Rlt_dec 0 u then u else 1)). destruct Rlt_dec; lra.
intros h Hh. replace (step (f h)) with (step u). rewrite Rminus_eq_0, Rabs_R0. lra.
rewrite E. unfold step. destruct (Rlt_dec 0 u), Rlt_dec; lra.
Qed.
Ltac tend := match goal with
  | |- tends (fun _ => ?c) _ => apply (tends_const c)
  | |- tends (fun h => relu (@?f h)) (relu ?u) => apply (relu_tends f u); intros; ring
  | |- tends (fun h => step (@?f h)) (step ?u) => apply (step_tends f u); intros; ring
  | |- tends (fun h => @?f h + @?g h) (?a + ?b) => apply (tends_plus f g a b); tend
  | |- tends (fun h => @?f h - @?g h) (?a - ?b) => apply (tends_minus f g a b); tend
  | |- tends (fun h => @?f h * @?g h) (?a * ?b) => apply (tends_mult f g a b); tend end.

(* T8l *)
Theorem joint_clarke : forall n Psi G x, smooth_in n Psi G -> let s := fun k => sigma (params_at x) (argument_at x k) in
  clarke_subgradient (10 + n) (fun z => Psi (fun k => sigma (params_at z) (argument_at z k))) x
    (gradient_vector (params_at x)
      (fun j => sum n (fun i => G s i * moment_factor (params_at x) (x (10 + i)%nat) (argument_at x i) j))
      (fun i => x 8%nat * dsigma (params_at x) (argument_at x i) * G s i)).
Proof.
intros n Psi G x Sm s. apply (clarke_composed (10 + n) n Psi G (fun z k => sigma (params_at z) (argument_at z k)) x _ Sm). intros v.
exists (nudged x), (fun h => along (nudged x h) v), (along x v). repeat split.
- intros i _. apply (tends_rate _ _ 1 1 Rlt_0_1). intros h Hh.
  assert (Z : Rabs (x i - x i) <= 1 * h) by (rewrite Rminus_eq_0, Rabs_R0; lra).
  destruct i as [|[|[|[|[|[|i]]]]]]; try exact Z; simpl; apply Rabs_le; lra.
- intros k _. unfold sigma, params_at, argument_at; simpl. tend.
- intros k _. apply (filter_imp (fun h => x 4%nat + toward false h <> argument_at x k /\ x 5%nat + toward true h <> argument_at x k)).
  + intros h [N4 N5]. apply sigma_line; intros E; [apply N4 | apply N5]; symmetry; exact E.
  + apply filter_and; apply toward_off.
- intros k _. unfold along, factor_of, moment_factor, dsigma, params_at, argument_at; simpl. tend.
- apply Req_le. rewrite sum_app. symmetry. unfold along.
  rewrite (sum_ext n _ (fun k => sum 10 (fun j => v j * (factor_of (params_at x) (moment_at j) *
      (G s k * moment_factor (params_at x) (x (10 + k)%nat) (argument_at x k) (moment_at j)))) +
    x 8%nat * dsigma (params_at x) (argument_at x k) * G s k * v (10 + k)%nat)).
  + rewrite sum_plus, sum_swap. f_equal; apply sum_ext; intros j Hj; unfold gradient_vector.
    * rewrite (proj2 (Nat.ltb_lt j 10) Hj), !sum_scal. ring.
    * rewrite (proj2 (Nat.ltb_ge (10 + j) 10)) by lia. now replace (10 + j - 10)%nat with j by lia.
  + intros k _. rewrite Rmult_plus_distr_l, <- sum_scal. f_equal; [apply sum_ext; intros; fold s; ring | fold s; ring].
Qed.

(* rows as points: row_at r (point_of r) = r *)
Definition row_at (r : row) (z : nat -> R) : row :=
  mk_row (size r) (taken r) (fun i => z (10 + i)%nat) (params_at z) (z 8%nat) (z 9%nat).
Definition point_of (r : row) (j : nat) : R :=
  match j with
  | 0 => c1 (coefs r) | 1 => c2 (coefs r) | 2 => c3 (coefs r) | 3 => c4 (coefs r)
  | 4 => k1 (coefs r) | 5 => k2 (coefs r) | 6 => k3 (coefs r) | 7 => k4 (coefs r)
  | 8 => scale r | 9 => shift r | S (S (S (S (S (S (S (S (S (S i))))))))) => logit r i end%nat.

Lemma params_at_point : forall r, params_at (point_of r) = coefs r.
Proof. intros [n t x [] sc sh]. reflexivity. Qed.
Lemma row_at_point : forall r, row_at r (point_of r) = r.
Proof. intros [n t x [] sc sh]. reflexivity. Qed.

Theorem mean_joint_clarke : forall r g, clarke_subgradient (10 + size r) (fun z => mean_row (row_at r z) g) (point_of r)
  (gradient_vector (coefs r) (moment_row_exact r g) (fun i => grad_row r g (argument r i) i)).
Proof.
intros r g. eapply clarke_same; [| |exact (joint_clarke (size r) _ _ (point_of r) (smooth_mean r g))].
- intros z. apply (mean_at_row (row_at r z)).
- intros j _. cbv zeta. rewrite params_at_point. change (fun k => sigma (coefs r) (argument_at (point_of r) k)) with (sigma_at r).
  unfold gradient_vector. destruct (Nat.ltb j 10); [f_equal | rewrite grad_mean_row; reflexivity].
  unfold moment_row_exact. apply sum_ext. intros i _. rewrite grad_mean_row. unfold kept. destruct (taken r i) eqn:E; trivial.
  unfold grad_sigma_row, multimax_row, kept at 1. rewrite E. ring.
Qed.

Theorem loss_joint_clarke : forall r y a w, (y < size r)%nat -> taken r y = true ->
  clarke_subgradient (10 + size r) (fun z => w * cross_entropy (row_at r z) y a) (point_of r)
    (gradient_vector (coefs r) (loss_moment_exact r y a w) (kept r (fun i => loss_grad_row r y a w (dsigma (coefs r) (argument r i)) i))).
Proof.
intros r y a w Hy T. eapply clarke_same; [| |exact (joint_clarke (size r) _ _ (point_of r) (smooth_loss r y a w Hy T))].
- intros z. now apply (loss_at_row (row_at r z)).
- intros j _. cbv zeta. rewrite params_at_point. change (fun k => sigma (coefs r) (argument_at (point_of r) k)) with (sigma_at r).
  unfold gradient_vector. destruct (Nat.ltb j 10); [f_equal|].
  2: exact (grad_loss_row r y a w (dsigma (coefs r) (argument r (j - 10))) (j - 10)).
  unfold loss_moment_exact. apply sum_ext. intros i _. unfold grad_loss_at. rewrite exp_total_sum. unfold multimax_row, kept at 1 3 4.
  destruct (taken r i); [reflexivity | ring].
Qed.

(* T8k: the condition is needed, already for two equal logits and g = (1, 0) *)
Lemma half_derive : forall a b, is_derive (fun a => exp a / (exp a + exp b)) a (exp a * exp b * / ((exp a + exp b) * (exp a + exp b))).
Proof. intros a b. assert (A := exp_pos a). assert (B := exp_pos b). auto_derive; [lra | field; lra]. Qed.
Lemma half_near : forall f k, continuity_pt f k ->
  continuity_2d_pt (fun a b => exp (f a) * exp (f b) * / ((exp (f a) + exp (f b)) * (exp (f a) + exp (f b)))) k k.
Proof.
intros f k C.
assert (Ce : continuity_pt (fun a => exp (f a)) k).
{ apply (continuity_pt_comp f exp); trivial. apply derivable_continuous_pt, derivable_pt_exp. }
assert (C1 := continuity_1d_2d_pt_comp (fun a => exp (f a)) (fun a _ => a) k k Ce (continuity_2d_pt_id1 k k)).
assert (C2 := continuity_1d_2d_pt_comp (fun a => exp (f a)) (fun _ b => b) k k Ce (continuity_2d_pt_id2 k k)).
repeat first [assumption | apply continuity_2d_pt_mult | apply continuity_2d_pt_inv | apply continuity_2d_pt_plus].
assert (P := exp_pos (f k)). nra.
Qed.

Theorem mean_clarke_iff : forall P, (forall r g, coefs r = P ->
    clarke_subgradient (size r) (fun x => mean_row (with_logits r x) g) (logit r) (fun i => grad_row r g (argument r i) i)) <->
  k1 P <> k2 P \/ 0 <= c1 P * c2 P.
Proof.
intros P. split; [|intros H r g <-; now apply mean_clarke].
intros All. apply dsigma_clarke_iff. intros k. apply clarke_product. apply Rnot_lt_ge. intros N.
set (q := dsigma P k) in *. set (L := slope_left P k) in *. set (U := slope_right P k) in *.
assert (KK : k1 P = k /\ k2 P = k).
{ destruct (Req_dec (k1 P) (k2 P)) as [E|E].
  - destruct (Req_dec (k1 P) k) as [E1|E1]; [split; lra|]. exfalso. apply Rlt_not_ge with (1 := N).
    unfold q, L, U, dsigma, slope_left, slope_right. rewrite <- E. clear -E1. hinge; lra.
  - exfalso. apply Rlt_not_ge with (1 := N). apply clarke_product, dsigma_clarke_iff. now left. }
destruct KK as [K1 K2].
(* both slopes are at least c below z q; so near k the loss grows along z more slowly than z q / 4 *)
assert (Z : exists z, (z = 1 \/ z = -1) /\ 0 < z * (q - L) /\ 0 < z * (q - U)).
{ assert (NL : q - L <> 0) by (intros E; rewrite E in N; lra).
  destruct (Rlt_dec 0 (q - L)); [exists 1 | exists (-1)]; (split; [auto | split; nra]). }
destruct Z as (z & Hz & HL & HU). set (c := Rmin (z * (q - L)) (z * (q - U))).
assert (Pc : 0 < c) by now apply Rmin_pos. assert (cL : c <= z * (q - L)) by apply Rmin_l. assert (cU : c <= z * (q - U)) by apply Rmin_r.
set (b := z * q - c / 2). assert (Pb := Rabs_pos b). set (e := c / (32 * (Rabs b + 1))).
assert (Pe : 0 < e) by (apply Rdiv_lt_0_compat; lra). assert (be : Rabs b * e <= c / 32).
{ replace (c / 32) with ((Rabs b + 1) * e) by (unfold e; field; lra). apply Rmult_le_compat_r; lra. }
destruct (half_near (sigma P) k (sigma_continuous P k) (mkposreal e Pe)) as [d2 W]. assert (Pd2 := cond_pos d2).
assert (Sl : exists d, 0 < d /\ forall a, a <> k -> Rabs (a - k) < d -> z * dsigma P a <= b).
{ destruct (dsigma_near P k) as (d & K & Pd & B). fold L U in B. assert (PK := Rabs_pos K).
  exists (Rmin d (c / (2 * (Rabs K + 1)))). split. apply Rmin_pos; trivial. apply Rdiv_lt_0_compat; lra.
  intros a Na Ha. assert (h1 := Rlt_le_trans _ _ _ Ha (Rmin_l _ _)). assert (h2 := Rlt_le_trans _ _ _ Ha (Rmin_r _ _)).
  set (h := Rabs (a - k)) in *. assert (Ph : 0 < h) by (apply Rabs_pos_lt; lra).
  assert (Kh : K * h <= c / 2).
  { apply Rle_trans with ((Rabs K + 1) * (c / (2 * (Rabs K + 1)))); [|right; field; lra].
    assert (K * h <= Rabs K * h) by (apply Rmult_le_compat_r; [lra | apply RRle_abs]). nra. }
  destruct (B h ltac:(lra)) as [B1 B2]. apply Rabs_le_between in B1. apply Rabs_le_between in B2.
  assert (Q : a = k + h \/ a = k - h) by (unfold h, Rabs; destruct Rcase_abs; [right | left]; ring).
  unfold b. destruct Q as [Q|Q]; rewrite <- Q in *; destruct Hz as [-> | ->]; lra. }
destruct Sl as (d1 & Pd1 & Sl). assert (Pd : 0 < Rmin d1 d2) by now apply Rmin_pos.
assert (m1 := Rmin_l d1 d2). assert (m2 := Rmin_r d1 d2).
set (r := mk_row 2 (fun _ => true) (fun _ => k) P 1 0). set (f := fun a b => exp (sigma P a) / (exp (sigma P a) + exp (sigma P b))).
assert (F : forall x, mean_row (with_logits r x) (delta 0) = f (x 0%nat) (x 1%nat)).
{ intros x. rewrite quotient_mean. unfold f, kept, sigma_at, modulated, delta; simpl. rewrite !Rmult_1_l, !Rplus_0_r.
  assert (A := exp_pos (sigma P (x 0%nat))). assert (A' := exp_pos (sigma P (x 1%nat))). field. lra. }
assert (G0 : grad_row r (delta 0) (argument r 0) 0 = q * (1 / 4)).
{ assert (A := exp_pos (sigma P k)). unfold grad_row, grad_sigma_row. rewrite quotient_mean.
  unfold multimax_row, kept, sigma_at, modulated, argument, delta; simpl. rewrite !Rmult_1_l, !Rplus_0_r. fold q. field. lra. }
destruct (All r (delta 0) eq_refl (fun i => z * delta 0 i) (c / 32) (Rmin d1 d2 / 2) ltac:(lra) ltac:(lra)) as (y & t & Hy & Ht & Le).
assert (Y0 := Hy 0%nat ltac:(simpl; lia)). assert (Y1 := Hy 1%nat ltac:(simpl; lia)). simpl in Y0, Y1. clear All Hy.
rewrite !F in Le. change (delta 0 0) with 1 in Le. change (delta 0 1) with 0 in Le.
change (0 + grad_row r (delta 0) (argument r 0) 0 * (z * 1) + grad_row r (delta 0) (argument r 1) 1 * (z * 0) - c / 32 <=
  (f (y 0%nat + t * (z * 1)) (y 1%nat + t * (z * 0)) - f (y 0%nat) (y 1%nat)) / t) in Le.
rewrite G0, !Rmult_0_r, !Rplus_0_r, !Rmult_1_r in Le. set (y0 := y 0%nat) in *. set (y1 := y 1%nat) in *.
assert (Up : - (z * q / 4 - c / 16) * (t - 0) <= - f (y0 + t * z) y1 - - f (y0 + 0 * z) y1).
2: { rewrite Rmult_0_l, Rplus_0_r in Up. set (A := f (y0 + t * z) y1 - f y0 y1) in *. apply (Rmult_le_compat_r t) in Le; [|lra].
  replace (A / t * t) with A in Le by (field; lra). assert (0 < c * t) by (apply Rmult_lt_0_compat; lra). unfold A in *. lra. }
set (w := exp (sigma P y1)). assert (Pw : 0 < w) by apply exp_pos.
set (V := fun a => exp (sigma P a) * w * / ((exp (sigma P a) + w) * (exp (sigma P a) + w))).
apply (increment_ge [z * (k - y0)] (fun u => - f (y0 + u * z) y1) (fun u => - (z * dsigma P (y0 + u * z) * V (y0 + u * z)))); [lra| |].
- intros u _. apply continuity_pt_opp, (continuity_pt_comp (fun u => y0 + u * z) (fun a => f a y1)).
  + apply derivable_continuous_pt. exists z. apply is_derive_Reals. auto_derive; trivial; ring.
  + apply (continuity_pt_comp (sigma P) (fun s => exp s / (exp s + w))). apply sigma_continuous.
    apply derivable_continuous_pt. eexists. apply is_derive_Reals, half_derive.
- intros u Hu Nu. assert (Na : y0 + u * z <> k) by (intros E; apply Nu; left; destruct Hz as [-> | ->]; lra).
  assert (Rd : Rabs (y0 + u * z - k) < Rmin d1 d2) by (apply Rabs_def2 in Y0; apply Rabs_def1; destruct Hz as [-> | ->]; lra).
  set (a := y0 + u * z) in *. split.
  + apply (is_derive_ext (fun u => opp (f (y0 + u * z) y1))); [reflexivity|]. evar_last.
    * apply (is_derive_opp (K := R_AbsRing) (V := R_NormedModule) (fun u => f (y0 + u * z) y1)).
      apply (is_derive_comp (fun a => f a y1) (fun u => y0 + u * z)).
      apply (is_derive_comp (fun s => exp s / (exp s + w)) (sigma P)). apply half_derive.
      apply sigma_derive; right; rewrite ?K1, ?K2; exact Na. auto_derive; trivial.
    * unfold opp, scal; simpl; unfold mult; simpl. fold a w. unfold V. ring.
  + assert (Wa := W a y1 ltac:(lra) ltac:(lra)). simpl in Wa. fold w in Wa. fold (V a) in Wa. assert (Px := exp_pos (sigma P a)).
    assert (PV : 0 < V a) by (unfold V; apply Rmult_lt_0_compat; [|apply Rinv_0_lt_compat]; apply Rmult_lt_0_compat; lra).
    assert (D := Sl a Na ltac:(lra)). apply (Rmult_le_compat_r (V a)) in D; [|lra].
    assert (Wq : Rabs (V a - 1 / 4) < e).
    { assert (Pk := exp_pos (sigma P k)).
      set (x := exp (sigma P k)) in *. replace (1 / 4) with (x * x * / ((x + x) * (x + x))) by (field; lra). exact Wa. }
    assert (T := RRle_abs (b * (V a - 1 / 4))). rewrite Rabs_mult in T.
    assert (Rabs b * Rabs (V a - 1 / 4) <= Rabs b * e) by (apply Rmult_le_compat_l; lra). unfold b in *. lra.
Qed.
