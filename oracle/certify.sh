#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Evidence in one directory: the library against the oracle on real logits with
# all 18 learned layers, the proofs replayed, what was skipped and assumed.
# Usage: sh oracle/certify.sh COMMAND OUT   (make certify). Exit 0: everything
# within its bound and proved; 1: something is not; 2: cannot run. QUICK=1
# checks 3 of the 18 layers; PROOFS=skip leaves the proofs out, and says so.
set -eu
command=$1
out=$2
work=$out/parts
rm -rf "$out" && mkdir -p "$work"
failures=0
: >"$work/skipped.txt"
skip() {
  echo "SKIPPED: $1"
  echo "$1" >>"$work/skipped.txt"
}

files=$(find tests/data -name '*.npy' | sort)
layers="$(seq -f deit-small:%g 1 12) $(seq -f wikitext103:%g 1 6)"
if [ -n "${QUICK-}" ]; then
  layers="deit-small:1 deit-small:11 wikitext103:1"
  skip "15 of the 18 learned layers (QUICK=1)"
fi
total=$((($(echo $files | wc -w) + 3) * $(echo $layers | wc -w)))
done=0

# one comparison: number, layer, file, function, more options
check() {
  number=$1 layer=$2 file=$3 function=$4
  shift 4
  done=$((done + 1))
  [ -t 2 ] && printf '\r%d of %d: %s %s %s\033[K' "$done" "$total" "$layer" "$file" "$function" >&2
  code=0
  "$command" check --params "$layer" --input "$file" --function "$function" --threads "${JOBS:-$(nproc)}" "$@" \
    --json "$work/$number.json" >"$work/$number.txt" 2>"$work/$number.err" || code=$?
  case $code in
  0) ;;
  1) failures=$((failures + 1)); echo "OUTSIDE THE BOUND: $layer $file $function"; cat "$work/$number.txt" ;;
  *) cat "$work/$number.err" >&2; exit 2 ;;
  esac
}

started=$(date +%s)
number=1000
for layer in $layers; do
  for file in $files; do
    number=$((number + 1))
    check $number "$layer" "$file" forward
  done
  # upstream gradients and targets: the next layer's real logits, and the classes the model itself ranks first
  for function in log backward loss; do
    number=$((number + 1))
    case $function in
    log) check $number "$layer" tests/data/ppocr/head.npy log ;;
    backward) check $number "$layer" tests/data/ppocr/attention1.npy backward --grad-probs tests/data/ppocr/attention2.npy ;;
    loss) check $number "$layer" tests/data/ppocr/head.npy loss --targets tests/data/ppocr/targets.txt --smoothing 0.1 ;;
    esac
  done
done
[ -t 2 ] && printf '\r\033[K' >&2
seconds=$(($(date +%s) - started))

proofs='{"status":"skipped","open":[]}'
if [ "${PROOFS-}" = skip ]; then
  skip "the proofs (PROOFS=skip)"
elif make -n prove-replay >/dev/null 2>&1; then
  if make --no-print-directory prove-replay >"$work/proofs.txt" 2>&1; then status=replayed; else status=failed; failures=$((failures + 1)); tail -n 20 "$work/proofs.txt"; fi
  proofs=$(jq -n --arg status $status --arg log "$(grep -v '^COQC \|\.vo (real: ' "$work/proofs.txt")" --arg open "$(sed -n 's/^  open: //p' "$work/proofs.txt")" \
    '{status: $status, table: $log, open: ($open | split("\n") | map(select(. != "")))}')
else
  skip "the proofs: no prove-replay target in this tree"
fi

assumptions=$(grep -c '^| A[0-9]' specs/soundness.md || true)
jq -s --arg version "$("$command" --version | head -n 1)" --arg date "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
  --arg commit "$(git rev-parse HEAD 2>/dev/null || echo unknown)" --arg dirty "$(git status --porcelain 2>/dev/null | head -c 1)" \
  --arg cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" --arg cc "$(${CC:-gcc} --version | head -n 1)" \
  --arg library "$(sha256sum build/libmultimax.so.0 | cut -d' ' -f1)" --arg data "$(sha256sum tests/data/SHA256SUMS | cut -d' ' -f1)" \
  --arg seconds "$seconds" --argjson assumptions "$assumptions" --argjson proofs "$proofs" --rawfile skipped "$work/skipped.txt" \
  -f oracle/certify.jq "$work"/[0-9]*.json >"$out/report.json.part"
mv "$out/report.json.part" "$out/report.json"
jq -r -f oracle/certify_html.jq "$out/report.json" >"$out/index.html.part"
mv "$out/index.html.part" "$out/index.html"
jq -r -f oracle/certify_text.jq "$out/report.json"
echo "report: $out/report.json  $out/index.html"
[ "$failures" -eq 0 ]
