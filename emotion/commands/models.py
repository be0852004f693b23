"""`emotion models`: the fusion models, what they are made of and how they are best trained."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

app = typer.Typer(no_args_is_help=True, help="The fusion models: what there is, and how each is best trained.")
DIMS = "audio=128,face=128,text=300"
RECIPES = Path("recipes")


@app.command("list")
def list_command(
    dims: Annotated[str, typer.Option(help="Features per modality, to count the parameters.")] = DIMS,
    recipes: Annotated[Path, typer.Option(help="Folder with <model>.yaml.")] = RECIPES,
) -> None:
    """One line per model: parameters, what it looks at, and where it comes from."""
    from emotion.describe import describe, read_dims
    from emotion.models import registry

    table = Table(Column("model", no_wrap=True), "parameters", "can be set", "source")
    for name in registry.NAMES:
        found = describe(name, dims=read_dims(dims), recipes=recipes)
        table.add_row(name, f"{found.parameters:,}", ", ".join(found.entry.sizes) or "-", found.entry.source)
    Console().print(table)
    typer.echo(f"{len(registry.NAMES)} models; for one of them: emotion models describe NAME")


@app.command("describe")
def describe_command(
    name: Annotated[str, typer.Argument(help="A model of `emotion models list`.")],
    dims: Annotated[str, typer.Option(help="Features per modality, to count the parameters.")] = DIMS,
    recipes: Annotated[Path, typer.Option(help="Folder with <model>.yaml.")] = RECIPES,
) -> None:
    """What a model is, its source, its parts with their parameters, and its recommended settings."""
    from emotion.describe import describe, read_dims

    found = describe(name, dims=read_dims(dims), recipes=recipes)
    typer.echo(f"{found.text}\n")
    table = Table("part", "parameters", "made of")
    for part in found.parts:
        table.add_row(part.name, f"{part.parameters:,}", part.made_of)
    table.add_section()
    table.add_row("all", f"{found.parameters:,}", f"for {dims}; the recipe trains {found.members}")
    Console().print(table)
    typer.echo(f"\n{recipes / name}.yaml\n{found.recipe}")
    switches = ", ".join(found.entry.parts) or "nothing"
    option = "" if recipes == RECIPES else f" --recipes {recipes}"
    typer.echo(f"{name}: source {found.entry.source}; can be switched off: {switches}")
    typer.echo(f"with the settings of params.yaml: dvc exp run -S model={name}")
    typer.echo(f"with this recipe: emotion study --features data --models {name} --out studies/{name}{option}")
