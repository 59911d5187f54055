/** What the standard types leave out of WebAssembly: an instance with imports. */
export function instantiate(
  module: WebAssembly.Module,
  imports: { readonly m: object },
): Readonly<Record<string, unknown>> {
  const { Instance } = WebAssembly as unknown as {
    Instance: new (
      module: WebAssembly.Module,
      imports: object,
    ) => { exports: Readonly<Record<string, unknown>> };
  };
  return new Instance(module, imports).exports;
}
