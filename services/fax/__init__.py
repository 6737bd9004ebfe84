"""Faxes: what arrived, what became of what we sent, and the documents themselves.

Owns the record of every transmission and the documents of inbound ones, kept under the hash of
their content. Listens to `events.v1.telnyx.fax.>`. Publishes `events.v1.fax.fax.stored` once a
document can be read. Offers switchhook.fax.v1.FaxService.
"""
