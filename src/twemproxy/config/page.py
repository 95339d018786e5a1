"""The manual's page about the configuration file, made from the settings table."""

from typing import Final

from twemproxy.config.merge import MAX_ALIASED
from twemproxy.config.settings import BY_KEY, MAX_NUMBER, SETTINGS, Kind, Setting

_HEAD: Final = """\
# Configuration file

```console
$ nutcracker -t -c conf/nutcracker.yml
nutcracker: configuration file 'conf/nutcracker.yml' syntax is ok
```

A file is a mapping of pools by name. A pool is one address that clients connect to,
and the servers behind it:

```yaml
alpha:
  listen: 127.0.0.1:22121
  redis: true
  timeout: 400
  servers:
   - 127.0.0.1:6379:1 left
   - 127.0.0.1:6380:1 right
```

`nutcracker schema` prints a JSON Schema of the file for editors.

## Keys of a pool
"""

_TAIL: Final = f"""
Numbers are plain digits up to {MAX_NUMBER}; signs, units and larger numbers are
mistakes. Booleans are `true` or `false` and nothing else. Values are read as text:
quotes change nothing, and `~`, `no` or `0x10` have no meaning of their own. A value
is never empty. Unknown keys, and keys given twice, are mistakes.

## listen

| form | means |
|---|---|
| `host:port` | TCP; the last colon separates, so `::1:22121` is IPv6 without brackets |
| `/path` | a UNIX socket of at most 107 bytes; a file of that name is replaced |
| `/path 0660` | the same with these permissions |

A host name must resolve when the file is read; its first address is used. Two pools
cannot have the same `listen`.

## servers

| form | label |
|---|---|
| `host:port:weight name` | `name` |
| `host:port:weight` | `host:port`, or `host` if the port is 11211 |
| `/path:weight name` | `name` |
| `/path:weight` | `/path:` |

The label places a server, and names it in the statistics. Give names: then an address
can change and the keys stay where they are. Labels are unique in a pool. The weight is
at least 1 and counts for named servers too. Servers are numbered by label, the shorter
first, then bytewise; the order in the file does not matter. Host names of servers are
resolved when a connection is made. A link-local address names its interface, as in
`fe80::1%eth0:6379:1 left`.

## commands

Each line is a name and where requests of that name go, which is all that the proxy
must know of a command. It adds a command or replaces what `docs/commands.md` says:

```yaml
alpha:
  listen: 127.0.0.1:22121
  redis: true
  commands:
   - graph.query key
   - graph.union keys numkeys=1 read
   - graph.rename keys keys=1:2:1
   - graph.flush all merge=status
  deny_commands: flushall flushdb @scripting
  servers:
   - 127.0.0.1:6379:1 left
```

| word | means |
|---|---|
| `key`, `key=2` | one key, the first argument or another: the server of that key |
| `keys` and `keys=1:-1:1` | several keys, which must share a server: the first, the \
last (below zero: from the end) and how far they are apart |
| `keys` and `numkeys=1` | likewise, after the argument that counts them |
| `any` | no key: any server |
| `all` | every server, replies merged as `merge` says |
| `merge=` | `status` (one OK), `sum`, `concat`, `first`, `minimum`, `random` or \
`one_ok` |
| `arity=3`, `arity=-3` | exactly or at least that many words, name and `key` included |
| `read` | the command changes nothing |

Two lines for one name are a mistake, and none changes `script|load` or `function|load`.
`deny_commands` is denied last and wins. An empty list, `[]`, denies nothing.

## YAML

Block and flow style, document marks, directives, anchors, aliases and merge keys work;
a file that uses only block style is understood by the C program too. Tags are refused.
`<<` adds the keys that a pool does not have itself, so pools can share settings:

```yaml
alpha:
  <<: &shared
    redis: true
    timeout: 400
    auto_eject_hosts: true
  listen: 127.0.0.1:22121
  servers: [127.0.0.1:6379:1 left]
beta:
  <<: *shared
  listen: 127.0.0.1:22122
  servers: [127.0.0.1:6380:1 right]
```

Aliases may stand for at most {MAX_ALIASED} values in a file.

## Mistakes

`-t` reports all of them, with line, key, what was found and what was expected, above
the verdict. A normal start logs the first in the C program's words, then all in ours.

```console
$ nutcracker -t -c typo.yml
typo.yml:3: alpha: found unknown key 'timout', expected a known key \
(did you mean 'timeout'?)
nutcracker: configuration file 'typo.yml' syntax is invalid
nutcracker: configuration file 'typo.yml' syntax is invalid
```
"""


def page() -> str:
    """Give docs/configuration.md."""
    rows = ["", "| key | value | default | meaning |", "|---|---|---|---|"]
    rows += [_row(setting) for setting in SETTINGS]
    ours = ", ".join(f"`{row.key}`" for row in SETTINGS if row.ours)
    rows += ["", f"Not known to the C program: {ours}."]
    return _HEAD + "\n".join(rows) + "\n" + _TAIL


def default_text(setting: Setting) -> str:
    """Say what holds when the key is absent."""
    if setting.required:
        return "required"
    if setting.default_note:
        return setting.default_note
    if isinstance(setting.default, bool):
        return f"`{str(setting.default).lower()}`"
    return f"`{setting.default!s}`"


def _row(setting: Setting) -> str:
    value = setting.kind.value
    if setting.kind is Kind.NUMBER and setting.minimum:
        value = f"number from {setting.minimum}"
    if setting.kind is Kind.CHOICE:
        value = ", ".join(f"`{name}`" for name in setting.choices)
    if setting is BY_KEY["listen"] or setting is BY_KEY["servers"]:
        value = f"[{value}](#{setting.key})"
    return (
        f"| `{setting.key}` | {value} | {default_text(setting)} | {setting.meaning} |"
    )
