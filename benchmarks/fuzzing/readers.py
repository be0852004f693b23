"""Who reads what in the product: each function reads a folder as a command would, and raises what that raises."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fuzzing import material, media, stored

LINE = 1000  # characters that a message may have


@dataclass(frozen=True)
class Reader:
    """A kind of foreign file.

    Attributes:
        make: fills a folder with good variants, a subfolder each.
        read: reads one variant.
        share: weight in the number of files.
        heavy: loads large libraries.
    """

    make: Callable[[Path], None]
    read: Callable[[Path], None]
    share: int = 1
    heavy: bool = False


class Inconsistent(Exception):
    """What the product wrote it cannot use itself."""


def _corpus(name: str, split: str) -> Callable[[Path], None]:
    def read(folder: Path) -> None:
        from emotion.core.errors import EmotionError
        from emotion.corpus.index import index_corpus
        from emotion.corpus.utterance import read_index

        out = folder.parent / "out" / "index.csv"
        out.parent.mkdir(exist_ok=True)
        index_corpus(
            corpus=name,
            root=folder,
            out=out,
            label_rule="released",
            split=split,
            allow_speaker_overlap=True,
            annotators=out.with_name("annotators.csv") if name == "iemocap" else None,
        )
        try:
            read_index(out)
        except EmotionError as error:
            raise Inconsistent(f"index.csv was written and is refused: {error}") from None

    return read


def _params(folder: Path) -> None:
    from emotion.params import read_params

    read_params(folder / "params.yaml")


def _recipes(folder: Path) -> None:
    from emotion.fusion.recipes import read_recipe

    for path in sorted(folder.glob("*.yaml")):
        read_recipe(path.stem, folder)


def _medium(folder: Path) -> Path:
    return next(folder.glob("medium.*"))


def flaw(text: str) -> str:
    """What is wrong with a message; '' = it is one line that can be shown."""
    from emotion.core.text import is_printable

    return "" if text and is_printable(text) and len(text) < LINE else "a line that cannot be shown"


def _all(*calls: Callable[[], object], also: Sequence[Callable[[], object]] = ()) -> None:
    """Make all calls; raise the first refusal at the end. What is called `also` may refuse good files, too."""
    from emotion.core.errors import EmotionError

    refused: list[EmotionError] = []
    for call in (*calls, *also):
        try:
            call()
        except EmotionError as error:
            if call in calls or flaw(str(error)):
                refused.append(error)
    if refused:
        raise next((error for error in refused if flaw(str(error))), refused[0])


def _sound(folder: Path) -> None:
    from emotion.corpus.lengths import media_length
    from emotion.media.audio import read_segment
    from emotion.media.probe import decode

    path = _medium(folder)
    _all(
        lambda: media_length(path),
        lambda: decode(path, ("audio",)),
        lambda: read_segment(path, start=0.2, end=0.8, rate=16000),
        also=[lambda: read_segment(path, start=0, end=1e9, rate=16000, channel=1, max_seconds=600)],
    )


def _video(folder: Path) -> None:
    from emotion.core.errors import MediaError
    from emotion.corpus.lengths import media_length
    from emotion.extraction.faces import video_clips
    from emotion.media.audio import read_segment
    from emotion.media.probe import decode
    from emotion.media.settings import Clips

    path = _medium(folder)

    def clips() -> None:
        spans = [(0.1, 0.6, "full"), (0.5, 1e9, "left")]
        for _, item in video_clips(path, spans, Clips(size=32), max_seconds=600.0):
            if item.reason and flaw(item.reason):
                raise MediaError(item.reason)

    _all(
        lambda: media_length(path),
        lambda: decode(path, ("video",)),
        clips,
        also=[lambda: read_segment(path, start=0.2, end=0.8, rate=16000), lambda: decode(path, ("audio", "video"))],
    )


def _pickle(folder: Path) -> None:
    from emotion.exchange.feature_file import read_feature_file
    from emotion.exchange.kinds import check_kind

    check_kind(folder / "features.pkl")
    read_feature_file(folder / "features.pkl", text_block="mean")


def _import(folder: Path) -> None:
    from emotion.core.errors import EmotionError
    from emotion.exchange.exporting import export_features
    from emotion.exchange.importing import import_features

    out = folder.parent / "out"
    import_features(folder / "features.pkl", out=out, split="file", label_names=material.LABELS)
    try:
        export_features(out, out=folder.parent / "again.pkl")
    except EmotionError as error:
        raise Inconsistent(f"imported, and cannot be exported: {error}") from None


def _cache(folder: Path) -> None:
    from emotion.corpus.utterance import read_index
    from emotion.fusion.dataset import load
    from emotion.store.cache import Cache, verify

    path = folder / "features" / "text.h5"

    def show() -> None:
        with Cache(path) as cache:
            for number in range(min(len(cache), 100)):
                cache[number]
            str(cache.attributes)

    _all(
        show, lambda: verify(path), lambda: load(read_index(folder / "index.csv"), {"text": path}, history=2, future=0)
    )


def _journal(folder: Path) -> None:
    from emotion.store.journal import Journal

    path = folder / "work.journal"
    for _ in range(2):
        with closing(Journal(path)) as journal:
            kept = len(journal.metas)
            if kept != len(list(journal.payloads(range(kept)))):
                raise Inconsistent("records without content")
            journal.append({"i": 99}, b"new")
            journal.flush()
    with closing(Journal(path)) as journal:
        if journal.metas[-1] != {"i": 99} or len(journal.metas) < kept + 1:
            raise Inconsistent("what was appended is lost")


def _checkpoint(folder: Path) -> None:
    import numpy as np
    import torch

    from emotion.encoders import for_audio, for_face, for_text
    from emotion.encoders.describe import describe
    from emotion.encoders.settings import Audio, Face, Text

    modality = folder.name.partition("-")[0]
    name = str(folder)

    def use() -> None:
        sound = np.zeros(16000, np.float32)
        clip = np.zeros((8, 16, 16), np.uint8)
        encoder, item = {
            "text": lambda: (for_text.new_encoder(Text(encoder=name, dim=0)), "I was there"),
            "audio": lambda: (for_audio.new_encoder(Audio(encoder=name)), sound),
            "face": lambda: (for_face.new_encoder(Face(encoder=name, frames=8), size=16), clip),
        }[modality]()
        encoder.prepare([item])
        with torch.inference_mode():
            encoder.eval()(encoder.collate([item]))

    _all(lambda: describe(name), use)


def _encoder(folder: Path) -> None:
    from emotion.encoders import for_audio, for_face, for_text
    from emotion.encoders.describe import describe
    from emotion.encoders.folds import load_folds

    rooms = {"text": for_text, "audio": for_audio, "face": for_face}
    load = rooms[folder.name.partition("-")[0]].load_encoder
    _all(lambda: load_folds(folder, load), lambda: describe(str(folder)))


def _index(folder: Path) -> None:
    from emotion.corpus.utterance import read_index
    from emotion.study.folds import make_folds

    path = folder / "index.csv"
    played = [lambda name=name: make_folds(path, protocol=name) for name in ("scenario", "random")]
    _all(lambda: read_index(path, test_labels=True), lambda: make_folds(path, protocol="session"), also=played)


def _results(folder: Path) -> None:
    from emotion.evaluation.annotators import read_votes
    from emotion.evaluation.report import evaluate
    from emotion.evaluation.summary import summary

    out = folder.parent / "metrics"

    def report() -> None:
        given = (folder / "index.csv", folder / "probabilities.csv", folder / "training.csv")
        evaluate(*given, out=out, faces=folder / "faces.json")
        summary(out)

    _all(report, lambda: read_votes(folder / "annotators.csv", material.LABELS))


def _summary(folder: Path) -> None:
    from emotion.evaluation.summary import summary

    summary(folder)


def _run(folder: Path) -> None:
    from emotion.study.run import read_result

    read_result(folder / "fusion.npz")


def _export(folder: Path) -> None:
    from emotion.exchange.exporting import export_features

    export_features(folder, out=folder.parent / "again.pkl")


READERS: dict[str, Reader] = {
    "tables": Reader(material.tables, _corpus("table", "corpus"), 7),
    "iemocap": Reader(material.iemocap, _corpus("iemocap", "session5"), 4),
    "meld": Reader(material.meld, _corpus("meld", "corpus"), 3),
    "params": Reader(material.params, _params, 3),
    "recipes": Reader(material.recipes, _recipes, 2, heavy=True),
    "sound": Reader(media.sounds, _sound, 5, heavy=True),
    "video": Reader(media.videos, _video, 6, heavy=True),
    "pickles": Reader(material.pickles, _pickle, 6),
    "import": Reader(material.pickles, _import, 1),
    "caches": Reader(stored.caches, _cache, 5, heavy=True),
    "journals": Reader(stored.journals, _journal, 3),
    "checkpoints": Reader(stored.checkpoints, _checkpoint, 5, heavy=True),
    "encoders": Reader(stored.encoders, _encoder, 4, heavy=True),
    "index": Reader(stored.index, _index, 3),
    "results": Reader(stored.results, _results, 2),
    "summary": Reader(stored.summaries, _summary, 1),
    "runs": Reader(stored.runs, _run, 1, heavy=True),
    "export": Reader(stored.imports, _export, 1),
}
