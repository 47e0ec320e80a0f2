(* SPDX-License-Identifier: Apache-2.0 *)
(* The list that mmax_increasing_intervals of src/query.c returns, made of what the theorems of T7i speak of. FAR stands for
   +inf, -FAR for -inf. proofs/wp/tie_queries.py compares it with the library bit for bit. *)
From Coq Require Import Reals List.
From MultiMax Require Import Modulator PieceFloat IntervalFloat.
Import ListNotations.
Open Scope R_scope.

(* the x of an end of an interval of y *)
Definition end_of (scale shift y : R) : R :=
  if Rlt_dec (Rabs y) FAR then x_of scale shift y else if is_neg scale then - y else y.
(* nothing if the ends round to one number *)
Definition interval_of (scale shift : R) (v : R * R) : list (R * R) :=
  let a := end_of scale shift (fst v) in let b := end_of scale shift (snd v) in
  let w := if is_neg scale then (b, a) else (a, b) in
  if Rlt_dec (fst w) (snd w) then [w] else [].
Definition intervals_hat (P : params) (scale shift : R) : list (R * R) :=
  if Req_EM_T scale 0 then [] else
  flat_map (interval_of scale shift) (if is_neg scale then increasing P (-1) else rev (increasing P 1)).

Theorem intervals_hat_nonempty : forall P scale shift v, In v (intervals_hat P scale shift) -> fst v < snd v.
Proof.
intros P a b v. unfold intervals_hat. destruct Req_EM_T. intros []. intros H. apply in_flat_map in H.
destruct H as (w & _ & H). unfold interval_of in H. destruct Rlt_dec as [L|L].
destruct H as [<-|[]]. exact L. destruct H.
Qed.
