"""The C program, where it is installed, and ours are given the same words and files.

Each property holds for all programs that are there; with ours alone it is empty.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.proxy import environment
from twemproxy import cli
from twemproxy.config.load import parse
from twemproxy.config.problems import ConfigFileError

ORIGINAL: Final = shutil.which("nutcracker", path="/usr/local/sbin:/usr/sbin:/usr/bin")
ORIGINALS: Final = [ORIGINAL] if ORIGINAL else []
TIMEOUT_S: Final = 30

# With this in front nothing ever runs, whatever words follow.
HARMLESS: Final = ["-t", "-c", "/nonexistent/nutcracker.yml"]

# No overflow: there we refuse what the C program wraps.
ARGUMENTS: Final = [
    "",
    "0",
    "1",
    "007",
    "511",
    "512",
    "65535",
    "65536",
    "x",
    "-1",
    "1 ",
]
FLAGS: Final = [
    *("-h", "-V", "-t", "-D", "-d", "-v", "-o", "-s", "-a", "-i", "-p", "-m", "-c"),
    *("-hV", "-tv5", "-Dx", "-?", "-:", "-;", "-W", "-", "--", "-m512", "-s0", "-td"),
    *("--help", "--ver", "--vers", "--verb", "--verbose=3", "--d", "--da", "--de"),
    *("--test", "--stats-p", "--stats-port=9", "--stats", "--m=4096", "--p", "--c"),
    *("--help=", "--x", "--mbuf-size", "--conf-file=y", "--pid-file", "--="),
]
WORDS: Final = st.lists(st.sampled_from(FLAGS + ARGUMENTS), max_size=5)


def essence(status: int, stderr: bytes) -> tuple[int, bytes]:
    """Reduce to what both must agree on: the first line, or the verdict."""
    lines = stderr.replace(b"\r", b"").split(b"\n")
    verdict = b"syntax is" in stderr
    return status, lines[-2] if verdict else lines[0]


@settings(max_examples=150, deadline=None)
@given(WORDS)
def test_the_same_words_get_the_same_answer(words: list[str]) -> None:
    for program in ORIGINALS:
        theirs = subprocess.run(
            [program, *HARMLESS, *words],
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        expected = essence(theirs.returncode, theirs.stderr)
        assert essence(*ours(HARMLESS + words)) == expected


def ours(words: list[str]) -> tuple[int, bytes]:
    """Run our command in this process, to be quick."""
    said = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "say", lambda text: said.append(text.encode()))
        status = cli.main(words)
    return status, b"".join(said)


@pytest.mark.parametrize("words", [["-h"], ["-D"], ["-x"], ["-Dh"]])
def test_everything_shown_is_the_same_but_for_defaults_and_our_lines(
    words: list[str],
) -> None:
    status, shown = ours(words)
    for program in ORIGINALS:
        theirs = subprocess.run(
            [program, *words], capture_output=True, timeout=TIMEOUT_S, check=False
        )
        assert status == theirs.returncode
        # A distribution has paths of its own.
        paths = re.compile(rb"\(default: [^)]*\)")
        lines = paths.sub(b"", shown).split(b"\n")
        missing = [
            line
            for line in paths.sub(b"", theirs.stderr).split(b"\n")
            if line not in lines
        ]
        assert missing == []


KEYS: Final = [
    *("listen", "hash", "hash_tag", "distribution", "timeout", "backlog", "redis"),
    *("client_connections", "redis_auth", "redis_db", "preconnect", "auto_eject_hosts"),
    *("server_connections", "server_retry_timeout", "server_failure_limit", "servers"),
    *("tcpkeepalive", "Listen", "unknown"),
]
VALUES: Final = [
    *("127.0.0.1:22121", "::1:5", "/v/x 0644", "'/v/x '", "/a b 7777", "/v/x -0"),
    *("127.0.0.1:6379:1", "127.0.0.1:06379:01", "127.0.0.1:11211:2", "/s:1 a:b"),
    *("/a:b:1 n", "'x:1:1  a'", ":1:1", "::::1", "a:b", "1", "0", "007", "true"),
    *("'true'", "yes", '""', "~", "{", "ketama", "md5", "crc32a", "'{}'", "ab", "'é'"),
    *("-1", "2147483647", "2147483648", "|-\n    true", ">\n    5", "- x", "/:1", "!x"),
    *("key: v", "- - x", "%a", "@a", "`", '"\\x41b"', "#c", "true #c", "'a''b'", "a b"),
]
GOOD: Final = {
    "listen": ["127.0.0.1:22121", "127.0.0.1:22122", "/v/x 0600"],
    "servers": [
        "x:6379:1",
        "x:6379:1 a",
        "x:11211:2",
        "/v/s:1",
        "y:1:1 a",
        "z:1:1 x",
    ],
    "redis": ["true", "false"],
    "server_connections": ["0", "1"],
}


def entry(key: str) -> st.SearchStrategy[str]:
    value = st.sampled_from(GOOD.get(key, []) * 5 + VALUES)
    scalar = value.map(lambda text: f"  {key}: {text}\n")
    items = st.lists(value.map(lambda text: f"   - {text}\n"), min_size=1, max_size=3)
    sequence = items.map(lambda lines: "".join([f"  {key}:\n", *lines]))
    likely, unlikely = (sequence, scalar) if key == "servers" else (scalar, sequence)
    return st.one_of(*[likely] * 9, unlikely)


def pool(name: str) -> st.SearchStrategy[str]:
    keys = st.lists(st.sampled_from(KEYS), max_size=2)
    keys = keys.map(lambda some: [*some, "listen", "servers"])
    entries = keys.flatmap(st.permutations).flatmap(
        lambda some: st.tuples(*[entry(key) for key in some])
    )
    return entries.map(lambda lines: "".join([f"{name}:\n", *lines]))


FILES: Final = st.lists(
    st.sampled_from(["a", "b", "cc"]).flatmap(pool), min_size=1, max_size=3
).map("".join)


@settings(max_examples=150, deadline=None)
@given(FILES)
def test_the_same_file_gets_the_same_verdict_and_log(text: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "f.yml")
        path.write_text(text)
        try:
            parse(text.encode(), str(path))
            found: tuple[str, ...] | None = None
        except ConfigFileError as error:
            found = error.log_lines
        for program in ORIGINALS:
            expected = verdict(program, path)
            # Flow style and tags: they stop at the token, we read on.
            if expected is None or "token (" not in "".join(expected):
                assert found == expected


def verdict(program: str, path: Path) -> tuple[str, ...] | None:
    """Give what the C program logs about a wrong file; None for a valid one."""
    test = [program, "-t", "-c", str(path)]
    if (
        subprocess.run(
            test, capture_output=True, timeout=TIMEOUT_S, check=False
        ).returncode
        == 0
    ):
        return None
    log = path.with_suffix(".log")
    start = [program, "-c", str(path), "-o", str(log)]
    subprocess.run(start, capture_output=True, timeout=TIMEOUT_S, check=False)
    lines = log.read_text(errors="replace").splitlines()
    messages = [re.sub(r"^\[[^]]*\] \S+ ", "", line) for line in lines]
    return tuple(line for line in messages if line.startswith(("conf:", "address")))


def test_the_program_itself_answers_as_its_functions_do() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "twemproxy", *HARMLESS],
        env=environment(),
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == ours(HARMLESS)
