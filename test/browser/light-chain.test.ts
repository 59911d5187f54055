import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { blake2b256, portableBls, toHex } from '@sero/crypto';
import { fastEd25519, fastVrf } from '@sero/node';
import {
  type Checkpoint,
  checkpointMessage,
  encodeCheckpoint,
  encodeGenesis,
  encodeLightCertificate,
  firstHeaderFor,
  genesisHash,
  type Header,
  HeaderType,
  headerHash,
  type LightCertificate,
  lightRules,
  MAX_CHECKPOINT_AGE,
  STEP,
  StakeTableType,
  signersOf,
  stakeTable,
  type WholeStakeTable,
} from '@sero/protocol';
import { type Participant, participants } from '@sero/protocol/test/consensus';
import { firstHeader, foundedGenesis, founders, grown, lightFor } from '@sero/protocol/test/light-chain';
import { findChromium, runPage } from '../../bench/browser/chromium.ts';
import type { CheckpointCase, LightCase, LightReport, LightTask } from './light-chain-report.ts';

/** Two implementations agree here too: votes are made natively, and verified by the page's. */
const CRYPTO = { vrf: fastVrf, ed25519: fastEd25519 };

const FOUNDERS = founders([10n, 10n, 10n, 10n], CRYPTO, portableBls);
const GENESIS = foundedGenesis(FOUNDERS);
const TABLE = stakeTable(FOUNDERS.all.map(({ row }) => row));
/** From height 4 on the headers name others, who vote in rounds from 20 on. */
const LATER = participants([1n, 1n, 1n, 1n, 30n, 30n, 30n], CRYPTO, portableBls).filter(
  ({ row }) => row.weight === 30n,
);
const LATER_TABLE = stakeTable(LATER.map(({ row }) => row));
const HEADERS = grown([firstHeader(GENESIS)], 32, 0, (height) =>
  height >= 4n ? LATER_TABLE.root() : undefined,
);

const hexOf = (header: Header): string => toHex(HeaderType.serialize(header));

function lightOf(
  headers: readonly Header[],
  height: number,
  who: readonly Participant[],
  threshold?: bigint,
): LightCertificate {
  const table = who.every((one) => LATER.includes(one)) ? LATER_TABLE : TABLE;
  return lightFor(GENESIS, headers, height, {
    who,
    table,
    crypto: CRYPTO,
    ...(threshold === undefined ? {} : { threshold }),
  });
}

/** A step from genesis, or from block 8. */
function step(name: string, from: 0 | 8, headers: readonly Header[], light: LightCertificate): LightCase {
  const below = HEADERS.slice(Number(firstHeaderFor(lightRules(GENESIS), BigInt(from))), from + 1);
  return {
    name,
    ...(from === 0 ? {} : { trusted: { height: String(from), hash: toHex(headerHash(HEADERS[from]!)) } }),
    below: below.map(hexOf),
    headers: headers.map(hexOf),
    light: toHex(encodeLightCertificate(light)),
  };
}

const good = lightOf(HEADERS, 16, FOUNDERS.all);
const between = HEADERS.slice(9, 17);
const branch = grown(HEADERS.slice(0, 9), 16, 1);
const third = lightOf(branch, 16, FOUNDERS.all.slice(0, 1), 10n);
const heavy = FOUNDERS.all.map((one, n) => (n === 0 ? { ...one, row: { ...one.row, weight: 1_000n } } : one));
const ownTable = stakeTable(heavy.map(({ row }) => row));
const forgedHead = grown(HEADERS.slice(0, 17), 17, 1);
const headVote = lightOf(forgedHead, 17, FOUNDERS.all.slice(0, 1), 1n);
const swapped = good.certificate.votes.map((vote, n) =>
  n === 2 ? { ...vote, signature: good.certificate.votes[1]!.signature } : vote,
);

