cimport cython
from twemproxy.net.poller cimport Poller

cdef extern from "<sys/epoll.h>" nogil:
    ctypedef union epoll_data_t:
        int fd
    struct epoll_event:
        unsigned int events
        epoll_data_t data

@cython.final
cdef class EpollPoller(Poller):
    cdef int epoll
    cdef epoll_event events[512]
