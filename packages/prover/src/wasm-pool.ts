import { ProverError } from './errors.ts';
import type { NativeFault } from './native-addon.ts';
import type { WasmModule } from './wasm-module.ts';
import type { WasmOperations } from './wasm-operations.ts';
import type { StartWasmThread, WasmReply, WasmThread } from './wasm-thread.ts';

type Name = keyof WasmOperations;
type Arguments<N extends Name> = Parameters<WasmOperations[N]>;
type Result<N extends Name> = ReturnType<WasmOperations[N]>;

/** SERO_CANCELLED. */
const STATUS_CANCELLED = 2;
/** How often work is begun before it is given up: once more after the thread died that did it. */
const TRIES = 2;

/** Operations that may take many seconds: cancelled, their threads are ended. Others are left to finish. */
const LONG: ReadonlySet<Name> = new Set<Name>([
  'addProvingKey',
  'groupMultiplyGenerator',
  'groupMultiplyEach',
  'groupMultiplyPowers',
  'groupLagrange',
  'groupCombineRows',
  'groupMultiExp',
  'groupSubtract',
  'groupCheck',
  'groupEncode',
]);

/** Something that every thread makes for itself when it first needs it: a key, a circuit. */
export interface WasmObject {
  readonly id: number;
  readonly name: 'addVerifyingKey' | 'addCircuit' | 'addProvingKey' | 'addProvingKeyImage';
  /** What follows the number in the operation's arguments. */
  readonly args: readonly unknown[];
}

/** Says that nobody wants some work any more. */
export interface WasmCancel {
  isCancelled: boolean;
  /** Called when it becomes so. */
  readonly listeners: Set<() => void>;
}

export interface WasmRun {
  readonly needs?: readonly WasmObject[];
  readonly cancel?: WasmCancel | undefined;
}

/** Threads with an instance each. Nothing is shared between them: work is cut, copied and sent. */
export interface WasmPool {
  readonly size: number;
  /**
   * Runs an operation on a thread that is free, or waits for one. Bytes are copied when it begins.
   *
   * @returns what the operation gives; or SERO_CANCELLED; or the fault for which a needed object was refused
   * @throws ProverError `backend-unavailable` where no thread can be started, or where it dies each time
   */
  run<N extends Name>(
    name: N,
    args: Arguments<N>,
    options?: WasmRun,
  ): Promise<Result<N> | typeof STATUS_CANCELLED | NativeFault>;
  /** Frees an object in all threads, once no work needs it. */
  drop(id: number): void;
  /** Ends all threads; what runs or waits is given up as cancelled. */
  close(): void;
}

interface Task {
  readonly name: Name;
  readonly args: readonly unknown[];
  readonly needs: readonly WasmObject[];
  tries: number;
  /** Undefined once it is settled. */
  settle: ((result: unknown) => void) | undefined;
  readonly fail: (error: Error) => void;
}

interface Slot {
  thread: WasmThread | undefined;
  /** Objects that its thread has. */
  has: Set<number>;
  task: Task | undefined;
  /** The object that is being made for the task. */
  making: WasmObject | undefined;
}

