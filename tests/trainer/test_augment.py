from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from digitforge.errors import ConfigError
from trainer.augment import LARGEST, Augmentation, Change, augment, parse
from trainer.seeding import Draws

EVERYTHING = (
    "flip:0.5,shift:0.1,rotate:10,scale:0.1,shear:5,elastic:0.05,brightness:0.2,contrast:0.5,saturation:1,hue:60,"
    "cutout:0.25,noise:0.05"
)
CPU = torch.device("cpu")


def draws(batch: int, rows: slice | None = None, number: int = 0) -> Draws:
    return Draws(CPU, 0, number, batch, rows or slice(0, batch))


@dataclass
class Chosen(Draws):
    """Random numbers that change every image, by these amounts in [-1, 1]."""

    amounts: tuple[float, float] = (1.0, 1.0)

    def uniform(self, name: str, *shape: int) -> Tensor:
        return torch.tensor([0.0, *((amount + 1) / 2 for amount in self.amounts)]).expand(self.batch_size, 3)


def chosen(*amounts: float) -> Draws:
    return Chosen(CPU, 0, 0, 1, slice(0, 1), (amounts[0], amounts[-1]))


def pictures(rows: int, channels: int = 1, height: int = 12, width: int = 12) -> Tensor:
    return torch.rand(rows, channels, height, width, generator=torch.Generator().manual_seed(1)) * 2 - 1


def dot(height: int, width: int, y: int, x: int) -> Tensor:
    image = torch.full((1, 1, height, width), -1.0)
    image[..., y, x] = 1
    return image


