"""Import asyncio without ssl, which nobody here uses: 4 of the supervisor's 25 MB.

asyncio does without it where Python was built so; for the time of its import we look
like such a Python. Whoever needs ssl later imports it as ever.
"""

import sys

if "asyncio" not in sys.modules and "ssl" not in sys.modules:
    sys.modules["ssl"] = None  # type: ignore[assignment] # "not there", says the import
    try:
        import asyncio  # noqa: F401
    finally:
        del sys.modules["ssl"]
