"""A file of any content costs little and ends in a configuration or a report."""

import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from twemproxy.config import document
from twemproxy.config.load import MAX_FILE_BYTES, load, parse
from twemproxy.config.merge import MAX_ALIASED
from twemproxy.config.model import Config
from twemproxy.config.problems import ConfigFileError
from twemproxy.config.settings import SETTINGS

# Far above what any of these takes, far below what an explosion takes.
PATIENCE_S = 10.0

PIECES = st.sampled_from(
    [
        *(f"  {row.key}: " for row in SETTINGS),
        *("a:\n", "b:\n", "  servers:\n", "   - ", "\n", " ", "<<: ", "  <<: *x\n"),
        *("&x ", "*x", "{", "}", "[", "]", ",", "? ", ": ", "- ", "---\n", "...\n"),
        *("127.0.0.1:1", "127.0.0.1:1:1", "/p:1 n", "true", "5", '""', "'", '"', "|\n"),
        *("!t ", "%YAML 1.1\n", "# c\n", "\t", "\0", "é", "\\", '"\\ud800"', "~"),
    ]
)


def outcome(data: bytes) -> Config | ConfigFileError:
    started = time.monotonic()
    result: Config | ConfigFileError
    try:
        result = parse(data, "f.yml", lambda _host, _port: "")
    except ConfigFileError as error:
        result = error
    assert isinstance(result, Config) or result.report()
    assert time.monotonic() - started < PATIENCE_S
    return result


@given(st.lists(PIECES, max_size=60))
def test_pieces_of_yaml_never_crash_the_loader(pieces: list[str]) -> None:
    outcome("".join(pieces).encode())


@given(st.binary(max_size=200))
def test_bytes_never_crash_the_loader(data: bytes) -> None:
    outcome(data)


@given(st.lists(PIECES, max_size=30))
def test_the_loader_without_libyaml_does_not_crash_either(pieces: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document, "_LOADER", yaml.SafeLoader)
        outcome("".join(pieces).encode())


@pytest.mark.parametrize("text", [r'"\U00110000"', r'"\UFFFFFFFF"', r'"\uD800"'])
@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
def test_an_impossible_character_is_a_mistake(
    text: str, loader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "_LOADER", getattr(yaml, loader, yaml.SafeLoader))
    error = outcome(f"a: {text}".encode())
    assert isinstance(error, ConfigFileError)
    assert error.log_lines == ("conf: failed (err 3) to get the next yaml document",)


def laughs(depth: int) -> str:
    """Write nested anchors, each with ten aliases of the one before."""
    lines = ["  k0: &x0 {timeout: 1}"]
    for i in range(1, depth):
        aliases = ", ".join([f"*x{i - 1}"] * 10)
        lines.append(f"  k{i}: &x{i} {{<<: [{aliases}]}}")
    return "\n".join(["a:", *lines, "  <<: *x" + str(depth - 1), ""])


def merges(depth: int) -> str:
    """Write pools that merge each other ten times, deeper and deeper."""
    text = "p0: &x0 {timeout: 1, backlog: 2}\n"
    for i in range(1, depth):
        aliases = ", ".join([f"*x{i - 1}"] * 10)
        text += f"p{i}: &x{i} {{<<: [{aliases}], timeout: {i}}}\n"
    return text


def shared_servers(pools: int, servers: int) -> str:
    """Write many pools with one long list of servers."""
    items = ", ".join(f"x:1:1 s{i}" for i in range(servers))
    text = f"p: &p {{listen: x:1, servers: [{items}]}}\n"
    return text + "".join(
        f"q{i}: {{<<: *p, listen: x:{i + 2}}}\n" for i in range(pools)
    )


@pytest.mark.parametrize(
    "text",
    [
        laughs(60),
        merges(60),
        "a: &a [" + "[" * 900 + "]" * 900 + "]",
        "a: {<<: " + "{<<: " * 400 + "x" + "}" * 400 + "}",
        "a: &a {<<: *a}",
        "a: &a [*a]",
        "a: *b",
        "a: {<<: [" + ", ".join(["&m {k: v}"] * 20_000) + "]}",
        "- " * 20_000,
        "k" * 500_000 + ": v",
        "a: {" + ", ".join(f"k{i}: v" for i in range(20_000)) + "}",
    ],
    ids=[f"bomb{i}" for i in range(11)],
)
def test_a_bomb_is_refused_in_good_time(text: str) -> None:
    assert isinstance(outcome(text.encode()), ConfigFileError)


def test_a_chain_of_pools_may_be_long() -> None:
    text = "p0: &x0 {listen: x:1, servers: [x:1:1]}\n"
    for i in range(1, 2000):
        text += f"p{i}: &x{i} {{<<: *x{i - 1}, listen: x:{i + 1}}}\n"
    config = outcome(text.encode())
    assert isinstance(config, Config)
    assert len(config.pools) == 2000


def test_aliases_are_counted() -> None:
    assert isinstance(outcome(shared_servers(90, 1000).encode()), Config)
    error = outcome(shared_servers(110, 1000).encode())
    assert isinstance(error, ConfigFileError)
    assert f"more than {MAX_ALIASED} values" in str(error)


def test_a_large_file_without_aliases_is_fine() -> None:
    servers = "".join(f"   - x:1:1 s{i}\n" for i in range(20_000))
    config = outcome(f"a:\n  listen: x:1\n  servers:\n{servers}".encode())
    assert isinstance(config, Config)
    assert len(config.pools[0].servers) == 20_000


def test_an_endless_file_is_refused() -> None:
    with pytest.raises(ConfigFileError) as caught:
        load("/dev/zero")
    assert str(MAX_FILE_BYTES) in str(caught.value)
