"""The memory of the pickle interpreter: the file, the stack, the memo, and the budget from which all of it is paid."""

import mmap
import pickletools
from collections.abc import Callable, Mapping
from typing import Any

from emotion.exchange.arrays import Damaged, Refused

LONGEST_WORD = 256  # bytes of a number or name that is written as text
OBJECT = 64  # bytes that any Python object takes, about
_STOP = ord(".")
_KNOWN = {ord(opcode.code): opcode.name for opcode in pickletools.opcodes}


class TooMuch(Exception):
    """The content takes more memory than a file of this size may ask for."""


class Machine:
    """Reads one pickle, whose content may take `budget` bytes."""

    def __init__(self, data: bytes | mmap.mmap, *, budget: int) -> None:
        self.data, self.size, self.left = data, len(data), budget
        self.at = 0
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def run(self, handlers: Mapping[int, Callable[["Machine"], None]]) -> object:
        """The content, by handlers that say what each opcode does; no other is allowed.

        Raises:
            Damaged: the file contradicts itself or ends early; so do IndexError and others, which mean the same.
            Refused: it asks for what is not allowed.
            Odd: it holds what no feature file holds.
            TooMuch: it asks for too much memory.
        """
        data, size = self.data, self.size
        while self.at < size:
            code = data[self.at]
            self.at += 1
            if code == _STOP:
                return self.stack.pop()
            handler = handlers.get(code)
            if handler is None and code in _KNOWN:
                raise Refused(f"the opcode {_KNOWN[code]}")
            if handler is None:
                raise Damaged(f"byte {code} is no opcode")
            handler(self)
        raise Damaged("it has no end")

    def spend(self, count: int) -> None:
        """Pay for so many bytes."""
        self.left -= count
        if self.left < 0:
            raise TooMuch

    def take(self, count: int) -> bytes:
        """The next bytes."""
        end = self.at + count
        if end > self.size:
            raise Damaged("it ends early")
        found = self.data[self.at : end]
        self.at = end
        return found

    def unsigned(self, width: int) -> int:
        """The next number of so many bytes."""
        return int.from_bytes(self.take(width), "little")

    def content(self, width: int) -> bytes:
        """The next bytes, after their number."""
        count = self.unsigned(width)
        if count > self.size - self.at:
            raise Damaged("it ends early")
        self.spend(count + OBJECT)
        return self.take(count)

    def line(self, most: int | None = LONGEST_WORD) -> bytes:
        """Up to the end of the line."""
        end = self.data.find(b"\n", self.at, self.size if most is None else min(self.size, self.at + most))
        if end < 0:
            raise Damaged("a line has no end")
        self.spend(end - self.at + OBJECT)
        found = self.take(end - self.at)
        self.at += 1
        return found

    def items(self) -> list[Any]:
        """What was put on the stack since the last mark."""
        found = self.stack
        self.stack = self.marks.pop()
        return found
