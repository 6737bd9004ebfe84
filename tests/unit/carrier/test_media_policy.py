"""Media URLs: what passes, and the table of what an attacker might send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrier.media_policy import MediaPolicy, MediaRefusal, MediaRefused, destination

SIMULATOR = "http://127.0.0.1:8090"
POLICY = MediaPolicy(max_bytes=1000, development_origins=(SIMULATOR,))
PRODUCTION = MediaPolicy(max_bytes=1000)


@pytest.mark.parametrize(
    ("url", "host", "takes_key"),
    [
        ("https://media.telnyx.com/a.png", "media.telnyx.com", True),
        ("https://api.telnyx.com:443/v2/media/a", "api.telnyx.com", True),
        ("https://eu.cdn.telnyx.com/a?b=c", "eu.cdn.telnyx.com", False),
        ("HTTPS://Media.Telnyx.Com/a.png", "media.telnyx.com", True),
        ("https://s3.amazonaws.com/faxes/a.pdf?X-Amz-Signature=a%2Fb", "s3.amazonaws.com", False),
        ("https://recordings.s3.amazonaws.com/a.wav", "recordings.s3.amazonaws.com", False),
        ("https://in.telnyxcloudstorage.com/a", "in.telnyxcloudstorage.com", False),
    ],
)
def test_a_listed_host_passes(url: str, host: str, takes_key: bool) -> None:
    """Telnyx's hosts and the storage it signs links for; the key is for the first only."""
    passed = destination(url, PRODUCTION)
    assert (passed.host, passed.port, passed.takes_key) == (host, 443, takes_key)
    assert not passed.development


def test_a_signed_url_is_not_changed() -> None:
    """The escapes of a pre-signed link are part of its signature; only a fragment is dropped."""
    url = "https://s3.amazonaws.com/a%2Fb/c%20d?X-Amz-Credential=k%2Fus-east-1%2Fs3&x=%7E~%2b+y"
    assert str(destination(url + "#page=2", PRODUCTION).url) == url


def test_a_development_origin_passes_exactly() -> None:
    """The simulator's origin is reachable over http, gets no key, and only where it is listed."""
    passed = destination(SIMULATOR + "/media/a.pdf", POLICY)
    assert (passed.host, passed.port) == ("127.0.0.1", 8090)
    assert passed.development
    assert not passed.takes_key


R = MediaRefusal
HOSTILE: list[tuple[str, MediaRefusal]] = [
    ("http://media.telnyx.com/a", R.SCHEME),
    ("ftp://media.telnyx.com/a", R.SCHEME),
    ("file:///etc/passwd", R.SCHEME),
    ("gopher://media.telnyx.com:70/_x", R.SCHEME),
    ("data:text/plain,x", R.SCHEME),
    ("javascript:alert(1)", R.SCHEME),
    ("//media.telnyx.com/a", R.SCHEME),
    ("media.telnyx.com/a", R.SCHEME),
    ("", R.MALFORMED_URL),
    ("https://", R.MALFORMED_URL),
    ("https:///a", R.MALFORMED_URL),
    ("https:media.telnyx.com", R.MALFORMED_URL),
    ("https://media.telnyx.com:8443/a", R.PORT),
    ("https://media.telnyx.com:80/a", R.PORT),
    ("https://media.telnyx.com:22/a", R.PORT),
    ("https://media.telnyx.com:0/a", R.PORT),
    ("https://media.telnyx.com:99999/a", R.MALFORMED_URL),
    ("https://media.telnyx.com:443x/a", R.MALFORMED_URL),
    ("https://user@media.telnyx.com/a", R.CREDENTIALS),
    ("https://user:pass@media.telnyx.com/a", R.CREDENTIALS),
    ("https://@media.telnyx.com/a", R.CREDENTIALS),
    ("https://:@media.telnyx.com/a", R.CREDENTIALS),
    ("https://media.telnyx.com@evil.example/a", R.CREDENTIALS),
    ("https://media.telnyx.com:443@evil.example/a", R.CREDENTIALS),
    ("https://evil.example#@media.telnyx.com/a", R.HOST),
    ("https://evil.example?@media.telnyx.com/a", R.HOST),
    ("https://evil.example/@media.telnyx.com", R.HOST),
    ("https://evil.example\\@media.telnyx.com/a", R.MALFORMED_URL),
    ("https://media.telnyx.com\\.evil.example/a", R.MALFORMED_URL),
    ("https://media.telnyx.com /a", R.MALFORMED_URL),
    ("https://media.telnyx.com/a\r\nHost: evil.example", R.MALFORMED_URL),
    ("https://media.telnyx\t.com/a", R.MALFORMED_URL),
    ("https://media.telnyx.com/\x00", R.MALFORMED_URL),
    ("https://media.telnyx.com/é", R.MALFORMED_URL),
    ("https://media.telnyx\u3002com/a", R.MALFORMED_URL),
    ("https://\uff4dedia.telnyx.com/a", R.MALFORMED_URL),
    ("https://media.telnyx.com/" + "a" * 4096, R.MALFORMED_URL),
    ("https://telnyx.com/a", R.HOST),
    ("https://eviltelnyx.com/a", R.HOST),
    ("https://media.telnyx.com.evil.example/a", R.HOST),
    ("https://media-telnyx.com/a", R.HOST),
    ("https://.telnyx.com/a", R.HOST),
    ("https://a..telnyx.com/a", R.HOST),
    ("https://-.telnyx.com/a", R.HOST),
    ("https://media.telnyx.com./a", R.HOST),
    ("https://media%2etelnyx.com/a", R.HOST),
    ("https://evil.example%2f.telnyx.com/a", R.HOST),
    ("https://evil.example%00.telnyx.com/a", R.HOST),
    ("https://" + "a" * 64 + ".telnyx.com/a", R.HOST),
    ("https://xn--tlnyx-esa.com/a", R.HOST),
    ("https://127.0.0.1/a", R.HOST),
    ("https://127.1/a", R.HOST),
    ("https://2130706433/a", R.HOST),
    ("https://0x7f000001/a", R.HOST),
    ("https://0177.0.0.1/a", R.HOST),
    ("https://169.254.169.254/latest/meta-data/", R.HOST),
    ("https://8.8.8.8/a", R.HOST),
    ("https://[::1]/a", R.HOST),
    ("https://[::ffff:127.0.0.1]/a", R.HOST),
    ("https://[::1/a", R.MALFORMED_URL),
    ("https://localhost/a", R.HOST),
    ("https://metadata.google.internal/a", R.HOST),
    ("https://kubernetes.default.svc/a", R.HOST),
    ("https://127.0.0.1.nip.example/a", R.HOST),
    ("https://bucket.s3.us-east-1.amazonaws.com/a", R.HOST),
    ("https://ec2-1-2-3-4.compute.amazonaws.com/a", R.HOST),
    ("http://127.0.0.1:8091/a", R.SCHEME),
    ("http://127.0.0.1/a", R.SCHEME),
    ("http://127.0.0.2:8090/a", R.SCHEME),
    ("http://localhost:8090/a", R.SCHEME),
    ("http://127.1:8090/a", R.SCHEME),
    ("http://0x7f.0.0.1:8090/a", R.SCHEME),
    ("http://[::1]:8090/a", R.SCHEME),
    ("http://[::ffff:127.0.0.1]:8090/a", R.SCHEME),
    ("https://127.0.0.1:8090/a", R.PORT),
    ("http://x@127.0.0.1:8090/a", R.CREDENTIALS),
    ("http://127.0.0.1:8090@evil.example/a", R.CREDENTIALS),
    ("http://127.0.0.1:8090.evil.example/a", R.MALFORMED_URL),
]


