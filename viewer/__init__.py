"""The desktop application."""

import export  # noqa: F401 - turns onnxruntime's telemetry off before anything imports onnxruntime
