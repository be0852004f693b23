"""LaTeX of foreign text: nothing in it is a command."""

from collections.abc import Iterable, Sequence

from emotion.core.text import printable

_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        '"': r"\textquotedbl{}",
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    }
)


def latex_text(text: object) -> str:
    """Text as LaTeX prints it."""
    return printable(str(text)).translate(_SPECIAL).replace("±", r"$\pm$")


def booktabs(header: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str, label: str) -> str:
    """A table with booktabs' rules, whose first column is text and whose others are figures.

    Args:
        header: names of the columns.
        rows: LaTeX, one text for each column.
        caption: LaTeX.
        label: for `ref`.
    """
    lines = [header, *rows]
    cells = [" & ".join(line) + r" \\" for line in lines]
    body = [r"\toprule", cells[0], r"\midrule", *cells[1:], r"\bottomrule"]
    return "\n".join(
        [
            r"\begin{table}",
            r"  \centering",
            f"  \\caption{{{caption}}}",
            f"  \\label{{{label}}}",
            f"  \\begin{{tabular}}{{l{'r' * (len(header) - 1)}}}",
            *(f"    {line}" for line in body),
            r"  \end{tabular}",
            r"\end{table}",
        ]
    )
