(* SPDX-License-Identifier: Apache-2.0 *)
(* T8k: at first-order knots the gradient at a row's logits, as computed, is a Clarke subgradient of the row's loss (mean of g, or
   cross-entropy), masks and pre-map included, if k1 <> k2 or c1 c2 >= 0. Every entry has its own argument, so a step can go to
   the side of the knot, for each entry, whose slope is the larger one for the direction at hand. *)
From Coq Require Import Reals Psatz Lia PeanoNat FunctionalExtensionality.
From Coquelicot Require Import Coquelicot.
From MultiMax Require Import Hinge Modulator Slopes Clarke RealSum Gradient Contract Accuracy LossContract GradContract GradExact
  LossGradContract LossGradExact.
Open Scope R_scope.

(* <g, v> <= limsup over y -> x, t -> 0+ of (F(y + t v) - F(y)) / t for every v: Clarke's definition, F locally Lipschitz.
   Entries from n on are ignored. *)
Definition clarke_subgradient (n : nat) (F : (nat -> R) -> R) (x g : nat -> R) : Prop :=
  forall v eps delta, 0 < eps -> 0 < delta -> exists y t, (forall i, (i < n)%nat -> Rabs (y i - x i) < delta) /\ 0 < t < delta /\
    sum n (fun i => g i * v i) - eps <= (F (fun i => y i + t * v i) - F y) / t.

(* limits at 0 from the right *)
Definition tends (f : R -> R) (l : R) : Prop := filterlim f (at_right 0) (locally l).

Lemma soon : forall (Q : R -> Prop) d, 0 < d -> (forall h, 0 < h < d -> Q h) -> at_right 0 Q.
Proof.
intros Q d Pd H. exists (mkposreal d Pd). intros h Bh Ph. apply H. split; trivial.
change (Rabs (h - 0) < d) in Bh. rewrite Rminus_0_r, Rabs_pos_eq in Bh; lra.
Qed.
Lemma soon_all : forall n (Q : nat -> R -> Prop), (forall k, (k < n)%nat -> at_right 0 (Q k)) ->
  at_right 0 (fun h => forall k, (k < n)%nat -> Q k h).
Proof.
induction n; intros Q H. apply filter_forall; intros; lia.
apply (filter_imp (fun h => (forall k, (k < n)%nat -> Q k h) /\ Q n h)).
- intros h [A B] k Hk. destruct (Nat.eq_dec k n) as [->|N]; [exact B | apply A; lia].
- apply filter_and. apply IHn; intros; apply H; lia. apply H; lia.
Qed.
Lemma tends_near : forall f l e, tends f l -> 0 < e -> at_right 0 (fun h => Rabs (f h - l) < e).
Proof. intros f l e T He. exact (proj1 (filterlim_locally f l) T (mkposreal e He)). Qed.
Lemma tends_rate : forall f l K d, 0 < d -> (forall h, 0 < h < d -> Rabs (f h - l) <= K * h) -> tends f l.
Proof.
intros f l K d Pd H. apply filterlim_locally. intros eps. assert (Pe := cond_pos eps). assert (PK := Rabs_pos K).
apply (soon _ (Rmin d (eps / (Rabs K + 1)))).
- apply Rmin_pos; trivial. apply Rdiv_lt_0_compat; lra.
- intros h Hh. assert (h1 := Rlt_le_trans _ _ _ (proj2 Hh) (Rmin_l _ _)). assert (h2 := Rlt_le_trans _ _ _ (proj2 Hh) (Rmin_r _ _)).
  change (Rabs (f h - l) < eps). apply Rle_lt_trans with (K * h). apply H; lra.
  apply (Rmult_lt_compat_r (Rabs K + 1)) in h2; [|lra]. replace (eps / (Rabs K + 1) * (Rabs K + 1)) with (pos eps) in h2 by (field; lra).
  assert (K * h <= Rabs K * h) by (apply Rmult_le_compat_r; [lra | apply RRle_abs]). lra.
