// The reference guide's steps 2 to 7, in the Stage model: only the import lines are other ones.

import { UIAbility, distributedKVStore, type BusinessError } from 'dkv';

let kvManager: distributedKVStore.KVManager | undefined = undefined;
let kvStore: distributedKVStore.SingleKVStore | undefined = undefined;

const KEY_TEST_STRING_ELEMENT = 'key_test_string';
const VALUE_TEST_STRING_ELEMENT = '{"id":0, "name":"lisi"}';

export default class EntryAbility extends UIAbility {
    onCreate() {
        let context = this.context;
        const kvManagerConfig: distributedKVStore.KVManagerConfig = {
            context: context,
            bundleName: 'com.example.datamanagertest',
        };
        try {
            // Create a KVManager instance.
            kvManager = distributedKVStore.createKVManager(kvManagerConfig);
            console.info('Succeeded in creating KVManager.');
            openStore();
        } catch (e) {
            let error = e as BusinessError;
            console.error(`Failed to create KVManager. Code:${error.code},message:${error.message}`);
        }
    }
}

function openStore() {
    try {
        let child1 = new distributedKVStore.FieldNode('id');
        child1.type = distributedKVStore.ValueType.INTEGER;
        child1.nullable = false;
        child1.default = '1';
        let child2 = new distributedKVStore.FieldNode('name');
        child2.type = distributedKVStore.ValueType.STRING;
        child2.nullable = false;
        child2.default = 'zhangsan';

        let schema = new distributedKVStore.Schema();
        schema.root.appendChild(child1);
        schema.root.appendChild(child2);
        schema.indexes = ['$.id', '$.name'];
        // The value 0 indicates the compatible mode, and 1 the strict mode.
        schema.mode = 1;
        // Set the number of bytes to be skipped during the value check. The value range is [0, 4M-2].
        schema.skip = 0;

        const options: distributedKVStore.Options = {
            createIfMissing: true,
            encrypt: false,
            backup: false,
            autoSync: false,
            // If kvStoreType is left empty, a device KV store is created by default.
            kvStoreType: distributedKVStore.KVStoreType.SINGLE_VERSION,
            schema: schema,
            securityLevel: distributedKVStore.SecurityLevel.S3,
        };
        kvManager = kvManager as distributedKVStore.KVManager;
        kvManager.getKVStore<distributedKVStore.SingleKVStore>(
            'storeId',
            options,
            (err, store: distributedKVStore.SingleKVStore) => {
                if (err) {
                    console.error(`Failed to get KVStore: Code:${err.code},message:${err.message}`);
                    return;
                }
                console.info('Succeeded in getting KVStore.');
                kvStore = store;
                subscribeDataChange();
                putData();
            },
        );
    } catch (e) {
        let error = e as BusinessError;
        console.error(`An unexpected error occurred. Code:${error.code},message:${error.message}`);
    }
}

function subscribeDataChange() {
    try {
        kvStore = kvStore as distributedKVStore.SingleKVStore;
        kvStore.on(
            'dataChange',
            distributedKVStore.SubscribeType.SUBSCRIBE_TYPE_ALL,
            (data: distributedKVStore.ChangeNotification) => {
                console.info(`dataChange callback call data: ${data.insertEntries.length} inserted`);
            },
        );
    } catch (e) {
        let error = e as BusinessError;
        console.error(`An unexpected error occurred. code:${error.code},message:${error.message}`);
    }
}

function putData() {
    try {
        kvStore = kvStore as distributedKVStore.SingleKVStore;
        kvStore.put(KEY_TEST_STRING_ELEMENT, VALUE_TEST_STRING_ELEMENT, (err) => {
            if (err !== undefined) {
                console.error(`Failed to put data. Code:${err.code},message:${err.message}`);
                return;
            }
            console.info('Succeeded in putting data.');
            getData();
        });
    } catch (e) {
        let error = e as BusinessError;
        console.error(`An unexpected error occurred. Code:${error.code},message:${error.message}`);
    }
}

function getData() {
    try {
        kvStore = kvStore as distributedKVStore.SingleKVStore;
        kvStore.get(KEY_TEST_STRING_ELEMENT, (err, data) => {
            if (err != undefined) {
                console.error(`Failed to get data. Code:${err.code},message:${err.message}`);
                return;
            }
            console.info(`Succeeded in getting data. Data:${data}`);
            deleteData();
        });
    } catch (e) {
        let error = e as BusinessError;
        console.error(`Failed to get data. Code:${error.code},message:${error.message}`);
    }
}

function deleteData() {
    try {
        kvStore = kvStore as distributedKVStore.SingleKVStore;
        kvStore.delete(KEY_TEST_STRING_ELEMENT, (err) => {
            if (err !== undefined) {
                console.error(`Failed to delete data. Code:${err.code},message:${err.message}`);
                return;
            }
            console.info('Succeeded in deleting data.');
            closeStore();
        });
    } catch (e) {
        let error = e as BusinessError;
        console.error(`An unexpected error occurred. Code:${error.code},message:${error.message}`);
    }
}

function closeStore() {
    try {
        kvStore = undefined;
        kvManager = kvManager as distributedKVStore.KVManager;
        // The application id is the bundle name.
        kvManager.closeKVStore('com.example.datamanagertest', 'storeId', (err: BusinessError) => {
            if (err) {
                console.error(`Failed to close KVStore.code is ${err.code},message is ${err.message}`);
                return;
            }
            console.info('Succeeded in closing KVStore');
            deleteStore();
        });
    } catch (e) {
        let error = e as BusinessError;
        console.error(`An unexpected error occurred. Code:${error.code},message:${error.message}`);
    }
}

function deleteStore() {
    try {
        kvStore = undefined;
        kvManager = kvManager as distributedKVStore.KVManager;
        kvManager.deleteKVStore('com.example.datamanagertest', 'storeId', (err: BusinessError) => {
            if (err) {
                console.error(`Failed to delete KVStore.code is ${err.code},message is ${err.message}`);
                return;
            }
            console.info('Succeeded in deleting KVStore');
        });
    } catch (e) {
        let error = e as BusinessError;
        console.error(`An unexpected error occurred. Code:${error.code},message:${error.message}`);
    }
}
