"""The card of a data set: the request, model and versions that made it.

Two data sets with the same request and model are the same, so the card also tells whether a data set exists already.
"""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from digitforge.errors import ExportError
from digitforge.hashing import sha256
from export.datasets.formats import FORMATS
from export.datasets.sampling import SampleRequest
from export.runtime.discriminator import Discriminator
from export.runtime.generator import Generator
from export.runtime.predict import Classifier

Card = dict[str, Any]


def card_path(out: Path, form: str) -> Path:
    """Return the path of the card of the data set `out`."""
    return out.with_suffix(".card.json") if FORMATS[form].suffix else out / "card.json"


def describe(
    generator: Generator,
    request: SampleRequest,
    out: Path,
    form: str,
    classifier: Classifier | None,
    discriminator: Discriminator | None = None,
) -> Card:
    """Return the card of a data set, without the number of images of each class."""
    info = generator.info
    requested = asdict(replace(request, given=None))
    del requested["given"]
    if not request.least_realism:
        del requested["least_realism"]  # as in the cards of versions that had no discriminators
    if request.given is not None:
        requested["latents_sha256"] = request.given.sha256
    classes = [info.classes[number] for number in request.classes]
    requested["classes"] = classes or list(info.classes)
    part, parts = request.shard
    source = {"--count": request.count, "--seed": request.seed, "--truncation": request.truncation}
    options = {
        **(source if request.given is None else {"--latents": request.given.name}),
        **({"--digit": ",".join(classes)} if classes else {}),
        **({"--min-confidence": request.least_confidence} if request.least_confidence else {}),
        **({"--discriminator": discriminator.path.name} if discriminator else {}),
        **({"--min-realism": request.least_realism} if discriminator else {}),
        **({"--shard": f"{part}/{parts}"} if parts > 1 else {}),
        "--format": form, "--out": out.name,
    }  # fmt: skip
    words = [str(word) for option in options.items() for word in option]
    card = {
        "about": "Generated images, none of them real. The shards of a request, joined in order, are the whole "
        "request.",
        "command": shlex.join(["python", "-m", "export.sample", generator.path.name, *words]),
        "format": form,
        "request": requested,
        "model": {
            "file": generator.path.name,
            "sha256": sha256(generator.path),
            "digest": info.digest,
            "provenance": dict(info.provenance),
        },
        "classifier_weights_sha256": classifier.weights_sha256 if classifier else None,
        **({"discriminator_sha256": sha256(discriminator.path)} if discriminator else {}),
        "provider": generator.provider,
        "versions": {
            "onnxruntime": onnxruntime.__version__,
            "numpy": np.__version__,
            "python": sys.version.partition(" ")[0],
        },
    }
    as_read: Card = json.loads(json.dumps(card))  # tuples become lists, as in a card that is read from a file
    return as_read


def exists(out: Path, form: str, card: Card) -> bool:
    """Return whether `out` is this very data set.

    Raises ExportError if `out`, or a file with the name of its card, is something else.
    """
    beside = card_path(out, form)
    empty = out.is_dir() and not FORMATS[form].suffix and not any(out.iterdir())
    if not beside.exists() and (empty or not out.exists()):
        return False
    if not _same(beside, card):
        raise ExportError(
            f"{out if out.exists() else beside} exists and is not what this request would make: choose another --out."
        )
    return out.exists()


def continues(note: Path, card: Card) -> bool:
    """Return whether the card at `note` is of the same request and versions, so that its images can be used."""
    return _same(note, card, "provider", "versions")


def _same(path: Path, card: Card, *also: str) -> bool:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        name = "digest" if "digest" in found["model"] else "sha256"  # older cards have the hash of the file alone
        return found["model"][name] == card["model"][name] and all(
            found.get(key) == card.get(key)
            for key in ("format", "request", "classifier_weights_sha256", "discriminator_sha256", *also)
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
