/** SERO_INTERFACE of sero_prover.h: what this TypeScript calls. */
export const SERO_INTERFACE = 1;

/**
 * Why a build product is not to be used: it takes or gives something else than this TypeScript does. Undefined where it fits.
 *
 * @param exports what the addon or a WebAssembly instance exports
 * @param name under which its number is asked for
 */
export function interfaceFault(what: string, exports: unknown, name: string): string | undefined {
  const tell = (exports as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  const built: unknown = typeof tell === 'function' ? tell() : undefined;
  if (built === SERO_INTERFACE) return undefined;
  const found = typeof built === 'number' ? `interface ${built}` : 'no interface that has a number';
  return `${what} was built for ${found}, this is ${SERO_INTERFACE}: build it again`;
}
