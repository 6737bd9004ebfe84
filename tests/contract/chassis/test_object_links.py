"""Links to objects, where a store gives them: for whoever has one, and only for a while."""

import aiohttp
import pytest

from chassis.objects import open_objects


async def test_a_link_gives_the_object_without_any_key(objects_url: str) -> None:
    """S3 hands it out by itself; a folder has no such door, and says so."""
    objects = open_objects(objects_url, "things")
    async with objects.draft() as draft:
        await draft.write(b"a page")
        stored = await objects.keep(draft)
    link = await objects.link(stored.sha256, 60)
    assert objects.gives_links == objects_url.startswith("s3://")
    if not objects.gives_links:
        assert link is None
        return
    assert link is not None
    async with aiohttp.ClientSession() as session, session.get(link) as reply:
        assert (reply.status, await reply.read()) == (200, b"a page")


@pytest.mark.parametrize("seconds", [60, 3600])
async def test_a_link_says_how_long_it_works(objects_url: str, seconds: int) -> None:
    """Its lifetime is what was asked for."""
    objects = open_objects(objects_url, "things")
    link = await objects.link("00" * 32, seconds)
    assert link is None or f"X-Amz-Expires={seconds}" in link
