import { addressToText } from '@sero/protocol';
import { plan, prove, readPlan, sign } from '@sero/wallet';
import type { Command } from 'commander';
import { runs, withExamples } from '../command.ts';
import { CliError } from '../errors.ts';
import { readText, writeNew } from '../files.ts';
import type { Io } from '../io.ts';
import { addressTextOf, withKeys } from '../keys.ts';
import { assetName } from '../names.ts';
import { expectShown, planText } from '../plan-text.ts';
import { openProver, proofStage } from '../proving.ts';
import { paymentRequest, resolvePayment } from '../recipient.ts';
import { confirmed, expectConfirmation } from '../secrets.ts';
import { expectNothingEntered, sendParts, untilFinal } from '../sending.ts';
import { useWallet } from '../session.ts';

interface OutputOption {
  readonly output: string;
}

interface PlanOptions extends OutputOption {
  readonly asset?: string;
  readonly memo?: string;
}

const OUTPUT = ['-o, --output <file>', 'a new file, "-" for stdout'] as const;

/** `sero tx`: one payment in parts, each on another device. */
export function addTx(program: Command, io: Io): void {
  const tx = program
    .command('tx')
    .summary('plan, sign and prove on separate devices')
    .description(
      'A payment in four steps that may run on four machines: `plan` needs a wallet that has read the chain, and may be watch-only; `sign` ' +
        'needs the words and no network; `prove` needs the words and time; `submit` needs the wallet that planned. A plan shows who is paid ' +
        'what: look at it with `show` before you sign. Whoever has a plan can see that payment for ever, and cannot spend anything with it.',
    );
  withExamples(tx, [
    { line: 'sero tx plan serodev1… 1.5 -o plan.json', says: 'on the machine that watches' },
    {
      line: 'sero tx show plan.json && sero tx sign plan.json -o signed.json',
      says: 'on the machine without network',
    },
    { line: 'sero tx prove plan.json -o proved.json', says: 'on a machine with time' },
    { line: 'sero tx submit plan.json signed.json proved.json --wait', says: 'on the machine that watches' },
  ]);
  addPlan(tx, io);
  addShow(tx, io);
  addSign(tx, io);
  addProve(tx, io);
  addSubmit(tx, io);
}

function addPlan(tx: Command, io: Io): void {
  const command = tx
    .command('plan')
    .summary('plan a payment')
    .description(
      'Chooses notes, fee and anchor and writes the plan. Nothing is reserved until it is submitted: plan one payment at a time.',
    )
    .argument('<to>', 'an address, a contact or a payment URI')
    .argument('[amount...]', 'such as 1.5, "1.5 SERO" or 20 GOLD')
    .option('--asset <name>', 'the asset, where the amount does not say it (default: SERO)')
    .option('--memo <text>', 'text that only the payee can read')
    .requiredOption(...OUTPUT);
  withExamples(command, [
    { line: 'sero tx plan bob 1.5 --memo "rent" -o plan.json', says: 'fails if plan.json exists' },
  ]);
  runs<PlanOptions>(command, io, (cli, { asset, memo, output }, to, ...amount) =>
    useWallet(cli, { chain: 'required' }, async (session) => {
      const payment = await resolvePayment(session, {
        to: to!,
        amount: amount.join(' '),
        ...(asset === undefined ? {} : { asset }),
        ...(memo === undefined ? {} : { memo }),
      });
      await expectNothingEntered(session, true);
      const planned = await plan(session.wallet, paymentRequest(payment));
      await writeNew(io, output, planned);
      if (output === '-') return;
      const own = addressToText(session.wallet.key.address, session.network);
      const { data, text } = planText(readPlan(planned), (number) => assetName(session.wallet, number), own);
      cli.out.data(data, text);
    }),
  );
}

const nameOffline = (asset: bigint): string => (asset === 1n ? 'SERO' : `#${asset}`);

