/** One payment as a client saw it. Times are ms of one monotonic clock, amounts in the smallest unit. */
export interface Payment {
  readonly client: string;
  readonly txid: string;
  readonly to: string;
  readonly amount: bigint;
  readonly fee: bigint;
  /** Node that it was given to. */
  readonly node: string;
  readonly invokedAt: number;
  /** taken: the node said that it has it. refused: that it has not. unknown: no answer, or none that says either. */
  readonly answer: 'taken' | 'refused' | 'unknown';
  readonly answeredAt: number;
  /** Where the payer's wallet saw it final, and when. */
  readonly final?: { readonly height: number; readonly at: number };
}

/** A client read the chain up to a block of a node. */
export interface Read {
  readonly client: string;
  readonly node: string;
  readonly height: number;
  readonly at: number;
}

/** What clients did and saw, in the order in which it ended. */
export interface History {
  readonly payments: readonly Payment[];
  readonly reads: readonly Read[];
}

/** A chain as one node shows it in the end. */
export interface View {
  readonly node: string;
  /** From block 1 on. */
  readonly blocks: readonly { readonly txids: readonly string[]; readonly nullifiers: readonly string[] }[];
}

/** Whose money is where in the end, all as of one height. */
export interface Ending {
  /** What the genesis file credited to all. */
  readonly allocated: bigint;
  /** By client, what its wallet has. */
  readonly balances: ReadonlyMap<string, bigint>;
  /** What each node says that the shielded pool holds. */
  readonly pooled: ReadonlyMap<string, bigint>;
  /** Payments that arrived, by the wallets of who got them. */
  readonly received: readonly { readonly client: string; readonly txid: string; readonly amount: bigint }[];
}

/** What cannot be if the network keeps its promises; empty where all is well. */
export function faultsOf({ payments, reads }: History, views: readonly View[], ending: Ending): string[] {
  const faults: string[] = [];
  const first = views[0];
  if (first === undefined) return ['nobody shows a chain'];

  // One order of final blocks.
  for (const { node, blocks } of views.slice(1)) {
    const length = Math.min(blocks.length, first.blocks.length);
    for (let i = 0; i < length; i++) {
      if (String(blocks[i]!.txids) !== String(first.blocks[i]!.txids)) {
        faults.push(`${node} and ${first.node} have other transactions in block ${i + 1}`);
        break;
      }
    }
  }

  const heights = new Map<string, number>();
  const spent = new Set<string>();
  for (const [i, { txids, nullifiers }] of first.blocks.entries()) {
    for (const txid of txids) {
      if (heights.has(txid))
        faults.push(`transaction ${txid} stands in blocks ${heights.get(txid)} and ${i + 1}`);
      heights.set(txid, i + 1);
    }
    for (const nullifier of nullifiers) {
      if (spent.has(nullifier)) faults.push(`a note is spent twice, the second time in block ${i + 1}`);
      spent.add(nullifier);
    }
  }

  const known = new Map(payments.map((payment) => [payment.txid, payment]));
  for (const txid of heights.keys()) if (!known.has(txid)) faults.push(`nobody made transaction ${txid}`);
  for (const { txid, answer, final, client } of payments) {
    const height = heights.get(txid);
    if (final !== undefined && final.height !== height) {
      faults.push(`${client} saw ${txid} final in block ${final.height}, it is in block ${height}`);
    }
    if (answer === 'refused' && height !== undefined)
      faults.push(`${txid} was refused and is in block ${height}`);
  }

  // What was final before another one began stands before it.
  const finals = payments.filter(({ final }) => final !== undefined);
  for (const later of payments) {
    const height = heights.get(later.txid);
    if (height === undefined) continue;
    for (const { txid, final } of finals) {
      if (final!.at <= later.invokedAt && final!.height >= height) {
        faults.push(
          `${later.txid} in block ${height} was begun after ${txid} was final in block ${final!.height}`,
        );
      }
    }
  }

  // Reads of one node never go back.
  const highest = new Map<string, number>();
  for (const { node, height, client, at } of reads.toSorted((a, b) => a.at - b.at)) {
    const before = highest.get(node) ?? 0;
    if (height < before)
      faults.push(`${client} read block ${height} of ${node} at ${at} ms, after block ${before}`);
    highest.set(node, Math.max(before, height));
  }

  // No money comes or goes.
  const included = payments.filter(({ txid }) => heights.has(txid));
  const fees = included.reduce((sum, { fee }) => sum + fee, 0n);
  const held = [...ending.balances.values()].reduce((sum, balance) => sum + balance, 0n);
  if (held + fees !== ending.allocated) {
    faults.push(`${ending.allocated} were allocated; the wallets hold ${held}, fees took ${fees}`);
  }
  for (const [node, pooled] of ending.pooled) {
    if (pooled !== held) faults.push(`${node} says that the pool holds ${pooled}, the wallets hold ${held}`);
  }
  for (const { txid, to, amount } of included) {
    const arrived = ending.received.filter((one) => one.client === to && one.txid === txid);
    if (arrived.length !== 1 || arrived[0]!.amount !== amount) {
      faults.push(
        `${txid} pays ${amount} to ${to}, who got ${arrived.map((one) => one.amount).join(' and ') || 'nothing'}`,
      );
    }
  }
  return faults;
}
