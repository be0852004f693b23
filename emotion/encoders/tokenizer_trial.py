"""Run as a script, with a tokenizer.json: read and use it within limits; a damaged one may need hours, or all memory.

It stands alone, so that it starts at once; `pretrained` runs it in a process of its own and looks at how it ends.
"""

import resource
import sys

TEXTS = ("hello there", "a" * 200 + "!", "Ünïcode 東京 \u200b 123,456.78", " \n\t" * 20)
_MEMORY = 3 << 29  # bytes
_SECONDS = 10  # of computing


def main() -> None:
    """Print nothing where all is well."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(sys.argv[1])
    for text in TEXTS:
        tokenizer.encode(text)


if __name__ == "__main__":
    main()
