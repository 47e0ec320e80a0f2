(* SPDX-License-Identifier: Apache-2.0 *)
(* The tactic that closes a goal printed by Why3 and unfolded (proofs/wp/tie.py): first the kernel's formulas in the
   operand order and with the constants that Why3 prints, shown equal to proofs/coq/ExpKernel.v. *)
From Coq Require Import Reals ZArith Lia Lra Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 ExpKernel.
From MultiMax Require Import WpLemmas.
Open Scope R_scope.

Definition w_k z := rnd (-6755399441055744 + rnd (6755399441055744 + 3248660424278399 / 2251799813685248 * z)).
Definition w_r z := rnd (z + -6243314768165359 / 9007199254740992 * w_k z).
Definition w_h r p c := rnd (c + p * r).
Definition w_p r := w_h r (w_h r (w_h r (w_h r (w_h r (w_h r (w_h r (7301351163192271 / 36893488147419103232)
  (3215417130663097 / 2305843009213693952)) (600491744490801 / 72057594037927936))
  (6004745953128709 / 144115188075855872)) (6004799215915945 / 36028797018963968))
  (140737490259335 / 281474976710656)) 1) 1.
Definition w_hat z := rnd (p2 (w_k z) * w_p (w_r z)).

Lemma w_log2e : log2e = 3248660424278399 / 2251799813685248.
Proof. reflexivity. Qed.
Lemma w_ln2 : ln2 = 6243314768165359 / 9007199254740992.
Proof. reflexivity. Qed.
Lemma w_magic : magic = 6755399441055744.
Proof. unfold magic. change (pow2 51) with 2251799813685248. lra. Qed.
Lemma w_k_is : forall z, w_k z = exp_k z.
Proof.
intros z. unfold w_k, exp_k, sub, fma. rewrite w_log2e, w_magic. f_equal.
rewrite (Rplus_comm _ (rnd _)). unfold Rminus. f_equal. f_equal. rewrite (Rplus_comm 6755399441055744). f_equal. apply Rmult_comm.
Qed.
Lemma w_r_is : forall z, w_r z = exp_r z.
Proof.
intros z. unfold w_r, exp_r, fma. rewrite w_k_is, w_ln2. f_equal. field.
Qed.
Lemma w_h_is : forall r p p' c c', p = p' -> c = c' -> w_h r p c = fma r p' c'.
Proof. intros r p p' c c' -> ->. unfold w_h, fma. f_equal. ring. Qed.
Lemma w_p_is : forall r, w_p r = exp_p r.
Proof.
intros r. unfold w_p, exp_p. repeat apply w_h_is; unfold c2, c3, c4, c5, c6, c7; reflexivity.
Qed.
Lemma w_hat_is : forall z, w_hat z = exp_hat z.
Proof. intros z. unfold w_hat, exp_hat, mul, p2. rewrite w_k_is, w_r_is, w_p_is. f_equal. ring. Qed.

Lemma w_whole : forall z, -110 <= z <= 0 -> whole (w_k z).
Proof. intros z H. rewrite w_k_is. now apply exp_k_whole. Qed.
Lemma w_small : forall z, rnd z = z -> -110 <= z <= 0 -> w_r z <= 1733/5000 /\ -1733/5000 <= w_r z.
Proof. intros z F H. rewrite w_r_is. assert (E := exp_r_small z F H). lra. Qed.
Lemma w_unit : forall z, rnd z = z -> -110 <= z <= 0 ->
  w_hat z <= 1 /\ 1 / 1461501637330902918203684832716283019655932542976 <= w_hat z.
Proof. intros z F H. rewrite w_hat_is. assert (E := exp_hat_unit z F H). tauto. Qed.
Lemma w_zero : w_hat 0 = 1.
Proof. rewrite w_hat_is. apply exp_hat_0. Qed.
Lemma w_close : forall z, rnd z = z -> -110 <= z <= 0 ->
  exp z + -1 / 17179869184 * exp z <= w_hat z /\ w_hat z <= exp z + 1 / 17179869184 * exp z.
Proof. intros z F H. rewrite w_hat_is. exact (exp_hat_close z F H). Qed.
Lemma w_apart : forall y z, rnd y = y -> rnd z = z -> -110 <= y <= 0 -> -110 <= z <= 0 ->
  1 / 8589934592 + y <= z -> w_hat y <= w_hat z.
Proof. intros. rewrite !w_hat_is. now apply exp_hat_apart. Qed.

Lemma w_near : forall y z, rnd y = y -> rnd z = z -> -110 <= y <= 0 -> -110 <= z <= 0 -> y <= z -> w_hat y <= 3 / 2 * w_hat z.
Proof. intros. rewrite !w_hat_is. now apply exp_hat_near. Qed.
Lemma unit_low : pow2 (-210) = 1 / 1645504557321206042154969182557350504982735865633579863348609024.
Proof. change (pow2 (-210)) with (/ IZR (Zpower_pos 2 210)). unfold Rdiv. rewrite Rmult_1_l. do 2 f_equal. Qed.
Lemma unit_high : pow2 (-49) = 1 / 562949953421312.
Proof. change (pow2 (-49)) with (/ IZR (Zpower_pos 2 49)). unfold Rdiv. rewrite Rmult_1_l. do 2 f_equal. Qed.
Lemma eps : pow2 (-1070) = 1 / IZR (2^1070).
Proof. change (pow2 (-1070)) with (/ IZR (Zpower_pos 2 1070)). unfold Rdiv. rewrite Rmult_1_l. do 2 f_equal. Qed.
Lemma eps32 : pow2 (-150) = 1 / IZR (2^150).
Proof. change (pow2 (-150)) with (/ IZR (Zpower_pos 2 150)). unfold Rdiv. rewrite Rmult_1_l. do 2 f_equal. Qed.

