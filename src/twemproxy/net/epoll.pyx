"""The epoll poller, compiled.

The GIL is released while waiting, and signals are looked at afterwards, because
Python's handlers run only when a loop asks for them.
"""

cimport cython
from cpython.exc cimport PyErr_CheckSignals, PyErr_SetFromErrno
from libc.errno cimport EINTR, errno
from posix.time cimport nanosleep, timespec

from twemproxy.net.poller cimport Poller

cdef extern from "<sys/epoll.h>" nogil:
    enum:
        EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR, EPOLLET
        EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CLOEXEC
    int epoll_create1(int flags)
    int epoll_ctl(int epoll, int operation, int fd, epoll_event *event)
    int epoll_wait(int epoll, epoll_event *events, int count, int timeout_ms)

cdef extern from "<sys/prctl.h>" nogil:
    enum:
        PR_SET_TIMERSLACK
    int prctl(int option, unsigned long value)

cdef extern from "<unistd.h>" nogil:
    int close(int fd)


@cython.final
cdef class EpollPoller(Poller):
    """Edge-triggered, each descriptor registered once for everything."""

    def __cinit__(self):
        self.epoll = epoll_create1(EPOLL_CLOEXEC)
        if self.epoll < 0:
            PyErr_SetFromErrno(OSError)
        prctl(PR_SET_TIMERSLACK, 1)  # else a short sleep takes 50 µs more

    def __dealloc__(self):
        close(self.epoll)

    cpdef add(self, int fd):
        """Watch `fd` for everything, once."""
        cdef epoll_event event
        event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET
        event.data.fd = fd
        if epoll_ctl(self.epoll, EPOLL_CTL_ADD, fd, &event) < 0:
            PyErr_SetFromErrno(OSError)

    cpdef remove(self, int fd):
        """Stop watching `fd`."""
        cdef epoll_event event
        if epoll_ctl(self.epoll, EPOLL_CTL_DEL, fd, &event) < 0:
            PyErr_SetFromErrno(OSError)

    cpdef want(self, int fd, bint read, bint write):
        """Nothing to do: every edge is reported."""

    cpdef int wait(self, int timeout_ms) except -1:
        """Wait for events; return how many."""
        cdef int count
        with nogil:
            count = epoll_wait(self.epoll, self.events, 512, timeout_ms)
        PyErr_CheckSignals()
        if count < 0:
            if errno == EINTR:
                return 0
            PyErr_SetFromErrno(OSError)
        return count

    cpdef int fd(self, int i) except -1:
        """Return the descriptor of event `i`."""
        if i < 0 or i >= 512:
            raise IndexError(i)
        return self.events[i].data.fd

    cpdef int flags(self, int i) except -1:
        """Return what happened to it."""
        cdef unsigned int events
        cdef int flags = 0
        if i < 0 or i >= 512:
            raise IndexError(i)
        events = self.events[i].events
        if events & EPOLLIN:
            flags |= 1
        if events & EPOLLOUT:
            flags |= 2
        if events & (<unsigned int>EPOLLRDHUP | EPOLLHUP | EPOLLERR):
            flags |= 7
        return flags

    cpdef breathe(self, int time_us):
        """Sleep that long, to the microsecond."""
        cdef timespec moment
        moment.tv_sec = 0
        moment.tv_nsec = time_us * 1000
        with nogil:
            nanosleep(&moment, NULL)
