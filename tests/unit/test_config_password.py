"""A password from a file or the environment, which nothing ever shows."""

from pathlib import Path

import pytest

from twemproxy.config.diff import redacted
from twemproxy.config.load import parse
from twemproxy.config.model import pool_from_plain
from twemproxy.config.problems import ConfigFileError

SECRET = b"s3cret"


def config(*lines: str, redis: bool = True) -> bytes:
    """Write a pool with these lines."""
    rows = ["alpha:", "  listen: 127.0.0.1:1", *(f"  {line}" for line in lines)]
    return "\n".join(
        [*rows, f"  redis: {redis}".lower(), "  servers: [a:1:1]"]
    ).encode()


def password(*lines: str) -> bytes:
    """Load such a pool; its password."""
    (pool,) = parse(config(*lines), "test").pools
    return pool.redis_auth


@pytest.mark.parametrize("text", [b"s3cret", b"s3cret\n", b"s3cret\r\nmore\n"])
def test_the_first_line_of_a_file_is_the_password(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "password"
    file.write_bytes(text)
    assert password(f"redis_auth_file: {file}") == SECRET


def test_the_environment_holds_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POOL_PASSWORD", "s3cret")
    assert password("redis_auth_env: POOL_PASSWORD") == SECRET


@pytest.mark.parametrize(
    "lines",
    [
        ["redis_auth_file: /nonexistent"],
        ["redis_auth_file: /dev/null"],
        ['redis_auth_file: "/a\\0b"'],
        ["redis_auth_env: NO_SUCH_VARIABLE"],
        ["redis_auth: a", "redis_auth_env: PATH"],
        ["redis_auth_file: /etc/hostname", "redis_auth_env: PATH"],
    ],
)
def test_no_password_or_two_are_a_mistake(lines: list[str]) -> None:
    with pytest.raises(ConfigFileError):
        password(*lines)


def test_why_there_is_no_password_is_told() -> None:
    with pytest.raises(ConfigFileError) as told:
        password("redis_auth_file: /nonexistent")
    assert told.value.report() == [
        "test:3: alpha.redis_auth_file: found no password in '/nonexistent': "
        "No such file or directory, expected a password"
    ]


def test_a_memcached_pool_has_no_password() -> None:
    with pytest.raises(ConfigFileError):
        parse(config("redis_auth_env: PATH", redis=False), "test")


def test_a_plan_does_not_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POOL_PASSWORD", "s3cret")
    loaded = parse(config("redis_auth_env: POOL_PASSWORD"), "test")
    assert "s3cret" not in repr(redacted(loaded))


def test_a_pool_travels_to_a_worker_and_stays_the_same() -> None:
    (pool,) = parse(config("max_in_flight: 7"), "test").pools
    plain: list[object] = [
        field.decode() if isinstance(field, bytes) else field for field in pool
    ]
    assert pool_from_plain(plain) == pool
