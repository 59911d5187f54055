// Runs in a page: what a light client in a browser takes as final, and what it refuses.

import { portableBls, portableEd25519, portableVrf } from '@sero/crypto';
import {
  decodeCheckpoint,
  decodeGenesis,
  decodeLightCertificate,
  extendLightChain,
  type Header,
  HeaderType,
  lightChainAtBlock,
  lightChainAtGenesis,
  lightRules,
  StakeTableType,
  stakeTable,
  trustedBlock,
} from '@sero/protocol';
import type { CheckpointCase, LightCase, LightReport, LightTask } from './light-chain-report.ts';

const crypto = { vrf: portableVrf, ed25519: portableEd25519 };

const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

const headerOf = (hex: string): Header => HeaderType.deserialize(bytesOf(hex));

/** The height that is final, or the code of a refusal. */
function outcome(work: () => bigint): string {
  try {
    return String(work());
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error);
  }
}

async function run(): Promise<LightReport> {
  const task = (await (await fetch('/task')).json()) as LightTask;
  const genesis = decodeGenesis(bytesOf(task.genesis));
  const rules = lightRules(genesis);

  function step({ trusted, below, headers, light }: LightCase): bigint {
    const known = below.map(headerOf);
    const chain =
      trusted === undefined
        ? lightChainAtGenesis(genesis, rules, known[0]!)
        : lightChainAtBlock(rules, { height: BigInt(trusted.height), hash: bytesOf(trusted.hash) }, known);
    const certificate = decodeLightCertificate(bytesOf(light));
    return extendLightChain(chain, headers.map(headerOf), certificate, crypto).chain.tip.height;
  }

  function checkpoint({ trusted, next, table, time, now }: CheckpointCase): bigint {
    const { rows } = StakeTableType.deserialize(bytesOf(table));
    const links = [{ table: stakeTable(rows), checkpoint: decodeCheckpoint(bytesOf(next)) }];
    const from = { checkpoint: decodeCheckpoint(bytesOf(trusted)), time: BigInt(time) };
    return trustedBlock(rules.genesisHash, from, links, BigInt(now), portableBls).height;
  }

  return {
    outcomes: Object.fromEntries([
      ...task.steps.map((one) => [one.name, outcome(() => step(one))]),
      ...task.checkpoints.map((one) => [one.name, outcome(() => checkpoint(one))]),
    ]),
  };
}

const report = await run().catch((error: unknown) => ({ failure: String(error) }));
await fetch('/report', { method: 'POST', body: JSON.stringify(report) });
