(* SPDX-License-Identifier: Apache-2.0 *)
(* T4, T5 (abstract part): integer sums do not depend on order or split; the 128-bit row sum in two limbs is the integer
   sum; what an exact sum gives for the sum of probabilities. *)
From Coq Require Import Reals ZArith Psatz List Permutation Lia.
Import ListNotations.

Definition zsum (l : list Z) : Z := fold_right Z.add 0%Z l.

(* T4a *)
Theorem zsum_perm : forall l r, Permutation l r -> zsum l = zsum r.
Proof. intros l r H. induction H; simpl; lia. Qed.
(* T4b: any split into parts, e.g. lanes, threads or machines *)
Theorem zsum_app : forall l r, zsum (l ++ r) = (zsum l + zsum r)%Z.
Proof. induction l; intros r; simpl; [|rewrite IHl]; lia. Qed.
Theorem zsum_split : forall parts l, Permutation (concat parts) l -> zsum (map zsum parts) = zsum l.
Proof.
intros parts l H. rewrite <- (zsum_perm _ _ H). clear H.
induction parts; simpl; trivial. rewrite zsum_app, IHparts. reflexivity.
Qed.
Lemma zsum_bounds : forall l a b, (forall q, In q l -> (a <= q <= b)%Z) ->
  (a * Z.of_nat (length l) <= zsum l <= b * Z.of_nat (length l))%Z.
