(* SPDX-License-Identifier: Apache-2.0 *)
(* The lemmas of specs/logic/gradient.acsl and shares.acsl in the form Why3 prints them: each goal is one of these, by conversion. *)
From Coq Require Import Reals ZArith Lia Lra.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Primitives FloorQuant WpLemmas GradLemmas EntryTie.
Open Scope R_scope.

Definition x_near_share (p w : R) := 0 <= p /\ p <= 1001 / 1000 * w.
Definition x_around (m g : R) := m <= 26 / 25 * g /\ 0 <= m + 26 / 25 * g.
Definition x_at_most (p v g : R) := p = 0 \/ v <= g /\ 0 <= g + v.
Definition x_share (g w a : R) := g <= 1 / 10715086071862673209484250490600018105614048117055336074437503883703510511249361224931983788156958581275946729175531468251871452856923140435984577574698574803934567774824230985421074605062371141877954182153046474983581941267398767559165543946077062914571196477686542167660429831652624386837205668069376 + 21 / 20 * a * w /\ -1 / 10715086071862673209484250490600018105614048117055336074437503883703510511249361224931983788156958581275946729175531468251871452856923140435984577574698574803934567774824230985421074605062371141877954182153046474983581941267398767559165543946077062914571196477686542167660429831652624386837205668069376 <= g + 21 / 20 * a * w.
Definition x_product (a b : R) := rnd (a * b).
Definition x_difference (a b : R) := rnd (a + -1 * b).
Definition x_shared (v w big : R) := v <= 3 / 10 * big * (1 / 1606938044258990275541962092341162602522202993782792835301376 + w) /\ 0 <= v + 3 / 10 * big * (1 / 1606938044258990275541962092341162602522202993782792835301376 + w).
Definition x_within (v big : R) := 3 * v <= big /\ 0 <= big + 3 * v.
Definition x_over (big b : R) := ((3 / 102844034832575377634685573909834406561420991602098741459288064 < big) /\ 6 * b < big) /\ (big <= 3 / 51422017416287688817342786954917203280710495801049370729644032 \/ big <= 12 * b).
Definition x_float (g : R) := g = 0 \/ 1 / 713623846352979940529142984724747568191373312 <= g.
Definition x_steps (q : Z) (big : R) := IZR q * (big / 6755399441055744).
Definition x_floor (q : Z) (v big : R) := x_steps q big <= v /\ v < x_steps (1 + q)%Z big.
Definition x_part (v w g : R) := v <= 1001 / 1000 * g * w /\ 0 <= v + 1001 / 1000 * g * w.
Definition x_counted (s : Z) (w n : R) := IZR s <= 2 * n + 2251799813685248 * w /\ 0 <= IZR s + 2 * n + 2251799813685248 * w.
Definition x_leans (s : Z) (w n g big : R) := x_steps s big <= g * (1 / 281474976710656 * n + 1001 / 1000 * w) /\
  0 <= x_steps s big + g * (1 / 281474976710656 * n + 1001 / 1000 * w).
Definition x_weighs (e : R) := e = 0 \/ e <= 1 /\ 1 / 1461501637330902918203684832716283019655932542976 <= e.
Definition x_reached (g r top : R) := g = 0 \/ (top <= 250000000000000000000000000000000000000000000000000000000000000000000000000000 /\ 0 <= r) /\ r <= top.
Definition x_steep (g d top : R) := g = 0 \/ ((top <= 1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000 /\ 0 <= top) /\ d <= 101 / 100 * top) /\ 0 <= d + 101 / 100 * top.
Definition x_spans (g x most : R) := g = 0 \/ (most <= 350000000000000000000000000000000000000 /\ x <= most) /\ 0 <= most + x.
Definition x_times (a b : R) := a * b.
Definition x_square (g r : R) := r * x_product g r.

