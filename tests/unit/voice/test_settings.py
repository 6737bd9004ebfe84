"""What voice can be told."""

import pytest

from chassis.settings import SettingsError, describe, load
from services.voice.settings import Settings

REQUIRED = {"SWITCHHOOK_VOICE_NUMBERS": "+12025550110", "TELNYX_API_KEY": "KEY-secret"}


def test_the_numbers_are_the_operators_to_name() -> None:
    """Voice does not start without numbers of its own and a key."""
    with pytest.raises(SettingsError) as caught:
        load(Settings, {})
    assert len(caught.value.faults) == 2
    assert load(Settings, REQUIRED).numbers == {"+12025550110"}


@pytest.mark.parametrize("text", ["+12025550110, +12025550111", "+12025550110 +12025550111,"])
def test_several_numbers(text: str) -> None:
    """Numbers come by comma or space."""
    settings = load(Settings, {**REQUIRED, "SWITCHHOOK_VOICE_NUMBERS": text})
    assert settings.numbers == {"+12025550110", "+12025550111"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SWITCHHOOK_VOICE_NUMBERS", "2025550110"),
        ("SWITCHHOOK_VOICE_NUMBERS", "+12025550110,none"),
        ("SWITCHHOOK_VOICE_NUMBERS", ","),
        ("SWITCHHOOK_VOICE_NAMED_GREETING", "Hello."),
        ("SWITCHHOOK_VOICE_QUEUE", "a queue"),
        ("SWITCHHOOK_VOICE_QUEUE", "x" * 256),
        ("SWITCHHOOK_VOICE_HOLD_MUSIC_URL", "ftp://example.com/a.mp3"),
        ("SWITCHHOOK_VOICE_LOST_AFTER", "0"),
        ("SWITCHHOOK_VOICE_LOST_CHECK_EVERY", "soon"),
    ],
)
def test_what_cannot_work_is_refused_at_the_start(name: str, value: str) -> None:
    """A fault names its variable."""
    with pytest.raises(SettingsError, match=name):
        load(Settings, {**REQUIRED, name: value})


def test_secrets_are_not_shown() -> None:
    """Neither the key nor a database password is described."""
    own = {
        "SWITCHHOOK_VOICE_DATABASE_URL": "postgresql+asyncpg://u:pw@h/d",
        "SWITCHHOOK_VOICE_STATE_SECRETS": "new-secret, old-secret",
    }
    settings = load(Settings, {**REQUIRED, **own})
    assert settings.state_secrets == ("new-secret", "old-secret")
    described = str(describe(settings))
    assert "KEY-secret" not in described
    assert "old-secret" not in described
    assert "pw" not in described