Qed.
Lemma tends_const : forall c, tends (fun _ => c) c.
Proof. intros c. apply filterlim_const. Qed.
Lemma tends_plus : forall f g a b, tends f a -> tends g b -> tends (fun h => f h + g h) (a + b).
Proof. intros f g a b A B. exact (filterlim_comp_2 f g Rplus A B (filterlim_plus (K := R_AbsRing) (V := R_NormedModule) a b)). Qed.
Lemma tends_mult : forall f g a b, tends f a -> tends g b -> tends (fun h => f h * g h) (a * b).
Proof. intros f g a b A B. exact (filterlim_comp_2 f g Rmult A B (filterlim_mult (K := R_AbsRing) a b)). Qed.
Lemma tends_comp : forall p f a, continuity_pt p a -> tends f a -> tends (fun h => p (f h)) (p a).
Proof. intros p f a C T. apply continuity_pt_filterlim in C. exact (filterlim_comp _ _ _ f p _ _ _ T C). Qed.
Lemma tends_minus : forall f g a b, tends f a -> tends g b -> tends (fun h => f h - g h) (a - b).
Proof.
intros f g a b A B. apply tends_plus; trivial. apply (tends_comp Ropp); trivial.
apply continuity_pt_opp, derivable_continuous_pt, derivable_pt_id.
Qed.
Lemma tends_div : forall f g a b, b <> 0 -> tends f a -> tends g b -> tends (fun h => f h / g h) (a / b).
Proof.
intros f g a b N A B. apply tends_mult; trivial. apply (tends_comp Rinv); trivial.
apply continuity_pt_filterlim. now apply continuous_Rinv.
Qed.
Lemma tends_sum : forall n f l, (forall k, (k < n)%nat -> tends (fun h => f h k) (l k)) -> tends (fun h => sum n (f h)) (sum n l).
Proof. induction n; intros f l H; simpl. apply tends_const. apply tends_plus. apply IHn; intros; apply H; lia. apply H; lia. Qed.

(* what is needed of a function Psi of the modulated values, G its gradient *)
Definition smooth_in (n : nat) (Psi : (nat -> R) -> R) (G : (nat -> R) -> nat -> R) : Prop :=
  (forall s t v, moves n s t v -> is_derive (fun u => Psi (s u)) t (sum n (fun k => G (s t) k * v k))) /\
  (forall s l, (forall k, (k < n)%nat -> tends (fun h => s h k) (l k)) -> forall k, (k < n)%nat -> tends (fun h => G (s h) k) (G l k)).

(* S makes n modulated values of m variables; near x, at y h, it has the derivatives D h along v, and they tend to l *)
Lemma line_start : forall y v : nat -> R, (fun i => y i + 0 * v i) = y.
Proof. intros y v. apply functional_extensionality. intros i. ring. Qed.
Lemma clarke_composed : forall m n Psi G (S : (nat -> R) -> nat -> R) x g, smooth_in n Psi G ->
  (forall v, exists (y D : R -> nat -> R) (l : nat -> R),
    (forall i, (i < m)%nat -> tends (fun h => y h i) (x i)) /\
    (forall k, (k < n)%nat -> tends (fun h => S (y h) k) (S x k)) /\
    (forall k, (k < n)%nat -> at_right 0 (fun h => is_derive (fun t => S (fun i => y h i + t * v i) k) 0 (D h k))) /\
    (forall k, (k < n)%nat -> tends (fun h => D h k) (l k)) /\
    sum m (fun i => g i * v i) <= sum n (fun k => G (S x) k * l k)) ->
  clarke_subgradient m (fun z => Psi (S z)) x g.
Proof.
intros m n Psi G S x g [Dp Cg] H v eps delta Pe Pd. destruct (H v) as (y & D & l & Hy & Hs & Hd & Hl & Le).
assert (Pe2 : 0 < eps / 2) by lra.
set (d := fun h => sum n (fun k => G (S (y h)) k * D h k)).
assert (Td : tends d (sum n (fun k => G (S x) k * l k))).
{ apply (tends_sum n (fun h k => G (S (y h)) k * D h k) (fun k => G (S x) k * l k)). intros k Hk. apply tends_mult; auto. }
destruct (filter_ex _ (filter_and _ _ (tends_near d _ _ Td Pe2) (filter_and _ _
  (soon_all m _ (fun i Hi => tends_near _ _ delta (Hy i Hi) Pd)) (soon_all n _ Hd)))) as (h & Dl & Near & A).
