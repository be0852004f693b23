"""Table 2 of the paper, as printed.

Per class the paper prints "Acc" and F1. For its own model "Acc" is in fact precision, as its Figure 2 shows; its
baselines' rows come from earlier work and hold recall. The last figure of a row is an average: accuracy, weighted F1.
"""

from dataclasses import dataclass

CLASSES = ("happy", "sad", "neutral", "angry", "excited", "frustrated")
PROTOCOL = "one run; test = session 5, 1623 utterances; how the epoch was chosen is not said"


@dataclass(frozen=True)
class Line:
    """A row of Table 2, in per cent.

    Attributes:
        title: as printed.
        model: our name of it.
        acc: the classes' "Acc", in the order of `CLASSES`, then the accuracy.
        f1: the classes' F1, then the weighted F1.
        acc_is: what "Acc" per class is.
    """

    title: str
    model: str
    acc: tuple[float, ...]
    f1: tuple[float, ...]
    acc_is: str = "recall"


TABLE_2 = (
    Line("CNN", "cnn", (27.7, 57.1, 34.3, 61.1, 46.1, 62.9, 48.9), (29.8, 53.8, 40.1, 52.4, 50.0, 55.7, 48.1)),
    Line("bc-LSTM", "bc_lstm", (29.1, 57.1, 54.1, 57.0, 51.1, 67.1, 55.2), (34.4, 60.8, 51.8, 56.7, 57.9, 58.9, 54.9)),
    Line("CMN", "cmn", (25.0, 55.9, 52.8, 61.7, 55.5, 71.1, 56.5), (30.3, 62.4, 52.3, 59.8, 60.2, 60.6, 56.1)),
    Line(
        "Our Model",
        "fusion",
        (45.3, 75.7, 53.9, 61.1, 65.7, 62.1, 61.7),
        (36.0, 77.8, 57.3, 62.9, 70.6, 55.3, 61.0),
        acc_is="precision",
    ),
)
