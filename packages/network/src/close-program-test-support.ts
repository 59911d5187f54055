// Opens two hosts over TCP with the DHT, lets them talk, closes them, and ends by itself, if nothing is left that keeps it alive.
import { listeners, testHost } from './network-test-support.ts';

const tcp = { transport: 'tcp', listen: ['/ip4/127.0.0.1/tcp/0'], discovery: 'dht' } as const;
const one = await testHost(tcp);
const two = await testHost({ ...tcp, bootstrap: [...one.network.addresses()] });
await two.until(() => listeners(two) === 1);
two.network.publish('vote', new Uint8Array(3));
await one.until(() => one.heard.length === 1);
two.network.publish('vote', new Uint8Array(4));
await Promise.all([one.network.close(), two.network.close()]);
process.stdout.write('closed\n');
// A test's time limit would hide what dangles; this says it within seconds.
setTimeout(() => process.exit(1), 10_000).unref();
