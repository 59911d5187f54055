import { fromJson, toJson } from './json.ts';
import { FORMER_TIP, formerKey, type StoredHead } from './state.ts';
import type { WalletChange, WalletStore } from './store.ts';

/** Tables that the chain gives back. */
const FROM_CHAIN = ['node/', 'note/', 'asset/', 'history/', 'undisclosed/', 'anchor/', 'commitment/'];

/** Tables that this device alone knows, and what a record of them needs to be of use. Others are dropped. */
const OWN: Readonly<
  Record<string, Readonly<Record<string, 'bigint' | 'string' | 'bytes' | 'list' | 'record'>>>
> = {
  'addresses/': { first: 'bigint', next: 'bigint' },
  'contact/': { name: 'string', address: 'string' },
};

/** Tables of what was on its way: of use on the chain of old alone, where its notes have the same positions. */
const ON_THEIR_WAY: typeof OWN = {
  'pending/': { txid: 'bytes', positions: 'list', expiry: 'bigint', dummies: 'list' },
  'companion/': { position: 'bigint', companion: 'record' },
  'lost/': { txid: 'bytes', outcome: 'string', height: 'bigint' },
};

/**
 * Empties a wallet's store of everything that the chain gives back, so that `openWallet` begins again at the birthday. What was
 * submitted and what stood beside it is put away until the block comes by that was read last, so that it does not hold notes of a network
 * that was begun anew; where that block cannot be told, it is dropped. Which addresses were handed out and the contacts stay where they can be read. An
 * encrypted store that refuses to open is opened with `repair` first.
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

/** Moves what was on its way; what an earlier repair put away stays, where this one has nothing newer. */
async function putAway(store: WalletStore): Promise<WalletChange[]> {
  const formerTip = await store.get(FORMER_TIP);
  const tip = tipOf(await store.get('head'));
  const kept: WalletChange[] = [];
  const dropped: WalletChange[] = [];
  const old: WalletChange[] = [];
  for (const [prefix, fields] of Object.entries(ON_THEIR_WAY)) {
    for (const [key, value] of await store.entries(prefix)) {
      dropped.push({ key, value: undefined });
      if (isUsable(value, fields)) kept.push({ key: formerKey(key), value });
    }
    for (const [key, value] of await store.entries(formerKey(prefix))) {
      if (!isUsable(value, fields)) dropped.push({ key, value: undefined });
      old.push({ key, value: undefined });
    }
  }
  const oldStays = formerTip !== undefined && isUsable(formerTip, TIP);
  if (tip !== undefined && (kept.length > 0 || !oldStays)) {
    return [...dropped, ...old, { key: FORMER_TIP, value: toJson(tip) }, ...kept];
  }
  return oldStays ? dropped : [...dropped, ...old, { key: FORMER_TIP, value: undefined }];
}

const TIP = { height: 'bigint', hash: 'bytes' } as const;

/** The block that was read last, if the record of it can be read. */
function tipOf(head: string | undefined): { height: bigint; hash: Uint8Array } | undefined {
  try {
    const { tip } = fromJson(head ?? '') as StoredHead;
    const last = { height: tip.header.height, hash: tip.hash };
    return isUsable(toJson(last), TIP) ? last : undefined;
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
