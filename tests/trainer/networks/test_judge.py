from __future__ import annotations

from pathlib import Path

import pytest
import torch

from digitforge.errors import DataError
from trainer.config import ImageFormat
from trainer.networks.judge import BUNDLED, Classifier, ClassifierCard, load_classifier, predict, save_classifier

CARD = ClassifierCard("folder:x", ImageFormat(3, 32, ("a", "b")), "abc", 0.5)


def test_a_classifier_survives_its_file(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Classifier(3, 2).eval()
    save_classifier(tmp_path / "c.safetensors", model, CARD)
    loaded, card = load_classifier(tmp_path / "c.safetensors")
    assert card == CARD
    images = torch.randint(0, 256, (5, 3, 32, 32), dtype=torch.uint8)
    logits, features = predict(loaded, images, batch=2)
    assert torch.equal(logits, predict(model, images, batch=2)[0])
    assert (logits.shape, features.shape) == ((5, 2), (5, 128))


@pytest.mark.parametrize("damage", ["absent", "truncated", "another"])
def test_a_file_that_is_no_classifier_names_the_command(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "c.safetensors"
    if damage == "truncated":
        path.write_bytes(BUNDLED.read_bytes()[:1000])
    elif damage == "another":
        from safetensors.torch import save_file

        save_file({"w": torch.zeros(1)}, path)
    with pytest.raises(DataError, match=r"python -m trainer\.scoring\.classifier"):
        load_classifier(path)
