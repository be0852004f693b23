"""The `emotion` command: its subcommands are in `emotion.commands`, which import what they need when they run."""

import typer

from emotion.commands import cache, corpus, encoders, exchange, models, study
from emotion.errors import one_line_errors

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Multimodal emotion recognition in conversation. The pipeline itself is run with `dvc repro`.",
)
for part in (corpus, exchange, study):
    app.add_typer(part.app)
app.add_typer(cache.app, name="cache")
app.add_typer(encoders.app, name="encoders")
app.add_typer(models.app, name="models")


def main() -> None:
    """Run the command; errors that the user can mend are one line."""
    with one_line_errors():
        app()
