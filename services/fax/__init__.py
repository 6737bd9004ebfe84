"""Faxes: what arrived, what we send until it arrives, and the documents themselves.

Owns the record of every transmission, the documents of inbound ones, kept under the hash of their
content, and the jobs of outbound ones. Listens to `events.v1.telnyx.fax.>`. Publishes
`events.v1.fax.fax.stored` once a document can be read, `.quarantined` when none can, `.alerted`
when nothing can leave, and `events.v1.fax.job.*` when a job comes to its end or is held. Offers
FaxService, FaxSendingService, DocumentService, RetentionService and AuditService of
switchhook.fax.v1.
"""
