// Makes the tarballs that npm would publish:  npm run pack -- [folder]
//
// They lie in dist/ where no folder is given. Nothing is published.

import { join, relative, resolve } from 'node:path';
import { PackError } from './pack/error.ts';
import { packAll } from './pack/pack.ts';

const root = join(import.meta.dirname, '..');
const [folder = join(root, 'dist'), ...more] = process.argv.slice(2);
if (more.length > 0 || folder.startsWith('-')) {
  console.error('npm run pack -- [folder]: where the tarballs go, dist/ unless it is given');
  process.exit(2);
}

try {
  for (const { file, paths, size } of packAll(root, resolve(folder))) {
    const kib = `${Math.ceil(size / 1024)} KiB`;
    console.log(
      `${relative('.', file).padEnd(36)} ${kib.padStart(9)} ${String(paths.length).padStart(5)} files`,
    );
  }
} catch (error) {
  if (!(error instanceof PackError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
