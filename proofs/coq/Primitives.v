(* SPDX-License-Identifier: Apache-2.0 *)
(* The trusted primitives on IEEE bit patterns (Flocq's binary64): 2^k from bits, k from the bits of the magic sum,
   plus and fma, and the quantiser q(c, e) = bits(e + c) - bits(c) with c = 6 * 2^E, grid 2^(E-50).
   |e| <= 2 * 2^E. Row sums use E = 0 (c = 6.0), sums over a row scale E with the data. *)
From Coq Require Import Reals ZArith Psatz List Bool.
From Flocq Require Import Core IEEE754.Binary IEEE754.Bits.
From MultiMax Require Import Float64.
Open Scope R_scope.

Notation B2R64 := (B2R 53 1024).
Notation fin64 := (is_finite 53 1024).
Notation NE := BinarySingleNaN.mode_NE.

(* P1: 2^k from the bits, all 2046 exponents by computation *)
Definition pow2_ok (k : Z) : bool :=
  match b64_of_bits ((k + 1023) * 2^52) with
  | B754_finite _ _ false m e _ => Zeq_bool (Zpos m) (2^52) && Zeq_bool e (k - 52)
  | _ => false end.
Lemma pow2_all : forallb pow2_ok (map (fun n => Z.of_nat n - 1022)%Z (seq 0 2046)) = true.
Proof. vm_compute. reflexivity. Qed.
Theorem pow2_bits : forall k : Z, (-1022 <= k <= 1023)%Z ->
  fin64 (b64_of_bits ((k + 1023) * 2^52)) = true /\ B2R64 (b64_of_bits ((k + 1023) * 2^52)) = pow2 k.
Proof.
intros k Hk.
assert (H : pow2_ok k = true).
{ apply (proj1 (forallb_forall _ _) pow2_all). apply in_map_iff. exists (Z.to_nat (k + 1022)).
  split. rewrite Z2Nat.id; lia. apply in_seq. lia. }
unfold pow2_ok in H. destruct (b64_of_bits ((k + 1023) * 2 ^ 52)) as [s|s|s pl Hpl|s m e Hb]; try discriminate.
destruct s; try discriminate. apply andb_prop in H. destruct H as [H1 H2].
apply Zeq_bool_eq in H1, H2. split. reflexivity.
unfold B2R, F2R. simpl Fnum. simpl Fexp. unfold cond_Zopp. rewrite H1, H2.
change (IZR (2^52)) with (IZR (radix2^52)). rewrite IZR_Zpower by lia. rewrite <- bpow_plus. f_equal. lia.
Qed.

(* P3: fma and plus round once, to nearest even, when the result does not overflow *)
Theorem fma_spec : forall x y z : binary64, fin64 x = true -> fin64 y = true -> fin64 z = true ->
  Rabs (rnd (B2R64 x * B2R64 y + B2R64 z)) < pow2 1024 ->
  fin64 (b64_fma NE x y z) = true /\ B2R64 (b64_fma NE x y z) = fma (B2R64 x) (B2R64 y) (B2R64 z).
Proof.
intros x y z Fx Fy Fz H.
generalize (Bfma_correct 53 1024 eq_refl eq_refl ternop_nan_pl64 NE x y z Fx Fy Fz). cbv zeta.
rewrite Rlt_bool_true by exact H. intros (A & B & _). split; assumption.
Qed.
Theorem plus_spec : forall x y : binary64, fin64 x = true -> fin64 y = true ->
  Rabs (rnd (B2R64 x + B2R64 y)) < pow2 1024 ->
  fin64 (b64_plus NE x y) = true /\ B2R64 (b64_plus NE x y) = add (B2R64 x) (B2R64 y).
Proof.
intros x y Fx Fy H.
generalize (Bplus_correct 53 1024 eq_refl eq_refl binop_nan_pl64 NE x y Fx Fy).
rewrite Rlt_bool_true by exact H. intros (A & B & _). split; assumption.
Qed.
(* the same fma in round-down mode *)
Theorem fma_down_spec : forall x y z : binary64, fin64 x = true -> fin64 y = true -> fin64 z = true ->
  Rabs (rnd_down (B2R64 x * B2R64 y + B2R64 z)) < pow2 1024 ->
  fin64 (b64_fma BinarySingleNaN.mode_DN x y z) = true /\
  B2R64 (b64_fma BinarySingleNaN.mode_DN x y z) = rnd_down (B2R64 x * B2R64 y + B2R64 z).
Proof.
intros x y z Fx Fy Fz H.
generalize (Bfma_correct 53 1024 eq_refl eq_refl ternop_nan_pl64 BinarySingleNaN.mode_DN x y z Fx Fy Fz). cbv zeta.
rewrite Rlt_bool_true by exact H. intros (A & B & _). split; assumption.
Qed.

(* within a closed binade the bit pattern is affine in the value: the top end 2^E has the next pattern in sequence *)
Lemma bits_binade : forall (x : binary64) E, (-1021 <= E <= 1023)%Z -> fin64 x = true ->
  pow2 (E-1) <= B2R64 x <= pow2 E ->
  B2R64 x = IZR (bits_of_b64 x - (E + 1021) * 2^52) * pow2 (E - 53).
Proof.
assert (Open : forall (x : binary64) E, (-1021 <= E <= 1024)%Z -> fin64 x = true ->
  pow2 (E-1) <= B2R64 x < pow2 E ->
  B2R64 x = IZR (bits_of_b64 x - (E + 1021) * 2^52) * pow2 (E - 53)).
{ intros x E HE Fx Hx.
assert (Hp := bpow_gt_0 radix2 (E-1)).
destruct x as [s|s|s pl Hpl|s m e Hb]; try discriminate.
- simpl in Hx. lra.
- assert (Hm : mag radix2 (B2R64 (B754_finite 53 1024 s m e Hb)) = E :> Z).
  { apply mag_unique_pos. exact Hx. }
  destruct s.
  { exfalso. unfold B2R in Hx. assert (F2R (Float radix2 (cond_Zopp true (Zpos m)) e) < 0). apply F2R_lt_0. reflexivity. lra. }
  assert (He : e = (E - 53)%Z).
  { unfold SpecFloat.bounded in Hb. generalize Hb. intros Hb'. apply andb_prop in Hb'. destruct Hb' as [Hb' _].
    assert (C := canonical_canonical_mantissa 53 1024 false m e Hb').
    unfold canonical in C. simpl Fexp in C. unfold B2R in Hm. unfold cexp in C. simpl cond_Zopp in *. rewrite Hm in C. rewrite C.
    unfold SpecFloat.fexp, SpecFloat.emin. lia. }
  assert (Hmm : (2^52 <= Zpos m)%Z).
  { apply le_IZR. change (IZR (2^52)) with (IZR (radix2^52)). rewrite IZR_Zpower by lia.
    apply Rmult_le_reg_r with (pow2 e). apply bpow_gt_0. rewrite <- bpow_plus. rewrite He at 1.
    replace (52 + (E - 53))%Z with (E-1)%Z by lia. apply Hx. }
  unfold bits_of_b64, bits_of_binary_float.
  rewrite Zle_bool_true by lia. unfold join_bits. rewrite Z.shiftl_mul_pow2 by lia.
  unfold B2R, F2R. simpl Fnum; simpl Fexp. f_equal. f_equal.
  unfold SpecFloat.emin. subst e. lia.
  now rewrite He. }
intros x E HE Fx Hx. destruct (Rle_lt_or_eq_dec _ _ (proj2 Hx)) as [L|T].
- apply Open; [lia | exact Fx | lra].
- assert (N : B2R64 x = IZR (bits_of_b64 x - (E + 1 + 1021) * 2^52) * pow2 (E + 1 - 53)).
  { apply Open; [lia | exact Fx |]. rewrite T. replace (E + 1 - 1)%Z with E by lia.
    split; [lra | apply bpow_lt; lia]. }
  rewrite N. rewrite T in N.
  assert (P : IZR (bits_of_b64 x - (E + 1 + 1021) * 2^52) = IZR (2^52)).
  { apply Rmult_eq_reg_r with (pow2 (E + 1 - 53)); [|apply Rgt_not_eq, bpow_gt_0].
    rewrite <- N. change (IZR (2^52)) with (pow2 52). rewrite <- bpow_plus. f_equal. lia. }
  apply eq_IZR in P. rewrite P.
  replace (bits_of_b64 x - (E + 1021) * 2^52)%Z with (2^53)%Z by lia.
  change (IZR (2^52)) with (pow2 52). change (IZR (2^53)) with (pow2 53). rewrite <- !bpow_plus. f_equal. lia.
Qed.

(* P2: the integer k sits in the low bits of s = 1.5 * 2^52 + k *)
Theorem magic_bits : forall (s c : binary64) (k : Z), fin64 s = true -> fin64 c = true ->
  B2R64 c = 3 * pow2 51 -> B2R64 s = IZR k + 3 * pow2 51 -> (- 2^51 <= k <= 2^51)%Z ->
  (bits_of_b64 s - bits_of_b64 c)%Z = k.
Proof.
intros s c k Fs Fc Vc Vs [L U]. apply IZR_le in L, U.
change (IZR (- 2^51)) with (- pow2 51) in L. change (IZR (2^51)) with (pow2 51) in U.
assert (Bs := bits_binade s 53 ltac:(lia) Fs). assert (Bc := bits_binade c 53 ltac:(lia) Fc).
rewrite Vs in Bs. rewrite Vc in Bc. simpl (53 - 53)%Z in *. simpl (53 - 1)%Z in *. simpl pow2 in *.
specialize (Bs ltac:(lra)). specialize (Bc ltac:(lra)).
apply eq_IZR. rewrite !minus_IZR in *. lra.
Qed.

Definition quant (c e : binary64) : Z := (bits_of_b64 (b64_plus NE e c) - bits_of_b64 c)%Z.

(* P4: c = 6 * 2^E and |e| <= 2 * 2^E: the sum stays in the closed binade [4, 8] * 2^E *)
Definition quant_pre (E : Z) (c e : binary64) : Prop :=
  (-900 <= E <= 1000)%Z /\ fin64 c = true /\ B2R64 c = 6 * pow2 E /\ fin64 e = true /\ Rabs (B2R64 e) <= 2 * pow2 E.

Lemma pow2_up : forall E n : Z, (0 <= n)%Z -> pow2 (E + n) = IZR (2 ^ n) * pow2 E.
Proof. intros E n Hn. rewrite bpow_plus, Rmult_comm. f_equal. symmetry. apply (IZR_Zpower radix2). exact Hn. Qed.

(* bit patterns t and c = 6 * 2^E in that binade differ by the number of grid steps between them *)
Lemma bits_diff : forall E (c t : binary64), (-900 <= E <= 1000)%Z ->
  fin64 c = true -> B2R64 c = 6 * pow2 E -> fin64 t = true -> 4 * pow2 E <= B2R64 t <= 8 * pow2 E ->
  IZR (bits_of_b64 t - bits_of_b64 c) * pow2 (E - 50) = B2R64 t - 6 * pow2 E.
Proof.
intros E c t HE Fc Vc Ft Ht. assert (P := bpow_gt_0 radix2 E).
assert (P2 := pow2_up E 2 ltac:(lia)). assert (P3 := pow2_up E 3 ltac:(lia)).
change (2 ^ 2)%Z with 4%Z in P2. change (2 ^ 3)%Z with 8%Z in P3.
assert (Bt := bits_binade t (E + 3) ltac:(lia) Ft).
assert (Bc := bits_binade c (E + 3) ltac:(lia) Fc).
rewrite Vc in Bc.
replace (E + 3 - 1)%Z with (E + 2)%Z in * by lia. replace (E + 3 - 53)%Z with (E - 50)%Z in * by lia.
rewrite P2, P3 in *. specialize (Bt ltac:(lra)). specialize (Bc ltac:(lra)).
rewrite !minus_IZR in *. lra.
Qed.

Lemma sum_range : forall E v, (-900 <= E <= 1000)%Z -> Rabs v <= 2 * pow2 E ->
  4 * pow2 E <= rnd (v + 6 * pow2 E) <= 8 * pow2 E.
Proof.
intros E v HE Hv. apply Rabs_le_inv in Hv.
assert (L : rnd (4 * pow2 E) = 4 * pow2 E) by (apply round_generic; [auto with typeclass_instances | apply format64_scaled; lia]).
assert (U : rnd (8 * pow2 E) = 8 * pow2 E) by (apply round_generic; [auto with typeclass_instances | apply format64_scaled; lia]).
split; [rewrite <- L at 1 | rewrite <- U]; apply round_le; auto with typeclass_instances; lra.
Qed.

Lemma sum_range_finite : forall E v, (-900 <= E <= 1000)%Z -> Rabs v <= 2 * pow2 E ->
  Rabs (rnd (v + 6 * pow2 E)) < pow2 1024.
Proof.
intros E v HE Hv. assert (P := bpow_gt_0 radix2 E). assert (R := sum_range E v HE Hv).
rewrite Rabs_pos_eq by lra. apply Rle_lt_trans with (1 := proj2 R).
change 8 with (IZR (2 ^ 3)). rewrite <- pow2_up by lia. apply bpow_lt. lia.
Qed.

Theorem quant_value : forall E c e, quant_pre E c e ->
  IZR (quant c e) * pow2 (E - 50) = rnd (B2R64 e + 6 * pow2 E) - 6 * pow2 E.
Proof.
intros E c e (HE & Fc & Vc & Fe & He).
destruct (plus_spec e c Fe Fc) as [Fs Vs]; [rewrite Vc; now apply sum_range_finite|].
unfold add in Vs. rewrite Vc in Vs.
unfold quant. rewrite (bits_diff E) by (trivial; rewrite Vs; now apply sum_range).
now rewrite Vs.
Qed.

Theorem quant_range : forall E c e, quant_pre E c e -> (Z.abs (quant c e) <= 2^51)%Z.
Proof.
intros E c e H. assert (Q := quant_value _ _ _ H). destruct H as (HE & Fc & Vc & Fe & He).
assert (R := sum_range E _ HE He).
assert (P : 0 < pow2 (E - 50)) by apply bpow_gt_0.
assert (PE : pow2 E = IZR (2^50) * pow2 (E - 50)).
{ change (IZR (2^50)) with (pow2 50). rewrite <- bpow_plus. f_equal. lia. }
apply Z.abs_le. split; apply le_IZR; apply Rmult_le_reg_r with (1 := P); rewrite Q.
change (IZR (- 2^51)) with (- (2 * IZR (2^50))). lra. change (IZR (2^51)) with (2 * IZR (2^50)). lra.
Qed.

Theorem quant_error : forall E c e, quant_pre E c e ->
  Rabs (IZR (quant c e) * pow2 (E - 50) - B2R64 e) <= pow2 (E - 51).
Proof.
intros E c e H. rewrite (quant_value _ _ _ H). destruct H as (HE & Fc & Vc & Fe & He).
assert (P := bpow_gt_0 radix2 E). apply Rabs_le_inv in He.
replace (rnd (B2R64 e + 6 * pow2 E) - 6 * pow2 E - B2R64 e)
   with (rnd (B2R64 e + 6 * pow2 E) - (B2R64 e + 6 * pow2 E)) by ring.
destruct (Rle_lt_or_eq_dec _ _ (proj2 He)) as [H|H].
- eapply Rle_trans. apply error_le_half_ulp; auto with typeclass_instances.
  rewrite ulp_neq_0 by lra. unfold cexp. rewrite (mag_unique_pos radix2 _ (E + 3)).
  + unfold FLT_exp. rewrite Z.max_l by lia. replace (E - 51)%Z with (-1 + (E + 3 - 53))%Z by lia.
    rewrite bpow_plus. apply Req_le. reflexivity.
  + replace (E + 3 - 1)%Z with (E + 2)%Z by lia. rewrite !pow2_up by lia.
    change (2 ^ 2)%Z with 4%Z. change (2 ^ 3)%Z with 8%Z. lra.
- rewrite H. replace (2 * pow2 E + 6 * pow2 E) with (8 * pow2 E) by ring.
  rewrite round_generic; [|auto with typeclass_instances|apply format64_scaled; lia].
  replace (8 * pow2 E - 8 * pow2 E) with 0 by ring. rewrite Rabs_R0. apply bpow_ge_0.
Qed.

(* exact on multiples of the grid: 2^50 at e = 2^E, 0 at 0 *)
Theorem quant_exact : forall E c e, quant_pre E c e -> forall n : Z, B2R64 e = IZR n * pow2 (E - 50) -> quant c e = n.
Proof.
intros E c e H n Hn. assert (Q := quant_value _ _ _ H). destruct H as (HE & Fc & Vc & Fe & He).
assert (P : 0 < pow2 (E - 50)) by apply bpow_gt_0.
assert (PE : pow2 E = IZR (2^50) * pow2 (E - 50)).
{ change (IZR (2^50)) with (pow2 50). rewrite <- bpow_plus. f_equal. lia. }
apply eq_IZR. apply Rmult_eq_reg_r with (pow2 (E - 50)); [|lra]. rewrite Q. clear Q.
apply Rabs_le_inv in He.
assert (B : (- 2^51 <= n <= 2^51)%Z).
{ split; apply le_IZR; apply Rmult_le_reg_r with (1 := P); rewrite <- Hn.
  change (IZR (- 2^51)) with (- (2 * IZR (2^50))). lra. change (IZR (2^51)) with (2 * IZR (2^50)). lra. }
replace (B2R64 e + 6 * pow2 E) with (IZR (n + 6 * 2^50) * pow2 (E - 50))
  by (rewrite Hn, plus_IZR, mult_IZR, PE; ring).
rewrite round_generic; [|auto with typeclass_instances|apply format64_scaled; lia].
rewrite plus_IZR, mult_IZR, PE. ring.
Qed.

Theorem quant_mono : forall E c e f, quant_pre E c e -> quant_pre E c f ->
  B2R64 e <= B2R64 f -> (quant c e <= quant c f)%Z.
Proof.
intros E c e f He Hf H. apply le_IZR.
apply Rmult_le_reg_r with (pow2 (E - 50)). apply bpow_gt_0.
rewrite !(quant_value E) by assumption. apply Rplus_le_compat_r. apply round_le; auto with typeclass_instances. lra.
Qed.

(* P4 for row sums: c = 6.0 = 0x4018000000000000 *)
Definition six : binary64 := b64_of_bits 4618441417868443648.
Theorem six_spec : fin64 six = true /\ B2R64 six = 6 * pow2 0 /\ bits_of_b64 six = 4618441417868443648%Z.
Proof.
split; [reflexivity|split]; [|vm_compute; reflexivity].
unfold six, b64_of_bits, binary_float_of_bits. rewrite B2R_FF2B. compute. lra.
Qed.
Theorem quant_row : forall e : binary64, fin64 e = true -> 0 <= B2R64 e <= 1 ->
  (0 <= quant six e <= 2^50)%Z /\ Rabs (IZR (quant six e) * pow2 (-50) - B2R64 e) <= pow2 (-51) /\
  (B2R64 e = 1 -> quant six e = (2^50)%Z).
Proof.
intros e Fe He. destruct six_spec as (F6 & V6 & _).
assert (Pre : forall x, fin64 x = true -> 0 <= B2R64 x <= 1 -> quant_pre 0 six x).
{ intros x Fx Hx. repeat split; try assumption; try lia. apply Rabs_le. simpl. lra. }
assert (X : forall n x, fin64 x = true -> 0 <= B2R64 x <= 1 -> B2R64 x = IZR n * pow2 (-50) -> quant six x = n).
{ intros n x Fx Bx Hx. now apply (quant_exact 0); [apply Pre|]. }
assert (Z0 : quant six (B754_zero 53 1024 false) = 0%Z).
{ apply X; [reflexivity | simpl; lra | simpl; lra]. }
destruct (pow2_bits 0 ltac:(lia)) as [F1 V1]. change (pow2 0) with 1 in V1. revert F1 V1.
generalize (b64_of_bits ((0 + 1023) * 2^52)). intros one F1 V1.
assert (X1 : quant six one = (2^50)%Z) by (apply X; rewrite ?V1; simpl; trivial; lra).
split; [|split].
- split; [rewrite <- Z0 | rewrite <- X1]; apply (quant_mono 0).
  apply Pre; [reflexivity | simpl; lra]. now apply Pre. simpl. lra.
  now apply Pre. apply Pre; [exact F1 | lra]. lra.
- apply (quant_error 0 six e). now apply Pre.
- intros H. apply X; trivial. rewrite H. simpl. lra.
Qed.
