import { fromJson } from './json.ts';
import type { WalletChange, WalletStore } from './store.ts';

/** Tables that the chain gives back. */
const FROM_CHAIN = ['node/', 'note/', 'asset/', 'history/', 'undisclosed/', 'anchor/', 'commitment/'];

/** Tables that this device alone knows, and what a record of them needs to be of use. Others are dropped. */
const OWN: Readonly<Record<string, Readonly<Record<string, 'bigint' | 'string' | 'bytes' | 'list'>>>> = {
  'pending/': { txid: 'bytes', positions: 'list', expiry: 'bigint' },
  'companion/': { position: 'bigint' },
  'lost/': { txid: 'bytes', outcome: 'string', height: 'bigint' },
  'addresses/': { first: 'bigint', next: 'bigint' },
  'contact/': { name: 'string', address: 'string' },
};

/**
 * Empties a wallet's store of everything that the chain gives back, so that `openWallet` begins again at the birthday. What was
 * submitted, what stood beside it, which addresses were handed out and the contacts stay where they can be read. An
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
  await store.write(changes);
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
    return type === 'list' ? Array.isArray(field) : typeof field === type;
  });
}
