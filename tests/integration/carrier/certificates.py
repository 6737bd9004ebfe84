"""A throw-away TLS certificate for a test, written from scratch so that no key is ever stored."""

import ssl
from pathlib import Path

from nacl.signing import SigningKey

_ED25519 = bytes.fromhex("06032b6570")


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def _name(common_name: str) -> bytes:
    value = _der(0x0C, common_name.encode())
    return _der(0x30, _der(0x31, _der(0x30, bytes.fromhex("0603550403"), value)))


def _pem(label: str, content: bytes) -> str:
    if label == "CERTIFICATE":
        return ssl.DER_cert_to_PEM_cert(content)
    text = ssl.DER_cert_to_PEM_cert(content)
    return text.replace("CERTIFICATE", label)


def server_context(folder: Path, *names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a self-signed Ed25519 certificate for `names` (RFC 5280, RFC 8410).

    Returns the server's context and a client's context that trusts only this certificate.
    """
    key = SigningKey.generate()
    algorithm = _der(0x30, _ED25519)
    alternatives = _der(0x30, *(_der(0x82, name.encode()) for name in names))
    extension = _der(0x30, bytes.fromhex("0603551d11"), _der(0x04, alternatives))
    body = _der(
        0x30,
        bytes.fromhex("a003020102020101"),
        algorithm,
        _name(names[0]),
        _der(0x30, _der(0x17, b"200101000000Z"), _der(0x18, b"20990101000000Z")),
        _name(names[0]),
        _der(0x30, algorithm, _der(0x03, b"\x00", bytes(key.verify_key))),
        _der(0xA3, _der(0x30, extension)),
    )
    signature = _der(0x03, b"\x00", key.sign(body).signature)
    certificate = _pem("CERTIFICATE", _der(0x30, body, algorithm, signature))
    private = _der(0x30, b"\x02\x01\x00", algorithm, _der(0x04, _der(0x04, bytes(key))))
    path = folder / "server.pem"
    path.write_text(certificate + _pem("PRIVATE KEY", private))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(path)
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.load_verify_locations(cadata=certificate)
    return serving, trusting
