"""Transactions (docs/protocol.md, section 5)."""

from blake import b2b, b2b_256
from fields import to_field
from ssz import byte_list, byte_vector, container, listing, serialize, uint, vector

U8, U64, U128 = uint(8), uint(64), uint(128)
BYTES32, BYTES64 = byte_vector(32), byte_vector(64)

OUTPUT = container(
    cm=BYTES32, vpkr=BYTES32, tag=byte_vector(2), enc=byte_vector(97), out=byte_vector(112), memoKey=byte_vector(48)
)
SHIELDED = container(
    anchor=U64, rk=BYTES32, nullifiers=listing(BYTES32, 8), traces=listing(BYTES32, 8), outputs=listing(OUTPUT, 16)
)
PUB = container(asset=BYTES32, pubOut=vector(U128, 2))
CALL = container(to=listing(BYTES64, 1), data=byte_list(131072), value=U128, amount=U128)
TX = container(
    version=U8,
    kind=U8,
    proofSystem=U8,
    circuit=U8,
    chainId=U64,
    expiry=U64,
    gasLimit=U64,
    gasPrice=U128,
    **{"from": BYTES64},
    shielded=SHIELDED,
    memo=byte_list(528),
    pub=PUB,
    call=listing(CALL, 1),
    recipients=listing(BYTES64, 16),
    body=byte_list(65536),
)
BARE_TX = container(version=U8, kind=U8, proofSystem=U8, circuit=U8, chainId=U64, body=byte_list(131072))
AUTHORIZATION = container(proof=byte_vector(192), signature=BYTES64)
COMMIT = container(hash=BYTES32)
ISSUE = container(name=byte_list(32), salt=BYTES32, supply=U128, kind=U8)
ASSET_BODY = container(commit=listing(COMMIT, 1), issue=listing(ISSUE, 1))


def envelope(inner, authorization):
    """`inner` is the encoding of a Tx or BareTx."""
    kind = container(tx=byte_list(1 << 24), authorization=listing(AUTHORIZATION, 1))
    return serialize(kind, {"tx": inner, "authorization": authorization})


def hash_e(genesis_hash, encoded_tx):
    return to_field(b2b("SERO_TXE_v1", genesis_hash, encoded_tx))


def wtxid(envelope_bytes):
    return b2b_256("SERO_WTX_v1", envelope_bytes)
