"""What the service asks of its environment."""

import pytest

from chassis.settings import SettingsError, load
from services.messaging.model import Purpose
from services.messaging.settings import Settings

REQUIRED = {
    "SWITCHHOOK_MESSAGING_BRAND": "Example",
    "SWITCHHOOK_MESSAGING_HELP_URL": "example.com/help",
    "SWITCHHOOK_MESSAGING_HELP_PHONE": "+12025550199",
    "TELNYX_API_KEY": "KEY-test",
}


def test_the_required_settings_are_enough() -> None:
    """With the brand, the help contacts and the key, everything else has a default."""
    settings = load(Settings, REQUIRED)
    assert settings.grpc_address == "127.0.0.1:50052"
    assert settings.own_numbers == frozenset()
    assert settings.replies().text(Purpose.STOP_CONFIRMATION).startswith("Example: ")


def test_everything_missing_is_told_at_once() -> None:
    """The words that consumers read have no default, and neither has the key."""
    with pytest.raises(SettingsError) as raised:
        load(Settings, {})
    missing = "\n".join(raised.value.faults)
    assert all(name in missing for name in REQUIRED)


def test_our_numbers_are_a_list() -> None:
    """Numbers are separated by commas or blanks, and a wrong one is refused."""
    name = "SWITCHHOOK_MESSAGING_NUMBERS"
    settings = load(Settings, {**REQUIRED, name: "+12025550101, +12025550102"})
    assert settings.own_numbers == {"+12025550101", "+12025550102"}
    with pytest.raises(SettingsError, match=name):
        load(Settings, {**REQUIRED, name: "2025550101"})


def test_words_longer_than_a_part_are_refused() -> None:
    """A brand that does not fit is a fault of the settings, found at the start."""
    with pytest.raises(SettingsError, match="shorten the brand"):
        load(Settings, {**REQUIRED, "SWITCHHOOK_MESSAGING_BRAND": "E" * 100})
