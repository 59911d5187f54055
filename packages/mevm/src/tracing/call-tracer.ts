import type { TransactionOutcome } from '../apply-transaction.ts';
import type { SignedMessage } from '../context.ts';
import type { CallEnded, CallKind, Watcher } from '../watcher.ts';
import { HALT_TEXT, REVERTED } from './halt-text.ts';
import { data, quantity } from './hex.ts';

/** A call as `debug_traceTransaction` with go-ethereum's `callTracer` gives it: ready for JSON. */
export interface CallTrace {
  type: CallKind;
  from: string;
  /** Missing where a creation failed. */
  to?: string;
  value?: string;
  gas: string;
  gasUsed: string;
  input: string;
  output?: string;
  error?: string;
  /** The text of Solidity's `revert` or `require`. */
  revertReason?: string;
  calls?: CallTrace[];
}

/** Gathers the calls of one transaction. Code may be translated meanwhile: it looks at frames, not at steps. */
export interface CallTracer {
  /** For the machine that executes the transaction. */
  readonly watcher: Watcher;
  /** The outermost call; of a message alone the gas is its own, of a transaction with the transaction's. */
  result(transaction?: SignedMessage, outcome?: TransactionOutcome): CallTrace;
}

/** Of `Error(string)` (Solidity, ABI specification). */
const ERROR_SELECTOR = '0x08c379a0';

/** @param options.onlyTopCall leaves out the calls inside the outermost one */
export function createCallTracer(options: { readonly onlyTopCall?: boolean } = {}): CallTracer {
  const open: CallTrace[] = [];
  let outermost: CallTrace | undefined;
  const watcher: Watcher = {
    begun(call) {
      const trace: CallTrace = {
        type: call.kind,
        from: data(call.from),
        to: data(call.to),
        ...(call.value === undefined ? {} : { value: quantity(call.value) }),
        gas: quantity(call.gas),
        gasUsed: '0x0',
        input: data(call.input),
      };
      const outer = open.at(-1);
      if (outer === undefined) outermost = trace;
      else if (options.onlyTopCall !== true) {
        outer.calls ??= [];
        outer.calls.push(trace);
      }
      open.push(trace);
    },
    ended(how) {
      const trace = open.pop() as CallTrace;
      trace.gasUsed = quantity(Number(trace.gas) - how.gasLeft);
      finish(trace, how);
    },
  };
  return {
    watcher,
    result(transaction, outcome) {
      if (outermost === undefined) throw new Error('nothing was executed yet');
      if (transaction !== undefined) outermost.gas = quantity(transaction.gasLimit);
      if (outcome !== undefined) outermost.gasUsed = quantity(outcome.gasUsed);
      return outermost;
    },
  };
}

function finish(trace: CallTrace, { status, reason, output }: CallEnded): void {
  if (status === 'success') {
    if (output.length > 0) trace.output = data(output);
    return;
  }
  if (status === 'halt') {
    trace.error = HALT_TEXT[reason ?? 'out-of-gas'];
  } else {
    trace.error = REVERTED;
    if (output.length > 0) trace.output = data(output);
    const text = reasonOf(output);
    if (text !== undefined) trace.revertReason = text;
  }
  if (trace.type === 'CREATE' || trace.type === 'CREATE2') delete trace.to;
}

/** The text in the return data of `Error(string)`, if that is what it is. */
function reasonOf(output: Uint8Array): string | undefined {
  if (output.length < 68 || data(output.subarray(0, 4)) !== ERROR_SELECTOR) return undefined;
  const word = (at: number) => BigInt(data(output.subarray(at, at + 32)));
  const offset = word(4);
  if (offset > BigInt(output.length) - 36n) return undefined;
  const at = 4 + Number(offset);
  const length = word(at);
  if (length > BigInt(output.length - at - 32)) return undefined;
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    return decoder.decode(output.subarray(at + 32, at + 32 + Number(length)));
  } catch {
    return undefined;
  }
}
