#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# eval and oracle give the same numbers for every way of writing an array, as NumPy reads and writes them.
. tests/cli_support.sh
python3 -c 'import numpy' 2>/dev/null || { echo "SKIP cli_arrays: python3-numpy is missing"; exit 77; }

cat >"$dir/make.py" <<'P'
import sys, numpy as np
d = sys.argv[1]
x = np.load("tests/data/minilm/layer1.npy")[:4, :6, :50].copy()
x[1, 2, 3] = -np.inf
np.save(d + "/c.npy", x)
np.save(d + "/f.npy", np.asfortranarray(x))
np.save(d + "/big.npy", x.astype(">f4"))
for v in (2, 3):
    with open(f"{d}/v{v}.npy", "wb") as out:
        np.lib.format.write_array(out, x, version=(v, 0))
np.save(d + "/flat.npy", x.reshape(24, 50))
np.save(d + "/flatf.npy", np.asfortranarray(x.reshape(24, 50)))
np.save(d + "/half.npy", x.astype(np.float16))
np.save(d + "/widened.npy", x.astype(np.float16).astype(np.float32))
np.save(d + "/row.npy", x[0, 0])
np.save(d + "/empty.npy", np.zeros((3, 0), np.float32))
np.save(d + "/norows.npy", np.zeros((0, 5), np.float32))
with open(d + "/x.txt", "w") as out:
    for r in x.reshape(24, 50): out.write(", ".join(f"{v:.9g}" for v in r) + "  # row\n")
with open(d + "/hex.txt", "w") as out:
    for r in x.reshape(24, 50): out.write(" ".join(float(v).hex() for v in r) + "\n")
mask = np.zeros((4, 6, 50), bool); mask[:, :, 40:] = True
np.save(d + "/mask.npy", mask)
np.save(d + "/maskrow.npy", mask[0, 0].astype(np.uint8))
masked = x.copy(); masked[:, :, 40:] = -np.inf
np.save(d + "/masked.npy", masked)
y = np.arange(24) % 50; y[5] = -100
for t in ("int8", "int16", "int32", "int64", ">i4"): np.save(f"{d}/y_{t.strip('>')}.npy", y.astype(t))
np.savetxt(d + "/y.txt", y, fmt="%d")
np.save(d + "/g.npy", np.roll(x, 7, axis=2).clip(-50, 50))
P
cat >"$dir/same.py" <<'P'
import sys, numpy as np  # exit 0: same shape and bits (a text result is compared by value with no shape)
a, b = (np.load(p) if p.endswith(".npy") else np.loadtxt(p, dtype=np.float32, ndmin=2, encoding="utf-8", converters=lambda t: float.fromhex(t) if "0x" in t else float(t)) for p in sys.argv[1:3])
if "--flat" in sys.argv: a, b = a.ravel(), b.ravel()
if "--order" in sys.argv and a.flags.f_contiguous != b.flags.f_contiguous: sys.exit("order")
same = a.shape == b.shape and a.dtype == b.dtype == np.float32 and np.array_equal(a.view(np.uint32) if a.flags.c_contiguous else a.copy(order="C").view(np.uint32), b.copy(order="C").view(np.uint32))
sys.exit(0 if same else 1)
P
python3 "$dir/make.py" "$dir" || { echo "FAIL cli_arrays: cannot make the inputs"; exit 1; }
run() { expect 0 "$multimax" "$1" --params deit-small:3 --input "$2" --output "$3"; }
same() { checks=$((checks + 1)); python3 "$dir/same.py" "$@" || note "same bits: $*"; }

