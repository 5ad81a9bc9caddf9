"""Files written by pandas and `datasets`, where they are installed."""

from __future__ import annotations

import io
import uuid
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainer.data import datasets

pytestmark = pytest.mark.usefixtures("cache")
PIXELS = np.random.default_rng(0).integers(0, 256, (20, 8, 8)).astype(np.uint8)
LABELS = np.arange(20) % 3


def png(pixels: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


def check(dataset: str, classes: tuple[str, ...] = ("0", "1", "2")) -> None:
    source = datasets.load(dataset, None)
    assert np.array_equal(source.images[:, 0], PIXELS)
    assert source.labels.tolist() == LABELS.tolist()
    assert source.format.classes == classes


def test_pandas(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    columns = pandas.DataFrame(PIXELS.reshape(20, -1), columns=[f"pixel{index}" for index in range(64)])
    columns.insert(0, "label", LABELS)
    columns.to_csv(tmp_path / "numbered.csv")
    columns.to_csv(tmp_path / "plain.csv.gz", index=False)
    check(f"csv:{tmp_path / 'numbered.csv'}")
    check(f"csv:{tmp_path / 'plain.csv.gz'}")
    columns.to_parquet(tmp_path / "columns.parquet")
    check(f"parquet:{tmp_path / 'columns.parquet'}")
    text = pandas.Categorical(LABELS.astype(str))
    pandas.DataFrame({"x": [image.reshape(-1) for image in PIXELS], "label": text}).to_parquet(tmp_path / "a.parquet")
    check(f"parquet:{tmp_path / 'a.parquet'}")


def test_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("datasets", reason="Hugging Face's datasets is not installed")
    # Its hash of the content pickles classes of pyarrow, which fails in some versions.
    monkeypatch.setattr("datasets.fingerprint.Hasher.hash", lambda *_: uuid.uuid4().hex)
    monkeypatch.setattr("datasets.arrow_dataset.generate_fingerprint", lambda *_: uuid.uuid4().hex)
    features = hub.Features({"image": hub.Image(), "label": hub.ClassLabel(names=["a", "b/c", "d"])})
    pictures = {"image": [Image.fromarray(image) for image in PIXELS], "label": LABELS.tolist()}
    whole = hub.Dataset.from_dict(pictures, features=features)
    whole.to_parquet(tmp_path / "a.parquet")
    whole.save_to_disk(tmp_path / "saved")
    hub.DatasetDict({"train": whole, "test": whole}).save_to_disk(tmp_path / "parts")
    for name in ("parquet:a.parquet", "hf:saved", "hf:parts"):
        kind, _, file = name.partition(":")
        check(f"{kind}:{tmp_path / file}", ("a", "b/c", "d"))