Lemma over_of : forall big b, x_over big b -> over big b.
Proof. intros big b [[H1 H2] H3]. unfold over. repeat split; lra. Qed.
Lemma shared_to : forall w big v, shared w big v -> x_shared v w big.
Proof. unfold shared, x_shared. intros. lra. Qed.
Lemma share_of : forall g w a, x_share g w a -> share g w a.
Proof. unfold x_share, share, part. intros. lra. Qed.
Lemma floor_of : forall q v big, x_floor q v big -> is_floor q v big.
Proof. unfold x_floor, is_floor. intros q v big H. rewrite (Z.add_comm q 1). exact H. Qed.
Lemma shared_zero : forall w big b, 0 <= w -> x_over big b -> x_shared 0 w big.
Proof. intros. apply shared_to, shared_0 with b; auto using over_of. Qed.

Lemma x_rnd_minus : forall r, rnd r + rnd (-1 * r) = 0.
Proof. intros. replace (-1 * r) with (- r) by ring. rewrite round_NE_opp. ring. Qed.
Lemma x_grid_normal : p2 (-1022) <= 1 / 205688069665150755269371147819668813122841983204197482918576128 /\ 100000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000 < p2 1023.
Proof.
rewrite (p2_IZR (-1022)), (p2_IZR 1023). split.
- change (pow2 (-1022)) with (/ IZR (Zpower_pos 2 1022)). unfold Rdiv. rewrite Rmult_1_l. apply Rinv_le. lra. apply IZR_le. vm_compute. discriminate.
- change (pow2 1023) with (IZR (Zpower_pos 2 1023)). apply IZR_lt. reflexivity.
Qed.
Lemma x_grid_exponent : forall i : Z, 1 / 205688069665150755269371147819668813122841983204197482918576128 < p2 (IZR i) -> p2 (IZR i) <= 200000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000 -> (-206 <= i)%Z /\ (i <= 689)%Z.
Proof.
intros i L U. rewrite p2_IZR in *.
assert (A : pow2 (-207) < pow2 i).
{ eapply Rle_lt_trans; [|exact L]. change (pow2 (-207)) with (/ IZR (Zpower_pos 2 207)). unfold Rdiv. rewrite Rmult_1_l. right. do 2 f_equal. }
assert (B : pow2 i <= pow2 689).
{ eapply Rle_trans. exact U. change (pow2 689) with (IZR (Zpower_pos 2 689)). apply IZR_le. vm_compute. discriminate. }
apply lt_bpow in A. apply le_bpow in B. lia.
Qed.
Lemma x_grid_six : forall i : Z, (-206 <= i)%Z -> (i <= 689)%Z ->
  ((6 * p2 (IZR i) = rnd (6 * p2 (IZR i)) /\ 0 < p2 (IZR i)) /\ p2 (IZR i) <= 10000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000) /\ is_grid (6 * p2 (IZR i)).
Proof.
intros i L U. rewrite p2_IZR. repeat split.
- symmetry. apply fmt_to. apply (format64_scaled 6 i); lia.
- apply bpow_gt_0.
- apply Rle_trans with (pow2 689). apply bpow_le. lia. change (pow2 689) with (IZR (Zpower_pos 2 689)). apply IZR_le. vm_compute. discriminate.
- exists i. rewrite p2_IZR. repeat split; lia || reflexivity.
Qed.
Lemma x_unit_power : forall i : Z, 6 * p2 (IZR (50 + i)) / 6755399441055744 = p2 (IZR i).
Proof.
intros. rewrite !p2_IZR, bpow_plus. change (pow2 50) with 1125899906842624. lra.
Qed.
#[local] Instance prec24 : Prec_gt_0 24 := eq_refl.
Lemma x_float_tiny : forall r, rnd32 r = r -> (r = 0 \/ r <= -1 / 713623846352979940529142984724747568191373312) \/ 1 / 713623846352979940529142984724747568191373312 <= r.
Proof.
intros r H. destruct (Req_dec r 0) as [Z|N]. now left; left.
assert (F : generic_format radix2 (FLT_exp (-149) 24) r) by (rewrite <- H; apply generic_format_round; auto with typeclass_instances).
assert (B : pow2 (-149) <= Rabs r).
{ destruct (FLT_format_generic radix2 (-149) 24 r F) as [[n e] Hd Hn He]. simpl in He. rewrite Hd. unfold F2R. cbn [Fnum Fexp].
  rewrite Rabs_mult, (Rabs_pos_eq (pow2 e)) by apply bpow_ge_0. rewrite <- abs_IZR.
  assert (n <> 0)%Z by (intros E; apply N; rewrite Hd; unfold F2R; cbn [Fnum Fexp]; rewrite E; ring).
  assert (1 <= IZR (Z.abs n)) by (apply IZR_le; lia). apply Rle_trans with (1 * pow2 e).
  rewrite Rmult_1_l. apply bpow_le. exact He. apply Rmult_le_compat_r; [apply bpow_ge_0 | assumption]. }
