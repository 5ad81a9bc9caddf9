"""Hostile model files: `HOSTILE[name](good, target)` turns the generator `good` into one at `target`.

`good` is a small generator with the inputs z and y. Every hostile file must be refused in one sentence. Large paddings
are holes in the file, which take no space on the disk.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

PADDING = 100 * 2**20
Make = Callable[[Path, Path], None]
Edit = Callable[[ModelProto], None]
HOSTILE: dict[str, Make] = {}


def edit(name: str) -> Callable[[Edit], Edit]:
    """Register the decorated function, which changes a model, as a way to make a hostile file."""

    def register(change: Edit) -> Edit:
        def make(good: Path, target: Path) -> None:
            model = onnx.load(good)
            change(model)
            target.write_bytes(model.SerializeToString())

        HOSTILE[name] = make
        return change

    return register


def content(name: str, change: Callable[[bytes], bytes]) -> None:
    """Register `change`, which replaces a file's bytes, as a way to make a hostile file."""
    HOSTILE[name] = lambda good, target: void(target.write_bytes(change(good.read_bytes())))


def padded(name: str, *tags: int, inside: Callable[[int], bytes] = lambda size: b"") -> None:
    """Register a file with 100 MiB of zeros in one field.

    tags: the tags of the messages around the field, outermost first, then the field's own. inside: returns what the
    innermost message holds before the field.
    """

    def make(good: Path, target: Path) -> None:
        head = inside(PADDING) + _varint(tags[-1] << 3 | 2) + _varint(PADDING)
        for tag in reversed(tags[:-1]):
            head = _varint(tag << 3 | 2) + _varint(len(head) + PADDING) + head
        target.write_bytes(good.read_bytes() + head)
        with target.open("rb+") as file:
            file.truncate(target.stat().st_size + PADDING)

    HOSTILE[name] = make


def void(_: object) -> None:
    """Drop a value: `Make` returns None."""


def _varint(value: int) -> bytes:
    written = bytearray()
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*written, value))


# Incomplete, or not ONNX.
content("empty", lambda _: b"")
content("zeros", lambda _: bytes(100))
content("a zip file", lambda _: b"PK\x03\x04 not onnx")
content("random bytes", lambda _: np.random.default_rng(0).bytes(10_000))
content("every byte", lambda _: bytes(range(256)) * 40)
for share in (10, 50, 90):
    content(f"truncated to {share} %", lambda whole, share=share: whole[: len(whole) * share // 100])  # type: ignore[misc]
content("truncated by a byte", lambda whole: whole[:-1])
content("invalid UTF-8", lambda whole: whole.replace(b"from_z", b"from\xff_", 1))
content("a million empty nodes", lambda whole: whole + b"\x3a" + _varint(2_000_000) + b"\x0a\x00" * 1_000_000)
content("numbers that grow eightfold", lambda whole: whole + _nested(7, 5, 7, b"\1" * 30_000_000))
content("deep nesting", lambda whole: whole + _nested(7, 11, 2, *(4, 1) * 2_000, b""))


def _nested(*parts: int | bytes) -> bytes:
    *tags, body = parts
    assert isinstance(body, bytes)
    for tag in reversed(tags):
        assert isinstance(tag, int)
        body = _varint(tag << 3 | 2) + _varint(len(body)) + body
    return body


# Bloated.
padded("padded document text", 6)
padded("padded metadata", 14, 2)
padded("padded unknown field", 99)
padded("padded graph text", 7, 10)
padded("padded node text", 7, 1, 6)
padded("padded unused weights", 7, 5, 9, inside=lambda size: TensorProto(
    name="unused", data_type=TensorProto.UINT8, dims=[size]).SerializeToString())  # fmt: skip
padded("padded sparse weights", 7, 15, 1, 9)
padded("more weights than their shape", 7, 5, 9, inside=lambda _: TensorProto(
    name="unused", data_type=TensorProto.UINT8, dims=[4]).SerializeToString())  # fmt: skip


def _too_large(good: Path, target: Path) -> None:
    target.touch()
    os.truncate(target, 2**32)


HOSTILE["too large"] = _too_large


# Other files, other operators.
def _external(tensor: TensorProto, place: str) -> None:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=place)


@edit("weights in a parent folder")
def _(model: ModelProto) -> None:
    _external(model.graph.initializer[0], "../../etc/passwd")


@edit("weights at an absolute path")
def _(model: ModelProto) -> None:
    _external(model.graph.initializer[0], "/etc/passwd")


@edit("a constant in another file")
def _(model: ModelProto) -> None:
    tensor = TensorProto(name="t", data_type=TensorProto.FLOAT, dims=[4])
    _external(tensor, "/etc/passwd")
    before(model, "image", helper.make_node("Constant", [], ["extra"], value=tensor))


@edit("sparse weights in another file")
def _(model: ModelProto) -> None:
    sparse = model.graph.sparse_initializer.add(dims=[4])
    _external(sparse.values, "../secret")


@edit("a custom operator")
def _(model: ModelProto) -> None:
    model.graph.node[0].domain = "evil.example"
    model.opset_import.append(helper.make_opsetid("evil.example", 1))


@edit("a function")
def _(model: ModelProto) -> None:
    model.functions.append(helper.make_function("local", "f", ["x"], ["x"], [], [helper.make_opsetid("", 20)]))


@edit("a branch")
def _(model: ModelProto) -> None:
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("If", ["z"], ["branch"], then_branch=body, else_branch=body))


