import { AssetBodyType, type AssetKind, COMMITMENT_MIN_AGE, namePrice, VALUE_LIMIT } from '@sero/protocol';
import { feeOf, type Plan, plan, type Request, readPlan, type WalletError } from '@sero/wallet';
import type { Command } from 'commander';
import { formatAmount, formatUnits } from '../amounts.ts';
import { assetTable } from '../asset-table.ts';
import { nodeClient } from '../chain.ts';
import { runs, withExamples } from '../command.ts';
import { usageError } from '../errors.ts';
import type { Io } from '../io.ts';
import { sendOptions } from '../send-options.ts';
import { carryOut, type SendOptions, type Step, showResult, whenReady } from '../sending.ts';
import { type Session, useWallet } from '../session.ts';
import { table, visible } from '../text.ts';

interface IssueOptions extends SendOptions {
  readonly category: boolean;
}

/** `sero asset`: tokens, categories and tickets. */
export function addAsset(program: Command, io: Io): void {
  const asset = program
    .command('asset')
    .summary('list and issue tokens and tickets')
    .description(
      'Assets are registered under names of capitals, digits, "_", "." and "-". A short name costs more; the price goes into the reward pool.',
    );
  addList(asset, io);
  addIssue(asset, io);
  addCommit(asset, io);
  addTicket(asset, io);
}

function addList(asset: Command, io: Io): void {
  const command = asset
    .command('list')
    .summary('every registered asset')
    .description('Lists the chain’s asset table: it is public, and asked for as a whole.');
  withExamples(command, [{ line: 'sero asset list', says: 'names, supply and what lies in the pool' }]);
  runs(command, io, async (cli) => {
    const assets = await assetTable(nodeClient(cli), cli.io.signal);
    cli.out.data({ assets }, () =>
      table(
        ['NAME', 'KIND', '>SUPPLY', '>BLOCK', '>NUMBER'],
        assets.map(({ name, kind, supply, height, asset: number }) => [
          name,
          kind,
          formatUnits(supply, name),
          String(height),
          String(number),
        ]),
      ),
    );
  });
}

function addIssue(asset: Command, io: Io): void {
  const command = sendOptions(
    asset
      .command('issue')
      .summary('issue a token, or a category of tickets')
      .description(
        'Takes a name and issues a token under it. Two transactions: the first commits to the name without showing it, the second, two ' +
          'blocks later, issues it. Where the account has committed already, only the second is sent.',
      )
      .argument('<name>', '1 to 32 of A-Z, 0-9, "_", "." and "-"')
      .argument('[supply]', 'how many; a token has no decimal places')
      .option('--category', 'a category of tickets, which has no supply', false),
  );
  withExamples(command, [
    { line: 'sero asset issue HEPTANE 1000000', says: 'a million HEPTANE for this account' },
    {
      line: 'sero asset issue OPERA.TICKETS --category',
      says: 'a category; then: sero asset ticket OPERA.TICKETS …',
    },
  ]);
  runs<IssueOptions>(command, io, (cli, options, name, supply) =>
    useWallet(cli, { chain: 'required' }, (session) => issue(session, options, name!, supply)),
  );
}

async function issue(
  session: Session,
  options: IssueOptions,
  name: string,
  given: string | undefined,
): Promise<void> {
  const kind: AssetKind = options.category ? 2 : 1;
  const supply = supplyOf(given, options.category);
  const { wallet } = session;
  const request: Request = { type: 'issue', name, kind, supply };
  const committed = wallet.commitment(name) !== undefined;
  const price = namePrice(name, wallet.genesis.namePrices);
  const result = await carryOut<'commit' | 'issue'>(
    session,
    {
      first: committed ? 'issue' : 'commit',
      next: async (what) =>
        what === 'commit'
          ? commitStep(session, request)
          : { plan: await issuePlan(session, request), rest: undefined },
      pays: false,
      says: [
        options.category ? `Issue the category ${name}.` : `Issue ${supply} ${name}.`,
        `Price of the name, part of the fee: ${formatAmount(price, 'SERO')}.`,
      ],
    },
    options,
  );
  showResult(session, result, { name, supply, price });
}

