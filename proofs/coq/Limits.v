(* SPDX-License-Identifier: Apache-2.0 *)
(* T7j: the limits of sigma at the infinities, for all parameters, and what src/query.c returns for them. *)
From Coq Require Import Reals Psatz.
From Coquelicot Require Import Coquelicot.
From MultiMax Require Import Float64 Hinge Modulator SigmaFloat AffineFloat PieceFloat.
Open Scope R_scope.

(* of square*u^2 + slope*u + ... as u grows; knot where both are 0 *)
Definition limit_of (square slope knot : R) : Rbar :=
  if Rlt_dec 0 square then p_infty else if Rlt_dec square 0 then m_infty
  else if Rlt_dec 0 slope then p_infty else if Rlt_dec slope 0 then m_infty else Finite knot.
Definition left_limit (P : params) : Rbar := limit_of (c3 P) (c1 P - 1) (k1 P).
Definition right_limit (P : params) : Rbar := limit_of (c4 P) (1 + c2 P) (k2 P).

Lemma grows : forall a b c M, 0 < c \/ c = 0 /\ 0 < b -> exists N, forall u, N < u -> M < c * u ^ 2 + b * u + a.
Proof.
intros a b c M H. set (m := Rabs a + Rabs M + 1).
assert (A : - Rabs a <= a) by (generalize (Rle_abs (- a)); rewrite Rabs_Ropp; lra).
assert (B : - Rabs b <= b) by (generalize (Rle_abs (- b)); rewrite Rabs_Ropp; lra).
assert (D := Rle_abs M). assert (A0 := Rabs_pos a). assert (B0 := Rabs_pos b). assert (M0 := Rabs_pos M).
destruct H as [Hc|[-> Hb]].
- exists (1 + (Rabs b + m) / c). intros u Hu. assert (K : 0 <= (Rabs b + m) / c) by (apply Rdiv_le_0_compat; unfold m; lra).
  assert (V : Rabs b + m < c * u).
  { replace (Rabs b + m) with (c * ((Rabs b + m) / c)) by (field; lra). apply Rmult_lt_compat_l; lra. }
  assert (W : m < u * (c * u - Rabs b)). { rewrite <- (Rmult_1_l m) at 1. apply Rmult_gt_0_lt_compat; unfold m in *; lra. }
  assert (X : - (u * Rabs b) <= b * u) by nra. unfold m in *. nra.
- exists (m / b). intros u Hu.
  assert (V : m < b * u). { replace m with (b * (m / b)) by (field; lra). now apply Rmult_lt_compat_l. } unfold m in *. lra.
Qed.

(* what equals such a polynomial at w*y from some y on, w = -1 or 1 *)
Lemma far_limit : forall f square slope knot w e a b, (w = -1 \/ w = 1) ->
  (forall u, e < u -> f (w * u) = square * u ^ 2 + b * u + a) -> (square = 0 -> b = slope) -> (square = 0 -> slope = 0 -> a = knot) ->
  is_lim f (if Rlt_dec 0 w then p_infty else m_infty) (limit_of square slope knot).
