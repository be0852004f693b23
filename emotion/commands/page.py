"""`emotion report` and `emotion view`: a run or a study to look at, as a file or in the browser."""

from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer()

Folder = Annotated[Path, typer.Argument(help="Folder of a run (with data, models and metrics) or of a study.")]
Against = Annotated[
    str, typer.Option(help="Another run to compare with: a DVC experiment, a git revision or a run's folder.")
]
_MEDIA = "none (figures and text), faces (strips of faces too) or all (sound and video too)."


@app.command("report")
def report_command(
    folder: Folder = Path(),
    out: Annotated[Path, typer.Option(help="The HTML file.")] = Path("report.html"),
    media: Annotated[Literal["none", "faces", "all"], typer.Option(help=_MEDIA)] = "all",
    media_limit: Annotated[int, typer.Option(min=0, help="At most so many MB of media inside the file.")] = 64,
    against: Against = "",
) -> None:
    """Write one HTML file that shows a run or a study.

    That of a run contains the corpus's text, so it is not for publishing.

    For example:
        emotion report --out report.html
        emotion report --media none --out small.html
        emotion report studies/data --out study.html
    """
    from emotion.core.text import printable
    from emotion.page.build import report
    from emotion.page.study import is_study

    size = report(folder, out, media=media, limit=media_limit * 1_000_000, against=against)
    inside = "figures, no corpus text" if is_study(folder) else "corpus text"
    typer.echo(f"{printable(str(out))}: {size / 1e6:.1f} MB, open it in a browser; it contains {inside}", err=True)


@app.command("view")
def view_command(
    folder: Folder = Path(),
    against: Against = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 = any free one.")] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the address.")] = False,
) -> None:
    """Look at a run or a study in the browser.

    For example:
        emotion view
        emotion view --against lr-1e-3
        emotion view studies/data --no-browser
    """
    import webbrowser

    from emotion.page import serve
    from emotion.page.view import application

    door = serve.listen(port)
    with door:
        number = door.getsockname()[1]
        address = f"http://{serve.HOST}:{number}/"

        def ready() -> None:
            typer.echo(f"look at it: {address} (Ctrl-C ends it)")
            if not no_browser:
                webbrowser.open(address)

        with application(folder, against=against, port=number) as served:
            serve.run(served, door, ready=ready)
