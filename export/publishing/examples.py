"""The example programs of a published generator, as texts that run in its folder."""

from __future__ import annotations

from export.contract import GeneratorInfo

ROWS = 10
"""Images that an example makes, if the file makes any number."""


def python_example(info: GeneratorInfo, batch: int) -> str:
    """Return a Python program that needs onnxruntime, numpy and Pillow. batch: the only size of the file, or 0."""
    count = batch or ROWS
    draw = (
        f"random.standard_normal(({count}, {info.latent_size}), dtype=np.float32)"
        if info.latent_distribution == "normal"
        else f"random.uniform(-1, 1, ({count}, {info.latent_size})).astype(np.float32)"
    )
    classes = len(info.classes)
    labels = (
        f'inputs["y"] = np.eye({classes}, dtype=np.float32)[np.arange({count}) % {classes}]  # the classes in turn\n'
        if classes
        else ""
    )
    return f"""import numpy as np
import onnxruntime
from PIL import Image

session = onnxruntime.InferenceSession("onnx/model.onnx", providers=["CPUExecutionProvider"])
random = np.random.default_rng(0)
inputs = {{"z": {draw}}}
{labels}image, pixels = session.run(["image", "pixels"], inputs)
print(image.shape, pixels.shape)  # float32 in [-1, 1], and uint8 for display
Image.fromarray(np.concatenate(pixels, axis=1)).save("images.png")
"""


def javascript_example(info: GeneratorInfo, batch: int) -> str:
    """Return a JavaScript module for Node.js that needs onnxruntime-web. batch: the only size of the file, or 0."""
    count, classes = batch or ROWS, len(info.classes)
    random = (
        "Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())"
        if info.latent_distribution == "normal"
        else "2 * Math.random() - 1"
    )
    labels = (
        f"""const weights = new Float32Array({count * classes});
for (let row = 0; row < {count}; row++) weights[row * {classes} + (row % {classes})] = 1; // the classes in turn
inputs.y = new ort.Tensor("float32", weights, [{count}, {classes}]);
"""
        if classes
        else ""
    )
    return f"""import {{ readFile }} from "node:fs/promises";
import * as ort from "onnxruntime-web";

const session = await ort.InferenceSession.create(new Uint8Array(await readFile("onnx/model.onnx")));
const random = () => {random};
const latents = Float32Array.from({{ length: {count * info.latent_size} }}, random);
const inputs = {{ z: new ort.Tensor("float32", latents, [{count}, {info.latent_size}]) }};
{labels}const {{ image, pixels }} = await session.run(inputs);
console.log(image.dims, pixels.dims); // float32 in [-1, 1], and uint8 for display
"""
