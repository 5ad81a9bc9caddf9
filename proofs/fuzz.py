"""Prove that damaged generators do no harm: `python -m proofs.fuzz [--inputs N] [--seed S] [--json FILE] [--keep DIR]`.

Half of the inputs have damaged bytes; in the other half, statements of the model are changed (names, operators,
attributes, shapes, types, numbers, metadata). Each is opened in a process of its own. It must either make two images or
be refused in one sentence, within 10 s and 100 MiB. Input i is a function of (seed, i) alone; harmful inputs are kept.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import AttributeProto, ModelProto, helper, numpy_helper
from rich.console import Console
from rich.progress import track

from digitforge.errors import exit_status
from digitforge.files import write_json
from export.contract import GeneratorInfo
from export.safety.operators import ALLOWED
from proofs.isolated import Outcome, attempt
from proofs.tiny_generator import write_model

Random = np.random.Generator
EXTREMES = (0, 1, -1, 2, 7, 255, 4096, 2**16, 2**20, 2**31 - 1, 2**31, -(2**31), 2**40, 2**62, 2**63 - 1, -(2**63))
MODES = (b"reflect", b"edge", b"wrap", b"linear", b"cubic", b"nearest", b"", b"SAME_UPPER", b"\xff")
TEXTS = ("normal", "[]", "[" * 5_000, '["a"]', '["\\ud800"]', "\n", "\0", "9" * 5_000)
FLOATS = (0.0, -1.0, 0.5, 3e5, 1e30, np.nan, np.inf)
OPERATORS = sorted(ALLOWED)


def rich_generator(path: Path) -> Path:
    """Write a small unconditional generator to `path` that uses most operators found in generators."""
    info = GeneratorInfo(6, "normal", (), 1, 12, 12, {})
    write_model(path, info)
    model = onnx.load(path)
    graph, random = model.graph, np.random.default_rng(0)

    def floats(*shape: int) -> np.ndarray:
        return random.standard_normal(shape).astype(np.float32)

    weights: dict[str, Any] = {
        "gemm_w": floats(6, 36), "gemm_b": floats(36), "up_w": floats(4, 4, 4, 4), "ones": np.ones(4, np.float32),
        "zeros": np.zeros(4, np.float32), "conv_w": floats(4, 4, 3, 3), "slope": floats(4, 1, 1),
        "last_w": floats(8, 1, 3, 3), "scales": np.array([1, 1, 2, 2], np.float32), "pads": [0, 0, 1, 1, 0, 0, 1, 1],
        "starts": [1, 1], "ends": [-1, -1], "axes": [2, 3], "rest": [4, 3, 3], "zero": [0], "order": [3, 1, 0, 2],
        "parts": [2, 2],
    }  # fmt: skip
    node = helper.make_node
    nodes = [
        node("Gemm", ["z", "gemm_w", "gemm_b"], ["dense"]),
        node("LayerNormalization", ["dense", "gemm_b", "gemm_b"], ["normal"], axis=-1),
        node("Shape", ["z"], ["shape"]),
        node("Gather", ["shape", "zero"], ["batch"]),
        node("Concat", ["batch", "rest"], ["full"], axis=0),
        node("Reshape", ["normal", "full"], ["maps"]),
        node("ConvTranspose", ["maps", "up_w"], ["six"], strides=[2, 2], pads=[1, 1, 1, 1]),
        node("BatchNormalization", ["six", "ones", "zeros", "zeros", "ones"], ["even"]),
        node("PRelu", ["even", "slope"], ["bent"]),
        node("InstanceNormalization", ["bent", "ones", "zeros"], ["each"]),
        node("Conv", ["each", "conv_w"], ["convolved"], pads=[1, 1, 1, 1]),
        node("LeakyRelu", ["convolved"], ["leaky"], alpha=0.2),
        node("Gather", ["leaky", "order"], ["mixed"], axis=1),
        node("Split", ["mixed", "parts"], ["one", "other"], axis=1),
        node("Softmax", ["other"], ["attention"], axis=-1),
        node("MatMul", ["attention", "one"], ["attended"]),
        node("Concat", ["one", "attended", "leaky"], ["joined"], axis=1),
        node("Resize", ["joined", "", "scales"], ["large"], mode="nearest"),
        node("Pad", ["large", "pads"], ["wide"], mode="reflect"),
        node("Slice", ["wide", "starts", "ends", "axes"], ["cut"]),
        node("MaxPool", ["cut"], ["pooled"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node("ReduceMean", ["pooled", "axes"], ["mean"]),
        node("Sub", ["pooled", "mean"], ["centred"]),
        node("ConvTranspose", ["centred", "last_w"], ["from_z"], pads=[1, 1, 1, 1]),
    ]
    kept = [node for node in graph.node if node.op_type != "MatMul"]
    del graph.node[:], graph.initializer[0]
    graph.node.extend([*nodes, *kept])
    graph.initializer.extend(numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items())
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())
    return path


def damage_bytes(whole: bytes, random: Random) -> bytes:
    """Change one to four places: flip bits, replace, remove or repeat bytes, or cut off the end."""
    content = bytearray(whole)
    for _ in range(random.integers(1, 5)):
        at, length = int(random.integers(len(content))), int(random.integers(1, 40))
        match random.integers(7):
            case 0 | 1:
                content[at] ^= 1 << int(random.integers(8))
            case 2:
                content[at] = int(random.integers(256))
            case 3:
                del content[at : at + length]
            case 4:
                content[at:at] = content[at : at + length]
            case 5:
                content[at : at + length] = random.bytes(length)
            case _ if random.random() < 0.2:
                del content[at:]
        if not content:
            return b""
    return bytes(content)


def damage_model(whole: bytes, random: Random) -> bytes:
    """Change one to three statements of the model."""
    model = ModelProto.FromString(whole)
    for _ in range(random.integers(1, 4)):
        CHANGES[random.integers(len(CHANGES))](model, random)
    content: bytes = model.SerializeToString()
    return content


def _pick(random: Random, of: Sequence[Any]) -> Any:
    return of[int(random.integers(len(of)))]


def _number(random: Random) -> int:
    return int(_pick(random, EXTREMES)) if random.random() < 0.5 else int(random.integers(-4, 20))


def _names(model: ModelProto) -> list[str]:
    graph = model.graph
    made = [name for node in graph.node for name in node.output]
    return [
        *(value.name for value in (*graph.input, *graph.output)),
        *(one.name for one in graph.initializer),
        *made,
        "",
    ]


def _operator(model: ModelProto, random: Random) -> None:
    if model.graph.node:
        _pick(random, model.graph.node).op_type = _pick(random, OPERATORS)


def _insert(model: ModelProto, random: Random) -> None:
    """Insert an operator of any kind between two others."""
    at = int(random.integers(len(model.graph.node) + 1))
    inputs = [_pick(random, _names(model)) for _ in range(random.integers(1, 4))]
    new = helper.make_node(_pick(random, OPERATORS), inputs, [f"new{random.integers(1_000)}"])
    if random.random() < 0.7 and at < len(model.graph.node) and model.graph.node[at].input:
        node = model.graph.node[at]
        place = int(random.integers(len(node.input)))
        new.input[0], node.input[place] = node.input[place], new.output[0]
    model.graph.node.insert(at, new)


def _wire(model: ModelProto, random: Random) -> None:
    node = _pick(random, model.graph.node) if model.graph.node else None
    side = None if node is None else node.output if random.random() < 0.2 else node.input
    if side:
        side[int(random.integers(len(side)))] = _pick(random, _names(model))


def _nodes(model: ModelProto, random: Random) -> None:
    """Remove, repeat or move a node."""
    nodes = list(model.graph.node)
    if nodes:
        at, to = (int(random.integers(len(nodes))) for _ in range(2))
        node = nodes[at] if random.random() < 0.3 else nodes.pop(at)
        if random.random() < 0.6:
            nodes.insert(to, node)
        del model.graph.node[:]
        model.graph.node.extend(nodes)


def _setting(model: ModelProto, random: Random) -> None:
    """Change an attribute, or add one that the operator knows."""
    node = _pick(random, model.graph.node) if model.graph.node else None
    if node is None:
        return
    if not node.attribute or random.random() < 0.3:
        known = onnx.defs.get_schema(node.op_type).attributes if node.op_type in ALLOWED else {}
        if not known:
            return
        name = _pick(random, sorted(known))
        values: dict[str, Any] = {"INT": 0, "INTS": [0, 0], "STRING": "x"}
        node.attribute.append(helper.make_attribute(name, values.get(str(known[name].type).split(".")[1], 0.5)))
    attribute = _pick(random, node.attribute)
    if attribute.type == AttributeProto.INTS:
        attribute.ints[:] = [_number(random) for _ in range(random.integers(6))]
    elif attribute.type == AttributeProto.INT:
        attribute.i = _number(random)
    elif attribute.type == AttributeProto.FLOAT:
        attribute.f = float(_pick(random, FLOATS))
    else:
        attribute.s = _pick(random, MODES)


def _dims(model: ModelProto, random: Random) -> None:
    tensor = _pick(random, model.graph.initializer)
    if not tensor.dims or random.random() < 0.2:
        tensor.dims.append(_number(random))
    else:
        tensor.dims[int(random.integers(len(tensor.dims)))] = _number(random)


def _reshape(model: ModelProto, random: Random) -> None:
    """Reorder a tensor's dimensions, or replace it by one of another shape."""
    tensor = _pick(random, model.graph.initializer)
    shape = [int(size) for size in random.permutation(tensor.dims)]
    if random.random() < 0.5:
        shape = [int(size) for size in random.integers(0, 6, random.integers(0, 6))]
        kind = helper.tensor_dtype_to_np_dtype(tensor.data_type) if tensor.data_type in (1, 7) else np.float32
        tensor.CopyFrom(numpy_helper.from_array(np.ones(shape, kind), tensor.name))
    else:
        tensor.dims[:] = shape


