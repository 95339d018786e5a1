"""The version of this package, and the C program whose behaviour it keeps."""

from typing import Final

VERSION: Final = "1.0.0"
COMPATIBLE: Final = "0.5.0"
