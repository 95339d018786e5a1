"""One line per event, in the C program's format, one write each.

Both planes log through here, so it imports next to nothing and asks for the time
and the caller's place only when a line is really printed. Callers hand over a
template and its values; nothing is formatted for a line that is not shown:

    log.notice("accepted c %d on p %d from '%s'", fd, listener, peer)

The template is also what repeats are recognised by: each may appear
`MAX_REPEATS` times a second, then the rest of that second is only counted and
`flush` (or the next second's first line) tells how many were held back.
"""

import _thread
import faulthandler
import os
import sys
import time
from typing import Final

ERROR: Final = 1
WARN: Final = 4
NOTICE: Final = 5
INFO: Final = 6
DEBUG: Final = 7
MAX_LEVEL: Final = 11

MAX_LINE: Final = 256  # bytes, line feed included; longer messages are cut
MAX_REPEATS: Final = 100  # lines of one template in one second
FROM_SIGNAL: Final = "." * 23  # stands for the time, as wide as one

_ESCAPES: Final = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
_JSON_ESCAPES: Final = {34: '\\"', 92: "\\\\"} | {
    code: f"\\u{code:04x}" for code in (*range(32), 127)
}


class _State:
    """The open log of this process; there is exactly one."""

    __slots__ = (
        "as_json",
        "clock_s",
        "clock_text",
        "fd",
        "level",
        "path",
        "repeats",
        "traces",
    )

    def __init__(self) -> None:
        self.fd = 2
        self.path = ""
        self.level = NOTICE
        self.as_json = False
        self.clock_s = -1  # the second that `clock_text` spells
        self.clock_text = ""
        self.repeats: dict[str, int] = {}  # template: lines in this second
        self.traces = False  # whether a crash leaves its stack here


_state = _State()


def open(path: str, level: int, as_json: bool = False) -> None:  # noqa: A001 # the log is opened
    """Write to `path` from now on, to stderr when empty; OSError says why not."""
    fd = _open_file(path) if path else 2
    _close()
    _state.fd, _state.path = fd, path
    _state.as_json = as_json
    set_level(level)


def join(path: str, level: int, as_json: bool = False) -> None:
    """Write to `path`, which others do already; to stderr while it does not open."""
    _state.path, _state.as_json = path, as_json
    set_level(level)
    reopen()


def reopen() -> None:
    """Open the file of the same name again; keep the old one if that fails."""
    if not _state.path:
        return
    try:
        # A pipe that nobody reads any more is a failure: waiting would stop everything.
        fd = _open_file(_state.path, os.O_NONBLOCK)
        os.set_blocking(fd, True)
    except OSError as failure:
        reason = os.strerror(failure.errno or 0)
        complain(f"reopening log file '{_state.path}' failed, ignored: {reason}")
        return
    _close()
    _state.fd = fd
    if _state.traces:
        trace_crashes()


def trace_crashes() -> None:
    """Have a crash of this process leave its stack in the log, after HUP too.

    Whoever enables that gets a small stack for all signals, which a few that come
    together overflow. So it is a thread that needs none; ours where the system has no
    thread for it.
    """
    _state.traces = True
    done = _thread.allocate_lock()
    done.acquire()

    def enable() -> None:
        try:
            faulthandler.enable(file=_state.fd)
        finally:
            done.release()

    try:
        _thread.start_new_thread(enable, ())
    except RuntimeError:
        enable()
    done.acquire()


def set_level(level: int) -> None:
    """Show lines up to `level`, held between 0 and 11."""
    _state.level = max(0, min(level, MAX_LEVEL))


def level() -> int:
    """Tell the level in force."""
    return _state.level


def wants(level: int) -> bool:
    """Tell whether a line of `level` would be shown."""
    return level <= _state.level


def always(message: str, *values: object) -> None:
    """Start and stop: shown at any level, never held back."""
    _emit("always", _place(), message % values if values else message)


def error(message: str, *values: object) -> None:
    """Something failed that an operator must see."""
    if _state.level >= ERROR:
        _say("error", message, values)


def warn(message: str, *values: object) -> None:
    """Something is odd but goes on."""
    if _state.level >= WARN:
        _say("warning", message, values)


def notice(message: str, *values: object) -> None:
    """Tell a life event; shown by default."""
    if _state.level >= NOTICE:
        _say("notice", message, values)


def info(message: str, *values: object) -> None:
    """Tell what happened to servers and requests that failed."""
    if _state.level >= INFO:
        _say("info", message, values)