function addShow(tx: Command, io: Io): void {
  const command = tx
    .command('show')
    .summary('what a plan does')
    .description(
      'Shows every note that a plan makes, with whole addresses (the payment, and the change to the account itself), what goes to a ' +
        'contract, what is registered, who sends it and on which chain. Needs neither wallet nor network. Where there is a wallet, its own address stands in: sero address.',
    )
    .argument('<plan>', 'the file, "-" for stdin');
  withExamples(command, [{ line: 'sero tx show plan.json', says: 'look before you sign' }]);
  runs(command, io, async (cli, _options, file) => {
    const { data, text } = planText(readPlan(await readText(io, file!)), nameOffline);
    cli.out.data(data, text);
  });
}

function addSign(tx: Command, io: Io): void {
  const command = tx
    .command('sign')
    .summary('sign a plan')
    .description(
      'Rebuilds the transaction from the plan, shows it, asks, and signs; a plan that cannot be shown in full is refused. Needs the words, ' +
        'and no network.',
    )
    .argument('<plan>', 'the file, "-" for stdin')
    .requiredOption(...OUTPUT);
  withExamples(command, [
    { line: 'sero tx sign plan.json -o signed.json', says: 'after a question that shows what is paid' },
  ]);
  runs<OutputOption>(command, io, (cli, { output }, file) =>
    withKeys(cli, async (unlocked) => {
      expectConfirmation(io, cli.options.yes);
      const key = unlocked.spendingKey();
      const planned = await readText(io, file!);
      const read = readPlan(planned);
      cli.out.say(planText(read, nameOffline, addressTextOf(unlocked)).text);
      expectShown(read);
      if (!(await confirmed(io, cli.options.yes, 'Sign it?'))) {
        throw new CliError('failed', 'declined', 'nothing was signed');
      }
      await writeNew(io, output, sign(planned, key));
    }),
  );
}

function addProve(tx: Command, io: Io): void {
  const command = tx
    .command('prove')
    .summary('prove a plan')
    .description('Makes the proof: seconds of work. Needs the words, and no network.')
    .argument('<plan>', 'the file, "-" for stdin')
    .requiredOption(...OUTPUT);
  withExamples(command, [
    {
      line: 'sero tx prove plan.json -o proved.json',
      says: 'the proof and the transaction, without signature',
    },
  ]);
  runs<OutputOption>(command, io, (cli, { output }, file) =>
    withKeys(cli, async (unlocked) => {
      const key = unlocked.proofKey();
      const planned = await readText(io, file!);
      const prover = openProver(cli);
      try {
        const { circuit } = readPlan(planned).tx;
        await prover.circuit(circuit);
        const proved = await proofStage(cli.progress, { circuit, number: 1, of: 1 }, () =>
          prove(planned, key, prover, io.signal),
        );
        await writeNew(io, output, proved);
      } finally {
        await prover.close();
      }
    }),
  );
}

interface SubmitOptions {
  readonly wait: boolean;
}

function addSubmit(tx: Command, io: Io): void {
  const command = tx
    .command('submit')
    .summary('join the parts and send them')
    .description(
      'Puts plan, signature and proof together, reserves the notes and gives the transaction to the node. Where the outcome is not known, ' +
        'the same files may be submitted again.',
    )
    .argument('<plan>', 'what `tx plan` wrote')
    .argument('<signed>', 'what `tx sign` wrote')
    .argument('<proved>', 'what `tx prove` wrote')
    .option('--wait', 'wait until it is in a block', false);
  withExamples(command, [
    { line: 'sero tx submit plan.json signed.json proved.json --wait', says: 'send, and wait for the block' },
  ]);
  runs<SubmitOptions>(command, io, (cli, { wait }, ...files) =>
    useWallet(cli, { chain: 'required' }, async (session) => {
      const [planned, signed, proved] = (await Promise.all(files.map((file) => readText(io, file)))) as [
        string,
        string,
        string,
      ];
      await expectNothingEntered(session, true);
      const sent = await sendParts(session, { plan: planned, signed, proved, left: [] });
      const result = wait ? await untilFinal(session, sent, readPlan(planned).tx.expiry) : sent;
      cli.out.data({ status: wait ? 'final' : 'submitted', ...result }, result.txid);
      cli.sends.shown();
    }),
  );
}
