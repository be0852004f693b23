"""`emotion tune`: choose a model's settings without looking at the test set."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer()


@app.command("tune")
def tune_command(
    features: Annotated[
        Path, typer.Option(help="Folder with index.csv and features/*.h5: data, or what `emotion import` wrote.")
    ],
    out: Annotated[
        Path,
        typer.Option(help="The recipe to write, <model>.yaml; finished trials stay in <model>.tune beside it."),
    ],
    model: Annotated[str, typer.Option(help="Its name; see `emotion models list`.")] = "fusion",
    trials: Annotated[
        int, typer.Option(min=1, max=100_000, help="Settings to try; the first are those of the present recipe.")
    ] = 50,
    folds: Annotated[
        int, typer.Option(min=2, max=1000, help="Groups that are held out in turn for each trial, at most.")
    ] = 3,
    protocol: Annotated[
        Literal["session", "scenario"],
        typer.Option(help="What is held out: session = sessions, or people; scenario = what plays the same, too."),
    ] = "session",
    space: Annotated[
        Path | None, typer.Option(help="What may be chosen (default: spaces/<model>.yaml beside the recipe).")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="KEY=VALUE over the recipe, and not searched for; may be given several times."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of the search and its trainings.")] = 1,
    recipes: Annotated[
        Path | None, typer.Option(help="Folder with <model>.yaml, where the search begins (default: recipes).")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes, one core each (default: EMOTION_WORKERS, else all cores, or 2 on a GPU)."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show warnings and errors only.")] = False,
) -> None:
    r"""Choose a model's settings without the test set.

    Each trial trains the model once for every group (of sessions, or people) of the training part, without it, and
    scores it there; its score is the mean. Optuna proposes the settings and stops trials that fall behind. Utterances
    of the test set are neither loaded nor scored.

    The same command continues what was interrupted, and ends with the same recipe. More --trials add to those there.
    The scores choose settings: what these are worth, say `emotion study` on the test set, or its --tuned.

    It needs Optuna: pip install -e '.[tune]'.

    For example:

        emotion tune --features data --out recipes/mine/fusion.yaml
        emotion tune --features data --out recipes/mine/cnn.yaml --model cnn \
            --trials 20 --set epochs=20
        emotion study --features data --out studies/mine \
            --recipes recipes/mine --models fusion
    """
    from emotion.core import logs
    from emotion.core.settings import read_changes
    from emotion.fusion.recipes import RECIPES
    from emotion.study.tuning import tune_recipe
    from emotion.training.workers import usual_workers

    with logs.quiet() if quiet else nullcontext():
        tune_recipe(
            features,
            model=model,
            out=out,
            trials=trials,
            folds=folds,
            protocol=protocol,
            space=space,
            changes=read_changes(settings or []),
            seed=seed,
            recipes=recipes or RECIPES,
            workers=usual_workers() if workers is None else workers,
        )
