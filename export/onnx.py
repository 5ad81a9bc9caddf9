"""Export a run's generator to one verified ONNX file: `python -m export.onnx RUN_DIR [--out FILE]`.

The file is renamed into place only after onnxruntime has agreed with torch on it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import onnxruntime
import torch
from rich.console import Console
from torch import Tensor, nn

from export import parity
from export.checks import read_model
from export.contract import IMAGE, PIXELS, ExportError, GeneratorInfo
from export.files import atomic_file, exit_status
from export.graph import to_onnx, write
from export.runtime import GENERATOR_FILE, open_generator
from trainer.networks.weights import GENERATOR_WEIGHTS, TrainedGenerator, WeightsError, load_generator
from trainer.runs import SCORES_FILE

MNIST = "MNIST (Y. LeCun, C. Cortes, C. Burges), CC BY-SA 3.0"
LICENCES = {
    "mnist": f"weights: MIT; trained on {MNIST}",
    "stacked-mnist": f"weights: MIT; trained on {MNIST}",
    "fashion-mnist": "weights: MIT; trained on Fashion-MNIST (Zalando SE), MIT",
    "kmnist": "weights: MIT; trained on KMNIST (CODH), CC BY-SA 4.0",
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
    example = {name: torch.zeros(2, int(shape[1])) for name, shape in info.inputs().items()}
    model = to_onnx(exportable, example, [IMAGE, PIXELS], precision)
    with atomic_file(out) as temporary:
        write(model, info.to_metadata(), temporary)
        result = parity.compare(exportable, open_generator(temporary, provider="cpu"))
        parity.require(result, precision)
        measured = {
            "parity_largest_error": f"{result.largest_error:.3g}",
            "parity_pixels_differing": f"{result.pixels_differing:.3g}",
        }
        verified = replace(info, provenance={**info.provenance, **measured})
        write(model, verified.to_metadata(), temporary)
    return result


def describe(trained: TrainedGenerator, weights: Path, precision: str) -> GeneratorInfo:
    """What the file's metadata will say of a generator."""
    config, images = trained.config, trained.images
    weights_sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
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
            "weights_sha256": weights_sha256,
            **_scores(weights.with_name(SCORES_FILE), weights_sha256),
            "precision": precision,
            "versions": f"torch {torch.__version__}, onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}",
            "licence": LICENCES.get(config.dataset, "weights: those of the training images"),
        },
    )


def scores_entry(scores: dict[str, Any]) -> str:
    """What the metadata keep of a score: every single figure, what it was measured by, and the floor's."""
    kept = {
        name: value for name, value in scores.items() if not isinstance(value, list | dict) and name != "file_sha256"
    }
    real = {name: value for name, value in scores["floor"].items() if not isinstance(value, dict)}
    return json.dumps(kept | {"floor": real, "memorisation": scores.get("memorisation")}, sort_keys=True)


def _scores(path: Path, weights_sha256: str) -> dict[str, str]:
    """The scores of a run, where it has some of these very weights."""
    try:
        scores = json.loads(path.read_text(encoding="utf-8"))
        return {"scores": scores_entry(scores)} if scores["weights_sha256"] == weights_sha256 else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def write_scores(path: Path, scores: dict[str, Any]) -> None:
    """Write a score of the exported file at `path` into its metadata; the graph stays as it is."""
    model = read_model(path)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    info = GeneratorInfo.from_metadata(metadata)
    if info.provenance.get("weights_sha256", "") != scores["weights_sha256"]:
        raise ExportError(f"{path} was exported from other weights than were scored: export it again.")
    scored = replace(info, provenance={**info.provenance, "scores": scores_entry(scores)})
    with atomic_file(path) as temporary:
        write(model, scored.to_metadata(), temporary)


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
