/** How fast a client may ask: a bucket of units that time fills. */
export interface MeterOptions {
  readonly unitsPerSecond: number;
  readonly burst: number;
  /** Clients that are remembered; the one unseen for longest is forgotten first, and begins anew with a full bucket. */
  readonly maxClients: number;
}

export interface Meter {
  /** Takes units; 0, or the ms after which as many are there and nothing taken. */
  take(client: string, units: number): number;
  /**
   * Takes units for work that is done, into debt (of one burst at most) where there are too few. 0, or the ms after which there is no
   * debt any more, where it would be more than that: no more work is to be done for the client.
   */
  charge(client: string, units: number): number;
}

interface Bucket {
  units: number;
  at: number;
}

/** A meter. @param now ms, of a clock that does not go back */
export function createMeter({ unitsPerSecond, burst, maxClients }: MeterOptions, now: () => number): Meter {
  const buckets = new Map<string, Bucket>();

  function bucketOf(client: string): Bucket {
    const time = now();
    const bucket = buckets.get(client) ?? { units: burst, at: time };
    // Last touched stands last, so the first is the one unseen for longest.
    buckets.delete(client);
    buckets.set(client, bucket);
    if (buckets.size > maxClients) buckets.delete(buckets.keys().next().value!);
    bucket.units = Math.min(burst, bucket.units + ((time - bucket.at) * unitsPerSecond) / 1_000);
    bucket.at = time;
    return bucket;
  }

  return {
    take(client, units) {
      const bucket = bucketOf(client);
      // What costs more than a burst is paid by a full bucket, or it could never be asked.
      const price = Math.min(units, burst);
      if (bucket.units < price) return Math.ceil(((price - bucket.units) * 1_000) / unitsPerSecond);
      bucket.units -= price;
      return 0;
    },
    charge(client, units) {
      const bucket = bucketOf(client);
      bucket.units -= units;
      if (bucket.units >= -burst) return 0;
      bucket.units = -burst;
      return Math.ceil((burst * 1_000) / unitsPerSecond);
    },
  };
}

/**
 * Who a client is, by the address that he comes from: an IPv6 network of 64 bits is one client, since whoever has one address there
 * has all of them.
 */
export function clientOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1]!;
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('%')[0]!.toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups =
    tail === undefined
      ? left
      : [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
