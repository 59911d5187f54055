"""BLAKE2b with a personalisation (RFC 7693, through hashlib)."""

import hashlib


def b2b(personalisation, *parts):
    """B2b(p, x): 64 bytes. hashlib pads the personalisation right with zero bytes."""
    return hashlib.blake2b(b"".join(parts), person=personalisation.encode("ascii")).digest()


def b2b_256(personalisation, *parts):
    """B2b-256(p, x): a digest of 32 bytes with its own parameter block, not a truncation."""
    return hashlib.blake2b(b"".join(parts), digest_size=32, person=personalisation.encode("ascii")).digest()
