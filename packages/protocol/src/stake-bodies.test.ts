import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, leBytes, portableBls, portableEd25519, portableVrf } from '@sero/crypto';
import fc from 'fast-check';
import {
  type Action,
  ClaimBodyType,
  checkPossession,
  checkStakeKeys,
  checkTransaction,
  decodeClaimBody,
  decodeEnvelope,
  decodeOnlineBody,
  decodeRegisterBody,
  decodeStakeBody,
  decodeUnlockBody,
  KIND,
  OnlineBodyType,
  ProtocolError,
  type ProtocolErrorCode,
  type RegisterBody,
  RegisterBodyType,
  StakeBodyType,
  stakeRecordId,
  type Transaction,
  UnlockBodyType,
} from './index.ts';
import {
  CONTEXT,
  contractCall,
  filler,
  flipped,
  GENESIS,
  payment,
  receive,
  refusal,
  signed,
  tied,
} from './test-support.ts';

const RECORD = filler(70, 32);
const S = GENESIS.stake.unit;
const LAST = 2n ** 64n - 1n;

const SECRET = leBytes(77n, 32).reverse();
const OWNER = payment().from;
const BLS = {
  blsKey: portableBls.publicKey(SECRET),
  blsProof: portableBls.provePossession(SECRET, OWNER),
};

function registration(change: Partial<RegisterBody> = {}): RegisterBody {
  return {
    record: [],
    vrfKey: portableVrf.publicKey(filler(71, 32)),
    voteRoot: portableEd25519.publicKey(filler(72, 32)),
    ...BLS,
    firstRound: 1n,
    lastRound: 3_000_001n,
    commission: 10_000,
    ...change,
  };
}

/** A transaction of this kind with gas and amounts tied. @param price what leaves the pool beside the fee */
function command(kind: number, body: Uint8Array, price = 0n): Transaction {
  return tied({ ...payment(), gasLimit: 0n, kind, body }, price);
}

const stakeOf = (units: bigint): Uint8Array => StakeBodyType.serialize({ record: RECORD, units });

const COMMANDS: readonly (readonly [Action['type'], Transaction])[] = [
  ['stake', command(KIND.stake, stakeOf(3n), 3n * S)],
  ['register', command(KIND.register, RegisterBodyType.serialize(registration()))],
  ['register', command(KIND.register, RegisterBodyType.serialize(registration({ record: [RECORD] })))],
  ['online', command(KIND.online, OnlineBodyType.serialize({ record: RECORD, online: 2 }))],
  ['unlock', command(KIND.unlock, UnlockBodyType.serialize({ record: RECORD, units: LAST }))],
  ['claim', command(KIND.claim, ClaimBodyType.serialize({ record: RECORD }))],
];

function assertRefused(tx: Transaction, code: ProtocolErrorCode, why?: string): void {
  assert.throws(() => receive(signed(tx)), refusal(code), why);
}

function refusedRegistration(change: Partial<RegisterBody>, code: ProtocolErrorCode, why?: string): void {
  assertRefused(command(KIND.register, RegisterBodyType.serialize(registration(change))), code, why);
}

test('a command of stake is taken as what it says', () => {
  for (const [type, tx] of COMMANDS) {
    const { action } = receive(signed(tx));
    assert.equal(action.type, type);
    assert.ok('body' in action && 'record' in action.body);
  }
  const { action } = receive(signed(COMMANDS[0]![1]));
  assert.deepEqual(action, { type: 'stake', body: { record: RECORD, units: 3n }, amount: 3n * S });
});

test('a stake leaves the pool in the open beside the fee, to the unit', () => {
  for (const price of [0n, S, 3n * S - 1n, 3n * S + 1n, 4n * S]) {
    assertRefused(command(KIND.stake, stakeOf(3n), price), 'public-amount-mismatch', `${price}`);
  }
});

test('no other command takes anything out of the pool beside its fee', () => {
  for (const [type, tx] of COMMANDS.slice(1)) {
    assertRefused(command(tx.kind, tx.body, 1n), 'public-amount-mismatch', type);
    assertRefused(command(tx.kind, tx.body, S), 'public-amount-mismatch', type);
  }
});

