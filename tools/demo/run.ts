import { blake2b256, equalBytes, fieldToBytes, toHex } from '@sero/crypto';
import {
  type Allocation,
  DEVELOPMENT,
  decodeExecutedBlock,
  decodeGenesis,
  genesisHash,
  headerHash,
  type Receipt,
  SERO_ASSET,
  SERO_UNIT,
} from '@sero/protocol';
import {
  type Balance,
  disclosePayment,
  discloseReceived,
  planStep,
  readPlan,
  verifyDisclosure,
  type Wallet,
} from '@sero/wallet';
import {
  type Actor,
  addressOf,
  allocationAddress,
  authorize,
  keysFromWords,
  openActor,
  openAuditor,
  type Prepared,
  prepare,
} from './actor.ts';
import { type Attack, prepareAttack } from './attacks.ts';
import { type Chain, inProcessChain } from './chain.ts';
import { type DevelopmentTools, startNetwork } from './network.ts';
import type { Scenario, ScenarioStep } from './scenario.ts';

/** One line of the demo's output. `ok` says whether what happened is what should have happened. */
export interface StepReport {
  readonly step: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly [detail: string]: unknown;
}

/** What a wallet holds of an asset in the end, in smallest units. */
export interface FinalBalance {
  readonly wallet: string;
  readonly asset: string;
  readonly balance: string;
}

/** The result of a scenario. */
export interface ScenarioResult {
  readonly ok: boolean;
  readonly balances: readonly FinalBalance[];
}

/** Opens a chain whose genesis file has these allocations. */
export type OpenChain = (allocations: readonly Allocation[]) => Promise<Chain>;

/**
 * Plays a scenario on a chain of its own. Reports every step as it ends; goes on after a step that is not ok.
 *
 * @param openChain opens the chain; one in this process unless given
 */
export async function runScenario(
  scenario: Scenario,
  tools: DevelopmentTools,
  report: (step: StepReport) => void,
  openChain: OpenChain = async (allocations) =>
    inProcessChain(startNetwork([tools.verifyingKey], allocations, tools)),
): Promise<ScenarioResult> {
  const words = scenario.wallets.map(({ name, words }) => ({ name, ...keysFromWords(words) }));
  const allocations = scenario.allocations.map(({ wallet, amount }) => ({
    pkr: allocationAddress(words.find(({ name }) => name === wallet)!.key, DEVELOPMENT.chainId),
    asset: fieldToBytes(SERO_ASSET),
    value: amount,
  }));
  const chain = await openChain(allocations);
  try {
    const actors = new Map<string, Actor>();
    for (const { name, words: own } of words)
      actors.set(name, await openActor(name, own, chain.genesis, tools.hasher));
    return await playScenario(scenario, { chain, tools, actors, blocks: [], ok: true }, report);
  } finally {
    await chain.close();
  }
}

async function playScenario(
  scenario: Scenario,
  stage: Stage,
  report: (step: StepReport) => void,
): Promise<ScenarioResult> {
  const play: Play = async (title, facts, action) => {
    const start = performance.now();
    let details: Details;
    try {
      details = await action();
    } catch (error) {
      details = { ok: false, ...errorDetails(error) };
    }
    const { ok = true, ...rest } = details;
    stage.ok &&= ok;
    report({ step: title, ok, ms: Math.round(performance.now() - start), ...facts, ...rest });
  };

  await play('genesis', {}, async () => {
    await catchUp(stage);
    return {
      genesisHash: toHex(networkHash(stage)),
      root: toHex(headerAt(stage, 0n).stateRoot),
      wallets: [...stage.actors.values()].map(({ name, wallet }) => ({
        wallet: name,
        ...shownBalance(wallet),
      })),
    };
  });
  for (const step of scenario.steps) await playStep(stage, step, play);
  await play('conservation', {}, () => conservation(stage, scenario));
  return { ok: stage.ok, balances: finalBalances(stage) };
}

interface Stage {
  readonly chain: Chain;
  readonly tools: DevelopmentTools;
  readonly actors: ReadonlyMap<string, Actor>;
  /** Every block by height, serialised: all that wallets and auditors ever see of the chain. */
  readonly blocks: Uint8Array[];
  ok: boolean;
}

type Details = { readonly ok?: boolean; readonly [detail: string]: unknown };
/** Plays one step and reports it: `facts` say what is tried, and stand in the report however it ends. */
type Play = (title: string, facts: Details, action: () => Promise<Details>) => Promise<void>;

