from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from safetensors.torch import load_file
from torch import Tensor

from digitforge.errors import ConfigError, RunError, WeightsError
from export.convert.exporter import export_generator
from export.runtime.generator import open_generator
from trainer.config import ImageFormat, TrainConfig
from trainer.networks.conditioning import Generator
from trainer.networks.freezing import freeze
from trainer.networks.generator_file import GENERATOR_WEIGHTS
from trainer.origin import Origin, open_origin, transfer
from trainer.presets import configure
from trainer.state import Networks, build_networks
from trainer.train import main

DIGITS = tuple("0123456789")
SMALL = {"latent_size": 8, "embedding_size": 4, "g_width": 4, "d_width": 4}
TINY = (
    "--preset", "quickstart", "--dataset", "sklearn-digits", "--limit", "130", "--batch-size", "24", "--g-width", "4",
    "--d-width", "4", "--latent-size", "8", "--threads", "1",
)  # fmt: skip


def networks(image_format: ImageFormat, **settings: object) -> tuple[TrainConfig, Networks]:
    config = configure("quickstart", SMALL | settings)
    return config, build_networks(config, image_format, Accelerator(cpu=True))


def origin_of(image_format: ImageFormat, **settings: object) -> Origin:
    config, made = networks(image_format, seed=5, **settings)
    tensors = {name: dict(module.state_dict()) for name, module in made.modules().items() if name != "augmentation"}
    return Origin("earlier", "0" * 64, 1_000, config, image_format, tensors)


