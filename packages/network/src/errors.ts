/** How a request can end other than by its whole answer. */
export type RequestErrorCode =
  /** The peer holds that the request makes no sense; thrown by a server, it says so to the peer. */
  | 'invalid'
  /** The peer has not got it; thrown by a server, it says so to the peer. */
  | 'unavailable'
  /** The peer was asked too much, or has no room for the answer, or too many requests to it wait here: ask later, or somebody else. */
  | 'limited'
  /** The connection, the next chunk or the whole answer took too long. */
  | 'timeout'
  /** The caller, or the network that closes, gave up. */
  | 'aborted'
  /** No connection to that peer, or it ended before the answer did. */
  | 'closed'
  /** The peer does not speak this protocol of this network. */
  | 'unsupported'
  /** The answer breaks the protocol: a frame too large, an unknown result, more chunks than were asked for. */
  | 'malformed';

/** A request without its whole answer: `code` is stable, the message says what happened. */
export class RequestError extends Error {
  readonly code: RequestErrorCode;

  constructor(code: RequestErrorCode, message: string = code) {
    super(message);
    this.name = 'RequestError';
    this.code = code;
  }
}

/** What is wrong with how a network was called. */
export type NetworkErrorCode =
  /** An item that no peer would take: empty, or longer than its topic allows. */
  | 'item-size'
  /** A limit that makes no sense, or does not fit another one. */
  | 'limit-invalid'
  /** An address that is none, has a name that is none, or lacks the peer's id. */
  | 'address-invalid'
  /** A name that stands for no address, as far as the resolver knows; the dialler tries again. */
  | 'name-unknown'
  /** A key file that holds something else. */
  | 'key-file'
  /** The network is closed. */
  | 'closed';

/** A typed refusal of a call. */
export class NetworkError extends Error {
  readonly code: NetworkErrorCode;

  constructor(code: NetworkErrorCode, message: string) {
    super(message);
    this.name = 'NetworkError';
    this.code = code;
  }
}
