"""Provenance as readable text."""

from __future__ import annotations

import json

from viewer.core.files.provenance import readable


def test_short_and_long_facts_are_separated() -> None:
    config = json.dumps({"batch_size": 128, "d_lr": "5e-4", "resume": None, "conditional": True})
    facts = {"images_seen": "4000", "config": config, "weights_sha256": "a" * 64, "story": "b" * 500}
    short, long = readable(facts)
    assert short == [("Images seen", "4000"), ("Weights sha256", f"{'a' * 16}…")]
    assert long == [("Config", "batch_size: 128\nconditional: true\nd_lr: 5e-4"), ("Story", "b" * 500)]


def test_what_only_looks_like_json_is_text() -> None:
    assert readable({"a": "{broken", "b": "[1]", "c": "{" * 100})[1] == []
