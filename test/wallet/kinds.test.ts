import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { LedgerError } from '@sero/ledger';
import { type Receipt, SERO_ASSET, SERO_UNIT } from '@sero/protocol';
import { plan, type Request, readPlan, WalletError } from '@sero/wallet';
import { ask, foundTown, type Person, send, type Town, unsent } from './people.ts';

/** Every kind of request, from the wallet's plan through the ledger's checks to the wallet's history. */
describe('what a wallet plans, the ledger takes', () => {
  let town: Town;
  let alice: Person;
  let bob: Person;
  before(async () => {
    town = await foundTown([1_000n * SERO_UNIT, 10n * SERO_UNIT]);
    [alice, bob] = town.people as [Person, Person];
  });

  const total = ({ wallet }: Person, asset = SERO_ASSET): bigint =>
    wallet.balances().find((balance) => balance.asset === asset)?.total ?? 0n;
  /** Sends a request and makes a block; checks that the balance falls by exactly the fee and what else is named. */
  const done = async (person: Person, request: Request, spent = 0n): Promise<Receipt> => {
    const before = total(person);
    await ask(town, person, request);
    const [receipt] = await town.mine();
    const { fee, own, succeeded } = person.wallet.history().at(-1)!;
    assert.deepEqual([own, succeeded], [true, receipt!.status === 1]);
    assert.equal(total(person), before - fee - spent);
    return receipt!;
  };

  it('a token: committed to, issued two blocks later, paid on in private by who received it in the open', async () => {
    assert.equal((await done(alice, { type: 'commit', name: 'HEPTANE' })).status, 1);
    await town.mine();
    const issued = await done(alice, { type: 'issue', name: 'HEPTANE', kind: 1, supply: 1_000n });
    assert.equal(issued.status, 1);
    assert.equal(issued.publicOutputs.length, 1);
    const { asset } = bob.wallet.asset('HEPTANE')!;
    const to = bob.key.proof.viewing.address;
    const receipt = await done(alice, { type: 'pay', to, asset, amount: 400n });
    assert.deepEqual(receipt.publicOutputs, []);
    assert.deepEqual([total(alice, asset), total(bob, asset)], [600n, 400n]);
  });

  it('a category and a ticket of it, which only its issuer can make', async () => {
    await done(alice, { type: 'commit', name: 'TICKETS' });
    await town.mine();
    assert.equal((await done(alice, { type: 'issue', name: 'TICKETS', kind: 2, supply: 0n })).status, 1);
    const id = new Uint8Array(32).fill(7);
    const ticket: Request = { type: 'ticket', category: 'TICKETS', id };
    const [output] = (await done(alice, ticket)).publicOutputs;
    assert.equal(output!.value, 1n);
    const balance = alice.wallet.balances().find(({ name }) => name === 'TICKETS')!;
    assert.equal(balance.total, 1n);
    const again = await done(alice, ticket);
    assert.deepEqual([again.status, Buffer.from(again.failure).toString()], [0, 'ticket-exists']);
    await assert.rejects(
      plan(bob.wallet, { ...ticket, id: new Uint8Array(32).fill(8) }),
      (error) => error instanceof WalletError && error.code === 'request-invalid',
    );
    // A ticket is one note of value 1: it is given away whole.
    const to = bob.key.proof.viewing.address;
    await done(alice, { type: 'pay', to, asset: balance.asset, amount: 1n });
    assert.deepEqual([total(alice, balance.asset), total(bob, balance.asset)], [0n, 1n]);
  });

  it('an issue that would come too early is not planned, so that no fee is lost', async () => {
    await done(alice, { type: 'commit', name: 'OCTANES' });
    await assert.rejects(
      plan(alice.wallet, { type: 'issue', name: 'OCTANES', kind: 1, supply: 5n }),
      (error) => error instanceof WalletError && error.code === 'request-invalid',
    );
    await town.mine();
    assert.equal((await done(alice, { type: 'issue', name: 'OCTANES', kind: 1, supply: 5n })).status, 1);
  });

  it('a call to an address without code fails, and value, amount and unused gas come back to be spent', async () => {
    const { asset } = alice.wallet.asset('HEPTANE')!;
    const tokens = total(alice, asset);
    const call: Request = {
      type: 'call',
      to: new Uint8Array(64).fill(9),
      data: new Uint8Array([1, 2, 3]),
      value: 5n * SERO_UNIT,
      asset,
      amount: 10n,
      gas: 500_000n,
    };
    const receipt = await done(alice, call);
    assert.deepEqual([receipt.status, receipt.publicOutputs.length], [0, 3]);
    assert.equal(total(alice, asset), tokens);
    const to = bob.key.proof.viewing.address;
    await done(alice, { type: 'pay', to, asset, amount: tokens - 10n });
    await done(alice, { type: 'pay', to, asset, amount: 10n });
    assert.equal(total(alice, asset), 0n);
  });

  it('a merge', async () => {
    const notes = (): number =>
      alice.wallet.spendableNotes().filter(({ asset }) => asset === SERO_ASSET).length;
    const before = notes();
    await done(alice, { type: 'merge' });
    assert.equal(notes(), before - 1);
  });

  it('a payment without change spends its note to the last unit', async () => {
    const to = alice.key.proof.viewing.address;
    while (bob.wallet.spendableNotes().filter(({ asset }) => asset === SERO_ASSET).length > 1) {
      await done(bob, { type: 'merge' });
    }
    const { fee } = readPlan(await plan(bob.wallet, { type: 'pay', to, asset: SERO_ASSET, amount: 1n }));
    const amount = total(bob) - fee;
    await done(bob, { type: 'pay', to, asset: SERO_ASSET, amount }, amount);
    assert.equal(total(bob), 0n);
  });

  it('and refuses what spends one note twice, as the wallet does before it', async () => {
    const to = bob.key.proof.viewing.address;
    const request: Request = { type: 'pay', to, asset: SERO_ASSET, amount: SERO_UNIT };
    const first = await unsent(alice, request);
    const second = await unsent(alice, request);
    assert.deepEqual(readPlan(first.planned).spends, readPlan(second.planned).spends);
    await send(town, alice, first.planned);
    await town.mine();
    // The wallet does not send it; a thief of its parts does, and the ledger refuses.
    await assert.rejects(send(town, alice, second.planned), (error) => {
      return error instanceof WalletError && error.code === 'already-spending';
    });
    await assert.rejects(town.network.send(second.ready.bytes), (error) => {
      return error instanceof LedgerError && error.code === 'nullifier-spent';
    });
    assert.ok(alice.wallet.balances().every(({ pending }) => pending === 0n));
  });
});
