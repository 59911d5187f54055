import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b256, concat, le32, portableEd25519, portableVrf } from '@sero/crypto';
import {
  cast,
  DRAWN,
  EVERYBODY,
  madeChain,
  type Participant,
  participants,
  proposed,
  STUB,
  TEST_GENESIS,
  weigh,
} from './consensus-test-support.ts';
import {
  type Bundle,
  type Committees,
  checkCertified,
  checkLinked,
  committeeOf,
  decodeLightCertificate,
  encodeLightCertificate,
  type Header,
  headerHash,
  type LightCertificate,
  type LightTrust,
  MAX_LIGHT_CERTIFICATE_BYTES,
  MAX_PERIOD,
  makeBundle,
  makeLightCertificate,
  maxLightCertificateBytes,
  type ProtocolErrorCode,
  type RoundContext,
  STEP,
  stakeTable,
  type VoteCrypto,
  valueOfHeader,
  verifyLightCertificate,
} from './index.ts';
import { refusal } from './test-support.ts';

const ALL = participants(Array.from({ length: 12 }, (_, i) => BigInt(100_000 * (i + 1))));
const TABLE = stakeTable(ALL.map(({ row }) => row));
const CHAIN = madeChain(40, TABLE);

/** The facts of a round of the chain that these make. */
function contextOf(
  round: bigint,
  committees: Committees,
  headers: readonly Header[] = CHAIN.headers,
): RoundContext {
  return {
    genesisHash: TEST_GENESIS,
    round,
    seed: headers[Number(round > 2n ? round - 2n : 0n)]!.seed,
    table: TABLE,
    committees: (step) => committeeOf(committees, step, TABLE.total),
  };
}

/** A certificate of the block of this header, from those who vote. */
function certify(
  header: Header,
  context: RoundContext,
  who: readonly Participant[] = ALL,
  crypto: VoteCrypto = STUB,
): Bundle {
  const at = { round: header.height, period: 0, step: STEP.cert, value: valueOfHeader(header) };
  const votes = who.map((one) => weigh(context, cast(one, context, at, crypto), crypto));
  return makeBundle(context.committees(STEP.cert).threshold, at, votes)!;
}

function lightAt(round: number, committees: Committees): LightCertificate {
  const headers = CHAIN.headers.slice(round > 2 ? round - 2 : 0, round + 1);
  const certificate = certify(CHAIN.headers[round]!, contextOf(BigInt(round), committees));
  return makeLightCertificate(headers, certificate, TABLE);
}

function trustFor(round: number, committees: Committees): LightTrust {
  const height = BigInt(round > 16 ? round - 16 : 0);
  return {
    genesisHash: TEST_GENESIS,
    committees,
    seedRule: { seedLookback: 2n, seedRefresh: 4n },
    balanceLookback: 16n,
    anchor: { height, validatorsRoot: TABLE.root() },
  };
}

test('a client with an older validators root takes a block as final, in the first rounds as in later ones', () => {
  for (const committees of [EVERYBODY, DRAWN]) {
    for (const round of [1, 2, 3, 16, 17, 30]) {
      const light = lightAt(round, committees);
      assert.equal(light.headers.length, round < 2 ? 2 : 3);
      assert.deepEqual(
        verifyLightCertificate(trustFor(round, committees), light, STUB),
        CHAIN.headers[round],
      );
    }
  }
});

const TRUST = trustFor(30, DRAWN);
const LIGHT = lightAt(30, DRAWN);
const refuse = (light: LightCertificate, code: ProtocolErrorCode, trust = TRUST): void =>
  assert.throws(() => verifyLightCertificate(trust, light, STUB), refusal(code));

test('the table is that of the round: an anchor of another height is refused, and another root shows no rows', () => {
  refuse(LIGHT, 'headers-unlinked', { ...TRUST, anchor: { ...TRUST.anchor, height: 13n } });
  refuse(LIGHT, 'headers-unlinked', { ...TRUST, balanceLookback: 17n });
  const other = stakeTable(ALL.slice(1).map(({ row }) => row));
  refuse(LIGHT, 'rows-proof', { ...TRUST, anchor: { height: 14n, validatorsRoot: other.root() } });
});

