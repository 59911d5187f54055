// What SERO is shipped with must be free to ship under Apache-2.0; what only developers run may be anything.

import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { Fault } from './fault.ts';
import { ALLOWED, isAllowed } from './licence-expression.ts';
import { type Manifest, readManifest, workspacePackages } from './workspace.ts';

/** What a licence check found. */
export interface LicenceResult {
  /** How many packages were looked at, those of the workspace included. */
  readonly packages: number;
  readonly faults: Fault[];
}

/**
 * Walks what the packages of a workspace need at run time, as installed, down to the last dependency.
 *
 * Followed are dependencies, optional ones where installed (npm leaves out those of other platforms) and peers
 * that are not optional; not devDependencies.
 *
 * @param root repository with packages/ and an installed node_modules/
 * @returns faults by rule: `licence` (none, or none that is allowed) and `not-installed`
 */
export function licenceFaults(root: string): LicenceResult {
  const seen = new Set<string>();
  const faults: Fault[] = [];
  const waiting = workspacePackages(root).map(({ folder }) => realpathSync(join(root, 'packages', folder)));
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (seen.has(folder)) continue;
    seen.add(folder);
    const manifest = readManifest(folder);
    const file = manifestPath(root, folder);
    faults.push(...folderFaults(root, folder));
    for (const { name, optional } of needs(manifest)) {
      const found = installedFolder(folder, name);
      if (found !== undefined) waiting.push(found);
      else if (!optional) faults.push({ file, rule: 'not-installed', message: `${name}: run npm install` });
    }
  }
  return { packages: seen.size, faults };
}

/**
 * Looks at packages that were found by another way than by what manifests declare: those whose code lies in a bundle.
 *
 * @param folders of packages, each with its package.json
 */
export function bundledLicenceFaults(root: string, folders: readonly string[]): LicenceResult {
  const seen = new Set(folders.map((folder) => realpathSync(folder)));
  return { packages: seen.size, faults: [...seen].flatMap((folder) => folderFaults(root, folder)) };
}

function folderFaults(root: string, folder: string): Fault[] {
  const manifest = readManifest(folder);
  const licence = licenceOf(manifest);
  if (licence !== undefined && isAllowed(licence, ALLOWED)) return [];
  const message = `${manifest.name} ${manifest.version ?? ''} is under ${licence ?? 'no licence'}, which is not allowed`;
  return [{ file: manifestPath(root, folder), rule: 'licence', message }];
}

function manifestPath(root: string, folder: string): string {
  return `${relative(realpathSync(root), folder).split(sep).join('/')}/package.json`;
}

/** Old packages give an object, or a list of them to choose from, in place of an SPDX expression. */
function licenceOf(manifest: Manifest): string | undefined {
  const stated = manifest.license ?? manifest.licenses;
  const choices = (Array.isArray(stated) ? stated : [stated]).map((one) =>
    typeof one === 'object' && one !== null && 'type' in one ? one.type : one,
  );
  return choices.every((one) => typeof one === 'string') && choices.length > 0
    ? choices.join(' OR ')
    : undefined;
}

function needs(manifest: Manifest): { name: string; optional: boolean }[] {
  const optional = manifest.optionalDependencies ?? {};
  const isOptionalPeer = (name: string) => manifest.peerDependenciesMeta?.[name]?.optional === true;
  const required = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  return [
    ...required
      .filter((name) => !(name in optional) && !isOptionalPeer(name))
      .map((name) => ({ name, optional: false })),
    ...Object.keys(optional).map((name) => ({ name, optional: true })),
  ];
}

/** Looks as node does: in node_modules beside the package, then beside each folder above it. */
function installedFolder(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
    if (folder === dirname(folder)) return undefined;
  }
}
