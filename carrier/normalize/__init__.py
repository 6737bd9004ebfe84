"""Turn what Telnyx sends into events: pure functions from bytes to one protobuf message.

`reading` takes bytes to an object nobody can read in two ways, `envelope` finds the event in it,
`catalogue` says where its type goes, `plans` fills the message through `coerce` and `parties`,
`redact` blanks secrets, `identity` and `subjects` name the result.
"""

from carrier.normalize.subjects import subject
from carrier.normalize.texml import normalize_texml
from carrier.normalize.webhook import is_v1, normalize

__all__ = ["is_v1", "normalize", "normalize_texml", "subject"]
