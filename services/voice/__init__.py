"""Voice: answers calls to our numbers, greets the callers and puts them into a queue.

Owns the calls: every leg the carrier tells of, and the commands voice gave for it.
Listens to `events.v1.telnyx.call.>` and `events.v1.telnyx.texml.>`; publishes nothing.
Offers `CallService` (GetCall, ListCalls) and `TexmlService` (AnswerTexml); asks `CrmService` who is
calling; commands the carrier through its outbox.
"""
