(* SPDX-License-Identifier: Apache-2.0 *)
(* The lemmas of specs/logic that SMT cannot prove, in the form Why3 prints them after unfolding (proofs/wp/tie.py
   checks each printed goal against them). Meaning given to the logic symbols: rnd64 and rnd32 = Flocq's rounding to
   nearest even, p2 k = 2^floor k. *)
From Coq Require Import Reals ZArith Lia Lra Psatz.
From Flocq Require Import Core Relative Plus_error.
From MultiMax Require Import Float64 Primitives FloorQuant.
Open Scope R_scope.

Notation rnd32 := (round radix2 (FLT_exp (-149) 24) ZnearestE).
Definition p2 (k : R) : R := pow2 (Zfloor k).

Lemma fmt_of : forall a, rnd a = a -> format64 a.
Proof. intros a <-. apply generic_format_round; auto with typeclass_instances. Qed.
Lemma fmt_to : forall a, format64 a -> rnd a = a.
Proof. intros a H. apply round_generic; auto with typeclass_instances. Qed.

(* grids: big = 6 * 2^E, unit = big / (6 * 2^50) *)
Definition is_grid big := exists i : Z, ((6 * p2 (IZR i) = big) /\ (-900 <= i)%Z) /\ (i <= 900)%Z.

Lemma grid_inv : forall big, is_grid big -> exists E, (-900 <= E <= 900)%Z /\ big = 6 * pow2 E /\
  big / 6755399441055744 = grid E.
Proof.
intros big (E & (H & L) & U). exists E. unfold p2 in H. rewrite Zfloor_IZR in H. repeat split; try lia. lra.
rewrite <- H, pow2_grid. replace (IZR (2^50)) with 1125899906842624 by reflexivity. field.
Qed.

Lemma grid_six : is_grid 6.
Proof. exists 0%Z. unfold p2. rewrite Zfloor_IZR. simpl. repeat split; lra || lia. Qed.

Lemma pow2_900 : pow2 900 <= 10^279.
Proof. rewrite <- IZR_Zpower by lia. rewrite pow_IZR. apply IZR_le. vm_compute. discriminate. Qed.

Lemma grid_range : forall big, is_grid big -> 0 < big <= 10^280.
Proof.
intros big H. destruct (grid_inv big H) as (E & HE & -> & _). assert (P := bpow_gt_0 radix2 E).
assert (B : pow2 E <= pow2 900) by (apply bpow_le; lia). assert (Q := pow2_900).
replace (10^280) with (10 * 10^279) by ring. split; lra.
Qed.

Lemma quant_near : forall big v, is_grid big -> (- big <= 3 * v <= big) ->
  (- big <= 3 * (rnd (v + big) - big) <= big) /\
  (v - big / 6755399441055744 / 2 <= rnd (v + big) - big <= v + big / 6755399441055744 / 2).
Proof.
intros big v H Hv. destruct (grid_inv big H) as (E & HE & -> & U). rewrite U. clear U.
assert (PE := bpow_gt_0 radix2 E). assert (PG := grid_pos E).
assert (R : 4 * pow2 E <= rnd (v + 6 * pow2 E) <= 8 * pow2 E).
{ apply sum_range; [lia | apply Rabs_le; lra]. }
split; [lra|].
destruct (Rlt_or_le v (2 * pow2 E)) as [L|L].
- destruct (nearest_minus E v ltac:(lia) ltac:(lra)) as (n & _ & N2 & _ & N4). rewrite N2.
  assert (D : Rabs (v - IZR n * grid E) <= / 2 * grid E).
  { replace (v - IZR n * grid E) with ((v / grid E - IZR n) * grid E) by (field; lra).
    rewrite Rabs_mult, (Rabs_pos_eq (grid E)) by lra. apply Rmult_le_compat_r; lra. }
  apply Rabs_le_inv in D. lra.
- assert (v = 2 * pow2 E) as -> by lra. replace (2 * pow2 E + 6 * pow2 E) with (8 * pow2 E) by ring.
  rewrite fmt_to by (apply format64_scaled; lia). lra.
Qed.

Lemma steps_fmt : forall big q, is_grid big -> (-9007199254740992 <= q <= 9007199254740992)%Z ->
  rnd (IZR q * (big / 6755399441055744)) = IZR q * (big / 6755399441055744).
Proof.
intros big q H Hq. destruct (grid_inv big H) as (E & HE & _ & ->). apply fmt_to. apply format64_scaled; lia.
Qed.

Lemma quant_exact : forall big q, is_grid big -> (-2251799813685248 <= q <= 2251799813685248)%Z ->
  rnd (IZR q * (big / 6755399441055744) + big) - big = IZR q * (big / 6755399441055744).
Proof.
intros big q H Hq. 
assert (B : big = IZR 6755399441055744 * (big / 6755399441055744)) by field.
rewrite B at 2. rewrite <- Rmult_plus_distr_r, <- plus_IZR, steps_fmt by (assumption || lia).
rewrite plus_IZR, Rmult_plus_distr_r, <- B. ring.
Qed.

