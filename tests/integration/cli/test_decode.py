"""`switchhook decode` as people run it: a process of its own, files and standard input."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from switchhook.event.v1.event_pb2 import Event

ROOT = Path(__file__).parents[3]
FIXTURES = ROOT / "tests" / "fixtures" / "telnyx"
HEAVY = {"aiohttp", "alembic", "grpc", "nats", "obstore", "sqlalchemy", "tornado", "uvloop"}


def decode(
    *arguments: str | Path, stdin: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run the command and return what it wrote."""
    return subprocess.run(
        [sys.executable, "-m", "cli", "decode", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
    )


def events(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    """Return the events a run printed, one of each line."""
    return [dict(json.loads(line)) for line in done.stdout.splitlines()]


def expected(name: str) -> dict[str, Any]:
    """Return the event written beside a fixture, without what the moment decides."""
    return _timeless(json.loads((FIXTURES / f"{name}.expected.json").read_text("utf-8"))["event"])


def _timeless(event: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != "receive_time"}


def test_a_file_becomes_one_line_of_json() -> None:
    """The line is the event with the protos' field names and without the raw body."""
    done = decode(FIXTURES / "message.received--unicode.json")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.count(b"\n") == 1
    [event] = events(done)
    assert "raw" not in event
    assert _timeless(event) == expected("message.received--unicode")
    assert ParseDict(event, Event()).HasField("receive_time")


def test_a_dash_reads_standard_input() -> None:
    """`-` is a body that comes through a pipe."""
    done = decode("-", stdin=(FIXTURES / "fax.received.json").read_bytes())
    assert (done.returncode, done.stderr) == (0, b"")
    assert [_timeless(event) for event in events(done)] == [expected("fax.received")]


def test_files_that_can_be_read_are_printed_beside_one_that_cannot(tmp_path: Path) -> None:
    """All files are tried in order, the missing one is named, and the status is 1."""
    missing = tmp_path / "missing.json"
    done = decode(FIXTURES / "call.answered.json", missing, FIXTURES / "call.hangup.json")
    assert done.returncode == 1
    assert [event["type"] for event in events(done)] == ["call.answered", "call.hangup"]
    [line] = done.stderr.decode().splitlines()
    assert line.startswith(f"switchhook decode: {missing}: ")


def test_a_folder_is_no_body(tmp_path: Path) -> None:
    """What is there and cannot be read is named like what is missing, without a traceback."""
    done = decode(tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().startswith(f"switchhook decode: {tmp_path}: ")
    assert b"Traceback" not in done.stderr


def test_a_texml_request_is_read_as_a_form() -> None:
    """With `--texml` the bodies are forms."""
    done = decode("--texml", FIXTURES / "texml.queue.form")
    assert (done.returncode, done.stderr) == (0, b"")
    assert [_timeless(event) for event in events(done)] == [expected("texml.queue")]


def test_a_body_nobody_can_read_is_printed_and_said() -> None:
    """The event says why, so does the message that names the file, and the status is 1."""
    path = FIXTURES / "unreadable--cut-off.json"
    done = decode(path)
    assert done.returncode == 1
    [event] = events(done)
    assert event["unreadable"]["reason"] == "UNREADABLE_REASON_NOT_JSON"
    assert done.stderr.decode() == f"switchhook decode: {path}: the body is not JSON\n"


def test_version_one_is_told_by_the_setting_that_chooses_it() -> None:
    """The message for a body of API version 1 names what to change at the carrier."""
    done = decode(FIXTURES / "v1--call-initiated.json")
    assert done.returncode == 1
    assert b"webhook_api_version" in done.stderr
    [event] = events(done)
    assert event["unreadable"]["reason"] == "UNREADABLE_REASON_API_VERSION_1"


def test_the_output_is_utf8_in_any_locale() -> None:
    """A terminal with another encoding gets the same bytes, not a traceback."""
    done = decode(FIXTURES / "message.received--unicode.json", PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, b"")
    assert "🚀".encode() in done.stdout


@pytest.mark.parametrize("arguments", [(), ("--no-such-option", "-")])
def test_a_wrong_call_is_told_how_to_call(arguments: tuple[str, ...]) -> None:
    """The usage goes to standard error, with the status of a wrong call."""
    done = decode(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"usage: switchhook " in done.stderr


def test_nothing_heavy_is_imported() -> None:
    """Decoding starts at once: no server, database, bus or client is loaded for it."""
    code = (
        "import sys\n"
        "from cli.__main__ import main\n"
        "status = main(['decode', sys.argv[1]])\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
        "sys.exit(status)\n"
    )
    command = [sys.executable, "-c", code, str(FIXTURES / "call.answered.json")]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    loaded = set(done.stderr.split())
    assert "carrier" in loaded
    assert loaded & (HEAVY | {"chassis", "services"}) == set()
