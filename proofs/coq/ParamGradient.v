(* SPDX-License-Identifier: Apache-2.0 *)
(* T8g: parameter gradients. d sigma / d theta for the eight parameters (first-order knots: off the logits), and the
   gradient of a row with respect to one parameter, or to the affine pre-map. *)
From Coq Require Import Reals Psatz Lia.
From Coquelicot Require Import Coquelicot.
From MultiMax Require Import Hinge Modulator Slopes RealSum Softmax Gradient.
Open Scope R_scope.

Inductive param_name := C1 | C2 | C3 | C4 | K1 | K2 | K3 | K4.
Definition get (P : params) (j : param_name) : R :=
  match j with C1 => c1 P | C2 => c2 P | C3 => c3 P | C4 => c4 P | K1 => k1 P | K2 => k2 P | K3 => k3 P | K4 => k4 P end.
Definition set (P : params) (j : param_name) (u : R) : params :=
  match P with mk_params a1 a2 a3 a4 b1 b2 b3 b4 => match j with
  | C1 => mk_params u a2 a3 a4 b1 b2 b3 b4 | C2 => mk_params a1 u a3 a4 b1 b2 b3 b4
  | C3 => mk_params a1 a2 u a4 b1 b2 b3 b4 | C4 => mk_params a1 a2 a3 u b1 b2 b3 b4
  | K1 => mk_params a1 a2 a3 a4 u b2 b3 b4 | K2 => mk_params a1 a2 a3 a4 b1 u b3 b4
  | K3 => mk_params a1 a2 a3 a4 b1 b2 u b4 | K4 => mk_params a1 a2 a3 a4 b1 b2 b3 u end end.
Lemma set_get : forall P j, set P j (get P j) = P.
Proof. intros [] []; reflexivity. Qed.

(* as computed: strict indicators *)
Definition dparam (P : params) (j : param_name) (y : R) : R :=
  match j with
  | C1 => relu (k1 P - y) | C2 => relu (y - k2 P) | C3 => relu (k3 P - y) ^ 2 | C4 => relu (y - k4 P) ^ 2
  | K1 => c1 P * step (k1 P - y) | K2 => - c2 P * step (y - k2 P)
  | K3 => 2 * c3 P * relu (k3 P - y) | K4 => - 2 * c4 P * relu (y - k4 P) end.
(* where sigma is differentiable in parameter j *)
Definition smooth_at (P : params) (j : param_name) (y : R) : Prop :=
  match j with K1 => c1 P = 0 \/ y <> k1 P | K2 => c2 P = 0 \/ y <> k2 P | _ => True end.

Lemma relu_derive : forall u, u <> 0 -> is_derive relu u (step u).
Proof.
intros u N. apply expansion_derive.
- destruct (relu_high_right 0 u) as (d & Pd & E). exists d, 0. split; trivial. intros h Hh.
  specialize (E h Hh). rewrite !Rminus_0_r in E. rewrite E. unfold step, step_ge. destruct Rlt_dec, Rle_dec; lra.
- destruct (relu_high_left 0 u) as (d & Pd & E). exists d, 0. split; trivial. intros h Hh.
  specialize (E h Hh). rewrite !Rminus_0_r in E. rewrite E. ring.
Qed.
Lemma relu_sq_derive : forall u, is_derive (fun u => relu u ^ 2) u (2 * relu u).
Proof.
intros u. apply expansion_derive.
- destruct (relu_high_right 0 u) as (d & Pd & E). exists d, (step_ge u ^ 2). split; trivial. intros h Hh.
  specialize (E h Hh). rewrite !Rminus_0_r in E. rewrite E. destruct (relu_step u) as [_ S]. ring [S].
- destruct (relu_high_left 0 u) as (d & Pd & E). exists d, (step u ^ 2). split; trivial. intros h Hh.
  specialize (E h Hh). rewrite !Rminus_0_r in E. rewrite E. destruct (relu_step u) as [S _]. ring [S].
Qed.

(* a + b * f(c*u + d) *)
Lemma term_derive : forall (f : R -> R) a b c d u l, is_derive f (c * u + d) l -> is_derive (fun u => a + b * f (c * u + d)) u (b * (c * l)).
Proof.
intros f a b c d u l D. evar_last.
apply (is_derive_plus (K := R_AbsRing) (V := R_NormedModule) (fun _ => a)).
apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule) a u).
apply (is_derive_scal (fun u => f (c * u + d))). apply (is_derive_comp f (fun u => c * u + d)). exact D.
auto_derive; trivial. unfold plus, zero, scal; simpl. unfold mult; simpl. ring.
Qed.

Theorem sigma_param_derive : forall P j y, smooth_at P j y ->
  is_derive (fun u => sigma (set P j u) y) (get P j) (dparam P j y).
Proof.
intros [a1 a2 a3 a4 b1 b2 b3 b4] j y S.
assert (Lin : forall a r u, is_derive (fun u => a + u * r) u r).
{ intros a r u. auto_derive; trivial. ring. }
destruct j; unfold sigma; simpl in *.
- apply (is_derive_ext (fun u => (y + a2 * relu (y - b2) + a3 * relu (b3 - y) ^ 2 + a4 * relu (y - b4) ^ 2) + u * relu (b1 - y))).
  intros; simpl; ring. apply Lin.
- apply (is_derive_ext (fun u => (y + a1 * relu (b1 - y) + a3 * relu (b3 - y) ^ 2 + a4 * relu (y - b4) ^ 2) + u * relu (y - b2))).
  intros; simpl; ring. apply Lin.
