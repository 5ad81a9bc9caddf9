"""Training: images become a generator."""

from digitforge.entry import prepare_module

prepare_module()
