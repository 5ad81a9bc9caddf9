"""Open an ONNX generator safely and run it. No torch, no Qt.

A file is parsed and checked before onnxruntime sees it: building a session on a hostile file can fold constants
into hundreds of megabytes or read files beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

from export.contract import CLASS_WEIGHTS, IMAGE, LATENTS, PIXELS, ContractError, ExportError, GeneratorInfo

GENERATOR_FILE = "generator.onnx"
"""Where a run directory keeps its exported generator."""
PROVIDERS = {"cuda": "CUDAExecutionProvider", "cpu": "CPUExecutionProvider"}
SIZE_LIMIT_BYTES = 256 * 2**20
FOLDING_LIMIT_BYTES = 2**20

Float32 = npt.NDArray[np.float32]
UInt8 = npt.NDArray[np.uint8]


class ModelRefused(ExportError):
    """The file is not one that can be opened safely."""


@dataclass(frozen=True)
class Generator:
    """An open generator; `generate` and `generate_pixels` may be called from any one thread at a time."""

    path: Path
    info: GeneratorInfo
    provider: str
    """The provider that really runs it, as onnxruntime names it."""
    notice: str
    """One sentence where another provider was wanted and did not come, else empty."""
    session: onnxruntime.InferenceSession

    def generate(self, z: Float32, y: Float32 | None = None) -> Float32:
        """Images in [-1, 1], float32 [batch, channels, height, width]; see `generate_pixels` for the arguments."""
        images: Float32 = self._run(IMAGE, z, y)
        return images

    def generate_pixels(self, z: Float32, y: Float32 | None = None) -> UInt8:
        """Images for display, uint8 [batch, height, width] (grey) or [batch, height, width, 3].

        z: float32 [batch, latent]; y: class weights, float32 [batch, classes], where conditional.
        Raises ValueError where an argument has another shape or type or is not finite, ExportError where the run fails.
        """
        pixels: UInt8 = self._run(PIXELS, z, y)
        return pixels

    def _run(self, output: str, z: Float32, y: Float32 | None) -> Any:
        feeds = {LATENTS: z}
        if y is not None:
            feeds[CLASS_WEIGHTS] = y
        expected = self.info.inputs()
        if feeds.keys() != expected.keys():
            raise ValueError(f"the generator takes {', '.join(expected)}, not {', '.join(feeds)}")
        for name, value in feeds.items():
            want = (len(z), *expected[name][1:])
            if value.dtype != np.float32 or value.shape != want:
                raise ValueError(f"{name} must be float32 {list(want)}, not {value.dtype} {list(value.shape)}")
            if not np.isfinite(value).all():
                raise ValueError(f"{name} holds values that are not finite")
        try:
            return self.session.run([output], feeds)[0]
        except Exception as error:  # onnxruntime's exceptions share no base class
            raise ExportError(
                f"{self.path} failed to run: its graph does not do what its metadata promises."
            ) from error


def find_model(path: Path) -> Path:
    """The ONNX file that `path` means: itself, or the exported generator of a run directory.

    Raises ExportError where there is none.
    """
    if path.is_dir():
        model = path / GENERATOR_FILE
        if not model.is_file():
            raise ExportError(
                f"{path} has no {GENERATOR_FILE} yet: make it with `python -m export.onnx {path}`."
                if (path / "config.json").is_file()
                else f"{path} is a folder but not a run directory: name an .onnx file or a folder that training wrote."
            )
        return model
    if not path.is_file():
        raise ExportError(f"There is no file {path}.")
    return path


def open_generator(path: Path, provider: str = "auto", threads: int = 0) -> Generator:
    """Check the file at `path` and open it.

    provider: "cpu", "cuda" (an error where CUDA does not come), or "auto" (CUDA where it really runs, else the CPU).
    threads: of one call on the CPU; 0 leaves the choice to onnxruntime.
    Raises ModelRefused, ContractError or ExportError, each with one sentence.
    """
    model = read_model(path)
    info = check_signature(model)
    available = onnxruntime.get_available_providers()
    wanted = ["cpu"] if provider == "cpu" or PROVIDERS["cuda"] not in available else ["cuda", "cpu"]
    if provider == "cuda" and wanted == ["cpu"]:
        raise ExportError(
            "CUDA was asked for, but the installed onnxruntime has no CUDA: "
            "uninstall onnxruntime and install digitforge's `gpu` extra."
        )
    session = make_session(model, path, wanted, threads)
    running = session.get_providers()[0]
    notice = ""
    if "cuda" in wanted and running != PROVIDERS["cuda"]:
        notice = "onnxruntime has CUDA but could not load it (a CUDA library or the driver is missing): the CPU runs."
        if provider == "cuda":
            raise ExportError(notice)
    return Generator(path=path, info=info, provider=running, notice=notice, session=session)


def read_model(path: Path) -> onnx.ModelProto:
    """Parse the file at `path` and refuse what a generator never needs. Raises ModelRefused."""
    size = path.stat().st_size
    if size > SIZE_LIMIT_BYTES:
        raise ModelRefused(f"{path} is {size / 2**20:.0f} MiB; generators of up to {SIZE_LIMIT_BYTES >> 20} MiB open.")
    content = path.read_bytes()
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # protobuf raises its own types, and not always the same ones
        raise ModelRefused(f"{path} is not an ONNX file, or it is damaged.") from error
    if not model.graph.node:
        raise ModelRefused(f"{path} is not an ONNX file, or it is damaged.")
    if model.functions or any(domain.domain not in ("", "ai.onnx") for domain in model.opset_import):
        raise ModelRefused(f"{path} brings its own operators; only standard ONNX operators are run.")
    for node in model.graph.node:
        if node.domain not in ("", "ai.onnx"):
            raise ModelRefused(f"{path} uses the operator {node.domain}.{node.op_type}; only standard ones are run.")
        for attribute in node.attribute:
            if attribute.HasField("g") or attribute.graphs:
                raise ModelRefused(f"{path} holds a control-flow operator ({node.op_type}); generators need none.")
    for tensor in _tensors(model.graph):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            raise ModelRefused(f"{path} keeps weights in another file; a generator is one file with all its weights.")
    return model


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from attribute.tensors
            if attribute.HasField("t"):
                yield attribute.t


def check_signature(model: onnx.ModelProto) -> GeneratorInfo:
    """Read the metadata and hold the inputs and outputs against it. Raises ContractError where they differ."""
    info = GeneratorInfo.from_metadata({entry.key: entry.value for entry in model.metadata_props})
    float32, uint8 = onnx.TensorProto.FLOAT, onnx.TensorProto.UINT8
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    for side, values, expected in (("input", inputs, info.inputs()), ("output", model.graph.output, info.outputs())):
        if [value.name for value in values] != list(expected):
            raise ContractError(
                f"The file's {side}s are {', '.join(value.name for value in values) or 'none'}; "
                f"its metadata asks for {', '.join(expected)}."
            )
        for value, shape in zip(values, expected.values(), strict=True):
            tensor = value.type.tensor_type
            dims = [dim.dim_value if dim.HasField("dim_value") else "batch" for dim in tensor.shape.dim]
            if dims != list(shape):
                raise ContractError(f"The {side} {value.name} has shape {dims}; its metadata asks for {list(shape)}.")
            if tensor.elem_type != (uint8 if value.name == PIXELS else float32):
                raise ContractError(f"The {side} {value.name} has another number type than the contract asks for.")
    return info


def make_session(model: onnx.ModelProto, path: Path, wanted: list[str], threads: int) -> onnxruntime.InferenceSession:
    """A session of a model that `read_model` let pass. wanted: providers by name, the first that comes is taken."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is said by us, once
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # spinning burns a core while idle
    options.add_session_config_entry("optimization.constant_folding_max_output_size_in_bytes", str(FOLDING_LIMIT_BYTES))
    providers: list[Any] = [PROVIDERS[name] for name in wanted]
    if "cuda" in wanted:
        onnxruntime.preload_dlls()
        # TF32 drifts by about 1e-3 from what was verified; the heuristic search does not stall at new batch sizes.
        providers[0] = (PROVIDERS["cuda"], {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"})
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=providers)
    except Exception as error:  # onnxruntime's exceptions share no base class
        raise ModelRefused(f"{path} could not be opened: onnxruntime refuses its graph.") from error
    session.disable_fallback()
    return session
