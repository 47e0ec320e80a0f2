# SPDX-License-Identifier: Apache-2.0
# The certificate's summary for a terminal.
"multimax certificate  \(.version)  commit \(.commit[0:12])\(if .clean_tree then "" else " + local changes" end)",
"\(.comparisons) comparisons, \(.outputs) outputs against the oracle in \(.seconds) s: \(if .within_bound then "all within their bounds" else "SOME OUTSIDE THEIR BOUNDS" end)",
(.quantities[] | "  \(.name): \(.outputs) outputs, worst \(.worst_ulp) ulp, at most \(.share_of_bound) of the bound, \(.not_nearest) not the nearest, \(.outside) outside the bound"),
"  worst |sum - 1| \(.worst_sum); largest condition A \(.largest_condition)",
(.layers | max_by(.worst_probs.ulp) | "  worst probability: \(.params) on \(.worst_probs.input), row \(.worst_probs.row) column \(.worst_probs.column): got \(.worst_probs.got.hex), exact \(.worst_probs.exact.hex)"),
"proofs: \(.proofs.status)\(if (.proofs.open | length) > 0 then ", open: " + (.proofs.open | join(", ")) else "" end); assumptions listed in specs/soundness.md: \(.assumptions)",
(.skipped[] | "SKIPPED: \(.)")
