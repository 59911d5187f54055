import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const PROVER = join(import.meta.dirname, '../../packages/prover');
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** A page that has not reported by then never will: pages take a minute or two on an idle machine. */
const LIMIT_SECONDS = 900;

/** Posts what a page could not do: an exception that nobody caught, a script that is none or is not there. */
const REPORT_FAILURES = `
const failed = (what) => fetch('/report', { method: 'POST', body: JSON.stringify({ failure: String(what) }) });
addEventListener('error', ({ message, target }) => failed(message ?? \`\${target.src} was not loaded\`), true);
addEventListener('unhandledrejection', ({ reason }) => failed(reason));
`;

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

/** A file that the server of a page has. */
export interface ServedFile {
  readonly type: string;
  readonly body: Uint8Array | string;
}

/** A file that is bytes to whoever loads it. */
export function servedBytes(body: Uint8Array): ServedFile {
  return { type: 'application/octet-stream', body };
}

/** What the prover's WebAssembly backend loads in a page: /worker.js and the artefacts, by the names of their files. */
async function proverFiles(): Promise<[path: string, file: ServedFile][]> {
  const files: [string, ServedFile][] = [
    ['/worker.js', { type: 'text/javascript', body: await bundle(join(PROVER, 'src/wasm-worker-web.ts')) }],
  ];
  for (const name of ['sero-prover-fma.wasm', 'sero-prover.wasm'])
    files.push([`/${name}`, { type: 'application/wasm', body: await readFile(join(PROVER, 'wasm', name)) }]);
  return files;
}

/**
 * Runs a page in a headless Chromium, from a server of its own on this machine.
 *
 * @param chromium program, from `findChromium`
 * @param entry module that the page runs; it finds what {@link proverFiles} says, and posts JSON to /report at its end
 * @param files by path, what else the server has
 * @param scripts paths of scripts that the page loads before
 * @param limit seconds after which nothing more is expected of the page
 * @returns what the page posted; an object with its reason in `failure` where the page itself failed
 * @throws Error where Chromium does not start, ends before that, or where nothing comes in time
 */
export async function runPage(
  chromium: string,
  entry: string,
  files: ReadonlyMap<string, ServedFile>,
  scripts: readonly string[] = [],
  limit = LIMIT_SECONDS,
): Promise<unknown> {
  const loaded = scripts.map((path) => `<script src="${path}"></script>`).join('');
  const html = `<!doctype html><title>page</title><script>${REPORT_FAILURES}</script>${loaded}<script type="module" src="/page.js"></script>`;
  const served = new Map<string, ServedFile>([
    ...files,
    ...(await proverFiles()),
    ['/', { type: 'text/html', body: html }],
    ['/page.js', { type: 'text/javascript', body: await bundle(entry) }],
  ]);
  const { promise: reported, resolve, reject } = Promise.withResolvers<unknown>();
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    if (path === '/report') {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.end();
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString()));
        } catch (error) {
          reject(error);
        }
      });
      return;
    }
    const file = served.get(path);
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
    browser.on('error', (error) => {
      reject(error);
      done();
    });
  });
  const late = setTimeout(() => reject(new Error(`the page said nothing for ${limit} s`)), 1_000 * limit);
  try {
    return await reported;
  } finally {
    clearTimeout(late);
    browser.kill();
    await exited;
    server.close();
    server.closeAllConnections();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
