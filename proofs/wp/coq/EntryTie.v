(* SPDX-License-Identifier: Apache-2.0 *)
(* Coq's lemmas of specs/logic/entry.acsl in the form Why3 prints them: the slope as computed is at most about that as bounded. *)
From Coq Require Import Reals ZArith Lia Lra.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Primitives WpLemmas GradLemmas.
Open Scope R_scope.

Definition x_sized (f a : R) := f <= a /\ 0 <= a + f.

Lemma x_sizes_add : forall r r1 r2 r3, rnd r2 = r2 -> 1 <= r2 -> x_sized r1 r3 -> x_sized r r2 ->
  ((rnd (rnd (r2 + r3)) = rnd (r2 + r3) /\ 1 <= rnd (r2 + r3)) /\ x_sized r (rnd (r2 + r3))) /\ x_sized (rnd (r + r1)) (rnd (r2 + r3)).
Proof.
intros d c s e F S [C1 C2] [D1 D2]. assert (L : s <= rnd (s + e)) by (rewrite <- F at 1; apply rnd_mono; lra).
assert (P : rnd (d + c) <= rnd (s + e)) by (apply rnd_mono; lra).
assert (M : - rnd (s + e) <= rnd (d + c)) by (rewrite <- round_NE_opp; apply rnd_mono; lra).
unfold x_sized. repeat split; try lra. apply round_generic; auto with typeclass_instances. apply generic_format_round; auto with typeclass_instances.
Qed.

Lemma x_size_double : forall r r1, x_sized r r1 -> x_sized (rnd (-2 * r)) (rnd (2 * r1)) /\ x_sized (rnd (2 * r)) (rnd (2 * r1)).
Proof.
intros c e [A B]. assert (P : forall u, -2 * e <= u <= 2 * e -> x_sized (rnd u) (rnd (2 * e))).
{ intros u H. assert (rnd u <= rnd (2 * e)) by (apply rnd_mono; lra).
  assert (- rnd (2 * e) <= rnd u) by (rewrite <- round_NE_opp; apply rnd_mono; lra). unfold x_sized. lra. }
split; apply P; lra.
Qed.

Lemma slope_step : forall d s u b k, 1 <= s -> 1 <= k <= 201/200 -> - (k * s) <= d <= k * s -> - b <= u <= b ->
  1 <= rnd (s + rnd b) /\ - ((k + 1/200) * rnd (s + rnd b)) <= rnd (d + u) <= (k + 1/200) * rnd (s + rnd b).
Proof.
intros d s u b k Hs Hk Hd Hu. assert (T := t_pos). assert (T1 : t300 <= / IZR (10^15)).
{ unfold t300, Rdiv. rewrite Rmult_1_l. apply Rinv_le. apply IZR_lt. reflexivity. apply IZR_le. vm_compute. discriminate. }
assert (B0 : 0 <= rnd b) by (rewrite <- rnd_0; apply rnd_mono; lra).
assert (S1 : 1 <= rnd (s + rnd b)) by (rewrite <- rnd_1 at 1; apply rnd_mono; lra).
split. exact S1.
assert (E1 := rnd_any b). assert (E2 := rnd_any (s + rnd b)). assert (E3 := rnd_any (d + u)).
rewrite (Rabs_pos_eq b) in E1 by lra. rewrite (Rabs_pos_eq (s + rnd b)) in E2 by lra.
assert (A : Rabs (d + u) <= k * s + b) by (apply Rabs_le; lra).
apply Rabs_le_inv in E1. apply Rabs_le_inv in E2. apply Rabs_le_inv in A as A2.
assert (E4 : Rabs (rnd (d + u) - (d + u)) <= / IZR (10^15) * (k * s + b) + t300).
{ eapply Rle_trans. exact E3. apply Rplus_le_compat_r, Rmult_le_compat_l; [|exact A]. left. apply Rinv_0_lt_compat, IZR_lt. reflexivity. }
apply Rabs_le_inv in E4. clear E3 A.
assert (K1 : 0 <= (k - 1) * s) by (apply Rmult_le_pos; lra). assert (K2 : k * s <= 201/200 * s) by (apply Rmult_le_compat_r; lra).
set (S := rnd (s + rnd b)) in *. set (v := rnd b) in *. set (w := rnd (d + u)) in *.
assert (N : / IZR (10^15) = 1 / 1000000000000000) by (change (10^15)%Z with 1000000000000000%Z; lra). rewrite N in *.
assert (L : s - 1/100000 * s <= S) by lra.
assert (Q : k * (s + v - 1/100000 * (s + v)) <= k * S) by (apply Rmult_le_compat_l; lra).
assert (V : v <= k * v) by (replace v with (1 * v) at 1 by ring; apply Rmult_le_compat_r; lra).
assert (V2 : k * v <= 201/200 * v) by (apply Rmult_le_compat_r; lra).
split; lra.
Qed.

Lemma x_slope_squares : forall r r1 r2 r3 r4 r5 r6 r7 r8 r9, 1 <= r1 -> x_sized r3 r5 -> x_sized r2 r4 -> x_sized r r1 ->
  ((0 <= r6 /\ 0 <= r7) /\ r6 <= r8) /\ r7 <= r9 ->
  rnd (rnd (r + r2 * r6) + r3 * r7) <= 101 / 100 * rnd (rnd (r1 + rnd (r4 * r8)) + rnd (r5 * r9)) /\
  0 <= rnd (rnd (r + r2 * r6) + r3 * r7) + 101 / 100 * rnd (rnd (r1 + rnd (r4 * r8)) + rnd (r5 * r9)).
Proof.
intros d s f3 f4 a3 a4 r3 r4 t3 t4 S [F1 F2] [G1 G2] [D1 D2] [[[H1 H2] H3] H4].
assert (M : forall f a r t, - a <= f <= a -> 0 <= r -> r <= t -> - (a * t) <= f * r <= a * t).
{ intros f a r t Hf Hr Ht. apply Rabs_le in Hf. apply Rabs_le_inv. rewrite Rabs_mult, (Rabs_pos_eq r Hr).
  apply Rmult_le_compat; try lra. apply Rabs_pos. }
destruct (slope_step d s (f3 * r3) (a3 * t3) 1 S ltac:(lra) ltac:(lra) ltac:(apply M; lra)) as [P Q].
destruct (slope_step (rnd (d + f3 * r3)) (rnd (s + rnd (a3 * t3))) (f4 * r4) (a4 * t4) (201/200) P ltac:(lra) ltac:(lra) ltac:(apply M; lra)) as [P2 Q2].
lra.
Qed.

Lemma x_part_twice : forall r, 0 <= r -> 0 <= rnd (2 * r).
Proof. intros. rewrite <- rnd_0. apply rnd_mono. lra. Qed.
