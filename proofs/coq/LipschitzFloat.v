(* SPDX-License-Identifier: Apache-2.0 *)
(* T7h: mmax_lipschitz as computed is a Lipschitz constant of the modulator, and how far above the best one it may be. *)
From Coq Require Import Reals ZArith Psatz List.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Hinge Modulator Slopes Increments SigmaFloat AffineFloat PieceFloat PiecesFloat.
Import ListNotations.
Open Scope R_scope.

#[local] Opaque eta64 u64 gain FAR.

Lemma largest_nonneg : forall P lo hi, 0 <= largest_slope P lo hi.
Proof. intros P lo hi. apply fold_more. Qed.

Lemma scaled_up_bounds : forall sup scale, 0 <= sup ->
  sup * Rabs scale <= scaled_up sup scale <= sup * Rabs scale * (1 + pow2 (-49)) + pow2 (-1072).
Proof.
intros sup scale Hs. destruct figures_above as (_ & <- & <-). unfold scaled_up. rewrite up_u, up_eta.
assert (U := u64_small). destruct eta_tiny as [Pe Te]. unfold mul. set (x := sup * Rabs scale).
assert (Px : 0 <= x) by (apply Rmult_le_pos; [exact Hs | apply Rabs_pos]).
assert (E1 := rnd_error x). rewrite (Rabs_pos_eq x) in E1 by lra.
assert (P1 : 0 <= rnd x) by (rewrite <- (round_0 radix2 fexp64 ZnearestE); now apply rnd_le). set (p := rnd x) in *.
assert (Ux : 0 <= u64 * x) by (apply Rmult_le_pos; lra). apply Rabs_le_inv in E1.
assert (Up : u64 * p <= 1001/1000 * (u64 * x) + eta64 / 1000 /\ 999/1000 * (u64 * x) - eta64 / 1000 <= u64 * p).
{ assert (u64 * (u64 * x) <= / 1024 * (u64 * x)) by (apply Rmult_le_compat_r; lra).
  assert (u64 * eta64 <= / 1024 * eta64) by (apply Rmult_le_compat_r; lra). split.
  - apply Rle_trans with (u64 * (x + u64 * x + eta64)). apply Rmult_le_compat_l; lra. lra.
  - apply Rle_trans with (u64 * (x - u64 * x - eta64)). lra. apply Rmult_le_compat_l; lra. }
assert (W : p * (1 + 8 * u64) = p + 8 * (u64 * p)) by ring. rewrite W.
assert (Pp : 0 <= u64 * p) by (apply Rmult_le_pos; lra).
assert (E2 := rnd_error (p + 8 * (u64 * p))). rewrite (Rabs_pos_eq (p + 8 * (u64 * p))) in E2 by lra. apply Rabs_le_inv in E2.
assert (U2 : 0 <= u64 * (u64 * p) <= / 1024 * (u64 * p)) by (split; [apply Rmult_le_pos; lra | apply Rmult_le_compat_r; lra]).
set (z := rnd (p + 8 * (u64 * p))) in *.
assert (E3 := add_error z (4 * eta64) ltac:(apply format64_rnd) ltac:(rewrite <- up_eta; apply generic_format_bpow; unfold FLT_exp; lia)).
assert (Z : x + 5 * (u64 * x) - 3 * eta64 <= z <= x + 11 * (u64 * x) + 3 * eta64) by lra.
assert (Y : 0 <= u64 * (z + 4 * eta64) <= 102/100 * (u64 * x) + eta64).
{ split. apply Rmult_le_pos; lra. apply Rle_trans with (u64 * (x + 11 * (u64 * x) + 7 * eta64)). apply Rmult_le_compat_l; lra.
  assert (u64 * (u64 * x) <= / 1024 * (u64 * x)) by (apply Rmult_le_compat_r; lra).
  assert (u64 * eta64 <= / 1024 * eta64) by (apply Rmult_le_compat_r; lra). lra. }
rewrite (Rabs_pos_eq (z + 4 * eta64)) in E3 by lra. apply Rabs_le_inv in E3. lra.
Qed.

