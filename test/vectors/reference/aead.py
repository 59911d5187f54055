"""ChaCha20-Poly1305 (RFC 8439), one message a key: nonce 0, no associated data."""

import struct


def _quarter(s, a, b, c, d):
    for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & 0xFFFFFFFF
        w = s[z] ^ s[x]
        s[z] = ((w << turn) | (w >> (32 - turn))) & 0xFFFFFFFF


def chacha20_block(key, counter, nonce):
    start = [*struct.unpack("<4I", b"expand 32-byte k"), *struct.unpack("<8I", key), counter, *struct.unpack("<3I", nonce)]
    s = list(start)
    for _ in range(10):
        for columns in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)):
            _quarter(s, *columns)
        for diagonals in ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            _quarter(s, *diagonals)
    return struct.pack("<16I", *((x + y) & 0xFFFFFFFF for x, y in zip(s, start)))


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    s = int.from_bytes(key[16:], "little")
    total = 0
    for i in range(0, len(message), 16):
        total = (total + int.from_bytes(message[i : i + 16] + b"\x01", "little")) * r % ((1 << 130) - 5)
    return ((total + s) & ((1 << 128) - 1)).to_bytes(16, "little")


def _pad16(x):
    return x + bytes(-len(x) % 16)


def seal_with(key, nonce, associated, plaintext):
    """The whole construction; the protocol uses seal()."""
    ciphertext = bytearray()
    for i in range(0, len(plaintext), 64):
        stream = chacha20_block(key, 1 + i // 64, nonce)
        ciphertext += bytes(x ^ y for x, y in zip(plaintext[i : i + 64], stream))
    ciphertext = bytes(ciphertext)
    lengths = struct.pack("<QQ", len(associated), len(ciphertext))
    tag = poly1305(chacha20_block(key, 0, nonce)[:32], _pad16(associated) + _pad16(ciphertext) + lengths)
    return ciphertext + tag


def seal(key, plaintext):
    """AEAD(key, plaintext)."""
    return seal_with(key, bytes(12), b"", plaintext)
