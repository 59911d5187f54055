import { addressToText, decodeExecutedBlock, viewingKeyFromText, viewingKeyToText } from '@sero/protocol';
import type { ProverBackend } from '@sero/prover';
import {
  type ChainSource,
  disclosePayment,
  discloseReceived,
  memoryWalletStore,
  openWallet,
  rpcSource,
  startAt,
  verifyDisclosure,
} from '@sero/wallet';
import { type Command, Option } from 'commander';
import { formatAmount } from '../amounts.ts';
import { assetTable } from '../asset-table.ts';
import { withBackend } from '../backend.ts';
import { blockAt } from '../block-range.ts';
import { nodeClient } from '../chain.ts';
import { type Cli, heightOption, runs, wholeNumber, withExamples } from '../command.ts';
import { disclosureFile, parseDisclosureFile } from '../disclosure-file.ts';
import { CliError, usageError } from '../errors.ts';
import { readText, writeNew } from '../files.ts';
import { finalBlock } from '../final-block.ts';
import { holdingsOf } from '../holdings.ts';
import type { Io } from '../io.ts';
import { withKeys } from '../keys.ts';
import { hex, networkOf, parseTxid } from '../names.ts';
import { readSecret } from '../secrets.ts';
import { asOf, readChain, type Session, useWallet } from '../session.ts';
import {
  type CheckpointOptions,
  type NetworkOptions,
  networkFor,
  trustedBlockFor,
  withCheckpointOptions,
  withNetworkOptions,
} from '../trust.ts';
import { nativeVotes } from '../votes.ts';

/** `sero audit`: show others as much as you want. */
export function addAudit(program: Command, io: Io): void {
  const audit = program
    .command('audit')
    .summary('show others as much as you want')
    .description(
      'Gives an auditor the viewing key of an account, or proves one payment to anybody, and shows nothing else.',
    );
  addExport(audit, io);
  addView(audit, io);
  addDisclose(audit, io);
  addVerify(audit, io);
}

interface OutputOption {
  readonly output: string;
}

function addExport(audit: Command, io: Io): void {
  const command = audit
    .command('export-tk')
    .summary('the viewing key of an account')
    .description(
      'Writes the viewing key (TK). Whoever has it sees every payment of the account, past and to come, and cannot spend. It cannot be taken back.',
    )
    .requiredOption('-o, --output <file>', 'a new file, readable by you alone; "-" for stdout');
  withExamples(command, [
    {
      line: 'sero audit export-tk -o tk.txt',
      says: 'for the auditor; then: sero audit view --tk-file tk.txt',
    },
  ]);
  runs<OutputOption>(command, io, (cli, { output }) =>
    withKeys(cli, async ({ viewingKey, settings, account }) => {
      await writeNew(io, output, `${viewingKeyToText(viewingKey, settings.network)}\n`);
      if (output !== '-') cli.out.data({ account: account.index, file: output }, output);
    }),
  );
}

interface ViewOptions extends NetworkOptions, CheckpointOptions {
  readonly tkFile?: string;
  readonly birthday: bigint;
}

function addView(audit: Command, io: Io): void {
  const command = audit
    .command('view')
    .summary('audit an account by its viewing key')
    .description(
      'Reads the chain with a viewing key, trying every output, and shows what the account holds. Spends that the key cannot open are ' +
        'counted: while there is one, the account is not audited. Keeps nothing; `init --watch` makes a wallet that does.',
    )
    .option('--tk-file <file>', 'the viewing key, "-" for stdin (default: a question)')
    .addOption(
      new Option('--birthday <height>', 'no transaction of the account is in a block below')
        .argParser(heightOption)
        .default(0n, '0'),
    );
  withCheckpointOptions(withNetworkOptions(command));
  withExamples(command, [
    { line: 'sero audit view --tk-file tk.txt', says: 'balances, and what could not be opened' },
  ]);
  runs<ViewOptions>(command, io, viewAccount);
}

function viewAccount(cli: Cli, options: ViewOptions): Promise<void> {
  return withBackend(cli, (backend) => viewWith(backend, cli, options));
}

async function viewWith(backend: ProverBackend, cli: Cli, options: ViewOptions): Promise<void> {
  const { tkFile, birthday } = options;
  const trusted = await trustedBlockFor(cli, options);
  const text = await readSecret(cli.io, tkFile, 'The viewing key');
  const client = nodeClient(cli);
  const source = rpcSource(client);
  const { genesis: file, bytes } = await networkFor(cli, client, options);
  const network = networkOf(file);
  const key = viewingKeyFromText(text, network);
  const votes = nativeVotes();
  const start = await startAt(source, file, birthday, cli.io.signal, {
    votes,
    ...(trusted === undefined ? {} : { trusted }),
  });
  const wallet = await openWallet({
    key,
    genesis: bytes,
    store: memoryWalletStore(),
    scanner: backend.scanner,
    traces: backend.traces,
    hasher: backend.noteHasher,
    audit: true,
    votes,
    ...(start === undefined ? {} : { start }),
  });
  await readChain({ cli, wallet, source });
  const { data, text: balances } = holdingsOf(wallet);
  const undisclosed = wallet.undisclosed();
  const transactions = wallet.history().length;
  const untagged = wallet.untagged().length;
  cli.out.data(
    {
      address: addressToText(key.address, network),
      ...asOf({ wallet }),
      balances: data,
      transactions,
      undisclosed,
      untagged,
    },
    () =>
      [
        balances(),
        `${transactions} transactions, ${undisclosed.length} spends that cannot be opened, ${untagged} untagged receipts`,
      ].join('\n'),
  );
  if (undisclosed.length > 0)
    cli.out.warn('this account is not audited: ask its owner for what cannot be opened');
}

