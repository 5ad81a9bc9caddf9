"""Describe where an exported generator comes from."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import onnx
import onnxruntime
import torch

from digitforge.datasets import LICENCES, public_name
from digitforge.errors import ExportError, RunError
from digitforge.files import atomic_file
from digitforge.hashing import sha256
from export.contract import ContractError, GeneratorInfo
from export.convert.writing import write_generator
from export.safety.checks import check_signature, is_foreign, read_model
from export.safety.digest import checked_digest
from trainer.config import TrainConfig
from trainer.networks.generator_file import TrainedGenerator
from trainer.runs import CONFIG_FILE, SCORES_FILE
from trainer.scoring.scores import Score, read_score

VERSIONED = (torch, onnx, onnxruntime)


def describe(trained: TrainedGenerator, weights: Path, precision: str, smooth: float = 0.0) -> GeneratorInfo:
    """Return the metadata of a generator; arguments as in `export.convert.exporter.export_generator`.

    Raises ExportError if the contract does not allow such a generator.
    """
    config, image_format = trained.config, trained.image_format
    weights_sha256 = sha256(weights)
    # The scores of a run are those of its unfiltered images.
    scores = {} if smooth else _scores(weights.with_name(SCORES_FILE), weights_sha256)
    try:
        return GeneratorInfo(
            latent_size=config.latent_size,
            latent_distribution=config.latent_distribution,
            classes=image_format.classes if config.conditional else (),
            channels=image_format.channels,
            height=image_format.size,
            width=image_format.size,
            provenance={
                **_of_record(weights, "data_sha256"),
                **_of_record(weights, "origin"),
                **of_training(config, trained.images_seen, weights_sha256, precision),
                **scores,
                **({"smoothing_sigma": f"{smooth:g}"} if smooth else {}),
                "licence": stated_licence(_recorded(weights, "licence"), config.dataset),
            },
        )
    except ContractError as error:
        raise ExportError(str(error)) from error


def of_training(config: TrainConfig, images_seen: int, weights_sha256: str, precision: str) -> dict[str, str]:
    """Return what the metadata of every network say about its training and export."""
    configuration = json.dumps(config.published(), sort_keys=True)
    return {
        "preset": config.preset,
        "dataset": public_name(config.dataset),
        "images_seen": str(images_seen),
        "config": configuration,
        "config_sha256": hashlib.sha256(configuration.encode()).hexdigest(),
        "weights_sha256": weights_sha256,
        "precision": precision,
        "versions": ", ".join(f"{package.__name__} {package.__version__}" for package in VERSIONED),
    }


def stated_licence(recorded: str, dataset: str) -> str:
    """Return the licence of weights. recorded: that of the training images, from the record of the run.

    Older runs have no licence in their record; `dataset` has one if it is a known data set.
    """
    images = recorded or LICENCES.get(dataset, "")
    return f"weights: MIT; trained on {images}" if images else "weights: those of the training images"


def _of_record(weights: Path, key: str) -> dict[str, str]:
    """Return an entry that the run has recorded; empty if it has not."""
    found = _recorded(weights, key)
    return {key: found} if found else {}


def _recorded(weights: Path, key: str) -> str:
    """Return a text from the record of the run that trained the weights; empty if there is none."""
    for folder in weights.parents[:2]:  # the weights of an export during training are in the run's exports/
        with suppress(OSError, ValueError, KeyError, TypeError):
            if stated := json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))[key]:
                return str(stated)
    return ""


def _scores(path: Path, weights_sha256: str) -> dict[str, str]:
    """Return the score of a run, if it has one of these very weights."""
    try:
        score = read_score(path)
    except RunError:
        return {}
    return {"scores": _entry(score)} if score.facts.weights_sha256 == weights_sha256 else {}


def _entry(score: Score) -> str:
    return json.dumps(score.summary(), sort_keys=True)


def check_scorable(path: Path) -> None:
    """Raise ExportError if no score can be written into the exported file at `path`."""
    _read(path)


def write_scores(path: Path, score: Score) -> None:
    """Write a score of the exported file at `path` into its metadata, without changing its graph.

    Raises ModelRefused if the file cannot be read, and ExportError if other weights were scored.
    """
    model, info = _read(path)
    if info.provenance.get("weights_sha256", "") != score.facts.weights_sha256:
        raise ExportError(f"{path} was exported from other weights than those that were scored: export it again.")
    scored = replace(info, provenance={**info.provenance, "scores": _entry(score)})
    with atomic_file(path) as temporary:
        write_generator(model, scored, temporary)


def _read(path: Path) -> tuple[onnx.ModelProto, GeneratorInfo]:
    model = read_model(path)
    if is_foreign(model):
        raise ExportError(f"{path} was not exported by digitforge: its score cannot be written into it, use --json.")
    try:
        info = check_signature(model)
        return model, replace(info, digest=checked_digest(path, info))
    except ContractError as error:
        raise ExportError(f"{path} cannot take a score: {error}") from error
