"""What a file is comes from its first bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrier.magic import MediaKind, kind_of, sniff


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", MediaKind.PDF),
        (b"II*\x00\x08\x00\x00\x00", MediaKind.TIFF),
        (b"MM\x00*\x00\x00\x00\x08", MediaKind.TIFF),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", MediaKind.JPEG),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", MediaKind.PNG),
        (b"GIF89a\x01\x00", MediaKind.GIF),
        (b"GIF87a\x01\x00", MediaKind.GIF),
        (b"RIFF\x0a\x00\x00\x00WEBPVP8 ", MediaKind.WEBP),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", MediaKind.WAV),
        (b"\x00\x00\x00\x18ftypisom\x00\x00", MediaKind.MP4),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00", MediaKind.MP4),
        (b"\x00\x00\x00\x0aftyp3gp4\x00\x00", MediaKind.THREE_GPP),
        (b"#!AMR\n\x3c", MediaKind.AMR),
        (b"#!AMR-WB\n\x3c", MediaKind.AMR),
        (b"ID3\x04\x00", MediaKind.MP3),
        (b"\xff\xfb\x90\x00", MediaKind.MP3),
        (b"BEGIN:VCARD\r\nVERSION:3.0", MediaKind.VCARD),
        (b"begin:vcard\nVERSION:2.1", MediaKind.VCARD),
        (b"\xef\xbb\xbfBEGIN:VCARD\r\n", MediaKind.VCARD),
        (b"<smil>\n<head>", MediaKind.SMIL),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<smil xmlns="x">', MediaKind.SMIL),
        (b'<!DOCTYPE smil PUBLIC "-//W3C//DTD SMIL 1.0//EN" "x">\r\n<smil>', MediaKind.SMIL),
    ],
)
def test_names_the_kinds_we_keep(head: bytes, kind: MediaKind) -> None:
    """Each kind is known by its signature."""
    assert sniff(head) is kind


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"%PDF",
        b"%PDF-9.9",
        b"\n%PDF-1.7",
        b"<html><body>%PDF-1.7",
        b"<!DOCTYPE html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
        b"<?xml version='1.0'?><svg>",
        b"PK\x03\x04",
        b"\x1f\x8b\x08",
        b"MZ\x90\x00",
        b"\x7fELF",
        b"#!/bin/sh\n",
        b"RIFF\x00\x00\x00\x00AVI ",
        b"\x00\x00\x00\x18ftypheic",
        b'{"errors":[]}',
        b"BEGIN:VCALENDAR\r\n",
        b"\xff\xd8",
    ],
)
def test_everything_else_has_no_name(head: bytes) -> None:
    """Web pages, scripts, archives, programs and kinds we do not keep are not media."""
    assert sniff(head) is None


@given(st.binary(max_size=80))
def test_no_bytes_are_a_crash(head: bytes) -> None:
    """Whatever the file, there is an answer."""
    assert sniff(head) in (None, *MediaKind)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"see you at 8", MediaKind.TEXT),
        ("Grüße 👋".encode(), MediaKind.TEXT),
        ("\ufeff\t\u05e9\u05dc\u05dd\r\n".encode(), MediaKind.TEXT),
        ("Grüß".encode()[:-1], MediaKind.TEXT),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", MediaKind.PNG),
        (b"", MediaKind.OTHER),
        (b"a\x00b", MediaKind.OTHER),
        (b"caf\xe9 au lait", MediaKind.OTHER),
        (b"\xff\xfeh\x00i\x00", MediaKind.OTHER),
        (b"<html><body>see you at 8", MediaKind.OTHER),
        (b"\n <script>", MediaKind.OTHER),
        (b"#!/bin/sh\n", MediaKind.OTHER),
        (b"MZ\x90\x00", MediaKind.OTHER),
        (b"\x1b[2J", MediaKind.OTHER),
    ],
)
def test_every_file_is_of_some_kind(head: bytes, kind: MediaKind) -> None:
    """What no signature tells is readable text, or nothing we know."""
    assert kind_of(head) is kind


@given(st.binary(max_size=80))
def test_a_signature_decides_before_the_text_does(head: bytes) -> None:
    """The wider question never contradicts the narrower one."""
    assert kind_of(head) in (sniff(head) or MediaKind.TEXT, sniff(head) or MediaKind.OTHER)
