"""Templates: what may be kept, and what is rendered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Invalid
from services.messaging.sending.templates import (
    Template,
    Variable,
    VariableType,
    check,
    nearest,
    render,
)

HELLO = Template(
    template_id="hello",
    texts={"en": "Hello {{name}}, see {{link}}.", "pt": "Olá {{name}}", "pt-BR": "Oi {{name}}"},
    default_locale="en",
    variables=(Variable("name", max_length=20), Variable("link", VariableType.URL, optional=True)),
)


def faults(raised: pytest.ExceptionInfo[Invalid]) -> dict[str, str]:
    """Return what is said of which field."""
    return {fault.field: fault.description for fault in raised.value.fields}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("pt-BR", "pt-BR"),
        ("PT-br", "pt-BR"),
        ("pt-PT", "pt"),
        ("pt-BR-x-a", "pt-BR"),
        ("pt", "pt"),
        ("de-AT", "en"),
        ("", "en"),
        ("p", "en"),
    ],
)
def test_the_nearest_language_is_used(asked: str, found: str) -> None:
    """The locale itself, then its parents, then the default."""
    assert nearest(HELLO, asked) == found


def test_gaps_are_filled() -> None:
    """Each gap gets its value, and an optional one may stay empty."""
    assert render(HELLO, "pt-BR", {"name": "Ada"}, "v").text == "Oi Ada"
    full = {"name": "Ada", "link": "https://example.com/a"}
    assert render(HELLO, "en", full, "v").text == "Hello Ada, see https://example.com/a."
    assert render(HELLO, "en", {"name": "Ada"}, "v").text == "Hello Ada, see ."


def test_a_value_is_never_read_as_a_gap() -> None:
    """What looks like a gap inside a value is sent as it stands."""
    assert render(HELLO, "pt", {"name": "{{link}} {{name}}"}, "v").text == "Olá {{link}} {{name}}"


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=20))
def test_any_line_stands_as_it_is(value: str) -> None:
    """A text's value is in the result exactly as it was given, once per gap."""
    twice = Template(
        template_id="t",
        texts={"en": "<{{a}}|{{a}}>"},
        default_locale="en",
        variables=(Variable("a", max_length=20),),
    )
    assert render(twice, "", {"a": value}, "v").text == f"<{value}|{value}>"


def test_every_fault_is_named_at_once() -> None:
    """Missing, unknown, too long and of the wrong type are told together."""
    with pytest.raises(Invalid) as raised:
        render(HELLO, "en", {"link": "ftp://example.com", "nmae": "Ada"}, "template.variables")
    assert faults(raised) == {
        "template.variables[nmae]": "is no variable of the template",
        "template.variables[name]": "is required",
        "template.variables[link]": "is not an http or https URL",
    }
    with pytest.raises(Invalid) as raised:
        render(HELLO, "en", {"name": "x" * 21}, "v")
    assert faults(raised) == {"v[name]": "has more than 20 characters"}


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        (VariableType.TEXT, ["a", "العربية", "👍"], ["a\nb", "a\0", "a\u2028b", "\x07"]),
        (VariableType.NUMBER, ["0", "-12.50", "007"], ["1e5", "1,000", "١٢", "1.", ".5", "NaN"]),
        (VariableType.DATE, ["2025-06-01", "2024-02-29"], ["2025-02-29", "20250601", "1.6.25"]),
        (VariableType.TIME, ["00:00", "17:30"], ["24:00", "5:30", "17:30:00", "5pm"]),
        (
            VariableType.URL,
            ["https://example.com", "http://example.com/a?b=c"],
            [
                "example.com",
                "javascript:alert(1)",
                "https://",
                "https://a@example.com",
                "https://[",
            ],
        ),
        (VariableType.PHONE_NUMBER, ["+12025550100"], ["12025550100", "+1", "+1 202 555 0100"]),
    ],
)
def test_types_are_checked(type_: VariableType, good: list[str], bad: list[str]) -> None:
    """Each type takes what it says and nothing else."""
    template = Template(
        template_id="t",
        texts={"en": "{{a}}"},
        default_locale="en",
        variables=(Variable("a", type_),),
    )
    for value in good:
        assert render(template, "en", {"a": value}, "v").text == value
    for value in bad:
        with pytest.raises(Invalid):
            render(template, "en", {"a": value}, "v")


@pytest.mark.parametrize(
    ("texts", "locales", "default", "field"),
    [
        ({"en": "{{other}}"}, ["en"], "en", "template.texts[en]"),
        ({"en": "{{Name}}"}, ["en"], "en", "template.texts[en]"),
        ({"en": "{{name}"}, ["en"], "en", "template.texts[en]"),
        ({"en": "{{{name}}}}"}, ["en"], "en", "template.texts[en]"),
        ({"en": "a"}, ["en"], "de", "template.default_locale"),
        ({"en": "a"}, ["en", "EN"], "en", "template.texts"),
    ],
)
def test_a_template_that_could_not_be_rendered_is_refused(
    texts: dict[str, str], locales: list[str], default: str, field: str
) -> None:
    """Unknown gaps, stray braces, a default without a text and repeated locales are told."""
    template = Template(
        template_id="t", texts=texts, default_locale=default, variables=(Variable("name"),)
    )
    with pytest.raises(Invalid) as raised:
        check(template, locales)
    assert field in faults(raised)


def test_a_good_template_is_taken() -> None:
    """Single braces are ordinary characters."""
    check(HELLO, list(HELLO.texts))
    check(Template(template_id="t", texts={"en": "{a} {b}"}, default_locale="EN"), ["en"])


def test_a_name_that_stands_twice_is_refused() -> None:
    """Two variables of one name could not be told apart."""
    template = Template(
        template_id="t",
        texts={"en": "a"},
        default_locale="en",
        variables=(Variable("a"), Variable("a", VariableType.URL)),
    )
    with pytest.raises(Invalid) as raised:
        check(template, ["en"])
    assert faults(raised) == {"template.variables": "a stands 2 times"}
