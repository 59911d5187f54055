import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import type { BrowserReport, BrowserTask } from './report.ts';

const PROVER = join(import.meta.dirname, '../../packages/prover');
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** A Chromium of this machine, or undefined. */
export function findChromium(): string | undefined {
  return NAMES.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}

/** Bundles a module of ours as a browser would load it. */
async function bundle(entry: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2024',
    write: false,
    logLevel: 'error',
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`${entry} makes no bundle`);
  return file.contents;
}

const PAGE =
  '<!doctype html><title>bench</title><script src="/snarkjs.js"></script><script type="module" src="/page.js"></script>';

/** Runs page.ts in a headless Chromium, from a server of its own on this machine. */
export async function runInChromium(
  chromium: string,
  zkey: Uint8Array,
  witness: Uint8Array,
  task: BrowserTask,
): Promise<BrowserReport> {
  const snarkjs = dirname(createRequire(import.meta.url).resolve('snarkjs'));
  const files = new Map<string, { readonly type: string; readonly body: Uint8Array | string }>([
    ['/', { type: 'text/html', body: PAGE }],
    ['/task', { type: 'application/json', body: JSON.stringify(task) }],
    ['/page.js', { type: 'text/javascript', body: await bundle(join(import.meta.dirname, 'page.ts')) }],
    ['/worker.js', { type: 'text/javascript', body: await bundle(join(PROVER, 'src/wasm-worker-web.ts')) }],
    ['/snarkjs.js', { type: 'text/javascript', body: await readFile(join(snarkjs, 'snarkjs.min.js')) }],
    ['/key.zkey', { type: 'application/octet-stream', body: zkey }],
    ['/witness.wtns', { type: 'application/octet-stream', body: witness }],
  ]);
  for (const name of ['sero-prover-fma.wasm', 'sero-prover.wasm']) {
    files.set(`/${name}`, { type: 'application/wasm', body: await readFile(join(PROVER, 'wasm', name)) });
  }
  const { promise: reported, resolve, reject } = Promise.withResolvers<BrowserReport>();
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    if (path === '/report') {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.end();
        resolve(JSON.parse(Buffer.concat(chunks).toString()) as BrowserReport);
      });
      return;
    }
    const file = files.get(path);
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': file.type }).end(file.body);
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const profile = await mkdtemp(join(tmpdir(), 'sero-chromium-'));
  const browser = spawn(
    chromium,
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      `--user-data-dir=${profile}`,
      `http://127.0.0.1:${address.port}/`,
    ],
    { stdio: 'ignore' },
  );
  const exited = new Promise<void>((done) => {
    browser.on('exit', () => {
      reject(new Error('Chromium ended before the page reported'));
      done();
    });
  });
  try {
    return await reported;
  } finally {
    browser.kill();
    await exited;
    server.close();
    server.closeAllConnections();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
