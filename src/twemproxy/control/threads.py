"""Blocking calls off the loop, in threads that never hold up the end.

The loop's own executor is joined at exit, so a name server that does not answer
would keep a stopped proxy alive for half a minute. These threads are daemons.
"""

import asyncio
import errno
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


async def in_thread(call: Callable[[], Result]) -> Result:
    """Run `call` in a thread of its own; its exception becomes ours.

    OSError when the system has no thread for it now.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Result] = loop.create_future()

    def settle(result: Result | None, failure: BaseException | None) -> None:
        if outcome.done():
            return
        if failure is not None:
            outcome.set_exception(failure)
        else:
            outcome.set_result(result)  # type: ignore[arg-type] # None is a Result here

    def work() -> None:
        result, failure = None, None
        try:
            result = call()
        except Exception as error:  # handed to the awaiting task
            failure = error
        try:
            loop.call_soon_threadsafe(settle, result, failure)
        except RuntimeError:
            return  # the loop is closed, nobody waits

    try:
        threading.Thread(target=work, daemon=True).start()
    except RuntimeError as failure:
        raise OSError(errno.EAGAIN, str(failure)) from failure
    return await outcome
