/** Payments of a block. */
export const PAYMENTS = 4;

/** Where the node that is killed was when it said so. */
export type Marker =
  /** About to append a block to the log. */
  | { readonly at: 'commit'; readonly height: number }
  /** The block is in the log, and not yet in the state. */
  | { readonly at: 'logged'; readonly height: number }
  /** The state took it, so many ms after the commit began; 0 where a block of the log was applied at the start. */
  | { readonly at: 'written'; readonly ms: number }
  /** The block was told to everybody: it may never be lost. */
  | { readonly at: 'final'; readonly height: number; readonly hash: string };

/** A marker as a line. */
export function writeMarker(marker: Marker): string {
  return `${JSON.stringify(marker)}\n`;
}

/** The markers of what a process said before it died; a line that is not whole was not said. */
export function readMarkers(text: string): Marker[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Marker);
}