test('a certificate of another chain is refused', () => {
  refuse(LIGHT, 'headers-unlinked', { ...TRUST, genesisHash: blake2b256('OTHER') });
  const headers = LIGHT.headers.map((header) => ({ ...header, genesisHash: blake2b256('OTHER') }));
  refuse({ ...LIGHT, headers }, 'headers-unlinked');
});

test('the seed comes from a header that the certified one descends from', () => {
  const [grand, parent, header] = LIGHT.headers as [Header, Header, Header];
  const forged = { ...grand, seed: blake2b256('CHOSEN') };
  refuse({ ...LIGHT, headers: [forged, parent, header] }, 'headers-unlinked');
  refuse({ ...LIGHT, headers: [parent, header] }, 'headers-unlinked');
  refuse({ ...LIGHT, headers: [grand, header] }, 'headers-unlinked');
  refuse({ ...LIGHT, headers: [header] }, 'headers-unlinked');
  refuse({ ...LIGHT, headers: [] }, 'headers-unlinked');
  refuse({ ...LIGHT, headers: [parent, grand, header] }, 'headers-unlinked');
});

test('a branch with a chosen seed needs a quorum of the trusted table still', () => {
  // The forger owns a sixth of the stake, relinks the headers over a seed of his choice and signs with all he has.
  const owned = ALL.slice(0, 2);
  for (let attempt = 0; attempt < 20; attempt++) {
    const [grand, parent, header] = LIGHT.headers as [Header, Header, Header];
    const first = { ...grand, seed: blake2b256('GRIND', Uint8Array.of(attempt)) };
    const second = { ...parent, parent: headerHash(first) };
    const third = { ...header, parent: headerHash(second) };
    const context = { ...contextOf(30n, DRAWN), seed: first.seed };
    const at = { round: 30n, period: 0, step: STEP.cert, value: valueOfHeader(third) };
    const votes = owned.map((one) => weigh(context, cast(one, context, at)));
    const certificate = makeBundle(1n, at, [votes[0]!])!;
    const all = makeBundle(votes[0]!.weight + votes[1]!.weight, at, votes)!;
    for (const bundle of [certificate, all]) {
      refuse(makeLightCertificate([first, second, third], bundle, TABLE), 'bundle-weight');
    }
  }
});

test('the certificate is for the last header, with its own period and proposer', () => {
  const { certificate } = LIGHT;
  const value = proposed(ALL[0]!.row.id, 1);
  refuse({ ...LIGHT, certificate: { ...certificate, value } }, 'certificate-value');
  const sibling = lightAt(29, DRAWN).certificate;
  refuse({ ...LIGHT, certificate: { ...sibling, round: 30n } }, 'certificate-value');
  assert.throws(
    () => checkCertified({ ...certificate, round: 31n }, CHAIN.headers[30]!),
    refusal('certificate-value'),
  );
  for (const changed of [
    { ...certificate.value, period: 1 },
    { ...certificate.value, proposer: ALL[1]!.row.id },
  ]) {
    assert.throws(
      () => checkCertified({ ...certificate, value: changed }, CHAIN.headers[30]!),
      refusal('certificate-value'),
    );
  }
});

test('rows of exactly the senders come along', () => {
  const { certificate, headers } = LIGHT;
  const more = makeLightCertificate(
    headers,
    { ...certificate, votes: ALL.map(({ row }) => ({ ...certificate.votes[0]!, sender: row.id })) },
    TABLE,
  );
  assert.notEqual(more.rows.rows.length, certificate.votes.length);
  refuse({ ...LIGHT, rows: more.rows }, 'rows-proof');
  const fewer = makeLightCertificate(headers, { ...certificate, votes: certificate.votes.slice(1) }, TABLE);
  refuse({ ...LIGHT, rows: fewer.rows }, 'rows-proof');
  const others = ALL.filter(({ row }) => row.id !== certificate.votes[0]!.sender).slice(
    -certificate.votes.length,
  );
  const swapped = makeLightCertificate(
    headers,
    { ...certificate, votes: others.map(({ row }) => ({ ...certificate.votes[0]!, sender: row.id })) },
    TABLE,
  );
  assert.equal(swapped.rows.rows.length, certificate.votes.length);
  refuse({ ...LIGHT, rows: swapped.rows }, 'sender-unknown');
});

