"""Messaging: what was written to us and by us, and who may still be written to.

Owns the messages and the consent ledger. Listens to `events.v1.telnyx.message.>`, publishes
`events.v1.messaging.consent.revoked` and `.granted`, and offers MessageService and ConsentService
of `switchhook.messaging.v1`.
"""
