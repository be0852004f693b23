"""Reader of a corpus that is nothing but folders: `<emotion>/<speaker>_<number>.wav`."""

from collections.abc import Iterator
from pathlib import Path


def read(root: Path) -> Iterator[dict[str, object]]:
    """One row per sound file: each is a conversation of its own."""
    for path in sorted(root.glob("*/*.wav")):
        emotion, (speaker, _, _) = path.parent.name, path.stem.rpartition("_")
        yield {"utterance": f"{emotion}-{path.stem}", "label": emotion, "speaker": speaker, "audio": path}
