"""Recipes: states as text and back, also from damaged text."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitforge.errors import ExportError, RecipeError
from export.contract import GeneratorInfo
from export.runtime.generator import open_generator
from viewer.core.files.recipe import FORMAT, Model, Recipe, from_text
from viewer.core.picture.look import Look
from viewer.core.scene.animation import Animation
from viewer.core.scene.cells import scene_of
from viewer.core.state.number import Number
from viewer.core.state.pad import Pad
from viewer.core.state.samples import Sample, held_sample, latents_of, of_class, weights_of
from viewer.core.state.timeline import Timeline
from viewer.core.state.view_state import ViewState

FULL = ViewState(
    mode="path",
    seed=2**63 - 1,
    digits=(1, 3),
    locks=((4, Sample(5, 6, ((1, 0.25), (2, 0.75)))),),
    truncation=0.7,
    amounts=(0.0, -1.5),
    look=Look("magma", invert=True, smoothing=0.4),
    position=1.25,
    timeline=Timeline((of_class(1, 2, 3), Sample(4)), "lerp", "hold", loop=False),
    pad=Pad((Sample(1), Sample(2), Sample(3)), 0.5, 0.25),
    number=Number("31", 9, (0, 2)),
)
RECIPE = Recipe(Model("digits.onnx", "ab" * 32), FULL, 3, Animation("timeline", 30), (("numpy", "2.0"),))


def changed(**fields: Any) -> str:
    """The recipe's text with other values at paths such as state__seed."""
    plain = json.loads(RECIPE.to_text())
    for path, value in fields.items():
        *parents, name = path.split("__")
        target = plain
        for parent in parents:
            target = target[parent]
        target[name] = value
    return json.dumps(plain)


def test_a_recipe_comes_back_as_it_was() -> None:
    text = RECIPE.to_text()
    assert text.isascii()
    assert from_text(text) == RECIPE
    assert from_text(replace(RECIPE, cell=None, animation=None).to_text()).animation is None


def test_a_held_latent_comes_back_to_the_bit_in_few_bytes() -> None:
    latent = np.random.default_rng(0).normal(size=64).astype(np.float32)
    weights = np.array([0.0, np.float32(0.1), 0.0, np.float32(1 / 3)], np.float32)
    sample = held_sample(latent, weights, "between seeds 3 and 4")
    text = replace(RECIPE, state=FULL.with_keyframe(sample)).to_text()
    assert text.isascii()
    assert len(text) - len(RECIPE.to_text()) < 500
    (back,) = from_text(text).state.timeline.keyframes[2:]
    assert back == sample
    info = GeneratorInfo(64, "normal", ("a", "b", "c", "d"), 1, 8, 8)
    np.testing.assert_array_equal(latents_of(info, [back])[0], latent)
    y = weights_of(info, [back])
    assert y is not None
    np.testing.assert_array_equal(y[0], weights)


@pytest.mark.parametrize("place", ["cell", "keyframe", "corner"])
def test_only_recipes_with_held_latents_need_the_new_format(place: str) -> None:
    """Older versions read format 1 alone, and refuse fields that they do not know."""
    plain = json.loads(RECIPE.to_text())
    assert plain["format"] == 1
    assert plain["state"]["timeline"]["keyframes"][0] == {"seed": 1, "index": 2, "mix": [[3, 1.0]]}
    sample = held_sample(np.ones(4, np.float32), None)
    with_it = {
        "cell": FULL.locked(0, sample),
        "keyframe": FULL.with_keyframe(sample),
        "corner": FULL.with_pad(FULL.pad.with_corner(0, sample)),
    }
    assert json.loads(replace(RECIPE, state=with_it[place]).to_text())["format"] == 2


def test_a_recipe_holds_the_directions_that_are_no_principal_ones() -> None:
    vector = np.random.default_rng(0).uniform(-0.3, 0.3, 64).astype("<f4").tobytes()
    state = FULL.with_shift("Slant", vector, -1.5)
    text = replace(RECIPE, state=state).to_text()
    assert json.loads(text)["format"] == 3
    assert from_text(text).state == state
    assert len(text) - len(RECIPE.to_text()) < 450
    swing = replace(RECIPE, animation=Animation("swing", along=vector)).to_text()
    assert json.loads(swing)["format"] == 3
    assert from_text(swing).animation == Animation("swing", along=vector)
    with pytest.raises(RecipeError, match="a direction is not made of"):
        from_text(text.replace(json.loads(text)["state"]["shifts"][0]["vector"], "AAAAAAA="))


