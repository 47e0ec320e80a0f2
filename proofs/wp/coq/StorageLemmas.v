(* SPDX-License-Identifier: Apache-2.0 *)
(* Lemmas of specs/logic/storage.acsl in the form Why3 prints them after unfolding; `narrow` is tried by proofs/wp/tie.py. *)
From Coq Require Import Reals ZArith Lia Lra Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Primitives WpLemmas.
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

Ltac printed := first
  [ exact power_order | exact x_power_normal | exact x_power_2048 | exact x_power_256 | exact x_power_six
  | exact x_count_half | exact x_count_byte | exact x_half_fits | exact x_byte_fits ].
