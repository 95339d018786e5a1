"""Short words and their rows, compiled: an open-addressing table of plain numbers."""

from libc.stdint cimport uint64_t
from libc.stdlib cimport calloc, free

from twemproxy.span cimport bytes_at, first_byte

cdef enum:
    WORD_BYTES = 8
    NO_WORD = -2

cdef uint64_t SCATTER = 0x9E3779B97F4A7C15u  # 2**64 divided by the golden ratio


cdef class WordTable:
    """Rows by short words; with `fold` it is blind to the case of ASCII letters."""

    def __cinit__(self, Py_ssize_t words, bint fold):
        """Have room for so many words."""
        cdef uint64_t size = 8
        while size < 3 * <uint64_t>words:
            size *= 2
        self.fold = fold
        self.mask = size - 1
        self.words = <uint64_t *>calloc(size, sizeof(uint64_t))
        self.rows = <int *>calloc(size, sizeof(int))
        if self.words is NULL or self.rows is NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.words)
        free(self.rows)

    cpdef add(self, bytearray word, int row):
        """Give a word in lower case a row; a long one is not taken up."""
        cdef uint64_t number = word_at(word, 0, len(word), False)
        cdef uint64_t slot
        if number:
            slot = self.slot_of(number)
            self.words[slot] = number
            self.rows[slot] = row

    cpdef int find(self, bytearray buf, Py_ssize_t start, Py_ssize_t end) except -3:
        """Return the row of the word buf[start:end], -1 without one, or NO_WORD."""
        cdef uint64_t number = number_of(first_byte(buf, start, end), end - start, self.fold)
        cdef uint64_t slot
        if number == 0:
            return NO_WORD
        slot = self.slot_of(number)
        return self.rows[slot] if self.words[slot] == number else -1

    cdef uint64_t slot_of(self, uint64_t number) noexcept:
        """Return the slot of a word, or the free one where it belongs: there are some."""
        cdef uint64_t slot = (number * SCATTER) >> 32 & self.mask
        while self.words[slot] and self.words[slot] != number:
            slot = (slot + 1) & self.mask
        return slot


cpdef uint64_t word_at(bytearray buf, Py_ssize_t start, Py_ssize_t end, bint fold) except? 0:
    """Return the number that buf[start:end] is, 0 if it is none."""
    return number_of(first_byte(buf, start, end), end - start, fold)


cdef inline uint64_t number_of(bytes_at byte, Py_ssize_t length, bint fold) noexcept:
    cdef uint64_t value = 0
    cdef unsigned int letter
    if length <= 0 or length > WORD_BYTES:
        return 0
    while length > 0:
        letter = byte[0]
        if letter == 0:
            return 0
        if fold and letter - 65 < 26:  # an upper-case one
            letter += 32
        value = value << 8 | letter
        byte += 1
        length -= 1
    return value
