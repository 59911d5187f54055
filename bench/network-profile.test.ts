import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { heaviest } from './network-profile.ts';
import { temporaryDirectories } from './temporary.ts';

const frame = (functionName: string) => ({ functionName, url: '', lineNumber: 0 });

describe('what a profile says', () => {
  const directories = temporaryDirectories();
  after(() => directories.clear());

  it('is of the seconds before the tail alone, with idle time left out', () => {
    const folder = directories.make();
    const nodes = [
      { id: 1, callFrame: frame('(root)'), children: [2, 3, 4] },
      { id: 2, callFrame: frame('start') },
      { id: 3, callFrame: frame('work'), children: [5] },
      { id: 4, callFrame: frame('(idle)') },
      { id: 5, callFrame: frame('inner') },
    ];
    // Start, then two seconds of which half are work, then the tail.
    const samples = [2, 3, 5, 4, 2];
    const timeDeltas = [9e6, 0.25e6, 0.75e6, 1e6, 3e6];
    writeFileSync(join(folder, 'one.cpuprofile'), JSON.stringify({ nodes, samples, timeDeltas }));
    writeFileSync(join(folder, 'other.txt'), 'no profile');
    const lines = heaviest(folder, 2, 3);
    assert.ok(lines.includes('1.0 s of work in 2.0 s'));
    const [, , , , ...rest] = lines;
    const own = rest.slice(rest.indexOf('own time by function:') + 1);
    assert.deepEqual(own.slice(0, 2), ['   75.0 %  inner', '   25.0 %  work']);
    const within = rest.slice(rest.indexOf('time with what it called, by function:') + 1);
    assert.deepEqual(within, ['  100.0 %  work', '   75.0 %  inner']);
  });
});
