(* SPDX-License-Identifier: Apache-2.0 *)
(* T11: one row's term v * 2^(64 word + s) enters the accumulator sign-extended from limb `word` on, as the C code adds it;
   any sequence of terms gives their exact sum modulo 2^1024; the byte form round-trips. *)
From Coq Require Import ZArith List Permutation Lia.
From MultiMax Require Import Limbs.
Import ListNotations.
Open Scope Z_scope.

Definition wrap (z : Z) : Z := z mod base.
Definition sign_limb (v : Z) : Z := if v <? 0 then base - 1 else 0.
Definition high_limb (v s : Z) : Z :=
  if s =? 0 then sign_limb v else Z.lor (wrap v / 2 ^ (64 - s)) (wrap (sign_limb v * 2 ^ s)).
Definition term (v s : Z) (n : nat) : list Z := firstn n (wrap (wrap v * 2 ^ s) :: high_limb v s :: repeat (sign_limb v) n).
Definition add_term (l : list Z) (v s : Z) (word : nat) : list Z :=
  firstn word l ++ addc 0 (skipn word l) (term v s (LIMBS - word)).

Lemma base_pow : base = 2 ^ 64. Proof. vm_compute. reflexivity. Qed.
Lemma base_split : forall s, 0 <= s <= 64 -> base = 2 ^ s * 2 ^ (64 - s).
Proof. intros s H. rewrite <- Z.pow_add_r, base_pow by lia. f_equal. lia. Qed.

Lemma lor_disjoint : forall a c s, 0 <= s -> 0 <= a < 2 ^ s -> Z.lor a (c * 2 ^ s) = a + c * 2 ^ s.
Proof.
intros a c s Hs Ha. assert (L : Z.land a (c * 2 ^ s) = 0).
{ apply Z.bits_inj'. intros n Hn. rewrite Z.land_spec, Z.bits_0. destruct (Z_lt_le_dec n s).
  - rewrite Z.mul_pow2_bits_low by lia. apply Bool.andb_false_r.
  - rewrite <- (Z.mod_small a (2 ^ s)) by lia. rewrite Z.mod_pow2_bits_high by lia. reflexivity. }
rewrite <- Z.lxor_lor by exact L. symmetry. now apply Z.add_nocarry_lxor.
Qed.

Lemma high_limb_value : forall v s, - 2 ^ 63 <= v < 2 ^ 63 -> 0 <= s < 64 ->
  0 <= high_limb v s < base /\
  wrap (wrap v * 2 ^ s) + base * high_limb v s = v * 2 ^ s + (if v <? 0 then base * base else 0).
Proof.
intros v s Hv Hs. assert (B := base_pos). assert (Bs := base_split s ltac:(lia)).
assert (B63 : base = 2 * 2 ^ 63) by (rewrite base_pow; reflexivity).
assert (Ps : 0 < 2 ^ s) by (apply Z.pow_pos_nonneg; lia).
assert (Pt : 0 < 2 ^ (64 - s)) by (apply Z.pow_pos_nonneg; lia).
set (W := wrap v). assert (HW : W = if v <? 0 then v + base else v).
{ unfold W, wrap. destruct (Z.ltb_spec v 0).
  rewrite <- (Z.mod_add v 1) by lia. rewrite Z.mod_small; lia. rewrite Z.mod_small; lia. }
assert (RW : 0 <= W < base) by (apply Z.mod_pos_bound; lia).
set (h := W / 2 ^ (64 - s)).
assert (Rh : 0 <= h < 2 ^ s).
{ split. apply Z.div_pos; lia. apply Z.div_lt_upper_bound; lia. }
assert (E : wrap (W * 2 ^ s) + base * h = W * 2 ^ s).
{ unfold wrap, h. assert (D : W / 2 ^ (64 - s) = W * 2 ^ s / base).
  { rewrite Bs, (Z.mul_comm (2 ^ s) (2 ^ (64 - s))). symmetry. apply Z.div_mul_cancel_r; lia. }
  rewrite D. generalize (Z.div_mod (W * 2 ^ s) base ltac:(lia)). lia. }
