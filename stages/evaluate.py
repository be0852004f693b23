"""Stage `evaluate`: test metrics, predictions and pictures; the only stage that reads test labels."""

from pathlib import Path

from emotion.core.errors import one_line_errors
from emotion.evaluation.report import evaluate

if __name__ == "__main__":
    with one_line_errors():
        evaluate(
            Path("data/index.csv"),
            Path("models/fusion/probabilities.csv"),
            Path("metrics/training.csv"),
            faces=Path("metrics/faces.json"),
            annotators=Path("data/annotators.csv"),
            out=Path("metrics"),
        )