assert (P : pow2 (-149) = 1 / 713623846352979940529142984724747568191373312).
{ change (pow2 (-149)) with (/ IZR (Zpower_pos 2 149)). unfold Rdiv. rewrite Rmult_1_l. do 2 f_equal. }
rewrite P in B. unfold Rabs in B. destruct Rcase_abs; lra.
Qed.
Lemma x_prob_share : forall r r1, r1 <= 1 -> 1 / 1000000000000 <= r1 -> x_weighs r -> x_near_share (x_product r r1) (x_times r r1).
Proof.
intros r r1 A B H. apply prob_share; [|split; assumption]. destruct H as [H|[H1 H2]]; [now left | right; split; [lra | exact H1]].
Qed.
Lemma x_mean_fit : forall r r1 r2 r3 r4, r1 <= 101 / 100 -> 0 <= r3 -> x_over r4 r3 -> x_near_share r r1 -> x_at_most r r2 r3 ->
  x_within (r * r2) r4 /\ x_part (r * r2) r1 r3.
Proof.
intros r r1 r2 r3 r4 A B O S M. assert (M2 : r = 0 \/ - r3 <= r2 <= r3) by (destruct M as [M|M]; [now left | right; lra]).
destruct (mean_fit r r1 r2 r3 r4 S A B (over_of _ _ O) M2) as [P Q]. unfold mean_part in P. unfold x_within, x_part. lra.
Qed.
Lemma x_mean_step : forall (i : Z) r r1 r2 r3, 0 <= r1 -> x_float r2 -> x_over r3 r2 -> x_floor i r r3 -> x_part r r1 r2 ->
  x_counted i r1 1 /\ x_leans i r1 1 r2 r3.
Proof.
intros i r r1 r2 r3 A F O Q P. assert (F2 : r2 = 0 \/ 1 / IZR (2^149) <= r2) by (destruct F as [F|F]; [now left | right; lra]).
assert (P2 : mean_part r r1 r2) by (unfold mean_part, x_part in *; lra).
destruct (mean_step i r r1 r2 r3 (over_of _ _ O) F2 A P2 (floor_of _ _ _ Q)) as [C L].
unfold counted, leans, steps, unit_of, x_counted, x_leans, x_steps in *. lra.
Qed.
Lemma leans_is : forall s w n g big, x_leans s w n g big <-> leans s w n g big.
Proof. intros. unfold leans, steps, unit_of, x_leans, x_steps. split; lra. Qed.
Lemma x_leans_next : forall (i i1 : Z) r r1 r2 r3 r4, x_leans i1 r1 1 r3 r4 -> x_leans i r r2 r3 r4 -> x_leans (i + i1)%Z (r + r1) (1 + r2) r3 r4.
Proof.
intros i i1 r r1 r2 r3 r4 A B. apply leans_is in A. apply leans_is in B. apply leans_is. rewrite (Rplus_comm 1 r2). now apply leans_next.
Qed.
Lemma x_mean_around : forall (i : Z) r r1 r2 r3, 0 < r3 -> r <= 101 / 100 -> r1 <= 2147483648 -> 0 <= r1 -> 0 <= r -> x_float r2 ->
  x_leans i r r1 r2 r3 -> x_around (x_product (rnd (IZR i)) (r3 / 6755399441055744)) r2 /\ x_around (x_times (rnd (IZR i)) (r3 / 6755399441055744)) r2.
