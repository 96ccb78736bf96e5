// The types for import: those of require(), with the namespace as the default export.

import { distributedKVStore } from './index.cjs';

export {
    type AsyncCallback,
    type BaseContext,
    type BusinessError,
    type Callback,
    UIAbility,
    createContext,
    distributedKVStore,
    featureAbility,
    startAbility,
} from './index.cjs';
export default distributedKVStore;
