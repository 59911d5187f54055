import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { encodeGenesis, type Genesis } from '@sero/protocol';
import { build } from 'esbuild';

/** Words that modules written for CommonJS use and a module lacks. */
const COMMONJS = [
  "import { createRequire as makeRequire } from 'node:module';",
  "import { dirname as directoryOf } from 'node:path';",
  'const require = makeRequire(import.meta.url);',
  'const __filename = import.meta.filename;',
  'const __dirname = directoryOf(__filename);',
].join('\n');

/** How a node that will be killed is started. */
export interface ChildProgram {
  readonly command: string;
  /** Arguments for a chain in a directory, and where it is to end by itself: so many ms after a commit, counted from 1, began. */
  readonly args: (directory: string, end?: { readonly commit: number; readonly afterMs: number }) => string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Makes one file of child.ts and has it compiled, so that hundreds of them start quickly. */
export async function makeChildProgram(
  folder: string,
  genesis: Genesis,
  key: Uint8Array,
): Promise<ChildProgram> {
  const outfile = join(folder, 'child.mjs');
  const addons = new Map([
    ['lmdb', resolveFrom('@sero/store/node', 'lmdb')],
    ['sodium-native', resolveFrom('@sero/node', 'sodium-native')],
    ['@chainsafe/hashtree', resolveFrom('@chainsafe/persistent-merkle-tree', '@chainsafe/hashtree')],
  ]);
  await build({
    entryPoints: [fileURLToPath(new URL('./child.ts', import.meta.url))],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    banner: { js: COMMONJS },
    logLevel: 'silent',
    plugins: [
      {
        name: 'native modules stay where they are',
        setup({ onResolve }) {
          onResolve({ filter: /^(?:lmdb|sodium-native|@chainsafe\/hashtree)$/ }, ({ path }) => ({
            path: addons.get(path) ?? path,
            external: true,
          }));
        },
      },
    ],
  });
  const [genesisFile, keyFile] = [join(folder, 'genesis.ssz'), join(folder, 'key')];
  writeFileSync(genesisFile, encodeGenesis(genesis));
  writeFileSync(keyFile, key);
  const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') };
  spawnSync(process.execPath, [outfile], { env });
  return {
    command: process.execPath,
    args: (directory, end) => [
      outfile,
      directory,
      genesisFile,
      keyFile,
      ...(end === undefined ? [] : [String(end.commit), String(end.afterMs)]),
    ],
    env,
  };
}

/** Where a package finds one of its dependencies. */
function resolveFrom(owner: string, dependency: string): string {
  return pathToFileURL(createRequire(import.meta.resolve(owner)).resolve(dependency)).href;
}
