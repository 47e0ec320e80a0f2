(* SPDX-License-Identifier: Apache-2.0 *)
(* T7h, T7i from what the C text of query.c and intervals.c ensures (specs/logic/slopes.acsl, rising.acsl, proved to say this by
   proofs/wp/coq/query_tie.part): of lists of knots it says only which neighbours there are. *)
From Coq Require Import Reals ZArith Psatz List.
From Coquelicot Require Import Derive.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Hinge Modulator Slopes Increments SigmaFloat AffineFloat PieceFloat PiecesFloat LipschitzFloat IntervalFloat.
Import ListNotations.
Open Scope R_scope.

#[local] Opaque eta64 u64 gain FAR.

Definition cut_at (P : params) (v : R) : Prop :=
  v = - FAR \/ v = FAR \/ (c1 P <> 0 /\ v = k1 P) \/ (c2 P <> 0 /\ v = k2 P) \/ (c3 P <> 0 /\ v = k3 P) \/ (c4 P <> 0 /\ v = k4 P).
Definition neighbours (P : params) (a b : R) : Prop :=
  a < b /\ cut_at P a /\ cut_at P b /\ forall v, cut_at P v -> v <= a \/ b <= v.
Definition counts (P : params) (lo hi a b t : R) : Prop :=
  neighbours P a b /\ Rmax a lo <= Rmin b hi /\
  (t = slope_size_hat (piece_hat P a b) (Rmax a lo) \/ t = slope_size_hat (piece_hat P a b) (Rmin b hi)).
Definition is_largest (P : params) (lo hi s : R) : Prop :=
  0 <= s /\ (s = 0 \/ exists a b, counts P lo hi a b s) /\ forall a b t, counts P lo hi a b t -> t <= s.
Definition is_sup (P : params) (scale shift lo hi s : R) : Prop :=
  is_largest P (Rmin (y_of scale shift lo) (y_of scale shift hi)) (Rmax (y_of scale shift lo) (y_of scale shift hi)) s.
Definition is_lipschitz (P : params) (scale shift lo hi r : R) : Prop :=
  (scale = 0 -> r = 0) /\ (scale <> 0 -> exists s, is_sup P scale shift lo hi s /\ s < FAR /\ r = scaled_up s scale).
Definition rises (P : params) (s y : R) : Prop := exists a b, neighbours P a b /\ inside (positive_part s (piece_hat P a b)) y.

Lemma put_iff : forall c k l x, In x (put c k l) <-> (c <> 0 /\ x = k) \/ In x l.
Proof. intros c k l x. unfold put. destruct Req_EM_T; [tauto|]. rewrite in_insert. tauto. Qed.
Lemma in_cuts : forall P x, In x (cuts P) <-> cut_at P x.
Proof.
intros P x. unfold cuts, cut_at. simpl. rewrite in_app_iff, !put_iff. simpl.
assert (E : forall a b : R, a = b <-> b = a) by (intros; split; auto). rewrite (E (- FAR)), (E FAR). tauto.
Qed.

(* neighbours are the pairs that the list is walked in *)
Lemma neighbours_pairs : forall P scale shift a b, valid_params P scale shift -> neighbours P a b <-> In (a, b) (pairs (cuts P)).
Proof.
intros P s h a b V. destruct (cuts_facts P s h V) as (So & _). split.
- intros (L & A & B & K). assert (LF := far_positive). apply in_cuts in A. apply in_cuts in B.
  assert (A1 : - FAR <= a). { change (cuts P) with (- FAR :: tl (cuts P)) in A, So. destruct A as [E|A]; [lra | now apply So]. }
  assert (B1 : In b (tl (cuts P))). { change (cuts P) with (- FAR :: tl (cuts P)) in B. destruct B as [E|B]; trivial. exfalso. lra. }
  destruct (pair_right (tl (cuts P)) (- FAR) a So A1) as (u & v & I & Uv & Q). { now exists b. }
  change (- FAR :: tl (cuts P)) with (cuts P) in *. destruct (pairs_apart _ _ _ So I) as (_ & Iu & Iv & _).
  assert (u = a). { destruct (Q a A); lra. } subst u.
  assert (v = b). { destruct (K v (proj1 (in_cuts P v) Iv)) as [C|C]; [lra|]. destruct (Q b B); lra. } now subst v.
