import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';

/** The peer id of a key, as it stands behind /p2p/ in multiaddrs. @param key Ed25519 seed, 32 bytes */
export async function peerIdOf(key: Uint8Array): Promise<string> {
  return peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', key)).toString();
}