export function createWasmPool(module: WasmModule, size: number, startThread: StartWasmThread): WasmPool {
  const slots: Slot[] = Array.from({ length: size }, () => ({
    thread: undefined,
    has: new Set(),
    task: undefined,
    making: undefined,
  }));
  const waiting: Task[] = [];
  /** Objects that were dropped and are not free yet: work needs them, or a thread is making them. */
  const dropped = new Set<number>();
  let isClosed = false;
  let isHandingOut = false;

  function threadOf(slot: Slot): WasmThread {
    if (slot.thread !== undefined) return slot.thread;
    const thread = startThread({
      reply: (reply) => {
        if (slot.thread === thread) onReply(slot, reply);
      },
      gone: (reason) => {
        if (slot.thread === thread) onGone(slot, reason);
      },
    });
    slot.thread = thread;
    slot.has = new Set();
    try {
      thread.send({ module });
    } catch (error) {
      endThread(slot);
      throw error;
    }
    return thread;
  }

  /** Hands tasks out; those whose objects a free thread has are preferred on it. */
  function next(): void {
    // Called once more by a task that cannot be sent: the loop outside goes on in its place.
    if (isHandingOut) return;
    isHandingOut = true;
    for (let slot = freeSlot(); slot !== undefined && waiting.length > 0; slot = freeSlot()) {
      const { has } = slot;
      const fitting = waiting.findIndex(({ needs }) => needs.every(({ id }) => has.has(id)));
      const [task] = waiting.splice(Math.max(fitting, 0), 1);
      if (task === undefined) break;
      slot.task = task;
      task.tries++;
      proceed(slot, task);
    }
    isHandingOut = false;
  }

  const freeSlot = (): Slot | undefined => slots.find(({ task }) => task === undefined);

  /** Sends the task, or first what makes an object that it needs; refuses it where that cannot be sent. */
  function proceed(slot: Slot, task: Task): void {
    try {
      const thread = threadOf(slot);
      thread.hold(true);
      slot.making = task.needs.find(({ id }) => !slot.has.has(id));
      const { making } = slot;
      if (making === undefined) send(thread, task.name, task.args);
      else send(thread, making.name, [making.id, ...making.args]);
    } catch (error) {
      task.fail(unavailable('a WebAssembly thread takes no work', error));
      free(slot);
    }
  }

  function free(slot: Slot): void {
    slot.task = undefined;
    slot.making = undefined;
    slot.thread?.hold(false);
    freeDropped();
    next();
  }

  /** A thread does what it is told in turn: an operation that runs and is not wanted any more has its objects to the end. */
  function freeDropped(): void {
    const isWanted = (id: number, task: Task | undefined): boolean =>
      task?.settle !== undefined && task.needs.some((one) => one.id === id);
    for (const id of dropped) {
      if (waiting.some((task) => isWanted(id, task))) continue;
      if (slots.some(({ task, making }) => making?.id === id || isWanted(id, task))) continue;
      dropped.delete(id);
      for (const slot of slots) if (slot.has.delete(id)) slot.thread?.send({ drop: id });
    }
  }

  function onReply(slot: Slot, reply: WasmReply): void {
    const { task, making } = slot;
    if (task === undefined) return;
    if ('failure' in reply) {
      const failure = new Error(`a WebAssembly thread failed: ${reply.failure}`);
      endThread(slot);
      task.fail(failure);
      free(slot);
      return;
    }
    if (making !== undefined && !isFault(reply.result)) {
      slot.has.add(making.id);
      // Cancelled meanwhile: the object stays, the work does not begin.
      if (task.settle !== undefined) {
        proceed(slot, task);
        return;
      }
    }
    if (task.settle !== undefined) task.settle(reply.result);
    // Nobody else has it, and it may be a secret.
    else if (reply.result instanceof Uint8Array) reply.result.fill(0);
    free(slot);
  }

  function onGone(slot: Slot, reason: string): void {
    const { task } = slot;
    endThread(slot);
    if (task !== undefined && task.settle !== undefined) {
      if (task.tries < TRIES) waiting.unshift(task);
      else task.fail(unavailable(`a WebAssembly thread died: ${reason}`));
    }
    free(slot);
  }

  function endThread(slot: Slot): void {
    slot.thread?.end();
    slot.thread = undefined;
    slot.has = new Set();
  }

  function giveUp(task: Task): void {
    const place = waiting.indexOf(task);
    if (place >= 0) waiting.splice(place, 1);
    const slot = slots.find((one) => one.task === task);
    task.settle?.(STATUS_CANCELLED);
    if (slot === undefined || !LONG.has(slot.making?.name ?? task.name)) return;
    endThread(slot);
    free(slot);
  }

  return {
    size,
    run(name, args, { needs = [], cancel } = {}) {
      if (isClosed || cancel?.isCancelled === true) return Promise.resolve(STATUS_CANCELLED);
      return new Promise((resolve, reject) => {
        const listener = (): void => giveUp(task);
        const done = (): void => {
          task.settle = undefined;
          cancel?.listeners.delete(listener);
        };
        const task: Task = {
          name,
          args,
          needs,
          tries: 0,
          settle: (result) => {
            done();
            resolve(result as Result<typeof name>);
          },
          fail: (error) => {
            done();
            reject(error);
          },
        };
        cancel?.listeners.add(listener);
        waiting.push(task);
        next();
      });
    },
    drop(id) {
      dropped.add(id);
      freeDropped();
    },
    close() {
      isClosed = true;
      for (const slot of slots) {
        slot.task?.settle?.(STATUS_CANCELLED);
        slot.task = undefined;
        endThread(slot);
      }
      for (const task of waiting.splice(0)) task.settle?.(STATUS_CANCELLED);
    },
  };
}

function unavailable(what: string, cause?: unknown): ProverError {
  const why = cause === undefined ? what : `${what}: ${cause instanceof Error ? cause.message : cause}`;
  return new ProverError('backend-unavailable', why, { cause });
}

/** Sends copies of bytes, and only of those in view, and leaves none behind: secrets are wiped where they are used. */
function send(thread: WasmThread, name: Name, args: readonly unknown[]): void {
  const copies = args.map((arg) => (arg instanceof Uint8Array ? new Uint8Array(arg) : arg));
  const transfer = copies.flatMap((copy) => (copy instanceof Uint8Array ? [copy.buffer as ArrayBuffer] : []));
  thread.send({ name, args: copies }, transfer);
}

/** Whether making an object came to nothing: a status, or one with its place. */
function isFault(result: unknown): boolean {
  return typeof result === 'number' || Array.isArray(result);
}
