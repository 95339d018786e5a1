"""Rows of scripts and functions, transactions and channels."""

from typing import Final

from twemproxy.wire.redis.commands.row import (
    CHANNEL,
    PAYLOAD,
    SESSION,
    SUBSCRIPTION,
    TRANSACTION,
    Command,
    anywhere,
    closed,
    container,
    counted,
    fanout,
    refused,
)
from twemproxy.wire.rule import (
    CODE,
    DANGEROUS,
    ECHOES,
    FIRST,
    MINIMUM,
    ONE_OK,
    PUBSUB,
    READ,
    RUNNING,
    SCRIPT,
    STATEFUL,
    STATUS,
    WRITE,
)

SCRIPTS: Final[tuple[Command, ...]] = (
    counted(b"eval", -3, SCRIPT | CODE, 2),
    counted(b"eval_ro", -3, READ | SCRIPT | CODE, 2),
    counted(b"evalsha", -3, SCRIPT, 2),
    counted(b"evalsha_ro", -3, READ | SCRIPT, 2),
    counted(b"fcall", -3, SCRIPT, 2),
    counted(b"fcall_ro", -3, READ | SCRIPT, 2),
    container(b"function"),
    fanout(b"function|delete", 3, STATUS, WRITE | SCRIPT),
    anywhere(b"function|dump", 2, SCRIPT),
    fanout(b"function|flush", -2, STATUS, WRITE | SCRIPT | DANGEROUS),
    anywhere(b"function|help", 2),
    fanout(b"function|kill", 2, ONE_OK, SCRIPT),
    anywhere(b"function|list", -2, SCRIPT | ECHOES),
    fanout(b"function|load", -3, FIRST, WRITE | SCRIPT | CODE),
    refused(b"function|restore", -3, PAYLOAD, WRITE | SCRIPT),
    fanout(b"function|stats", 2, RUNNING, SCRIPT),
    container(b"script"),
    refused(b"script|debug", -3, SESSION, SCRIPT),
    fanout(b"script|exists", -3, MINIMUM, SCRIPT),
    fanout(b"script|flush", -2, STATUS, SCRIPT | DANGEROUS),
    anywhere(b"script|help", 2),
    fanout(b"script|kill", 2, ONE_OK, SCRIPT),
    fanout(b"script|load", 3, FIRST, SCRIPT | CODE),
    anywhere(b"script|show", 3, SCRIPT),
)

TRANSACTIONS: Final[tuple[Command, ...]] = (
    refused(b"discard", 1, TRANSACTION, STATEFUL),
    refused(b"exec", 1, TRANSACTION, STATEFUL),
    refused(b"multi", 1, TRANSACTION, STATEFUL),
    refused(b"unwatch", 1, TRANSACTION, STATEFUL),
    refused(b"watch", -2, TRANSACTION, STATEFUL, (1, -1, 1)),
)

CHANNELS: Final[tuple[Command, ...]] = (
    refused(b"psubscribe", -2, SUBSCRIPTION, PUBSUB | STATEFUL),
    refused(b"publish", 3, CHANNEL, PUBSUB),
    *closed(
        b"pubsub",
        CHANNEL,
        PUBSUB,
        b"channels -2 help 2 numpat 2 numsub -2 shardchannels -2 shardnumsub -2",
    ),
    refused(b"punsubscribe", -1, SUBSCRIPTION, PUBSUB | STATEFUL),
    refused(b"spublish", 3, CHANNEL, PUBSUB, (1, 1, 1)),
    refused(b"ssubscribe", -2, SUBSCRIPTION, PUBSUB | STATEFUL, (1, -1, 1)),
    refused(b"subscribe", -2, SUBSCRIPTION, PUBSUB | STATEFUL),
    refused(b"sunsubscribe", -1, SUBSCRIPTION, PUBSUB | STATEFUL, (1, -1, 1)),
    refused(b"unsubscribe", -1, SUBSCRIPTION, PUBSUB | STATEFUL),
)
