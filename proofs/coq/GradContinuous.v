(* SPDX-License-Identifier: Apache-2.0 *)
(* T8m: the gradient at a row's logits (of the mean of g, or of the cross-entropy) is continuous in all logits together wherever sigma' is,
   masks and pre-map included; so it is everywhere, at knots too, iff c1 = c2 = 0: terms of second order alone. *)
From Coq Require Import Reals Psatz Lia PeanoNat FunctionalExtensionality.
From Coquelicot Require Import Coquelicot.
From MultiMax Require Import Hinge Modulator Slopes RealSum Contract Accuracy LossContract GradContract GradExact LossGradContract LossGradExact ClarkeRow.
Open Scope R_scope.

(* by epsilon and delta, all logits that take part within delta; the others are never looked at *)
Definition logits_near (r : row) (x : nat -> R) (d : R) (z : nat -> R) : Prop :=
  forall k, (k < size r)%nat -> taken r k = true -> Rabs (z k - x k) < d.
Definition continuous_at (r : row) (F : (nat -> R) -> R) (x : nat -> R) : Prop :=
  forall eps, 0 < eps -> exists d, 0 < d /\ forall z, logits_near r x d z -> Rabs (F z - F x) < eps.
(* the same as a limit along a filter *)
Definition nearby (r : row) (x : nat -> R) (Q : (nat -> R) -> Prop) : Prop := exists d, 0 < d /\ forall z, logits_near r x d z -> Q z.
#[local] Instance nearby_filter : forall r x, Filter (nearby r x).
Proof.
intros r x. split. exists 1; split; [lra | trivial]. 2: intros P Q I (d & Pd & H); exists d; auto.
intros P Q (d & Pd & H) (e & Pe & G). exists (Rmin d e). split. now apply Rmin_pos. intros z Hz. split; [apply H | apply G]; intros k Hk T;
  apply Rlt_le_trans with (1 := Hz k Hk T); [apply Rmin_l | apply Rmin_r].
Qed.
Definition leads (r : row) (x : nat -> R) (F : (nat -> R) -> R) (l : R) : Prop := filterlim F (nearby r x) (locally l).

Lemma leads_continuous : forall r x F, leads r x F (F x) <-> continuous_at r F x.
Proof.
intros r x F. split; intros C. intros eps Pe. exact (proj1 (filterlim_locally F (F x)) C (mkposreal eps Pe)).
apply filterlim_locally. intros eps. exact (C eps (cond_pos eps)).
Qed.
Lemma leads_const : forall r x c, leads r x (fun _ => c) c.
Proof. intros r x c. apply filterlim_const. Qed.
Lemma leads_comp : forall r x p F a, continuity_pt p a -> leads r x F a -> leads r x (fun z => p (F z)) (p a).
Proof. intros r x p F a C L. apply continuity_pt_filterlim in C. exact (filterlim_comp _ _ _ F p _ _ _ L C). Qed.
Lemma leads_plus : forall r x F G a b, leads r x F a -> leads r x G b -> leads r x (fun z => F z + G z) (a + b).
Proof. intros r x F G a b A B. exact (filterlim_comp_2 F G Rplus A B (filterlim_plus (K := R_AbsRing) (V := R_NormedModule) a b)). Qed.
Lemma leads_mult : forall r x F G a b, leads r x F a -> leads r x G b -> leads r x (fun z => F z * G z) (a * b).
Proof. intros r x F G a b A B. exact (filterlim_comp_2 F G Rmult A B (filterlim_mult (K := R_AbsRing) a b)). Qed.
Lemma leads_minus : forall r x F G a b, leads r x F a -> leads r x G b -> leads r x (fun z => F z - G z) (a - b).
Proof. intros r x F G a b A B. apply leads_plus, (leads_comp r x Ropp); trivial. apply continuity_pt_opp, derivable_continuous_pt, derivable_pt_id. Qed.
Lemma leads_div : forall r x F G a b, b <> 0 -> leads r x F a -> leads r x G b -> leads r x (fun z => F z / G z) (a / b).
Proof. intros r x F G a b N A B. apply leads_mult, (leads_comp r x Rinv); trivial. apply continuity_pt_filterlim. now apply continuous_Rinv. Qed.
Lemma leads_kept : forall r x (f : (nat -> R) -> nat -> R) l n, (forall k, (k < size r)%nat -> taken r k = true -> leads r x (fun z => f z k) (l k)) ->
  (n <= size r)%nat -> leads r x (fun z => sum n (kept r (f z))) (sum n (kept r l)).
Proof.
intros r x f l n H. induction n; intros Hn; simpl. apply leads_const. apply leads_plus. apply IHn; lia.
unfold kept. destruct (taken r n) eqn:T. now apply H. apply leads_const.
Qed.