- intros I. destruct (pairs_apart _ _ _ So I) as (L & A & B & K). split; trivial. split. now apply in_cuts. split. now apply in_cuts.
  intros v C. apply K. now apply in_cuts.
Qed.

Lemma fold_attained : forall lo hi l s, fold_left (larger_slope lo hi) l s = s \/ exists q, In q l /\ Rmax (p_lo q) lo <= Rmin (p_hi q) hi /\
  (fold_left (larger_slope lo hi) l s = slope_size_hat q (Rmax (p_lo q) lo) \/ fold_left (larger_slope lo hi) l s = slope_size_hat q (Rmin (p_hi q) hi)).
Proof.
intros lo hi l. induction l as [|q t IH]; intros s; simpl. now left.
destruct (IH (larger_slope lo hi s q)) as [E|(q' & I & L & E)]; [|right; exists q'; auto]. rewrite E. unfold larger_slope.
assert (M : forall a b c, Rmax a (Rmax b c) = a \/ Rmax a (Rmax b c) = b \/ Rmax a (Rmax b c) = c)
  by (intros; unfold Rmax; repeat destruct Rle_dec; auto).
destruct Rlt_dec as [C|C]; [now left|].
destruct (M s (slope_size_hat q (Rmax (p_lo q) lo)) (slope_size_hat q (Rmin (p_hi q) hi))) as [E1|E1]; [now left|right].
exists q. split; [now left|]. split; [lra | exact E1].
Qed.

Theorem is_largest_slope : forall P scale shift lo hi s, valid_params P scale shift -> is_largest P lo hi s -> s = largest_slope P lo hi.
Proof.
intros P scale shift lo hi s V (S0 & S1 & S2). assert (N := fun a b => neighbours_pairs P scale shift a b V). apply Rle_antisym.
- destruct S1 as [->|(a & b & Nb & L & E)]. apply largest_nonneg.
  destruct (fold_in lo hi (pieces P) 0 (piece_hat P a b)) as [F1 F2].
  { unfold pieces. apply in_map_iff. exists (a, b). split; trivial. now apply N. } { exact L. }
  unfold largest_slope. destruct E as [-> | ->]; assumption.
- unfold largest_slope. destruct (fold_attained lo hi (pieces P) 0) as [->|(q & I & L & E)]; trivial.
  unfold pieces in I. apply in_map_iff in I. destruct I as ([a b] & <- & I). apply (S2 a b). split; [now apply N|]. split; [exact L | exact E].
Qed.

(* T7h *)
Theorem is_lipschitz_hat : forall P scale shift lo hi r, valid_params P scale shift -> is_lipschitz P scale shift lo hi r ->
  r = lipschitz_hat P scale shift lo hi.
Proof.
intros P a b lo hi r V [Z N]. unfold lipschitz_hat. destruct Req_EM_T as [E|E]; [now apply Z|].
destruct (N E) as (s & S & _ & ->). cbv zeta. f_equal. now apply (is_largest_slope P a b).
Qed.
Corollary lipschitz_enough : forall P scale shift lo hi r, valid_params P scale shift -> format_coefs P -> is_lipschitz P scale shift lo hi r ->
  lo <= hi -> Rabs lo <= pow2 600 -> Rabs hi <= pow2 600 -> forall x x', lo <= x <= hi -> lo <= x' <= hi ->
  Rabs (modulated P scale shift x - modulated P scale shift x') <= r * Rabs (x - x').
Proof. intros P a b lo hi r V F H L A B x x' Hx Hx'. rewrite (is_lipschitz_hat P a b lo hi r V H). now apply lipschitz_hat_enough. Qed.

(* T7i: at any y off the cuts *)
Theorem rising_right : forall P scale shift s y, valid_params P scale shift -> format_coefs P -> s = 1 \/ s = -1 ->
  Rabs y <= pow2 980 -> ~ cut_at P y -> (rises P s y -> - tolerance P y < s * dsigma P y) /\ (~ rises P s y -> s * dsigma P y < tolerance P y).
Proof.
intros P a b s y V F Hs Sy Nc. destruct (cuts_facts P a b V) as (So & _).
destruct (between_cuts P a b s y V F Hs Sy) as (u & v & I & Hy & GL). { intros I. now apply Nc, in_cuts. }
assert (E : rises P s y <-> inside (positive_part s (piece_hat P u v)) y); [|now rewrite E].
unfold rises. split.
- intros (c & d & N & J). apply (neighbours_pairs P a b) in N; trivial.
  destruct (pairs_apart _ _ _ So I) as (_ & Iu & Iv & K). destruct (pairs_apart _ _ _ So N) as (L & Ic & Id & Q).
  assert (B := J). destruct B as (e & f & B & H). apply positive_part_inside in B; trivial. simpl in B.
  assert (c = u) by (destruct (K c Ic), (Q u Iu); lra). assert (d = v) by (destruct (K d Id), (Q v Iv); lra). now subst.
- intros J. exists u, v. split; trivial. now apply (neighbours_pairs P a b).
Qed.

(* so sigma is strictly monotone wherever the slope exceeds the tolerance off the cuts: up on what is printed, *)
Lemma between_knots : forall P s lo hi, lo < hi ->
  (forall z, lo < z < hi -> ~ cut_at P z -> 0 < s * dsigma P z) -> s * sigma P lo < s * sigma P hi.
Proof.
intros P s lo hi L H. apply (increment_gt (knots P ++ cuts P) (fun z => s * sigma P z) (fun z => s * dsigma P z)); trivial.
- intros z _. apply (continuity_pt_scal (sigma P)). apply sigma_continuous.
- intros z Hz N. split.
  + apply (Derive.is_derive_scal (sigma P)). apply sigma_derive; right; intros ->; apply N, in_or_app; left; simpl; tauto.
  + apply H; trivial. intros C. apply N, in_or_app. right. now apply in_cuts.
Qed.
Theorem increases_inside : forall P scale shift lo hi, valid_params P scale shift -> format_coefs P -> lo < hi ->
  - pow2 980 <= lo -> hi <= pow2 980 ->
  (forall z, lo < z < hi -> ~ cut_at P z -> rises P 1 z /\ tolerance P z <= Rabs (dsigma P z)) -> sigma P lo < sigma P hi.
Proof.
intros P a b lo hi V F L L1 L2 H. rewrite <- (Rmult_1_l (sigma P lo)), <- (Rmult_1_l (sigma P hi)). apply between_knots; trivial.
intros z Hz Nc. destruct (H z Hz Nc) as [I T].
destruct (rising_right P a b 1 z V F ltac:(now left) ltac:(apply Rabs_le; lra) Nc) as [G _]. specialize (G I).
revert T. unfold Rabs. destruct Rcase_abs; lra.
Qed.

(* and down elsewhere *)
Theorem decreases_outside : forall P scale shift lo hi, valid_params P scale shift -> format_coefs P -> lo < hi ->
  - pow2 980 <= lo -> hi <= pow2 980 ->
  (forall z, lo < z < hi -> ~ cut_at P z -> ~ rises P 1 z /\ tolerance P z <= Rabs (dsigma P z)) -> sigma P hi < sigma P lo.
Proof.
intros P a b lo hi V F L L1 L2 H. cut (-1 * sigma P lo < -1 * sigma P hi); [lra|]. apply between_knots; trivial.
intros z Hz Nc. destruct (H z Hz Nc) as [I T].
destruct (rising_right P a b 1 z V F ltac:(now left) ltac:(apply Rabs_le; lra) Nc) as [_ G]. specialize (G I).
revert T. unfold Rabs. destruct Rcase_abs; lra.
Qed.
