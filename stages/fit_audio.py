"""Stage `fit@audio`: fits the audio encoder on the training split."""

from pathlib import Path

from emotion.corpus.utterance import read_index
from emotion.encoders.for_audio import new_encoder
from emotion.errors import one_line_errors
from emotion.extraction.fitting import fit_encoder
from emotion.media.audio import reader
from emotion.params import read_params, scratch_folder

if __name__ == "__main__":
    with one_line_errors():
        params = read_params()
        index = read_index(Path("data/index.csv"))
        encoder = new_encoder(
            encoder=params.audio.encoder,
            rate=params.audio.rate,
            front=params.audio.front,
            layers=params.audio.layers,
            pooling=params.audio.pooling,
            tune=params.audio.tune,
            dim=params.audio.dim,
        )
        fit_encoder(
            index,
            encoder,
            reader(Path("data/raw") / index.corpus, rate=encoder.rate, channel=params.audio.channel),
            out=Path("models/encoders/audio"),
            report=Path("metrics/audio_encoder.json"),
            scratch=scratch_folder(),
            epochs=params.audio.epochs,
            lr=params.audio.lr,
            weight_decay=params.audio.weight_decay,
            batch=params.audio.batch,
            patience=params.audio.patience,
            seed=params.audio.seed,
            balanced=params.audio.balanced,
            folds=params.fit.folds,
        )
