"""`emotion model`: a trained model as one folder: pack it, look at it, check it."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    help="""Pack a trained model into one folder, look at one, check one.

    For example:

        emotion model pack --out models/packed
        emotion model show models/packed
    """,
)

Folder = Annotated[Path, typer.Argument(help="The folder of a packed model, e.g. models/packed.")]


@app.command("pack")
def pack_command(
    out: Annotated[Path, typer.Option(help="The folder to write; a packed model there is replaced.")],
    name: Annotated[str, typer.Option(help="Name of the model; without it the folder's.")] = "",
    licence: Annotated[str, typer.Option(help="Licence of the weights, e.g. mit.")] = "",
) -> None:
    """Write the last run's model as one folder.

    It has the classifier, the encoders, how media are read, and a card: what the model was trained on, its scores,
    and the sha256 of every file. No path, speaker, utterance or transcript is in it; a text encoder that was trained
    here has the words that it knows.

    For example:

        emotion model pack --out models/packed
        emotion model pack --out models/packed --name generated --licence mit
    """
    from emotion.bundle.packing import pack

    pack(out, name=name, licence=licence)


@app.command("show")
def show(folder: Folder) -> None:
    """Print what a model is, was trained on and is worth.

    For example:

        emotion model show models/packed
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from emotion.bundle.card import read_card
    from emotion.bundle.page import sections
    from emotion.core.text import printable

    card, console = read_card(folder), Console(highlight=False)
    for title, rows in sections(card):
        table = Table(title=title, title_justify="left", show_header=False)
        for key, value in rows:
            table.add_row(escape(printable(key)), escape(printable(value)))
        console.print(table)
    place = printable(str(folder))
    typer.echo(f"{place}: {printable(card.name)}; its files were not looked at: emotion model check {place}")


@app.command("check")
def check_command(folder: Folder) -> None:
    """Check that a model's folder is whole, and load everything in it.

    Every file must be the one that its card names. Weights are safetensors; nothing in the folder is run.

    For example:

        emotion model check models/packed
    """
    from emotion.bundle.folder import check
    from emotion.core.text import counted, printable

    card = check(folder).card
    files = counted(len(card.files), "files")
    encoders = ", ".join(f"{name} {encoder}" for name, encoder in card.encoders.items())
    typer.echo(f"{printable(str(folder))}: in order ({files}; {card.model}; encoders: {printable(encoders)})")