- apply (is_derive_ext (fun u => (y + a1 * relu (b1 - y) + a2 * relu (y - b2) + a4 * relu (y - b4) ^ 2) + u * relu (b3 - y) ^ 2)).
  intros; simpl; ring. apply (Lin _ (relu (b3 - y) ^ 2)).
- apply (is_derive_ext (fun u => (y + a1 * relu (b1 - y) + a2 * relu (y - b2) + a3 * relu (b3 - y) ^ 2) + u * relu (y - b4) ^ 2)).
  intros; simpl; ring. apply (Lin _ (relu (y - b4) ^ 2)).
- destruct S as [-> | N].
  + apply (is_derive_ext (fun u => (y + a2 * relu (y - b2) + a3 * relu (b3 - y) ^ 2 + a4 * relu (y - b4) ^ 2) + u * 0)).
    intros; simpl; ring. rewrite Rmult_0_l. apply Lin.
  + apply (is_derive_ext (fun u => (y + a2 * relu (y - b2) + a3 * relu (b3 - y) ^ 2 + a4 * relu (y - b4) ^ 2) + a1 * relu (1 * u + - y))).
    intros; simpl. replace (1 * t + - y) with (t - y) by ring. ring.
    evar_last. apply term_derive. apply relu_derive. lra. replace (1 * b1 + - y) with (b1 - y) by ring. ring.
- destruct S as [-> | N].
  + apply (is_derive_ext (fun u => (y + a1 * relu (b1 - y) + a3 * relu (b3 - y) ^ 2 + a4 * relu (y - b4) ^ 2) + u * 0)).
    intros; simpl; ring. rewrite Ropp_0, Rmult_0_l. apply Lin.
  + apply (is_derive_ext (fun u => (y + a1 * relu (b1 - y) + a3 * relu (b3 - y) ^ 2 + a4 * relu (y - b4) ^ 2) + a2 * relu (-1 * u + y))).
    intros; simpl. replace (-1 * t + y) with (y - t) by ring. ring.
    evar_last. apply term_derive. apply relu_derive. lra. replace (-1 * b2 + y) with (y - b2) by ring. ring.
- apply (is_derive_ext (fun u => (y + a1 * relu (b1 - y) + a2 * relu (y - b2) + a4 * relu (y - b4) ^ 2) + a3 * (fun v => relu v ^ 2) (1 * u + - y))).
  intros; simpl. replace (1 * t + - y) with (t - y) by ring. ring.
  evar_last. apply (term_derive (fun v => relu v ^ 2)). apply relu_sq_derive. replace (1 * b3 + - y) with (b3 - y) by ring. ring.
- apply (is_derive_ext (fun u => (y + a1 * relu (b1 - y) + a2 * relu (y - b2) + a3 * relu (b3 - y) ^ 2) + a4 * (fun v => relu v ^ 2) (-1 * u + y))).
  intros; simpl. replace (-1 * t + y) with (y - t) by ring. ring.
  evar_last. apply (term_derive (fun v => relu v ^ 2)). apply relu_sq_derive. replace (-1 * b4 + y) with (y - b4) by ring. ring.
Qed.

Theorem grad_params : forall n P j y g, (forall i, (i < n)%nat -> smooth_at P j (y i)) ->
  is_derive (fun u => sum n (fun k => g k * multimax n (set P j u) y k)) (get P j)
    (sum n (fun i => grad_sigma n (fun k => sigma P (y k)) g i * dparam P j (y i))).
Proof.
intros n P j y g S. evar_last.
apply (softmax_vjp n (fun u k => sigma (set P j u) (y k)) (get P j) (fun i => dparam P j (y i))).
intros k Hk. apply sigma_param_derive. now apply S. rewrite set_get. reflexivity.
Qed.

(* pre-map y = scale*x + shift: gradients sum h*x and sum h with h = grad_sigma * sigma'(y) *)
Theorem grad_scale : forall n P scale shift x g,
  (forall i, (i < n)%nat -> (c1 P = 0 \/ scale * x i + shift <> k1 P) /\ (c2 P = 0 \/ scale * x i + shift <> k2 P)) ->
  is_derive (fun u => sum n (fun k => g k * softmax n (fun j => modulated P u shift (x j)) k)) scale
    (sum n (fun i => grad_sigma n (fun k => modulated P scale shift (x k)) g i * (dsigma P (scale * x i + shift) * x i))) /\
  is_derive (fun u => sum n (fun k => g k * softmax n (fun j => modulated P scale u (x j)) k)) shift
    (sum n (fun i => grad_sigma n (fun k => modulated P scale shift (x k)) g i * dsigma P (scale * x i + shift))).
Proof.
intros n P scale shift x g S. split.
- apply (softmax_vjp n (fun u j => modulated P u shift (x j)) scale). intros k Hk. destruct (S k Hk) as [S1 S2].
  evar_last. apply (is_derive_comp (sigma P) (fun u => u * x k + shift)). now apply sigma_derive.
  auto_derive; trivial. unfold scal; simpl; unfold mult; simpl. ring.
- apply (softmax_vjp n (fun u j => modulated P scale u (x j)) shift). intros k Hk. destruct (S k Hk) as [S1 S2].
  evar_last. apply (is_derive_comp (sigma P) (fun u => scale * x k + u)). now apply sigma_derive.
  auto_derive; trivial. unfold scal; simpl; unfold mult; simpl. ring.
Qed.
