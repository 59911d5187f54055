import { fromHex } from '@sero/crypto';
import keys from '../keys/development.data.json' with { type: 'json' };

/**
 * The verifying keys of the development setup, canonical bytes by circuit id: what a development network starts with and a
 * node verifies with, without the minutes and the hundreds of megabytes of making proving keys. Everybody can forge
 * proofs under them.
 *
 * @example
 * const hashes = [...developmentVerifyingKeys()].map(([circuit, bytes]) => ({ circuit, hash: verifyingKeyHash(bytes) }));
 */
export function developmentVerifyingKeys(): ReadonlyMap<number, Uint8Array> {
  return new Map(keys.map(({ circuit, verifyingKey }) => [circuit, fromHex(verifyingKey)]));
}
