// A thread of the WebAssembly backend in a browser: `new Worker(new URL('./wasm-worker-web.ts', import.meta.url))`.

import { serveWasm, type WasmRequest } from './wasm-thread.ts';

/** What is used here of a worker's global scope. */
interface WorkerScope {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  onmessage: ((event: { readonly data: WasmRequest }) => void) | null;
}

const scope = globalThis as unknown as WorkerScope;
const serve = serveWasm((reply, transfer) => scope.postMessage(reply, transfer));
scope.onmessage = ({ data }) => serve(data);
