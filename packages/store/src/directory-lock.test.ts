import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openDataDirectory } from './data-directory.ts';
import { type Here, thisProcess } from './directory-holder.ts';
import { lockDirectory } from './directory-lock.ts';
import { type Disk, systemDisk } from './disk.ts';
import { StoreError } from './errors.ts';
import { programArguments, refuses, runProgram, startProgram, temporaryDirectory } from './test-support.ts';

const TAKE = `
  try { store.openDataDirectory(args[0], { schema: 1 }); console.log('taken'); }
  catch (error) { console.log(error.code + ' ' + error.message); }
`;
const HOLD = `${TAKE} process.stdin.resume();`;

const OTHER_BOOT = '00000000-0000-4000-8000-000000000000';
const HERE = thisProcess();

/** Leaves what a process that took the directory and died left of itself. */
function leave(path: string, who: Partial<Here>, inode = '', disk = ''): string {
  const { pid, boot, start, space, host } = { ...HERE, ...who };
  const name = `lock-${pid}-${boot === '' ? '' : `${boot}-${start}`}`;
  writeFileSync(join(path, name), `${space}\n${host}\n${inode}\n${disk}\n`);
  return name;
}

const inodeOf = (file: string): string => `${statSync(file, { bigint: true }).ino}`;

const lockFiles = (path: string): string[] => readdirSync(path).filter((name) => name.startsWith('lock-'));

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof StoreError && error.code === 'directory-locked', String(error));
    return error.message;
  }
  throw new Error('nothing was thrown');
}

test('a lock that runs is never taken, though its file says that it is of a container whose processes are not seen here', async () => {
  const path = temporaryDirectory();
  const child = await startProgram(HOLD, [path]);
  rmSync(join(path, lockFiles(path)[0]!));
  // What a node in a container leaves: a number that nobody has here, or that another process has.
  for (const pid of [4_194_305, process.ppid]) {
    const name = leave(path, { pid, start: '1', space: 'pid:[1]', host: 'container 1' });
    const message = messageOf(() => openDataDirectory(path, { schema: 1 }));
    assert.match(message, new RegExp(`process ${pid} of another container or machine \\(container\\);`));
    assert.deepEqual(lockFiles(path), [name], 'its file stays');
    rmSync(join(path, name));
  }
  assert.match(
    messageOf(() => openDataDirectory(path, { schema: 1 })),
    /in use by another process;/,
  );
  child.kill('SIGKILL');
  await once(child, 'exit');
  openDataDirectory(path, { schema: 1 }).release();
});

/** What the tests of a machine need whatever machine they run on. */
const MACHINE: Here = { ...HERE, space: 'pid:[4026531836]', host: `a ${'1'.repeat(32)}` };
const OTHER: Here = { ...MACHINE, pid: 4_194_305, boot: OTHER_BOOT, start: '4' };
const IN_CONTAINER = { space: 'pid:[4026532001]', host: 'container ' };
const UNTOLD = { boot: '', start: '', space: '', host: 'a ' };
/** A number that no process of Linux has, and one that another process has. */
const [NOBODY, SOMEBODY] = [4_194_305, process.ppid];

const LOCAL = { ...systemDisk, statfsSync: (() => ({ type: 0xef53 })) as unknown as Disk['statfsSync'] };
const SHARED = { ...systemDisk, statfsSync: (() => ({ type: 0x6969 })) as unknown as Disk['statfsSync'] };
const UNKNOWN = {
  ...systemDisk,
  statfsSync: (() => {
    throw new Error('not here');
  }) as Disk['statfsSync'],
};

/** What comes of one who left his file, for another who comes after him. */
function outcome(
  left: Partial<Here>,
  here: Here,
  disk: Disk,
  sameLock: boolean,
  leftOn = disk,
): 'taken' | 'refused' {
  const path = temporaryDirectory();
  writeFileSync(join(path, 'lock'), '');
  const name = leave(
    path,
    { ...here, ...left },
    sameLock ? inodeOf(join(path, 'lock')) : '1',
    leftOn === LOCAL ? 'local' : '',
  );
  try {
    lockDirectory(path, disk, here)();
  } catch (error) {
    assert.ok(error instanceof StoreError && error.code === 'directory-locked', String(error));
    assert.ok(error.message.includes(`delete the file ${join(path, name)}`), error.message);
    assert.deepEqual(lockFiles(path), [name]);
    rmSync(join(path, name));
    lockDirectory(path, disk, here)();
    return 'refused';
  }
  assert.deepEqual(lockFiles(path), []);
  return 'taken';
}

