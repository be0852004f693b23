"""Stage `fuse`: cached features -> trained classifier in models/fusion, its curve in metrics/training.csv."""

from pathlib import Path

from emotion.core.environment import scratch_folder
from emotion.core.errors import one_line_errors
from emotion.core.settings import read_part
from emotion.fusion.settings import FuseStage, check_together
from emotion.fusion.train import fuse

if __name__ == "__main__":
    with one_line_errors():
        params = read_part(FuseStage)
        check_together(params.model, dict(params), source="params.yaml")
        fuse(
            Path("data/index.csv"),
            {name: Path(f"data/features/{name}.h5") for name in params.modalities.split("+")},
            out=Path("models/fusion"),
            curve=Path("metrics/training.csv"),
            scratch=scratch_folder(),
            annotators=Path("data/annotators.csv"),
            settings=params,
        )
