from __future__ import annotations

import pytest

from digitforge.errors import DataError
from trainer.data import places


def test_without_a_home_the_variable_that_moves_the_cache_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home(name: str) -> str:
        raise RuntimeError(f"could not determine the home directory for {name!r}")

    monkeypatch.setattr("platformdirs.user_cache_dir", no_home)
    monkeypatch.delenv("DIGITFORGE_CACHE", raising=False)
    with pytest.raises(DataError, match="set the environment variable DIGITFORGE_CACHE to a folder"):
        places.cache_folder()
