from __future__ import annotations

import dataclasses
import hashlib
import io
import subprocess
import sys
from pathlib import Path

import pytest

from export.contract import ContractError, GeneratorInfo, digest_of

INFO = GeneratorInfo(64, "normal", ("cat", 'do"g'), 3, 32, 28, {"preset": "quickstart", "images_seen": "7"})


@pytest.mark.parametrize(
    "info", [INFO, dataclasses.replace(INFO, classes=(), channels=1, provenance={}, digest="ab" * 32)]
)
def test_metadata_round_trip(info: GeneratorInfo) -> None:
    metadata = info.to_metadata()
    assert all(isinstance(value, str) for value in metadata.values())
    assert GeneratorInfo.from_metadata(metadata | {"somebody.else": "x"}) == info


def test_only_metadata_with_a_digest_need_the_newest_version() -> None:
    with_digest = dataclasses.replace(INFO, digest="ab" * 32).to_metadata()
    assert INFO.to_metadata()["digitforge.contract_version"] == "1.0"
    assert with_digest["digitforge.contract_version"] == "1.1"
    assert with_digest["digitforge.digest"] == "ab" * 32


def test_the_digest_leaves_out_the_metadata_alone() -> None:
    version, entry, fixed = b"\x08\x0a", b"\x72\x03abc", b"\xa5\x06\x01\x02\x03\x04"
    graph = b"\x3a\x80\x01" + bytes(128)
    expected = hashlib.sha256(version + graph + fixed).hexdigest()
    assert digest_of(io.BytesIO(version + graph + fixed)) == expected
    assert digest_of(io.BytesIO(version + entry + graph + entry + fixed)) == expected
    assert digest_of(io.BytesIO(version + graph[:-1] + b"\x01" + fixed)) != expected


@pytest.mark.parametrize("content", [b"\x0b", b"\x3a\x05abc", b"\x08", b"\x80", b"\x08" + b"\xff" * 11])
def test_what_is_no_protocol_buffer_has_no_digest(content: bytes) -> None:
    with pytest.raises(ContractError, match="damaged"):
        digest_of(io.BytesIO(content))


def test_signature() -> None:
    assert INFO.inputs() == {"z": ("batch", 64), "y": ("batch", 2)}
    assert INFO.outputs() == {"image": ("batch", 3, 32, 28), "pixels": ("batch", 32, 28, 3)}
    grey = dataclasses.replace(INFO, classes=(), channels=1)
    assert grey.inputs() == {"z": ("batch", 64)}
    assert grey.outputs()["pixels"] == ("batch", 32, 28)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("contract_version", "2.0", "follows version '2.0'.*reads version 1"),
        ("contract_version", "11", "follows version '11'"),
        ("contract_version", "one", "follows version 'one'"),
        ("latent_size", "0", "between 1 and"),
        ("latent_size", "-5", "between 1 and"),
        ("latent_distribution", "cauchy", "must be one of"),
        ("classes", "[1, 2]", "JSON list of names"),
        ("classes", "{", "JSON list of names"),
        ("classes", '["a", "b", "a"]', "the same name"),
        ("channels", "2", "1 .grey. or 3"),
        ("height", "100000", "between 1 and"),
        ("width", "wide", "not a whole number"),
        ("latent_size", "9" * 4000, "not a whole number"),
        ("latent_distribution", "u" * 200_000, "must be one of"),
    ],
)
def test_wrong_metadata_are_refused(key: str, value: str, said: str) -> None:
    with pytest.raises(ContractError, match=said) as refusal:
        GeneratorInfo.from_metadata(INFO.to_metadata() | {f"digitforge.{key}": value})
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize("version", ["1", "1.0", "1.7"])
def test_every_minor_version_is_read(version: str) -> None:
    metadata = INFO.to_metadata() | {"digitforge.contract_version": version, "digitforge.later": "x"}
    assert GeneratorInfo.from_metadata(metadata) == INFO


@pytest.mark.parametrize("key", [key for key in INFO.to_metadata() if "provenance" not in key])
def test_missing_metadata_are_refused(key: str) -> None:
    metadata = INFO.to_metadata()
    del metadata[key]
    with pytest.raises(ContractError, match="was not exported by digitforge"):
        GeneratorInfo.from_metadata(metadata)


def test_the_module_needs_only_the_standard_library(project: Path, tmp_path: Path) -> None:
    script = (project / "export" / "contract.py").read_text()
    # -I -S: without site-packages.
    subprocess.run([sys.executable, "-I", "-S", "-c", script], check=True, cwd=tmp_path)
