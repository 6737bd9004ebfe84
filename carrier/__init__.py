"""Telnyx on the wire: everything that would change with another carrier, and nothing else.

`signature` verifies and makes webhook signatures, `normalize` turns webhook bodies into events,
`forms` reads TeXML requests and `texml` writes the documents that answer them, `commands` builds
the exact bytes of REST requests, `api` sends them once, `outcomes` says what an answer means, and
`media` downloads what a webhook points at.

Nothing here keeps data or knows a service; a second carrier is a second package beside this one.
"""
