import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b256, portableBls, portableEd25519, utf8 } from '@sero/crypto';
import { DEVELOPMENT, decodeEnvelope, KIND, RegisterBodyType } from '@sero/protocol';
import { groundOf, OWNER, payment } from './doubles.ts';
import { genesisFile, newDirectory, start } from './running.ts';

test('registrations that pay more than everybody leave payments the room that a block has beside eight of them', async () => {
  const secret = blake2b256('TEST_BLS', utf8('one for all'));
  const blsKey = portableBls.publicKey(secret);
  // One key and one proof: whose possession was seen is not looked at again.
  const blsProof = portableBls.provePossession(secret, OWNER);
  const registration = (n: number): Uint8Array =>
    RegisterBodyType.serialize({
      record: [],
      vrfKey: portableEd25519.publicKey(blake2b256('TEST_VRF', Uint8Array.of(n))),
      voteRoot: portableEd25519.publicKey(blake2b256('TEST_ROOT', Uint8Array.of(n))),
      blsKey,
      blsProof,
      firstRound: 0n,
      lastRound: 1_000_000n,
      commission: 0,
    });
  // Room for ten registrations, and then none for a payment.
  const gas = 4_500_000n;
  const fees = { ...DEVELOPMENT.fees, gasLimit: gas, gasTarget: gas / 2n };
  const { node } = await start(newDirectory(), { genesis: genesisFile({ fees }), seals: false });
  const ground = groundOf(node.ledger);
  const gasPrice = 2n * fees.baseFeeStart;
  const submit = (number: number, change: Parameters<typeof payment>[2]) =>
    node.mempool.submit(payment(ground, number, change), 'test');
  for (let n = 0; n < 20; n++) await submit(n, { kind: KIND.register, body: registration(n), gasPrice });
  await submit(100, {});
  const chosen = node.mempool.select();
  const { block, rejected } = await node.ledger.propose(chosen, node.ledger.head().time + 5_000n);
  assert.deepEqual(rejected, []);
  const sealed = block.transactions.map((bytes) => decodeEnvelope(bytes).private!.tx);
  assert.deepEqual(
    sealed.map(({ kind }) => kind),
    [...Array.from({ length: 8 }, () => KIND.register), KIND.pay],
  );
  assert.ok(gas - 10n * sealed[0]!.gasLimit < sealed[8]!.gasLimit, 'by price alone it would not be there');
  await node.close();
});
