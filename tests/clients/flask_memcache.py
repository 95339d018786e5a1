"""Flask-Caching's memcached backend, on the best library there is: ``PORT``."""

import sys

from flask import Flask
from flask_caching import Cache


def main(port: int) -> None:
    """Use it as an application does."""
    app = Flask("shop")
    servers = [f"127.0.0.1:{port}"]
    config = {"CACHE_TYPE": "MemcachedCache", "CACHE_MEMCACHED_SERVERS": servers}
    cache = Cache(app, config=config)
    calls = []

    def price(item: str) -> int:
        calls.append(item)
        return len(item)

    with app.app_context():
        memoized = cache.memoize(timeout=30)(price)
        assert [memoized("apple"), memoized("apple")] == [5, 5]
        assert calls == ["apple"]
        cache.set("page", {"title": "home"})
        assert cache.get("page") == {"title": "home"}
        assert cache.get("nothing") is None
        assert not cache.add("page", "other")
        pages = {f"page:{i}": i for i in range(30)}
        cache.set_many(pages)
        assert cache.get_many(*pages) == list(pages.values())
        assert cache.get_dict(*pages) == pages
        cache.delete_many(*pages)
        assert cache.get_many(*pages) == [None] * 30
        assert cache.delete("page")
        cache.delete_memoized(memoized)
        assert memoized("apple") == 5
        assert calls == ["apple", "apple"]
        cache.clear()
        assert cache.get("page:1") is None


if __name__ == "__main__":
    main(int(sys.argv[1]))
