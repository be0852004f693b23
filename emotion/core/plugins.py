"""One's own models, encoders and readers: `plugins/FILE.py:NAME`, files of the project's folder `plugins/`.

Nothing else is ever run by name: every part of a path is an identifier, and a file that is a link is refused.
"""

import ast
import contextlib
import difflib
import importlib
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

from emotion.core import logs
from emotion.core.closure import digest_files, import_closure, read_code
from emotion.core.errors import EmotionError, cannot
from emotion.core.limits import checked
from emotion.core.settings import Expected
from emotion.core.text import shortened

FOLDER = "plugins"
_NAME = re.compile(rf"({FOLDER}(?:/[A-Za-z_][A-Za-z0-9_]*)+)\.py:([A-Za-z_][A-Za-z0-9_]*)")


def is_name(text: str) -> bool:
    """Whether a text has the form `plugins/FILE.py:NAME`."""
    return _NAME.fullmatch(text) is not None


Name = Annotated[str, checked(is_name, "plugins/FILE.py:NAME"), Expected("plugins/FILE.py:NAME")]


def project() -> Path:
    """The folder that holds `plugins/`: the working folder, or that of the DVC project around it."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".dvc").is_dir()), here)


def path_of(name: str) -> Path:
    """The file of `plugins/FILE.py:NAME`, absolute; whether it exists or not."""
    return project() / name.partition(":")[0]


def files(name: str) -> list[str]:
    """What a plugin is made of: its file and all that it imports of `plugins/` and `emotion/`, relative to the project.

    Raises:
        EmotionError: the file is missing, a link or no Python, or it has nothing of that name. Nothing is run.
    """
    root, path, wanted = project(), path_of(name), name.partition(":")[2]
    if not path.is_file():
        if path.exists() or path.is_symlink():
            raise EmotionError(f"{name}: {path} is a folder, a pipe or a link to nothing, expected a Python file")
        there = {file.stem for file in (root / FOLDER).rglob("*.py")}
        remedy = "put it there (a queued run has what git knows: git add it)"
        raise EmotionError(f"{name}: {path} not found{_hint(path.stem, there)}; {remedy}")
    found = sorted(import_closure(path, root=root))
    for file in (root / name for name in found if name.startswith(f"{FOLDER}/")):
        if file.resolve() != root.resolve() / file.relative_to(root):
            raise EmotionError(f"{file}: is a link or in one, expected a file of the project; copy it there")
        if file.with_suffix("").exists():  # Python would import that instead
            raise EmotionError(f"{file}: a folder {file.stem} lies beside it; rename one of them")
    names = _names(path)
    if wanted not in names:
        hint = _hint(wanted, names) or f"; it has {', '.join(sorted(names)) or 'nothing'}"
        raise EmotionError(f"{name}: {path} has no {wanted}{hint}")
    return found


def files_of(names: Iterable[str]) -> list[str]:
    """`files` of all that are names of plugins; others are left out."""
    return sorted({file for name in names if is_name(name) for file in files(name)})


def digest(name: str) -> str:
    """Sha256 of the code of a plugin's files in `plugins/`; comments and docstrings do not count."""
    return digest_files([file for file in files(name) if file.startswith(f"{FOLDER}/")], root=project())


def check_code(name: str, written: object, *, source: Path, done: str, remedy: str) -> None:
    """Compare a plugin's code with what was written when something was made with it; another one is a warning.

    Args:
        name: of the plugin.
        written: its `digest` of then.
        source: the file that says so.
        done: what was done with it: `fitted` or `trained`.
        remedy: what makes it again.

    Raises:
        EmotionError: the plugin is gone.
    """
    try:
        known = digest(name)
    except EmotionError as error:
        raise EmotionError(f"{source}: {error}; or {remedy}") from None
    if written != known:
        logs.warning(f"{source}: the code of {name} is not the one that was {done}; results may differ; {remedy}")


def load(name: str) -> Any:  # noqa: ANN401 - whatever has that name
    """Import a plugin.

    Raises:
        EmotionError: see `files`; or its import fails: the line names file, line and why.
    """
    files(name)
    _package(project() / FOLDER)
    with running(name, "cannot be imported"):
        module = importlib.import_module(name.partition(".py:")[0].replace("/", "."))
        return getattr(module, name.partition(":")[2])


