import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { bn254 } from '@noble/curves/bn254.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bytesToHex } from '@noble/curves/utils.js';
import { type Engine, NAMES, type PrecompileName } from './engine.ts';
import { KNOWN_ANSWERS } from './known-answers-test-support.ts';
import { referenceEngine } from './reference/index.ts';
import { blsG1, blsG2, bnG1, bnG2, evaluation, modexpInput, samples } from './sample-inputs-test-support.ts';
import { hex, word } from './test-support.ts';

const BN_P = bn254.fields.Fp.ORDER;
const BLS_P = bls12_381.fields.Fp.ORDER;
const BLS_R = bls12_381.fields.Fr.ORDER;

/** A point of y^2 = x^3 + 4 outside the group of order r. */
function blsG1OutsideGroup(): string {
  const { Fp } = bls12_381.fields;
  for (let x = 1n; ; x++) {
    const square = Fp.create(x ** 3n + 4n);
    const y = Fp.pow(square, (Fp.ORDER + 1n) >> 2n);
    if (Fp.sqr(y) === square) return word(x, 64) + word(y, 64);
  }
}

/** A point of the twist outside the group of order r, imaginary parts first or last. */
function outsideGroup2(
  { Fp2 }: typeof bls12_381.fields | typeof bn254.fields,
  b: { readonly c0: bigint; readonly c1: bigint },
): { x: { c0: bigint; c1: bigint }; y: { c0: bigint; c1: bigint } } {
  for (let i = 1n; ; i++) {
    const x = Fp2.fromBigTuple([i, 1n]);
    const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), b);
    try {
      return { x, y: Fp2.sqrt(square) };
    } catch {
      // Half of all elements have no root.
    }
  }
}

const flipY = (digits: string, last: number): string =>
  digits.slice(0, -last) + word(BigInt(`0x${digits.slice(-last)}`) ^ 1n, last >> 1);

