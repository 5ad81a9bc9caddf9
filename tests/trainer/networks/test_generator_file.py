from __future__ import annotations

from pathlib import Path

import pytest

from digitforge.errors import WeightsError
from digitforge.files import LFS_POINTER
from trainer.networks.generator_file import load_generator


def test_a_pointer_of_git_lfs_is_named(tmp_path: Path) -> None:
    path = tmp_path / "generator.safetensors"
    path.write_bytes(LFS_POINTER + b"v1\noid sha256:4d7a\nsize 900\n")
    with pytest.raises(WeightsError, match="is a pointer of Git LFS, not the weights: run git lfs pull"):
        load_generator(path)
