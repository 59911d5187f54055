import { pointToBytes, toHex } from '@sero/crypto';
import { type OneTimeAddress, ownAddress, ownAddressKey, type ViewingKey } from '@sero/protocol';
import type { AddressUse, WalletState } from './state.ts';

/** Own addresses that a restored wallet derives beyond the last one seen, and skips before its first new one. */
const GAP = 1_000n;

/** An own one-time address with the r that proves it. */
export interface OwnAddress {
  readonly address: OneTimeAddress;
  readonly r: bigint;
  readonly index: bigint;
}

/** Derives, hands out and recognises an account's own one-time addresses. */
export interface OwnAddresses {
  at(use: AddressUse, index: bigint): OwnAddress;
  /** The next unused one; the state's counter moves on. */
  fresh(use: AddressUse): OwnAddress;
  /**
   * Takes note of P(VPKr) of an own address in the chain. One that this store never handed out means that the wallet
   * was restored: new addresses then start 1,001 after it, so that none is used twice. Returns the classes whose counter moved.
   */
  seen(vpkr: Uint8Array): AddressUse[];
}

/** The own addresses of an account on one chain. */
export function ownAddresses(key: ViewingKey, chainId: bigint, state: WalletState): OwnAddresses {
  const known = new Map<string, { use: AddressUse; index: bigint }>();
  const searched: Record<AddressUse, bigint> = { once: 0n, owner: 0n };

  const at = (use: AddressUse, index: bigint): OwnAddress => {
    const { shared, ...address } = ownAddress(key, chainId, use, index);
    return { address, r: shared.r, index };
  };

  /** Finds a VPKr among the numbers up to 1,000 beyond the last one that is known to be used, the lowest of both classes first. */
  const find = (vpkr: string): { use: AddressUse; index: bigint } | undefined => {
    while (!known.has(vpkr)) {
      const [use] = (['once', 'owner'] as const)
        .filter((candidate) => searched[candidate] < state.addresses[candidate].next + GAP)
        .toSorted((a, b) => (searched[a] <= searched[b] ? -1 : 1));
      if (use === undefined) return undefined;
      const index = searched[use]++;
      known.set(toHex(ownAddressKey(key, chainId, use, index)), { use, index });
    }
    return known.get(vpkr);
  };

  return {
    at,
    fresh(use) {
      const counter = state.addresses[use];
      const own = at(use, counter.next);
      // Its place in the chain is recognised without searching for it.
      known.set(toHex(pointToBytes(own.address.vpkr)), { use, index: own.index });
      counter.next += 1n;
      return own;
    },
    seen(vpkr) {
      const found = find(toHex(vpkr));
      if (found === undefined) return [];
      const counter = state.addresses[found.use];
      const handedOut = found.index >= counter.first && found.index < counter.next;
      if (handedOut || found.index + GAP < counter.next) return [];
      counter.next = found.index + GAP + 1n;
      counter.first = counter.next;
      return [found.use];
    },
  };
}
