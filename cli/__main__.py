"""The `switchhook` command: one subcommand per module of this package."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from cli import classify, consent, decode, demo, simulate, up

_EPILOG = """\
run it:
  up         start everything on this machine and keep it running
  demo       play the welcome scenario headless and check every effect

look and try:
  simulate   text, call or fax the running suite from a virtual phone
  decode     print the normalized event of a webhook body
  classify   say whether a text is a STOP, a START, a call for help, or none
  consent    explain, export or verify the consent ledger

examples:
  switchhook up
  switchhook simulate sms --from +13125550101 --text STOP
  switchhook decode webhook.json
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="switchhook",
        description="Carrier webhooks in, typed durable events and exactly-once actions out.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in (up, demo, simulate, decode, classify, consent):
        module.add_parser(commands)
    chosen = parser.parse_args(arguments)
    return int(chosen.func(chosen))


if __name__ == "__main__":
    sys.exit(main())