(* the arguments, the probabilities and the mean are continuous whatever the parameters *)
Lemma leads_argument : forall r x k, (k < size r)%nat -> taken r k = true ->
  leads r x (fun z => argument (with_logits r z) k) (argument (with_logits r x) k).
Proof.
intros r x k Hk T. apply leads_plus, leads_const. apply leads_mult. apply leads_const.
apply (leads_continuous r x (fun z => z k)). intros eps Pe. exists eps. auto.
Qed.
Lemma leads_multimax : forall r x i, (i < size r)%nat -> taken r i = true ->
  leads r x (fun z => multimax_row (with_logits r z) i) (multimax_row (with_logits r x) i).
Proof.
intros r x i Hi Ti. unfold multimax_row, kept at 1 3; simpl. rewrite Ti.
assert (L : forall k, (k < size r)%nat -> taken r k = true ->
  leads r x (fun z => exp (sigma_at (with_logits r z) k)) (exp (sigma_at (with_logits r x) k))).
{ intros k Hk T. apply (leads_comp r x exp). apply derivable_continuous_pt, derivable_pt_exp.
  apply (leads_comp r x (sigma (coefs r))). apply sigma_continuous. now apply leads_argument. }
apply leads_div; auto; [|now apply (leads_kept r x (fun z k => exp (sigma_at (with_logits r z) k)))].
apply Rgt_not_eq, Rlt_le_trans with (exp (sigma_at (with_logits r x) i)). apply exp_pos.
apply (kept_term r (fun k => exp (sigma_at (with_logits r x) k))); trivial. intros; apply Rlt_le, exp_pos.
Qed.
Lemma leads_grad_sigma : forall r g x i, (i < size r)%nat -> taken r i = true ->
  leads r x (fun z => grad_sigma_row (with_logits r z) g i) (grad_sigma_row (with_logits r x) g i).
Proof.
intros r g x i Hi Ti. apply leads_mult, leads_minus; [now apply leads_multimax | apply leads_const|].
apply (leads_kept r x (fun z k => multimax_row (with_logits r z) k * g k)); trivial. intros. apply leads_mult, leads_const. now apply leads_multimax.
Qed.
Lemma leads_residual : forall r y a w x i, (i < size r)%nat -> taken r i = true ->
  leads r x (fun z => w * (multimax_row (with_logits r z) i - target_share r y a i)) (w * (multimax_row (with_logits r x) i - target_share r y a i)).
Proof. intros r y a w x i Hi Ti. apply leads_mult, leads_minus, leads_const. apply leads_const. now apply leads_multimax. Qed.

