#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# few.sh [--only] FILE [OPTION...]: cvc5 on a goal of unit $MMAX_UNIT. First with only those axioms and lemmas that proofs of the unit have
# needed (uses.tsv, written by uses.py): leaving out hypotheses is sound, and of a thousand most goals need ten. Where that is not enough,
# with all of them; --only: not then. With all at once where the unit has no row.
effort=50000 # of cvc5's resources, a tenth of a second with few axioms
here=$(dirname "$0")
only=
if [ "$1" = --only ]; then
  only=1
  shift
fi
file=$1
shift
if grep -q "^${MMAX_UNIT:-none}	" "$here/uses.tsv"; then
  [ "$only" ] && effort=20000 # with few axioms more than 50000 with all: 12000 refute as many of a hundred goals
  answer=$(awk -v unit="$MMAX_UNIT" -v uses="$here/uses.tsv" -f "$here/few.awk" "$file" | cvc5 --lang=smt2 --rlimit=$effort "$@" - 2>&1)
  case $only$answer in
  1* | unsat*)
    echo "$answer"
    exit
    ;;
  esac
elif [ "$only" ]; then
  set -- --rlimit=$effort "$@"
fi
exec cvc5 --lang=smt2 "$@" "$file"
