from twemproxy.proxy.client cimport Client
from twemproxy.proxy.server_connection cimport ServerConnection

cdef Py_ssize_t MAX_SERVER_QUEUE_BYTES

cpdef send_on(ServerConnection conn, Client client)
