"""How values are written in the JSON files, and the arbitrary bytes that fill them."""

import hashlib


def integer(x):
    """A field element or scalar: 0x and 64 hexadecimal digits, most significant first."""
    return f"0x{x:064x}"


def amount(x):
    """An unsigned integer of up to 128 bits that JSON numbers may not hold: decimal digits in a string."""
    return str(x)


def octets(b):
    """A byte string: hexadecimal digits, nothing in front."""
    return b.hex()


def fill(label, size):
    """Arbitrary but reproducible bytes; every use shows the result, so no reader needs this function."""
    return hashlib.shake_256(b"sero vectors/" + label.encode()).digest(size)
