import { multiaddr } from '@multiformats/multiaddr';
import type { Clock } from './clock.ts';
import { NetworkError } from './errors.ts';

/** Looks names up. `systemResolver` asks the computer's own resolver; a test hands in another. */
export interface Resolver {
  /** IPv4 or IPv6 addresses of a name; none where there are none. */
  addresses(name: string, family: 4 | 6, signal: AbortSignal): Promise<readonly string[]>;
  /** TXT records of a name, the strings of each joined; none where there are none. */
  texts(name: string, signal: AbortSignal): Promise<readonly string[]>;
}

const NAMES = ['dns', 'dns4', 'dns6', 'dnsaddr'];

/** Most addresses that names lead to: as many as a dial tries. */
const MAX_ADDRESSES = 8;
/** Most names that are looked up for one address, those within answers too, and how deep they may stand. */
const MAX_LOOKUPS = 16;
const MAX_DEPTH = 3;
/** Most TXT records of a name that are looked at, and the longest. */
const MAX_TEXTS = 64;
const MAX_TEXT = 512;

/** The first name in a multiaddr, undefined where it has none. */
function nameIn(address: string): { readonly kind: string; readonly name: string } | undefined {
  const found = multiaddr(address)
    .getComponents()
    .find(({ name }) => NAMES.includes(name));
  return found && { kind: found.name, name: found.value ?? '' };
}

/** Whether a multiaddr has a name instead of an address. */
export function hasName(address: string): boolean {
  return nameIn(address) !== undefined;
}

/** RFC 1035, 2.3.4; the underscore for names of services. */
function isHostName(name: string): boolean {
  return name.length <= 253 && name.split('.').every((label) => /^[a-z0-9_-]{1,63}$/i.test(label));
}

/** Throws NetworkError `address-invalid` for a name that no resolver would know. */
export function checkName(address: string): void {
  const found = nameIn(address);
  if (found !== undefined && !isHostName(found.name)) {
    throw new NetworkError('address-invalid', `not a name: ${address}`);
  }
}

/**
 * The addresses that a multiaddr of a peer leads to: itself, or what its name stands for (libp2p/specs, addressing: /dns4, /dns6, /dns; /dnsaddr, whose TXT records
 * at _dnsaddr.<name> say dnsaddr=<multiaddr>). At most eight; only those of this peer.
 *
 * @param address with /p2p/<id>, which it must end with: who answers for the name cannot put another peer in its place
 * @param ms time for all of it
 * @throws NetworkError `name-unknown`
 */
export async function resolveNames(
  address: string,
  {
    resolver,
    clock,
    ms,
    signal,
  }: {
    readonly resolver: Resolver;
    readonly clock: Clock;
    readonly ms: number;
    readonly signal: AbortSignal;
  },
): Promise<string[]> {
  if (!hasName(address)) return [address];
  const id = address.slice(address.lastIndexOf('/p2p/'));
  const late = new AbortController();
  const timer = clock.setTimer(() => late.abort(), ms);
  const either = AbortSignal.any([late.signal, signal]);
  const gone = new Promise<never>((_, reject) => {
    either.addEventListener('abort', () => reject(new NetworkError('name-unknown', `${address}: no answer`)));
  });
  // Whoever answers first wins; the other may still fail.
  gone.catch(() => {});
  const found = new Set<string>();
  let lookups = 0;
  let fault = 'it leads nowhere';

  const follow = async (one: string, depth: number): Promise<void> => {
    if (found.size >= MAX_ADDRESSES) return;
    const name = nameIn(one);
    if (name === undefined) {
      // Where an answer leads, it leads over the net.
      if (/^\/ip[46]\//.test(one)) found.add(one);
      return;
    }
    if (depth > MAX_DEPTH || lookups >= MAX_LOOKUPS || !isHostName(name.name)) return;
    lookups++;
    for (const next of await answers(one, name)) await follow(next, depth + 1);
  };
  /** What a name stands for; nothing where nobody knows, which may hold for one of several names. */
  const known = async (answer: Promise<readonly string[]>): Promise<readonly string[]> => {
    try {
      return await answer;
    } catch (error) {
      fault = error instanceof Error ? error.message : 'no answer';
      return [];
    }
  };
  const answers = async (one: string, { kind, name }: { kind: string; name: string }): Promise<string[]> => {
    if (kind === 'dnsaddr') {
      const texts = await known(resolver.texts(`_dnsaddr.${name}`, either));
      return texts.slice(0, MAX_TEXTS).flatMap((text) => {
        const value = text.length <= MAX_TEXT && text.startsWith('dnsaddr=') ? text.slice(8) : '';
        return value.endsWith(id) && isMultiaddr(value) ? [value] : [];
      });
    }
    const families = kind === 'dns' ? ([4, 6] as const) : kind === 'dns4' ? ([4] as const) : ([6] as const);
    const all = await Promise.all(
      families.map(async (family) => {
        const ips = await known(resolver.addresses(name, family, either));
        return ips.map((ip) => one.replace(`/${kind}/${name}`, `/ip${family}/${ip}`)).filter(isMultiaddr);
      }),
    );
    return all.flat();
  };

  try {
    await Promise.race([follow(address, 1), gone]);
  } finally {
    clock.clearTimer(timer);
    late.abort();
  }
  if (found.size === 0) throw new NetworkError('name-unknown', `${address}: ${fault}`);
  return [...found];
}

function isMultiaddr(text: string): boolean {
  try {
    multiaddr(text);
    return true;
  } catch {
    return false;
  }
}