async function playStep(stage: Stage, step: ScenarioStep, play: Play): Promise<void> {
  const actor = (name: string): Actor => stage.actors.get(name)!;
  switch (step.do) {
    case 'wait':
      return play('wait', { blocks: step.blocks }, async () => {
        await catchUp(stage);
        for (let i = 0; i < step.blocks; i++) await nextBlocks(stage);
        return { height: heightOf(stage).toString() };
      });
    case 'commit':
      return play('commit', { wallet: step.wallet, name: step.name }, () =>
        transact(stage, actor(step.wallet), { type: 'commit', name: step.name }),
      );
    case 'issue': {
      const { wallet, name, kind, supply } = step;
      return play('issue', { wallet, name, supply: supply.toString() }, () =>
        transact(stage, actor(wallet), { type: 'issue', name, kind, supply }),
      );
    }
    case 'pay':
      return pay(stage, step, play);
    case 'audit':
      return play('audit', { wallet: step.wallet }, () => audit(stage, actor(step.wallet)));
    case 'disclose':
      return play('disclose', { wallet: step.wallet, by: step.by }, () =>
        disclose(stage, actor(step.wallet), step.by),
      );
    case 'attack':
      return play(`attack: ${step.attack}`, { by: step.by, victim: step.victim }, () =>
        attack(stage, step.attack, actor(step.by), actor(step.victim), play),
      );
  }
}

/** Gives the bytes of every block that is new to every wallet. */
async function catchUp(stage: Stage): Promise<void> {
  for (const block of await stage.chain.blocks(BigInt(stage.blocks.length))) {
    stage.blocks.push(block);
    for (const { wallet } of stage.actors.values()) await wallet.addBlock(block.slice());
  }
}

/** Waits for at least one more block. */
async function nextBlocks(stage: Stage): Promise<void> {
  await stage.chain.beyond(heightOf(stage));
  await catchUp(stage);
}

const heightOf = (stage: Stage): bigint => BigInt(stage.blocks.length) - 1n;

function headerAt(stage: Stage, height: bigint) {
  return decodeExecutedBlock(stage.blocks[Number(height)]!).block.header;
}

const networkHash = (stage: Stage): Uint8Array => genesisHash(decodeGenesis(stage.chain.genesis.slice()));

async function transact(
  stage: Stage,
  actor: Actor,
  request: Parameters<typeof prepare>[1],
): Promise<Details> {
  const prepared = await prepare(actor, request, stage.tools);
  return include(stage, prepared);
}

/** Sends a transaction, waits for the block that it is in, gives the blocks to every wallet. */
async function include(stage: Stage, prepared: Prepared): Promise<Details> {
  const start = performance.now();
  let verifyMs = 0;
  await prepared.send(async (bytes) => {
    await stage.chain.send(bytes);
    verifyMs = performance.now() - start;
  });
  const { expiry } = readPlan(prepared.plan).tx;
  let looked = stage.blocks.length;
  let receipt: Receipt | undefined;
  while (receipt === undefined && heightOf(stage) < expiry) {
    await nextBlocks(stage);
    receipt = stage.blocks
      .slice(looked)
      .flatMap((block) => decodeExecutedBlock(block).receipts)
      .find(({ txid }) => equalBytes(txid, prepared.ready.txid));
    looked = stage.blocks.length;
  }
  const { planMs, signMs, proveMs } = prepared.timing;
  return {
    ok: receipt?.status === 1,
    ...(receipt?.status === 1 ? {} : { code: String.fromCharCode(...(receipt?.failure ?? [])) }),
    fee: prepared.fee.toString(),
    txid: toHex(prepared.ready.txid),
    proofHash: toHex(blake2b256('', prepared.ready.proof)),
    bytes: prepared.ready.bytes.length,
    planMs: Math.round(planMs),
    signMs: Math.round(signMs),
    proveMs: Math.round(proveMs),
    verifyMs: Math.round(verifyMs),
    height: heightOf(stage).toString(),
    root: toHex(headerAt(stage, heightOf(stage)).stateRoot),
  };
}

