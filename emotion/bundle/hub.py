"""Packed models on the Hugging Face hub: put one there, get one from there; only when a user asks.

Who may do it is the hub's business: log in with its own program, `hf auth login`.
"""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from huggingface_hub import HfApi
from safetensors import SafetensorError

from emotion.bundle.card import CARD, Card, read_card
from emotion.bundle.folder import check
from emotion.bundle.packing import check_out
from emotion.core import logs
from emotion.core.errors import EmotionError
from emotion.core.files import writing_folder
from emotion.core.text import counted, quoted, shortened

ORIGIN: Final = ".hub.json"  # hidden, so that it is no file of the model
_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_HUBS_OWN: Final = {".gitattributes", "README.md"}  # what a new repository has
_CACHE: Final = ".cache"  # where the hub's client notes what it downloaded


def push(folder: Path, name: str, *, public: bool = False) -> str:
    """Put a packed model on the hub; what else is in the repository of an earlier one is removed there.

    Args:
        folder: the model's.
        name: `OWNER/NAME` of the repository; it is made, private, where there is none.
        public: make it for everybody. A repository that is there stays as it is.

    Returns:
        The commit: a revision that always means this model.

    Raises:
        EmotionError: the folder is damaged, a public model has no licence, the repository holds something else, or the
            hub cannot be reached or refuses.
    """
    _check_name(name)
    card = check(folder).card
    if public and not card.licence:
        raise EmotionError(
            f"{folder}: the licence of the weights is not said; a public model needs one: pack it again with --licence"
        )
    corpus = f"{card.corpus.name} ({card.corpus.licence or 'licence not known'})"
    logs.info(f"push: trained on {corpus}: see whether that lets you give the model away")
    files = [*card.files, CARD]
    with _hub(name, "put on"):
        api = HfApi()
        api.create_repo(name, private=not public, exist_ok=True)
        there = set(api.list_repo_files(name))
        if there - _HUBS_OWN and CARD not in there:
            raise EmotionError(f"{name}: holds something else than a packed model and is not replaced; choose another")
        told = f"{card.model} on {'+'.join(card.modalities)}, trained on {card.corpus.name}"
        made = api.upload_folder(
            repo_id=name, folder_path=folder, allow_patterns=files, delete_patterns="*", commit_message=told
        )
    return str(made.oid)


def pull(name: str, out: Path, *, revision: str = "main") -> tuple[Card, str]:
    """Get a packed model from the hub; it appears complete and checked (`folder.check`) or not at all.

    Args:
        name: `OWNER/NAME` of the repository.
        out: the folder to write; a packed model that is there is replaced, anything else is not.
        revision: a branch, a tag or a commit.

    Returns:
        Its card, and the commit that all its files are of.

    Raises:
        EmotionError: the hub cannot be reached or has no such model, it is no packed model, or it is damaged.
    """
    _check_name(name)
    check_out(out)
    with writing_folder(out, SafetensorError) as folder, _hub(name, "got from"):
        api = HfApi()
        commit = str(api.model_info(name, revision=revision).sha)
        if CARD not in api.list_repo_files(name, revision=commit):
            raise EmotionError(f"{name}: has no {CARD}, expected a packed model (emotion model push)")
        api.hf_hub_download(name, CARD, revision=commit, local_dir=folder)
        card = read_card(folder)
        for file in card.files:
            _check_place(file, name)
        logs.info(f"pull: {counted(len(card.files) + 1, 'files')} of {name}, revision {commit}")
        api.snapshot_download(name, revision=commit, local_dir=folder, allow_patterns=[*card.files, CARD])
        shutil.rmtree(folder / _CACHE, ignore_errors=True)
        check(folder)
        origin = json.dumps({"name": name, "revision": commit}, indent=2) + "\n"
        (folder / ORIGIN).write_text(origin, encoding="utf-8")
    return card, commit


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise EmotionError(f"{quoted(name, most=60)}: expected OWNER/NAME, a repository on the Hugging Face hub")


def _check_place(file: str, name: str) -> None:
    """Refuse what could lead out of the folder, or is a pattern to the hub's client."""
    path = PurePosixPath(file)
    if path.is_absolute() or ".." in path.parts or re.search(r"[*?\[\]\\:\0]", file):
        raise EmotionError(f"{name}: its card names {quoted(file, most=60)}, expected files of the folder; not taken")


@contextmanager
def _hub(name: str, done: str) -> Iterator[None]:
    """One line for whatever the hub's client says, which has errors of many kinds."""
    try:
        yield
    except (EmotionError, OSError) as error:
        if isinstance(error, EmotionError) or not type(error).__module__.startswith(("huggingface_hub", "httpx")):
            raise
        raise _refused(name, done, error) from None
    except Exception as error:
        raise _refused(name, done, error) from None


def _refused(name: str, done: str, error: Exception) -> EmotionError:
    why = shortened(" ".join(str(error).split()) or type(error).__name__, most=160)
    return EmotionError(
        f"{name}: cannot be {done} the Hugging Face hub ({why}); check name and network, and log in where it is not "
        "public: hf auth login"
    )
