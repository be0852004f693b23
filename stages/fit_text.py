"""Stage `fit@text`: fits the text encoder on the training split."""

from pathlib import Path

from emotion.core.environment import scratch_folder
from emotion.core.errors import one_line_errors
from emotion.core.settings import read_part
from emotion.corpus.utterance import read_index
from emotion.extraction.fitting import fit_encoder
from emotion.extraction.settings import FitText
from emotion.extraction.text_encoder import make_text

if __name__ == "__main__":
    with one_line_errors():
        params, index = read_part(FitText), read_index(Path("data/index.csv"))
        fit_encoder(
            index,
            *make_text(
                index,
                encoder=params.text.encoder,
                level=params.text.level,
                layers=params.text.layers,
                pooling=params.text.pooling,
                tune=params.text.tune,
                dim=params.text.dim,
            ),
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
