"""`switchhook consent`: why one may write to somebody, and the ledger that proves it."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_EXAMPLES = """\
examples:
  switchhook consent check --from +12025550110 --to +13125550101 --purpose marketing
  switchhook consent export --format jsonl -o ledger.jsonl
  switchhook consent export --number +13125550101 --format csv
  switchhook consent verify
  switchhook consent verify ledger.jsonl

`verify FILE` needs nothing but the file: it recomputes every hash of an export in JSON Lines. Keep
the hash that `verify` prints somewhere else; it proves later that nothing before it was rewritten.
"""
_FORMATS = {"csv": "EVIDENCE_FORMAT_CSV", "jsonl": "EVIDENCE_FORMAT_JSON_LINES"}
_PURPOSES = ("marketing", "transactional", "verification", "conversation")
_VERIFY_SECONDS = 600.0


def add_parser(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its own commands."""
    parser = commands.add_parser(
        "consent",
        help="explain, export or verify the consent ledger",
        description="Explain why one may write to somebody, hand the consent ledger out, and check "
        "that nobody tampered with it.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    shared = argparse.ArgumentParser(add_help=False)
    address = os.environ.get("SWITCHHOOK_MESSAGING_GRPC_ADDRESS") or "127.0.0.1:50052"
    shared.add_argument(
        "--address", default=address, help="the messaging service (default: %(default)s)"
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _add_export(actions, shared)
    _add_verify(actions, shared)
    _add_check(actions, shared)


def _add_export(
    actions: _SubParsersAction[argparse.ArgumentParser], shared: argparse.ArgumentParser
) -> None:
    export = actions.add_parser("export", parents=[shared], help="write the ledger to a file")
    export.add_argument("--number", default="", metavar="E164", help="only about this person")
    export.add_argument("--format", choices=sorted(_FORMATS), default="csv")
    export.add_argument(
        "-o", "--output", default="-", metavar="FILE", help="default: -, the screen"
    )
    export.set_defaults(func=_run(_export))


def _add_verify(
    actions: _SubParsersAction[argparse.ArgumentParser], shared: argparse.ArgumentParser
) -> None:
    verify = actions.add_parser(
        "verify", parents=[shared], help="check the chain, in the service or of an export"
    )
    verify.add_argument("file", nargs="?", metavar="FILE", help="an export in JSON Lines")
    verify.set_defaults(func=_verify)


def _add_check(
    actions: _SubParsersAction[argparse.ArgumentParser], shared: argparse.ArgumentParser
) -> None:
    check = actions.add_parser("check", parents=[shared], help="may this be sent, and why")
    check.add_argument("--from", dest="our_number", required=True, metavar="E164")
    check.add_argument("--to", dest="peer_number", required=True, metavar="E164")
    check.add_argument("--purpose", choices=_PURPOSES, required=True)
    check.add_argument("--program", default="", help="default: that of the number")
    check.set_defaults(func=_run(_check))


def _verify(arguments: argparse.Namespace) -> int:
    return _verify_file(arguments.file) if arguments.file else _run(_verify_ledger)(arguments)


def _verify_file(name: str) -> int:
    """Recompute an export; 1 when it was changed or cannot be read."""
    from services.messaging.consent import evidence
    from services.messaging.consent.chain import Flaw

    try:
        with Path(name).open("rb") as lines:
            found = evidence.verify(lines)
    except OSError as error:
        print(f"switchhook consent: {name}: {error.strerror}", file=sys.stderr)
        return 1
    except Flaw as flaw:
        print(f"BROKEN at entry {flaw.sequence}: {flaw.what}")
        return 1
    head = found.head
    print(f"intact: {found.entries} entries" + (f", the last is {head.sequence}" if head else ""))
    if not found.complete:
        print("an extract: each entry is as it was written; whether some are missing is not told")
    if head is not None:
        print(f"hash of the last: {head.hash}")
    return 0


def _run(
    action: Callable[[Any, argparse.Namespace], Awaitable[int]],
) -> Callable[[argparse.Namespace], int]:
    """Return a command that calls the service; 1 when it cannot be reached or refuses."""

    def command(arguments: argparse.Namespace) -> int:
        return asyncio.run(_called(action, arguments))

    return command


async def _called(
    action: Callable[[Any, argparse.Namespace], Awaitable[int]], arguments: argparse.Namespace
) -> int:
    import grpc.aio
    from switchhook.messaging.v1 import consent_service_pb2_grpc

    from chassis.grpc_client import channel

    async with channel(arguments.address) as opened:
        try:
            return await action(consent_service_pb2_grpc.ConsentServiceStub(opened), arguments)
        except grpc.aio.AioRpcError as error:
            said = f"{error.code().name}: {error.details()}"
            print(f"switchhook consent: {arguments.address}: {said}", file=sys.stderr)
            return 1


async def _export(stub: Any, arguments: argparse.Namespace) -> int:
    from switchhook.messaging.v1 import evidence_pb2

    request = evidence_pb2.GetEvidenceRequest(
        peer_number=arguments.number,
        format=evidence_pb2.EvidenceFormat.Value(_FORMATS[arguments.format]),
    )
    if arguments.output == "-":
        await _copy(stub.GetEvidence(request), sys.stdout.buffer)
        return 0
    with Path(arguments.output).open("wb") as file:  # noqa: ASYNC230 - nothing else is waiting
        await _copy(stub.GetEvidence(request), file)
    return 0


async def _copy(pieces: Any, file: BinaryIO) -> None:
    async for piece in pieces:
        file.write(piece.data)
    file.flush()


async def _verify_ledger(stub: Any, _arguments: argparse.Namespace) -> int:
    from switchhook.messaging.v1 import evidence_pb2

    found = await stub.VerifyLedger(evidence_pb2.VerifyLedgerRequest(), timeout=_VERIFY_SECONDS)
    if not found.intact:
        print(f"BROKEN at entry {found.broken_sequence} {found.broken_entry_id}: {found.flaw}")
        return 1
    print(f"intact: {found.verified_entries} entries")
    print(f"hash of the last: {found.head_hash}")
    return 0


async def _check(stub: Any, arguments: argparse.Namespace) -> int:
    """Explain the answer; 0 when it may be sent, 1 when not."""
    from google.protobuf.json_format import MessageToJson
    from switchhook.messaging.v1 import consent_check_pb2, message_pb2

    purpose = f"MESSAGE_PURPOSE_{arguments.purpose.upper()}"
    found = await stub.CheckConsent(
        consent_check_pb2.CheckConsentRequest(
            our_number=arguments.our_number,
            peer_number=arguments.peer_number,
            program_id=arguments.program,
            purpose=message_pb2.MessagePurpose.Value(purpose),
        )
    )
    print(("may be sent: " if found.allowed else "must not be sent: ") + found.explanation)
    for entry in found.deciding_entries:
        print(MessageToJson(entry, preserving_proto_field_name=True, ensure_ascii=False))
    return 0 if found.allowed else 1
