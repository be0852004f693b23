"""`emotion params`: every setting, what it means, what it may be."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command("params")
def params_command(
    name: Annotated[str, typer.Argument(help="Keys that begin like this only, e.g. lr, or audio.")] = "",
    file: Annotated[Path, typer.Option(help="File whose values are shown beside the defaults.")] = Path("params.yaml"),
) -> None:
    """List the settings of params.yaml.

    It shows what each key means and may be, its default and its value.

    For example:

        emotion params
        emotion params audio
        emotion params lr
    """
    from emotion.core.errors import EmotionError
    from emotion.params import Params, read_params, rows

    found = [row for row in rows(Params(), read_params(file)) if row.key.startswith(name)]
    if not found:
        raise EmotionError(f"{file}: no key begins with {name!r}; for all of them: emotion params")
    for row in found:
        changed = "" if row.value == row.default else f", here {row.value}"
        typer.echo(f"{row.key} = {row.default}{changed}\n    {row.meaning}\n    expected: {row.expected}")
    typer.echo(f"to change one for a run: dvc exp run -S lr=1e-3; for good: edit {file}")
