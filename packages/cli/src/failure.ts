import { RpcError, TransportError } from '@sero/api';
import { CliError } from './errors.ts';
import { EXIT_CODES, type ExitName } from './exit.ts';

/** A failure as it is shown. */
export interface Failure {
  readonly exit: ExitName;
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}

interface Rule {
  readonly exit: ExitName;
  /** `{sero}` stands for the way that the program was called. */
  readonly hint?: string;
}

/** Birthday 0: the wallet's own is of the old chain, and in a new one there may be money below it. */
const ANOTHER_NODE: Rule = {
  exit: 'unreachable',
  hint: 'ask another node: --node URL; where the chain was begun anew: {sero} repair --birthday 0',
};

/** Opening them all the same is for who knows that no other copy votes; whoever does not know loses nothing this way. */
const NEW_KEYS =
  'where you cannot be sure of that, make new keys and register them: {sero} stake keys DIR --record ID, {sero} stake renew ID --keys DIR';

/**
 * What codes of the packages below mean here, by the name of the error's class where two share a code. A code that is not listed is a
 * plain failure, shown with its own message.
 */
const RULES: Readonly<Record<string, Rule>> = {
  // the account has not enough
  'insufficient-funds': { exit: 'funds', hint: 'see what you have: {sero} balance' },
  'needs-consolidation': { exit: 'funds', hint: 'merge the small notes: {sero} consolidate' },
  'notes-too-new': { exit: 'funds', hint: 'wait for the next block, then try again' },
  'no-anchor': { exit: 'funds', hint: 'read the chain first: {sero} sync' },
  'refused-may-enter': { exit: 'funds', hint: 'see what was refused and what is pending: {sero} history' },
  // Not as a refusal: a script that tries again after one would pay twice.
  'refused-entered': {
    exit: 'unknown',
    hint: 'see {sero} history first: it is paid; what is still to be paid you may send now',
  },
  'repair-unfinished': {
    exit: 'funds',
    hint: 'wait until the node has the blocks that are named, then read on: {sero} sync',
  },
  'already-spending': { exit: 'funds', hint: 'wait until the pending payment is final: {sero} history' },
  // the wallet
  'WalletError/store-damaged': { exit: 'wallet', hint: 'read the chain again: {sero} repair' },
  'WalletError/other-genesis': {
    exit: 'wallet',
    hint: 'use a node of this wallet’s network (--node), or another directory (--dir)',
  },
  'keystore-malformed': {
    exit: 'wallet',
    hint: 'restore the wallet from its words into another directory: {sero} init --words-file FILE --dir DIR',
  },
  'keystore-version': { exit: 'wallet', hint: 'use the version of the program that wrote it' },
  'keystore-costs': { exit: 'wallet' },
  'password-wrong': {
    exit: 'password',
    hint: 'try again; a password that is lost is replaced by the 24 words alone',
  },
  'password-empty': { exit: 'usage' },
  'directory-locked': {
    exit: 'wallet',
    hint: 'end the other process first, or use another directory (--dir); where a file is named that has to go, delete it only once you are sure that its process runs nowhere',
  },
  'schema-unknown': {
    exit: 'wallet',
    hint: 'use the version of the program that wrote it, or another directory (--dir)',
  },
  // the node
  'node-other-network': {
    exit: 'wallet',
    hint: 'use a node of this wallet’s network (--node), or another directory (--dir)',
  },
  // Its own message says what to install.
  'version-unknown': { exit: 'version' },
  // Likewise: what is in the folder that it names, and when that may go.
  'two-certificates': { exit: 'halted' },
  'network-unusable': { exit: 'failed', hint: 'choose other addresses: --listen, --bootstrap, --direct' },
  // a validator's keys
  'keys-copied': { exit: 'failed', hint: NEW_KEYS },
  'votes-replaced': { exit: 'failed', hint: NEW_KEYS },
  'keys-incomplete': {
    exit: 'failed',
    hint: 'keys that were never registered are worth nothing: make others in a new directory',
  },
  'node-other-chain': ANOTHER_NODE,
  'node-behind': ANOTHER_NODE,
  'node-answer-invalid': ANOTHER_NODE,
  'tree-state-invalid': ANOTHER_NODE,
  'node-not-final': { exit: 'unverified', hint: 'ask another node: --node URL' },
  'block-not-final': { exit: 'unverified', hint: 'ask another node: --node URL' },
  'checkpoint-stale': {
    exit: 'usage',
    hint: 'get a newer checkpoint from somebody whom you trust, or verify from genesis on: {sero} verify-chain --genesis FILE',
  },
  'checkpoint-height': { exit: 'usage' },
  'block-roots': ANOTHER_NODE,
  'block-not-next': ANOTHER_NODE,
  'block-rules': { exit: 'failed' },
  // what was typed
  'asset-unknown': { exit: 'usage', hint: 'see the assets: {sero} asset list' },
  'amount-out-of-range': { exit: 'usage' },
  'request-invalid': { exit: 'usage' },
  'words-invalid': { exit: 'usage' },
  'plan-malformed': { exit: 'usage' },
  'plan-of-another-account': { exit: 'usage', hint: 'use the account that made the plan: --account' },
  'parts-do-not-fit': {
    exit: 'usage',
    hint: 'give the plan, the signature and the proof of one transaction',
  },
  'disclosure-malformed': { exit: 'usage' },
  'output-unknown': { exit: 'usage', hint: 'see transactions and their outputs: {sero} history --json' },
  'contact-invalid': { exit: 'usage' },
  'contact-exists': { exit: 'usage', hint: 'see the contacts: {sero} contact list' },
  'contact-unknown': { exit: 'usage', hint: 'see the contacts: {sero} contact list' },
  'uri-malformed': { exit: 'usage' },
  'uri-unsupported': { exit: 'usage' },
  'ProtocolError/text-wrong-kind': { exit: 'usage' },
  'ProtocolError/text-malformed': { exit: 'usage' },
  'genesis-invalid': { exit: 'usage' },
  'backend-unknown': { exit: 'usage' },
  'backend-unavailable': { exit: 'failed', hint: 'leave SERO_PROVER unset for the fastest that runs here' },
  // a ceremony
  'file-malformed': { exit: 'usage' },
  'option-invalid': { exit: 'usage' },
  'power-unsupported': { exit: 'usage' },
  'circuit-too-large': { exit: 'usage' },
  'r1cs-malformed': { exit: 'usage' },
  'not-prepared': { exit: 'usage', hint: 'prepare the powers first: {sero} ceremony prepare FILE -o NEW' },
  'beacons-only': {
    exit: 'failed',
    hint: 'somebody must add a secret before the phase is closed: {sero} ceremony contribute FILE -o NEW',
  },
  'beacon-missing': { exit: 'failed', hint: 'close the phase: {sero} ceremony beacon FILE NUMBER -o NEW' },
};