def debug(message: str, *values: object) -> None:
    """Tell everything else; may show keys."""
    if _state.level >= DEBUG:
        _say("debug", message, values)


class Source:
    """The log of one module that is compiled and so has no frame to be found by.

    Its lines name the module; interpreted, it has a frame, and they name the line too.
    """

    __slots__ = ("file",)

    def __init__(self, module: str) -> None:
        self.file = f"{module.rpartition('.')[2]}.py"

    def wants(self, level: int) -> bool:
        """Tell whether a line of `level` would be shown."""
        return level <= _state.level

    def warn(self, message: str, *values: object) -> None:
        """Something is odd but goes on."""
        if _state.level >= WARN:
            _say("warning", message, values, self.file)

    def notice(self, message: str, *values: object) -> None:
        """Tell a life event; shown by default."""
        if _state.level >= NOTICE:
            _say("notice", message, values, self.file)

    def info(self, message: str, *values: object) -> None:
        """Tell what happened to servers and requests that failed."""
        if _state.level >= INFO:
            _say("info", message, values, self.file)


def complain(message: str) -> None:
    """Write to stderr, wherever the log goes; that it is closed stops nobody."""
    _write(2, f"{message}\n".encode("utf-8", "surrogateescape"))


def signal(message: str) -> None:
    """Tell of a signal: dots stand where the time and the place would."""
    if _state.as_json:
        _emit("signal", "signal", message)
    else:
        _write(_state.fd, _cut(f"[{FROM_SIGNAL}] ", message))


def flush() -> None:
    """Tell what was held back; called now and then and before the end."""
    held = [(text, n - MAX_REPEATS) for text, n in _state.repeats.items()]
    _state.repeats = {}
    for text, count in held:
        if count > 0:
            _emit("notice", "log.py", f"{count} more lines like this: {text}")


def _say(
    severity: str, template: str, values: tuple[object, ...], file: str = ""
) -> None:
    """Print one line unless its template had its share of this second."""
    if int(time.time()) != _state.clock_s:
        _tick()
    count = _state.repeats.get(template, 0) + 1
    _state.repeats[template] = count
    if count <= MAX_REPEATS:
        place = _place()
        if file and not place.startswith(f"{file}:"):
            place = file
        _emit(severity, place, template % values if values else template)


def _tick() -> None:
    """Begin a second: spell it once for all its lines, settle the last one."""
    _state.clock_s = int(time.time())
    now = time.localtime(_state.clock_s)
    _state.clock_text = (
        f"{now.tm_year:04d}-{now.tm_mon:02d}-{now.tm_mday:02d} "
        f"{now.tm_hour:02d}:{now.tm_min:02d}:{now.tm_sec:02d}"
    )
    flush()


def _place() -> str:
    """Name the file and line that called the public function some steps up."""
    frame = sys._getframe(2)
    while frame.f_back and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    name = frame.f_code.co_filename
    return f"{name[name.rfind('/') + 1 :]}:{frame.f_lineno}"


def _emit(severity: str, place: str, message: str) -> None:
    now = time.time()
    if int(now) != _state.clock_s:
        _tick()
    clock = f"{_state.clock_text}.{int(now * 1000) % 1000:03d}"
    if _state.as_json:
        text = message[: MAX_LINE * 4].translate(_JSON_ESCAPES)
        line = (
            f'{{"time":"{clock}","level":"{severity}","pid":{os.getpid()},'
            f'"source":"{place}","message":"{text}"}}\n'
        )
        _write(_state.fd, line.encode("utf-8", "backslashreplace"))
    else:
        _write(_state.fd, _cut(f"[{clock}] {place} ", message))


def _cut(prefix: str, message: str) -> bytes:
    """Make one line of it: control bytes spelled out, at most `MAX_LINE` bytes."""
    if not message.isprintable():
        message = message.translate(_ESCAPES)
    line = (prefix + message).encode("utf-8", "backslashreplace")
    return line[: MAX_LINE - 1] + b"\n"


def _open_file(path: str, more: int = 0) -> int:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    return os.open(path, flags | more, 0o644)


def _close() -> None:
    if _state.fd > 2:  # noqa: PLR2004 # stderr stays open
        os.close(_state.fd)
        _state.fd = 2


def _write(fd: int, line: bytes) -> None:
    """Write once; a full disk or a closed pipe must not stop the proxy."""
    try:
        os.write(fd, line)
    except OSError:
        return
