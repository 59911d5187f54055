import type { HaltReason } from '../errors.ts';

/** What go-ethereum calls each reason in its traces: tools look for these words. */
export const HALT_TEXT: Readonly<Record<HaltReason, string>> = {
  'out-of-gas': 'out of gas',
  'stack-underflow': 'stack underflow',
  'stack-overflow': 'stack limit reached 1024',
  'invalid-jump': 'invalid jump destination',
  'invalid-opcode': 'invalid opcode',
  'static-violation': 'write protection',
  'return-data-out-of-bounds': 'return data out of bounds',
  'init-code-too-large': 'max initcode size exceeded',
  'code-too-large': 'max code size exceeded',
  'code-prefix': 'invalid code: must not begin with 0xef',
  'address-taken': 'contract address collision',
  'precompile-failed': 'precompiled contract failed',
  depth: 'max call depth exceeded',
  'insufficient-balance': 'insufficient balance for transfer',
  'nonce-exhausted': 'nonce uint64 overflow',
};

export const REVERTED = 'execution reverted';
