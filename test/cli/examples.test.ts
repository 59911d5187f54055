import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { createClient, createSocketClient } from '@sero/api';
import { productChain, writeR1cs } from '@sero/circuits/test/setup';
import { buildProgram, examplesOf } from '@sero/cli';
import { fromHex } from '@sero/crypto';
import { newWords } from '@sero/wallet';
import {
  type Answer,
  type Called,
  type Devnet,
  type Home,
  newHome,
  OUTSIDE_NPM,
  PASSWORD,
  PROGRAM,
  sero,
  startDevnet,
  wordsOf,
  writeWallet,
} from './support.ts';

/**
 * Every example that the program's help and docs/cli.md show, run as it stands, with what only the reader can know (an address, a
 * transaction) put in its place; those of LATE alone get more options. An example that is in no story below fails the last test.
 */

/** What stands in examples for something that is different for every reader. */
const PLACEHOLDERS = ['serodev1…', '5f3c…', 'http://127.0.0.1:8645'] as const;

interface Step {
  readonly line: string;
  /** What stands in the place of each placeholder. */
  readonly values?: () => Partial<Record<(typeof PLACEHOLDERS)[number], string>>;
  /** A person at the terminal; nobody unless given. */
  readonly answers?: readonly Answer[];
  /** Nobody has set SERO_PASSWORD_FILE. */
  readonly asksPassword?: true;
  /** What it sent is awaited before the next step, which needs the change. */
  readonly sends?: true;
  readonly check?: (called: Called) => void;
}

interface Story {
  readonly says: string;
  /** Devnet account of the wallet; none: there is no wallet yet. */
  readonly account?: number;
  /** What the reader has before. */
  readonly before?: (home: Home) => void;
  readonly steps: readonly Step[];
}

let devnet: Devnet;
const address = (n: number): string => devnet.accounts[n]!.address;
const toBob = () => ({ 'serodev1…': address(9) });
const atNode = () => ({ 'http://127.0.0.1:8645': devnet.url });
const yes: readonly Answer[] = [[/\[y\/N\]/, () => 'y']];
/** Types the word that was shown under the number that is asked for. */
const shownWord: Answer = [
  /Word \d+\?/,
  (screen) => {
    const number = [...screen.matchAll(/Word (\d+)\?/g)].at(-1)![1]!;
    // Padded to two digits in the table; the sentence above it says "24 words" too.
    return new RegExp(`^ *(?:\\d+ [a-z]+ +)*${number} ([a-z]+)`, 'm').exec(screen)![1]!;
  },
];
const typed = (question: RegExp, text = PASSWORD): Answer => [question, () => text];
let paid = '';
/** Where a ceremony's number comes from is its people's to agree on. */
const BEACON = '000102030405060708090a0b0c0d0e0f';

