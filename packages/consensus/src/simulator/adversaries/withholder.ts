import { equalBytes, toHex } from '@sero/crypto';
import { nextSeed, type SeedDraw, seedInput } from '@sero/protocol';
import type { ChainBlock } from '../chain.ts';
import type { HostilePlan, HostileRecord, Powers } from '../hostile.ts';
import { ranking, type VrfSecrets } from '../leaders.ts';
import { proposal, salt } from './proposers.ts';

/**
 * Where contents of a block enter a seed that is foreseen it tries others, until so many for each round of the longest row were no better: the longer
 * a row is, the rarer is a longer one.
 */
const PATIENCE = 30;

/** Rounds of a chain of seeds that it looks ahead, as in the play of the bound (protocol's seed-withholding.test.ts). */
const DEPTH = 12;

/** What it can do with a round that it leads. */
interface Choice {
  /** Whose block is shown; undefined: none until the period is over, and then one without a draw. */
  readonly record: HostileRecord | undefined;
  readonly block: ChainBlock | undefined;
  /** Rounds in a row that are led then. */
  readonly hope: number;
}

/**
 * A proposer who wants to lead more often. It has several records, and where m of them rank before the first honest one it has the m seeds of
 * their draws to choose from, and the one without a draw, for which it sends a proposal and withholds its block. It takes the one that lets it lead
 * most rounds in a row, and tries contents of the block where they enter the next round's seed, as no rule lets them.
 *
 * It knows more than anybody can: everybody's ranks, as far ahead as its own leading reaches, and the draw of the next round's leader. It does not
 * wait for the honest block, to be silent if it likes that one's seed better: who does leads more (docs/protocol.md, section 11).
 */
export function withholder(secrets: VrfSecrets): HostilePlan {
  return (powers) => {
    const { head, records, block, transactions, tellAll, count } = powers;
    const hidden = new Set<string>();
    let tries = 0;

    function make(record: HostileRecord, period: number, i: number): ChainBlock {
      const contents = [...transactions().slice(0, 2), salt(i)];
      return block(record, period, contents, head().header.time + 1n);
    }

    function best(leading: readonly HostileRecord[], foresee: Foresight): Choice {
      let isOpen = false;
      const judge = (record: HostileRecord): Choice => {
        const made = make(record, 0, tries++);
        const { row, isContent } = foresee(made.header.seed, made.digest);
        isOpen ||= isContent;
        return { record, block: made, hope: row };
      };
      let choice = judge(leading[0]!);
      let last = 0;
      const take = (other: Choice): void => {
        if (other.hope <= choice.hope) return;
        choice = other;
        last = tries;
      };
      for (const record of leading.slice(1)) take(judge(record));
      take({ record: undefined, block: undefined, hope: foresee(undefined, undefined).row });
      if (!isOpen) return choice;
      count('tried-contents');
      last = tries;
      while (tries < last + PATIENCE * (1 + choice.hope)) for (const record of leading) take(judge(record));
      return choice;
    }

    return {
      build(proposer, period) {
        const own = records.find(({ id }) => equalBytes(id, proposer))!;
        if (period > 0) return make(own, period, 0);
        const { leading, foresee } = lookAhead(powers, secrets);
        if (leading.length === 0) return make(own, period, 0);
        const { record, block: made } = best(leading, foresee);
        if (record === undefined) {
          count('withheld-block');
          const withheld = make(own, period, 0);
          hidden.add(toHex(withheld.digest));
          return withheld;
        }
        if (record === own) return made;
        // Its machine would propose with the best record alone.
        const message = proposal(powers, record, period, made!);
        if (message === undefined) return undefined;
        count('other-record');
        tellAll(message);
        tellAll({ type: 'block', bytes: made!.bytes });
        return undefined;
      },
      say(message) {
        const isHidden =
          message.type === 'block' && hidden.has(toHex(powers.chain.read(message.bytes)!.digest));
        if (!isHidden) tellAll(message);
      },
      answer: (bytes) => (hidden.has(toHex(powers.chain.read(bytes)!.digest)) ? [] : [bytes]),
    };
  };
}

