"""The door: what the carrier sends comes in here, and becomes events on the stream.

Owns the acceptance of webhooks (`POST /webhooks/telnyx`, `POST /texml/<app>`), the local spool that
stands in for the bus, the index of events, and what becomes of dead letters.

Publishes `events.v1.telnyx.>` on the stream EVENTS; reads `events.v1.>` for its index. Offers
switchhook.gateway.v1.EventService and DeadLetterService. Asks switchhook.voice.v1.TexmlService for
the documents that TeXML requests are answered with.
"""