const STORIES: readonly Story[] = [
  {
    says: 'a new wallet',
    steps: [
      {
        line: 'sero init',
        asksPassword: true,
        answers: [shownWord, shownWord, typed(/New password/), typed(/The same again/)],
      },
    ],
  },
  {
    says: 'a wallet from its words',
    before: ({ path }) => writeFileSync(join(path, 'words.txt'), newWords()),
    steps: [{ line: 'sero init --words-file words.txt --birthday 12000' }],
  },
  {
    says: 'an account of the devnet',
    steps: [
      {
        line: 'sero init --devnet-account 0',
        check: ({ stdout }) => assert.equal(stdout.trim(), address(0)),
      },
    ],
  },
  {
    says: 'accounts, addresses, contacts, a payment, an audit, a repair',
    account: 0,
    before: ({ path }) => writeFileSync(join(path, 'payments.csv'), `to,amount\n${address(1)},1\nbob,2\n`),
    steps: [
      { line: 'sero account list', check: ({ stdout }) => assert.match(stdout, /main/) },
      { line: 'sero account add savings' },
      { line: 'sero account rename 0 daily' },
      { line: 'sero address', check: ({ stdout }) => assert.equal(stdout.trim(), address(0)) },
      { line: 'sero address --uri --amount 1.5 --memo "two coffees"' },
      { line: 'sero sync' },
      { line: 'sero balance', check: ({ stdout }) => assert.match(stdout, /^SERO +1000000 /m) },
      {
        line: 'sero balance --asset SERO --json',
        check: (called) => assert.equal((called.json()['balances'] as unknown[]).length, 1),
      },
      { line: 'sero contact add bob serodev1…', values: toBob },
      { line: 'sero contact list', check: ({ stdout }) => assert.match(stdout, /^bob/m) },
      { line: 'sero send --file payments.csv --dry-run' },
      {
        line: 'sero send serodev1… 1.5 --memo "for the bread"',
        values: toBob,
        answers: yes,
        sends: true,
        check: ({ stdout }) => {
          paid = stdout.trim();
        },
      },
      { line: 'sero history', check: ({ stdout }) => assert.match(stdout, /for the bread/) },
      {
        line: 'sero history --limit 1000 --json',
        check: (called) => assert.equal((called.json()['transactions'] as unknown[]).length, 2),
      },
      { line: 'sero audit export-tk -o tk.txt' },
      { line: 'sero audit view --tk-file tk.txt' },
      {
        line: 'sero init --watch tk.txt --dir ./audit',
        check: ({ stdout }) => assert.equal(stdout.trim(), address(0)),
      },
      { line: 'sero audit disclose 5f3c… -o payment.json', values: () => ({ '5f3c…': paid }) },
      { line: 'sero audit verify payment.json --node http://127.0.0.1:8645', values: atNode },
      { line: 'sero contact remove bob' },
      { line: 'sero repair' },
      { line: 'sero repair --birthday 0' },
      {
        line: 'sero password',
        asksPassword: true,
        answers: [
          typed(/Password/),
          typed(/New password/, 'another long one'),
          typed(/The same again/, 'another long one'),
        ],
      },
    ],
  },
  {
    says: 'a payment URI',
    account: 4,
    steps: [{ line: 'sero send "sero:serodev1…?amount=1.5"', values: toBob, answers: yes }],
  },
  {
    says: 'tickets',
    account: 2,
    steps: [
      { line: 'sero asset issue OPERA.TICKETS --category', answers: yes, sends: true },
      { line: `sero asset ticket OPERA.TICKETS ${'0'.repeat(63)}1`, answers: yes },
      { line: 'sero asset list', check: ({ stdout }) => assert.match(stdout, /OPERA\.TICKETS/) },
    ],
  },
  {
    says: 'a payment in four steps',
    account: 3,
    steps: [
      { line: 'sero tx plan serodev1… 1.5 -o plan.json', values: toBob },
      { line: 'sero tx show plan.json' },
      { line: 'sero tx show plan.json && sero tx sign plan.json -o signed.json', answers: yes },
      { line: 'sero tx prove plan.json -o proved.json' },
      { line: 'sero tx submit plan.json signed.json proved.json --wait' },
    ],
  },
  {
    says: 'a ceremony of one person, both phases',
    before: ({ path }) => {
      writeFileSync(join(path, 'small.r1cs'), writeR1cs(productChain(3).r1cs));
      writeFileSync(join(path, 'dice.txt'), '3 1 4 1 5\n');
    },
    steps: [
      { line: 'sero ceremony start --power 4 -o powers-0.ptau' },
      {
        line: 'sero ceremony contribute powers-0.ptau -o powers-1.ptau --name "Ada"',
        answers: [typed(/nobody can guess/, 'a walk over the keys')],
        check: ({ stdout }) => assert.match(stdout, /^attestation: [0-9a-f]{128}$/m),
      },
      {
        line: 'sero ceremony verify powers-1.ptau',
        check: ({ stdout }) => assert.match(stdout, /^VALID\n1 {2}Ada\n/),
      },
      {
        line: 'sero ceremony beacon powers-1.ptau 5f3c… -o powers-2.ptau --iterations 10',
        values: () => ({ '5f3c…': BEACON }),
      },
      { line: 'sero ceremony prepare powers-2.ptau -o powers.ptau' },
      { line: 'sero ceremony start --circuit small.r1cs --powers powers.ptau -o key-0.zkey' },
      { line: 'sero ceremony contribute key-0.zkey -o key-1.zkey --entropy-file dice.txt' },
      {
        line: 'sero ceremony beacon key-1.zkey 5f3c… -o key-2.zkey --iterations 10',
        values: () => ({ '5f3c…': BEACON }),
      },
      {
        line: 'sero ceremony verify key-2.zkey --circuit small.r1cs --powers powers.ptau --beacon 5f3c…',
        values: () => ({ '5f3c…': BEACON }),
      },
      {
        line: 'sero ceremony finish key-2.zkey --circuit small.r1cs --id 1 --powers powers.ptau --verifying-key key.vk -o key.zkey',
        check: ({ stdout }) => assert.match(stdout, /^verifying key: [0-9a-f]{64}$/m),
      },
    ],
  },
  {
    says: 'a plan for a contact, signed',
    account: 5,
    steps: [
      { line: 'sero contact add bob serodev1…', values: toBob },
      { line: 'sero tx plan bob 1.5 --memo "rent" -o plan.json' },
      { line: 'sero tx sign plan.json -o signed.json', answers: yes },
    ],
  },
];