Proof.
intros f q s k w e a b Hw F Hb Ha. apply is_lim_spec.
assert (Far : forall Q : R -> Prop, (exists N, forall u, N < u -> Q (w * u)) -> Rbar_locally' (if Rlt_dec 0 w then p_infty else m_infty) Q).
{ intros Q [N H]. destruct Hw as [-> | ->]; destruct Rlt_dec; try lra; simpl.
  - exists (- N). intros y Hy. replace y with (-1 * - y) by ring. apply H. lra.
  - exists N. intros y Hy. rewrite <- (Rmult_1_l y). now apply H. }
assert (Up : 0 < q \/ q = 0 /\ 0 < s -> forall M, exists N, forall u, N < u -> M < f (w * u)).
{ intros H M. destruct (grows a b q M) as [N G]. { destruct H as [H|[H1 H2]]; [now left | right; rewrite Hb; auto]. }
  exists (Rmax e N). intros u Hu. generalize (Rmax_l e N), (Rmax_r e N). intros L1 L2. rewrite F by lra. apply G. lra. }
assert (Down : q < 0 \/ q = 0 /\ s < 0 -> forall M, exists N, forall u, N < u -> f (w * u) < M).
{ intros H M. destruct (grows (- a) (- b) (- q) (- M)) as [N G].
  { destruct H as [H|[H1 H2]]; [left; lra | right; rewrite Hb by trivial; split; lra]. }
  exists (Rmax e N). intros u Hu. generalize (Rmax_l e N), (Rmax_r e N). intros L1 L2. rewrite F by lra.
  assert (G1 := G u ltac:(lra)). lra. }
unfold limit_of. destruct (Rlt_dec 0 q) as [Q1|Q1]; [intros M; apply Far, Up; now left|].
destruct (Rlt_dec q 0) as [Q2|Q2]; [intros M; apply Far, Down; now left|]. assert (Q0 : q = 0) by lra.
destruct (Rlt_dec 0 s) as [S1|S1]; [intros M; apply Far, Up; now right|].
destruct (Rlt_dec s 0) as [S2|S2]; [intros M; apply Far, Down; now right|]. assert (S0 : s = 0) by lra.
intros eps. apply Far. exists e. intros u Hu. rewrite F by trivial. rewrite Hb, Ha, Q0, S0 by trivial.
replace (0 * u ^ 2 + 0 * u + k - k) with 0 by ring. rewrite Rabs_R0. apply cond_pos.
Qed.

Theorem sigma_limits : forall P, is_lim (sigma P) m_infty (left_limit P) /\ is_lim (sigma P) p_infty (right_limit P).
Proof.
intros P. set (e := Rabs (k1 P) + Rabs (k2 P) + Rabs (k3 P) + Rabs (k4 P)).
assert (E : forall u, e < u -> (- u < k1 P < u) /\ (- u < k2 P < u) /\ (- u < k3 P < u) /\ (- u < k4 P < u)).
{ intros u Hu. unfold e in Hu.
  assert (A := Rabs_pos (k1 P)). assert (B := Rabs_pos (k2 P)). assert (C := Rabs_pos (k3 P)). assert (D := Rabs_pos (k4 P)).
  refine (conj _ (conj _ (conj _ _))); apply Rabs_lt_between; lra. }
assert (On : forall u, 0 < u -> relu u = u) by (intros; hinge; lra).
assert (Off : forall u, u < 0 -> relu u = 0) by (intros; hinge; lra).
split.
- generalize (far_limit (sigma P) (c3 P) (c1 P - 1) (k1 P) (-1) e (c1 P * k1 P + c3 P * k3 P ^ 2) (c1 P - 1 + 2 * c3 P * k3 P)).
  destruct Rlt_dec; [lra|]. intros H. apply H; clear H; auto.
  + intros u Hu. destruct (E u Hu) as (A & B & C & D). unfold sigma.
    rewrite (On (k1 P - _)), (Off (_ - k2 P)), (On (k3 P - _)), (Off (_ - k4 P)) by lra. ring.
  + intros ->. ring.
  + intros -> S. replace (c1 P) with 1 by lra. ring.
- generalize (far_limit (sigma P) (c4 P) (1 + c2 P) (k2 P) 1 e (- c2 P * k2 P + c4 P * k4 P ^ 2) (1 + c2 P - 2 * c4 P * k4 P)).
  destruct Rlt_dec; [|lra]. intros H. apply H; clear H; auto.
  + intros u Hu. destruct (E u Hu) as (A & B & C & D). unfold sigma.
    rewrite (Off (k1 P - _)), (On (_ - k2 P)), (Off (k3 P - _)), (On (_ - k4 P)) by lra. ring.
  + intros ->. ring.
  + intros -> S. replace (c2 P) with (-1) by lra. ring.
Qed.

Theorem modulated_limits : forall P scale shift, scale <> 0 ->
  is_lim (modulated P scale shift) m_infty (if Rlt_dec scale 0 then right_limit P else left_limit P) /\
  is_lim (modulated P scale shift) p_infty (if Rlt_dec scale 0 then left_limit P else right_limit P).
Proof.
intros P a b N. destruct (sigma_limits P) as [L R].
assert (M : is_lim (fun x => a * x + b) m_infty (if Rlt_dec a 0 then p_infty else m_infty)).
{ apply is_lim_spec. destruct Rlt_dec as [H|H]; intros M; exists ((M - b) / a); intros x Hx; apply Rminus_lt_0.
  - replace (a * x + b - M) with (- a * ((M - b) / a - x)) by (field; lra). apply Rmult_lt_0_compat; lra.
  - replace (M - (a * x + b)) with (a * ((M - b) / a - x)) by (field; lra). apply Rmult_lt_0_compat; lra. }
assert (Q : is_lim (fun x => a * x + b) p_infty (if Rlt_dec a 0 then m_infty else p_infty)).
{ apply is_lim_spec. destruct Rlt_dec as [H|H]; intros K; exists ((K - b) / a); intros x Hx; apply Rminus_lt_0.
  - replace (K - (a * x + b)) with (- a * (x - (K - b) / a)) by (field; lra). apply Rmult_lt_0_compat; lra.
  - replace (a * x + b - K) with (a * (x - (K - b) / a)) by (field; lra). apply Rmult_lt_0_compat; lra. }
unfold modulated. destruct Rlt_dec as [H|H]; split.
all: first [apply is_lim_comp with p_infty; [exact R | assumption | apply filter_forall; discriminate]
           |apply is_lim_comp with m_infty; [exact L | assumption | apply filter_forall; discriminate]].
Qed.

(* As C has it (specs/logic/limits.acsl): FAR for infinity; a knot is far below it. *)
Definition outer_end (square slope knot : R) : R :=
  if Rlt_dec 0 square then FAR else if Rlt_dec square 0 then - FAR
  else if Rlt_dec 0 slope then FAR else if Rlt_dec slope 0 then - FAR else knot.
Definition left_end (P : params) : R := outer_end (c3 P) (-1 + c1 P) (k1 P).
Definition right_end (P : params) : R := outer_end (c4 P) (1 + c2 P) (k2 P).
Definition minus_end (P : params) (scale : R) : R := if Rlt_dec scale 0 then right_end P else left_end P.
Definition plus_end (P : params) (scale : R) : R := if Rlt_dec scale 0 then left_end P else right_end P.
Definition stands_for (x : Rbar) (r : R) : Prop :=
  (FAR <= r /\ x = p_infty) \/ (r <= - FAR /\ x = m_infty) \/ (- FAR < r < FAR /\ x = Finite r).

Lemma outer_end_limit : forall square slope knot, Rabs knot < FAR -> stands_for (limit_of square slope knot) (outer_end square slope knot).
Proof.
intros q s k K. apply Rabs_lt_between in K. unfold stands_for, limit_of, outer_end. repeat destruct Rlt_dec.
all: first [left; split; [lra | reflexivity] | right; left; split; [lra | reflexivity] | right; right; split; [lra | reflexivity]].
Qed.

Theorem ends_are_limits : forall P scale shift, scale <> 0 -> Rabs (k1 P) < FAR -> Rabs (k2 P) < FAR ->
  (exists l, is_lim (modulated P scale shift) m_infty l /\ stands_for l (minus_end P scale)) /\
  (exists l, is_lim (modulated P scale shift) p_infty l /\ stands_for l (plus_end P scale)).
Proof.
intros P a b N A B. destruct (modulated_limits P a b N) as [L R].
assert (F : stands_for (left_limit P) (left_end P) /\ stands_for (right_limit P) (right_end P)).
{ split; [| now apply outer_end_limit]. unfold left_limit, left_end. replace (c1 P - 1) with (-1 + c1 P) by ring. now apply outer_end_limit. }
destruct F as [F G]. unfold minus_end, plus_end. split; [exists (if Rlt_dec a 0 then right_limit P else left_limit P) |
  exists (if Rlt_dec a 0 then left_limit P else right_limit P)]; destruct Rlt_dec; auto.
Qed.
(* without a scale the function is constant *)
Lemma modulated_flat : forall P shift x, modulated P 0 shift x = sigma P shift.
Proof. intros. unfold modulated. f_equal. ring. Qed.
