(* SPDX-License-Identifier: Apache-2.0 *)
(* T7h: the largest slope that C finds over the pieces between neighbouring knots is at least every slope between two points. *)
From Coq Require Import Reals ZArith Psatz List.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Hinge Modulator Slopes Increments SigmaFloat AffineFloat PieceFloat.
Import ListNotations.
Open Scope R_scope.

#[local] Opaque eta64 u64 gain FAR.

(* no knot that matters is inside *)
Definition apart (P : params) (a b : R) : Prop :=
  (c1 P = 0 \/ k1 P <= a \/ b <= k1 P) /\ (c2 P = 0 \/ k2 P <= a \/ b <= k2 P) /\
  (c3 P = 0 \/ k3 P <= a \/ b <= k3 P) /\ (c4 P = 0 \/ k4 P <= a \/ b <= k4 P).

Lemma slope_inside : forall P a b y, apart P a b ->
  (a <= y < b -> slope_right P y = slope_at (piece_real P a b) y) /\
  (a < y <= b -> slope_left P y = slope_at (piece_real P a b) y).
Proof.
intros P a b y (A1 & A2 & A3 & A4). unfold slope_right, slope_left, slope_at, piece_real. cbv zeta. cbn [base rate].
assert (L2 : a <= y <= b -> c3 P * relu (k3 P - y) = if leb b (k3 P) then c3 P * (k3 P - y) else 0).
{ intros H. unfold leb. destruct A3 as [->|A3]. destruct Rle_dec; ring. hinge; try lra; try (replace (k3 P - y) with 0 by lra; ring). }
assert (H2 : a <= y <= b -> c4 P * relu (y - k4 P) = if leb (k4 P) a then c4 P * (y - k4 P) else 0).
{ intros H. unfold leb. destruct A4 as [->|A4]. destruct Rle_dec; ring. hinge; try lra; try (replace (y - k4 P) with 0 by lra; ring). }
rewrite !Rmult_assoc. split; intros Hy; rewrite L2, H2 by lra.
- assert (L1 : c1 P * step (k1 P - y) = if leb b (k1 P) then c1 P else 0).
  { unfold leb. destruct A1 as [->|A1]. destruct Rle_dec; ring. hinge; lra. }
  assert (H1 : c2 P * step_ge (y - k2 P) = if leb (k2 P) a then c2 P else 0).
  { unfold leb. destruct A2 as [->|A2]. destruct Rle_dec; ring. hinge; lra. }
  rewrite L1, H1. destruct (leb b (k1 P)), (leb (k2 P) a), (leb b (k3 P)), (leb (k4 P) a); unfold with_real; ring.
- assert (L1 : c1 P * step_ge (k1 P - y) = if leb b (k1 P) then c1 P else 0).
  { unfold leb. destruct A1 as [->|A1]. destruct Rle_dec; ring. hinge; lra. }
  assert (H1 : c2 P * step (y - k2 P) = if leb (k2 P) a then c2 P else 0).
  { unfold leb. destruct A2 as [->|A2]. destruct Rle_dec; ring. hinge; lra. }
  rewrite L1, H1. destruct (leb b (k1 P)), (leb (k2 P) a), (leb b (k3 P)), (leb (k4 P) a); unfold with_real; ring.
Qed.

Fixpoint sorted (l : list R) : Prop := match l with [] => True | a :: t => (forall x, In x t -> a <= x) /\ sorted t end.

Lemma in_insert : forall k l x, In x (insert k l) <-> x = k \/ In x l.
Proof.
intros k l x. induction l as [|a t IH]; simpl. intuition. destruct Rlt_dec; simpl; rewrite ?IH; intuition.
Qed.
Lemma insert_sorted : forall k l, sorted l -> sorted (insert k l).
Proof.
intros k l. induction l as [|a t IH]; simpl. intuition. intros [H S]. destruct Rlt_dec as [C|C]; simpl.
- repeat split; trivial. intros x [<-|I]. lra. generalize (H x I). lra.
- split; [|now apply IH]. intros x I. apply in_insert in I. destruct I as [->|I]. lra. now apply H.
Qed.
Lemma in_put : forall c k l x, In x (put c k l) -> x = k \/ In x l.
Proof. intros c k l x. unfold put. destruct Req_EM_T; [tauto|]. now rewrite in_insert. Qed.
Lemma put_in : forall c k l, (c = 0 \/ In k (put c k l)) /\ (forall x, In x l -> In x (put c k l)).
Proof. intros c k l. unfold put. destruct Req_EM_T; [tauto|]. split. right. apply in_insert. tauto. intros x H. apply in_insert. tauto. Qed.
Lemma put_sorted : forall c k l, sorted l -> sorted (put c k l).
Proof. intros c k l H. unfold put. destruct Req_EM_T; trivial. now apply insert_sorted. Qed.

