import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { keccak256 } from '@sero/mevm';
import solc from 'solc';

/** Runtime bytecode of the contracts of Mevm.sol, by name. */
export type Contracts = Readonly<Record<'Token' | 'Payer' | 'Work', Uint8Array>>;

interface Compiled {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts: Readonly<
    Record<string, Readonly<Record<string, { evm: { deployedBytecode: { object: string } } }>>>
  >;
}

const SOURCE = 'Mevm.sol';

/** Compiles with solc as developers do: optimised for 200 runs, for Cancun. */
export function compileContracts(): Contracts {
  const { resolve } = createRequire(import.meta.url);
  const input = {
    language: 'Solidity',
    sources: { [SOURCE]: { content: readFileSync(new URL(SOURCE, import.meta.url), 'utf8') } },
    settings: {
      evmVersion: 'cancun',
      optimizer: { enabled: true, runs: 200 },
      outputSelection: { '*': { '*': ['evm.deployedBytecode.object'] } },
    },
  };
  const findImport = (path: string) => ({ contents: readFileSync(resolve(path), 'utf8') });
  const compiled = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport })) as Compiled;
  for (const { severity, formattedMessage } of compiled.errors ?? []) {
    if (severity === 'error') throw new Error(formattedMessage);
  }
  const code = (name: string) =>
    Uint8Array.from(
      Buffer.from(compiled.contracts[SOURCE]?.[name]?.evm.deployedBytecode.object as string, 'hex'),
    );
  return { Token: code('Token'), Payer: code('Payer'), Work: code('Work') };
}

/** Calldata: the selector of a signature, and words. */
export function calldata(signature: string, ...words: readonly (bigint | number)[]): Uint8Array {
  const selector = keccak256(new TextEncoder().encode(signature)).subarray(0, 4);
  const hex = words.map((word) => word.toString(16).padStart(64, '0')).join('');
  return Uint8Array.from(Buffer.concat([selector, Buffer.from(hex, 'hex')]));
}

/** The slot of a key in a mapping at a slot (Solidity, layout of storage). */
export function mappingSlot(key: bigint, slot: bigint): Uint8Array {
  const hex = key.toString(16).padStart(64, '0') + slot.toString(16).padStart(64, '0');
  return keccak256(Uint8Array.from(Buffer.from(hex, 'hex')));
}
