"""Known answers from the standards and from earlier independent work: the reference refuses to write vectors when it
disagrees with one of them."""

import hashlib

from aead import seal_with
from blake import b2b
from fields import number, to_field, to_scalar
from jubjub import SPEND_BASE, VIEW_BASE, group_hash, point_bytes
from keccak import keccak256
from keys import bip39_seed, derive, one_time_address
from notes import commitment, nullifier
from poseidon import permute, poseidon
from sortition import agrees_with_decimals, close_to_fractions
from text import bech32m, f4jumble

SAPLING_URS = b"096b36a5804bfacef1691e173c366a47ff5ba84a44f26ddd7e8d9f79d5b42df0"
# zcash-test-vectors, sapling_generators.json (skb) and f4jumble.json (the first pair).
SAPLING_SPEND_BASE = "30b5f2aaad325630bcdddbce4d67656d05fd1cc2d037bb5375b6e96d9e01a1d7"
JUMBLE_IN = "5d7a8f739a2d9e945b0ce152a8049e294c4d6e66b164939daffa2ef6ee6921481cdd86b3cc4318d9614fc820905d042b"
JUMBLE_OUT = "0304d029141b995da5387c125970673504d6c764d91ea6c082123770c7139ccd88ee27368cd0c0921a0444c8e5858d22"


def check():
    # RFC 7693, appendix A.
    assert hashlib.blake2b(b"abc").hexdigest().startswith("ba80a53f981c4d0d6a2797b69f12f6e9")
    # RFC 8439, 2.8.2.
    sealed = seal_with(
        bytes(range(0x80, 0xA0)),
        bytes.fromhex("070000004041424344454647"),
        bytes.fromhex("50515253c0c1c2c3c4c5c6c7"),
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
        b"sunscreen would be it.",
    )
    assert sealed[:8].hex() == "d31a8d34648e60db" and sealed[-16:].hex() == "1ae10b594f09e26a7e902ecbd0600691"
    # The empty string and Ethereum's empty code hash.
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    # BIP-39, its vector of all-zero entropy.
    assert bip39_seed("abandon " * 23 + "art", "TREZOR").hex().startswith("bda85446c68413707090a52022edd26a")
    # BIP-350.
    assert bech32m("a", b"") == "a1lqfn3a"
    # ZIP 316, first F4Jumble vector.
    assert f4jumble(bytes.fromhex(JUMBLE_IN)).hex() == JUMBLE_OUT
    # hadeshash poseidonperm_x5_255_3 and _5 (other round numbers, the same permutation and Grain code).
    assert permute([0, 1, 2], 57) == [
        0x28CE19420FC246A05553AD1E8C98F5C9D67166BE2C18E9E4CB4B4E317DD2A78A,
        0x51F3E312C95343A896CFD8945EA82BA956C1118CE9B9859B6EA56637B4B1DDC4,
        0x3B2B69139B235626A0BFB56C9527AE66A7BF486AD8C11C14D1DA0C69BBE0F79A,
    ]
    assert permute([0, 1, 2, 3, 4], 60)[0] == 0x2A918B9C9F9BD7BB509331C81E297B5707F6FC7393DCEE1B13901A0B22202E18
    # poseidon2 of npm poseidon-bls12381.
    assert poseidon(0, [1, 2]) == 0x3FB8310B0E962B75BFFEC5F9CFCBF3F965A7B1D2DCAC8D95CCB13D434E08E5FA
    # The Zcash protocol's Sapling spend authorisation base is the same group hash with its random beacon in front.
    spend_authorisation = group_hash(b"Zcash_G_", SAPLING_URS)
    assert point_bytes(spend_authorisation).hex() == SAPLING_SPEND_BASE
    # The binomial itself: exactly, and for large stakes to 160 digits.
    assert close_to_fractions(7, 9, 4) and close_to_fractions(60, 10**9, 10**8)
    assert agrees_with_decimals(1_000, 20_000, 1_500) and agrees_with_decimals(1 << 60, 1 << 60, 6_000)
    research()


def research():
    """Vectors of an earlier, separate Python implementation; TRACE has changed since."""
    assert SPEND_BASE[0] == 0x1480ADABD8719E2CB2F4BBE1B755E8613F5816093A40B4B5D2F0D288CE59BCBA
    assert VIEW_BASE[0] == 0x24D31B575B1975F2EE8E7720D563C645DA19A92498F7EACD648E831C4AD1F622
    keys = derive(bytes(range(32)))
    assert keys.zpk == 0x6DC22233C6B1D30197DC7E0262C97638F814352E922C083FC03E9F2B92B02554
    assert number(keys.vpk) == 0x2183D5593D80F38D9E96ABC6BBD9B79216F29821A74009FD8056D0D1A58511A2
    address = one_time_address(keys, to_scalar(b2b("SERO_esk", b"\x01" * 32)))
    assert number(address.vpkr) == 0x14453234ED05E66A65DD22BC90D72548D45BB5C5B6816AD148CFE79933257BB8
    assert address.zpkr == 0x57309655ED4571D417C87DBB33818AB6331F5E7FBE27306A352133A4490AF877
    cm = commitment(1, 10**18, address.vpkr_point[0], address.zpkr, to_field(b2b("SERO_rcm", b"\x01" * 32)))
    assert cm == 0x19FD2313FF58895E0B8A11B1F35F9B26AF4480738A40004DB53A154CB088C7A6
    assert nullifier(keys.nk, cm, 5) == 0x31860FBF3C53059E3FB39300C88EAF8EA4C4BA73A6047DE04356BC76C9D51EEF