Lemma residual_sign : forall big a b q, is_grid big -> rnd a = a -> rnd b = b -> q <> 0%Z ->
  (a * b - big / 6755399441055744 / 2 <= IZR q * (big / 6755399441055744) <= a * b + big / 6755399441055744 / 2) ->
  (rnd (a * b - IZR q * (big / 6755399441055744)) < 0 <-> a * b < IZR q * (big / 6755399441055744)).
Proof.
intros big a b q H Fa Fb Hq Hn. destruct (grid_inv big H) as (E & HE & _ & U). rewrite U in *. clear U H.
assert (PG := grid_pos E).
assert (Q : 1 <= Rabs (IZR q)) by (rewrite <- abs_IZR; apply IZR_le; lia).
destruct (residual_multiple E a b q) as [n Hm]; try lia; try now apply fmt_of.
{ assert (Rabs (IZR q) * grid E <= Rabs (a * b) + grid E / 2); [|nra].
  replace (Rabs (IZR q) * grid E) with (Rabs (IZR q * grid E)) by (rewrite Rabs_mult, (Rabs_pos_eq (grid E)); lra).
  unfold Rabs. repeat destruct Rcase_abs; lra. }
rewrite (round_sign _ _ _ Hm) by lia. lra.
Qed.

Lemma steps_0 : forall big q, is_grid big -> (IZR q * (big / 6755399441055744) = 0 <-> q = 0%Z).
Proof.
intros big q H. destruct (grid_inv big H) as (E & _ & _ & ->). assert (P := grid_pos E). split; intros Hq.
- apply eq_IZR. apply Rmult_eq_reg_r with (grid E); lra.
- subst. ring.
Qed.

Lemma steps_le : forall big p q, is_grid big ->
  (IZR p * (big / 6755399441055744) <= IZR q * (big / 6755399441055744) <-> (p <= q)%Z).
Proof.
intros big p q H. destruct (grid_inv big H) as (E & _ & _ & ->). assert (P := grid_pos E). split; intros Hq.
- apply le_IZR. apply Rmult_le_reg_r with (grid E); lra.
- apply Rmult_le_compat_r; [lra|]. now apply IZR_le.
Qed.

Lemma opposite_neg : forall a b, (a < 0 /\ 0 < b \/ 0 < a /\ b < 0) <-> a * b < 0.
Proof.
intros a b. split. intros [[]|[]]; nra.
intros H. destruct (Rtotal_order a 0) as [A|[A|A]]; destruct (Rtotal_order b 0) as [B|[B|B]]; subst; try nra.
Qed.

(* rounding *)
Lemma rnd_mono : forall x y, x <= y -> rnd x <= rnd y.
Proof. intros. apply round_le; auto with typeclass_instances. Qed.
Lemma rnd_int : forall i : Z, (-9007199254740992 <= i <= 9007199254740992)%Z -> rnd (IZR i) = IZR i.
Proof. intros i H. apply fmt_to, format64_int. lia. Qed.
Lemma rnd_0 : rnd 0 = 0.
Proof. apply (rnd_int 0). lia. Qed.
Lemma rnd_1 : rnd 1 = 1.
Proof. apply (rnd_int 1). lia. Qed.
Lemma rnd_minus_1 : rnd (-1) = -1.
Proof. apply (rnd_int (-1)). lia. Qed.
(* a rounded sum of two floats has the sign of their sum *)
Lemma sum_sign : forall a b, rnd a = a -> rnd b = b -> (0 < a + b <-> 0 < rnd (a + b)) /\ (a + b < 0 <-> rnd (a + b) < 0).
Proof.
intros a b A B. assert (N : a + b <> 0 -> rnd (a + b) <> 0) by (intros; apply round_plus_neq_0; auto using fmt_of with typeclass_instances).
assert (L := rnd_mono (a + b) 0). assert (U := rnd_mono 0 (a + b)). rewrite rnd_0 in L, U.
repeat split; intros H; [assert (0 <= rnd (a + b) /\ rnd (a + b) <> 0) by (split; [apply U | apply N]; lra) | destruct (Rle_lt_dec (a + b) 0)
  | assert (rnd (a + b) <= 0 /\ rnd (a + b) <> 0) by (split; [apply L | apply N]; lra) | destruct (Rle_lt_dec 0 (a + b))]; lra.
Qed.
Lemma rnd_weight : rnd 1125899906842624 = 1125899906842624.
Proof. apply (rnd_int 1125899906842624). lia. Qed.
Lemma quant_unit : forall e, 0 <= e <= 1 -> 0 <= rnd (e + 6) - 6 <= 1 /\ (e = 1 -> rnd (e + 6) - 6 = 1).
Proof.
intros e H. assert (S := rnd_int 6 ltac:(lia)). assert (T := rnd_int 7 ltac:(lia)).
assert (A := rnd_mono 6 (e + 6) ltac:(lra)). assert (B := rnd_mono (e + 6) 7 ltac:(lra)).
split; [lra|]. intros ->. replace (1 + 6) with 7 by ring. lra.
Qed.

Lemma err_ne : forall emin prec x, Prec_gt_0 prec -> 0 <= x ->
  Rabs (round radix2 (FLT_exp emin prec) ZnearestE x - x) <= / 2 * pow2 (- prec + 1) * x + / 2 * pow2 emin.
