import { blake2b256, equalBytes, toHex } from '@sero/crypto';
import { decodeExecutedBlock, decodeGenesis, genesisHash, type Receipt } from '@sero/protocol';
import { readPlan, syncWallet, type Wallet } from '@sero/wallet';
import { type Actor, type Prepared, prepare } from './actor.ts';
import type { Chain } from './chain.ts';
import type { DevelopmentTools } from './network.ts';

/** The chain, and everybody who plays on it. */
export interface Stage {
  readonly chain: Chain;
  readonly tools: DevelopmentTools;
  readonly actors: ReadonlyMap<string, Actor>;
  /** Every block by height, serialised: all that wallets and auditors ever see of the chain. */
  readonly blocks: Uint8Array[];
  /** ms from each transaction's acceptance to its block. */
  readonly finality: number[];
  ok: boolean;
}

export type Details = { readonly ok?: boolean; readonly [detail: string]: unknown };
/** Plays one step and reports it: `facts` say what is tried, and stand in the report however it ends. */
export type Play = (title: string, facts: Details, action: () => Promise<Details>) => Promise<void>;

/** Gives every block that is new to every wallet. */
export async function catchUp(stage: Stage): Promise<void> {
  const before = stage.blocks.length;
  stage.blocks.push(...(await stage.chain.blocks(BigInt(before))));
  for (const { wallet } of stage.actors.values()) await read(stage, wallet, before);
}

/** Has a wallet read the chain from a height on, as people do: where the chain shows that its blocks are final, none is read that was not shown to be. */
export async function read({ chain, blocks }: Stage, wallet: Wallet, from: number): Promise<void> {
  if (chain.source !== undefined) await syncWallet(wallet, chain.source);
  else for (const block of blocks.slice(from)) await wallet.addBlock(block.slice());
}

/** Waits for at least one more block. */
export async function nextBlocks(stage: Stage): Promise<void> {
  await stage.chain.beyond(heightOf(stage));
  await catchUp(stage);
}

export const heightOf = (stage: Stage): bigint => BigInt(stage.blocks.length) - 1n;

export function headerAt(stage: Stage, height: bigint) {
  return decodeExecutedBlock(stage.blocks[Number(height)]!).block.header;
}

export const networkHash = (stage: Stage): Uint8Array =>
  genesisHash(decodeGenesis(stage.chain.genesis.slice()));

export async function transact(
  stage: Stage,
  actor: Actor,
  request: Parameters<typeof prepare>[1],
): Promise<Details> {
  const prepared = await prepare(actor, request, stage.tools);
  return include(stage, prepared);
}

/** Sends a transaction, waits for the block that it is in, gives the blocks to every wallet. */
export async function include(stage: Stage, prepared: Prepared): Promise<Details> {
  const start = performance.now();
  let verifyMs = 0;
  await prepared.send(async (bytes) => {
    await stage.chain.send(bytes);
    verifyMs = performance.now() - start;
  });
  const { expiry } = readPlan(prepared.plan).tx;
  let looked = stage.blocks.length;
  let receipt: Receipt | undefined;
  const sent = performance.now();
  while (receipt === undefined && heightOf(stage) < expiry) {
    await nextBlocks(stage);
    receipt = stage.blocks
      .slice(looked)
      .flatMap((block) => decodeExecutedBlock(block).receipts)
      .find(({ txid }) => equalBytes(txid, prepared.ready.txid));
    looked = stage.blocks.length;
  }
  const finalMs = performance.now() - sent;
  stage.finality.push(finalMs);
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
    finalMs: Math.round(finalMs),
    height: heightOf(stage).toString(),
    root: toHex(headerAt(stage, heightOf(stage)).stateRoot),
  };
}
