"""Export a run's generator to one verified ONNX file: `python -m export.onnx RUN_DIR [--out FILE]`.

The file is renamed into place only after onnxruntime has agreed with torch on it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import onnx
import onnx_ir
import onnxruntime
import torch
from rich.console import Console
from torch import Tensor, nn

from export import parity
from export.contract import IMAGE, PIXELS, ExportError, GeneratorInfo
from export.files import atomic_file, exit_status
from export.runtime import GENERATOR_FILE, open_generator
from trainer.networks.weights import GENERATOR_WEIGHTS, TrainedGenerator, WeightsError, load_generator

OPSET = 20
LICENCES = {
    "mnist": "weights: MIT; trained on MNIST (Y. LeCun, C. Cortes, C. Burges), CC BY-SA 3.0",
    "sklearn-digits": "weights: MIT; trained on the UCI optical digits (E. Alpaydin, C. Kaynak), CC BY 4.0",
}


class Exportable(nn.Module):
    """The contract's signature around a generator: (z, y) -> (image, pixels)."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, z: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """z: [batch, latent], y: [batch, classes] -> the contract's image and pixels."""
        image = self.generator(z, y)
        pixels = ((image + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        return image, pixels.squeeze(1) if image.shape[1] == 1 else pixels.permute(0, 2, 3, 1)


def export_generator(weights: Path, out: Path, precision: str = "fp32") -> parity.Parity:
    """Write the generator in `weights` to `out`, verified; returns how far it is from torch.

    precision: "fp32", or "fp16" for weights of half the size behind float32 inputs and outputs.
    Raises WeightsError for unusable weights, ExportError where the file does not compute what they do.
    """
    trained = load_generator(weights)
    exportable = Exportable(trained.module).eval()
    info = describe(trained, weights, precision)
    model = to_onnx(exportable, info, precision)
    with atomic_file(out) as temporary:
        write(model, info, temporary)
        result = parity.compare(exportable, open_generator(temporary, provider="cpu"))
        parity.require(result, precision)
        measured = {
            "parity_largest_error": f"{result.largest_error:.3g}",
            "parity_pixels_differing": f"{result.pixels_differing:.3g}",
        }
        write(model, replace(info, provenance={**info.provenance, **measured}), temporary)
    return result


def describe(trained: TrainedGenerator, weights: Path, precision: str) -> GeneratorInfo:
    """What the file's metadata will say of a generator."""
    config, images = trained.config, trained.images
    return GeneratorInfo(
        latent_size=config.latent_size,
        latent_distribution=config.latent_distribution,
        classes=images.classes if config.conditional else (),
        channels=images.channels,
        height=images.size,
        width=images.size,
        provenance={
            "preset": config.preset,
            "dataset": config.dataset,
            "images_seen": str(trained.images_seen),
            "config": json.dumps(config.to_json(), sort_keys=True),
            "weights_sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
            "precision": precision,
            "versions": f"torch {torch.__version__}, onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}",
            "licence": LICENCES.get(config.dataset, "weights: those of the training images"),
        },
    )


def to_onnx(exportable: Exportable, info: GeneratorInfo, precision: str) -> onnx.ModelProto:
    """The graph alone: named as the contract says, batch dynamic, without a trace of the exporting machine."""
    assert not exportable.training  # a network in training mode exports with no more than a warning
    example = tuple(torch.zeros(2, int(shape[1])) for shape in info.inputs().values())
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own internals
        program = torch.onnx.export(
            exportable,
            example,
            dynamo=True,
            input_names=list(info.inputs()),
            output_names=[IMAGE, PIXELS],
            dynamic_shapes=[{0: "batch"} for _ in example],
            opset_version=OPSET,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    if precision == "fp16":
        from onnxruntime.transformers.float16 import convert_float_to_float16

        # The tool appends its casts at the end; the standard asks for an order in which inputs come first.
        converted = onnx_ir.from_proto(convert_float_to_float16(model, keep_io_types=True))
        converted.graph.sort()
        model = onnx_ir.to_proto(converted)
    strip(model)
    return model


def strip(model: onnx.ModelProto) -> None:
    """Remove what the exporter notes of the machine: source lines, stack traces, module paths."""
    graph = model.graph
    for part in (graph, *graph.node, *graph.value_info, *graph.initializer, *graph.input, *graph.output):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    del graph.value_info[:]
    model.ClearField("doc_string")
    model.ClearField("metadata_props")
    model.producer_name, model.producer_version = "digitforge", ""
    graph.name = "generator"


def write(model: onnx.ModelProto, info: GeneratorInfo, path: Path) -> None:
    """Check the model and write it with its metadata; the same model gives the same bytes."""
    onnx.helper.set_model_props(model, info.to_metadata())
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m export.onnx", description=__doc__.partition("\n")[0])
    parser.add_argument("run_dir", type=Path, help="A run directory that training wrote.")
    parser.add_argument("--out", type=Path, help=f"The file to write (default: RUN_DIR/{GENERATOR_FILE}).")
    parser.add_argument("--precision", choices=tuple(parity.TOLERANCE), default="fp32")
    given = parser.parse_args(arguments)
    out = given.out or given.run_dir / GENERATOR_FILE

    def command() -> None:
        if not given.run_dir.is_dir():
            raise ExportError(f"There is no run directory {given.run_dir}.")
        with Console().status("exporting, and holding onnxruntime against torch"):
            result = export_generator(given.run_dir / GENERATOR_WEIGHTS, out, given.precision)
        print(
            f"{out}: {out.stat().st_size / 2**20:.1f} MiB, verified against torch "
            f"(largest error {result.largest_error:.1g}, {result.pixels_differing:.3%} of the pixels differ)"
        )

    return exit_status(command, WeightsError)


if __name__ == "__main__":
    sys.exit(main())
