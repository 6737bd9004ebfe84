"""What is believed of a client_state that comes back."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Invalid
from services.voice.calls.facts import CommandKind, Role
from services.voice.calls.state_token import StateToken, StateTokens, Verdict

TOKENS = StateTokens(("a secret",))
TOKEN = StateToken(Role.AGENT, "offer-1", "offer/offer-1/bridge", CommandKind.BRIDGE, "leg-1")


def wire(token: StateToken, tokens: StateTokens = TOKENS) -> str:
    """Return a token as an event carries it."""
    return base64.b64encode(tokens.sign(token)).decode()


_words = st.text(max_size=40)
_tokens = st.builds(
    StateToken, st.sampled_from(Role), _words, _words, st.sampled_from(CommandKind), _words
)


@given(_tokens)
def test_what_was_signed_comes_back(token: StateToken) -> None:
    """Every token is read as it was written, and written the same every time."""
    assert TOKENS.sign(token) == TOKENS.sign(token)
    assert TOKENS.verify(wire(token), token.leg_id) == token


@given(st.text(max_size=200))
def test_what_was_not_signed_says_nothing(text: str) -> None:
    """Text of any kind, base64 or not, is nobody's token, and nothing is raised."""
    plain = base64.b64encode(text.encode()).decode()
    for state in (text, plain, base64.b64encode(b"sh1." + text.encode()).decode()):
        assert TOKENS.verify(state, "leg-1") is None


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_changed_token_is_not_believed(place: int, change: int) -> None:
    """One byte that is another one anywhere makes a token worthless."""
    signed = bytearray(TOKENS.sign(TOKEN))
    signed[place % len(signed)] ^= change
    assert TOKENS.verify(base64.b64encode(signed).decode(), "leg-1") is None


@pytest.mark.parametrize(
    ("state", "leg_id", "verdict"),
    [
        ("", "leg-1", Verdict.ABSENT),
        ("aGF2ZSBhIG5pY2UgZGF5ID1d", "leg-1", Verdict.FOREIGN),
        ("not base64 at all!", "leg-1", Verdict.FOREIGN),
        (wire(TOKEN, StateTokens(("another secret",))), "leg-1", Verdict.FORGED),
        (wire(TOKEN), "leg-2", Verdict.MISPLACED),
        (wire(TOKEN), "leg-1", Verdict.GENUINE),
        (wire(TOKEN), "", Verdict.GENUINE),
        (wire(StateToken(Role.AGENT, "o", "dial", CommandKind.DIAL)), "l", Verdict.GENUINE),
    ],
)
def test_verdicts(state: str, leg_id: str, verdict: Verdict) -> None:
    """Each kind of client_state is told from the others, so that it can be counted."""
    assert TOKENS.judge(state, leg_id)[1] is verdict


def test_secrets_can_be_replaced_while_calls_go_on() -> None:
    """What the old secret signed is believed as long as it is listed; the first one signs."""
    old, both, new = (StateTokens(secrets) for secrets in (("b",), ("a", "b"), ("a",)))
    assert both.verify(wire(TOKEN, old), "leg-1") == TOKEN
    assert new.verify(wire(TOKEN, both), "leg-1") == TOKEN
    assert new.verify(wire(TOKEN, old), "leg-1") is None


@pytest.mark.parametrize("secrets", [(), ("",), ("a", "")])
def test_without_a_secret_nothing_is_signed(secrets: tuple[str, ...]) -> None:
    """An empty secret would let anybody sign."""
    with pytest.raises(Invalid):
        StateTokens(secrets)
