"""Verified ONNX generators: making, opening and running them."""

import os

from digitforge.entry import prepare_module

prepare_module()
# onnxruntime reads this when it is imported: without it, it stores a device id and contacts its maker.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
