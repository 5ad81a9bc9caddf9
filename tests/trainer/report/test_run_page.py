from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from digitforge.errors import RunError
from trainer.report import pages, run_page
from trainer.report.run_page import spread, thin, write_report

HOSTILE = "<script>alert(1)</script>\"'&amp; </title>"
PICTURES = "<script>alert(1)<script>\"'&amp; <title>"
"""A folder's name, which has no slash."""
LINE = {"d_loss": 1.25, "g_loss": 0.5, "real_accuracy": 0.75, "fake_accuracy": 0.5, "images_per_s": 100}


class Page(HTMLParser):
    """The elements of a page with their attributes, and the text inside each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)
        self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open[-1]][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def json(self) -> list[Any]:
        kinds = [attributes.get("type") for attributes in self.all("script")]
        return [json.loads(text) for kind, text in zip(kinds, self.texts["script"], strict=True) if kind]


def make_run(run_dir: Path, lines: Sequence[object] = (), stages: Sequence[int] = (), **config: object) -> Path:
    (run_dir / "samples").mkdir(parents=True)
    settings = {"preset": "quickstart", "dataset": "mnist", "images": 10_000, "conditional": True} | config
    images = {"channels": 1, "size": 28, "classes": [str(digit) for digit in range(10)]}
    record = {"config": settings, "images": images, "data_sha256": "ab" * 32, "fell_back": False}
    (run_dir / "config.json").write_text(json.dumps(record), encoding="utf-8")
    (run_dir / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    for seen in stages:
        Image.effect_noise((560, 560), 50).save(run_dir / "samples" / f"{seen:012d}.png")
    return run_dir


def page_of(run_dir: Path) -> Page:
    write_report(run_dir)
    return Page((run_dir / run_page.REPORT_FILE).read_text(encoding="utf-8"))


def test_the_page_is_one_file_that_loads_nothing_and_is_written_whole(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path / "run", [LINE | {"images": 100 * (i + 1)} for i in range(20)], [0, 1000, 2000])
    page = page_of(run_dir)
    text = (run_dir / "report.html").read_text(encoding="utf-8")
    for _, attributes in page.elements:
        assert not attributes.keys() & {"srcset", "action", "style", "onclick", "onload"}
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:"))
    assert not re.search(r"https?:|@import|url\(\s*['\"]?(?!#)", text)
    policy = next(one["content"] for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:;")
    for tag, text in (("style", page.texts["style"][0]), ("script", page.texts["script"][-1])):
        assert f"{tag}-src '{pages.csp_hash(text)}'" in policy
    assert sorted(path.name for path in run_dir.iterdir()) == ["config.json", "log.jsonl", "report.html", "samples"]


def test_the_stages_are_pictures_and_the_newest_is_shown(tmp_path: Path) -> None:
    page = page_of(make_run(tmp_path / "run", stages=[*range(0, 10_000, 100), 9_950]))
    pictures = page.all("img")
    assert len(pictures) == run_page.MAX_STAGES
    assert [pictures[0]["data-images"], pictures[-1]["data-images"]] == ["0", "9950"]
    assert ["hidden" in one for one in pictures] == [True] * (len(pictures) - 1) + [False]
    for one in pictures:
        kind, content = str(one["src"]).split(",")
        assert kind == "data:image/png;base64"
        with Image.open(io.BytesIO(base64.b64decode(content, validate=True))) as picture:
            picture.load()
            assert (picture.format, picture.size) == ("PNG", (560, 560))
        assert "images seen" in str(one["alt"])
    (slider,) = [one for one in page.all("input") if one["type"] == "range"]
    assert (slider["min"], slider["max"], slider["value"]) == ("0", "39", "39")
    assert [text for text in page.texts["li"] if text.isdecimal()] == list("0123456789"), "the rows' classes"


def test_pictures_over_the_bound_are_left_out_but_not_the_first_and_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = make_run(tmp_path / "run", stages=range(10))
    size = max(path.stat().st_size for path in (run_dir / "samples").iterdir())
    for bound, count in ((5 * size, 5), (1, 2)):
        monkeypatch.setattr(run_page, "MAX_PICTURE_BYTES", bound)
        seen = [one["data-images"] for one in page_of(run_dir).all("img")]
        assert (len(seen), seen[0], seen[-1]) == (count, "0", "9")


def test_what_is_no_sample_grid_is_passed_over(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path / "run", stages=[5])
    (run_dir / "samples" / "notes.png").write_bytes(b"mine")
    (run_dir / "samples" / "000000000009.png").write_bytes(b"broken")
    assert len(page_of(run_dir).all("img")) == 1


def test_hostile_names_are_text(tmp_path: Path) -> None:
    lines = [{"images": 5, "note": HOSTILE}, LINE | {"images": 10}]
    run_dir = make_run(
        tmp_path / "run", lines, [10], dataset=f"folder:/data/{PICTURES}", preset="<b>", latent_size=HOSTILE
    )
    record = json.loads((run_dir / "config.json").read_text(encoding="utf-8"))
    record["images"]["classes"][0] = HOSTILE
    (run_dir / "config.json").write_text(json.dumps(record), encoding="utf-8")
    page = page_of(run_dir)
    harmless = make_run(tmp_path / "harmless", [{"images": 5, "note": "x"}, lines[1]], [10], latent_size="x")
    plain = page_of(harmless)
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain.elements], "no element came in"
    assert page.texts["h1"] == [f"<b> on folder:{PICTURES}"]
    assert {HOSTILE, f"folder:{PICTURES}"} <= set(page.texts["td"])
    assert page.texts["li"][0] == HOSTILE


def test_a_run_without_samples_or_log_makes_a_page(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path / "run")
    (run_dir / "log.jsonl").unlink()
    (run_dir / "samples").rmdir()
    page = page_of(run_dir)
    assert (page.all("img"), page.all("svg"), page.json()) == ([], [], [])
    assert "There is no sample grid yet." in page.texts["p"]
    assert "There are no measurements in the log yet." in page.texts["p"]


def test_a_config_that_cannot_be_read_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("[]", encoding="utf-8")
    with pytest.raises(RunError, match=r"config\.json cannot be read"):
        write_report(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


def test_the_curves_are_in_the_page_and_missing_keys_leave_curves_out(tmp_path: Path) -> None:
    lines = [{"images": 100, "d_loss": 2, "g_loss": 1}, {"images": 150, "scores": 1}, LINE | {"images": 200}]
    page = page_of(make_run(tmp_path / "run", lines))
    losses, accuracy, speed = page.json()
    assert losses["x"] == [100, 200]
    assert [one["y"] for one in losses["series"]] == [[2, 1.25], [1, 0.5]]
    assert (accuracy["x"], accuracy["share"], speed["x"]) == ([200], True, [200])
    adaptive = page_of(make_run(tmp_path / "adaptive", [LINE | {"images": 200, "augment_probability": 0.25}])).json()
    assert [one["y"] for one in adaptive[2]["series"]] == [[0.25]]
    page = page_of(make_run(tmp_path / "older", lines[:1]))
    assert len(page.json()) == len(page.all("svg")) == 1
    assert "Training time" not in page.texts["dt"]


def test_the_headline_numbers(tmp_path: Path) -> None:
    lines = [LINE | {"images": 1_000}, LINE | {"images": 5_000, "seconds": 3_900, "images_per_s": 200}]
    page = page_of(make_run(tmp_path / "timed", lines))
    assert page.texts["dd"][0::2] == ["5,000", "1 h 5 min", "1", "1.250", "0.500", "75 % · 50 %"]
    assert "50 %" in page.texts["span"]
    del lines[1]["seconds"]
    page = page_of(make_run(tmp_path / "estimated", lines))
    assert page.texts["dd"][2:4] == ["30 s", "estimated"], "1,000 at 100 and 4,000 at 200 images/s"


@pytest.mark.parametrize(("seconds", "told"), [(29.9, "50 %"), (59.96, "finished")])
def test_a_run_that_ends_by_the_clock_is_finished_by_it(tmp_path: Path, seconds: float, told: str) -> None:
    line = LINE | {"images": 100, "seconds": seconds}
    assert told in page_of(make_run(tmp_path / "run", [line], images=10**9, seconds=60.0)).texts["span"]


def test_a_value_that_is_not_finite_is_a_gap_in_its_curve(tmp_path: Path) -> None:
    run_dir = make_run(
        tmp_path / "run", [{"images": 100, "d_loss": 1}, {"images": 250, "d_loss": float("nan"), "g_loss": 1}]
    )
    assert page_of(run_dir).json()[0]["series"][0]["y"] == [1, None]


def test_thinning_keeps_the_ends_and_the_mean_of_a_spike() -> None:
    points = [{"images": float(i), "loss": 0.0} for i in range(1002)]
    points[0]["loss"], points[-1]["loss"], points[500]["loss"] = 7, 9, 80
    del points[501]["loss"]
    columns = thin(points, ["images", "loss"], most=102)
    assert len(columns["images"]) == len(columns["loss"]) == 102
    assert [columns["images"][0], columns["images"][-1]] == [0, 1001]
    assert [columns["loss"][0], columns["loss"][-1]] == [7, 9]
    assert [value for value in columns["loss"][1:-1] if value] == [8], "ten values of which one is 80"
    assert columns["images"][1] == 5.5
    assert thin(points[:100], ["images"], most=102)["images"] == list(range(100))


@pytest.mark.parametrize(("count", "most"), [(0, 5), (1, 5), (5, 5), (6, 5), (1000, 40), (41, 40)])
def test_spread_is_even_and_has_both_ends(count: int, most: int) -> None:
    chosen = spread(range(count), most)
    assert len(set(chosen)) == len(chosen) == min(count, most)
    assert chosen == sorted(chosen)
    assert not count or (chosen[0], chosen[-1]) == (0, count - 1)


def test_a_long_run_makes_a_small_page(tmp_path: Path) -> None:
    run_dir = make_run(
        tmp_path / "run", [{"images": 10 * i} | {k: v / (i + 1) for k, v in LINE.items()} for i in range(20_000)]
    )
    page = page_of(run_dir)
    assert max(len(one["x"]) for one in page.json()) == run_page.MAX_POINTS
    assert (run_dir / "report.html").stat().st_size < 200_000


def scores(**changes: Any) -> dict[str, Any]:
    """A scores.json with three classes."""
    floor = {"frechet_distance": 0.01, "precision": 0.92, "spread": {"frechet_distance": 0.002}, "draws": 3}
    values = {
        "format": 1, "count": 10_000, "dataset": "mnist", "features": "mnist", "features_sha256": "cd" * 32,
        "images_seen": 2000, "frechet_distance": 0.0229, "precision": 0.93, "classifier_score": None,
        "class_shares": [0.5, 0.3, 0.2], "twins": [0.01, 0.02, 0.5], "modes": 3, "modes_covered": 3,
        "conditional_accuracy_of_classes": [1.0, 0.9, 0.8], "confusion": [[10, 0, 0], [1, 9, 0], [1, 1, 8]],
        "histogram_generated": [0.7, 0.2, 0.1], "histogram_real": [0.8, 0.0, 0.2], "entropy_generated": 2.2,
        "entropy_real": 1.6, "histogram_distance": 0.05, "floor": floor,
        "memorisation": {"copied": 0.034, "error": 0.055, "ratio": 0.97, "memorises": False, "images": 2000},
    }  # fmt: skip
    return values | changes


def scored(run_dir: Path, pictures: Sequence[str] = (), **changes: Any) -> Path:
    """A run that has seen 2,000 images, with scores."""
    make_run(run_dir, [LINE | {"images": 2000}])
    (run_dir / "scores.json").write_text(json.dumps(scores(**changes)), encoding="utf-8")
    for name in pictures:
        (run_dir / "scores").mkdir(exist_ok=True)
        Image.new("L", (596, 356)).save(run_dir / "scores" / f"{name}.png")
    return run_dir


def headings(page: Page) -> list[str]:
    return page.texts["h2"]


def test_scores_stand_beside_their_floor_each_with_a_sentence(tmp_path: Path) -> None:
    page = page_of(scored(tmp_path / "run"))
    text = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert headings(page)[2:] == ["Scores", "Pixels", "Nearest training images", "Classes", "Configuration"]
    names = [attributes["href"] for attributes in page.all("a")]
    assert names == ["#samples", "#curves", "#scores", "#pixels", "#neighbours", "#classes", "#settings"]
    assert next(text for text in page.texts["th"] if "distance" in text) == "Fréchet distance"
    cells = page.texts["td"]
    assert cells[0] == "0.0229"
    assert cells[1].startswith("0.01")
    assert " ± 0.002" in page.texts["span"]
    assert cells[2].startswith("Distance between the feature distributions")
    assert "lower is better" in page.texts["span"]
    assert "Classifier score" not in page.texts["th"], "which is None"
    assert "10,000 generated images, after 2,000 images of training" in text
    assert "cdcdcdcdcdcdcdcd" in page.texts["code"]
    assert any(text.startswith("No sign of memorisation: the share of copies of 2,000") for text in page.texts["p"])
    assert page.texts["dt"][-2:] == ["Fréchet distance", "Discriminator accuracy"]


def test_scores_that_are_older_than_the_run_say_so(tmp_path: Path) -> None:
    page_of(scored(tmp_path / "run", images_seen=1500))
    text = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "These scores were taken at 1,500 images; the run has seen\n 2,000 by now" in text
    assert "python -m trainer.score run" in text
    page_of(scored(tmp_path / "equal"))
    assert "These scores were taken at" not in (tmp_path / "equal" / "report.html").read_text(encoding="utf-8")


def test_the_pictures_of_a_score(tmp_path: Path) -> None:
    names = ["generated", "real", "generated_smoothed", "neighbours", "least_confident", "most_confident"]
    page = page_of(scored(tmp_path / "all", names))
    assert len(page.all("img")) == 6
    assert page.texts["li"] == ["generated", "training"] * 3
    assert page.texts["h3"].index("Real") < page.texts["h3"].index("Generated")
    run_dir = scored(tmp_path / "some", ["real", "neighbours"])
    (run_dir / "scores" / "generated.png").write_bytes(b"broken")
    page = page_of(run_dir)
    assert len(page.all("img")) == 2
    assert "Confidence" not in headings(page)
    assert len(page_of(scored(tmp_path / "none")).all("img")) == 0


def test_the_histograms_and_the_classes(tmp_path: Path) -> None:
    smoothed: dict[str, Any] = {"histogram_generated_smoothed": [0.6, 0.3, 0.1], "entropy_generated_smoothed": 3.9}
    page = page_of(scored(tmp_path / "run", **smoothed))
    paths = page.all("path")
    assert [path["class"] for path in paths] == ["grey", "orange", "blue"]
    assert paths[0]["d"] == "M0 100V9.69H1V100.00H2V69.90H3V100", "logarithmic from 10 % on"
    assert "3.9" in page.texts["td"]
    cells = [(one["class"], text) for one, text in zip(page.all("td"), page.texts["td"], strict=True)
             if (one.get("class") or "").split()[-1:] and re.search(r" l\d+$", one.get("class") or "")]  # fmt: skip
    assert len(cells) == 9
    assert cells[0] == ("same l10", "10")
    assert cells[1] == ("zero l0", "·")
    assert cells[3] == (" l4", "1")
    assert [one["width"] for one in page.all("rect")] == ["100.0%", "60.0%", "40.0%"]


def test_scores_over_training_have_the_floor_across(tmp_path: Path) -> None:
    lines = [LINE | {"images": 100}, {"images": 100, "frechet_distance": 5, "floor_frechet_distance": 0.02}]
    lines += [{"images": 200, "frechet_distance": 2, "coverage": 0.5}]
    page = page_of(make_run(tmp_path / "run", lines))
    assert headings(page)[2:-1] == ["Scores over training"], "without a scores.json"
    distance, coverage = page.json()[3:]
    assert (distance["x"], distance["floor"], distance["scores"]) == ([100, 200], 0.02, True)
    assert distance["series"][0]["y"] == [5, 2]
    assert (coverage["floor"], coverage["x"]) == (None, [200])
    values = scores(floor={"coverage": 0.95})
    (tmp_path / "run" / "scores.json").write_text(json.dumps(values), encoding="utf-8")
    page = page_of(tmp_path / "run")
    assert page.json()[4]["floor"] == 0.95
    assert "Higher is better; the floor is that of 10,000 images" in page.texts["p"]


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"format": 1}', '{"format": 1, "floor": 3}', "\xff", "[" * 100_000])
def test_scores_that_cannot_be_read_are_a_sentence_on_the_page(tmp_path: Path, text: str) -> None:
    run_dir = scored(tmp_path / "run", ["real"])
    (run_dir / "scores.json").write_text(text, encoding="latin-1")
    page = page_of(run_dir)
    assert headings(page)[2:-1] == ["Scores"]
    assert any("scores.json" in text and "score again" in text for text in page.texts["p"])


ODD: list[Any] = [None, "<b>", [], {}, [None], [[1]], -1, 10**400, True, float("nan"), ["<i>"] * 3, [0.0], [-5, 2, 1]]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_odd_values_anywhere_leave_a_page(tmp_path: Path, odd: Any) -> None:
    whole = scores()
    run_dir = scored(tmp_path / "run", ["neighbours"])
    for key in [*whole, *(f"floor {key}" for key in whole["floor"]), *(f"memorisation {key}" for key in ("copied",))]:
        if key in ("format", "floor"):
            continue
        first, _, second = key.partition(" ")
        changed = {first: whole[first] | {second: odd}} if second else {first: odd}
        (run_dir / "scores.json").write_text(json.dumps(whole | changed), encoding="utf-8")
        page = page_of(run_dir)
        assert "Configuration" in headings(page)
        assert not page.all("b") or "<b>" not in page.texts["b"]
        assert not page.all("i")


def test_hostile_scores_are_text(tmp_path: Path) -> None:
    names = ["real", "generated", "neighbours"]
    hostile = scored(tmp_path / "run", names, dataset=HOSTILE, features=HOSTILE, features_sha256=HOSTILE)
    record = json.loads((hostile / "config.json").read_text(encoding="utf-8"))
    record["images"]["classes"] = [HOSTILE, "<b>", "2"]
    (hostile / "config.json").write_text(json.dumps(record), encoding="utf-8")
    plain = scored(tmp_path / "plain", names)
    tags = [[tag for tag, _ in page_of(run_dir).elements] for run_dir in (hostile, plain)]
    assert tags[0] == tags[1], "no element came in"


def test_a_hundred_classes_and_more(tmp_path: Path) -> None:
    square = [[5] * 100 for _ in range(100)]
    page = page_of(scored(tmp_path / "hundred", confusion=square, class_shares=[0.01] * 100))
    assert [one for one in page.all("table") if one.get("class") == "large"]
    assert "60 predicted as 3: 5" in [one.get("title") for one in page.all("td")]
    many: dict[str, Any] = {"confusion": None, "class_shares": None, "twins": [0.1] * 1000}
    page = page_of(scored(tmp_path / "thousand", **many, conditional_accuracy_of_classes=None))
    assert "Classes" not in headings(page)
