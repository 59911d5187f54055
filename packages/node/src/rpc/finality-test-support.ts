import {
  hashEd25519,
  hashVrf,
  type NetworkOptions,
  startNetwork,
  type TestNetwork,
} from '@sero/ledger/test/participants';
import { encodeBundle, type Header, KIND, StakeBodyType, type VoteCrypto } from '@sero/protocol';
import { certificateFor } from '@sero/protocol/test/light-chain';
import { type KeyValueStore, memoryStore } from '@sero/store';
import { createFinality, type Finality } from './finality.ts';
import { lightCertificateStore } from './finality-store.ts';

/** The participants' cryptography: anybody could forge it, and it checks every bit. */
export const HASHES: VoteCrypto = { vrf: hashVrf, ed25519: hashEd25519 };

/** A ledger with participants whose blocks are certified, and what its node shows of that. */
export interface CertifiedNetwork {
  readonly network: TestNetwork;
  readonly finality: Finality;
  readonly store: KeyValueStore;
  /** Certificates of all blocks; a test may take some away. */
  readonly certificates: Map<bigint, Uint8Array>;
  readonly checkpoints: Map<bigint, Uint8Array>;
  /** Adds a block with its certificate, as a node does. */
  grow(...transactions: Uint8Array[]): Promise<void>;
  /** Certifies the block of a height, which `grow` does for its own. */
  certificate(height: bigint): void;
  /** Buys units for a participant: the table of balanceLookback rounds later is another one. */
  stake(n: number, units: bigint): Promise<void>;
  headers(): Header[];
}

export function certifiedNetwork(options: NetworkOptions = {}, store = memoryStore()): CertifiedNetwork {
  const network = startNetwork(options);
  const { ledger, genesis } = network;
  const certificates = new Map<bigint, Uint8Array>();
  const checkpoints = new Map<bigint, Uint8Array>();
  const finality = createFinality({
    ledger,
    store: lightCertificateStore(store),
    certificate: (height) => certificates.get(height),
    checkpoint: (height) => checkpoints.get(height),
  });
  const headers = (): Header[] =>
    Array.from({ length: Number(ledger.head().height) + 1 }, (_, height) => ledger.header(BigInt(height))!);

  function certify(height = ledger.head().height): void {
    const table = ledger.stakeTable(height)!;
    const who = network.participants.flatMap(({ id, secret }) => {
      const row = table.row(id);
      return row === undefined ? [] : [{ row, vrfSecret: secret, voteSeed: secret, blsSecret: secret }];
    });
    const certificate = certificateFor(genesis, headers(), Number(height), { who, table, crypto: HASHES });
    certificates.set(height, encodeBundle(certificate));
  }

  async function grow(...transactions: Uint8Array[]): Promise<void> {
    await network.mine(...transactions);
    certify();
    finality.committed();
  }

  return {
    network,
    finality,
    store,
    certificates,
    checkpoints,
    grow,
    certificate: certify,
    headers,
    stake(n, units) {
      const body = StakeBodyType.serialize({ record: network.participants[n]!.id, units });
      return grow(network.make({ kind: KIND.stake, body, price: units * genesis.stake.unit }));
    },
  };
}
