from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from trainer import checkpoints

PICTURE = torch.linspace(0, 1, 75).view(1, 3, 5, 5)


@pytest.fixture
def tensors() -> dict[str, Tensor]:
    return {"a/weight": torch.arange(6.0).view(2, 3), "a/count": torch.tensor(7)}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_was_saved_is_loaded_and_old_ones_are_pruned(tmp_path: Path, tensors: dict[str, Tensor]) -> None:
    for images_seen in (100, 200, 300):
        checkpoints.save(tmp_path, images_seen, tensors | {"seen": torch.tensor(images_seen)}, keep=2)
    assert names(tmp_path) == ["000000000200", "000000000300"]
    images_seen, loaded, damaged = checkpoints.load_newest(tmp_path)
    assert (images_seen, damaged) == (300, [])
    assert loaded["seen"] == 300
    torch.testing.assert_close(loaded["a/weight"], tensors["a/weight"])


@pytest.mark.parametrize("damage", ["flip", "truncate", "no state", "no manifest", "bad manifest"])
def test_a_damaged_checkpoint_is_named_and_passed_over(tmp_path: Path, tensors: dict[str, Tensor], damage: str) -> None:
    checkpoints.save(tmp_path, 100, tensors, keep=2)
    newest = checkpoints.save(tmp_path, 200, tensors, keep=2)
    state, manifest = newest / checkpoints.STATE_FILE, newest / checkpoints.MANIFEST_FILE
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
    images_seen, loaded, damaged = checkpoints.load_newest(tmp_path)
    assert (images_seen, damaged) == (100, ["000000000200"])
    assert loaded.keys() == tensors.keys()


def test_a_half_written_checkpoint_is_not_seen_and_does_not_stand_in_the_way(
    tmp_path: Path, tensors: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints.save(tmp_path, 100, tensors, keep=1)
    (tmp_path / ".000000000200.partial").mkdir()
    assert checkpoints.load_newest(tmp_path)[0] == 100

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "serialise", full_disk)
        with pytest.raises(OSError, match="No space"):
            checkpoints.save(tmp_path, 200, tensors, keep=1)
    assert names(tmp_path) == ["000000000100"], "the last checkpoint stays, nothing half-written does"
    checkpoints.save(tmp_path, 200, tensors, keep=1)
    assert names(tmp_path) == ["000000000200"]


def test_training_state_survives_the_round_trip(tmp_path: Path) -> None:
    def stepped(seed: int) -> tuple[nn.Module, torch.optim.Optimizer]:
        torch.manual_seed(seed)
        module = nn.Conv2d(3, 2, 3).to(memory_format=torch.channels_last)
        optimizer = torch.optim.Adam(module.parameters(), lr=0.1, betas=(0.0, 0.9), fused=True)
        for _ in range(3):
            module(PICTURE).square().sum().backward()
            optimizer.step()
        return module, optimizer

    module, optimizer = stepped(0)
    checkpoints.save(tmp_path, 1, checkpoints.pack({"m": module}, {"o": optimizer}), keep=1)
    other, other_optimizer = stepped(1)
    checkpoints.unpack(checkpoints.load_newest(tmp_path)[1], {"m": other}, {"o": other_optimizer})
    for each, its in ((module, optimizer), (other, other_optimizer)):
        its.zero_grad()
        each(PICTURE).square().sum().backward()
        its.step()
    for mine, theirs in zip(module.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_an_empty_place_has_no_checkpoint(tmp_path: Path) -> None:
    assert checkpoints.load_newest(tmp_path / "absent") == (0, {}, [])
