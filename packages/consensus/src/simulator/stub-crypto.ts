import { concat, type Ed25519, equalBytes, le32, toHex, type Vrf } from '@sero/crypto';
import type { VoteCrypto } from '@sero/protocol';

/** Chaskey's permutation (Mouha et al. 2014, with the 8 rounds of its first version): additions, rotations, exclusive ors. */
function permute(state: Uint32Array): void {
  let [a, b, c, d] = [state[0]!, state[1]!, state[2]!, state[3]!];
  for (let round = 0; round < 8; round++) {
    a = (a + b) | 0;
    b = ((b << 5) | (b >>> 27)) ^ a;
    a = (a << 16) | (a >>> 16);
    c = (c + d) | 0;
    d = ((d << 8) | (d >>> 24)) ^ c;
    a = (a + d) | 0;
    d = ((d << 13) | (d >>> 19)) ^ a;
    c = (c + b) | 0;
    b = ((b << 7) | (b >>> 25)) ^ c;
    c = (c << 16) | (c >>> 16);
  }
  state[0] = a;
  state[1] = b;
  state[2] = c;
  state[3] = d;
}

/** A quick hash; good enough where nobody looks for collisions. @returns `length` bytes, a multiple of 16 */
function quickHash(tag: number, length: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const state = Uint32Array.of(0x243f6a88 ^ tag, 0x85a308d3, 0x13198a2e, 0x03707344);
  for (const part of parts) {
    state[0] = state[0]! ^ part.length;
    permute(state);
    for (let i = 0; i < part.length; i += 16) {
      for (let word = 0; word < 4; word++) {
        const at = i + 4 * word;
        const bits =
          (part[at] ?? 0) |
          ((part[at + 1] ?? 0) << 8) |
          ((part[at + 2] ?? 0) << 16) |
          ((part[at + 3] ?? 0) << 24);
        state[word] = state[word]! ^ bits;
      }
      permute(state);
    }
  }
  const out = new Uint8Array(length);
  const view = new DataView(out.buffer);
  for (let i = 0; i < length; i += 16) {
    permute(state);
    for (let word = 0; word < 4; word++) view.setUint32(i + 4 * word, state[word]!, true);
  }
  return out;
}

/**
 * Stand-ins for signatures and VRF that cost a hash. A signature is a hash of the secret, which verification finds in a book that nobody
 * else can read: so an adversary signs with the secrets that it was handed and with no others.
 */
export function stubCrypto(): VoteCrypto & { ed25519: Ed25519; vrf: Vrf } {
  const secrets = new Map<string, Uint8Array>();

  function publicKey(tag: number, secret: Uint8Array): Uint8Array {
    const key = quickHash(tag, 32, secret);
    secrets.set(toHex(key), secret.slice());
    return key;
  }

  const ed25519: Ed25519 = {
    publicKey: (seed) => publicKey(1, seed),
    sign: (seed, message) => quickHash(2, 64, seed, message),
    verify(key, message, signature) {
      const seed = secrets.get(toHex(key));
      return seed !== undefined && equalBytes(signature, ed25519.sign(seed, message));
    },
  };

  const vrf: Vrf = {
    publicKey: (secret) => publicKey(3, secret),
    prove: (secret, alpha) => quickHash(4, 80, secret, alpha),
    verify(key, alpha, proof) {
      const secret = secrets.get(toHex(key));
      return secret !== undefined && equalBytes(proof, vrf.prove(secret, alpha))
        ? vrf.outputOf(proof)
        : undefined;
    },
    outputOf: (proof) => quickHash(5, 64, proof),
  };
  return { ed25519, vrf };
}

/** A secret of this run. */
export function secretOf(purpose: number, ...numbers: readonly number[]): Uint8Array {
  return quickHash(0x100 + purpose, 32, concat(...numbers.map(le32)));
}
