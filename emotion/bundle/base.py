"""`hub:base`: a model for real people out of three open checkpoints, whose own heads are fused late.

It is a packed model's folder like any other, made once by `emotion fetch base` and kept in the assets folder of the
Hugging Face cache. Nobody has measured it on conversations: its card has no scores.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from huggingface_hub import HfApi, snapshot_download
from safetensors import SafetensorError

from emotion.bundle import late, novelty
from emotion.bundle.card import BASE, CARD, Card, CorpusFacts, Unsure, base_folder
from emotion.bundle.folder import CLASSIFIER, ENCODERS, SETTINGS, Reading, check, digests
from emotion.bundle.novelty import NOVELTY
from emotion.bundle.packing import code_version
from emotion.bundle.page import page
from emotion.core import logs
from emotion.core.errors import EmotionError
from emotion.core.files import writing_folder
from emotion.core.text import shortened
from emotion.encoders import for_audio, for_face, for_text
from emotion.encoders.base import SETTINGS as ENCODER
from emotion.encoders.settings import Audio, Face, Text
from emotion.media.settings import Clips
from emotion.store.trained import Training, write_record


@dataclass(frozen=True)
class Head:
    """A checkpoint with a head for emotions: its name on the hub, and what trained it."""

    name: str
    corpus: str
    licence: str


HEADS: Final[Mapping[str, Head]] = MappingProxyType(
    {
        "audio": Head("superb/wav2vec2-base-superb-er", "iemocap", "apache-2.0"),
        "face": Head("dima806/facial_emotions_image_detection", "pictures of faces", "apache-2.0"),
        "text": Head("SamLowe/roberta-base-go_emotions", "go_emotions", "mit"),
    }
)
_UNSURE: Final = 0.5  # nobody chose it on data
_SIZE: Final = 224  # px of a face's clip: what the face's checkpoint takes
_WEIGHTS: Final = ("model.safetensors", "pytorch_model.bin")
_ALSO: Final = ("*.json", "*.txt")


def fetch(source: Path | None = None) -> Path:
    """Make the folder of `hub:base`.

    Args:
        source: a folder with the checkpoints in its folders `audio`, `face` and `text`; None = download them, which
            nothing else here does.

    Returns:
        The folder.

    Raises:
        EmotionError: a checkpoint cannot be downloaded or used, or its head has other classes.
    """
    out = base_folder()
    names, places = {}, {}
    for modality, head in HEADS.items():
        places[modality] = _download(head.name) if source is None else source / modality
        commit = f"@{places[modality].name}" if source is None else ""
        names[modality] = f"{head.name}{commit}"
    with writing_folder(out, SafetensorError) as folder:
        (folder / ENCODERS).mkdir()
        heads = {
            modality: _write(folder / ENCODERS / modality, modality, place, name=names[modality])
            for modality, place in places.items()
        }
        late.save(folder / CLASSIFIER, heads)
        reading = Reading(face=Clips(size=_SIZE, colour="rgb")).model_dump()
        (folder / SETTINGS).write_text(json.dumps(reading, indent=2) + "\n", encoding="utf-8")
        novelty.save(folder / NOVELTY, {})
        card = _card(names)
        (folder / "README.md").write_text(page(card), encoding="utf-8")
        whole = card.model_copy(update={"files": digests(folder)})
        text = json.dumps(whole.model_dump(), indent=2, ensure_ascii=False) + "\n"
        (folder / CARD).write_text(text, encoding="utf-8")
        check(folder)
    return out


def _download(name: str) -> Path:
    """The folder of a checkpoint in the hub's own cache; of its weights one file, safetensors where there is one."""
    logs.info(f"{name}: from the Hugging Face hub")
    try:
        there = set(HfApi().list_repo_files(name))
        weights = next(file for file in _WEIGHTS if file in there)
        return Path(snapshot_download(name, allow_patterns=[weights, *_ALSO]))
    except Exception as error:  # the hub's errors, and those of the libraries below it, have no common kind
        why = shortened(" ".join(str(error).split()) or type(error).__name__, most=120)
        raise EmotionError(
            f"{name}: cannot be downloaded ({why}); download the checkpoints on another machine into DIR/audio, "
            "DIR/face and DIR/text, then: emotion fetch base --from DIR"
        ) from None


def _write(folder: Path, modality: str, place: Path, *, name: str) -> list[str]:
    """Save a checkpoint as the frozen encoder that it is; names of its head's classes."""
    if not place.is_dir():
        raise EmotionError(f"{place}: no such folder, expected that of {HEADS[modality].name}")
    encoder: Any = _encoder(modality, str(place))
    encoder.prepare([])
    encoder.eval().save(folder)
    content = json.loads((folder / ENCODER).read_text(encoding="utf-8"))
    content["settings"]["encoder"] = name  # not where it lies on this machine
    (folder / ENCODER).write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    write_record(folder, Training())
    return list(encoder.labels)


def _encoder(modality: str, name: str) -> Any:  # noqa: ANN401 - each has its own class
    if modality == "audio":
        return for_audio.new_encoder(Audio(encoder=name, head=True))
    if modality == "face":
        return for_face.new_encoder(Face(encoder=name, head=True), size=_SIZE, rgb=True)
    return for_text.new_encoder(Text(encoder=name, head=True, tune=False, dim=0))


def _card(names: Mapping[str, str]) -> Card:
    return Card(
        format=1,
        name=BASE,
        licence="apache-2.0",
        model=late.LATE,
        modalities=list(HEADS),
        encoders=dict(names),
        labels=list(late.LABELS),
        corpus=CorpusFacts(
            name=" + ".join(head.corpus for head in HEADS.values()),
            synthetic=False,
            languages=["en"],
            licence="; ".join(f"{head.name}: {head.licence}" for head in HEADS.values()),
            dialogues=0,
            speakers=0,
            utterances={},
        ),
        test=None,
        validation=None,
        temperature=1.0,
        unsure=Unsure(below=_UNSURE, share=0.0, accuracy_sure=None, accuracy_unsure=None),
        novelty={},
        version=code_version(),
        media=[],
        files={},
    )
