"""Help without boxes: nothing is cut or broken at 80 columns, and examples can be copied line by line."""

import inspect

import typer


def make_plain(app: typer.Typer) -> None:
    """Print an app's help, and that of the apps inside it, as plain text; indented lines stay as they are written."""
    app.rich_markup_mode = None
    if isinstance(app.info.help, str):
        app.info.help = kept(inspect.cleandoc(app.info.help))
    for command in (*app.registered_commands, app.registered_callback):
        if command is not None:
            command.help = kept(command.help or inspect.getdoc(command.callback) or "")
    for group in app.registered_groups:
        if group.typer_instance is not None:
            make_plain(group.typer_instance)


def kept(text: str) -> str:
    r"""The text with a `\b`, which says "do not wrap", before each run of indented lines."""
    lines: list[str] = []
    indented = False
    for line in text.split("\n"):
        if line.startswith("    ") and not indented:
            lines += ["", "\b"] if lines and lines[-1] else ["\b"]
        indented = line.startswith("    ")
        lines.append(line)
    return "\n".join(lines)