@edit("a loop")
def _(model: ModelProto) -> None:
    model.graph.node.append(helper.make_node("Loop", ["", "z"], ["x"], body=helper.make_graph([], "body", [], [])))


@edit("an unexpected subgraph")
def _(model: ModelProto) -> None:
    model.graph.node[0].attribute.append(helper.make_attribute("g", helper.make_graph([], "body", [], [])))


@edit("random noise")
def _(model: ModelProto) -> None:
    before(model, "image", helper.make_node("RandomNormalLike", ["image_"], ["extra"]))


@edit("a future opset")
def _(model: ModelProto) -> None:
    model.opset_import[0].version = 999


@edit("a future format")
def _(model: ModelProto) -> None:
    model.ir_version = 999


# Wrong signatures and metadata.
@edit("another input")
def _(model: ModelProto) -> None:
    for node in model.graph.node:
        node.input[:] = ["noise\nerror: pwned" if name == "z" else name for name in node.input]
    model.graph.input[0].name = "noise\nerror: pwned"


@edit("a fixed batch")
def _(model: ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 2


@edit("an open height")
def _(model: ModelProto) -> None:
    model.graph.output[0].type.tensor_type.shape.dim[2].dim_param = "height"


@edit("images of doubles")
def _(model: ModelProto) -> None:
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.DOUBLE


@edit("images of another size than the metadata says")
def _(model: ModelProto) -> None:
    model.graph.output[0].type.tensor_type.shape.dim[3].dim_value = 13
    model.graph.output[1].type.tensor_type.shape.dim[2].dim_value = 13
    _say(model, "width", "13")


def _say(model: ModelProto, key: str, value: str) -> None:
    next(entry for entry in model.metadata_props if entry.key == f"digitforge.{key}").value = value


for key, value in (
    ("latent_size", "5"), ("latent_size", "-6"), ("latent_size", "9" * 5_000), ("latent_distribution", "cauchy"),
    ("classes", '["0", "1"]'), ("classes", "[" * 50_000), ("classes", "9" * 5_000), ("classes", '{"0": 1}'),
    ("classes", "[]"), ("channels", "3"), ("channels", "2"), ("height", "11"), ("contract_version", "99"),
):  # fmt: skip
    edit(f"metadata: {key} {value[:12]}")(lambda model, key=key, value=value: _say(model, key, value))  # type: ignore[misc]


# Broken weights.
def _weights(model: ModelProto) -> TensorProto:
    tensor: TensorProto = next(tensor for tensor in model.graph.initializer if tensor.name == "W")
    return tensor


for name, number in (("NaN", np.nan), ("infinite", np.inf)):

    @edit(f"{name} weights")
    def _(model: ModelProto, number: float = number) -> None:
        tensor = _weights(model)
        values = numpy_helper.to_array(tensor).copy()
        values[-1, -1] = number
        tensor.CopyFrom(numpy_helper.from_array(values, "W"))


@edit("weights shorter than their shape")
def _(model: ModelProto) -> None:
    _weights(model).raw_data = _weights(model).raw_data[:-4]


@edit("weights cut within a number")
def _(model: ModelProto) -> None:
    _weights(model).raw_data = _weights(model).raw_data[:-3]


for dims in ([-6, -144], [2**62, 4], [2**32, 2**32], [1] * 1_000):

    @edit(f"weights of shape {dims[:2]} in {len(dims)}")
    def _(model: ModelProto, dims: list[int] = dims) -> None:
        _weights(model).dims[:] = dims


for kind in (0, TensorProto.STRING, TensorProto.COMPLEX64, 77):

    @edit(f"weights of type {kind}")
    def _(model: ModelProto, kind: int = kind) -> None:
        _weights(model).data_type = kind


# Broken graphs.
def before(model: ModelProto, name: str, *nodes: NodeProto, **weights: np.ndarray) -> None:
    """Insert `nodes` before the output `name`; they read `name_` and make "extra", whose maximum is added to it."""
    for node in model.graph.node:
        node.input[:] = [f"{name}_" if one == name else one for one in node.input]
        node.output[:] = [f"{name}_" if one == name else one for one in node.output]
    model.graph.initializer.extend(numpy_helper.from_array(value, key) for key, value in weights.items())
    model.graph.node.extend([
        *nodes,
        helper.make_node("Cast", ["extra"], ["as_float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMax", ["as_float"], ["largest"], keepdims=0),
        helper.make_node("Add", [f"{name}_", "largest"], [name]),
    ])  # fmt: skip


@edit("a cycle")
def _(model: ModelProto) -> None:
    model.graph.node[0].input[0] = "image"


@edit("an undefined name")
def _(model: ModelProto) -> None:
    model.graph.node[0].input[1] = "nowhere"


@edit("a name defined twice")
def _(model: ModelProto) -> None:
    model.graph.node.append(helper.make_node("Tanh", ["flat"], ["image"]))


@edit("a weight's name")
def _(model: ModelProto) -> None:
    model.graph.node.insert(0, helper.make_node("Tanh", ["z"], ["W"]))


@edit("outputs without inputs")
def _(model: ModelProto) -> None:
    for node in model.graph.node:
        node.input[:] = ["W" if name == "z" else "V" if name == "y" else name for name in node.input]


@edit("operators in the wrong order")
def _(model: ModelProto) -> None:
    nodes = list(model.graph.node)[::-1]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


@edit("an operator without its first output")
def _(model: ModelProto) -> None:
    before(model, "image", helper.make_node("MaxPool", ["image_"], ["", "extra"], kernel_shape=[1, 1]))


@edit("a chain of 100,000 operators")
def _(model: ModelProto) -> None:
    before(model, "image", *_chain("Tanh", 100_000))


def _chain(operator: str, length: int) -> list[NodeProto]:
    names = ["image_", *(f"c{place}" for place in range(length - 1)), "extra"]
    return [helper.make_node(operator, [one], [two]) for one, two in itertools.pairwise(names)]


# Small files that compute large values.
def bomb(name: str, *nodes: NodeProto, **weights: np.ndarray | int | list[int]) -> None:
    """Register a file whose `nodes` make "extra" from "image_" (float32 [batch, 1, 12, 12]) and weights."""
    arrays = {key: np.asarray(value) for key, value in weights.items()}
    edit(name)(lambda model: before(model, "image", *nodes, **arrays))


def _node(operator: str, inputs: str, outputs: str = "extra", **settings: Any) -> NodeProto:
    return helper.make_node(operator, inputs.split(), outputs.split(), **settings)


bomb("300 MB of zeros", _node("ConstantOfShape", "size"), size=[75_000_000])
bomb("zeros beyond 64 bits", _node("ConstantOfShape", "size"), size=[2**40, 2**40])
bomb("Expand", _node("Expand", "image_ size"), size=[1, 1_000_000, 12, 12])
bomb("Tile", _node("Tile", "image_ size"), size=[1, 1, 5_000, 5_000])
bomb("Tile beyond 64 bits", _node("Tile", "image_ size"), size=[1, 2**31, 2**31, 2**31])
bomb("Resize", _node("Resize", "image_ none none size"), size=[1, 1, 30_000, 30_000],
     none=np.zeros(0, np.float32))  # fmt: skip
bomb("Pad", _node("Pad", "image_ size"), size=[0, 0, 20_000, 20_000, 0, 0, 0, 0])
bomb("Range", _node("Range", "start limit step"), start=0, limit=200_000_000, step=1)
bomb("OneHot", _node("Cast", "image_", "whole", to=TensorProto.INT64), _node("OneHot", "whole depth pair"),
     depth=100_000_000, pair=np.zeros(2, np.float32))  # fmt: skip
bomb("transposed convolution, large strides", _node("ConvTranspose", "image_ w", strides=[3_000, 3_000]),
     w=np.ones((1, 1, 3, 3), np.float32))  # fmt: skip
bomb("transposed convolution, large kernel", _node("ConvTranspose", "image_ w", pads=[380] * 4),
     w=np.ones((1, 1, 800, 800), np.float32))  # fmt: skip
bomb("copies in another order", _node("Expand", "image_ size", "e"), _node("Concat", "e e", "f", axis=1),
     _node("Softmax", "f", axis=1), size=[1, 6_000, 1, 1])  # fmt: skip
bomb("doubling", *[_node("Concat", f"d{i} d{i}", f"d{i + 1}", axis=0) for i in range(40)],
     _node("Identity", "d40"), d0=[1, 2])  # fmt: skip
bomb("the batch to the eighth power", _node("Shape", "z", "batch", start=0, end=1),
     _node("Concat", " ".join(["batch"] * 8), "size", axis=0), _node("ConstantOfShape", "size"))  # fmt: skip
bomb("a shape from the latents", _node("ReduceMax", "z", "one", keepdims=0), _node("Cast", "one", "number", to=7),
     _node("Unsqueeze", "number axis", "size"), _node("ConstantOfShape", "size"), axis=[0])  # fmt: skip
bomb("an hour of multiplications", _node("ConstantOfShape", "size", "m0"),
     *[_node("MatMul", f"m{i} m{i}", f"m{i + 1}") for i in range(3_000)], _node("Identity", "m3000"),
     size=[1_000, 1_000])  # fmt: skip
bomb("integers divided by zero", _node("Cast", "z", "whole", to=7), _node("Div", "whole whole"))
bomb("a constant division by zero", _node("Div", "one zero"), one=[1], zero=[0])
bomb("the smallest integer divided by minus one", _node("Div", "least minus"), least=[-(2**63)], minus=[-1])
bomb("strides of zero", _node("MaxPool", "image_", kernel_shape=[2, 2], strides=[0, 0]))
bomb("dilations of zero", _node("MaxPool", "image_", kernel_shape=[2, 2], dilations=[0, 0]))
bomb("no groups", _node("Conv", "image_ w", group=0), w=np.ones((1, 1, 3, 3), np.float32))
bomb("an empty kernel", _node("AveragePool", "image_", kernel_shape=[0, 0]))
bomb("a thousand dimensions", _node("Unsqueeze", "image_ axes"), axes=list(range(4, 1_000)))
bomb("a split into no parts", _node("Split", "z", "extra b", axis=1, num_outputs=0))
bomb("a negative block", _node("DepthToSpace", "image_", blocksize=-1))
bomb("a block of zero", _node("SpaceToDepth", "image_", blocksize=0))


# Quantized weights and writes to computed positions.
bomb("a few weights that grow", *[_node("Cast", "w", f"c{i}", to=TensorProto.DOUBLE) for i in range(300)],
     _node("Concat", " ".join(f"c{i}" for i in range(300)), axis=0), w=np.zeros(2**17, np.int8))  # fmt: skip
bomb("weights dequantized along no axis", _node("DequantizeLinear", "w s", axis=7), w=np.zeros((4, 4), np.int8),
     s=np.ones(4, np.float32))  # fmt: skip
bomb("more scales than weights", _node("DequantizeLinear", "w s", axis=0), w=np.zeros((4, 4), np.int8),
     s=np.ones(1_000, np.float32))  # fmt: skip
for size in (-1, 2, 2**62):
    bomb(f"quantized in blocks of {size}", _node("DequantizeLinear", "w s", axis=0, block_size=size),
         w=np.zeros((4, 4), np.int8), s=np.ones((2, 4), np.float32))  # fmt: skip
bomb("integers multiplied for an hour", _node("Cast", "image_", "small", to=TensorProto.UINT8),
     _node("ConvInteger", "small w"), w=np.zeros((300_000, 1, 12, 12), np.uint8))  # fmt: skip
bomb("rows along no axis", _node("Gather", "image_ at", axis=9), at=[0])
bomb("rows outside", _node("Gather", "image_ at", axis=1), at=[5])
for place in (2**40, -(2**40), 10**6):
    bomb(f"a write to place {place:.0e}", _node("ScatterElements", "image_ at value", axis=1),
         at=np.full((1, 1, 1, 1), place), value=np.ones((1, 1, 1, 1), np.float32))  # fmt: skip
    bomb(f"a write to index {place:.0e}", _node("ScatterND", "image_ at value"),
         at=np.full((1, 4), place), value=np.ones(1, np.float32))  # fmt: skip
