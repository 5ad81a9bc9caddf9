from __future__ import annotations

import json
from pathlib import Path

from trainer.report import log
from trainer.report.log import read_log


def test_what_was_appended_is_read(tmp_path: Path) -> None:
    path = tmp_path / log.LOG_FILE
    assert read_log(path) == ([], [])
    log.append(path, 100, {"d_loss": 1.5, "seconds": 2})
    log.append(path, 100, {"note": "A sentence."})
    log.append(path, 200, {"d_loss": float("nan")})
    assert read_log(path) == ([{"images": 100, "d_loss": 1.5, "seconds": 2}, {"images": 200}], [(100, "A sentence.")])


def test_a_log_that_was_resumed_and_cut_off_is_read(tmp_path: Path) -> None:
    path = tmp_path / log.LOG_FILE
    lines = [{"images": 100, "d_loss": 1}, {"images": 200, "d_loss": 2}, {"images": 300, "d_loss": 3}]
    lines += [{"images": 200, "d_loss": 4}]
    odd = ['{"images": 250, "d_loss": NaN, "g_loss": 1}', '{"images": 260, "note": "resumed"}', "[1]", '{"d_loss": 1}']
    path.write_text("\n".join([*map(json.dumps, lines), *odd, '{"images": 300, "d_l']), encoding="utf-8")
    points, notes = read_log(path)
    assert [(point["images"], point.get("d_loss")) for point in points] == [(100, 1), (200, 2), (200, 4), (250, None)]
    assert notes == [(260, "resumed")]


def test_truncating_drops_later_lines_and_what_a_crash_cut_short(tmp_path: Path) -> None:
    path = tmp_path / log.LOG_FILE
    log.truncate(path, 0)
    assert path.read_text() == ""
    log.append(path, 100, {"d_loss": 1})
    log.append(path, 200, {"note": "x"})
    log.append(path, 201, {"d_loss": 2})
    before = path.read_text().splitlines(keepends=True)
    with path.open("a") as file:
        file.write('{"d_loss": 3}\n[100]\n{"images": 150, "d_lo')
    log.truncate(path, 200)
    assert path.read_text() == "".join(before[:2])
