"""The stage `fuse` on a planted corpus, small and quick."""

from emotion.core.settings import read_settings
from emotion.fusion.settings import TrainSettings
from emotion.fusion.train import fuse


def run(planted, folder, *, annotators=None, **changes):
    arguments = {
        "model": "fusion",
        "history": 3,
        "future": 0,
        "hidden": 8,
        "heads": 2,
        "dropout": 0.1,
        "lr": 1e-2,
        "weight_decay": 5e-5,
        "batch": 16,
        "epochs": 4,
        "seed": 1,
    } | changes
    fuse(
        planted.index,
        planted.features,
        out=folder / "models" / "fusion",
        curve=folder / "metrics" / "training.csv",
        scratch=folder / "scratch",
        annotators=annotators,
        settings=read_settings(TrainSettings, arguments, source="params.yaml"),
    )
    return folder / "models" / "fusion"
