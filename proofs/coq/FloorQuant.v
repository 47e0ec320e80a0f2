(* SPDX-License-Identifier: Apache-2.0 *)
(* The floor quantiser of the gradient sums: a term y = a*b with |y| < 2 * 2^E is counted as floor(y / 2^(E-50)).
   Two computations, one value: round to nearest with a correction step (floor_step, as the C code does it on bit
   patterns), and fma in round-down mode onto an accumulator that stays in one binade. *)
From Coq Require Import Reals ZArith Psatz List Permutation Bool.
From Flocq Require Import Core IEEE754.Binary IEEE754.Bits.
From MultiMax Require Import Float64 Primitives.
Open Scope R_scope.

Definition grid (E : Z) : R := pow2 (E - 50).
Definition floor_q (E : Z) (y : R) : R := IZR (Zfloor (y / grid E)) * grid E.

Lemma grid_pos : forall E, 0 < grid E.
Proof. intros E. apply bpow_gt_0. Qed.

Lemma pow2_grid : forall E, pow2 E = IZR (2^50) * grid E.
Proof. intros E. unfold grid. change (IZR (2^50)) with (pow2 50). rewrite <- bpow_plus. f_equal. lia. Qed.

Theorem floor_q_bounds : forall E y, floor_q E y <= y < floor_q E y + grid E.
Proof.
intros E y. assert (P := grid_pos E). unfold floor_q.
assert (L := Zfloor_lb (y / grid E)). assert (U := Zfloor_ub (y / grid E)).
assert (D : y = y / grid E * grid E) by (field; lra).
rewrite D at 2 3. split; nra.
Qed.

(* a value in the binade [2^(E+2), 2^(E+3)) rounds on the grid 2^(E-50) *)
Lemma round_binade : forall (mode : R -> Z) E v, (-1000 <= E)%Z -> 4 * pow2 E <= v < 8 * pow2 E ->
  round radix2 fexp64 mode v = IZR (mode (v / grid E)) * grid E.
Proof.
intros mode E v HE Hv.
assert (C : cexp radix2 fexp64 v = (E - 50)%Z).
{ unfold cexp. rewrite (mag_unique_pos radix2 v (E + 3)).
  - unfold FLT_exp. lia.
  - replace (E + 3 - 1)%Z with (2 + E)%Z by lia. replace (E + 3)%Z with (3 + E)%Z by lia.
    rewrite !bpow_plus. exact Hv. }
unfold round, scaled_mantissa, Defs.F2R. rewrite C. simpl Defs.Fnum. simpl Defs.Fexp. fold (grid E).
f_equal. f_equal. f_equal. rewrite bpow_opp. reflexivity.
Qed.

Lemma nearest_floor : forall x, ZnearestE x = Zfloor x \/ ZnearestE x = (Zfloor x + 1)%Z.
Proof.
intros x. destruct (Znearest_DN_or_UP (fun t => negb (Z.even t)) x) as [->| ->]. now left.
destruct (Req_dec (IZR (Zfloor x)) x) as [H|H].
left. rewrite <- H at 1. now rewrite Zceil_IZR.
right. now apply Zceil_floor_neq.
Qed.

Lemma Zfloor_shift : forall x n, Zfloor (x + IZR n) = (Zfloor x + n)%Z.
Proof.
intros x n. apply Zfloor_imp. rewrite !plus_IZR.
assert (L := Zfloor_lb x). assert (U := Zfloor_ub x). simpl. lra.
Qed.

(* P5: t = RN(y + M) minus M is floor(y) on the grid or the next grid point, and exact *)
Theorem nearest_minus : forall E y, (-900 <= E <= 1000)%Z -> -2 * pow2 E <= y < 2 * pow2 E ->
  exists n, sub (rnd (y + 6 * pow2 E)) (6 * pow2 E) = IZR n * grid E /\
    rnd (y + 6 * pow2 E) = 6 * pow2 E + IZR n * grid E /\
    (n = Zfloor (y / grid E) \/ n = Zfloor (y / grid E) + 1)%Z /\ Rabs (y / grid E - IZR n) <= / 2.
