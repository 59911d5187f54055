import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import type { StartWasmThread, WasmReply } from './wasm-thread.ts';

const FOLDER = new URL('../wasm/', import.meta.url);

/** An artefact's bytes, from this package. */
export function readWasmFile(file: string): Promise<Uint8Array> {
  return readFile(new URL(file, FOLDER));
}

/** A thread of Node's. */
export const startNodeThread: StartWasmThread = ({ reply, gone }) => {
  const worker = new Worker(new URL('./wasm-worker-node.ts', import.meta.url));
  let isEnded = false;
  const end = (reason: string): void => {
    if (isEnded) return;
    isEnded = true;
    gone(reason);
  };
  worker.on('message', (message: WasmReply) => {
    if (!isEnded) reply(message);
  });
  worker.on('error', (error) => end(String(error)));
  worker.on('exit', (code) => end(`it exited with code ${code}`));
  worker.unref();
  return {
    send: (request, transfer) => worker.postMessage(request, transfer),
    hold: (isBusy) => (isBusy ? worker.ref() : worker.unref()),
    end: () => {
      isEnded = true;
      void worker.terminate();
    },
  };
};
