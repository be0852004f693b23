"""From a finished run of the pipeline to a model's folder."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError
from threadpoolctl import threadpool_limits

from emotion.bundle import novelty
from emotion.bundle.card import CARD, Card, CorpusFacts
from emotion.bundle.folder import CLASSIFIER, DETECTOR, ENCODERS, KNOWN, LOAD, SETTINGS, Reading, digests, sha256
from emotion.bundle.novelty import NOVELTY, Novelty
from emotion.bundle.page import page
from emotion.bundle.worth import Worth, worth
from emotion.core import logs
from emotion.core.errors import EmotionError
from emotion.core.files import writing_folder
from emotion.core.settings import read_part
from emotion.core.text import counted
from emotion.corpus.utterance import SPLITS, Index, read_index
from emotion.encoders.base import checkpoint_hash, fit_again
from emotion.encoders.folds import FOLDS, load_folds
from emotion.extraction.provenance import public
from emotion.fusion import dataset, saved
from emotion.fusion.saved import Classifier
from emotion.fusion.sequences import Sequences
from emotion.store.cache import Cache
from emotion.store.trained import RECORD, check_folder, write_record

SYNTHETIC: Final = "synthetic"

_LANGUAGES = {SYNTHETIC: ["en"], "iemocap": ["en"], "meld": ["en"], "crema_d": ["en"]}
_LICENCES = {
    SYNTHETIC: "MIT",
    "iemocap": "research only, by agreement with USC SAIL",
    "crema_d": "ODbL 1.0",
    "meld": "GPL-3.0; the clips are of a television series",
}
_NAMED = ("settings.json", "config.json", "tokenizer_config.json", "preprocessor_config.json")  # may hold paths
_FOLDS = "folds"


@dataclass(frozen=True)
class _Run:
    """A finished run: its index, classifier, sequences of all splits, and how media were read."""

    project: Path
    index: Index
    classifier: Classifier
    splits: Mapping[str, Sequences]
    reading: Reading

    def encoder(self, modality: str) -> Path:
        return self.project / "models" / "encoders" / modality


def pack(out: Path, *, project: Path = Path(), name: str = "", licence: str = "") -> Card:
    """Write the model of the last run as one folder; it appears complete or not at all.

    Args:
        out: the folder; a packed model that is there is replaced, anything else is not.
        project: folder with params.yaml, data/, models/ and metrics/.
        name: of the model; '' = the folder's.
        licence: of the weights, e.g. `mit`; '' = not said.

    Raises:
        EmotionError: the run is not finished, its parts are of different runs, or the folder cannot be written.
    """
    check_out(out)
    run = _read(project)
    found = worth(project, run.classifier, run.index, run.splits["validation"])
    with threadpool_limits(1):  # the same bytes on any number of cores
        unlike = novelty.measure(run.splits["train"], run.splits["validation"])
    with writing_folder(out, SafetensorError) as folder:
        _write_parts(folder, run, unlike)
        card = _card(run, found, unlike, name=name or out.resolve().name, licence=licence)
        (folder / "README.md").write_text(page(card), encoding="utf-8")
        whole = card.model_copy(update={"files": digests(folder)})
        text = json.dumps(whole.model_dump(), indent=2, ensure_ascii=False) + "\n"
        (folder / CARD).write_text(text, encoding="utf-8")
    logs.info(
        f"model: {card.model} on {'+'.join(card.modalities)}, {counted(len(card.labels), 'emotions')}, "
        f"{counted(len(whole.files) + 1, 'files')} -> {out}; look at it: emotion model show {out}"
    )
    return whole


def check_out(out: Path) -> None:
    """Refuse to replace what is no packed model.

    Raises:
        EmotionError: there is a file, or a folder with something else in it.
    """
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / CARD).is_file()):
        raise EmotionError(f"{out}: is no packed model and is not replaced; choose another folder, or remove it")


def _read(project: Path) -> _Run:
    """The parts of a run, which must belong together."""
    classifier = saved.load(project / "models" / "fusion")
    index = read_index(project / "data" / "index.csv")
    if list(classifier.labels) != list(index.labels):
        raise EmotionError(f"{project / 'models' / 'fusion'}: its labels are not those of the index; run dvc repro")
    features = {name: project / "data" / "features" / f"{name}.h5" for name in classifier.modalities}
    run = _Run(project, index, classifier, {}, read_part(Reading, project / "params.yaml"))
    for name, path in features.items():
        _check_encoder(run.encoder(name), path, name)
    context = {key: classifier.settings[key] for key in ("history", "future")}
    splits = dataset.load(index, features, scaling=classifier.scaling, **context)
    return _Run(project, index, classifier, splits, run.reading)


def _check_encoder(folder: Path, features: Path, modality: str) -> None:
    """Raise where the features are of another encoder."""
    check_folder(folder, remedy=fit_again(modality))
    encoders, _ = load_folds(folder, LOAD[modality])
    with Cache(features) as cache:
        if cache.attributes.get("checkpoint") != checkpoint_hash(encoders):
            raise EmotionError(f"{features}: made by another encoder than {folder}; run dvc repro extract@{modality}")


def _write_parts(folder: Path, run: _Run, unlike: Mapping[str, Novelty]) -> None:
    """All files but card and page."""
    source = run.project / "models" / "fusion"
    (folder / CLASSIFIER).mkdir()
    for name in (saved.WEIGHTS, saved.SETTINGS):  # the probabilities name utterances
        shutil.copyfile(source / name, folder / CLASSIFIER / name)
    for modality in run.classifier.modalities:
        _write_encoder(run.encoder(modality), folder / ENCODERS / modality)
    settings = run.reading.model_dump()
    if run.reading.face.detector not in KNOWN:
        shutil.copyfile(run.project / run.reading.face.detector, folder / DETECTOR)
        settings["face"]["detector"] = DETECTOR
    (folder / SETTINGS).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    novelty.save(folder / NOVELTY, unlike)


def _write_encoder(source: Path, target: Path) -> None:
    """The encoder of all training data: those of folds are for extraction, and name dialogues."""
    known = check_folder(source, remedy=fit_again(""))
    target.mkdir(parents=True)
    for path in sorted(source.rglob("*")):
        place = path.relative_to(source)
        hidden = place.parts[0] in (_FOLDS, FOLDS, RECORD) or any(part.startswith(".") for part in place.parts)
        if hidden or not path.is_file():
            continue
        (target / place).parent.mkdir(parents=True, exist_ok=True)
        if path.name in _NAMED:
            content = public(json.loads(path.read_text(encoding="utf-8")))
            (target / place).write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        else:
            shutil.copyfile(path, target / place)
    write_record(target, known)


def _card(run: _Run, found: Worth, unlike: Mapping[str, Novelty], *, name: str, licence: str) -> Card:
    index, classifier = run.index, run.classifier
    return Card(
        format=1,
        name=name,
        licence=licence,
        model=str(classifier.settings["model"]),
        modalities=list(classifier.modalities),
        encoders={modality: _encoder_name(run.encoder(modality), modality) for modality in classifier.modalities},
        labels=list(classifier.labels),
        corpus=_corpus(index),
        test=found.test,
        validation=found.validation,
        temperature=found.temperature,
        unsure=found.unsure,
        novelty={modality: round(float(values.reference[-1]), 3) for modality, values in unlike.items()},
        version=code_version(),
        media=_media(run) if index.corpus == SYNTHETIC else [],
        files={},
    )


def _encoder_name(folder: Path, modality: str) -> str:
    """`paper`, `scratch`, the checkpoint's name or one's own class; never a path of this machine."""
    encoder = LOAD[modality](folder)
    checkpoint: Any = getattr(encoder, "encoder", "")
    chosen = checkpoint if isinstance(checkpoint, str) and checkpoint else encoder.name
    return str(public({"name": chosen})["name"])


def _corpus(index: Index) -> CorpusFacts:
    counts = {split: sum(row.split == split for row in index.utterances) for split in SPLITS}
    return CorpusFacts(
        name=index.corpus,
        synthetic=index.corpus == SYNTHETIC,
        languages=_LANGUAGES.get(index.corpus, []),
        licence=_LICENCES.get(index.corpus, ""),
        dialogues=len({row.dialogue for row in index.utterances}),
        speakers=len({row.speaker for row in index.utterances}),
        utterances=counts,
    )


def _media(run: _Run) -> list[str]:
    root = run.project / "data" / "raw" / run.index.corpus
    names = {name for row in run.index.utterances for name in (row.audio, row.video) if name}
    return sorted(sha256(root / name) for name in names)


def code_version() -> str:
    """Of the installed program; '' where its sources alone are there."""
    try:
        return version("emotion-in-conversation")
    except PackageNotFoundError:
        return ""
