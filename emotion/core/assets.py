"""Files of others that are no part of the project: which ones, where they are kept, how they come there when asked for.

One copy per user is kept in the assets folder of the Hugging Face cache (`HF_HOME`, `HF_ASSETS_CACHE`), so that every
clone and every queued experiment finds it. A file is what its sha256 says, whoever gave it.
"""

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from logging import ERROR
from pathlib import Path
from typing import Any, Final

from huggingface_hub import constants, get_session, hf_hub_download
from huggingface_hub.utils import logging
from huggingface_hub.utils.tqdm import disable_progress_bars

from emotion.core.errors import EmotionError, cannot, check_waits
from emotion.core.files import writing
from emotion.core.text import shortened

HUB: Final = "hub:"


@dataclass(frozen=True)
class File:
    """What a file must be: its size in bytes and its sha256 in hex."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Asset:
    """Some files that belong together.

    Attributes:
        name: in `emotion fetch NAME`, and of the folder where they are kept.
        what: e.g. "YuNet's weights".
        origin: who gives them out, e.g. "OpenCV Zoo".
        files: name -> what it must be.
        places: where they are, one after the other until one has them: `hub:OWNER/NAME@REVISION` on the Hugging Face
            hub, or the https address of their folder.
    """

    name: str
    what: str
    origin: str
    files: Mapping[str, File]
    places: Sequence[str]

    @property
    def command(self) -> str:
        """What the user types to get them."""
        return f"emotion fetch {self.name}"

    @property
    def folder(self) -> Path:
        """Where they are kept."""
        return Path(constants.HF_ASSETS_CACHE) / "emotion" / self.name

    def is_here(self) -> bool:
        """Whether somebody has fetched all of them; `installed` checks them."""
        return all((self.folder / name).is_file() for name in self.files)

    def installed(self) -> Path:
        """The folder that holds the files, checked.

        Raises:
            EmotionError: one is not there, or damaged; names the command.
        """
        for name in self.files:
            path = self.folder / name
            if not path.is_file():
                raise EmotionError(f"{self.what} are not on this machine: {path}; fetch them once: {self.command}")
            self._read(name, path, remedy=f"fetch it again: {self.command}")
        return self.folder

    def fetch(self, source: Path | None = None) -> Path:
        """Put the files where `installed` finds them.

        Args:
            source: a copy: the file, or a folder with the files; None = download them, which nothing else here does.

        Returns:
            The folder that holds them.

        Raises:
            EmotionError: no place can be reached, or a file is another one; what was there is untouched.
        """
        contents = self._download() if source is None else self._copied(source)
        for name, content in contents.items():
            with writing(self.folder / name) as partial:
                partial.write_bytes(content)
        return self.folder

    def _copied(self, source: Path) -> dict[str, bytes]:
        if len(self.files) > 1 and not source.is_dir():
            names = ", ".join(self.files)
            raise EmotionError(f"{source}: no such folder, expected one that holds {names} of {self.origin}")
        paths = {name: source / name if source.is_dir() else source for name in self.files}
        for name, path in paths.items():
            if not path.exists():
                raise EmotionError(f"{path}: no such file, expected {self.origin}'s {name}; check the path of --from")
        return {name: self._read(name, path, remedy=f"give {self.origin}'s {name}") for name, path in paths.items()}

    def _read(self, name: str, path: Path, *, remedy: str) -> bytes:
        """The content of a file, which is the right one by its sha256."""
        check_waits(path)
        wanted = self.files[name]
        try:
            with path.open("rb") as file:
                content = file.read(wanted.size + 1)
        except OSError as error:
            raise cannot("be read", path, error) from None
        found = hashlib.sha256(content).hexdigest()
        if found != wanted.sha256:
            told = f"its sha256 is {found[:16]}..., expected {wanted.sha256[:16]}..."
            raise EmotionError(f"{path}: {told} of {name}; {remedy}")
        return content

    def _download(self) -> dict[str, bytes]:
        disable_progress_bars()
        logging.set_verbosity(ERROR)  # each attempt to reach the hub
        reason = ""
        for place in self.places:
            try:
                with tempfile.TemporaryDirectory() as folder:
                    return {name: self._from(place, name, Path(folder)) for name in self.files}
            except Exception as error:  # the hub's errors, and those of the libraries below it, have no common kind
                reason = f"{place.removeprefix(HUB)}: {shortened(str(error) or type(error).__name__, most=120)}"
        names = ", ".join(self.files)
        raise EmotionError(
            f"{names}: cannot be downloaded ({reason}); download {'it' if len(self.files) == 1 else 'them'} from "
            f"{self.origin} on another machine, then: {self.command} --from {'FILE' if len(self.files) == 1 else 'DIR'}"
        )

    def _from(self, place: str, name: str, folder: Path) -> bytes:
        """One file of a place."""
        if place.startswith(HUB):
            repository, _, revision = place.removeprefix(HUB).partition("@")
            more: dict[str, Any] = {"revision": revision} if revision else {}
            path = Path(hf_hub_download(repository, name, local_dir=folder, **more))
        else:
            path = folder / name
            _get(f"{place}/{name}", path, most=self.files[name].size)
        return self._read(name, path, remedy="that place has another")


def _get(address: str, path: Path, *, most: int) -> None:
    """Write what is at an address; at most one byte too many, so that a wrong file is seen and not kept.

    By the hub's client, so that `HF_HUB_OFFLINE` and proxies count here too.
    """
    left = most + 1
    with get_session().stream("GET", address, follow_redirects=True) as answer, path.open("wb") as file:
        answer.raise_for_status()
        for part in answer.iter_bytes():
            file.write(part[:left])
            left -= len(part)
            if left <= 0:
                break
