(* SPDX-License-Identifier: Apache-2.0 *)
(* mmax_lipschitz of src/query.c as it is computed in binary64, in the order of the C text: its functions over the reals of doubles, and
   the rounding of one piece between neighbouring knots. The names are those of the C text; FAR stands for infinity there too. C inserts
   a knot into the sorted list from the right, here it is done from the left: the same list. Overflow is not modelled. *)
From Coq Require Import Reals ZArith Psatz List.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Hinge Modulator Slopes Increments SigmaFloat AffineFloat.
Import ListNotations.
Open Scope R_scope.

Definition FAR : R := pow2 1020.

(* sums of the terms that act, computed and exact *)
Definition with_hat (s : R) (acts : bool) (t : R) : R := if acts then add s t else s.
Definition with_real (s : R) (acts : bool) (t : R) : R := if acts then s + t else s.
Definition leb (a b : R) : bool := if Rle_dec a b then true else false.

Record piece := mk_piece { p_lo : R; p_hi : R; base : R; rate : R; size_base : R; size_rate : R }.
Definition piece_hat (P : params) (lo hi : R) : piece :=
  let low1 := leb hi (k1 P) in let high1 := leb (k2 P) lo in
  let low2 := leb hi (k3 P) in let high2 := leb (k4 P) lo in
  let rate3 := mul 2 (c3 P) in let rate4 := mul 2 (c4 P) in
  let at3 := mul rate3 (k3 P) in let at4 := mul rate4 (k4 P) in
  mk_piece lo hi
    (with_hat (with_hat (with_hat (with_hat 1 low1 (- c1 P)) high1 (c2 P)) low2 (- at3)) high2 (- at4))
    (with_hat (with_hat 0 low2 rate3) high2 rate4)
    (with_hat (with_hat (with_hat (with_hat 1 low1 (Rabs (c1 P))) high1 (Rabs (c2 P))) low2 (Rabs at3)) high2 (Rabs at4))
    (with_hat (with_hat 0 low2 (Rabs rate3)) high2 (Rabs rate4)).

(* the same over the reals *)
Definition piece_real (P : params) (lo hi : R) : piece :=
  let low1 := leb hi (k1 P) in let high1 := leb (k2 P) lo in
  let low2 := leb hi (k3 P) in let high2 := leb (k4 P) lo in
  let rate3 := 2 * c3 P in let rate4 := 2 * c4 P in
  let at3 := rate3 * k3 P in let at4 := rate4 * k4 P in
  mk_piece lo hi
    (with_real (with_real (with_real (with_real 1 low1 (- c1 P)) high1 (c2 P)) low2 (- at3)) high2 (- at4))
    (with_real (with_real 0 low2 rate3) high2 rate4)
    (with_real (with_real (with_real (with_real 1 low1 (Rabs (c1 P))) high1 (Rabs (c2 P))) low2 (Rabs at3)) high2 (Rabs at4))
    (with_real (with_real 0 low2 (Rabs rate3)) high2 (Rabs rate4)).

Definition slope_at (q : piece) (y : R) : R := base q + rate q * y.
Definition size_at (q : piece) (y : R) : R := size_base q + size_rate q * Rabs y.

Definition slope_size_hat (q : piece) (y : R) : R :=
  if Req_EM_T (rate q) 0 then add (Rabs (base q)) (mul (pow2 (-49)) (size_base q))
  else if Rle_dec FAR (Rabs y) then FAR
  else add (Rabs (add (base q) (mul (rate q) y)))
           (mul (pow2 (-49)) (add (size_base q) (mul (size_rate q) (Rabs y)))).

(* knots that matter, ascending *)
Fixpoint insert (k : R) (l : list R) : list R :=
  match l with [] => [k] | a :: t => if Rlt_dec k a then k :: l else a :: insert k t end.
Definition put (c k : R) (l : list R) : list R := if Req_EM_T c 0 then l else insert k l.
Definition cuts (P : params) : list R :=
  - FAR :: put (c4 P) (k4 P) (put (c3 P) (k3 P) (put (c2 P) (k2 P) (put (c1 P) (k1 P) []))) ++ [FAR].
