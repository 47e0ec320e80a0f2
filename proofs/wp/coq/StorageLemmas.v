(* SPDX-License-Identifier: Apache-2.0 *)
(* Lemmas of specs/logic/storage.acsl in the form Why3 prints them after unfolding; `narrow` is tried by proofs/wp/tie.py. *)
From Coq Require Import Reals ZArith Lia Lra Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Primitives FloorQuant WpLemmas.
Open Scope R_scope.

Lemma power_order : forall i j : Z, p2 (IZR i) <= p2 (IZR j) <-> (i <= j)%Z.
Proof.
intros i j. rewrite !p2_IZR. split. apply le_bpow. apply bpow_le.
Qed.
Lemma power_normal : forall i : Z, ((-1022 <= i)%Z /\ (i <= 1023)%Z) <-> (p2 (-1022) <= p2 (IZR i) /\ p2 (IZR i) <= p2 1023).
Proof. intros i. change (-1022) with (IZR (-1022)). change 1023 with (IZR 1023). now rewrite !power_order. Qed.
Lemma power_up : forall n i : Z, (0 <= n)%Z -> p2 (IZR (n + i)) = IZR (2 ^ n) * p2 (IZR i).
Proof.
intros n i H. rewrite !p2_IZR, bpow_plus. f_equal. change 2%Z with (radix_val radix2). now rewrite IZR_Zpower.
Qed.
Lemma power_six : forall i : Z, (-200 <= i)%Z -> (i <= 200)%Z ->
  rnd (6 * p2 (IZR i)) = 6 * p2 (IZR i) /\ is_grid (6 * p2 (IZR i)) /\ 0 < p2 (IZR i) /\ p2 (IZR i) <= IZR (2 ^ 200).
Proof.
intros i L U. repeat split.
- rewrite p2_IZR. apply fmt_to. apply (format64_scaled 6); lia.
- exists i. repeat split; lia.
- rewrite p2_IZR. apply bpow_gt_0.
- rewrite p2_IZR. change 2%Z with (radix_val radix2). rewrite IZR_Zpower by lia. now apply bpow_le.
Qed.
Definition unit_at (u : Z) : R := 6 * p2 (IZR (50 + u)) / 6755399441055744.
Lemma unit_at_is : forall u, unit_at u = p2 (IZR u).
Proof. intros u. unfold unit_at. rewrite (power_up 50) by lia. change (IZR (2 ^ 50)) with 1125899906842624. field. Qed.
Lemma grid_at : forall u, (-200 <= u <= 150)%Z -> is_grid (6 * p2 (IZR (50 + u))).
Proof. intros u H. exists (50 + u)%Z. repeat split; lia. Qed.
Lemma count_top : forall u q top a, (-200 <= u <= 150)%Z -> (0 <= top <= 2251799813685248)%Z -> 0 <= a <= IZR top * p2 (IZR u) ->
  IZR q * unit_at u = rnd (a + 6 * p2 (IZR (50 + u))) - 6 * p2 (IZR (50 + u)) -> (0 <= q <= top)%Z.
Proof.
intros u q top a Hu Ht Ha Q. assert (G := grid_at u Hu). assert (P := unit_at_is u). unfold unit_at in *.
set (big := 6 * p2 (IZR (50 + u))) in *.
assert (Z0 := quant_exact big 0 G ltac:(lia)). assert (Z1 := quant_exact big top G ltac:(lia)).
assert (R0 : rnd (0 + big) - big <= rnd (a + big) - big) by (apply Rplus_le_compat_r, rnd_mono; lra).
assert (R1 : rnd (a + big) - big <= rnd (IZR top * p2 (IZR u) + big) - big) by (apply Rplus_le_compat_r, rnd_mono; lra).
rewrite Rmult_0_l in Z0. rewrite Z0 in R0. rewrite <- P, Z1 in R1. rewrite <- Q in *.
split; apply (steps_le big _ _ G); [now rewrite Rmult_0_l | exact R1].
Qed.
Lemma count_fits32 : forall c u : Z, (0 <= c < 2 ^ 11)%Z -> (-149 <= u <= 500)%Z ->
  rnd (IZR c * p2 (IZR u)) = IZR c * p2 (IZR u) /\ rnd32 (IZR c * p2 (IZR u)) = IZR c * p2 (IZR u).
