"""Own features in a protocol that holds out what they were trained on: each fold gets encoders and features of its own.

OUT/folds/Ses01/encoders/audio       fitted without the session's utterances, by the code of the stage fit@audio
               /encoders/audio.json  how the fit went
               /encoders/audio.key   of what: settings, utterances, media, code; written when it is finished
               /features/audio.h5    of all utterances, by the code of the stage extract@audio
               /features/audio.key   likewise
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from emotion.core import environment, logs, plugins
from emotion.core.closure import digest_files
from emotion.core.errors import EmotionError
from emotion.core.files import write_text
from emotion.extraction import executors
from emotion.extraction.extract_audio import extract_audio
from emotion.extraction.extract_face import extract_face
from emotion.extraction.extract_text import extract_text
from emotion.extraction.features import choose_device
from emotion.extraction.fit_time import How, made, spoken, time_of
from emotion.extraction.fitting import fit_encoder
from emotion.extraction.provenance import code_of
from emotion.media.audio import files
from emotion.media.settings import Clips
from emotion.params import Params, read_params
from emotion.store.cache import Cache
from emotion.store.overlap import check_cache, overlaps
from emotion.store.trained import check_folder
from emotion.store.writer import fingerprint
from emotion.study.folds import Fold

_EXTRACT: dict[str, Callable[..., None]] = {"audio": extract_audio, "face": extract_face, "text": extract_text}


def refit_features(folds: Sequence[Fold], features: Mapping[str, Path], *, data: Path, out: Path) -> list[Fold]:
    """The folds, each with features whose encoders know nothing of what it scores.

    Where the features' encoders do, they are fitted and extracted again for every fold, with the settings in the
    current folder's params.yaml. What an interrupted run has finished is kept.

    Args:
        folds: of the protocol.
        features: modality -> cache.
        data: the folder of index and features, with `raw/<corpus>` and `faces.h5`.
        out: folder for the folds' encoders and features.

    Raises:
        EmotionError: the protocol is the index's own split, so the features are to be made again; or what is needed to
            make them for each fold is not there.
    """
    known = [name for fold in folds for name in overlaps(features, fold.index)]
    modalities = [name for name in features if name in known]
    if not modalities:
        return list(folds)
    if not folds[0].name:
        with Cache(features[modalities[0]]) as cache:
            check_cache(cache, modalities[0], folds[0].index)
    params = read_params()
    work = [_Work(fold, name, params, data, out / fold.name) for fold in folds for name in modalities]
    for item in work[: len(modalities)]:
        item.check_media()
    _do([item for item in work if not item.finished()], len(work), modalities, out)
    made_for = {fold.name: {name: out / fold.name / "features" / f"{name}.h5" for name in modalities} for fold in folds}
    return [replace(fold, features=made_for[fold.name]) for fold in folds]


@dataclass(frozen=True)
class _Work:
    """One modality of one fold."""

    fold: Fold
    modality: str
    params: Params
    data: Path
    out: Path

    @property
    def settings(self) -> dict[str, Any]:
        """Of params.yaml, what the stages fit and extract read."""
        section = dict(getattr(self.params, self.modality))
        if self.modality == "audio":
            section["max_seconds"] = self.params.max_seconds
        return {name: value for name, value in section.items() if name not in Clips.model_fields}

    @property
    def how(self) -> How:
        """What the encoder is made and fitted with."""
        media: dict[str, Any] = {**self._media()}
        if self.modality == "audio":
            media["max_seconds"] = self.params.max_seconds
        return How(self.modality, getattr(self.params, self.modality), media, self.params.fit.folds)

    @property
    def fitted(self) -> Path:
        """Folder of the encoder."""
        return self.out / "encoders" / self.modality

    @property
    def cache(self) -> Path:
        """The features."""
        return self.out / "features" / f"{self.modality}.h5"

    def _media(self) -> dict[str, Path]:
        media = {
            "audio": {"root": self.data / "raw" / self.fold.index.corpus},
            "face": {"clips": self.data / "faces.h5"},
        }
        return media.get(self.modality, {})

    def check_media(self) -> None:
        """Raise EmotionError where the media are not there."""
        for path in self._media().values():
            if not path.exists():
                raise EmotionError(
                    f"{path}: not found, but this protocol fits and extracts {self.modality} again for each session; "
                    "put it there, or use --protocol split"
                )

    def finished(self) -> bool:
        """Whether an earlier run has made the features."""
        if _read(self.cache.with_suffix(".key")) != self._key(extracted=True):
            return False
        try:
            with Cache(self.cache) as cache:
                cache.check()
        except EmotionError:
            return False
        return True

    def do(self) -> None:
        """Fit and extract, as far as an earlier run has not."""
        scratch, key = self.out / "scratch", self.fitted.with_suffix(".key")
        logs.info(f"study: {self.modality} encoder and features of fold {self.fold.name}")
        if not (_read(key) == self._key() and self._whole()):
            how = self.how
            fit_encoder(
                self.fold.index,
                *made(how, self.fold.index),
                out=self.fitted,
                report=self.fitted.with_suffix(".json"),
                scratch=scratch,
                settings=how.settings,
                folds=how.folds,
            )
            write_text(key, self._key() + "\n")
        reading = {name: self.settings[name] for name in ("channel", "max_seconds") if name in self.settings}
        _EXTRACT[self.modality](
            self.fold.index,
            **self._media(),
            **reading,
            fitted=self.fitted,
            out=self.cache,
            scratch=scratch,
            budget=environment.budget(),
            max_missing=self.params.max_missing,
            on_error=self.params.on_error,
            execute=executors.choose(),
            device=choose_device(),
        )
        write_text(self.cache.with_suffix(".key"), self._key(extracted=True) + "\n")

    def _whole(self) -> bool:
        try:
            check_folder(self.fitted, remedy="")
        except EmotionError:
            return False
        return True

    def _key(self, *, extracted: bool = False) -> str:
        """Names what is made by all that it depends on."""
        known: list[Any] = [self.modality, self.settings, self.params.fit.folds, repr(self.fold.index)]
        known += [
            fingerprint(self._files()),
            choose_device(),
            code_of(self.modality),
            *_own_code(self.settings["encoder"]),
        ]
        if extracted:
            known += [self.params.max_missing, self.params.on_error]
        return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()

    def _files(self) -> list[Path]:
        media = self._media()
        return files(self.fold.index, root=media["root"]) if "root" in media else list(media.values())


def _own_code(encoder: str) -> list[str]:
    """Digest of all that an encoder of one's own is made of."""
    return [digest_files(plugins.files(encoder), root=plugins.project())] if plugins.is_name(encoder) else []


def _do(todo: Sequence[_Work], total: int, modalities: Sequence[str], out: Path) -> None:
    """Say what will be done and how long it takes, then do it and say how long is left."""
    if not todo:
        return
    needed = {name: next((item for item in todo if item.modality == name), None) for name in modalities}
    seconds = {name: time_of(item.how, item.fold.index) for name, item in needed.items() if item is not None}
    expected = [seconds[item.modality] for item in todo]
    logs.info(
        f"study: the encoders of {', '.join(modalities)} know utterances that this protocol scores, so they are fitted "
        f"and extracted again for each fold, into {out}: {len(todo)} of {total} to do, about {spoken(sum(expected))} "
        "(from a sample; less where fitting stops early)"
    )
    start = time.monotonic()
    for count, item in enumerate(todo, start=1):
        item.do()
        left = (time.monotonic() - start) / sum(expected[:count]) * sum(expected[count:])
        done = f"study: {total - len(todo) + count} of {total} fitted and extracted"
        logs.info(f"{done}, about {spoken(left)} left" if count < len(todo) else done)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
