"""`emotion study`: several models and seeds on cached features, compared honestly."""

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer()


def _known_protocols(text: str) -> str:
    from emotion.core.errors import EmotionError
    from emotion.study.folds import named

    try:
        if not [named(name) for name in _names(text)]:
            raise typer.BadParameter("expected the name of a protocol, e.g. session")
    except EmotionError as error:
        raise typer.BadParameter(str(error)) from None
    return text


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


@app.command("study")
def study_command(
    features: Annotated[
        Path, typer.Option(help="Folder with index.csv and features/*.h5: data, or what `emotion import` wrote.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for tables and pictures; finished runs are kept in its runs/.")],
    models: Annotated[
        str, typer.Option(help="Names, separated by commas; see `emotion models list`.")
    ] = "fusion,bc_lstm,cmn,cnn",
    seeds: Annotated[int, typer.Option(min=1, max=100_000, help="Runs per model, with seeds 1, 2, ...")] = 10,
    reference: Annotated[
        str, typer.Option(help="The model that the others are compared with (default: the first one).")
    ] = "",
    ablate: Annotated[
        str,
        typer.Option(
            help="Ablations, separated by commas: modalities,attention,residual,context,speakers,members,target."
        ),
    ] = "",
    ablate_models: Annotated[str, typer.Option(help="The models to ablate (default: the reference).")] = "",
    missing: Annotated[
        bool,
        typer.Option("--missing", help="Score also with modalities hidden: all subsets, and 0-90 % of utterances."),
    ] = False,
    protocol: Annotated[
        str,
        typer.Option(
            help="What is held out: split = the index's own test set; session (leave-one-session-out) = each in turn; "
            "scenario = a session, and what plays its scenarios; random = a session, and as many dialogues. Several, "
            "separated by commas, are compared.",
            metavar="[split|session|scenario|random],...",
            callback=_known_protocols,
        ),
    ] = "split",
    validation_only: Annotated[
        bool, typer.Option("--validation-only", help="Leave test utterances out: to choose without looking at them.")
    ] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="KEY=VALUE over the recipes of all models, e.g. lr=1e-3; may be given several times."
        ),
    ] = None,
    tuned: Annotated[
        int,
        typer.Option(
            min=0,
            max=100_000,
            help="Trials of `emotion tune` for every model, inside each fold's own training part; 0 = the recipes.",
        ),
    ] = 0,
    epochs: Annotated[
        int | None, typer.Option(min=1, max=100_000, help="Epochs per run, in place of the recipes'.")
    ] = None,
    annotators: Annotated[
        Path | None,
        typer.Option(
            help="What raters say, from `emotion index --annotators` (default: annotators.csv beside index.csv)."
        ),
    ] = None,
    recipes: Annotated[Path | None, typer.Option(help="Folder with <model>.yaml (default: recipes).")] = None,
    log: Annotated[
        Literal["none", "tensorboard"],
        typer.Option(help="tensorboard = each run's training curve goes to tensorboard/ in --out, too."),
    ] = "none",
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes, one core each (default: EMOTION_WORKERS, else all cores, or 2 on a GPU)."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show warnings and errors only.")] = False,
) -> None:
    r"""Compare several models over several seeds.

    The tables have means, intervals, paired tests, calibration and Table 2 of the paper.

    Intervals and tests are over dialogues (over speakers where each utterance is its own dialogue); with fewer than
    ten of them there are none.

    Every epoch is chosen on validation utterances; test labels are read once all runs are finished.
    With --tuned each fold first searches for every model's settings without what it tests, as `emotion tune` does.
    The same command continues an interrupted study.
    Features without test utterances are scored on validation.

    For example:

        emotion study --features data --out studies/data
        emotion study --features data --out studies/quick --seeds 2 --epochs 3
        emotion study --features data --out studies/loso --seeds 5 \
            --protocol session
        emotion study --features data --out studies/play --models fusion \
            --protocol session,random,scenario
        emotion study --features data --out studies/lr --seeds 1 \
            --set lr=1e-3 --validation-only
        emotion study --features data --out studies/tuned --models fusion,cmn \
            --seeds 3 --protocol session --tuned 20
        emotion study --features data --out studies/parts --seeds 3 \
            --models fusion,speaker_fusion --ablate attention,members
    """
    from emotion.core import logs
    from emotion.core.settings import read_changes
    from emotion.fusion.recipes import RECIPES, read_chosen, read_recipe
    from emotion.study.folds import named
    from emotion.study.overview import compare_protocols
    from emotion.study.study import study
    from emotion.study.tensorboard import check_installed, write_events
    from emotion.study.tuning import make_search
    from emotion.training.workers import usual_workers

    folder, changes, protocols = recipes or RECIPES, read_changes(settings or []), _names(protocol)
    several, fixed = len(protocols) > 1, changes | ({"epochs": epochs} if epochs else {})
    if log == "tensorboard":
        check_installed()
    with logs.quiet() if quiet else nullcontext():
        run = partial(compare_protocols, names=protocols) if several else partial(study, protocol=named(protocols[0]))
        run(
            features,
            models=_names(models),
            recipe=partial(read_recipe, folder=folder, changes=changes),
            chosen=partial(read_chosen, folder=folder, changes=changes),
            out=out,
            seeds=seeds,
            reference=reference,
            ablate=_names(ablate),
            ablate_models=_names(ablate_models),
            missing=missing,
            validation_only=validation_only,
            epochs=epochs,
            annotators=annotators,
            search=partial(make_search, trials=tuned, recipes=folder, changes=fixed) if tuned else None,
            log=write_events if log == "tensorboard" else None,
            workers=usual_workers() if workers is None else workers,
        )
    if not quiet:
        typer.echo(f"study written: {out / 'study.md'}; look at it: emotion view {out}", err=True)
    if log == "tensorboard" and not quiet:
        typer.echo(f"curves: tensorboard --logdir {out}", err=True)
