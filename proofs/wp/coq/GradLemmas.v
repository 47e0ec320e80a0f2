(* SPDX-License-Identifier: Apache-2.0 *)
(* Gradients: why no sum leaves its grid or its integer (specs/logic/gradient.acsl and shares.acsl). *)
From Coq Require Import Reals ZArith Lia Lra Psatz.
From Flocq Require Import Core Relative.
From MultiMax Require Import Float64 Primitives FloorQuant WpLemmas.
Open Scope R_scope.


(* gradients: roundings of any sign, with the slack t for underflow *)
Definition t300 := 1 / IZR (10^300).
Lemma rnd_fine : forall x, Rabs (rnd x - x) <= / IZR (10^15) * Rabs x + 1 / IZR (10^320).
Proof.
assert (A : pow2 (-53) <= / IZR (10^15)).
{ change (pow2 (-53)) with (/ IZR (Zpower_pos 2 53)). apply Rinv_le. apply IZR_lt. reflexivity. apply IZR_le. vm_compute. discriminate. }
assert (B : pow2 (-1070) <= 1 / IZR (10^320)).
{ unfold Rdiv. rewrite Rmult_1_l. change (pow2 (-1070)) with (/ IZR (Zpower_pos 2 1070)).
  apply Rinv_le. apply IZR_lt. reflexivity. apply IZR_le. vm_compute. discriminate. }
assert (P : forall x, 0 <= x -> Rabs (rnd x - x) <= / IZR (10^15) * Rabs x + 1 / IZR (10^320)).
{ intros x H. eapply Rle_trans. apply rnd_err, H. rewrite (Rabs_pos_eq x H). apply Rplus_le_compat; [apply Rmult_le_compat_r|]; assumption. }
intros x. destruct (Rle_or_lt 0 x) as [H|H]. now apply P.
assert (Q := P (- x) ltac:(lra)). rewrite round_NE_opp, Rabs_Ropp in Q.
replace (- rnd x - - x) with (- (rnd x - x)) in Q by ring. now rewrite Rabs_Ropp in Q.
Qed.
Lemma rnd_any : forall x, Rabs (rnd x - x) <= / IZR (10^15) * Rabs x + t300.
Proof.
intros x. eapply Rle_trans. apply rnd_fine. apply Rplus_le_compat_l. unfold t300. lra.
Qed.
Lemma t_pos : 0 < t300.
Proof. unfold t300. apply Rdiv_lt_0_compat. lra. apply IZR_lt. reflexivity. Qed.

(* |u| <= k (w b) + e *)
Definition part k w b e u := -(k * (w * b) + e) <= u <= k * (w * b) + e.
Lemma part_mul : forall k w b e u c r R, 0 <= k -> 0 <= w -> 0 <= b -> 0 <= e -> 0 <= c ->
  0 <= R -> - (c * R) <= r <= c * R -> part k w b e u -> part (c * k) w (b * R) (c * (e * R)) (u * r).
Proof.
intros k w b e u c r R Hk Hw Hb He Hc HR Hr H. unfold part in *. apply Rabs_le in H. apply Rabs_le in Hr. apply Rabs_le_inv.
rewrite Rabs_mult. eapply Rle_trans. apply Rmult_le_compat; try apply Rabs_pos; eassumption. right. ring.
Qed.
Lemma part_rnd : forall k w b e u, 0 <= k -> 0 <= w -> 0 <= b -> 0 <= e -> part k w b e u ->
  part (1001/1000 * k) w b (1001/1000 * e + t300) (rnd u).
Proof.
intros k w b e u Hk Hw Hb He H. unfold part in *. apply Rabs_le in H. apply Rabs_le_inv.
assert (D := rnd_any u). assert (S : Rabs (rnd u) <= Rabs (rnd u - u) + Rabs u).
{ replace (rnd u) with ((rnd u - u) + u) at 1 by ring. apply Rabs_triang. }
assert (U := Rabs_pos u). assert (0 <= w * b) by (apply Rmult_le_pos; assumption). 
assert (/ IZR (10^15) * Rabs u <= 1/1000 * Rabs u) by (apply Rmult_le_compat_r; lra). lra.
Qed.
(* the bound as it was computed *)
Lemma part_bound : forall k w b e u, 0 <= k <= 2 -> 0 <= w <= 101/100 -> 0 <= b -> part k w b e u ->
  part (1001/1000 * k) w (rnd b) (e + 3 * t300) u.
