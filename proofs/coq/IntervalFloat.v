(* SPDX-License-Identifier: Apache-2.0 *)
(* T7i: mmax_increasing_intervals of src/intervals.c as computed in binary64. Off the knots sigma' has the sign that the intervals
   say, up to 2^-50 of its terms' sizes; so sigma increases wherever its slope is not as small as that. Names as in C. *)
From Coq Require Import Reals ZArith Psatz List.
From Coquelicot Require Import Derive.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Hinge Modulator Slopes Increments SigmaFloat AffineFloat PieceFloat PiecesFloat LipschitzFloat.
Import ListNotations.
Open Scope R_scope.

Definition is_neg (a : R) : bool := if Rlt_dec a 0 then true else false.
Definition ratio (m n : R) : R := if Rle_dec n (mul m (pow2 (-990))) then FAR else rnd (m / n).
Definition quotient (a b : R) : R :=
  let size := ratio (Rabs a) (Rabs b) in if Bool.eqb (is_neg a) (is_neg b) then size else - size.

(* s = 1 or -1: where s * sigma' > 0 on the piece; s v is v or -v in C *)
Definition positive_part (s : R) (q : piece) : list (R * R) :=
  let b := mul s (base q) in let r := mul s (rate q) in
  if Req_EM_T r 0 then (if Rlt_dec 0 b then [(p_lo q, p_hi q)] else [])
  else let root := quotient (- b) r in
    let lo := if Rlt_dec 0 r then Rmax (p_lo q) root else p_lo q in
    let hi := if Rlt_dec 0 r then p_hi q else Rmin (p_hi q) root in
    if Rlt_dec lo hi then [(lo, hi)] else [].
(* the x of an end of an interval of y; FAR stands for +inf, -FAR for -inf *)
Definition x_of (scale shift y : R) : R := quotient (sub y shift) scale.
Definition end_of (scale shift y : R) : R :=
  if Rlt_dec (Rabs y) FAR then x_of scale shift y else if is_neg scale then - y else y.

Definition inside (l : list (R * R)) (y : R) : Prop := exists a b, In (a, b) l /\ a < y < b.
Definition tolerance (P : params) (y : R) : R := pow2 (-50) * terms_size P y.

Lemma quotient_eq : forall a b, b <> 0 -> quotient a b =
  if Rle_dec (Rabs b) (mul (Rabs a) (pow2 (-990))) then (if Bool.eqb (is_neg a) (is_neg b) then FAR else - FAR) else rnd (a / b).
Proof.
intros a b N. unfold quotient, ratio. cbv zeta. destruct Rle_dec as [C|C]; trivial.
assert (O : forall x, rnd (- x) = - rnd x) by (intros x; apply round_NE_opp).
unfold is_neg. destruct (Rlt_dec a 0), (Rlt_dec b 0); simpl.
- rewrite !Rabs_left by lra. f_equal. field. exact N.
- rewrite (Rabs_left a), (Rabs_pos_eq b), <- O by lra. f_equal. field. exact N.
- rewrite (Rabs_pos_eq a), (Rabs_left b), <- O by lra. f_equal. field. exact N.
- rewrite !Rabs_pos_eq by lra. reflexivity.
Qed.

Lemma large_990 : pow2 980 * pow2 (-990) = / 1024 /\ pow2 980 * eta64 <= u64 / 1024.
Proof.
split. rewrite <- bpow_plus. reflexivity. unfold eta64, u64. replace (pow2 (-53) / 1024) with (pow2 (-63)).
rewrite <- bpow_plus. apply bpow_le. lia. change (-63)%Z with (-53 + -10)%Z. rewrite bpow_plus. change (pow2 (-10)) with (/ 1024). reflexivity.
Qed.
Lemma far_980 : pow2 980 < FAR. Proof. apply far_above. lia. Qed.
Lemma eight_u : 8 * u64 = pow2 (-50). Proof. symmetry. apply up_u. Qed.

#[local] Opaque eta64 u64 gain FAR.

(* the sign of b + r y told by the side of the computed root, r > 0 *)
Lemma root_side : forall b r y, 0 < r -> r <= pow2 131 -> Rabs y <= pow2 980 ->
  (quotient (- b) r <= y -> - (2 * (u64 * Rabs b) + u64 / 64) <= b + r * y) /\
  (y <= quotient (- b) r -> b + r * y <= 2 * (u64 * Rabs b) + u64 / 64).
Proof.
intros b r y Pr Mr Hy. assert (U := u64_small). destruct eta_tiny as [Pe Te]. destruct large_990 as [L9 Le]. assert (F9 := far_980).
assert (Nb := Rabs_pos b). assert (Ub : 0 <= u64 * Rabs b) by (apply Rmult_le_pos; lra).
rewrite quotient_eq, Rabs_Ropp, (Rabs_pos_eq r) by lra. destruct Rle_dec as [C|C].
- assert (Ry : Rabs (r * y) <= Rabs b / 512 + u64 / 512).
  { rewrite Rabs_mult, (Rabs_pos_eq r) by lra. unfold mul in C.
    assert (E := rnd_error (Rabs b * pow2 (-990))).
    assert (Q0 := bpow_gt_0 radix2 (-990)). set (p := pow2 (-990)) in *.
    assert (Pq : 0 <= Rabs b * p) by (apply Rmult_le_pos; lra). rewrite (Rabs_pos_eq (Rabs b * p)) in E by lra.
    apply Rabs_le_inv in E. assert (u64 * (Rabs b * p) <= / 1024 * (Rabs b * p)) by (apply Rmult_le_compat_r; lra).
    assert (R2 : r <= 2 * (Rabs b * p) + eta64) by lra.
    assert (N0 := bpow_gt_0 radix2 980). set (n := pow2 980) in *.
    apply Rle_trans with ((2 * (Rabs b * p) + eta64) * n).
    - apply Rmult_le_compat; try lra. apply Rabs_pos.
    - replace ((2 * (Rabs b * p) + eta64) * n) with (2 * (Rabs b * (n * p)) + n * eta64) by ring. rewrite L9. lra. }
  apply Rabs_le_inv in Ry. apply Rabs_le_inv in Hy.
  assert (NR : is_neg r = false) by (unfold is_neg; destruct Rlt_dec; trivial; lra). rewrite NR.
  unfold is_neg. destruct (Rlt_dec (- b) 0) as [D|D]; simpl.
  + rewrite (Rabs_pos_eq b) in * by lra. split; intros K; lra.
  + rewrite (Rabs_left1 b) in * by lra. split; intros K; lra.
- set (v := - b / r). assert (E := rnd_error v).
  assert (Rv : r * v = - b) by (unfold v; field; lra).
  assert (W : Rabs (r * rnd v + b) <= u64 * Rabs b + u64 / 1024).
  { replace (r * rnd v + b) with (r * (rnd v - v)) by (rewrite Rmult_minus_distr_l, Rv; ring).
    rewrite Rabs_mult, (Rabs_pos_eq r) by lra. apply Rle_trans with (r * (u64 * Rabs v + eta64)).
    - apply Rmult_le_compat_l; lra.
    - replace (r * (u64 * Rabs v + eta64)) with (u64 * (r * Rabs v) + r * eta64) by ring.
      rewrite <- (Rabs_pos_eq r) at 1 by lra. rewrite <- Rabs_mult, Rv, Rabs_Ropp.
      assert (r * eta64 <= pow2 131 * eta64) by (apply Rmult_le_compat_r; lra). generalize eta_small. lra. }
  apply Rabs_le_inv in W. split; intros K.
  + assert (r * rnd v <= r * y) by (apply Rmult_le_compat_l; lra). lra.
  + assert (r * y <= r * rnd v) by (apply Rmult_le_compat_l; lra). lra.
Qed.

Lemma format64_base : forall P a b, format64 (base (piece_hat P a b)) /\ format64 (rate (piece_hat P a b)).
Proof.
intros P a b. unfold piece_hat. cbv zeta. cbn [base rate]. split.
- repeat apply format64_with. apply (format64_int 1). lia.
- repeat apply format64_with. apply generic_format_0.
Qed.

Lemma mul_sign : forall s v, s = 1 \/ s = -1 -> format64 v -> mul s v = s * v.
Proof.
intros s v [-> | ->] F; unfold mul; apply rnd_id. now rewrite Rmult_1_l.
replace (-1 * v) with (- v) by ring. now apply generic_format_opp.
Qed.

(* b + r y of the computed piece against the slope *)
Lemma hat_close : forall P a b y, format_coefs P -> float_sized (c3 P) -> float_sized (c4 P) ->
  let h := piece_hat P a b in let r := piece_real P a b in
  Rabs (base h + rate h * y - slope_at r y) <= 51/10 * (u64 * size_at r y) /\ Rabs (base h) <= 101/100 * size_at r y /\
  Rabs (rate h) <= pow2 131 /\ 1 <= size_at r y.
Proof.
intros P a b y F H3 H4 h r. destruct (piece_near P a b F) as ((B0 & B1) & (R0 & R1) & _). fold h r in B0, B1, R0, R1.
destruct (size_real P a b) as (S1 & T0 & T1). fold r in S1, T0, T1. assert (U := u64_small). destruct eta_tiny as [Pe Te].
assert (Ny := Rabs_pos y). assert (P1 : 0 <= size_rate r * Rabs y) by now apply Rmult_le_pos.
assert (Z1 : 1 <= size_at r y) by (unfold size_at; lra).
assert (G := gain_small). assert (M4 := gain_mono 4). assert (M3 := gain_mono 3). assert (M2 := gain_mono 2).
assert (Uz : u64 * 1 <= u64 * size_at r y) by (apply Rmult_le_compat_l; lra).
split; [|split; [|split]]; trivial.
- unfold slope_at. replace (base h + rate h * y - (base r + rate r * y)) with ((base h - base r) + (rate h - rate r) * y) by ring.
  eapply Rle_trans. apply Rabs_triang. rewrite Rabs_mult.
  assert (X : Rabs (rate h - rate r) * Rabs y <= gain 2 * (size_rate r * Rabs y)).
  { rewrite <- Rmult_assoc. apply Rmult_le_compat_r; lra. }
  assert (gain 2 * (size_rate r * Rabs y) <= 501/100 * u64 * (size_rate r * Rabs y)) by (apply Rmult_le_compat_r; lra).
  assert (gain 4 * size_base r <= 501/100 * u64 * size_base r) by (apply Rmult_le_compat_r; lra).
  replace (51/10 * (u64 * size_at r y)) with (9/100 * (u64 * size_at r y) + (501/100 * u64 * size_base r + 501/100 * u64 * (size_rate r * Rabs y)))
    by (unfold size_at; field). lra.
- assert (A := Rabs_triang (base h - base r) (base r)). replace (base h - base r + base r) with (base h) in A by ring.
  assert (gain 4 * size_base r <= / 100 * size_base r - 20 * eta64).
  { apply Rle_trans with (6/1024 * size_base r). apply Rmult_le_compat_r; lra. lra. }
  unfold size_at. lra.
- assert (A := Rabs_triang (rate h - rate r) (rate r)). replace (rate h - rate r + rate r) with (rate h) in A by ring.
  assert (gain 2 * size_rate r <= 1 * size_rate r) by (apply Rmult_le_compat_r; lra).
  unfold float_sized in *. assert (E : pow2 131 = 8 * pow2 128) by (change 131%Z with (3 + 128)%Z; rewrite bpow_plus; reflexivity).
  lra.
Qed.

(* on one piece *)
Lemma part_right : forall P s u v y, s = 1 \/ s = -1 -> format_coefs P -> float_sized (c3 P) -> float_sized (c4 P) ->
  u < y < v -> Rabs y <= pow2 980 -> let r := piece_real P u v in
  (inside (positive_part s (piece_hat P u v)) y -> - (8 * (u64 * size_at r y)) < s * slope_at r y) /\
  (~ inside (positive_part s (piece_hat P u v)) y -> s * slope_at r y < 8 * (u64 * size_at r y)).
Proof.
intros P s u v y Hs F H3 H4 Hy Sy r. destruct (hat_close P u v y F H3 H4) as (E & Eb & Er & Z1). fold r in E, Eb, Z1.
destruct (format64_base P u v) as [Fb Fr]. assert (U := u64_small).
assert (Uz : u64 * 1 <= u64 * size_at r y) by (apply Rmult_le_compat_l; lra).
unfold positive_part. rewrite !mul_sign by assumption.
change (p_lo (piece_hat P u v)) with u. change (p_hi (piece_hat P u v)) with v.
set (B := base (piece_hat P u v)) in *. set (Q := rate (piece_hat P u v)) in *.
assert (Ub : u64 * Rabs B <= 101/100 * (u64 * size_at r y)).
{ replace (101/100 * (u64 * size_at r y)) with (u64 * (101/100 * size_at r y)) by ring. apply Rmult_le_compat_l; lra. }
assert (As : Rabs (s * B) = Rabs B /\ Rabs (s * Q) = Rabs Q).
{ rewrite !Rabs_mult. destruct Hs as [-> | ->]; [rewrite Rabs_R1 | rewrite Rabs_left by lra]; split; ring. }
destruct As as [Ab Aq].
assert (Es : Rabs (s * B + s * Q * y - s * slope_at r y) <= 51/10 * (u64 * size_at r y)).
{ replace (s * B + s * Q * y - s * slope_at r y) with (s * (B + Q * y - slope_at r y)) by ring. rewrite Rabs_mult.
  destruct Hs as [-> | ->]; [rewrite Rabs_R1 | rewrite (Rabs_left (-1)) by lra]; lra. }
apply Rabs_le_inv in Es. rewrite <- Ab in Ub. rewrite <- Aq in Er. set (b := s * B) in *. set (q := s * Q) in *.
cbv zeta. destruct (Req_EM_T q 0) as [Q0|Q0].
- rewrite Q0, Rmult_0_l in Es. destruct (Rlt_dec 0 b) as [C|C]; split; intros I.
  + lra.
  + exfalso. apply I. exists u, v. split; [now left | exact Hy].
  + destruct I as (x & z & [] & _).
  + lra.
- assert (One : forall lo hi, inside (if Rlt_dec lo hi then [(lo, hi)] else []) y <-> lo < y < hi).
  { intros lo hi. unfold inside. destruct Rlt_dec as [C|C]; split.
    - intros (x & z & [K|K] & L). injection K as <- <-. exact L. destruct K.
    - intros L. exists lo, hi. split; [now left | exact L].
    - intros (x & z & [] & _).
    - lra. }
  rewrite One. destruct (Rlt_dec 0 q) as [C|C].
  + destruct (root_side b q y C ltac:(rewrite Rabs_pos_eq in Er; lra) Sy) as [G L].
    set (t := quotient (- b) q) in *. split; intros I.
    * assert (K : t <= y) by (generalize (Rmax_r u t); lra). specialize (G K). lra.
    * assert (K : y <= t). { apply Rnot_lt_le. intros K. apply I. split; [apply Rmax_lub_lt; lra | lra]. }
      specialize (L K). lra.
  + assert (Qn : quotient (- b) q = quotient (- - b) (- q)).
    { rewrite !quotient_eq, !Rabs_Ropp by lra. replace (- - b / - q) with (- b / q) by (field; lra). destruct Rle_dec as [D|D]; trivial.
      assert (b <> 0).
      { intros Z. rewrite Z, Rabs_R0 in D. unfold mul in D. rewrite Rmult_0_l, round_0 in D by auto with typeclass_instances.
        assert (0 < Rabs q) by (apply Rabs_pos_lt; exact Q0). lra. }
      unfold is_neg. repeat destruct Rlt_dec; simpl; trivial; exfalso; lra. }
    destruct (root_side (- b) (- q) y ltac:(lra) ltac:(rewrite Rabs_left1 in Er; lra) Sy) as [G L].
    rewrite <- Qn, Rabs_Ropp in G, L. set (t := quotient (- b) q) in *. split; intros I.
    * assert (K : y <= t) by (generalize (Rmin_r v t); lra). specialize (L K). lra.
    * assert (K : t <= y). { apply Rnot_lt_le. intros K. apply I. split; [lra | apply Rmin_glb_lt; lra]. }
      specialize (G K). lra.
Qed.

(* ---- all pieces ---- *)

Lemma positive_part_inside : forall s q a b, In (a, b) (positive_part s q) -> p_lo q < p_hi q -> p_lo q <= a < b /\ b <= p_hi q.
Proof.
intros s q a b. unfold positive_part. cbv zeta. set (t := quotient _ _). intros I H.
assert (One : forall lo hi, In (a, b) (if Rlt_dec lo hi then [(lo, hi)] else []) -> a = lo /\ b = hi /\ lo < hi).
{ intros lo hi J. destruct (Rlt_dec lo hi) as [C|C]; [|destruct J]. destruct J as [E|J]; [|destruct J]. injection E as <- <-. tauto. }
destruct (Req_EM_T (mul s (rate q)) 0).
- destruct (Rlt_dec 0 (mul s (base q))); [|destruct I]. destruct I as [E|I]; [|destruct I]. injection E as <- <-. lra.
- apply One in I. destruct I as (-> & -> & L). destruct (Rlt_dec 0 (mul s (rate q))).
  + generalize (Rmax_l (p_lo q) t). lra.
  + generalize (Rmin_l (p_hi q) t). lra.
Qed.

(* off the cuts, the sign of s * sigma' is as the part found on the piece says, up to the tolerance *)
Lemma between_cuts : forall P scale shift s y, valid_params P scale shift -> format_coefs P -> s = 1 \/ s = -1 ->
  Rabs y <= pow2 980 -> ~ In y (cuts P) -> exists u v, In (u, v) (pairs (cuts P)) /\ u < y < v /\
  (inside (positive_part s (piece_hat P u v)) y -> - tolerance P y < s * dsigma P y) /\
  (~ inside (positive_part s (piece_hat P u v)) y -> s * dsigma P y < tolerance P y).
Proof.
intros P a b s y V F Hs Sy Nc. destruct (cuts_facts P a b V) as (So & _). assert (U := u64_small). assert (F9 := far_980).
assert (V' := V). destruct V' as (_ & _ & _ & H3 & H4 & _). assert (B := Sy). apply Rabs_le_inv in B.
destruct (pair_right (tl (cuts P)) (- FAR) y So ltac:(lra)) as (u & v & I & Uv & K).
{ exists FAR. split. apply cuts_far. lra. }
change (- FAR :: tl (cuts P)) with (cuts P) in *. destruct (pairs_apart _ _ _ So I) as (_ & Iu & Iv & _).
assert (Hy : u < y < v). { split; [|lra]. destruct Uv as [[L|L] _]; trivial. exfalso. apply Nc. now rewrite <- L. }
assert (Ap := apart_of P u v a b V K).
assert (D : dsigma P y = slope_at (piece_real P u v) y).
{ rewrite <- (proj1 (slope_inside P u v y Ap)) by lra. destruct (cuts_facts P a b V) as (_ & _ & _ & C2 & _).
  unfold dsigma, slope_right. destruct C2 as [->|C2]. ring.
  assert (y <> k2 P) by (intros E; apply Nc; now rewrite E). hinge; lra. }
destruct (part_right P s u v y Hs F H3 H4 Hy Sy) as [G L].
assert (T : 8 * (u64 * size_at (piece_real P u v) y) <= tolerance P y).
{ unfold tolerance. rewrite <- eight_u, Rmult_assoc. apply Rmult_le_compat_l. lra. apply Rmult_le_compat_l. lra. apply size_less. }
exists u, v. rewrite D. repeat split; trivial; try apply Hy; intros J; [apply G in J | apply L in J]; lra.
Qed.

(* an end in x: three roundings' worth from the exact preimage of the end in y *)
Theorem x_of_close : forall scale shift y, format64 y -> format64 shift -> scale <> 0 ->
  ~ Rabs scale <= mul (Rabs (sub y shift)) (pow2 (-990)) ->
  Rabs (x_of scale shift y - (y - shift) / scale) <= 3 * (u64 * Rabs ((y - shift) / scale)) + eta64.
Proof.
intros a b y Fy Fb N H. unfold x_of. rewrite quotient_eq by exact N. destruct Rle_dec; [contradiction|].
assert (U := u64_small). assert (E := sub_error y b Fy Fb). set (d := sub y b) in *.
assert (Q := rnd_error (d / a)). set (x := (y - b) / a) in *.
assert (Dx : Rabs (d / a - x) <= u64 * Rabs x).
{ unfold x. replace (d / a - (y - b) / a) with ((d - (y - b)) / a) by (field; exact N). unfold Rdiv. rewrite !Rabs_mult, <- Rmult_assoc.
  apply Rmult_le_compat_r; trivial. apply Rabs_pos. }
assert (Nx := Rabs_pos x). assert (Ux : 0 <= u64 * Rabs x) by (apply Rmult_le_pos; lra).
assert (W : Rabs (d / a) <= Rabs x + u64 * Rabs x).
{ replace (d / a) with (x + (d / a - x)) by ring. eapply Rle_trans. apply Rabs_triang. lra. }
assert (u64 * Rabs (d / a) <= u64 * (Rabs x + u64 * Rabs x)) by (apply Rmult_le_compat_l; lra).
assert (u64 * (u64 * Rabs x) <= / 1024 * (u64 * Rabs x)) by (apply Rmult_le_compat_r; lra).
replace (rnd (d / a) - x) with ((rnd (d / a) - d / a) + (d / a - x)) by ring. eapply Rle_trans. apply Rabs_triang. lra.
Qed.
