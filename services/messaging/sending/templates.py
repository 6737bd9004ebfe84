"""Texts with typed gaps, in several languages: checked when they are kept, rendered strictly. Pure.

A gap is `{{name}}`. Rendering goes over the text once, so nothing inside a value is ever taken for
a gap.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from urllib.parse import urlsplit

from chassis.errors import FieldViolation, Invalid

DEFAULT_LENGTH = 100
"""How many characters a value may have when its variable does not say."""

_GAP = re.compile(r"\{\{ ?([a-z][a-z0-9_]*) ?\}\}")
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_DATE, _TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), re.compile(r"[0-9]{2}:[0-9]{2}")


class VariableType(StrEnum):
    """What may stand in a gap."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    URL = "url"
    PHONE_NUMBER = "phone_number"


@dataclass(frozen=True, slots=True)
class Variable:
    """A gap to fill."""

    name: str
    type: VariableType = VariableType.TEXT
    optional: bool = False
    max_length: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A text with gaps, by locale."""

    template_id: str
    texts: Mapping[str, str]
    """The words by locale, locales as the caller wrote them."""
    default_locale: str
    variables: tuple[Variable, ...] = ()
    description: str = ""
    revision: int = 0
    update_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class TemplateUse:
    """A template and what fills its gaps."""

    template_id: str
    locale: str
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text whose gaps are filled, and the locale it was found under."""

    text: str
    locale: str


def check(template: Template, locales: Sequence[str]) -> None:
    """Refuse a template that could not be rendered as meant; raises Invalid naming each fault.

    `locales` are those the caller gave, with repetitions.
    """
    faults = [
        *_repeated("template.variables", [variable.name for variable in template.variables]),
        *_repeated("template.texts", [locale.lower() for locale in locales]),
        *_text_faults(template),
    ]
    if template.default_locale.lower() not in {locale.lower() for locale in template.texts}:
        faults.append(FieldViolation("template.default_locale", "has no text"))
    if faults:
        raise Invalid(faults)


def render(template: Template, locale: str, values: Mapping[str, str], field: str) -> Rendered:
    """Fill the gaps of the nearest text; raises Invalid naming every value that is at fault.

    `field` is what the values are called in the request.
    """
    faults = list(_value_faults(template, values, field))
    if faults:
        raise Invalid(faults)
    found = nearest(template, locale)
    text = _GAP.sub(lambda gap: values.get(gap[1], ""), template.texts[found])
    return Rendered(text, found)


def nearest(template: Template, locale: str) -> str:
    """Return the locale whose text is used: the one asked for, its parents, or the default."""
    known = {each.lower(): each for each in template.texts}
    subtags = locale.lower().split("-")
    for length in range(len(subtags), 0, -1):
        if found := known.get("-".join(subtags[:length])):
            return found
    return known[template.default_locale.lower()]


def gaps(text: str) -> set[str]:
    """Return the names of a text's gaps."""
    return set(_GAP.findall(text))


def _repeated(field: str, names: Sequence[str]) -> Iterable[FieldViolation]:
    for name, count in Counter(names).items():
        if count > 1:
            yield FieldViolation(field, f"{name} stands {count} times")


def _text_faults(template: Template) -> Iterable[FieldViolation]:
    names = {variable.name for variable in template.variables}
    for locale, text in template.texts.items():
        field = f"template.texts[{locale}]"
        for unknown in sorted(gaps(text) - names):
            yield FieldViolation(field, f"{unknown} is no variable of the template")
        rest = _GAP.sub("", text)
        if "{{" in rest or "}}" in rest:
            yield FieldViolation(field, "has braces that are no gap")


def _value_faults(
    template: Template, values: Mapping[str, str], field: str
) -> Iterable[FieldViolation]:
    known = {variable.name: variable for variable in template.variables}
    for name in sorted(values.keys() - known.keys()):
        yield FieldViolation(f"{field}[{name}]", "is no variable of the template")
    for name, variable in known.items():
        value = values.get(name, "")
        if said := _fault(variable, value):
            yield FieldViolation(f"{field}[{name}]", said)


def _fault(variable: Variable, value: str) -> str:
    if not value:
        return "" if variable.optional else "is required"
    longest = variable.max_length or DEFAULT_LENGTH
    if len(value) > longest:
        return f"has more than {longest} characters"
    is_good, expected = _TYPES[variable.type]
    return "" if is_good(value) else f"is not {expected}"


def _is_line(value: str) -> bool:
    # What breaks a line, and halves of characters.
    return not any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in value)


def _is_date(value: str) -> bool:
    return _DATE.fullmatch(value) is not None and _reads(date.fromisoformat, value)


def _is_time(value: str) -> bool:
    return _TIME.fullmatch(value) is not None and _reads(time.fromisoformat, value)


def _is_url(value: str) -> bool:
    if not value.isprintable() or " " in value:
        return False
    try:
        parts = urlsplit(value)
        named = bool(parts.hostname) and "@" not in parts.netloc
        return named and parts.scheme in ("http", "https")
    except ValueError:
        return False


def _reads(read: Callable[[str], object], value: str) -> bool:
    try:
        read(value)
    except ValueError:
        return False
    return True


_TYPES: dict[VariableType, tuple[Callable[[str], bool], str]] = {
    VariableType.TEXT: (_is_line, "one line of text"),
    VariableType.NUMBER: (
        lambda value: _NUMBER.fullmatch(value) is not None,
        "a decimal number such as -12.50",
    ),
    VariableType.DATE: (_is_date, "a day such as 2025-06-01"),
    VariableType.TIME: (_is_time, "a time of day such as 17:30"),
    VariableType.URL: (_is_url, "an http or https URL"),
    VariableType.PHONE_NUMBER: (
        lambda value: _E164.fullmatch(value) is not None,
        "a phone number in E.164 form",
    ),
}
