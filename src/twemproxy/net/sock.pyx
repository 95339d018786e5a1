"""System calls on sockets, compiled.

Every call works on a non-blocking descriptor and returns what happened as a
number: 0 or more is a count, `AGAIN` says that nothing can be done now, anything
else is ``-errno``.
"""

from cpython.bytearray cimport PyByteArray_AS_STRING
from libc.errno cimport EAGAIN, EINTR, errno

from twemproxy.net.outcome cimport AGAIN
from twemproxy.net.slab cimport Piece

cdef extern from "<sys/uio.h>" nogil:
    struct iovec:
        void *iov_base
        size_t iov_len

cdef extern from "<sys/socket.h>" nogil:
    struct sockaddr:
        pass
    struct msghdr:
        iovec *msg_iov
        size_t msg_iovlen
    enum:
        MSG_MORE, MSG_NOSIGNAL
    ssize_t recv(int fd, void *buf, size_t room, int flags)
    ssize_t c_send "send"(int fd, const void *buf, size_t length, int flags)
    ssize_t sendmsg(int fd, const msghdr *message, int flags)
    int c_accept "accept"(int fd, sockaddr *address, unsigned int *length)
    int setsockopt(int fd, int level, int name, const void *value, unsigned int size)

cdef extern from "<fcntl.h>" nogil:
    enum:
        F_GETFL, F_SETFL, F_SETFD, FD_CLOEXEC, O_NONBLOCK
    int fcntl(int fd, int command, ...)

cdef extern from "<netinet/in.h>" nogil:
    enum:
        IPPROTO_TCP

cdef extern from "<netinet/tcp.h>" nogil:
    enum:
        TCP_NODELAY

cdef extern from "<string.h>" nogil:
    void *memset(void *to, int value, size_t size)



cdef inline Py_ssize_t outcome(Py_ssize_t result) noexcept:
    if result >= 0:
        return result
    if errno == EAGAIN or errno == EINTR:
        return AGAIN
    return -errno


cpdef Py_ssize_t receive(int fd, bytearray buf, Py_ssize_t at, Py_ssize_t room) except? -1000:
    """Receive up to `room` bytes to buf[at:]; 0 is the end of the stream."""
    if at < 0 or room <= 0 or at + room > len(buf):
        raise IndexError(f"{at} + {room} of {len(buf)}")
    return outcome(recv(fd, PyByteArray_AS_STRING(buf) + at, room, 0))


cpdef Py_ssize_t send(int fd, Piece head) except? -1000:
    """Send the chain from `head`, at most `MAX_PIECES` of it, up to the first pipe."""
    cdef iovec vector[64]
    cdef msghdr message
    cdef Piece piece = head
    cdef int count = 0
    cdef int flags = MSG_NOSIGNAL
    while piece is not None and count < 64:
        if piece.pipe is not None:
            flags |= MSG_MORE
            break
        if piece.off < 0 or piece.length < 0 or piece.off + piece.length > len(piece.slab.buf):
            raise IndexError(f"{piece.off} + {piece.length} of {len(piece.slab.buf)}")
        vector[count].iov_base = PyByteArray_AS_STRING(piece.slab.buf) + piece.off
        vector[count].iov_len = piece.length
        count += 1
        piece = piece.next
    if count == 1:
        return outcome(c_send(fd, vector[0].iov_base, vector[0].iov_len, flags))
    memset(&message, 0, sizeof(message))
    message.msg_iov = vector
    message.msg_iovlen = count
    return outcome(sendmsg(fd, &message, flags))


cpdef int accept(int fd) except? -1000:
    """Accept one connection, non-blocking and closed on exec; return its descriptor."""
    cdef int conn = c_accept(fd, NULL, NULL)
    if conn < 0:
        return <int>outcome(conn)
    fcntl(conn, F_SETFD, FD_CLOEXEC)
    fcntl(conn, F_SETFL, fcntl(conn, F_GETFL) | O_NONBLOCK)
    return conn


cpdef no_delay(int fd):
    """Send small segments at once; an error means a UNIX socket and is ignored."""
    cdef int on = 1
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on))
