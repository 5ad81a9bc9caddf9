"""The README.md of a published generator: what it is, how to run it, how good it is and whose it is.

Texts that come from the file are written so that Markdown and HTML leave them as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from digitforge.datasets import LICENCES, path_of
from digitforge.errors import ExportError
from digitforge.markdown import literal
from export.contract import GeneratorInfo

PIPELINE = "unconditional-image-generation"
"""The Hub's task for generators without a text input."""
HUB_DATASETS = {
    "mnist": "ylecun/mnist",
    "stacked-mnist": "ylecun/mnist",
    "fashion-mnist": "zalando-datasets/fashion_mnist",
    "cifar10": "uoft-cs/cifar10",
}
"""Names of data sets on the Hub, where it has the same images."""
METRICS = {
    "frechet_distance": "Fréchet distance",
    "kernel_distance": "Kernel distance",
    "precision": "Precision",
    "recall": "Recall",
    "density": "Density",
    "coverage": "Coverage",
    "conditional_accuracy": "Conditional accuracy",
    "collapse_rate": "Collapse rate",
    "reconstruction_error": "Reconstruction error",
}
"""The metrics of a card, with the names that `trainer.scoring.metrics` gives them."""
NEEDS_HUB = 'The model card needs huggingface_hub: pip install "digitforge[data]".'


def scores_of(info: GeneratorInfo) -> dict[str, Any]:
    """Return the scores in a file's metadata; empty if there are none."""
    try:
        found = json.loads(info.provenance.get("scores", "{}"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def figures(scores: Mapping[str, Any]) -> list[tuple[str, float, float | None]]:
    """Return key, value and floor of each metric of a score; a floor is None if it is unknown."""
    stated = scores.get("floor")
    floor = stated if isinstance(stated, dict) else {}
    found = []
    for key in METRICS:
        value, least = scores.get(key), floor.get(key)
        if _is_number(value):
            found.append((key, float(value), float(least) if _is_number(least) else None))
    return found


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and abs(value) < 1e300  # false for NaN too


def front_matter(info: GeneratorInfo, name: str, licence: str) -> str:
    """Return the metadata of the card as YAML. Raises ExportError if huggingface_hub is missing or refuses them."""
    try:
        from huggingface_hub import EvalResult, ModelCardData
    except ImportError as error:
        raise ExportError(NEEDS_HUB) from error
    dataset, scores = info.provenance.get("dataset", ""), scores_of(info)
    hub, measured = HUB_DATASETS.get(dataset), str(scores.get("dataset", dataset))
    results = [
        EvalResult(
            task_type=PIPELINE,
            dataset_type=HUB_DATASETS.get(measured, measured or "unknown"),
            dataset_name=measured or "unknown",
            dataset_split="test",
            metric_type=key,
            metric_name=f"{METRICS[key]} (features: {scores.get('features', 'unknown')})",
            metric_value=value,
            metric_args=None if least is None else {"floor": least},
        )
        for key, value, least in figures(scores)
    ]
    try:
        data = ModelCardData(
            license=licence,
            pipeline_tag=PIPELINE,
            library_name="onnx",
            tags=["digitforge", "gan", "onnx", "onnxruntime", "image-generation"],
            datasets=[hub] if hub else None,
            metrics=[key for key, _, _ in figures(scores)] or None,
            model_name=name,
            eval_results=results or None,
        )
        return str(data.to_yaml()).strip()
    except ValueError as error:
        raise ExportError(f"The Hub would refuse the card: {str(error).partition(chr(10))[0]}") from error


def model_card(
    info: GeneratorInfo, name: str, licence: str, python: str, javascript: str, half_error: float | None
) -> str:
    """Return README.md.

    python, javascript: the examples. half_error: largest difference of the fp16 file from the other; None without one.
    """
    facts = info.provenance
    kind = f"{info.width}x{info.height} {'grey' if info.channels == 1 else 'RGB'} images"
    classes = ", ".join(literal(one, 40) for one in info.classes[:40]) + (", …" if len(info.classes) > 40 else "")
    latents = "standard normal" if info.latent_distribution == "normal" else "uniform on [-1, 1]"
    tensors = f"`z` float32 [batch, {info.latent_size}], {latents}"
    tensors += f", and `y` float32 [batch, {len(info.classes)}], one-hot or a mixture" if info.conditional else ""
    dataset = facts.get("dataset", "")
    trained = f"It was trained with digitforge on {_images_of(dataset)}"
    count = facts.get("images_seen", "")
    seen = f", until it had seen {int(count):,} images" if count.isdecimal() and len(count) < 16 else ""
    half = (
        f"\n- `onnx/model_fp16.onnx`: weights of half the size; images differ by at most {half_error:.1g}"
        if half_error is not None
        else ""
    )
    return f"""---
{front_matter(info, name, licence)}
---

# {literal(name)}

A generator of {kind}{f" of the classes {classes}" if classes else ""}, in one ONNX file. {trained}{seen}.

![Samples of the generator](contact_sheet.png)

![A walk through its latents](loop.gif)

## Files

- `onnx/model.onnx`: inputs {tensors}; outputs `image` float32 in [-1, 1] and `pixels` uint8{half}
- `onnx/test_data_set_0`: inputs and the outputs that a runtime should compute, as ONNX's own tests keep them
- `example.py`, `example.mjs`: the programs below
- `scores.json`: all figures; `SHA256SUMS`: checksums, for `sha256sum -c SHA256SUMS`

The programs run in this folder. The digest of graph and weights is `{literal(info.digest, 64)}`.

## Python

```python
{python}```

## JavaScript

```javascript
{javascript}```

## Scores

{_table(scores_of(info))}

## Licence

The weights: `{licence}`. The training images: {_licence_of_images(dataset)}.
"""


def _images_of(dataset: str) -> str:
    own = path_of(dataset)
    return (
        f"the publisher's own pictures ({literal(own, 60)})" if own else f"{literal(dataset, 60) or 'unknown images'}"
    )


def _licence_of_images(dataset: str) -> str:
    if path_of(dataset):
        return "the publisher's own pictures, which are not part of this repository"
    return literal(LICENCES.get(dataset, "not known"))


def _table(scores: Mapping[str, Any]) -> str:
    rows = figures(scores)
    if not rows:
        return "The generator has not been scored."
    lines = [
        f"{literal(str(scores.get('count', 'An unknown number of')), 20)} images, compared with the test images of "
        f"{literal(str(scores.get('dataset', 'an unknown data set')), 60)} in the features of "
        f"{literal(str(scores.get('features', 'an unknown network')), 60)}. The floor is the same metric of real "
        "training images.",
        "",
        "| metric | generated | floor |",
        "|---|---|---|",
        *(
            f"| {METRICS[key]} | {value:.4g} | {'' if least is None else f'{least:.4g}'} |"
            for key, value, least in rows
        ),
    ]
    return "\n".join(lines)


def check_card(path: Path) -> None:
    """Read a card as the Hub's own library does, without a network. Raises ExportError if it is refused."""
    try:
        from huggingface_hub import ModelCard
    except ImportError as error:
        raise ExportError(NEEDS_HUB) from error
    try:
        card = ModelCard.load(path)
    except ValueError as error:
        raise ExportError(f"The Hub would refuse {path.name}: {str(error).partition(chr(10))[0]}") from error
    wanted = {"license", "pipeline_tag", "library_name", "tags"}
    if missing := wanted - card.data.to_dict().keys():
        raise ExportError(f"The Hub would find no {', '.join(sorted(missing))} in {path.name}.")