for engine in eval oracle; do
  run $engine "$dir/c.npy" "$dir/want.npy"
  for form in f big v2 v3 flat flatf; do
    run $engine "$dir/$form.npy" "$dir/got.npy"
    case $form in flat*) same "$dir/got.npy" "$dir/want.npy" --flat ;; *) same "$dir/got.npy" "$dir/want.npy" ;; esac
    same "$dir/got.npy" "$dir/got.npy" --order
  done
  for form in x hex; do
    run $engine "$dir/$form.txt" "$dir/got.npy"
    same "$dir/got.npy" "$dir/want.npy" --flat
  done
  run $engine "$dir/c.npy" "$dir/got.txt"
  same "$dir/got.txt" "$dir/want.npy" --flat
  expect 0 "$multimax" $engine --params deit-small:3 --input "$dir/c.npy" --output "$dir/got.txt" --hex
  same "$dir/got.txt" "$dir/want.npy" --flat
  run $engine "$dir/half.npy" "$dir/got.npy"
  run $engine "$dir/widened.npy" "$dir/other.npy"
  same "$dir/got.npy" "$dir/other.npy"
  run $engine "$dir/masked.npy" "$dir/want.npy"
  for mask in mask maskrow; do
    expect 0 "$multimax" $engine --params deit-small:3 --input "$dir/c.npy" --mask "$dir/$mask.npy" --output "$dir/got.npy"
    same "$dir/got.npy" "$dir/want.npy"
  done
  for empty in empty norows; do
    run $engine "$dir/$empty.npy" "$dir/got.npy"
    same "$dir/got.npy" "$dir/$empty.npy"
  done
  run $engine "$dir/row.npy" "$dir/got.npy"
  for type in int8 int16 int32 int64 i4; do
    expect 0 "$multimax" $engine --params deit-small:3 --function loss --targets "$dir/y_$type.npy" --smoothing 0.1 \
      --input "$dir/c.npy" --output "$dir/loss_$type.npy" --grad-logits "$dir/grad.npy" --grad-params "$dir/grad.json"
    same "$dir/loss_$type.npy" "$dir/loss_int8.npy"
  done
  expect 0 "$multimax" $engine --params deit-small:3 --function loss --targets "$dir/y.txt" --smoothing 0.1 \
    --input "$dir/c.npy" --output "$dir/got.npy"
  same "$dir/got.npy" "$dir/loss_int8.npy"
  equal "shape of the loss" "$(python3 -c "import numpy; print(numpy.load('$dir/got.npy').shape, numpy.load('$dir/got.npy')[0, 5])")" "(4, 6) 0.0"
  equal "parameters in the JSON" "$(jq '.grad | length' "$dir/grad.json")" 10
  equal "d/dt_b1 = -d/dc1" "$(jq '.grad_temperatures.tb1 + .grad.c1 == 0 and .grad.c1 != 0' "$dir/grad.json")" true
  expect 0 "$multimax" $engine --params deit-small:3 --function backward --grad-probs "$dir/g.npy" --input "$dir/f.npy" \
    --output "$dir/$engine-grad.npy" --grad-params "$dir/$engine-grad.json"
done
# Library and oracle agree on the parameter gradients to 1e-6 here; the sharp comparison is `check`.
equal "parameter gradients" "$(jq -s '[.[0].grad[], .[1].grad[]] as $g | [range(10)] | all(. as $j | ($g[$j] - $g[$j + 10] | fabs) <= 1e-6 * (1 + ($g[$j + 10] | fabs)))' \
  "$dir/eval-grad.json" "$dir/oracle-grad.json" 2>&1)" true

# Threads and backends change no bit.
expect 0 "$multimax" eval --params deit-small:3 --input "$dir/c.npy" --output "$dir/want.npy" --backend ref --threads 1
for backend in auto portable avx2 avx512 neon; do
  code=0
  "$multimax" eval --params deit-small:3 --input "$dir/c.npy" --output "$dir/got.npy" --backend $backend --threads 3 2>"$dir/err" || code=$?
  case $code in
  0) same "$dir/got.npy" "$dir/want.npy" ;;
  2) grep -q "not available" "$dir/err" || note "reason without $backend: $(cat "$dir/err")" ;;
  *) note "exit 0 or 2 with $backend, not $code" ;;
  esac
done

# Special rows, by hand.
printf '0 0 0 0\nnan 1 2 3\n-inf -inf -inf -inf\n5 -inf -inf -inf\n' >"$dir/rows.txt"
for engine in eval oracle; do
  expect 0 "$multimax" $engine --params softmax --input "$dir/rows.txt" --output -
  equal "special rows by $engine" "$(sed 's/-nan/nan/g' "$dir/out")" "0.25 0.25 0.25 0.25
nan nan nan nan
0 0 0 0
1 0 0 0"
  equal "notes" "$(grep -c note: "$dir/err")" 2
done
code=0; printf '1 1\n' | "$multimax" eval --params softmax --input - --output - >"$dir/out" || code=$?
equal "standard input" "$code $(cat "$dir/out")" "0 0.5 0.5"

# Shapes that do not fit are named.
refuse "mask.npy has shape 4 x 6 x 50, but the input has shape 24 x 50" "$multimax" eval --params softmax --input "$dir/flat.npy" --mask "$dir/mask.npy" --output -
refuse "mask is bool or uint8" "$multimax" eval --params softmax --input "$dir/c.npy" --mask "$dir/c.npy" --output -
refuse "row.npy has shape 50, but" "$multimax" eval --params softmax --input "$dir/c.npy" --function backward --grad-probs "$dir/row.npy" --output -
refuse "24 targets for 1 rows" "$multimax" eval --params softmax --input "$dir/row.npy" --function loss --targets "$dir/y_int64.npy" --output -
printf '0\n50\n' >"$dir/y2.txt"; printf '1 2\n3 4\n' >"$dir/x2.txt"
refuse "target 50 of row 1 is neither a class (0..1) nor -100" "$multimax" eval --params softmax --input "$dir/x2.txt" --function loss --targets "$dir/y2.txt" --output -
verdict cli_arrays
