"""Stage `fit@face`: fits the face encoder on the training split."""

from pathlib import Path

from emotion.core.environment import scratch_folder
from emotion.core.errors import one_line_errors
from emotion.core.settings import read_part
from emotion.corpus.utterance import read_index
from emotion.extraction.face_encoder import make_face
from emotion.extraction.fitting import fit_encoder
from emotion.extraction.settings import FitFace

if __name__ == "__main__":
    with one_line_errors():
        params, index = read_part(FitFace), read_index(Path("data/index.csv"))
        fit_encoder(
            index,
            *make_face(
                index,
                clips=Path("data/faces.h5"),
                encoder=params.face.encoder,
                frames=params.face.frames,
                layers=params.face.layers,
                pooling=params.face.pooling,
                tune=params.face.tune,
                dim=params.face.dim,
            ),
            out=Path("models/encoders/face"),
            report=Path("metrics/face_encoder.json"),
            scratch=scratch_folder(),
            epochs=params.face.epochs,
            lr=params.face.lr,
            weight_decay=params.face.weight_decay,
            batch=params.face.batch,
            patience=params.face.patience,
            seed=params.face.seed,
            balanced=params.face.balanced,
            folds=params.fit.folds,
        )