def same(mine: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> list[str]:
    return [name for name in mine if name in theirs and torch.equal(mine[name], theirs[name])]


def train(run_dir: Path, images: int, *arguments: str) -> None:
    assert main([*TINY, *arguments, "--images", str(images), "--run-dir", str(run_dir)]) == 0
    AcceleratorState._reset_state(reset_partial_state=True)


def state(run_dir: Path) -> dict[str, Tensor]:
    return load_file(max((run_dir / "checkpoints").iterdir()) / "state.safetensors")


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_dir = tmp_path_factory.mktemp("origin") / "earlier"
    train(run_dir, 72)
    return run_dir


def test_the_same_networks_are_taken_whole() -> None:
    origin = origin_of(ImageFormat(1, 28, DIGITS))
    _, mine = networks(ImageFormat(1, 28, DIGITS))
    said = transfer(origin, mine, ImageFormat(1, 28, DIGITS))
    assert said == "Begins with earlier after 1,000 images: the generator whole, the discriminator whole."
    for name, tensors in origin.tensors.items():
        assert len(same(mine.modules()[name].state_dict(), tensors)) == len(tensors)


def test_classes_are_kept_by_name() -> None:
    origin = origin_of(ImageFormat(1, 28, DIGITS))
    _, mine = networks(ImageFormat(1, 28, ("7", "a", "3")))
    fresh = mine.plain_generator.state_dict()["embedding.weight"].clone()
    said = transfer(origin, mine, ImageFormat(1, 28, ("7", "a", "3")))
    assert said.endswith("1 of 3 classes are new.")
    embedding, old = mine.plain_generator.state_dict()["embedding.weight"], origin.tensors["generator"]
    assert torch.equal(embedding[[0, 2]], old["embedding.weight"][[7, 3]])
    assert torch.equal(embedding[1], fresh[1])
    projection, old = mine.plain_discriminator.state_dict()["projection.weight"], origin.tensors["discriminator"]
    assert torch.equal(projection[:, [0, 2]], old["projection.weight"][:, [7, 3]])
    torch.testing.assert_close(projection[:, 1], old["projection.weight"].mean(dim=1))


def test_grey_becomes_colour_and_back() -> None:
    grey, colour = ImageFormat(1, 28, DIGITS), ImageFormat(3, 28, DIGITS)
    z, y = torch.randn(4, 8), torch.eye(10)[:4]
    origin = origin_of(grey)
    _, mine = networks(colour)
    assert "whole, the discriminator whole" in transfer(origin, mine, colour)
    _, theirs = networks(grey, seed=5)
    images = mine.plain_generator.eval()(z, y)
    for channel in images.unbind(dim=1):
        torch.testing.assert_close(channel, theirs.plain_generator.eval()(z, y)[:, 0])
    scores = mine.plain_discriminator(images, y)
    torch.testing.assert_close(scores, theirs.plain_discriminator(images[:, :1], y), atol=1e-4, rtol=1e-3)
    _, back = networks(grey)
    there = Origin("x", "", 1, origin.config, colour, {n: dict(m.state_dict()) for n, m in mine.modules().items()})
    assert "whole, the discriminator whole" in transfer(there, back, grey)
    assert len(same(back.plain_generator.state_dict(), origin.tensors["generator"])) >= 10
    torch.testing.assert_close(back.plain_discriminator(images[:, :1], y), scores, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("network", ["conv", "residual"])
def test_another_image_size_keeps_the_arrangement(network: str) -> None:
    small, large = ImageFormat(1, 24, DIGITS), ImageFormat(1, 32, DIGITS)
    origin = origin_of(small, network=network)
    _, mine = networks(large, network=network)
    assert transfer(origin, mine, large).endswith("whole, the discriminator whole, from 24 to 32 pixels.")
    # The maps of the first layer are those of the small network, enlarged.
    z = torch.randn(2, 12)
    first = origin.tensors["generator"]
    theirs = (z @ first["body.0.weight"].T + first["body.0.bias"]).view(2, 6, 6, -1).permute(0, 3, 1, 2)
    maps = mine.plain_generator.body[0](z).view(2, 8, 8, -1).permute(0, 3, 1, 2)
    torch.testing.assert_close(maps, torch.nn.functional.interpolate(theirs, (8, 8), mode="bilinear"))
    # The last linear layer sees constant maps nearly as before, though there are more places.
    *_, name = (name for name in origin.tensors["discriminator"] if name.startswith("body.") and "weight" in name)
    old, new = origin.tensors["discriminator"][name], mine.plain_discriminator.state_dict()[name]
    channels = old.shape[1] // 36
    sums = old.view(-1, 36, channels).sum(dim=1), new.view(-1, 64, channels).sum(dim=1)
    assert torch.corrcoef(torch.stack([each.flatten() for each in sums]))[0, 1] > 0.9
    assert sums[0].std() == pytest.approx(sums[1].std().item(), rel=0.2)


@pytest.mark.parametrize("network", ["conv", "residual"])
@pytest.mark.parametrize(
    ("before", "after", "colours"), [(14, 28, (1, 1)), (16, 64, (1, 3)), (64, 128, (3, 3)), (32, 128, (1, 1))]
)
def test_a_grown_network_computes_what_the_earlier_one_did(
    network: str, before: int, after: int, colours: tuple[int, int]
) -> None:
    small, large = ImageFormat(colours[0], before, DIGITS), ImageFormat(colours[1], after, DIGITS)
    wide = {"network": network, "g_width": 16, "d_width": 16}
    config, theirs = networks(small, seed=5, **wide)
    theirs.plain_generator(torch.randn(64, 8), torch.eye(10)[torch.arange(64) % 10])  # moves BatchNorm's statistics
    tensors = {name: dict(module.state_dict()) for name, module in theirs.modules().items() if name != "augmentation"}
    _, mine = networks(large, **wide)
    said = transfer(Origin("earlier", "0" * 64, 1_000, config, small, tensors), mine, large)
    assert f"the generator whole, the discriminator whole, from {before} to {after} pixels" in said
    z, y = torch.randn(4, 8), torch.eye(10)[:4]

    def before_tanh(generator: Generator) -> Tensor:
        assert generator.embedding is not None
        maps: Tensor = generator.eval().body[:-1](torch.cat([z, generator.embedding(y)], dim=1))
        return maps

    enlarged = before_tanh(theirs.plain_generator)
    while enlarged.shape[2] < min(after, 64):
        enlarged = torch.nn.functional.interpolate(enlarged, scale_factor=2, mode="bilinear")
    enlarged = torch.nn.functional.interpolate(enlarged, (after, after), mode="nearest")
    inside = slice(2 * after // before, -2 * after // before)  # zeros surround the maps of a convolution
    made = before_tanh(mine.plain_generator)
    torch.testing.assert_close(
        made[..., inside, inside], enlarged.expand_as(made)[..., inside, inside], atol=1e-4, rtol=1e-3
    )
    images = torch.rand(4, colours[1], after, after) * 2 - 1
    halved = torch.nn.functional.interpolate(images, (before, before), mode="area")
    if colours == (1, 3):
        halved = halved.mean(dim=1, keepdim=True)
    torch.testing.assert_close(
        mine.plain_discriminator(images, y), theirs.plain_discriminator(halved, y), atol=1e-4, rtol=1e-3
    )
    mine.plain_discriminator(mine.plain_generator.train()(z, y), y).sum().backward()
    for grown in (mine.plain_generator, mine.plain_discriminator):
        assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in grown.parameters())


def test_a_run_grows_in_the_arithmetic_of_its_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ("--g-width", "8", "--d-width", "8", "--precision", "bf16")
    train(tmp_path / "small", 24, *common, "--image-size", "14")
    train(tmp_path / "large", 24, *common, "--init-from", str(tmp_path / "small"))
    assert "the generator whole, the discriminator whole, from 14 to 28 pixels." in capsys.readouterr().out
    assert all(tensor.dtype != torch.bfloat16 for tensor in state(tmp_path / "large").values())


def test_networks_too_narrow_to_grow_begin_with_what_fits() -> None:
    origin = origin_of(ImageFormat(3, 14, DIGITS))
    _, mine = networks(ImageFormat(3, 28, DIGITS))
    said = transfer(origin, mine, ImageFormat(3, 28, DIGITS))
    assert "the generator except body.4.weight" in said
    assert "the discriminator except body.0.weight, body.0.bias, body.2.weight" in said


def test_a_smaller_network_is_the_lower_half() -> None:
    origin = origin_of(ImageFormat(1, 28, DIGITS))
    _, mine = networks(ImageFormat(1, 14, DIGITS))
    said = transfer(origin, mine, ImageFormat(1, 14, DIGITS))
    assert "the generator except body.4.weight, body.4.bias, the discriminator except body.0.weight" in said


def test_layers_of_another_width_stay_new() -> None:
    origin = origin_of(ImageFormat(1, 28, DIGITS))
    image_format = ImageFormat(1, 28, DIGITS)
    _, mine = networks(image_format, g_width=6)
    fresh = mine.plain_generator.state_dict()["body.0.weight"].clone()
    said = transfer(origin, mine, image_format)
    assert "the generator except body.0.weight, body.0.bias" in said
    assert "the discriminator whole" in said
    assert torch.equal(mine.plain_generator.state_dict()["body.0.weight"], fresh)


def test_a_run_begins_with_another_one(earlier: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(tmp_path / "later", 24, "--init-from", str(earlier), "--g-lr", "0", "--d-lr", "0", "--gamma", "0")
    said = capsys.readouterr().out
    assert "Begins with earlier after 72 images: the generator whole, the discriminator whole." in said
    begun, ended = state(earlier), state(tmp_path / "later")
    weights = [name for name in begun if name.split("/")[0] in ("generator", "discriminator") and "weight" in name]
    assert len(same({name: begun[name] for name in weights}, ended)) == len(weights) > 8
    recorded = json.loads((tmp_path / "later" / "config.json").read_text())["origin"]
    assert recorded.startswith("earlier after 72 images, SHA-256 ")
    out = tmp_path / "later.onnx"
    export_generator(tmp_path / "later" / GENERATOR_WEIGHTS, out)
    provenance = open_generator(out).info.provenance
    assert provenance["origin"] == recorded
    assert json.loads(provenance["config"])["init_from"] == "earlier", "without its path"


def test_a_start_is_taken_once_and_resumed_to_the_bit(earlier: Path, tmp_path: Path) -> None:
    start = ("--init-from", str(earlier), "--freeze-d", "1", "--augment", "shift:0.1")
    train(tmp_path / "whole", 96, *start)
    for images in (48, 96):
        train(tmp_path / "parts", images, *start)
    whole, parts = state(tmp_path / "whole"), state(tmp_path / "parts")
    assert len(same(whole, parts)) == len(whole)
    records = [json.loads((tmp_path / name / "config.json").read_text())["origin"] for name in ("whole", "parts")]
    assert records[0] == records[1] != ""
    first = state(earlier)
    frozen = [name for name in whole if name.startswith("discriminator/body.0.")]
    assert same({name: first[name] for name in frozen}, whole) == frozen
    assert not torch.equal(whole["discriminator/body.2.weight"], first["discriminator/body.2.weight"])


def test_checkpoints_and_generators_are_opened(earlier: Path, tmp_path: Path) -> None:
    config = configure("quickstart", SMALL)
    checkpoint = max((earlier / "checkpoints").iterdir())
    whole = open_origin(replace(config, init_from=str(earlier)))
    one = open_origin(replace(config, init_from=str(checkpoint)))
    assert whole.describe() == one.describe()
    assert whole.name == "earlier"
    generator = open_origin(replace(config, init_from=str(earlier / GENERATOR_WEIGHTS)))
    assert generator.tensors.keys() == {"generator", "ema"}
    _, mine = networks(ImageFormat(1, 28, DIGITS))
    assert transfer(generator, mine, ImageFormat(1, 28, DIGITS)).endswith("no discriminator, as this file has none.")


def test_starts_that_cannot_be_used(earlier: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = configure("quickstart", SMALL)
    damaged = tmp_path / "damaged" / "checkpoints" / "000000000024"
    damaged.mkdir(parents=True)
    (damaged / "manifest.json").write_text("{}")
    (tmp_path / "a.safetensors").write_bytes(b"x")
    for path, kind, said in (
        (tmp_path / "nothing", RunError, "holds no networks to begin with"),
        (tmp_path / "damaged", RunError, "is damaged: name another one with --init-from"),
        (tmp_path / "a.safetensors", WeightsError, "is damaged or not a digitforge generator"),
    ):
        with pytest.raises(kind, match=said):
            open_origin(replace(config, init_from=str(path)))
    with pytest.raises(ConfigError, match="networks of the conv family, not residual"):
        open_origin(replace(config, init_from=str(earlier), network="residual"))
    assert main([*TINY, "--init-from", str(tmp_path / "nothing"), "--run-dir", str(tmp_path / "new")]) == 2
    assert "holds no networks" in capsys.readouterr().err
    assert not (tmp_path / "new").exists(), "nothing half-built stays"


def test_more_layers_than_there_are_cannot_be_frozen() -> None:
    _, mine = networks(ImageFormat(1, 28, DIGITS))
    with pytest.raises(ConfigError, match="freeze_d is 4, but the discriminator has 4 layers"):
        freeze(mine.plain_discriminator, 4)
