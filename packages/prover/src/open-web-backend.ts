import { checkCount, MAX_THREADS, type ProverBackend } from './backend.ts';
import { openWasmBackend } from './wasm-backend.ts';
import { compileWasm, WASM_FILES } from './wasm-module.ts';
import type { StartWasmThread, WasmReply } from './wasm-thread.ts';

/** Options of `openWebBackend`. */
export interface WebBackendOptions {
  /** Threads that work together. Default: as many as the machine runs at once, at most 8. From 1, which is enough, to 64. */
  readonly threads?: number;
  /**
   * Gives an artefact's bytes by its file's name. Default: fetched from this package's folder wasm/, whose address
   * bundlers know from `new URL(.., import.meta.url)`.
   */
  readonly load?: (file: string) => Promise<Uint8Array>;
  /** Starts a module worker that runs wasm-worker-web.ts. Default: the one of this package. */
  readonly startWorker?: () => WebWorker;
}

/** What is used here of a browser's worker. */
export interface WebWorker {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  terminate(): void;
  onmessage: ((event: { readonly data: WasmReply }) => void) | null;
  onerror: ((event: { readonly message?: string }) => void) | null;
  onmessageerror: (() => void) | null;
}

/** What a browser has and Node's types do not declare. */
interface Browser {
  readonly Worker: new (url: URL, options: { readonly type: 'module' }) => WebWorker;
  readonly navigator?: { readonly hardwareConcurrency?: number };
}

/** As many as are taken where nobody says how many: each holds a copy of the key. */
const DEFAULT_THREADS = 8;
const browser = globalThis as unknown as Browser;

const FILES: Readonly<Record<string, URL>> = {
  [WASM_FILES.fma]: new URL('../wasm/sero-prover-fma.wasm', import.meta.url),
  [WASM_FILES.plain]: new URL('../wasm/sero-prover.wasm', import.meta.url),
};

/**
 * Opens the WebAssembly backend in a browser. It needs no shared memory, so the page need not be isolated.
 *
 * @throws ProverError `option-invalid`; `backend-unavailable` where the code cannot be loaded or compiled, or no worker started
 */
export async function openWebBackend(options: WebBackendOptions = {}): Promise<ProverBackend> {
  const { threads = defaultThreads(), load = fetchFile, startWorker = startOwnWorker } = options;
  checkCount('threads', threads, MAX_THREADS);
  return openWasmBackend({ module: await compileWasm(load), threads, startThread: onWorkers(startWorker) });
}

function defaultThreads(): number {
  return Math.min(browser.navigator?.hardwareConcurrency ?? 1, DEFAULT_THREADS);
}

async function fetchFile(file: string): Promise<Uint8Array> {
  const response = await fetch(FILES[file] ?? file);
  if (!response.ok) throw new Error(`${file}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

function startOwnWorker(): WebWorker {
  return new browser.Worker(new URL('./wasm-worker-web.ts', import.meta.url), { type: 'module' });
}

function onWorkers(startWorker: () => WebWorker): StartWasmThread {
  return ({ reply, gone }) => {
    const worker = startWorker();
    worker.onmessage = ({ data }) => reply(data);
    worker.onerror = ({ message }) => gone(message ?? 'a worker failed');
    worker.onmessageerror = () => gone('a reply could not be read');
    return {
      send: (request, transfer = []) => worker.postMessage(request, transfer),
      // A page does not end while it is open.
      hold: () => {},
      end: () => worker.terminate(),
    };
  };
}