(* sigma' at entry i's argument times G: continuous where sigma' is *)
Definition sloped (r : row) (i : nat) (G : (nat -> R) -> R) (z : nat -> R) : R :=
  kept r (fun i => scale r * dsigma (coefs r) (argument (with_logits r z) i) * G z) i.
Definition smooth_slope (r : row) (i : nat) (x : nat -> R) : Prop :=
  taken r i = true -> continuity_pt (dsigma (coefs r)) (argument (with_logits r x) i).
Lemma sloped_continuous : forall r x i G, (i < size r)%nat -> (taken r i = true -> leads r x G (G x)) -> smooth_slope r i x ->
  continuous_at r (sloped r i G) x.
Proof.
intros r x i G Hi L C. apply leads_continuous. unfold sloped, kept. destruct (taken r i) eqn:Ti; [|apply leads_const]. apply leads_mult; auto.
apply leads_mult. apply leads_const. apply (leads_comp r x (dsigma (coefs r))). now apply C. now apply leads_argument.
Qed.
Definition grad_mean (r : row) (g : nat -> R) (i : nat) (z : nat -> R) : R := grad_row (with_logits r z) g (argument (with_logits r z) i) i.
Definition grad_loss (r : row) (y : nat) (a w : R) (i : nat) (z : nat -> R) : R :=
  kept r (fun i => loss_grad_row (with_logits r z) y a w (dsigma (coefs r) (argument (with_logits r z) i)) i) i.
Lemma grad_mean_sloped : forall r g i z, grad_mean r g i z = sloped r i (fun z => grad_sigma_row (with_logits r z) g i) z.
Proof.
intros r g i z. unfold grad_mean, grad_row, sloped, kept. simpl. destruct (taken r i) eqn:Ti; trivial.
unfold grad_sigma_row, multimax_row, kept at 1; simpl. rewrite Ti. ring.
Qed.

(* T8m *)
Theorem grad_mean_continuous_at : forall r g i x, (i < size r)%nat -> smooth_slope r i x -> continuous_at r (grad_mean r g i) x.
Proof.
intros r g i x Hi H. rewrite (functional_extensionality _ _ (grad_mean_sloped r g i)). apply sloped_continuous; trivial. now apply leads_grad_sigma.
Qed.
Theorem grad_loss_continuous_at : forall r y a w i x, (i < size r)%nat -> smooth_slope r i x -> continuous_at r (grad_loss r y a w i) x.
Proof.
intros r y a w i x Hi H. apply (sloped_continuous r x i (fun z => w * (multimax_row (with_logits r z) i - target_share r y a i))); trivial.
now apply leads_residual.
Qed.

(* the condition is needed: two equal logits at a jump of sigma' *)
Definition twins (P : params) : row := mk_row 2 (fun _ => true) (fun _ => 0) P 1 0.
Lemma twins_half : forall P y i, multimax_row (with_logits (twins P) (fun _ => y)) i = 1 / 2.
Proof. intros P y i. unfold multimax_row, kept, sigma_at, modulated; simpl. assert (A := exp_pos (sigma P (1 * y + 0))). field. lra. Qed.
Lemma twins_slope : forall P G, (forall y, leads (twins P) (fun _ => y) G (G (fun _ => y)) /\ G (fun _ => y) <> 0) ->
  (forall x, continuous_at (twins P) (sloped (twins P) 0 G) x) -> c1 P = 0 /\ c2 P = 0.
Proof.
intros P G H C. apply dsigma_continuous_iff. intros y. destruct (H y) as [L N].
assert (E : forall b, sloped (twins P) 0 G (fun _ => b) / G (fun _ => b) = dsigma P b).
{ intros b. unfold sloped, kept, argument; simpl. replace (1 * b + 0) with b by ring. field. apply H. }
assert (Q := leads_div _ _ _ _ _ _ N (proj2 (leads_continuous _ _ _) (C (fun _ => y))) L). cbv beta in Q. rewrite E in Q. intros eps Pe.
destruct (proj1 (filterlim_locally _ _) Q (mkposreal eps Pe)) as (d & Pd & B). exists d. split; trivial. intros b [_ Hb].
rewrite <- (E b). apply (B (fun _ => b)). intros k _ _. exact Hb.
Qed.
Theorem grad_mean_continuous_iff : forall P,
  (forall r g i, coefs r = P -> (i < size r)%nat -> forall x, continuous_at r (grad_mean r g i) x) <-> c1 P = 0 /\ c2 P = 0.
Proof.
intros P. split.
- intros H. apply (twins_slope P (fun z => grad_sigma_row (with_logits (twins P) z) (delta 0) 0)).
  + split. apply (leads_grad_sigma (twins P)); simpl; trivial; lia. unfold grad_sigma_row, mean_row, kept; simpl. rewrite !twins_half. unfold delta; simpl. lra.
  + rewrite <- (functional_extensionality _ _ (grad_mean_sloped (twins P) (delta 0) 0)). apply H; simpl; trivial; lia.
- intros Z r g i <- Hi x. apply grad_mean_continuous_at; trivial. intros _. now apply dsigma_continuous_iff.
Qed.
Theorem grad_loss_continuous_iff : forall P,
  (forall r y a w i, coefs r = P -> (i < size r)%nat -> forall x, continuous_at r (grad_loss r y a w i) x) <-> c1 P = 0 /\ c2 P = 0.
Proof.
intros P. split.
- intros H. apply (twins_slope P (fun z => 1 * (multimax_row (with_logits (twins P) z) 0 - target_share (twins P) 0 0 0))).
  + split. apply (leads_residual (twins P)); simpl; trivial; lia. rewrite twins_half. unfold target_share, delta, unmasked_count, kept; simpl. lra.
  + apply (H (twins P) 0%nat 0 1 0%nat); simpl; trivial; lia.
- intros Z r y a w i <- Hi x. apply grad_loss_continuous_at; trivial. intros _. now apply dsigma_continuous_iff.
Qed.
(* so the losses are then continuously differentiable in the logits *)
Corollary grad_mean_smooth : forall r g i x, c1 (coefs r) = 0 -> c2 (coefs r) = 0 -> (i < size r)%nat -> taken r i = true ->
  is_derive (fun u => mean_row (set_logit (with_logits r x) i u) g) (x i) (grad_mean r g i x) /\ continuous_at r (grad_mean r g i) x.
Proof. split; [apply (grad_row_derive (with_logits r x)) | apply (proj2 (grad_mean_continuous_iff (coefs r)))]; auto. Qed.
Corollary grad_loss_smooth : forall r y a w i x, c1 (coefs r) = 0 -> c2 (coefs r) = 0 -> (y < size r)%nat -> taken r y = true ->
  (i < size r)%nat -> taken r i = true -> is_derive (fun u => w * cross_entropy (set_logit (with_logits r x) i u) y a) (x i) (grad_loss r y a w i x) /\
  continuous_at r (grad_loss r y a w i) x.
Proof.
intros r y a w i x Z1 Z2 Hy Ty Hi Ti. split; [|apply (proj2 (grad_loss_continuous_iff (coefs r))); auto].
unfold grad_loss, kept. rewrite Ti. apply (loss_row_derive (with_logits r x)); auto.
Qed.