assert (H : high_limb v s = h + (if v <? 0 then base - 2 ^ s else 0)).
{ unfold high_limb. fold W h. destruct (Z.eqb_spec s 0) as [->|N].
  - assert (h = 0) by (rewrite Z.pow_0_r in Rh; lia). unfold sign_limb. destruct (v <? 0); rewrite ?Z.pow_0_r; lia.
  - unfold sign_limb, wrap. destruct (v <? 0).
    + replace ((base - 1) * 2 ^ s) with (base - 2 ^ s + (2 ^ s - 1) * base) by ring.
      rewrite Z.mod_add, Z.mod_small by nia.
      replace (base - 2 ^ s) with ((2 ^ (64 - s) - 1) * 2 ^ s) by (rewrite Bs; ring). apply lor_disjoint; lia.
    + rewrite Z.mod_0_l by lia. rewrite Z.lor_0_r. lia. }
rewrite H. destruct (v <? 0).
- split. nia. replace (base * (h + (base - 2 ^ s))) with (base * h + base * base - base * 2 ^ s) by ring.
  replace (v * 2 ^ s) with (W * 2 ^ s - base * 2 ^ s) by (rewrite HW; ring). lia.
- split. nia. rewrite Z.add_0_r, E, HW. lia.
Qed.

Lemma repeat_value : forall v k, limbs_ok (repeat (sign_limb v) k) /\
  value (repeat (sign_limb v) k) = if v <? 0 then base ^ Z.of_nat k - 1 else 0.
Proof.
intros v k. assert (B := base_pos). unfold sign_limb. induction k as [|k [IH1 IH2]].
- split. constructor. destruct (v <? 0); reflexivity.
- split. constructor; trivial. destruct (v <? 0); lia.
  cbn [repeat value]. rewrite IH2, Nat2Z.inj_succ, Z.pow_succ_r by lia. destruct (v <? 0); ring.
Qed.

