"""The `emotion` command: its subcommands are in `emotion.commands`, which import what they need when they run."""

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from emotion.commands import (
    cache,
    corpus,
    encoders,
    exchange,
    fetch,
    model,
    models,
    page,
    params,
    predict,
    study,
    train,
    tune,
)
from emotion.commands.plain import make_plain
from emotion.core.errors import INTERRUPTED, one_line_errors

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
for part in (corpus, params, study, tune, page, exchange, predict, train):
    app.add_typer(part.app)
app.add_typer(model.app, name="model")
app.add_typer(models.app, name="models")
app.add_typer(encoders.app, name="encoders")
app.add_typer(cache.app, name="cache")
app.add_typer(fetch.app, name="fetch")


def _version(wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(f"emotion {version('emotion-in-conversation')}")
        except PackageNotFoundError:  # the sources alone, not installed
            typer.echo("emotion, not installed: no version")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Multimodal emotion recognition in conversation.

    The pipeline itself is run with DVC; these commands look at its results and work beside it.

    For example:

        dvc repro
        emotion summary
        emotion study --features data --out studies/data
    """


make_plain(app)


def main() -> None:
    """Run the command; errors that the user can fix are one line."""
    with one_line_errors():
        try:
            app()
        except SystemExit as ended:
            if ended.code == INTERRUPTED:  # what typer makes of Ctrl-C, without a word
                raise KeyboardInterrupt from None
            raise


if __name__ == "__main__":
    main()