/** Any error as a failure: its exit code, and a sentence that says what to do. */
export function failureOf(error: unknown, sero: string): Failure {
  if (error instanceof CliError) {
    const { exit, code, message, hint } = error;
    return { exit, code, message, hint: hint?.replaceAll('{sero}', sero) };
  }
  if (!(error instanceof Error)) {
    return { exit: 'failed', code: 'failed', message: String(error), hint: undefined };
  }
  if (isInterruption(error)) {
    return { exit: 'interrupted', code: 'interrupted', message: 'interrupted', hint: undefined };
  }
  if (error instanceof RpcError) return rpcFailure(error, sero);
  if (error instanceof TransportError) {
    const hint = `start a node (${sero} devnet, ${sero} node start), or name one: --node URL`;
    return { exit: 'unreachable', code: error.code, message: error.message, hint };
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'failed';
  const rule = [`${error.name}/${code}`, code].map((key) => RULES[key]).find((found) => found !== undefined);
  return {
    exit: rule?.exit ?? 'failed',
    code,
    message: error.message,
    hint: rule?.hint?.replaceAll('{sero}', sero),
  };
}

/** A node that lies cannot have the same thing paid twice: see `refuse` of a wallet. */
export const TRY_AGAIN =
  'try again: the next transaction spends one of the same notes, so that this one cannot enter beside it';

/** Refusals of the network, and of a node that has enough to do. */
function rpcFailure({ name, message, data }: RpcError, sero: string): Failure {
  const first = `see ${sero} history first`;
  switch (name) {
    case 'transaction-refused':
      return { exit: 'refused', code: data.code ?? name, message, hint: `${first}; then ${TRY_AGAIN}` };
    case 'mempool-refused':
      return {
        exit: 'refused',
        code: data.code ?? name,
        message,
        hint: `${first}; after a few blocks ${TRY_AGAIN}`,
      };
    case 'busy':
    case 'limit-exceeded':
      return {
        exit: 'unreachable',
        code: name,
        message,
        hint: 'the node has much to do: try again after a pause',
      };
    default:
      return { exit: 'unreachable', code: name, message, hint: undefined };
  }
}

/** True for what ctrl-C leaves behind: an aborted signal, a prompt that was left. */
function isInterruption(error: Error): boolean {
  return ['AbortError', 'AbortPromptError', 'ExitPromptError'].includes(error.name);
}

/** The number that the process ends with. */
export function exitCode(name: ExitName): number {
  return EXIT_CODES[name].code;
}
