"""`emotion params`: every setting, what it means, what it may be; `emotion experiments`: what came of changing some."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command("experiments")
def experiments_command(
    commits: Annotated[int, typer.Option("--num", "-n", help="How many commits back from the last one; -1 = all.")] = 1,
) -> None:
    """List experiments with their scores.

    The best validation score comes first. The table has the parameters that differ from the commit at which an
    experiment began, weighted F1 on validation and test, and test accuracy. Below it are the experiments that are
    queued, still running or failed. DVC's own table has everything: dvc exp show --only-changed.

    For example:

        dvc exp run -S lr=1e-4,3e-4,1e-3 --queue
        dvc queue start -j 2
        emotion experiments
    """
    from rich.console import Console

    from emotion.experiments import experiments, show

    show(experiments(commits=commits), Console())


@app.command("params")
def params_command(
    name: Annotated[str, typer.Argument(help="Keys that begin like this only, e.g. lr, or audio.")] = "",
    file: Annotated[Path, typer.Option(help="File whose values are shown beside the defaults.")] = Path("params.yaml"),
) -> None:
    """List the settings of params.yaml.

    It shows what each key means and may be, its default and its value.

    For example:

        emotion params
        emotion params audio
        emotion params lr
    """
    from emotion.core.errors import EmotionError
    from emotion.params import Params, read_params, rows

    found = [row for row in rows(Params(), read_params(file)) if row.key.startswith(name)]
    if not found:
        raise EmotionError(f"{file}: no key begins with {name!r}; for all of them: emotion params")
    for row in found:
        changed = "" if row.value == row.default else f", here {row.value}"
        typer.echo(f"{row.key} = {row.default}{changed}\n    {row.meaning}\n    expected: {row.expected}")
    typer.echo(f"to change one for a run: dvc exp run -S lr=1e-3; for good: edit {file}")
