"""A training from the corpus to the packed model, which goes on where a kill left it.

The run's folder is laid out like the project (params.yaml, data/, models/, metrics/), and the model has the bytes that
the pipeline's has. `done.json` there says what each finished step was made of: a step is done again where its settings,
the corpus, a step before it or the code changed, and only then.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import emotion
from emotion.bundle.card import Card
from emotion.bundle.folder import KNOWN
from emotion.bundle.packing import check_out, pack
from emotion.core import logs, plugins
from emotion.core.errors import EmotionError, cannot
from emotion.core.files import write_text
from emotion.core.locks import hold
from emotion.core.objects import read_object
from emotion.params import Params, as_yaml
from emotion.pipeline.checks import check_settings, check_space
from emotion.pipeline.steps import Run, Step, steps_of
from emotion.store.writer import fingerprint

DONE: Final = "done.json"


def train(params: Params, *, root: Path, out: Path, run: Path, name: str = "", licence: str = "") -> Card:
    """Train a model on a corpus and write it as one folder; after a kill the same call goes on where it was.

    Args:
        params: all settings; `corpus` says which reader reads the corpus.
        root: the corpus's folder.
        out: the model's folder; a packed model that is there is replaced, anything else is not.
        run: folder for what is made on the way. It is kept: with other settings only the steps are done that read them.
        name: see `pack`.
        licence: see `pack`.

    Raises:
        EmotionError: the corpus cannot be used, something that a later step needs is missing, a step fails, another
            run works in the same folder, or a folder is somebody's own; the model appears complete or not at all.
    """
    check_out(out)
    _check_run(run, out)
    for folder in (run, out):
        check_space(folder)
    check_settings(params, root=root)
    params = _at_home(params)
    with hold(run):
        here = Run(run, root)
        _begin(here, params)
        steps = list(steps_of(params.modalities.split("+")))
        keys: dict[str, str] = {}
        for number, step in enumerate(steps, start=1):
            title = f"train: step {number} of {len(steps) + 1}, {step.name}"
            keys[step.name] = _key(here, step, params, keys)
            if step.after and _done(run).get(step.name) == keys[step.name] and _is_whole(run, step):
                logs.info(f"{title}: done before")
                continue
            logs.info(title)
            step.do(here)
            if not step.after:  # what follows depends on what was read, not on that it was
                keys[step.name] = _of_corpus(here)
                if not (run / "data" / "faces.h5").exists():
                    check_space(run, index=here.index, params=params)
            write_text(run / DONE, json.dumps(_done(run) | {step.name: keys[step.name]}, indent=2) + "\n")
        logs.info(f"train: step {len(steps) + 1} of {len(steps) + 1}, pack")
        return pack(out, project=run, name=name, licence=licence)


def _at_home(params: Params) -> Params:
    """The settings with the whole path of a detector of one's own: the run's folder is not where it is looked for."""
    detector = params.face.detector
    whole = detector if detector in KNOWN else str(Path(detector).resolve())
    return params.model_copy(update={"face": params.face.model_copy(update={"detector": whole})})


def _check_run(run: Path, out: Path) -> None:
    if run.resolve() == out.resolve():
        raise EmotionError(f"{run}: is the model's folder too; choose another folder for the run")
    if run.is_file() or (run.is_dir() and any(run.iterdir()) and not (run / DONE).is_file()):
        raise EmotionError(f"{run}: is not of an earlier training and is not replaced; choose another --run")


def _begin(run: Run, params: Params) -> None:
    """Make the run's folder: its mark, its settings, and a link to the corpus as the project has it."""
    link = run.folder / "data" / "raw" / params.corpus
    try:
        run.folder.mkdir(parents=True, exist_ok=True)
        if not (run.folder / DONE).exists():
            write_text(run.folder / DONE, "{}\n")
        write_text(run.folder / "params.yaml", as_yaml(params))
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(run.root.resolve(), target_is_directory=True)
    except OSError as error:
        raise cannot("be written", run.folder, error) from None


def _done(run: Path) -> dict[str, Any]:
    return read_object(run / DONE, remedy="remove the folder and train again")


def _is_whole(run: Path, step: Step) -> bool:
    return all((run / name).exists() for name in step.makes)


def _key(run: Run, step: Step, params: Params, keys: Mapping[str, str]) -> str:
    """Names what a step depends on: its settings, the steps before it, the code."""
    named = [params.corpus, params.model, params.audio.encoder, params.face.encoder, params.text.encoder]
    own = [hashlib.sha256((plugins.project() / name).read_bytes()).hexdigest() for name in plugins.files_of(named)]
    known = (run.read(step.reads).model_dump(), [keys[name] for name in step.after], own, _code())
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def _of_corpus(run: Run) -> str:
    """Names what was read of the corpus: its index, and its media by size and time of their last change."""
    index = run.index
    media = sorted({name for row in index.utterances for name in (row.audio, row.video) if name})
    digest = hashlib.sha256(fingerprint([run.root / name for name in media]).encode())
    for name in ("index.csv", "index.json", "annotators.csv"):
        digest.update((run.folder / "data" / name).read_bytes())
    return digest.hexdigest()


@cache
def _code() -> str:
    """Sha256 of this program, as it was when it began."""
    digest, package = hashlib.sha256(), Path(emotion.__file__).parent
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\n" + path.read_bytes())
    return digest.hexdigest()
