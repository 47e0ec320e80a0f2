(* SPDX-License-Identifier: Apache-2.0 *)
(* The tactic that closes a goal printed by Why3 and unfolded (proofs/wp/tie.py). *)
From Coq Require Import Reals ZArith Lia Lra Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64.
From MultiMax Require Import WpLemmas.
Open Scope R_scope.

Lemma unit_low : pow2 (-210) = 1 / 1645504557321206042154969182557350504982735865633579863348609024.
Proof. change (pow2 (-210)) with (/ IZR (Zpower_pos 2 210)). unfold Rdiv. rewrite Rmult_1_l. do 2 f_equal. Qed.
Lemma unit_high : pow2 (-49) = 1 / 562949953421312.
Proof. change (pow2 (-49)) with (/ IZR (Zpower_pos 2 49)). unfold Rdiv. rewrite Rmult_1_l. do 2 f_equal. Qed.
Lemma eps : pow2 (-1070) = 1 / IZR (2^1070).
Proof. change (pow2 (-1070)) with (/ IZR (Zpower_pos 2 1070)). unfold Rdiv. rewrite Rmult_1_l. do 2 f_equal. Qed.
Lemma eps32 : pow2 (-150) = 1 / IZR (2^150).
Proof. change (pow2 (-150)) with (/ IZR (Zpower_pos 2 150)). unfold Rdiv. rewrite Rmult_1_l. do 2 f_equal. Qed.

