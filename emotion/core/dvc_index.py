"""Where DVC keeps its index, which it unpickles: in the project, and nobody else may write to it or look into it.

DVC takes `core.site_cache_dir` as relative to the folder in which it is started, and a queue's worker starts it in
another one. So the full path goes to .dvc/config.local, which git ignores; .dvc/config has a relative one for the very
first run.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from configobj import ConfigObj

NAME = ".dvc-index"
PROJECTS = (Path(), Path("benchmarks/iemocap_features"))  # each with a folder .dvc


def settle(projects: Iterable[Path] = PROJECTS) -> None:
    """Write down the full path, and give mode 0700 to the folder and to those that DVC made in subfolders before.

    In a copy of the project, in which DVC runs a queued experiment, nothing is done: it has the original's settings.
    """
    if not Path(os.environ.get("DVC_ROOT", ".")).samefile("."):
        return
    with suppress(OSError):  # of another owner, or read-only: DVC will say what it cannot do
        for project in projects:
            if (project / ".dvc").is_dir():
                _name_the_folder(project / ".dvc" / "config.local", str((project / NAME).resolve()))
        for folder in (*Path().glob(NAME), *Path().glob(f"*/{NAME}"), *Path().glob(f"*/*/{NAME}")):
            folder.chmod(0o700)


def _name_the_folder(path: Path, wanted: str) -> None:
    settings = ConfigObj(str(path), list_values=False)
    core = settings.setdefault("core", {})
    if core.get("site_cache_dir") != wanted:
        core["site_cache_dir"] = wanted
        settings.write()


if __name__ == "__main__":
    settle()
