"""Help that can be read at 80 columns, with an example; version, completion and `python -m emotion`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from documented import blocks, leaves
from typer.testing import CliRunner

from emotion.cli import app

LEAVES = [path for path, _ in leaves()]
IDS = [" ".join(path) or "emotion" for path in LEAVES]


@pytest.mark.parametrize("path", LEAVES, ids=IDS)
def test_every_help_is_legible_and_has_an_example(path):
    shown = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "80"})
    assert shown.exit_code == 0, shown.output
    assert max(map(len, shown.output.splitlines())) <= 80
    assert not [line for line in shown.output.splitlines() if line.rstrip().endswith("...") and line[:3] == "  "]
    examples = list(blocks(shown.output))
    assert examples and any(command.startswith("emotion ") for command in examples), "an example that can be pasted"
    for name in (" ".join(("emotion", *path)),) if path else ():
        assert any(command.startswith(name) for command in examples), f"an example of {name} itself"


@pytest.mark.parametrize("path", [path for path in LEAVES if path])
def test_lists_do_not_cut_what_a_command_does(path):
    parent = CliRunner().invoke(app, [*path[:-1], "--help"], env={"COLUMNS": "80"}).output
    (line,) = [line for line in parent.splitlines() if line.startswith(f"  {path[-1]} ")]
    assert not line.endswith("..."), line


def python(*arguments, **variables):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=True, env=os.environ | variables
    )


@pytest.mark.slow
def test_the_version_needs_no_torch():
    code = (
        "import sys; from emotion.cli import app\n"
        "try: app(['--version'])\n"
        "except SystemExit: pass\n"
        "assert 'torch' not in sys.modules, 'torch was imported'"
    )
    assert python("-c", code).stdout.startswith("emotion ")
    assert python("-m", "emotion", "--version").stdout.startswith("emotion ")


@pytest.mark.slow
def test_the_shell_completes_commands():
    program = Path(sys.executable).with_name("emotion")
    asked = {"_EMOTION_COMPLETE": "complete_bash", "COMP_WORDS": "emotion enc", "COMP_CWORD": "1"}
    shown = subprocess.run([program], capture_output=True, text=True, check=False, env=os.environ | asked)
    assert shown.stdout.split() == ["encoders"]
