"""`emotion report`, `emotion view` and `emotion serve`: a run, a study or clips to look at in the browser."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from starlette.applications import Starlette

app = typer.Typer()

Folder = Annotated[Path, typer.Argument(help="Folder of a run (with data, models and metrics) or of a study.")]
Against = Annotated[
    str, typer.Option(help="Another run to compare with: a DVC experiment, a git revision or a run's folder.")
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 = any free one.")]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Only print the address.")]
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
    port: Port = 0,
    no_browser: NoBrowser = False,
) -> None:
    """Look at a run or a study in the browser.

    For example:
        emotion view
        emotion view --against lr-1e-3
        emotion view studies/data --no-browser
    """
    from emotion.page.view import application

    _serve(lambda number: application(folder, against=against, port=number), port, browser=not no_browser)


@app.command("serve")
def serve_command(
    model: Annotated[Path, typer.Option(help="The folder of a packed model (emotion model pack).")],
    asr: Annotated[str, typer.Option(help="Speech to text: name or folder of a Whisper model, or none.")] = "tiny.en",
    language: Annotated[str, typer.Option(help="Code of the language, e.g. en; without it as it sounds.")] = "",
    download: Annotated[bool, typer.Option("--download", help="Fetch the Whisper model if it is not here.")] = False,
    faces: Annotated[Literal["auto", "none"], typer.Option(help="Whether faces are looked at.")] = "auto",
    light_asd: Annotated[
        Path | None, typer.Option(help="Light-ASD's weights: which face speaks; without it the fetched ones, if any.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="MB that an upload may have.")] = 500,
    demo: Annotated[
        bool, typer.Option("--demo", help="Show how it works with a model of the generated corpus; means nothing.")
    ] = False,
    port: Port = 0,
    no_browser: NoBrowser = False,
) -> None:
    """Try clips in the browser: upload or record one.

    The page is for this machine only, and nothing leaves it. Clips are predicted one after the other, as by emotion
    predict. They lie in a private temporary folder; an upload is removed as soon as it was looked at, and what was made
    of it when the server ends.

    For example:
        emotion serve --model models/packed
        emotion serve --model models/packed --demo --no-browser
    """
    from emotion.page.trial import Asked
    from emotion.page.trying import application
    from emotion.predict.talk import Listening

    how = Listening(asr=asr, language=language, download=download, light_asd=light_asd)
    asked = Asked(model, how, faces=faces == "auto", demo=demo)
    _serve(lambda number: application(asked, port=number, limit=limit * 1_000_000), port, browser=not no_browser)


def _serve(application: "Callable[[int], AbstractContextManager[Starlette]]", port: int, *, browser: bool) -> None:
    """Serve the application of a port until Ctrl-C."""
    import webbrowser

    from emotion.page import serve

    door = serve.listen(port)
    with door:
        number = door.getsockname()[1]
        address = f"http://{serve.HOST}:{number}/"

        def ready() -> None:
            typer.echo(f"look at it: {address} (Ctrl-C ends it)")
            if browser:
                webbrowser.open(address)

        with application(number) as served:
            serve.run(served, door, ready=ready)
