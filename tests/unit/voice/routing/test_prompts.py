"""Callers hear their language, and their name only when their number is proven."""

import pytest

from services.voice.routing.prompts import Prompt, PromptVariant, speaks

GREETING = Prompt(
    "Hello.",
    "Hello, {name}.",
    variants=(
        PromptVariant("es", "Hola.", "Hola, {name}."),
        PromptVariant("es-AR", "Che."),
        PromptVariant("fr", audio_url="https://media.example/fr.mp3"),
    ),
)


@pytest.mark.parametrize(
    ("language", "text", "spoken"),
    [
        ("es-MX", "Hola.", "es"),
        ("ES-ar", "Che.", "es-AR"),
        ("de", "Hello.", "en-GB"),
        ("", "Hello.", "en-GB"),
    ],
)
def test_the_closest_language_is_spoken(language: str, text: str, spoken: str) -> None:
    """A regional form falls back to its language, an unknown one to the plan's."""
    said = GREETING.spoken(language, default="en-GB")
    assert (said.text, said.language) == (text, spoken)


def test_a_name_is_said_where_there_is_a_place_for_it() -> None:
    """A named text is used for those who may be named; other variants stay without."""
    assert GREETING.spoken("es", "Ada").text == "Hola, Ada."
    assert GREETING.spoken("es-AR", "Ada").text == "Che."
    assert GREETING.spoken("es", "").text == "Hola."


def test_a_file_is_played_unless_a_name_is_said() -> None:
    """Where a variant has a file it is played; a name can only be spoken."""
    assert GREETING.spoken("fr").audio_url == "https://media.example/fr.mp3"
    named = Prompt("x", "Hello, {name}.", "https://media.example/x.mp3")
    assert named.spoken(name="Ada").audio_url == ""


def test_braces_in_a_name_are_only_braces() -> None:
    """A name is put in as it is, whatever it holds, and the text keeps to the carrier's limit."""
    assert GREETING.spoken(name="{name}{0}").text == "Hello, {name}{0}."
    assert len(Prompt("x" * 4000).spoken().text) == 3000


@pytest.mark.parametrize(
    ("language", "wanted", "result"),
    [("es-MX", "es", True), ("ES", "es", True), ("est", "es", False), ("es", "es-MX", False)],
)
def test_a_regional_form_is_its_language(language: str, wanted: str, result: bool) -> None:
    """Who speaks es-MX speaks es, and nobody speaks es who speaks et."""
    assert speaks(language, wanted) is result
