import { equalBytes, portableEd25519, portableVrf } from '@sero/crypto';
import {
  ephemeralCache,
  type FinalBlock,
  type Genesis,
  type LightChain,
  type VoteCrypto,
} from '@sero/protocol';
import { type FinalitySource, followFinality, lightFromBlock, lightFromGenesis } from './finality-source.ts';

/** Batch keys of voters that are remembered: a committee of the production profile has some thousand members. */
const REMEMBERED_VOTERS = 8_192;

/** Verifies votes in JavaScript, wherever it runs: five to eleven ms a vote of a drawn committee. */
export function portableVotes(): VoteCrypto {
  return { vrf: portableVrf, ed25519: portableEd25519, links: ephemeralCache(REMEMBERED_VOTERS) };
}

/** Verifies ahead of a wallet that reads. */
export interface FinalityRun {
  /**
   * Verifies that the blocks up to a height are final.
   *
   * @returns the height up to which they are known to be: that one or a higher one, or a lower one where the node cannot show more now
   * @throws what `followFinality` throws
   */
  upTo(height: bigint): Promise<bigint>;
  /** Ends what is on its way. */
  end(): Promise<void>;
}

/** Which blocks a wallet may read: those that were shown to be final, on a network where holders of stake vote. */
export interface WalletFinality {
  /**
   * Begins to verify what a node says: on top of what was verified before, or of the last block that the wallet has read, which was shown to be
   * final before it was read; or from block 0 on.
   *
   * @param head where the node says that its chain ends
   * @throws WalletError `node-not-final`, `node-answer-invalid`; what the source and the signal throw
   */
  follow(
    source: FinalitySource,
    head: bigint,
    read: FinalBlock | undefined,
    signal?: AbortSignal,
  ): Promise<FinalityRun>;
  /** Whether a block was shown to be final. Blocks below the last one that was read are forgotten. */
  holds(block: FinalBlock): boolean;
}

/**
 * Nothing is final yet. Undefined for a network without validators: there is no finality to show, and its one node is believed.
 *
 * @param votes what votes are verified with
 */
export function walletFinality(genesis: Genesis, votes: VoteCrypto): WalletFinality | undefined {
  if (genesis.validators.length === 0) return undefined;
  let chain: LightChain | undefined;
  const hashes = new Map<bigint, Uint8Array>();

  const holds = ({ height, hash }: FinalBlock): boolean => {
    const known = hashes.get(height);
    return known !== undefined && equalBytes(known, hash);
  };

  async function begun(
    source: FinalitySource,
    read: FinalBlock | undefined,
    signal: AbortSignal | undefined,
  ): Promise<LightChain> {
    // A wallet whose store took a batch back stands below what is remembered: it begins anew.
    if (chain !== undefined && (read === undefined ? hashes.has(0n) : holds(read))) return chain;
    chain = undefined;
    hashes.clear();
    const start =
      read === undefined
        ? await lightFromGenesis(source, genesis, signal)
        : await lightFromBlock(source, genesis, read, signal);
    hashes.set(start.tip.height, start.tip.hash);
    return start;
  }

  return {
    holds,
    async follow(source, head, read, signal) {
      const start = await begun(source, read, signal);
      chain = start;
      for (const old of hashes.keys()) if (read !== undefined && old < read.height) hashes.delete(old);
      const steps = followFinality(source, start, head, votes, signal);
      let height = start.tip.height;
      return {
        async upTo(wanted) {
          while (height < wanted) {
            const { value: step, done } = await steps.next();
            if (done === true) break;
            height = step.chain.tip.height;
            const first = height - BigInt(step.hashes.length) + 1n;
            for (const [i, hash] of step.hashes.entries()) hashes.set(first + BigInt(i), hash);
            chain = step.chain;
          }
          return height;
        },
        end: async () => void (await steps.return()),
      };
    },
  };
}