/** Programs that go on until they are stopped, and what is said to them or after them. */
const LASTING: readonly Story[] = [
  {
    says: 'a devnet, and one begun anew',
    steps: [{ line: 'sero devnet' }, { line: 'sero devnet --reset' }],
  },
  {
    says: 'a node',
    before: ({ path }) =>
      copyFileSync(join(devnetHome.path, 'devnet-solo', 'genesis.ssz'), join(path, 'genesis.ssz')),
    steps: [{ line: 'sero node start --genesis genesis.ssz' }, { line: 'sero node start' }],
  },
];
const WITH_NODE = 'sero node status --node http://127.0.0.1:8645';
const STOPPED_NODE = ['sero node check', 'sero node snapshot'];
const IN_BASH = [
  'source <(sero completion bash)',
  'sero completion fish > ~/.config/fish/completions/sero.fish',
];
/**
 * One story with proofs of all shapes, whose keys are made while other tests run: it runs late, in a file of its own, which sets `--yes`,
 * `--wait` and `--json` behind each of these lines, since every one is a process at no terminal.
 */
const LATE_FILE = 'real-proofs.test.ts';
const LATE = [
  'sero asset commit HEPTANE',
  'sero asset issue HEPTANE 1000000',
  'sero consolidate --asset HEPTANE',
  'sero send bob 20 HEPTANE --wait',
];

let devnetHome: Home;

