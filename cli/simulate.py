"""`switchhook simulate`: text, call or fax the running suite from a virtual phone."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cli.day import command as day
from simulator import world
from simulator.client import Control, ControlError, NotRunningError
from simulator.playing import Result, play
from simulator.scenarios import SCENARIOS

_PEOPLE = {
    "ada": world.ADA.number,
    "grace": world.GRACE.number,
    "unknown": world.UNKNOWN.number,
}

_EXAMPLES = """\
examples:
  switchhook simulate sms --from ada --text STOP
  switchhook simulate sms --from +13125550177 --text "A photo" --media png
  switchhook simulate call --from ada --patience 30
  switchhook simulate call --from grace --texml
  switchhook simulate call --from grace --press "called back=1" --talk 30
  switchhook simulate phone +13125550111 --calls no_answer pick_up --answer-after 3
  switchhook simulate fax --from grace --pages 3 --kind tiff
  switchhook simulate machine --of ada user_busy delivered
  switchhook simulate event call.hangup --payload '{"call_control_id": "v3:none"}'
  switchhook simulate event message.received --payload @message.json --forge wrong_key
  switchhook simulate scenario
  switchhook simulate day --calls 200 --agents 12 --seed 7 --restarts 2

People: ada (a VIP), grace, unknown. The simulator runs as a part of `switchhook up`.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its own commands."""
    parser = commands.add_parser(
        "simulate",
        help="text, call or fax the running suite from a virtual phone",
        description="Let the people out there do something, and see what the suite does about it.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    shared = argparse.ArgumentParser(add_help=False)
    address = os.environ.get("SWITCHHOOK_SIMULATOR_ADDRESS") or "127.0.0.1:8090"
    shared.add_argument(
        "--url", default=f"http://{address}", help="the simulator (default: %(default)s)"
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for add in (_add_sms, _add_call, _add_phone, _add_fax, _add_machine, _add_event):
        one = add(actions, shared)
        one.add_argument(
            "--watch",
            type=float,
            default=3.0,
            metavar="SECONDS",
            help="how long to show what follows (default: %(default)s)",
        )
        one.set_defaults(func=_run, perform=_simulate)
    day.add_parser(actions)
    scenario = actions.add_parser(
        "scenario", parents=[shared], help="play a scenario and check every effect"
    )
    scenario.add_argument("name", nargs="?", default="welcome", choices=sorted(SCENARIOS))
    scenario.set_defaults(func=_run, perform=_scenario)


def _add_sms(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], shared: argparse.ArgumentParser
) -> argparse.ArgumentParser:
    parser = actions.add_parser("sms", parents=[shared], help="send us a text, with media if asked")
    _add_parties(parser, world.MESSAGING_NUMBER)
    parser.add_argument("--text", help="the words; may be left out with --media")
    parser.add_argument("--media", action="append", default=[], choices=("png", "vcard"))
    parser.add_argument("--subject")
    parser.set_defaults(path="/_sim/sms", body=_sms_body)
    return parser


def _sms_body(chosen: argparse.Namespace) -> dict[str, Any]:
    return _parties(chosen) | {
        "text": chosen.text,
        "media": chosen.media,
        "subject": chosen.subject,
    }


def _add_call(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], shared: argparse.ArgumentParser
) -> argparse.ArgumentParser:
    parser = actions.add_parser("call", parents=[shared], help="call us")
    _add_parties(parser, None)
    parser.add_argument("--texml", action="store_true", help="call the TeXML number")
    _add_script(parser)
    parser.add_argument("--name", help="what the network shows as the caller's name")
    parser.add_argument(
        "--attestation", choices=("A", "B", "C"), help="how far the network vouches for the number"
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="give up after so long without a talk; 0 never does (default: %(default)s)",
    )
    parser.set_defaults(path=None, body=_call_body)
    return parser


def _add_script(parser: argparse.ArgumentParser) -> None:
    """Add what somebody does during a call."""
    for name, what in (("press", "keys"), ("say", "words")):
        parser.add_argument(
            f"--{name}",
            action="append",
            default=[],
            metavar="[PROMPT=]ANSWER",
            help=f"{what} in answer to a prompt with these words, or to one prompt after the other",
        )
    parser.add_argument(
        "--talk", type=float, default=0.0, metavar="SECONDS", help="hang up after so much talk"
    )
    parser.add_argument(
        "--message", type=float, default=3.0, metavar="SECONDS", help="length of a voicemail left"
    )


def _script(chosen: argparse.Namespace) -> dict[str, Any]:
    names = ("talk", "message")
    answers = {name: _answers(getattr(chosen, name)) for name in ("press", "say")}
    return {name: getattr(chosen, name) for name in names} | answers


def _answers(given: Sequence[str]) -> list[str] | dict[str, str]:
    """Return answers by the words of the prompt, or in turn when no prompt is named."""
    if given and all("=" in each for each in given):
        return dict(each.split("=", 1) for each in given)
    return list(given)


def _call_body(chosen: argparse.Namespace) -> dict[str, Any]:
    chosen.path = "/_sim/texml_call" if chosen.texml else "/_sim/call"
    known = {"name": chosen.name, "attestation": chosen.attestation}
    return _parties(chosen) | _script(chosen) | known | {"patience": chosen.patience}


def _add_phone(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], shared: argparse.ArgumentParser
) -> argparse.ArgumentParser:
    parser = actions.add_parser(
        "phone", parents=[shared], help="teach a phone out there what to do when it rings"
    )
    parser.add_argument("number", help="a name, a number or a SIP address")
    parser.add_argument(
        "--calls",
        nargs="+",
        default=["pick_up"],
        choices=("pick_up", "busy", "reject", "no_answer"),
        help="what it does each time it rings, the last for ever after (default: pick_up)",
    )
    parser.add_argument(
        "--answer-after", type=float, default=1.0, metavar="SECONDS", help="how long it rings first"
    )
    _add_script(parser)
    parser.set_defaults(path=None, body=_phone_body)
    return parser


def _phone_body(chosen: argparse.Namespace) -> dict[str, Any]:
    number = _PEOPLE.get(chosen.number.lower(), chosen.number)
    chosen.path = f"/_sim/phones/{number}"
    return _script(chosen) | {"calls": chosen.calls, "answer_after": chosen.answer_after}


def _add_fax(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], shared: argparse.ArgumentParser
) -> argparse.ArgumentParser:
    parser = actions.add_parser("fax", parents=[shared], help="send us a fax")
    _add_parties(parser, world.FAX_NUMBER)
    parser.add_argument("--pages", type=int, default=1)
    parser.add_argument("--kind", choices=("pdf", "tiff"), default="pdf")
    parser.add_argument("--partial", action="store_true", help="some pages get lost")
    parser.add_argument("--failure", default="", metavar="REASON", help="the fax fails, with this")
    parser.set_defaults(path="/_sim/fax", body=_fax_body)
    return parser


def _fax_body(chosen: argparse.Namespace) -> dict[str, Any]:
    names = ("pages", "kind", "partial", "failure")
    return _parties(chosen) | {name: getattr(chosen, name) for name in names}


def _add_machine(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], shared: argparse.ArgumentParser
) -> argparse.ArgumentParser:
    parser = actions.add_parser(
        "machine", parents=[shared], help="say what a fax machine does with the next faxes we send"
    )
    parser.add_argument("--of", dest="sender", default="ada", metavar="WHO")
    parser.add_argument(
        "outcomes", nargs="+", metavar="OUTCOME", help="delivered, or why it fails (user_busy)"
    )
    parser.set_defaults(path=None, body=_machine_body)
    return parser


def _machine_body(chosen: argparse.Namespace) -> dict[str, Any]:
    chosen.path = f"/_sim/fax_machines/{_number_of(chosen.sender)}"
    return {"outcomes": chosen.outcomes}


def _add_event(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], shared: argparse.ArgumentParser
) -> argparse.ArgumentParser:
    parser = actions.add_parser("event", parents=[shared], help="send a webhook of any type")
    parser.add_argument("type", help="such as call.hangup or fax.delivered")
    parser.add_argument("--payload", default="{}", help="JSON, or @FILE with JSON")
    parser.add_argument("--forge", help="wrong_key, changed_body, stale, future or no_signature")
    parser.set_defaults(path="/_sim/event", body=_event_body)
    return parser


def _event_body(chosen: argparse.Namespace) -> dict[str, Any]:
    text = chosen.payload
    if text.startswith("@"):
        text = Path(text[1:]).read_text()
    return {"event_type": chosen.type, "payload": json.loads(text), "forge": chosen.forge}


def _add_parties(parser: argparse.ArgumentParser, to: str | None) -> None:
    parser.add_argument(
        "--from", dest="sender", default="ada", metavar="WHO", help="a name or a number (ada)"
    )
    parser.add_argument("--to", default=to, help="our number" + (f" (default: {to})" if to else ""))


def _number_of(who: str) -> str:
    return _PEOPLE.get(who.lower(), who)


def _parties(chosen: argparse.Namespace) -> dict[str, Any]:
    return {"from": _number_of(chosen.sender)} | ({"to": chosen.to} if chosen.to else {})


def _run(chosen: argparse.Namespace) -> int:
    perform: Callable[[Control, argparse.Namespace], int] = chosen.perform
    try:
        return perform(Control(chosen.url), chosen)
    except NotRunningError as error:
        print(f"{error}\nStart it with: switchhook up", file=sys.stderr)
    except json.JSONDecodeError as error:
        print(f"the payload is not JSON: {error}", file=sys.stderr)
    except (ControlError, OSError) as error:
        print(f"refused: {error}", file=sys.stderr)
    return 1


def _simulate(control: Control, chosen: argparse.Namespace) -> int:
    body = {name: value for name, value in chosen.body(chosen).items() if value is not None}
    _, last = control.effects(10**12)
    print(json.dumps(control.post(chosen.path, body)))
    until = time.monotonic() + chosen.watch
    while (left := until - time.monotonic()) > 0:
        effects, last = control.effects(last, wait=left)
        for effect in effects:
            print(f"{effect['time'][11:23]}  {effect['kind']:22} {_facts(effect['facts'])}")
    return 0


def _scenario(control: Control, chosen: argparse.Namespace) -> int:
    results = play(control, SCENARIOS[chosen.name], _show)
    failed = [result for result in results if result.unmet]
    print(f"\n{len(results) - len(failed)} of {len(results)} steps went as expected")
    return 1 if failed else 0


def _show(result: Result) -> None:
    print(f"\n{result.step.title}")
    for each in result.timeline:
        print(
            f"  {each.seconds * 1000:7.0f} ms  {each.what:6}  {each.name:22} {_facts(each.facts)}"
        )
    for expected in result.unmet:
        print(f"  NOT AS EXPECTED: {expected}")


def _facts(facts: Mapping[str, Any]) -> str:
    skipped = ("call_control_id", "call_sid", "command_id", "media_id", "id")
    shown = (f"{k}={v}" for k, v in facts.items() if k not in skipped and v not in (None, "", []))
    return " ".join(shown)
