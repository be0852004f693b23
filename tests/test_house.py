"""The house: imports run down the list of rooms only; files stay small."""

import ast

import pytest
from closure import ROOT, imported_names, module_files

# From the top to the bottom; a file may import from its own room and from those below it.
ROOMS = [
    ["__main__"],
    ["cli"],
    ["commands"],
    ["page"],
    ["experiments"],
    ["pipeline"],
    ["study", "exchange"],
    ["params"],
    ["predict"],
    ["bundle"],
    ["extraction"],
    ["fusion"],
    ["encoders"],
    ["evaluation"],
    ["training"],
    ["conversation"],
    ["media"],
    ["store"],
    ["timeline"],
    ["corpus"],
    ["core"],
]
FLOOR = {name: number for number, names in enumerate(ROOMS) for name in names}
FILES = sorted((ROOT / "emotion").rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_run_down(path):
    parts = path.relative_to(ROOT / "emotion").with_suffix("").parts
    if parts == ("__init__",):
        return
    floor = FLOOR[parts[0]]
    for name in imported_names(path):
        for file in module_files(name):
            room = file.relative_to(ROOT / "emotion").with_suffix("").parts[0]
            assert room == "__init__" or room == parts[0] or FLOOR[room] > floor, f"{path} imports {name}"


def test_few_modules_lie_at_the_top():
    assert len(list((ROOT / "emotion").glob("*.py"))) <= 7


def test_models_need_torch_only():
    registry = ROOT / "emotion" / "fusion" / "models" / "registry.py"
    assert "torch" not in imported_names(registry)  # settings read it
    for path in set(registry.parent.glob("*.py")) - {registry}:
        outside = {name.split(".")[0] for name in imported_names(path)} - {"emotion"}
        assert outside <= {"torch", "math", "collections", "typing", "dataclasses", "contextlib", "contextvars"}, path
        ours = {name for name in imported_names(path) if name.startswith("emotion")}
        assert all(name.startswith(("emotion.fusion.models", "emotion.training.recurrent")) for name in ours), path


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["emotion", "stages", "plugins", "tests", "benchmarks"])
def test_files_and_functions_stay_small(folder):
    for path in (ROOT / folder).rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        limit = 45 if folder == "stages" else 300
        assert len(text.splitlines()) <= limit, f"{path} has more than {limit} lines"
        if folder == "emotion":
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef):
                    body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
                    lines = (node.end_lineno or 0) - body[0].lineno + 1
                    assert lines <= 40, f"{path}:{node.lineno} {node.name} has {lines} lines"


def test_stages_hold_no_loops_and_no_models():
    for path in (ROOT / "stages").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not [
            node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While | ast.FunctionDef | ast.ClassDef)
        ], path
