import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { it } from 'node:test';
import { TransportError } from '@sero/api';
import { deriveSpendingKey, encodeAddress } from '@sero/protocol';
import { hex } from './names.ts';
import { agreedFee, expectNothingEntered, isSentBefore, untilFinal } from './sending.ts';

const SERO = 10n ** 18n;

/** A person at a terminal who gives this answer, or nobody. */
function world(answer?: string) {
  const isTTY = answer !== undefined;
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const stderr = Object.assign(new PassThrough(), { isTTY });
  stdin.write(`${answer ?? ''}\n`);
  const said: string[] = [];
  const io = { stdin, stderr, stdout: stderr, env: {}, cwd: '', signal: new AbortController().signal };
  const out = { say: (text: string) => said.push(text) };
  return { said, session: (yes: boolean) => ({ cli: { io, out, options: { yes } } }) as never };
}

it('fees within the total that was agreed to pass', async () => {
  assert.equal(await agreedFee(world().session(true), 3n, 3n, true), 3n);
});

it('fees above it are refused where nobody is asked: with --yes, without a terminal, with --max-fee', async () => {
  const refused = { exit: 'failed', code: 'fee-rose', message: /come to 4 SERO now, 3 SERO were agreed/ };
  for (const [who, yes, mayAsk] of [
    [world('y'), true, true],
    [world(), false, true],
    [world('y'), false, false],
  ] as const) {
    await assert.rejects(agreedFee(who.session(yes), 4n * SERO, 3n * SERO, mayAsk), refused);
    assert.deepEqual(who.said, []);
  }
});

it('somebody who is there is asked again, and the new total binds', async () => {
  const yes = world('y');
  assert.equal(await agreedFee(yes.session(false), 4n * SERO, 3n * SERO, true), 4n * SERO);
  assert.match(yes.said.join(), /4 SERO/);
  await assert.rejects(agreedFee(world('n').session(false), 4n * SERO, 3n * SERO, true), {
    code: 'fee-rose',
  });
});

it('a payment whose notes another one spent is not waited for: which one that was is for the history to say', async () => {
  const txid = 'ab'.repeat(32);
  const became: unknown[] = [];
  const session = {
    cli: {
      progress: { stage: (_: string, work: (report: () => void) => unknown) => work(() => undefined) },
      sends: { became: (...what: unknown[]) => became.push(what) },
      io: { signal: new AbortController().signal },
    },
    wallet: {
      history: () => [],
      lost: () => [{ txid: Uint8Array.from({ length: 32 }, () => 0xab), outcome: 'replaced', height: 5n }],
      tip: () => ({ header: { height: 5n } }),
    },
    source: { status: () => Promise.reject(new TransportError('unreachable', 'away')) },
  } as never;
  await assert.rejects(untilFinal(session, { txid, fee: 1n }, 600n), {
    exit: 'refused',
    code: 'replaced',
    message: new RegExp(`${txid} will be in no block: block 5 holds another one`),
  });
  assert.deepEqual(became, [[txid, 'replaced']]);
});

it('a transaction that failed in its block says so, and a command of stake why', async () => {
  const txid = new Uint8Array(32).fill(4);
  const failing = (stake?: object) => {
    const became: unknown[] = [];
    const session = {
      cli: {
        progress: { stage: (_: string, work: (report: () => void) => unknown) => work(() => undefined) },
        sends: { became: (...what: unknown[]) => became.push(what) },
        io: { signal: new AbortController().signal },
      },
      wallet: {
        history: () => [{ txid, height: 5n, succeeded: false, ...(stake && { stake }) }],
        tip: () => ({ header: { height: 5n } }),
      },
      source: { status: () => Promise.reject(new TransportError('unreachable', 'away')) },
    } as never;
    return { became, waited: () => untilFinal(session, { txid: hex(txid), fee: 1n }, 600n) };
  };
  const call = failing();
  await assert.rejects(call.waited, {
    exit: 'refused',
    code: 'action-failed',
    message: /block 5, but what it asked for failed: its fee and its notes are spent$/,
    hint: undefined,
  });
  assert.deepEqual(call.became, [[hex(txid), 'failed', 5n]]);
  await assert.rejects(failing({ action: 'claim', failure: 'nothing-to-claim' }).waited, {
    code: 'action-failed',
    message: /are spent; there was nothing to claim$/,
    hint: 'see: {sero} stake status',
  });
});

/** A wallet with a payment and a merge that were called refused and are in a block. */
function afterLies() {
  const [paid, merged] = [1, 2].map((byte) => new Uint8Array(32).fill(byte)) as [Uint8Array, Uint8Array];
  const to = encodeAddress(deriveSpendingKey(new Uint8Array(32)).proof.viewing.address);
  const payments = [{ to, asset: 1n, value: 3n * SERO }];
  const known: Uint8Array[] = [];
  const session = {
    network: 'development',
    wallet: {
      asset: () => ({ name: 'SERO' }),
      entered: () => [
        { txid: paid, height: 7n, payments },
        { txid: merged, height: 8n, payments: [] },
        { txid: merged, height: 9n, payments, acknowledged: true },
      ],
      acknowledge: async (txid: Uint8Array) => void known.push(txid),
    },
  } as never;
  return { paid, merged, known, session };
}

it('what a node called refused and a block holds ends the next payment, which says it in full; the one after it is free', async () => {
  const { paid, merged, known, session } = afterLies();
  await assert.rejects(expectNothingEntered(session, true), {
    exit: 'unknown',
    code: 'refused-entered',
    message:
      /0101, which .* is in block 7: it paid 3 SERO to serodev1\w+; .*0202, .* block 8.* nobody else; nothing was sent now/,
  });
  assert.deepEqual(known, [paid, merged]);
});

it('a command that pays nobody, or sends nothing, does not take that for said', async () => {
  const { merged, known, session } = afterLies();
  await assert.rejects(expectNothingEntered(session, false), {
    exit: 'unknown',
    code: 'refused-entered',
    hint: /next \{sero\} send says this once more/,
  });
  assert.deepEqual(known, [merged]);
});

it('what is sent again after its outcome was not known is not free because a node refuses it now', async () => {
  const txid = new Uint8Array(32).fill(3);
  const wallet = { pending: () => [{ txid }] };
  assert.ok(isSentBefore(wallet as never, hex(txid)));
  assert.ok(!isSentBefore({ pending: () => [{ txid, refused: true }] } as never, hex(txid)));
  assert.ok(!isSentBefore({ pending: () => [] } as never, hex(txid)));
});
