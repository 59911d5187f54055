import type { Bls } from '@sero/crypto';
import type { Ledger } from '@sero/ledger';
import type { Network, Verdict } from '@sero/network';
import { openLmdbStore } from '@sero/store/node';
import type { Logger } from 'pino';
import { type Checkpoints, createCheckpoints } from '../checkpoints/checkpoints.ts';
import { createFinality, type Finality } from '../rpc/finality.ts';
import { lightCertificateStore } from '../rpc/finality-store.ts';
import type { CertificateStore } from '../validator/certificates.ts';
import type { ValidatorKeys } from '../validator/keys.ts';
import type { ConsensusPeers } from './se-random.ts';

/** Blocks between two requests for a checkpoint that did not come by itself. */
const ASK_EVERY = 16n;

export interface ShownFinalityOptions {
  readonly ledger: Ledger;
  readonly certificates: Pick<CertificateStore, 'get'>;
  /** Where checkpoints and light certificates are kept. */
  readonly directory: string;
  readonly keys: ValidatorKeys | undefined;
  readonly bls: Bls;
  readonly monotonic: () => number;
  readonly network: Pick<Network, 'publish'>;
  readonly peers: Pick<ConsensusPeers, 'checkpoint'>;
  readonly logger: Logger;
}

/** What shows clients without state that blocks are final: light certificates of stride ends, checkpoints every 256 blocks. */
export interface ShownFinality {
  readonly finality: Finality;
  readonly checkpoints: Checkpoints;
  /** To be called after each final block, and once at the start. */
  onHead(): void;
  /** An item of the topic `checkpoint`. */
  receive(item: Uint8Array): Verdict;
  close(): void;
}

export function showFinality(options: ShownFinalityOptions): ShownFinality {
  const { ledger, certificates, keys, bls, network, peers, logger } = options;
  const store = openLmdbStore(options.directory);
  const signer = keys === undefined ? undefined : { blsKey: keys.public.blsKey, sign: keys.blsSign };
  const checkpoints = createCheckpoints({
    ledger,
    bls,
    store,
    now: options.monotonic,
    signer,
    completed: (height) => logger.info({ height: Number(height) }, 'checkpoint'),
  });
  const finality = createFinality({
    ledger,
    store: lightCertificateStore(store),
    certificate: certificates.get,
    checkpoint: checkpoints.get,
  });
  let isClosed = false;
  let askedAt = -ASK_EVERY;

  /** A checkpoint that was missed is asked for now and then; nothing waits for it. */
  function askForWanted(): void {
    const wanted = checkpoints.wanted();
    const { height } = ledger.head();
    if (wanted === undefined || height - askedAt < ASK_EVERY) return;
    askedAt = height;
    peers.checkpoint(wanted).then(
      (item) => {
        if (item !== undefined && !isClosed) checkpoints.receive(item);
      },
      (error: unknown) => logger.debug({ err: error }, 'a checkpoint could not be asked for'),
    );
  }

  return {
    finality,
    checkpoints,
    onHead() {
      for (const item of checkpoints.onHead()) network.publish('checkpoint', item);
      const missing = finality.committed();
      if (missing.length > 0) {
        logger.debug(
          { first: Number(missing[0]), count: missing.length },
          'light certificates that cannot be made here',
        );
      }
      askForWanted();
    },
    receive: checkpoints.receive,
    close() {
      isClosed = true;
      store.close();
    },
  };
}