Proof.
intros i r r1 r2 r3 A B C D E F L. apply leans_is in L. assert (G : r2 = 0 \/ 1 / IZR (2^149) <= r2) by (destruct F as [F|F]; [now left | right; lra]).
assert (G0 : 0 <= r2) by (destruct G; lra).
destruct (mean_around i r r1 r2 r3 A G ltac:(lra) ltac:(lra) L) as [P Q]. unfold around, x_around, x_product, x_times, unit_of in *. split; lra.
Qed.
Lemma x_grad_share : forall r r1 r2 r3 r4, r1 <= 101 / 100 -> 0 <= r4 -> x_near_share r r1 -> x_around r3 r4 -> x_at_most r r2 r4 ->
  x_share (x_product r (x_difference r2 r3)) r1 (x_product 2 r4).
Proof.
intros r r1 r2 r3 r4 A B S O M. assert (P : share (prod r (rnd (r2 - r3))) r1 (prod 2 r4)).
{ assert (M2 : r = 0 \/ - r4 <= r2 <= r4) by (destruct M as [M|M]; [now left | right; lra]).
  assert (O2 : around r3 r4) by (unfold around, x_around in *; lra). exact (grad_share r r1 r2 r3 r4 S A B M2 O2). }
unfold x_product, x_difference. replace (r2 + -1 * r3) with (r2 - r3) by ring. unfold share, part, prod in P. unfold x_share. lra.
Qed.
Lemma x_fit_count : forall r r1 r2 r3, r1 <= 101 / 100 -> 0 <= r2 -> 0 <= r1 -> x_over r3 r2 -> x_share r r1 r2 -> x_shared r r1 r3.
Proof. intros. apply shared_to. apply fit_count with r2; auto using over_of, share_of. Qed.
Lemma x_fit_linear : forall r r1 r2 r3 r4 r5, r1 <= 101 / 100 -> 0 <= r2 -> 0 <= r1 -> x_share r r1 r2 -> x_reached r r4 r5 ->
  x_over r3 (x_product r2 r5) -> x_shared (r * r4) r1 r3.
Proof.
intros r r1 r2 r3 r4 r5 A B C S [->|H] O. rewrite Rmult_0_l. now apply shared_zero with (1 := C) (2 := O).
apply shared_to. apply fit_linear with r2 r5; auto using share_of; try lra. now apply over_of.
Qed.
Lemma x_fit_hinge : forall r r1 r2 r3 r4 r5, r1 <= 101 / 100 -> 0 <= r2 -> 0 <= r1 -> x_share r r1 r2 -> x_reached r r4 r5 ->
  x_over r3 (x_product r2 r5) -> x_shared (x_product r r4) r1 r3.
Proof.
intros r r1 r2 r3 r4 r5 A B C S [->|H] O. unfold x_product at 1. rewrite Rmult_0_l, rnd_0. now apply shared_zero with (1 := C) (2 := O).
apply shared_to. apply fit_rnd with r2 1 r5; auto using share_of; try lra. now apply over_of.
Qed.
Lemma x_fit_slope : forall r r1 r2 r3 r4 r5, r1 <= 101 / 100 -> 0 <= r2 -> 0 <= r1 -> x_share r r1 r2 -> x_steep r r4 r5 ->
  x_over r3 (x_product r2 r5) -> x_shared (x_product r r4) r1 r3.
