"""The program `emotion`, also as `python -m emotion`."""

from emotion.core import interrupts

interrupts.leave_at_once()  # imports take seconds, in which Ctrl-C should be as kind as later


def main() -> None:
    """Import the commands and run the one that was named."""
    from emotion import cli

    cli.main()


if __name__ == "__main__":
    main()
