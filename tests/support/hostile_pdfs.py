"""PDFs made to break what reads them, and harmless ones to compare with; all made by code."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping, Sequence

import pikepdf

CATALOG = "<< /Type /Catalog /Pages 2 0 R >>"
PAGES = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
PAGE += "/Resources << >> >>"
DRAWING = b"0 0 200 200 re f"


def stream(content: bytes, extra: str = "") -> bytes:
    """Return the body of a stream object."""
    head = f"<< /Length {len(content)} {extra} >>\nstream\n".encode()
    return head + content + b"\nendstream"


def pdf(
    bodies: Mapping[int, str | bytes], trailer: str = "", header: bytes = b"%PDF-1.7\n"
) -> bytes:
    """Return a PDF of these objects by number; object 1 is the catalog."""
    out = bytearray(header)
    places = {}
    for number, body in bodies.items():
        places[number] = len(out)
        content = body.encode() if isinstance(body, str) else body
        out += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    start, size = len(out), max(bodies) + 1
    out += f"xref\n0 {size}\n0000000000 65535 f \n".encode()
    for number in range(1, size):
        known = number in places
        out += f"{places.get(number, 0):010d} 00000 {'n' if known else 'f'} \n".encode()
    out += f"trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\n".encode()
    return bytes(out + f"startxref\n{start}\n%%EOF\n".encode())


def one_page(changed: Mapping[int, str | bytes] | None = None, trailer: str = "") -> bytes:
    """Return a PDF of one page with a black square, some objects changed or added."""
    plain: dict[int, str | bytes] = {1: CATALOG, 2: PAGES, 3: PAGE, 4: stream(DRAWING)}
    return pdf({**plain, **(changed or {})}, trailer)


def many_pages(count: int) -> bytes:
    """Return a PDF of so many pages."""
    kids = " ".join(f"{3 + number} 0 R" for number in range(count))
    page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>"
    tree = f"<< /Type /Pages /Kids [{kids}] /Count {count} >>"
    return pdf({1: CATALOG, 2: tree, **{3 + number: page for number in range(count)}})


def encrypted(user: str, owner: str) -> bytes:
    """Return a PDF that wants a password, or that only its owner may change."""
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(one_page())) as plain:
        plain.save(written, encryption=pikepdf.Encryption(user=user, owner=owner))
    return written.getvalue()


def bomb(mebibytes: int, *, times: int = 1) -> bytes:
    """Return so many MiB of blanks, deflated to a thousandth of it."""
    block = b" " * (1 << 20)
    packer = zlib.compressobj(9, wbits=-15)
    # Packed once and repeated: after a full flush nothing refers to what was before.
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    check = 1
    for _ in range(mebibytes):
        check = zlib.adler32(block, check)
    whole = b"\x78\xda" + packed * mebibytes + b"\x03\0" + check.to_bytes(4, "big")
    return whole if times == 1 else zlib.compress(whole, 9)


def picture(width: int, height: int, data: bytes, filters: str, more: str = "") -> bytes:
    """Return a PDF of one page that shows a picture."""
    facts = (
        f"/Type /XObject /Subtype /Image /Width {width} /Height {height} "
        f"/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter {filters} {more}"
    )
    shown = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
    shown += "/Resources << /XObject << /I 5 0 R >> >> >>"
    drawing = stream(b"q 612 0 0 792 0 0 cm /I Do Q")
    return one_page({3: shown, 4: drawing, 5: stream(data, facts)})


def lzw(count: int) -> bytes:
    """Return about `count` zero bytes as PDFs pack them by LZW: each code is longer by one."""
    clear, end, first, last = 256, 257, 258, 4093
    codes, emitted = [(clear, 9)], 0
    while emitted < count:
        codes.append((0, 9))
        # A code one more than all known means: the last one, and its first byte again.
        codes += [(code, (code + 1).bit_length()) for code in range(first, last + 1)]
        codes.append((clear, 12))
        emitted += sum(range(1, last - first + 3))
    codes.append((end, 9))
    text = "".join(f"{code:0{width}b}" for code, width in codes)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def laughs(levels: int, times: int) -> bytes:
    """Return a PDF whose page draws a form that draws a form many times that draws a form ..."""
    objects: dict[int, str | bytes] = {}
    for level in range(levels):
        number = 10 + level
        inner = f"/Resources << /XObject << /X {number + 1} 0 R >> >>" if level < levels - 1 else ""
        body = b"/X Do " * times if level < levels - 1 else DRAWING
        facts = f"/Type /XObject /Subtype /Form /BBox [0 0 612 792] {inner}"
        objects[number] = stream(body, facts)
    page = PAGE.replace("/Resources << >>", "/Resources << /XObject << /X 10 0 R >> >>")
    return one_page({3: page, 4: stream(b"/X Do"), **objects})


def active() -> bytes:
    """Return a PDF with everything that acts, on one page that shows a square and a form field."""
    widget = (
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Ada) /Rect [300 300 500 340] "
        "/F 4 /DA (/Helv 12 Tf 0 g) /P 3 0 R /AP << /N 21 0 R >> >>"
    )
    shown = b"/Tx BMC BT /Helv 12 Tf 2 10 Td (FILLED IN BY HAND) Tj ET EMC"
    form_font = "/Resources << /Font << /Helv 22 0 R >> >>"
    return one_page(
        {
            1: "<< /Type /Catalog /Pages 2 0 R /OpenAction 10 0 R /AA << /WC 11 0 R >> "
            "/AcroForm << /Fields [20 0 R] /DA (/Helv 12 Tf 0 g) >> /Metadata 14 0 R "
            "/Names << /JavaScript << /Names [(x) 10 0 R] >> "
            "/EmbeddedFiles << /Names [(evil.exe) 12 0 R] >> >> >>",
            3: "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
            "/AA << /O 11 0 R >> /Annots [15 0 R 16 0 R 20 0 R] >>",
            10: "<< /S /JavaScript /JS (app.alert\\('SECRET-SCRIPT'\\)) >>",
            11: "<< /S /Launch /F (SECRET-PROGRAM.exe) >>",
            12: "<< /Type /Filespec /F (evil.exe) /EF << /F 13 0 R >> >>",
            13: stream(b"SECRET-ATTACHMENT", "/Type /EmbeddedFile"),
            14: stream(b"<x>SECRET-METADATA</x>", "/Type /Metadata /Subtype /XML"),
            15: "<< /Type /Annot /Subtype /Link /Rect [0 0 99 99] "
            "/A << /S /URI /URI (https://SECRET-LINK.example) >> >>",
            16: "<< /Type /Annot /Subtype /FileAttachment /Rect [0 0 9 9] /FS 12 0 R >>",
            20: widget,
            21: stream(shown, f"/Type /XObject /Subtype /Form /BBox [0 0 200 40] {form_font}"),
            22: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            30: "<< /Author (SECRET-AUTHOR) /Title (SECRET-TITLE) >>",
        },
        trailer="/Info 30 0 R",
    )


def hidden_layer() -> bytes:
    """Return a PDF with a layer that is switched off and holds a word."""
    return one_page(
        {
            1: "<< /Type /Catalog /Pages 2 0 R "
            "/OCProperties << /OCGs [10 0 R] /D << /OFF [10 0 R] >> >> >>",
            3: "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
            "/Resources << /Properties << /L 10 0 R >> >> >>",
            4: stream(b"/OC /L BDC 0 0 612 792 re f EMC"),
            10: "<< /Type /OCG /Name (draft) >>",
        }
    )


def nested(kids: int) -> bytes:
    """Return a PDF whose page lies so many nodes deep in the tree."""
    nodes: dict[int, str | bytes] = {1: CATALOG}
    for level in range(kids):
        parent = f"/Parent {1 + level} 0 R" if level else ""
        nodes[2 + level] = f"<< /Type /Pages {parent} /Kids [{3 + level} 0 R] /Count 1 >>"
    nodes[2 + kids] = f"<< /Type /Page /Parent {1 + kids} 0 R /MediaBox [0 0 612 792] >>"
    return pdf(nodes)


def joined(parts: Sequence[bytes]) -> bytes:
    """Return files one after the other, as those who hide one in another do."""
    return b"".join(parts)
