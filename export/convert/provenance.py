"""What an exported file says of where its generator comes from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import onnx
import onnxruntime
import torch

from digitforge.errors import ExportError, RunError
from digitforge.files import atomic_file
from digitforge.hashing import sha256
from export.contract import ContractError, GeneratorInfo
from export.convert.graph import write
from export.safety.checks import read_model
from trainer.networks.generator_file import TrainedGenerator
from trainer.runs import CONFIG_FILE, SCORES_FILE
from trainer.scoring.scores import Score, read_score

VERSIONED = (torch, onnx, onnxruntime)


def describe(trained: TrainedGenerator, weights: Path, precision: str, smooth: float = 0.0) -> GeneratorInfo:
    """What the file's metadata will say of a generator; see `export.onnx.export_generator` for the arguments.

    Raises ExportError where the contract has no room for such a generator.
    """
    config, images = trained.config, trained.images
    configuration = json.dumps(config.to_json(), sort_keys=True)
    weights_sha256 = sha256(weights)
    # A run's scores are those of its images before any filter.
    scores = {} if smooth else _scores(weights.with_name(SCORES_FILE), weights_sha256)
    try:
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
                "config": configuration,
                "config_sha256": hashlib.sha256(configuration.encode()).hexdigest(),
                "weights_sha256": weights_sha256,
                **scores,
                "precision": precision,
                **({"smoothing_sigma": f"{smooth:g}"} if smooth else {}),
                "versions": ", ".join(f"{package.__name__} {package.__version__}" for package in VERSIONED),
                "licence": _licence(weights.with_name(CONFIG_FILE)),
            },
        )
    except ContractError as error:
        raise ExportError(str(error)) from error


def _licence(path: Path) -> str:
    """Return the licence of weights, from the record of the run that trained them."""
    try:
        images = json.loads(path.read_text(encoding="utf-8"))["licence"]
    except (OSError, ValueError, KeyError, TypeError):
        images = ""
    return f"weights: MIT; trained on {images}" if images else "weights: those of the training images"


def _scores(path: Path, weights_sha256: str) -> dict[str, str]:
    """The score of a run, if it has one and its weights are the same."""
    try:
        score = read_score(path)
    except RunError:
        return {}
    return {"scores": _entry(score)} if score.facts.weights_sha256 == weights_sha256 else {}


def _entry(score: Score) -> str:
    return json.dumps(score.summary(), sort_keys=True)


def write_scores(path: Path, score: Score) -> None:
    """Write a score of the exported file at `path` into its metadata; the graph stays as it is."""
    model = read_model(path)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    info = GeneratorInfo.from_metadata(metadata)
    if info.provenance.get("weights_sha256", "") != score.facts.weights_sha256:
        raise ExportError(f"{path} was exported from other weights than were scored: export it again.")
    scored = replace(info, provenance={**info.provenance, "scores": _entry(score)})
    with atomic_file(path) as temporary:
        write(model, scored.to_metadata(), temporary)
