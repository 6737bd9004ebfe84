"""What callers hear, in their language, and by name only when they are proven. Pure."""

from dataclasses import dataclass

DEFAULT_LANGUAGE = "en-US"
SPEECH_LIMIT = 3000
"""Characters one speak command may carry. Source: Telnyx, speak text, `payload`."""

_NAME = "{name}"


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is said to one caller: a file if there is one, else a plain text."""

    text: str
    audio_url: str
    language: str


@dataclass(frozen=True, slots=True)
class PromptVariant:
    """A prompt in one more language, BCP 47."""

    language: str
    text: str = ""
    named_text: str = ""
    audio_url: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text or a file; ``named_text`` holds ``{name}`` and is empty where nobody is named."""

    text: str = ""
    named_text: str = ""
    audio_url: str = ""
    variants: tuple[PromptVariant, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to hear."""
        return not self.text and not self.audio_url

    def spoken(self, language: str = "", name: str = "", *, default: str = "") -> Spoken:
        """Return what one caller hears.

        ``language`` is the caller's, ``default`` the plan's, both may be empty. ``name`` is empty
        unless the caller's number is proven and belongs to exactly one contact.
        """
        variant = self._closest(language)
        if variant is None:
            own = PromptVariant(
                default or DEFAULT_LANGUAGE, self.text, self.named_text, self.audio_url
            )
            return _spoken(own, name)
        return _spoken(variant, name)

    def _closest(self, language: str) -> PromptVariant | None:
        """Return the variant in the language, in its language without region, or None."""
        wanted = language.lower()
        while wanted:
            for variant in self.variants:
                if variant.language.lower() == wanted:
                    return variant
            wanted = wanted.rpartition("-")[0]
        return None


def speaks(language: str, wanted: str) -> bool:
    """Say whether a caller's language is the wanted one or a regional form of it."""
    return f"{language.lower()}-".startswith(f"{wanted.lower()}-")


def _spoken(variant: PromptVariant, name: str) -> Spoken:
    named = bool(name and variant.named_text)
    text = variant.named_text.replace(_NAME, name) if named else variant.text
    # A file cannot say a name, so a proven caller hears the text instead.
    audio = "" if named else variant.audio_url
    return Spoken(text[:SPEECH_LIMIT], audio, variant.language)
