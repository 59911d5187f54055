// Opens raw TCP sockets to a port: half of them say nothing, half garbage. Says "open" when all were tried, and holds them until it is killed.
import { once } from 'node:events';
import { connect } from 'node:net';

const [port, count] = process.argv.slice(2).map(Number) as [number, number];
for (let i = 0; i < count; i += 50) {
  const batch = Array.from({ length: Math.min(50, count - i) }, (_, j) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    // What is not read would keep a socket from seeing its end.
    socket.resume();
    if ((i + j) % 2 === 0) socket.once('connect', () => socket.write(new Uint8Array(2_000).fill(i)));
    return Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {});
  });
  await Promise.all(batch);
}
process.stdout.write('open\n');
setInterval(() => {}, 60_000);