(* T11c: the limbs of a term are v * 2^s in two's complement *)
Theorem term_value : forall v s n, - 2 ^ 63 <= v < 2 ^ 63 -> 0 <= s < 64 -> (0 < n)%nat ->
  limbs_ok (term v s n) /\ length (term v s n) = n /\ value (term v s n) = (v * 2 ^ s) mod base ^ Z.of_nat n.
Proof.
intros v s n Hv Hs Hn. assert (B := base_pos). destruct (high_limb_value v s Hv Hs) as [RH E].
assert (RL : 0 <= wrap (wrap v * 2 ^ s) < base) by (apply Z.mod_pos_bound; lia).
unfold term. destruct n as [|[|n]]; [lia| |].
- cbn [firstn value length]. split; [now repeat constructor|split; trivial].
  rewrite Z.mul_0_r, Z.add_0_r, Z.pow_1_r. unfold wrap. rewrite Z.mul_mod_idemp_l; lia.
- cbn [firstn]. assert (F : firstn n (repeat (sign_limb v) (S (S n))) = repeat (sign_limb v) n).
  { clear. induction n; simpl in *; trivial. f_equal. exact IHn. }
  rewrite F. destruct (repeat_value v n) as [RO RV].
  split; [now repeat constructor|split]. simpl. now rewrite repeat_length.
  cbn [value]. rewrite RV, !Nat2Z.inj_succ, !Z.pow_succ_r by lia.
  set (p := base ^ Z.of_nat n) in *. assert (Pp : 0 < p) by (apply Z.pow_pos_nonneg; lia).
  assert (V : 0 <= value (wrap (wrap v * 2 ^ s) :: high_limb v s :: repeat (sign_limb v) n) < base * (base * p)).
  { assert (R := value_range (wrap (wrap v * 2 ^ s) :: high_limb v s :: repeat (sign_limb v) n)).
    cbn [length] in R. rewrite repeat_length, !Nat2Z.inj_succ, !Z.pow_succ_r in R by lia. apply R. now repeat constructor. }
  cbn [value] in V. rewrite RV in V.
  replace (v * 2 ^ s) with (wrap (wrap v * 2 ^ s) + base * (high_limb v s + base * (if v <? 0 then p - 1 else 0))
    + (if v <? 0 then -1 else 0) * (base * (base * p))).
  2: { rewrite Z.mul_add_distr_l, Z.add_assoc, E. destruct (v <? 0); ring. }
  rewrite Z.mod_add by nia. symmetry. apply Z.mod_small. exact V.
Qed.

Lemma value_app : forall l r, value (l ++ r) = value l + base ^ Z.of_nat (length l) * value r.
Proof.
induction l as [|x l IH]; intros r. cbn [app value length]. rewrite Z.pow_0_r. lia.
cbn [app value length]. rewrite IH, Nat2Z.inj_succ, Z.pow_succ_r by lia. ring.
Qed.

(* T11d: adding a term is exact modulo 2^1024 *)
Theorem add_term_exact : forall l v s word, acc_ok l -> - 2 ^ 63 <= v < 2 ^ 63 -> 0 <= s < 64 -> (word < LIMBS)%nat ->
  acc_ok (add_term l v s word) /\ value (add_term l v s word) = (value l + v * 2 ^ (64 * Z.of_nat word + s)) mod modulus.
Proof.
intros l v s word [Ol El] Hv Hs Hw. assert (B := base_pos).
destruct (term_value v s (LIMBS - word) Hv Hs ltac:(lia)) as (Ot & Et & Vt).
assert (Lf : length (firstn word l) = word) by (rewrite firstn_length; lia).
assert (Ls : length (skipn word l) = (LIMBS - word)%nat) by (rewrite skipn_length; lia).
assert (Of : limbs_ok (firstn word l) /\ limbs_ok (skipn word l)).
{ rewrite <- (firstn_skipn word l) in Ol. now apply Forall_app in Ol. }
destruct Of as [Of Os].
destruct (addc_exact (skipn word l) (term v s (LIMBS - word)) 0 Os Ot ltac:(lia) ltac:(lia)) as [Oa Va].
assert (La : length (addc 0 (skipn word l) (term v s (LIMBS - word))) = (LIMBS - word)%nat) by (rewrite addc_length; lia).
assert (O : acc_ok (add_term l v s word)).
{ split. now apply Forall_app. unfold add_term. rewrite app_length. lia. }
split; trivial.
assert (R := value_range _ (proj1 O)). rewrite (proj2 O) in R. fold modulus in R.
rewrite <- (Z.mod_small _ _ R). unfold add_term. rewrite value_app, Lf, Va, Vt, Ls, Z.add_0_r.
rewrite Z.add_mod_idemp_r by (apply Z.pow_nonzero; lia).
set (p := base ^ Z.of_nat word). assert (Pp : 0 < p) by (apply Z.pow_pos_nonneg; lia).
assert (M : modulus = p * base ^ Z.of_nat (LIMBS - word)).
{ unfold modulus, p. rewrite <- Z.pow_add_r by lia. f_equal. lia. }
assert (Q : 0 < base ^ Z.of_nat (LIMBS - word)) by (apply Z.pow_pos_nonneg; lia).
rewrite M. rewrite <- Z.mul_mod_distr_l by lia. rewrite Z.add_mod_idemp_r by nia.
f_equal. replace (value l) with (value (firstn word l) + p * value (skipn word l)).
2: { rewrite <- (firstn_skipn word l) at 3. rewrite value_app, Lf. reflexivity. }
rewrite Z.pow_add_r, Z.pow_mul_r, <- base_pow by lia. fold p. ring.
Qed.

(* T11e: any sequence of terms, then any order of rows: the same bits *)
Definition row_term : Type := (Z * Z * nat)%type.
Definition term_ok (t : row_term) : Prop :=
  let '(v, s, w) := t in - 2 ^ 63 <= v < 2 ^ 63 /\ 0 <= s < 64 /\ (w < LIMBS)%nat.
Definition term_amount (t : row_term) : Z := let '(v, s, w) := t in v * 2 ^ (64 * Z.of_nat w + s).
Definition add_row (l : list Z) (t : row_term) : list Z := let '(v, s, w) := t in add_term l v s w.
Definition amounts (ts : list row_term) : Z := fold_right (fun t z => term_amount t + z) 0 ts.

Theorem accumulate_exact : forall ts l, acc_ok l -> Forall term_ok ts ->
  acc_ok (fold_left add_row ts l) /\ value (fold_left add_row ts l) = (value l + amounts ts) mod modulus.
Proof.
assert (N : modulus <> 0) by (vm_compute; discriminate).
induction ts as [|[[v s] w] ts IH]; intros l Ol Ht.
- split; trivial. unfold amounts. cbn [fold_left fold_right]. rewrite Z.add_0_r. symmetry. apply Z.mod_small.
  assert (R := value_range _ (proj1 Ol)). now rewrite (proj2 Ol) in R.
- inversion Ht as [|? ? Hx Ht']; subst. cbn [term_ok] in Hx. destruct Hx as (Hv & Hs & Hw). cbn [fold_left add_row amounts fold_right term_amount].
  destruct (add_term_exact l v s w Ol Hv Hs Hw) as [Oa Va]. destruct (IH _ Oa Ht') as [Ob Vb]. split; trivial.
  rewrite Vb, Va, Z.add_mod_idemp_l by exact N. f_equal. unfold amounts. lia.
Qed.

Theorem accumulate_perm : forall ts us l, acc_ok l -> Forall term_ok ts -> Permutation ts us ->
  fold_left add_row ts l = fold_left add_row us l.
Proof.
intros ts us l Ol Ht P.
assert (Hu : Forall term_ok us) by (apply (Permutation_Forall P Ht)).
destruct (accumulate_exact ts l Ol Ht) as [O1 V1], (accumulate_exact us l Ol Hu) as [O2 V2].
apply acc_eq; trivial. rewrite V1, V2. f_equal. f_equal. clear -P. unfold amounts. induction P; simpl; lia.
Qed.

(* sharding: rows split over two accumulators and merged, as if added to one *)
Theorem shard_merge : forall ts us l m, acc_ok l -> acc_ok m -> value m = 0 -> Forall term_ok ts -> Forall term_ok us ->
  merge (fold_left add_row ts l) (fold_left add_row us m) = fold_left add_row (ts ++ us) l.
Proof.
intros ts us l m Ol Om Vm Ht Hu. assert (N : modulus <> 0) by (vm_compute; discriminate).
destruct (accumulate_exact ts l Ol Ht) as [O1 V1], (accumulate_exact us m Om Hu) as [O2 V2].
destruct (merge_ok _ _ O1 O2) as [O3 V3].
destruct (accumulate_exact (ts ++ us) l Ol) as [O4 V4]. { now apply Forall_app. }
apply acc_eq; trivial. rewrite V3, V4, V1, V2, Vm, <- Z.add_mod by exact N.
f_equal. assert (A : amounts (ts ++ us) = amounts ts + amounts us).
{ clear. unfold amounts. induction ts; simpl; lia. }
lia.
Qed.

(* T11f: a limb as k little-endian bytes and back *)
Fixpoint store (k : nat) (z : Z) : list Z := match k with O => [] | S k' => z mod 256 :: store k' (z / 256) end.
Fixpoint load (bytes : list Z) : Z := match bytes with [] => 0 | b :: r => b + 256 * load r end.
Theorem load_store : forall k z, 0 <= z < 256 ^ Z.of_nat k -> load (store k z) = z.
Proof.
induction k; intros z H. cbn in *. lia.
rewrite Nat2Z.inj_succ, Z.pow_succ_r in H by lia. cbn [store load]. rewrite IHk.
generalize (Z.div_mod z 256). lia. split. apply Z.div_pos; lia. apply Z.div_lt_upper_bound; lia.
Qed.
Theorem store_load : forall bytes, Forall (fun b => 0 <= b < 256) bytes -> store (length bytes) (load bytes) = bytes.
Proof.
induction 1 as [|b r Hb Hr IH]; trivial. cbn [length store load].
assert (M : (b + 256 * load r) mod 256 = b) by (rewrite Z.mul_comm, Z.mod_add, Z.mod_small; lia).
assert (D : (b + 256 * load r) / 256 = load r) by (rewrite Z.mul_comm, Z.div_add, Z.div_small; lia).
rewrite M, D, IH. reflexivity.
Qed.
