import type { Multiaddr } from '@multiformats/multiaddr';

/**
 * What limits of addresses count by: an IPv4 address, the first 64 bits of an IPv6 address, which is what one subscriber has; undefined
 * where there is neither, as in memory.
 */
export function addressKey(address: Multiaddr): string | undefined {
  for (const { name, value } of address.getComponents()) {
    if (value === undefined) continue;
    if (name === 'ip4') return value;
    if (name === 'ip6') return keyOf6(value.toLowerCase());
  }
  return undefined;
}

function keyOf6(value: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(value);
  if (mapped !== null) return mapped[1]!;
  if (value === '::1') return value;
  const [head, tail] = value.split('::') as [string, string | undefined];
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array<string>(8 - first.length - last.length).fill('0');
  const groups = [...first, ...zeros, ...last]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16));
  return `${groups.join(':')}::/64`;
}
