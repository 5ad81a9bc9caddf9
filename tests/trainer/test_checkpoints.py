from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from digitforge import hashing
from digitforge.errors import CannotWrite
from trainer import checkpoints
from trainer.optimizers import build_optimizer
from trainer.presets import configure

FACTS = {"processes": 1, "seconds": 2.5}
PICTURE = torch.linspace(0, 1, 75).view(1, 3, 5, 5)


@pytest.fixture
def tensors() -> dict[str, Tensor]:
    return {"a/weight": torch.arange(6.0).view(2, 3), "a/count": torch.tensor(7)}


def newest(folder: Path) -> checkpoints.Checkpoint:
    checkpoint, damaged = checkpoints.load_newest(folder)
    assert checkpoint is not None
    assert damaged == []
    return checkpoint


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_was_saved_is_loaded_and_old_ones_are_pruned(tmp_path: Path, tensors: dict[str, Tensor]) -> None:
    for images_seen in (100, 200, 300):
        checkpoints.save(tmp_path, images_seen, tensors | {"seen": torch.tensor(images_seen)}, FACTS, keep=2)
    assert names(tmp_path) == ["000000000200", "000000000300"]
    loaded = newest(tmp_path)
    assert loaded.images_seen == loaded.tensors["seen"] == 300
    assert loaded.facts == FACTS
    torch.testing.assert_close(loaded.tensors["a/weight"], tensors["a/weight"])


@pytest.mark.parametrize("damage", ["flip", "truncate", "no state", "no manifest", "bad manifest"])
def test_a_damaged_checkpoint_is_named_and_passed_over(tmp_path: Path, tensors: dict[str, Tensor], damage: str) -> None:
    checkpoints.save(tmp_path, 100, tensors, FACTS, keep=2)
    last = checkpoints.save(tmp_path, 200, tensors, FACTS, keep=2)
    state, manifest = last / checkpoints.STATE_FILE, last / checkpoints.MANIFEST_FILE
    content = bytearray(state.read_bytes())
    if damage == "flip":
        content[-1] ^= 1
        state.write_bytes(content)
    elif damage == "truncate":
        state.write_bytes(content[:-5])
    elif damage == "no state":
        state.unlink()
    elif damage == "no manifest":
        manifest.unlink()
    else:
        manifest.write_text("{}")
    loaded, damaged = checkpoints.load_newest(tmp_path)
    assert loaded is not None
    assert (loaded.images_seen, damaged) == (100, ["000000000200"])
    assert loaded.tensors.keys() == tensors.keys()


def test_a_disk_that_fails_to_read_damages_no_checkpoint(
    tmp_path: Path, tensors: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints.save(tmp_path, 100, tensors, FACTS, keep=1)

    def fail(_: Path) -> str:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as failing:
        failing.setattr(hashing, "sha256", fail)
        with pytest.raises(OSError, match="Input/output"):
            checkpoints.load_newest(tmp_path)
    assert newest(tmp_path).images_seen == 100


def test_a_half_written_checkpoint_is_not_seen_and_does_not_stand_in_the_way(
    tmp_path: Path, tensors: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints.save(tmp_path, 100, tensors, FACTS, keep=1)
    (tmp_path / ".000000000200.partial").mkdir()
    assert newest(tmp_path).images_seen == 100

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "serialise", full_disk)
        with pytest.raises(CannotWrite, match="000000000200 could not be written: no space"):
            checkpoints.save(tmp_path, 200, tensors, FACTS, keep=1)
    assert names(tmp_path) == ["000000000100"], "the last checkpoint stays, nothing half-written does"
    checkpoints.save(tmp_path, 200, tensors, FACTS, keep=1)
    assert names(tmp_path) == ["000000000200"]


@pytest.mark.parametrize("beta1", [0.0, 0.9])
@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "sgd"])
def test_training_state_survives_the_round_trip(tmp_path: Path, name: str, beta1: float) -> None:
    config = configure("quickstart", {"optimizer": name, "beta1": beta1, "weight_decay": 0.01})

    def stepped(seed: int) -> tuple[nn.Module, torch.optim.Optimizer]:
        torch.manual_seed(seed)
        module = nn.Conv2d(3, 2, 3).to(memory_format=torch.channels_last)
        optimizer = build_optimizer(config, module)
        for group in optimizer.param_groups:
            group["lr"] = 0.01
        for _ in range(3):
            module(PICTURE).square().sum().backward()
            optimizer.step()
        return module, optimizer

    module, optimizer = stepped(0)
    checkpoints.save(tmp_path, 1, checkpoints.pack({"m": module}, {"o": optimizer}), FACTS, keep=1)
    other, other_optimizer = stepped(1)
    checkpoints.unpack(newest(tmp_path).tensors, {"m": other}, {"o": other_optimizer})
    for each, its in ((module, optimizer), (other, other_optimizer)):
        its.zero_grad()
        each(PICTURE).square().sum().backward()
        its.step()
    for mine, theirs in zip(module.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_an_empty_place_has_no_checkpoint(tmp_path: Path) -> None:
    assert checkpoints.load_newest(tmp_path / "absent") == (None, [])