test('what costs nothing is looked at first: no header is hashed for what cannot be a certificate', () => {
  const { certificate, rows } = LIGHT;
  // The second header is no successor of the first, which its hash would tell.
  const headers = [
    LIGHT.headers[0]!,
    { ...LIGHT.headers[1]!, parent: blake2b256('OTHER') },
    LIGHT.headers[2]!,
  ];
  const [vote] = certificate.votes;
  const many = (count: number) => ({
    certificate: {
      ...certificate,
      votes: Array.from({ length: count }, (_, i) => ({ ...vote!, sender: le32be(i) })),
    },
    rows: { ...rows, rows: Array.from({ length: count }, () => ({ ...rows.rows[0]!, weight: 1n })) },
  });
  refuse({ ...LIGHT, headers }, 'headers-unlinked');
  refuse({ ...LIGHT, headers, certificate: { ...certificate, step: STEP.soft } }, 'certificate-step');
  refuse({ ...LIGHT, headers, certificate: { ...certificate, period: MAX_PERIOD + 1 } }, 'period-too-high');
  const reversed = { ...certificate, votes: certificate.votes.toReversed() };
  refuse({ ...LIGHT, headers, certificate: reversed }, 'bundle-order');
  refuse({ headers, ...many(2_268) }, 'bundle-not-trimmed');
  refuse({ headers, ...many(2_266) }, 'bundle-weight');
  // A total that is said to be small makes a small quorum, and falls with the root.
  const dust = many(4);
  refuse({ headers, ...dust, rows: { ...dust.rows, total: 5n } }, 'headers-unlinked');
  refuse({ ...LIGHT, ...dust, rows: { ...dust.rows, total: 5n } }, 'rows-proof');
  refuse({ ...LIGHT, rows: { ...rows, total: 0n } }, 'rows-proof');
  // Where every unit votes the rows tell that a member is too many.
  const context = contextOf(20n, EVERYBODY);
  const at = { round: 20n, period: 0, step: STEP.cert, value: valueOfHeader(CHAIN.headers[20]!) };
  const votes = ALL.map((one) => weigh(context, cast(one, context, at)));
  const untrimmed = makeLightCertificate(
    CHAIN.headers.slice(18, 21),
    makeBundle(TABLE.total, at, votes)!,
    TABLE,
  );
  const unlinked = untrimmed.headers.with(1, { ...untrimmed.headers[1]!, parent: blake2b256('OTHER') });
  refuse({ ...untrimmed, headers: unlinked }, 'bundle-not-trimmed', trustFor(20, EVERYBODY));
  // As many headers as it takes, and no more.
  refuse({ ...LIGHT, headers: CHAIN.headers.slice(28, 40) }, 'headers-unlinked');
});

/** Names that ascend with their numbers. */
const le32be = (n: number): Uint8Array => concat(new Uint8Array(28), le32(n).reverse());

test('a chain with the longest seed lookback that genesis allows has light certificates too', () => {
  const chain = madeChain(300, TABLE);
  const context = { ...contextOf(300n, DRAWN, chain.headers), seed: chain.headers[44]!.seed };
  const light = makeLightCertificate(chain.headers.slice(44), certify(chain.headers[300]!, context), TABLE);
  assert.equal(light.headers.length, 257);
  const trust = {
    ...trustFor(300, DRAWN),
    seedRule: { seedLookback: 256n, seedRefresh: 1n },
    balanceLookback: 300n,
    anchor: { height: 0n, validatorsRoot: TABLE.root() },
  };
  const decoded = decodeLightCertificate(encodeLightCertificate(light));
  assert.deepEqual(verifyLightCertificate(trust, decoded, STUB), chain.headers[300]);
});