Proof.
intros c u Hc Hu. rewrite p2_IZR. split. apply fmt_to, format64_scaled; lia.
apply round_generic; [auto with typeclass_instances|].
apply generic_format_FLT. exists (Float radix2 c u); simpl; try lia. reflexivity.
Qed.
Lemma count_below : forall c u n k : Z, (0 <= c <= n)%Z -> (u <= k)%Z -> (0 <= k)%Z ->
  0 <= IZR c * p2 (IZR u) <= IZR (n * 2 ^ k).
Proof.
intros c u n k Hc Hu Hk. rewrite p2_IZR, mult_IZR. change 2%Z with (radix_val radix2). rewrite IZR_Zpower by exact Hk.
assert (P := bpow_gt_0 radix2 u). assert (Q := bpow_le radix2 u k Hu). assert (C0 := IZR_le _ _ (proj1 Hc)). assert (C1 := IZR_le _ _ (proj2 Hc)).
split. apply Rmult_le_pos; lra. apply Rmult_le_compat; lra.
Qed.

(* rounding to d digits of fraction and least exponent m *)
Definition rnd_to (d m : Z) (x : R) : R := round radix2 (FLT_exp (m - d) (d + 1)) ZnearestE x.
Lemma nearest_shift : forall x n, ZnearestE (x + IZR (2 * n)) = (ZnearestE x + 2 * n)%Z.
Proof.
intros x n. unfold Znearest. rewrite Zfloor_shift.
replace (x + IZR (2 * n) - IZR (Zfloor x + 2 * n)) with (x - IZR (Zfloor x)) by (rewrite plus_IZR; ring).
assert (C : Zceil (x + IZR (2 * n)) = (Zceil x + 2 * n)%Z).
{ unfold Zceil. replace (- (x + IZR (2 * n))) with (- x + IZR (- (2 * n))) by (rewrite opp_IZR; ring). rewrite Zfloor_shift. lia. }
rewrite C, Z.even_add_mul_2. destruct (Rcompare _ _); reflexivity || destruct (negb _); reflexivity.
Qed.
Lemma quant_is_round : forall d m e a, (0 <= d <= 20)%Z -> (-200 <= m)%Z -> (m <= e <= 200)%Z -> 0 <= a < p2 (IZR (e + 1)) ->
  ((m < e)%Z -> p2 (IZR e) <= a) ->
  rnd (a + 6 * p2 (IZR (50 + (e - d)))) - 6 * p2 (IZR (50 + (e - d))) = rnd_to d m a.
Proof.
intros d m e a Hd Hm He [A0 A1] Hb. rewrite !p2_IZR in *. set (E := (50 + (e - d))%Z). assert (P := bpow_gt_0 radix2 E).
assert (Hu : pow2 (e + 1) <= 2 * pow2 E).
{ apply Rle_trans with (pow2 (1 + E)). apply bpow_le; unfold E; lia. rewrite bpow_plus. apply Rle_refl. }
destruct (Req_dec a 0) as [->|Z0].
{ rewrite Rplus_0_l, fmt_to by (apply (format64_scaled 6); unfold E; lia). unfold rnd_to. rewrite round_0 by auto with typeclass_instances. ring. }
rewrite (round_binade ZnearestE E) by ((unfold E; lia) || lra).
assert (G : grid E = pow2 (e - d)) by (unfold grid, E; f_equal; lia). assert (B := pow2_grid E). assert (PG := grid_pos E).
assert (K : IZR (2 * (3 * 2 ^ 50)) = 6 * IZR (2 ^ 50)) by (rewrite !mult_IZR; ring).
assert (S : (a + 6 * pow2 E) / grid E = a / grid E + IZR (2 * (3 * 2 ^ 50))).
{ rewrite B. rewrite K. field. lra. }
rewrite S, nearest_shift, plus_IZR, B. rewrite K.
assert (C : cexp radix2 (FLT_exp (m - d) (d + 1)) a = (e - d)%Z).
{ unfold cexp, FLT_exp. destruct (Z.eq_dec e m) as [->|N].
  - assert (M : (mag radix2 a <= m + 1)%Z) by (apply mag_le_bpow; [exact Z0|]; rewrite Rabs_pos_eq; lra). lia.
  - rewrite (mag_unique_pos radix2 a (e + 1)). lia. replace (e + 1 - 1)%Z with e by lia. split; [apply Hb; lia | exact A1]. }
