"""Train a GAN: `accelerate launch --config_file accelerate_config.yaml trainer/train.py [--preset P] [...]`.

Give the same command again to resume.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    # Python puts the script's folder first on the search path: `import trainer` would fail, and the modules in this
    # folder could shadow others.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    # On Apple's GPU, PyTorch runs what it has no code for on the CPU, if this is set before it is imported.
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    from digitforge.entry import prepare

    prepare()

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from importlib.util import find_spec
from shlex import quote
from typing import TextIO, cast

import torch
from accelerate import Accelerator
from rich.console import Console
from rich.panel import Panel
from torch import nn

from digitforge.errors import INTERRUPTED, ConfigError, DigitforgeError, error_message, print_error
from digitforge.places import SCRATCH_VARIABLE
from digitforge.progress import spinner
from trainer import checkpoints, command_line, launch, rules, runs
from trainer.config import ImageFormat, TrainConfig
from trainer.data import datasets
from trainer.data.batches import Batches
from trainer.data.datasets import Source
from trainer.inferred import infer
from trainer.interrupts import Output, StopRequest, own_terminal
from trainer.loop import train
from trainer.networks import check_network
from trainer.networks.generator_file import TrainedGenerator, save_generator
from trainer.origin import open_origin, transfer
from trainer.presets import show_presets
from trainer.report import tracking
from trainer.report.reporter import Reporter
from trainer.run_lock import locked
from trainer.scoring.during import TrainingScore
from trainer.state import Run, build_networks

NOT_MNIST = """MNIST was not found, and could not be downloaded.
Training on the 1,797 digits of scikit-learn instead: expect plainer images.
To train on MNIST, give its folder with --data-dir or $DIGITFORGE_DATA, and a new --run-dir."""

OUT_OF_MEMORY = (
    "Out of memory. Lower --batch-size, choose smaller networks, or use --accumulation 2 or --recompute both, each in "
    "a new --run-dir. On one GPU, --cuda-graphs false also helps, in the same --run-dir."
)

LOST_ANOTHER = 1
"""Exit status where another process has ended. srun ends with the highest status of all processes, and so with that of
the process that knows the reason."""

SECONDS_FOR_THE_MAIN_PROCESS = 10


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    stop = StopRequest()
    console = Console(file=cast(TextIO, Output(sys.stdout, stop)) if sys.stdout else None, soft_wrap=True)
    try:
        command = command_line.parse(sys.argv[1:] if arguments is None else arguments)
        if command.list_presets:
            show_presets(console)
            return 0
        if command.scratch:
            os.environ[SCRATCH_VARIABLE] = str(command.scratch)
        with own_terminal(), stop.listening(), ExitStack() as cleanup:
            accelerator = launch.start(command.config, command.process_timeout)
            finished = _run(command, accelerator, console, stop, cleanup)
    except (DigitforgeError, OSError) as error:
        return _fail(error_message(error))
    except KeyboardInterrupt:
        return _fail("Interrupted. The last checkpoint is intact.", INTERRUPTED)
    except (RuntimeError, MemoryError) as error:
        if launch.out_of_memory(error):
            return _fail(OUT_OF_MEMORY, every_process=True)
        if not launch.lost_another(error):
            raise
        return _fail(
            "Another process of this launch has ended or no longer answers. Give the same command again to resume.",
            LOST_ANOTHER,
            every_process=True,
        )
    return 0 if finished else command.stopped_status


def _run(
    command: command_line.Command, accelerator: Accelerator, console: Console, stop: StopRequest, cleanup: ExitStack
) -> bool:
    """Train; returns whether the run is finished."""
    is_main = accelerator.is_main_process
    launch.require_same(launch.code_sha256(), "versions of the code or of torch", is_hash=True)
    launch.require_same(repr(command.config), "settings")
    config, fell_back = command.config, False
    if config.dataset == "auto" and command.run_dir and (existing := runs.RunRecord.read(command.run_dir)):
        config, fell_back = replace(config, dataset=existing.config.dataset), existing.fell_back
    if config.export_every and not find_spec("onnxruntime"):
        raise ConfigError('--export-every needs onnxruntime: pip install "digitforge[cpu]".')
    warnings = rules.check(config, accelerator.num_processes, accelerator.device.type)
    with launch.fail_together():
        if is_main:
            tracking.check(config.tracker)
    source = _load(config, command.data_dir, accelerator, console, stop)
    config = replace(config, dataset=source.dataset)
    check_network(config, source.format)
    rules.check_export(config, source.format)
    run_dir = command.run_dir or Path("runs") / f"{config.preset}-{datasets.short_name(config.dataset)}"
    existing = runs.RunRecord.read(run_dir)
    begun = existing is not None and checkpoints.newest(run_dir / "checkpoints") is not None
    origin = open_origin(config) if config.init_from and not begun else None
    record = runs.RunRecord(
        config, source.format, source.sha256, fell_back or source.fell_back, source.licence,
        origin.describe() if origin else existing.origin if existing else "",
    )  # fmt: skip
    with launch.fail_together():
        runs.require_fit(run_dir, record, command.resume)
    batches = Batches(source, accelerator.device, config.batch_size, config.seed, config.conditional, config.store)
    score = None
    if config.score_every:
        with spinner(console if is_main else None) as show:
            score = launch.first_process_first(
                accelerator, lambda: TrainingScore(config, source.format, command.data_dir, accelerator, show)
            )
    with launch.fail_together():
        if is_main:
            run_dir.mkdir(parents=True, exist_ok=True)
            cleanup.enter_context(locked(run_dir))
            runs.require_fit(run_dir, record, command.resume)  # another launch may have created a run meanwhile
            runs.create(run_dir, record)
    with launch.fail_together():
        tracking.start(accelerator, config, run_dir)

    reporter = Reporter(run_dir, config, source.format, accelerator.device, console, is_main, accelerator.log)
    if record.fell_back and is_main:
        console.print(Panel(NOT_MNIST, title="Not MNIST", border_style="bold yellow"), soft_wrap=False)
    facts = launch.facts(accelerator)
    reporter.say(
        f"{config.preset} on {config.dataset} ({_counted(source)}), {facts['processes']} x "
        f"{facts['device']}, {facts['arithmetic']} -> {run_dir}"
    )
    for warning in warnings:
        reporter.say(warning, "yellow")
    if unused := launch.idle_gpus(accelerator):
        reporter.say(unused, "yellow")
    export = _exporter(config, source.format, run_dir, reporter) if config.export_every else None
    try:
        networks = build_networks(config, source.format, accelerator)
        if origin is not None:
            reporter.say(transfer(origin, networks, source.format))
        run = Run(config, batches, networks, accelerator)
        images_seen, finished = train(run, run_dir, reporter, lambda: stop.requested, score, export)
    finally:
        reporter.stop()
        batches.close()
    if finished:
        reporter.say(
            f"Trained on {images_seen:,} images. Export the generator: python -m export.onnx {quote(str(run_dir))}"
        )
    elif images_seen:
        reporter.say(f"Stopped after {images_seen:,} images; checkpoint saved. Give the same command again to resume.")
    else:
        reporter.say("Stopped before the first step.")
    accelerator.end_training()
    return finished


def _exporter(
    config: TrainConfig, image_format: ImageFormat, run_dir: Path, reporter: Reporter
) -> Callable[[int, nn.Module], None]:
    """Return a function that exports the averaged generator to RUN_DIR/exports/<images seen>.onnx, if not yet there."""
    from export.convert.exporter import export_generator  # imports onnxruntime, which training alone does not need

    def export(images_seen: int, generator: nn.Module) -> None:
        out = run_dir / "exports" / f"{images_seen:012d}.onnx"
        if out.exists():
            return
        weights = run_dir / f".{out.stem}.{os.getpid()}.safetensors"
        try:
            with torch.random.fork_rng(devices=[]):  # the exporter builds a network, which draws initial weights
                save_generator(weights, TrainedGenerator(generator, config, image_format, images_seen))
                export_generator(weights, out)
        except Exception as error:  # an exporter may raise anything, and must not end the training
            reporter.say(f"The export after {images_seen:,} images failed: {error}", "yellow")
        finally:
            weights.unlink(missing_ok=True)

    return export


def _load(
    config: TrainConfig, data_dir: Path | None, accelerator: Accelerator, console: Console, stop: StopRequest
) -> Source:
    """Load the training images, which one process of each machine may download first."""

    def load() -> Source:
        heard = console if accelerator.is_local_main_process else None
        source = datasets.load(
            config.dataset,
            data_dir,
            classes=config.classes,
            limit=config.limit,
            labels=config.labels,
            **config.conversion(),
            console=heard,
        )
        return infer(source, heard, lambda: stop.requested) if config.infer_labels else source

    source = launch.first_process_first(accelerator, load)
    launch.require_same(source.sha256, "training images", is_hash=True)
    return source


def _counted(source: Source) -> str:
    """Return the number of images as text, and of those without a label."""
    unlabelled = int((source.labels < 0).sum())
    return f"{len(source.images):,} images" + (f", {unlabelled:,} without a label" if unlabelled else "")


def _fail(reason: str, status: int = 2, every_process: bool = False) -> int:
    """Print why the launch ends, on the main process or on each; returns the exit status."""
    if every_process or (os.environ.get("RANK") or "0") == "0":
        print_error(reason)
    elif status != INTERRUPTED and "TORCHELASTIC_RUN_ID" in os.environ:
        # This launcher ends all processes as soon as one has ended: let the main process print the reason first.
        time.sleep(SECONDS_FOR_THE_MAIN_PROCESS)
    return status


if __name__ == "__main__":
    launch.leave(main())
