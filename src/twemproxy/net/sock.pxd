from twemproxy.net.slab cimport Piece

cpdef Py_ssize_t receive(int fd, bytearray buf, Py_ssize_t at, Py_ssize_t room) except? -1000
cpdef Py_ssize_t send(int fd, Piece head) except? -1000
cpdef int accept(int fd) except? -1000
cpdef no_delay(int fd)
