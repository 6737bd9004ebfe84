"""Every reason a service gives is in its contract, and every one in its contract is given."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor import EnumDescriptor

from chassis import errors

ROOT = Path(__file__).parents[2]
SERVICES = sorted(path.parent.name for path in (ROOT / "services").glob("*/__init__.py"))
KINDS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.Fault)
}

CHASSIS = {
    "CHANGES_FORGOTTEN": "a watch asks for changes that are no longer kept",
    "CONTENT_BEING_ERASED": "content is put that is being erased; trying again soon helps",
    "DATABASE_CONTENDED": "another transaction was in the way; trying again helps",
    "DATABASE_UNAVAILABLE": "the service's own database is away",
    "DEAD_LETTER_NOT_FOUND": "no dead letter has this number",
    "IDEMPOTENCY_MISMATCH": "the request id was used before with other fields",
    "INVALID_ARGUMENT": "a rule of the request is broken; BadRequest names the fields",
    "MESSAGE_NOT_FOUND": "the stream holds no message there",
    "OVERLOADED": "more calls at once than the server takes",
    "PREPARATION_TOO_SLOW": "a consumer's look at other services took too long; never answered",
    "REQUEST_IN_PROGRESS": "the same request is being carried out at this moment",
    "UPSTREAM_UNAVAILABLE": "a server this one asks is away",
}
"""What the chassis raises on behalf of any service, which may list it or leave it out."""

NEVER_ANSWERED = {
    "gateway": {
        "CARRIER_UNAVAILABLE": "reconciliation waits for the carrier's log",
        "SPOOL_UNAVAILABLE": "the carrier is answered 503",
        "VOICE_FAILED": "the carrier is answered with a spare document",
    }
}
"""Reasons that no gRPC caller of the domain can meet, and what happens instead."""


@pytest.mark.parametrize("service", SERVICES)
def test_every_reason_given_is_in_the_contract(service: str) -> None:
    """No caller meets a reason that its contract does not explain."""
    given = set(_given(ROOT / "services" / service))
    assert given - _listed(service) - CHASSIS.keys() == set(NEVER_ANSWERED.get(service, {}))


@pytest.mark.parametrize("service", SERVICES)
def test_every_reason_in_the_contract_is_given(service: str) -> None:
    """No contract explains a reason that no code gives."""
    assert _listed(service) - set(_given(ROOT / "services" / service)) <= CHASSIS.keys()


def test_the_chassis_gives_the_reasons_written_here() -> None:
    """The list above is what stands in the chassis."""
    assert set(_given(ROOT / "chassis")) == CHASSIS.keys()


def test_a_reason_that_is_no_text_is_found(tmp_path: Path) -> None:
    """A reason put together at run time could not be checked, so it counts as a fault."""
    (tmp_path / "made.py").write_text('raise NotFound(f"{what}_NOT_FOUND", "no such thing")\n')
    assert list(_given(tmp_path)) == ["made.py:1 gives a reason that is no plain text"]


def _listed(service: str) -> set[str]:
    try:
        module = importlib.import_module(f"switchhook.{service}.v1.error_reason_pb2")
    except ModuleNotFoundError:
        return set()
    enum: EnumDescriptor = module.ErrorReason.DESCRIPTOR
    return {each.name.removeprefix("ERROR_REASON_") for each in enum.values} - {"UNSPECIFIED"}


def _given(folder: Path) -> Iterator[str]:
    """Yield the reason of each fault made in a folder's code."""
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _called(node) in KINDS:
                reason = _reason(node)
                where = f"{file.relative_to(folder)}:{node.lineno}"
                yield reason or f"{where} gives a reason that is no plain text"


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _reason(node: ast.Call) -> str:
    place = 1 if _called(node) == "Invalid" else 0
    written = [word.value for word in node.keywords if word.arg == "reason"] or node.args[place:]
    if not written:
        return "INVALID_ARGUMENT" if _called(node) == "Invalid" else ""
    reason = written[0]
    if isinstance(reason, ast.BoolOp):  # what another server said, or else this
        reason = reason.values[-1]
    value = getattr(reason, "value", None)
    return value if isinstance(value, str) else ""
