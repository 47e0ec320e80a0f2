#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check_assumptions.sh SOURCES BUILT: nothing is admitted or assumed.
#  1. No source has a word that leaves a statement unproved or switches a kernel check off (comments are skipped).
#  2. Print Assumptions of every theorem, corollary and lemma names only axioms in allowed_axioms.txt.
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

# one tuple of all statements per file: Print Assumptions walks each proof once
{ for f in $files; do echo "Require MultiMax.${f%.v}."; done
  for f in $files; do
    m=${f%.v}
    all=$(awk -F. -v m="$m" '$1 == m { printf "%s@MultiMax.%s", sep, $0; sep = ", " }' "$tmp/names")
    [ -n "$all" ] || continue
    printf 'Definition all_%s := (I, %s).\nGoal True. idtac "@ %s". Abort.\nPrint Assumptions all_%s.\n' "$m" "$all" "$m" "$m"
  done
} > "$tmp/Assumptions.v"
if ! (cd "$out" && coqc -w none -R . MultiMax "$tmp/Assumptions.v") > "$tmp/log" 2> "$tmp/err"; then
  echo "FAIL coqc: $(head -3 "$tmp/err")"; exit 1
fi
# an axiom's line starts in column 1 with its name; its type follows after " :" or on indented lines
awk '/^@ / { name = $2; next } /^(Axioms:|Closed under|Section Variables:)/ { next } /^[^ ]/ { print $1 "\t" name }' "$tmp/log" > "$tmp/used"
grep -v '^#' "$here/allowed_axioms.txt" > "$tmp/allowed" || true
awk -F '\t' '{ n[$1]++; f[$1] = f[$1] " " $2 } END { for (a in n) if (a !~ /^(PrimInt63|PrimFloat|Uint63|FloatAxioms)\./) print "axiom " a ":" f[a] }' "$tmp/used" | sort
awk -F '\t' '$1 ~ /^(PrimInt63|PrimFloat|Uint63|FloatAxioms)\./ { k[$1]; m[$2] } END { n = 0; for (a in k) n++; s = ""; for (x in m) s = s " " x; if (n) print "machine integers and floats (" n " primitives and their specifications):" s }' "$tmp/used"
awk -F '\t' -v allowed="$tmp/allowed" 'BEGIN { while ((getline line < allowed) > 0) ok[line] = 1 }
  !($1 in ok) { print "FAIL " $2 " assumes " $1; n++ } END { exit n > 0 }' "$tmp/used" || bad=1
modules=$(cut -d. -f1 "$tmp/names" | sort -u | wc -l); checked=$(grep -c '^@ ' "$tmp/log"); named=$(wc -l < "$tmp/names")
[ "$checked" -eq "$modules" ] && [ "$named" -gt 0 ] || { echo "FAIL only $checked of $modules files were examined"; bad=1; }
axioms=$(cut -f1 "$tmp/used" | sort -u | wc -l)
[ $bad -eq 0 ] && echo "PASS coq_assumptions files=$modules statements=$named axioms=$axioms all_allowed=yes" || echo "FAIL coq_assumptions files=$modules statements=$named"
exit $bad
