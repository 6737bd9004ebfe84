"""Instructions as TeXML documents."""

from collections.abc import Sequence

from carrier import texml
from services.voice.calls.command import Enqueue, Reject, Speak
from services.voice.policy import Instruction


class Documents:
    """Writes the documents that steer TeXML calls."""

    def __init__(self, voice: str) -> None:
        # Documents name the voices of Amazon Polly without the vendor. Source: Telnyx, TeXML Say.
        self._voice = voice.removeprefix("AWS.")

    def write(self, instructions: Sequence[Instruction]) -> str:
        """Return a complete document; without instructions it says to do nothing."""
        return texml.document(*map(self._verb, instructions)).decode()

    def _verb(self, instruction: Instruction) -> texml.Verb:
        match instruction:
            case Speak(text):
                return texml.say(text, voice=self._voice)
            case Enqueue(queue):
                return texml.enqueue(queue)
            case Reject(_):
                return texml.reject()