Lemma y_near : forall scale shift x, Rabs x <= pow2 600 -> float_sized scale -> float_sized shift ->
  y_of scale shift x = rnd (scale * x + shift) /\ Rabs (scale * x + shift) <= pow2 1019.
Proof.
intros a b x Hx Ha Hb. unfold y_of. destruct Rlt_dec as [C|_]; [lra|]. split. reflexivity. unfold float_sized in *.
eapply Rle_trans. apply Rabs_triang. rewrite Rabs_mult.
assert (M : Rabs a * Rabs x <= pow2 128 * pow2 600) by (apply Rmult_le_compat; trivial; apply Rabs_pos).
rewrite <- bpow_plus in M. assert (L1 : pow2 (128 + 600) <= pow2 1018) by (apply bpow_le; lia).
assert (L2 : pow2 128 <= pow2 1018) by (apply bpow_le; lia).
change 1019%Z with (1 + 1018)%Z. rewrite bpow_plus. change (pow2 1) with 2. lra.
Qed.

Definition y_low (scale shift lo hi : R) : R := Rmin (scale * lo + shift) (scale * hi + shift).
Definition y_high (scale shift lo hi : R) : R := Rmax (scale * lo + shift) (scale * hi + shift).

Lemma lipschitz_hat_is : forall P scale shift lo hi, scale <> 0 -> float_sized scale -> float_sized shift ->
  Rabs lo <= pow2 600 -> Rabs hi <= pow2 600 -> let A := y_low scale shift lo hi in let B := y_high scale shift lo hi in
  lipschitz_hat P scale shift lo hi = scaled_up (largest_slope P (rnd A) (rnd B)) scale /\
  Rabs A <= pow2 1019 /\ Rabs B <= pow2 1019.
Proof.
intros P a b lo hi N Ha Hb Hl Hh. cbv zeta. unfold lipschitz_hat. destruct Req_EM_T as [E|_]; [contradiction|].
destruct (y_near a b lo Hl Ha Hb) as [-> B1]. destruct (y_near a b hi Hh Ha Hb) as [-> B2]. cbv zeta.
rewrite <- rnd_min, <- rnd_max. split. reflexivity. unfold y_low, y_high. split.
unfold Rmin; destruct Rle_dec; trivial. unfold Rmax; destruct Rle_dec; trivial.
Qed.

Lemma lipschitz_hat_reversed : forall P scale shift lo hi, lipschitz_hat P scale shift lo hi = lipschitz_hat P scale shift hi lo.
Proof. intros P a b lo hi. unfold lipschitz_hat. cbv zeta. now rewrite Rmin_comm, Rmax_comm. Qed.

(* T7h: what C computes is a Lipschitz constant of sigma(scale*x + shift) on [lo, hi] *)
Theorem lipschitz_hat_enough : forall P scale shift lo hi, valid_params P scale shift -> format_coefs P ->
  lo <= hi -> Rabs lo <= pow2 600 -> Rabs hi <= pow2 600 -> forall x x', lo <= x <= hi -> lo <= x' <= hi ->
  Rabs (modulated P scale shift x - modulated P scale shift x') <= lipschitz_hat P scale shift lo hi * Rabs (x - x').
