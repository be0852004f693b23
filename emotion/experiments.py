"""The experiments of `dvc exp run` as the table that people want: `emotion experiments`."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from emotion.core.errors import EmotionError, check_waits
from emotion.core.text import printable, shortened

SCORES = ("validation.weighted_f1", "test.weighted_f1", "test.accuracy")
PENDING = ("queued", "running", "failed")


@dataclass(frozen=True)
class Experiment:
    """One line of the table.

    Attributes:
        name: of the experiment; of a commit without one, its branch, tag or hash.
        changed: parameters that differ from the commit that it began at, e.g. {"lr": "0.001"}.
        scores: of `SCORES`, shares; None where there is none.
        state: "" when finished, otherwise queued, running or failed.
    """

    name: str
    changed: Mapping[str, str]
    scores: tuple[float | None, ...]
    state: str = ""

    @property
    def rank(self) -> tuple[bool, float, str]:
        """Best validation score first; the test score has no say, or the table would choose by it."""
        validation = self.scores[0]
        return validation is None, -(validation or 0.0), self.name


def experiments(*, commits: int = 1) -> list[Experiment]:
    """What DVC knows of the last commits and the experiments that began at them, best validation score first.

    Args:
        commits: how many commits back from HEAD; -1 = all.

    Raises:
        EmotionError: here is no DVC project, or its git has no commit.
    """
    for name in ("params.yaml", "metrics/metrics.json"):
        check_waits(Path(name))  # DVC would wait for a pipe
    command = [sys.executable, "-m", "dvc", "exp", "show", "--json", "--num", str(commits)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  nothing in it is foreign
    if done.returncode:
        said = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise EmotionError(
            f"DVC cannot list the experiments ({shortened(' '.join(said)) or 'it gave no reason'}); "
            "change into the project's folder, the one with dvc.yaml, and commit it to git"
        )
    return read_shown(json.loads(done.stdout))


def read_shown(shown: Sequence[Mapping[str, Any]]) -> list[Experiment]:
    """What `dvc exp show --json` prints as experiments, sorted by validation score.

    The first entry is the workspace and left out: it repeats a commit or an experiment, or is not finished.
    """
    found = []
    for commit in shown[1:]:
        base = _params(commit)
        found.append(Experiment(str(commit.get("name") or commit["rev"][:7]), {}, _scores(commit)))
        for run in commit.get("experiments") or ():
            newest = run["revs"][0]
            state = str((run.get("executor") or {}).get("state") or "").lower()
            changed = {key: value for key, value in _params(newest).items() if base.get(key) != value}
            name = str(run.get("name") or newest["rev"][:7])
            scores = (None,) * len(SCORES) if state in PENDING else _scores(newest)
            found.append(Experiment(name, changed, scores, state if state in PENDING else ""))
    return sorted(found, key=lambda experiment: experiment.rank)


def show(found: Sequence[Experiment], console: Console) -> None:
    """Print the finished ones as a table, the others by name, and what to type next."""
    table = Table("experiment", "changed", box=None, pad_edge=False, header_style="bold")
    for column in ("validation F1", "test F1", "accuracy"):
        table.add_column(column, justify="right")
    done = [experiment for experiment in found if not experiment.state]
    for experiment in done:
        changed = ", ".join(f"{key}={value}" for key, value in experiment.changed.items())
        values = ["-" if value is None else f"{100 * value:.2f}" for value in experiment.scores]
        table.add_row(_shown(experiment.name), _shown(changed) or "-", *values)
    console.print(table)
    for state in PENDING:
        names = [printable(experiment.name) for experiment in found if experiment.state == state]
        if names:
            console.print(f"{state}: {', '.join(names)}{_REMEDY[state]}", highlight=False, markup=False)
    console.print(
        "F1 is weighted; figures are per cent, best validation score first: choose by that, never by the test score.",
        highlight=False,
    )
    best = next((experiment.name for experiment in done if experiment.changed), "NAME")
    console.print(
        f"{len(done)} runs; compare one: dvc metrics diff {printable(best)}; take it over: dvc exp apply "
        f"{printable(best)}",
        highlight=False,
        markup=False,
    )


_REMEDY = {
    "queued": " (start them: dvc queue start -j 2)",
    "running": "",
    "failed": " (see why: dvc queue logs NAME)",
}


def _params(entry: Mapping[str, Any]) -> dict[str, str]:
    """Parameters by their dotted names, as text."""
    return {key: f"{value:g}" if isinstance(value, float) else str(value) for key, value in _flat(entry, "params")}


def _scores(entry: Mapping[str, Any]) -> tuple[float | None, ...]:
    known = dict(_flat(entry, "metrics"))
    return tuple(float(known[name]) if isinstance(known.get(name), int | float) else None for name in SCORES)


def _flat(entry: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Any]]:
    """Dotted names and values of all files of a kind; a file that could not be read has none."""
    for file in ((entry.get("data") or {}).get(kind) or {}).values():
        waiting = list((file.get("data") or {}).items())
        for name, value in waiting:  # grows while a section is opened
            if isinstance(value, Mapping):
                waiting += [(f"{name}.{inner}", found) for inner, found in value.items()]
            else:
                yield name, value


def _shown(text: str) -> str:
    return escape(printable(text))
