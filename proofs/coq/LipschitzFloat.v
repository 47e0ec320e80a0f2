(* SPDX-License-Identifier: Apache-2.0 *)
(* T7h: mmax_lipschitz of src/query.c as it is computed in binary64, in the order of the C text, is a Lipschitz constant of the
   modulator, and how far above the best one it may be. The names are those of the C text; FAR stands for infinity there too.
   C inserts a knot into the sorted list from the right, here it is done from the left: the same list. Overflow is not modelled. *)
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

(* ---- the pieces ---- *)

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

(* ---- the constant ---- *)

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
