"""Where the raw corpus lies, also in the copies of the project in which DVC runs queued experiments."""

import os
from pathlib import Path

from emotion.core import plugins
from emotion.core.errors import EmotionError

# How to get a corpus whose folder is missing. The generated one is laid out like IEMOCAP's release, so one reader reads
# both.
CORPORA = {
    "synthetic": "write it with: dvc repro data/dvc.yaml",
    "iemocap": "copy or link the unpacked release there (Session1 ... Session5)",
    "meld": "copy or link the unpacked release there (train_sent_emo.csv, train_splits, ...)",
    "crema_d": "clone github.com/CheyneyComputerScience/CREMA-D there, with git-lfs installed",
    "table": "make it, with a table utterances.csv that has the columns utterance and label",
}


def how_to_get(corpus: str) -> str:
    """What to do where the folder of a corpus is missing or empty."""
    return CORPORA.get(corpus, "copy or link there what the reader reads")


def is_own(corpus: str) -> bool:
    """Whether a corpus is one of the user's own: a table, or what a reader in plugins/ reads."""
    return corpus == "table" or plugins.is_name(corpus)


def find_corpus(corpus: str, *, raw: Path) -> None:
    """See that a corpus is there, in the folder `raw`; in a copy of the project it is linked from the original.

    Git ignores raw data, so such a copy lacks them; `DVC_ROOT` names the original. The generated corpus is written by a
    stage.

    Raises:
        EmotionError: there is no such folder; the message says how to get one.
    """
    root, home = raw / corpus, Path(os.environ.get("DVC_ROOT", "."))
    if corpus == "synthetic" or root.exists():
        return
    if not (home / root).is_dir() and not (home / root).with_name(f"{root.name}.dvc").is_file():
        raise EmotionError(f"{home / root}: the folder of corpus {corpus} does not exist; {how_to_get(corpus)}")
    if (home / root).is_dir() and not home.samefile("."):
        root.parent.mkdir(parents=True, exist_ok=True)
        root.unlink(missing_ok=True)  # a link to nowhere
        root.symlink_to((home / root).resolve(), target_is_directory=True)