Ltac split_all := repeat match goal with H : _ /\ _ |- _ => destruct H end.
Ltac take L := let H := fresh in pose proof L as H; try lra; repeat split; try lra.
Ltac close :=
  split_all;
  first
  [ exact p2_most | exact p2_normal
  | match goal with e : Z |- _ => first [ pose proof (p2_range e ltac:(lra)); lia | destruct (six_exact e ltac:(lia)) as (S1 & S2 & S3); repeat split; [now rewrite S1 | exact S3 | exact S2] ] end
  | match goal with u : Z |- _ => pose proof (p2_unit u ltac:(lia)) as N; rewrite unit_low, unit_high in N; lra end
  | apply rnd_again
  | match goal with a : R, b : R, w : R |- _ => pose proof (product_grows a b w ltac:(lra) ltac:(lra)); rewrite ?(Rmult_comm w) in *; lra end
  | exact grid_six | exact w_zero | exact rnd_0 | exact rnd_1 | exact rnd_weight
  | apply rnd_mono; assumption
  | match goal with z : R |- _ =>
      first [ exact (w_whole z ltac:(lra)) | exact (w_small z ltac:(assumption) ltac:(lra))
            | exact (w_unit z ltac:(assumption) ltac:(lra)) | exact (w_close z ltac:(assumption) ltac:(lra))
            | exact (exp_scale z ltac:(assumption))
            | exact (grid_range z ltac:(assumption)) ] end
  | match goal with y : R, z : R |- _ => exact (w_near y z ltac:(assumption) ltac:(assumption) ltac:(lra) ltac:(lra) ltac:(lra)) end
  | match goal with y : R, z : R |- _ => exact (w_apart y z ltac:(assumption) ltac:(assumption) ltac:(lra) ltac:(lra) ltac:(lra)) end
  | match goal with i : Z |- _ => exact (rnd_int i ltac:(lia)) end
  | match goal with k : Z |- _ =>
      first [ exact (p2_least k ltac:(assumption)) | pose proof (p2_next k) as N; rewrite ?(Z.add_comm 1 k) in *; lra
            | match goal with m : R |- _ => pose proof (halved_next _ m k ltac:(eassumption)) as N; rewrite ?(Z.add_comm 1 k) in *; lra end ] end
  | rewrite p2_0; ring
  | match goal with d : R |- _ => pose proof (half_exact d ltac:(assumption) ltac:(assumption)) as N;
      replace (1 / 2 * d) with (d * / 2) by field; first [exact N | exact (eq_sym N)] end
  | match goal with H : exists i : Z, _ |- _ => change (is_grid) with is_grid in H;
      match goal with big : R |- _ => let G := fresh in assert (G : is_grid big) by exact H;
      first
      [ match goal with v : R |- _ => pose proof (quant_positive big v G ltac:(lra)); rewrite (Rplus_comm big v); lra end
      | match goal with v : R |- _ => pose proof (quant_near big v G ltac:(lra)); rewrite ?(Rplus_comm big v); repeat split; lra end
      | match goal with q : Z |- _ => first
          [ exact (steps_fmt big q G ltac:(lia)) | exact (steps_0 big q G)
          | pose proof (quant_exact big q G ltac:(lia)); rewrite (Rplus_comm big); lra
          | match goal with a : R, b : R |- _ =>
              let S := fresh in
              pose proof (residual_sign big a b q G ltac:(assumption) ltac:(assumption) ltac:(assumption) ltac:(lra)) as S;
              match goal with |- rnd ?v < 0 <-> _ =>
                replace v with (a * b - IZR q * (big / 6755399441055744)) by ring; exact S end end
          | match goal with p : Z |- _ => exact (steps_le big p q G) end ] end
      | pose proof (grid_range big G) as RG; split; [lra|]; apply Rle_trans with (1 := proj2 RG); rewrite pow_IZR; apply IZR_le; vm_compute; discriminate ] end end
  | match goal with |- context[_ \/ _] => match goal with a : R, b : R |- _ => pose proof (opposite_neg a b); split; intros; first [ nra | tauto | lra ] end end
  | match goal with q : Z, big : R |- _ => rewrite ?plus_IZR; field end
  | match goal with e : R |- _ => pose proof (quant_unit e ltac:(lra)); rewrite (Rplus_comm 6 e); repeat split; try lra; intros; lra end
  | match goal with d : R |- _ => pose proof (inverse_unit d ltac:(lra)); lra end
  | match goal with d : R, r : R |- _ => pose proof (inverse_error d r ltac:(lra) ltac:(rewrite eps; lra)); rewrite ?(Rmult_comm d r); lra end
  | match goal with a : R, b : R |- _ => pose proof (mul_unit a b ltac:(lra) ltac:(lra)); lra end
  | match goal with x : R |- context[FLT_exp (-149)] =>
      pose proof (rnd32_unit x ltac:(lra)); pose proof (Rabs_le_inv _ _ (rnd32_err x ltac:(lra)));
      rewrite eps32 in *; repeat split; simpl in *; lra end
  | match goal with x : R |- _ => pose proof (Rabs_le_inv _ _ (rnd_err x ltac:(lra))); rewrite eps in *; repeat split; simpl in *; lra end
  | repeat split; lra | repeat split; nra ].
