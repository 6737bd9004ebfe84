from dataclasses import dataclass
from pathlib import Path

import pytest

from chassis import settings
from chassis.settings import SettingsError, describe, load, setting

CANARY = "canary-4711"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of a shop."""

    address: str = setting("SHOP_ADDRESS", default="127.0.0.1:0", parse=settings.address)
    key: str = setting("SHOP_KEY", secret=True, help="what opens the till")
    pin: int = setting("SHOP_PIN", default=0, parse=settings.integer(0, 9999), secret=True)
    open: bool = setting("SHOP_OPEN", default=True, parse=settings.boolean)
    database: str = setting("SHOP_DATABASE", default="")
    mode: str = setting("SHOP_MODE", default="strict", parse=settings.choice("strict", "relaxed"))
    patience: float = setting("SHOP_PATIENCE", default=1.5, parse=settings.number(0, 10))

    def __post_init__(self) -> None:
        """Check what no setting alone can."""
        if self.mode == "relaxed" and not self.open:
            raise ValueError("SHOP_MODE relaxed needs SHOP_OPEN")


def test_values_and_defaults() -> None:
    """What is set is parsed, what is not keeps its default."""
    loaded = load(Settings, {"SHOP_KEY": "k", "SHOP_OPEN": "off", "SHOP_PATIENCE": "3"})
    assert loaded == Settings(key="k", open=False, patience=3.0)


def test_every_fault_is_reported_at_once() -> None:
    """One error lists the missing, the malformed and the impossible."""
    environ = {"SHOP_ADDRESS": "nowhere", "SHOP_OPEN": "perhaps", "SHOP_PATIENCE": "nan"}
    with pytest.raises(SettingsError) as caught:
        load(Settings, {**environ, "SHOP_MODE": "wild"})
    names = [fault.split()[0] for fault in caught.value.faults]
    assert names == ["SHOP_ADDRESS", "SHOP_KEY", "SHOP_OPEN", "SHOP_MODE", "SHOP_PATIENCE"]
    assert "SHOP_KEY is required: what opens the till" in str(caught.value)


def test_a_rule_between_settings_is_a_fault() -> None:
    """What __post_init__ refuses is reported like any other fault."""
    with pytest.raises(SettingsError, match="SHOP_MODE relaxed needs SHOP_OPEN"):
        load(Settings, {"SHOP_KEY": "k", "SHOP_MODE": "relaxed", "SHOP_OPEN": "no"})


@pytest.mark.parametrize("blank", ["", "  ", "\n"])
def test_a_blank_variable_is_unset(blank: str) -> None:
    """A blank optional setting has its default; a blank required one is missing."""
    assert load(Settings, {"SHOP_KEY": "k", "SHOP_MODE": blank}).mode == "strict"
    with pytest.raises(SettingsError, match="SHOP_KEY is required"):
        load(Settings, {"SHOP_KEY": blank})


def test_a_file_gives_the_value(tmp_path: Path) -> None:
    """NAME_FILE names a file whose content, without the newline at its end, is the value."""
    file = tmp_path / "key"
    file.write_text("from-file\n")
    assert load(Settings, {"SHOP_KEY_FILE": str(file)}).key == "from-file"


def test_a_variable_and_its_file_are_one_too_many(tmp_path: Path) -> None:
    """Setting both is a fault, because one of them would be ignored."""
    with pytest.raises(SettingsError, match="SHOP_KEY_FILE are both set"):
        load(Settings, {"SHOP_KEY": "k", "SHOP_KEY_FILE": str(tmp_path / "key")})


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    """A missing file is reported, an empty one counts as unset."""
    with pytest.raises(SettingsError, match="SHOP_KEY cannot be read from SHOP_KEY_FILE"):
        load(Settings, {"SHOP_KEY_FILE": str(tmp_path / "none")})
    (tmp_path / "empty").touch()
    with pytest.raises(SettingsError, match="SHOP_KEY is required"):
        load(Settings, {"SHOP_KEY_FILE": str(tmp_path / "empty")})


def test_secrets_are_never_shown() -> None:
    """A secret is in no repr, no description and no fault, also when it is malformed."""
    loaded = load(Settings, {"SHOP_KEY": CANARY})
    assert CANARY not in repr(loaded)
    assert describe(loaded)["SHOP_KEY"] == "***"
    assert describe(loaded)["SHOP_MODE"] == "strict"
    with pytest.raises(SettingsError) as caught:
        load(Settings, {"SHOP_KEY": "k", "SHOP_PIN": CANARY})
    assert "SHOP_PIN is not valid" in str(caught.value)
    assert CANARY not in str(caught.value)


def test_a_password_in_a_url_is_not_described() -> None:
    """A database URL is described without its user and password."""
    url = f"postgresql+asyncpg://clerk:{CANARY}@db.example/shop"
    described = describe(load(Settings, {"SHOP_KEY": "k", "SHOP_DATABASE": url}))
    assert described["SHOP_DATABASE"] == "postgresql+asyncpg://***@db.example/shop"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":80",
        "host",
        "host:",
        "host:x",
        "host:65536",
        "host:-1",
        "host:\N{ARABIC-INDIC DIGIT ONE}",
    ],
)
def test_what_is_no_address(text: str) -> None:
    """An address needs a host and a port that fits."""
    with pytest.raises(ValueError):
        settings.address(text)


@pytest.mark.parametrize("text", ["127.0.0.1:0", "[::1]:65535", "db.example:1"])
def test_what_is_an_address(text: str) -> None:
    """Names, IPv4, bracketed IPv6 and port 0 are addresses."""
    assert settings.address(text) == text


@pytest.mark.parametrize(
    "text", ["", "1.5", "-1", "11", "1e1", "\N{ARABIC-INDIC DIGIT THREE}", "1_0", "--1"]
)
def test_what_is_no_integer_in_range(text: str) -> None:
    """A whole number is ASCII digits within the bounds."""
    with pytest.raises(ValueError):
        settings.integer(0, 10)(text)
    assert settings.integer(-5, 10)("-5") == -5