Proof.
intros emin prec x Hp Hx.
destruct (error_N_FLT radix2 emin prec Hp (fun z => negb (Z.even z)) x) as (e & n & H1 & H2 & _ & H4).
rewrite H4. clear H4. replace (x * (1 + e) + n - x) with (x * e + n) by ring.
eapply Rle_trans; [apply Rabs_triang|]. apply Rplus_le_compat; [|exact H2].
rewrite Rabs_mult, (Rabs_pos_eq x Hx), (Rmult_comm x). apply Rmult_le_compat_r; [exact Hx | exact H1].
Qed.

Lemma rnd_err : forall x, 0 <= x -> Rabs (rnd x - x) <= pow2 (-53) * x + pow2 (-1070).
Proof.
intros x H. assert (E := err_ne (-1074) 53 x prec53 H). 
change (/ 2) with (pow2 (-1)) in E. rewrite <- !bpow_plus in E. simpl Z.add in E.
assert (H1 : pow2 (-1075) <= pow2 (-1070)) by (apply bpow_le; lia). lra.
Qed.
#[local] Instance prec24 : Prec_gt_0 24 := eq_refl.
Lemma rnd32_err : forall x, 0 <= x -> Rabs (rnd32 x - x) <= pow2 (-24) * x + pow2 (-150).
Proof.
intros x H. assert (E := err_ne (-149) 24 x prec24 H).
change (/ 2) with (pow2 (-1)) in E. rewrite <- !bpow_plus in E. simpl Z.add in E. exact E.
Qed.
Lemma rnd32_unit : forall x, 0 <= x <= 1 -> 0 <= rnd32 x <= 1.
Proof.
intros x H. split.
- rewrite <- (round_0 radix2 (FLT_exp (-149) 24) ZnearestE). apply round_le; auto with typeclass_instances. lra.
- assert (F : rnd32 (pow2 0) = pow2 0).
  { apply round_generic; auto with typeclass_instances. apply generic_format_bpow. unfold FLT_exp. lia. }
  simpl in F. rewrite <- F. apply round_le; auto with typeclass_instances. lra.
Qed.

(* exp *)
Definition whole k := exists i : Z, ((IZR i = k) /\ (i <= 0)%Z) /\ (-159 <= i)%Z.
Lemma exp_scale : forall k, whole k -> 0 < p2 k <= 1.
Proof.
intros k (i & (E & U) & L). subst k. unfold p2. rewrite Zfloor_IZR. split; [apply bpow_gt_0|].
change 1 with (pow2 0). apply bpow_le. lia.
Qed.

(* the reals of the row *)
Lemma inverse_error : forall d r, 1 <= d <= 10000000000 ->
  - (1 / 9007199254740992 * (1 / d) + pow2 (-1070)) <= r - 1 / d <= 1 / 9007199254740992 * (1 / d) + pow2 (-1070) ->
  - (17 / 144115188075855872) <= r * d - 1 <= 17 / 144115188075855872.
Proof.
intros d r Hd H. set (y := 1 / d) in *. assert (Y : y * d = 1) by (unfold y; field; lra).
assert (T : pow2 (-1070) * d <= 1 / 144115188075855872).
{ apply Rle_trans with (pow2 (-1070) * pow2 34).
  - apply Rmult_le_compat_l. apply bpow_ge_0. simpl. lra.
  - rewrite <- bpow_plus. apply Rle_trans with (pow2 (-57)). apply bpow_le. lia. simpl. lra. }
replace (r * d - 1) with ((r - y) * d) by (rewrite <- Y; ring). generalize dependent (pow2 (-1070)). intros t H T.
destruct H as [H1 H2]. apply (Rmult_le_compat_r d) in H1; [|lra]. apply (Rmult_le_compat_r d) in H2; [|lra].
assert (E : (1 / 9007199254740992 * y + t) * d = 1 / 9007199254740992 + t * d).
{ rewrite Rmult_plus_distr_r, Rmult_assoc, Y. ring. }
replace (- (1 / 9007199254740992 * y + t) * d) with (- ((1 / 9007199254740992 * y + t) * d)) in H1 by ring. lra.
Qed.
Lemma inverse_unit : forall d, 1 <= d <= 10000000000 -> 1 / 100000000000 <= 1 / d <= 1.
Proof.
intros d H. assert (Y : 1 / d * d = 1) by (field; lra). assert (0 < 1 / d) by (apply Rdiv_lt_0_compat; lra). split; nra.
Qed.
Lemma mul_unit : forall a b, 0 <= a <= 1 -> 0 <= b <= 1 -> 0 <= a * b <= 1.
Proof. intros. split; nra. Qed.
Lemma quotient_unit : forall a k, 0 <= a <= 1 -> 1 <= k -> 0 <= a / k <= 1.
Proof. intros a k Ha Hk. assert (Y : a / k * k = a) by (field; lra). assert (0 <= a / k) by (apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra]). split; nra. Qed.