Proof.
intros k w b e u Hk Hw Hb H. unfold part in *. assert (D := rnd_any b). apply Rabs_le_inv in D. rewrite (Rabs_pos_eq b Hb) in D.
assert (T := t_pos). assert (B : 0 <= rnd b) by (rewrite <- rnd_0; now apply rnd_mono).
assert (L : b <= 1001/1000 * rnd b + 1001/1000 * t300) by (revert D; generalize t300; intros; lra).
assert (k * (w * b) <= k * (w * (1001/1000 * rnd b + 1001/1000 * t300))).
{ apply Rmult_le_compat_l. lra. apply Rmult_le_compat_l; lra. }
assert (W : k * w <= 2 * (101/100)) by (apply Rmult_le_compat; lra).
assert (k * (w * (1001/1000 * t300)) <= 3 * t300).
{ replace (k * (w * (1001/1000 * t300))) with (k * w * (1001/1000 * t300)) by ring. apply Rle_trans with (2 * (101/100) * (1001/1000 * t300)).
  apply Rmult_le_compat_r; lra. lra. }
assert (k * (w * (1001/1000 * rnd b + 1001/1000 * t300)) = 1001/1000 * k * (w * rnd b) + k * (w * (1001/1000 * t300))) by ring.
lra.
Qed.
Lemma part_weaken : forall k w b e k' e' u, 0 <= w -> 0 <= b -> k <= k' -> e <= e' -> part k w b e u -> part k' w b e' u.
Proof.
intros k w b e k' e' u Hw Hb Hk He H. unfold part in *. assert (k * (w * b) <= k' * (w * b)).
{ apply Rmult_le_compat_r; [apply Rmult_le_pos|]; assumption. } lra.
Qed.

Definition over big b := ((big <= 12 * b \/ big <= 12 * (1 / IZR (2^207))) /\ 6 * b < big) /\ 6 * (1 / IZR (2^207)) < big.
Definition shared w big v := - (3/10 * ((w + 1 / IZR (2^200)) * big)) <= v <= 3/10 * ((w + 1 / IZR (2^200)) * big).
Lemma over_ge : forall big b, over big b -> b <= big / 6 /\ 6 / IZR (2^207) <= big.
Proof. intros big b [[_ H] L]. split; lra. Qed.
Lemma over_le : forall big b, over big b -> 1 / IZR (2^149) <= b -> big <= 12 * b.
Proof. intros big b [[[H|H] _] _] L; lra. Qed.
Lemma part_shared : forall w b v big, 0 <= w -> 0 <= b -> over big b -> part (12/10) w b (1 / IZR (10^140)) v -> shared w big v.
Proof.
intros w b v big Hw Hb Ho H. destruct (over_ge _ _ Ho) as [O1 O2]. unfold part, shared in *.
assert (w * b <= w * (big / 6)) by (apply Rmult_le_compat_l; assumption).
assert (1 / IZR (2^200) * (6 / IZR (2^207)) <= 1 / IZR (2^200) * big) by (apply Rmult_le_compat_l; lra).
assert (1 / IZR (10^140) <= 3/10 * (1 / IZR (2^200) * (6 / IZR (2^207)))) by lra.
assert (0 <= w * big) by (apply Rmult_le_pos; lra). lra.
Qed.


Definition prod a b := rnd (a * b).
Definition share g w a := part (105/100) w a (1 / IZR (2^1000)) g.
Lemma t1000 : 1 / IZR (2^1000) <= t300.
Proof. unfold t300, Rdiv. rewrite !Rmult_1_l. apply Rinv_le. apply IZR_lt. reflexivity. apply IZR_le. vm_compute. discriminate. Qed.
Lemma prod_pos : forall a b, 0 <= a -> 0 <= b -> 0 <= prod a b.
Proof. intros. unfold prod. rewrite <- rnd_0. apply rnd_mono. now apply Rmult_le_pos. Qed.
Lemma prod_0 : forall b, prod 0 b = 0.
Proof. intros. unfold prod. rewrite Rmult_0_l. apply rnd_0. Qed.
Lemma t300_eq : t300 = 1 / IZR (10^300).
Proof. reflexivity. Qed.
Lemma shared_0 : forall w big b, 0 <= w -> over big b -> shared w big 0.
Proof.
intros w big b Hw Ho. destruct (over_ge _ _ Ho). unfold shared. 
assert (0 <= (w + 1 / IZR (2^200)) * big) by (apply Rmult_le_pos; lra). lra.
Qed.

Lemma g_part : forall g w a, 0 <= w <= 101/100 -> 0 <= a -> share g w a -> part (105/100) w a t300 g.
Proof. intros g w a Hw Ha Hg. assert (T := t_pos). apply part_weaken with (5 := Hg); try lra. apply t1000. Qed.

Lemma fit_count : forall g w a big, 0 <= w <= 101/100 -> 0 <= a -> share g w a -> over big a -> shared w big g.
Proof.
intros g w a big Hw Ha Hg Ho. assert (T := t_pos). apply part_shared with a; try lra; try assumption. apply part_weaken with (5 := g_part g w a Hw Ha Hg); try lra. rewrite t300_eq. lra.
Qed.
Lemma at_hinge : forall g w a c r top, 0 <= w <= 101/100 -> 0 <= a -> share g w a -> 1 <= c <= 101/100 -> 0 <= top -> - (c * top) <= r <= c * top ->
  part (c * (105/100)) w (a * top) (c * (t300 * top)) (g * r).
Proof. intros g w a c r top Hw Ha Hg Hc Ht Hr. assert (T := t_pos). apply part_mul; try lra. now apply g_part. Qed.
Lemma at_hinge_bound : forall g w a c r top, 0 <= w <= 101/100 -> 0 <= a -> share g w a -> 1 <= c <= 101/100 -> 0 <= top -> - (c * top) <= r <= c * top ->
  part (1001/1000 * (c * (105/100))) w (prod a top) (c * (t300 * top) + 3 * t300) (g * r).
Proof.
intros g w a c r top Hw Ha Hg Hc Ht Hr. assert (T := t_pos). apply part_bound; try lra. apply Rmult_le_pos; lra. now apply at_hinge.
Qed.
Lemma at_hinge_rnd : forall g w a c r top, 0 <= w <= 101/100 -> 0 <= a -> share g w a -> 1 <= c <= 101/100 -> 0 <= top -> - (c * top) <= r <= c * top ->
  part (1001/1000 * (1001/1000 * (c * (105/100)))) w (prod a top) (1001/1000 * (c * (t300 * top)) + t300 + 3 * t300) (prod g r).
Proof.
intros g w a c r top Hw Ha Hg Hc Ht Hr. assert (T := t_pos). assert (0 <= a * top) by (apply Rmult_le_pos; lra). 
assert (0 <= t300 * top) by (apply Rmult_le_pos; lra). assert (0 <= c * (t300 * top)) by (apply Rmult_le_pos; lra).
apply part_bound; try lra. apply part_rnd; try lra. now apply at_hinge.
Qed.
Lemma small_top : forall top B, 0 <= top <= B -> t300 * top <= t300 * B.
Proof. intros. assert (T := t_pos). apply Rmult_le_compat_l; lra. Qed.

Lemma fit_linear : forall g w a big r top, 0 <= w <= 101/100 -> 0 <= a -> share g w a -> over big (prod a top) -> 0 <= top <= IZR (10^78) -> 0 <= r <= top -> shared w big (g * r).
Proof.
intros g w a big r top Hw Ha Hg Ho Ht Hr. assert (T := t_pos). apply part_shared with (prod a top); try lra; try assumption.
apply prod_pos; lra. refine (part_weaken _ _ _ _ _ _ _ _ _ _ _ (at_hinge_bound g w a 1 r top Hw Ha Hg _ _ _)); try lra. apply prod_pos; lra.
rewrite !t300_eq in *. lra.
Qed.
Lemma fit_rnd : forall g w a big c r top, 0 <= w <= 101/100 -> 0 <= a -> share g w a -> over big (prod a top) -> 1 <= c <= 101/100 -> 0 <= top <= IZR (10^117) -> - (c * top) <= r <= c * top -> shared w big (prod g r).
Proof.
intros g w a big c r top Hw Ha Hg Ho Hc Ht Hr. assert (T := t_pos). apply part_shared with (prod a top); try lra; try assumption.
apply prod_pos; lra. refine (part_weaken _ _ _ _ _ _ _ _ _ _ _ (at_hinge_rnd g w a c r top Hw Ha Hg _ _ _)); try lra. apply prod_pos; lra.
assert (0 <= t300 * top) by (apply Rmult_le_pos; lra).
assert (c * (t300 * top) <= 101/100 * (t300 * top)) by (apply Rmult_le_compat_r; lra).
rewrite !t300_eq in *. lra.
Qed.
Lemma fit_twice : forall g w a big c r top x most, 0 <= w <= 101/100 -> 0 <= a -> share g w a -> over big (prod (prod a top) most) -> 1 <= c <= 101/100 -> 0 <= top <= IZR (10^117) ->
  - (c * top) <= r <= c * top -> 0 <= most -> top * most <= IZR (10^156) -> most <= IZR (10^78) -> - most <= x <= most -> shared w big (prod g r * x).
Proof.
intros g w a big c r top x most Hw Ha Hg Ho Hc Ht Hr Hm Hp Hm2 Hx. assert (T := t_pos). assert (S := small_top _ _ Ht). rewrite t300_eq in S at 2.
assert (A := prod_pos a top ltac:(lra) ltac:(lra)). assert (B := prod_pos (prod a top) most ltac:(lra) ltac:(lra)).
apply part_shared with (prod (prod a top) most); try lra; try assumption.
assert (Z : 0 <= t300 * top) by (apply Rmult_le_pos; lra).
assert (Z2 : 0 <= c * (t300 * top) <= 101/100 * (t300 * top)) by (split; [apply Rmult_le_pos | apply Rmult_le_compat_r]; lra).
set (k := 1001/1000 * (1001/1000 * (c * (105/100)))). set (e := 1001/1000 * (c * (t300 * top)) + t300 + 3 * t300).
assert (P : part (1 * k) w (prod a top * most) (1 * (e * most)) (prod g r * x)).
{ apply part_mul; unfold k, e; try lra. apply at_hinge_rnd; lra || assumption. }
assert (Q : part (1001/1000 * (1 * k)) w (prod (prod a top) most) (1 * (e * most) + 3 * t300) (prod g r * x)).
{ apply part_bound; unfold k; try lra. apply Rmult_le_pos; lra. exact P. }
refine (part_weaken _ _ _ _ _ _ _ _ _ _ _ Q); unfold k; try lra.
assert (e <= 102/100 * (t300 * top) + 4 * t300) by (unfold e; lra).
assert (e * most <= (102/100 * (t300 * top) + 4 * t300) * most) by (apply Rmult_le_compat_r; lra).
assert (t300 * (top * most) <= t300 * IZR (10^156)) by (apply Rmult_le_compat_l; lra).
assert (t300 * most <= t300 * IZR (10^78)) by (apply Rmult_le_compat_l; lra).
replace ((102/100 * (t300 * top) + 4 * t300) * most) with (102/100 * (t300 * (top * most)) + 4 * (t300 * most)) in * by ring.
rewrite !t300_eq in *. lra.
Qed.

Definition unit_of big := big / 6755399441055744.
Definition steps q big := IZR q * unit_of big.
Definition is_floor q v big := steps q big <= v < steps (q + 1) big.
Definition counted s w n := - (2251799813685248 * w + 2 * n) <= IZR s <= 2251799813685248 * w + 2 * n.
Lemma unit_pos : forall big, 0 < big -> 0 < unit_of big.
Proof. intros. unfold unit_of. lra. Qed.
Lemma floor_le : forall q v big b, 0 < big -> is_floor q v big -> - b <= v <= b -> - (b + unit_of big) <= steps q big <= b + unit_of big.
Proof.
intros q v big b Hb [F1 F2] Hv. assert (P := unit_pos big Hb). unfold steps in *. rewrite plus_IZR in F2. lra.
Qed.
Lemma shared_floor : forall q v w big, 0 < big -> 0 <= w -> shared w big v -> is_floor q v big -> counted q w 1.
Proof.
intros q v w big Hb Hw Hs Hf. assert (F := floor_le _ _ _ _ Hb Hf Hs). assert (P := unit_pos big Hb).
unfold steps in F. unfold counted.
assert (E : 3/10 * ((w + 1 / IZR (2^200)) * big) = 3/10 * (6755399441055744 * (w + 1 / IZR (2^200))) * unit_of big) by (unfold unit_of; generalize (1 / IZR (2^200)); intros; field).
rewrite E in F. clear E.
set (k := 3/10 * (6755399441055744 * (w + 1 / IZR (2^200)))) in *.
assert (K : - (k + 1) <= IZR q <= k + 1).
{ split; apply Rmult_le_reg_r with (unit_of big); lra. }
assert (k <= 2251799813685248 * w + 1) by (unfold k; lra). lra.
Qed.
Lemma shared_within : forall v w big, 0 < big -> 0 <= w <= 101/100 -> shared w big v -> - big <= 3 * v <= big.
Proof.
intros v w big Hb Hw H. unfold shared in H. assert ((w + 1 / IZR (2^200)) * big <= 102/100 * big) by (apply Rmult_le_compat_r; lra). lra.
Qed.

(* mean *)
Definition mean_part v w g := - (1001/1000 * (w * g)) <= v <= 1001/1000 * (w * g).
Definition near_share p w := 0 <= p <= 1001/1000 * w.
Lemma mean_fit : forall p w up g big, near_share p w -> w <= 101/100 -> 0 <= g -> over big g -> (p = 0 \/ - g <= up <= g) ->
  mean_part (p * up) w g /\ - big <= 3 * (p * up) <= big.
Proof.
intros p w up g big [P1 P2] Hw Hg Ho Hu. destruct (over_ge _ _ Ho) as [O1 O2].
assert (W : 0 <= w * g <= 101/100 * g) by (split; [apply Rmult_le_pos | apply Rmult_le_compat_r]; lra).
assert (M : mean_part (p * up) w g).
{ unfold mean_part. destruct Hu as [->|Hu]. lra. apply Rabs_le in Hu. apply Rabs_le_inv. rewrite Rabs_mult, (Rabs_pos_eq p P1).
  replace (1001/1000 * (w * g)) with (1001/1000 * w * g) by ring. apply Rmult_le_compat; try lra. apply Rabs_pos. }
split. exact M. unfold mean_part in M. lra.
Qed.
Definition leans s w n g big := - (g * (1001/1000 * w + n * (1 / 281474976710656))) <= steps s big <= g * (1001/1000 * w + n * (1 / 281474976710656)).
Lemma mean_step : forall q v w g big, over big g -> (g = 0 \/ 1 / IZR (2^149) <= g) -> 0 <= w -> mean_part v w g -> is_floor q v big ->
  counted q w 1 /\ leans q w 1 g big.
Proof.
intros q v w g big Ho Hg Hw Hm Hf. destruct (over_ge _ _ Ho) as [O1 O2]. assert (Hb : 0 < big) by lra.
assert (P := unit_pos big Hb). assert (F := floor_le _ _ _ _ Hb Hf Hm).
destruct Hg as [->|Hg].
- assert (v = 0) by (unfold mean_part in Hm; lra). subst v. destruct Hf as [F1 F2]. unfold steps in F1, F2.
  assert (q = 0%Z).
  { assert (IZR q <= 0). { apply Rmult_le_reg_r with (unit_of big); lra. }
    assert (0 < IZR (q + 1)). { apply Rmult_lt_reg_r with (unit_of big); lra. }
    assert (q <= 0)%Z by (apply le_IZR; lra). assert (0 < q + 1)%Z by (apply lt_IZR; lra). lia. }
  subst q. unfold counted, leans, steps. rewrite Rmult_0_l. split; lra.
- assert (O3 := over_le _ _ Ho Hg). assert (Wg : 0 <= w * g) by (apply Rmult_le_pos; lra). split.
  + apply shared_floor with v big; try assumption. unfold shared, mean_part in *.
    assert (w * g <= w * (big / 6)) by (apply Rmult_le_compat_l; lra).
    assert (0 <= 1 / IZR (2^200) * big) by (apply Rmult_le_pos; lra). lra.
  + unfold leans. assert (unit_of big <= g * (1 / 281474976710656)) by (unfold unit_of; lra).
    replace (g * (1001/1000 * w + 1 * (1 / 281474976710656))) with (1001/1000 * (w * g) + g * (1 / 281474976710656)) by ring. lra.
Qed.
Lemma leans_next : forall s q w dw n g big, leans s w n g big -> leans q dw 1 g big -> leans (s + q) (w + dw) (n + 1) g big.
Proof.
intros s q w dw n g big H1 H2. unfold leans, steps in *. rewrite plus_IZR.
replace (g * (1001/1000 * (w + dw) + (n + 1) * (1 / 281474976710656))) with
  (g * (1001/1000 * w + n * (1 / 281474976710656)) + g * (1001/1000 * dw + 1 * (1 / 281474976710656))) by ring. lra.
Qed.
Definition around m g := - (104/100 * g) <= m <= 104/100 * g.
Lemma rnd_zero_or : forall s : Z, Rabs (rnd (IZR s)) <= 1001/1000 * Rabs (IZR s).
Proof.
intros s. destruct (Z.eq_dec s 0) as [->|H]. rewrite rnd_0, Rabs_R0. lra.
assert (Q : 1 <= Rabs (IZR s)) by (rewrite <- abs_IZR; apply IZR_le; lia).
assert (D := rnd_any (IZR s)). assert (S : Rabs (rnd (IZR s)) <= Rabs (rnd (IZR s) - IZR s) + Rabs (IZR s)).
{ replace (rnd (IZR s)) with ((rnd (IZR s) - IZR s) + IZR s) at 1 by ring. apply Rabs_triang. }
unfold t300 in D. lra.
Qed.
Lemma mean_around : forall s w n g big, 0 < big -> (g = 0 \/ 1 / IZR (2^149) <= g) -> 0 <= w <= 101/100 -> 0 <= n <= 2147483648 ->
  leans s w n g big -> around (rnd (rnd (IZR s) * unit_of big)) g /\ - (103/100 * g) <= rnd (IZR s) * unit_of big <= 103/100 * g.
Proof.
intros s w n g big Hb Hg Hw Hn H. assert (P := unit_pos big Hb). unfold leans, steps in H. unfold around.
assert (G0 : 0 <= g) by (destruct Hg as [->|Hg]; lra).
assert (B : g * (1001/1000 * w + n * (1 / 281474976710656)) <= g * (1012/1000)) by (apply Rmult_le_compat_l; lra).
assert (A : Rabs (IZR s) * unit_of big <= 1012/1000 * g).
{ replace (Rabs (IZR s) * unit_of big) with (Rabs (IZR s * unit_of big)) by (rewrite Rabs_mult, (Rabs_pos_eq (unit_of big)); lra).
  apply Rabs_le. lra. }
set (v := rnd (IZR s) * unit_of big).
assert (V : Rabs v <= 1014/1000 * g).
{ unfold v. rewrite Rabs_mult, (Rabs_pos_eq (unit_of big)) by lra.
  assert (Rabs (rnd (IZR s)) * unit_of big <= 1001/1000 * Rabs (IZR s) * unit_of big) by (apply Rmult_le_compat_r; [lra | apply rnd_zero_or]). lra. }
split. 2:{ apply Rabs_le_inv in V. lra. }
destruct Hg as [->|Hg].
- assert (v = 0). { apply Rabs_le_inv in V. lra. } rewrite H0, rnd_0. lra.
- assert (D := rnd_any v). assert (S : Rabs (rnd v) <= Rabs (rnd v - v) + Rabs v).
  { replace (rnd v) with ((rnd v - v) + v) at 1 by ring. apply Rabs_triang. }
  apply Rabs_le_inv. unfold t300 in D. lra.
Qed.

Lemma prob_share : forall e v, (e = 0 \/ 1 / IZR (2^160) <= e <= 1) -> 1 / 1000000000000 <= v <= 1 -> near_share (prod e v) (e * v).
Proof.
intros e v He Hv. unfold near_share. destruct He as [->|He]. rewrite prod_0. lra.
split. apply prod_pos; lra. unfold prod. assert (P : 1 / IZR (2^160) * (1 / 1000000000000) <= e * v) by (apply Rmult_le_compat; lra).
assert (D := rnd_any (e * v)). rewrite (Rabs_pos_eq (e * v)) in D by lra. apply Rabs_le_inv in D. unfold t300 in D. lra.
Qed.
Lemma grad_share : forall p w up m g, near_share p w -> w <= 101/100 -> 0 <= g -> (p = 0 \/ - g <= up <= g) -> around m g ->
  share (prod p (rnd (up - m))) w (prod 2 g).
Proof.
intros p w up m g [P1 P2] Hw Hg Hu Hm. assert (T := t_pos). assert (W : 0 <= w) by lra.
destruct Hu as [->|Hu].
{ rewrite prod_0. unfold share, part. assert (A := prod_pos 2 g ltac:(lra) ltac:(lra)).
  assert (0 <= w * prod 2 g) by (apply Rmult_le_pos; lra). lra. }
unfold around in Hm. set (u := up - m). assert (U : Rabs u <= 204/100 * g) by (apply Rabs_le; unfold u; lra).
set (z := 1 / IZR (10^320)). assert (Z : 0 <= z <= 1 / IZR (10^320)) by (unfold z; lra).
assert (F : forall x, Rabs (rnd x) <= 1001/1000 * Rabs x + z).
{ intros x. assert (D := rnd_fine x). fold z in D. assert (S : Rabs (rnd x) <= Rabs (rnd x - x) + Rabs x).
  { replace (rnd x) with ((rnd x - x) + x) at 1 by ring. apply Rabs_triang. }
  assert (X := Rabs_pos x). assert (/ IZR (10^15) * Rabs x <= 1/1000 * Rabs x) by (apply Rmult_le_compat_r; lra). lra. }
assert (R : Rabs (rnd u) <= 2043/1000 * g + z) by (assert (Fu := F u); lra).
assert (V : Rabs (p * rnd u) <= 1001/1000 * w * (2043/1000 * g + z)).
{ rewrite Rabs_mult, (Rabs_pos_eq p P1). apply Rmult_le_compat; try lra. apply Rabs_pos. }
assert (Wz : 0 <= w * z <= 101/100 * z) by (split; [apply Rmult_le_pos | apply Rmult_le_compat_r]; lra).
replace (1001/1000 * w * (2043/1000 * g + z)) with (2045043/1000000 * (w * g) + 1001/1000 * (w * z)) in V by field.
assert (Fp := F (p * rnd u)). fold (prod p (rnd u)) in Fp.
assert (G2 : 2 * g <= 1001/1000 * prod 2 g + 1001/1000 * z).
{ assert (D := rnd_fine (2 * g)). rewrite (Rabs_pos_eq (2 * g)) in D by lra. apply Rabs_le_inv in D. fold (prod 2 g) in D. fold z in D. lra. }
assert (Wg : w * (2 * g) <= w * (1001/1000 * prod 2 g + 1001/1000 * z)) by (apply Rmult_le_compat_l; lra).
replace (w * (1001/1000 * prod 2 g + 1001/1000 * z)) with (1001/1000 * (w * prod 2 g) + 1001/1000 * (w * z)) in Wg by field.
assert (A := prod_pos 2 g ltac:(lra) ltac:(lra)). assert (0 <= w * prod 2 g) by (apply Rmult_le_pos; lra).
unfold share, part. apply Rabs_le_inv. lra.
Qed.
