"""The decisions of the client that need no network."""

import grpc
import orjson
import pytest

from chassis import deadline, grpc_client
from tests.support.shop import descriptor


async def test_a_call_keeps_a_reserve_of_the_incoming_deadline() -> None:
    """An own or default timeout shrinks to what is left less 50 ms, and never grows."""
    assert grpc_client._bounded(2.0) == 2.0
    assert grpc_client._bounded(None) is None
    with deadline.within(1):
        for timeout in (2.0, None):
            bounded = grpc_client._bounded(timeout)
            assert bounded is not None
            assert 0 < bounded <= 0.95
        assert grpc_client._bounded(0.1) == 0.1
    with deadline.within(0.04), pytest.raises(grpc.aio.AioRpcError):
        grpc_client._bounded(2.0)


def test_the_retry_policy_is_for_declared_methods_only() -> None:
    """A method is named in the service configuration only if its proto declares idempotency."""
    options = dict(grpc_client._options([descriptor()], grpc_client.Keepalive()))
    [policy] = orjson.loads(str(options["grpc.service_config"]))["methodConfig"]
    named = {(each["service"], each["method"]) for each in policy["name"]}
    assert named == {("shoes.v1.ShoeService", "GetShoe"), ("shoes.v1.ShoeService", "ReserveShoe")}
    assert policy["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE", "CANCELLED"]


def test_without_a_contract_nothing_is_retried() -> None:
    """A channel that was told no services has no retry policy."""
    options = dict(grpc_client._options([], grpc_client.Keepalive()))
    assert orjson.loads(str(options["grpc.service_config"]))["methodConfig"] == []


def test_keepalive_sets_the_option_that_counts() -> None:
    """The time a ping may stay unanswered is ping_timeout_ms; the old name alone means a minute."""
    options = dict(grpc_client._options([], grpc_client.Keepalive(time=10, timeout=3)))
    assert options["grpc.keepalive_time_ms"] == 10_000
    assert options["grpc.http2.ping_timeout_ms"] == 3_000
    assert options["grpc.http2.max_pings_without_data"] == 0
