"""The webhook signature: what is believed, what is refused, and why."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from carrier.signature import (
    KeyRing,
    PublicKey,
    Rejected,
    RejectReason,
    public_key_text,
    sign,
    verify,
)

NOW = 1_700_000_000
BODY = b'{"data":{"event_type":"message.received","id":"e-1"}}'
CURRENT = SigningKey(bytes(range(32)))
NEXT = SigningKey(bytes(range(1, 33)))
RING = KeyRing([PublicKey("current", bytes(CURRENT.verify_key))])


def reason_of(
    signature: Any = None,
    timestamp: Any = str(NOW),
    body: bytes = BODY,
    now: float = NOW,
    ring: KeyRing = RING,
) -> RejectReason | None:
    """Return why the request is refused, or None when it is believed."""
    if signature is None:
        signature = sign(CURRENT, NOW, BODY)
    try:
        verify(ring, signature=signature, timestamp=timestamp, body=body, now=now)
    except Rejected as rejected:
        return rejected.reason
    return None


def test_believes_what_the_account_key_signed() -> None:
    """A correct signature names the key that made it and the signed time."""
    verified = verify(
        RING, signature=[sign(CURRENT, NOW, BODY)], timestamp=[str(NOW)], body=BODY, now=NOW
    )
    assert (verified.key_id, verified.timestamp) == ("current", NOW)


def test_accepts_header_values_as_bytes() -> None:
    """Servers that keep headers as bytes need not decode them."""
    assert reason_of([sign(CURRENT, NOW, BODY).encode()], [str(NOW).encode()]) is None


def test_accepts_a_single_bare_value() -> None:
    """A caller that has proven the header unique may pass the string itself."""
    assert reason_of(sign(CURRENT, NOW, BODY), str(NOW)) is None


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe\x00", "née 🚀".encode(), b"CallSid=v3%3Aabc&From=%2B12025550101", b"|" * 9],
)
def test_signs_raw_bytes_of_any_kind(body: bytes) -> None:
    """Empty, binary, non-ASCII and form bodies are signed as they are, never re-serialized."""
    assert reason_of(sign(CURRENT, NOW, body), body=body) is None


# RFC 8032, 7.1, test 2: a key pair and the signature of the single byte 0x72.
RFC_8032_SEED = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
RFC_8032_PUBLIC = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
RFC_8032_SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_the_primitive_is_plain_ed25519() -> None:
    """The library agrees with RFC 8032, so nothing is hashed or prefixed behind our back."""
    key = SigningKey(bytes.fromhex(RFC_8032_SEED))
    assert bytes(key.verify_key).hex() == RFC_8032_PUBLIC
    assert key.sign(b"\x72").signature.hex() == RFC_8032_SIGNATURE


def test_a_frozen_vector_stays_valid() -> None:
    """A signature computed once with the RFC 8032 key verifies for ever."""
    ring = KeyRing([PublicKey("rfc", bytes.fromhex(RFC_8032_PUBLIC))])
    frozen = (
        "mXTwJBbtUTBbOrvx1ouZlqwIEsaKlZ0qnjve12ObbcanJWVS1fE3yQ1wnm0isNpYqAAcNyJVxsbolAbbOpM2Aw=="
    )
    assert reason_of(frozen, ring=ring) is None
    assert reason_of(frozen, body=BODY + b" ", ring=ring) is RejectReason.BAD_SIGNATURE


@pytest.mark.parametrize("separator", [b".", b"", b"\n", b"||"])
def test_refuses_another_separator(separator: bytes) -> None:
    """Only a single vertical bar joins timestamp and body."""
    signed = CURRENT.sign(str(NOW).encode() + separator + BODY).signature
    assert reason_of(base64.b64encode(signed).decode()) is RejectReason.BAD_SIGNATURE


def test_the_timestamp_text_is_signed_not_its_number() -> None:
    """Zeros in front of the timestamp change the signed bytes."""
    assert reason_of(timestamp="0" + str(NOW)) is RejectReason.BAD_SIGNATURE


def test_refuses_every_flipped_bit_of_the_signature() -> None:
    """No bit of the signature is free."""
    raw = base64.b64decode(sign(CURRENT, NOW, BODY))
    for position in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[position // 8] ^= 1 << position % 8
        encoded = base64.b64encode(flipped).decode()
        assert reason_of(encoded) is RejectReason.BAD_SIGNATURE, position


def test_refuses_every_flipped_bit_of_the_body() -> None:
    """No bit of the body is free."""
    for position in range(len(BODY) * 8):
        flipped = bytearray(BODY)
        flipped[position // 8] ^= 1 << position % 8
        assert reason_of(body=bytes(flipped)) is RejectReason.BAD_SIGNATURE, position


def test_refuses_every_flipped_bit_of_the_timestamp() -> None:
    """No bit of the timestamp is free, even where the result is a time within the tolerance."""
    text = str(NOW).encode()
    for position in range(len(text) * 8):
        flipped = bytearray(text)
        flipped[position // 8] ^= 1 << position % 8
        assert reason_of(timestamp=[bytes(flipped)]) is not None, position


@given(st.text(alphabet="ABab01+/=-_ \n!", max_size=100) | st.binary(max_size=100))
def test_no_signature_header_is_a_crash(header: str | bytes) -> None:
    """Whatever the signature header holds, the outcome is a reason."""
    assert reason_of([header]) is not None


@given(st.text(max_size=30) | st.binary(max_size=30))
def test_no_timestamp_header_is_a_crash(header: str | bytes) -> None:
    """Whatever the timestamp header holds, the outcome is a reason."""
    assert reason_of(timestamp=[header]) is not None


@pytest.mark.parametrize("absent", [[], [""], [b""], ""])
def test_refuses_a_missing_header(absent: Any) -> None:
    """A header that is absent or empty is named as missing."""
    assert reason_of(signature=absent) is RejectReason.MISSING_HEADER
    assert reason_of(timestamp=absent) is RejectReason.MISSING_HEADER


def test_refuses_a_repeated_header() -> None:
    """Two values are refused even when they are equal or one is empty."""
    signature = sign(CURRENT, NOW, BODY)
    assert reason_of([signature, signature]) is RejectReason.REPEATED_HEADER
    assert reason_of([signature], [str(NOW), str(NOW)]) is RejectReason.REPEATED_HEADER
    assert reason_of(["", signature]) is RejectReason.REPEATED_HEADER
    assert reason_of(f"{signature},{signature}") is RejectReason.BAD_ENCODING
    assert reason_of(timestamp=f"{NOW},{NOW}") is RejectReason.BAD_TIMESTAMP


@pytest.mark.parametrize(
    "text",
    [
        "17000000",
        "170000000000",
        "1700000000 ",
        " 1700000000",
        "+1700000000",
        "-1700000000",
        "1700000000.0",
        "1_700_000_000",
        "1.7e9",
        "0x6553f100",
        "1700000000\n",
        "\u0661\u0667" + "\u0660" * 8,
        "nan",
    ],
)
def test_refuses_a_timestamp_that_is_not_plain_digits(text: str) -> None:
    """Only 9 to 11 ASCII digits are a timestamp."""
    assert reason_of(timestamp=[text]) is RejectReason.BAD_TIMESTAMP


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (NOW + 300, None),
        (NOW + 300.5, RejectReason.STALE),
        (NOW + 301, RejectReason.STALE),
        (NOW - 300, None),
        (NOW - 301, RejectReason.FUTURE),
    ],
)
def test_tolerates_five_minutes_either_way(now: float, reason: RejectReason | None) -> None:
    """Exactly 300 seconds are tolerated, before and after."""
    assert reason_of(now=now) is reason


def test_refuses_base64_that_is_not_canonical() -> None:
    """A valid signature has one spelling: no line break, no junk, no other alphabet, no padding."""
    text = sign(CURRENT, NOW, BODY)
    spare_bits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = spare_bits[spare_bits.index(text[-3]) ^ 1]
    for spelling in (
        text + "\n",
        text[:10] + "\n" + text[10:],
        text[:10] + "!" + text[10:],
        text + "$$",
        text.rstrip("="),
        text[:-3] + other + "==",
        text[:-1] + "é",
        " " + text,
    ):
        assert reason_of([spelling]) is RejectReason.BAD_ENCODING, spelling


@pytest.mark.parametrize("length", [1, 32, 63, 65, 128])
def test_refuses_a_signature_of_another_length(length: int) -> None:
    """A signature has 64 bytes."""
    text = base64.b64encode(bytes(length)).decode()
    assert reason_of(text) is RejectReason.BAD_LENGTH


def test_refuses_a_signature_of_zeros() -> None:
    """The all-zero signature proves nothing."""
    text = base64.b64encode(bytes(64)).decode()
    assert reason_of(text) is RejectReason.BAD_SIGNATURE


def test_refuses_the_key_of_someone_else() -> None:
    """A signature by a key outside the ring is refused."""
    assert reason_of(sign(NEXT, NOW, BODY)) is RejectReason.BAD_SIGNATURE


def test_checks_the_cheap_things_first() -> None:
    """An old request is refused for its age before its signature is looked at."""
    assert reason_of("!!!", now=NOW + 999) is RejectReason.STALE


def test_both_keys_work_during_a_rotation() -> None:
    """Current and next key are tried in order, and the one that fits is named."""
    ring = KeyRing.parse(f"{public_key_text(CURRENT)}, {public_key_text(NEXT)}")
    found = [
        verify(ring, signature=sign(key, NOW, BODY), timestamp=str(NOW), body=BODY, now=NOW).key_id
        for key in (CURRENT, NEXT)
    ]
    assert found == [key.key_id for key in ring.keys]
    assert len(set(found)) == 2


def test_a_key_outside_its_time_is_not_tried() -> None:
    """A key proves nothing before not_before or from not_after on."""
    key = PublicKey("k", bytes(CURRENT.verify_key), not_before=NOW - 10, not_after=NOW + 10)
    ring = KeyRing([key])
    assert reason_of(now=NOW - 11, ring=ring) is RejectReason.BAD_SIGNATURE
    assert reason_of(now=NOW - 10, ring=ring) is None
    assert reason_of(now=NOW + 9, ring=ring) is None
    assert reason_of(now=NOW + 10, ring=ring) is RejectReason.BAD_SIGNATURE


def test_a_ring_reads_bounds_beside_a_key() -> None:
    """The text of a ring may say until when a key is good."""
    text = public_key_text(CURRENT)
    ring = KeyRing.parse(f"{text};not_before=2023-11-14T00:00:00Z;not_after=2023-11-15T00:00:00Z")
    assert reason_of(ring=ring) is None
    assert ring.keys[0].not_before == 1_699_920_000
    assert ring.keys[0].not_after == 1_700_006_400


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ,, ",
        "not-base64",
        base64.b64encode(bytes(31)).decode(),
        base64.b64encode(bytes(33)).decode(),
        base64.b64encode(bytes(32)).decode(),
        base64.b64encode(b"\x01" + bytes(31)).decode(),
        public_key_text(CURRENT).rstrip("="),
        public_key_text(CURRENT) + ";not_after=tomorrow",
        public_key_text(CURRENT) + ";not_after=2026-01-01T00:00:00",
        public_key_text(CURRENT) + ";after=2026-01-01T00:00:00Z",
        public_key_text(CURRENT) + ";not_after",
        f"{public_key_text(CURRENT)} ????",
    ],
)
def test_a_ring_refuses_faulty_text(text: str) -> None:
    """No key, a key of the wrong size or order, or faulty bounds stop the start."""
    with pytest.raises(ValueError):
        KeyRing.parse(text)


def test_a_ring_refuses_to_be_empty() -> None:
    """No key means refuse to start, never accept unsigned."""
    with pytest.raises(ValueError):
        KeyRing([])


def test_a_fault_in_a_ring_names_the_position() -> None:
    """The operator learns which key is faulty without seeing it repeated."""
    with pytest.raises(ValueError, match="public key 2: not base64") as caught:
        KeyRing.parse(f"{public_key_text(CURRENT)} faulty-key!")
    assert "faulty-key" not in str(caught.value)


def reference_vectors() -> list[dict[str, str]]:
    """Load the published Ed25519 vectors, or none when the reference folder is not given."""
    folder = os.environ.get("SWITCHHOOK_REFERENCE")
    if not folder:
        return []
    text = (Path(folder) / "telnyx" / "signatures.json").read_text()
    vectors: list[dict[str, str]] = json.loads(text)["vectors"]
    return [vector for vector in vectors if "ed25519" in vector["scheme"]]


def test_agrees_with_every_published_vector() -> None:
    """Every known answer of the carrier's own libraries is ours too."""
    vectors = reference_vectors()
    if not vectors:
        pytest.skip("SWITCHHOOK_REFERENCE names no folder with signature vectors")
    for vector in vectors:
        reason = reason_of(
            vector["signature_b64"],
            vector["timestamp"],
            base64.b64decode(vector["body_b64"]),
            now=int(vector["timestamp"]),
            ring=KeyRing.parse(vector["public_key_b64"]),
        )
        assert (reason is None) == (vector["expect"] == "valid"), vector["name"]
    assert {vector["expect"] for vector in vectors} == {"valid", "invalid"}
