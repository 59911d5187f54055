/** Bounds of the RPC server. Each is there because somebody can otherwise make the node do or keep more than he pays for. */
export interface RpcLimits {
  /** Bytes of a request's body, and of a socket's message. Default 1,048,576; a transaction in hexadecimal digits has 262,146. */
  readonly maxBodyBytes: number;
  /** Levels of nesting in a body. Default 16. */
  readonly maxDepth: number;
  /** Calls of a batch. Default 64. */
  readonly maxBatch: number;
  /** Blocks, or entries, of a range. Default 1,024. */
  readonly maxRange: number;
  /** Bytes of an answer to a range; one block alone may have more. Default 4,194,304. */
  readonly maxAnswerBytes: number;
  /** Bytes of the answer to a batch, after which further calls of it are refused. Default 16,777,216. */
  readonly maxBatchAnswerBytes: number;
  /**
   * Bytes of all answers that their readers have not taken yet. Beyond it the readers who leave the most waiting are cut
   * off, and answers are refused as `busy` where none of those has had `minReadMs`. Default 67,108,864.
   */
  readonly maxUnsentBytes: number;
  /** Bytes of those of one client. Default 16,777,216. */
  readonly maxUnsentPerClient: number;
  /** ms that a reader has for an answer before he can be cut off for others. Default 1,000. */
  readonly minReadMs: number;
  /** Bytes of encoded blocks that are kept for the next who asks. Default 67,108,864. */
  readonly maxCacheBytes: number;
  /** Units that a client regains each second: a call takes 1, and 1 more for each 256 KiB of question or answer. Default 200. */
  readonly unitsPerSecond: number;
  /** Units that a client can save up. Default 1,000. */
  readonly burst: number;
  /** Clients whose units are remembered. Default 16,384. */
  readonly maxClients: number;
  /** Open connections, sockets included. Default 2,048. */
  readonly maxConnections: number;
  /** Open connections from one address. Default 256. */
  readonly maxConnectionsPerAddress: number;
  /** Requests that wait for their answer at once. Default 1,024. */
  readonly maxInFlight: number;
  /** Subscriptions of a socket. Default 16. */
  readonly maxSubscriptions: number;
  /** Calls of a socket that wait for their answer; while there are as many nothing is read from it. Default 64. */
  readonly maxSocketCalls: number;
  /** Bytes that a socket's reader may leave waiting before nothing is read from it and only the latest head is kept for it. Default 1,048,576. */
  readonly maxSocketBytes: number;
  /** ms that a socket may stay so before it is closed with code 4008. Default 10,000. */
  readonly slowSocketMs: number;
  /** ms between pings of a socket; one that has not answered the last is ended. Default 30,000. */
  readonly pingIntervalMs: number;
  /** ms for a request's headers to arrive. Default 10,000. */
  readonly headersTimeoutMs: number;
  /** ms for a whole request to arrive. Default 30,000. */
  readonly requestTimeoutMs: number;
  /** ms for an answer to be taken. Default 60,000. */
  readonly answerTimeoutMs: number;
  /** ms that a connection may stay open between requests. Default 10,000. */
  readonly keepAliveTimeoutMs: number;
  /** ms that close() gives answers under way. Default 1,000. */
  readonly closeGraceMs: number;
}

export const DEFAULT_LIMITS: RpcLimits = {
  maxBodyBytes: 1_048_576,
  maxDepth: 16,
  maxBatch: 64,
  maxRange: 1_024,
  maxAnswerBytes: 4_194_304,
  maxBatchAnswerBytes: 16_777_216,
  maxUnsentBytes: 67_108_864,
  maxUnsentPerClient: 16_777_216,
  minReadMs: 1_000,
  maxCacheBytes: 67_108_864,
  unitsPerSecond: 200,
  burst: 1_000,
  maxClients: 16_384,
  maxConnections: 2_048,
  maxConnectionsPerAddress: 256,
  maxInFlight: 1_024,
  maxSubscriptions: 16,
  maxSocketCalls: 64,
  maxSocketBytes: 1_048_576,
  slowSocketMs: 10_000,
  pingIntervalMs: 30_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  answerTimeoutMs: 60_000,
  keepAliveTimeoutMs: 10_000,
  closeGraceMs: 1_000,
};
