import { parentPort } from 'node:worker_threads';
import { ephemeralCache } from '@sero/protocol';
import { fastEd25519, fastVrf } from '../../fast-signatures.ts';
import { LINKS } from './judge.ts';
import { createThreadWork, type Order, type Report } from './thread.ts';

/** The program of one thread that judges votes. */

const say = (report: Report): void => parentPort?.postMessage(report);
const work = createThreadWork({ vrf: fastVrf, ed25519: fastEd25519, links: ephemeralCache(LINKS) });

parentPort?.on('message', (order: Order) => say(work(order)));
say({ ready: true });
