"""Curves of a log that is still being written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from viewer.core.run.curves import MOST_POINTS, SLICE_BYTES, Curve, Log, span


def append(path: Path, *facts: dict[str, Any]) -> None:
    with path.open("a") as file:
        file.writelines(json.dumps(one) + "\n" for one in facts)


def read_all(log: Log) -> None:
    log.read()
    while log.behind:
        log.read()
    log.read()


def test_an_incomplete_line_waits_for_its_rest(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"images": 100, "d_loss": 1.5}\n{"images": 200, "d_l')
    log = Log(path)
    assert log.read()
    assert log.curves["d_loss"].values == [1.5]
    assert not log.read()
    with path.open("a") as file:
        file.write('oss": 0.5, "images_per_s": 7}\n')
    assert log.read()
    assert (log.curves["d_loss"].images, log.curves["d_loss"].values) == ([100, 200], [1.5, 0.5])
    assert (log.last_images, log.images_per_s) == (200, 7)


def test_lines_that_are_not_log_entries_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(
        b"\xff\xfe\n[1]\n{}\n" + b"[" * 5_000 + b"\n"
        b'{"images": "many", "d_loss": 1}\n{"images": 1e999, "d_loss": 1}\n'
        b'{"images": 1, "d_loss": NaN, "g_loss": true, "note": "resumed", "precision": 0.5}\n'
    )
    log = Log(path)
    read_all(log)
    assert {name: curve.values for name, curve in log.curves.items()} == {"precision": [0.5]}


@pytest.mark.parametrize("way", ["shorter", "replaced", "removed"])
def test_a_log_that_starts_again_is_read_again(tmp_path: Path, way: str) -> None:
    path = tmp_path / "log.jsonl"
    append(path, *({"images": images, "d_loss": 1.0} for images in range(0, 1_000, 100)))
    log = Log(path)
    log.read()
    if way == "shorter":
        path.write_text('{"images": 50, "d_loss": 2.0}\n')
    elif way == "replaced":  # as the trainer does when it resumes: by a rename, perhaps to the same length
        (tmp_path / "new").write_bytes(path.read_bytes().replace(b"1.0", b"2.0"))
        (tmp_path / "new").replace(path)
    else:
        path.unlink()
        assert not log.read()
        assert log.last_images == 900, "what was seen stays"
        path.write_text('{"images": 50, "d_loss": 2.0}\n')
    assert log.read()
    assert set(log.curves["d_loss"].values) == {2.0}
    assert log.last_images == (900 if way == "replaced" else 50)


def test_a_long_log_is_read_in_slices_into_few_points(tmp_path: Path) -> None:
    path, lines = tmp_path / "log.jsonl", 20_000
    append(path, *({"images": images, "d_loss": float(images)} for images in range(lines)))
    log = Log(path)
    log.read()
    assert log.behind
    assert log.last_images < SLICE_BYTES / 20
    read_all(log)
    curve = log.curves["d_loss"]
    assert MOST_POINTS / 2 <= len(curve.values) <= MOST_POINTS
    assert curve.images == sorted(curve.images)
    assert abs(sum(curve.values) / len(curve.values) - lines / 2) < lines / 100, "points are means, not a choice"
    assert not log.behind


def test_a_line_without_an_end_does_not_hold_it_up(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"x" * (3 * SLICE_BYTES) + b'\n{"images": 1, "d_loss": 2}\n')
    log = Log(path)
    read_all(log)
    assert log.curves["d_loss"].values == [2]


def test_a_curve_keeps_its_means() -> None:
    curve = Curve()
    for images in range(3 * MOST_POINTS):
        curve.add(images, images % 2)
    assert len(curve.values) <= MOST_POINTS
    assert curve.values == pytest.approx([0.5] * len(curve.values))


def test_the_span_of_a_plot_ignores_outliers() -> None:
    assert span([1.0] * 500 + [1e9]) == pytest.approx((0.95, 1.05))
    assert span([0.0, 2.0], 0.0) == pytest.approx((0.0, 2.1))
    low, high = span([-1.0, 1.0], 0.0)
    assert low < -1.0 < 1.0 < high
