"""What faxes are found by."""

from dataclasses import replace
from typing import Any

from services.fax.keeping.facts import FactFinder
from services.fax.keeping.holds import Scope
from services.fax.keeping.resends import Resends
from services.fax.keeping.search import Flag, Search
from services.fax.keeping.texts import FaxTexts
from services.fax.keeping.words import words_of
from services.fax.model import Document, DocumentState
from services.fax.store import Filters
from tests.support.keeping import DAY, GRACE, NOW, Cupboard, policy, received

LETTER, TABLE = 0x0F0F_3C3C_A5A5_9696, 0xFFFF_0000_FF00_00FF


async def found(kept: Cupboard, **search: Any) -> set[str]:
    """Return which faxes a search finds."""
    filters = Filters(search=Search(**search))
    async with kept.opened.reading() as connection:
        return {fax.fax_id for fax in await kept.store.list(connection, filters, limit=50)}


async def write(kept: Cupboard, fax_id: str, *pages: str) -> None:
    """Keep the text of a fax."""
    async with kept.opened.transaction() as connection:
        await FaxTexts().put(connection, fax_id, pages)


async def link(kept: Cupboard, fax_id: str, *page_hashes: int) -> None:
    """Compare a fax with the others."""
    fax = await kept.fax(fax_id)
    async with kept.opened.transaction() as connection:
        await Resends().link(connection, fax, page_hashes)


async def test_texts_are_found_by_their_words(kept: Cupboard) -> None:
    """All words, in any order and case; a beginning finds the word, a middle does not."""
    for fax_id in ("1", "2", "3"):
        await kept.keep(received(fax_id))
    await write(kept, "1", "Invoice No. 4711", "on page two")
    await write(kept, "2", "invoice, Hauptstraße und STRASSE; 100 %\x00")
    expected = {
        "invoice": {"1", "2"},
        "INVOICE 4711": {"1"},
        "4711 invoice": {"1"},
        "inv": {"1", "2"},
        "voice": set(),
        "strasse": {"2"},
        "page two": {"1"},
        "invoice nothing": set(),
        "100%": {"2"},
    }
    assert {text: await found(kept, words=words_of(text)) for text in expected} == expected


async def test_a_newer_text_replaces_the_older(kept: Cupboard) -> None:
    """What is recognized again is found by the new words alone, and comes back page by page."""
    await kept.keep(received("1"))
    await write(kept, "1", "first reading", "")
    await write(kept, "1", "second reading", "and more")
    assert await found(kept, words=["first"]) == set()
    assert await found(kept, words=["more"]) == {"1"}
    async with kept.opened.reading() as connection:
        assert await FaxTexts().get(connection, "1") == ["second reading", "and more"]
        assert await FaxTexts().get(connection, "2") is None


async def test_a_long_text_is_kept(kept: Cupboard) -> None:
    """Thousands of words are no more than one statement can take."""
    await kept.keep(received("1"))
    await write(kept, "1", " ".join(f"word{number}" for number in range(5000)))
    assert await found(kept, words=["word4999"]) == {"1"}


async def test_a_text_goes_with_its_document(kept: Cupboard) -> None:
    """An erased fax is not found by what it said."""
    await kept.keep(received("1"))
    await write(kept, "1", "secret")
    await kept.rule(policy("month"))
    await kept.sweep(30 * DAY)
    assert await found(kept, words=["secret"]) == set()
    async with kept.opened.reading() as connection:
        assert await FaxTexts().get(connection, "1") is None


async def test_faxes_are_found_by_flags_pages_and_documents(kept: Cupboard) -> None:
    """Each flag finds its faxes; several find those that have all."""
    await kept.keep(received("plain"))
    await kept.keep(received("partial", partial_content=True, from_number=GRACE))
    await kept.add(received("lost", document=Document(state=DocumentState.LOST)))
    counted = Document(state=DocumentState.STORED, sha256="ab" * 32, pages=7)
    await kept.add(received("differ", document=counted, partial_content=True))
    spoiled = Document(state=DocumentState.QUARANTINED, sha256="cd" * 32)
    await kept.add(received("spoiled", document=spoiled, page_count=None))
    await kept.hold(Scope(number=GRACE))
    assert await found(kept, flags=[Flag.PARTIAL]) == {"partial", "differ"}
    assert await found(kept, flags=[Flag.PAGES_DIFFER]) == {"differ"}
    assert await found(kept, flags=[Flag.QUARANTINED]) == {"spoiled"}
    assert await found(kept, flags=[Flag.HELD]) == {"partial"}
    assert await found(kept, flags=[Flag.PARTIAL, Flag.HELD]) == {"partial"}
    assert await found(kept, document_states=[DocumentState.LOST]) == {"lost"}
    assert await found(kept, min_pages=3) == {"differ"}
    assert await found(kept, max_pages=2) == {"plain", "partial", "lost"}
    assert await found(kept, min_pages=2, max_pages=2) == {"plain", "partial", "lost"}


async def test_resends_are_linked_and_found(kept: Cupboard) -> None:
    """In whatever order documents come in, each repetition stands beside the earliest one."""
    times = {"a": NOW, "b": NOW + DAY / 4, "c": NOW + DAY / 2, "late": NOW + 2 * DAY}
    for fax_id, time in times.items():
        await kept.keep(received(fax_id, create_time=time), f"scan {fax_id}".encode())
    await kept.keep(received("other", from_number=GRACE), b"scan a")
    for fax_id in ("c", "b", "late", "other", "a", "b"):
        await link(kept, fax_id, LETTER ^ len(fax_id), TABLE)
    assert await found(kept, flags=[Flag.RESEND]) == {"b", "c"}
    assert await found(kept, resend_of="a") == {"b", "c"}
    async with kept.opened.reading() as connection:
        linked = await Resends().of(connection, list(times))
    assert {fax_id: resend.of_fax_id for fax_id, resend in linked.items()} == {"b": "a", "c": "a"}


async def test_what_is_known_of_a_page_of_faxes_is_told(kept: Cupboard) -> None:
    """Flags are those a search would find them by, beside delays and erasures."""
    stored = NOW + DAY / 24
    await kept.keep(received("1"))
    fax = replace(
        await kept.fax("1"),
        partial_content=True,
        announce_time=NOW,
        document=replace((await kept.fax("1")).document, store_time=stored),
    )
    await kept.keep(received("2", create_time=NOW + DAY))
    async with kept.opened.transaction() as connection:
        await kept.store.save(connection, fax)
    await kept.hold(Scope(fax_id="2"))
    await kept.rule(policy("month"))
    await kept.sweep(31 * DAY)
    held = await kept.fax("2")
    async with kept.opened.reading() as connection:
        facts = await FactFinder().of(connection, [fax, held])
    assert facts["1"].flags == (Flag.PARTIAL,)
    assert facts["1"].store_delay == DAY / 24
    assert facts["1"].document_erase_time == NOW + 31 * DAY
    assert facts["1"].record_redact_time is None
    assert facts["2"].flags == (Flag.HELD,)
    assert facts["2"].document_erase_time is None
