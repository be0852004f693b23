"""Stage `fuse`: cached features -> trained classifier in models/fusion, its curve in metrics/training.csv."""

from pathlib import Path

from emotion.errors import one_line_errors
from emotion.fuse import fuse
from emotion.params import read_params, scratch_folder

if __name__ == "__main__":
    with one_line_errors():
        params = read_params()
        fuse(
            Path("data/index.csv"),
            {name: Path(f"data/features/{name}.h5") for name in params.modalities.split(",")},
            out=Path("models/fusion"),
            curve=Path("metrics/training.csv"),
            scratch=scratch_folder(),
            model=params.model,
            history=params.history,
            future=params.future,
            hidden=params.hidden,
            heads=params.heads,
            dropout=params.dropout,
            members=params.members,
            lr=params.lr,
            schedule=params.schedule,
            weight_decay=params.weight_decay,
            clip=params.clip,
            batch=params.batch,
            epochs=params.epochs,
            averaging=params.averaging,
            input_dropout=params.input_dropout,
            modality_dropout=params.modality_dropout,
            mixstyle=params.mixstyle,
            smoothing=params.smoothing,
            attention=params.attention,
            residual=params.residual,
            speakers=params.speakers,
            seed=params.seed,
        )
