#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The HTML report in a real browser: the page parses, holds its four plots with drawn bars, and asks the network for nothing.
set -u
tool=${MULTIMAX:-build/multimax}
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || { echo "SKIP audit_html: no chromium"; exit 77; }
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
"$tool" audit --subject @naive --suite tests/audit-suites/wikitext103-1.json --params wikitext103:1 --html "$work/r.html" > /dev/null
[ $? -eq 1 ] || { echo "FAIL audit_html: the unshifted formula passed"; exit 1; }
browse() { timeout 60 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" "$@" 2> "$work/err"; }
browse --dump-dom "file://$work/r.html" > "$work/dom" || { tail -3 "$work/err"; echo "FAIL audit_html: the browser ended badly"; exit 1; }
for id in by-size histogram by-length sigma; do
  grep -q "<svg id=\"$id\"" "$work/dom" || { echo "FAIL audit_html: no plot $id"; exit 1; }
done
bars=$(grep -c '<rect class="b' "$work/dom")
[ "$bars" -ge 20 ] || { echo "FAIL audit_html: $bars bars"; exit 1; }
grep -q 'id="verdict" class="critical"' "$work/dom" || { echo "FAIL audit_html: no verdict"; exit 1; }
grep -q '<polyline class="curve"' "$work/dom" || { echo "FAIL audit_html: no curve"; exit 1; }
if grep -Eqi '(src|href)=|url\(|<script|@import|(points|x|y|x1|x2|y1|y2|width|height)="[^"]*(nan|inf)' "$work/r.html"; then echo "FAIL audit_html: not self-contained, or a bad coordinate"; exit 1; fi
browse --screenshot="$work/r.png" --window-size=1200,1600 "file://$work/r.html" > /dev/null || { echo "FAIL audit_html: no screenshot"; exit 1; }
size=$(wc -c < "$work/r.png")
[ "$size" -gt 20000 ] || { echo "FAIL audit_html: an empty picture ($size bytes)"; exit 1; }
[ -n "${KEEP-}" ] && cp "$work/r.png" "$work/r.html" "$KEEP"
echo "PASS audit_html bars=$bars screenshot_bytes=$size"
