"""Every command that README, docs and help tell people to type, and whether it can be parsed."""

import importlib.util
import inspect
import re
import shlex

import dvc.cli
import typer
from closure import ROOT

from emotion.cli import app

READMES = ("plugins/README.md", "benchmarks/*/README.md")
PAGES = sorted({path for name in ("*.md", "docs/**/*.md", *READMES) for path in ROOT.glob(name)})
PROGRAMS = ("emotion ", "dvc ", "make ", "python -m ")
LETTERS = re.compile(r"`((?:emotion|dvc|make) [^`]*)`")


def group():
    """The command line as a tree of commands."""
    return typer.main.get_command(app)


def leaves(command=None, path=()):
    """(words, command) of everything that has a help."""
    command = command or group()
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from leaves(inner, (*path, name))


def helps():
    """Where it stands -> the text of a help, as it is written."""
    return {
        " ".join(("emotion", *path, "--help")): inspect.cleandoc((command.help or "").replace("\b\n", ""))
        for path, command in leaves()
    }


def texts():
    """Where it stands -> text."""
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PAGES} | helps()


def blocks(text):
    """Commands of the indented lines, without comments; a backslash continues a line."""
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        if line.startswith("    ") and line.strip().startswith(PROGRAMS):
            yield shlex.join(shlex.split(line.strip(), comments=True))


def typed():
    """Every command that stands on a line of its own -> where it stands first."""
    found = {}
    for where, text in texts().items():
        for command in blocks(text):
            found.setdefault(command, where)
    return found


def mentioned():
    """Every command inside a sentence, with placeholders, sometimes only its beginning -> where."""
    found = {}
    for where, text in texts().items():
        for command in LETTERS.findall(text):
            found.setdefault(" ".join(command.split()), where)
    return found


def parse(command):
    """Raise, or exit with an error, where the command line would be refused."""
    program, *words = shlex.split(command)
    if program == "emotion":
        current, path = group(), []
        while words and hasattr(current, "commands") and words[0] in current.commands:
            current = current.commands[words[0]]
            path.append(words.pop(0))
        assert path, f"{command}: no such command"
        current.make_context(" ".join(path), words)
    elif program == "dvc":
        dvc.cli.parse_args(words)
    elif program == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        assert set(words) <= set(targets), command
    else:
        assert importlib.util.find_spec(words[1]) is not None, command


def options(command):
    """Names of options that a command of `emotion` does not have."""
    current = group()
    for word in shlex.split(command)[1:]:
        current = getattr(current, "commands", {}).get(word, current)
    known = {name for parameter in current.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    return {word for word in shlex.split(command) if word.startswith("--")} - known
