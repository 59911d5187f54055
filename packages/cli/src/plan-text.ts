import { fieldFromBytes, fieldToBytes } from '@sero/crypto';
import { AssetBodyType, addressToText, decodeAddress, KIND, PRODUCTION } from '@sero/protocol';
import type { TransactionPlan } from '@sero/wallet';
import { formatAmount } from './amounts.ts';
import { CliError } from './errors.ts';
import { hex } from './names.ts';
import { isStakeKind, stakeLines } from './stake-text.ts';
import { visible } from './text.ts';

/** A plan as data and as lines for a person. */
export interface PlanText {
  readonly data: object;
  readonly text: string;
}

type Tx = TransactionPlan['tx'];
type NameOf = (asset: bigint) => string;

/**
 * Everything that a plan does: what is paid and what comes back (padding of value 0 aside), what goes to a contract, what is registered, who sends it on
 * which chain. Addresses are whole and amounts exact.
 *
 * @param own the account's address, whose outputs are marked as coming back
 */
export function planText(
  { tx, outputs, fee, memo, anchor, genesisHash }: TransactionPlan,
  nameOf: NameOf,
  own?: string,
): PlanText {
  const network = tx.chainId === PRODUCTION.chainId ? 'production' : 'development';
  const pays = outputs
    .filter(({ value }) => value > 0n)
    .map(({ to, asset, value }) => ({
      to: addressToText(decodeAddress(to), network),
      asset,
      name: nameOf(asset),
      value,
    }));
  const kind = kindName(tx.kind);
  const call = callData(tx);
  const data = {
    network,
    chainId: tx.chainId,
    genesisHash,
    kind,
    circuit: tx.circuit,
    anchor: anchor.height,
    expiry: tx.expiry,
    fee,
    gasLimit: tx.gasLimit,
    gasPrice: tx.gasPrice,
    from: tx.from,
    outputs: pays,
    public: { asset: fieldFromBytes(tx.pub.asset), amounts: tx.pub.pubOut },
    call,
    body: tx.body,
    memo: memo?.text,
  };
  const lines = [
    ...pays.map(
      ({ to, name, value }) =>
        `${formatAmount(value, name)} to ${to}${to === own ? ' (back to yourself)' : ''}`,
    ),
    ...callLines(tx, nameOf),
    ...bodyLines(tx, fee),
    `fee at most ${formatAmount(fee, 'SERO')}; valid up to block ${tx.expiry}`,
    ...(memo === undefined ? [] : [`memo: ${visible(memo.text)}`]),
    `kind ${kind}, sent from ${hex(tx.from)}`,
    `on the ${network} network ${tx.chainId} with genesis ${hex(genesisHash)}`,
  ];
  return { data, text: lines.join('\n') };
}

/** Refuses what `planText` does not show to the last part: nobody signs what he has not seen. */
export function expectShown({ tx, fee }: Pick<TransactionPlan, 'tx' | 'fee'>): void {
  if (isShown(tx, fee)) return;
  throw new CliError(
    'usage',
    'plan-not-shown',
    `this plan (kind ${kindName(tx.kind)}) does what the program cannot show in full`,
    'do not sign it: ask for one that pays, calls a contract, registers an asset or commands stake, and nothing beside that',
  );
}

function isShown(tx: Tx, fee: bigint): boolean {
  const { kind, call, body, pub } = tx;
  const amount = call[0]?.amount ?? 0n;
  const asset = fieldToBytes(0n);
  const isPublic = pub.pubOut[1] === amount && (amount > 0n || hex(pub.asset) === hex(asset));
  if (!isPublic) return false;
  if (kind === KIND.asset) return call.length === 0 && assetBody(body) !== undefined;
  if (isStakeKind(kind)) return call.length === 0 && stakeLines(tx, fee) !== undefined;
  return (
    body.length === 0 &&
    ((kind === KIND.pay && call.length === 0) || (kind === KIND.call && call.length === 1))
  );
}

function kindName(kind: number): string {
  return Object.entries(KIND).find(([, number]) => number === kind)?.[0] ?? `#${kind}`;
}

const callData = ({ call }: Tx): object | undefined =>
  call[0] === undefined
    ? undefined
    : { to: call[0].to[0], value: call[0].value, amount: call[0].amount, data: call[0].data };

/** What leaves the account for a contract; an amount that leaves it for nothing is said, too. */
function callLines({ call: [call], pub }: Tx, nameOf: NameOf): string[] {
  const asset = nameOf(fieldFromBytes(pub.asset));
  const openly = pub.pubOut[1]!;
  const leaves = openly === 0n ? [] : [`${formatAmount(openly, asset)} leave the account openly`];
  if (call === undefined) return leaves;
  return [
    `call of ${call.to[0] === undefined ? 'a new contract' : `contract ${hex(call.to[0])}`}`,
    `  with ${formatAmount(call.value, 'SERO')}${call.amount === 0n ? '' : ` and ${formatAmount(call.amount, asset)}`}`,
    `  with ${call.data.length} bytes of data: ${hex(call.data)}`,
    ...leaves,
  ];
}

function assetBody(body: Uint8Array): ReturnType<typeof AssetBodyType.deserialize> | undefined {
  try {
    const read = AssetBodyType.deserialize(body);
    return read.commit.length + read.issue.length === 1 ? read : undefined;
  } catch {
    return undefined;
  }
}

function bodyLines(tx: Tx, fee: bigint): string[] {
  const { kind, body } = tx;
  if (body.length === 0) return [];
  const stake = stakeLines(tx, fee);
  if (stake !== undefined) return stake;
  const read = kind === KIND.asset ? assetBody(body) : undefined;
  if (read === undefined) return [`body of ${body.length} bytes: ${hex(body)}`];
  const [commit, issue] = [read.commit[0], read.issue[0]];
  if (commit !== undefined) return [`commits to a name by the hash ${hex(commit.hash)}`];
  const what = issue!.kind === 1 ? 'token' : 'category or ticket';
  return [
    `issues ${issue!.supply} of the ${what} ${visible(new TextDecoder().decode(issue!.name))}, salt or ticket ${hex(issue!.salt)}`,
  ];
}