describe('every example of the help and of docs/cli.md', { concurrency: false }, () => {
  const homes: Home[] = [];
  const fresh = (): Home => {
    const home = newHome();
    homes.push(home);
    return home;
  };
  before(async () => {
    devnetHome = fresh();
    devnet = await startDevnet(devnetHome.path);
  });
  after(async () => {
    await devnet.stop('SIGKILL');
    for (const home of homes) home.remove();
  });

  /** Runs one line in this process; `&&` as a shell would. */
  async function run(home: Home, { line, values, answers, asksPassword, sends, check }: Step): Promise<void> {
    let text = line;
    for (const [placeholder, value] of Object.entries(values?.() ?? {})) {
      assert.ok(text.includes(placeholder), `${line} has no ${placeholder}`);
      text = text.replace(placeholder, value);
    }
    assert.doesNotMatch(text, /…/, `what stands for the … in: ${line}`);
    const env = { SERO_NODE: devnet.url, ...(asksPassword === undefined ? {} : { SERO_PASSWORD_FILE: '' }) };
    for (const one of text.split(' && ')) {
      const [name, ...words] = wordsOf(one);
      assert.equal(name, 'sero');
      const asked = answers !== undefined && one === text.split(' && ').at(-1) ? { answers } : {};
      const called = await sero({ home, env, ...asked }, ...words);
      assert.equal(called.code, 0, `${one}: ${called.stderr}`);
      check?.(called);
      if (sends === true) {
        for (const [txid] of called.stdout.matchAll(/^[0-9a-f]{64}/gm)) await inBlock(txid);
      }
    }
  }

  for (const { says, account, before: prepare, steps } of STORIES) {
    it(`works: ${says}`, async () => {
      const home = fresh();
      if (account !== undefined) await writeWallet(home, { words: devnet.accounts[account]!.words });
      prepare?.(home);
      for (const step of steps) await run(home, step);
    });
  }

  for (const { says, before: prepare, steps } of LASTING) {
    it(`works, and ctrl-C ends it with 0: ${says}`, async () => {
      const home = fresh();
      prepare?.(home);
      for (const { line } of steps) {
        const child = spawn(process.execPath, [PROGRAM, ...wordsOf(line).slice(1)], {
          cwd: home.path,
          env: { ...OUTSIDE_NPM, SERO_DIR: home.path, SERO_RPC_PORT: '0' },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        try {
          const url = await addressIn(child);
          if (line.startsWith('sero node')) {
            await run(home, { line: WITH_NODE, values: () => ({ 'http://127.0.0.1:8645': url }) });
          }
          child.kill('SIGINT');
          assert.deepEqual(await once(child, 'exit'), [0, null], line);
        } finally {
          child.kill('SIGKILL');
        }
      }
      if (steps[0]!.line.startsWith('sero node')) for (const line of STOPPED_NODE) await run(home, { line });
    });
  }

  it('works in a shell: completion', async () => {
    const home = fresh();
    mkdirSync(join(home.path, '.config', 'fish', 'completions'), { recursive: true });
    const script = [
      'set -e',
      'sero() { "$SERO_RUNTIME" "$SERO_PROGRAM" "$@"; }',
      ...IN_BASH,
      'complete -p sero',
    ];
    const child = spawn('bash', ['-c', script.join('\n')], {
      cwd: home.path,
      env: { ...OUTSIDE_NPM, HOME: home.path, SERO_RUNTIME: process.execPath, SERO_PROGRAM: PROGRAM },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const printed: string[] = [];
    child.stdout.on('data', (chunk) => printed.push(String(chunk)));
    assert.deepEqual(await once(child, 'close'), [0, null]);
    assert.match(printed.join(''), /complete .*sero/);
    assert.match(
      readFileSync(join(home.path, '.config/fish/completions/sero.fish'), 'utf8'),
      /complete -c sero/,
    );
  });

  it('is in one of these stories', () => {
    const late = readFileSync(join(import.meta.dirname, LATE_FILE), 'utf8');
    for (const line of LATE) assert.ok(late.includes(`'${line}'`), `${LATE_FILE} does not run ${line}`);
    const inStories = [...STORIES, ...LASTING].flatMap(({ steps }) => steps.map(({ line }) => line));
    const known = [...inStories, ...[WITH_NODE, ...STOPPED_NODE, ...IN_BASH, ...LATE]];
    assert.deepEqual([...new Set(known)].toSorted(), [...new Set(examples())].toSorted());
  });
});

/** The examples of every command of the program. */
function examples(): string[] {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const { signal } = new AbortController();
  const program = buildProgram({ stdin, stdout, stderr, env: {}, cwd: '/', signal });
  const below = (command: typeof program): string[] => [
    ...examplesOf(command).map(({ line }) => line),
    ...command.commands.flatMap((child) => below(child as typeof program)),
  ];
  return below(program);
}

/** Resolves to the RPC address that a program prints once it serves; rejects where it ends before. */
async function addressIn(child: ReturnType<typeof spawn>): Promise<string> {
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    child.stdout!.on('data', (chunk) => {
      said.push(String(chunk));
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said.join(''));
      if (url !== null) resolve(url[0]);
    });
    child.stderr!.on('data', (chunk) => said.push(String(chunk)));
    child.once('exit', (code) => reject(new Error(`exit code ${code}: ${said.join('')}`)));
  });
}

/** Resolves when a block holds a transaction. */
async function inBlock(txid: string): Promise<void> {
  const client = createClient({ url: devnet.url });
  const socket = await createSocketClient({ url: devnet.url.replace(/^http/, 'ws') });
  try {
    const isThere = async (): Promise<boolean> =>
      (await client.request('sero_getTransaction', { txid: fromHex(txid) })).status === 'final';
    const seen = Promise.withResolvers<void>();
    await socket.subscribeHeads(() => {
      isThere().then((is) => is && seen.resolve(), seen.reject);
    });
    if (!(await isThere())) await seen.promise;
  } finally {
    socket.close();
  }
}