const STEPS: readonly (readonly [outcome: string, one: LightCase])[] = [
  ['16', step('from genesis', 0, HEADERS.slice(1, 17), good)],
  ['16', step('from a trusted block', 8, between, good)],
  ['24', step('through a change of who votes', 8, HEADERS.slice(9, 25), lightOf(HEADERS, 24, LATER))],
  ['bundle-weight', step('a chain that a third of the stake signed anew', 8, branch.slice(9, 17), third)],
  [
    'rows-proof',
    step('a wrong W', 8, branch.slice(9, 17), { ...third, rows: { ...third.rows, total: 13n } }),
  ],
  [
    'rows-proof',
    step(
      'a row not in the root',
      8,
      branch.slice(9, 17),
      lightFor(GENESIS, branch, 16, { who: heavy.slice(0, 1), table: ownTable, crypto: CRYPTO }),
    ),
  ],
  ['rows-proof', step('votes of an old table', 8, HEADERS.slice(9, 25), lightOf(HEADERS, 24, FOUNDERS.all))],
  [
    'headers-unlinked',
    step('unlinked headers', 8, between.with(3, { ...between[3]!, stateRoot: blake2b256('OTHER') }), good),
  ],
  [
    'certificate-value',
    step('a certificate of another round', 8, between, lightOf(HEADERS, 15, FOUNDERS.all)),
  ],
  [
    'certificate-step',
    step(
      'a certificate of another step',
      8,
      between,
      lightFor(GENESIS, HEADERS, 16, { who: FOUNDERS.all, table: TABLE, crypto: CRYPTO, step: STEP.soft }),
    ),
  ],
  [
    'certificate-value',
    step('a forged head with the certificate below it', 8, forgedHead.slice(9, 18), good),
  ],
  [
    'leaf-signature',
    step('a forged head with the votes below it', 8, forgedHead.slice(9, 18), {
      ...headVote,
      rows: good.rows,
      certificate: { ...headVote.certificate, votes: good.certificate.votes },
    }),
  ],
  ['light-reach', step('a stride skipped', 8, HEADERS.slice(9, 26), lightOf(HEADERS, 25, LATER))],
  [
    'batch-signature',
    step('a vote with the signature of another voter', 8, between, {
      ...good,
      certificate: { ...good.certificate, votes: swapped },
    }),
  ],
  [
    'light-start',
    {
      ...step('a header that is not that of block 0', 0, HEADERS.slice(1, 17), good),
      below: [hexOf({ ...HEADERS[0]!, validatorsRoot: LATER_TABLE.root() })],
    },
  ],
];

const NOW = 1_900_000_000_000n;

function checkpointOf(height: bigint, table: WholeStakeTable, who: readonly Participant[]): Checkpoint {
  const subject = {
    height,
    blockHash: blake2b256(`BLOCK ${height}`),
    stateRoot: blake2b256(`STATE ${height}`),
    validatorsRoot: LATER_TABLE.root(),
  };
  const message = checkpointMessage(genesisHash(GENESIS), subject);
  return {
    ...subject,
    signers: signersOf(
      table.count,
      who.map(({ row }) => table.position(row.id)!),
    ),
    signature: portableBls.aggregate(who.map(({ blsSecret }) => portableBls.sign(blsSecret, message))),
  };
}

const first = checkpointOf(256n, TABLE, FOUNDERS.all);
const second = checkpointOf(512n, LATER_TABLE, LATER);

function checkpointCase(name: string, next: Checkpoint, table: WholeStakeTable, age = 0n): CheckpointCase {
  return {
    name,
    trusted: toHex(encodeCheckpoint(first)),
    next: toHex(encodeCheckpoint(next)),
    table: toHex(StakeTableType.serialize({ total: table.total, rows: [...table.rows] })),
    time: String(NOW - age),
    now: String(NOW),
  };
}

const OLD = checkpointOf(512n, TABLE, FOUNDERS.all);
const CHECKPOINTS: readonly (readonly [outcome: string, one: CheckpointCase])[] = [
  ['512', checkpointCase('a checkpoint on a trusted one', second, LATER_TABLE, MAX_CHECKPOINT_AGE)],
  ['checkpoint-table', checkpointCase('a checkpoint signed by an old table', OLD, TABLE)],
  [
    'checkpoint-signature',
    checkpointCase('that one, said to be of the new table', { ...OLD, signers: second.signers }, LATER_TABLE),
  ],
  [
    'checkpoint-weight',
    checkpointCase(
      'a checkpoint of two thirds',
      checkpointOf(512n, LATER_TABLE, LATER.slice(0, 2)),
      LATER_TABLE,
    ),
  ],
  ['checkpoint-stale', checkpointCase('a stale checkpoint', second, LATER_TABLE, MAX_CHECKPOINT_AGE + 1n)],
  ['checkpoint-stale', checkpointCase('a checkpoint of a time to come', second, LATER_TABLE, -1n)],
];

const chromium = findChromium();

describe('a light client in a page of a browser', () => {
  if (chromium === undefined) {
    it('is left out: there is no Chromium on this machine', (context) => {
      context.diagnostic('no chromium, chromium-browser or google-chrome on PATH');
      assert.equal(findChromium(), undefined);
    });
    return;
  }

  it('takes what is final and refuses everything else, with the codes that it has in Node', async () => {
    const task: LightTask = {
      genesis: toHex(encodeGenesis(GENESIS)),
      steps: STEPS.map(([, one]) => one),
      checkpoints: CHECKPOINTS.map(([, one]) => one),
    };
    const files = new Map([['/task', { type: 'application/json', body: JSON.stringify(task) }]]);
    const report = await runPage(chromium, join(import.meta.dirname, 'light-chain-page.ts'), files);
    const expected = Object.fromEntries(
      [...STEPS, ...CHECKPOINTS].map(([outcome, { name }]) => [name, outcome]),
    );
    assert.deepEqual((report as LightReport).outcomes, expected, JSON.stringify(report));
  });
});
