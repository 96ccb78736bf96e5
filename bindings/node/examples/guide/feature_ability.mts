// The reference guide's steps in the FA model: only the import lines are other ones.

import { distributedKVStore, featureAbility, type AsyncCallback, type BusinessError, type Callback } from 'dkv';

let kvManager: distributedKVStore.KVManager | undefined = undefined;
let context = featureAbility.getContext();

const kvManagerConfig: distributedKVStore.KVManagerConfig = {
    context: context,
    bundleName: 'com.example.datamanagertest',
};
try {
    kvManager = distributedKVStore.createKVManager(kvManagerConfig);
    console.info('Succeeded in creating KVManager.');
} catch (e) {
    let error = e as BusinessError;
    console.error(`Failed to create KVManager. Code:${error.code},message:${error.message}`);
}

const options: distributedKVStore.Options = {
    createIfMissing: true,
    securityLevel: distributedKVStore.SecurityLevel.S1,
};
const told: Callback<distributedKVStore.ChangeNotification> = (data) => {
    console.info(`dataChange of ${data.deviceId.length} characters`);
};
const closed: AsyncCallback<void> = (err) => {
    console.info(err === undefined ? 'Succeeded in closing KVStore' : `Code:${err.code}`);
};

if (kvManager !== undefined) {
    kvManager = kvManager as distributedKVStore.KVManager;
    const manager: distributedKVStore.KVManager = kvManager;
    manager
        .getKVStore<distributedKVStore.DeviceKVStore>('deviceStoreId', options)
        .then(async (store: distributedKVStore.DeviceKVStore) => {
            store.on('dataChange', distributedKVStore.SubscribeType.SUBSCRIBE_TYPE_LOCAL, told);
            await store.put('key', 'value');
            const query = new distributedKVStore.Query().prefixKey('k');
            const entries: distributedKVStore.Entry[] = await store.getEntries(query);
            console.info(`Succeeded in getting ${entries.length} entries.`);
            manager.closeKVStore('com.example.datamanagertest', 'deviceStoreId', closed);
        })
        .catch((err: BusinessError) => {
            console.error(`Failed. Code:${err.code},message:${err.message}`);
        });
}
