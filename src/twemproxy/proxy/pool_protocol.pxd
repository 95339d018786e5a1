from twemproxy.net.slab cimport Slab, holding
from twemproxy.proxy.client cimport Client
from twemproxy.proxy.pairing cimport Pairing
from twemproxy.proxy.pool cimport Pool
from twemproxy.proxy.protocol cimport Protocol
from twemproxy.proxy.server_connection cimport ServerConnection
from twemproxy.stats cimport slot
from twemproxy.wire.scanner cimport Scanner

cdef Py_ssize_t BEGUN_BYTES

cdef class PoolProtocol(Protocol):
    cdef Pool pool
    cdef Pairing pairing
    cdef Scanner scanner

    cpdef Scanner new_scanner(self)
    cpdef bytes not_spoken(self, bytes begun, str text)
    cdef lend(self, Client client)
    cdef answer(self, Client client, bytes reply)
