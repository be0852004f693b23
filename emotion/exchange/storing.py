"""The folder of an import: written beside its place and put there as a whole, with whatever else lay in it."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import EmotionError, cannot, check_waits
from emotion.core.files import write_text, writing_folder
from emotion.core.progress import track
from emotion.corpus.utterance import Utterance, read_index, write_index
from emotion.exchange.values import Cleaned
from emotion.store.cache import Cache
from emotion.store.writer import CacheWriter

CORPUS = "imported"
_OURS = {"index.csv", "index.json", "import.json", *(f"features/{name}.h5" for name in ("audio", "face", "text"))}
_PASSING = (".lock", ".partial")  # ends of names that belong to a writer at work
_SCRATCH = ".import"
_LONG = 64 << 20  # bytes of a modality from which on progress is shown


def check_folder(out: Path) -> None:
    """See whether an import may write there; it never takes the place of a corpus that was indexed or extracted here.

    Raises:
        EmotionError: the place is taken, or cannot be replaced as a whole.
    """
    about = out / "index.json"
    if out.exists() and not out.is_dir():
        raise EmotionError(f"{out}: is a file, expected a folder to write to; choose another name")
    if os.path.ismount(out) or out.resolve() in (Path.cwd(), *Path.cwd().parents):
        raise EmotionError(f"{out}: is the current folder or a disk, which cannot be replaced; give a folder inside it")
    if not about.exists() and not all(map(_imported, (out / "features").glob("*.h5"))):
        raise EmotionError(f"{out}: holds features of another corpus; choose another folder")
    if about.exists():
        check_waits(about)
        try:
            corpus = json.loads(about.read_text(encoding="utf-8"))["corpus"]
        except (ValueError, KeyError, TypeError, RecursionError):
            corpus = "unknown"
        if corpus != CORPUS:
            raise EmotionError(f"{out}: holds the index of corpus {corpus}; choose another folder")


@contextmanager
def replacing(out: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the new folder and, in it, a private one for scratch; at the end it takes the place of `out`.

    Files there that no import makes come along. A kill at any moment leaves the old folder or the new one.

    Raises:
        EmotionError: another process imports into it, or it cannot be written; what was there is untouched.
    """
    place = out.resolve()  # where it is a link, what it leads to is replaced
    with writing_folder(place) as folder:
        scratch = folder / _SCRATCH
        scratch.mkdir(mode=0o700)
        yield folder, scratch
        shutil.rmtree(scratch)
        if place.is_dir():
            _carry(place, folder)


def store(
    folder: Path,
    scratch: Path,
    rows: Sequence[Utterance],
    *,
    label_names: Sequence[str],
    modalities: Mapping[str, Cleaned],
    report: Mapping[str, Any],
) -> None:
    """Write index, caches and report (import.json) to a folder; unfinished caches lie in `scratch`."""
    write_index(folder / "index.csv", rows, labels=label_names, corpus=CORPUS, notes={})
    digest = read_index(folder / "index.csv").digest
    for modality, found in modalities.items():
        writer = CacheWriter(
            folder / "features" / f"{modality}.h5",
            ids=[row.utterance for row in rows],
            shape=(found.values.shape[1],),
            dtype="float32",
            attributes={"modality": modality, "index": digest, "encoder": CORPUS},  # training: unknown
            scratch=scratch,
        )
        with writer:  # after a kill all is done again: it takes seconds
            vectors: Iterable[tuple[NDArray[np.float32], str]] = zip(found.values, found.reasons, strict=True)
            if found.values.nbytes > _LONG:
                vectors = track(vectors, total=len(rows), title=modality, unit="utterances")
            for vector, reason in vectors:
                writer.append(None if reason else vector[None], reason)
    write_text(folder / "import.json", json.dumps(report, indent=2) + "\n")


def _imported(path: Path) -> bool:
    """Whether a cache is of an import: one that was killed leaves some without an index."""
    try:
        with Cache(path) as cache:
            return bool(cache.attributes.get("encoder") == CORPUS)
    except EmotionError:
        return False


def _carry(old: Path, new: Path) -> None:
    """What lies in the old folder and is none of ours, as links to the same data: nothing is moved or lost."""
    for root, folders, names in os.walk(old):
        inside = Path(root).relative_to(old)
        links = [name for name in folders if (old / inside / name).is_symlink()]
        for name in (*names, *links):
            place = inside / name
            if place.as_posix() not in _OURS and not name.endswith(_PASSING):
                (new / inside).mkdir(parents=True, exist_ok=True)
                _link(old / place, new / place)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # a disk without hard links
        try:
            shutil.copy2(source, target, follow_symlinks=False)
        except OSError as error:
            raise cannot("be copied", source, error) from None
