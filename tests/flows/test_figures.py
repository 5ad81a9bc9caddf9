"""The figures in the documentation are those of the measurements in bench/results."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRESETS = ("digits", "quickstart", "dcgan", "mlp", "mlp-dropout-deep", "mlp-dropout", "dense-bn")


def result(name: str) -> Any:
    return json.loads((ROOT / "bench/results" / f"{name}.json").read_text(encoding="utf-8"))


def rows(page: str, first: str) -> Iterator[list[str]]:
    """The cells of each table row of a page whose first cell begins with `first`."""
    for line in (ROOT / page).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and re.match(rf"{first}(?![\w-])", cells[0].replace("`", "")):
            yield cells


def shows(text: str, value: float) -> bool:
    """Whether a figure as it is written is `value`, rounded to as many digits."""
    number = text.replace(",", "").removesuffix(" %")
    unit = 10.0 ** -len(number.partition(".")[2])
    return abs(float(number) - (value * 100 if text.endswith(" %") else value)) <= unit / 2 * (1 + 1e-6)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_results_show_each_score(preset: str) -> None:
    score = result(f"score-{preset}")
    distance, neighbours = [row for row in rows("docs/results.md", preset) if "." in row[1] or "," in row[1]][:2]
    assert shows(distance[3], score["frechet_distance"])
    assert all(
        shows(shown, score[metric])
        for shown, metric in zip(neighbours[1:], ("precision", "recall", "coverage"), strict=True)
    )


@pytest.mark.parametrize("preset", ["digits", "quickstart"])
def test_the_readme_shows_the_scores_of_both_generators(preset: str) -> None:
    (row,) = rows("README.md", preset)
    score = result(f"score-{preset}")
    for shown, metric in zip(row[1:4], ("frechet_distance", "recall", "conditional_accuracy"), strict=True):
        assert shows(shown, score[metric]), metric


def test_the_readme_shows_the_floor() -> None:
    ((_, distance, recall, accuracy, _),) = rows("README.md", "real images")
    floor = result("score-digits")["floor"]
    mean, spread = distance.split(" ± ")
    assert shows(mean, floor["frechet_distance"])
    assert shows(spread, floor["spread"]["frechet_distance"])
    assert shows(recall, floor["recall"])
    assert shows(accuracy, floor["conditional_accuracy"])


def test_the_results_show_the_speed_of_training() -> None:
    for row in result("train-cpu")["training"]:
        shown = [cells for cells in rows("docs/results.md", row["preset"]) if len(cells) == 5]
        (_, batch, textbook, ours, ratio) = shown[0]
        assert batch == str(row["batch_size"])
        assert shows(textbook, row["images_per_s"]["textbook"])
        assert shows(ours, row["images_per_s"]["ours"])
        assert shows(ratio, row["ratio"])


def test_the_results_show_the_frames_of_the_viewer() -> None:
    measured = {row["cells"]: row for row in result("viewer-cpu")["rows"] if not row["smoothing"]}
    for cells in (1, 16, 64, 256):
        painted, run = [row for row in rows("docs/results.md", str(cells)) if len(row) == 3]
        for row, name in ((painted, "painted"), (run, "run")):
            assert shows(row[1], measured[cells][f"{name}_p50_ms"])
            assert shows(row[2], measured[cells][f"{name}_p95_ms"])


def test_the_results_show_the_speed_of_exported_files() -> None:
    for row in result("export-cpu")["rows"]:
        ((_, *shown),) = [cells for cells in rows("docs/results.md", str(row["batch"])) if len(cells) == 4]
        assert all(
            shows(text, row[name]) for text, name in zip(shown, ("torch", "compiled", "onnxruntime"), strict=True)
        )


def test_the_results_show_the_usefulness_as_training_data() -> None:
    accuracy = result("downstream")["accuracy"]
    for first, name in (
        ("real digits", "real"),
        ("digits of the bundled generator", "generated"),
        ("100 real digits", "100 real of each class"),
        ("these and generated", "100 real of each class and generated"),
    ):
        ((_, _, shown),) = rows("docs/results.md", first)
        assert shows(shown, sum(accuracy[name]) / len(accuracy[name])), first


def test_the_page_of_your_own_digit_shows_how_well_digits_are_found() -> None:
    generators = result("inversion")
    methods = generators["digits"]["methods"]
    names = {
        "best of 1,024": "samples", "from the mean": "mean", "from the nearest": "nearest", "everything": "everything",
        "without a prior": "no-prior", "prior five": "strong-prior", "one step": "one-step",
        "differences": "short-difference", "class weights": "weights", "robust": "robust",
    }  # fmt: skip
    for first, method in names.items():
        for row in rows("docs/your-own-digit.md", first):
            (state,) = [each for each in methods[method] if each["iterations"] == row[1]]
            assert shows(row[2], state["rms"])
            assert shows(row[3], state["near"])
            assert shows(row[4], state["read_as_the_original"])
    for name, entry in generators.items():
        ((*_, best, near, read),) = rows("docs/your-own-digit.md", name)
        state = entry["methods"]["everything"][-1]
        assert shows(best, state["rms"])
        assert shows(near, state["near"])
        assert shows(read, state["read_as_the_original"])


def test_the_page_about_drawing_shows_the_answers_of_a_second() -> None:
    measured = result("drawing-cpu")
    text = (ROOT / "docs/your-own-digit.md").read_text(encoding="utf-8")
    assert f"{measured['answers_per_s']:.1f} answers/s" in text
    assert measured["gap_p50_ms"] < float(text.split("within ")[1].split(" ms")[0])
