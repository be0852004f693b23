"""The studies of docs/results.md: where their tables are, the commands that make them, who chose the settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
MODELS = "fusion,speaker_fusion,bc_lstm,cmn,cnn,mdre,bilstm_cnn,dialogue_transformer"
IMPORTED = "ln -s /path/to/your.pkl benchmarks/iemocap_features/features.pkl"
COSMIC = "the 12 validation dialogues of the cosmic split"


@dataclass(frozen=True)
class Section:
    """A study.

    Attributes:
        name: of its page, docs/results/<name>.md.
        title: of that page.
        folder: of its tables.
        about: what it is; `{features}` stands for the modalities and their dimensions.
        commands: which make it.
        protocol: in a few words.
        chosen: model -> who chose its settings, on what, where study.json does not say so; of the others `UNTUNED` is
            true.
        hidden: what else explains a score that rises when a modality is hidden.
    """

    name: str
    title: str
    folder: Path
    about: str
    commands: tuple[str, ...]
    protocol: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)
    hidden: str = ""


UNTUNED = "published, or ours; not tuned"
ON_COSMIC = {
    "fusion": f"the paper's; how much context: ours, on {COSMIC}",
    "speaker_fusion": f"ours, on {COSMIC}",
}
ON_SESSIONS = {
    "fusion": ON_COSMIC["fusion"],
    "speaker_fusion": f"ours, on {COSMIC}; MixStyle and units: on held-out sessions",
}
SECTIONS = (
    Section(
        "protocols",
        "Imported IEMOCAP features, with the tested scenarios in training and without",
        Path("benchmarks/iemocap_features/protocols"),
        "The same features{features} and settings as in [sessions](sessions.md), under three protocols that "
        "score the same utterances: one session held out; the same, and what plays the tested scenarios left out of "
        "training, too; the same, and as many dialogues left out at random. The file has no words, so near copies "
        "could not be counted. The times below are of a machine that did other work as well.",
        (IMPORTED, "(cd benchmarks/iemocap_features && dvc repro protocols)"),
        "IEMOCAP features; each of sessions 1 to 4 held out",
        ON_SESSIONS,
    ),
    Section(
        "sessions",
        "Imported IEMOCAP features, one session held out at a time",
        Path("benchmarks/iemocap_features/sessions"),
        "Features that others extracted{features}. This is the figure to quote. The settings of `fusion` were chosen "
        f"on {COSMIC}; each of these is scored here once, in its held-out session. Those of `speaker_fusion` began the "
        "same way. MixStyle and the number of units were then chosen by training on two sessions "
        "and scoring a third, with the fourth left alone. Both help whichever session is left alone, so the choice for "
        "a session does not rest on its own labels. Its six members were not tuned.",
        (IMPORTED, "(cd benchmarks/iemocap_features && dvc repro sessions)"),
        "IEMOCAP features; each of sessions 1 to 4 held out",
        ON_SESSIONS,
    ),
    Section(
        "validation",
        "Imported IEMOCAP features, validation dialogues of the cosmic split",
        Path("benchmarks/iemocap_features/study"),
        "The same features{features}. The settings of `fusion` and `speaker_fusion`, and the epoch of every run, were "
        "chosen on the very dialogues that are scored.",
        (IMPORTED, "(cd benchmarks/iemocap_features && dvc repro study)"),
        f"IEMOCAP features; {COSMIC}",
        ON_COSMIC,
    ),
    Section(
        "parts",
        "Imported IEMOCAP features, ablations",
        Path("benchmarks/iemocap_features/parts"),
        "The same features{features} and dialogues, with fewer seeds: one part of a model is taken away at a time.",
        (IMPORTED, "(cd benchmarks/iemocap_features && dvc repro parts)"),
        "the same, for ablations",
        ON_COSMIC,
    ),
    Section(
        "synthetic",
        "The generated corpus",
        Path("benchmarks/synthetic_study"),
        "Features extracted by the pipeline here{features}; the encoders were fitted once, on the training split. It "
        "shows that everything works and says nothing about real people. The tables are of the corpus before it had "
        "scenarios and habits.",
        (
            "dvc repro",
            "emotion index --corpus synthetic --root data/raw/synthetic --out .cache/raters/index.csv "
            "--annotators .cache/raters/annotators.csv",
            f"emotion study --features data --out benchmarks/synthetic_study --models {MODELS} --seeds 3 --missing "
            "--ablate modalities,attention,residual,context,speakers,members --ablate-models fusion,speaker_fusion "
            "--annotators .cache/raters/annotators.csv",
        ),
        "generated corpus; session 5",
        ON_COSMIC,
        "A likely reason here: the encoders were fitted on the training utterances and know these better than new "
        "ones, the text encoder most of all ([synthetic.md](../synthetic.md#features-without-leakage)), so the "
        "classifier trusts them too much. And face, voice and words each show the emotion in about every other turn.",
    ),
)
