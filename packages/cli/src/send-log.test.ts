import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { it } from 'node:test';
import { TransportError } from '@sero/api';
import { CliError } from './errors.ts';
import { createOutput } from './output.ts';
import { createSendLog, type ShownPayment } from './send-log.ts';

const payment = (to: string): ShownPayment => ({ to, asset: 1n, amount: 5n, says: `5 to ${to}` });

function logged(json: boolean) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const io = {
    stdin: new PassThrough(),
    stdout,
    stderr,
    env: {},
    cwd: '',
    signal: new AbortController().signal,
  };
  const out = createOutput(io, { json, color: false, quiet: false, verbose: false });
  return { log: createSendLog(out, 'sero'), text: () => String(stdout.read() ?? '') };
}

/** Two transactions of three: the first is final, the second is on its way. */
function payroll(json: boolean) {
  const { log, text } = logged(json);
  log.begins({ txid: 'aa', fee: 1n, pays: [payment('A')], left: [payment('B'), payment('C')] });
  log.became('aa', 'sent');
  log.became('aa', 'final', 7n);
  log.begins({ txid: 'bb', fee: 1n, pays: [payment('B')], left: [payment('C')] });
  return { log, text };
}

it('before anything is sent a failure is what it was, and so it is after the result was shown', () => {
  const error = new TransportError('timeout', 'late');
  const { log, text } = payroll(true);
  log.shown();
  assert.equal(log.explain(error), error);
  assert.equal(logged(true).log.explain(error), error);
  assert.equal(text(), '');
});

it('after the first transaction every failure ends with 8, and says what is paid, sent and not sent', () => {
  for (const error of [
    new TransportError('timeout', 'late'),
    AbortSignal.abort().reason,
    new TypeError('x'),
  ]) {
    const { log, text } = payroll(true);
    const ended = log.explain(error) as CliError;
    assert.deepEqual([ended.exit, ended.code], ['unknown', 'outcome-unknown']);
    assert.match(ended.message, /paid: 1 payment in aa; perhaps sent: 1 payment in bb; not sent: 1 payment$/);
    const said = JSON.parse(text());
    assert.deepEqual(
      said.transactions.map((one: { txid: string; state: string; pays: { to: string }[] }) => [
        one.txid,
        one.state,
        one.pays.map(({ to }) => to),
      ]),
      [
        ['aa', 'final', ['A']],
        ['bb', 'unknown', ['B']],
      ],
    );
    assert.deepEqual(said.notSent, [{ to: 'C', asset: '1', amount: '5' }]);
  }
});

it('a person reads the same, a line a payment', () => {
  const { log, text } = payroll(false);
  log.became('bb', 'sent');
  log.explain(new TypeError('x'));
  assert.equal(text(), 'aa in block 7\n  paid: 5 to A\nbb sent\n  sent: 5 to B\nnot sent: 5 to C\n');
});

it('a later step that is refused keeps its own exit, and its payments are not sent', () => {
  const { log, text } = payroll(true);
  log.refused('bb');
  const refusal = new CliError('refused', 'nullifier-spent', 'no');
  assert.equal(log.explain(refusal), refusal);
  const said = JSON.parse(text());
  assert.equal(said.transactions.length, 1);
  assert.deepEqual(
    said.notSent.map(({ to }: { to: string }) => to),
    ['B', 'C'],
  );
});

it('where all that was sent is final, the rest may be begun anew', () => {
  const { log } = payroll(true);
  log.became('bb', 'final', 9n);
  const ended = log.explain(new TypeError('x')) as CliError;
  assert.deepEqual([ended.exit, ended.code], ['unknown', 'unfinished']);
});
