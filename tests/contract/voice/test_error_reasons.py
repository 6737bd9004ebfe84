"""The reasons voice gives are the reasons its contract lists."""

import re
from pathlib import Path

from switchhook.voice.v1.error_reason_pb2 import ErrorReason

import services.voice

_RAISED = re.compile(
    r"raise (?:NotFound|NotYet|Contended|Unavailable|AlreadyDone)\(\s*\"([A-Z_]+)\""
    r"|raise Invalid\([^,]+,\s*\"([A-Z_]+)\""
)


def test_reasons_given_are_reasons_listed() -> None:
    """Every reason in the code is in the contract, and the other way round."""
    folder = Path(services.voice.__file__).parent
    sources = [path.read_text("utf-8") for path in folder.rglob("*.py")]
    given = {first or second for text in sources for first, second in _RAISED.findall(text)}
    listed = {name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()}  # noqa: SIM118
    assert given == listed - {"UNSPECIFIED"}
