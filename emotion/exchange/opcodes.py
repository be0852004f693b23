"""The opcodes of a feature pickle, for an interpreter that cannot call, import or change anything.

Python's own unpickler calls what a file names. This one knows the opcodes that data needs, keeps what a file names as
inert text (`Name`), and makes the values of a few names itself (`MAKERS`). Memory is paid for from a budget before the
file can ask for more, and memo entries are a dict's: a number in the file never decides how much memory is taken.

    bytes -> opcode -> handler -> stack, memo -> STOP: the content
"""

import codecs
import re
import struct
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from emotion.exchange.arrays import MAKERS, Array, Damaged, Dtype, Name, Odd, Refused, checked_key
from emotion.exchange.machine import LONGEST_WORD, OBJECT, Machine

_FLOATS = re.compile(rb"(?:G.{8})++", re.DOTALL)  # a run of numbers; possessive: no state is kept for each
_LONGEST_NUMBER = 8  # bytes of a whole number: ids and labels are small
_Handler = Callable[[Machine], None]
HANDLERS: Final[dict[int, _Handler]] = {}
"""Opcode -> what it does; what is not here is refused."""


def _opcode(*codes: bytes) -> Callable[[_Handler], _Handler]:
    def register(handler: _Handler) -> _Handler:
        for code in codes:
            HANDLERS[code[0]] = handler
        return handler

    return register


def _constant(value: object) -> _Handler:
    return lambda machine: machine.stack.append(value)


HANDLERS.update({ord("N"): _constant(None), 0x88: _constant(True), 0x89: _constant(False)})


def _whole(width: int, *, signed: bool = False) -> _Handler:
    def push(machine: Machine) -> None:
        machine.stack.append(int.from_bytes(machine.take(width), "little", signed=signed))

    return push


def _line(value: Callable[[bytes], object], *, most: int | None = LONGEST_WORD) -> _Handler:
    return lambda machine: machine.stack.append(value(machine.line(most)))


HANDLERS.update({ord("F"): _line(float), ord("V"): _line(lambda text: str(text, "raw-unicode-escape"), most=None)})
HANDLERS.update({ord("K"): _whole(1), ord("M"): _whole(2), ord("J"): _whole(4, signed=True)})


@_opcode(b"\x8a", b"\x8b")
def _long(machine: Machine) -> None:
    width = machine.unsigned(1 if machine.data[machine.at - 1] == 0x8A else 4)
    if width > _LONGEST_NUMBER + 1:
        raise Odd(f"a whole number of {width} bytes")
    machine.stack.append(int.from_bytes(machine.take(width), "little", signed=True))


@_opcode(b"I", b"L")
def _number_as_text(machine: Machine) -> None:
    text = machine.line()
    if text in (b"00", b"01"):
        machine.stack.append(text == b"01")
        return
    number = int(text.rstrip(b"L"))
    if number.bit_length() > 8 * _LONGEST_NUMBER:
        raise Odd(f"a whole number of {len(text)} digits")
    machine.stack.append(number)


@_opcode(b"G")
def _float(machine: Machine) -> None:
    """A list of numbers is one run of these: read at once, since files of lists have millions."""
    run = _FLOATS.match(machine.data, machine.at - 1)
    if run is None:
        raise Damaged("it ends early")
    count = (run.end() - run.start()) // 9
    machine.spend(32 * count)
    if count == 1:
        machine.stack.append(struct.unpack(">d", machine.take(8))[0])
        return
    values = np.frombuffer(run.group(), dtype=[("code", "u1"), ("value", ">f8")])["value"]
    machine.stack += values.astype(np.float64).tolist()
    machine.at = run.end()


def _content(width: int, *codec: str) -> _Handler:
    """Bytes after their number, which takes `width` bytes; as text where a codec is given."""

    def push(machine: Machine) -> None:
        found = machine.content(width)
        machine.stack.append(found.decode(*codec) if codec else found)

    return push


_UTF8: Final = ("utf-8", "surrogatepass")
HANDLERS.update({0x8C: _content(1, *_UTF8), ord("X"): _content(4, *_UTF8), 0x8D: _content(8, *_UTF8)})
HANDLERS.update({ord("U"): _content(1, "latin-1"), ord("T"): _content(4, "latin-1")})  # Python 2's bytes, its text
HANDLERS.update({ord("C"): _content(1), ord("B"): _content(4), 0x8E: _content(8), 0x96: _content(8)})


@_opcode(b"S")
def _quoted_text(machine: Machine) -> None:
    text = machine.line(None).strip()
    if len(text) < 2 or text[:1] != text[-1:] or text[:1] not in b"'\"":
        raise Damaged("a text has no quotes")
    machine.stack.append(codecs.escape_decode(text[1:-1])[0].decode("latin-1"))


@_opcode(b"(")
def _mark(machine: Machine) -> None:
    machine.spend(OBJECT)
    machine.marks.append(machine.stack)
    machine.stack = []


def _empty(kind: Callable[[], object]) -> _Handler:
    def push(machine: Machine) -> None:
        machine.spend(2 * OBJECT)
        machine.stack.append(kind())

    return push


HANDLERS.update({ord("]"): _empty(list), ord("}"): _empty(dict), 0x8F: _empty(set), ord(")"): _constant(())})


