"""`emotion study`: several models and seeds on cached features, compared honestly."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer()


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
        typer.Option(help="Ablations, separated by commas: modalities,attention,residual,context,speakers,members."),
    ] = "",
    ablate_models: Annotated[str, typer.Option(help="The models to ablate (default: the reference).")] = "",
    missing: Annotated[
        bool,
        typer.Option("--missing", help="Score also with modalities hidden: all subsets, and 0-90 % of utterances."),
    ] = False,
    protocol: Annotated[
        Literal["split", "leave-one-session-out"], typer.Option(help="split = the index's own; the other is IEMOCAP's.")
    ] = "split",
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
    The same command continues an interrupted study.
    Features without test utterances are scored on validation.

    For example:

        emotion study --features data --out studies/data
        emotion study --features data --out studies/quick --seeds 2 --epochs 3
        emotion study --features data --out studies/loso --seeds 5 \
            --protocol leave-one-session-out
        emotion study --features data --out studies/parts --seeds 3 \
            --models fusion,speaker_fusion --ablate attention,members
    """
    from emotion.core import logs
    from emotion.fusion.recipes import read_recipe
    from emotion.study.study import study
    from emotion.training.workers import usual_workers

    def names(text: str) -> list[str]:
        return [name.strip() for name in text.split(",") if name.strip()]

    with logs.quiet() if quiet else nullcontext():
        study(
            features,
            models=names(models),
            recipe=read_recipe if recipes is None else lambda model: read_recipe(model, recipes),
            out=out,
            seeds=seeds,
            reference=reference,
            ablate=names(ablate),
            ablate_models=names(ablate_models),
            missing=missing,
            protocol=protocol,
            epochs=epochs,
            annotators=annotators,
            workers=usual_workers() if workers is None else workers,
        )
    if not quiet:
        typer.echo(f"study written: {out / 'study.md'}; look at it: emotion view {out}", err=True)
