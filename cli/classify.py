"""`switchhook classify`: what a text would be read as, and why."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from services.messaging.classifier import Context, Decision

_STANDARD_INPUT = "-"


def add_parser(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "classify",
        help="say whether a text is a STOP, a START, a call for help, or none of them",
        description="Say what a text is read as: its class, the rule that decided, how far it "
        "reaches, and the version of the rules. Nothing needs to be running.",
        epilog='examples:\n  switchhook classify "please take me off your list"\n'
        "  switchhook classify - < texts.jsonl     one JSON string per line in, one JSON object "
        "per line out",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "texts", nargs="+", metavar="TEXT", help="a text; - reads JSON strings, one per line"
    )
    parser.add_argument(
        "--pending", action="store_true", help="read it as the answer to a question for consent"
    )
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Classify every text; 1 when a line was not a JSON string, after all were read."""
    from services.messaging.classifier import Context, classify

    context = Context(pending_opt_in=arguments.pending)
    if arguments.texts == [_STANDARD_INPUT]:
        return _lines(sys.stdin.buffer, context)
    for text in arguments.texts:
        _explain(text, classify(text, context=context))
    return 0


def _explain(text: str, read: Decision) -> None:
    print(f"{text!r}")
    print(f"  class    {read.klass}")
    print(f"  rule     {read.rule_id}")
    print(f"  scope    {read.scope or 'none'}{f' ({read.program})' if read.program else ''}")
    print(f"  read as  {read.normalized!r}")
    print(f"  rules    version {read.list_version}")


def _lines(lines: Iterable[bytes], context: Context) -> int:
    from services.messaging.classifier import classify

    status = 0
    for number, line in enumerate(lines, 1):
        try:
            text = json.loads(line)
        except ValueError:
            text = line  # neither a string nor null
        if not (text is None or isinstance(text, str)):
            print(f"switchhook classify: line {number} is not a JSON string", file=sys.stderr)
            status = 1
            continue
        read = classify(text, context=context)
        answer = {
            "class": read.klass.value.upper(),
            "rule": read.rule_id,
            "scope": read.scope.value,
            "list_version": read.list_version,
        }
        print(json.dumps(answer))
    return status
