"""SSZ serialisation (Ethereum consensus specifications, ssz/simple-serialize.md) of the types that transactions use.

A type is (fixed size or None, encoder)."""


def uint(bits):
    return (bits // 8, lambda x: x.to_bytes(bits // 8, "little"))


def byte_vector(size):
    def encode(x):
        assert len(x) == size, f"{len(x)} bytes instead of {size}"
        return bytes(x)

    return (size, encode)


def byte_list(limit):
    def encode(x):
        assert len(x) <= limit
        return bytes(x)

    return (None, encode)


def _sequence(types, values):
    """Fixed-size parts in place; a variable part as a 4-byte offset, its bytes behind the fixed area."""
    parts = [(size, encode(x)) for (size, encode), x in zip(types, values, strict=True)]
    offset = sum(4 if size is None else size for size, _ in parts)
    fixed, variable = b"", b""
    for size, encoded in parts:
        if size is None:
            fixed += (offset + len(variable)).to_bytes(4, "little")
            variable += encoded
        else:
            assert len(encoded) == size
            fixed += encoded
    return fixed + variable


def vector(element, count):
    size = None if element[0] is None else element[0] * count

    def encode(values):
        assert len(values) == count
        return _sequence([element] * count, values)

    return (size, encode)


def listing(element, limit):
    def encode(values):
        assert len(values) <= limit
        return _sequence([element] * len(values), values)

    return (None, encode)


def container(**fields):
    sizes = [size for size, _ in fields.values()]
    size = None if None in sizes else sum(sizes)

    def encode(value):
        assert value.keys() == fields.keys(), f"fields {sorted(value.keys() ^ fields.keys())}"
        return _sequence(list(fields.values()), [value[name] for name in fields])

    return (size, encode)


def serialize(kind, value):
    return kind[1](value)
