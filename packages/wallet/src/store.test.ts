import { memoryWalletStore } from './store.ts';
import { walletStoreCompliance } from './store-test-support.ts';

walletStoreCompliance('memoryWalletStore', async () => memoryWalletStore());
