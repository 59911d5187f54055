import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { RpcError } from '@sero/api';
import { equalBytes, toHex } from '@sero/crypto';
import { encodeAddress, SERO_ASSET, SERO_UNIT } from '@sero/protocol';
import {
  historyLines,
  type Plan,
  plan,
  planMany,
  planStep,
  prove,
  type Request,
  sign,
  submit,
} from '@sero/wallet';
import { provingToolsDouble } from './doubles.ts';
import { ask, foundTown, type Person, type Town, unsent } from './people.ts';

/**
 * A node that says "refused" of a payment and passes it on later. Meanwhile a note came in that would pay better: a wallet that
 * took the node’s word would pay from it, and both payments would enter.
 */
describe('a node that says it refused a payment, and keeps it', () => {
  let town: Town;
  let alice: Person;
  let payment: Extract<Request, { type: 'pay' }>;
  let kept: Uint8Array;
  beforeEach(async () => {
    town = await foundTown([1_000n * SERO_UNIT, 0n, 1_000n * SERO_UNIT]);
    const [first, bob, carol] = town.people as [Person, Person, Person];
    alice = first;
    payment = {
      type: 'pay',
      to: bob.key.proof.viewing.address,
      asset: SERO_ASSET,
      amount: 3n * SERO_UNIT,
    };
    const planned = await plan(alice.wallet, payment);
    await assert.rejects(
      sendBy(planned, async (bytes) => {
        kept = bytes.slice();
        return new RpcError('transaction-refused', 'the rules say no', { code: 'nullifier-spent' });
      }),
      { name: 'transaction-refused' },
    );
    const gift: Request = { ...payment, to: alice.key.proof.viewing.address, amount: 10n * SERO_UNIT };
    await ask(town, carol, gift);
    await town.mine();
  });

  async function sendBy(planned: Plan, to: (bytes: Uint8Array) => Promise<unknown>) {
    const proved = await prove(planned, alice.key.proof, provingToolsDouble);
    return submit(alice.wallet, planned, sign(planned, alice.key), proved, to);
  }

  const paidToBob = (): bigint => town.people[1]!.wallet.balances()[0]?.total ?? 0n;

  it('does not get a payee paid twice: the second payment is refused beside the first', async () => {
    const again = await unsent(alice, payment);
    await town.network.send(kept);
    await town.mine();
    await assert.rejects(town.network.send(again.ready.bytes), { code: 'nullifier-spent' });
    assert.equal(paidToBob(), 3n * SERO_UNIT);
    assert.equal(alice.wallet.pending().length, 0, 'the first is in a block, so the second never will be');
    assert.equal(
      alice.wallet.history().filter(({ payments }) => payments.length > 0).length,
      1,
      'the payment that was called refused is in the history all the same',
    );
  });

  it('does not get him paid twice by passing it on after the second either', async () => {
    await ask(town, alice, payment);
    await town.mine();
    await assert.rejects(town.network.send(kept), { code: 'nullifier-spent' });
    assert.equal(paidToBob(), 3n * SERO_UNIT);
    assert.deepEqual([alice.wallet.pending(), alice.wallet.lost()], [[], []]);
  });

  it('does not get him paid twice by passing it on before Alice asks again: she is told first', async () => {
    await town.network.send(kept);
    await town.mine();
    const [entered] = alice.wallet.entered();
    for (const again of [
      plan(alice.wallet, payment),
      planStep(alice.wallet, payment),
      planStep(alice.wallet, { ...payment, amount: 5_000n * SERO_UNIT }),
      planMany(alice.wallet, { type: 'payMany', payments: [payment] }),
      plan(alice.wallet, { type: 'merge' }),
    ]) {
      await assert.rejects(again, {
        code: 'refused-entered',
        message: new RegExp(
          `${toHex(entered!.txid)}.* is in block ${entered!.height} and paid ${3n * SERO_UNIT} `,
        ),
      });
    }
    assert.deepEqual(
      entered!.payments.map(({ to, value }) => [toHex(to), value]),
      [[toHex(encodeAddress(payment.to)), 3n * SERO_UNIT]],
    );
    const line = historyLines(alice.wallet).find(({ txid }) => equalBytes(txid, entered!.txid));
    assert.deepEqual([line?.state, line?.state === 'final' && line.refused], ['final', true]);
    await town.mine();
    assert.equal(paidToBob(), 3n * SERO_UNIT);

    // From here on she knows: whatever she pays now she means to pay.
    await alice.wallet.acknowledge(entered!.txid);
    await ask(town, alice, payment);
    await town.mine();
    assert.equal(paidToBob(), 6n * SERO_UNIT);
  });

  it('does not get him paid twice where the answer comes after the block', async () => {
    await town.network.send(kept);
    await town.mine();
    await alice.wallet.acknowledge(alice.wallet.entered()[0]!.txid);
    const planned = await plan(alice.wallet, payment);
    await assert.rejects(
      sendBy(planned, async (bytes) => {
        await town.network.send(bytes.slice());
        await town.mine();
        return new RpcError('busy', 'much to do', {});
      }),
      { name: 'busy' },
    );
    assert.equal(paidToBob(), 6n * SERO_UNIT);
    await assert.rejects(plan(alice.wallet, payment), { code: 'refused-entered' });
  });

  it('cannot keep Alice from paying: what she pays next goes through at once, where the node then behaves', async () => {
    const other: Request = { ...payment, amount: 20n * SERO_UNIT };
    await ask(town, alice, other);
    await town.mine();
    await ask(town, alice, payment);
    await town.mine();
    assert.equal(paidToBob(), 23n * SERO_UNIT);
  });
});
