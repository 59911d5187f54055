import type { HeldWrites } from '@sero/store';
import type { CertificateStore } from '../validator/certificates.ts';

type Writes = Pick<HeldWrites, 'hold' | 'flush' | 'held'>;

/**
 * Certificates held with the blocks that they make final, and durable before them whoever has these written: no block is there without its
 * certificate after a crash. A certificate of its own sync each would take as long as all else of an empty block.
 */
export function heldTogether(
  certificates: Pick<CertificateStore, 'hold' | 'flush' | 'held'>,
  writes: Pick<HeldWrites, 'hold' | 'flush' | 'held' | 'beforeWrite'>,
): Writes {
  let isHolding = false;
  writes.beforeWrite(() => {
    if (!isHolding) return;
    certificates.flush();
    certificates.hold();
  });
  return {
    hold() {
      isHolding = true;
      certificates.hold();
      writes.hold();
    },
    flush() {
      certificates.flush();
      isHolding = false;
      writes.flush();
    },
    held: () => certificates.held() + writes.held(),
  };
}