Proof.
intros E y HE Hy. assert (P := grid_pos E). assert (G := pow2_grid E).
set (x := y / grid E).
assert (S : (y + 6 * pow2 E) / grid E = x + IZR (6 * 2^50)).
{ rewrite G, mult_IZR. unfold x. field. lra. }
assert (Ex : y = x * grid E) by (unfold x; field; lra).
assert (Bx : - IZR (2^51) <= x < IZR (2^51)).
{ change (IZR (2^51)) with (2 * IZR (2^50)).
  split; [apply Rmult_le_reg_r with (1 := P) | apply Rmult_lt_reg_r with (1 := P)]; rewrite <- Ex; lra. }
assert (Bf : (- 2^51 <= Zfloor x < 2^51)%Z).
{ split. apply Zfloor_lub. rewrite opp_IZR. apply Bx.
  apply lt_IZR. eapply Rle_lt_trans. apply Zfloor_lb. apply Bx. }
set (m := ZnearestE (x + IZR (6 * 2^50))).
exists (m - 6 * 2^50)%Z.
assert (Hm : (m = Zfloor x + 6 * 2^50 \/ m = Zfloor x + 1 + 6 * 2^50)%Z).
{ unfold m. destruct (nearest_floor (x + IZR (6 * 2^50))) as [->| ->]; rewrite Zfloor_shift; lia. }
assert (V : rnd (y + 6 * pow2 E) = 6 * pow2 E + IZR (m - 6 * 2 ^ 50) * grid E).
{ rewrite (round_binade ZnearestE E) by (lia || lra). rewrite S. fold m.
  rewrite minus_IZR, mult_IZR, G. ring. }
split; [|split; [exact V|split; [lia|]]].
2: { generalize (Znearest_half (fun t => negb (Z.even t)) (x + IZR (6 * 2^50))). fold m.
  rewrite minus_IZR. fold x. intros H.
  replace (x - (IZR m - IZR (6 * 2^50))) with (x + IZR (6 * 2^50) - IZR m) by ring. exact H. }
rewrite V. unfold sub. replace (6 * pow2 E + IZR (m - 6 * 2 ^ 50) * grid E - 6 * pow2 E)
  with (IZR (m - 6 * 2^50) * grid E) by ring.
apply round_generic; [auto with typeclass_instances|]. apply format64_scaled; lia.
Qed.

(* fma(a, b, c) as a real is below 0 exactly when a*b + c is, if a*b + c is a multiple of 2^-1074 *)
Lemma round_sign : forall v e n, v = IZR n * pow2 e -> (-1074 <= e)%Z -> (rnd v < 0 <-> v < 0).
Proof.
intros v e n Hv He. assert (P := bpow_gt_0 radix2 e). split; intros H.
- apply Rnot_le_lt. intros C. apply (Rlt_not_le _ _ H).
  rewrite <- (round_0 radix2 fexp64 ZnearestE). apply round_le; auto with typeclass_instances.
- assert (Hn : (n <= -1)%Z).
  { assert (n < 0)%Z; [|lia]. apply lt_IZR. rewrite Hv in H. nra. }
  apply IZR_le in Hn.
  apply Rle_lt_trans with (- pow2 e); [|lra].
  rewrite <- (round_generic radix2 fexp64 ZnearestE (- pow2 e)).
  + apply round_le; auto with typeclass_instances. rewrite Hv. nra.
  + apply generic_format_opp, generic_format_bpow. unfold FLT_exp. lia.
Qed.

Lemma format64_multiple : forall a, format64 a -> exists n, a = IZR n * pow2 (mag radix2 a - 53).
Proof.
intros a Fa. unfold generic_format in Fa. set (m := Ztrunc _) in Fa. set (e := cexp radix2 fexp64 a) in Fa.
assert (He : (mag radix2 a - 53 <= e)%Z) by (unfold e, cexp, FLT_exp; lia).
exists (m * 2^(e - (mag radix2 a - 53)))%Z. rewrite Fa at 1. unfold Defs.F2R. simpl Defs.Fnum. simpl Defs.Fexp.
rewrite mult_IZR. change 2%Z with (radix_val radix2). rewrite IZR_Zpower by lia.
rewrite Rmult_assoc, <- bpow_plus. f_equal. f_equal. lia.
Qed.

Lemma multiple_lower : forall n e f, (f <= e)%Z -> exists m, IZR n * pow2 e = IZR m * pow2 f.
Proof.
intros n e f H. exists (n * 2^(e - f))%Z. rewrite mult_IZR. change 2%Z with (radix_val radix2).
rewrite IZR_Zpower by lia. rewrite Rmult_assoc, <- bpow_plus. f_equal. f_equal. lia.
Qed.