(* an accumulator's entry rounded once *)
Lemma w_head_start : forall f b : Z, (0 <= b)%Z -> (b <= 18446744073709551615)%Z ->
  (IZR b + IZR f * p2 64 = IZR (b + 18446744073709551616 * f) /\ (0 <= b)%Z) /\ IZR (1 + b) <= p2 64.
Proof.
intros f b L U. destruct (head_start f b ltac:(lia)) as [A B]. rewrite (Z.add_comm b), <- A, (Z.add_comm 1). repeat split; [ring | exact L | exact B].
Qed.
Lemma w_head_zero : forall h k r v half : Z, (r < half)%Z -> IZR r + IZR h * p2 (IZR k) = IZR v -> (0 <= r)%Z ->
  IZR (1 + r) <= p2 (IZR k) -> 1 * p2 (IZR (-1 + k)) = IZR half ->
  (IZR r + IZR (2 * h) * p2 (IZR (-1 + k)) = IZR v /\ (0 <= r)%Z) /\ IZR (1 + r) <= p2 (IZR (-1 + k)).
Proof.
intros h k r v half H E L U F. rewrite (Z.add_comm 1), (Z.add_comm (-1)) in *. rewrite Rmult_1_l in F. rewrite Rplus_comm in E.
destruct (head_next h k r v 0 half E U F ltac:(lia)) as [A B].
rewrite Z.add_0_r in A. rewrite Z.mul_0_l, Z.sub_0_r in *. repeat split; [rewrite Rplus_comm; exact A | exact L | exact B].
Qed.
Lemma w_head_one : forall h k r v half : Z, (half <= r)%Z -> IZR r + IZR h * p2 (IZR k) = IZR v -> (0 <= r)%Z ->
  IZR (1 + r) <= p2 (IZR k) -> 1 * p2 (IZR (-1 + k)) = IZR half ->
  (IZR (r + -1 * half) + IZR (1 + 2 * h) * p2 (IZR (-1 + k)) = IZR v /\ (0 <= r + -1 * half)%Z) /\
  IZR (1 + (r + -1 * half)) <= p2 (IZR (-1 + k)).
Proof.
intros h k r v half H E L U F. rewrite (Z.add_comm 1), (Z.add_comm (-1)) in *. rewrite Rmult_1_l in F. rewrite Rplus_comm in E.
destruct (head_next h k r v 1 half E U F ltac:(lia)) as [A B]. replace (r - 1 * half)%Z with (r + -1 * half)%Z in * by ring.
rewrite (Z.add_comm 1). repeat split; [rewrite Rplus_comm; exact A | lia | exact B].
Qed.
Lemma w_head_full : forall h r v : Z, (18446744073709551616 <= v)%Z -> IZR r + IZR h * p2 1 = IZR v -> (0 <= r)%Z -> IZR (1 + r) <= p2 1 ->
  (9223372036854775808 <= h)%Z.
Proof. intros h r v H E _ U. rewrite Z.add_comm in U. rewrite Rplus_comm in E. exact (head_full h r v E U H). Qed.
Lemma w_half_start : 1 * p2 63 = 9223372036854775808.
Proof. rewrite half_start. ring. Qed.
Lemma w_half_next : forall half k : Z, (0 < k)%Z -> 1 * p2 (IZR k) = IZR half ->
  exists n : Z, (2 * n)%Z = half /\ 1 * p2 (IZR (-1 + k)) = IZR n.
Proof.
intros half k H E. rewrite Rmult_1_l in E. destruct (half_next half k ltac:(lia) E) as (n & A & B). exists n. split. exact A.
rewrite Rmult_1_l, Z.add_comm. exact B.
Qed.
Lemma w_even : forall h k w t v : Z, (0 < k)%Z -> (0 <= t)%Z -> (t <= 15)%Z -> (k <= 64)%Z -> (9223372036854775808 <= h)%Z ->
  (h <= 18446744073709551615)%Z -> 0 + IZR h * p2 (IZR k) = IZR w -> IZR v * p2 64 = 0 * p2 64 + IZR w * p2 (IZR (64 * t)) ->
  rnd (rnd (IZR h) * p2 (IZR (-320 + (k + 64 * t)))) = rnd (IZR v * p2 (-256)).
Proof.
intros. replace (-320 + (k + 64 * t))%Z with (64 * t + k - 320)%Z by ring. apply (whole_rounds h k w); [lia | lia | lra | lra].
Qed.
Lemma w_odd : forall q h k r w t l v : Z, (0 < k)%Z -> (0 <= t)%Z -> (2 * q <= h)%Z -> (0 < r + l)%Z -> (t <= 15)%Z -> (k <= 64)%Z ->
  (4611686018427387904 <= q)%Z -> (q <= 9223372036854775807)%Z -> (h <= 1 + 2 * q)%Z ->
  IZR r + IZR h * p2 (IZR k) = IZR w -> (0 <= r)%Z -> IZR (1 + r) <= p2 (IZR k) ->
  IZR v * p2 64 = IZR l * p2 64 + IZR w * p2 (IZR (64 * t)) -> (0 <= l)%Z -> IZR l * p2 64 < p2 (IZR (64 * t)) ->
  rnd (rnd (IZR (1 + 2 * q)) * p2 (IZR (-320 + (k + 64 * t)))) = rnd (IZR v * p2 (-256)).
Proof.
intros. rewrite (Z.add_comm 1) in *. replace (-320 + (k + 64 * t))%Z with (64 * t + k - 320)%Z by ring.
apply (odd_rounds q h k r w (64 * t) l); lia || assumption || lra.
Qed.
Lemma w_range : forall h a : Z, (0 < a)%Z -> (0 <= h)%Z -> (a <= 1024)%Z -> (h <= 18446744073709551615)%Z ->
  0 <= rnd (IZR h) * p2 (IZR (-320 + a)) <= 10^300.
Proof. intros. rewrite Z.add_comm. apply head_range_ok; lia. Qed.
Lemma w_minus : forall v : Z, rnd (IZR v * p2 (-256)) + rnd (IZR (-1 * v) * p2 (-256)) = 0.
Proof. intros v. replace (-1 * v)%Z with (- v)%Z by ring. rewrite rounded_minus. ring. Qed.
Lemma w_rounded : forall v : Z, (- 2^1023 <= v)%Z -> (v <= 2^1023)%Z -> rnd (IZR v * p2 (-256)) <= 10^250 /\ - 10^250 <= rnd (IZR v * p2 (-256)).
Proof. intros v L U. destruct (rounded_range v (conj L U)). split; assumption. Qed.
Lemma w_times_next : forall s v i : Z, IZR v * p2 (IZR (64 * i)) = IZR s ->
  IZR v * p2 (IZR (64 * (1 + i))) = IZR (18446744073709551616 * s).
Proof. intros s v i H. rewrite (Z.add_comm 1). now apply times_next. Qed.
Lemma w_spread_one : forall m : Z, (IZR m * p2 64 = 0 * p2 64 + IZR (18446744073709551616 * m) * p2 0 /\ (0 <= 0)%Z) /\ 0 * p2 64 < p2 0.
Proof. intros m. destruct (spread_one m). repeat split; lra || lia. Qed.
Lemma w_spread_more : forall t m b l u d e : Z, (0 <= l)%Z -> (l < u)%Z -> IZR m * p2 (IZR (64 * t)) = IZR d ->
  IZR b * p2 (IZR (64 * (-1 + t))) = IZR e -> 1 * p2 (IZR (64 * (-1 + t))) = IZR u ->
  (IZR (l + d + e) * p2 64 = IZR l * p2 64 + IZR (b + 18446744073709551616 * m) * p2 (IZR (64 * t)) /\ (0 <= l)%Z) /\
  IZR l * p2 64 < p2 (IZR (64 * t)).
Proof.
intros t m b l u d e L U D E F. rewrite (Z.add_comm (-1)) in *. destruct (spread_more t m b l u d e D E F (conj L U)) as [A B].
replace (l + d + e)%Z with (l + e + d)%Z by ring. rewrite (Z.add_comm b), <- A. repeat split; [ring | assumption | assumption].
Qed.
(* the same with a name for each sum *)
Lemma v_head_start : forall f b v : Z, (b + 18446744073709551616 * f)%Z = v -> (0 <= b)%Z -> (b <= 18446744073709551615)%Z ->
  (IZR b + IZR f * p2 64 = IZR v /\ (0 <= b)%Z) /\ IZR (1 + b) <= p2 64.
Proof. intros f b v <-. apply w_head_start. Qed.
Lemma v_head_zero : forall h k r v half g j : Z, (0 + 2 * h)%Z = g -> (j + 1)%Z = k -> (r < half)%Z -> 1 * p2 (IZR j) = IZR half ->
  IZR r + IZR h * p2 (IZR k) = IZR v -> (0 <= r)%Z -> IZR (1 + r) <= p2 (IZR k) ->
  (IZR r + IZR g * p2 (IZR j) = IZR v /\ (0 <= r)%Z) /\ IZR (1 + r) <= p2 (IZR j).
Proof.
intros h k r v half g j <- E. replace j with (-1 + k)%Z by lia. rewrite Z.add_0_l. intros. apply (w_head_zero h k r v half); assumption.
Qed.
Lemma v_head_one : forall h k r v half g j l : Z, (1 + 2 * h)%Z = g -> (j + 1)%Z = k -> (l + half)%Z = r -> (half <= r)%Z ->
  1 * p2 (IZR j) = IZR half -> IZR r + IZR h * p2 (IZR k) = IZR v -> (0 <= r)%Z -> IZR (1 + r) <= p2 (IZR k) ->
  (IZR l + IZR g * p2 (IZR j) = IZR v /\ (0 <= l)%Z) /\ IZR (1 + l) <= p2 (IZR j).
Proof.
intros h k r v half g j l <- E F. replace j with (-1 + k)%Z by lia. replace l with (r + -1 * half)%Z by lia. intros.
apply (w_head_one h k r v half); assumption.
Qed.
Lemma v_even : forall h k w t v a : Z, (k + 64 * t)%Z = a -> (0 < k)%Z -> (0 <= t)%Z -> (t <= 15)%Z -> (k <= 64)%Z ->
  (9223372036854775808 <= h)%Z -> (h <= 18446744073709551615)%Z -> 0 + IZR h * p2 (IZR k) = IZR w ->
  IZR v * p2 64 = 0 * p2 64 + IZR w * p2 (IZR (64 * t)) -> rnd (rnd (IZR h) * p2 (IZR (-320 + a))) = rnd (IZR v * p2 (-256)).
Proof. intros h k w t v a <-. apply w_even. Qed.
Lemma v_odd : forall q h k r w t l v a g : Z, (1 + 2 * q)%Z = g -> (k + 64 * t)%Z = a -> (0 < r + l)%Z ->
  IZR r + IZR h * p2 (IZR k) = IZR w -> IZR v * p2 64 = IZR l * p2 64 + IZR w * p2 (IZR (64 * t)) -> (0 < k)%Z -> (0 <= t)%Z ->
  (2 * q <= h)%Z -> (t <= 15)%Z -> (k <= 64)%Z -> (4611686018427387904 <= q)%Z -> (q <= 9223372036854775807)%Z -> (h <= 1 + 2 * q)%Z ->
  (0 <= r)%Z -> IZR (1 + r) <= p2 (IZR k) -> (0 <= l)%Z -> IZR l * p2 64 < p2 (IZR (64 * t)) ->
  rnd (rnd (IZR g) * p2 (IZR (-320 + a))) = rnd (IZR v * p2 (-256)).
Proof. intros q h k r w t l v a g <- <-. intros. apply (w_odd q h k r w t l v); assumption. Qed.
Lemma v_spread_one : forall m w : Z, (0 + 18446744073709551616 * m)%Z = w ->
  (IZR m * p2 64 = 0 * p2 64 + IZR w * p2 0 /\ (0 <= 0)%Z) /\ 0 * p2 64 < p2 0.
Proof. intros m w <-. rewrite Z.add_0_l. apply w_spread_one. Qed.
Lemma v_spread_more : forall t s m b l u d e w v : Z, (s + 1)%Z = t -> (b + 18446744073709551616 * m)%Z = w -> (e + d + l)%Z = v ->
  IZR m * p2 (IZR (64 * t)) = IZR e -> IZR b * p2 (IZR (64 * s)) = IZR d -> 1 * p2 (IZR (64 * s)) = IZR u -> (0 <= l)%Z -> (l < u)%Z ->
  (IZR v * p2 64 = IZR l * p2 64 + IZR w * p2 (IZR (64 * t)) /\ (0 <= l)%Z) /\ IZR l * p2 64 < p2 (IZR (64 * t)).
Proof.
intros t s m b l u d e w v E <- <-. replace s with (-1 + t)%Z by lia. intros. replace (e + d + l)%Z with (l + e + d)%Z by ring.
eapply w_spread_more; eassumption.
Qed.
Ltac big := rewrite pow_IZR; apply IZR_le; vm_compute; discriminate.
Ltac sticky :=
  first
  [ eapply v_head_start; eassumption
  | eapply v_head_zero; eassumption | eapply v_head_one; eassumption | eapply w_head_full; eassumption
  | exact w_half_start | eapply w_half_next; eassumption
  | eapply v_even; eassumption | eapply v_odd; eassumption
  | match goal with h : Z, a : Z |- _ => destruct (w_range h a ltac:(assumption) ltac:(assumption) ltac:(assumption) ltac:(assumption)) as [L U];
      split; [apply Rle_trans with (1 := U); big | apply Rle_trans with (2 := L); lra] end
  | exact rounded_zero | apply w_minus
  | match goal with v : Z |- _ => destruct (w_rounded v ltac:(lia) ltac:(lia)) as [U L];
      split; [apply Rle_trans with (1 := U); big | apply Rle_trans with (2 := L); apply Ropp_le_contravar; big] end
  | apply w_times_next; assumption | apply v_spread_one; assumption
  | eapply v_spread_more; eassumption
  | change (64 * 0)%Z with 0%Z; rewrite p2_0; ring
  | eapply product_range; [eassumption | eassumption | eassumption | eassumption | rewrite <- mult_IZR; apply IZR_le; vm_compute; discriminate] ].

Ltac split_all := repeat match goal with H : _ /\ _ |- _ => destruct H end.
Ltac take L := let H := fresh in pose proof L as H; try lra; repeat split; try lra.
Ltac close :=
  split_all;
  first
  [ exact p2_most | exact p2_normal
  | match goal with e : Z |- _ => first [ pose proof (p2_range e ltac:(lra)); lia | destruct (six_exact e ltac:(lia)) as (S1 & S2 & S3); repeat split; [now rewrite S1 | exact S3 | exact S2] ] end
  | match goal with u : Z |- _ => pose proof (p2_unit u ltac:(lia)) as N; rewrite unit_low, unit_high in N; lra end
  | solve [sticky]
  | match goal with d : R |- _ => exact (double_exact d ltac:(assumption)) end
  | apply rnd_again
  | match goal with a : R, b : R, w : R |- _ => pose proof (product_grows a b w ltac:(lra) ltac:(lra)); rewrite ?(Rmult_comm w) in *; lra end
  | exact grid_six | exact rnd_0 | exact rnd_1 | exact rnd_weight
  | apply rnd_mono; assumption
  | apply sum_sign; [exact rnd_1 | assumption] | apply sum_sign; [exact rnd_minus_1 | assumption]
  | match goal with z : R |- _ =>
      first [ exact (exp_scale z ltac:(assumption)) | exact (grid_range z ltac:(assumption)) ] end
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
  | match goal with |- context[?a / ?k] => pose proof (quotient_unit a k ltac:(lra) ltac:(lra)); lra end
  | match goal with a : R, b : R |- _ => pose proof (mul_unit a b ltac:(lra) ltac:(lra)); lra end
  | match goal with x : R |- context[FLT_exp (-149)] =>
      pose proof (rnd32_unit x ltac:(lra)); pose proof (Rabs_le_inv _ _ (rnd32_err x ltac:(lra)));
      rewrite eps32 in *; repeat split; simpl in *; lra end
  | match goal with x : R |- _ => pose proof (Rabs_le_inv _ _ (rnd_err x ltac:(lra))); rewrite eps in *; repeat split; simpl in *; lra end
  | repeat split; lra | repeat split; nra ].
