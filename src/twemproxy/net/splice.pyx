"""Bytes from a socket to a pipe and back without a copy, compiled; Linux only.

Both calls report as those of ``sock`` do: 0 or more is a count, `AGAIN` says that
nothing can be done now, anything else is ``-errno``.
"""

from libc.errno cimport EAGAIN, EINTR, errno
from twemproxy.net.outcome cimport AGAIN

cdef extern from *:
    """
    #include <errno.h>
    #include <fcntl.h>
    #include <sys/ioctl.h>
    #ifdef SPLICE_F_NONBLOCK
    #define MOVE_FLAGS (SPLICE_F_MOVE | SPLICE_F_NONBLOCK)
    #define MOVE_MORE SPLICE_F_MORE
    #else
    #define MOVE_FLAGS 0
    #define MOVE_MORE 0
    static ssize_t splice(int in, void *a, int out, void *b, size_t n, unsigned f)
    {
        (void)in; (void)a; (void)out; (void)b; (void)n; (void)f;
        errno = EINVAL;
        return -1;
    }
    #endif
    """
    enum:
        MOVE_FLAGS, MOVE_MORE, FIONREAD
    ssize_t splice(int source, void *at, int target, void *to, size_t length,
                   unsigned int flags) nogil
    int ioctl(int fd, unsigned long request, ...) nogil


cpdef Py_ssize_t move(int source, int target, Py_ssize_t length, bint more) except? -1000:
    """Move up to `length` bytes, behind which `more` follow; one end is a pipe."""
    cdef Py_ssize_t count = splice(
        source, NULL, target, NULL, length, MOVE_FLAGS | (MOVE_MORE if more else 0)
    )
    if count >= 0:
        return count
    if errno == EAGAIN or errno == EINTR:
        return AGAIN
    return -errno


cpdef int unread(int fd) except? -1000:
    """Return how many bytes wait to be received."""
    cdef int count = 0
    if ioctl(fd, FIONREAD, &count) < 0:
        return 0
    return count