(* halving *)
Lemma p2_IZR : forall k : Z, p2 (IZR k) = pow2 k.
Proof. intros. unfold p2. now rewrite Zfloor_IZR. Qed.
Lemma p2_next : forall k : Z, p2 (IZR (k + 1)) = 2 * p2 (IZR k).
Proof. intros. rewrite !p2_IZR, bpow_plus. change (pow2 1) with 2. ring. Qed.
Lemma p2_0 : p2 0 = 1.
Proof. exact (p2_IZR 0). Qed.
Lemma halved_next : forall (d m : R) (k : Z), m * p2 (IZR k) = d -> m * / 2 * p2 (IZR (k + 1)) = d.
Proof. intros d m k <-. rewrite p2_next. field. Qed.
Lemma p2_least : forall k : Z, (k <= 0)%Z -> p2 (IZR k) <= 1.
Proof. intros. rewrite p2_IZR. change 1 with (pow2 0). now apply bpow_le. Qed.
Lemma p2_most : p2 36 = 68719476736.
Proof. rewrite (p2_IZR 36). reflexivity. Qed.
Lemma half_exact : forall d, rnd d = d -> 1 <= d -> rnd (d * / 2) = d * / 2.
Proof.
intros d F H. replace (/ 2) with (pow2 (-1)) by (simpl; lra). apply fmt_to.
destruct (FLT_format_generic radix2 (-1074) 53 d (fmt_of d F)) as [[n e] Hd Hn He].
simpl in Hn, He. assert (P : (Z.abs n <= 2^53)%Z) by (change (2^53)%Z with (Zpower radix2 53); simpl in *; lia).
unfold F2R in Hd. simpl in Hd.
replace (d * pow2 (-1)) with (IZR n * pow2 (e - 1)).
2:{ rewrite Hd. unfold Zminus. rewrite bpow_plus. change (pow2 (-(1))) with (pow2 (-1)). ring. }
apply format64_scaled. exact P. assert (B : pow2 0 < pow2 (54 + e)); [|apply lt_bpow in B; lia].
apply Rle_lt_trans with d. exact H. rewrite Hd, bpow_plus. apply Rmult_lt_compat_r. apply bpow_gt_0.
rewrite <- IZR_Zpower by lia. apply IZR_lt. change (radix2 ^ 54)%Z with (2^54)%Z. lia.
Qed.

(* sticky rounding *)
Lemma mant_round : forall x e, pow2 63 <= x < pow2 64 -> (-400 <= e)%Z ->
  rnd (x * pow2 e) = IZR (ZnearestE (x * pow2 (-11))) * pow2 (11 + e).
Proof.
intros x e [L U] He. assert (P : 0 < x) by (apply Rlt_le_trans with (2 := L); apply bpow_gt_0).
assert (M : mag radix2 (x * pow2 e) = (64 + e)%Z :> Z).
{ rewrite mag_mult_bpow by lra. f_equal. apply mag_unique_pos. exact (conj L U). }
unfold round, scaled_mantissa, cexp. rewrite M. replace (FLT_exp (-1074) 53 (64 + e)) with (11 + e)%Z by (unfold FLT_exp; lia).
unfold F2R. cbn [Fnum Fexp]. rewrite (Rmult_assoc x), <- bpow_plus. replace (e + - (11 + e))%Z with (-11)%Z by lia. reflexivity.
Qed.
Lemma rnd_scale : forall x e, pow2 63 <= x < pow2 64 -> (-400 <= e)%Z -> rnd (x * pow2 e) = rnd x * pow2 e.
Proof.
intros x e H He. rewrite mant_round by assumption. assert (E := mant_round x 0 H ltac:(lia)).
change (pow2 0) with 1 in E. rewrite Rmult_1_r in E. rewrite E, Rmult_assoc, <- bpow_plus. reflexivity.
Qed.
Lemma rnd_sticky : forall (q : Z) x, (2^62 <= q < 2^63)%Z -> IZR (2 * q) < x < IZR (2 * q + 2) -> rnd x = rnd (IZR (2 * q + 1)).
Proof.
intros q x Hq [L U].
assert (B : forall y, IZR (2 * q) < y < IZR (2 * q + 2) -> pow2 63 <= y < pow2 64).
{ intros y [Ly Uy]. split.
  - apply Rlt_le. eapply Rle_lt_trans; [|exact Ly]. rewrite <- IZR_Zpower by lia. apply IZR_le. change (radix2 ^ 63)%Z with (2 * 2^62)%Z. lia.
  - eapply Rlt_le_trans; [exact Uy|]. rewrite <- IZR_Zpower by lia. apply IZR_le. change (radix2 ^ 64)%Z with (2 * 2^63)%Z. lia. }
set (n := ((q + 512) / 1024)%Z).
assert (N : (1024 * n <= q + 512 < 1024 * n + 1024)%Z).
{ unfold n. assert (D := Z.div_mod (q + 512) 1024 ltac:(lia)). assert (E := Z.mod_pos_bound (q + 512) 1024 ltac:(lia)). lia. }
assert (T : pow2 (-11) = / 2048) by (simpl; lra).
assert (Z : forall y, IZR (2 * q) < y < IZR (2 * q + 2) -> ZnearestE (y * pow2 (-11)) = n).
{ intros y [Ly Uy]. apply Znearest_imp. rewrite T. apply Rabs_lt.
  assert (L1 : IZR (2048 * n - 1024) <= IZR (2 * q)) by (apply IZR_le; lia).
  assert (U1 : IZR (2 * q + 2) <= IZR (2048 * n + 1024)) by (apply IZR_le; lia).
  rewrite minus_IZR, mult_IZR in L1. rewrite (plus_IZR (2048 * n)), mult_IZR in U1. lra. }
