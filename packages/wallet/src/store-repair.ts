import { fromJson, toJson } from './json.ts';
import { FORMER_BLOCKS, formerKey, type KnownBlock, ORIGIN, type StoredHead } from './state.ts';
import type { WalletChange, WalletStore } from './store.ts';

/** Tables that the chain gives back. */
const FROM_CHAIN = ['node/', 'note/', 'asset/', 'history/', 'undisclosed/', 'anchor/', 'commitment/', ORIGIN];

/** Tables that this device alone knows, and what a record of them needs to be of use. Others are dropped. */
const OWN: Readonly<
  Record<string, Readonly<Record<string, 'bigint' | 'string' | 'bytes' | 'list' | 'record'>>>
> = {
  'addresses/': { first: 'bigint', next: 'bigint' },
  'contact/': { name: 'string', address: 'string' },
  'entered/': { txid: 'bytes', height: 'bigint', payments: 'list' },
};

/** Tables of what was on its way: of use on the chain of old alone, where its notes have the same positions. */
const ON_THEIR_WAY: typeof OWN = {
  'pending/': { txid: 'bytes', positions: 'list', expiry: 'bigint', dummies: 'list' },
  'companion/': { position: 'bigint', companion: 'record' },
  'lost/': { txid: 'bytes', outcome: 'string', height: 'bigint' },
};

/**
 * Empties a wallet's store of everything that the chain gives back, so that `openWallet` begins again at the birthday. What was
 * submitted and what stood beside it is put away until a block comes by that was read before, so that it does not hold notes of a network
 * that was begun anew; until then nothing can be planned where something was on its way. Where no such block can come by it counts until it
 * expires. Which addresses were handed out and the contacts stay where they can be read. An encrypted store that refuses to open is opened
 * with `repair` first.
 */
export async function resetWallet(store: WalletStore): Promise<void> {
  const changes: WalletChange[] = [{ key: 'head', value: undefined }];
  for (const prefix of FROM_CHAIN) {
    for (const [key] of await store.entries(prefix)) changes.push({ key, value: undefined });
  }
  for (const [prefix, fields] of Object.entries(OWN)) {
    for (const [key, value] of await store.entries(prefix)) {
      if (!isUsable(value, fields)) changes.push({ key, value: undefined });
    }
  }
  changes.push(...(await putAway(store)));
  await store.write([...new Map(changes.map((change) => [change.key, change])).values()]);
}

/** Moves what was on its way; what an earlier repair put away stays where it still waits, or where there is nothing newer. */
async function putAway(store: WalletStore): Promise<WalletChange[]> {
  const kept: WalletChange[] = [];
  const dropped: WalletChange[] = [];
  const old: WalletChange[] = [];
  let oldWaits = false;
  for (const [prefix, fields] of Object.entries(ON_THEIR_WAY)) {
    for (const [key, value] of await store.entries(prefix)) {
      dropped.push({ key, value: undefined });
      if (isUsable(value, fields)) kept.push({ key: formerKey(key), value });
    }
    for (const [key, value] of await store.entries(formerKey(prefix))) {
      if (!isUsable(value, fields)) dropped.push({ key, value: undefined });
      else if (prefix === 'pending/') oldWaits = true;
      old.push({ key, value: undefined });
    }
  }
  const oldBlocks = knownBlocks(await store.get(FORMER_BLOCKS));
  const blocks = (of: readonly KnownBlock[]): WalletChange => ({ key: FORMER_BLOCKS, value: toJson(of) });
  if (oldWaits) return [...dropped, ...kept, blocks(oldBlocks ?? [])];
  if (kept.length === 0 && oldBlocks !== undefined) return dropped;
  if (kept.length === 0) return [...dropped, ...old, { key: FORMER_BLOCKS, value: undefined }];
  return [...dropped, ...old, ...kept, blocks(await blocksRead(store))];
}

const KNOWN_BLOCK = { height: 'bigint', hash: 'bytes' } as const;

/** The first block that was read and the last one, as far as the records of them can be read. */
async function blocksRead(store: WalletStore): Promise<KnownBlock[]> {
  const origin = knownBlocks(`[${await store.get(ORIGIN)}]`) ?? [];
  try {
    const { tip } = fromJson((await store.get('head')) ?? '') as StoredHead;
    const last = toJson([{ height: tip.header.height, hash: tip.hash }]);
    return [...origin, ...(knownBlocks(last) ?? [])];
  } catch {
    return origin;
  }
}

/** Blocks from a record; undefined where it is none. */
function knownBlocks(value: string | undefined): KnownBlock[] | undefined {
  try {
    const blocks = fromJson(value ?? '');
    const good = Array.isArray(blocks) && blocks.every((block) => isUsable(toJson(block), KNOWN_BLOCK));
    return good ? blocks : undefined;
  } catch {
    return undefined;
  }
}

function isUsable(value: string, fields: Readonly<Record<string, string>>): boolean {
  let record: unknown;
  try {
    record = fromJson(value);
  } catch {
    return false;
  }
  if (typeof record !== 'object' || record === null) return false;
  return Object.entries(fields).every(([name, type]) => {
    const field = (record as Record<string, unknown>)[name];
    if (type === 'bytes') return field instanceof Uint8Array;
    if (type === 'record') return typeof field === 'object' && field !== null;
    return type === 'list' ? Array.isArray(field) : typeof field === type;
  });
}