test('a light certificate is no longer than its chain allows', () => {
  const bytes = encodeLightCertificate(LIGHT);
  const most = maxLightCertificateBytes(TRUST, TABLE.total);
  assert.deepEqual(decodeLightCertificate(bytes, most), LIGHT);
  assert.throws(() => decodeLightCertificate(new Uint8Array(most + 1), most), refusal('too-large'));
  assert.ok(most < MAX_LIGHT_CERTIFICATE_BYTES / 3, `${most} bytes`);
  const everybody = maxLightCertificateBytes({ ...TRUST, committees: EVERYBODY }, 1n << 60n);
  assert.ok(everybody > most, `${everybody} bytes`);
  // The longest lookback of any genesis file, every unit of the largest table.
  const seedRule = { seedLookback: 256n, seedRefresh: 1n };
  const any = maxLightCertificateBytes({ ...TRUST, committees: EVERYBODY, seedRule }, (1n << 63n) - 1n);
  assert.ok(any > everybody && any < MAX_LIGHT_CERTIFICATE_BYTES, `${any} bytes`);
});

test('no more headers are read than the longest seed lookback takes, and no more rows than a bundle has members', () => {
  const of = (count: number): Uint8Array =>
    encodeLightCertificate({ ...LIGHT, headers: Array.from({ length: count }, () => LIGHT.headers[1]!) });
  assert.equal(decodeLightCertificate(of(257)).headers.length, 257);
  assert.throws(() => decodeLightCertificate(of(258)), refusal('malformed'));
  const { rows } = LIGHT;
  const withRows = (count: number): Uint8Array => {
    const many = Array.from({ length: count }, () => rows.rows[0]!);
    return encodeLightCertificate({ ...LIGHT, rows: { ...rows, rows: many } });
  };
  assert.equal(decodeLightCertificate(withRows(8_192)).rows.rows.length, 8_192);
  assert.throws(() => decodeLightCertificate(withRows(8_193)), refusal('malformed'));
});

test('headers follow each other by height and by hash', () => {
  checkLinked(CHAIN.headers);
  checkLinked([]);
  const refused = (headers: readonly Header[]): void =>
    assert.throws(() => checkLinked(headers), refusal('headers-unlinked'));
  refused([CHAIN.headers[3]!, CHAIN.headers[5]!]);
  refused([CHAIN.headers[4]!, CHAIN.headers[3]!]);
  const next = CHAIN.headers[4]!;
  refused([CHAIN.headers[3]!, { ...next, parent: blake2b256('OTHER') }]);
  refused([CHAIN.headers[3]!, { ...next, height: 5n }]);
  refused([CHAIN.headers[3]!, { ...next, genesisHash: blake2b256('OTHER') }]);
});

test('the empty block is certified under the value without a proposer', () => {
  const { proposer: _, vrfProof: __, ...rest } = CHAIN.headers[30]!;
  const empty: Header = { ...rest, proposer: [], vrfProof: [] };
  const headers = [...CHAIN.headers.slice(28, 30), empty];
  const light = makeLightCertificate(headers, certify(empty, contextOf(30n, DRAWN)), TABLE);
  assert.deepEqual(light.certificate.value.proposer, new Uint8Array(32));
  assert.deepEqual(verifyLightCertificate(TRUST, light, STUB), empty);
});

test('with the real cryptography a light certificate verifies, and decodes to itself', () => {
  const crypto = { vrf: portableVrf, ed25519: portableEd25519 };
  const all = participants([1n, 2n, 3n, 4n], crypto);
  const table = stakeTable(all.map(({ row }) => row));
  const { headers } = madeChain(5, table);
  const context = {
    ...contextOf(5n, EVERYBODY, headers),
    table,
    committees: (step: number) => committeeOf(EVERYBODY, step, table.total),
  };
  const certificate = certify(headers[5]!, context, all, crypto);
  const light = makeLightCertificate(headers.slice(3), certificate, table);
  const bytes = encodeLightCertificate(light);
  const trust = { ...trustFor(5, EVERYBODY), anchor: { height: 0n, validatorsRoot: table.root() } };
  assert.deepEqual(decodeLightCertificate(bytes), light);
  assert.deepEqual(verifyLightCertificate(trust, decodeLightCertificate(bytes), crypto), headers[5]);
  assert.throws(
    () => decodeLightCertificate(new Uint8Array(MAX_LIGHT_CERTIFICATE_BYTES + 1)),
    refusal('too-large'),
  );
});
