"""What a run trains: both networks, their average and optimisers; and what each step needs besides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from trainer.augment import Augmentation
from trainer.config import ImageFormat, TrainConfig
from trainer.data.batches import Batches
from trainer.ema import Ema
from trainer.networks import build_discriminator, build_generator
from trainer.networks.conditioning import Discriminator, Generator
from trainer.networks.freezing import freeze
from trainer.optimizers import build_optimizer


@dataclass(frozen=True)
class Networks:
    """Both networks, prepared for this launch, and everything else that a step changes."""

    generator: nn.Module
    """Maps latents [batch, latent_size] and class weights [batch, classes] or None to images
    [batch, channels, size, size]. In a launch of several processes, a wrapper that averages its gradients over them."""
    discriminator: nn.Module
    """Maps images and class weights to scores [batch]. Wrapped like the generator."""
    plain_generator: Generator
    """The generator without its wrapper."""
    plain_discriminator: Discriminator
    """The discriminator without its wrapper."""
    ema: Ema
    """The averaged generator, which is sampled, scored and exported."""
    augmentation: Augmentation
    """Changes what the discriminator sees, with a probability that may adapt."""
    g_optimizer: torch.optim.Optimizer
    d_optimizer: torch.optim.Optimizer

    def modules(self) -> dict[str, nn.Module]:
        """Return the modules that a checkpoint holds, by name."""
        return {
            "generator": self.plain_generator,
            "discriminator": self.plain_discriminator,
            "ema": self.ema.module,
            "augmentation": self.augmentation,
        }

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Return the optimisers that a checkpoint holds, by name."""
        return {"g_optimizer": self.g_optimizer, "d_optimizer": self.d_optimizer}


@dataclass(frozen=True)
class Run:
    """What every step uses: the settings, the training images, the networks and the launch."""

    config: TrainConfig
    batches: Batches
    networks: Networks
    accelerator: Accelerator


def build_networks(config: TrainConfig, image_format: ImageFormat, accelerator: Accelerator) -> Networks:
    """Return new networks and optimisers on this process's device, the same on every process."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        generator, discriminator = build_generator(config, image_format), build_discriminator(config, image_format)
    augmentation = Augmentation(config.augment, config.augment_probability, config.augment_target, config.batch_size)
    augmentation.to(accelerator.device)
    # On Apple's GPU, convolutions in channels-last layout have been wrong (pytorch#180984).
    layout = torch.contiguous_format if accelerator.device.type == "mps" else torch.channels_last
    for module in (generator, discriminator):
        module.to(accelerator.device, memory_format=layout)  # type: ignore[call-overload]
    ema = Ema(generator)
    if config.freeze_d:
        freeze(discriminator, config.freeze_d)
    generator.body.recompute = config.recompute in ("generator", "both")
    discriminator.body.recompute = config.recompute in ("discriminator", "both")
    if config.sync_batch_norm:
        for network in (generator, discriminator):
            network.body = nn.SyncBatchNorm.convert_sync_batchnorm(network.body)
    g_optimizer, d_optimizer = (build_optimizer(config, module) for module in (generator, discriminator))
    if config.compile:
        generator.compile()
        discriminator.compile()
    if accelerator.num_processes > 1:
        for module in (generator, discriminator):
            for parameter in module.parameters():
                parameter.register_hook(partial(_with_strides, strides=parameter.stride()))
    # The optimisers are not prepared: Accelerate's wrapper is for loss scaling, which bf16 does not need.
    wrapped_generator, wrapped_discriminator = accelerator.prepare(generator, discriminator)
    return Networks(
        wrapped_generator, wrapped_discriminator, generator, discriminator, ema, augmentation, g_optimizer, d_optimizer
    )


def _with_strides(gradient: Tensor, strides: tuple[int, ...]) -> Tensor:
    """Return `gradient` with its parameter's strides, which DDP's buckets have.

    In dimensions of size 1, the gradients of weights in channels_last have others. Changing those moves no number.
    """
    if gradient.stride() == strides:
        return gradient
    sizes = gradient.shape
    if all(size == 1 or mine == theirs for size, mine, theirs in zip(sizes, gradient.stride(), strides, strict=True)):
        return gradient.as_strided(sizes, strides)
    return torch.empty_strided(sizes, strides, dtype=gradient.dtype, device=gradient.device).copy_(gradient)
