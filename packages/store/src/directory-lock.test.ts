import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openDataDirectory } from './data-directory.ts';
import { type Here, lockDirectory, thisProcess } from './directory-lock.ts';
import { systemDisk } from './disk.ts';
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
function leave(path: string, who: Partial<Here>, inode = ''): string {
  const { pid, boot, start, space, host } = { ...HERE, ...who };
  const name = `lock-${pid}-${boot === '' ? '' : `${boot}-${start}`}`;
  writeFileSync(join(path, name), `${space}\n${host}\n${inode}\n`);
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

test('what a process of this machine left is taken over, whatever container it was in, and of any boot', () => {
  const path = temporaryDirectory();
  writeFileSync(join(path, 'lock'), '');
  leave(path, { start: '1' });
  leave(path, { pid: 1, start: '2', space: 'pid:[1]', host: 'container 1' }, inodeOf(join(path, 'lock')));
  leave(path, { pid: 4_194_305, start: '3' });
  leave(path, { pid: process.ppid, boot: OTHER_BOOT, start: '4' });
  leave(path, { pid: 4_194_305, boot: '', start: '' });
  writeFileSync(join(path, 'lock-7-x.new'), '');
  const held = openDataDirectory(path, { schema: 1 });
  assert.deepEqual(lockFiles(path), [`lock-${process.pid}-${HERE.boot}-${HERE.start}`]);
  held.release();
  assert.deepEqual(lockFiles(path), []);
});

test('what another machine or container of another boot left is refused with the file to delete, and stays until that is done', () => {
  for (const who of [
    { pid: 4_194_305, boot: OTHER_BOOT, start: '1', host: 'else 1' },
    // The numbers of processes here say nothing of one elsewhere.
    { pid: process.pid, boot: OTHER_BOOT, start: HERE.start, host: 'else 1' },
    { pid: 4_194_305, boot: '', start: '', host: 'else 1' },
    { pid: 4_194_305, boot: OTHER_BOOT, start: '1', host: '' },
    // This machine and boot, but the lock that it had was on a file that is gone: it may have it still.
    { pid: 4_194_305, start: '1', space: 'pid:[1]', host: 'container 1' },
  ]) {
    const path = temporaryDirectory();
    const name = leave(path, who);
    const message = messageOf(() => openDataDirectory(path, { schema: 1 }));
    assert.ok(message.includes(`delete the file ${join(path, name)}`), message);
    assert.deepEqual(lockFiles(path), [name]);
    rmSync(join(path, name));
    openDataDirectory(path, { schema: 1 }).release();
  }
});

test('where the system tells neither boot nor start, a process of this machine that runs keeps its directory', () => {
  const path = temporaryDirectory();
  const none = { ...HERE, boot: '', start: '' };
  const name = leave(path, { ...none, pid: process.ppid });
  assert.match(
    messageOf(() => lockDirectory(path, systemDisk, none)),
    new RegExp(`process ${process.ppid};`),
  );
  assert.deepEqual(lockFiles(path), [name]);
  rmSync(join(path, name));
  lockDirectory(path, systemDisk, none)();
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
