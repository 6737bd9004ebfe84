"""The carrier's own library as an independent judge of our signatures."""

import pytest
import telnyx
from nacl.signing import SigningKey

from carrier.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, public_key_text, sign

NOW = 1_700_000_000
KEY = SigningKey(bytes(range(32)))


@pytest.mark.parametrize(
    "body",
    [
        '{"data":{"event_type":"message.received","id":"e-1"}}',
        '{"data":{"event_type":"message.received","payload":{"text":"née 🚀"}}}',
    ],
)
def test_the_official_sdk_believes_what_we_sign(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The official SDK verifies a body we signed and refuses the same body with a byte added."""
    monkeypatch.setattr("time.time", lambda: float(NOW))
    client = telnyx.Telnyx(api_key="KEY-test", public_key=public_key_text(KEY))
    headers = {SIGNATURE_HEADER: sign(KEY, NOW, body.encode()), TIMESTAMP_HEADER: str(NOW)}
    client.webhooks.unwrap(body, headers=headers)
    with pytest.raises(Exception, match=r"[Ss]ignature"):
        client.webhooks.unwrap(body + " ", headers=headers)
