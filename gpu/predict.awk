# SPDX-License-Identifier: Apache-2.0
# Predicted time from counted work: awk -f gpu/predict.awk gpu/rates.tsv OUTPUT_OF_cuda_budget prints a table of milliseconds for
# 10^9 elements. The largest of float64 operations (f), bytes (m) and instructions (i) over their rates; after the slash the
# bytes alone.
BEGIN { FS = "\t"; devices = 0 }
FNR == NR {
  if ($0 !~ /^#/) { name[devices] = $1; f[devices] = $2; m[devices] = $3; i[devices++] = $4 }
  next
}
/ float64 operations, / {
  split($0, w, " +")
  if (w[1] ~ /_f16$/) next # as bfloat16
  if (!rows++) {
    line = "| kernel | float64 operations | bytes | instructions |"
    rule = "|---|---|---|---|"
    for (d = 0; d < devices; d++) { line = line " " name[d] " |"; rule = rule "---|" }
    print line "\n" rule
  }
  line = sprintf("| %s | %s | %s | %s |", w[1], w[2], w[5], w[7])
  for (d = 0; d < devices; d++) {
    most = w[2] / f[d]; which = "f"
    if (w[5] / m[d] > most) { most = w[5] / m[d]; which = "m" }
    if (w[7] / i[d] > most) { most = w[7] / i[d]; which = "i" }
    line = line sprintf(" %.1f %s / %.1f |", most, which, w[5] / m[d])
  }
  print line
}
END { exit !rows }
