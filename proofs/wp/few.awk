# SPDX-License-Identifier: Apache-2.0
# An SMT file of Why3 without the axioms that the unit's row of uses.tsv does not name. Blocks are separated by blank lines; an axiom's
# is a comment with its name and one assertion.
BEGIN {
  while ((getline line < uses) > 0) {
    n = split(line, field, "\t")
    if (field[1] == unit) {
      n = split(field[2], name, " ")
      for (i = 1; i <= n; i++) needed[name[i]] = 1
    }
  }
  RS = ""
  ORS = "\n\n"
}
{
  axiom = $1 == ";;" && $2 != "Goal" && /\n\(assert/ && !/\(declare/ && !/\(define/
  if (!axiom || $2 in needed) print
}
