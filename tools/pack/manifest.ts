// What package.json says of a package once it is packed: JavaScript in dist/ where the workspace has TypeScript in src/.

import type { WorkspacePackage } from '../checks/workspace.ts';
import { PackError } from './error.ts';

/** The parts of a workspace's package.json that packing reads besides those of the checks. */
export type SourceManifest = WorkspacePackage['manifest'] & {
  readonly description?: string;
  readonly type?: string;
  readonly private?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  /** What ships besides the code that `exports` and `bin` reach. */
  readonly files?: readonly string[];
};

/** The tests run on this Node; older ones are not tried. */
const ENGINES = { node: '>=24' };
/** Exports for the workspace's own tests and tools. */
const FOR_TESTS = './test/';
/** npm runs these where a package is installed. Others are the workspace's. */
const SHIPPED_SCRIPTS = ['preinstall', 'install', 'postinstall'];

/** `dist/x.js` for `src/x.ts`, `dist/x.d.ts` for `src/x.d.ts`; what is not in src/ stays where it is. */
export function compiledPath(path: string): string {
  return path.replace(/^(\.\/)?src\//, '$1dist/').replace(/(?<!\.d)\.ts$/, '.js');
}

const isSource = (path: string): boolean => /^\.\/src\/.*(?<!\.d)\.ts$/.test(path);

/** What `exports` offers to others than tests: by its name, the file in the workspace. */
export function shippedExports({ name, exports = {} }: SourceManifest): [key: string, file: string][] {
  const offered = typeof exports === 'string' ? { '.': exports } : exports;
  return Object.entries(offered)
    .filter(([key]) => !key.startsWith(FOR_TESTS))
    .map(([key, file]) => {
      if (typeof file === 'string' && (isSource(file) || !file.endsWith('.ts'))) return [key, file];
      throw new PackError(`${name} exports ${key} as what is neither a source in src/ nor another file`);
    });
}

/** Sources that are where a package is entered: those that others import, which need types, and programs. */
export function entriesOf(manifest: SourceManifest): { readonly imported: string[]; readonly run: string[] } {
  const files = shippedExports(manifest).map(([, file]) => file);
  return { imported: files.filter(isSource), run: Object.values(manifest.bin ?? {}) };
}

/**
 * The package.json of a packed package.
 *
 * @param versions of the packages of this workspace, by name
 * @throws PackError where a package depends on another version of a sibling than that which is packed with it, or on anything by a range
 */
export function packedManifest(manifest: SourceManifest, versions: ReadonlyMap<string, string>): object {
  const { name, version, description, license, type, bin, scripts = {} } = manifest;
  for (const dependencies of [manifest.dependencies, manifest.optionalDependencies]) {
    for (const [other, wanted] of Object.entries(dependencies ?? {})) {
      const sibling = versions.get(other);
      if (sibling !== undefined && sibling !== wanted)
        throw new PackError(`${name} depends on ${other} ${wanted}, and this workspace has ${sibling}`);
      if (!/^\d+\.\d+\.\d+$/.test(wanted))
        throw new PackError(`${name} depends on ${other} ${wanted}, which is no exact version`);
    }
  }
  const exports = shippedExports(manifest).map(([key, file]) => [
    key,
    isSource(file) ? compiled(file) : file,
  ]);
  const kept = Object.entries(scripts).filter(([script]) => SHIPPED_SCRIPTS.includes(script));
  return {
    name,
    version,
    description,
    license,
    type,
    engines: ENGINES,
    exports: Object.fromEntries(exports),
    ...(bin === undefined ? {} : { bin: mapped(bin, compiledPath) }),
    ...(kept.length === 0 ? {} : { scripts: Object.fromEntries(kept) }),
    ...(manifest.dependencies === undefined ? {} : { dependencies: manifest.dependencies }),
    ...(manifest.optionalDependencies === undefined
      ? {}
      : { optionalDependencies: manifest.optionalDependencies }),
  };
}

function compiled(file: string): { readonly types: string; readonly default: string } {
  const path = compiledPath(file);
  return { types: path.replace(/\.js$/, '.d.ts'), default: path };
}

function mapped(
  values: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}