Proof.
intros r r1 r2 r3 r4 r5 A B C S [->|H] O. unfold x_product at 1. rewrite Rmult_0_l, rnd_0. now apply shared_zero with (1 := C) (2 := O).
apply shared_to. apply fit_rnd with r2 (101/100) r5; auto using share_of; try lra. now apply over_of.
Qed.
Lemma x_fit_square : forall r r1 r2 r3 r4 r5, r1 <= 101 / 100 -> 0 <= r2 -> 0 <= r1 -> x_share r r1 r2 -> x_reached r r4 r5 ->
  x_over r3 (x_product (x_product r2 r5) r5) -> x_shared (x_square r r4) r1 r3.
Proof.
intros r r1 r2 r3 r4 r5 A B C S [->|H] O. unfold x_square, x_product. rewrite Rmult_0_l, rnd_0, Rmult_0_r. now apply shared_zero with (1 := C) (2 := O).
apply shared_to. unfold x_square. rewrite Rmult_comm. apply fit_twice with r2 1 r5 r5; auto using share_of; try lra. now apply over_of.
assert (r5 * r5 <= 250000000000000000000000000000000000000000000000000000000000000000000000000000 * 250000000000000000000000000000000000000000000000000000000000000000000000000000) by (apply Rmult_le_compat; lra). lra.
Qed.
Lemma x_fit_logit : forall r r1 r2 r3 r4 r5 r6 r7, r1 <= 101 / 100 -> 0 <= r2 -> 0 <= r1 -> x_share r r1 r2 -> x_steep r r4 r5 -> x_spans r r6 r7 ->
  x_over r3 (x_product (x_product r2 r5) r7) -> x_shared (r6 * x_product r r4) r1 r3.
Proof.
intros r r1 r2 r3 r4 r5 r6 r7 A B C S [->|H] X O.
- unfold x_product. rewrite Rmult_0_l, rnd_0, Rmult_0_r. now apply shared_zero with (1 := C) (2 := O).
- destruct X as [->|X]. unfold x_product. rewrite Rmult_0_l, rnd_0, Rmult_0_r. now apply shared_zero with (1 := C) (2 := O).
  apply shared_to. rewrite Rmult_comm. apply fit_twice with r2 (101/100) r5 r7; auto using share_of; try lra. now apply over_of.
  assert (r5 * r7 <= 1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000 * 350000000000000000000000000000000000000) by (apply Rmult_le_compat; lra). lra.
Qed.
Lemma x_shared_floor : forall (i : Z) r r1 r2, 0 < r2 -> 0 <= r1 -> x_floor i r r2 -> x_shared r r1 r2 -> x_counted i r1 1.
Proof.
intros i r r1 r2 A B F S. assert (C : counted i r1 1). { apply shared_floor with r r2; auto using floor_of. unfold shared, x_shared in *. lra. }
unfold counted, x_counted in *. lra.
Qed.
Lemma x_shared_within : forall r r1 r2, 0 < r2 -> r1 <= 101 / 100 -> 0 <= r1 -> x_shared r r1 r2 -> x_within r r2.
Proof.
intros r r1 r2 A B C S. assert (W := shared_within r r1 r2 A ltac:(lra)). unfold x_within, shared, x_shared in *. lra.
Qed.

Ltac printed := first
  [ exact x_rnd_minus | exact x_grid_normal | exact x_grid_exponent | exact x_grid_six | exact x_unit_power | exact x_float_tiny
  | exact x_prob_share | exact x_mean_fit | exact x_mean_step | exact x_leans_next | exact x_mean_around | exact x_grad_share
  | exact x_fit_count | exact x_fit_linear | exact x_fit_hinge | exact x_fit_slope | exact x_fit_square | exact x_fit_logit
  | exact x_shared_floor | exact x_shared_within | exact x_sizes_add | exact x_size_double | exact x_slope_squares | exact x_part_twice ].