Lemma sorted_between : forall l lo hi, lo <= hi -> (forall x, In x l -> lo <= x <= hi) -> sorted l -> sorted (lo :: l ++ [hi]).
Proof.
intros l lo hi H B S. simpl. split.
- intros x I. apply in_app_or in I. destruct I as [I|[<-|I]]; [now apply B | exact H | destruct I].
- induction l as [|a t IH]; simpl. tauto. destruct S as [S1 S2]. split.
  + intros x I. apply in_app_or in I. destruct I as [I|[<-|I]]; [now apply S1 | apply B; now left | destruct I].
  + apply IH; trivial. intros x I. apply B. now right.
Qed.

(* neighbours on either side of a point *)
Lemma pair_right : forall l a y, sorted (a :: l) -> a <= y -> (exists z, In z l /\ y < z) ->
  exists u v, In (u, v) (pairs (a :: l)) /\ u <= y < v /\ forall k, In k (a :: l) -> k <= u \/ v <= k.
Proof.
induction l as [|b t IH]; intros a y [S1 S2] Ha (z & Iz & Hz). destruct Iz.
destruct (Rlt_dec y b) as [C|C].
- exists a, b. split. simpl. destruct Rlt_dec; [now left|lra]. split. lra.
  intros k [<-|[<-|I]]; try lra. right. now apply S2.
- destruct (IH b y S2 ltac:(lra)) as (u & v & I & Y & K).
  { exists z. split; trivial. destruct Iz as [<-|Iz]; trivial. lra. }
  exists u, v. split. simpl. apply in_or_app. now right. split; trivial.
  intros k [<-|J]; [|now apply K]. left. assert (a <= b) by (apply S1; now left). destruct (K b); [now left| |]; lra.
Qed.
Lemma pair_left : forall l a y, sorted (a :: l) -> a < y -> (exists z, In z l /\ y <= z) ->
  exists u v, In (u, v) (pairs (a :: l)) /\ u < y <= v /\ forall k, In k (a :: l) -> k <= u \/ v <= k.
Proof.
induction l as [|b t IH]; intros a y [S1 S2] Ha (z & Iz & Hz). destruct Iz.
destruct (Rle_dec y b) as [C|C].
- exists a, b. split. simpl. destruct Rlt_dec; [now left|lra]. split. lra.
  intros k [<-|[<-|I]]; try lra. right. now apply S2.
- destruct (IH b y S2 ltac:(lra)) as (u & v & I & Y & K).
  { exists z. split; trivial. destruct Iz as [<-|Iz]; trivial. lra. }
  exists u, v. split. simpl. apply in_or_app. now right. split; trivial.
  intros k [<-|J]; [|now apply K]. left. assert (a <= b) by (apply S1; now left). destruct (K b); [now left| |]; lra.
Qed.
(* and every pair is one of neighbours *)
Lemma pairs_apart : forall l u v, sorted l -> In (u, v) (pairs l) ->
  u < v /\ In u l /\ In v l /\ forall k, In k l -> k <= u \/ v <= k.
Proof.
induction l as [|a [|b t] IH]; intros u v S I; try destruct I. simpl in I. apply in_app_or in I. destruct S as [S1 S2]. destruct I as [I|I].
- destruct Rlt_dec as [C|C]; [|destruct I]. destruct I as [E|I]; [|destruct I]. injection E as <- <-. split; trivial. split. now left. split. right. now left.
  intros k [<-|[<-|J]]; try lra. right. now apply S2.
- destruct (IH u v S2 I) as (L & Iu & Iv & K). split; trivial. split. now right. split. now right.
  intros k [<-|J]; [|now apply K]. left. now apply S1.
Qed.

Lemma far_sized : forall k, float_sized k -> - FAR <= k <= FAR.
Proof.
intros k H. unfold float_sized in H. apply Rabs_le_inv in H. assert (pow2 128 < FAR) by (apply far_above; lia). lra.
Qed.
Lemma cuts_facts : forall P scale shift, valid_params P scale shift ->
  sorted (cuts P) /\ (forall x, In x (cuts P) -> format64 x) /\
  (c1 P = 0 \/ In (k1 P) (cuts P)) /\ (c2 P = 0 \/ In (k2 P) (cuts P)) /\ (c3 P = 0 \/ In (k3 P) (cuts P)) /\
  (c4 P = 0 \/ In (k4 P) (cuts P)).
