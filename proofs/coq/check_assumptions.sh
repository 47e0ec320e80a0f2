#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check_assumptions.sh SOURCES BUILT: nothing is admitted or assumed.
#  1. No source has a word that leaves a statement unproved or switches a kernel check off (comments are skipped).
#  2. Print Assumptions of every theorem, corollary and lemma names only axioms in allowed_axioms.txt; if not, of each file in turn.
# Exit status: 0 nothing else is assumed, 1 something is, 2 usage.
set -eu
[ $# -eq 2 ] || { echo "usage: check_assumptions.sh SOURCE_DIR BUILT_DIR" >&2; exit 2; }
src=$1; out=$2; here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
files=$(grep '\.v$' "$src/_CoqProject")
bad=0

for f in "$src"/*.v; do
  case " $(echo $files) " in *" ${f##*/} "*) ;; *) echo "FAIL ${f##*/}: not in _CoqProject"; bad=1 ;; esac
done

forbidden='Admitted|admit|give_up|Abort|Axioms?|Parameters?|Conjectures?|Hypothes[ie]s|Variables?|Context|Declare|bypass_check|Guard|Positivity|Universe|native_compute'
for f in $files; do
  # blank out comments, keeping line numbers; "(*" inside a comment nests
  awk '{ s = ""; for (i = 1; i <= length($0); i++) { two = substr($0, i, 2)
           if (two == "(*") { depth++; i++ } else if (two == "*)" && depth) { depth--; i++ }
           else if (!depth) s = s substr($0, i, 1) } print s }' "$src/$f" > "$tmp/code"
  if grep -nEw "$forbidden" "$tmp/code" > "$tmp/hits"; then sed "s|^|FAIL $f:|" "$tmp/hits"; bad=1; fi
  m=${f%.v}
  awk -v m="$m" '/^(Theorem|Corollary|Lemma) / { n = $2; sub(/:$/, "", n); print m "." n }' "$tmp/code" >> "$tmp/names"
done

# Print Assumptions walks everything that its argument rests on, the libraries too: ask once, for one term that names every
# statement. A chain of let's, because a tuple's type grows with the square of its length.
ask() { # ask FILES: the axioms of the statements of these files, one name a line
  { for f in $files; do echo "Require MultiMax.${f%.v}."; done
    echo 'Definition every : True :='
    for f in $1; do awk -F. -v m="${f%.v}" '$1 == m { print "let _ := @MultiMax." $0 " in" }' "$tmp/names"; done
    printf 'I.\nPrint Assumptions every.\n'
  } > "$tmp/Assumptions.v"
  if ! (cd "$out" && coqc -w none -R . MultiMax "$tmp/Assumptions.v") > "$tmp/log" 2> "$tmp/err"; then
    echo "FAIL coqc: $(head -3 "$tmp/err")"; return 1
  fi
  # an axiom's line starts in column 1 with its name; its type follows after " :" or on indented lines
  awk '/^(Axioms:|Closed under|Section Variables:)/ { next } /^[^ ]/ { print $1 }' "$tmp/log" | sort -u
}
[ -s "$tmp/names" ] || { echo "FAIL no statement in $src"; exit 1; }
ask "$files" > "$tmp/used" || { cat "$tmp/used"; exit 1; }
grep -E '^(Axioms:|Closed under the global context)' "$tmp/log" > /dev/null || { echo "FAIL Print Assumptions gave no answer"; exit 1; }
grep -v '^#' "$here/allowed_axioms.txt" > "$tmp/allowed" || true
machine='^(PrimInt63|PrimFloat|Uint63|FloatAxioms)\.'
grep -Ev "$machine" "$tmp/used" | sed 's/^/axiom /' || true
echo "machine integers and floats: $(grep -Ec "$machine" "$tmp/used" || true) primitives and their specifications"
grep -Fxvf "$tmp/allowed" "$tmp/used" > "$tmp/refused" || true
if [ -s "$tmp/refused" ]; then
  bad=1
  for f in $files; do
    ask "$f" > "$tmp/of" || { cat "$tmp/of"; exit 1; }
    grep -Fxf "$tmp/refused" "$tmp/of" | sed "s|^|FAIL ${f%.v} assumes |" || true
  done
fi
modules=$(cut -d. -f1 "$tmp/names" | sort -u | wc -l); named=$(wc -l < "$tmp/names"); axioms=$(wc -l < "$tmp/used")
[ $bad -eq 0 ] && echo "PASS coq_assumptions files=$modules statements=$named axioms=$axioms all_allowed=yes" || echo "FAIL coq_assumptions files=$modules statements=$named"
exit $bad
