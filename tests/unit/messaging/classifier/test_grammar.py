"""The little language in which rules are written."""

import pytest

from services.messaging.classifier.grammar import Grammar, Outcome, nothing, stop, unclear

CLASSES = {"halt": "halt cease", "song": "song songs", "my": "my our", "now": "now today"}
RULES = (
    nothing("not.halt", "'never' halt song?"),
    stop("halt.song", "halt my{0,2} song (now|end)", after="(start|pause)"),
    stop("halt.loudly", "halt 'loudly'", alone=True),
    unclear("halt", "halt"),
)


def grammar() -> Grammar:
    """Return a language of a few words."""
    return Grammar(
        CLASSES,
        RULES,
        macros={},
        triggers=["halt"],
        limit_before="'if'",
        limit_after="'unless'",
        filler="now",
        support="song",
    )


@pytest.mark.parametrize(
    ("tokens", "rule_id"),
    [
        ("halt my song now", "halt.song"),
        ("well , halt song", "halt.song"),
        ("they halt song", "halt"),
        ("halt my song tomorrow", "halt"),
        ("never halt song", None),
        ("never halt song . halt song", "halt.song"),
        ("if so , halt song now", "unclear.limited"),
        ("halt song now unless it rains", "unclear.limited"),
        ("halt loudly now", "halt.loudly"),
        ("halt loudly . the dog barks", "unclear.unsupported"),
        ("halt loudly . no songs", "halt.loudly"),
        ("halt, s0ng".replace(",", ""), "halt.song"),
        ("sing", None),
    ],
)
def test_a_sentence_is_read_by_its_classes(tokens: str, rule_id: str | None) -> None:
    """Masks go first, clear rules before unclear ones, and limits take clarity away."""
    finding, _ = grammar().read(tokens.split())
    assert (finding.rule_id if finding else None) == rule_id


def test_a_finding_knows_its_words() -> None:
    """The words that matched come with their classes."""
    finding, _ = grammar().read(["halt", "our", "songs", "now"])
    assert finding is not None
    assert finding.outcome is Outcome.STOP
    assert [word for word, _ in finding.words] == ["halt", "our", "songs", "now"]
    assert finding.classes == {"halt", "my", "song", "now"}


@pytest.mark.parametrize("pattern", ["halt*", "halt my+", "halt{2,}", "(my halt)*"])
def test_a_rule_repeats_only_with_a_bound(pattern: str) -> None:
    """Without a bound the time for a text could grow faster than its length."""
    with pytest.raises(ValueError, match="without an upper bound"):
        Grammar(CLASSES, (stop("x", pattern),), macros={}, triggers=["halt"])


def test_a_rule_names_only_what_there_is() -> None:
    """A misspelled class is found when the language is made; built-in names are not redefined."""
    with pytest.raises(ValueError, match="not a class"):
        Grammar(CLASSES, (stop("x", "halt sogn"),), macros={}, triggers=["halt"])
    with pytest.raises(ValueError, match="built-in"):
        Grammar({"word": "word"}, (), macros={}, triggers=[])
