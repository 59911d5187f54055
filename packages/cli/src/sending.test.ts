import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { it } from 'node:test';
import { TransportError } from '@sero/api';
import { agreedFee, untilFinal } from './sending.ts';

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
