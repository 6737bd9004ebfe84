"""Settings from the environment, read once at the start into a frozen dataclass.

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        grpc_address: str = setting("SWITCHHOOK_VOICE_GRPC_ADDRESS", default="127.0.0.1:50051",
                                    parse=address, help="where gRPC listens, host:port")
        api_key: str = setting("TELNYX_API_KEY", secret=True, help="the key for Telnyx's REST API")

Each setting `X` may instead be given as `X_FILE`, the path of a file with the value. An empty
variable counts as unset. All faults are reported together, and none shows a secret.
"""

import dataclasses
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast, overload

T = TypeVar("T")

MASK = "***"
_SPEC = "chassis.setting"
_CREDENTIALS = re.compile(r"://\S*@")


class SettingsError(Exception):
    """Say everything that is wrong with the environment, one sentence for each fault."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("settings cannot be used:\n" + "\n".join(f"  {fault}" for fault in faults))
        self.faults = tuple(faults)


@dataclasses.dataclass(frozen=True)
class _Spec:
    name: str
    parse: Callable[[str], Any]
    secret: bool
    help: str


@overload
def setting(name: str, *, secret: bool = False, help: str = "") -> str: ...
@overload
def setting(name: str, *, default: T, secret: bool = False, help: str = "") -> T: ...
@overload
def setting(name: str, *, parse: Callable[[str], T], secret: bool = False, help: str = "") -> T: ...
@overload
def setting(
    name: str, *, default: T, parse: Callable[[str], T], secret: bool = False, help: str = ""
) -> T: ...
def setting(
    name: str,
    *,
    default: Any = dataclasses.MISSING,
    parse: Callable[[str], Any] = str,
    secret: bool = False,
    help: str = "",  # noqa: A002 - the word everybody knows from argparse
) -> Any:
    """Declare a field that is read from the environment variable `name`.

    Without a default the setting is required. `parse` turns the text into the value and raises
    ValueError with a message that makes sense after the variable's name.
    """
    spec = _Spec(name, parse, secret, help)
    return dataclasses.field(default=default, repr=not secret, metadata={_SPEC: spec})


def load(cls: type[T], environ: Mapping[str, str] = os.environ) -> T:
    """Read every setting of `cls` from `environ`; raise SettingsError listing every fault.

    A `__post_init__` that raises ValueError adds its own fault, for rules between settings.
    """
    values: dict[str, Any] = {}
    faults: list[str] = []
    for field, spec in _specs(cls):
        try:
            text = _text(spec.name, environ)
            if text is not None:
                values[field.name] = _parsed(spec, text)
            elif field.default is dataclasses.MISSING:
                faults.append(f"{spec.name} is required" + (f": {spec.help}" if spec.help else ""))
        except ValueError as error:
            faults.append(f"{spec.name} {error}")
    if not faults:
        try:
            return cls(**values)
        except ValueError as error:
            faults.append(str(error))
    raise SettingsError(faults)


def describe(settings: object) -> dict[str, str]:
    """Return what is in force by variable name, for one line in the log.

    Secrets are masked, and so is who logs in to a URL.
    """
    values = {spec: getattr(settings, field.name) for field, spec in _specs(type(settings))}
    return {spec.name: _described(spec, value) for spec, value in values.items()}


def _described(spec: _Spec, value: object) -> str:
    if spec.secret and value not in (None, ""):
        return MASK
    return _CREDENTIALS.sub(f"://{MASK}@", str(value))


def boolean(text: str) -> bool:
    """Read on/off, true/false, yes/no or 1/0."""
    folded = text.lower()
    if folded in {"1", "true", "yes", "on"}:
        return True
    if folded in {"0", "false", "no", "off"}:
        return False
    raise ValueError("must be on or off")


def address(text: str) -> str:
    """Check that the text is `host:port` with a port from 0 (any free one) to 65535."""
    host, colon, port = text.rpartition(":")
    if not (host and colon and port.isascii() and port.isdigit() and int(port) <= 65535):
        raise ValueError("must be host:port with a port from 0 to 65535")
    return text


def number(low: float, high: float) -> Callable[[str], float]:
    """Return a parser for a number from `low` to `high`, both included."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ValueError(f"must be a number from {low:g} to {high:g}")
        return value

    return parse


def integer(low: int, high: int) -> Callable[[str], int]:
    """Return a parser for a whole number from `low` to `high`, both included."""

    def parse(text: str) -> int:
        plain = text.removeprefix("-")
        if not (plain.isascii() and plain.isdigit() and low <= int(text) <= high):
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(text)

    return parse


def choice(*allowed: str) -> Callable[[str], str]:
    """Return a parser that takes one of `allowed` and nothing else."""

    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return text

    return parse


def _specs(cls: type) -> list[tuple[dataclasses.Field[Any], _Spec]]:
    fields = dataclasses.fields(cast("Any", cls))
    return [(field, field.metadata[_SPEC]) for field in fields if _SPEC in field.metadata]


def _text(name: str, environ: Mapping[str, str]) -> str | None:
    inline = environ.get(name, "").strip()
    path = environ.get(f"{name}_FILE", "").strip()
    if not path:
        return inline or None
    if inline:
        raise ValueError(f"and {name}_FILE are both set; keep one")
    try:
        return Path(path).read_text("utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot be read from {name}_FILE: {type(error).__name__}") from None


def _parsed(spec: _Spec, text: str) -> Any:
    try:
        return spec.parse(text)
    except ValueError as error:
        # A parser's message may quote the value, which for a secret must not be seen.
        raise ValueError("is not valid" if spec.secret else str(error)) from None
