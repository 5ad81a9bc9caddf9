"""Imports what the processes of `forks` need. It must start no thread, because threads do not survive a fork."""

import matplotlib.pyplot  # noqa: F401
import optuna.visualization.matplotlib  # noqa: F401
import sklearn.datasets  # noqa: F401
import torch._dynamo  # noqa: F401

import trainer.search.__main__
import trainer.train  # noqa: F401
