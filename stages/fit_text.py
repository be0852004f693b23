"""Stage `fit@text`: fits the text encoder on the training split."""

from pathlib import Path

from emotion.corpus.utterance import read_index
from emotion.encoders.for_text import new_encoder
from emotion.encoders.text import read_text
from emotion.errors import one_line_errors
from emotion.extraction.fitting import fit_encoder
from emotion.params import read_params, scratch_folder

if __name__ == "__main__":
    with one_line_errors():
        params = read_params()
        encoder = new_encoder(
            encoder=params.text.encoder,
            level=params.text.level,
            layers=params.text.layers,
            pooling=params.text.pooling,
            tune=params.text.tune,
            dim=params.text.dim,
        )
        fit_encoder(
            read_index(Path("data/index.csv")),
            encoder,
            read_text,
            out=Path("models/encoders/text"),
            report=Path("metrics/text_encoder.json"),
            scratch=scratch_folder(),
            epochs=params.text.epochs,
            lr=params.text.lr,
            weight_decay=params.text.weight_decay,
            batch=params.text.batch,
            patience=params.text.patience,
            seed=params.text.seed,
            balanced=params.text.balanced,
            folds=params.fit.folds,
        )