test('on a local disk whoever had the lock that is free now is gone: of any machine, container or boot, told or not', () => {
  for (const here of [MACHINE, { ...MACHINE, ...IN_CONTAINER }, { ...HERE, ...UNTOLD }]) {
    for (const left of [
      OTHER,
      { ...OTHER, host: 'else 1' },
      // A container that was made again after a power cut: it has a name of its own, and numbers begin anew.
      { ...OTHER, ...IN_CONTAINER, pid: here.pid, host: 'older ' },
      { ...OTHER, ...UNTOLD, pid: here.pid },
      { ...OTHER, ...UNTOLD, pid: SOMEBODY },
    ]) {
      assert.equal(outcome(left, here, LOCAL, true), 'taken');
    }
  }
});

test('a disk that is local for this machine alone, which lends it to others, says nothing of them', () => {
  for (const [mine, theirs] of [
    [LOCAL, SHARED],
    [SHARED, LOCAL],
  ] as const) {
    // A guest or a client of another name, and a container that has the disk by a mount of its own.
    assert.equal(outcome({ ...OTHER, host: 'else 1' }, MACHINE, mine, true, theirs), 'refused');
    assert.equal(
      outcome({ ...IN_CONTAINER, pid: NOBODY, start: '1' }, MACHINE, mine, true, theirs),
      'refused',
    );
  }
});

test('where machines may share a disk without its locks, a free lock says nothing of another machine or boot, and is refused', () => {
  for (const disk of [SHARED, UNKNOWN]) {
    for (const sameLock of [true, false]) {
      for (const [left, here] of [
        [{ ...OTHER, host: 'else 1' }, MACHINE],
        // The numbers of processes here say nothing of one elsewhere.
        [{ ...OTHER, pid: HERE.pid, host: 'else 1' }, MACHINE],
        [{ ...OTHER, host: '' }, MACHINE],
        [{ ...OTHER, ...UNTOLD, host: 'else 1' }, MACHINE],
        // Two of one name, which is no machine’s own: pods of one set, copies of one image.
        [OTHER, { ...MACHINE, host: 'a ' }],
        [
          { ...OTHER, host: 'a ' },
          { ...MACHINE, host: 'a ' },
        ],
        [
          { ...OTHER, host: 'a uninitialized' },
          { ...MACHINE, host: 'a uninitialized' },
        ],
        [
          { ...OTHER, space: IN_CONTAINER.space },
          { ...MACHINE, space: IN_CONTAINER.space },
        ],
        [
          { ...UNTOLD, pid: HERE.pid },
          { ...HERE, ...UNTOLD },
        ],
        [
          { ...UNTOLD, pid: NOBODY },
          { ...HERE, ...UNTOLD },
        ],
      ] as const) {
        assert.equal(outcome(left, here, disk, sameLock), 'refused', JSON.stringify(left));
      }
    }
  }
});

test('on a local disk too, who had a lock on a file that is gone is refused unless this machine knows that it ended', () => {
  for (const [left, here] of [
    [{ ...OTHER, host: 'else 1' }, MACHINE],
    [{ ...MACHINE, ...IN_CONTAINER, pid: NOBODY, start: '1' }, MACHINE],
    [
      { ...UNTOLD, pid: NOBODY },
      { ...HERE, ...UNTOLD },
    ],
    [{ pid: SOMEBODY, boot: '', start: '' }, MACHINE],
  ] as const) {
    assert.equal(outcome(left, here, LOCAL, false), 'refused', JSON.stringify(left));
  }
});

test('what a process of this machine left is taken over wherever this kernel or its boot says that it ended', () => {
  for (const disk of [LOCAL, SHARED]) {
    for (const sameLock of [true, false]) {
      assert.equal(outcome({ start: '1' }, MACHINE, disk, sameLock), 'taken');
      assert.equal(outcome({ pid: NOBODY, start: '3' }, MACHINE, disk, sameLock), 'taken');
      assert.equal(
        outcome({ pid: SOMEBODY, boot: OTHER_BOOT, start: '4' }, MACHINE, disk, sameLock),
        'taken',
      );
      assert.equal(outcome({ pid: NOBODY, boot: '', start: '' }, MACHINE, disk, sameLock), 'taken');
      const quiet = { ...MACHINE, boot: '', start: '' };
      assert.equal(outcome({}, quiet, disk, sameLock), 'taken', 'it has the number of this process');
    }
    // The kernel of both is one, and its lock is free; but each may have a shared disk by a mount of its own.
    const container = outcome({ ...IN_CONTAINER, pid: 1, start: '2' }, MACHINE, disk, true);
    assert.equal(container, disk === LOCAL ? 'taken' : 'refused');
  }
});

