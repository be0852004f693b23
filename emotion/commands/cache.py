"""`emotion cache`: look into feature caches and check them."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(no_args_is_help=True, help="Look into a feature cache, or check it.")

File = Annotated[Path, typer.Argument(help="A cache, e.g. data/features/audio.h5.")]


@app.command("show")
def show(
    file: File,
    utterance: Annotated[str, typer.Option(help="Show this utterance's values and notes only.")] = "",
) -> None:
    """Say what a cache holds, where it comes from and what is missing in it."""
    from emotion.cache import Cache

    console = Console(markup=False)  # names and reasons may have brackets
    with Cache(file) as cache:
        if utterance:
            row = cache.row(utterance)
            console.print(f"{utterance}: {cache.reason[row] or f'{cache[row].shape} {cache.dtype}'}", highlight=False)
            console.print(str(cache.notes[row]), highlight=False)
            console.print(str(cache[row]), highlight=False)
            return
        table = Table("what", "value", title=str(file))
        shape = f"(t, {', '.join(map(str, cache.shape))}) {cache.dtype}"
        table.add_row(
            "utterances", f"{len(cache)}, {int(cache.present.sum())} present, {int(cache.offsets[-1])} frames"
        )
        table.add_row("values of each", shape)
        for name, value in sorted(cache.attributes.items()):
            table.add_row(name, str(value))
        console.print(table)
        for name, reason in zip(cache.ids, cache.reason, strict=True):
            if reason:
                console.print(f"missing: {name}: {reason}", highlight=False, soft_wrap=True)
    console.print(f"{file}: shown; `emotion cache verify {file}` checks its content", highlight=False, soft_wrap=True)


@app.command("verify")
def check(files: Annotated[list[Path], typer.Argument(help="Caches, e.g. data/features/*.h5.")]) -> None:
    """Check structure, counts, finiteness and the content's checksum; exit with 1 at the first that fails."""
    from emotion.cache import verify

    for file in files:
        verify(file)
        typer.echo(f"{file}: in order")