Fixpoint pairs (l : list R) : list (R * R) :=
  match l with a :: (b :: _) as t => (if Rlt_dec a b then [(a, b)] else []) ++ pairs t | _ => [] end.
Definition pieces (P : params) : list piece := map (fun ab => piece_hat P (fst ab) (snd ab)) (pairs (cuts P)).

Definition larger_slope (lo hi sup : R) (q : piece) : R :=
  let from := Rmax (p_lo q) lo in let to := Rmin (p_hi q) hi in
  if Rlt_dec to from then sup else Rmax sup (Rmax (slope_size_hat q from) (slope_size_hat q to)).
Definition largest_slope (P : params) (lo hi : R) : R := fold_left (larger_slope lo hi) (pieces P) 0.

Definition y_of (scale shift x : R) : R :=
  if Rlt_dec (pow2 600) (Rabs x) then (if Rlt_dec 0 (x * scale) then FAR else - FAR) else fma scale x shift.
Definition scaled_up (sup scale : R) : R := add (mul (mul sup (Rabs scale)) (1 + pow2 (-50))) (pow2 (-1073)).
(* where C does not return +inf: largest_slope < FAR *)
Definition lipschitz_hat (P : params) (scale shift lo hi : R) : R :=
  if Req_EM_T scale 0 then 0 else
  let a := y_of scale shift lo in let b := y_of scale shift hi in
  scaled_up (largest_slope P (Rmin a b) (Rmax a b)) scale.

(* ---- rounding ---- *)

(* w approximates v, of size A, after n roundings, and t absolute *)
Definition near (n : nat) (w v A t : R) : Prop := Rabs v <= A /\ Rabs (w - v) <= gain n * A + t.

Lemma near_more : forall n w v A t t', near n w v A t -> t <= t' -> near n w v A t'.
Proof. intros n w v A t t' [H K] L. split; lra. Qed.
Lemma near_S : forall n w v A t, near n w v A t -> near (S n) w v A t.
Proof.
intros n w v A t [H K]. split; trivial. assert (M := gain_mono n). assert (0 <= A) by (generalize (Rabs_pos v); lra). nra.
Qed.
Lemma near_self : forall v, near 0 v v (Rabs v) 0.
Proof. intros v. split. lra. rewrite Rminus_eq_0, Rabs_R0. unfold gain. simpl. lra. Qed.
Lemma near_opp : forall n w v A t, near n w v A t -> near n (- w) (- v) A t.
Proof.
intros n w v A t [H K]. split. now rewrite Rabs_Ropp. replace (- w - - v) with (- (w - v)) by ring. now rewrite Rabs_Ropp.
Qed.
Lemma near_abs : forall n w v A t, near n w v A t -> near n (Rabs w) (Rabs v) A t.
Proof.
intros n w v A t [H K]. split. now rewrite Rabs_Rabsolu. eapply Rle_trans. apply Rabs_triang_inv2. exact K.
Qed.
(* |v| itself as the size *)
Lemma near_size : forall n w v t, near n w v (Rabs v) t -> near n (Rabs w) (Rabs v) (Rabs v) t.
Proof. intros n w v t H. now apply near_abs. Qed.
Lemma near_plus : forall n w v A t w' v' A' t', near n w v A t -> near n w' v' A' t' -> near n (w + w') (v + v') (A + A') (t + t').
Proof.
intros n w v A t w' v' A' t' [H K] [H' K']. split.
- eapply Rle_trans. apply Rabs_triang. lra.
- replace (w + w' - (v + v')) with ((w - v) + (w' - v')) by ring. eapply Rle_trans. apply Rabs_triang. lra.
Qed.
Lemma near_rnd : forall n w v A t, near n w v A t -> near (S n) (rnd w) v A ((1 + u64) * t + eta64).
Proof. intros n w v A t [H K]. split; trivial. now apply round_step. Qed.
Lemma near_scale : forall n w v A t y, near n w v A t -> near n (w * y) (v * y) (A * Rabs y) (t * Rabs y).
Proof.
intros n w v A t y [H K]. split. rewrite Rabs_mult. apply Rmult_le_compat_r; trivial. apply Rabs_pos.
replace (w * y - v * y) with ((w - v) * y) by ring. rewrite Rabs_mult.
replace (gain n * (A * Rabs y) + t * Rabs y) with ((gain n * A + t) * Rabs y) by ring.
apply Rmult_le_compat_r; trivial. apply Rabs_pos.
Qed.

