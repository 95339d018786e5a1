"""Attacks that have a name, and the tests that carry them out.

One row per attack: `docs/hardening.md` shows them, `tests/shape/test_attacks.py`
makes sure that the tests exist. A test is `file::function` of `tests/adversity`; a
case of `docs/grammar.py` is named by its title.
"""

from typing import Final, NamedTuple

BOTH: Final = "both"
REDIS: Final = "Redis"
MEMCACHE: Final = "memcached"


class Attack(NamedTuple):
    """One attack, the protocol it is for, the tests and the cases of the grammar."""

    title: str
    protocol: str
    tests: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()


SAME: Final = "test_hostile.py::test_client_and_server_understand_the_same"
SAME_MEMCACHE: Final = (
    "test_hostile_memcache.py::test_client_and_server_understand_the_same"
)
LONG_KEYS: Final = (
    "test_hostile.py::test_a_long_key_is_passed_on",
    "test_hostile.py::test_a_longer_key_is_refused",
)
DOWN: Final = (
    "test_failing_servers.py::test_a_split_request_over_a_dead_server_is_one_error"
)
CUT: Final = (
    "test_broken_lines.py::"
    "test_a_reply_cut_at_any_byte_is_an_error_for_its_client_alone"
)
KILLED: Final = (
    "test_killed_clients.py::"
    "test_a_client_killed_in_the_middle_of_a_pipeline_a_thousand_times_under_load"
)
MILLION: Final = (
    "test_floods.py::"
    "test_a_million_requests_before_the_first_reply_is_read_are_all_answered"
)
PARTING: Final = (
    "test_partings.py::"
    "test_requests_before_an_end_are_answered_though_more_bytes_follow"
)

ATTACKS: Final = (
    Attack(
        "LF without CR at each token",
        REDIS,
        (SAME,),
        (
            "LF without CR after the count",
            "LF without CR after a length",
            "LF without CR after the name",
            "LF without CR after the key",
        ),
    ),
    Attack(
        "LF without CR at each token",
        MEMCACHE,
        ("test_hostile_memcache.py::test_lf_without_cr_at_each_token",),
    ),
    Attack(
        "`get` followed by 64 KB of spaces and a key",
        BOTH,
        (
            "test_hostile.py::test_sixty_four_kilobytes_of_blanks_and_a_key",
            SAME_MEMCACHE,
        ),
    ),
    Attack(
        "`set k 0 0 4294967295` and silence",
        MEMCACHE,
        ("test_hostile_memcache.py::test_four_gigabytes_announced_and_silence",),
    ),
    Attack(
        "half a gigabyte announced, and silence",
        REDIS,
        ("test_hostile.py::test_promises_of_half_a_gigabyte_cost_nothing",),
    ),
    Attack(
        "`*2000000000`",
        REDIS,
        ("test_hostile.py::test_two_billion_arguments_are_refused_before_they_arrive",),
    ),
    Attack("`$-1` and `*-1` in requests", REDIS, (SAME,), ("count -1", "length -1")),
    Attack(
        "a million nested arrays from a client",
        BOTH,
        (
            "test_hostile.py::test_a_million_nested_arrays_from_a_client",
            "test_hostile_memcache.py::test_a_million_nested_arrays_from_a_client",
        ),
    ),
    Attack(
        "a million nested arrays from a server",
        BOTH,
        (
            "test_hostile.py::test_a_million_nested_arrays_from_a_server",
            "test_hostile_memcache.py::test_a_million_nested_arrays_from_a_server",
        ),
    ),
    Attack(
        "inline quoting and escapes",
        REDIS,
        (SAME,),
        (
            "typed, in quotes",
            "typed, quote left open",
            "typed, text after a quote",
            "typed, zero byte",
        ),
    ),
    Attack(
        "one byte now and then",
        BOTH,
        (
            "test_limits.py::test_a_byte_now_and_then_does_not_keep_a_client",
            "test_hostile.py::test_a_case_has_the_same_end_byte_by_byte",
            "test_hostile_memcache.py::test_a_case_has_the_same_end_byte_by_byte",
            "test_hostile_memcache.py::test_a_byte_now_and_then_does_not_keep_a_client",
        ),
    ),
    Attack(
        "a pipelined QUIT followed by data",
        BOTH,
        (
            "test_hostile.py::test_a_quit_ends_the_pipeline_it_is_in",
            SAME_MEMCACHE,
            PARTING,
        ),
    ),
    Attack(
        "`get` with a space and no key",
        BOTH,
        ("test_hostile.py::test_a_get_with_a_blank_and_no_key", SAME_MEMCACHE),
    ),
    Attack(
        "MSET with an odd number",
        REDIS,
        ("test_hostile.py::test_an_mset_with_an_odd_number",),
    ),
    Attack(
        "MSET with a server down",
        REDIS,
        ("test_hostile.py::test_an_mset_with_a_server_down",),
    ),
    Attack("many keys with a server down", BOTH, (DOWN,)),
    Attack(
        "keys of 250, 251, 64 KB, 1 MB",
        BOTH,
        (*LONG_KEYS, SAME_MEMCACHE),
    ),
    Attack("1,000,000 pipelined requests before reading", BOTH, (MILLION,)),
    Attack(
        "a line end in a key that memcached will repeat",
        MEMCACHE,
        (SAME_MEMCACHE,),
    ),
    Attack(
        "an error reply without a space",
        BOTH,
        (
            "test_hostile.py::test_an_error_without_a_blank_is_an_error",
            "test_hostile_memcache.py::test_an_error_without_a_blank_is_an_error",
        ),
    ),
    Attack(
        "replies cut at each byte with a reset",
        BOTH,
        (CUT, "test_hostile.py::test_a_reply_cut_at_each_byte_by_a_reset"),
    ),
    Attack(
        "a client killed in the middle of a pipeline 1,000 times under load",
        BOTH,
        (KILLED,),
    ),
    Attack(
        "no descriptor left",
        BOTH,
        (
            "test_shortage.py::"
            "test_without_descriptors_the_listener_rests_and_comes_back",
        ),
    ),
    Attack(
        "a flood of connections",
        BOTH,
        (
            "test_shortage.py::test_a_flood_of_connections_stops_nobody_who_is_there",
            "test_shortage.py::test_a_full_pool_turns_clients_away_at_little_cost",
        ),
    ),
    Attack(
        "taking no reply when memory is short",
        BOTH,
        (
            "test_shortage.py::"
            "test_who_takes_nothing_at_the_cap_is_closed_and_others_go_on",
        ),
    ),
)
