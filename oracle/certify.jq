# SPDX-License-Identifier: Apache-2.0
# Many `multimax check` reports -> one certificate.
def worst: [.[].quantities[] as $q | $q] | map(select(.worst != null)) | group_by(.name)
  | map({name: .[0].name, outputs: (map(.outputs) | add), outside: (map(.outside) | add),
         not_nearest: (map(.not_nearest) | add), worst_ulp: (map(.worst.ulp) | max),
         share_of_bound: (map(select(.closest_to_bound.bound_ulp > 0) | .closest_to_bound | .ulp / .bound_ulp) | max)});
. as $checks
| {
    schema: "multimax-certificate-1", version: $version, date: $date,
    commit: $commit, clean_tree: ($dirty == ""), cpu: $cpu, compiler: $cc,
    library_sha256: $library, data_sha256: $data,
    within_bound: ($checks | all(.within_bound)),
    comparisons: ($checks | length), outputs: ([$checks[].quantities[].outputs] | add),
    seconds: ($seconds | tonumber),
    worst_sum: ([$checks[] | select(.sums != null) | .sums.worst] | max),
    largest_condition: ([$checks[].condition] | max),
    quantities: ($checks | worst),
    layers: ($checks | group_by(.params) | map({params: .[0].params, outputs: ([.[].quantities[].outputs] | add),
      worst_probs: ([.[] | select(.function == "forward") | . as $c | .quantities[0].worst | . + {input: $c.input}] | max_by(.ulp)),
      largest_bound: ([.[] | select(.function == "forward") | .quantities[0].largest_bound_ulp] | max)})),
    proofs: $proofs, assumptions: $assumptions,
    skipped: ($skipped | split("\n") | map(select(. != ""))),
    checks: $checks
  }
