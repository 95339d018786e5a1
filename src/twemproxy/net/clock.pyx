"""The time of the loop, compiled: one call that never leaves user space."""

from libc.stdint cimport int64_t
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec


cpdef int64_t monotonic_us() noexcept:
    """Return microseconds since some fixed moment; never goes back."""
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return <int64_t>now.tv_sec * 1000000 + now.tv_nsec // 1000
