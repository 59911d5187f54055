import { randomBytes } from 'node:crypto';
import { equalBytes, toHex, type Vrf } from '@sero/crypto';
import { fastVrf } from '@sero/node';
import {
  commitmentsHash,
  commitToShare,
  draftHash,
  encodeSeedCommitment,
  encodeSeedReveal,
  type Genesis,
  type GenesisValidator,
  recordOfValidator,
  revealShare,
} from '@sero/protocol';
import type { Command } from 'commander';
import { expectNew } from '../ceremony/outputs.ts';
import { type Cli, runs, withExamples } from '../command.ts';
import type { Io } from '../io.ts';
import { hex } from '../names.ts';
import { closedList, keysOption, outputOption, readDraft, readMessages, refused } from './common.ts';
import { genesisData, genesisLines } from './describe.ts';
import { encodeEntry } from './entry.ts';
import { writeOnce } from './files.ts';
import { type HeldKeys, withHeldKeys } from './held-keys.ts';
import {
  madeCommitments,
  type Promises,
  promiseFor,
  readPromises,
  revealedLists,
  withPromise,
  writePromises,
} from './promises.ts';

/** What a validator says in the ceremony: `commit` and `reveal`. What he promises is on disk before the file is. */

interface SayOptions {
  readonly keys: string;
  readonly output: string;
}

interface CommitOptions extends SayOptions {
  readonly giveUp: boolean;
}

export function addCommit(genesis: Command, io: Io): void {
  const command = outputOption(
    keysOption(
      genesis
        .command('commit')
        .summary('commit to a share of the first seed')
        .description(
          'Draws a secret share of the network’s first seed and commits to it, for this draft alone. The share stays in the directory of keys. Shows ' +
            'what the draft says: compare its hash with the other validators’. Asked again it writes the same commitment. A directory takes part in one ' +
            'attempt at a time: where one has failed for all to see, --give-up goes on to the next, and nothing is ever revealed for the last one again.',
        )
        .argument('<draft>', 'the draft of the genesis file'),
    ),
    'the commitment',
  ).option('--give-up', 'give up every other draft that these keys have committed to, for good', false);
  withExamples(command, [
    {
      line: 'sero genesis commit draft.ssz --keys validator -o ada.commitment',
      says: 'once you have read what the draft says',
    },
  ]);
  runs<CommitOptions>(command, io, async (cli, options, path) => {
    const draft = await readDraft(io, path!);
    await withHeldKeys(cli, options.keys, (keys) => commit(cli, draft, keys, options));
  });
}

async function commit(cli: Cli, draft: Genesis, keys: HeldKeys, options: CommitOptions): Promise<void> {
  const hash = draftHash(draft);
  const before = await readPromises(keys.directory);
  const id = recordOfValidator(ownValidator(draft, keys, before));
  const others = before.drafts.filter((each) => !equalBytes(each.draft, hash));
  const open = others.filter(({ share }) => share !== undefined);
  const earlier = promiseFor(before, hash);
  if (earlier !== undefined && earlier.share === undefined) throw givenUp(hash);
  if (open.length > 0 && !options.giveUp) {
    throw refused(
      'ceremony-under-way',
      `these keys have committed to another draft: ${open.map((each) => toHex(each.draft)).join(', ')}`,
      'two attempts at once would let others choose between two seeds: add --give-up once that one has failed for all to see',
    );
  }
  // Nothing is promised for a file that cannot be written.
  if (earlier === undefined) await expectNew(cli.io, options.output);
  const share = earlier?.share ?? { share: fresh(), salt: fresh() };
  const { message } = commitToShare(
    draft,
    { id, share, vrfSecret: NO_SECRET },
    madeCommitments(before),
    provingWith(keys),
  );
  const list = earlier?.list;
  const kept = {
    ...before,
    drafts: before.drafts.map((each) => (open.includes(each) ? { ...each, share: undefined } : each)),
  };
  await writePromises(
    keys.directory,
    withPromise(kept, { draft: hash, id, commitment: message.commitment, share, list }),
  );
  const written = await writeOnce(cli.io, { path: options.output, bytes: encodeSeedCommitment(message) });
  cli.out.data({ file: options.output, written, record: id, ...genesisData(draft) }, () =>
    [
      ...genesisLines(draft),
      '',
      `${options.output}: ${written ? 'the commitment' : 'was made before'} of ${hex(id)}`,
      'Compare the draft’s hash with the other validators’ before you give it away.',
    ].join('\n'),
  );
}