Proof.
intros P s h ((F1 & F2 & F3 & F4) & _ & _ & _ & _ & K1 & K2 & K3 & K4 & _ & _).
assert (PF := far_positive). unfold cuts.
set (l1 := put (c1 P) (k1 P) []). set (l2 := put (c2 P) (k2 P) l1). set (l3 := put (c3 P) (k3 P) l2). set (l4 := put (c4 P) (k4 P) l3).
assert (Mem : forall x, In x l4 -> x = k4 P \/ x = k3 P \/ x = k2 P \/ x = k1 P).
{ intros x I. apply in_put in I. destruct I as [->|I]; [tauto|]. apply in_put in I. destruct I as [->|I]; [tauto|].
  apply in_put in I. destruct I as [->|I]; [tauto|]. apply in_put in I. destruct I as [->|I]; [tauto|destruct I]. }
assert (In1 : forall x, In x l1 -> In x l4) by (intros x I; apply put_in, put_in, put_in, I).
assert (In2 : forall x, In x l2 -> In x l4) by (intros x I; apply put_in, put_in, I).
assert (In3 : forall x, In x l3 -> In x l4) by (intros x I; apply put_in, I).
assert (Up : forall x, In x l4 -> In x (- FAR :: l4 ++ [FAR])) by (intros x I; right; apply in_or_app; now left).
split; [|split].
- apply sorted_between. lra.
  + intros x I. destruct (Mem x I) as [->|[->|[->| ->]]]; now apply far_sized.
  + repeat apply put_sorted. exact I.
- intros x [<-|I]. apply generic_format_opp, format64_far. apply in_app_or in I. destruct I as [I|[<-|I]]; [|apply format64_far|destruct I].
  destruct (Mem x I) as [->|[->|[->| ->]]]; trivial.
- repeat split.
  + destruct (proj1 (put_in (c1 P) (k1 P) [])) as [E|I]; [now left | right; now apply Up, In1].
  + destruct (proj1 (put_in (c2 P) (k2 P) l1)) as [E|I]; [now left | right; now apply Up, In2].
  + destruct (proj1 (put_in (c3 P) (k3 P) l2)) as [E|I]; [now left | right; now apply Up, In3].
  + destruct (proj1 (put_in (c4 P) (k4 P) l3)) as [E|I]; [now left | right; now apply Up].
Qed.

Lemma cuts_far : forall P, In FAR (tl (cuts P)).
Proof. intros P. unfold cuts. simpl tl. apply in_or_app. right. now left. Qed.

(* ---- the largest slope ---- *)

Lemma fold_more : forall lo hi l s, s <= fold_left (larger_slope lo hi) l s.
Proof.
intros lo hi l. induction l as [|q t IH]; intros s; simpl. lra. eapply Rle_trans; [|apply IH].
unfold larger_slope. destruct Rlt_dec. lra. apply Rmax_l.
Qed.
Lemma fold_in : forall lo hi l s q, In q l -> Rmax (p_lo q) lo <= Rmin (p_hi q) hi ->
  slope_size_hat q (Rmax (p_lo q) lo) <= fold_left (larger_slope lo hi) l s /\
  slope_size_hat q (Rmin (p_hi q) hi) <= fold_left (larger_slope lo hi) l s.
Proof.
intros lo hi l. induction l as [|a t IH]; intros s q I H. destruct I. destruct I as [->|I]; simpl; [|now apply IH].
assert (M := fold_more lo hi t (larger_slope lo hi s q)).
assert (B : Rmax s (Rmax (slope_size_hat q (Rmax (p_lo q) lo)) (slope_size_hat q (Rmin (p_hi q) hi))) <= larger_slope lo hi s q).
{ unfold larger_slope. destruct Rlt_dec; lra. }
split; (eapply Rle_trans; [|exact M]); (eapply Rle_trans; [|exact B]); (eapply Rle_trans; [|apply Rmax_r]); [apply Rmax_l | apply Rmax_r].
Qed.
Lemma fold_less : forall lo hi l s M, s <= M -> (forall q, In q l -> Rmax (p_lo q) lo <= Rmin (p_hi q) hi ->
  slope_size_hat q (Rmax (p_lo q) lo) <= M /\ slope_size_hat q (Rmin (p_hi q) hi) <= M) -> fold_left (larger_slope lo hi) l s <= M.