/** Inputs that are not valid, by what is wrong with them. */
function invalidInputs(): Partial<Record<PrecompileName, Record<string, string>>> {
  const { Fp2: Bn2 } = bn254.fields;
  const bnTwist = outsideGroup2(
    bn254.fields,
    Bn2.div(Bn2.fromBigTuple([3n, 0n]), Bn2.fromBigTuple([9n, 1n])),
  );
  const bnOutside = [bnTwist.x.c1, bnTwist.x.c0, bnTwist.y.c1, bnTwist.y.c0].map((c) => word(c)).join('');
  const twist = outsideGroup2(bls12_381.fields, { c0: 4n, c1: 4n });
  const outside2 = [twist.x.c0, twist.x.c1, twist.y.c0, twist.y.c1].map((c) => word(c, 64)).join('');
  const outside1 = blsG1OutsideGroup();
  const evaluated = bytesToHex(evaluation(5n, 7n, 9n));
  const at = (digits: string, from: number, with_: string): string =>
    digits.slice(0, 2 * from) + with_ + digits.slice(2 * from + with_.length);
  return {
    bn254Add: {
      'a point beside the curve': bnG1(0n) + word(1n) + word(1n),
      'an abscissa plus p': word(1n + BN_P) + word(2n) + bnG1(3n),
      'p for zero': bnG1(3n) + word(BN_P) + word(0n),
      'half a point': word(1n),
    },
    bn254Mul: {
      'a point beside the curve, times zero': word(1n) + word(3n) + word(0n),
      'an ordinate plus p': word(1n) + word(2n + BN_P) + word(1n),
    },
    bn254Pairing: {
      'a length that is no multiple of 192': `${bnG1(1n) + bnG2(1n)}00`,
      'a G1 point beside the curve beside infinity': word(1n) + word(1n) + bnG2(0n),
      'a G2 point beside the curve beside infinity': bnG1(0n) + flipY(bnG2(3n), 64),
      'a G2 point outside the group beside infinity': bnG1(0n) + bnOutside,
      'p for zero in G2': bnG1(1n) + word(BN_P) + word(0n, 96),
      'an invalid point after a valid pair': bnG1(1n) + bnG2(1n) + bnG1(1n) + bnOutside,
    },
    blake2f: {
      nothing: '',
      'one byte too few': word(0, 212),
      'one byte too many': word(0, 214),
      'a last byte of 2': word(2, 213),
      'a last byte of 255': word(255, 213),
    },
    pointEvaluation: {
      nothing: '',
      'one byte too many': `${evaluated}00`,
      'one byte too few': evaluated.slice(2),
      'another version of the hash': at(evaluated, 0, '02'),
      'another hash': at(evaluated, 31, '00'),
      'another z': at(evaluated, 32, word(8n)),
      'another y': at(evaluated, 64, word(8n)),
      'z plus r': at(evaluated, 32, word(9n + BLS_R)),
      'y plus r': at(evaluated, 64, word(68n + BLS_R)),
      'a proof that is not compressed': at(evaluated, 144, '17'),
      'a proof of infinity with a sign': at(evaluated, 144, `e0${word(0, 47)}`),
      'a proof of infinity with an abscissa': at(evaluated, 144, `c0${word(1, 47)}`),
      'a proof outside the group': at(evaluated, 144, `80${outside1.slice(34, 128)}`),
      'a proof of infinity': at(evaluated, 144, `c0${word(0, 47)}`),
    },
    blsG1Add: {
      nothing: '',
      'one byte too many': `${blsG1(1n) + blsG1(2n)}00`,
      'one byte too few': (blsG1(1n) + blsG1(2n)).slice(2),
      'a point beside the curve': blsG1(0n) + flipY(blsG1(1n), 128),
      'an abscissa of p': word(BLS_P, 64) + word(2n, 64) + blsG1(1n),
      'p for zero': word(BLS_P, 64) + word(0n, 64) + blsG1(1n),
      'a bit in the first 16 bytes': at(blsG1(1n), 15, '01') + blsG1(1n),
    },
    blsG2Add: {
      nothing: '',
      'one byte too many': `${blsG2(1n) + blsG2(2n)}00`,
      'a point beside the curve': blsG2(0n) + flipY(blsG2(1n), 128),
      'p for zero': word(BLS_P, 64) + word(0n, 192) + blsG2(1n),
      'a bit in the first 16 bytes': at(blsG2(1n), 64, '80') + blsG2(1n),
    },
    blsG1Msm: {
      'no pair': '',
      'half a pair more': blsG1(1n) + word(1n) + blsG1(1n),
      'a point outside the group': outside1 + word(1n),
      'a point outside the group, times zero': outside1 + word(0n),
      'a point beside the curve, times zero': flipY(blsG1(1n), 128) + word(0n),
      'a point outside the group after others': blsG1(1n) + word(1n) + outside1 + word(1n),
    },
    blsG2Msm: {
      'no pair': '',
      'a byte less': (blsG2(1n) + word(1n)).slice(2),
      'a point outside the group': outside2 + word(1n),
      'a point outside the group, times zero': outside2 + word(0n),
      'a point beside the curve': flipY(blsG2(1n), 128) + word(0n),
    },
    blsPairing: {
      'no pair': '',
      'a byte more': `${blsG1(1n) + blsG2(1n)}00`,
      'a G1 point outside the group beside infinity': outside1 + blsG2(0n),
      'a G2 point outside the group beside infinity': blsG1(0n) + outside2,
      'a G1 point beside the curve beside infinity': flipY(blsG1(1n), 128) + blsG2(0n),
    },
    blsMapFpToG1: {
      nothing: '',
      p: word(BLS_P, 64),
      'a byte more': word(1n, 65),
      'a byte less': word(1n, 63),
      'a bit in the first 16 bytes': word(1n << 384n, 64),
    },
    blsMapFp2ToG2: {
      'one element': word(1n, 64),
      'p for the real part': word(BLS_P, 64) + word(0n, 64),
      'p for the imaginary part': word(0n, 64) + word(BLS_P, 64),
    },
  };
}

/** Signatures that nobody made: success without output. */
function unsigned(): Record<string, string> {
  const { n } = secp256k1.Point.CURVE();
  const sound = bytesToHex(samples('ecrecover')[0]!);
  const [hash, v, r, s] = [0, 1, 2, 3].map((i) => sound.slice(64 * i, 64 * i + 64)) as [
    string,
    string,
    string,
    string,
  ];
  // With the base point for R, s = z leaves r^-1 (sR - zG) = 0.
  const base = word(secp256k1.Point.BASE.x);
  return {
    nothing: '',
    'v of 26': hash + word(26) + r + s,
    'v of 29': hash + word(29) + r + s,
    'v of 0': hash + word(0) + r + s,
    'v with a high bit': hash + word((1n << 255n) + 27n) + r + s,
    'r of zero': hash + v + word(0) + s,
    's of zero': hash + v + r + word(0),
    'r of n': hash + v + word(n) + s,
    's of n': hash + v + r + word(n),
    's of n + 1': hash + v + r + word(n + 1n),
    'r that is no abscissa': hash + v + word(5) + s,
    'a key at infinity': hash + word(27) + base + hash,
    'all ones': 'ff'.repeat(128),
  };
}

