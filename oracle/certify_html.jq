# SPDX-License-Identifier: Apache-2.0
# The certificate as one self-contained page.
def esc: tostring | @html;
"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>multimax certificate</title><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #bbb;padding:.25rem .6rem;text-align:left}
td.n{text-align:right;font-variant-numeric:tabular-nums}.bad{color:#b00020;font-weight:bold}pre{background:#f4f4f4;padding:1rem;overflow:auto}
</style><h1>MultiMax certificate</h1>
<p>\(.version|esc), commit <code>\(.commit|esc)</code>\(if .clean_tree then "" else " <span class=bad>with local changes</span>" end), \(.date|esc).<br>
\(.cpu|esc); \(.compiler|esc).<br>Library <code>\(.library_sha256|esc)</code>, data <code>\(.data_sha256|esc)</code>.</p>
<h2>\(if .within_bound then "Every output is within its bound" else "<span class=bad>Some outputs are outside their bounds</span>" end)</h2>
<p>\(.comparisons) comparisons of the library with correctly rounded results, \(.outputs) outputs, on logits captured from real models
(tests/data). Errors in ulp before rounding: the nearest float32 is within 0.5. Gradients have absolute bounds (specs/accuracy.md): a small one may be many ulp off and within its bound.</p>
<table><tr><th>quantity<th>outputs<th>worst error (ulp)<th>of its bound<th>not the nearest<th>outside the bound</tr>" +
([.quantities[] | "<tr><td>\(.name|esc)<td class=n>\(.outputs)<td class=n>\(.worst_ulp)<td class=n>\(.share_of_bound)<td class=n>\(.not_nearest)<td class=n>\(.outside)</tr>"] | join("")) +
"</table><p>Worst |sum of probabilities - 1|: \(.worst_sum). Largest condition A of a row: \(.largest_condition).</p>
<h2>Learned layers, probabilities</h2><table><tr><th>layer<th>outputs<th>worst error<th>largest bound<th>where<th>logit<th>got<th>exact</tr>" +
([.layers[] | "<tr><td>\(.params|esc)<td class=n>\(.outputs)<td class=n>\(.worst_probs.ulp)<td class=n>\(.largest_bound)<td>\(.worst_probs.input|esc) row \(.worst_probs.row) column \(.worst_probs.column)<td><code>\(.worst_probs.logit.hex|esc)</code><td><code>\(.worst_probs.got.hex|esc)</code><td><code>\(.worst_probs.exact.hex|esc)</code></tr>"] | join("")) +
"</table><h2>Proofs: \(.proofs.status|esc)</h2>" + (if (.proofs.open | length) > 0 then "<p class=bad>Open: \(.proofs.open | join(", ") | esc) (specs/theorems.md)</p>" else "" end) + "<p>Assumptions listed in specs/soundness.md: \(.assumptions).</p>" +
(if .proofs.table then "<pre>\(.proofs.table|esc)</pre>" else "" end) +
(if (.skipped|length) > 0 then "<h2 class=bad>Skipped</h2><ul>" + ([.skipped[] | "<li>\(esc)</li>"] | join("")) + "</ul>" else "" end) +
"<h2>All comparisons</h2><table><tr><th>layer<th>input<th>function<th>quantity<th>outputs<th>worst ulp<th>largest bound<th>within</tr>" +
([.checks[] as $c | $c.quantities[] | "<tr><td>\($c.params|esc)<td>\($c.input|esc)<td>\($c.function|esc)<td>\(.name|esc)<td class=n>\(.outputs)<td class=n>\(.worst.ulp)<td class=n>\(.largest_bound_ulp)<td>\(if .outside == 0 then "yes" else "<span class=bad>no</span>" end)</tr>"] | join("")) +
"</table></html>"
