(* SPDX-License-Identifier: Apache-2.0 *)
(* Coq's lemmas of specs/logic/rest_mass.acsl and pull_share.acsl in the form Why3 prints them: 1/(1 + rest), the smoothing's
   even part, and the share of an entry of the loss's gradient. *)
From Coq Require Import Reals ZArith Lia Lra.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Primitives WpLemmas GradLemmas EntryTie.
Open Scope R_scope.

(* roundings of what is neither negative nor tiny *)
Lemma rnd_close : forall x, 0 <= x -> x - 1/1000000 * x - 1 / IZR (10^300) <= rnd x <= x + 1/1000000 * x + 1 / IZR (10^300).
Proof.
intros x H. assert (D := rnd_fine x). rewrite (Rabs_pos_eq x H) in D. apply Rabs_le_inv in D.
assert (/ IZR (10^15) * x <= 1/1000000 * x) by (apply Rmult_le_compat_r; lra).
assert (1 / IZR (10^320) <= 1 / IZR (10^300)) by lra. lra.
Qed.

Lemma over_bounds : forall a d, 0 <= a -> 1 <= d -> 0 <= a / d <= a /\ a / d * d = a.
Proof.
intros a d A D. assert (E : a / d * d = a) by (field; lra). split; [|exact E].
assert (0 <= a / d) by (apply Rmult_le_pos; [exact A | left; apply Rinv_0_lt_compat; lra]). split; [assumption|].
assert (a / d * 1 <= a / d * d) by (apply Rmult_le_compat_l; lra). lra.
Qed.

Lemma x_rest_inverse : forall r, r <= 34359738368 -> 0 <= r ->
  ((rnd (1 / rnd (1 + r)) <= 1 /\ 1 / 1000000000000 <= rnd (1 / rnd (1 + r))) /\ r * rnd (1 / rnd (1 + r)) <= 1001 / 1000) /\
  (1 + r) * rnd (1 / rnd (1 + r)) <= 1001 / 1000.
Proof.
intros r U L. assert (C := rnd_close (1 + r) ltac:(lra)). assert (D : 1 <= rnd (1 + r)) by (rewrite <- rnd_1 at 1; apply rnd_mono; lra).
set (d := rnd (1 + r)) in *. destruct (over_bounds 1 d ltac:(lra) D) as [[Y0 Y1] Y]. set (y := 1 / d) in *.
assert (V := rnd_close y Y0). assert (V1 : rnd y <= 1) by (rewrite <- rnd_1 at 1; apply rnd_mono; lra).
assert (V0 : 0 <= rnd y) by (rewrite <- rnd_0 at 1; apply rnd_mono; lra).
set (v := rnd y) in *.
assert (D2 : d <= 40000000000) by lra.
assert (Y2 : 1 / 40000000000 <= y).
{ apply Rmult_le_reg_r with d; [lra|]. rewrite Y. assert (1 / 40000000000 * d <= 1 / 40000000000 * 40000000000) by (apply Rmult_le_compat_l; lra). lra. }
assert (V2 : v <= y + 2/1000000 * y) by lra.
assert (P : (1 + r) * v <= (d + 3/1000000 * d) * (y + 2/1000000 * y)) by (apply Rmult_le_compat; lra).
replace ((d + 3/1000000 * d) * (y + 2/1000000 * y)) with ((1 + 3/1000000) * (1 + 2/1000000) * (y * d)) in P by ring. rewrite Y in P.
assert (Q : r * v <= (1 + r) * v) by (apply Rmult_le_compat_r; lra).
repeat split; lra.
Qed.

Lemma kept_unit : forall a, 0 <= a -> a <= 1 -> 0 <= rnd (1 + -1 * a) <= 1.
Proof. intros a L U. split; [rewrite <- rnd_0 at 1 | rewrite <- rnd_1 at 2]; apply rnd_mono; lra. Qed.
Lemma x_kept_unit : forall r, r <= 1 -> 0 <= r -> rnd (1 + -1 * r) <= 1 /\ 0 <= rnd (1 + -1 * r).
Proof. intros r U L. assert (K := kept_unit r L U). lra. Qed.

Lemma count_range : forall i : Z, (0 < i)%Z -> (i <= 2147483647)%Z -> rnd (IZR i) = IZR i /\ 1 <= IZR i <= 2147483647.
Proof. intros i L U. split. apply rnd_int. lia. split; apply IZR_le; lia. Qed.

Lemma x_even_fine : forall r (i : Z), (0 < i)%Z -> r <= 1 -> 0 <= r -> (i <= 2147483647)%Z ->
  ((rnd (r / rnd (IZR i)) <= 1 /\ 0 <= rnd (r / rnd (IZR i))) /\ rnd (r / rnd (IZR i)) + rnd (1 + -1 * r) <= 1009 / 1000) /\
  rnd (1 + -1 * r) + IZR i * rnd (r / rnd (IZR i)) <= 1009 / 1000.
Proof.
intros a i I A L J. destruct (count_range i I J) as [E K]. rewrite E. destruct (over_bounds a (IZR i) L ltac:(lra)) as [[Y0 Y1] Y].
assert (V := rnd_close (a / IZR i) Y0). assert (V0 : 0 <= rnd (a / IZR i)) by (rewrite <- rnd_0 at 1; apply rnd_mono; lra).
assert (V1 : rnd (a / IZR i) <= 1) by (rewrite <- rnd_1; apply rnd_mono; lra).
assert (C := rnd_close (1 + -1 * a) ltac:(lra)). set (k := IZR i) in *. set (y := a / k) in *. set (u := rnd y) in *.
assert (P : u * k <= (y + 1/1000000 * y + 1 / IZR (10^300)) * k) by (apply Rmult_le_compat_r; lra).
replace ((y + 1/1000000 * y + 1 / IZR (10^300)) * k) with ((1 + 1/1000000) * (y * k) + 1 / IZR (10^300) * k) in P by ring. rewrite Y in P.
assert (1 / IZR (10^300) * k <= 1 / IZR (10^300) * 2147483647) by (apply Rmult_le_compat_l; lra).
assert (Q : u * 1 <= u * k) by (apply Rmult_le_compat_l; lra).
rewrite (Rmult_comm k u). repeat split; lra.
Qed.

Lemma x_even_least : forall r (i : Z), (0 < i)%Z -> 1 / 713623846352979940529142984724747568191373312 <= r -> (i <= 2147483647)%Z ->
  1 / 10715086071862673209484250490600018105614048117055336074437503883703510511249361224931983788156958581275946729175531468251871452856923140435984577574698574803934567774824230985421074605062371141877954182153046474983581941267398767559165543946077062914571196477686542167660429831652624386837205668069376 <= rnd (r / rnd (IZR i)).
Proof.
intros a i I A J. destruct (count_range i I J) as [E K]. rewrite E. destruct (over_bounds a (IZR i) ltac:(lra) ltac:(lra)) as [[Y0 Y1] Y].
assert (V := rnd_close (a / IZR i) Y0). set (k := IZR i) in *. set (y := a / k) in *.
assert (Y2 : 1 / IZR (10^60) <= y).
{ apply Rmult_le_reg_r with k; [lra|]. rewrite Y. assert (1 / IZR (10^60) * k <= 1 / IZR (10^60) * 2147483647) by (apply Rmult_le_compat_l; lra). lra. }
lra.
Qed.

(* the grid of the other weights *)
Lemma x_unit_positive : forall r, is_grid r -> 0 < r / 6755399441055744.
Proof. intros r H. assert (G := grid_range r H). lra. Qed.
Lemma x_half_few : forall r (i : Z), r <= 12 -> (0 <= i)%Z -> (i <= 2147483647)%Z -> is_grid r ->
  1 / 2 * IZR i * (r / 6755399441055744) <= 1 / 10000.
Proof.
intros r i R I J H. assert (G := grid_range r H). assert (0 <= IZR i <= 2147483647) by (split; apply IZR_le; lia).
assert (1 / 2 * IZR i * (r / 6755399441055744) <= 1 / 2 * 2147483647 * (12 / 6755399441055744)) by (apply Rmult_le_compat; lra). lra.
Qed.
Lemma x_grid_enough : forall r r1, r <= 1 -> 1 / 1461501637330902918203684832716283019655932542976 <= r ->
  (exists i : Z, (6 * p2 (IZR i) = r1 /\ r < p2 (IZR i)) /\ p2 (IZR i) <= 2 * r) -> (9 / 2 * r <= r1 /\ r1 <= 12 * r) /\ is_grid r1.
Proof.
intros w big U L (i & [E A] & B). split. lra. exists i. repeat split; try lia. exact E.
- rewrite p2_IZR in A. assert (C : pow2 (-160) < pow2 i).
  { eapply Rle_lt_trans; [|exact A]. change (pow2 (-160)) with (/ IZR (Zpower_pos 2 160)). unfold Rdiv in L. rewrite Rmult_1_l in L. exact L. }
  apply lt_bpow in C. lia.
- rewrite p2_IZR in B. assert (C : pow2 i <= pow2 1) by (change (pow2 1) with 2; lra). apply le_bpow in C. lia.
Qed.

(* |w (p - q)| <= 1.05 (p + q)/2 * 2|w| *)
Definition x_share_2 (g w a : R) := g <= 1 / 10715086071862673209484250490600018105614048117055336074437503883703510511249361224931983788156958581275946729175531468251871452856923140435984577574698574803934567774824230985421074605062371141877954182153046474983581941267398767559165543946077062914571196477686542167660429831652624386837205668069376 + 21 / 20 * a * w /\ -1 / 10715086071862673209484250490600018105614048117055336074437503883703510511249361224931983788156958581275946729175531468251871452856923140435984577574698574803934567774824230985421074605062371141877954182153046474983581941267398767559165543946077062914571196477686542167660429831652624386837205668069376 <= g + 21 / 20 * a * w.
Lemma x_pull_shared : forall r r1 r2 r3 r4, 0 <= r3 -> 0 <= r2 -> r2 + r3 <= 101 / 50 -> x_sized r r4 ->
  r1 <= 1001 / 1000 * r2 /\ 0 <= r1 + 501 / 500 * r3 -> x_share_2 (rnd (r * r1)) (1 / 2 * (r3 + r2)) (rnd (2 * r4)).
Proof.
intros f d w q most Q W S [F1 F2] [D1 D2]. assert (M : 0 <= most) by lra.
set (z := 1 / IZR (10^320)). assert (Z : 0 <= z <= 1 / IZR (10^320)) by (unfold z; lra).
assert (D : Rabs d <= 1002/1000 * (w + q)) by (apply Rabs_le; lra).
assert (P : Rabs (f * d) <= most * (1002/1000 * (w + q))).
{ rewrite Rabs_mult. apply Rmult_le_compat; try apply Rabs_pos. apply Rabs_le; lra. exact D. }
replace (most * (1002/1000 * (w + q))) with (1002/1000 * (most * (w + q))) in P by ring.
assert (B : 0 <= most * (w + q)) by (apply Rmult_le_pos; lra).
assert (R : Rabs (rnd (f * d)) <= 1004/1000 * (most * (w + q)) + z).
{ assert (G := rnd_fine (f * d)). fold z in G. assert (T : Rabs (rnd (f * d)) <= Rabs (rnd (f * d) - f * d) + Rabs (f * d)).
  { replace (rnd (f * d)) with ((rnd (f * d) - f * d) + f * d) at 1 by ring. apply Rabs_triang. }
  assert (N := Rabs_pos (f * d)). assert (/ IZR (10^15) * Rabs (f * d) <= 1/1000 * Rabs (f * d)) by (apply Rmult_le_compat_r; lra). lra. }
assert (A : 2 * most <= 1001/1000 * rnd (2 * most) + 2 * z).
{ assert (G := rnd_fine (2 * most)). fold z in G. rewrite (Rabs_pos_eq (2 * most)) in G by lra. apply Rabs_le_inv in G.
  assert (/ IZR (10^15) * (2 * most) <= 1/10000 * (2 * most)) by (apply Rmult_le_compat_r; lra). lra. }
set (a := rnd (2 * most)) in *.
assert (K : 2 * most * (w + q) <= (1001/1000 * a + 2 * z) * (w + q)) by (apply Rmult_le_compat_r; lra).
assert (V : z * (w + q) <= z * (101/50)) by (apply Rmult_le_compat_l; lra).
replace ((1001/1000 * a + 2 * z) * (w + q)) with (1001/1000 * (a * (w + q)) + 2 * (z * (w + q))) in K by ring.
replace (2 * most * (w + q)) with (2 * (most * (w + q))) in K by ring.
assert (N : 0 <= a) by (unfold a; rewrite <- rnd_0 at 1; apply rnd_mono; lra).
assert (N2 : 0 <= a * (w + q)) by (apply Rmult_le_pos; lra).
apply Rabs_le_inv in R. unfold x_share_2. replace (21 / 20 * a * (1 / 2 * (q + w))) with (21/40 * (a * (w + q))) by field. lra.
Qed.

Ltac printed := first
  [ exact x_rest_inverse | exact x_kept_unit | exact x_even_fine | exact x_even_least | exact x_unit_positive | exact x_half_few
  | exact x_grid_enough | exact x_pull_shared ].