assert (H : IZR (2 * q) < IZR (2 * q + 1) < IZR (2 * q + 2)) by (split; apply IZR_lt; lia).
assert (E : forall y, IZR (2 * q) < y < IZR (2 * q + 2) -> rnd y = IZR n * pow2 11).
{ intros y Hy. assert (E := mant_round y 0 (B y Hy) ltac:(lia)). change (pow2 0) with 1 in E. rewrite Rmult_1_r in E.
  rewrite E, Z by exact Hy. reflexivity. }
rewrite (E x (conj L U)). symmetry. apply E, H.
Qed.
(* a result below 2^64, so its product with a power of two is exact *)
Lemma rnd_again_scaled : forall y e, pow2 63 <= y < pow2 64 -> (-400 <= e)%Z -> rnd (rnd y * pow2 e) = rnd y * pow2 e.
Proof.
intros y e H He. assert (E := mant_round y 0 H ltac:(lia)). change (pow2 0) with 1 in E. rewrite Rmult_1_r in E. rewrite E.
rewrite Rmult_assoc, <- bpow_plus. apply fmt_to. apply format64_scaled; [|lia].
assert (A : (0 <= ZnearestE (y * pow2 (-11)))%Z).
{ rewrite <- (@Zrnd_IZR ZnearestE _ 0). apply Zrnd_le; [apply valid_rnd_N|]. apply Rmult_le_pos; [|apply bpow_ge_0].
  apply Rle_trans with (2 := proj1 H). apply bpow_ge_0. }
assert (B : (ZnearestE (y * pow2 (-11)) <= 2^53)%Z).
{ rewrite <- (@Zrnd_IZR ZnearestE _ (2^53)). apply Zrnd_le; [apply valid_rnd_N|]. change (2^53)%Z with (radix2^53)%Z.
  rewrite IZR_Zpower by lia. replace 53%Z with (64 + -11)%Z by reflexivity. rewrite bpow_plus. apply Rmult_le_compat_r. apply bpow_ge_0. lra. }
lia.
Qed.
Lemma shifted : forall (v a : Z), IZR v * pow2 64 * pow2 (- a) * pow2 (a - 320) = IZR v * pow2 (-256).
Proof. intros. rewrite !Rmult_assoc, <- !bpow_plus. do 2 f_equal. lia. Qed.
Lemma head_range : forall h : Z, (9223372036854775808 <= h < 18446744073709551616)%Z -> pow2 63 <= IZR h < pow2 64.
Proof.
intros h H. rewrite <- !IZR_Zpower by lia. split. apply IZR_le. change (radix2 ^ 63)%Z with (2^63)%Z. lia.
apply IZR_lt. change (radix2 ^ 64)%Z with (2^64)%Z. lia.
Qed.
Lemma round_exact : forall h a v : Z, (1 <= a <= 1024)%Z -> (9223372036854775808 <= h < 18446744073709551616)%Z ->
  IZR h * p2 (IZR a) = IZR v * p2 64 -> rnd (rnd (IZR h) * p2 (IZR (a - 320))) = rnd (IZR v * p2 (-256)).
Proof.
intros h a v Ha Hh. rewrite (p2_IZR 64), (p2_IZR (-256)), !p2_IZR. intros E. assert (B := head_range h Hh).
rewrite rnd_again_scaled, <- rnd_scale by (assumption || lia). f_equal. rewrite <- (shifted v a), <- E.
rewrite (Rmult_assoc (IZR h)), <- bpow_plus, Z.add_opp_diag_r. change (pow2 0) with 1. ring.
Qed.
Lemma round_odd : forall q a v : Z, (1 <= a <= 1024)%Z -> (4611686018427387904 <= q < 9223372036854775808)%Z ->
  IZR (2 * q) * p2 (IZR a) < IZR v * p2 64 -> IZR v * p2 64 < IZR (2 * q + 2) * p2 (IZR a) ->
  rnd (rnd (IZR (2 * q + 1)) * p2 (IZR (a - 320))) = rnd (IZR v * p2 (-256)).