assert (Dh := Dp (fun t => S (fun i => y h i + t * v i)) 0 (D h) A). cbv beta in Dh. rewrite line_start in Dh.
change (sum n _) with (d h) in Dh.
apply is_derive_Reals in Dh. destruct (Dh _ Pe2) as [t0 Ht]. assert (P0 := cond_pos t0). set (t := Rmin (t0 / 2) (delta / 2)).
assert (Pt : 0 < t) by (apply Rmin_pos; lra). assert (t1 : t <= t0 / 2) by apply Rmin_l. assert (t2 : t <= delta / 2) by apply Rmin_r.
specialize (Ht t ltac:(lra) ltac:(rewrite Rabs_pos_eq; lra)). rewrite Rplus_0_l, line_start in Ht.
exists (y h), t. split; [exact Near|]. split; [lra|]. apply Rabs_def2 in Ht. apply Rabs_def2 in Dl. lra.
Qed.
Lemma clarke_same : forall n F F' x g g', (forall z, F z = F' z) -> (forall i, (i < n)%nat -> g i = g' i) ->
  clarke_subgradient n F x g -> clarke_subgradient n F' x g'.
Proof.
intros n F F' x g g' EF EG H v eps delta Pe Pd. destruct (H v eps delta Pe Pd) as (y & t & N & Ht & Le). exists y, t.
rewrite <- !EF, (sum_ext n _ (fun i => g i * v i)) by (intros; now rewrite EG). auto.
Qed.

(* to the right of a, or to the left *)
Definition toward (b : bool) (h : R) : R := if b then h else - h.
Definition slope_toward (P : params) (b : bool) (a : R) : R := if b then slope_right P a else slope_left P a.
Definition side (P : params) (a m q : R) : bool := if Rle_dec (m * q) (m * slope_right P a) then true else false.

Lemma toward_rate : forall b x c, tends (fun h => x + toward b h * c) x.
Proof.
intros b x c. apply (tends_rate _ _ (Rabs c) 1 Rlt_0_1). intros h Hh. replace (x + toward b h * c - x) with (toward b h * c) by ring.
rewrite Rabs_mult, Rmult_comm. replace (Rabs (toward b h)) with h. lra. destruct b; simpl; rewrite ?Rabs_Ropp, Rabs_pos_eq; lra.
Qed.
Lemma toward_off : forall b a k, at_right 0 (fun h => a + toward b h <> k).
Proof.
intros b a k. destruct (Req_dec a k) as [->|N].
- apply (soon _ 1); [lra|]. intros h Hh. destruct b; simpl; lra.
- apply (soon _ (Rabs (a - k))). apply Rabs_pos_lt; lra. intros h Hh. unfold Rabs in Hh. destruct Rcase_abs, b; simpl; lra.
Qed.
Lemma dsigma_toward : forall P b a, tends (fun h => dsigma P (a + toward b h)) (slope_toward P b a).
Proof.
intros P b a. destruct (dsigma_near P a) as (d & K & Pd & B). apply (tends_rate _ _ K d Pd). intros h Hh.
destruct (B h Hh) as [B1 B2]. destruct b; assumption.
Qed.
Lemma side_enough : forall P a m q, clarke P a q -> m * q <= m * slope_toward P (side P a m q) a.
Proof.
intros P a m q C. unfold side, clarke, Rmin, Rmax in *. destruct (Rle_dec (m * q) _); simpl; trivial.
destruct (Rle_dec (slope_left P a) (slope_right P a)), (Rle_dec 0 m); nra.
Qed.