unfold rnd_to, round, scaled_mantissa, Defs.F2R. rewrite C. simpl Defs.Fnum. simpl Defs.Fexp. rewrite <- G.
replace (a * pow2 (- (e - d))) with (a / grid E). ring. rewrite bpow_opp, <- G. reflexivity.
Qed.
Lemma rnd_to_opp : forall d m a, rnd_to d m (- a) = - rnd_to d m a.
Proof. intros. unfold rnd_to. apply round_NE_opp. Qed.

(* as Why3 prints them *)
Lemma x_power_normal : forall i : Z, let r := p2 (IZR i) in
  r <= p2 1023 /\ p2 (-1022) <= r <-> ((-1022 <= i)%Z /\ (i <= 1023)%Z).
Proof. intros i r. unfold r. rewrite (power_normal i). tauto. Qed.
Lemma x_power_2048 : forall i : Z, 2048 * p2 (IZR i) = p2 (IZR (11 + i)).
Proof. intros i. symmetry. exact (power_up 11 i ltac:(lia)). Qed.
Lemma x_power_256 : forall i : Z, 256 * p2 (IZR i) = p2 (IZR (8 + i)).
Proof. intros i. symmetry. exact (power_up 8 i ltac:(lia)). Qed.
Lemma x_power_six : forall i : Z, let r := p2 (IZR i) in let r1 := 6 * r in (-200 <= i)%Z -> (i <= 200)%Z ->
  ((r1 = rnd r1 /\ 0 < r) /\ r <= IZR (2 ^ 200)) /\ is_grid r1.
Proof. intros i r r1 L U. destruct (power_six i L U) as (A & B & C & D). symmetry in A. tauto. Qed.
Definition x_counts (r : R) (u q : Z) : Prop := let b := 6 * p2 (IZR (50 + u)) in rnd (b + r) + -1 * b = IZR q * (b / 6755399441055744).
Lemma counts_is : forall r u q, x_counts r u q -> IZR q * unit_at u = rnd (r + 6 * p2 (IZR (50 + u))) - 6 * p2 (IZR (50 + u)).
Proof. intros r u q C. unfold x_counts in C. unfold unit_at. cbv zeta in C. rewrite <- C, (Rplus_comm r). ring. Qed.
Lemma x_count_half : forall (i i1 : Z) (r : R), 0 <= r -> r <= 2048 * p2 (IZR i) -> (-200 <= i)%Z -> (i <= 150)%Z -> x_counts r i i1 ->
  (0 <= i1)%Z /\ (i1 <= 2048)%Z.
Proof. intros i i1 r A B L U C. apply (count_top i i1 2048 r); auto using counts_is; lia. Qed.
Lemma x_count_byte : forall (i i1 : Z) (r : R), 0 <= r -> r <= 256 * p2 (IZR i) -> (-200 <= i)%Z -> (i <= 150)%Z -> x_counts r i i1 ->
  (0 <= i1)%Z /\ (i1 <= 256)%Z.
Proof. intros i i1 r A B L U C. apply (count_top i i1 256 r); auto using counts_is; lia. Qed.
Definition x_exact (c u : Z) : Prop := let r := IZR c * p2 (IZR u) in
  ((r = rnd r /\ r = rnd32 r) /\ r <= 340000000000000000000000000000000000000) /\ 0 <= r.
