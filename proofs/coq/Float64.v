(* SPDX-License-Identifier: Apache-2.0 *)
(* binary64 as Flocq sees it: format, round to nearest even, and the four operations on reals.
   Overflow is not modelled here; Primitives.v ties the operations to IEEE bit patterns, overflow included. *)
From Coq Require Import Reals ZArith Lia Lra.
From Flocq Require Import Core.
Open Scope R_scope.

Notation pow2 := (bpow radix2).
Notation fexp64 := (FLT_exp (-1074) 53).
Notation rnd := (round radix2 (FLT_exp (-1074) 53) ZnearestE).
Notation rnd_down := (round radix2 (FLT_exp (-1074) 53) Zfloor).
Notation format64 := (generic_format radix2 (FLT_exp (-1074) 53)).
#[global] Instance prec53 : Prec_gt_0 53 := eq_refl.

Definition add x y := rnd (x + y).
Definition sub x y := rnd (x - y).
Definition mul x y := rnd (x * y).
Definition fma x y z := rnd (x * y + z).

(* n * 2^e is a double when |n| <= 2^53 and e is in range *)
Lemma format64_scaled : forall n e : Z, (Z.abs n <= 2^53)%Z -> (-1074 <= e)%Z ->
  format64 (IZR n * pow2 e).
Proof.
intros n e Hn He.
destruct (Z.eq_dec (Z.abs n) (2^53)) as [E|E].
- assert (H : IZR n * pow2 e = (if (0 <=? n)%Z then 1 else -1) * pow2 (e + 53)).
  { assert (Hp : IZR (2^53) = pow2 53) by reflexivity.
    destruct (Z.leb_spec 0 n); rewrite bpow_plus, <- Hp;
      [replace n with (2^53)%Z by lia | replace n with (- 2^53)%Z by lia; rewrite opp_IZR]; ring. }
  rewrite H. destruct (0 <=? n)%Z.
  + rewrite Rmult_1_l. apply generic_format_bpow. unfold FLT_exp. lia.
  + replace (-1 * pow2 (e + 53)) with (- pow2 (e + 53)) by ring.
    apply generic_format_opp, generic_format_bpow. unfold FLT_exp. lia.
- apply generic_format_FLT. exists (Defs.Float radix2 n e); simpl; try lia. reflexivity.
Qed.

Lemma format64_int : forall n : Z, (Z.abs n <= 2^53)%Z -> format64 (IZR n).
Proof.
intros n Hn. rewrite <- (Rmult_1_r (IZR n)). apply (format64_scaled n 0 Hn). lia.
Qed.
