import { isIPv6 } from 'node:net';

/** Who may come in, by the two headers that a browser does not let a page forge. */
export interface DoorOptions {
  /** Names beside localhost, 127.0.0.1 and [::1] under which the node may be addressed; `*` for any. Default: none. */
  readonly allowedHosts?: readonly string[];
  /** Origins of other sites whose pages may call, such as `https://wallet.example`; no wildcard. Default: none. */
  readonly allowedOrigins?: readonly string[];
}

export interface Doors {
  /**
   * True where `Host` is a name of this node. A page of another site can let its own name point to a loopback address (DNS
   * rebinding), and then counts as this site for its browser; its name gives it away.
   */
  hostAllowed(host: string | undefined): boolean;
  /**
   * True where a request has no origin (no browser), this site's own, or an allowed one. Browsers open WebSockets and send some requests
   * across sites without asking, so that CORS alone would not keep pages out.
   */
  originAllowed(origin: string | undefined, host: string): boolean;
  /** True for an origin that is to be answered with CORS headers. */
  isListed(origin: string): boolean;
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** @param listening the address that the server listens at: who can name it need not be told of it */
export function createDoors(
  listening: string,
  { allowedHosts = [], allowedOrigins = [] }: DoorOptions,
): Doors {
  const own = isIPv6(listening) ? `[${listening}]` : listening;
  const hosts = new Set([...LOOPBACK, own, ...allowedHosts].map((host) => host.toLowerCase()));
  const origins = new Set(allowedOrigins);
  return {
    hostAllowed(host) {
      if (host === undefined) return false;
      return hosts.has('*') || hosts.has(host.replace(/:\d{1,5}$/, '').toLowerCase());
    },
    originAllowed(origin, host) {
      if (origin === undefined || origins.has(origin)) return true;
      return origin === `http://${host}` || origin === `https://${host}`;
    },
    isListed: (origin) => origins.has(origin),
  };
}
