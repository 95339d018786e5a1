cdef class Poller:
    cpdef add(self, int fd)
    cpdef remove(self, int fd)
    cpdef want(self, int fd, bint read, bint write)
    cpdef int wait(self, int timeout_ms) except -1
    cpdef int fd(self, int i) except -1
    cpdef int flags(self, int i) except -1
    cpdef breathe(self, int time_us)