(* steps of 2 eta absorb the factors 1 + u *)
Lemma near_add : forall n w v A w' v' A' m m', 0 <= m -> 0 <= m' -> m + m' <= 100 ->
  near n w v A (m * (2 * eta64)) -> near n w' v' A' (m' * (2 * eta64)) ->
  near (S n) (add w w') (v + v') (A + A') ((m + m' + 1) * (2 * eta64)).
Proof.
intros n w v A w' v' A' m m' Hm Hm' Hs H H'. assert (U := u64_small). assert (Pe := eta64_pos).
eapply near_more. unfold add. apply near_rnd. apply near_plus; eassumption.
replace ((1 + u64) * (m * (2 * eta64) + m' * (2 * eta64)) + eta64)
  with ((2 * (m + m') + 2 * (u64 * (m + m')) + 1) * eta64) by ring.
replace ((m + m' + 1) * (2 * eta64)) with ((2 * (m + m') + 2) * eta64) by ring.
apply Rmult_le_compat_r. lra. assert (u64 * (m + m') <= / 1024 * 100) by (apply Rmult_le_compat; lra). lra.
Qed.

(* sums of doubles do not underflow *)
Lemma add_error : forall a b, format64 a -> format64 b -> Rabs (add a b - (a + b)) <= u64 * Rabs (a + b).
Proof.
intros a b Fa Fb. assert (E := sub_error a (- b) Fa ltac:(now apply generic_format_opp)).
unfold sub in E. unfold add. now replace (a - - b) with (a + b) in E by ring.
Qed.
Lemma near_sum : forall n w v A w' v' A', format64 w -> format64 w' -> near n w v A 0 -> near n w' v' A' 0 ->
  near (S n) (add w w') (v + v') (A + A') 0.
Proof.
intros n w v A w' v' A' F F' H H'. destruct (near_plus _ _ _ _ _ _ _ _ _ H H') as [K L]. split; trivial.
assert (E := add_error w w' F F'). assert (U := u64_small).
assert (W : Rabs (w + w') <= Rabs (v + v') + Rabs (w + w' - (v + v'))).
{ replace (w + w') with ((v + v') + (w + w' - (v + v'))) at 1 by ring. apply Rabs_triang. }
assert (T : Rabs (add w w' - (v + v')) <= Rabs (add w w' - (w + w')) + Rabs (w + w' - (v + v'))).
{ replace (add w w' - (v + v')) with ((add w w' - (w + w')) + (w + w' - (v + v'))) by ring. apply Rabs_triang. }
assert (G : gain (S n) = u64 + (1 + u64) * gain n) by (unfold gain; simpl; ring). rewrite G.
assert (u64 * Rabs (w + w') <= u64 * ((A + A') + gain n * (A + A'))) by (apply Rmult_le_compat_l; lra).
replace ((u64 + (1 + u64) * gain n) * (A + A') + 0) with (u64 * ((A + A') + gain n * (A + A')) + gain n * (A + A')) by ring. lra.
Qed.

Lemma format64_twice : forall c, format64 c -> format64 (2 * c).
Proof.
intros c F. apply FLT_format_generic in F; auto with typeclass_instances. destruct F as [[m e] E1 E2 E3]. simpl in *.
apply generic_format_FLT. exists (Defs.Float radix2 m (e + 1)); simpl; try lia.
rewrite E1. unfold Defs.F2R. simpl. rewrite bpow_plus. change (pow2 1) with 2. ring.
Qed.
Lemma twice_exact : forall c, format64 c -> mul 2 c = 2 * c.
Proof. intros c F. unfold mul. apply round_generic; auto with typeclass_instances. now apply format64_twice. Qed.
Lemma format64_abs : forall c, format64 c -> format64 (Rabs c).
Proof. intros c F. now apply generic_format_abs. Qed.

Lemma slack_u : pow2 (-49) = 16 * u64.
Proof. unfold u64. change (-49)%Z with (4 + -53)%Z. rewrite bpow_plus. change (pow2 4) with 16. ring. Qed.
Lemma gain_small : gain 5 <= 501/100 * u64.
Proof. unfold gain, u64. simpl. lra. Qed.
Lemma eta_small : eta64 * pow2 131 <= u64 / 1024.
Proof.
unfold eta64, u64. replace (pow2 (-53) / 1024) with (pow2 (-63)). rewrite <- bpow_plus. apply bpow_le. lia.
change (-63)%Z with (-53 + -10)%Z. rewrite bpow_plus. change (pow2 (-10)) with (/ 1024). reflexivity.
Qed.
Lemma eta_tiny : 0 < eta64 <= u64 / 1048576.
Proof.
split. apply eta64_pos. unfold eta64, u64. replace (pow2 (-53) / 1048576) with (pow2 (-73)). apply bpow_le. lia.
change (-73)%Z with (-53 + -20)%Z. rewrite bpow_plus. change (pow2 (-20)) with (/ 1048576). reflexivity.
Qed.

Lemma far_positive : 0 < FAR. Proof. apply bpow_gt_0. Qed.
Lemma far_above : forall e, (e < 1020)%Z -> pow2 e < FAR. Proof. intros e H. now apply bpow_lt. Qed.
Lemma format64_far : format64 FAR.
Proof. apply generic_format_bpow. unfold FLT_exp. lia. Qed.

Lemma up_u : pow2 (-50) = 8 * u64.
Proof. unfold u64. change (-50)%Z with (3 + -53)%Z. rewrite bpow_plus. change (pow2 3) with 8. ring. Qed.
Lemma up_eta : pow2 (-1073) = 4 * eta64.
Proof. unfold eta64. change (-1073)%Z with (2 + -1075)%Z. rewrite bpow_plus. change (pow2 2) with 4. ring. Qed.
Lemma figures_above : 32 * u64 = pow2 (-48) /\ 16 * u64 = pow2 (-49) /\ 8 * eta64 = pow2 (-1072).
Proof.
unfold u64, eta64. change (-48)%Z with (5 + -53)%Z. change (-49)%Z with (4 + -53)%Z. change (-1072)%Z with (3 + -1075)%Z.
rewrite !bpow_plus. change (pow2 5) with 32. change (pow2 4) with 16. change (pow2 3) with 8. repeat split; ring.
Qed.

(* ---- one piece ---- *)

#[local] Opaque eta64 u64 gain FAR.

Lemma near_with : forall n w v A acts w' v' A' m m', 0 <= m -> 0 <= m' -> m + m' <= 100 ->
  near n w v A (m * (2 * eta64)) -> near n w' v' A' (m' * (2 * eta64)) ->
  near (S n) (with_hat w acts w') (with_real v acts v') (with_real A acts A') ((m + m' + 1) * (2 * eta64)).
