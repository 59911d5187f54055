/** Why a node did not start, or stopped. */
export type NodeErrorCode =
  /** The directory holds the chain of another genesis file. */
  | 'other-genesis'
  /** The stored chain is damaged beyond what can be built again from its blocks. */
  | 'chain-damaged'
  /** The chain runs, or has come to, a version of the protocol that this software lacks; another release goes on with what is stored. */
  | 'version-unknown'
  /** Reading or writing the disk failed while the node ran. */
  | 'storage-failed'
  /** Making or applying a block failed for another reason: a fault of the program. */
  | 'sealing-failed'
  /** Two certificates of one round for different blocks were seen: more than a third of the stake is dishonest, or a program is wrong. Nothing is chosen. */
  | 'two-certificates'
  /** Nobody offers the state that this node was told to begin with. */
  | 'no-snapshot'
  /** The node cannot meet others where it was told to. */
  | 'network-unusable'
  /** A validator's keys were given to a node whose chain has none, or cannot be used. */
  | 'validator-unusable'
  /** The RPC server cannot listen where it was told to. */
  | 'port-unusable';

/** A typed failure of the node: `code` is stable and for programs, `message` says what to do. */
export class NodeError extends Error {
  readonly code: NodeErrorCode;

  constructor(code: NodeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NodeError';
    this.code = code;
  }
}