(* any choice of slopes in the Clarke intervals, also where an entry's gradient is 0 *)
Theorem row_clarke : forall n Psi G P sc sh x q, smooth_in n Psi G ->
  (forall i, (i < n)%nat -> clarke P (sc * x i + sh) (q i) \/ G (fun k => modulated P sc sh (x k)) i = 0) ->
  clarke_subgradient n (fun z => Psi (fun k => modulated P sc sh (z k))) x
    (fun i => sc * q i * G (fun k => modulated P sc sh (x k)) i).
Proof.
intros n Psi G P sc sh x q Sm Hq.
apply (clarke_composed n n Psi G (fun z k => modulated P sc sh (z k)) x _ Sm). intros v.
set (s := fun k => modulated P sc sh (x k)) in *. set (b := fun k => side P (sc * x k + sh) (G s k * sc * v k) (q k)).
exists (fun h k => x k + toward (b k) h * / sc), (fun h k => sc * dsigma P (sc * x k + sh + toward (b k) h) * v k),
  (fun k => sc * slope_toward P (b k) (sc * x k + sh) * v k). repeat split.
- intros i Hi. apply toward_rate.
- intros k Hk. unfold modulated. apply (tends_comp (sigma P)). apply sigma_continuous.
  apply tends_plus; [apply tends_mult|]; try apply tends_const. apply toward_rate.
- intros k Hk. destruct (Req_dec sc 0) as [Z|N].
  + apply filter_forall. intros h. rewrite !Z, !Rmult_0_l. apply (is_derive_ext (fun _ => sigma P sh)).
    intros t. unfold modulated. now rewrite Rmult_0_l, Rplus_0_l. apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule)).
  + apply (filter_imp (fun h => sc * x k + sh + toward (b k) h <> k1 P /\ sc * x k + sh + toward (b k) h <> k2 P)).
    2: apply filter_and; apply toward_off.
    intros h [N1 N2]. assert (E : sc * (x k + toward (b k) h * / sc + 0 * v k) + sh = sc * x k + sh + toward (b k) h) by (field; exact N).
    unfold modulated. evar_last.
    * apply (is_derive_comp (sigma P) (fun t => sc * (x k + toward (b k) h * / sc + t * v k) + sh)).
      rewrite E. apply sigma_derive; right; assumption. auto_derive; trivial.
    * unfold scal; simpl; unfold mult; simpl. ring.
- intros k Hk. apply tends_mult; [apply tends_mult|]; try apply tends_const. apply dsigma_toward.
- apply sum_le. intros i Hi. destruct (Hq i Hi) as [C|Z].
  + assert (B := side_enough P (sc * x i + sh) (G s i * sc * v i) (q i) C). fold (b i) in B. lra.
  + rewrite Z. lra.
Qed.

(* the losses as functions of the modulated values *)
Definition exp_part (r : row) (c s : nat -> R) : R := sum (size r) (kept r (fun k => exp (s k) * c k)).
Definition exp_total (r : row) (s : nat -> R) : R := exp_part r (fun _ => 1) s.
Definition mean_at (r : row) (g s : nat -> R) : R := exp_part r g s / exp_total r s.
Definition grad_mean_at (r : row) (g s : nat -> R) : nat -> R := kept r (fun i => exp (s i) / exp_total r s * (g i - mean_at r g s)).
Definition loss_at (r : row) (y : nat) (a w : R) (s : nat -> R) : R :=
  w * (ln (exp_total r s) - sum (size r) (kept r (fun k => target_share r y a k * s k))).
Definition grad_loss_at (r : row) (y : nat) (a w : R) (s : nat -> R) : nat -> R :=
  kept r (fun i => w * (exp (s i) / exp_total r s - target_share r y a i)).

Lemma exp_total_sum : forall r s, exp_total r s = sum (size r) (kept r (fun k => exp (s k))).
Proof. intros r s. apply sum_ext. intros k _. unfold kept. destruct (taken r k); ring. Qed.
Lemma exp_total_pos : forall r s t, (t < size r)%nat -> taken r t = true -> 0 < exp_total r s.
Proof.
intros r s t Ht T. rewrite exp_total_sum. apply Rlt_le_trans with (exp (s t)). apply exp_pos.
apply (kept_term r (fun k => exp (s k))); trivial. intros; apply Rlt_le, exp_pos.
Qed.
Lemma kept_derive : forall r (f : R -> nat -> R) t d, (forall k, (k < size r)%nat -> is_derive (fun u => f u k) t (d k)) ->
  is_derive (fun u => sum (size r) (kept r (f u))) t (sum (size r) (kept r d)).
Proof.
intros r f t d H. apply (sum_derive (size r) (fun u => kept r (f u))). intros k Hk. unfold kept. destruct (taken r k). now apply H.
apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule) 0 t).
Qed.
Lemma part_derive : forall r c s t v, moves (size r) s t v ->
  is_derive (fun u => exp_part r c (s u)) t (exp_part r (fun k => c k * v k) (s t)).
