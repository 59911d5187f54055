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
   * off, and answers are refused as `busy` where none of those has had `minReadMs` or holds more than twice as much. Default
   * 67,108,864.
   */
  readonly maxUnsentBytes: number;
  /** Bytes of those of one client. Refusals may go an eighth beyond both bounds. Default 16,777,216. */
  readonly maxUnsentPerClient: number;
  /** ms that a client has to take an answer, or to send a request, before he can be cut off for others. Default 1,000. */
  readonly minReadMs: number;
  /** Bytes of encoded blocks that are kept for the next who asks. Default 67,108,864. */
  readonly maxCacheBytes: number;
  /**
   * Units that a client regains each second. A call takes 1, and 1 more for each 256 KiB of question or answer, each 32 blocks or
   * 256 KiB of them that are read from disk for it, and each 256 blocks that were kept encoded; GET /metrics takes 5. Default 200.
   */
  readonly unitsPerSecond: number;
  /** Units that a client can save up, and that work may run into debt before it is broken off. Default 1,000. */
  readonly burst: number;
  /** Clients whose units are remembered. Default 16,384. */
  readonly maxClients: number;
  /** Open connections, sockets included. Default 2,048. */
  readonly maxConnections: number;
  /**
   * Open connections from one address. Those of trusted proxies are not bounded by it, since a proxy speaks for many: there it
   * bounds the sockets of each address that the proxy names, and the proxy itself must bound that address's other connections.
   * Default 256.
   */
  readonly maxConnectionsPerAddress: number;
  /** Requests of one HTTP connection that wait for their answer at once; beyond it the connection is ended. Default 32. */
  readonly maxPipelined: number;
  /** Calls that wait for their answer at once; their bytes are bounded by `maxReceptionBytes`. Default 4,096. */
  readonly maxInFlight: number;
  /** Calls of one client that do, by the address that a trusted proxy names where there is one. Default 128. */
  readonly maxInFlightPerClient: number;
  /**
   * Bytes of all requests that are not answered yet, those among them that arrived in part. Beyond it the clients who hold the most
   * are cut off, and what arrives is refused as with answers. Default 67,108,864.
   */
  readonly maxReceptionBytes: number;
  /** Bytes of those of one client. Default 16,777,216. */
  readonly maxReceptionPerClient: number;
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
  /** ms for a whole request to arrive, and for a socket's message that has begun. Default 30,000. */
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
  maxPipelined: 32,
  maxInFlight: 4_096,
  maxInFlightPerClient: 128,
  maxReceptionBytes: 67_108_864,
  maxReceptionPerClient: 16_777_216,
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
