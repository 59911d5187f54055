import { type Bls, compareBytes, equalBytes } from '@sero/crypto';
import { type Header, headerHash } from './block.ts';
import { type Checkpoint, checkCheckpointHeight, verifyCheckpoints } from './checkpoint.ts';
import { ensure } from './errors.ts';
import type { Genesis } from './genesis.ts';
import { recordOfValidator } from './genesis-checks.ts';
import { checkLinked } from './light-certificate.ts';
import { checkVersions, type FinalBlock, type LightChain, type LightRules } from './light-chain.ts';
import { type StakeRow, stakeTable, type WholeStakeTable } from './stake-table.ts';

/**
 * Where a client without state may begin: at the genesis file, which the user has, or at a block that somebody whom he trusts names. All else that
 * nodes say is verified from there on.
 */

/** A checkpoint that is trusted by its age alone, and the time, ms since 1970, at which it was known to be the chain's. */
export interface TrustedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly time: bigint;
}

/** The table of the first balanceLookback rounds: the validators of the genesis file, whose weights are cut as everybody's are. */
export function genesisTable({ validators, stake }: Pick<Genesis, 'validators' | 'stake'>): WholeStakeTable {
  const sum = validators.reduce((total, { units }) => total + units, 0n);
  const divisor = BigInt(stake.maxShareDivisor);
  const share = divisor === 0n ? sum : sum / divisor;
  const limit = share > 0n ? share : 1n;
  const rows = validators.map((validator): StakeRow => {
    const { vrfKey, voteRoot, blsKey, units } = validator;
    return {
      id: recordOfValidator(validator),
      vrfKey,
      voteRoot,
      blsKey,
      weight: units < limit ? units : limit,
    };
  });
  return stakeTable(rows.sort((a, b) => compareBytes(a.id, b.id)));
}

/**
 * A light chain that ends at block 0. Of its header the client knows what the genesis file says: whose votes count, the first seed, the time. Its
 * other fields become final with the first certificate, which is for a block that descends from it.
 *
 * @throws ProtocolError `light-start`: a chain without validators has nothing that could be verified, or the header is not that of block 0
 */
export function lightChainAtGenesis(genesis: Genesis, rules: LightRules, header: Header): LightChain {
  ensure(
    genesis.validators.length > 0,
    'light-start',
    'nobody votes on this network: its one node has to be believed',
  );
  ensure(
    header.height === 0n &&
      header.version === genesis.version &&
      header.time === genesis.time &&
      equalBytes(header.genesisHash, rules.genesisHash) &&
      equalBytes(header.seed, genesis.seed) &&
      equalBytes(header.validatorsRoot, genesisTable(genesis).root()),
    'light-start',
    'this is not the header of block 0 of the genesis file',
  );
  return { rules, tip: { height: 0n, hash: headerHash(header) }, roots: [header.validatorsRoot] };
}

/** Height of the first header that a light chain needs which begins at a block: the rounds after it are judged by tables that stand there. */
export function firstHeaderFor({ balanceLookback }: LightRules, height: bigint): bigint {
  return height + 1n > balanceLookback ? height + 1n - balanceLookback : 0n;
}

/**
 * A light chain that ends at a block which is trusted by its hash: the headers before it are shown by their links up to it.
 *
 * @param headers from `firstHeaderFor(rules, height)` to the block's
 * @throws ProtocolError `light-start`, `headers-unlinked`, `unknown-version`
 */
export function lightChainAtBlock(
  rules: LightRules,
  { height, hash }: FinalBlock,
  headers: readonly Header[],
): LightChain {
  const first = firstHeaderFor(rules, height);
  const last = headers[headers.length - 1];
  ensure(
    last !== undefined &&
      BigInt(headers.length) === height - first + 1n &&
      headers[0]!.height === first &&
      equalBytes(last.genesisHash, rules.genesisHash) &&
      equalBytes(headerHash(last), hash),
    'light-start',
    `these are not the ${height - first + 1n} headers up to the trusted block ${height}`,
  );
  checkVersions(rules, headers);
  checkLinked(headers);
  return { rules, tip: { height, hash }, roots: headers.map(({ validatorsRoot }) => validatorsRoot) };
}

/**
 * The block that a young checkpoint names, or the last of a row of checkpoints that follow it, each signed by the table which the one before
 * it names.
 *
 * @param links what follows the trusted one, each with its signing table; none where the trusted one is the newest
 * @param now the client's own clock, ms since 1970
 * @throws ProtocolError the codes of `verifyCheckpoints`: `checkpoint-stale`, `checkpoint-height`, `checkpoint-table`, `checkpoint-signers`,
 *   `checkpoint-weight`, `checkpoint-signature`
 */
export function trustedBlock(
  genesisHash: Uint8Array,
  { checkpoint, time }: TrustedCheckpoint,
  links: readonly { readonly table: WholeStakeTable; readonly checkpoint: Checkpoint }[],
  now: bigint,
  bls: Bls,
): FinalBlock {
  checkCheckpointHeight(checkpoint.height);
  verifyCheckpoints(genesisHash, { ...checkpoint, time }, links, now, bls);
  const last = links[links.length - 1]?.checkpoint ?? checkpoint;
  return { height: last.height, hash: last.blockHash };
}
