"""The fusion models by name: each is one file of this folder and one line here.

Only the model that is chosen is imported, so an edit of another one trains nothing again.
"""

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emotion.core import plugins
from emotion.core.closure import import_closure

PARTS = ("attention", "residual", "speakers")
SIZES = ("hidden", "heads", "dropout")


@dataclass(frozen=True)
class Entry:
    """A model and what of it can be set.

    Attributes:
        place: file and class: `FILE:CLASS` of this folder, or `plugins/FILE.py:CLASS`.
        source: where it comes from.
        sizes: which of `SIZES` it takes; without any it keeps its published sizes.
        parts: which of `PARTS` can be switched off, for ablations.
        words: whether it reads word-level and frame-level features where there are any.
        frames: whether it is made for these, so that without any of them it is not worth training.
    """

    place: str
    source: str
    sizes: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    words: bool = False
    frames: bool = False

    def load(self) -> Any:  # noqa: ANN401 - a class below torch.nn.Module
        """Import the class."""
        if plugins.is_name(self.place):
            return plugins.load(self.place)
        file, _, name = self.place.partition(":")
        return getattr(importlib.import_module(f"{__package__}.{file}"), name)


MODELS: dict[str, Entry] = {
    "fusion": Entry("fusion:Fusion", "the paper (Gao and Guo), section 4", SIZES, ("attention", "residual")),
    "cnn": Entry("cnn:Cnn", "Kim, EMNLP 2014", words=True),
    "bc_lstm": Entry("bc_lstm:BcLstm", "Poria et al., ACL 2017"),
    "cmn": Entry("cmn:Cmn", "Hazarika et al., NAACL 2018"),
    "mdre": Entry("mdre:Mdre", "Yoon et al., SLT 2018 and ICASSP 2019", ("hidden", "dropout")),
    "bilstm_cnn": Entry("bilstm_cnn:BiLstmCnn", "Wang, Wang and Cheng, 2022", ("hidden", "dropout")),
    "dialogue_transformer": Entry(
        "dialogue_transformer:DialogueTransformer", "after DR-Transformer and Tsai et al., ACL 2019", SIZES
    ),
    "dialogue_rnn": Entry("dialogue_rnn:DialogueRnn", "Majumder et al., AAAI 2019"),
    "mmgcn": Entry("mmgcn:Mmgcn", "Hu et al., ACL 2021"),
    "sdt": Entry("sdt:Sdt", "Ma et al., IEEE TMM 2023", SIZES),
    "cross_modal": Entry("cross_modal:CrossModal", "Fu et al., 2021", SIZES, words=True, frames=True),
    "keca": Entry("keca:Keca", "after Xie and Guan, IJSC 2012, and Jenssen, TPAMI 2010"),
    "logistic_regression": Entry("logistic_regression:LogisticRegression", "Cox, 1958, with several classes"),
    "inertia": Entry("inertia:Inertia", "ours", ("hidden", "dropout"), ("speakers",)),
    "speaker_fusion": Entry("speaker_fusion:SpeakerFusion", "ours", SIZES, PARTS),
}
NAMES = tuple(MODELS)


def files(name: str) -> list[str]:
    """The code of a model, which nothing imports by name: posix paths relative to the project, sorted.

    Args:
        name: one of `NAMES`, or `plugins/FILE.py:CLASS`. Of any other text there are none.

    Raises:
        EmotionError: see `plugins.files`.
    """
    if name not in MODELS:
        return plugins.files_of([name])
    root = Path(__file__).parents[3]
    return sorted(import_closure(Path(__file__).with_name(MODELS[name].place.partition(":")[0] + ".py"), root=root))
