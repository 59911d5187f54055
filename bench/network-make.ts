/**
 * Makes the payments that `network-run.ts` and the figures `network.` submit, and keeps them in bench/.cache:
 *
 *   npm run bench:payments                              20,000 of them for four validators: half an hour on two idle cores
 *   npm run bench:payments -- --payments 100            no more than 100 of them now; the next call goes on
 *   npm run bench:payments -- --notes 100               of a chain with 100 notes in its genesis file, which is another chain
 *   npm run bench:payments -- --validators 20           of a chain with 20 validators, which is another chain too
 *
 * It may be ended at any moment. One JSON object at the end goes to stdout, how far it is to stderr.
 */
import { parseArgs } from 'node:util';
import { toHex } from '@sero/crypto';
import { openPaymentCache, PAYMENT_CACHE } from './network-cache.ts';
import { PAYMENT_NOTES, paymentChain } from './network-chain.ts';
import { makePayments } from './network-payments.ts';

const { values } = parseArgs({
  options: {
    validators: { type: 'string', default: '4' },
    notes: { type: 'string', default: String(PAYMENT_NOTES) },
    payments: { type: 'string' },
  },
});

const chain = paymentChain(Number(values.validators), Number(values.notes));
const wanted = Math.min(Number(values.payments ?? values.notes), chain.genesis.allocations.length);
const cache = openPaymentCache(PAYMENT_CACHE, chain.hash);
const had = cache.count();
console.error(`${had} of ${wanted} payments are there, chain ${toHex(chain.hash).slice(0, 16)}`);
await makePayments(chain, cache, wanted, (line) => console.error(line));
console.log(
  JSON.stringify({ genesisHash: toHex(chain.hash), payments: cache.count(), made: cache.count() - had }),
);
