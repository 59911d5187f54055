import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { createClient, createSocketClient, type SeroClient } from '@sero/api';
import { productChain, writeR1cs } from '@sero/circuits/test/setup';
import { buildProgram, examplesOf } from '@sero/cli';
import { equalBytes, fromHex } from '@sero/crypto';
import { decodeGenesis } from '@sero/protocol';
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
  startAnyDevnet,
  startDevnet,
  wordsOf,
  writeWallet,
} from './support.ts';

/**
 * Every example that the program's help and docs/cli.md show, run as it stands, with what only the reader can know (an address, a
 * transaction) put in its place; those of LATE alone get more options. An example that is in no story below fails the last test.
 */

/** What stands in examples for something that is different for every reader. */
const PLACEHOLDERS = [
  'serodev1…',
  'serordev1…',
  '5f3c…',
  'http://127.0.0.1:8645',
  '/ip4/192.0.2.7/tcp/8646/p2p/12D3KooW…',
] as const;

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
  readonly account?: number | (() => Promise<number>);
  /** The node that is asked is beside four validators. Default: it seals alone. */
  readonly agrees?: true;
  /** What the reader has before. */
  readonly before?: (home: Home) => Promise<void> | void;
  readonly steps: readonly Step[];
}

let devnet: Devnet;
/** Another one, with validators. */
let network: Devnet;
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
let [owner, record] = ['', ''];
const ofRecord = () => ({ '5f3c…': record });
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
    says: 'a network of one validator, begun by a ceremony',
    account: 6,
    steps: [
      {
        line: 'sero genesis address',
        check: ({ stdout }) => {
          owner = stdout.trim();
        },
      },
      {
        line: 'sero genesis join --keys validator --owner serordev1… --units 100 -o ada.entry',
        values: () => ({ 'serordev1…': owner }),
      },
      {
        line: 'sero genesis init ada.entry --profile development --name our-net --time 2027-01-01T12:00:00Z -o draft.ssz',
      },
      { line: 'sero genesis verify draft.ssz' },
      { line: 'sero genesis commit draft.ssz --keys validator -o ada.commitment' },
      { line: 'sero genesis reveal draft.ssz ada.commitment --keys validator -o ada.reveal' },
      {
        line: 'sero genesis build draft.ssz ada.commitment ada.reveal --ceremony ceremony.ssz -o genesis.ssz',
      },
      { line: 'sero genesis verify genesis.ssz --ceremony ceremony.ssz' },
    ],
  },
  {
    says: 'stake, from keys to leaving',
    account: 7,
    steps: [
      { line: 'sero stake owner', check: ({ stdout }) => assert.match(stdout, /^[0-9a-f]{128}$/m) },
      { line: 'sero stake keys ./validator' },
      {
        line: 'sero stake register --keys ./validator --units 10 --commission 5',
        answers: yes,
        sends: true,
      },
      {
        line: 'sero stake status --json',
        check: (called) => {
          const [own] = called.json()['holdings'] as { record: string }[];
          record = own!.record;
        },
      },
      { line: 'sero stake online', answers: yes, sends: true },
      { line: 'sero stake status', check: ({ stdout }) => assert.match(stdout, /yours/) },
      { line: 'sero stake delegate 5f3c… 5', values: ofRecord, answers: yes, sends: true },
      { line: 'sero stake unlock 5f3c… 5', values: ofRecord, answers: yes, sends: true },
      { line: 'sero stake offline', answers: yes, sends: true },
      {
        line: 'sero stake keys ./validator-2 --record 5f3c…',
        values: () => ({ '5f3c…': record.slice(0, 8) }),
      },
      { line: 'sero stake renew --keys ./validator-2', answers: yes, sends: true },
      { line: 'sero stake offline 5f3c… --for-good', values: ofRecord, answers: yes },
    ],
  },
  {
    says: 'a validator’s rewards',
    agrees: true,
    account: () => rewarded(),
    steps: [{ line: 'sero stake claim', answers: yes }],
  },
  {
    says: 'finality, verified',
    agrees: true,
    before: copyGenesis,
    steps: [
      { line: 'sero node peers', check: ({ stdout }) => assert.match(stdout, /^4 peers$/m) },
      {
        line: 'sero verify-chain --genesis genesis.ssz',
        check: ({ stdout }) => assert.match(stdout, /^final/),
      },
      {
        line: 'sero verify-chain --json --quiet',
        check: (called) => assert.ok(Number(called.json()['certificates']) > 0),
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
    says: 'a devnet, one begun anew, and one without validators',
    steps: [{ line: 'sero devnet' }, { line: 'sero devnet --reset' }, { line: 'sero devnet --solo' }],
  },
  {
    says: 'a node',
    before: ({ path }) =>
      copyFileSync(join(devnetHome.path, 'devnet-solo', 'genesis.ssz'), join(path, 'genesis.ssz')),
    steps: [{ line: 'sero node start --genesis genesis.ssz' }, { line: 'sero node start' }],
  },
  {
    says: 'a node of a network, with keys',
    account: 9,
    agrees: true,
    async before(home) {
      copyGenesis(home);
      const { code, stderr } = await sero({ home, env: { SERO_NODE: network.url } }, 'stake', 'keys', 'keys');
      assert.equal(code, 0, stderr);
    },
    steps: [
      {
        line: 'sero node start --genesis genesis.ssz --validator keys --bootstrap /ip4/192.0.2.7/tcp/8646/p2p/12D3KooW…',
        // Where others listen on this machine, the port that is everybody's default may be taken.
        values: () => ({
          '/ip4/192.0.2.7/tcp/8646/p2p/12D3KooW…': `${peerAddress} --listen /ip4/127.0.0.1/tcp/0`,
        }),
      },
    ],
  },
];
const WITH_NODE = 'sero node status --node http://127.0.0.1:8645';
const STOPPED_NODE = ['sero node check', 'sero node snapshot'];
const IN_BASH = [
  'source <(sero completion bash)',
  'sero completion fish > ~/.config/fish/completions/sero.fish',
];
/** What takes a checkpoint of 256 blocks, with the file and the words in which a test runs it. */
const BY_ITS_OWN_TEST: Readonly<Record<string, readonly [file: string, words: readonly string[]]>> = {
  'sero verify-chain --from-checkpoint checkpoint.ssz --checkpoint-time 2026-11-23T12:00:00Z': [
    'packages/cli/src/commands/verify-chain.test.ts',
    ["'--from-checkpoint', file", "'--checkpoint-time', now()"],
  ],
};
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
let networkHome: Home;
/** Of the node beside the validators, for others of its network. */
let peerAddress = '';

function copyGenesis({ path }: Home): void {
  copyFileSync(join(networkHome.path, 'devnet', 'genesis.ssz'), join(path, 'genesis.ssz'));
}

describe('every example of the help and of docs/cli.md', { concurrency: false }, () => {
  const homes: Home[] = [];
  const fresh = (): Home => {
    const home = newHome();
    homes.push(home);
    return home;
  };
  before(async () => {
    [devnetHome, networkHome] = [fresh(), fresh()];
    [devnet, network] = await Promise.all([startDevnet(devnetHome.path), startAnyDevnet(networkHome.path)]);
    const { addresses } = await createClient({ url: network.url }).request('sero_getPeers', {});
    peerAddress = addresses[0]!;
  });
  after(async () => {
    await devnet.stop('SIGKILL');
    // Its validators end with it: their standard input does.
    await network.stop('SIGKILL');
    for (const home of homes) home.remove();
  });

  /** Runs one line in this process; `&&` as a shell would. */
  async function run(home: Home, step: Step, { url } = devnet): Promise<void> {
    const { answers, asksPassword, sends, check } = step;
    const text = filled(step);
    const env = { SERO_NODE: url, ...(asksPassword === undefined ? {} : { SERO_PASSWORD_FILE: '' }) };
    for (const one of text.split(' && ')) {
      const [name, ...words] = wordsOf(one);
      assert.equal(name, 'sero');
      const asked = answers !== undefined && one === text.split(' && ').at(-1) ? { answers } : {};
      const called = await sero({ home, env, ...asked }, ...words);
      assert.equal(called.code, 0, `${one}: ${called.stderr}`);
      check?.(called);
      if (sends === true) {
        for (const [txid] of called.stdout.matchAll(/^[0-9a-f]{64}/gm)) await inBlock(url, txid);
      }
    }
  }

  /** What a reader has before a story. */
  async function begin({ account, before: prepare }: Story): Promise<Home> {
    const home = fresh();
    const number = typeof account === 'function' ? await account() : account;
    if (number !== undefined) await writeWallet(home, { words: devnet.accounts[number]!.words });
    await prepare?.(home);
    return home;
  }

  for (const story of STORIES) {
    it(`works: ${story.says}`, async () => {
      const home = await begin(story);
      for (const step of story.steps) await run(home, step, story.agrees ? network : devnet);
    });
  }

  for (const story of LASTING) {
    const { says, steps } = story;
    it(`works, and ctrl-C ends it with 0: ${says}`, async () => {
      const home = await begin(story);
      for (const step of steps) {
        const { line } = step;
        const child = spawn(process.execPath, [PROGRAM, ...wordsOf(filled(step)).slice(1)], {
          cwd: home.path,
          env: { ...OUTSIDE_NPM, SERO_DIR: home.path, SERO_RPC_PORT: '0' },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        const said: string[] = [];
        child.stderr.on('data', (chunk) => said.push(String(chunk)));
        try {
          const url = await addressIn(child);
          if (line.startsWith('sero node')) {
            await run(home, { line: WITH_NODE, values: () => ({ 'http://127.0.0.1:8645': url }) });
          }
          child.kill('SIGINT');
          assert.deepEqual(await once(child, 'exit'), [0, null], `${line}: ${said.join('')}`);
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
    for (const [line, [file, words]] of Object.entries(BY_ITS_OWN_TEST)) {
      const text = readFileSync(join(import.meta.dirname, '..', '..', file), 'utf8');
      for (const part of words) assert.ok(text.includes(part), `${file} does not run ${line}`);
    }
    const inStories = [...STORIES, ...LASTING].flatMap(({ steps }) => steps.map(({ line }) => line));
    const elsewhere = [...LATE, ...Object.keys(BY_ITS_OWN_TEST)];
    const known = [...inStories, ...[WITH_NODE, ...STOPPED_NODE, ...IN_BASH, ...elsewhere]];
    assert.deepEqual([...new Set(known)].toSorted(), [...new Set(examples())].toSorted());
  });
});

/** A line with what only the reader knows. */
function filled({ line, values }: Step): string {
  let text = line;
  for (const [placeholder, value] of Object.entries(values?.() ?? {})) {
    assert.ok(text.includes(placeholder), `${line} has no ${placeholder}`);
    text = text.replace(placeholder, value);
  }
  assert.doesNotMatch(text, /…/, `what stands for the … in: ${line}`);
  return text;
}

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
async function inBlock(url: string, txid: string): Promise<void> {
  await untilHead(url, async (client) => {
    const { status } = await client.request('sero_getTransaction', { txid: fromHex(txid) });
    return status === 'final' ? true : undefined;
  });
}

/** Resolves to a validator of the network, which is an account too, once a block has credited it. */
async function rewarded(): Promise<number> {
  const genesis = decodeGenesis(readFileSync(join(networkHome.path, 'devnet', 'genesis.ssz')));
  return untilHead(network.url, async (client) => {
    const { records } = await client.request('sero_getStakeRecords', { limit: 100 });
    const index = genesis.validators.findIndex(({ owner }) =>
      records.some((record) => equalBytes(record.owner, owner) && record.rewards > 0n),
    );
    return index < 0 ? undefined : index;
  });
}

/** What a node answers, asked now and at each new block until there is an answer. */
async function untilHead<T>(url: string, ask: (client: SeroClient) => Promise<T | undefined>): Promise<T> {
  const client = createClient({ url });
  const socket = await createSocketClient({ url: url.replace(/^http/, 'ws') });
  try {
    const seen = Promise.withResolvers<T>();
    const look = (): void => {
      ask(client).then((found) => found !== undefined && seen.resolve(found), seen.reject);
    };
    await socket.subscribeHeads(look);
    look();
    return await seen.promise;
  } finally {
    socket.close();
  }
}
