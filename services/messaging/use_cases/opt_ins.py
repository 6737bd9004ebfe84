"""Asking for consent: double opt-in, a question that only a YES within a day answers."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.messaging.consent import number_key, program_key
from services.messaging.holds import OPT_IN_WINDOW, OptIn
from services.messaging.model import Message, Purpose
from services.messaging.programs import Program
from services.messaging.replies import Replies
from services.messaging.use_cases.sending import Draft, Sending


@dataclass(frozen=True)
class OptIns:
    """Puts questions for consent and finds the one a message answers."""

    sending: Sending
    replies: Replies

    async def open_question(self, connection: AsyncConnection, received: Message) -> OptIn | None:
        """Return the question a received message may answer, or None."""
        if received.is_group:
            return None
        consents = self.sending.consents
        key = scope_key(consents.programs.of(received.our_number), received.our_number)
        asked = await consents.waiting.asked(connection, received.peer_number, key)
        if asked is None or asked.our_number != received.our_number:
            return None
        return asked if asked.is_open_at(received.create_time) else None

    def draft(self, our_number: str, peer_number: str, program_name: str, text: str) -> Draft:
        """Return the question as it is sent, in the words given or else in our own."""
        words = text or self.replies.opt_in_prompt(program_name)
        expire_time = self.sending.clock.now() + OPT_IN_WINDOW
        return Draft(
            our_number=our_number,
            peer_number=peer_number,
            text=words,
            purpose=Purpose.OPT_IN_PROMPT,
            expire_time=expire_time,
        )

    async def asked(
        self,
        connection: AsyncConnection,
        message: Message,
        *,
        version: str = "",
        language: str = "",
        evidence: Mapping[str, str] | None = None,
    ) -> OptIn:
        """Keep the question that a queued message puts; it replaces one that was open."""
        programs = self.sending.consents.programs
        program = programs.of(message.our_number)
        question = OptIn(
            peer_number=message.peer_number,
            our_number=message.our_number,
            program_id=program.program_id,
            text=message.text or "",
            version=version,
            language=language,
            evidence=evidence or {},
            message_id=message.message_id,
            prompt_time=message.create_time,
            expire_time=message.create_time + OPT_IN_WINDOW,
        )
        key = scope_key(program, message.our_number)
        await self.sending.consents.waiting.ask(connection, question, key)
        return question


def scope_key(program: Program, our_number: str) -> str:
    """Return the scope for which consent is asked: the program, or the number without one."""
    return program_key(program.program_id) if program.program_id else number_key(our_number)