Lemma x_half_fits : forall i i1 : Z, (0 <= i)%Z -> (-24 <= i1)%Z -> (i1 <= 5)%Z -> (i <= 2047)%Z -> x_exact i i1.
Proof.
intros c u A B C D. destruct (count_fits32 c u ltac:(lia) ltac:(lia)) as [E F].
destruct (count_below c u 2047 5 ltac:(lia) ltac:(lia) ltac:(lia)) as [G H]. symmetry in E, F. unfold x_exact. repeat split; try assumption.
apply Rle_trans with (1 := H). apply IZR_le. lia.
Qed.
Lemma x_byte_fits : forall i i1 : Z, (0 <= i)%Z -> (-133 <= i1)%Z -> (i1 <= 120)%Z -> (i <= 255)%Z -> x_exact i i1.
Proof.
intros c u A B C D. destruct (count_fits32 c u ltac:(lia) ltac:(lia)) as [E F].
destruct (count_below c u 255 120 ltac:(lia) ltac:(lia) ltac:(lia)) as [G H]. symmetry in E, F. unfold x_exact. repeat split; try assumption.
apply Rle_trans with (1 := H). apply IZR_le. lia.
Qed.

Definition x_in_binade (m : Z) (a : R) (e : Z) : Prop :=
  (((m <= e)%Z /\ a < p2 (IZR (1 + e))) /\ (e + m <= 1)%Z) /\ ((m < e)%Z -> p2 (IZR e) <= a).
Definition x_rounds_to (d m one : Z) (a : R) (p : Z) : Prop :=
  exists i : Z, x_in_binade m a i /\ x_counts a (i + -1 * d) (p + -1 * (one * (i + -1 * m))).
Definition x_placed (m one u p : Z) (r : R) : Prop := exists i : Z, let x := (i * one)%Z in
  (((((IZR (p + -1 * x) * p2 (IZR (i + u)) = r /\ (0 <= i)%Z) /\ (x <= p)%Z) /\ (p <= 2 * one + x)%Z) /\ (i + 2 * m <= 1)%Z) /\
  ((0 < i)%Z -> (one + x <= p)%Z)).
Lemma count_least : forall u q top a, (-200 <= u <= 150)%Z -> (0 <= top <= 2251799813685248)%Z -> IZR top * p2 (IZR u) <= a ->
  IZR q * unit_at u = rnd (a + 6 * p2 (IZR (50 + u))) - 6 * p2 (IZR (50 + u)) -> (top <= q)%Z.
Proof.
intros u q top a Hu Ht Ha Q. assert (G := grid_at u Hu). assert (P := unit_at_is u). unfold unit_at in *.
set (big := 6 * p2 (IZR (50 + u))) in *. assert (Z1 := quant_exact big top G ltac:(lia)).
assert (R1 : rnd (IZR top * p2 (IZR u) + big) - big <= rnd (a + big) - big) by (apply Rplus_le_compat_r, rnd_mono; lra).
rewrite <- P, Z1 in R1. rewrite <- Q in R1. apply (steps_le big _ _ G). exact R1.
Qed.
Lemma placed_of : forall d m p a, (0 <= d <= 20)%Z -> (-126 <= m <= -1)%Z -> 0 <= a -> x_rounds_to d m (2 ^ d) a p ->
  x_placed m (2 ^ d) (m - d) p (rnd_to d m a).
