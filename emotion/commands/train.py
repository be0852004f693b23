"""`emotion train`: a corpus in, a packed model out, without DVC."""

from pathlib import Path
from typing import Annotated

import typer

from emotion.commands.corpus import CorpusName, Root

app = typer.Typer()


@app.command("train")
def train_command(
    corpus: CorpusName,
    root: Root,
    out: Annotated[Path, typer.Option(help="The model's folder; a packed model there is replaced.")],
    run: Annotated[
        Path | None, typer.Option(help="Folder for what is made on the way, which is kept (default: OUT.run).")
    ] = None,
    params: Annotated[
        Path | None, typer.Option(help="File of all settings, like params.yaml; without it the defaults.")
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a setting; may be given often.")
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the model; without it the folder's.")] = "",
    licence: Annotated[str, typer.Option(help="Licence of the weights, e.g. mit.")] = "",
) -> None:
    r"""Train a model on a corpus and write it as one folder.

    It does what the pipeline does, by the same functions, and needs neither DVC nor git: it reads the corpus, cuts out
    faces, fits the encoders, extracts features, trains the classifier, scores it on the test split and packs it. The
    same corpus and settings give the same bytes. `emotion params` says what each setting means.

    After an interrupt or a kill the same command goes on where it was. With another --set only those steps are done
    that read it. The run's folder holds faces, features and texts of the corpus: keep it as you keep the corpus, or
    remove it.

    For example:

        emotion train --corpus table --root data/raw/table --out models/mine
        emotion train --corpus table --root data/raw/table --out models/quick \
            --set modalities=audio+text --set epochs=20
    """
    from emotion.core.text import counted, printable
    from emotion.params import Params, changed, read_params
    from emotion.pipeline.run import train

    settings = changed(Params() if params is None else read_params(params), [f"corpus={corpus}", *(changes or ())])
    work = out.with_name(f"{out.name}.run") if run is None else run
    card = train(settings, root=root, out=out, run=work, name=name, licence=licence)
    test, place = card.test, printable(str(out))
    assert test is not None  # the step before has written its scores
    typer.echo(
        f"scores: emotion summary {printable(str(work / 'metrics'))}; what was made on the way is in that folder"
    )
    typer.echo(
        f"{place}: {card.model} on {'+'.join(card.modalities)}, {counted(len(card.labels), 'emotions')}, weighted F1 "
        f"{100 * test.weighted_f1:.1f} % of {test.n} test utterances; use it: emotion predict talk.mp4 --model {place} "
        f"--out talk{' --demo' if card.corpus.synthetic else ''}"
    )
