"""`emotion study`: several models and seeds on cached features, compared honestly."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer()


@app.command("study")
def study_command(
    features: Annotated[
        Path, typer.Option(help="Folder with index.csv and features/*.h5: data, or what `emotion import` wrote.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for tables and pictures; finished runs are kept in its runs/.")],
    models: Annotated[str, typer.Option(help="Names with commas; see `emotion models`.")] = "fusion,bc_lstm,cmn,cnn",
    seeds: Annotated[int, typer.Option(help="Runs per model, with seeds 1, 2, ...")] = 10,
    reference: Annotated[
        str, typer.Option(help="The model that the others are compared with (default: the first one).")
    ] = "",
    ablate: Annotated[
        str,
        typer.Option(help="What to take away, with commas: modalities,attention,residual,context,speakers,members."),
    ] = "",
    ablate_models: Annotated[str, typer.Option(help="From which models, with commas (default: the reference).")] = "",
    missing: Annotated[
        bool,
        typer.Option("--missing", help="Score also with modalities hidden: all subsets, and 0-90 % of utterances."),
    ] = False,
    protocol: Annotated[
        str, typer.Option(help="split (the index's own) | leave-one-session-out (IEMOCAP's).")
    ] = "split",
    epochs: Annotated[int | None, typer.Option(help="Instead of the recipes' number, for a quick look.")] = None,
    annotators: Annotated[
        Path | None,
        typer.Option(
            help="What raters say, from `emotion index --annotators` (default: annotators.csv beside index.csv)."
        ),
    ] = None,
    recipes: Annotated[Path | None, typer.Option(help="Folder with <model>.yaml (default: recipes).")] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Processes, one core each (default: EMOTION_WORKERS, else all cores, or 2 on a GPU)."),
    ] = None,
) -> None:
    """Compare models over seeds: means, intervals over dialogues, paired tests, calibration, Table 2 of the paper.

    Every epoch is chosen on validation utterances; test labels are read once all runs are finished.
    The same command continues an interrupted study.
    Features without test utterances are scored on validation.
    For example:

        emotion study --features data --out studies/data
        emotion study --features data --out studies/quick --models fusion,cnn --seeds 2 --epochs 3
        emotion study --features features/iemocap --out studies/loso --protocol leave-one-session-out --seeds 5
        emotion study --features data --out studies/parts --models fusion,speaker_fusion --ablate speakers,members
            --ablate-models speaker_fusion
    """
    from emotion.recipes import read_recipe
    from emotion.study.pool import usual_workers
    from emotion.study.study import study

    def names(text: str) -> list[str]:
        return [name.strip() for name in text.split(",") if name.strip()]

    if workers is not None and workers < 1:
        raise typer.BadParameter("expected a whole number > 0", param_hint="--workers")
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
    Console(stderr=True).print(f"study written: {out / 'study.md'}", soft_wrap=True, highlight=False, markup=False)