/** A payment may take several transactions where the money lies in many notes; each is a line of its own. */
async function pay(stage: Stage, step: Extract<ScenarioStep, { do: 'pay' }>, play: Play): Promise<void> {
  const from = stage.actors.get(step.from)!;
  const asset = from.wallet.asset(step.asset);
  type Payment = Parameters<typeof planStep>[1];
  let rest: Payment | undefined = {
    type: 'pay',
    to: addressOf(stage.actors.get(step.to)!.address),
    asset: asset?.asset ?? 0n,
    amount: step.amount,
    ...(step.memo === undefined ? {} : { memo: step.memo }),
  };
  while (rest !== undefined) {
    const due: Payment = rest;
    rest = undefined;
    const facts = { from: step.from, to: step.to, asset: step.asset, amount: due.amount.toString() };
    const memo = step.memo === undefined ? {} : { memo: step.memo };
    await play('pay', { ...facts, ...memo }, async () => {
      if (asset === undefined) return { ok: false, code: 'asset-unknown' };
      const start = performance.now();
      const next = await planStep(from.wallet, due);
      const prepared = await authorize(from, next.plan, stage.tools, performance.now() - start);
      const included = await include(stage, prepared);
      rest = next.rest;
      return {
        ...included,
        amount: next.paid.toString(),
        ...(next.paid === 0n ? { merge: true, memo: undefined } : {}),
        ok: included.ok === true && (next.paid === 0n || arrived(stage, step, prepared, next.paid)),
      };
    });
  }
}

/** The payee's wallet alone says whether the payment arrived, memo included. */
function arrived(
  stage: Stage,
  step: Extract<ScenarioStep, { do: 'pay' }>,
  prepared: Prepared,
  amount: bigint,
): boolean {
  const { wallet } = stage.actors.get(step.to)!;
  const note = wallet.notes().find(({ txid, value, asset }) => {
    const paid = value === amount && asset === wallet.asset(step.asset)?.asset;
    return paid && equalBytes(txid, prepared.ready.txid);
  });
  const entry = wallet.history().find(({ txid }) => equalBytes(txid, prepared.ready.txid));
  return note !== undefined && entry?.memo === step.memo;
}

/** An auditor gets a TK as text and the chain's bytes, and nothing else. */
async function audit(stage: Stage, actor: Actor): Promise<Details> {
  const auditor = await openAuditor(actor.viewingKey, stage.chain.genesis, stage.tools.hasher);
  for (const block of stage.blocks) await auditor.addBlock(block.slice());
  const balances = shownBalance(auditor).balances;
  const agrees =
    JSON.stringify(balances) === JSON.stringify(shownBalance(actor.wallet).balances) &&
    auditor.undisclosed().length === 0;
  return {
    ok: agrees,
    ...(agrees ? {} : { code: 'audit-differs' }),
    viewingKey: `${actor.viewingKey.slice(0, 24)}…`,
    balances,
    undisclosedNotes: auditor.undisclosed().length,
    history: auditor.history().map((entry) => ({
      height: entry.height.toString(),
      kind: entry.kind,
      own: entry.own,
      change: entry.change.map(({ asset, amount }) => ({
        asset: auditor.asset(asset)?.name ?? asset.toString(),
        amount: amount.toString(),
      })),
      ...(entry.payments.length === 0 ? {} : { paidTo: entry.payments.length }),
      ...(entry.memo === undefined ? {} : { memo: entry.memo }),
    })),
  };
}

/** The account's last payment is laid open to a third party, who needs the transaction's bytes and nothing else. */
async function disclose(stage: Stage, actor: Actor, by: 'payer' | 'payee'): Promise<Details> {
  const { wallet } = actor;
  const payment = wallet.history().findLast(({ payments }) => payments.length > 0);
  const received = wallet.notes().findLast((note) => !note.public && !isOwnChange(wallet, note.txid));
  const txid = by === 'payer' ? payment?.txid : received?.txid;
  if (txid === undefined) return { ok: false, code: 'nothing-to-disclose' };
  const { block, transaction } = findTransaction(stage, txid);
  const disclosure =
    by === 'payer'
      ? disclosePayment(wallet, txid, payment!.payments[0]!.index)
      : discloseReceived(wallet, transaction, received!.index);
  const shown = verifyDisclosure(disclosure, block, networkHash(stage));
  // The stranger asks a node of his own whether that block is the chain's.
  const final = shown !== undefined && equalBytes(shown.blockHash, await blockHashAt(stage, shown.height));
  const value = by === 'payer' ? payment!.payments[0]!.value : received!.value;
  return {
    ok: final && shown.value === value,
    txid: toHex(txid),
    height: shown?.height.toString(),
    asset: shown === undefined ? undefined : wallet.asset(shown.asset)?.name,
    amount: shown?.value.toString(),
  };
}

async function blockHashAt(stage: Stage, height: bigint): Promise<Uint8Array> {
  const [block] = await stage.chain.blocks(height);
  return headerHash(decodeExecutedBlock(block!).block.header);
}

function isOwnChange(wallet: Wallet, txid: Uint8Array): boolean {
  return wallet.history().some((entry) => entry.own && equalBytes(entry.txid, txid));
}