def _tuple_of(count: int) -> _Handler:
    def push(machine: Machine) -> None:
        if len(machine.stack) < count:
            raise Damaged("a tuple has too few items")
        machine.spend(OBJECT)
        machine.stack[-count:] = [tuple(machine.stack[-count:])]

    return push


HANDLERS.update({0x84 + count: _tuple_of(count) for count in (1, 2, 3)})


@_opcode(b"t", b"l", b"d", b"\x91")
def _gather(machine: Machine) -> None:
    """The items since the mark, as a tuple, list, dict or frozenset."""
    code, items = machine.data[machine.at - 1], machine.items()
    machine.spend(8 * len(items) + OBJECT)
    if code == ord("d"):
        machine.stack.append({})
        _set_items(machine, items)
    elif code == 0x91:
        machine.spend(OBJECT * len(items))
        machine.stack.append(frozenset(map(checked_key, items)))
    else:
        machine.stack.append(items if code == ord("l") else tuple(items))


def _set_items(machine: Machine, items: list[Any]) -> None:
    target = machine.stack[-1]
    if type(target) is not dict or len(items) % 2:
        raise Damaged("a dict has no pairs")
    machine.spend(OBJECT * len(items))
    for key, value in zip(items[::2], items[1::2], strict=True):
        target[checked_key(key)] = value


@_opcode(b"a", b"e")
def _append(machine: Machine) -> None:
    many = machine.data[machine.at - 1] == ord("e")
    items = machine.items() if many else [machine.stack.pop()]
    if type(machine.stack[-1]) is not list:
        raise Damaged("items are for a list")
    machine.spend(16 * len(items))
    machine.stack[-1] += items


@_opcode(b"s", b"u")
def _fill(machine: Machine) -> None:
    if machine.data[machine.at - 1] == ord("u"):
        _set_items(machine, machine.items())
    else:
        value, key = machine.stack.pop(), machine.stack.pop()
        _set_items(machine, [key, value])


@_opcode(b"\x90")
def _add(machine: Machine) -> None:
    items = machine.items()
    if type(machine.stack[-1]) is not set:
        raise Damaged("items are for a set")
    machine.spend(OBJECT * len(items))
    machine.stack[-1].update(map(checked_key, items))


def _memory(read: Callable[[Machine], int], *, put: bool) -> _Handler:
    """Store what is on top of the stack under a number, or fetch what is under it."""

    def store(machine: Machine) -> None:
        number = read(machine)
        if not 0 <= number <= machine.size:
            raise Damaged(f"memo entry {number:,} in a file of {machine.size:,} bytes")
        machine.spend(2 * OBJECT)
        machine.memo[number] = machine.stack[-1]

    def fetch(machine: Machine) -> None:
        number = read(machine)
        if number not in machine.memo:
            raise Damaged(f"memo entry {number:,} was never stored")
        machine.stack.append(machine.memo[number])

    return store if put else fetch


HANDLERS.update(
    {
        ord("q"): _memory(lambda machine: machine.unsigned(1), put=True),
        ord("r"): _memory(lambda machine: machine.unsigned(4), put=True),
        ord("p"): _memory(lambda machine: int(machine.line()), put=True),
        0x94: _memory(lambda machine: len(machine.memo), put=True),
        ord("h"): _memory(lambda machine: machine.unsigned(1), put=False),
        ord("j"): _memory(lambda machine: machine.unsigned(4), put=False),
        ord("g"): _memory(lambda machine: int(machine.line()), put=False),
    }
)


@_opcode(b"\x80", b"\x95")
def _head(machine: Machine) -> None:
    if machine.data[machine.at - 1] == 0x95:
        if machine.unsigned(8) > machine.size - machine.at:
            raise Damaged("it ends early")
    elif (protocol := machine.unsigned(1)) > 5:
        raise Damaged(f"it has protocol {protocol}, expected 0 to 5")


@_opcode(b"c", b"\x93")
def _name(machine: Machine) -> None:
    if machine.data[machine.at - 1] == ord("c"):
        module, name = machine.line().decode(), machine.line().decode()
    else:
        name, module = machine.stack.pop(), machine.stack.pop()
    if not isinstance(module, str) or not isinstance(name, str):
        raise Damaged("a name is no text")
    if (module, name) not in MAKERS and (module, name) != ("numpy", "ndarray"):
        raise Refused(f"{module}.{name}")
    machine.spend(OBJECT)
    machine.stack.append(Name(module, name))


@_opcode(b"R")
def _make(machine: Machine) -> None:
    arguments, name = machine.stack.pop(), machine.stack.pop()
    if not isinstance(name, Name) or (name.module, name.name) not in MAKERS or type(arguments) is not tuple:
        raise Damaged("it calls something that has no name")
    made = MAKERS[name.module, name.name](*arguments)
    machine.spend(OBJECT + (made.nbytes if isinstance(made, np.ndarray) else 0))
    if isinstance(made, str | bytes | list | tuple | dict | set | frozenset):
        machine.spend((1 if isinstance(made, str | bytes) else OBJECT) * len(made))
    machine.stack.append(made)


@_opcode(b"b")
def _build(machine: Machine) -> None:
    state, target = machine.stack.pop(), machine.stack[-1]
    if not isinstance(target, Array | Dtype):
        kind = str(target) if isinstance(target, Name) else f"a {type(target).__name__.lower()}"
        raise Refused(f"a change to {kind}")
    target.build(state)
    if isinstance(target, Array) and target.values is not None:
        machine.spend(target.values.nbytes)
