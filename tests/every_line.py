"""All lines that a template of the generated corpus can give."""

import re
from itertools import product


def every_line(template, slots):
    """The lines: each slot of the template with each of its words, a capital at the beginning."""
    names = re.findall(r"{(\w+)}", template)
    lines = (
        template.format(**dict(zip(names, words, strict=True))) for words in product(*(slots[name] for name in names))
    )
    return [line[0].upper() + line[1:] for line in lines]
