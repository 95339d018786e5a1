"""What a configuration file means, and what is said about a wrong one."""

import os
from pathlib import Path

import pytest

from twemproxy.config.load import load, parse
from twemproxy.config.model import PoolConfig
from twemproxy.config.problems import MAX_REPORTED, ConfigFileError

POOL = "a:\n  listen: 127.0.0.1:1\n  servers:\n   - 127.0.0.1:6379:1\n"


def pools(text: str) -> tuple[PoolConfig, ...]:
    return parse(text.encode(), "f.yml", lambda _host, _port: "").pools


def pool(text: str) -> PoolConfig:
    (only,) = pools(text)
    return only


def report(text: str) -> list[str]:
    with pytest.raises(ConfigFileError) as caught:
        pools(text)
    return caught.value.report()


def test_absent_keys_have_the_documented_defaults() -> None:
    config = pool(POOL)
    assert (config.hash, config.distribution) == ("fnv1a_64", "ketama")
    assert (config.timeout_ms, config.backlog, config.server_connections) == (0, 512, 1)
    assert (config.server_retry_timeout_ms, config.server_failure_limit) == (30000, 2)
    assert (config.hash_tag, config.redis_auth) == (b"", b"")
    assert config.strict_keys
    assert not config.redis


def test_every_key_reaches_the_pool() -> None:
    config = pool(
        "a:\n  listen: /run/a.sock 0660\n  hash: md5\n  hash_tag: é\n"
        "  distribution: modula\n  timeout: 0400\n  backlog: 7\n"
        "  client_connections: 9\n  redis: true\n  redis_auth: 0123\n  redis_db: 3\n"
        "  preconnect: true\n  auto_eject_hosts: 'true'\n  server_connections: 2\n"
        "  server_retry_timeout: 5\n  server_failure_limit: 0\n  tcpkeepalive: true\n"
        "  reuseport: true\n  strict_keys: false\n  servers:\n   - ::1:6379:2 one\n"
    )
    assert (config.listen.path, config.listen.mode) == ("/run/a.sock", 0o660)
    assert config.hash_tag == "é".encode()
    assert (config.timeout_ms, config.redis_auth) == (400, b"0123")
    assert (config.backlog, config.client_connections, config.redis_db) == (7, 9, 3)
    assert config.preconnect
    assert config.auto_eject_hosts
    assert config.tcpkeepalive
    assert config.reuseport
    assert not config.strict_keys
    assert config.servers[0].address == "::1:6379:2"


def test_servers_and_pools_are_in_placement_order() -> None:
    servers = "".join(f"   - 127.0.0.1:1:1 {name}\n" for name in ("s10", "s9", "aaa"))
    text = "".join(
        f"{name}:\n  listen: 127.0.0.1:{port}\n  servers:\n{servers}"
        for port, name in enumerate(("zz", "b", "aa"), 1)
    )
    assert [config.name for config in pools(text)] == ["b", "aa", "zz"]
    labels = [server.label for server in pools(text)[0].servers]
    assert labels == ["s9", "aaa", "s10"]


def test_all_mistakes_of_a_file_are_reported() -> None:
    lines = report(
        "a:\n  listn: 127.0.0.1:1\n  timeout: 5ms\n  distribution: ketma\n"
        "  servers:\n   - 127.0.0.1:6379\n   - x:1:1 n\n   - y:1:1 n\n"
        "b:\n  listen: 127.0.0.1:1\n  redis_auth: pw\n  servers:\n   - x:1:1\n"
    )
    assert lines == [
        "f.yml:2: a: found unknown key 'listn', expected a known key "
        "(did you mean 'listen'?)",
        "f.yml:3: a.timeout: found '5ms', expected a whole number from 0 to 2147483647",
        "f.yml:4: a.distribution: found 'ketma', expected one of ketama, modula, "
        "random (did you mean 'ketama'?)",
        "f.yml:6: a.servers: found '127.0.0.1:6379', expected "
        "'host:port:weight [name]' or '/path:weight [name]'",
        "f.yml:1: a: found no 'listen', expected 'host:port' or '/path [permission]'",
        "f.yml:8: a.servers: found server 'n' again, the first is on line 7, "
        "expected another name",
        "f.yml:11: b.redis_auth: found 'redis_auth' in a memcached pool, "
        "expected 'redis: true'",
    ]