/** Rules that every engine keeps. */
function testEngine(title: string, engine: Engine): void {
  const answer = (name: PrecompileName, input: string): string | undefined => {
    const output = engine[name](hex(input));
    return output === undefined ? undefined : bytesToHex(output);
  };

  describe(title, () => {
    for (const { name, rule, input, output } of KNOWN_ANSWERS) {
      test(`${name}: ${rule}`, () => assert.equal(answer(name, input), output));
    }

    for (const [name, inputs] of Object.entries(invalidInputs())) {
      test(`${name} refuses what is not valid`, () => {
        for (const [what, input] of Object.entries(inputs)) {
          assert.equal(answer(name as PrecompileName, input), undefined, what);
        }
      });
    }

    test('ecrecover answers nothing to what nobody signed, and succeeds', () => {
      for (const [what, input] of Object.entries(unsigned()))
        assert.equal(answer('ecrecover', input), '', what);
    });

    test('ecrecover takes a signature of the upper half, and bytes after it', () => {
      const { n } = secp256k1.Point.CURVE();
      const sound = bytesToHex(samples('ecrecover')[0]!);
      const v = BigInt(`0x${sound.slice(64, 128)}`);
      const s = BigInt(`0x${sound.slice(192)}`);
      const other = sound.slice(0, 64) + word(55n - v) + sound.slice(128, 192) + word(n - s);
      assert.equal(answer('ecrecover', other), answer('ecrecover', sound));
      assert.equal(answer('ecrecover', `${sound}ff`), answer('ecrecover', sound));
    });

    test('bn254 pads its input with zeros, and does not look at what follows', () => {
      assert.equal(answer('bn254Add', ''), word(0, 64));
      assert.equal(answer('bn254Add', bnG1(3n)), bnG1(3n));
      assert.equal(answer('bn254Add', `${bnG1(3n) + bnG1(4n)}ffff`), bnG1(7n));
      assert.equal(answer('bn254Mul', bnG1(3n)), word(0, 64));
      assert.equal(answer('bn254Mul', `${bnG1(3n)}01`), bnG1((3n << 248n) % bn254.fields.Fr.ORDER));
      assert.equal(answer('bn254Mul', `${bnG1(3n) + word(2n)}ffff`), bnG1(6n));
    });

    test('additions over BLS12-381 take points outside the group', () => {
      const point = blsG1OutsideGroup();
      const twist = outsideGroup2(bls12_381.fields, { c0: 4n, c1: 4n });
      const point2 = [twist.x.c0, twist.x.c1, twist.y.c0, twist.y.c1].map((c) => word(c, 64)).join('');
      assert.equal(answer('blsG1Add', point + blsG1(0n)), point);
      assert.equal(answer('blsG2Add', point2 + blsG2(0n)), point2);
    });

    test('a product of pairings is one where the exponents cancel', () => {
      const r = bn254.fields.Fr.ORDER;
      assert.equal(answer('bn254Pairing', bnG1(6n) + bnG2(35n) + bnG1(r - 14n) + bnG2(15n)), word(1n));
      assert.equal(answer('bn254Pairing', bnG1(6n) + bnG2(35n) + bnG1(r - 14n) + bnG2(16n)), word(0n));
      assert.equal(answer('blsPairing', blsG1(6n) + blsG2(35n) + blsG1(BLS_R - 14n) + blsG2(15n)), word(1n));
      assert.equal(answer('blsPairing', blsG1(6n) + blsG2(35n) + blsG1(BLS_R - 14n) + blsG2(16n)), word(0n));
    });

    test('modexp follows the lengths of its header', () => {
      const power = (...rest: Parameters<typeof modexpInput>) =>
        answer('modexp', bytesToHex(modexpInput(...rest)));
      assert.equal(answer('modexp', ''), '');
      assert.equal(power('', '', '', [0, 1n << 255n, 0]), '');
      assert.equal(power('02', '05', '', [1, 1, 0]), '');
      assert.equal(power('02', '05', '', [1, 1, 3]), '000000');
      assert.equal(power('02', '', '07'), '01');
      assert.equal(power('00', '00', '07'), '01');
      assert.equal(power('00', '', '01'), '00');
      assert.equal(power('02', '03', '0000000b'), '00000008');
      assert.equal(power('02', '03', '05', [1, 1, 2]), '0008');
      assert.equal(power('02', '01', '', [1, 3, 0]), '');
      assert.equal(power('03', '01', '', [1, 2, 2]), '0000');
    });

    test('what is given is left as it was, and what is answered belongs to the caller', () => {
      for (const name of NAMES) {
        const input = samples(name).at(-1)!;
        const before = input.slice();
        const first = engine[name](input)!;
        const kept = first.slice();
        first.fill(0xaa);
        assert.notEqual(first.buffer, input.buffer, name);
        assert.deepEqual(engine[name](input), kept, name);
        assert.deepEqual(input, before, name);
      }
    });

    test('an input may be a view that begins anywhere', () => {
      for (const name of NAMES) {
        const input = samples(name).at(-1)!;
        const wide = new Uint8Array(input.length + 8).fill(0x5a);
        wide.set(input, 3);
        assert.deepEqual(engine[name](wide.subarray(3, 3 + input.length)), engine[name](input), name);
        const buffer = Buffer.from(wide).subarray(3, 3 + input.length);
        assert.deepEqual(engine[name](buffer), engine[name](input), name);
      }
    });
  });
}

testEngine('the reference', referenceEngine);