/** The commitment, with the fees of both transactions: what the second costs is known before the first is sent. */
async function commitStep(
  { wallet }: Session,
  request: Extract<Request, { type: 'issue' }>,
): Promise<Step<'issue'>> {
  const { name } = request;
  const planned = await plan(wallet, { type: 'commit', name });
  const { fee, tx } = readPlan(planned);
  const height = (wallet.tip()?.header.height ?? 0n) + 1n - COMMITMENT_MIN_AGE;
  const { hash } = AssetBodyType.deserialize(tx.body).commit[0]!;
  const committed = { ...wallet, commitment: () => ({ hash, from: tx.from, height }) };
  return { plan: planned, rest: 'issue', transactions: 2, fees: fee + feeOf(committed, request) };
}

function supplyOf(text: string | undefined, category: boolean): bigint {
  if (category) {
    if (text !== undefined) throw usageError('a category has no supply', 'leave the number away');
    return 0n;
  }
  if (text === undefined) throw usageError('the supply is missing', 'a whole number, such as 1000000');
  if (!/^\d{1,39}$/.test(text) || BigInt(text) === 0n || BigInt(text) >= VALUE_LIMIT) {
    throw usageError('a supply is a whole number from 1 to 2^128 - 1');
  }
  return BigInt(text);
}

/** Waits while the commitment is too young: no other refusal of the request goes away by waiting. */
function issuePlan(session: Session, request: Extract<Request, { type: 'issue' }>): Promise<Plan> {
  const { wallet } = session;
  const tooYoung = ({ code }: WalletError): boolean => {
    if (code === 'notes-too-new' || code === 'no-anchor') return true;
    const made = wallet.commitment(request.name);
    const next = (wallet.tip()?.header.height ?? 0n) + 1n;
    return code === 'request-invalid' && made !== undefined && next - made.height < COMMITMENT_MIN_AGE;
  };
  return whenReady(session, () => plan(wallet, request), tooYoung);
}

function addCommit(asset: Command, io: Io): void {
  const command = sendOptions(
    asset
      .command('commit')
      .summary('commit to a name without issuing it yet')
      .description(
        'The first half of `asset issue`. The commitment shows nobody the name; it can be used from two blocks later on, for 1,000 blocks.',
      )
      .argument('<name>', '1 to 32 of A-Z, 0-9, "_", "." and "-"'),
  );
  withExamples(command, [
    { line: 'sero asset commit HEPTANE', says: 'within 1,000 blocks: sero asset issue HEPTANE 1000000' },
  ]);
  runs<SendOptions>(command, io, (cli, options, name) =>
    useWallet(cli, { chain: 'required' }, (session) =>
      single(session, { type: 'commit', name: name! }, `Commit to the name ${visible(name!)}.`, options),
    ),
  );
}

function addTicket(asset: Command, io: Io): void {
  const command = sendOptions(
    asset
      .command('ticket')
      .summary('issue a ticket of a category of this account')
      .description('Issues one ticket. Its id is 64 hexadecimal digits that no ticket of the category has.')
      .argument('<category>', 'the category’s name')
      .argument('<id>', '64 hexadecimal digits'),
  );
  withExamples(command, [
    { line: `sero asset ticket OPERA.TICKETS ${'0'.repeat(63)}1`, says: 'the first ticket' },
  ]);
  runs<SendOptions>(command, io, (cli, options, category, id) => {
    if (!/^(0x)?[0-9a-f]{64}$/i.test(id!)) throw usageError('the id of a ticket is 64 hexadecimal digits');
    const request: Request = {
      type: 'ticket',
      category: category!,
      id: Buffer.from(id!.replace(/^0x/, ''), 'hex'),
    };
    return useWallet(cli, { chain: 'required' }, (session) =>
      single(session, request, `Issue a ticket of ${visible(category!)}.`, options),
    );
  });
}

async function single(session: Session, request: Request, says: string, options: SendOptions): Promise<void> {
  const { wallet } = session;
  const result = await carryOut<Request>(
    session,
    {
      first: request,
      next: async (asked) => ({ plan: await plan(wallet, asked), rest: undefined }),
      pays: false,
      says: [says],
    },
    options,
  );
  showResult(session, result);
}