Proof.
induction l as [|q l IH]; intros a b H; simpl length; simpl zsum; [lia|].
assert (A := H q (or_introl eq_refl)). assert (B := IH a b (fun q I => H q (or_intror I))).
rewrite Nat2Z.inj_succ. nia.
Qed.
(* S >= 2^50: the row's maximum has weight exactly 2^50 and no weight is negative *)
Theorem zsum_ge : forall l q, (forall r, In r l -> (0 <= r)%Z) -> In q l -> (q <= zsum l)%Z.
Proof.
induction l as [|r l IH]; intros q H I; [easy|]. simpl.
assert (N : (0 <= zsum l)%Z).
{ clear -H. assert (forall r, In r l -> (0 <= r)%Z) by (intros; apply H; now right). clear H.
  induction l as [|a l IH]; simpl; [lia|]. assert (A := H0 a (or_introl eq_refl)).
  assert (0 <= zsum l)%Z by (apply IH; intros; apply H0; now right). lia. }
assert (Hr := H r (or_introl eq_refl)). destruct I as [->|I]; [lia|].
assert (q <= zsum l)%Z by (apply IH; trivial; intros; apply H; now right). lia.
Qed.

(* the row sum in limbs hi, lo of 64 bits, as the C code adds one term *)
Definition limb : Z := (2 ^ 64)%Z.
Definition sum_value (s : Z * Z) : Z := (fst s * limb + snd s)%Z.
Definition sum_add (s : Z * Z) (q : Z) : Z * Z :=
  let room := (limb - 1 - snd s)%Z in
  if (q >? room)%Z then ((fst s + 1) mod limb, q - room - 1)%Z else (fst s, snd s + q)%Z.
Definition sum_ok (s : Z * Z) : Prop := (0 <= fst s < limb /\ 0 <= snd s < limb)%Z.

Lemma sum_add_exact : forall s q, sum_ok s -> (0 <= q < limb)%Z -> (sum_value s + q < limb * limb)%Z ->
  sum_ok (sum_add s q) /\ sum_value (sum_add s q) = (sum_value s + q)%Z.
Proof.
intros [hi lo] q [H1 H2] Hq H. unfold sum_ok, sum_add, sum_value in *. cbn [fst snd] in *.
assert (L : (1 < limb)%Z) by reflexivity. revert L H H1 H2 Hq. generalize limb. intros b L H H1 H2 Hq.
destruct (Z.gtb_spec q (b - 1 - lo)) as [G|G]; cbn [fst snd].
- assert (B : (0 <= hi + 1 < b)%Z) by (split; [lia | apply Z.mul_lt_mono_pos_r with b; lia]).
  rewrite (Z.mod_small (hi + 1) b B). lia.
- lia.
Qed.

(* T4c: at most 2^31 terms below 2^64 always fit, so S is the integer sum, whatever the order *)
Theorem row_sum_exact : forall l, (forall q, In q l -> (0 <= q < limb)%Z) -> (zsum l < limb * limb)%Z ->
  sum_value (fold_left sum_add l (0, 0)%Z) = zsum l.
Proof.
intros l H F.
assert (G : forall l s, (forall q, In q l -> (0 <= q < limb)%Z) -> sum_ok s -> (sum_value s + zsum l < limb * limb)%Z ->
  sum_value (fold_left sum_add l s) = (sum_value s + zsum l)%Z).
{ clear l H F. induction l as [|q l IH]; intros s H Os F. simpl. lia.
  assert (Hl : forall r, In r l -> (0 <= r < limb)%Z) by (intros; apply H; now right).
  assert (N : (0 <= zsum l)%Z).
  { assert (B := zsum_bounds l 0 limb). lapply B. lia. intros r I. specialize (Hl r I). lia. }
  change (zsum (q :: l)) with (q + zsum l)%Z in *.
  destruct (sum_add_exact s q Os (H q (or_introl eq_refl))) as [Os' V]. lia.
  simpl. rewrite IH; trivial; rewrite V; lia. }
rewrite G; trivial. repeat split; simpl; unfold limb; lia.
Qed.
Theorem row_sum_perm : forall l r, Permutation l r -> (forall q, In q l -> (0 <= q < limb)%Z) -> (zsum l < limb * limb)%Z ->
  sum_value (fold_left sum_add l (0, 0)%Z) = sum_value (fold_left sum_add r (0, 0)%Z).
Proof.
intros l r P H F. rewrite !row_sum_exact; trivial.
- now apply zsum_perm.
- intros q I. apply H. apply Permutation_in with r; trivial. now apply Permutation_sym.
- now rewrite <- (zsum_perm l r).
Qed.
(* at most 2^64 terms below 2^64 never overflow two limbs *)
Theorem row_sum_fits : forall l, (forall q, In q l -> (0 <= q < limb)%Z) -> (Z.of_nat (length l) <= limb)%Z ->
  l <> [] -> (zsum l < limb * limb)%Z.
Proof.
intros l H N Ne. assert (B := zsum_bounds l 0 (limb - 1)).
lapply B. { intros [_ U]. assert (0 < limb)%Z by reflexivity. revert U N H0. generalize limb. intros; nia. }
intros q I. specialize (H q I). lia.
Qed.

(* T5 (algebra): weights e_i, counts q_i on the grid g with |e_i - q_i g| <= g/2, S = sum q_i >= 1/g, and computed
   probabilities within relative u and absolute h of e_i / (S g): their sum is within n g/2 (1+u) + u + n h of 1. *)
Open Scope R_scope.
Record entry := mk_entry { weight : R; count : Z; computed : R }.
Definition total (f : entry -> R) (l : list entry) : R := fold_right (fun e s => f e + s) 0 l.

Lemma total_le : forall f h l, (forall e, In e l -> f e <= h e) -> total f l <= total h l.
Proof.
induction l as [|e l IH]; intros H; simpl; [lra|].
assert (A := H e (or_introl eq_refl)). assert (B := IH (fun e I => H e (or_intror I))). lra.
Qed.
Lemma total_lin : forall f h a b l, total (fun e => a * f e + b * h e) l = a * total f l + b * total h l.
Proof. induction l; simpl; [ring|]. rewrite IHl. ring. Qed.
Lemma total_one : forall l, total (fun _ => 1) l = INR (length l).
Proof. induction l; [reflexivity|]. change (length (a :: l)) with (S (length l)). rewrite S_INR. simpl. rewrite IHl. ring. Qed.
Lemma total_count : forall l, total (fun e => IZR (count e)) l = IZR (zsum (map count l)).
Proof. induction l; simpl; trivial. rewrite IHl, plus_IZR. reflexivity. Qed.
Lemma total_ext : forall f h l, (forall e, In e l -> f e = h e) -> total f l = total h l.
Proof.
induction l as [|e l IH]; intros H; simpl; trivial.
rewrite (H e (or_introl eq_refl)), IH; trivial. intros. apply H. now right.
Qed.

Theorem probability_sum : forall (l : list entry) g u h, 0 < g -> 0 <= u <= 1 -> 0 <= h ->
  (forall e, In e l -> 0 <= weight e /\ Rabs (weight e - IZR (count e) * g) <= g / 2) ->
  1 <= IZR (zsum (map count l)) * g ->
  (forall e, In e l -> let p := weight e / (IZR (zsum (map count l)) * g) in Rabs (computed e - p) <= u * p + h) ->
  Rabs (total computed l - 1) <= INR (length l) * (g / 2) * (1 + u) + u + INR (length l) * h.
Proof.
intros l g u h Hg Hu Hh He HS Hp. set (n := INR (length l)). set (S := IZR (zsum (map count l)) * g) in *.
assert (Pn : 0 <= n) by apply pos_INR.
assert (ES : total (fun e => IZR (count e) * g) l = S).
{ unfold S. rewrite <- total_count. rewrite (total_ext _ (fun e => g * IZR (count e) + 0 * 1)).
  rewrite total_lin. ring. intros; ring. }
assert (W1 : total weight l <= S + n * (g / 2)).
{ replace (S + n * (g / 2)) with (1 * S + (g / 2) * n) by ring. rewrite <- ES. unfold n. rewrite <- total_one, <- total_lin.
  apply total_le. intros e I. destruct (He e I) as [_ B]. revert B. unfold Rabs. destruct Rcase_abs; lra. }
assert (W2 : S - n * (g / 2) <= total weight l).
{ replace (S - n * (g / 2)) with (1 * S + (- (g / 2)) * n) by ring. rewrite <- ES. unfold n. rewrite <- total_one, <- total_lin.
  apply total_le. intros e I. destruct (He e I) as [_ B]. revert B. unfold Rabs. destruct Rcase_abs; lra. }
assert (Up : total computed l <= (1 + u) / S * total weight l + h * n).
{ unfold n. rewrite <- total_one, <- total_lin. apply total_le. intros e I. specialize (Hp e I). simpl in Hp.
  replace ((1 + u) / S * weight e) with ((1 + u) * (weight e / S)) by (field; lra).
  revert Hp. unfold Rabs. destruct Rcase_abs; lra. }
assert (Dn : (1 - u) / S * total weight l + (- h) * n <= total computed l).
{ unfold n. rewrite <- total_one, <- total_lin. apply total_le. intros e I. specialize (Hp e I). simpl in Hp.
  replace ((1 - u) / S * weight e) with ((1 - u) * (weight e / S)) by (field; lra).
  revert Hp. unfold Rabs. destruct Rcase_abs; lra. }
assert (Q : total weight l = S * (total weight l / S)) by (field; lra).
set (t := total weight l / S) in *.
assert (T : Rabs (t - 1) <= n * (g / 2)).
{ assert (A : S * (t - 1) <= n * (g / 2)) by lra. assert (B : - (n * (g / 2)) <= S * (t - 1)) by lra.
  assert (0 <= n * (g / 2)) by (apply Rmult_le_pos; lra).
  unfold Rabs. destruct Rcase_abs; nra. }
replace ((1 + u) / S * total weight l) with ((1 + u) * t) in Up by (rewrite Q; field; lra).
replace ((1 - u) / S * total weight l) with ((1 - u) * t) in Dn by (rewrite Q; field; lra).
assert (T' : - (n * (g / 2)) <= t - 1 <= n * (g / 2)) by (revert T; unfold Rabs; destruct Rcase_abs; lra).
apply Rabs_le. split; nra.
Qed.
