from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from trainer import compare
from trainer.report import pages

HOSTILE = "<script>alert(1)</script>[red]\"'&amp;"


class Page(HTMLParser):
    """The tags of a page in order, the attributes of each, and the texts between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append((self.elements[-1][0] if self.elements else "", data))

    def of(self, tag: str) -> list[str]:
        return [text for kind, text in self.texts if kind == tag and text.strip()]


def scores(frechet: float | None = 0.02, **changes: Any) -> dict[str, Any]:
    floor = {"frechet_distance": 0.01, "kernel_distance": 0.0, "precision": 0.9, "entropy_generated": 1.6}
    spread = {"frechet_distance": 0.001, "kernel_distance": 1e-5}
    values = {
        "format": 1, "scored": "model.onnx", "count": 10_000, "features": "mnist", "features_sha256": "ab" * 32,
        "dataset": "mnist", "data_sha256": "cd" * 32, "frechet_distance": frechet, "kernel_distance": 1e-4,
        "precision": 0.8, "entropy_generated": 1.7, "floor": floor | {"spread": spread},
    }  # fmt: skip
    return values | changes


def scored(run_dir: Path, frechet: float | None = 0.02, **changes: Any) -> Path:
    (run_dir / "samples").mkdir(parents=True)
    (run_dir / "config.json").write_text("{}", encoding="utf-8")
    (run_dir / "scores.json").write_text(json.dumps(scores(frechet, **changes)), encoding="utf-8")
    return run_dir


def compared(folder: Path, *runs: Path) -> tuple[Page, dict[str, Any]]:
    arguments = [*map(str, runs), "--out", str(folder / "compare.html"), "--json", str(folder / "compare.json")]
    assert compare.main(arguments) == 0
    values: dict[str, Any] = json.loads((folder / "compare.json").read_text(encoding="utf-8"))
    return Page((folder / "compare.html").read_text(encoding="utf-8")), values


def refused(capsys: pytest.CaptureFixture[str], folder: Path, *runs: Path) -> str:
    out = folder / "refused.html"
    assert compare.main([*map(str, runs), "--out", str(out)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    assert not out.exists()
    return said.err


def test_the_table_has_the_floor_first_and_the_best_in_bold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = scored(tmp_path / "good", precision=0.7)
    poor = scored(tmp_path / "poor", 3.5, entropy_generated=1.55)
    page, values = compared(tmp_path, good, poor)
    rows = [re.split(r"\s{2,}", line.strip()) for line in capsys.readouterr().out.splitlines()]
    start = next(place for place, row in enumerate(rows) if row[0] == "real images (floor)")
    assert [row[0] for row in rows[start : start + 3]] == ["real images (floor)", "good", "poor"]
    assert [row[1] for row in rows[start : start + 3]] == ["0.01", "0.02", "3.5"]
    assert values["best"] == {
        "frechet_distance": ["good"], "kernel_distance": [], "precision": ["poor"], "entropy_generated": ["poor"],
    }  # fmt: skip
    assert page.of("b") == ["0.02", "0.8", "1.55"]
    assert [row["frechet_distance"] for row in values["runs"]] == [0.02, 3.5]
    assert (values["count"], values["floor"]["precision"], values["spread"]["precision"]) == (10_000, 0.9, None)
    assert page.of("h2") == ["Metrics", "Beside the floor"]
    assert len([tag for tag, _ in page.elements if tag == "circle"]) == 8


def test_what_is_about_nothing_is_all_equally_good(tmp_path: Path) -> None:
    runs = [scored(tmp_path / str(value), kernel_distance=value) for value in (-0.001, 1e-5, 1e-3)]
    assert compared(tmp_path, *runs)[1]["best"]["kernel_distance"] == ["-0.001", "1e-05"]


def test_the_page_is_one_file_that_loads_nothing(tmp_path: Path) -> None:
    page, _ = compared(tmp_path, scored(tmp_path / "a"), scored(tmp_path / "b", 5))
    text = (tmp_path / "compare.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|@import|url\(\s*['\"]?(?!#)|<script", text)
    policy = next(one["content"] for tag, one in page.elements if one.get("http-equiv") == "Content-Security-Policy")
    style = text.partition("<style>")[2].partition("</style>")[0]
    assert policy is not None
    assert f"style-src '{pages.csp_hash(style)}'" in policy
    assert "script-src" not in policy
    for _, attributes in page.elements:
        assert not attributes.keys() & {"style", "onclick", "srcset"}
        assert (attributes.get("src") or attributes.get("href") or "#").startswith(("#", "data:"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "compare.html", "compare.json"]


def test_the_newest_samples_of_each_or_those_of_its_score(tmp_path: Path) -> None:
    runs = [scored(tmp_path / name) for name in ("newest", "score", "none")]
    for seen, size in ((0, 10), (20, 30), (100, 40)):
        Image.new("L", (size, size)).save(runs[0] / "samples" / f"{seen}.png")
    (runs[0] / "samples" / "200.png").write_bytes(b"broken")
    (runs[1] / "scores").mkdir()
    Image.new("L", (50, 50)).save(runs[1] / "scores" / "generated.png")
    page, _ = compared(tmp_path, *runs)
    assert [one["width"] for tag, one in page.elements if tag == "img"] == ["560", "550"]
    assert page.of("p").count("No samples beside these scores.") == 1


def test_files_stand_beside_runs_and_missing_metrics_are_dashes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bundled.json"
    file.write_text(json.dumps(scores(None, precision="high", coverage=0.5)), encoding="utf-8")
    page, values = compared(tmp_path, scored(tmp_path / "run") / "scores.json", file)
    assert [(row["name"], row["frechet_distance"], row["coverage"]) for row in values["runs"]] == [
        ("run", 0.02, None), ("bundled", None, 0.5),
    ]  # fmt: skip
    assert "–" in page.of("td")
    assert "–" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("count", 2_000, ["the number of images (10,000 and 2,000)", "--count 10000"]),
        ("features_sha256", "ef" * 32, ["the feature network (abababababab and efefefefefef)", "--features"]),
        ("data_sha256", "01" * 32, ["the real images (cdcdcdcdcdcd and 010101010101)", "--dataset mnist"]),
        ("data_sha256", None, ["the real images (cdcdcdcdcdcd and not stated)"]),
        ("format", 2, ["the format of the scores (1 and 2)"]),
    ],
)
def test_scores_that_do_not_compare_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str, value: object, words: list[str]
) -> None:
    first, other = scored(tmp_path / "first"), scored(tmp_path / "other", 0.02, **{key: value})
    said = refused(capsys, tmp_path, first, other)
    assert "first and other do not compare" in said
    assert f"python -m trainer.score {other}" in said
    for each in words:
        assert each in said


def test_all_that_differs_is_named_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a b.json"
    file.write_text(json.dumps(scores(count=500, data_sha256="x")), encoding="utf-8")
    said = refused(capsys, tmp_path, scored(tmp_path / "run"), file)
    assert "(10,000 and 500); the real images" in said
    assert f"python -m trainer.score model.onnx --json '{file}' --count 10000 --dataset mnist" in said


def test_what_is_no_score_gets_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bare = scored(tmp_path / "good"), tmp_path / "bare"
    bare.mkdir()
    assert f"{bare} has not been scored yet: python -m trainer.score {bare}" in refused(capsys, tmp_path, good, bare)
    assert "does not exist" in refused(capsys, tmp_path, good, tmp_path / "absent")
    assert "is given twice" in refused(capsys, tmp_path, good, good / "scores.json")
    model = tmp_path / "model.onnx"
    model.write_bytes(b"x")
    assert f"python -m trainer.score {model} --json" in refused(capsys, tmp_path, good, model)
    broken = tmp_path / "broken.json"
    for content in (b"{", b"\xff", b"[]", b"{}", b'{"format": 1}'):
        broken.write_bytes(content)
        assert "score again" in refused(capsys, tmp_path, broken)


def test_a_page_that_cannot_be_written_gets_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "compare.html").mkdir()
    assert compare.main([str(scored(tmp_path / "run")), "--out", str(tmp_path / "compare.html")]) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["compare.html", "run"]


def test_hostile_names_are_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changes = {"preset": HOSTILE, "dataset": HOSTILE, "features": HOSTILE, "features_sha256": HOSTILE}
    name = HOSTILE.replace("/", "_")
    page, _ = compared(tmp_path, scored(tmp_path / name, 0.02, **changes))
    assert name in page.of("th")
    assert HOSTILE in capsys.readouterr().out
    (tmp_path / "plain").mkdir()
    plain, _ = compared(tmp_path / "plain", scored(tmp_path / "plain" / "x"))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain.elements]


def test_runs_of_one_name_are_told_apart(tmp_path: Path) -> None:
    runs = [scored(tmp_path / place / "run") for place in ("one", "two")]
    assert [row["name"] for row in compared(tmp_path, *runs)[1]["runs"]] == ["one/run", "two/run"]


def test_it_starts_without_torch() -> None:
    code = "import sys, trainer.compare; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
