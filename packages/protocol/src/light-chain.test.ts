import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { portableEd25519, portableVrf } from '@sero/crypto';
import { DRAWN, participants, STUB } from './consensus-test-support.ts';
import {
  extendLightChain,
  type Header,
  headerHash,
  type LightCertificate,
  type LightChain,
  lightChainAtGenesis,
  lightRules,
  nextLightHeight,
  type ProtocolErrorCode,
  STEP,
  stakeTable,
} from './index.ts';
import {
  firstHeader,
  foundedGenesis,
  founders,
  grown,
  lightFor,
  nextHeader,
} from './light-chain-test-support.ts';
import { refusal } from './test-support.ts';

/** Four validators of a quarter each; the small profile: lookback 16, stride 8. */
const FOUNDERS = founders([10n, 10n, 10n, 10n]);
const GENESIS = foundedGenesis(FOUNDERS);
const RULES = lightRules(GENESIS);
const TABLE = stakeTable(FOUNDERS.all.map(({ row }) => row));
/** From height 20 on the headers name others: they vote in rounds from 36 on. */
const LATER = participants([1n, 1n, 1n, 1n, 30n, 30n, 30n]).filter(({ row }) => row.weight === 30n);
const LATER_TABLE = stakeTable(LATER.map(({ row }) => row));
const HEADERS = grown([firstHeader(GENESIS)], 60, 0, (height) =>
  height >= 20n ? LATER_TABLE.root() : undefined,
);

/** The certificate that the chain has of a height. */
function honest(height: number): LightCertificate {
  const certifying = height >= 36 ? { who: LATER, table: LATER_TABLE } : { who: FOUNDERS.all, table: TABLE };
  return lightFor(GENESIS, HEADERS, height, certifying);
}

const START = lightChainAtGenesis(GENESIS, RULES, HEADERS[0]!);

/** Goes on from a chain to a height with honest headers and certificate. */
function extended(chain: LightChain, to: number): LightChain {
  const headers = HEADERS.slice(Number(chain.tip.height) + 1, to + 1);
  return extendLightChain(chain, headers, honest(to), STUB).chain;
}

function at(...heights: number[]): LightChain {
  return heights.reduce(extended, START);
}

function refuse(
  chain: LightChain,
  headers: readonly Header[],
  light: LightCertificate,
  code: ProtocolErrorCode,
): void {
  assert.throws(() => extendLightChain(chain, headers, light, STUB), refusal(code));
}

