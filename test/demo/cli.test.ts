import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

const MAIN = join(import.meta.dirname, '..', '..', 'tools', 'demo', 'main.ts');
const folder = mkdtempSync(join(tmpdir(), 'scenario-'));
after(() => rmSync(folder, { recursive: true }));

type Line = Readonly<Record<string, unknown>>;

interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function demo(...args: string[]): Run {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** Writes a scenario and gives the path. */
function scenario(name: string, content: object | string): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, null, 1));
  return path;
}

const linesOf = ({ stdout }: Run): Line[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

const HASH = /^[0-9a-f]{64}$/;
const WALLETS = ['a', 'b'].map((name) => ({ name, words: 'new' }));
const ALLOCATIONS = [{ wallet: 'a', amount: '5 SERO' }];

describe('the demo with --json', () => {
  let run: Run;
  let lines: Line[];
  before(() => {
    const steps = [
      { do: 'pay', from: 'a', to: 'b', amount: '2 SERO', memo: 'hello' },
      { do: 'attack', attack: 'double-spend', by: 'b', victim: 'a' },
      { do: 'attack', attack: 'stolen-proof', by: 'b', victim: 'a' },
      { do: 'audit', wallet: 'a' },
    ];
    const path = scenario('good.json', { wallets: WALLETS, allocations: ALLOCATIONS, steps });
    run = demo('--json', '--scenario', path);
    assert.equal(run.status, 0, run.stderr);
    lines = linesOf(run);
  });

  it('puts nothing but JSON on stdout: one object a step, then one a balance', () => {
    const steps = lines.filter((line) => 'step' in line);
    assert.deepEqual(
      steps.map(({ step }) => step),
      [
        'keys',
        'genesis',
        'pay',
        // The honest half of the double spend.
        'pay',
        'attack: double-spend',
        'attack: stolen-proof',
        'audit',
        'conservation',
        'agreement',
      ],
    );
    for (const { ok, ms } of steps) {
      assert.equal(ok, true);
      assert.ok(Number.isInteger(ms) && (ms as number) >= 0);
    }
    const rest = lines.slice(steps.length);
    assert.deepEqual(
      rest.map((line) => Object.keys(line)),
      rest.map(() => ['wallet', 'asset', 'balance']),
    );
    assert.deepEqual(
      rest.map(({ wallet, asset }) => `${wallet}/${asset}`),
      ['a/SERO', 'b/SERO'],
    );
  });

  it('says how four validators agreed: rounds, voters of each certificate, and the time until payments were final', () => {
    const said = lines.find(({ step }) => step === 'agreement')!;
    assert.equal(said['participants'], 4);
    assert.ok((said['rounds'] as number) > 0);
    assert.ok((said['fewestVoters'] as number) >= 3);
    assert.ok((said['transactions'] as number) >= 2);
    assert.ok((said['medianFinalMs'] as number) > 0);
    assert.ok((said['slowestFinalMs'] as number) >= (said['medianFinalMs'] as number));
    const pay = lines.find(({ step }) => step === 'pay')!;
    assert.ok((pay['finalMs'] as number) > 0);
  });

  it('says that its keys are insecure', () => {
    assert.match(String(lines[0]!['insecure']), /anybody can forge/);
  });

  it('gives each payment its txid, the hash of its proof, the time to verify it and its fee', () => {
    const pay = lines.find(({ step }) => step === 'pay')!;
    assert.match(String(pay['txid']), HASH);
    assert.match(String(pay['proofHash']), HASH);
    assert.ok((pay['verifyMs'] as number) > 0 && (pay['proveMs'] as number) > 0);
    assert.ok(BigInt(String(pay['fee'])) > 0n);
    assert.deepEqual([pay['from'], pay['to'], pay['amount']], ['a', 'b', `${2n * 10n ** 18n}`]);
    assert.equal(pay['memo'], 'hello');
  });

  it('gives each attack the code of its refusal, and the ledger’s root before and after, which are equal unless it says that empty blocks came between', () => {
    const attacks = lines.filter(({ step }) => String(step).startsWith('attack'));
    assert.deepEqual(
      attacks.map(({ code }) => code),
      ['nullifier-spent', 'proof-invalid'],
    );
    for (const { ok, rootBefore, rootAfter, emptyBlocks } of attacks) {
      assert.match(String(rootBefore), HASH);
      assert.match(String(rootAfter), HASH);
      // The node makes empty ones by its clock; a block with a transaction would not be ok.
      assert.equal(ok, true);
      assert.equal(rootBefore === rootAfter, emptyBlocks === undefined);
    }
  });

  it('ends with balances that sum to the allocations less the fees', () => {
    const sum = lines
      .filter(({ asset }) => asset === 'SERO')
      .filter((line) => !('step' in line))
      .reduce((total, { balance }) => total + BigInt(String(balance)), 0n);
    const { fees, allocated } = lines.find(({ step }) => step === 'conservation')!;
    assert.equal(sum + BigInt(String(fees)), BigInt(String(allocated)));
    assert.equal(allocated, `${5n * 10n ** 18n}`);
  });
});

describe('the demo’s exit code', () => {
  it('is 2 for a bad scenario, whose line at fault stands on stderr; stdout stays empty', () => {
    const path = scenario(
      'bad.json',
      '{\n"wallets": [],\n"allocations": [],\n"steps": [{ "do": "steal" }]\n}',
    );
    for (const args of [[], ['--json']]) {
      const { status, stdout, stderr } = demo(...args, '--scenario', path);
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, /line 4: "steal" is no step/);
    }
  });

  it('is 2 for arguments that do not exist and files that are not there', () => {
    const missing = demo('--scenario', join(folder, 'missing.json'));
    const unknown = demo('--fast');
    for (const { status, stdout, stderr } of [missing, unknown]) {
      assert.deepEqual([status, stdout], [2, '']);
      assert.ok(stderr.length > 0);
    }
  });

  it('is 1 where a step does not come off: who pays more than he has is told why, and the rest goes on', () => {
    const steps = [
      { do: 'pay', from: 'b', to: 'a', amount: '1 SERO' },
      { do: 'issue', wallet: 'a', name: 'NEVER-COMMITTED', supply: '5' },
      { do: 'pay', from: 'a', to: 'b', asset: 'NEVER-COMMITTED', amount: '5' },
      { do: 'disclose', wallet: 'a', by: 'payer' },
      { do: 'attack', attack: 'stolen-proof', by: 'a', victim: 'b' },
      { do: 'wait', blocks: 1 },
    ];
    const path = scenario('poor.json', { wallets: WALLETS, allocations: ALLOCATIONS, steps });
    const run = demo('--json', '--scenario', path);
    assert.equal(run.status, 1);
    const reports = linesOf(run).filter((line) => 'step' in line);
    assert.deepEqual(
      reports.map(({ step, ok, code }) => ({ step, ok, code })),
      [
        { step: 'keys', ok: true, code: undefined },
        { step: 'genesis', ok: true, code: undefined },
        { step: 'pay', ok: false, code: 'insufficient-funds' },
        { step: 'issue', ok: false, code: 'request-invalid' },
        { step: 'pay', ok: false, code: 'asset-unknown' },
        { step: 'disclose', ok: false, code: 'nothing-to-disclose' },
        { step: 'attack: stolen-proof', ok: false, code: 'insufficient-funds' },
        { step: 'wait', ok: true, code: undefined },
        { step: 'conservation', ok: true, code: undefined },
        { step: 'agreement', ok: true, code: undefined },
      ],
    );
    const { status, stdout } = demo('--scenario', path);
    assert.equal(status, 1);
    assert.match(stdout, /FAIL .* b pays a 1 SERO/);
    assert.match(stdout, /stolen-proof by a: could not be tried/);
    assert.ok(!stdout.includes('undefined') && !stdout.includes('NOT REFUSED'), stdout);
    assert.match(stdout, /insufficient-funds/);
  });
});