def test_strengths_are_read() -> None:
    assert dict(parse(" shift:0.1, rotate:1e1")) == {"shift": 0.1, "rotate": 10}
    assert not parse("")
    assert parse(EVERYTHING).keys() == LARGEST.keys()
    with pytest.raises(TypeError):
        parse("shift:0.1")["shift"] = 1  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("rotat:10", "did you mean rotate"),
        ("shift:0.1,", "choose one of flip"),
        ("shift:0.1,shift:0.2", "twice"),
        *(
            (f"rotate{number}", "above 0, at most 180")
            for number in ("", ":", ":x", ":-1", ":0", ":nan", ":inf", ":181")
        ),
    ],
)
def test_malformed_strengths_are_refused(text: str, match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        parse(text)


def test_nothing_to_do_gives_the_images_themselves() -> None:
    images = pictures(3)
    assert augment(images, parse(""), 1.0, draws(3), "reals") is images
    assert torch.equal(augment(images, parse(EVERYTHING), 0.0, draws(3), "reals"), images)


@pytest.mark.parametrize("kind", LARGEST)
def test_an_image_changes_exactly_where_it_is_drawn(kind: Change) -> None:
    images = pictures(2000, channels=3)
    probability = torch.tensor(0.3)
    strength = LARGEST[kind] if kind == "flip" else LARGEST[kind] / 2
    changed = augment(images, {kind: strength}, probability, draws(2000), "reals")
    drawn = draws(2000).uniform(f"reals/{kind}", 3)[:, 0] < probability
    assert torch.equal((changed != images).flatten(1).any(1), drawn)  # elsewhere bit for bit
    assert abs(drawn.float().mean() - 0.3) < 4 * (0.3 * 0.7 / 2000) ** 0.5


def test_kinds_are_drawn_independently() -> None:
    images = pictures(2000)
    changed = augment(images, parse("shift:0.2,noise:0.1"), 0.5, draws(2000), "reals")
    assert abs((changed == images).flatten(1).all(1).float().mean() - 0.25) < 4 * (0.25 * 0.75 / 2000) ** 0.5


@pytest.mark.parametrize(
    ("text", "amounts", "moved_to"),
    [
        ("shift:0.25", (1, -1), (0, 14)),  # a quarter of 16 columns to the right, of 8 rows up
        ("rotate:90", (1,), (6, 9)),  # clockwise
        ("rotate:90", (-1,), (1, 6)),
        ("rotate:180", (1,), (5, 5)),
    ],
)
def test_a_dot_moves(text: str, amounts: tuple[float, ...], moved_to: tuple[int, int]) -> None:
    moved = augment(dot(8, 16, 2, 10), parse(text), 1.0, chosen(*amounts), "reals")  # the centre is at (3.5, 7.5)
    torch.testing.assert_close(moved, dot(8, 16, *moved_to), atol=1e-5, rtol=0)


def test_shear_moves_rows_by_their_distance_from_the_middle() -> None:
    image = torch.full((1, 1, 9, 17), -1.0)
    image[..., 8] = 1
    sheared = augment(image, parse("shear:45"), 1.0, chosen(1), "reals")
    assert sheared[0, 0].argmax(1).tolist() == list(range(4, 13))


@pytest.mark.parametrize(("amount", "side"), [(1, 8), (-1, 2)])
def test_scale_is_a_factor_around_the_middle(amount: float, side: int) -> None:
    image = torch.full((1, 1, 16, 16), -1.0)
    image[..., 6:10, 6:10] = 1
    scaled = augment(image, parse("scale:1"), 1.0, chosen(amount), "reals")
    lit = (scaled[0, 0] > 0).nonzero()
    assert (lit.amin(0).tolist(), lit.amax(0).tolist()) == ([8 - side // 2] * 2, [7 + side // 2] * 2)


def test_geometry_is_composed() -> None:
    # Turned (2, 10) -> (6, 9), then shifted by two rows up and four columns to the right; never the other way round.
    moved = augment(dot(8, 16, 2, 10), parse("shift:0.25,rotate:90"), 1.0, chosen(1, -1), "reals")
    torch.testing.assert_close(moved, dot(8, 16, 4, 13), atol=1e-5, rtol=0)


def test_elastic_displaces_by_its_strength_and_smoothly() -> None:
    images = torch.linspace(-1, 1, 17).expand(2000, 1, 17, 17)  # a column is 1/8
    moved = (augment(images, parse("elastic:0.05"), 1.0, draws(2000), "reals") - images)[:, 0] * 8
    middle = moved[:, 8, 8]  # a node
    expected = 0.05 * 17
    assert abs(middle.mean()) < 4 * expected / 2000**0.5
    assert abs(middle.std() - expected) < 4 * expected / 4000**0.5
    assert torch.corrcoef(torch.stack([middle, moved[:, 8, 9]]))[0, 1] > 0.9
    assert abs(torch.corrcoef(torch.stack([middle, moved[:, 8, 12]]))[0, 1]) < 0.1  # the next node


def test_cutout_is_a_square_of_background() -> None:
    images = torch.ones(1, 3, 8, 16)
    expected = images.clone()
    expected[..., 2:6, 6:10] = -1
    assert torch.equal(augment(images, parse("cutout:0.5"), 1.0, chosen(0), "reals"), expected)


def test_a_share_of_the_images_is_mirrored() -> None:
    images = pictures(2000)
    flipped = augment(images, parse("flip:0.4"), 0.5, draws(2000), "reals")
    same = (flipped == images).flatten(1).all(1)
    assert torch.equal(flipped[~same], images[~same].flip(3))
    assert abs((~same).float().mean() - 0.2) < 4 * (0.2 * 0.8 / 2000) ** 0.5


COLOUR = torch.tensor([0.5, -0.25, -0.1]).view(1, 3, 1, 1).expand(1, 3, 4, 4)


@pytest.mark.parametrize(
    ("text", "amount", "made"),
    [
        ("brightness:0.2", 1, [0.7, -0.05, 0.1]),
        ("saturation:0.5", -1, [0.275, -0.1, -0.025]),  # half as far from the grey of 0.05
        ("saturation:1", -1, [0.05, 0.05, 0.05]),
        ("hue:120", 1, [-0.1, 0.5, -0.25]),  # red becomes green
        ("hue:120", -1, [-0.25, -0.1, 0.5]),
        ("hue:180", 1, [-0.4, 0.35, 0.2]),  # the opposite colour
    ],
)
def test_colours_change(text: str, amount: float, made: list[float]) -> None:
    changed = augment(COLOUR, parse(text), 1.0, chosen(amount), "reals")
    torch.testing.assert_close(changed, torch.tensor(made).view(1, 3, 1, 1).expand(1, 3, 4, 4))


def test_contrast_is_a_factor_around_the_mean() -> None:
    images = pictures(1, channels=3)
    mean = images.mean()
    for amount, factor in ((1, 1.5), (-1, 1 / 1.5)):
        changed = augment(images, parse("contrast:0.5"), 1.0, chosen(amount), "reals")
        torch.testing.assert_close(changed, mean + (images - mean) * factor)


def test_grey_images_have_no_colours_to_change() -> None:
    images = pictures(20)
    assert torch.equal(augment(images, parse("saturation:1,hue:180"), 1.0, draws(20), "reals"), images)


def test_noise_has_its_deviation() -> None:
    images = pictures(100)
    noise = augment(images, parse("noise:0.2"), 1.0, draws(100), "reals") - images
    assert abs(noise.std() - 0.2) < 4 * 0.2 / (2 * noise.numel()) ** 0.5


@pytest.mark.parametrize("shape", [(1, 12, 12), (3, 7, 10)])
def test_parts_of_a_batch_change_as_in_the_whole(shape: tuple[int, int, int]) -> None:
    images = pictures(10, *shape)
    whole = augment(images, parse(EVERYTHING), 0.5, draws(10), "reals")
    parts = [
        augment(images[rows], parse(EVERYTHING), 0.5, draws(10, rows), "reals")
        for rows in (slice(0, 3), slice(3, 4), slice(4, 10))
    ]
    assert torch.equal(torch.cat(parts), whole)
    last = images.contiguous(memory_format=torch.channels_last)
    assert torch.equal(augment(last, parse(EVERYTHING), 0.5, draws(10), "reals"), whole)
    for other, name in ((draws(10, number=1), "reals"), (draws(10), "fakes")):
        assert not torch.equal(augment(images, parse(EVERYTHING), 0.5, other, name), whole)


def test_the_arithmetic_is_float32_under_autocast() -> None:
    plain = augment(pictures(4), parse(EVERYTHING), 1.0, draws(4), "reals")
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(augment(pictures(4), parse(EVERYTHING), 1.0, draws(4), "reals"), plain)
        coarse = augment(pictures(4).bfloat16(), parse(EVERYTHING), 1.0, draws(4), "reals")
    assert coarse.dtype == torch.float32


def test_the_gradient_reaches_the_images() -> None:
    images = pictures(3, 3, 4, 5).double().requires_grad_()

    def changed(images: Tensor) -> Tensor:
        return augment(images, parse(EVERYTHING), 0.7, draws(3), "reals")

    assert torch.autograd.gradcheck(changed, images)


def itself(tensor: Tensor) -> Tensor:
    return tensor


def never(tensor: Tensor) -> Tensor:
    raise AssertionError


STRIDE = 4 * 1000 / 500_000


def last_of_four(number: int) -> bool:
    return number % 4 == 3


def adaptive(start: float) -> Augmentation:
    module = Augmentation("noise:0.1", 1.0, 0.6, 1000)
    assert module.probability.item() == 0
    module.probability.fill_(start)
    return module


def test_an_adaptive_probability_follows_the_scores() -> None:
    module = adaptive(0.5)
    for number in range(8):
        module.observe(torch.tensor(0.8 if number % 2 else 0.5), last_of_four(number), itself)
    assert module.probability.item() == pytest.approx(0.5 + 2 * STRIDE)
    for number in range(8, 12):
        module.observe(torch.tensor(0.55), last_of_four(number), itself)
    assert module.probability.item() == pytest.approx(0.5 + STRIDE)


@pytest.mark.parametrize(("start", "sign"), [(0.0, -1.0), (1.0, 1.0)])
def test_an_adaptive_probability_stays_a_probability(start: float, sign: float) -> None:
    module = adaptive(start)
    for number in range(4):
        module.observe(torch.tensor(sign), last_of_four(number), itself)
    assert module.probability.item() == start


def test_a_fixed_probability_stays() -> None:
    fixed = Augmentation("noise:0.1", 0.5, 0.0, 1000)
    for number in range(4):
        fixed.observe(torch.tensor(1.0), last_of_four(number), never)
    assert fixed.probability.item() == 0.5
    images = pictures(3)
    assert torch.equal(fixed(images, draws(3), "reals"), augment(images, parse("noise:0.1"), 0.5, draws(3), "reals"))


def test_processes_adapt_to_their_common_mean() -> None:
    module = adaptive(0.5)
    for number in range(4):
        module.observe(torch.tensor(1.0), last_of_four(number), lambda mine: (mine + 0.1) / 2)
    assert module.probability.item() == pytest.approx(0.5 - STRIDE)


def test_a_checkpoint_continues_within_the_four_steps() -> None:
    def run(module: Augmentation, numbers: range) -> Augmentation:
        for number in numbers:
            module.observe(torch.tensor(1.0 if number < 2 else 0.25), last_of_four(number), itself)
        return module

    whole, first = run(adaptive(0.5), range(7)), run(adaptive(0.5), range(2))
    second = adaptive(0.0)
    second.load_state_dict(first.state_dict())
    run(second, range(2, 7))
    assert whole.state_dict().keys() == {"probability", "signs"}
    for name, tensor in whole.state_dict().items():
        assert torch.equal(second.state_dict()[name], tensor), name
