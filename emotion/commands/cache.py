"""`emotion cache`: look into feature caches, check them, and remove unfinished work."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(
    no_args_is_help=True,
    help="""Look into feature caches, check them, clean up.

    For example:

        emotion cache show data/features/audio.h5
        emotion cache verify data/features/audio.h5
    """,
)

File = Annotated[Path, typer.Argument(help="A cache, e.g. data/features/audio.h5.")]
_MOST = 2000  # characters of a foreign text that are shown


@app.command("show")
def show(
    file: File, utterance: Annotated[str, typer.Option(help="Show this utterance's values and notes only.")] = ""
) -> None:
    """Show what a cache holds and what is missing in it.

    For example:

        emotion cache show data/features/audio.h5
        emotion cache show data/features/audio.h5 --utterance Ses05F_impro01_F000
    """
    from emotion.core.text import counted, printable, shortened
    from emotion.store.cache import Cache

    console = Console(markup=False, highlight=False)  # names and reasons may have brackets
    place = printable(str(file))
    with Cache(file) as cache:
        if utterance:
            row = cache.row(utterance)
            found = shortened(cache.reason[row], most=_MOST) or f"{cache[row].shape} {cache.dtype}"
            console.print(f"{printable(utterance)}: {found}")
            console.print(shortened(str(cache.notes[row]), most=_MOST))
            console.print(str(cache[row]))
            return
        table = Table("what", "value", title=place)
        shape = f"(t, {', '.join(map(str, cache.shape))}) {cache.dtype}"
        table.add_row(
            "utterances",
            f"{len(cache)}, {int(cache.present.sum())} present, {counted(int(cache.offsets[-1]), 'frames')}",
        )
        table.add_row("values of each", shape)
        if cache.training is not None:
            table.add_row("encoder trained on", f"{len(cache.training.trained_on)} utterances")
        for name, value in sorted(cache.attributes.items()):
            table.add_row(printable(name), shortened(str(value), most=_MOST))
        console.print(table)
        for name, reason in zip(cache.ids, cache.reason, strict=True):
            if reason:
                console.print(f"missing: {shortened(name)}: {shortened(reason, most=_MOST)}", soft_wrap=True)
    console.print(f"{place}: shown; `emotion cache verify {place}` checks its content", soft_wrap=True)


@app.command("verify")
def check(files: Annotated[list[Path], typer.Argument(help="Caches, e.g. data/features/*.h5.")]) -> None:
    """Check that caches are whole.

    It checks structure, counts, finite values, and the checksum over content and origin. The exit code is 1 if
    something is wrong.

    For example:

        emotion cache verify data/features/audio.h5 data/features/text.h5
    """
    from emotion.core.text import counted, printable
    from emotion.store.cache import Cache

    for file in files:
        with Cache(file) as cache:
            cache.check()
            sizes = {"utterances": len(cache), "frames": int(cache.offsets[-1]), "attributes": len(cache.attributes)}
        checked = ", ".join(counted(number, things) for things, number in sizes.items())
        typer.echo(f"{printable(str(file))}: in order (structure, checksum and finite values of {checked})")


@app.command("prune")
def prune(
    days: Annotated[float, typer.Option(min=0, help="Remove what has not changed for so many days; 0 = all.")] = 30,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be removed.")] = False,
) -> None:
    """Remove old unfinished work from .cache/emotion.

    Interrupted stages leave it there to continue from. What a running process uses is never removed.

    For example:

        emotion cache prune --dry-run
        emotion cache prune --days 7
    """
    from emotion.core.environment import scratch_folder
    from emotion.core.text import counted, printable
    from emotion.store.prune import prune as remove

    folder = scratch_folder()
    found = remove(folder, days=days, dry_run=dry_run)
    gone = [leftover for leftover in found if not leftover.kept]
    word = "would be removed" if dry_run else "removed"
    for leftover in gone:
        typer.echo(f"{word}: {printable(str(leftover.path))} ({leftover.size / 1e6:.1f} MB)")
    busy = sum(leftover.kept == "in use" for leftover in found)
    typer.echo(
        f"{printable(str(folder))}: {counted(len(gone), 'files')}, "
        f"{sum(leftover.size for leftover in gone) / 1e6:.1f} MB {word}; kept: {busy} in use, "
        f"{len(found) - len(gone) - busy} that changed in the last {days:g} days"
        f"{f'; remove them: emotion cache prune --days {days:g}' if dry_run and gone else ''}"
    )