Proof.
intros n w v A [|] w' v' A' m m' Hm Hm' Hs H H'; simpl. now apply near_add.
apply near_S. apply near_more with (1 := H). assert (Pe := eta64_pos). nra.
Qed.
Lemma near_with_sum : forall n w v A acts w' v' A', format64 w -> format64 w' -> near n w v A 0 -> near n w' v' A' 0 ->
  near (S n) (with_hat w acts w') (with_real v acts v') (with_real A acts A') 0.
Proof. intros n w v A [|] w' v' A' F F' H H'; simpl. now apply near_sum. now apply near_S. Qed.
Lemma format64_with : forall s acts t, format64 s -> format64 (with_hat s acts t).
Proof. intros s [|] t F; simpl; trivial. apply format64_rnd. Qed.

Lemma near_0 : forall n v A w, near n w v A 0 -> near n w v A (0 * (2 * eta64)).
Proof. intros n v A w H. now rewrite Rmult_0_l. Qed.
Lemma near_le : forall n k w v A t, (n <= k)%nat -> near n w v A t -> near k w v A t.
Proof. intros n k w v A t L H. induction L; trivial. now apply near_S. Qed.

Lemma chain_near : forall b1 b2 b3 b4 w v A w1 v1 A1 w2 v2 A2 w3 v3 A3 w4 v4 A4,
  near 0 w v A 0 -> near 0 w1 v1 A1 0 -> near 0 w2 v2 A2 0 -> near 1 w3 v3 A3 (2 * eta64) -> near 1 w4 v4 A4 (2 * eta64) ->
  near 4 (with_hat (with_hat (with_hat (with_hat w b1 w1) b2 w2) b3 w3) b4 w4)
         (with_real (with_real (with_real (with_real v b1 v1) b2 v2) b3 v3) b4 v4)
         (with_real (with_real (with_real (with_real A b1 A1) b2 A2) b3 A3) b4 A4) (12 * eta64).
Proof.
intros b1 b2 b3 b4 w v A w1 v1 A1 w2 v2 A2 w3 v3 A3 w4 v4 A4 H H1 H2 H3 H4. assert (Pe := eta64_pos).
apply near_0 in H, H1, H2. rewrite <- (Rmult_1_l (2 * eta64)) in H3, H4.
assert (S1 := near_with 0 w v A b1 w1 v1 A1 0 0 ltac:(lra) ltac:(lra) ltac:(lra) H H1).
assert (S2 := near_with 1 _ _ _ b2 w2 v2 A2 (0 + 0 + 1) 0 ltac:(lra) ltac:(lra) ltac:(lra) S1 (near_le 0 1 _ _ _ _ ltac:(lia) H2)).
assert (S3 := near_with 2 _ _ _ b3 w3 v3 A3 (0 + 0 + 1 + 0 + 1) 1 ltac:(lra) ltac:(lra) ltac:(lra) S2 (near_le 1 2 _ _ _ _ ltac:(lia) H3)).
assert (S4 := near_with 3 _ _ _ b4 w4 v4 A4 (0 + 0 + 1 + 0 + 1 + 1 + 1) 1 ltac:(lra) ltac:(lra) ltac:(lra) S3 (near_le 1 3 _ _ _ _ ltac:(lia) H4)).
apply near_more with (1 := S4). lra.
Qed.

Definition format_coefs (P : params) : Prop := format64 (c1 P) /\ format64 (c2 P) /\ format64 (c3 P) /\ format64 (c4 P).

(* base and rate as computed, with the sizes of their terms; and the sizes themselves *)
Lemma piece_near : forall P a b, format_coefs P ->
  let h := piece_hat P a b in let r := piece_real P a b in
  near 4 (base h) (base r) (size_base r) (12 * eta64) /\ near 2 (rate h) (rate r) (size_rate r) 0 /\
  near 4 (size_base h) (size_base r) (size_base r) (12 * eta64) /\ near 2 (size_rate h) (size_rate r) (size_rate r) 0.
Proof.
intros P a b (F1 & F2 & F3 & F4). cbv zeta. unfold piece_hat, piece_real. cbv zeta.
cbn [base rate size_base size_rate]. rewrite !twice_exact by assumption. assert (Pe := eta64_pos).
assert (At : forall c k, near 1 (mul (2 * c) k) (2 * c * k) (Rabs (2 * c * k)) (2 * eta64)).
{ intros c k. unfold mul. apply near_more with (1 := near_rnd _ _ _ _ _ (near_self _)). lra. }
assert (One : near 0 1 1 1 0) by (rewrite <- (Rabs_pos_eq 1) at 3 by lra; apply near_self).
assert (Z0 : near 0 0 0 0 0) by (rewrite <- Rabs_R0 at 3; apply near_self).
assert (Sz : forall x, near 0 (Rabs x) (Rabs x) (Rabs x) 0) by (intros x; apply near_size, near_self).
assert (Ng : forall x, near 0 (- x) (- x) (Rabs x) 0) by (intros x; apply near_opp, near_self).
assert (F0 : format64 0) by apply generic_format_0.
split; [|split; [|split]].
- apply chain_near; trivial. apply near_self. apply near_opp, At. apply near_opp, At.
- apply near_with_sum; [apply format64_with, F0 | now apply format64_twice | | apply near_S, near_self].
  apply near_with_sum; trivial. now apply format64_twice. apply near_self.
- apply chain_near; trivial; apply near_size, At.
- apply near_with_sum; [apply format64_with, F0 | now apply format64_abs, format64_twice | | apply near_S, Sz].
  apply near_with_sum; trivial. now apply format64_abs, format64_twice.
Qed.

Lemma with_more : forall s acts t, 0 <= t -> s <= with_real s acts t <= s + t.
Proof. intros s [|] t H; simpl; lra. Qed.
Lemma size_real : forall P a b, let r := piece_real P a b in
  1 <= size_base r /\ 0 <= size_rate r /\ size_rate r <= 2 * Rabs (c3 P) + 2 * Rabs (c4 P).
Proof.
intros P a b. unfold piece_real. cbv zeta. cbn [base rate size_base size_rate].
assert (T : forall c, Rabs (2 * c) = 2 * Rabs c) by (intros c; rewrite Rabs_mult, Rabs_pos_eq; lra).
assert (M := fun s acts v => with_more s acts (Rabs v) (Rabs_pos v)). split; [|split].
- eapply Rle_trans; [|apply M]. eapply Rle_trans; [|apply M]. eapply Rle_trans; [|apply M]. apply M.
- eapply Rle_trans; [|apply M]. apply M.
- rewrite <- !T. eapply Rle_trans. apply M. apply Rplus_le_compat_r. eapply Rle_trans. apply M. lra.
Qed.

(* computed slope and size at y *)
Lemma slope_near : forall P a b y, format_coefs P -> let h := piece_hat P a b in let r := piece_real P a b in
  near 5 (add (base h) (mul (rate h) y)) (slope_at r y) (size_at r y) (20 * eta64) /\
  near 5 (add (size_base h) (mul (size_rate h) (Rabs y))) (size_at r y) (size_at r y) (20 * eta64).
Proof.
intros P a b y F h r. destruct (piece_near P a b F) as (B & R & SB & SR). fold h r in B, R, SB, SR.
assert (Pe := eta64_pos). unfold slope_at, size_at, add, mul. split.
- apply near_more with ((7 + 1 + 1) * (2 * eta64)); [|lra]. apply near_add; try lra.
  + apply near_more with (1 := B). lra.
  + apply near_S. assert (M := near_rnd _ _ _ _ _ (near_scale _ _ _ _ _ y R)). apply near_more with (1 := M). rewrite Rmult_0_l. lra.
- apply near_more with ((7 + 1 + 1) * (2 * eta64)); [|lra]. apply near_add; try lra.
  + apply near_more with (1 := SB). lra.
  + apply near_S. assert (M := near_rnd _ _ _ _ _ (near_scale _ _ _ _ _ (Rabs y) SR)). rewrite Rabs_Rabsolu in M.
    apply near_more with (1 := M). rewrite Rmult_0_l. lra.
Qed.

(* the slack covers every rounding, with 8 u Z to spare *)
Lemma slack_fits : forall V Z w z, 1 <= Z -> Rabs V <= Z -> Rabs (w - V) <= gain 5 * Z + 20 * eta64 ->
  Rabs (z - Z) <= gain 5 * Z + 20 * eta64 ->
  Rabs V + 8 * (u64 * Z) <= add (Rabs w) (mul (pow2 (-49)) z) <= Rabs V + 32 * (u64 * Z).
Proof.
intros V Z w z HZ HV Hw Hz. assert (U := u64_small). destruct eta_tiny as [Pe Te].
assert (G : gain 5 * Z <= 501/100 * (u64 * Z)).
{ rewrite <- Rmult_assoc. apply Rmult_le_compat_r. lra. apply gain_small. }
rewrite slack_u. set (X := u64 * Z) in *.
assert (X1 : u64 <= X <= Z / 1024).
{ unfold X. split. rewrite <- (Rmult_1_r u64) at 1. apply Rmult_le_compat_l; lra.
  replace (Z / 1024) with (/ 1024 * Z) by field. apply Rmult_le_compat_r; lra. }
assert (W : Rabs V - 502/100 * X <= Rabs w <= Rabs V + 502/100 * X).
{ assert (A := Rabs_triang_inv2 w V). apply Rabs_le_inv in A. lra. }
assert (Hz' : 99/100 * Z <= z <= 101/100 * Z) by (apply Rabs_le_inv in Hz; lra).
assert (M : 99/100 * X <= u64 * z <= 101/100 * X).
{ unfold X. split.
  - replace (99/100 * (u64 * Z)) with (u64 * (99/100 * Z)) by ring. apply Rmult_le_compat_l; lra.
  - replace (101/100 * (u64 * Z)) with (u64 * (101/100 * Z)) by ring. apply Rmult_le_compat_l; lra. }
assert (UX : 0 <= u64 * (16 * (u64 * z)) <= X / 32).
{ assert (0 <= u64 * z) by lra. split. apply Rmult_le_pos; lra.
  apply Rle_trans with (/ 1024 * (16 * (101/100 * X))); [|lra]. apply Rmult_le_compat; lra. }
assert (E := rnd_error (16 * u64 * z)). rewrite Rmult_assoc in E. rewrite (Rabs_pos_eq (16 * (u64 * z))) in E by lra.
unfold add, mul. rewrite Rmult_assoc. set (m := rnd (16 * (u64 * z))) in *.
assert (M' : 15 * X <= m <= 17 * X) by (apply Rabs_le_inv in E; lra).
assert (F := rnd_error (Rabs w + m)). assert (Pw := Rabs_pos w). rewrite (Rabs_pos_eq (Rabs w + m)) in F by lra.
assert (UW : 0 <= u64 * (Rabs w + m) <= 11/10 * X).
{ split. apply Rmult_le_pos; lra. apply Rle_trans with (u64 * (11/10 * Z)); [|unfold X; lra]. apply Rmult_le_compat_l; lra. }
apply Rabs_le_inv in F. lra.
Qed.

Lemma rate_zero : forall P a b, format_coefs P -> rate (piece_hat P a b) = 0 -> rate (piece_real P a b) = 0.
Proof.
intros P a b (F1 & F2 & F3 & F4). unfold piece_hat, piece_real. cbv zeta. cbn [rate]. rewrite !twice_exact by assumption.
apply format64_twice in F3, F4. revert F3 F4. generalize (2 * c3 P) (2 * c4 P). intros x y Fx Fy.
assert (Z : forall v, format64 v -> add 0 v = v).
{ intros v F. unfold add. rewrite Rplus_0_l. apply round_generic; auto with typeclass_instances. }
assert (N : forall v w, format64 v -> format64 w -> add v w = 0 -> v + w = 0).
{ intros v w Fv Fw E. assert (A := add_error v w Fv Fw). rewrite E, Rminus_0_l, Rabs_Ropp in A. assert (U := u64_small).
  assert (0 <= Rabs (v + w)) by apply Rabs_pos. destruct (Req_dec (v + w) 0) as [O|O]; trivial.
  apply Rabs_pos_lt in O. nra. }
destruct (leb b (k3 P)), (leb (k4 P) a); simpl; rewrite ?Z by trivial; intros E; try (apply N in E; trivial); lra.
Qed.

Lemma rate_size : forall P a b, Rabs (rate (piece_real P a b)) <= size_rate (piece_real P a b).
Proof.
intros P a b. unfold piece_real. cbv zeta. cbn [rate size_rate].
destruct (leb b (k3 P)), (leb (k4 P) a); simpl; rewrite ?Rplus_0_l, ?Rabs_R0; try lra. apply Rabs_triang.
Qed.

(* what C computes at y is at least the slope at every point that rounds to y, and close to it *)
Lemma slope_size_bounds : forall P a b y, format_coefs P -> float_sized (c3 P) -> float_sized (c4 P) -> Rabs y < FAR ->
  let r := piece_real P a b in
  Rabs (slope_at r y) + Rabs (rate r) * (Rabs y * u64 + eta64) <= slope_size_hat (piece_hat P a b) y
    <= Rabs (slope_at r y) + 32 * (u64 * size_at r y).
Proof.
intros P a b y F H3 H4 Hy r. destruct (size_real P a b) as (S1 & T0 & T1). fold r in S1, T0, T1.
assert (U := u64_small). destruct eta_tiny as [Pe Te]. assert (Ny := Rabs_pos y).
assert (P1 : 0 <= size_rate r * Rabs y) by now apply Rmult_le_pos.
unfold slope_size_hat. destruct Req_EM_T as [E|E].
- assert (R0 : rate r = 0) by now apply rate_zero. destruct (piece_near P a b F) as ((B1 & B2) & _ & (_ & B3) & _). fold r in B1, B2, B3.
  assert (G : gain 4 * size_base r <= gain 5 * size_base r) by (apply Rmult_le_compat_r; [lra | apply gain_mono]).
  assert (V : slope_at r y = base r) by (unfold slope_at; rewrite R0; ring).
  rewrite V, R0, Rabs_R0, Rmult_0_l.
  destruct (slack_fits (base r) (size_base r) (base (piece_hat P a b)) (size_base (piece_hat P a b))) as [L H]; try lra.
  assert (u64 * size_base r <= u64 * size_at r y) by (apply Rmult_le_compat_l; unfold size_at; lra).
  assert (0 <= u64 * size_base r) by (apply Rmult_le_pos; lra). lra.
- destruct Rle_dec as [X|_]; [lra|]. destruct (slope_near P a b y F) as ((V1 & V2) & (_ & V3)). fold r in V1, V2, V3.
  assert (Z1 : 1 <= size_at r y) by (unfold size_at; lra).
  destruct (slack_fits _ _ _ _ Z1 V1 V2 V3) as [L H]. split; [|exact H]. eapply Rle_trans; [|exact L]. apply Rplus_le_compat_l.
  assert (A : Rabs (rate r) * Rabs y <= size_at r y).
  { unfold size_at. assert (Rabs (rate r) * Rabs y <= size_rate r * Rabs y) by (apply Rmult_le_compat_r; [lra | apply rate_size]). lra. }
  assert (B : Rabs (rate r) * eta64 <= u64).
  { apply Rle_trans with (pow2 131 * eta64). apply Rmult_le_compat_r. lra.
    eapply Rle_trans. apply rate_size. fold r. unfold float_sized in *.
    change 131%Z with (3 + 128)%Z. rewrite bpow_plus. change (pow2 3) with 8. generalize (bpow_gt_0 radix2 128). lra.
    generalize eta_small. lra. }
  assert (C : u64 * (Rabs (rate r) * Rabs y) <= u64 * size_at r y) by (apply Rmult_le_compat_l; lra).
  assert (D : u64 * 1 <= u64 * size_at r y) by (apply Rmult_le_compat_l; lra).
  replace (Rabs (rate r) * (Rabs y * u64 + eta64)) with (u64 * (Rabs (rate r) * Rabs y) + Rabs (rate r) * eta64) by ring. lra.
Qed.