def test_a_hand_of_ones_own_comes_back_to_the_bit() -> None:
    hand = held_sample(np.random.default_rng(0).normal(size=64).astype(np.float32), np.eye(10, dtype=np.float32)[2])
    number = Number("2026", 3, (0, 1), drawn=(hand, of_class(1, 2, 3)), variation=0.15)
    text = replace(RECIPE, state=FULL.with_number(number)).to_text()
    assert json.loads(text)["format"] == 4
    assert from_text(text).state.number == number
    assert json.loads(replace(RECIPE, state=FULL.with_number(Number("1", variation=0.1))).to_text())["format"] == 4
    assert "variation" not in RECIPE.to_text()


def test_a_recipe_that_no_file_could_carry_is_a_sentence() -> None:
    huge = held_sample(np.ones(65_536, np.float32), None)
    with pytest.raises(ExportError, match="cannot carry this many samples"):
        replace(RECIPE, state=ViewState(timeline=Timeline((huge,) * 4))).to_text()


def test_missing_fields_get_their_defaults() -> None:
    model = {"name": "a", "sha256": "b"}
    assert from_text(json.dumps({"format": 1, "model": model, "state": {"seed": 3}})).state == ViewState(seed=3)
    with pytest.raises(RecipeError, match=r"recipe\.model has no field sha256\."):
        from_text(json.dumps({"format": 1, "model": {"name": "a"}, "state": {}}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            changed(format=FORMAT + 1),
            f"has format {FORMAT + 1}, but this version of digitforge reads only formats up to",
        ),
        (changed(format=10**300), "has an unknown format, but"),
        (changed(format=True), "does not say its format"),
        (changed(format=0), "does not say its format"),
        ("[]", "does not say its format"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("9" * 10_000, "not JSON"),
        (changed(state__truncation=float("nan")), "not JSON"),
        (changed(state__truncation=9), "truncation is 9.0; it must be between 0.0 and 1.5"),
        (changed(state__seed=2**63), "seed is 9223372036854775808"),
        (changed(state__seed=1.0), "recipe.state.seed is 1.0; it must be a whole number"),
        (changed(state__seed=True), "recipe.state.seed is True; it must be a whole number"),
        (changed(state__position=10**400), "it must be a finite number"),
        (changed(state__position=1e20), "position is 1e\\+20"),
        (changed(state__amounts=[1, "2"]), r"recipe.state.amounts\[1\] is '2'; it must be a finite number"),
        (changed(state__locks=[[1]]), r"recipe.state.locks\[0\] is list; it must be a list of the right length"),
        (changed(state__look={"glow": 1}), "recipe.state.look has an unknown field 'glow'"),
        (changed(state__look__colour_map="jet"), "colour_map is 'jet'; it must be one of grey, ink"),
        (changed(state__number__text="\ud800"), "a text that cannot be shown"),
        (changed(state__number__text="1" * 25), "the number of characters is 25; it must be between 0 and 24"),
        (changed(state__number__rolls=[10**9]), "roll is 1000000000; it must be between 0"),
        (changed(state__timeline__keyframes=[{"seed": 0, "latent": "AAA"}]), "latent is 'AAA'; it must be base64"),
        (changed(state__timeline__keyframes=[{"seed": 0, "latent": "AAA="}]), "not made of finite float32 numbers"),
        (changed(state__timeline__keyframes=[{"seed": 0, "latent": "AADAfw=="}]), "not made of finite float32"),
        (changed(state__timeline__keyframes=[{"seed": 0, "origin": "x" * 121}]), "the length of the origin is 121"),
        (changed(state__timeline__keyframes=[{"seed": 0, "origin": "a\nb"}]), "characters that cannot be shown"),
        (changed(state=None), "recipe.state is None; it must be an object"),
        (changed(animation__frames_per_second=10**6), "frames per second is 1000000"),
    ],
)
def test_a_recipe_that_is_not_valid_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said) as refused:
        from_text(text)
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert len(sentence) < 300
    assert "\n" not in sentence


def test_whatever_is_accepted_can_be_shown(models: dict[str, Path]) -> None:
    """Thousands of damaged recipes: each is refused, or makes a scene."""
    info = open_generator(models["digits"], "cpu").info
    chance, accepted = random.Random(0), 0
    values: list[Any] = [0, -1, 1, 2**40, 2**70, 0.5, 1e30, "", "grid", "pad", "number", None, [], [1], {}, True]
    plain = json.loads(RECIPE.to_text())

    def damage(part: Any) -> None:
        keys = list(part) if isinstance(part, dict) else range(len(part))
        key = chance.choice(list(keys))
        if isinstance(part[key], dict | list) and part[key] and chance.random() < 0.8:
            damage(part[key])
        else:
            part[key] = chance.choice(values)

    for _ in range(3000):
        copy = json.loads(json.dumps(plain))
        damage(copy["state"])
        try:
            state = from_text(json.dumps(copy)).state
        except RecipeError:
            continue
        accepted += 1
        scene_of(info, state.fitted(info))
    assert accepted > 300
