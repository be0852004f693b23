"""`emotion encoders`: which encoders there are, and what one of them is."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

app = typer.Typer(
    no_args_is_help=True,
    help="""List and describe encoders of audio, face and text.

    For example:

        emotion encoders list
        emotion encoders describe FacebookAI/roberta-base
    """,
)


@app.command("list")
def list_command(
    modality: Annotated[str, typer.Option(help="Show one modality only: audio | face | text.")] = "",
) -> None:
    """List the encoders that can be chosen.

    It shows our own encoders and one checkpoint of each architecture: size of the vector, parameters, input and
    licence. No network is used. Any other checkpoint of the same architectures works too, of any size or language.

    The pipeline looks up a checkpoint's name on the Hugging Face hub. Without a network, download it on another
    machine and give its folder instead of the name.

    For example:

        emotion encoders list --modality audio
        dvc exp run -S audio.encoder=microsoft/wavlm-base-plus
    """
    from textwrap import shorten

    from emotion.core.errors import EmotionError
    from emotion.core.limits import MODALITIES
    from emotion.core.plugins import in_folder
    from emotion.core.text import counted
    from emotion.encoders.catalogue import ENTRIES

    chosen = [entry for entry in ENTRIES if modality in ("", entry.modality)]
    if not chosen:
        raise EmotionError(f"--modality is {modality}, expected audio, face or text")
    for entry in chosen:
        typer.echo(f"{entry.modality}  {entry.name}")
        typer.echo(f"       {entry.dim}-d, {entry.millions:.1f} M parameters, {entry.licence}")
        typer.echo(f"       takes {entry.takes}")
    wanted = (modality,) if modality else MODALITIES
    own = {name: about for name, about in in_folder().items() if about.get("modality") in wanted}
    for name, about in own.items():
        typer.echo(f"{about['modality']}  {name}")
        typer.echo(f"       {shorten(about['doc'], 72, placeholder=' ...')}")
    if own:
        typer.echo(f"{counted(len(own), 'encoders')} of your own, in plugins/")
    example = chosen[-1]
    typer.echo(f"{len(chosen)} encoders")
    typer.echo(f"read on: emotion encoders describe {example.name}")
    typer.echo(f"use one: dvc exp run -S {example.modality}.encoder={example.name}")


@app.command("describe")
def describe_command(
    name: Annotated[
        str,
        typer.Argument(
            help="A name of `emotion encoders list`; audio, face or text (ours); plugins/FILE.py:CLASS; a folder with "
            "a fitted encoder or a checkpoint; or any other name on the Hugging Face hub."
        ),
    ],
) -> None:
    """Show size, input, licence and citation of an encoder.

    The network is used only for the name of a checkpoint that `emotion encoders list` does not show.

    For example:

        emotion encoders describe paper
        emotion encoders describe microsoft/wavlm-base-plus
        emotion encoders describe models/encoders/audio
        emotion encoders describe plugins/prosody.py:Prosody
    """
    from emotion.core.text import printable
    from emotion.encoders.describe import describe, meant

    for one in meant(name):
        facts = describe(one)
        table = Table(show_header=False, show_edge=False, box=None)
        for key, value in facts.items():
            table.add_row(key, Text(printable(value)))
        Console().print(table)
        modality, encoder = facts["modality"], printable(facts["encoder"])
        fitted = encoder.endswith(", fitted")
        use = f"dvc repro extract@{modality}" if fitted else f"dvc exp run -S {modality}.encoder={encoder}"
        typer.echo(f"{printable(name)}: {modality} encoder, dimension {facts['dimension']}")
        typer.echo(f"use it: {use}")