(* the residual a*b - k*grid of a product that is not tiny can be computed without underflow *)
Lemma residual_multiple : forall E a b k, (-900 <= E)%Z -> format64 a -> format64 b -> grid E / 2 <= Rabs (a * b) ->
  exists n, a * b - IZR k * grid E = IZR n * pow2 (-1074).
Proof.
intros E a b k HE Fa Fb H.
assert (Ha : a <> 0). { intros ->. rewrite Rmult_0_l, Rabs_R0 in H. assert (P := grid_pos E). lra. }
assert (Hb : b <> 0). { intros ->. rewrite Rmult_0_r, Rabs_R0 in H. assert (P := grid_pos E). lra. }
assert (L : (E - 51 < mag radix2 a + mag radix2 b)%Z).
{ apply (lt_bpow radix2). apply Rle_lt_trans with (Rabs (a * b)).
  replace (pow2 (E - 51)) with (grid E / 2). exact H.
  unfold grid. replace (E - 50)%Z with (E - 51 + 1)%Z by lia. rewrite bpow_plus. simpl (pow2 1). lra.
  rewrite Rabs_mult, bpow_plus. apply Rmult_lt_compat; try apply Rabs_pos; apply bpow_mag_gt. }
destruct (format64_multiple a Fa) as [na Ea]. destruct (format64_multiple b Fb) as [nb Eb].
set (ma := mag radix2 a : Z) in *. set (mb := mag radix2 b : Z) in *.
destruct (multiple_lower (na * nb) (ma - 53 + (mb - 53)) (-1074)) as [n1 E1]. lia.
destruct (multiple_lower k (E - 50) (-1074)) as [n2 E2]. lia.
exists (n1 - n2)%Z. rewrite minus_IZR, Rmult_minus_distr_r, <- E1, <- E2. unfold grid. f_equal.
rewrite Ea, Eb, mult_IZR, bpow_plus. ring.
Qed.

(* P5: the C function on bit patterns; c is 6 * 2^E *)
Definition floor_step (c a b : binary64) : Z :=
  let t := b64_fma NE a b c in
  let q := (bits_of_b64 t - bits_of_b64 c)%Z in
  let nearest := sub (B2R64 t) (B2R64 c) in
  if Req_bool nearest 0 then
    if (Rlt_bool (B2R64 a) 0 && Rlt_bool 0 (B2R64 b)) || (Rlt_bool 0 (B2R64 a) && Rlt_bool (B2R64 b) 0)
    then (-1)%Z else q
  else if Rlt_bool (fma (B2R64 a) (B2R64 b) (- nearest)) 0 then (q - 1)%Z else q.

Lemma opposite_signs : forall a b,
  (Rlt_bool a 0 && Rlt_bool 0 b) || (Rlt_bool 0 a && Rlt_bool b 0) = Rlt_bool (a * b) 0.
Proof.
intros a b.
destruct (Rlt_bool_spec a 0), (Rlt_bool_spec 0 b), (Rlt_bool_spec 0 a), (Rlt_bool_spec b 0), (Rlt_bool_spec (a * b) 0);
  simpl; try reflexivity; exfalso; nra.
Qed.

Theorem floor_step_exact : forall E (c a b : binary64), (-900 <= E <= 1000)%Z ->
  fin64 c = true -> B2R64 c = 6 * pow2 E -> fin64 a = true -> fin64 b = true ->
  Rabs (B2R64 a * B2R64 b) < 2 * pow2 E ->
  floor_step c a b = Zfloor (B2R64 a * B2R64 b / grid E).