function findTransaction(stage: Stage, txid: Uint8Array): { block: Uint8Array; transaction: Uint8Array } {
  for (const bytes of stage.blocks) {
    const { block, receipts } = decodeExecutedBlock(bytes);
    const index = receipts.findIndex((receipt) => equalBytes(receipt.txid, txid));
    if (index >= 0) return { block: bytes, transaction: block.transactions[index]! };
  }
  throw new Error('the transaction of a known note is in no block');
}

/** An attack is ok when it is refused with the code of the rule that stops it and the state is untouched. */
async function attack(
  stage: Stage,
  name: Attack['name'],
  attacker: Actor,
  victim: Actor,
  play: Play,
): Promise<Details> {
  const prepared = await prepareAttack(name, attacker, victim, stage.tools, async (honest) => {
    const facts = { from: attacker.name, to: victim.name, asset: 'SERO', amount: '1' };
    await play('pay', facts, () => include(stage, honest));
  });
  await catchUp(stage);
  const before = headerAt(stage, heightOf(stage));
  let code = 'accepted';
  let message: string | undefined;
  try {
    await stage.chain.send(prepared.transaction);
    await nextBlocks(stage);
  } catch (error) {
    ({ code, message } = errorDetails(error));
  }
  await catchUp(stage);
  const { height, stateRoot } = headerAt(stage, heightOf(stage));
  // A node goes on making empty blocks by its clock; each changes the root, by its own hash and nothing else.
  const since = stage.blocks.slice(Number(before.height) + 1);
  const untouched =
    since.length === 0
      ? equalBytes(before.stateRoot, stateRoot)
      : since.every((block) => decodeExecutedBlock(block).block.transactions.length === 0);
  return {
    ok: code === prepared.refusal && untouched,
    code,
    message,
    rootBefore: toHex(before.stateRoot),
    rootAfter: toHex(stateRoot),
    ...(height === before.height ? {} : { emptyBlocks: (height - before.height).toString() }),
  };
}

function errorDetails(error: unknown): { code: string; message: string } {
  const typed = error instanceof Error && 'code' in error && typeof error.code === 'string';
  return typed
    ? { code: String(error.code), message: error.message }
    : { code: 'unexpected', message: String(error) };
}

function assetName(wallet: Wallet, balance: Balance): string {
  return wallet.asset(balance.asset)?.name ?? balance.asset.toString();
}

function shownBalance(wallet: Wallet): { balances: Record<string, string> } {
  return {
    balances: Object.fromEntries(
      wallet.balances().map((balance) => [assetName(wallet, balance), balance.total.toString()]),
    ),
  };
}

function finalBalances(stage: Stage): FinalBalance[] {
  return [...stage.actors.values()].flatMap(({ name, wallet }) => {
    const held = wallet.balances().map(
      (balance): FinalBalance => ({
        wallet: name,
        asset: assetName(wallet, balance),
        balance: balance.total.toString(),
      }),
    );
    const sero = held.some(({ asset }) => asset === 'SERO');
    return sero ? held : [{ wallet: name, asset: 'SERO', balance: '0' }, ...held];
  });
}

/** What all wallets hold, and what waits in the reward pool, is what was allocated and issued: to the last unit. */
async function conservation(stage: Stage, scenario: Scenario): Promise<Details> {
  const { rewardPool, pooled, supply } = await stage.chain.reserves();
  const held = new Map<bigint, bigint>();
  for (const { wallet } of stage.actors.values()) {
    for (const { asset, total } of wallet.balances()) held.set(asset, (held.get(asset) ?? 0n) + total);
  }
  const allocated = scenario.allocations.reduce((sum, { amount }) => sum + amount, 0n);
  const seroOk =
    (held.get(SERO_ASSET) ?? 0n) + rewardPool === allocated &&
    (pooled.get(SERO_ASSET) ?? 0n) + rewardPool === allocated;
  const tokensOk = [...held].every(
    ([asset, total]) => asset === SERO_ASSET || (total === supply.get(asset) && total === pooled.get(asset)),
  );
  return {
    ok: seroOk && tokensOk,
    allocated: allocated.toString(),
    fees: rewardPool.toString(),
    assets: held.size,
    height: heightOf(stage).toString(),
    root: toHex(headerAt(stage, heightOf(stage)).stateRoot),
  };
}

/** Whole SERO for people. */
export function inSero(units: bigint): string {
  if (units < 0n) return `-${inSero(-units)}`;
  const whole = units / SERO_UNIT;
  const rest = (units % SERO_UNIT).toString().padStart(18, '0').replace(/0+$/, '');
  return rest === '' ? `${whole}` : `${whole}.${rest}`;
}
