"""Who is calling."""

from typing import Any, cast

import pytest

from chassis.caller import Caller, caller_of, named_caller
from chassis.errors import Invalid


class Context:
    """A call with this metadata, address and TLS identity."""

    def __init__(
        self, *metadata: tuple[str, str | bytes], peer: str = "ipv4:192.0.2.7:4711", tls: str = ""
    ) -> None:
        self._metadata = metadata
        self._peer = peer
        self._identities = [tls.encode()] if tls else None

    def invocation_metadata(self) -> Any:
        """Return what the caller sent along."""
        return self._metadata

    def peer(self) -> str:
        """Return where the call came from."""
        return self._peer

    def peer_identities(self) -> Any:
        """Return the names in the caller's certificate."""
        return self._identities


def call(
    *metadata: tuple[str, str | bytes], peer: str = "ipv4:192.0.2.7:4711", tls: str = ""
) -> Any:
    """Return the context of a call."""
    return cast("Any", Context(*metadata, peer=peer, tls=tls))


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (call(("x-switchhook-actor", "ann")), Caller("ann", "ipv4:192.0.2.7")),
        (call(("x-other", "ann")), Caller("", "ipv4:192.0.2.7")),
        (call(("x-switchhook-actor", b"ann")), Caller("ann", "ipv4:192.0.2.7")),
        (call(peer="ipv6:%5B2001:db8::1%5D:4711"), Caller("", "ipv6:%5B2001:db8::1%5D")),
        (call(peer="unix:/run/switchhook.sock"), Caller("", "unix:/run/switchhook.sock")),
        (call(tls="crm.example"), Caller("", "crm.example")),
        (call(("x-switchhook-actor", "ann"), tls="crm.example"), Caller("ann", "crm.example")),
    ],
)
def test_a_caller_is_what_it_says_and_where_it_is(context: Any, expected: Caller) -> None:
    """The port says nothing; a name in a certificate says more than an address."""
    assert caller_of(context) == expected


@pytest.mark.parametrize("name", ["a" * 129, "ann\n", "\x1b[2J"])
def test_a_name_that_could_not_be_read_in_a_log_is_refused(name: str) -> None:
    """Too long, or not printable."""
    with pytest.raises(Invalid):
        caller_of(call(("x-switchhook-actor", name)))


def test_who_decides_has_a_name() -> None:
    """An address alone is nobody; a certificate's name is somebody."""
    with pytest.raises(Invalid) as refused:
        named_caller(call())
    assert refused.value.fields[0].field == "x-switchhook-actor"
    assert named_caller(call(tls="crm.example")).name == "crm.example"
    assert named_caller(call(("x-switchhook-actor", "ann"))).name == "ann"
