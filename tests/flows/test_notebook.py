from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="needs the extra `dev`")
nbclient = pytest.importorskip("nbclient", reason="needs the extra `dev`")


def notebook(project: Path) -> Any:
    return nbformat.read(project / "docs" / "first-gan.ipynb", as_version=4)


def test_the_notebook_is_valid_and_holds_no_outputs(project: Path) -> None:
    found = notebook(project)
    nbformat.validate(found)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in found.cells)
    for cell in found.cells:
        if cell.cell_type == "code":
            compile(cell.source, cell.id, "exec")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of Jupyter itself
def test_the_notebook_runs(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    found = notebook(project)
    (settings,) = [cell for cell in found.cells if cell.source.startswith("SECONDS = 60")]
    run_dir = tmp_path / "run"
    settings.source = f'SECONDS, DATASET, RUN = 3, "sklearn-digits", Path({str(run_dir)!r})'
    kernels = Path(sys.prefix) / "share" / "jupyter"
    monkeypatch.setenv("JUPYTER_PATH", str(kernels))
    client = nbclient.NotebookClient(found, timeout=400, resources={"metadata": {"path": str(project / "docs")}})
    client.execute()
    outputs = [output for cell in found.cells for output in cell.get("outputs", ())]
    said = "".join(output.get("text", "") for output in outputs)
    assert "Trained on" in said
    assert "10 images of 28x28 pixels" in said
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2
    assert (run_dir / "digits.onnx").is_file()
