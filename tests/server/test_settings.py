"""Limits that make sense, and nobody let in by accident."""

from __future__ import annotations

import socket

import pytest

from opir.errors import ConfigurationError
from opir.server.addresses import is_loopback, open_socket, url_of
from opir.server.settings import ServerSettings


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_computer_needs_no_token(host: str) -> None:
    assert is_loopback(host)
    assert ServerSettings(host=host).token is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_strangers_need_a_token(host: str) -> None:
    with pytest.raises(ConfigurationError, match="needs a token"):
        ServerSettings(host=host)
    assert ServerSettings(host=host, token="x" * 16).token == "x" * 16


@pytest.mark.parametrize("token", ["", "short", "with a line\nbreak in it", "ä" * 20])
def test_weak_tokens(token: str) -> None:
    with pytest.raises(ConfigurationError, match="16 or more printable ASCII"):
        ServerSettings(token=token)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", 70_000),
        ("max_megapixels", 0.0),
        ("max_megapixels", float("nan")),
        ("max_body_bytes", 0),
        ("n_waiting", -1),
        ("deadline_s", 0.0),
        ("deadline_s", float("inf")),
        ("result_bytes", 0),
    ],
)
def test_impossible_limits(name: str, value: float) -> None:
    with pytest.raises(ConfigurationError, match=r"must (be|hold)"):
        ServerSettings(**{name: value})


@pytest.mark.parametrize("host", ["nowhere.invalid", ""])
def test_a_name_without_an_address(host: str) -> None:
    with pytest.raises(ConfigurationError, match="no address"):
        ServerSettings(host=host)


def test_the_socket() -> None:
    with open_socket("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert url_of(listener) == f"http://127.0.0.1:{port}"
        assert listener.proto == socket.IPPROTO_TCP  # or asyncio lets small answers wait for acknowledgements
        with socket.create_connection(("127.0.0.1", port)):
            pass
        with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1 port {port}"):
            open_socket("127.0.0.1", port)
