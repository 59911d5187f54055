"""Assets, notes, nullifiers, traces and the encryption of outputs (docs/protocol.md, section 3)."""

from types import SimpleNamespace

from aead import seal
from blake import b2b, b2b_256
from fields import Q, field_bytes, le32, le64, le128, le256, to_field, to_scalar
from keys import one_time_address
from poseidon import h

SERO = 1
TOKEN, TICKET = 1, 2
MEMO_SIZE = 512


def name32(name):
    return name.encode("ascii").ljust(32, b"\0")


def ticket_name32(category32, id32):
    return b2b_256("SERO_ticket", category32, id32)


def asset_id(chain_id, kind, name):
    return to_field(b2b("SERO_asset", le64(chain_id), bytes([kind]), name))


def context(first_nil, index):
    return field_bytes(first_nil) + le32(index)


def commitment(asset, value, vpkr_u, zpkr, rcm, data=0):
    return h("cm", asset, value, vpkr_u, zpkr, rcm, data)


def note(receiver, asset, value, rseed, ctx):
    """A new note to the receiver's account."""
    e = to_scalar(b2b("SERO_esk", rseed, ctx))
    assert e
    n = SimpleNamespace(asset=asset, value=value, rseed=rseed, ctx=ctx)
    n.rcm = to_field(b2b("SERO_rcm", rseed, ctx))
    n.address = one_time_address(receiver, e)
    n.cm = commitment(asset, value, n.address.vpkr_point[0], n.address.zpkr, n.rcm)
    return n


def nullifier(nk, cm, position):
    return h("nil", nk, cm, position)


def trace(keys, nil, position, value):
    return (position + (1 << 48 if value else 0) + h("trace", keys.tk, keys.zpk, nil)) % Q


def encrypt(n, receiver, sender):
    """The note's ciphertexts and the keys that they are under."""
    a = n.address
    out = SimpleNamespace()
    out.note_key = b2b_256("SERO_kdf", a.s, a.vpkr, field_bytes(n.cm))
    out.tag = b2b("SERO_tag", a.s, a.vpkr)[:2]
    out.note_plaintext = b"\x01" + field_bytes(n.asset) + le128(n.value) + n.rseed
    out.enc = seal(out.note_key, out.note_plaintext)
    out.outgoing_key = b2b_256("SERO_ock", sender.ovk, field_bytes(n.cm), a.vpkr)
    out.outgoing_plaintext = receiver.pk + le256(a.e)
    out.out = seal(out.outgoing_key, out.outgoing_plaintext)
    return out


def memo_bytes(text):
    return text.encode().ljust(MEMO_SIZE, b"\0")


def wrap_memo_key(n, memo_key):
    wrapping = b2b_256("SERO_kdfm", n.address.s, n.address.vpkr, field_bytes(n.cm))
    return wrapping, seal(wrapping, memo_key)


def public_rcm(txid, index):
    return h("pub", txid, index)


def system_txid(genesis_hash, height, purpose, n):
    return to_field(b2b("SERO_SYS_v1", genesis_hash, le64(height), bytes([purpose]), le32(n)))
