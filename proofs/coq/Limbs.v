(* SPDX-License-Identifier: Apache-2.0 *)
(* T11: the parameter-gradient accumulator. 1024-bit two's complement numbers in 16 limbs of 64 bits, the C code's carry
   chain, its sign-extended shifted term, and the byte form. Everything is exact modulo 2^1024. *)
From Coq Require Import ZArith List Permutation Lia.
Import ListNotations.
Open Scope Z_scope.

Definition base : Z := 2 ^ 64.
Definition LIMBS : nat := 16.
Fixpoint value (l : list Z) : Z := match l with [] => 0 | x :: r => x + base * value r end.
Definition limbs_ok (l : list Z) : Prop := Forall (fun x => 0 <= x < base) l.
Definition bit (b : bool) : Z := if b then 1 else 0.

Lemma base_pos : 1 < base. Proof. reflexivity. Qed.
Global Opaque base.

Lemma value_range : forall l, limbs_ok l -> 0 <= value l < base ^ Z.of_nat (length l).
Proof.
assert (B := base_pos). induction 1 as [|x l Hx Hl IH]; [simpl; lia|].
cbn [value length]. rewrite Nat2Z.inj_succ, Z.pow_succ_r by lia. nia.
Qed.
(* canonical limbs are determined by their value *)
Theorem value_inj : forall l r, limbs_ok l -> limbs_ok r -> length l = length r -> value l = value r -> l = r.
Proof.
assert (B := base_pos). induction l as [|x l IH]; intros [|y r] Hl Hr E V; try easy.
inversion Hl; inversion Hr; subst. cbn [value length] in *.
assert (X : x = y).
{ assert (Mx : (x + base * value l) mod base = x) by (rewrite Z.mul_comm, Z.mod_add, Z.mod_small; lia).
  assert (My : (y + base * value r) mod base = y) by (rewrite Z.mul_comm, Z.mod_add, Z.mod_small; lia).
  rewrite <- Mx, <- My. now rewrite V. }
subst y. f_equal. apply IH; trivial. lia. nia.
Qed.

(* the carry chain as written in C: sum = a + b; overflow = sum < b; r = sum + carry; carry = overflow | (r < carry) *)
Fixpoint addc (carry : Z) (l r : list Z) : list Z :=
  match l, r with
  | a :: l', b :: r' =>
      let s := (a + b) mod base in
      let o := bit (s <? b) in
      let t := (s + carry) mod base in
      t :: addc (Z.lor o (bit (t <? carry))) l' r'
  | _, _ => [] end.

Lemma limb_step : forall a b c, 0 <= a < base -> 0 <= b < base -> 0 <= c <= 1 ->
  let s := (a + b) mod base in let t := (s + c) mod base in let o := Z.lor (bit (s <? b)) (bit (t <? c)) in
  0 <= t < base /\ 0 <= o <= 1 /\ a + b + c = t + base * o.
Proof.
intros a b c Ha Hb Hc. assert (B := base_pos). cbv zeta.
assert (S : (a + b) mod base = a + b /\ a + b < base \/ (a + b) mod base = a + b - base /\ base <= a + b).
{ destruct (Z_lt_le_dec (a + b) base). left. rewrite Z.mod_small; lia.
  right. split; trivial. rewrite <- (Z.mod_add (a + b) (-1)) by lia. rewrite Z.mod_small; lia. }
set (s := (a + b) mod base) in *.
assert (T : (s + c) mod base = s + c /\ s + c < base \/ (s + c) mod base = 0 /\ s + c = base).
{ assert (0 <= s < base) by lia. destruct (Z_lt_le_dec (s + c) base). left. rewrite Z.mod_small; lia.
  right. assert (E : s + c = base) by lia. split; trivial. rewrite E. apply Z.mod_same. lia. }
set (t := (s + c) mod base) in *.
destruct (Z.ltb_spec s b), (Z.ltb_spec t c); cbn [bit Z.lor]; lia.
Qed.

Lemma addc_length : forall l r c, length l = length r -> length (addc c l r) = length l.
Proof. induction l; intros [|b r] c E; simpl in *; try easy. now rewrite IHl by lia. Qed.

(* T11a: addition is exact modulo 2^(64 n) *)
Theorem addc_exact : forall l r c, limbs_ok l -> limbs_ok r -> length l = length r -> 0 <= c <= 1 ->
  limbs_ok (addc c l r) /\ value (addc c l r) = (value l + value r + c) mod base ^ Z.of_nat (length l).