def _values(model: ModelProto, random: Random) -> None:
    """Change one number of a tensor: of weights, shapes, axes, pads or scales."""
    tensor = _pick(random, model.graph.initializer)
    try:
        values = numpy_helper.to_array(tensor).copy().reshape(-1)
    except Exception:  # an earlier change broke the tensor
        return
    if values.size and values.dtype.kind in "if":
        at = random.integers(values.size)
        values[at] = _number(random) if values.dtype.kind == "i" else _pick(random, FLOATS)
        tensor.CopyFrom(numpy_helper.from_array(values.reshape(tensor.dims), tensor.name))


def _type(model: ModelProto, random: Random) -> None:
    kind = int(random.integers(0, 26))
    if random.random() < 0.5:
        _pick(random, model.graph.initializer).data_type = kind
    else:
        _pick(random, [*model.graph.input, *model.graph.output]).type.tensor_type.elem_type = kind


def _signature(model: ModelProto, random: Random) -> None:
    value = _pick(random, [*model.graph.input, *model.graph.output])
    dims = value.type.tensor_type.shape.dim
    match random.integers(4):
        case 0:
            value.name = _pick(random, _names(model))
        case 1 if dims:
            _pick(random, dims).dim_value = _number(random)
        case 2 if dims:
            _pick(random, dims).dim_param = "any"
        case _:
            dims.add(dim_value=_number(random))


