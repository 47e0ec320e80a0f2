(* SPDX-License-Identifier: Apache-2.0 *)
(* The lemmas of specs/logic that SMT cannot prove, in the form Why3 prints them after unfolding (proofs/wp/tie.py
   checks each printed goal against them). Meaning given to the logic symbols: rnd64 and rnd32 = Flocq's rounding to
   nearest even, p2 k = 2^floor k. *)
From Coq Require Import Reals ZArith Lia Lra Psatz.
From Flocq Require Import Core Relative.
From MultiMax Require Import Float64 ExpKernel Primitives FloorQuant.
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
Lemma exp_k_whole : forall z, -110 <= z <= 0 -> whole (exp_k z).
Proof. intros z H. destruct (k_int z H) as (k & -> & B). exists k. repeat split; lia. Qed.
Lemma exp_r_small : forall z, rnd z = z -> -110 <= z <= 0 -> (-1733/5000 <= exp_r z <= 1733/5000).
Proof.
intros z F H. destruct (reduction z (fmt_of z F) H) as [R _]. apply Rabs_le_inv in R. lra.
Qed.
Lemma exp_scale : forall k, whole k -> 0 < p2 k <= 1.
Proof.
intros k (i & (E & U) & L). subst k. unfold p2. rewrite Zfloor_IZR. split; [apply bpow_gt_0|].
change 1 with (pow2 0). apply bpow_le. lia.
Qed.
Lemma exp_hat_unit : forall z, rnd z = z -> -110 <= z <= 0 ->
  1 / 1461501637330902918203684832716283019655932542976 <= exp_hat z <= 1.
Proof.
intros z F H. assert (R := exp_hat_range z (fmt_of z F) H).
assert (P : pow2 (-160) = 1 / 1461501637330902918203684832716283019655932542976).
{ change (pow2 (-160)) with (/ IZR (Zpower_pos 2 160)). unfold Rdiv. rewrite Rmult_1_l. do 2 f_equal. }
rewrite <- P. exact R.
Qed.
Lemma exp_hat_close : forall z, rnd z = z -> -110 <= z <= 0 ->
  exp z + (-1) / 17179869184 * exp z <= exp_hat z <= exp z + 1 / 17179869184 * exp z.
Proof.
intros z F H. assert (C := exp_hat_34 z (fmt_of z F) H).
assert (P : pow2 (-34) = 1 / 17179869184) by (simpl; lra). rewrite P in C. apply Rabs_le_inv in C. lra.
Qed.
Lemma exp_hat_apart : forall y z, rnd y = y -> rnd z = z -> -110 <= y <= 0 -> -110 <= z <= 0 ->
  1 / 8589934592 + y <= z -> exp_hat y <= exp_hat z.
Proof.
intros y z Fy Fz Hy Hz H. apply exp_hat_monotone_apart; auto using fmt_of. lra.
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
Lemma exp_hat_near : forall y z, rnd y = y -> rnd z = z -> -110 <= y <= 0 -> -110 <= z <= 0 -> y <= z ->
  exp_hat y <= 3 / 2 * exp_hat z.
Proof.
intros y z Fy Fz Hy Hz M. assert (Cy := exp_hat_close y Fy Hy). assert (Cz := exp_hat_close z Fz Hz).
assert (I : exp y <= exp z). { destruct (Rle_lt_or_eq_dec y z M) as [L|L]. apply Rlt_le, exp_increasing, L. rewrite L. lra. }
assert (P := exp_pos y). lra.
Qed.
Lemma product_grows : forall a b w, 0 <= a <= b -> 0 <= w -> 0 <= a * w <= b * w.
Proof. intros. split; nra. Qed.
