"""Which of our own files a script imports, functions included, and a digest of what they do.

Comments, docstrings, layout and the descriptions of settings do not count, nor packages whose `__init__.py` holds a
docstring only.
"""

import ast
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from emotion.core.errors import EmotionError
from emotion.core.files import write_text

ROOMS = ("emotion", "stages", "plugins")
_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def write_digests(
    out: Path, scripts: Iterable[Path], *, root: Path, named: Mapping[str, Iterable[str]] = MappingProxyType({})
) -> None:
    """Write one file per script, named after it: the digest of the code that it imports.

    Args:
        out: the folder of these files; it is made.
        scripts: files of the `ROOMS`, relative to `root`.
        root: the project's folder.
        named: stem of a script -> files that it runs besides, because params name them.

    Raises:
        EmotionError: one of our files is no Python.
    """
    out.mkdir(parents=True, exist_ok=True)
    for script in scripts:
        files = import_closure(root / script, root=root) | set(named.get(script.stem, ()))
        write_text(out / f"{script.stem}.txt", digest_files(files, root=root) + "\n")


def digest_files(files: Iterable[str], *, root: Path) -> str:
    """Sha256 over what counts of files (posix paths relative to `root`), in the order of their names."""
    lines = "".join(f"{name} {read_code(root / name).digest}\n" for name in sorted(files))
    return hashlib.sha256(lines.encode()).hexdigest()


def digest_of(*scripts: Path) -> str:
    """The same over all our files that running some of them imports: unfinished work is named after the code."""
    root = Path(__file__).parents[2]
    return digest_files({name for script in scripts for name in import_closure(script, root=root)}, root=root)


@dataclass(frozen=True)
class Code:
    """What counts of a file.

    Attributes:
        digest: sha256 of its syntax tree without docstrings.
        imports: dotted names in its import statements; `from a import b` gives `a` and `a.b`.
        empty: it has no statement but a docstring.
    """

    digest: str
    imports: frozenset[str]
    empty: bool


def import_closure(script: Path, *, root: Path) -> set[str]:
    """Posix paths, relative to `root`, of all our files that running the script imports (itself included).

    Args:
        script: a file of one of the `ROOMS`.
        root: the project's folder, which holds the rooms.
    """
    seen: set[Path] = set()
    # `python -m stages.x` imports the package `stages` first.
    todo = [path for path in (script, script.parent / "__init__.py") if path.is_file()]
    while todo:
        path = todo.pop()
        if path not in seen:
            seen.add(path)
            todo += [file for name in read_code(path).imports for file in module_files(name, root=root)]
    return {path.relative_to(root).as_posix() for path in seen if not read_code(path).empty}


def module_files(name: str, *, root: Path) -> list[Path]:
    """The file of a dotted module name and the `__init__.py` of every package above it; [] where it is not ours."""
    parts = name.split(".")
    if parts[0] not in ROOMS:
        return []
    base = root.joinpath(*parts)
    own = base.with_suffix(".py") if base.with_suffix(".py").is_file() else base / "__init__.py"
    packages = [root.joinpath(*parts[:end], "__init__.py") for end in range(1, len(parts))]
    return [path for path in (*packages, own) if path.is_file()]


@lru_cache(maxsize=1024)
def read_code(path: Path) -> Code:
    """Read a file; once, until `read_code.cache_clear()`.

    Raises:
        EmotionError: it is no Python, or has a relative import.
    """
    try:
        tree = ast.parse(path.read_bytes())
    except SyntaxError as error:
        raise EmotionError(f"{path}: line {error.lineno} is no Python ({error.msg}); fix it") from None
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Field":
            node.keywords = [word for word in node.keywords if word.arg != "description"]
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level or not node.module:
                raise EmotionError(f"{path}: line {node.lineno} is a relative import; write the whole name")
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, _Documented) and ast.get_docstring(node, clean=False):
            node.body = node.body[1:]
    return Code(hashlib.sha256(ast.dump(tree).encode()).hexdigest(), frozenset(names), not tree.body)
