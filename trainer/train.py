"""Train a GAN: `accelerate launch --config_file accelerate_config.yaml trainer/train.py [--preset P] [...]`.

Give the same command again to resume.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # A script's folder heads the search path: `import trainer` would fail, and our file names could hide others'.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from dataclasses import replace

from accelerate import Accelerator
from rich.console import Console
from rich.panel import Panel

from trainer import command_line, launch, runs, sources
from trainer.errors import TrainerError, explain_os_error
from trainer.images import ImageStore
from trainer.interrupts import StopRequest, own_terminal
from trainer.loop import train
from trainer.networks import check_network
from trainer.reports import Reporter


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    console = Console(soft_wrap=True)
    try:
        command = command_line.parse(sys.argv[1:] if arguments is None else arguments)
        with own_terminal(), StopRequest().listening() as stop:
            _run(command, launch.start(command.config), console, stop)
    except TrainerError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(explain_os_error(error))
    return 0


def _run(command: command_line.Command, accelerator: Accelerator, console: Console, stop: StopRequest) -> None:
    config = runs.settle_dataset(command.config, command.run_dir)
    with accelerator.local_main_process_first():  # one process of each machine downloads
        source = sources.load(config.dataset, command.data_dir)
    config = replace(config, dataset=source.dataset)
    check_network(config, source.format)
    run_dir = command.run_dir or Path("runs") / f"{config.preset}-{config.dataset}"
    record = runs.RunRecord(config, source.format, source.sha256)
    runs.enter(run_dir, record, command.resume)
    store = ImageStore(source, accelerator.device, config.batch_size, config.seed, config.conditional)
    accelerator.wait_for_everyone()  # every process has looked at the run before one of them writes

    main = accelerator.is_main_process
    if main:
        runs.open_run(run_dir, record)
    reporter = Reporter(run_dir, config, source.format, accelerator.device, console, main)
    if source.fell_back and main:
        console.print(
            Panel(
                "MNIST was not found and there is no network to fetch it from.\n"
                "Training on the 1,797 embedded digits of scikit-learn instead: expect plainer forgeries.\n"
                "To train on MNIST, name its folder with --data-dir or $DIGITFORGE_DATA, in a new --run-dir.",
                title="Not MNIST",
                border_style="bold yellow",
            )
        )
    devices = f"{accelerator.num_processes} x {accelerator.device.type}"
    reporter.say(
        f"[bold]{config.preset}[/] on {config.dataset} ({len(source.images):,} images), "
        f"{devices}, {accelerator.mixed_precision.replace('no', 'fp32')} -> {run_dir}"
    )
    if idle := launch.idle_gpus(accelerator):
        reporter.say(f"[yellow]{idle}[/]")
    try:
        images_seen = train(config, source.format, store, accelerator, run_dir, reporter, lambda: stop.requested)
    finally:
        reporter.end()
    if images_seen < config.images:
        reporter.say(f"Stopped after {images_seen:,} images; checkpoint saved. Give the same command again to resume.")
    else:
        reporter.say(f"Trained on {images_seen:,} images. Export the generator: python -m export.onnx {run_dir}")
    accelerator.end_training()


def _fail(sentence: str) -> int:
    Console(stderr=True, soft_wrap=True).print(f"[bold red]error:[/] {sentence}", highlight=False)
    return 2


if __name__ == "__main__":
    sys.exit(main())
