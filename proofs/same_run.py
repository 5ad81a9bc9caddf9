"""Compare a run that was disturbed with one that was left alone."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors.torch import load_file

from trainer import checkpoints


def newest(run_dir: Path) -> int:
    """Return the images seen at the newest checkpoint, complete or not; 0 if there is none."""
    return max((int(path.name) for path in (run_dir / "checkpoints").glob("[0-9]*")), default=0)


def has_lost(run_dir: Path, seen: int) -> bool:
    """Return whether the newest checkpoint is damaged, or older than one that was seen before at `seen` images."""
    checkpoint, damaged = checkpoints.load_newest(run_dir / "checkpoints")
    return bool(damaged) or (checkpoint.images_seen if checkpoint else 0) < seen


def same(run_dir: Path, reference: Path, images: int, log_every: int) -> bool:
    """Return whether a run of `images` images has the reference's weights and state, and each line of the log once."""
    for name in ("generator.safetensors", f"checkpoints/{images:012d}/{checkpoints.STATE_FILE}"):
        mine, theirs = load_file(run_dir / name), load_file(reference / name)
        if mine.keys() != theirs.keys() or not all(mine[key].equal(theirs[key]) for key in mine):
            return False
    logged = [json.loads(line)["images"] for line in (run_dir / "log.jsonl").read_text().splitlines()]
    return logged == sorted(set(logged)) and set(range(log_every, images + 1, log_every)) <= set(logged)
