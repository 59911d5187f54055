// A thread of the WebAssembly backend in Node.

import { parentPort } from 'node:worker_threads';
import { serveWasm, type WasmRequest } from './wasm-thread.ts';

if (parentPort === null) throw new Error('this module is a worker thread');
const port = parentPort;
const serve = serveWasm((reply, transfer) => port.postMessage(reply, transfer));
port.on('message', (request: WasmRequest) => serve(request));
