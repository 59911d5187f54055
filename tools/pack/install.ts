// Puts packed packages into a project as npm would, without a network.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readManifest } from '../checks/workspace.ts';
import { PackError } from './error.ts';
import { type Packed, packAll } from './pack.ts';

/**
 * Packs the workspace and unpacks all of it under a project's node_modules, what the packages depend on linked beside them in the
 * versions that they name. Nothing is fetched and no script is run, so that the prover has no addon.
 *
 * @param root of the repository, where everything is installed
 * @param project a folder; its node_modules has none of the packages yet
 * @returns the tarballs, in the project's folder `tarballs`
 * @throws PackError also where a dependency is not installed in the version that is named
 */
export function installPacked(root: string, project: string): Packed[] {
  const packed = packAll(root, join(project, 'tarballs'));
  for (const { name, file } of packed) {
    const folder = join(project, 'node_modules', name);
    mkdirSync(folder, { recursive: true });
    execFileSync('tar', ['-xzf', file, '--strip-components=1', '-C', folder]);
    for (const [other, version] of Object.entries(readManifest(folder).dependencies ?? {})) {
      if (!packed.some((one) => one.name === other)) link(root, folder, name, other, version);
    }
  }
  return packed;
}

function link(root: string, folder: string, name: string, dependency: string, version: string): void {
  const home = join(root, 'packages', name.replace('@sero/', ''));
  const found = [home, root].map((one) => join(one, 'node_modules', dependency)).find(existsSync);
  if (found === undefined || readManifest(found).version !== version) {
    throw new PackError(`${name} depends on ${dependency} ${version}, which is not installed`);
  }
  const to = join(folder, 'node_modules', dependency);
  mkdirSync(dirname(to), { recursive: true });
  symlinkSync(found, to, 'dir');
}