Proof.
intros r c s t v M. apply (kept_derive r (fun u k => exp (s u k) * c k)). intros k Hk.
apply (is_derive_ext (fun u => c k * exp (s u k))). intros; simpl; ring. evar_last.
apply (is_derive_scal (fun u => exp (s u k))). apply (is_derive_comp exp (fun u => s u k)). apply is_derive_exp. now apply M.
unfold scal; simpl; unfold mult; simpl. ring.
Qed.
Lemma exp_tends : forall f l, tends f l -> tends (fun h => exp (f h)) (exp l).
Proof. intros f l. apply (tends_comp exp). apply derivable_continuous_pt, derivable_pt_exp. Qed.
Lemma part_tends : forall r c (s : R -> nat -> R) l, (forall k, (k < size r)%nat -> tends (fun h => s h k) (l k)) ->
  tends (fun h => exp_part r c (s h)) (exp_part r c l).
Proof.
intros r c s l H. apply (tends_sum (size r) (fun h => kept r (fun k => exp (s h k) * c k))). intros k Hk. unfold kept.
destruct (taken r k); [apply tends_mult; [apply exp_tends; auto|]|]; apply tends_const.
Qed.

Lemma taken_dec : forall r n, (exists t, (t < n)%nat /\ taken r t = true) \/ forall i, (i < n)%nat -> taken r i = false.
Proof.
intros r. induction n as [|n [(t & Ht & T)|H]]; [right; intros; lia | left; exists t; split; trivial; lia |].
destruct (taken r n) eqn:E; [left; exists n; split; trivial; lia | right]. intros i Hi.
destruct (Nat.eq_dec i n) as [->|N]; trivial. apply H; lia.
Qed.
Lemma smooth_mean : forall r g, smooth_in (size r) (mean_at r g) (grad_mean_at r g).
Proof.
intros r g. destruct (taken_dec r (size r)) as [(t0 & Ht & T)|A].
2: { split.
  - intros s t v M. assert (Z : forall f, sum (size r) (fun k => if taken r k then f k else 0) = 0).
    { intros f. rewrite (sum_ext _ _ (fun _ => 0)), sum_const by (intros; now rewrite A). ring. }
    rewrite (sum_ext _ _ (fun _ => 0)), sum_const, Rmult_0_r by (intros; unfold grad_mean_at, kept; rewrite A by trivial; ring).
    apply (is_derive_ext (fun _ => 0)); [|apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule) 0 t)].
    intros u. unfold mean_at, exp_part at 1, kept. rewrite Z. unfold Rdiv. now rewrite Rmult_0_l.
  - intros s l H k Hk. unfold grad_mean_at, kept. rewrite (A k Hk). apply tends_const. }
split.
- intros s t v M. assert (P := exp_total_pos r (s t) t0 Ht T). evar_last.
  + apply (is_derive_div (fun u => exp_part r g (s u)) (fun u => exp_total r (s u))); [| |lra]; exact (part_derive r _ s t v M).
  + set (Z := exp_total r (s t)) in *. set (N := exp_part r g (s t)).
    transitivity (/ Z * exp_part r (fun k => g k * v k) (s t) - N / (Z * Z) * exp_part r (fun k => 1 * v k) (s t)). { field. lra. }
    unfold exp_part. rewrite <- !sum_scal, <- sum_minus. apply sum_ext. intros k _. unfold grad_mean_at, mean_at, kept. fold Z N.
    destruct (taken r k); [field; lra | ring].
- intros s l H k Hk. assert (P := exp_total_pos r l t0 Ht T). unfold grad_mean_at, kept. destruct (taken r k); [|apply tends_const].
  apply tends_mult; [|apply tends_minus; [apply tends_const|]]; (apply tends_div; [lra | | now apply part_tends]).
  apply exp_tends; auto. now apply part_tends.
Qed.

Lemma smooth_loss : forall r y a w, (y < size r)%nat -> taken r y = true -> smooth_in (size r) (loss_at r y a w) (grad_loss_at r y a w).
Proof.
intros r y a w Hy T. split.
- intros s t v M. assert (P := exp_total_pos r (s t) y Hy T). evar_last.
  + apply (is_derive_scal (fun u => ln (exp_total r (s u)) - sum (size r) (kept r (fun k => target_share r y a k * s u k)))).
    apply (is_derive_minus (K := R_AbsRing) (V := R_NormedModule) (fun u => ln (exp_total r (s u)))).
    * apply (is_derive_comp ln (fun u => exp_total r (s u))). now apply is_derive_ln. exact (part_derive r _ s t v M).
    * apply (kept_derive r (fun u k => target_share r y a k * s u k)). intros k Hk. apply (is_derive_scal (fun u => s u k)). now apply M.
  + unfold minus, plus, opp, scal; simpl; unfold mult; simpl. set (Z := exp_total r (s t)) in *.
    transitivity (w * (/ Z * exp_part r (fun k => 1 * v k) (s t) - sum (size r) (kept r (fun k => target_share r y a k * v k)))). { ring. }
    unfold exp_part. rewrite <- (sum_scal _ (/ Z)), <- sum_minus, <- sum_scal. apply sum_ext. intros k _. unfold grad_loss_at, kept. fold Z.
    destruct (taken r k); [field; lra | ring].
