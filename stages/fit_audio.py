"""Stage `fit@audio`: fits the audio encoder on the training split."""

from pathlib import Path

from emotion.core.environment import scratch_folder
from emotion.core.errors import one_line_errors
from emotion.core.settings import read_part
from emotion.corpus.utterance import read_index
from emotion.extraction.audio_encoder import make_audio
from emotion.extraction.fitting import fit_encoder
from emotion.extraction.settings import FitAudio

if __name__ == "__main__":
    with one_line_errors():
        params, index = read_part(FitAudio), read_index(Path("data/index.csv"))
        fit_encoder(
            index,
            *make_audio(
                index,
                root=Path("data/raw") / index.corpus,
                encoder=params.audio.encoder,
                rate=params.audio.rate,
                channel=params.audio.channel,
                max_seconds=params.max_seconds,
                front=params.audio.front,
                layers=params.audio.layers,
                pooling=params.audio.pooling,
                tune=params.audio.tune,
                dim=params.audio.dim,
            ),
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