Proof.
intros q a v Ha Hq. rewrite (p2_IZR 64), (p2_IZR (-256)), !p2_IZR. intros L U.
assert (B := head_range (2 * q + 1) ltac:(lia)). set (x := IZR v * pow2 64 * pow2 (- a)).
assert (X : x * pow2 a = IZR v * pow2 64).
{ unfold x. rewrite (Rmult_assoc (IZR v * pow2 64)), <- bpow_plus, Z.add_opp_diag_l. apply Rmult_1_r. }
rewrite <- X in L, U. assert (P := bpow_gt_0 radix2 a). apply Rmult_lt_reg_r in L; [|exact P]. apply Rmult_lt_reg_r in U; [|exact P].
rewrite rnd_again_scaled, <- (rnd_sticky q x) by (assumption || lia || (split; assumption)).
rewrite <- (shifted v a). fold x. symmetry. apply rnd_scale; [|lia].
assert (L2 := head_range (2 * q) ltac:(lia)).
split. lra. eapply Rlt_le_trans; [exact U|]. rewrite <- IZR_Zpower by lia. apply IZR_le. change (radix2 ^ 64)%Z with (2 * 2^63)%Z. lia.
Qed.
(* head and rest of an accumulator's entry: bits h, k places up *)
Lemma head_start : forall f b : Z, (0 <= b < 18446744073709551616)%Z ->
  IZR f * p2 64 + IZR b = IZR (18446744073709551616 * f + b) /\ IZR (b + 1) <= p2 64.
Proof.
intros f b H. rewrite (p2_IZR 64). change (pow2 64) with 18446744073709551616. rewrite plus_IZR, mult_IZR. split. ring. apply IZR_le. lia.
Qed.
Lemma p2_half : forall k : Z, p2 (IZR k) = 2 * p2 (IZR (k - 1)).
Proof. intros k. rewrite !p2_IZR. replace k with (1 + (k - 1))%Z at 1 by lia. rewrite bpow_plus. reflexivity. Qed.
Lemma head_next : forall h k r v bit half : Z, IZR h * p2 (IZR k) + IZR r = IZR v -> IZR (r + 1) <= p2 (IZR k) ->
  p2 (IZR (k - 1)) = IZR half -> (bit = 0 /\ r < half \/ bit = 1 /\ half <= r)%Z ->
  IZR (2 * h + bit) * p2 (IZR (k - 1)) + IZR (r - bit * half) = IZR v /\ IZR (r - bit * half + 1) <= p2 (IZR (k - 1)).
Proof.
intros h k r v bit half E L H B. rewrite (p2_half k) in *. rewrite H in *. split.
- rewrite minus_IZR, plus_IZR, !mult_IZR. lra.
- apply IZR_le. assert (r + 1 <= 2 * half)%Z; [|lia]. apply le_IZR. rewrite (mult_IZR 2). exact L.
Qed.
Lemma head_full : forall h r v : Z, IZR h * p2 1 + IZR r = IZR v -> IZR (r + 1) <= p2 1 -> (18446744073709551616 <= v)%Z ->
  (9223372036854775808 <= h)%Z.
Proof.
intros h r v. rewrite (p2_IZR 1). change (pow2 1) with 2. intros E L H. apply le_IZR in L.
assert (h * 2 + r = v)%Z by (apply eq_IZR; rewrite plus_IZR, mult_IZR; exact E). lia.
Qed.
Lemma half_start : p2 63 = 9223372036854775808.
Proof. exact (p2_IZR 63). Qed.
Lemma half_next : forall half k : Z, (1 <= k)%Z -> p2 (IZR k) = IZR half -> exists n : Z, (2 * n)%Z = half /\ p2 (IZR (k - 1)) = IZR n.
Proof.
intros half k H E. exists (radix2 ^ (k - 1))%Z. rewrite !p2_IZR in *. rewrite <- !IZR_Zpower in * by lia. split; [|reflexivity].
apply eq_IZR. rewrite <- E. f_equal. replace k with (1 + (k - 1))%Z at 2 by lia. rewrite Zpower_plus by lia. reflexivity.
Qed.
Lemma spread_real : forall h k r w t l v : Z, IZR h * p2 (IZR k) + IZR r = IZR w ->
  IZR w * p2 (IZR t) + IZR l * p2 64 = IZR v * p2 64 ->
  IZR v * p2 64 = IZR h * p2 (IZR (t + k)) + (IZR r * p2 (IZR t) + IZR l * p2 64).
Proof. intros h k r w t l v E F. rewrite <- F, <- E. rewrite !p2_IZR, bpow_plus. ring. Qed.
Lemma whole_rounds : forall h k w t v : Z, (9223372036854775808 <= h < 18446744073709551616)%Z -> (1 <= t + k <= 1024)%Z ->
  IZR h * p2 (IZR k) + 0 = IZR w -> IZR w * p2 (IZR t) + 0 * p2 64 = IZR v * p2 64 ->
  rnd (rnd (IZR h) * p2 (IZR (t + k - 320))) = rnd (IZR v * p2 (-256)).
Proof.
intros h k w t v Hh Ha E F. apply round_exact; [lia | assumption|]. rewrite (spread_real h k 0 w t 0 v E F). ring.
Qed.
Lemma odd_rounds : forall q h k r w t l v : Z, (4611686018427387904 <= q < 9223372036854775808)%Z -> (1 <= t + k <= 1024)%Z ->
  IZR h * p2 (IZR k) + IZR r = IZR w -> (0 <= r)%Z -> IZR (r + 1) <= p2 (IZR k) ->
  IZR w * p2 (IZR t) + IZR l * p2 64 = IZR v * p2 64 -> (0 <= l)%Z -> IZR l * p2 64 < p2 (IZR t) ->
  (0 < r + l)%Z -> (2 * q <= h <= 2 * q + 1)%Z ->
  rnd (rnd (IZR (2 * q + 1)) * p2 (IZR (t + k - 320))) = rnd (IZR v * p2 (-256)).
Proof.
intros q h k r w t l v Hq Ha E R0 R1 F L0 L1 S Q. assert (G := spread_real h k r w t l v E F).
assert (T : p2 (IZR (t + k)) = p2 (IZR t) * p2 (IZR k)) by (rewrite !p2_IZR; apply bpow_plus).
assert (P : 0 < p2 (IZR t)) by (rewrite p2_IZR; apply bpow_gt_0). assert (K : 0 < p2 (IZR k)) by (rewrite p2_IZR; apply bpow_gt_0).
assert (P6 : 0 < p2 64) by (rewrite (p2_IZR 64); apply bpow_gt_0).
assert (X : 0 < IZR r * p2 (IZR t) + IZR l * p2 64).
{ assert (D : (0 < r \/ 0 < l)%Z) by lia. apply IZR_le in R0. apply IZR_le in L0. destruct D as [D|D]; apply IZR_lt in D; nra. }
assert (Y : IZR r * p2 (IZR t) + IZR l * p2 64 < p2 (IZR (t + k))).
{ rewrite T. rewrite plus_IZR in R1. apply Rlt_le_trans with ((IZR r + 1) * p2 (IZR t)). lra. rewrite (Rmult_comm (p2 (IZR t))).
  apply Rmult_le_compat_r; lra. }
assert (PK : 0 < p2 (IZR (t + k))) by (rewrite T; apply Rmult_lt_0_compat; assumption).
destruct Q as [Q1 Q2]. apply IZR_le in Q1. apply IZR_le in Q2. rewrite (plus_IZR (2 * q)) in Q2.
apply round_odd; [lia | assumption | |]; rewrite G, ?(plus_IZR (2 * q)); nra.
Qed.
Lemma pow2_most : pow2 768 <= 10^300 /\ pow2 767 <= 10^250.
Proof. split; rewrite <- IZR_Zpower by lia; rewrite pow_IZR; apply IZR_le; vm_compute; discriminate. Qed.
Lemma head_range_ok : forall h a : Z, (1 <= a <= 1024)%Z -> (0 <= h < 18446744073709551616)%Z ->
  0 <= rnd (IZR h) * p2 (IZR (a - 320)) <= 10^300.
Proof.
intros h a Ha Hh. rewrite p2_IZR. assert (P := bpow_gt_0 radix2 (a - 320)).
assert (A : 0 <= rnd (IZR h)) by (rewrite <- rnd_0; apply rnd_mono, IZR_le; lia).
assert (B : rnd (IZR h) <= pow2 64).
{ rewrite <- (fmt_to (pow2 64)). apply rnd_mono. rewrite <- IZR_Zpower by lia. apply IZR_le. change (radix2 ^ 64)%Z with (2^64)%Z. lia.
  rewrite <- (Rmult_1_l (pow2 64)). apply (format64_scaled 1 64); lia. }
assert (C : pow2 (a - 320) <= pow2 704) by (apply bpow_le; lia).
split. apply Rmult_le_pos; lra. apply Rle_trans with (2 := proj1 pow2_most). change 768%Z with (64 + 704)%Z. rewrite bpow_plus.
apply Rmult_le_compat; lra.
Qed.
Lemma rounded_zero : rnd (0 * p2 (-256)) = 0.
Proof. rewrite Rmult_0_l. apply rnd_0. Qed.
Lemma rounded_minus : forall v : Z, rnd (IZR (- v) * p2 (-256)) = - rnd (IZR v * p2 (-256)).
Proof. intros v. rewrite opp_IZR, Ropp_mult_distr_l_reverse. apply round_NE_opp. Qed.
Lemma rounded_range : forall v : Z, (- 2^1023 <= v <= 2^1023)%Z -> - 10^250 <= rnd (IZR v * p2 (-256)) <= 10^250.
Proof.
intros v H. rewrite (p2_IZR (-256)). assert (P := bpow_gt_0 radix2 (-256)). assert (Q := proj2 pow2_most).
assert (F : rnd (pow2 767) = pow2 767) by (apply fmt_to; rewrite <- (Rmult_1_l (pow2 767)); apply (format64_scaled 1 767); lia).
assert (G : rnd (- pow2 767) = - pow2 767) by (rewrite round_NE_opp, F; reflexivity).
assert (B : Rabs (IZR v * pow2 (-256)) <= pow2 767).
{ rewrite Rabs_mult, (Rabs_pos_eq (pow2 (-256))) by lra. change 767%Z with (1023 + -256)%Z. rewrite bpow_plus.
  apply Rmult_le_compat_r. lra. rewrite <- abs_IZR, <- IZR_Zpower by lia. apply IZR_le. change (Zpower radix2 1023) with (2^1023)%Z. lia. }
apply Rabs_le_inv in B. destruct B as [B1 B2]. apply rnd_mono in B1. apply rnd_mono in B2. rewrite G in B1. rewrite F in B2. lra.
Qed.
Lemma times_next : forall s v i : Z, IZR v * p2 (IZR (64 * i)) = IZR s ->
  IZR v * p2 (IZR (64 * (i + 1))) = IZR (18446744073709551616 * s).
Proof.
intros s v i H. rewrite (mult_IZR 18446744073709551616), <- H, !p2_IZR. replace (64 * (i + 1))%Z with (64 + 64 * i)%Z by ring. rewrite bpow_plus.
change (pow2 64) with 18446744073709551616. ring.
Qed.
Lemma spread_one : forall m : Z, IZR (18446744073709551616 * m) * p2 0 + 0 * p2 64 = IZR m * p2 64 /\ 0 * p2 64 < p2 0.
Proof. intros m. rewrite p2_0, (p2_IZR 64), mult_IZR. change (pow2 64) with 18446744073709551616. split; lra. Qed.
Lemma spread_more : forall t m b l u d e : Z, IZR m * p2 (IZR (64 * t)) = IZR d -> IZR b * p2 (IZR (64 * (t - 1))) = IZR e ->
  1 * p2 (IZR (64 * (t - 1))) = IZR u -> (0 <= l < u)%Z ->
  IZR (18446744073709551616 * m + b) * p2 (IZR (64 * t)) + IZR l * p2 64 = IZR (l + e + d) * p2 64 /\
  IZR l * p2 64 < p2 (IZR (64 * t)).
Proof.
intros t m b l u d e D E U [_ L]. apply IZR_lt in L. rewrite (plus_IZR (l + e)), (plus_IZR l), plus_IZR, (mult_IZR 18446744073709551616), <- D, <- E. rewrite <- U in L. rewrite (p2_IZR 64).
assert (T : p2 (IZR (64 * t)) = 18446744073709551616 * p2 (IZR (64 * (t - 1)))).
{ rewrite !p2_IZR. replace (64 * t)%Z with (64 + 64 * (t - 1))%Z by ring. rewrite bpow_plus. reflexivity. }
change (pow2 64) with 18446744073709551616. rewrite T. split; lra.
Qed.
Lemma product_range : forall f v a b c : R, f <= a -> v <= b -> - a <= f -> - b <= v -> a * b <= c -> f * v <= c /\ - c <= f * v.
Proof.
intros f v a b c F V F' V' C. assert (B : Rabs (f * v) <= c).
{ rewrite Rabs_mult. apply Rle_trans with (2 := C). apply Rmult_le_compat; try apply Rabs_pos; apply Rabs_le; lra. }
apply Rabs_le_inv in B. tauto.
Qed.
Lemma double_exact : forall d, rnd d = d -> rnd (2 * d) = 2 * d.
Proof.
intros d F. apply fmt_to. destruct (FLT_format_generic radix2 (-1074) 53 d (fmt_of d F)) as [[n e] Hd Hn He].
simpl in Hn, He. rewrite Hd. unfold F2R. cbn [Fnum Fexp].
replace (2 * (IZR n * pow2 e)) with (IZR n * pow2 (1 + e)). 2:{ rewrite bpow_plus. change (pow2 1) with 2. ring. }
apply format64_scaled; [|lia]. change (2^53)%Z with (Zpower radix2 53). simpl in *; lia.
Qed.

(* log-sum-exp *)
Lemma p2_normal : p2 (-1022) <= 1 / 1461501637330902918203684832716283019655932542976 /\ 1 < p2 1023.
Proof.
rewrite (p2_IZR (-1022)), (p2_IZR 1023). split.
- replace (1 / 1461501637330902918203684832716283019655932542976) with (pow2 (-160)). apply bpow_le. lia.
  change (pow2 (-160)) with (/ IZR (Zpower_pos 2 160)). unfold Rdiv. rewrite Rmult_1_l. do 2 f_equal.
- change 1 with (pow2 0). apply bpow_lt. lia.
Qed.
Lemma pow2_160 : pow2 (-160) = 1 / 1461501637330902918203684832716283019655932542976.
Proof. change (pow2 (-160)) with (/ IZR (Zpower_pos 2 160)). unfold Rdiv. rewrite Rmult_1_l. do 2 f_equal. Qed.
Lemma p2_range : forall e : Z, 1 / 1461501637330902918203684832716283019655932542976 < p2 (IZR e) <= 2 -> (-160 <= e <= 1)%Z.
Proof.
intros e [L U]. rewrite p2_IZR, <- pow2_160 in *. apply lt_bpow in L. change 2 with (pow2 1) in U. apply le_bpow in U. lia.
Qed.
Lemma p2_unit : forall u : Z, (-210 <= u <= -49)%Z -> pow2 (-210) <= p2 (IZR u) <= pow2 (-49).
Proof. intros u H. rewrite p2_IZR. split; apply bpow_le; lia. Qed.
Lemma six_exact : forall e : Z, (-160 <= e <= 1)%Z ->
  rnd (6 * p2 (IZR e)) = 6 * p2 (IZR e) /\ is_grid (6 * p2 (IZR e)) /\ 0 < p2 (IZR e).
Proof.
intros e H. rewrite p2_IZR. repeat split.
- apply fmt_to. apply (format64_scaled 6 e); lia.
- exists e. rewrite p2_IZR. repeat split; lia || reflexivity.
- apply bpow_gt_0.
Qed.
Lemma quant_positive : forall big v, is_grid big -> 0 <= v -> 0 <= rnd (v + big) - big.
Proof.
intros big v H Hv. destruct (grid_inv big H) as (E & HE & -> & _).
assert (F : rnd (6 * pow2 E) = 6 * pow2 E) by (apply fmt_to, (format64_scaled 6 E); lia).
assert (M := rnd_mono (6 * pow2 E) (v + 6 * pow2 E) ltac:(lra)). lra.
Qed.
Lemma rnd_again : forall x, rnd (rnd x) = rnd x.
Proof. intros. apply fmt_to, generic_format_round; auto with typeclass_instances. Qed.
Lemma product_grows : forall a b w, 0 <= a <= b -> 0 <= w -> 0 <= a * w <= b * w.
Proof. intros. split; nra. Qed.