Proof.
intros P a b lo hi V F L Hl Hh x x' Hx Hx'. unfold modulated.
destruct (Req_dec a 0) as [E|N].
{ unfold lipschitz_hat. destruct Req_EM_T; [|contradiction]. rewrite E, !Rmult_0_l, Rminus_eq_0, Rabs_R0. lra. }
destruct (Req_dec x x') as [->|Nx]. { rewrite !Rminus_eq_0, Rabs_R0. lra. }
assert (V' := V). destruct V' as (_ & _ & _ & _ & _ & _ & _ & _ & _ & Ha & Hb).
destruct (lipschitz_hat_is P a b lo hi N Ha Hb Hl Hh) as (-> & SA & SB).
set (A := y_low a b lo hi) in *. set (B := y_high a b lo hi) in *.
assert (In : forall z, lo <= z <= hi -> A <= a * z + b <= B).
{ intros z Hz. unfold A, B, y_low, y_high. destruct (Rle_dec 0 a) as [Pa|Pa].
  - assert (a * lo <= a * z) by (apply Rmult_le_compat_l; lra). assert (a * z <= a * hi) by (apply Rmult_le_compat_l; lra).
    rewrite Rmin_left, Rmax_right by lra. lra.
  - assert (- a * lo <= - a * z) by (apply Rmult_le_compat_l; lra). assert (- a * z <= - a * hi) by (apply Rmult_le_compat_l; lra).
    rewrite Rmin_right, Rmax_left by lra. lra. }
assert (LAB : A < B).
{ destruct (In x Hx), (In x' Hx'). destruct (Rle_lt_or_eq_dec A B ltac:(lra)) as [T|T]; trivial. exfalso.
  apply Nx. apply Rmult_eq_reg_l with a; trivial. lra. }
assert (Sup := largest_slope_enough P a b A B V F LAB SA SB).
assert (K := proj2 (lipschitz_iff P A B _ LAB) Sup (a * x + b) (a * x' + b) (In x Hx) (In x' Hx')).
eapply Rle_trans. exact K. replace (a * x + b - (a * x' + b)) with (a * (x - x')) by ring. rewrite Rabs_mult, <- Rmult_assoc.
apply Rmult_le_compat_r. apply Rabs_pos. apply scaled_up_bounds, largest_nonneg.
Qed.

(* and not far above the best: M bounds both one-sided slopes, Z the sizes, on the interval that the ends round to *)
Definition terms_size (P : params) (y : R) : R :=
  1 + Rabs (c1 P) + Rabs (c2 P) + 2 * Rabs (c3 P) * (Rabs (k3 P) + Rabs y) + 2 * Rabs (c4 P) * (Rabs (k4 P) + Rabs y).

Lemma size_less : forall P a b y, size_at (piece_real P a b) y <= terms_size P y.
Proof.
intros P a b y. unfold size_at, terms_size, piece_real. cbv zeta. cbn [size_base size_rate].
assert (N := Rabs_pos y). assert (M := fun s acts v => proj2 (with_more s acts (Rabs v) (Rabs_pos v))).
assert (T : forall c k, Rabs (2 * c * k) = 2 * Rabs c * Rabs k) by (intros c k; rewrite !Rabs_mult, (Rabs_pos_eq 2); lra).
assert (T1 : forall c, Rabs (2 * c) = 2 * Rabs c) by (intros c; rewrite Rabs_mult, (Rabs_pos_eq 2); lra).
match goal with |- with_real (with_real (with_real (with_real 1 ?b1 ?t1) ?b2 ?t2) ?b3 (Rabs ?t3)) ?b4 (Rabs ?t4) + with_real (with_real 0 ?b5 (Rabs ?t5)) ?b6 (Rabs ?t6) * _ <= _ =>
  assert (A := M (with_real (with_real (with_real 1 b1 t1) b2 t2) b3 (Rabs t3)) b4 t4);
  assert (B := M (with_real (with_real 1 b1 t1) b2 t2) b3 t3);
  assert (C := M (with_real 1 b1 t1) b2 (c2 P)); assert (D := M 1 b1 (c1 P));
  assert (E := M (with_real 0 b5 (Rabs t5)) b6 t6); assert (G := M 0 b5 t5) end.
rewrite !T in *. rewrite !T1 in *.
assert (X : forall r s, r <= s -> r * Rabs y <= s * Rabs y) by (intros; now apply Rmult_le_compat_r).
eapply Rle_trans. apply Rplus_le_compat_l, X, E. eapply Rle_trans. apply Rplus_le_compat_l, X, Rplus_le_compat_r, G. lra.
Qed.

Theorem lipschitz_hat_close : forall P scale shift lo hi M Z, valid_params P scale shift -> format_coefs P -> scale <> 0 ->
  Rabs lo <= pow2 600 -> Rabs hi <= pow2 600 ->
  (forall y, rnd (y_low scale shift lo hi) <= y <= rnd (y_high scale shift lo hi) ->
     Rabs (slope_left P y) <= M /\ Rabs (slope_right P y) <= M /\ terms_size P y <= Z) ->
  lipschitz_hat P scale shift lo hi <= (M + pow2 (-48) * Z) * Rabs scale * (1 + pow2 (-49)) + pow2 (-1072).
Proof.
intros P a b lo hi M Z V F N Hl Hh H.
assert (V' := V). destruct V' as (_ & _ & _ & H3 & H4 & _ & _ & _ & _ & Ha & Hb).
destruct (lipschitz_hat_is P a b lo hi N Ha Hb Hl Hh) as (-> & SA & SB).
set (A := y_low a b lo hi) in *. set (B := y_high a b lo hi) in *.
assert (R1 := rnd_far _ SA). assert (R2 := rnd_far _ SB). assert (U := u64_small).
assert (LAB : rnd A <= rnd B).
{ apply rnd_le. unfold A, B, y_low, y_high. apply Rle_trans with (a * lo + b). apply Rmin_l. apply Rmax_l. }
destruct figures_above as (F48 & _ & _).
assert (Sup : largest_slope P (rnd A) (rnd B) <= M + pow2 (-48) * Z).
{ rewrite <- F48.
  assert (Sz : forall u v y, rnd A <= y <= rnd B -> u64 * size_at (piece_real P u v) y <= u64 * Z).
  { intros u v y Hy. apply Rmult_le_compat_l. lra. destruct (H y Hy) as (_ & _ & T). eapply Rle_trans. apply size_less. exact T. }
  apply fold_less.
  - destruct (H (rnd A) ltac:(lra)) as (X & _ & _). assert (Y := Sz 0 0 (rnd A) ltac:(lra)).
    assert (Q := size_real P 0 0). cbv zeta in Q. assert (0 <= u64 * size_at (piece_real P 0 0) (rnd A)).
    { apply Rmult_le_pos. lra. unfold size_at. assert (0 <= size_rate (piece_real P 0 0) * Rabs (rnd A)) by (apply Rmult_le_pos; [lra | apply Rabs_pos]). lra. }
    generalize (Rabs_pos (slope_left P (rnd A))). lra.
  - intros q I Le. unfold pieces in I. apply in_map_iff in I. destruct I as ([u v] & <- & I). simpl fst in *. simpl snd in *.
    change (p_lo (piece_hat P u v)) with u in *. change (p_hi (piece_hat P u v)) with v in *.
    destruct (cuts_facts P a b V) as (So & _). destruct (pairs_apart _ _ _ So I) as (Luv & _ & _ & K).
    assert (Ap := apart_of P u v a b V K).
    assert (f1 := Rmax_l u (rnd A)). assert (f2 := Rmax_r u (rnd A)). assert (t1 := Rmin_l v (rnd B)). assert (t2 := Rmin_r v (rnd B)).
    assert (At : forall y, Rmax u (rnd A) <= y <= Rmin v (rnd B) -> slope_size_hat (piece_hat P u v) y <= M + 32 * u64 * Z).
    { intros y Hy. assert (Sb := slope_size_bounds P u v y F H3 H4 ltac:(apply Rabs_lt; lra)). cbv zeta in Sb.
      destruct (H y ltac:(lra)) as (X1 & X2 & _). assert (Y := Sz u v y ltac:(lra)).
      assert (Rabs (slope_at (piece_real P u v) y) <= M).
      { destruct (Rlt_dec y v) as [C|C].
        - now rewrite <- (proj1 (slope_inside P u v y Ap)) by lra.
        - now rewrite <- (proj2 (slope_inside P u v y Ap)) by lra. }
      lra. }
    split; apply At; lra. }
eapply Rle_trans. apply scaled_up_bounds, largest_nonneg. apply Rplus_le_compat_r. apply Rmult_le_compat_r.
generalize (bpow_gt_0 radix2 (-49)). lra. apply Rmult_le_compat_r; trivial. apply Rabs_pos.
Qed.