@contextlib.contextmanager
def running(name: str, what: str, *, passes: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """A plugin's code is run meanwhile: what it prints goes to stderr, as stdout is for results.

    Args:
        name: of the plugin.
        what: is to be said where it fails, e.g. "cannot be made".
        passes: errors that are meant for the user as they are.

    Raises:
        EmotionError: it raises something else, or ends the program; the line names its file and line.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except passes:
        raise
    except (Exception, SystemExit) as error:
        raise _fault(name, error, what) from None


def _fault(name: str, error: BaseException, what: str) -> EmotionError:
    """An error that a plugin raised as one line with the plugin's own file and line."""
    path = path_of(name)
    where = str(path)
    for frame in traceback.extract_tb(error.__traceback__):
        if Path(frame.filename).is_relative_to(project() / FOLDER):
            where = f"{frame.filename}:{frame.lineno}"
    if isinstance(error, SyntaxError) and error.filename:
        where = f"{error.filename}:{error.lineno}"
    return EmotionError(f"{name}: {what}: {where}: {type(error).__name__}: {shortened(str(error))}; fix it there")


def in_folder() -> dict[str, dict[str, str]]:
    """Names of all classes and functions in the project's `plugins/`, with their texts, without running any of it.

    Returns:
        Name -> `doc`, the first line of its docstring, and what its body assigns to names as plain text.
    """
    root, found = project(), {}
    for path in sorted((root / FOLDER).rglob("*.py")):
        try:
            nodes = _defined(path)
        except (EmotionError, OSError) as error:
            about = error if isinstance(error, EmotionError) else cannot("be read", path, error)
            logs.warning(f"warning: {about}; it is left out here")
            continue
        for node in nodes:
            name = f"{path.relative_to(root).as_posix()}:{node.name}"
            if is_name(name) and not node.name.startswith("_"):
                found[name] = {"doc": (ast.get_docstring(node) or "").partition("\n")[0]} | _texts(node)
    return found


def check_arguments(name: str, call: Callable[..., Any], first: Collection[str], more: Collection[str]) -> list[str]:
    """See that a plugin can be called as it will be.

    Args:
        name: of the plugin, for messages; followed by what is called, e.g. `plugins/x.py:X.forward`.
        call: a class or function.
        first: what it is given by place, in this order.
        more: what it may take by name.

    Returns:
        Those of `more` that it takes.

    Raises:
        EmotionError: it takes other arguments; the line says which are expected.
    """
    arguments = list(inspect.signature(call).parameters.values())
    begins = [item.name for item in arguments[: len(first)]]
    others = arguments[len(first) :]
    odd = [item.name for item in others if item.default is item.empty and item.kind in _PLAIN and item.name not in more]
    if begins != list(first) or odd:
        found = ", ".join(item.name for item in arguments) or "nothing"
        options = f", then any of {', '.join(more)} by name" if more else ""
        raise EmotionError(f"{name} takes ({found}), expected ({', '.join(first)}){options}; see plugins/README.md")
    return [item.name for item in others if item.name in more]


_PLAIN = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def _package(folder: Path) -> None:
    """Make `plugins` the package of this folder, whatever else on the path has that name."""
    known = sys.modules.get(FOLDER)
    if known is not None and list(known.__path__) == [str(folder)]:
        return
    for key in [key for key in sys.modules if key.partition(".")[0] == FOLDER]:
        del sys.modules[key]
    package = ModuleType(FOLDER)
    package.__path__ = [str(folder)]
    sys.modules[FOLDER] = package


def _names(path: Path) -> set[str]:
    """What the top level of a file defines, assigns or imports."""
    tree = _tree(path)
    found = {node.name for node in _defined(path)}
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def _defined(path: Path) -> list[ast.ClassDef | ast.FunctionDef]:
    return [node for node in _tree(path).body if isinstance(node, ast.ClassDef | ast.FunctionDef)]


def _texts(node: ast.ClassDef | ast.FunctionDef) -> dict[str, str]:
    found = {}
    for part in node.body:
        if isinstance(part, ast.Assign) and isinstance(part.value, ast.Constant) and isinstance(part.value.value, str):
            found[ast.unparse(part.targets[0])] = part.value.value
    return found


def _tree(path: Path) -> ast.Module:
    read_code(path)  # says in one line where it is no Python
    return ast.parse(path.read_bytes())


def _hint(wanted: str, there: Collection[str]) -> str:
    return "".join(f"; did you mean {near}?" for near in difflib.get_close_matches(wanted, there, n=1))