Proof.
intros d m p a Hd Hm A0 (e & (((E1 & A1) & E2) & A2) & C). apply counts_is in C.
replace (e + -1 * d)%Z with (e - d)%Z in C by ring. replace (p + -1 * (2 ^ d * (e + -1 * m)))%Z with (p - (e - m) * 2 ^ d)%Z in C by ring.
set (q := (p - (e - m) * 2 ^ d)%Z) in *. assert (D : (1 <= 2 ^ d <= 2 ^ 20)%Z).
{ split. apply (Z.pow_le_mono_r 2 0); lia. apply Z.pow_le_mono_r; lia. }
assert (W : forall n, (0 <= n)%Z -> p2 (IZR (n + (e - d))) = IZR (2 ^ n) * p2 (IZR (e - d))) by (intros n Hn; now apply power_up).
assert (T : p2 (IZR (1 + e)) = IZR (2 * 2 ^ d) * p2 (IZR (e - d))).
{ replace (2 * 2 ^ d)%Z with (2 ^ (1 + d))%Z by (rewrite Z.pow_add_r; lia). rewrite <- (W (1 + d)%Z) by lia. do 2 f_equal. ring. }
assert (L : p2 (IZR e) = IZR (2 ^ d) * p2 (IZR (e - d))).
{ rewrite <- (W d) by lia. do 2 f_equal. ring. }
assert (Q : (0 <= q <= 2 * 2 ^ d)%Z).
{ apply (count_top (e - d) q (2 * 2 ^ d) a); try lia; [|exact C]. rewrite <- T. lra. }
assert (V := quant_is_round d m e a Hd ltac:(lia) ltac:(lia)). rewrite (Z.add_comm e 1) in V. specialize (V (conj A0 A1) A2).
rewrite V, unit_at_is in C.
exists (e - m)%Z. cbv zeta. replace (p + -1 * ((e - m) * 2 ^ d))%Z with q by (unfold q; ring).
replace (e - m + (m - d))%Z with (e - d)%Z by ring.
split; [split; [split; [split; [split; [exact C | lia] | unfold q in Q; lia] | unfold q in Q; lia] | lia]|].
intros N. assert (2 ^ d <= q)%Z; [|unfold q in *; lia].
apply (count_least (e - d) q (2 ^ d) a); [lia | lia | |].
- rewrite <- L. apply A2. lia.
- rewrite V, unit_at_is. exact C.
Qed.
Lemma x_half_placed : forall (r : R) (i : Z), 0 <= r -> x_rounds_to 10 (-14) 1024 r i -> x_placed (-14) 1024 (-24) i (rnd_to 10 (-14) r).
Proof. intros r i A H. exact (placed_of 10 (-14) i r ltac:(lia) ltac:(lia) A H). Qed.
Lemma x_byte_placed : forall (r : R) (i : Z), 0 <= r -> x_rounds_to 7 (-126) 128 r i -> x_placed (-126) 128 (-133) i (rnd_to 7 (-126) r).
Proof. intros r i A H. exact (placed_of 7 (-126) i r ltac:(lia) ltac:(lia) A H). Qed.
Lemma x_rnd_to_minus : forall (d m : Z) (r : R), rnd_to d m r + rnd_to d m (-1 * r) = 0.
Proof. intros d m r. replace (-1 * r) with (- r) by ring. rewrite rnd_to_opp. ring. Qed.

Lemma x_units_half : forall i : Z, IZR 1024 * p2 (IZR (1 + i)) = IZR 2048 * p2 (IZR i).
Proof. intros i. rewrite (power_up 1 i) by lia. change (2 ^ 1)%Z with 2%Z. ring. Qed.
Lemma x_units_byte : forall i : Z, IZR 128 * p2 (IZR (1 + i)) = IZR 256 * p2 (IZR i).
Proof. intros i. rewrite (power_up 1 i) by lia. change (2 ^ 1)%Z with 2%Z. ring. Qed.

Ltac printed := first
  [ exact power_order | exact x_power_normal | exact x_power_2048 | exact x_power_256 | exact x_power_six
  | exact x_count_half | exact x_count_byte | exact x_half_placed | exact x_byte_placed | exact x_rnd_to_minus | exact x_units_half | exact x_units_byte
  | exact (fun i => eq_sym (x_units_half i)) | exact (fun i => eq_sym (x_units_byte i)) | exact x_half_fits | exact x_byte_fits ].
