"""Programs: what people subscribe to, and which of our numbers belongs to which.

A STOP reaches as far as the program it answers says. Pure rules; the settings fill them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ProgramKind(StrEnum):
    """What a program is for."""

    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"
    VERIFICATION = "verification"
    CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True)
class Program:
    """Something people subscribe to; an empty id is the program of numbers that have none."""

    program_id: str
    kind: ProgramKind


UNASSIGNED = Program("", ProgramKind.MARKETING)
"""A number nobody has assigned counts as marketing: a STOP to it reaches furthest."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs of the brand, by our numbers."""

    by_number: Mapping[str, Program] = field(default_factory=dict)
    revoke_all: bool = False
    """Whether every STOP ends every program: the part of 47 CFR 64.1200(a)(10) that the FCC has
    waived to 2027-01-31 (DA 26-12)."""

    @property
    def ids(self) -> frozenset[str]:
        """Return the names by which somebody may leave one of them."""
        return frozenset(each.program_id for each in self.by_number.values())

    def of(self, our_number: str) -> Program:
        """Return the program a number of ours belongs to."""
        return self.by_number.get(our_number, UNASSIGNED)

    def named(self, program_id: str) -> Program | None:
        """Return the program of this id, in any case, or None."""
        wanted = program_id.casefold()
        known = self.by_number.values()
        return next((each for each in known if each.program_id.casefold() == wanted), None)

    def chosen(self, our_number: str, program_id: str = "") -> Program:
        """Return the program a message belongs to: the named one, or that of its sender."""
        return (self.named(program_id) if program_id else None) or self.of(our_number)


def parse(text: str) -> Programs:
    """Read `number=program:kind`, separated by commas or blanks.

    Raises ValueError for what is not of this form, and for a program of two kinds.
    """
    by_number: dict[str, Program] = {}
    kinds: dict[str, ProgramKind] = {}
    for item in text.replace(",", " ").split():
        number, program = _assignment(item)
        if kinds.setdefault(program.program_id, program.kind) is not program.kind:
            raise ValueError(f"the program {program.program_id} must be of one kind")
        if number in by_number:
            raise ValueError("a number must belong to one program")
        by_number[number] = program
    return Programs(by_number)


def _assignment(item: str) -> tuple[str, Program]:
    number, _, rest = item.partition("=")
    program_id, _, kind = rest.partition(":")
    if not (number.startswith("+") and number[1:].isdigit() and _is_id(program_id)):
        raise ValueError("must be number=program:kind, separated by commas")
    if kind not in set(ProgramKind):
        raise ValueError(f"the kind must be one of {', '.join(ProgramKind)}")
    return number, Program(program_id, ProgramKind(kind))


def _is_id(program_id: str) -> bool:
    plain = program_id.replace("-", "").replace("_", "")
    return plain.isascii() and plain.isalnum() and len(program_id) <= 64