def test_a_pool_without_a_list_hides_no_other_mistake() -> None:
    lines = report(
        "a:\n  listen: 127.0.0.1:1\n  timout: 5\n"
        "b:\n  listen: 127.0.0.1:2\n  hash: md6\n  servers:\n   - x:1:1\n"
    )
    assert lines == [
        "f.yml:1: a: found no list, expected 'servers:' and a list",
        "f.yml:3: a: found unknown key 'timout', expected a known key "
        "(did you mean 'timeout'?)",
        "f.yml:6: b.hash: found 'md6', expected one of one_at_a_time, md5, crc16, "
        "crc32, crc32a, fnv1_64, fnv1a_64, fnv1_32, fnv1a_32, hsieh, murmur, jenkins "
        "(did you mean 'md5'?)",
    ]


@pytest.mark.parametrize(
    "lines", ["  listen: [127.0.0.1:1]\n", "  <<: {hash: [md5]}\n  hash: murmur\n"]
)
def test_another_list_is_no_list_of_servers(lines: str) -> None:
    expected = "'host:port:weight [name]' or '/path:weight [name]'"
    found = f"f.yml:1: a: found no servers, expected {expected}"
    assert found in report(f"a:\n{lines}")


def test_the_log_tells_what_the_c_program_meets_first() -> None:
    text = "a:\n  servers:\n   - x:1:1\nb:\n  listen: 127.0.0.1:1\n  servers: 1\n"
    with pytest.raises(ConfigFileError) as caught:
        pools(text)
    assert caught.value.log_lines == (
        "conf: 'f.yml' missing sequence directive at depth 2",
    )


def test_a_wrong_value_is_not_reported_as_missing_too() -> None:
    assert len(report("a:\n  listen: x\n  servers:\n   - x:1:1\n")) == 1
    assert len(report(POOL + "  redis: yes\n  redis_auth: x\n")) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "a:\n  listen: x:1\n  timeout: [3]\n  servers:\n   - x:1:1\n",
            "f.yml:3: a.timeout: found a sequence, expected one list in a pool",
        ),
        (
            "a:\n  servers:\n   - x:1:1\n  timeout: [3]\n  servers: [y:1:1]\n",
            "f.yml:5: a.servers: found a sequence, expected one list in a pool",
        ),
        (
            "a:\n  listen: 127.0.0.1:1\n  servers: x:1:1\n",
            "f.yml:3: a.servers: found 'x:1:1', expected 'servers:' and a list",
        ),
        (
            "a:\n  hash_tag: '{}\n  servers:\n   - x:1:1\n",
            "that begins on line 2, expected well-formed YAML",
        ),
        ("a:\n  redis: \1\n", "f.yml:2: found bytes that are no text"),
    ],
)
def test_a_mistake_is_told_where_it_was_made(text: str, told: str) -> None:
    assert told in "\n".join(report(text))


def test_a_password_is_never_shown() -> None:
    wrong = "  redis_auth: hunter2\n  redis_auth: hunter3\n"
    assert "hunter" not in "".join(report(POOL + wrong))


def test_a_list_of_mistakes_ends() -> None:
    lines = report(POOL + "".join(f"  k{i}: v\n" for i in range(500)))
    assert len(lines) == MAX_REPORTED + 1
    assert lines[-1] == "f.yml: and 450 more"


def test_a_report_stays_on_its_lines() -> None:
    lines = report('"a\\nb":\n  "k\\e": v\n  listen: "x\\ny"\n  servers:\n   - x:1:1\n')
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)


def test_settings_can_be_shared_by_merge_keys() -> None:
    one, two = pools(
        "a:\n  <<: &shared {redis: true, timeout: 400}\n  listen: x:1\n"
        "  servers: [x:1:1]\n"
        "b:\n  timeout: 5\n  <<: *shared\n  listen: x:2\n  servers: [x:1:1]\n"
    )
    assert (one.redis, one.timeout_ms) == (True, 400)
    assert (two.redis, two.timeout_ms) == (True, 5)


