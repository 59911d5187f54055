/** Why a package cannot be packed: a fault of its sources or of its package.json, in words for whoever packs. */
export class PackError extends Error {
  override readonly name = 'PackError';
  readonly code = 'unpackable';
}
