cimport cython
from libc.stdint cimport int64_t
from twemproxy.net cimport outcome
from twemproxy.net.clock cimport monotonic_us
from twemproxy.net.poller cimport Poller
from twemproxy.net.slab cimport Slab

cdef Py_ssize_t SLAB_BYTES
cdef Py_ssize_t PLENTY, HEAVY, FEW_TIMERS
cdef int64_t MAX_SLEEP_MS, HELD_MS, NEVER, BREATH_US, LONG_BREATH_US, EASY_US, LONG_HOLD_US
cdef int CROWD, GATHER, HOLD, PART, SHARE, SLOWLY

cdef class Handler:
    cdef public int fd, stage
    cdef public unsigned char dirty, in_again, on_hold, unsettled  # a bint takes four
    cpdef on_event(self, int flags)
    cpdef flush(self)
    cpdef send_held(self)
    cpdef settle(self)

@cython.final
cdef class Timer:
    cdef public object call
    cpdef cancel(self)

cdef class Reactor:
    cdef public Poller poller
    cdef list handlers
    cdef public Slab slab
    cdef public list again, dirty_servers, dirty_clients, unsettled, held, timers
    cdef public int64_t due_ms, now_ms, now_us, sequence, ticks, wait_us, release_us
    cdef public int batch
    cdef public Py_ssize_t askers, under_way, moved, timers_room
    cdef public bint running

    cpdef read_clock(self)
    @cython.locals(fd=int)
    cpdef register(self, Handler handler)
    cpdef unregister(self, Handler handler)
    @cython.locals(timer=Timer)
    cpdef Timer call_at(self, int64_t at_ms, object call)
    cdef drop_cancelled(self)
    cpdef int flush_later(self, Handler handler) except -1
    cpdef read_later(self, Handler handler)
    cdef settle_later(self, Handler handler)
    cpdef hold(self, Handler handler)
    @cython.locals(most_ms=int64_t)
    cpdef int timeout_ms(self) except? -2
    @cython.locals(count=int, i=int, handler=Handler, crowded=bint)
    cpdef tick(self, int timeout_ms)
    @cython.locals(again=list, handler=Handler)
    cdef read_again(self)
    @cython.locals(breath_us=int64_t)
    cpdef int breath_us(self) except -1
    cpdef bint is_busy(self) except -1
    @cython.locals(step_us=int64_t)
    cpdef int learn_wait(self, int64_t wait_us) except -1
    cpdef int count_moved(self, bint is_heavy) except -1
    cdef int make_room(self) except -1
    @cython.locals(unsettled=list, handler=Handler)
    cpdef finish(self)
    @cython.locals(handlers=list, handler=Handler)
    cdef flush_servers(self)
    @cython.locals(handlers=list, handler=Handler)
    cdef flush_clients(self)
    @cython.locals(handlers=list, handler=Handler)
    cdef release_held(self)
    cpdef run_timers(self)
