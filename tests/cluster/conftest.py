"""The cluster that all tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from proofs.two_node_slurm import Cluster, cluster, missing


@pytest.fixture(scope="session")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running Slurm of two nodes."""
    if reason := missing():
        pytest.skip(reason)
    with cluster(tmp_path_factory.mktemp("cluster") / "slurm") as running:
        yield running
