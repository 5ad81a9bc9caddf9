"""The jobs for Kubernetes fit the API's schemas and their own numbers. No cluster runs them here."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from export.sample import main as sample
from trainer import command_line

FOLDER = Path(__file__).parents[2] / "packaging" / "kubernetes"
VERSIONS = ("1.31", "1.33")
"""Of the API: the first with all fields of these jobs, and a later one."""


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((FOLDER / name).read_text()))


def job_of(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the specification of a job and that of its container."""
    (job,) = [each for each in documents(name) if each["kind"] == "Job"]
    (container,) = job["spec"]["template"]["spec"]["containers"]
    return job, container


def words_of(container: dict[str, Any], index: int) -> list[str]:
    """Return the words of a container's command as its shell would run them in the pod with this index."""
    *shell, script = container["command"]
    assert shell == ["/bin/sh", "-c"]
    assert script.startswith("exec "), "signals reach the command itself"
    variables = {each["name"]: each["value"] for each in container["env"]} | {"JOB_COMPLETION_INDEX": str(index)}
    lines = subprocess.run(
        ["/bin/sh", "-c", script.replace("exec ", "printf '%s\\n' ", 1)], env=os.environ | variables, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    return lines.stdout.splitlines()


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.yaml")))
@pytest.mark.parametrize("version", VERSIONS)
def test_the_api_takes_them(name: str, version: str) -> None:
    if not find_spec("kubernetes_validate"):
        pytest.skip("needs the API's schemas: pip install kubernetes-validate")
    import kubernetes_validate

    for document in documents(name):
        kubernetes_validate.validate(document, version, strict=True)


def test_training_meets_at_its_first_pod() -> None:
    job, container = job_of("train.yaml")
    service, spec = documents("train.yaml")[0], job["spec"]
    pod = spec["template"]["spec"]
    machines = spec["completions"]
    assert (spec["completionMode"], spec["parallelism"]) == ("Indexed", machines), "all pods run at once"
    assert service["spec"]["clusterIP"] == "None"
    assert service["metadata"]["name"] == pod["subdomain"]
    assert service["spec"]["selector"].items() <= spec["template"]["metadata"]["labels"].items()
    words = words_of(container, 1)
    at = words.index("trainer/train.py")
    launch = dict(itertools.pairwise(words[:at]))
    gpus = container["resources"]["limits"]["nvidia.com/gpu"]
    assert launch["--main_process_ip"] == f"{job['metadata']['name']}-0.{pod['subdomain']}"
    assert (launch["--num_machines"], launch["--machine_rank"]) == (str(machines), "1")
    assert launch["--num_processes"] == str(machines * gpus)
    command = command_line.parse(words[at + 1 :])
    mounts = {each["mountPath"] for each in container["volumeMounts"]}
    for path in (command.run_dir, command.scratch):
        assert path
        assert any(path.is_relative_to(mount) for mount in mounts)
    assert pod["terminationGracePeriodSeconds"] >= 60


def test_the_shards_of_a_job_join(models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job, container = job_of("sample.yaml")
    (shards,) = [each for each in container["env"] if each["name"] == "SHARDS"]
    assert shards["value"] == str(job["spec"]["completions"])
    shards["value"] = "3"
    for index in range(3):
        program, dash, module, model, *options = words_of(container, index)
        assert (program, dash, module, model) == ("python", "-m", "export.sample", "/shared/generator.onnx")
        options = [each.replace("/shared", str(tmp_path)).replace("10000000", "1000") for each in options]
        (tmp_path / "shards").mkdir(exist_ok=True)
        assert sample([str(models["digits"]), *options]) == 0
    assert sample(["--join", str(tmp_path / "shards"), "--out", str(tmp_path / "all.npz")]) == 0
    card = json.loads((tmp_path / "all.card.json").read_text())
    assert card["images"]["all"] == 1000