Proof.
assert (B := base_pos).
assert (G : forall l r c, limbs_ok l -> limbs_ok r -> length l = length r -> 0 <= c <= 1 ->
  limbs_ok (addc c l r) /\ exists o, value l + value r + c = value (addc c l r) + base ^ Z.of_nat (length l) * o).
{ induction l as [|a l IH]; intros [|b r] c Hl Hr E Hc; try easy.
  - split. constructor. exists c. cbn [value addc length]. rewrite Z.pow_0_r. lia.
  - inversion Hl; inversion Hr; subst. cbn [addc].
    destruct (limb_step a b c ltac:(lia) ltac:(lia) Hc) as (T & O & V). cbv zeta in *.
    set (t := ((a + b) mod base + c) mod base) in *. set (o := Z.lor _ _) in *.
    destruct (IH r o) as (K & o' & V'); trivial. simpl in E; lia.
    split. now constructor. exists o'. cbn [value length].
    rewrite Nat2Z.inj_succ, Z.pow_succ_r by lia. rewrite <- Z.mul_assoc.
    replace (a + base * value l + (b + base * value r) + c) with (a + b + c + base * (value l + value r)) by ring.
    rewrite V. replace (t + base * o + base * (value l + value r)) with (t + base * (value l + value r + o)) by ring.
    rewrite V'. ring. }
intros l r c Hl Hr E Hc. destruct (G l r c Hl Hr E Hc) as (K & o & V). split; trivial.
rewrite V, Z.mul_comm, Z.mod_add by (apply Z.pow_nonzero; lia).
rewrite Z.mod_small; trivial. rewrite <- (addc_length l r c E). now apply value_range.
Qed.

Definition merge (l r : list Z) : list Z := addc 0 l r.
Definition acc_ok (l : list Z) : Prop := limbs_ok l /\ length l = LIMBS.
Definition modulus : Z := base ^ Z.of_nat LIMBS.
Lemma modulus_1024 : modulus = 2 ^ 1024. Proof. vm_compute. reflexivity. Qed.

Lemma merge_ok : forall l r, acc_ok l -> acc_ok r -> acc_ok (merge l r) /\ value (merge l r) = (value l + value r) mod modulus.
Proof.
intros l r [Hl El] [Hr Er]. destruct (addc_exact l r 0) as [O V]; trivial; try lia.
split. split; trivial. unfold merge. rewrite addc_length; congruence.
unfold merge, modulus. rewrite V, El. f_equal. lia.
Qed.
Lemma acc_eq : forall l r, acc_ok l -> acc_ok r -> value l = value r -> l = r.
Proof. intros l r [Hl El] [Hr Er]. apply value_inj; trivial. congruence. Qed.

(* T11b: merging is commutative and associative, bit for bit *)
Theorem merge_comm : forall l r, acc_ok l -> acc_ok r -> merge l r = merge r l.
Proof.
intros l r Hl Hr. destruct (merge_ok l r Hl Hr) as [O V], (merge_ok r l Hr Hl) as [O' V'].
apply acc_eq; trivial. rewrite V, V'. f_equal. lia.
Qed.
Theorem merge_assoc : forall l m r, acc_ok l -> acc_ok m -> acc_ok r -> merge (merge l m) r = merge l (merge m r).
Proof.
intros l m r Hl Hm Hr. destruct (merge_ok l m Hl Hm) as [O1 V1], (merge_ok m r Hm Hr) as [O2 V2].
destruct (merge_ok _ r O1 Hr) as [O3 V3], (merge_ok l _ Hl O2) as [O4 V4].
apply acc_eq; trivial. rewrite V3, V4, V1, V2.
rewrite Z.add_mod_idemp_l, Z.add_mod_idemp_r by (apply Z.pow_nonzero; generalize base_pos; lia). f_equal. lia.
Qed.

(* two's complement reading; exact as long as the true sum fits *)
Definition signed (l : list Z) : Z := if value l <? modulus / 2 then value l else value l - modulus.
Theorem signed_exact : forall l z, acc_ok l -> value l = z mod modulus -> - (modulus / 2) <= z < modulus / 2 -> signed l = z.
Proof.
intros l z _ V H. unfold signed. rewrite V.
assert (E : modulus = 2 * (modulus / 2)) by (vm_compute; reflexivity).
assert (P : 0 < modulus / 2) by (vm_compute; reflexivity).
revert E H P. generalize (modulus / 2). intros h E H P. rewrite E.
destruct (Z_lt_le_dec z 0) as [N|N].
- replace (z mod (2 * h)) with (z + 2 * h).
  2: { rewrite <- (Z.mod_add z 1) by lia. rewrite Z.mod_small; lia. }
  destruct (Z.ltb_spec (z + 2 * h) h); lia.
- rewrite Z.mod_small by lia. destruct (Z.ltb_spec z h); lia.
Qed.

