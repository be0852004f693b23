"""The picture of the pipeline in README.md: a Mermaid flowchart made from dvc.yaml and data/dvc.yaml."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx
from ruamel.yaml import YAML

FILES = ("data/dvc.yaml", "dvc.yaml")
CODE = "code"  # stands before every other stage, so it is not drawn


@dataclass(frozen=True)
class Stage:
    """What a stage reads and writes: paths relative to the project's folder."""

    deps: tuple[str, ...]
    outs: tuple[str, ...]


def stages(root: Path) -> dict[str, Stage]:
    """Name -> stage, `foreach` unfolded, in the order of the files; without `code`.

    Args:
        root: the project's folder.
    """
    corpus = _read(root / "params.yaml")["corpus"]
    written = {name: stage for file in FILES for name, stage in _read(root / file)["stages"].items()}
    found = {}
    for name, stage in written.items():
        for key, item in stage.get("foreach", {"": {}}).items():
            names = {"corpus": corpus, "key": key} | {f"item.{one}": value for one, value in item.items()}
            one = stage.get("do", stage)
            outs = [*one.get("outs", []), *one.get("metrics", [])]
            found[f"{name}@{key}" if key else name] = Stage(
                tuple(_filled(path, names) for path in _paths(one["deps"])),
                tuple(_filled(path, names) for path in _paths(outs)),
            )
    return {name: stage for name, stage in found.items() if name != CODE}


def edges(found: Mapping[str, Stage]) -> set[tuple[str, str]]:
    """(stage, stage that reads what it writes)."""
    return {
        (before, after)
        for before, writer in found.items()
        for after, reader in found.items()
        if set(writer.outs) & set(reader.deps)
    }


def reduced(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The edges without those that a longer way makes too."""
    return set(networkx.transitive_reduction(networkx.DiGraph(pairs)).edges)


def picture(root: Path) -> str:
    """The flowchart, as a block of Markdown; a box names a stage and what others read of it, else its last output."""
    found = stages(root)
    read = {path for stage in found.values() for path in stage.deps}
    shown = reduced(edges(found))
    mains = {name: next((out for out in stage.outs if out in read), stage.outs[-1]) for name, stage in found.items()}
    lines = [f'    {_id(name)}["{name}<br>{main}"]' for name, main in mains.items()]
    for name in found:
        ends = [_id(end) for end in found if (name, end) in shown]
        lines += [f"    {_id(name)} --> {' & '.join(ends)}"] if ends else []
    return "\n".join(["```mermaid", "flowchart LR", *lines, "```"])


def _id(name: str) -> str:
    return name.replace("@", "_")


def _paths(entries: list[Any]) -> Iterator[str]:
    for entry in entries:
        yield from entry if isinstance(entry, dict) else [entry]


def _filled(path: str, names: Mapping[str, Any]) -> str:
    while "${" in path:
        path = re.sub(r"\$\{([\w.]+)\}", lambda found: str(names[found[1]]), path)
    return path


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(path)
    return found
