// The package, for import. The code is that of require(), so that a program which uses both has one library, not two.

import dkv from './index.cjs';

export const { distributedKVStore, UIAbility, createContext, featureAbility, startAbility } = dkv;
export default distributedKVStore;
