"""Stage `fit@face`: fits the face encoder on the training split."""

from pathlib import Path

from emotion.cache import Cache
from emotion.corpus.utterance import read_index
from emotion.encoders.for_face import new_encoder
from emotion.errors import one_line_errors
from emotion.extraction.fitting import fit_encoder
from emotion.media.clips import reader
from emotion.params import read_params, scratch_folder

if __name__ == "__main__":
    with one_line_errors(), Cache(Path("data/faces.h5")) as clips:
        params = read_params()
        encoder = new_encoder(
            size=clips.shape[0],
            encoder=params.face.encoder,
            frames=params.face.frames,
            layers=params.face.layers,
            pooling=params.face.pooling,
            tune=params.face.tune,
            dim=params.face.dim,
        )
        fit_encoder(
            read_index(Path("data/index.csv")),
            encoder,
            reader(clips, frames=encoder.frames),
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