Proof.
intros lo hi l. induction l as [|q t IH]; intros s M Hs H; simpl; trivial. apply IH.
- unfold larger_slope. destruct Rlt_dec as [C|C]; trivial. destruct (H q) as [A B]; [now left | lra |].
  repeat apply Rmax_lub; trivial.
- intros q' I. apply H. now right.
Qed.

Lemma rnd_le : forall a b, a <= b -> rnd a <= rnd b.
Proof. intros a b H. apply round_le; auto with typeclass_instances. Qed.
Lemma rnd_id : forall a, format64 a -> rnd a = a.
Proof. intros a F. apply round_generic; auto with typeclass_instances. Qed.
Lemma rnd_max : forall a b, rnd (Rmax a b) = Rmax (rnd a) (rnd b).
Proof. intros a b. unfold Rmax at 1. destruct Rle_dec; [rewrite Rmax_right | rewrite Rmax_left]; trivial; apply rnd_le; lra. Qed.
Lemma rnd_min : forall a b, rnd (Rmin a b) = Rmin (rnd a) (rnd b).
Proof. intros a b. unfold Rmin at 1. destruct Rle_dec; [rewrite Rmin_left | rewrite Rmin_right]; trivial; apply rnd_le; lra. Qed.

Lemma slope_convex : forall q f y t, f <= y <= t -> Rabs (slope_at q y) <= Rmax (Rabs (slope_at q f)) (Rabs (slope_at q t)).
Proof.
intros q f y t H. unfold slope_at. assert (M := Rmax_l (Rabs (base q + rate q * f)) (Rabs (base q + rate q * t))).
assert (N := Rmax_r (Rabs (base q + rate q * f)) (Rabs (base q + rate q * t))). set (m := Rmax _ _) in *.
apply Rabs_le_inv in M, N. apply Rabs_le. destruct (Rle_dec 0 (rate q)).
- assert (rate q * f <= rate q * y) by (apply Rmult_le_compat_l; lra). assert (rate q * y <= rate q * t) by (apply Rmult_le_compat_l; lra). lra.
- assert (- rate q * f <= - rate q * y) by (apply Rmult_le_compat_l; lra). assert (- rate q * y <= - rate q * t) by (apply Rmult_le_compat_l; lra). lra.
Qed.
Lemma slope_rounded : forall q y, Rabs (slope_at q y) <= Rabs (slope_at q (rnd y)) + Rabs (rate q) * (Rabs (rnd y) * u64 + eta64).
Proof.
intros q y. assert (E := rnd_error_result y). replace (slope_at q y) with (slope_at q (rnd y) + rate q * (y - rnd y)) by (unfold slope_at; ring).
eapply Rle_trans. apply Rabs_triang. apply Rplus_le_compat_l. rewrite Rabs_mult. apply Rmult_le_compat_l. apply Rabs_pos.
now rewrite Rabs_minus_sym.
Qed.

Lemma piece_covers : forall P u v Y1 Y2 y, format_coefs P -> float_sized (c3 P) -> float_sized (c4 P) ->
  In (u, v) (pairs (cuts P)) -> format64 u -> format64 v -> - FAR < rnd Y1 -> rnd Y2 < FAR ->
  u <= y <= v -> Y1 <= y <= Y2 -> Rabs (slope_at (piece_real P u v) y) <= largest_slope P (rnd Y1) (rnd Y2).
