from __future__ import annotations

import pytest

from digitforge.bundled import BUNDLED_MODEL
from export.inversion.live import usable_classifier
from export.inversion.starts import Pool
from export.runtime.generator import Generator, open_generator
from export.runtime.predict import Classifier


@pytest.fixture(scope="package")
def bundled() -> Generator:
    return open_generator(BUNDLED_MODEL)


@pytest.fixture(scope="package")
def pool(bundled: Generator) -> Pool:
    """Samples of the bundled generator to begin with."""
    return Pool.draw(bundled.info, bundled.generate)


@pytest.fixture(scope="package")
def classifier(pool: Pool) -> Classifier | None:
    return usable_classifier(pool)