Proof.
intros E c a b HE Fc Vc Fa Fb Hy. unfold floor_step. rewrite opposite_signs.
assert (FFa := generic_format_B2R 53 1024 a). assert (FFb := generic_format_B2R 53 1024 b).
change (SpecFloat.fexp 53 1024) with (FLT_exp (-1074) 53) in FFa, FFb.
destruct (fma_spec a b c Fa Fb Fc) as [Ft Vt].
{ rewrite Vc. apply sum_range_finite; [exact HE | lra]. }
assert (Rt : 4 * pow2 E <= B2R64 (b64_fma NE a b c) <= 8 * pow2 E).
{ rewrite Vt, Vc. apply sum_range; [exact HE | lra]. }
assert (D := bits_diff E c _ HE Fc Vc Ft Rt). fold (grid E) in D.
revert D. generalize (bits_of_b64 (b64_fma NE a b c) - bits_of_b64 c)%Z. intros q D.
rewrite Vt, Vc. unfold fma at 1. rewrite Vt in D. unfold fma in D at 1. rewrite Vc in D. clear Vt Ft Rt.
revert FFa FFb Hy D. generalize (B2R64 a) (B2R64 b). clear -HE. intros a b Fa Fb Hy D.
assert (P := grid_pos E). apply Rabs_lt_inv in Hy.
destruct (nearest_minus E (a * b) HE ltac:(lra)) as (n & N1 & N2 & N3 & N4).
change (fma a b (6 * pow2 E)) with (rnd (a * b + 6 * pow2 E)). rewrite N1.
assert (q = n) as ->.
{ apply eq_IZR, Rmult_eq_reg_r with (grid E); lra. }
clear N1 N2 D. set (x := a * b / grid E) in *. assert (Ex : a * b = x * grid E) by (unfold x; field; lra).
assert (L := Zfloor_lb x). assert (U := Zfloor_ub x).
assert (Hneg : a * b < 0 <-> x < 0) by (rewrite Ex; split; nra).
destruct (Req_bool_spec (IZR n * grid E) 0) as [Z|NZ].
- assert (n = 0)%Z as -> by (apply eq_IZR; nra).
  destruct (Rlt_bool_spec (a * b) 0) as [H|H].
  + assert (Zfloor x < 0)%Z by (apply lt_IZR; apply Hneg in H; lra). lia.
  + assert (-1 < Zfloor x)%Z; [|lia]. apply lt_IZR. assert (0 <= x); [|lra].
    apply Rnot_lt_le. intros C. apply Hneg in C. lra.
- assert (Hn : 1 <= Rabs (IZR n)).
  { rewrite <- abs_IZR. apply IZR_le. assert (n <> 0)%Z by (intros ->; apply NZ; ring). lia. }
  destruct (residual_multiple E a b n) as [m Hm]; try assumption; try lia.
  { rewrite Ex, Rabs_mult, (Rabs_pos_eq (grid E)) by lra.
    assert (/ 2 <= Rabs x); [|nra]. revert N4 Hn. unfold Rabs. repeat destruct Rcase_abs; lra. }
  assert (S := round_sign (a * b - IZR n * grid E) (-1074) m Hm ltac:(lia)).
  unfold fma. replace (a * b + - (IZR n * grid E)) with (a * b - IZR n * grid E) by ring.
  assert (T : a * b - IZR n * grid E < 0 <-> x < IZR n) by (rewrite Ex; split; nra).
  destruct (Rlt_bool_spec (rnd (a * b - IZR n * grid E)) 0) as [H|H].
  + apply S, T in H. destruct N3 as [-> | ->]; [lra | lia].
  + assert (IZR n <= x). { apply Rnot_lt_le. intros C. apply T, S in C. lra. }
    destruct N3 as [-> | ->]; [reflexivity|]. exfalso. rewrite plus_IZR in *. lra.
Qed.

(* P5: the other computation, round-down onto an accumulator. It keeps to the binade [4, 8) * 2^E. *)
Theorem fma_down_step : forall E acc n y, (-900 <= E <= 1000)%Z -> acc = IZR n * grid E ->
  4 * pow2 E <= rnd_down (y + acc) < 8 * pow2 E -> rnd_down (y + acc) = acc + floor_q E y.
Proof.
intros E acc n y HE Ha H. assert (P := grid_pos E). assert (PE := bpow_gt_0 radix2 E).
assert (F8 : format64 (8 * pow2 E)) by (apply format64_scaled; lia).
assert (V : 4 * pow2 E <= y + acc < 8 * pow2 E).
{ split.
  - eapply Rle_trans. apply H. apply round_DN_pt. auto with typeclass_instances.
  - apply Rnot_le_lt. intros C. apply (Rlt_not_le _ _ (proj2 H)).
    rewrite <- (round_generic radix2 fexp64 Zfloor (8 * pow2 E)) by auto with typeclass_instances.
    apply round_le; auto with typeclass_instances. }
