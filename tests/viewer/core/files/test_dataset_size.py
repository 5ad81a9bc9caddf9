"""The estimated size of a data set."""

from __future__ import annotations

from pathlib import Path

import pytest

from export.datasets.dataset import write_dataset
from export.datasets.sampling import SampleRequest
from export.runtime.generator import open_generator
from viewer.core.files.dataset_size import bytes_per_image, images_of


@pytest.mark.parametrize(("name", "forms"), [("digits", ("npz", "idx", "png")), ("colour", ("npz", "png"))])
def test_an_estimate_is_near_the_written_size(
    models: dict[str, Path], tmp_path: Path, name: str, forms: tuple[str, ...]
) -> None:
    generator = open_generator(models[name], "cpu")
    request = SampleRequest(700, seed=3)
    each = bytes_per_image(generator, request)
    for form in forms:
        out = tmp_path / (f"set.{form}" if form == "npz" else form)
        write_dataset(generator, request, out, form)
        files = (
            [out]
            if out.is_file()
            else [one for one in out.rglob("*") if one.is_file() and one.suffix not in (".json", ".md")]
        )
        written = sum(one.stat().st_size for one in files)
        assert each[form] * images_of(request, form) == pytest.approx(written, rel=0.05), form
