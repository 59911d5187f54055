import {
  blake2b,
  concat,
  fieldToBytes,
  IDENTITY,
  leBytes,
  leInteger,
  multiply,
  type Point,
  pointFromBytes,
  pointToBytes,
  Q,
  R_J,
  SIGNING_RANDOMNESS,
  type SignedHash,
  SPEND_BASE,
  sign,
  toField,
  toScalar,
  VIEW_BASE,
} from '@sero/crypto';

/** Random values of Jubjub, and the hostile ones that its code must tell apart. */

export function randomBytes(length: number): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(length));
}

export const randomField = (): bigint => toField(randomBytes(64));
export const randomScalar = (): bigint => toScalar(randomBytes(64));
export const randomPoint = (): Point => multiply(VIEW_BASE, randomScalar());

export function decodedPoint(bytes: Uint8Array): Point | undefined {
  try {
    return pointFromBytes(bytes);
  } catch {
    return undefined;
  }
}

function orderEight(): Point {
  for (let v = 2n; ; v++) {
    const torsion = decodedPoint(leBytes(v, 32));
    if (torsion === undefined) continue;
    const rest = torsion.multiplyUnsafe(R_J - 1n).add(torsion);
    if (!rest.double().double().is0()) return rest;
  }
}

/** The eight points whose order divides 8, multiples of one of order 8: the identity first. */
export const TORSION: readonly Point[] = (() => {
  const points = [IDENTITY];
  const generator = orderEight();
  while (points.length < 8) points.push(points.at(-1)!.add(generator));
  return points;
})();

function flipped(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes, (byte, i) => (i === 31 ? byte ^ 0x80 : byte));
}

/** Encodings of every kind: sound keys, all torsion alone and added to keys, v on no point, v + q, u = 0 with a sign. */
export function hostileEncodings(): Uint8Array[] {
  const key = randomPoint();
  const torsion = TORSION.map(pointToBytes);
  const shifted = TORSION.map((point) => pointToBytes(key.add(point)));
  const small = Array.from({ length: 40 }, (_, i) => leBytes(BigInt(i), 32));
  const aliases = [0n, 1n, 2n, Q - 1n, (1n << 255n) - 1n - Q].map((v) => leBytes(v + Q, 33).slice(0, 32));
  const near = [Q, Q - 1n, Q - 2n, Q + 1n, (1n << 255n) - 1n].map((v) => leBytes(v, 32));
  return [...torsion, ...shifted, ...small, ...aliases, ...near, pointToBytes(key)].flatMap((bytes) => [
    bytes,
    flipped(bytes),
  ]);
}

const scanTagOf = (secret: Uint8Array, vpkr: Uint8Array): Uint8Array =>
  blake2b('SERO_tag', secret, vpkr).slice(0, 2);

/** S = [8 vsk]VPKr, whatever the order of VPKr. */
function sharedWith(vsk: bigint, vpkr: Point): Point {
  const cleared = vpkr.double().double().double();
  return cleared.is0() ? cleared : multiply(cleared, vsk);
}

/**
 * Outputs for a view key: its own, others', with torsion in VPKr, with the tag of -S, and every hostile encoding with
 * the tag that would make it a hit if a scanner took it.
 */
export function hostileOutputs(vsk: bigint): Uint8Array[] {
  const tagged = (vpkr: Uint8Array, secret: Point): Uint8Array =>
    concat(vpkr, scanTagOf(pointToBytes(secret), vpkr));
  const own = Array.from({ length: 6 }, randomPoint);
  const bait = hostileEncodings().map((bytes) => {
    const unsigned = decodedPoint(bytes);
    return tagged(bytes, unsigned === undefined ? IDENTITY : sharedWith(vsk, unsigned));
  });
  return [
    ...own.map((point) => tagged(pointToBytes(point), sharedWith(vsk, point))),
    ...own.map((point) => tagged(pointToBytes(point), sharedWith(vsk, point).negate())),
    ...own.map((point) => concat(pointToBytes(point), randomBytes(2))),
    ...own.flatMap((point) =>
      TORSION.map((torsion) => tagged(pointToBytes(point.add(torsion)), sharedWith(vsk, point))),
    ),
    ...bait,
  ];
}

