#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check_control.sh WORK_DIR: check_assumptions.sh must refuse what it is there to refuse. Each case is a one-file theory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${1:?usage: check_control.sh WORK_DIR}
wrong=0; cases=0
try() { # try NAME WANTED_STATUS, the file's text on standard input
  rm -rf "$work"; mkdir -p "$work"
  cat > "$work/Seed.v"; echo Seed.v > "$work/_CoqProject"
  (cd "$work" && coqc -w none -R . MultiMax Seed.v)
  status=0; sh "$here/check_assumptions.sh" "$work" "$work" > "$work/log" || status=$?
  cases=$((cases + 1))
  if [ "$status" -ne "$2" ]; then echo "control $1: status $status, wanted $2"; cat "$work/log"; wrong=$((wrong + 1)); fi
}
try proved 0 <<'X'
(* Admitted and Axiom in a comment (* even nested *) are no matter *)
Theorem two : 1 + 1 = 2. Proof. reflexivity. Qed.
X
try admitted 1 <<'X'
Theorem seeded : 0 = 1. Proof. Admitted.
X
try admit_tactic 1 <<'X'
Theorem half : 0 = 0 /\ 0 = 1. Proof. split. reflexivity. admit. Admitted.
X
try axiom 1 <<'X'
Axiom wish : 0 = 1.
Theorem seeded : 0 = 1. Proof. exact wish. Qed.
X
try parameter_in_section 1 <<'X'
Section S. Variable n : nat. Hypothesis small : n = 0. Theorem seeded : n = 0. Proof. exact small. Qed. End S.
X
# no forbidden word here: only Print Assumptions can see it
try library_axiom 1 <<'X'
Require Import Coq.Logic.ClassicalEpsilon.
Theorem seeded : forall P : nat -> Prop, (exists x, P x) -> {x : nat | P x}.
Proof. intros P. apply constructive_indefinite_description. Qed.
X
rm -rf "$work"
[ $wrong -eq 0 ] && echo "PASS coq_control cases=$cases wrong=0" || { echo "FAIL coq_control cases=$cases wrong=$wrong"; exit 1; }
