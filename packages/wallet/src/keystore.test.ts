import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { createKeystore, type KeystoreContent, openKeystore } from './keystore.ts';

/** The cheapest that a keystore may be: 16 MiB and some 50 ms. */
const CHEAP = { cost: 1 << 14 };

const PASSWORD = 'a sturdy horse';

const CONTENT: KeystoreContent = {
  secret: { words: 'abandon ability able about above absent absorb abstract absurd abuse access accident' },
  // Long enough never to stand in random digits.
  birthday: 12_345_678_901_234n,
  accounts: [
    { index: 0, name: 'everyday' },
    { index: 7, name: 'n5' },
  ],
};

/** A random source that a test can repeat. */
function counting(): (length: number) => Uint8Array {
  let next = 0;
  return (length) => Uint8Array.from({ length }, () => next++ & 0xff);
}

interface File {
  version: unknown;
  kdf: Record<string, unknown>;
  cipher: Record<string, unknown>;
  ciphertext: string;
}

const refusal = (code: string) => ({ name: 'WalletError', code });

describe('a keystore', () => {
  let text: string;
  before(async () => {
    text = await createKeystore(CONTENT, PASSWORD, CHEAP);
  });

  /** The file with a change in it. */
  const changed = (change: (file: File) => void): string => {
    const file = JSON.parse(text) as File;
    change(file);
    return JSON.stringify(file);
  };

  it('gives back what was put in under its password, and nothing under another', async () => {
    assert.deepEqual((await openKeystore(text, PASSWORD)).content, CONTENT);
    for (const wrong of ['', 'a sturdy hors', `${PASSWORD} `, PASSWORD.toUpperCase()]) {
      await assert.rejects(openKeystore(text, wrong), refusal('password-wrong'));
    }
  });

  it('takes a password for the same however its accents were typed', async () => {
    const file = await createKeystore(CONTENT, 'Zürich', CHEAP);
    assert.deepEqual((await openKeystore(file, 'Zu\u0308rich')).content, CONTENT);
  });

  it('shows neither words, accounts, birthday nor names', () => {
    for (const secret of ['abandon', 'accident', 'everyday', '12345678901234', 'words', 'account']) {
      assert.ok(!text.includes(secret), secret);
      assert.ok(!text.includes(Buffer.from(secret).toString('hex')), `${secret} in hexadecimal`);
    }
  });

  it('is another file each time, under keys that have nothing in common', async () => {
    const again = await createKeystore(CONTENT, PASSWORD, CHEAP);
    const [one, two] = [text, again].map((file) => JSON.parse(file) as File);
    assert.notEqual(one!.kdf['salt'], two!.kdf['salt']);
    assert.notEqual(one!.ciphertext, two!.ciphertext);
    assert.notDeepEqual(
      (await openKeystore(text, PASSWORD)).storeKey(0),
      (await openKeystore(again, PASSWORD)).storeKey(0),
    );
  });

  it('by default costs a guesser 128 MiB and 2^17 rounds', async () => {
    const file = await createKeystore(CONTENT, PASSWORD);
    assert.deepEqual(
      { ...(JSON.parse(file) as File).kdf, salt: '' },
      { name: 'scrypt', N: 2 ** 17, r: 8, p: 1, salt: '' },
    );
    assert.deepEqual((await openKeystore(file, PASSWORD)).content, CONTENT);
  });

  it('that was altered in any part is refused', async () => {
    const alterations: ((file: File) => void)[] = [
      (file) => {
        file.kdf['salt'] = 'ab'.repeat(32);
      },
      (file) => {
        file.kdf['N'] = 2 ** 15;
      },
      (file) => {
        file.cipher['nonce'] = '00'.repeat(24);
      },
      (file) => {
        file.ciphertext = file.ciphertext.slice(0, -2);
      },
      (file) => {
        file.ciphertext = '';
      },
    ];
    for (const alter of alterations) {
      await assert.rejects(openKeystore(changed(alter), PASSWORD), refusal('password-wrong'));
    }
    await fc.assert(
      fc.asyncProperty(fc.nat(10_000), async (place) => {
        const flipped = changed((file) => {
          const at = place % file.ciphertext.length;
          const digit = (Number.parseInt(file.ciphertext[at]!, 16) ^ 1).toString(16);
          file.ciphertext = `${file.ciphertext.slice(0, at)}${digit}${file.ciphertext.slice(at + 1)}`;
        });
        await assert.rejects(openKeystore(flipped, PASSWORD), refusal('password-wrong'));
      }),
      { numRuns: 8 },
    );
  });

  it('cannot be made to take memory or time without end, nor to be guessed cheaply: such costs are refused unread', async () => {
    const costs: Record<string, unknown>[] = [
      { N: 2 ** 30 },
      { N: 2 ** 19 },
      { N: 2 ** 13 },
      { N: 2 },
      { N: 2 ** 17 + 1 },
      { N: -1 },
      { N: 1e300 },
      { N: '131072' },
      { N: null },
      { r: 1_000_000 },
      { r: 1 },
      { p: 1_000 },
      { p: 0 },
    ];
    for (const cost of costs) {
      const file = changed(({ kdf }) => Object.assign(kdf, cost));
      const onProgress = (): void => assert.fail('the key was derived');
      await assert.rejects(
        openKeystore(file, PASSWORD, { onProgress }),
        refusal('keystore-costs'),
        JSON.stringify(cost),
      );
    }
    for (const cost of [2 ** 13, 2 ** 19, 3, 0]) {
      await assert.rejects(createKeystore(CONTENT, PASSWORD, { cost }), refusal('keystore-costs'));
    }
  });

  it('of a later version is refused with the advice to look for a newer wallet', async () => {
    const later = changed((file) => {
      file.version = 2;
    });
    await assert.rejects(openKeystore(later, PASSWORD), {
      ...refusal('keystore-version'),
      message: /newer wallet/,
    });
  });

  it('that is none is refused as such', async () => {
    const files = [
      '',
      'null',
      '[]',
      '{}',
      '{"version":1}',
      text.slice(0, -10),
      ' '.repeat(100_000),
      changed((file) => {
        file.ciphertext = 'xyz';
      }),
      changed((file) => {
        file.kdf['name'] = 'pbkdf2';
      }),
      changed((file) => {
        file.cipher['name'] = 'none';
      }),
      changed((file) => {
        file.kdf['salt'] = '';
      }),
      changed((file) => {
        file.cipher['nonce'] = 'ab';
      }),
    ];
    for (const file of files) {
      await assert.rejects(openKeystore(file, PASSWORD), refusal('keystore-malformed'), file.slice(0, 40));
    }
  });

  it('needs a password', async () => {
    await assert.rejects(createKeystore(CONTENT, '', CHEAP), refusal('password-empty'));
    const open = await openKeystore(text, PASSWORD);
    await assert.rejects(open.reseal('', {}, CHEAP), refusal('password-empty'));
  });

  it('under a new password keeps its content and its stores’ keys; the old password opens it no more', async () => {
    const open = await openKeystore(text, PASSWORD);
    const accounts = [...CONTENT.accounts, { index: 8, name: 'savings' }];
    const renewed = await open.reseal('another one', { accounts }, CHEAP);
    await assert.rejects(openKeystore(renewed, PASSWORD), refusal('password-wrong'));
    const again = await openKeystore(renewed, 'another one');
    assert.deepEqual(again.content, { ...CONTENT, accounts });
    for (const account of [0, 8]) assert.deepEqual(again.storeKey(account), open.storeKey(account));
    assert.notDeepEqual(open.storeKey(0), open.storeKey(8));
  });

  it('holds a viewing key in the place of words for a wallet that cannot spend', async () => {
    const content = { ...CONTENT, secret: { viewingKey: 'serotkdev1abc' } };
    const file = await createKeystore(content, PASSWORD, CHEAP);
    assert.deepEqual((await openKeystore(file, PASSWORD)).content, content);
  });

  it('says how far the key’s derivation is', async () => {
    const shares: number[] = [];
    await openKeystore(text, PASSWORD, { onProgress: (share) => shares.push(share) });
    assert.ok(shares.length > 1 && shares.at(-1)! <= 1);
    assert.deepEqual(
      shares,
      shares.toSorted((a, b) => a - b),
    );
  });

  it('is the file that version 1 wrote', async () => {
    const file = await createKeystore({ secret: { viewingKey: 'k' }, birthday: 0n, accounts: [] }, 'p', {
      ...CHEAP,
      random: counting(),
    });
    assert.deepEqual(JSON.parse(file), VERSION_1);
  });
});

/** Made by this program once; a change of it locks people out. */
const VERSION_1 = {
  version: 1,
  kdf: {
    name: 'scrypt',
    N: 16_384,
    r: 8,
    p: 1,
    salt: '202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f',
  },
  cipher: { name: 'xchacha20-poly1305', nonce: '404142434445464748494a4b4c4d4e4f5051525354555657' },
  ciphertext:
    '3540be800cda835057074c98dd88cf93c459e8d2f970f570df6040d714feb0b859a87437882de663faf8f1a3d503656f' +
    '517e05e60ea83acc521522b41bab75dc5de351539684cda7bf7aaf37522000ef45ed181d1d9923111e56239a0a98bf8e' +
    '7ec3f9f5b133b32176648d8da7bef12f9e9fb02ffa3f6e799c358118bc69d0a3fe4831e400afd6b883c2b7b0ee66f62f' +
    'a4d9a6c0f42ee632aeb22754e34c',
};
