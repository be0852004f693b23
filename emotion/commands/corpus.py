"""`emotion index`, `emotion corpus` and `emotion summary`: from a release to an index, and what came of a run."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer()
corpus_app = typer.Typer(no_args_is_help=True, help="Look into a corpus.")
app.add_typer(corpus_app, name="corpus")

CorpusName = Annotated[str, typer.Option(help="synthetic | iemocap | meld | table")]
Root = Annotated[Path, typer.Option(help="The corpus's folder.")]
LabelRule = Annotated[str, typer.Option(help="Of iemocap: released (7433 utterances) | strict (7380).")]
Split = Annotated[str, typer.Option(help="corpus (its own) | of iemocap also: paper | cosmic | session1 .. session5")]
Overlap = Annotated[
    bool, typer.Option("--allow-speaker-overlap", help="Let speakers of the test set be in training; MELD needs it.")
]


@app.command("summary")
def summary_command(
    folder: Annotated[Path, typer.Argument(help="Folder with metrics.json and the pictures.")] = Path("metrics"),
) -> None:
    """Print the test metrics as a table, and where the pictures are."""
    from emotion.report import summary

    summary(folder / "metrics.json", pictures=[folder / "confusion.png", folder / "training.png"])


@app.command("index")
def index_command(
    corpus: CorpusName,
    root: Root,
    out: Annotated[Path, typer.Option(help="The CSV file to write; a JSON file is written beside it.")],
    label_rule: LabelRule = "released",
    split: Split = "corpus",
    allow_speaker_overlap: Overlap = False,
    annotators: Annotated[
        Path | None, typer.Option(help="Also write what every rater says into this CSV file (iemocap).")
    ] = None,
) -> None:
    """Read a corpus and write its index: one row per utterance."""
    from emotion.corpus.index import index_corpus

    index_corpus(
        corpus=corpus,
        root=root,
        out=out,
        label_rule=label_rule,
        split=split,
        allow_speaker_overlap=allow_speaker_overlap,
        annotators=annotators,
    )


@corpus_app.command("check")
def check_command(
    corpus: CorpusName,
    root: Root,
    label_rule: LabelRule = "released",
    split: Split = "corpus",
    allow_speaker_overlap: Overlap = False,
    media: Annotated[bool, typer.Option("--media", help="Decode every media file to its end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare a corpus with what is expected; name every deviation and its mend; exit with 1 on errors."""
    from emotion.corpus.check import check_corpus
    from emotion.corpus.show import show_report
    from emotion.media.probe import decode
    from emotion.params import workers

    report = check_corpus(
        corpus=corpus,
        root=root,
        label_rule=label_rule,
        split=split,
        allow_speaker_overlap=allow_speaker_overlap,
        decode=decode if media else None,
        workers=workers(),
    )
    if as_json:
        typer.echo(report.to_json())
    else:
        show_report(report, Console())
    if report.count("error"):
        raise typer.Exit(1)