rewrite (round_binade Zfloor E) by (lia || exact V). unfold floor_q.
replace ((y + acc) / grid E) with (y / grid E + IZR n) by (rewrite Ha; field; lra).
rewrite Zfloor_shift, plus_IZR, Ha. ring.
Qed.

(* a whole sum in round-down mode, started at 6 * 2^E *)
Definition down_sum (E : Z) (ys : list R) : R := fold_left (fun acc y => rnd_down (y + acc)) ys (6 * pow2 E).
Definition step_count (E : Z) (ys : list R) : Z := fold_right (fun y s => (Zfloor (y / grid E) + s)%Z) 0%Z ys.
Definition abs_count (E : Z) (ys : list R) : Z := fold_right (fun y s => (Z.abs (Zfloor (y / grid E)) + s)%Z) 0%Z ys.

(* P5: it is 6 * 2^E plus the integer sum that floor_step counts, so both forms agree and no order matters *)
Theorem down_sum_exact : forall E ys, (-900 <= E <= 1000)%Z -> (abs_count E ys < 2^51)%Z ->
  down_sum E ys = 6 * pow2 E + IZR (step_count E ys) * grid E.
Proof.
intros E ys HE H. unfold down_sum.
assert (P := grid_pos E). assert (G := pow2_grid E).
assert (Gen : forall ys k, (Z.abs k + abs_count E ys < 2^51)%Z ->
  fold_left (fun acc y => rnd_down (y + acc)) ys (6 * pow2 E + IZR k * grid E)
  = 6 * pow2 E + IZR (k + step_count E ys) * grid E).
{ clear ys H. induction ys as [|y ys IH]; intros k Hk; cbn [fold_left step_count abs_count fold_right] in *.
  - now rewrite Z.add_0_r.
  - change (fold_right _ _ ys) with (abs_count E ys) in Hk. change (fold_right _ _ ys) with (step_count E ys).
    assert (A : (0 <= abs_count E ys)%Z).
    { clear. induction ys as [|y ys IH]; simpl; lia. }
    assert (S : rnd_down (y + (6 * pow2 E + IZR k * grid E)) = 6 * pow2 E + IZR (k + Zfloor (y / grid E)) * grid E).
    { assert (B : (Z.abs (k + Zfloor (y / grid E)) < 2^51)%Z) by lia.
      assert (Acc : 6 * pow2 E + IZR k * grid E = IZR (6 * 2^50 + k) * grid E) by (rewrite plus_IZR, mult_IZR, G; ring).
      assert (Fl := floor_q_bounds E y). unfold floor_q in Fl.
      assert (B1 : - IZR (2^51) < IZR (k + Zfloor (y / grid E)) < IZR (2^51)).
      { rewrite <- opp_IZR. split; apply IZR_lt; lia. }
      assert (B2 : IZR (k + Zfloor (y / grid E)) + 1 <= IZR (2^51)).
      { rewrite <- plus_IZR. apply IZR_le. lia. }
      rewrite plus_IZR in B1, B2. change (IZR (2^51)) with (2 * IZR (2^50)) in *.
      rewrite (round_binade Zfloor E).
      - rewrite Acc. replace ((y + IZR (6 * 2 ^ 50 + k) * grid E) / grid E) with (y / grid E + IZR (6 * 2^50 + k)) by (field; lra).
        rewrite Zfloor_shift, !plus_IZR, mult_IZR, G. ring.
      - lia.
      - rewrite G. nra. }
    rewrite S, IH by lia. f_equal. f_equal. f_equal. lia. }
specialize (Gen ys 0%Z). rewrite Rmult_0_l, Rplus_0_r in Gen. rewrite Gen by (simpl Z.abs; lia). reflexivity.
Qed.

Theorem step_count_perm : forall E xs ys, Permutation xs ys -> step_count E xs = step_count E ys.
Proof. intros E xs ys H. induction H; simpl; lia. Qed.

Corollary down_sum_perm : forall E xs ys, (-900 <= E <= 1000)%Z -> Permutation xs ys ->
  (abs_count E xs < 2^51)%Z -> down_sum E xs = down_sum E ys.
Proof.
intros E xs ys HE Hp H. assert (A : abs_count E ys = abs_count E xs).
{ clear -Hp. induction Hp; simpl; lia. }
rewrite !down_sum_exact by lia. now rewrite (step_count_perm E xs ys).
Qed.
