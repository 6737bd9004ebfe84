"""`switchhook decode`: what the gateway would make of a webhook body."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_STANDARD_INPUT = "-"


def add_parser(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "decode",
        help="print the normalized event of a webhook body",
        description="Print the normalized event of each webhook body as one JSON object per line: "
        "proto field names, without the raw bytes, without checking a signature. Nothing needs "
        "to be running.",
        epilog="examples:\n  switchhook decode webhook.json\n  curl ... | switchhook decode -\n"
        "  switchhook decode --texml form.txt",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a webhook body; - reads one body")
    parser.add_argument(
        "--texml", action="store_true", help="the bodies are form-encoded TeXML requests"
    )
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Decode every file; 1 when one could not be read or understood, after all were tried."""
    return max([_decode(name, texml=arguments.texml) for name in arguments.files])


def _decode(name: str, *, texml: bool) -> int:
    from google.protobuf.json_format import MessageToJson

    from carrier.normalize import normalize, normalize_texml

    try:
        body = sys.stdin.buffer.read() if name == _STANDARD_INPUT else Path(name).read_bytes()
    except OSError as error:
        print(f"switchhook decode: {name}: {error.strerror}", file=sys.stderr)
        return 1
    now = datetime.now(UTC)
    if texml:
        event = normalize_texml(body, app="main", receive_time=now)
    else:
        event = normalize(body, receive_time=now)
    event.ClearField("raw")
    line = MessageToJson(event, preserving_proto_field_name=True, indent=None, ensure_ascii=False)
    # JSON is UTF-8 (RFC 8259, 8.1), whatever the terminal's encoding is.
    sys.stdout.buffer.write(line.encode() + b"\n")
    if event.HasField("unreadable"):
        print(f"switchhook decode: {name}: {event.unreadable.detail}", file=sys.stderr)
        return 1
    return 0
