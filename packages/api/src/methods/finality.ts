import { bytes, described, object, parameters } from '../codec.ts';
import { filled } from '../example.ts';
import { method } from '../method.ts';
import { Head, Height, Range, ranged } from '../parts.ts';

/** Longest encoding of a bundle (protocol, MAX_BUNDLE_BYTES). */
const MAX_CERTIFICATE_BYTES = 8_388_608;

/** Longest light certificate (protocol, MAX_LIGHT_CERTIFICATE_BYTES). */
const MAX_LIGHT_CERTIFICATE_BYTES = 16_777_216;

/** Longest encoding of a checkpoint (protocol, MAX_CHECKPOINT_BYTES): one bit for each of 2^20 rows, and some hundred bytes. */
const MAX_CHECKPOINT_BYTES = 135_168;

const head = { height: 42n, hash: filled(32, 0x22) };

/** Methods that show that blocks are final, so that nobody has to believe the node. */
export const finalityMethods = {
  sero_getLightCertificate: method({
    summary: 'What shows a client without state that a block is final.',
    description:
      'SSZ; `decodeLightCertificate` of @sero/protocol reads it, `extendLightChain` checks it on top of an older final header. A node has those of every certStride-th ' +
      'height (genesis says which) since it began to follow the chain, and of its last blocks; `not-found` with `data.code` `no-validators` where nobody votes, ' +
      '`certificate-missing` for every other height. Ask for stride ends, then for the head.',
    params: parameters({ height: Height }),
    result: object({ height: Height, certificate: bytes(MAX_LIGHT_CERTIFICATE_BYTES) }),
    errors: ['not-found'],
    example: { params: { height: 40n }, result: { height: 40n, certificate: filled(8, 0x01) } },
  }),

  sero_getCertificates: method({
    summary: 'Certificates of the blocks of a range of heights.',
    description:
      'SSZ bundles of cert votes; `decodeBundle` of @sero/protocol reads one. Heights whose certificate is not kept are left out. As many as fit in 4 MiB of answer, ' +
      'at least one if there is one: continue after the last one given. `not-found` with `data.code` `no-validators` where nobody votes.',
    params: Range,
    result: object({
      from: Height,
      certificates: described(
        'In order; none for heights that have none (any more).',
        ranged(object({ height: Height, certificate: bytes(MAX_CERTIFICATE_BYTES) })),
      ),
      head: Head,
    }),
    errors: ['not-found', 'limit-exceeded'],
    example: {
      params: { from: 40n, limit: 8 },
      result: { from: 40n, certificates: [{ height: 40n, certificate: filled(8, 0x01) }], head },
    },
  }),

  sero_getCheckpoints: method({
    summary: 'BLS checkpoints, from a height on.',
    description:
      'SSZ; `decodeCheckpoint` of @sero/protocol reads one. Every 256th block has one once enough have signed it. `from` is rounded up to such a height and `limit` counts ' +
      'them; those that the node lacks are left out. A checkpoint is worth something to whoever holds an older one that is at most ten days old, or hears of it from ' +
      'somebody whom he trusts. `not-found` with `data.code` `no-validators` where nobody votes.',
    params: Range,
    result: object({
      from: Height,
      checkpoints: described(
        'In order.',
        ranged(object({ height: Height, checkpoint: bytes(MAX_CHECKPOINT_BYTES) })),
      ),
      head: Head,
    }),
    errors: ['not-found', 'limit-exceeded'],
    example: {
      params: { from: 1n, limit: 1 },
      result: {
        from: 1n,
        checkpoints: [{ height: 256n, checkpoint: filled(8, 0x01) }],
        head: { height: 300n, hash: filled(32, 0x22) },
      },
    },
  }),
} as const;