Proof.
intros P u v Y1 Y2 y F H3 H4 I Fu Fv L1 L2 Hy HY.
set (q := piece_hat P u v). assert (Iq : In q (pieces P)).
{ unfold pieces. apply in_map_iff. now exists (u, v). }
assert (Ef : rnd (Rmax u Y1) = Rmax u (rnd Y1)) by (rewrite rnd_max, (rnd_id u); trivial).
assert (Et : rnd (Rmin v Y2) = Rmin v (rnd Y2)) by (rewrite rnd_min, (rnd_id v); trivial).
assert (Bf : Rmax u Y1 <= y) by (apply Rmax_lub; tauto). assert (Bt : y <= Rmin v Y2) by (apply Rmin_glb; tauto).
assert (Le : Rmax u (rnd Y1) <= Rmin v (rnd Y2)) by (rewrite <- Ef, <- Et; apply rnd_le; lra).
destruct (fold_in (rnd Y1) (rnd Y2) (pieces P) 0 q Iq Le) as [Gf Gt].
change (p_lo q) with u in Gf. change (p_hi q) with v in Gt. fold (largest_slope P (rnd Y1) (rnd Y2)) in Gf, Gt.
assert (B1 := Rmax_r u (rnd Y1)). assert (B2 := Rmin_r v (rnd Y2)).
assert (Sf := slope_size_bounds P u v (Rmax u (rnd Y1)) F H3 H4 ltac:(apply Rabs_lt; lra)).
assert (St := slope_size_bounds P u v (Rmin v (rnd Y2)) F H3 H4 ltac:(apply Rabs_lt; lra)). cbv zeta in Sf, St. fold q in Sf, St.
assert (Rf := slope_rounded (piece_real P u v) (Rmax u Y1)). assert (Rt := slope_rounded (piece_real P u v) (Rmin v Y2)).
rewrite Ef in Rf. rewrite Et in Rt.
eapply Rle_trans. apply (slope_convex _ (Rmax u Y1) y (Rmin v Y2)). lra. apply Rmax_lub; lra.
Qed.

Lemma rnd_far : forall y, Rabs y <= pow2 1019 -> - FAR < rnd y < FAR.
Proof.
intros y H. assert (A : Rabs (rnd y) <= pow2 1019).
{ apply abs_round_le_generic; auto with typeclass_instances. apply generic_format_bpow. unfold FLT_exp. lia. }
apply Rabs_le_inv in A. assert (pow2 1019 < FAR) by (apply far_above; lia). lra.
Qed.

Lemma apart_of : forall P u v scale shift, valid_params P scale shift -> (forall k, In k (cuts P) -> k <= u \/ v <= k) -> apart P u v.
Proof.
intros P u v s h V K. destruct (cuts_facts P s h V) as (_ & _ & C1 & C2 & C3 & C4). unfold apart.
repeat split; [destruct C1 | destruct C2 | destruct C3 | destruct C4]; auto.
Qed.

(* T7h: no slope on [Y1, Y2] is larger *)
Theorem largest_slope_enough : forall P scale shift Y1 Y2, valid_params P scale shift -> format_coefs P -> Y1 < Y2 ->
  Rabs Y1 <= pow2 1019 -> Rabs Y2 <= pow2 1019 -> sup_slope P Y1 Y2 <= largest_slope P (rnd Y1) (rnd Y2).
Proof.
intros P s h Y1 Y2 V F L S1 S2. destruct (cuts_facts P s h V) as (So & Fm & _).
assert (V' := V). destruct V' as (_ & _ & _ & H3 & H4 & _).
assert (R1 := rnd_far _ S1). assert (R2 := rnd_far _ S2).
assert (B : Rabs Y1 < FAR /\ Rabs Y2 < FAR) by (assert (pow2 1019 < FAR) by (apply far_above; lia); lra).
destruct B as [B1 B2]. apply Rabs_lt_inv in B1, B2.
assert (Right : forall y, Y1 <= y < Y2 -> Rabs (slope_right P y) <= largest_slope P (rnd Y1) (rnd Y2)).
{ intros y Hy. destruct (pair_right (tl (cuts P)) (- FAR) y So ltac:(lra)) as (u & v & I & Uv & K).
  { exists FAR. split. apply cuts_far. lra. }
  change (- FAR :: tl (cuts P)) with (cuts P) in *. destruct (pairs_apart _ _ _ So I) as (_ & Iu & Iv & _).
  rewrite (proj1 (slope_inside P u v y (apart_of _ _ _ _ _ V K)) Uv). apply piece_covers; auto; try tauto; lra. }
assert (Left : forall y, Y1 < y <= Y2 -> Rabs (slope_left P y) <= largest_slope P (rnd Y1) (rnd Y2)).
{ intros y Hy. destruct (pair_left (tl (cuts P)) (- FAR) y So ltac:(lra)) as (u & v & I & Uv & K).
  { exists FAR. split. apply cuts_far. lra. }
  change (- FAR :: tl (cuts P)) with (cuts P) in *. destruct (pairs_apart _ _ _ So I) as (_ & Iu & Iv & _).
  rewrite (proj2 (slope_inside P u v y (apart_of _ _ _ _ _ V K)) Uv). apply piece_covers; auto; try tauto; lra. }
apply sup_slope_le. repeat split. apply Right; lra. apply Left; lra. apply Left; lra. apply Right; lra.
Qed.
