"""`emotion encoders`: which encoders there are, and what one of them is."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(no_args_is_help=True, help="Encoders of audio, face and text: what there is to choose from.")


@app.command("list")
def list_command(
    modality: Annotated[str, typer.Option(help="Only of one modality: audio | face | text.")] = "",
) -> None:
    """Show our own encoders and a recommended checkpoint of each architecture. No network is used.

    dim is the size of the vector, size the number of parameters.

    A checkpoint is used with, for example:

        dvc exp run -S audio.encoder=microsoft/wavlm-base-plus

    Its name is looked up on the Hugging Face hub; without a network, download it elsewhere and give its folder. Any
    other checkpoint of the same architectures will do as well, of any size or language.
    """
    from emotion.encoders.catalogue import ENTRIES
    from emotion.errors import EmotionError

    chosen = [entry for entry in ENTRIES if modality in ("", entry.modality)]
    if not chosen:
        raise EmotionError(f"--modality is {modality}, expected audio, face or text")
    table = Table("modality", show_edge=False)
    table.add_column("encoder", no_wrap=True)
    for name in ("dim", "size", "expects", "licence"):
        table.add_column(name)
    for entry in chosen:
        size = f"{entry.millions:.1f} M"
        table.add_row(entry.modality, entry.name, str(entry.dim), size, entry.takes, entry.licence)
    Console().print(table)
    typer.echo(f"{len(chosen)} encoders; use one with -S <modality>.encoder=NAME, read on with describe NAME")


@app.command("describe")
def describe_command(
    name: Annotated[
        str,
        typer.Argument(
            help="audio | face | text (ours), the folder of a fitted encoder (models/encoders/audio) or of a "
            "checkpoint, or a name on the hub."
        ),
    ],
) -> None:
    """Say what an encoder is: dimension, parameters, pooling, expected input, licence, how to cite it.

    The network is used only for the name of a checkpoint that `emotion encoders list` does not show.
    """
    from emotion.encoders.describe import describe

    facts = describe(name)
    table = Table(show_header=False, show_edge=False, box=None)
    for key, value in facts.items():
        table.add_row(key, value)
    Console().print(table)
    typer.echo(f"{name}: {facts['modality']} encoder, dimension {facts['dimension']}")
