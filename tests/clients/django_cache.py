"""Django's own cache backend: ``PORT``."""

import sys

import django
from django.conf import settings
from django.core.cache import cache
from redis.exceptions import ResponseError


def main(port: str) -> None:
    """Use it as a site does."""
    backend = "django.core.cache.backends.redis.RedisCache"
    location = f"redis://127.0.0.1:{port}"
    settings.configure(CACHES={"default": {"BACKEND": backend, "LOCATION": location}})
    django.setup()
    cache.set("page", {"title": "home"}, 30)
    assert cache.get("page") == {"title": "home"}
    assert cache.get("nothing", "default") == "default"
    assert cache.add("page", "other") is False
    cache.set("hits", 1)
    assert cache.incr("hits", 2) == 3
    assert cache.touch("page", 60)
    assert cache.has_key("page")
    pages = {f"page:{i}": i for i in range(30)}
    try:
        cache.set_many(pages)
    except ResponseError as error:
        assert "transaction" in str(error)  # it insists on MULTI
    for page, value in pages.items():
        cache.set(page, value)
    assert cache.get_many([*pages, "nothing"]) == pages
    cache.delete_many(pages)
    assert cache.get_many(pages) == {}
    assert cache.delete("page")
    cache.clear()
    assert cache.get("hits") is None


if __name__ == "__main__":
    main(sys.argv[1])
