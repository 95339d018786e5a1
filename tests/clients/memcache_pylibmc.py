"""pylibmc, that is libmemcached."""

import pylibmc

from tests.clients.memcache_library import Classic
from tests.support.ports import LOOPBACK


class Pylibmc(Classic):
    """pylibmc; some things have to be switched on."""

    def __init__(self, port: int) -> None:
        self.client = pylibmc.Client([f"{LOOPBACK}:{port}"])

    def count(self, key: str, by: int) -> int | None:
        """Add to a number, or subtract."""
        try:
            return super().count(key, by)
        except pylibmc.NotFound:
            return None

    def gets(self, key: str) -> tuple[bytes, object]:
        """Return a value and its number."""
        self.client.behaviors["cas"] = True
        value, token = self.client.gets(key)
        return value, token

    def cas(self, key: str, value: bytes, token: object) -> bool:
        """Store a value if nobody did."""
        return bool(self.client.cas(key, value, token))

    def tell(self, key: str, value: bytes) -> None:
        """Store a value without reply."""
        quiet = self.client.clone()
        quiet.behaviors["_noreply"] = True
        quiet.set(key, value)
        quiet.disconnect_all()
