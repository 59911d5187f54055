import { WasmMemoryError } from './wasm-instance.ts';
import type { WasmModule } from './wasm-module.ts';
import { createWasmOperations, STATUS_NO_MEMORY, type WasmOperations } from './wasm-operations.ts';

/** What a thread is told: first the code, then one operation at a time; objects to forget in between, without an answer. */
export type WasmRequest =
  | { readonly module: WasmModule }
  | { readonly drop: number }
  | { readonly name: keyof WasmOperations; readonly args: readonly unknown[] };

/** What it answers to an operation. After a failure it is of no more use. */
export type WasmReply = { readonly result: unknown } | { readonly failure: string };

/** Where the replies of a thread go. */
export interface WasmThreadEvents {
  reply(reply: WasmReply): void;
  /** The thread ended without having been told to. */
  gone(reason: string): void;
}

/** A thread as the pool sees it: a worker of Node's or of a browser's. */
export interface WasmThread {
  send(request: WasmRequest, transfer?: ArrayBuffer[]): void;
  /** Whether the program must wait for it. */
  hold(isBusy: boolean): void;
  end(): void;
}

export type StartWasmThread = (events: WasmThreadEvents) => WasmThread;

/** The thread's side: answers requests in the order of their coming. Bytes that it is handed are wiped when it has done. */
export function serveWasm(
  post: (reply: WasmReply, transfer: ArrayBuffer[]) => void,
): (request: WasmRequest) => void {
  let operations: WasmOperations | undefined;
  return (request) => {
    if ('module' in request) {
      operations = createWasmOperations(request.module);
      return;
    }
    if ('drop' in request) {
      operations?.drop(request.drop);
      return;
    }
    const { name, args } = request;
    let reply: WasmReply;
    try {
      if (operations === undefined) throw new Error('an operation came before the code');
      const operation = operations[name] as (...args: readonly unknown[]) => unknown;
      reply = { result: operation(...args) };
    } catch (error) {
      reply = error instanceof WasmMemoryError ? { result: STATUS_NO_MEMORY } : { failure: String(error) };
    }
    for (const arg of args) if (arg instanceof Uint8Array) arg.fill(0);
    const transfer =
      'result' in reply && reply.result instanceof Uint8Array ? [reply.result.buffer as ArrayBuffer] : [];
    post(reply, transfer);
  };
}
