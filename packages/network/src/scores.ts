import type { Offence } from './abstractions.ts';
import type { Clock } from './clock.ts';
import type { NetworkLimits } from './limits.ts';

/**
 * What each offence takes off. Within minutes, four invalid messages disconnect and nine ban; two invalid requests or answers disconnect; a slow or empty peer is left after ten to twenty tries within minutes; malice bans at once.
 */
const OFFENCE_WEIGHTS: { readonly [O in Offence]: number } = {
  'invalid-message': 6,
  'invalid-request': 12,
  'invalid-answer': 12,
  'too-many-requests': 2,
  useless: 2,
  timeout: 1,
  malice: 100,
};

/** What follows from an offence. */
export type Sentence = 'none' | 'disconnect' | 'ban';

/** What the node thinks of peers, connected or not. */
export interface Scores {
  /** Takes an offence off a peer's score. @param address where it is connected from, as `addressKey` names it */
  offend(id: string, offence: Offence, address: string | undefined): Sentence;
  /** Own score and gossip's share, at most 0. */
  score(id: string): number;
  /** Own score alone, at most 0: what gossip is told. */
  own(id: string): number;
  /** Whether a peer is refused: banned, or below the threshold of disconnection. Direct peers never are. */
  refused(id: string): boolean;
  refusedAddress(address: string): boolean;
  /** Bans that last. */
  banned(): { readonly peers: number; readonly addresses: number };
}

interface Entry {
  /** At most 0, at `time`. */
  readonly score: number;
  readonly time: number;
  readonly bannedUntil: number;
}

interface AddressEntry {
  /** Times at which bans of peers there end. */
  readonly bans: readonly number[];
  readonly bannedUntil: number;
}

/** Scores of nobody yet. @param gossipScore gossip's score of a peer without our part in it */
export function createScores({
  limits,
  clock,
  direct,
  exempt,
  gossipScore,
  onBan,
}: {
  readonly limits: NetworkLimits['scores'];
  readonly clock: Clock;
  readonly direct: ReadonlySet<string>;
  readonly exempt: ReadonlySet<string>;
  readonly gossipScore: (id: string) => number;
  readonly onBan: (what: 'peer' | 'address') => void;
}): Scores {
  const entries = new Map<string, Entry>();
  const addresses = new Map<string, AddressEntry>();

  const own = (id: string): number => {
    const entry = entries.get(id);
    if (entry === undefined) return 0;
    return entry.score * 2 ** (-(clock.now() - entry.time) / limits.halfLifeMs);
  };
  const banned = (id: string): boolean => (entries.get(id)?.bannedUntil ?? 0) > clock.now();

  /** Forgets whoever has the best score, banned ones last. */
  const forget = (): void => {
    const ranked = [...entries.keys()].map(
      (id) => [id, banned(id) ? limits.ban + own(id) : own(id)] as const,
    );
    ranked.sort(([, a], [, b]) => b - a);
    for (const [id] of ranked.slice(0, Math.ceil(limits.remembered / 8))) entries.delete(id);
  };

  const banAt = (address: string | undefined): void => {
    if (address === undefined || exempt.has(address)) return;
    const now = clock.now();
    const before = addresses.get(address);
    const bans = [...(before?.bans ?? []).filter((end) => end > now), now + limits.banMs];
    const enough = bans.length >= limits.bansPerAddress;
    if (enough && (before?.bannedUntil ?? 0) <= now) onBan('address');
    addresses.set(address, {
      bans: bans.slice(-limits.bansPerAddress),
      bannedUntil: enough ? now + limits.banMs : (before?.bannedUntil ?? 0),
    });
    for (const [other, { bans: theirs, bannedUntil }] of addresses) {
      if (bannedUntil <= now && theirs.every((end) => end <= now)) addresses.delete(other);
    }
  };

  const score = (id: string): number => own(id) + Math.max(-limits.gossipShare, Math.min(0, gossipScore(id)));

  return {
    offend(id, offence, address) {
      const now = clock.now();
      const was = banned(id);
      const next = own(id) - OFFENCE_WEIGHTS[offence];
      const trusted = direct.has(id);
      const ban = !trusted && !was && next <= limits.ban;
      const bannedUntil = ban ? now + limits.banMs : (entries.get(id)?.bannedUntil ?? 0);
      entries.set(id, { score: Math.max(next, 4 * limits.ban), time: now, bannedUntil });
      if (entries.size > limits.remembered) forget();
      if (trusted) return 'none';
      if (ban) {
        onBan('peer');
        banAt(address);
        return 'ban';
      }
      return was || score(id) <= limits.disconnect ? 'disconnect' : 'none';
    },
    score,
    own,
    refused: (id) => !direct.has(id) && (banned(id) || own(id) <= limits.disconnect),
    refusedAddress: (address) =>
      !exempt.has(address) && (addresses.get(address)?.bannedUntil ?? 0) > clock.now(),
    banned: () => ({
      peers: [...entries.keys()].filter(banned).length,
      addresses: [...addresses.values()].filter(({ bannedUntil }) => bannedUntil > clock.now()).length,
    }),
  };
}
