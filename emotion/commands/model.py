"""`emotion model`: a trained model as one folder: pack it, look at it, check it, exchange it on the hub."""

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

    from emotion.bundle.card import located, read_card
    from emotion.bundle.hub import ORIGIN
    from emotion.bundle.page import sections
    from emotion.core.objects import read_object
    from emotion.core.text import printable

    card, console = read_card(folder), Console(highlight=False)
    for title, rows in sections(card):
        table = Table(title=title, title_justify="left", show_header=False)
        for key, value in rows:
            table.add_row(escape(printable(key)), escape(printable(value)))
        console.print(table)
    place = printable(str(folder))
    origin = located(folder) / ORIGIN
    if origin.is_file():
        found = read_object(origin, remedy="pull it again: emotion model pull")
        typer.echo(
            f"from the hub: {printable(str(found.get('name')))}, revision {printable(str(found.get('revision')))}"
        )
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


HubName = Annotated[str, typer.Argument(help="The repository on the Hugging Face hub.", metavar="OWNER/NAME")]


@app.command("push")
def push_command(
    folder: Folder,
    name: HubName,
    public: Annotated[
        bool, typer.Option("--public", help="For everybody, where the repository is new; else it is private.")
    ] = False,
) -> None:
    """Put a model on the Hugging Face hub.

    The folder is checked first, as `emotion model check` does. A new repository is private. Log in once: hf auth login.
    Whether the corpus's licence lets you give a model away is for you to know.

    For example:

        emotion model push models/packed somebody/my-model
    """
    from emotion.bundle.hub import push
    from emotion.core.text import printable

    commit = push(folder, name, public=public)
    place = printable(name)
    typer.echo(f"{place}: pushed; to get this very model: emotion model pull {place} --revision {commit} --out DIR")


@app.command("pull")
def pull_command(
    name: HubName,
    out: Annotated[Path, typer.Option(help="The folder to write; a packed model there is replaced.")],
    revision: Annotated[str, typer.Option(help="Branch, tag or commit of the repository.")] = "main",
) -> None:
    """Get a model from the Hugging Face hub, and check it.

    All files are of one commit, which is printed and kept with them. Every file must be the one that the card names;
    weights are safetensors, and nothing in the folder is run. It appears complete or not at all.

    For example:

        emotion model pull somebody/my-model --out models/theirs
    """
    from emotion.bundle.hub import pull
    from emotion.core.text import printable

    card, commit = pull(name, out, revision=revision)
    place = printable(str(out))
    typer.echo(
        f"{place}: {printable(card.name)}, in order, revision {commit}; use it: emotion predict talk.mp4 "
        f"--model {place} --out talk"
    )