export function addReveal(genesis: Command, io: Io): void {
  const command = outputOption(
    keysOption(
      genesis
        .command('reveal')
        .summary('reveal the share, once all have committed')
        .description(
          'Opens the commitment of these keys for the closed list of all commitments, and for no other list of this draft ever after. Refused before ' +
            'everybody has committed, and where the list has not what these keys committed to. Compare the list’s hash with the other validators’.',
        )
        .argument('<draft>', 'the draft of the genesis file')
        .argument('<commitments...>', 'the commitment of every validator of the draft'),
    ),
    'the reveal',
  );
  withExamples(command, [
    {
      line: 'sero genesis reveal draft.ssz ada.commitment --keys validator -o ada.reveal',
      says: 'once all commitments are there; name everybody’s',
    },
  ]);
  runs<SayOptions>(command, io, async (cli, options, path, ...paths) => {
    const draft = await readDraft(io, path!);
    await withHeldKeys(cli, options.keys, (keys) => reveal(cli, draft, paths, keys, options));
  });
}

async function reveal(
  cli: Cli,
  draft: Genesis,
  paths: readonly string[],
  keys: HeldKeys,
  { output }: SayOptions,
): Promise<void> {
  const hash = draftHash(draft);
  const before = await readPromises(keys.directory);
  const id = recordOfValidator(ownValidator(draft, keys, before));
  const promise = promiseFor(before, hash);
  if (promise === undefined) {
    throw refused(
      'ceremony-not-committed',
      'these keys have committed to nothing for this draft',
      'first: {sero} genesis commit DRAFT --keys DIR -o FILE',
    );
  }
  if (promise.share === undefined) throw givenUp(hash);
  if (promise.list === undefined) await expectNew(cli.io, output);
  const heard = await readMessages(cli.io, paths);
  const list = closedList(cli, draft, heard);
  const own = { id, share: promise.share, vrfSecret: NO_SECRET };
  const { reveal: message } = revealShare(draft, list, own, revealedLists(before), provingWith(keys));
  await writePromises(keys.directory, withPromise(before, { ...promise, list: message.list }));
  const written = await writeOnce(cli.io, { path: output, bytes: encodeSeedReveal(message) });
  const listHash = commitmentsHash(list);
  cli.out.data({ file: output, written, record: id, draftHash: hash, listHash }, () =>
    [
      `${output}: ${written ? 'the reveal' : 'was made before'} of ${hex(id)}`,
      `draft  ${hex(hash)}`,
      `list   ${hex(listHash)}`,
      'Compare the list’s hash with the other validators’ before you give it away.',
    ].join('\n'),
  );
}

/** In the place of the secret, which `provingWith` does not ask for. */
const NO_SECRET = new Uint8Array(0);

/** A VRF whose proofs are those of the keys that are held, whatever secret is named. */
const provingWith = (keys: HeldKeys): Vrf => ({ ...fastVrf, prove: (_secret, alpha) => keys.prove(alpha) });

const fresh = (): Uint8Array => new Uint8Array(randomBytes(32));

/** The row of the draft that these keys are for; refused where it says something else than its owner sent. */
function ownValidator(draft: Genesis, keys: HeldKeys, { entry }: Promises): GenesisValidator {
  const { vrfKey, voteRoot } = keys.public;
  const own = draft.validators.find(
    (each) => equalBytes(each.voteRoot, voteRoot) && equalBytes(each.vrfKey, vrfKey),
  );
  if (own === undefined) {
    throw refused(
      'ceremony-stranger',
      'these keys are in no row of the draft',
      'send the organiser your entry: {sero} genesis join; and ask for another draft',
    );
  }
  if (entry === undefined) {
    throw refused(
      'entry-missing',
      'these keys have made no entry: what their row of the draft should say is not known',
      'make it: {sero} genesis join',
    );
  }
  const { network, chainId } = entry;
  const isSame =
    chainId === draft.chainId &&
    (network === 'development') === (draft.devnet === 1) &&
    encodeEntry({ network, chainId, validator: own }) === encodeEntry(entry);
  if (isSame) return own;
  throw refused(
    'entry-changed',
    'the draft’s row for these keys is not the entry that was made with them: owner, stake, commission, rounds, keys or chain differ',
    'ask the organiser for a draft with your entry as it is, or make another one: {sero} genesis join',
  );
}

function givenUp(hash: Uint8Array) {
  return refused(
    'ceremony-given-up',
    `these keys have given up the draft ${toHex(hash)} and will never say anything for it again`,
    'go on with the newest draft',
  );
}