test('a stake whose amount would wrap at 2^128 is refused rather than paid for less', () => {
  const units = (1n << 128n) / S + 1n;
  const wrapped = (units * S) % (1n << 128n);
  assertRefused(command(KIND.stake, stakeOf(units), wrapped), 'fee-overflow');
  const rich = { ...GENESIS, stake: { ...GENESIS.stake, unit: 1n << 127n } };
  const tx = command(KIND.stake, stakeOf(LAST - 1n), 0n);
  const bytes = signed(tx);
  assert.throws(
    () => checkTransaction(decodeEnvelope(bytes), bytes, { ...CONTEXT, genesis: rich }),
    refusal('fee-overflow'),
  );
});

test('no units are neither staked nor unlocked', () => {
  assertRefused(command(KIND.stake, stakeOf(0n)), 'stake-units');
  const none = UnlockBodyType.serialize({ record: RECORD, units: 0n });
  assertRefused(command(KIND.unlock, none), 'stake-units');
});

test('a record is set to offline, online or leaving and to nothing else', () => {
  for (const online of [0, 1, 2]) {
    receive(signed(command(KIND.online, OnlineBodyType.serialize({ record: RECORD, online }))));
  }
  for (const online of [3, 4, 255]) {
    const body = OnlineBodyType.serialize({ record: RECORD, online });
    assertRefused(command(KIND.online, body), 'online-flag', `${online}`);
  }
});

test('ephemeral keys cover rounds in order, the last at most 3,000,000 after the first', () => {
  for (const [firstRound, lastRound] of [
    [0n, 0n],
    [7n, 3_000_007n],
    [LAST, LAST],
  ] as const) {
    receive(
      signed(command(KIND.register, RegisterBodyType.serialize(registration({ firstRound, lastRound })))),
    );
  }
  refusedRegistration({ firstRound: 5n, lastRound: 4n }, 'key-range');
  refusedRegistration({ firstRound: 7n, lastRound: 3_000_008n }, 'key-range');
  refusedRegistration({ firstRound: 0n, lastRound: LAST }, 'key-range');
  refusedRegistration({ firstRound: LAST, lastRound: 0n }, 'key-range');
});

test('a commission is at most everything', () => {
  for (const commission of [10_001, 65_535])
    refusedRegistration({ commission }, 'commission', `${commission}`);
});

