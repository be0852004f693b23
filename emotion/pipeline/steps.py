"""What a training does, step by step: each calls the function that the stage of its name calls, in the same way.

index -> faces -> fit, extract (each modality) -> fuse -> evaluate
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from emotion.core.environment import budget
from emotion.core.settings import S, Settings, read_part
from emotion.corpus.index import index_corpus
from emotion.corpus.settings import IndexStage
from emotion.corpus.utterance import Index, read_index
from emotion.encoders.for_audio import make_audio
from emotion.encoders.for_face import make_face
from emotion.encoders.for_text import make_text
from emotion.evaluation.report import evaluate
from emotion.extraction import executors
from emotion.extraction.extract_audio import extract_audio
from emotion.extraction.extract_face import extract_face
from emotion.extraction.extract_text import extract_text
from emotion.extraction.faces import extract_faces
from emotion.extraction.features import choose_device
from emotion.extraction.fitting import fit_encoder
from emotion.extraction.settings import ExtractAudio, FacesStage, FitAudio, FitFace, FitText, Missing
from emotion.fusion.settings import FuseStage
from emotion.fusion.train import fuse

FITS: Final[Mapping[str, type[Settings]]] = {"audio": FitAudio, "face": FitFace, "text": FitText}


@dataclass(frozen=True)
class Run:
    """Where a run lies and what it reads.

    Attributes:
        folder: the run's.
        root: the corpus's.
    """

    folder: Path
    root: Path

    @property
    def scratch(self) -> Path:
        """For unfinished work of a step."""
        return self.folder / "scratch"

    @property
    def index(self) -> Index:
        """The utterances, once they are indexed; without labels of the test split."""
        return read_index(self.folder / "data" / "index.csv")

    def read(self, cls: type[S]) -> S:
        """The settings that a stage reads."""
        return read_part(cls, self.folder / "params.yaml")

    @property
    def annotators(self) -> Path:
        """What the raters say."""
        return self.folder / "data" / "annotators.csv"

    def encoder(self, modality: str) -> Path:
        """The folder of a fitted encoder."""
        return self.folder / "models" / "encoders" / modality

    def features(self, modality: str) -> Path:
        """The feature cache of a modality."""
        return self.folder / "data" / "features" / f"{modality}.h5"


@dataclass(frozen=True)
class Step:
    """One step of a run.

    Attributes:
        name: what is said of it.
        reads: the settings that it reads.
        after: names of the steps whose results it reads.
        makes: its results, in the run's folder; the last one is written last.
        do: the work.
    """

    name: str
    reads: type[Settings]
    after: tuple[str, ...]
    makes: tuple[str, ...]
    do: Callable[[Run], None]


def steps_of(modalities: Sequence[str]) -> Iterator[Step]:
    """All steps in their order; only of the modalities that the model sees."""
    yield Step("index", IndexStage, (), ("data/annotators.csv", "data/index.csv", "data/index.json"), _index)
    if "face" in modalities:
        yield Step("faces", FacesStage, ("index",), ("data/faces.h5", "data/faces.csv", "metrics/faces.json"), _faces)
    for name in modalities:
        media = ("index", "faces") if name == "face" else ("index",)
        made = (f"models/encoders/{name}", f"metrics/{name}_encoder.json")
        yield Step(f"fit {name}", FITS[name], media, made, partial(_fit, modality=name))
        after, made = (*media, f"fit {name}"), (f"data/features/{name}.h5", f"data/features/{name}.md")
        reads: type[Settings] = ExtractAudio if name == "audio" else Missing
        yield Step(f"extract {name}", reads, after, made, partial(_extract, modality=name))
    features = tuple(f"extract {name}" for name in modalities)
    yield Step("fuse", FuseStage, ("index", *features), ("models/fusion", "metrics/training.csv"), _fuse)
    yield Step("evaluate", Settings, ("index", "fuse"), ("metrics/metrics.json", "metrics/details.json"), _evaluate)


def _index(run: Run) -> None:
    params = run.read(IndexStage)
    index_corpus(
        corpus=params.corpus,
        root=run.root,
        out=run.folder / "data" / "index.csv",
        annotators=run.annotators,
        without_raters=True,
        **params.index.model_dump(),
    )


def _faces(run: Run) -> None:
    params, index = run.read(FacesStage), run.index
    extract_faces(
        index,
        root=run.root,
        out=run.folder / "data" / "faces.h5",
        report=run.folder / "metrics" / "faces.json",
        details=run.folder / "data" / "faces.csv",
        scratch=run.scratch,
        clips=params.face,
        max_seconds=params.max_seconds,
        max_missing=params.max_missing,
        on_error=params.on_error,
        execute=executors.where_there_is_some(index, "face", executors.choose()),
    )


def _fit(run: Run, *, modality: str) -> None:
    index = run.index
    params: Any = run.read(FITS[modality])
    if modality == "audio":
        made: Any = make_audio(index, params.audio, root=run.root, max_seconds=params.max_seconds)
    elif modality == "face":
        made = make_face(index, params.face, clips=run.folder / "data" / "faces.h5")
    else:
        made = make_text(index, params.text)
    fit_encoder(
        index,
        *made,
        out=run.encoder(modality),
        report=run.folder / "metrics" / f"{modality}_encoder.json",
        scratch=run.scratch,
        settings=getattr(params, modality),
        folds=params.fit.folds,
    )


def _extract(run: Run, *, modality: str) -> None:
    params = run.read(Missing)
    if modality == "audio":
        how = run.read(ExtractAudio)
        extract: Any = partial(extract_audio, root=run.root, channel=how.audio.channel, max_seconds=how.max_seconds)
    elif modality == "face":
        extract = partial(extract_face, clips=run.folder / "data" / "faces.h5")
    else:
        extract = extract_text
    extract(
        run.index,
        fitted=run.encoder(modality),
        out=run.features(modality),
        scratch=run.scratch,
        budget=budget(),
        max_missing=params.max_missing,
        on_error=params.on_error,
        execute=executors.choose(),
        device=choose_device(),
    )


def _fuse(run: Run) -> None:
    params = run.read(FuseStage)
    fuse(
        run.folder / "data" / "index.csv",
        {name: run.features(name) for name in params.modalities.split("+")},
        out=run.folder / "models" / "fusion",
        curve=run.folder / "metrics" / "training.csv",
        scratch=run.scratch,
        annotators=run.annotators,
        settings=params,
    )


def _evaluate(run: Run) -> None:
    evaluate(
        run.folder / "data" / "index.csv",
        run.folder / "models" / "fusion" / "probabilities.csv",
        run.folder / "metrics" / "training.csv",
        faces=run.folder / "metrics" / "faces.json",
        annotators=run.annotators,
        out=run.folder / "metrics",
    )
