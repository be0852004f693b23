"""`emotion.core.closure` for this project's folder."""

from pathlib import Path

from emotion.core import closure
from emotion.core.closure import read_code

__all__ = ["ROOT", "holds_code", "import_closure", "imported_names", "module_files"]

ROOT = Path(__file__).parent.parent


def module_files(name):
    return closure.module_files(name, root=ROOT)


def import_closure(script):
    return closure.import_closure(script, root=ROOT)


def imported_names(path):
    return read_code(path).imports


def holds_code(path):
    return not read_code(path).empty
