"""The other side of the wire: a stand-in for Telnyx, for development and for our own tests.

It answers REST v2 as Telnyx does, sends signed webhooks with Telnyx's retries and failover, and
holds the phones and fax machines of the world behind it. What happens to a call, a message or a fax
is decided by state machines without I/O (`calls`, `messages`, `faxes`); `exchange` gives them time,
`webhooks` carries what they say, `server` listens. Nothing here is part of a deployment.
"""