interface DiscloseOptions extends OutputOption {
  readonly output: string;
  readonly index?: number;
}

function addDisclose(audit: Command, io: Io): void {
  const command = audit
    .command('disclose')
    .summary('prove one payment')
    .description(
      'Writes a proof that one output of a transaction paid whom how much: as its payer or its payee. It shows nothing else of either account.',
    )
    .argument('<txid>', 'the transaction, from `sero history`')
    .option('--index <n>', 'which output (default: the only one)', wholeNumber(0, 15))
    .requiredOption('-o, --output <file>', 'a new file, "-" for stdout');
  withExamples(command, [
    {
      line: 'sero audit disclose 5f3c… -o payment.json',
      says: 'for whoever wants to see it; then: sero audit verify payment.json',
    },
  ]);
  runs<DiscloseOptions>(command, io, (cli, options, txid) =>
    useWallet(cli, { chain: 'required' }, (session) => disclose(cli, session, options, parseTxid(txid!))),
  );
}

async function disclose(
  cli: Cli,
  session: Session,
  { index, output }: DiscloseOptions,
  txid: Uint8Array,
): Promise<void> {
  const { wallet } = session;
  const id = hex(txid);
  const entry = wallet.history().find((candidate) => hex(candidate.txid) === id);
  if (entry === undefined) throw usageError('this account has no such transaction', 'see: {sero} history');
  const paid = entry.payments.map((payment) => payment.index);
  const received = wallet
    .notes()
    .filter((note) => !note.public && hex(note.txid) === id)
    .map((note) => note.index);
  const candidates = paid.length > 0 ? paid : received;
  const chosen = index ?? (candidates.length === 1 ? candidates[0] : undefined);
  if (chosen === undefined) {
    throw usageError(
      candidates.length === 0
        ? 'this transaction has no private output of this account'
        : 'this transaction has several outputs',
      candidates.length === 0 ? undefined : `choose one: --index ${candidates.join(' or --index ')}`,
    );
  }
  const disclosure = paid.includes(chosen)
    ? disclosePayment(wallet, txid, chosen)
    : discloseReceived(wallet, await transactionIn(session.source, entry.height, id, cli), chosen);
  await writeNew(cli.io, output, disclosureFile({ height: entry.height, disclosure }));
  if (output !== '-')
    cli.out.data(
      { txid: id, index: chosen, by: paid.includes(chosen) ? 'payer' : 'payee', file: output },
      output,
    );
}

async function transactionIn(
  source: ChainSource,
  height: bigint,
  txid: string,
  cli: Cli,
): Promise<Uint8Array> {
  const { block, receipts } = decodeExecutedBlock(await blockAt(source, height, cli.io.signal));
  const transaction = block.transactions[receipts.findIndex((receipt) => hex(receipt.txid) === txid)];
  if (transaction !== undefined) return transaction;
  throw new CliError(
    'unreachable',
    'not-found',
    `the node’s block ${height} does not hold this transaction`,
    'ask another node: --node URL',
  );
}

function addVerify(audit: Command, io: Io): void {
  const command = audit
    .command('verify')
    .summary('check a proof of one payment')
    .description(
      'Checks what `audit disclose` wrote against the block that holds the payment. The node has to show that this block is final, and its word ' +
        'is not taken for it but on a chain of one, where nobody votes. Ends with 1 where the proof is false, with 10 where the node does not show it.',
    )
    .argument('<file>', 'the file, "-" for stdin');
  withCheckpointOptions(withNetworkOptions(command));
  withExamples(command, [
    {
      line: 'sero audit verify payment.json --node http://127.0.0.1:8645',
      says: 'who was paid how much, and when',
    },
  ]);
  runs<NetworkOptions & CheckpointOptions>(command, io, async (cli, options, file) => {
    const trusted = await trustedBlockFor(cli, options);
    const { height, disclosure } = parseDisclosureFile(await readText(io, file!));
    const client = nodeClient(cli);
    const { genesis, network } = await networkFor(cli, client, options);
    const block = await finalBlock(rpcSource(client), genesis, height, trusted, io.signal);
    const payment = verifyDisclosure(disclosure, block, network);
    if (payment === undefined) {
      throw new CliError(
        'failed',
        'disclosure-false',
        'this proof is FALSE: the chain holds no such payment',
      );
    }
    const assets = await assetTable(client, io.signal);
    const name =
      assets.find(({ asset }) => asset === payment.asset)?.name ??
      (payment.asset === 1n ? 'SERO' : `#${payment.asset}`);
    const to = addressToText(payment.to, networkOf(genesis));
    const { kind, asset, value, txid, blockHash } = payment;
    cli.out.data(
      { valid: true, by: kind, to, asset, name, value, txid, height: payment.height, blockHash },
      `TRUE: ${formatAmount(value, name)} to ${to} in block ${payment.height}, transaction ${hex(txid)}`,
    );
  });
}
