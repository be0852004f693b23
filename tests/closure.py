"""Which of our own files a script needs: the closure of its import statements, functions included.

Packages whose `__init__.py` holds a docstring only are left out: an edit there cannot change a result.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("emotion", "stages")


def module_files(name: str) -> list[Path]:
    """The file of a dotted module name and the `__init__.py` of every package above it; [] where it is not ours."""
    parts = name.split(".")
    if parts[0] not in ROOMS:
        return []
    base = ROOT.joinpath(*parts)
    own = base.with_suffix(".py") if base.with_suffix(".py").is_file() else base / "__init__.py"
    packages = [ROOT.joinpath(*parts[:end], "__init__.py") for end in range(1, len(parts))]
    return [*packages, own] if own.is_file() else []


def imported_names(path: Path) -> set[str]:
    """Dotted names in the import statements of a file; `from a import b` gives `a` and `a.b`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{path}: relative import"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def import_closure(script: Path) -> set[str]:
    """Posix paths, relative to the project, of all our files that running the script imports (itself included)."""
    seen: set[Path] = set()
    # `python -m stages.x` imports the package `stages` first.
    todo = [script, script.parent / "__init__.py"]
    while todo:
        path = todo.pop()
        if path not in seen:
            seen.add(path)
            todo += [file for name in imported_names(path) for file in module_files(name)]
    return {path.relative_to(ROOT).as_posix() for path in seen if holds_code(path)}


def holds_code(path: Path) -> bool:
    """Whether the file has any statement but a docstring."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return any(not isinstance(node, ast.Expr) for node in body)
