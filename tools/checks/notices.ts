// What others wrote and we hand out inside files of ours is named beside them, under a licence that is allowed, with its text.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fault } from './fault.ts';
import { ALLOWED, isAllowed } from './licence-expression.ts';

/** The file that names them. */
const NOTICE = 'THIRD-PARTY.md';

/**
 * Looks for the notices of what an artefact was built from.
 *
 * The notice has a section `## NAME` for each, with a line `Licence: SPDX-EXPRESSION`; the licence's text stands beside it as
 * LICENSE.NAME, as its author gives it.
 *
 * @param folder of the artefact; its path from the root of the repository is `shown`
 * @param originals by name of what was built in: the file of its author's licence
 * @returns faults by rule `notice`
 */
export function noticeFaults(folder: string, shown: string, originals: ReadonlyMap<string, string>): Fault[] {
  const notice = textOf(join(folder, NOTICE));
  return [...originals].flatMap(([name, original]) => {
    const fault = (file: string, message: string): Fault => ({
      file: `${shown}/${file}`,
      rule: 'notice',
      message,
    });
    const section = notice?.split(/^## /m).find((text) => text.split('\n', 1)[0] === name);
    if (section === undefined)
      return [fault(NOTICE, `${name} is built into what stands here and is not named`)];
    const licence = /^Licence: (.+)$/m.exec(section)?.[1];
    if (licence === undefined || !isAllowed(licence, ALLOWED))
      return [fault(NOTICE, `${name} is under ${licence ?? 'no licence'}, which is not allowed`)];
    const copy = textOf(join(folder, `LICENSE.${name}`));
    if (copy !== undefined && copy === textOf(original)) return [];
    return [fault(`LICENSE.${name}`, `this is to be the text of ${name}'s licence`)];
  });
}

function textOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
