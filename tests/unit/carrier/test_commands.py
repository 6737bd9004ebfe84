"""Requests are exact bytes: the same arguments give the same bytes for ever."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrier import commands
from carrier.commands import Request

CALL = "v3:abc/def"
QUOTED = "v3%3Aabc%2Fdef"

GOLDEN: list[tuple[Request, str, str, bytes]] = [
    (
        commands.send_message(to="+12025550101", from_number="+12025550102", text="née"),
        "POST",
        "/messages",
        '{"from":"+12025550102","to":"+12025550101","text":"née"}'.encode(),
    ),
    (
        commands.send_message(
            to="+12025550101",
            messaging_profile_id="p-1",
            text="look",
            media_urls=["https://media.example.com/a.png"],
            subject="s",
            webhook_url="https://hooks.example.com/?ref=1",
        ),
        "POST",
        "/messages",
        b'{"messaging_profile_id":"p-1","to":"+12025550101","text":"look","subject":"s",'
        b'"media_urls":["https://media.example.com/a.png"],'
        b'"webhook_url":"https://hooks.example.com/?ref=1"}',
    ),
    (commands.get_message("m/1"), "GET", "/messages/m%2F1", b""),
    (commands.refresh_fax("f-1"), "POST", "/faxes/f-1/actions/refresh", b""),
    (commands.get_fax("f-1"), "GET", "/faxes/f-1", b""),
]


@pytest.mark.parametrize(("request_", "method", "path", "body"), GOLDEN)
def test_builds_the_exact_request(request_: Request, method: str, path: str, body: bytes) -> None:
    """Method, path and bytes stay as they were: a stored body must match its idempotency key."""
    assert (request_.method, request_.path, request_.body) == (method, path, body)


BUILDERS: list[Callable[[str], Request]] = [
    commands.get_message,
    commands.get_fax,
    commands.refresh_fax,
]


@pytest.mark.parametrize("build", BUILDERS)
@given(identifier=st.text(min_size=1, max_size=30).filter(lambda text: text not in (".", "..")))
def test_an_id_stays_one_segment_of_the_path(
    build: Callable[[str], Request], identifier: str
) -> None:
    """Whatever an id holds, it adds no segment, query or fragment to the path."""
    plain, odd = build("x").path, build(identifier).path
    assert odd.count("/") == plain.count("/")
    assert not set(odd) & set("?#\\@ \r\n")
    assert odd.isascii()


@pytest.mark.parametrize("identifier", ["", ".", ".."])
def test_refuses_an_id_that_names_another_path(identifier: str) -> None:
    """Empty and dot segments would address something else."""
    with pytest.raises(ValueError, match="id"):
        commands.get_message(identifier)


@pytest.mark.parametrize(
    "build",
    [
        lambda: commands.send_message(to="+12025550101", from_number="+12025550102"),
        lambda: commands.send_message(to="+12025550101", from_number="+12025550102", text=""),
        lambda: commands.send_message(to="+12025550101", text="hi"),
        lambda: commands.send_message(
            to="+12025550101", from_number="1", media_urls=["https://m.example.com/a"] * 11
        ),
    ],
)
def test_refuses_what_telnyx_refuses(build: Callable[[], Request]) -> None:
    """A request that can never succeed is refused before it is stored."""
    with pytest.raises(ValueError) as caught:
        build()
    assert "555" not in str(caught.value)
