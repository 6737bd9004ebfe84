import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import pages
from chassis.errors import Invalid
from tests.support import shoes

POSITIONS = st.lists(st.text() | st.integers(-(2**63), 2**63 - 1), min_size=1)


@given(POSITIONS, st.binary())
def test_a_position_comes_back(position: list[str | int], filters: bytes) -> None:
    """What is encoded is decoded, for any sort key and any filters."""
    assert pages.decode(pages.encode(position, filters), filters) == position


def test_no_token_is_the_first_page() -> None:
    """An empty token has an empty position."""
    assert pages.decode("", b"filters") == []


@given(st.text(min_size=1))
def test_junk_is_refused_by_name(token: str) -> None:
    """Any text that is no token of ours is refused, naming the field and not repeating it."""
    with pytest.raises(Invalid) as caught:
        pages.decode(token, b"filters")
    assert [violation.field for violation in caught.value.fields] == ["page_token"]


@pytest.mark.parametrize("content", [b'{"a":1}', b"[1.5]", b"[true]", b"[[1]]", b"null", b"7"])
def test_only_lists_of_texts_and_numbers_are_positions(content: bytes) -> None:
    """A forged token whose content has another shape is refused."""
    packed = base64.urlsafe_b64decode(pages.encode([1], b"")[:11] + "=")[:8] + content
    with pytest.raises(Invalid):
        pages.decode(base64.urlsafe_b64encode(packed).decode(), b"")


def test_a_token_belongs_to_its_filters() -> None:
    """A token used with other filters is refused instead of skipping entries."""
    token = pages.encode(["a"], b"red")
    with pytest.raises(Invalid) as caught:
        pages.decode(token, b"blue")
    assert "other filters" in caught.value.fields[0].description


def test_filters_are_all_of_a_request_but_the_page() -> None:
    """Asking for another page, or a larger one, is the same list; another color is not."""
    request = shoes.messages().ListShoesRequest
    first = request(color="red", page_size=10)
    again = request(color="red", page_size=20, page_token="t")
    assert pages.filters(first) == pages.filters(again)
    assert pages.filters(first) != pages.filters(request(color="blue"))
    assert again.page_token == "t"


def test_the_size_of_a_page() -> None:
    """0 means 50, more than 250 means 250, less than 0 is a mistake."""
    assert [pages.page_size(size) for size in (0, 1, 250, 251, 2**31 - 1)] == [
        50,
        1,
        250,
        250,
        250,
    ]
    with pytest.raises(Invalid):
        pages.page_size(-1)