test('what was written half when its process died is cleared away', () => {
  const path = temporaryDirectory();
  writeFileSync(join(path, 'lock-7-x.new'), '');
  const held = openDataDirectory(path, { schema: 1 });
  assert.deepEqual(lockFiles(path), [`lock-${process.pid}-${HERE.boot}-${HERE.start}`]);
  held.release();
  assert.deepEqual(lockFiles(path), []);
});

test('a process keeps its directory against itself though the file that is locked was removed, told of boots or not', () => {
  for (const here of [HERE, { ...HERE, ...UNTOLD }]) {
    const path = temporaryDirectory();
    const release = lockDirectory(path, LOCAL, here);
    rmSync(join(path, 'lock'));
    assert.match(
      messageOf(() => lockDirectory(path, LOCAL, here)),
      new RegExp(`in use by process ${process.pid}`),
    );
    release();
    lockDirectory(path, LOCAL, here)();
  }
});

test('the file that is locked was removed under a running process: its own file keeps the directory', async () => {
  const path = temporaryDirectory();
  const held = openDataDirectory(path, { schema: 1 });
  rmSync(join(path, 'lock'));
  assert.throws(() => openDataDirectory(path, { schema: 1 }), refuses('directory-locked'));
  assert.match(runProgram(TAKE, [path]).stdout, new RegExp(`^directory-locked .*process ${process.pid};`));
  held.release();
  openDataDirectory(path, { schema: 1 }).release();
});

test('of two on a disk without locks never both are let in, in whatever order their steps fall', () => {
  const path = temporaryDirectory();
  // The second one comes between the file of the first and its look at the others; to it the first one's lock is not there.
  let outcome: unknown;
  const second = { ...HERE, pid: process.ppid, start: 'f' };
  let looks = 0;
  const disk = {
    ...systemDisk,
    readdirSync: ((directory: string) => {
      if (++looks === 2) {
        rmSync(join(path, 'lock'));
        try {
          outcome = lockDirectory(path, systemDisk, second);
        } catch (error) {
          outcome = error;
        }
      }
      return systemDisk.readdirSync(directory);
    }) as typeof systemDisk.readdirSync,
  };
  const release = lockDirectory(path, disk, HERE);
  assert.ok(refuses('directory-locked')(outcome), String(outcome));
  release();
});

test('of many processes that start at the same instant exactly one is let in, every time', async () => {
  const path = temporaryDirectory();
  // Each waits for a line, tries, says how it went, and gives back at the next line.
  const body = `
    let held;
    process.stdin.setEncoding('utf8').on('data', () => {
      if (held !== undefined) { held.release(); held = undefined; return console.log('given back'); }
      try { held = store.openDataDirectory(args[0], { schema: 1 }); console.log('taken'); }
      catch (error) { console.log(error.code); }
    });
    console.log('ready');
  `;
  const children = Array.from({ length: 4 }, () => {
    const child = spawn(process.execPath, [...programArguments(body), path], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    after(() => child.kill('SIGKILL'));
    child.stdout.setEncoding('utf8');
    return child;
  });
  const answers = (some = children) =>
    Promise.all(some.map(async ({ stdout }) => String((await once(stdout, 'data'))[0]).trim()));
  assert.deepEqual(await answers(), Array(4).fill('ready'));
  for (let round = 0; round < 25; round++) {
    const said = answers();
    for (const { stdin } of children) stdin.write('go\n');
    const outcome = await said;
    assert.deepEqual([...outcome].sort(), [
      'directory-locked',
      'directory-locked',
      'directory-locked',
      'taken',
    ]);
    const winner = children[outcome.indexOf('taken')]!;
    const back = answers([winner]);
    winner.stdin.write('back\n');
    await back;
  }
});

test('a lock that nobody refers to any more is kept: it is for the process, not for a variable', async () => {
  const path = temporaryDirectory();
  const forgetful = `
    import { setFlagsFromString } from 'node:v8';
    import { runInNewContext } from 'node:vm';
    setFlagsFromString('--expose-gc');
    store.openDataDirectory(args[0], { schema: 1 });
    runInNewContext('gc')();
    await new Promise((resolve) => setImmediate(resolve));
    runInNewContext('gc')();
    console.log('forgotten'); process.stdin.resume();
  `;
  const child = await startProgram(forgetful, [path]);
  for (const name of lockFiles(path)) rmSync(join(path, name));
  assert.throws(() => openDataDirectory(path, { schema: 1 }), refuses('directory-locked'));
  child.kill('SIGKILL');
  await once(child, 'exit');
});

test('a file that cannot be locked is named, with what to do', () => {
  const path = temporaryDirectory();
  writeFileSync(join(path, 'lock'), new Uint8Array(5_000).fill(7));
  assert.throws(
    () => openDataDirectory(path, { schema: 1 }),
    (error) => refuses('directory-unusable')(error) && (error as Error).message.includes(join(path, 'lock')),
  );
});
