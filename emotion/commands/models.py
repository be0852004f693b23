"""`emotion models`: the fusion models, what they are made of and how they are best trained."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

app = typer.Typer(
    no_args_is_help=True,
    help="""List and describe the fusion models.

    For example:

        emotion models list
        emotion models describe cmn
    """,
)
DIMS = "audio=128,face=128,text=300"
RECIPES = Path("recipes")


@app.command("list")
def list_command(
    dims: Annotated[str, typer.Option(help="Features per modality, to count the parameters.")] = DIMS,
    recipes: Annotated[Path, typer.Option(help="Folder with <model>.yaml.")] = RECIPES,
) -> None:
    """List the models with their size and source.

    For example:

        emotion models list
        emotion models list --dims audio=55,text=384
    """
    from emotion.core.text import counted
    from emotion.fusion.describe import describe, own_models, read_dims
    from emotion.fusion.models import registry

    table = Table(Column("model", no_wrap=True), Column("parameters", justify="right"), "source", box=None)
    own = own_models()
    for name in (*registry.NAMES, *own):
        found = describe(name, dims=read_dims(dims), recipes=recipes)
        table.add_row(name, f"{found.parameters:,}", found.entry.source, end_section=name == registry.NAMES[-1])
    Console().print(table)
    if own:
        typer.echo(f"{counted(len(own), 'models')} of your own, in plugins/")
    typer.echo(f"{len(registry.NAMES)} models; for one of them: emotion models describe NAME")


@app.command("describe")
def describe_command(
    name: Annotated[str, typer.Argument(help="A model of `emotion models list`, or plugins/FILE.py:CLASS.")],
    dims: Annotated[str, typer.Option(help="Features per modality, to count the parameters.")] = DIMS,
    recipes: Annotated[Path, typer.Option(help="Folder with <model>.yaml.")] = RECIPES,
) -> None:
    """Show what a model is made of and how it is best trained.

    For example:

        emotion models describe fusion
        emotion models describe cmn --dims audio=55,text=384
        emotion models describe plugins/gated.py:Gated
    """
    from emotion.fusion.describe import describe, read_dims

    found = describe(name, dims=read_dims(dims), recipes=recipes)
    typer.echo(f"{found.text}\n")
    table = Table("part", "parameters", "made of")
    for part in found.parts:
        table.add_row(part.name, f"{part.parameters:,}", part.made_of)
    table.add_section()
    table.add_row("all", f"{found.parameters:,}", f"for {dims}; the recipe trains {found.members}")
    Console().print(table)
    typer.echo(f"\n{found.path} (the rest has the defaults of `emotion params`)\n{found.recipe or 'no such file'}")
    switches = ", ".join(found.entry.parts) or "nothing"
    option = "" if recipes == RECIPES else f" --recipes {recipes}"
    sizes = ", ".join(found.entry.sizes) or "nothing"
    typer.echo(f"{name}: source {found.entry.source}; can be switched off: {switches}; sizes that can be set: {sizes}")
    levels = ""
    if found.entry.frames:
        levels = " -S audio.level=frame -S face.level=frame -S text.level=word"
        typer.echo(f"{name} reads words and frames: the features of both commands below have to be of these levels")
    typer.echo(f"with the settings of params.yaml: dvc exp run -S model={name}{levels}")
    folder = name.rpartition(":")[2]
    typer.echo(f"with this recipe: emotion study --features data --models {name} --out studies/{folder}{option}")