- intros s l H k Hk. assert (P := exp_total_pos r l y Hy T). unfold grad_loss_at, kept. destruct (taken r k); [|apply tends_const].
  apply tends_mult, tends_minus, tends_const; [apply tends_const|]. apply tends_div; [lra | apply exp_tends; auto | now apply part_tends].
Qed.

Lemma mean_at_row : forall r g, mean_at r g (sigma_at r) = mean_row r g.
Proof. intros r g. unfold mean_at. rewrite quotient_mean, exp_total_sum. reflexivity. Qed.
Lemma loss_at_row : forall r y a w, (y < size r)%nat -> taken r y = true -> loss_at r y a w (sigma_at r) = w * cross_entropy r y a.
Proof.
intros r y a w Hy T. rewrite (entropy_parts r y a Hy T). unfold loss_at. rewrite exp_total_sum. f_equal. f_equal. apply sum_ext. intros k _.
unfold kept. destruct (taken r k); trivial. now rewrite ln_exp.
Qed.
Lemma grad_mean_row : forall r g i, grad_mean_at r g (sigma_at r) i = grad_sigma_row r g i.
Proof.
intros r g i. unfold grad_sigma_row, grad_mean_at. rewrite mean_at_row, exp_total_sum. unfold multimax_row, kept at 1 3.
destruct (taken r i); [reflexivity | ring].
Qed.
Lemma grad_loss_row : forall r y a w s i, scale r * s * grad_loss_at r y a w (sigma_at r) i = kept r (loss_grad_row r y a w s) i.
Proof.
intros r y a w s i. unfold loss_grad_row, grad_loss_at. rewrite exp_total_sum. unfold multimax_row, kept at 1 3 4.
destruct (taken r i); ring.
Qed.

(* T8k *)
Definition with_logits (r : row) (x : nat -> R) : row := mk_row (size r) (taken r) x (coefs r) (scale r) (shift r).

Theorem mean_clarke : forall r g, k1 (coefs r) <> k2 (coefs r) \/ 0 <= c1 (coefs r) * c2 (coefs r) ->
  clarke_subgradient (size r) (fun x => mean_row (with_logits r x) g) (logit r) (fun i => grad_row r g (argument r i) i).
Proof.
intros r g H. eapply clarke_same; [| |apply (row_clarke (size r) _ _ (coefs r) (scale r) (shift r) (logit r)
  (fun i => dsigma (coefs r) (argument r i)) (smooth_mean r g))].
- intros z. apply (mean_at_row (with_logits r z)).
- intros i _. unfold grad_row. now rewrite <- grad_mean_row.
- intros i _. left. now apply dsigma_clarke_iff.
Qed.

Theorem loss_clarke : forall r y a w, (y < size r)%nat -> taken r y = true ->
  k1 (coefs r) <> k2 (coefs r) \/ 0 <= c1 (coefs r) * c2 (coefs r) ->
  clarke_subgradient (size r) (fun x => w * cross_entropy (with_logits r x) y a) (logit r)
    (kept r (fun i => loss_grad_row r y a w (dsigma (coefs r) (argument r i)) i)).
Proof.
intros r y a w Hy T H. eapply clarke_same; [| |apply (row_clarke (size r) _ _ (coefs r) (scale r) (shift r) (logit r)
  (fun i => dsigma (coefs r) (argument r i)) (smooth_loss r y a w Hy T))].
- intros z. now apply (loss_at_row (with_logits r z)).
- intros i _. apply (grad_loss_row r y a w (dsigma (coefs r) (argument r i)) i).
- intros i _. left. now apply dsigma_clarke_iff.
Qed.
