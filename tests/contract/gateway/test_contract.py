"""What the gateway says and what its contract promises are the same."""

import re
from pathlib import Path

from switchhook.gateway.v1.error_reason_pb2 import ErrorReason

import chassis
import services.gateway

_RAISED = re.compile(r'"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"')
# Reasons of the HTTP side and of voice's absence, which no gRPC caller sees, and settings' names.
_NOT_GRPC = {"SPOOL_UNAVAILABLE", "VOICE_FAILED", "CARRIER_UNAVAILABLE"}


def _reasons() -> set[str]:
    names = (each.name for each in ErrorReason.DESCRIPTOR.values)
    return {name.removeprefix("ERROR_REASON_") for name in names} - {"UNSPECIFIED"}


def _written(folder: Path) -> set[str]:
    text = "".join(path.read_text() for path in folder.glob("*.py"))
    return set(_RAISED.findall(text))


def test_every_reason_of_the_contract_can_be_raised() -> None:
    """No reason is promised that no code gives."""
    here = Path(services.gateway.__file__).parent
    everywhere = _written(here) | _written(Path(chassis.__file__).parent) | {"OVERLOADED"}
    assert _reasons() - everywhere == set()


def test_every_reason_that_is_raised_is_in_the_contract() -> None:
    """No caller meets a reason the contract does not know."""
    here = Path(services.gateway.__file__).parent
    written = {
        name
        for name in _written(here)
        if not name.startswith(("TELNYX_", "SWITCHHOOK_", "EVENT_SOURCE_"))
    }
    assert written - _NOT_GRPC - _reasons() == set()