/**
 * What follows from the next block.
 *
 * @param seed its own; undefined: that of a block without a draw
 * @param digest its hash; undefined: somebody else's, which nobody knows yet
 * @returns `row`: rounds in a row that are led then, and whether the hash enters the next round's seed
 */
type Foresight = (
  seed: Uint8Array | undefined,
  digest: Uint8Array | undefined,
) => { readonly row: number; readonly isContent: boolean };

/** Own records that rank before the first honest one in the next round, and what comes of what they do. */
function lookAhead(
  { chain, crypto: { vrf }, head, records }: Powers,
  secrets: VrfSecrets,
): { readonly leading: readonly HostileRecord[]; readonly foresee: Foresight } {
  const parent = head();
  const height = parent.header.height + 1n;
  const { seedLookback } = chain.parameters.stake;
  const { seed: ownSeed, ...facts } = chain.context(parent, height);
  const nextOwnSeed = chain.basis(parent, height + 1n).seed;

  const ranked = (seed: Uint8Array, round: bigint): Uint8Array[] =>
    ranking({ ...facts, seed, round }, secrets, vrf);

  function ownFirst(ids: readonly Uint8Array[]): HostileRecord[] {
    const own = ids.map((id) => records.find((record) => equalBytes(record.id, id)));
    const end = own.indexOf(undefined);
    return own.slice(0, end < 0 ? own.length : end) as HostileRecord[];
  }

  function drawOf(id: Uint8Array, seed: Uint8Array, round: bigint): SeedDraw {
    const proof = vrf.prove(secrets.get(toHex(id))!, seedInput(facts.genesisHash, seed, round));
    return { proposer: id, output: vrf.outputOf(proof) };
  }

  const foresee: Foresight = (seed, digest) => {
    /** The block hash that enters the seed of a round; false: one that nobody knows yet. */
    function refreshOf(round: bigint): Uint8Array | undefined | false {
      const from = chain.refreshFrom(round);
      if (from === undefined) return undefined;
      return (from === height ? digest : parent.history[Number(from)]?.digest) ?? false;
    }

    /** Rounds of a chain of seeds that are led in a row, from a round on that has the seed. */
    function row(from: Uint8Array, round: bigint, left: number): number {
      const own = left === 0 ? [] : ownFirst(ranked(from, round));
      if (own.length === 0) return 0;
      const refresh = refreshOf(round);
      if (refresh === false) return 1;
      const draws = [undefined, ...own.map(({ id }) => drawOf(id, from, round))];
      let longest = 0;
      for (const draw of draws) {
        const length = row(nextSeed(from, draw, refresh), round + seedLookback, left - 1);
        if (length > longest) longest = length;
      }
      return 1 + longest;
    }

    /** The same for the chain of the next round, whose leader is known, where this block enters its seed; else nothing changes it. */
    function nextRow(): number {
      const round = height + 1n;
      if (chain.refreshFrom(round) !== height) return 0;
      const ids = ranked(nextOwnSeed, round);
      if (ownFirst(ids).length > 0) return row(nextOwnSeed, round, DEPTH);
      const refresh = refreshOf(round);
      if (refresh === false || ids.length === 0) return 0;
      const after = nextSeed(nextOwnSeed, drawOf(ids[0]!, nextOwnSeed, round), refresh);
      return row(after, round + seedLookback, DEPTH);
    }

    const refresh = refreshOf(height);
    const own = seed ?? (refresh === false ? undefined : nextSeed(ownSeed, undefined, refresh));
    const length = own === undefined ? 0 : row(own, height + seedLookback, DEPTH);
    return { row: length + nextRow(), isContent: chain.refreshFrom(height + 1n) === height };
  };

  return { leading: ownFirst(ranked(ownSeed, height)), foresee };
}
