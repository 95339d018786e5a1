"""Notice that the configuration file became another one.

Looked at, not listened to: an editor that renames, a config map whose symbolic links
are swapped, a file system without notifications all end in another identity of what
the path leads to. A file still being written changes from look to look, so a change
counts once two looks in a row agree.
"""

from pathlib import Path

Identity = tuple[str, int, int, int, int]


class Watch:
    """Remembers a path's file as it was when last reported."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._known = self._last = self._look()

    def changed(self) -> bool:
        """Look again; true once for every change, when the file has come to rest."""
        now = self._look()
        at_rest, self._last = now == self._last, now
        if now is None or not at_rest or now == self._known:
            return False
        self._known = now
        return True

    def note(self) -> None:
        """Know what is there now: it is about to be read, whoever asked for that."""
        self._known = self._last = self._look()

    def _look(self) -> Identity | None:
        try:
            path = Path(self._path).resolve(strict=True)
            found = path.stat()
        except (OSError, RuntimeError):  # gone, or links that lead in a circle
            return None
        return str(path), found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size