/** Encodings that are no key of the prime-order subgroup of edwards25519 (points of order 1, 2, 4, 8; y from p on; off the curve). */
const BAD_KEYS: readonly (readonly [string, Uint8Array])[] = [
  ['the identity', fromHex('0100000000000000000000000000000000000000000000000000000000000000')],
  ['the identity with a sign', fromHex('0100000000000000000000000000000000000000000000000000000000000080')],
  ['the point of order 2', fromHex('ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f')],
  ['a point of order 4', fromHex('0000000000000000000000000000000000000000000000000000000000000000')],
  ['a point of order 8', fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')],
  ['y = p, so 0 once more', fromHex('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f')],
  ['y = p + 1, so 1 once more', fromHex('eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f')],
  ['2^256 - 1', new Uint8Array(32).fill(0xff)],
  ['y = 2, off the curve', leBytes(2n, 32)],
  // Base point plus the point of order 8: of the group, with torsion.
  [
    'the base point with torsion',
    fromHex('da99e28ba529cdde35a25fba9059e78ecaee239f99755b9b1aa4f65df00803e2'),
  ],
];

test('a VRF key or vote root with torsion, of small order or in a second spelling is no key', () => {
  for (const [name, key] of BAD_KEYS) {
    refusedRegistration({ vrfKey: key }, 'stake-key', `VRF key: ${name}`);
    refusedRegistration({ voteRoot: key }, 'stake-key', `vote root: ${name}`);
  }
});

test('nobody registers a BLS key whose secret he does not know', () => {
  const other = leBytes(78n, 32).reverse();
  const foreign = portableBls.publicKey(other);
  refusedRegistration({ blsKey: foreign }, 'bls-possession', 'another’s key with a proof of mine');
  // A signature over the key as a message, in the domain of messages.
  refusedRegistration({ blsProof: portableBls.sign(SECRET, BLS.blsKey) }, 'bls-possession', 'no proof');
  refusedRegistration({ blsProof: flipped(BLS.blsProof, 95) }, 'bls-possession', 'a bit of the proof');
  const identity = new Uint8Array(48);
  identity[0] = 0xc0;
  const zero = new Uint8Array(96);
  zero[0] = 0xc0;
  refusedRegistration(
    { blsKey: identity, blsProof: zero },
    'bls-possession',
    'the identity, which proves itself',
  );
});

test("another owner's BLS key is not registered with a copy of the proof that stands in his registration", () => {
  // Two rows with one key would count twice by one signature.
  const other = flipped(OWNER, 63);
  const copied = registration({ vrfKey: portableVrf.publicKey(filler(73, 32)) });
  assert.throws(() => checkPossession(copied, other, portableBls), refusal('bls-possession'));
  const blsProof = portableBls.provePossession(SECRET, other);
  checkPossession({ ...copied, blsProof }, other, portableBls);
  refusedRegistration({ blsProof }, 'bls-possession', 'the owner is who sends it');
});

test('Ed25519 keys are looked at after everything that costs less, and possession after the signature too', () => {
  let asked = 0;
  const bls = {
    verifyPossession: () => {
      asked++;
      return true;
    },
  };
  const taken = (tx: Transaction, bytes = signed(tx)) =>
    checkTransaction(decodeEnvelope(bytes), bytes, { ...CONTEXT, bls });
  const body = RegisterBodyType.serialize(registration());
  assert.throws(() => taken(command(KIND.register, body, 1n)), refusal('public-amount-mismatch'));
  const weak = { ...registration(), vrfKey: new Uint8Array(32) };
  assert.throws(() => taken(command(KIND.register, RegisterBodyType.serialize(weak))), refusal('stake-key'));
  const good = signed(command(KIND.register, body));
  assert.throws(
    () => taken(command(KIND.register, body), flipped(good, good.length - 1)),
    refusal('signature-invalid'),
  );
  assert.equal(asked, 0);
  taken(command(KIND.register, body));
  assert.equal(asked, 1);
  for (const [type, tx] of COMMANDS) if (type !== 'register') taken(tx);
  assert.equal(asked, 1);
});

test('a command carries no call and no recipients, and a payment no command', () => {
  const { call } = contractCall();
  for (const [type, tx] of COMMANDS) {
    assertRefused({ ...tx, call }, 'call-unexpected', type);
    assertRefused({ ...tx, recipients: [filler(1, 64)] }, 'recipients-unexpected', type);
    assertRefused({ ...payment(), body: tx.body }, 'body-malformed', type);
  }
});

const DECODERS: readonly (readonly [string, (bytes: Uint8Array) => unknown, Uint8Array])[] = [
  ['stake', decodeStakeBody, COMMANDS[0]![1].body],
  ['register', decodeRegisterBody, COMMANDS[1]![1].body],
  ['renewal', decodeRegisterBody, COMMANDS[2]![1].body],
  ['online', decodeOnlineBody, COMMANDS[3]![1].body],
  ['unlock', decodeUnlockBody, COMMANDS[4]![1].body],
  ['claim', decodeClaimBody, COMMANDS[5]![1].body],
];

test('a body of another length or kind is malformed', () => {
  for (const [name, decode, body] of DECODERS) {
    decode(body);
    const others = [new Uint8Array(0), body.slice(1), body.slice(0, -1), new Uint8Array([...body, 0])];
    for (const other of [...others, new Uint8Array(513)]) {
      assert.throws(() => decode(other), refusal('body-malformed'), `${name}, ${other.length} bytes`);
    }
  }
});

test('whatever a body holds, its decoder refuses it by a code or takes it as it stands', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: DECODERS.length - 1 }),
      fc.nat({ max: 400 }),
      fc.nat({ max: 255 }),
      (n, at, byte) => {
        const [, decode, body] = DECODERS[n]!;
        const changed = body.slice();
        changed[at % body.length] = byte;
        try {
          decode(changed);
        } catch (error) {
          assert.ok(error instanceof ProtocolError, String(error));
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test('the name of a record is of its owner and both its keys', () => {
  const [owner, vrfKey, voteRoot] = [filler(80, 64), filler(81, 32), filler(82, 32)];
  const id = stakeRecordId(owner, vrfKey, voteRoot);
  assert.equal(id.length, 32);
  for (const other of [
    stakeRecordId(flipped(owner, 0), vrfKey, voteRoot),
    stakeRecordId(owner, flipped(vrfKey, 31), voteRoot),
    stakeRecordId(owner, vrfKey, flipped(voteRoot, 0)),
    stakeRecordId(owner, voteRoot, vrfKey),
  ]) {
    assert.notDeepEqual(other, id);
  }
});

test('the keys of a registration are checked as the transaction’s are', () => {
  checkStakeKeys(registration());
  assert.throws(() => checkStakeKeys(registration({ voteRoot: BAD_KEYS[4]![1] })), refusal('stake-key'));
});