def test_a_pool_can_take_over_another_with_its_servers() -> None:
    one, two = pools(
        "a: &a\n  listen: x:1\n  servers: [x:1:1]\nb: {<<: *a, listen: x:2}\n"
    )
    assert one.servers == two.servers
    assert two.listen.port == 2


def test_of_several_merged_mappings_the_first_wins() -> None:
    _one, two = pools(
        "a:\n  <<: [&one {timeout: 1}, &two {timeout: 2, backlog: 2}]\n  listen: x:1\n"
        "  servers: &s [x:1:1]\n"
        "b: {<<: [*two, *one], listen: x:2, servers: *s}\n"
    )
    assert (two.timeout_ms, two.backlog) == (2, 2)


def test_a_quoted_merge_key_is_an_unknown_key() -> None:
    (line,) = report(POOL + '  "<<": x\n')
    assert "unknown key '<<'" in line


@pytest.mark.parametrize(
    "text",
    [
        "--- \n" + POOL + "...\n",
        "%YAML 1.1\n---\n" + POOL,
        "a: {listen: 127.0.0.1:1, servers: [127.0.0.1:6379:1]}",
        "a:\n  listen: 127.0.0.1:1\n  servers: ['127.0.0.1:6379:1',]\n",
        POOL.encode("utf-8-sig").decode(),
        POOL.replace("\n", "\r\n"),
    ],
)
def test_yaml_style_does_not_matter(text: str) -> None:
    assert pool(text) == pool(POOL)


def test_a_key_may_have_its_value_as_a_list_as_in_the_c_program() -> None:
    config = pool("a:\n  listen:\n   - 127.0.0.1:1\n  servers: 127.0.0.1:6379:1\n")
    assert config == pool(POOL)


@pytest.mark.parametrize("text", ["{}", "--- {}\n"])
def test_a_file_without_pools_is_refused(text: str) -> None:
    assert report(text) == ["f.yml: found no pools, expected some"]


def test_a_missing_file_is_told_from_a_wrong_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigFileError) as missing:
        load(str(tmp_path / "none.yml"))
    assert not missing.value.readable
    assert missing.value.log_lines == (
        f"conf: failed to open configuration '{tmp_path}/none.yml': "
        "No such file or directory",
    )
    with pytest.raises(ConfigFileError) as directory:
        load(str(tmp_path))
    assert directory.value.readable
    (said,) = [line for line in directory.value.report() if "found" in line]
    assert said == f"{tmp_path}: found a directory, expected a file"


def test_a_file_can_come_through_a_pipe(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, POOL.encode())
    os.close(writing)
    try:
        assert load(f"/dev/fd/{reading}").pools == pools(POOL)
    finally:
        os.close(reading)


def test_a_listen_name_is_resolved_once_and_server_names_never() -> None:
    asked = []

    def resolve(host: str, port: int) -> str:
        asked.append((host, port))
        return "Name or service not known"

    text = "".join(
        f"p{port}:\n  listen: nowhere:{port}\n  servers:\n   - elsewhere:1:1\n"
        for port in (1, 2)
    )
    with pytest.raises(ConfigFileError) as caught:
        parse(text.encode(), "f.yml", resolve)
    assert asked == [("nowhere", 1)]
    assert caught.value.log_lines == (
        "address resolution of node 'nowhere' service '1' failed: "
        "Name or service not known",
        'conf: directive "listen" has an invalid value',
    )


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ("  listen:\n   - key: v\n", "has a depth greater than 2"),
        ("  listen:\n   - v\n   - k: v\n", "has a depth greater than 2"),
        ("  hash:\n   - v\n  deep:\n    k: v\n", "has a depth greater than 2"),
        ("  hash:\n   - v\n", "has more than one sequence directive"),
        ("  hash:\n   - - v\n", "has more than one sequence directive"),
    ],
)
def test_a_second_list_is_complained_of_where_it_begins(keys: str, reason: str) -> None:
    with pytest.raises(ConfigFileError) as caught:
        pools(POOL.replace("  servers:", keys + "  servers:"))
    assert caught.value.log_lines == (f"conf: 'f.yml' {reason}",)