describe('a light chain', () => {
  it('takes headers as final up to a certified one, stride by stride, through a change of who votes', () => {
    const { chain, hashes } = extendLightChain(START, HEADERS.slice(1, 9), honest(8), STUB);
    assert.deepEqual(hashes, HEADERS.slice(1, 9).map(headerHash));
    assert.deepEqual(chain.tip, { height: 8n, hash: headerHash(HEADERS[8]!) });
    assert.equal(chain.roots.length, 9);
    const end = at(8, 16, 24, 32, 40, 48, 56, 60);
    assert.deepEqual(end.tip, { height: 60n, hash: headerHash(HEADERS[60]!) });
    assert.equal(end.roots.length, 16);
    assert.deepEqual(at(16, 32, 48, 60), end, 'two strides at once reach as far as the lookback');
    assert.deepEqual(at(1, 2, 3, 16, 17, 18, 33, 35, 36, 51, 60), end, 'any step of at most the lookback');
  });

  it('names the height to go to next: the last stride end in reach, then the head', () => {
    const to = (chain: LightChain, head: bigint): bigint | undefined => nextLightHeight(chain, head);
    assert.equal(to(START, 100n), 16n);
    assert.equal(to(START, 16n), 16n);
    assert.equal(to(START, 13n), 13n);
    assert.equal(to(START, 0n), undefined);
    assert.equal(to(at(3), 100n), 16n);
    assert.equal(to(at(8), 100n), 24n);
    assert.equal(to(at(13), 30n), 24n);
    assert.equal(to(at(13), 29n), 29n);
    const longest = { ...START, rules: { ...RULES, certStride: 16n } };
    assert.equal(to(longest, 100n), 16n);
    assert.equal(to({ ...longest, tip: { ...START.tip, height: 16n } }, 100n), 32n);
    assert.equal(to({ ...longest, tip: { ...START.tip, height: 17n } }, 100n), 32n);
  });

  it('refuses a branch that a third of the stake signed anew, or two thirds', () => {
    const chain = at(16);
    const branch = grown(HEADERS.slice(0, 17), 24, 1);
    for (const count of [1, 2]) {
      const who = FOUNDERS.all.slice(0, count);
      const forged = lightFor(GENESIS, branch, 24, { who, table: TABLE, threshold: BigInt(10 * count) });
      refuse(chain, branch.slice(17, 25), forged, 'bundle-weight');
    }
    // Exactly two thirds of a total that three share are no quorum either.
    const late = at(16, 32, 48);
    const other = grown(HEADERS.slice(0, 49), 56, 1);
    const forged = lightFor(GENESIS, other, 56, {
      who: LATER.slice(0, 2),
      table: LATER_TABLE,
      threshold: 60n,
    });
    refuse(late, other.slice(49, 57), forged, 'bundle-weight');
  });

  it('refuses a total that is not the table’s, which would make a quorum of a third', () => {
    const chain = at(16);
    const branch = grown(HEADERS.slice(0, 17), 24, 1);
    const who = FOUNDERS.all.slice(0, 1);
    const forged = lightFor(GENESIS, branch, 24, { who, table: TABLE, threshold: 10n });
    const lying = { ...forged, rows: { ...forged.rows, total: 13n } };
    refuse(chain, branch.slice(17, 25), lying, 'rows-proof');
  });

  it('refuses rows that are not under the root: weights, keys, or a whole table of the forger’s', () => {
    const chain = at(16);
    const branch = grown(HEADERS.slice(0, 17), 24, 1);
    const headers = branch.slice(17, 25);
    const [one, ...others] = FOUNDERS.all;
    const heavy = [{ ...one!, row: { ...one!.row, weight: 1_000n } }, ...others];
    const [stranger] = LATER;
    const rekeyed = FOUNDERS.all.map(({ row }) => ({
      ...stranger!,
      row: { ...stranger!.row, id: row.id, weight: 10n },
    }));
    for (const own of [heavy, rekeyed, LATER]) {
      const table = stakeTable(own.map(({ row }) => row));
      const who = own === heavy ? [...own].sort((a, b) => Number(b.row.weight - a.row.weight)) : own;
      refuse(chain, headers, lightFor(GENESIS, branch, 24, { who, table }), 'rows-proof');
    }
  });

  it('trusts nobody whom only the headers in question name', () => {
    // The forger writes his own table into the first header after the last final one, and certifies as soon as it would count.
    const own = participants([5n, 5n, 5n]);
    const table = stakeTable(own.map(({ row }) => row));
    const branch = grown(HEADERS.slice(0, 17), 60, 1, () => table.root());
    const chain = at(16);
    const forged = lightFor(GENESIS, branch, 33, { who: own, table });
    refuse(chain, branch.slice(17, 34), forged, 'light-reach');
    // Said to be of a round before, it meets the table of that round.
    refuse(chain, branch.slice(17, 33), lightFor(GENESIS, branch, 32, { who: own, table }), 'rows-proof');
  });

  it('does not jump over a stride', () => {
    const chain = at(8);
    refuse(chain, HEADERS.slice(9, 33), honest(32), 'light-reach');
    // So many headers are not hashed: these are not even linked.
    refuse(chain, HEADERS.slice(10, 27), honest(25), 'light-reach');
    refuse(chain, HEADERS.slice(17, 33), honest(32), 'certificate-value');
    refuse(chain, HEADERS.slice(17, 25), honest(24), 'certificate-value');
    refuse(
      chain,
      HEADERS.slice(17, 25),
      { ...honest(24), certificate: { ...honest(24).certificate, round: 16n } },
      'headers-unlinked',
    );
  });

  it('takes no header above the certified one, and none without a certificate', () => {
    const chain = at(16);
    refuse(chain, HEADERS.slice(17, 26), honest(24), 'certificate-value');
    refuse(chain, [], honest(16), 'headers-unlinked');
    // A forged head on top of honest headers, with the certificate of the block below it.
    const forged = grown(HEADERS.slice(0, 25), 25, 1);
    const { certificate, ...rest } = honest(24);
    const renamed = { ...rest, certificate: { ...certificate, round: 25n } };
    refuse(chain, forged.slice(17, 26), renamed, 'headers-unlinked');
    const shown = { ...renamed, headers: forged.slice(23, 26) };
    refuse(chain, forged.slice(17, 26), shown, 'certificate-value');
    const valued = lightFor(GENESIS, forged, 25, {
      who: FOUNDERS.all.slice(0, 1),
      table: TABLE,
      threshold: 1n,
    });
    const replayed = {
      ...valued,
      certificate: { ...certificate, round: 25n, value: valued.certificate.value },
      rows: rest.rows,
    };
    refuse(chain, forged.slice(17, 26), replayed, 'leaf-signature');
  });

  it('refuses headers that do not follow the last final one or each other', () => {
    const chain = at(16);
    const branch = grown(HEADERS.slice(0, 15), 24, 1);
    const who = { who: FOUNDERS.all, table: TABLE };
    refuse(chain, branch.slice(17, 25), lightFor(GENESIS, branch, 24, who), 'headers-unlinked');
    const good = HEADERS.slice(17, 25);
    for (const place of [0, 3, 6]) {
      const changed = good.with(place, { ...good[place]!, validatorsRoot: new Uint8Array(32) });
      refuse(chain, changed, honest(24), 'headers-unlinked');
    }
    refuse(chain, good.with(4, good[5]!), honest(24), 'headers-unlinked');
    refuse(chain, good.with(2, { ...good[2]!, height: 18n }), honest(24), 'headers-unlinked');
    // Heights that do not count up are refused even under a certificate.
    const leap = nextHeader(HEADERS[18]!, 1, { height: 50n });
    const leaping = grown([...HEADERS.slice(0, 19), leap, nextHeader(leap, 1, { height: 20n })], 24, 1);
    refuse(chain, leaping.slice(17, 25), lightFor(GENESIS, leaping, 24, who), 'headers-unlinked');
  });

  it('refuses headers of another branch than the one that the certificate is for', () => {
    const chain = at(16);
    const branch = grown(HEADERS.slice(0, 17), 24, 1);
    refuse(chain, branch.slice(17, 25), honest(24), 'certificate-value');
    const last = grown(HEADERS.slice(0, 24), 24, 1);
    refuse(chain, last.slice(17, 25), honest(24), 'certificate-value');
  });

  it('refuses a certificate of another step, round or height', () => {
    const chain = at(16);
    const headers = HEADERS.slice(17, 25);
    const soft = lightFor(GENESIS, HEADERS, 24, { who: FOUNDERS.all, table: TABLE, step: STEP.soft });
    refuse(chain, headers, soft, 'certificate-step');
    const posing = { ...soft, certificate: { ...soft.certificate, step: STEP.cert } };
    refuse(chain, headers, posing, 'leaf-signature');
    refuse(chain, headers, honest(23), 'certificate-value');
    const { certificate } = honest(23);
    refuse(
      chain,
      headers,
      { ...honest(24), certificate: { ...certificate, round: 24n } },
      'certificate-value',
    );
  });

  it('refuses votes of those who left the table, and of those who are not in it yet', () => {
    const old = lightFor(GENESIS, HEADERS, 40, { who: FOUNDERS.all, table: TABLE });
    refuse(at(16, 32), HEADERS.slice(33, 41), old, 'rows-proof');
    const early = lightFor(GENESIS, HEADERS, 35, { who: LATER, table: LATER_TABLE });
    refuse(at(16, 32), HEADERS.slice(33, 36), early, 'rows-proof');
  });

  it('refuses headers of a version that it does not know', () => {
    const branch = grown(HEADERS.slice(0, 5), 8).map((header) => ({ ...header }));
    const newer = grown([...branch.slice(0, 7), { ...branch[7]!, version: 2 }], 8);
    const who = { who: FOUNDERS.all, table: TABLE };
    refuse(START, newer.slice(1, 9), lightFor(GENESIS, newer, 8, who), 'unknown-version');
    const knowing = lightChainAtGenesis(GENESIS, lightRules(GENESIS, 2), HEADERS[0]!);
    const step = extendLightChain(knowing, newer.slice(1, 9), lightFor(GENESIS, newer, 8, who), STUB);
    assert.equal(step.chain.tip.height, 8n);
  });

  it('goes from stride to stride where committees are drawn', () => {
    const rich = founders([1_000_000n, 2_000_000n, 3_000_000n, 4_000_000n]);
    const genesis = foundedGenesis(rich, { committees: DRAWN });
    const table = stakeTable(rich.all.map(({ row }) => row));
    const headers = grown([firstHeader(genesis)], 16);
    let chain = lightChainAtGenesis(genesis, lightRules(genesis), headers[0]!);
    for (const end of [8, 16]) {
      const light = lightFor(genesis, headers, end, { who: rich.all, table });
      chain = extendLightChain(chain, headers.slice(end - 7, end + 1), light, STUB).chain;
    }
    assert.equal(chain.tip.height, 16n);
  });

  it('with the real cryptography takes what is signed and refuses what is not', () => {
    const crypto = { vrf: portableVrf, ed25519: portableEd25519 };
    const real = founders([1n, 1n, 1n, 1n], crypto);
    const genesis = foundedGenesis(real);
    const table = stakeTable(real.all.map(({ row }) => row));
    const headers = grown([firstHeader(genesis)], 8);
    const start = lightChainAtGenesis(genesis, lightRules(genesis), headers[0]!);
    const light = lightFor(genesis, headers, 8, { who: real.all, table, crypto });
    const { chain } = extendLightChain(start, headers.slice(1), light, crypto);
    assert.equal(chain.tip.height, 8n);
    const votes = light.certificate.votes.map((vote, i) =>
      i === 2 ? { ...vote, signature: light.certificate.votes[1]!.signature } : vote,
    );
    const forged = { ...light, certificate: { ...light.certificate, votes } };
    assert.throws(
      () => extendLightChain(start, headers.slice(1), forged, crypto),
      refusal('batch-signature'),
    );
  });
});