export function signedItem(): SignedHash {
  const [secret, hashE] = [randomScalar(), randomField()];
  const rk = pointToBytes(multiply(SPEND_BASE, secret));
  return { rk, hashE, signature: sign(secret, hashE, randomBytes(SIGNING_RANDOMNESS)) };
}

/** Two false signatures, s of one too large by what the other's is too small: their plain sum holds. */
export function cancellingPair(): SignedHash[] {
  return [1, -1].map((by) => {
    for (;;) {
      const { signature, ...item } = signedItem();
      const low = signature[32]!;
      if (low === 0 || low === 255) continue;
      return { ...item, signature: Uint8Array.from(signature, (byte, i) => (i === 32 ? byte + by : byte)) };
    }
  });
}

function challengeOf(r: Uint8Array, rk: Uint8Array, hashE: bigint): bigint {
  return toScalar(blake2b('SERO_RedJ_C', r, rk, fieldToBytes(hashE)));
}

/** rk 32 | message 32 | R 32 | s 32: the equation holds, but the message is a second spelling of hash_e. */
export function aliasedMessage(): Uint8Array {
  const [secret, nonce] = [randomScalar(), randomScalar()];
  const rk = pointToBytes(multiply(SPEND_BASE, secret));
  const r = pointToBytes(multiply(SPEND_BASE, nonce));
  const message = leBytes(5n + Q, 32);
  const c = toScalar(blake2b('SERO_RedJ_C', r, rk, message));
  return concat(rk, message, r, leBytes((nonce + c * secret) % R_J, 32));
}

/** A signature by someone who chooses rk = [secret]G_s + torsion and R = [nonce]G_s + torsion. */
function twistedItem(keyTorsion: Point, nonceTorsion: Point): SignedHash {
  const [secret, nonce, hashE] = [randomScalar(), randomScalar(), randomField()];
  const rk = pointToBytes(multiply(SPEND_BASE, secret).add(keyTorsion));
  const r = pointToBytes(multiply(SPEND_BASE, nonce).add(nonceTorsion));
  const s = (nonce + challengeOf(r, rk, hashE) * secret) % R_J;
  return { rk, hashE, signature: concat(r, leBytes(s, 32)) };
}

/**
 * Signatures, sound and not: changed in each part, s + r_J, rk of small order or outside the subgroup, R with torsion
 * (which the cofactored equation takes), R at the identity, encodings that do not decode, hash_e + q.
 */
export function hostileSignatures(): SignedHash[] {
  const sound = signedItem();
  const { rk, hashE, signature } = sound;
  const [r, s] = [signature.slice(0, 32), signature.slice(32)];
  const bits = [0, 77, 254, 255, 256, 300, 507];
  const identity = pointToBytes(IDENTITY);
  const nothing = { rk: identity, hashE, signature: concat(identity, new Uint8Array(32)) };
  const silent = (): SignedHash => {
    const [secret, hash] = [randomScalar(), randomField()];
    const key = pointToBytes(multiply(SPEND_BASE, secret));
    const answer = (challengeOf(identity, key, hash) * secret) % R_J;
    return { rk: key, hashE: hash, signature: concat(identity, leBytes(answer, 32)) };
  };
  const flip = (bit: number): Uint8Array =>
    Uint8Array.from(signature, (byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
  return [
    sound,
    signedItem(),
    ...bits.map((bit) => ({ ...sound, signature: flip(bit) })),
    { ...sound, hashE: (hashE + 1n) % Q },
    { ...sound, rk: signedItem().rk },
    { ...sound, signature: concat(r, leBytes((leInteger(s) + R_J) % (1n << 256n), 32)) },
    { ...sound, signature: concat(r, leBytes(R_J, 32)) },
    { ...sound, rk: flipped(rk) },
    nothing,
    silent(),
    ...TORSION.map((torsion) => twistedItem(IDENTITY, torsion)),
    ...TORSION.map((torsion) => twistedItem(torsion, IDENTITY)),
    ...hostileEncodings()
      .filter((_, i) => i % 5 === 0)
      .flatMap((bytes) => [
        { ...sound, rk: bytes },
        { ...sound, signature: concat(bytes, s) },
      ]),
  ];
}
