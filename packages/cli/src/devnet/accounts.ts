import { addressToText, encodeOneTimeAddress, ownAddress, SERO_UNIT, type SpendingKey } from '@sero/protocol';
import { accountFromWords } from '@sero/wallet';

/**
 * Words of the ten accounts of every devnet: BIP-39 of the entropy B2b-256("SERO_devwords", LE32(i)), i = 0 to 9. The whole world
 * knows them: they are worth nothing anywhere else.
 */
export const DEVNET_WORDS: readonly string[] = [
  'choose liberty cycle card fix fatigue test loop duty delay table what urban envelope gorilla draft push myself pioneer grid cloth pepper doll push',
  'depend east salad surge slogan eight fat lock must movie tool garment found loan space gadget switch cluster below biology panda miracle jealous rigid',
  'still tomorrow three material legal recycle burden turkey balance chalk faint session bubble symptom will history innocent behave breeze rent salt flash chef metal',
  'rain endorse fresh trigger fence hidden oblige cycle aisle acid filter tonight dwarf that iron very chair phone tortoise paddle age bounce champion hockey',
  'voice blush case pony keep give stable gold brain finger drastic reform custom rhythm garden rubber seven defense cool bargain zebra slush input bullet',
  'seek garage work recipe damp noodle ribbon inhale plunge asthma pupil raccoon nest discover miracle major dress moral gloom section office expose bacon cereal',
  'manage rent heart fatal ridge space carry adult labor peanut pulse fatigue place satisfy victory title reduce comic recipe nurse level learn essay empty',
  'century educate rapid comfort exist glory sea follow sister region oblige nephew aim skin mandate merge nation evil access crunch hen tourist style open',
  'slide accident suspect deposit opinion grow cart cigar health gallery giant exhibit detail burst family act lend quiz cup spider book motion curve resist',
  'misery reopen front moment crawl mention fish cry fit enlist love velvet debate sad dose mix zoo image tent joy claim large average oven',
];

/** What the genesis file gives each of them: a million SERO. */
export const DEVNET_ALLOCATION = 1_000_000n * SERO_UNIT;

/** One funded account of a devnet. */
export interface DevnetAccount {
  readonly words: string;
  /** PK as text. */
  readonly address: string;
  /** What the genesis file credits: the account's owner address number 0, 64 bytes. */
  readonly allocationAddress: Uint8Array;
}

/** The ten accounts. */
export function devnetAccounts(chainId: bigint): DevnetAccount[] {
  return DEVNET_WORDS.map((words) => {
    const key: SpendingKey = accountFromWords(words);
    const { viewing } = key.proof;
    return {
      words,
      address: addressToText(viewing.address, 'development'),
      allocationAddress: encodeOneTimeAddress(ownAddress(viewing, chainId, 'owner', 0n)),
    };
  });
}
