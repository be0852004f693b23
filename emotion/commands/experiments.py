"""`emotion experiments`: what `dvc exp run` made, in one narrow table."""

from typing import Annotated

import typer
from rich.console import Console

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
    from emotion.experiments import experiments, show

    show(experiments(commits=commits), Console())