@pytest.mark.parametrize(("url", "reason"), HOSTILE)
def test_a_hostile_url_is_refused(url: str, reason: MediaRefusal) -> None:
    """Every known trick is refused for what it is, without the URL in the message."""
    with pytest.raises(MediaRefused) as caught:
        destination(url, POLICY)
    assert caught.value.reason is reason
    assert str(caught.value) == reason.value


def test_the_simulator_is_refused_in_production() -> None:
    """Without the setting there is no http at all."""
    with pytest.raises(MediaRefused):
        destination(SIMULATOR + "/a", PRODUCTION)


@given(st.text(max_size=60) | st.text(alphabet="htps:/.@#?\\[]%127media.telnyx.com", max_size=60))
def test_no_text_is_a_crash_or_a_way_around(text: str) -> None:
    """Whatever the text, it is refused or leads to a listed host."""
    for url in (text, "https://" + text, "https://media.telnyx.com" + text):
        try:
            passed = destination(url, PRODUCTION)
        except MediaRefused:
            continue
        assert passed.url.scheme == "https"
        assert (passed.url.raw_host or "").lower() == passed.host
        assert passed.host.endswith((".telnyx.com", ".telnyxcloudstorage.com", "s3.amazonaws.com"))
        assert not passed.url.user


@pytest.mark.parametrize(
    "pattern",
    [
        "*",
        "*.com",
        "com",
        "*.*.telnyx.com",
        "media.*.com",
        "https://a.example",
        "A.example",
        "10.0.0.1",
        "",
        "a.example/",
        "*telnyx.com",
        "a.example.",
    ],
)
def test_a_pattern_too_wide_is_refused(pattern: str) -> None:
    """An allow-list that allows everything stops the start."""
    with pytest.raises(ValueError, match="host name"):
        MediaPolicy(max_bytes=1, hosts=(pattern,))


@pytest.mark.parametrize("host", ["*.s3.amazonaws.com", "example.com", "eviltelnyx.com"])
def test_the_key_is_for_the_carrier_only(host: str) -> None:
    """No setting can send the API key to a storage host or a stranger."""
    with pytest.raises(ValueError, match="Telnyx only"):
        MediaPolicy(max_bytes=1, hosts=(host,), key_hosts=(host,))


@pytest.mark.parametrize(
    "origin",
    [
        "http://127.0.0.1:80",
        "http://10.0.0.1:8090",
        "https://127.0.0.1:8090",
        "127.0.0.1:8090",
        "http://localhost:8090",
        "http://127.0.0.1:8090/",
        "http://a@127.0.0.1:8090",
        "",
        "*",
    ],
)
def test_a_development_origin_is_a_loopback_address(origin: str) -> None:
    """Development settings cannot open a way to another machine."""
    with pytest.raises(ValueError, match="loopback"):
        MediaPolicy(max_bytes=1, development_origins=(origin,))
