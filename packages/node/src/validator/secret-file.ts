import { readUpTo, writeAll } from '@sero/store/node';
import sodium from 'sodium-native';
import { ensure } from './errors.ts';
import { type FileDisk, MAKE, onDisk, SECRET_MODE } from './file-disk.ts';
import { openSecret } from './slot-file.ts';

/** Bytes of a secret. */
const LENGTH = 32;

/** Writes a secret into a new file that its owner alone can read, durably but for the directory's entry. @throws StoreError */
export function writeSecretFile(path: string, secret: Uint8Array, disk: FileDisk): void {
  onDisk(`file ${path}`, () => {
    const file = disk.openSync(path, MAKE, SECRET_MODE);
    try {
      writeAll(disk, file, secret, 0);
      disk.fsyncSync(file);
    } finally {
      disk.closeSync(file);
    }
  });
}

/**
 * A secret in memory that is never swapped and lies between guard pages. Wipe it with `sodium_memzero`.
 *
 * @throws ValidatorKeysError `keys-missing`, `keys-exposed`, `keys-damaged`; StoreError
 */
export function readSecretFile(path: string, disk: FileDisk): Buffer {
  const file = openSecret(path, disk);
  try {
    const bytes = onDisk(`file ${path}`, () => readUpTo(disk, file, 0, LENGTH + 1));
    ensure(
      bytes.length === LENGTH,
      'keys-damaged',
      `${path} holds no key of ${LENGTH} bytes: register new keys`,
    );
    const secret = sodium.sodium_malloc(LENGTH);
    secret.set(bytes);
    bytes.fill(0);
    return secret;
  } finally {
    disk.closeSync(file);
  }
}
