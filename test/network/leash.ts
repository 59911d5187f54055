// Loaded before the program of each process that the runner starts: ends it when whoever started it is gone, however he ended, so that no
// node runs on after a test that was killed. The other end of file 3 is his.

import { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const leash = new Socket({ fd: 3, readable: true, writable: false });
  leash.on('error', () => undefined);
  leash.on('close', () => process.kill(process.pid, 'SIGKILL'));
  leash.resume();
  leash.unref();
}
