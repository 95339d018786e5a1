"""Django's two cache backends for memcached: ``PORT BACKEND``."""

import sys

import django
from django.conf import settings
from django.core.cache import cache
from django.core.cache.backends.base import InvalidCacheKey


def main(port: str, name: str) -> None:
    """Use it as a site does."""
    backend = f"django.core.cache.backends.memcached.{name}"
    location = f"127.0.0.1:{port}"
    settings.configure(CACHES={"default": {"BACKEND": backend, "LOCATION": location}})
    django.setup()
    cache.set("page", {"title": "home"}, 30)
    assert cache.get("page") == {"title": "home"}
    assert cache.get("nothing", "default") == "default"
    assert cache.add("page", "other") is False
    assert cache.get_or_set("made", lambda: [1, 2]) == [1, 2]
    cache.set("hits", 1)
    assert cache.incr("hits", 2) == 3
    assert cache.decr("hits") == 2
    assert cache.touch("page", 60)
    assert cache.has_key("page")
    pages = {f"page:{i}": i for i in range(30)}
    assert cache.set_many(pages, 30) == []
    assert cache.get_many([*pages, "nothing"]) == pages
    cache.delete_many(pages)
    assert cache.get_many(pages) == {}
    large = "x" * 900_000
    cache.set("large", large)
    assert cache.get("large") == large
    try:
        cache.set("k" * 300, "value")
    except InvalidCacheKey:
        pass
    else:
        raise AssertionError("the key is too long")
    assert cache.delete("page")
    assert not cache.delete("page")
    cache.clear()
    assert cache.get("hits") is None


if __name__ == "__main__":
    main(*sys.argv[1:])