def _metadata(model: ModelProto, random: Random) -> None:
    entries = model.metadata_props
    if entries and random.random() < 0.8:
        entry = _pick(random, entries)
        entry.value = str(_number(random)) if random.random() < 0.5 else _pick(random, TEXTS)
    elif entries:
        entries.remove(_pick(random, entries))


def _versions(model: ModelProto, random: Random) -> None:
    if random.random() < 0.5:
        model.ir_version = int(random.integers(0, 20))
    else:
        model.opset_import[0].version = int(random.integers(0, 30))


def _external(model: ModelProto, random: Random) -> None:
    tensor = _pick(random, model.graph.initializer)
    tensor.external_data.add(key="location", value=_pick(random, ("../x", "/etc/passwd", "", "a\nb")))
    tensor.data_location = int(random.integers(2))


CHANGES: tuple[Callable[[ModelProto, Random], None], ...] = (
    _operator, _insert, _insert, _wire, _nodes, _setting, _setting, _dims, _reshape, _values, _values, _type,
    _signature, _metadata, _versions, _external,
)  # fmt: skip
DAMAGES = {"bytes": damage_bytes, "model": damage_model}


def make_input(seed: int, number: int, bases: Sequence[bytes]) -> tuple[str, bytes]:
    """Return the kind of damage and the bytes of input `number`."""
    random = np.random.default_rng((seed, number))
    kind = ("bytes", "model")[number % 2]
    return kind, DAMAGES[kind](_pick(random, bases), random)


def fuzz(inputs: int, seed: int, keep: Path) -> dict[str, Any]:
    """Open `inputs` damaged files and return the results; harmful files are kept in the folder `keep`."""
    keep.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter()
    findings, largest, slowest, sentences = [], 0.0, 0.0, set()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "damaged.onnx"
        infos = [
            GeneratorInfo(6, "normal", names, channels, 12, 12, {}) for names, channels in ((("0", "1"), 1), ((), 3))
        ]
        bases = [write_model(file, info).read_bytes() for info in infos] + [rich_generator(file).read_bytes()] * 2
        for number in track(range(inputs), "opening", console=Console(stderr=True), transient=True):
            kind, content = make_input(seed, number, bases)
            file.write_bytes(content)
            outcome: Outcome = attempt(file)
            counts[f"{kind}: {outcome.kind}"] += 1
            largest, slowest = max(largest, outcome.mebibytes), max(slowest, outcome.seconds)
            sentences.add(outcome.message.split("'")[0])
            if not outcome.harmless:
                kept = keep / f"{seed}-{number}.onnx"
                kept.write_bytes(content)
                findings.append(
                    {"input": kept.name, "kind": outcome.kind, "message": outcome.message, "mib": outcome.mebibytes}
                )
    return {
        "inputs": inputs, "seed": seed, "outcomes": dict(sorted(counts.items())), "different_sentences": len(sentences),
        "largest_growth_mib": largest, "slowest_s": slowest, "findings": findings,
        "onnx": onnx.__version__, "onnxruntime": version("onnxruntime"),
    }  # fmt: skip


def command(given: argparse.Namespace) -> int:
    """Open the inputs, print the results, and return the exit status."""
    results = fuzz(given.inputs, given.seed, given.keep)
    print(json.dumps(results, indent=2))
    if given.json:
        write_json(given.json, results)
    harmful = len(results["findings"])
    print(f"{given.inputs - harmful} of {given.inputs} inputs did no harm" + (f"; see {given.keep}" if harmful else ""))
    return int(harmful > 0)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status: 1 if an input did harm."""
    parser = argparse.ArgumentParser(
        prog="python -m proofs.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    keep = Path(tempfile.gettempdir()) / "digitforge-fuzz"
    parser.add_argument("--inputs", type=int, default=10_000, metavar="N", help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the damage; default: %(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    parser.add_argument(
        "--keep", type=Path, default=keep, metavar="DIR", help="for harmful inputs; default: %(default)s"
    )
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
