"""Pin every package of the core install and list its licence: `python -m benchmarks.dependencies`.

It looks at what is installed: constraints.txt gets the version of each package that the core install brings, and newer
versions of what else it pins; docs/licences.md gets a table. To renew the pins: install without constraints into a new
environment, run the tests in it, then this.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from itertools import chain
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from emotion.core.files import write_text
from emotion.core.tables import markdown_table

CONSTRAINTS, LICENCES = Path("constraints.txt"), Path("docs/licences.md")
_DEVELOPERS = ("test", "test-slow", "bench", "lint", "site")  # extras
_TEXTS = {"opensmile": "audEERING Research License"}  # the text that comes with it; its classifier says MIT
_LONG = 60  # letters of a field `License`: more is the licence's text
_OURS, _TOOLS = "emotion-in-conversation", ("pip", "setuptools", "wheel")
_HEAD = """# Licences

What `pip install` of this project brings, by what the packages say of themselves (`python -m benchmarks.dependencies`).
On Linux with CUDA, torch brings NVIDIA's libraries too, under NVIDIA's own terms. None of it is in this repository.
Corpora and checkpoints have licences of their own: [corpora](corpora.md), `emotion encoders list`.

"""
_TAIL = """

## Extras

Installed only where you ask for them, `pip install '.[NAME]'`:

"""


def main() -> None:
    """Write both files."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    core = closure(project["dependencies"])
    extras = [lines for name, lines in project["optional-dependencies"].items() if name not in _DEVELOPERS]
    pins = read_pins()
    for name in pins:
        with suppress(PackageNotFoundError):
            pins[name] = distribution(name).version
    pins |= {name: package.version for name, package in core.items()}
    comments = [line for line in CONSTRAINTS.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    lines = [f"{name}=={Version(version).public}" for name, version in sorted(pins.items())]
    write_text(CONSTRAINTS, "\n".join([*comments, *lines]) + "\n")
    more = {name: package for name, package in closure(chain(*extras)).items() if name not in core}
    write_text(LICENCES, _HEAD + table(core) + _TAIL + table(more) + "\n")
    print(f"{CONSTRAINTS}: {len(pins)} packages, {len(core)} of them of the core install; {LICENCES} written")


def closure(lines: Iterable[str]) -> dict[str, Distribution]:
    """Installed packages that these requirements need, directly or through others, without tools of installing."""
    found: dict[str, Distribution] = {}
    waiting = [Requirement(line) for line in lines]
    seen = set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if (name, frozenset(wanted.extras)) in seen or name in (_OURS, *_TOOLS):
            continue
        seen.add((name, frozenset(wanted.extras)))
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue
        waiting.extend(_needs(found[name], wanted.extras))
    return dict(sorted(found.items()))


def _needs(package: Distribution, extras: Iterable[str]) -> Iterator[Requirement]:
    for line in package.requires or []:
        needed = Requirement(line)
        if not needed.marker or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield needed


def read_pins() -> dict[str, str]:
    """Package -> version, as constraints.txt says."""
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    pins = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pins}


def licence(package: Distribution) -> str:
    """What a package says of its licence: its expression, else its classifiers, else a short field."""
    about = package.metadata
    if text := _TEXTS.get(canonicalize_name(package.name)):
        return text
    if expression := about.get("License-Expression"):
        return expression
    kinds = [line.split(" :: ")[-1] for line in about.get_all("Classifier", []) if line.startswith("License ::")]
    kinds = [kind for kind in kinds if kind != "OSI Approved"]
    field = (about.get("License") or "").strip()
    short = field if field and len(field) <= _LONG and "\n" not in field else ""
    return ", ".join(kinds) or short or ("see its text" if field else "not said")


def table(packages: dict[str, Distribution]) -> str:
    """A table in Markdown, sorted by name."""
    rows = [(name, re.sub(r"\s+", " ", licence(package))) for name, package in packages.items()]
    return markdown_table(("package", "licence"), rows)


if __name__ == "__main__":
    main()
