(* SPDX-License-Identifier: Apache-2.0 *)
(* Lemmas of specs/logic about the sum of the other weights (sum.acsl, lse.acsl), in the form of WpLemmas.v; close_log is tried
   by proofs/wp/tie.py where Tie.close fails. *)
From Coq Require Import Reals ZArith Lia Lra Psatz.
From Flocq Require Import Core.
From MultiMax Require Import Float64 WpLemmas.
Open Scope R_scope.

Lemma grid_unit : forall e : Z, 6 * p2 (IZR e) / 6755399441055744 = p2 (IZR (-50 + e)).
Proof.
intros e. rewrite !p2_IZR, bpow_plus. change (pow2 (-50)) with (/ IZR (Zpower_pos 2 50)).
replace (IZR (Zpower_pos 2 50)) with 1125899906842624 by reflexivity. field.
Qed.

Definition err64 (x r : R) : Prop := - (1 / 9007199254740992 * x + pow2 (-1070)) <= r - x <= 1 / 9007199254740992 * x + pow2 (-1070).
Lemma total_near : forall h lo grid wide high l low total, 0 < grid <= pow2 700 -> 0 <= h <= 262144 -> 0 <= lo ->
  err64 (grid * 18446744073709551616) wide -> err64 (h * wide) high -> err64 lo l -> err64 (l * grid) low ->
  err64 (high + low) total -> let s := (h * 18446744073709551616 + lo) * grid in pow2 (-300) <= s ->
  - (1 / 2251799813685248 * s) <= total - s <= 1 / 2251799813685248 * s.
Proof.
intros h lo g wide high l low total Hg Hh Hlo Hw Hhi Hl Hlow Ht s Hs. unfold err64 in *.
set (n := pow2 (-1070)) in *. assert (Pn : 0 < n) by apply bpow_gt_0.
assert (Ng : n * g <= pow2 (-370)).
{ change (-370)%Z with (-1070 + 700)%Z. rewrite bpow_plus. apply Rmult_le_compat_l; [apply Rlt_le, Pn | apply Hg]. }
assert (N1 : n * 1099511627776 <= pow2 (-370)).
{ change 1099511627776 with (pow2 40). unfold n. rewrite <- bpow_plus. apply bpow_le. lia. }
assert (N2 : pow2 (-370) * 1180591620717411303424 <= pow2 (-300)).
{ change 1180591620717411303424 with (IZR (2 ^ 70)). change (2 ^ 70)%Z with (radix2 ^ 70)%Z. rewrite IZR_Zpower by lia.
  rewrite <- bpow_plus. apply bpow_le. lia. }
set (q := pow2 (-370)) in *. set (a := h * (g * 18446744073709551616)). set (b := lo * g).
assert (Es : s = a + b) by (unfold s, a, b; ring). assert (Pb : 0 <= b) by (unfold b; apply Rmult_le_pos; lra).
assert (Pa : 0 <= a) by (unfold a; apply Rmult_le_pos; lra).
(* h wide against a; l grid against b *)
assert (A : a - (1 / 9007199254740992 * a + 262144 * n) <= h * wide <= a + (1 / 9007199254740992 * a + 262144 * n)).
{ unfold a. set (w := g * 18446744073709551616) in *. assert (h * n <= 262144 * n) by (apply Rmult_le_compat_r; lra).
  assert (L : h * (w - (1 / 9007199254740992 * w + n)) <= h * wide) by (apply Rmult_le_compat_l; lra).
  assert (U : h * wide <= h * (w + (1 / 9007199254740992 * w + n))) by (apply Rmult_le_compat_l; lra). lra. }
assert (B : b - (1 / 9007199254740992 * b + q) <= l * g <= b + (1 / 9007199254740992 * b + q)).
{ unfold b. assert (L : (lo - (1 / 9007199254740992 * lo + n)) * g <= l * g) by (apply Rmult_le_compat_r; lra).
  assert (U : l * g <= (lo + (1 / 9007199254740992 * lo + n)) * g) by (apply Rmult_le_compat_r; lra). lra. }
set (x := h * wide) in *. set (y := l * g) in *. rewrite Es in *. lra.
Qed.

Lemma low_300 : pow2 (-300) = 1 / IZR (2 ^ 300).
Proof. change (pow2 (-300)) with (/ IZR (Zpower_pos 2 300)). unfold Rdiv. rewrite Rmult_1_l. do 2 f_equal. Qed.
Lemma high_700 : pow2 700 = IZR (2 ^ 700).
Proof. change (2 ^ 700)%Z with (radix2 ^ 700)%Z. now rewrite IZR_Zpower by lia. Qed.
Lemma eps_1070 : pow2 (-1070) = 1 / IZR (2 ^ 1070).
Proof. change (pow2 (-1070)) with (/ IZR (Zpower_pos 2 1070)). unfold Rdiv. rewrite Rmult_1_l. do 2 f_equal. Qed.

(* total_near as Why3 prints it *)
Lemma total_printed : forall n top least h lo g wide high l low total, n = pow2 (-1070) -> top = pow2 700 -> least = pow2 (-300) ->
  0 < g -> g <= top -> least <= g * (lo + 18446744073709551616 * h) ->
  let e := fun x r => x <= n + r + 1 / 9007199254740992 * x /\ r <= n + x + 1 / 9007199254740992 * x in
  (((((((h <= 262144 /\ 0 <= h) /\ 0 <= lo) /\ e lo l) /\ e (high + low) total) /\ e (18446744073709551616 * g) wide) /\
    e (g * l) low) /\ e (h * wide) high) ->
  g * (lo + 18446744073709551616 * h) <= total + 1 / 2251799813685248 * (g * (lo + 18446744073709551616 * h)) /\
  total <= g * (lo + 18446744073709551616 * h) + 1 / 2251799813685248 * (g * (lo + 18446744073709551616 * h)).
Proof.
intros n top least h lo g wide high l low total -> -> -> G0 G1 S e H. unfold e in H. clear e.
assert (E : g * (lo + 18446744073709551616 * h) = (h * 18446744073709551616 + lo) * g) by ring. rewrite E in *. clear E.
assert (T := total_near h lo g wide high l low total). unfold err64 in T. cbv zeta in T.
rewrite (Rmult_comm g 18446744073709551616), (Rmult_comm l g) in T.
lra.
Qed.

Ltac close_log := first
  [ apply grid_unit
  | match goal with |- _ + _ = _ => rewrite plus_IZR; field end
  | eapply total_printed; [exact (eq_sym eps_1070) | exact (eq_sym high_700) | exact (eq_sym low_300) | eassumption ..] ].
