"""Ids this service derives, so that the same cause always has the same id."""

import uuid

_OURS = uuid.UUID("5d0c2c1c-6f5e-4f0a-9c0d-0f0b7a3a6a53")


def derived_id(what: str, cause: str) -> str:
    """Return the id of what follows from a cause, such as the answer to a message."""
    return str(uuid.uuid5(_OURS, f"{what} {cause}"))
