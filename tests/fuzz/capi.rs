//! The C interface, driven by bytes: any call in any order, with anything that a C program could legally hold.
//!
//! A call gives a number that has a name, remembers its failure, and never fails inside. What it gives out can be read.
//! In the end the library shuts down, whatever was left open.

use dkv as _;

use crate::abi::{self, Callback};
use crate::arguments::*;
use crate::machine::{self, Machine, Noun};

const OK: i32 = 0;
const INTERNAL: i32 = -5;
/// Calls of one input. More of them find nothing that these do not.
const CALLS_MAX: usize = 200;
const SHUTDOWN_MS: u32 = 60_000;

unsafe extern "C" {
    fn dkv_last_error() -> *const abi::Error;
    fn dkv_status_name(code: i32) -> *const std::ffi::c_char;
}

/// Declares functions as the header does, and lists them as calls whose arguments a machine makes.
macro_rules! calls {
    ($list:ident -> $result:ty; $($name:ident($($kind:ident),*);)*) => {
        unsafe extern "C" {
            $(fn $name($(_: <$kind as Argument>::C),*) -> $result;)*
        }

        const $list: &[fn(&mut Machine<'_>) -> $result] =
            &[$(|machine| unsafe { $name($(<$kind as Argument>::take(machine)),*) }),*];
    };
}

calls! {
    CALLS -> i32;
    dkv_manager_options_init(OutStruct, Length);
    dkv_store_options_init(OutStruct, Length);
    dkv_manager_create(ManagerOptions, OutManager);
    dkv_manager_on_queue(Manager, Queue, OutManager);
    dkv_manager_get_store(Manager, Data, Length, StoreOptions, StoreCallback, UserData);
    dkv_manager_close_store(Manager, Data, Length, Data, Length, Folder, Length, VoidCallback, UserData);
    dkv_manager_delete_store(Manager, Data, Length, Data, Length, Folder, Length, VoidCallback, UserData);
    dkv_manager_get_all_store_ids(Manager, Data, Length, TextsCallback, UserData);
    dkv_manager_get_local_device_id(Manager, TextCallback, UserData);
    dkv_shutdown(Timeout);
    dkv_store_on_queue(Store, Queue, OutStore);
    dkv_store_put(Store, Data, Length, OneValue, VoidCallback, UserData);
    dkv_store_get(Store, Data, Length, ValueCallback, UserData);
    dkv_store_delete(Store, Data, Length, VoidCallback, UserData);
    dkv_store_put_batch(Store, Entries, Length, VoidCallback, UserData);
    dkv_store_delete_batch(Store, Texts, Length, VoidCallback, UserData);
    dkv_store_get_entries(Store, Data, Length, EntriesCallback, UserData);
    dkv_store_flush(Store, VoidCallback, UserData);
    dkv_store_start_transaction(Store, VoidCallback, UserData);
    dkv_store_commit(Store, VoidCallback, UserData);
    dkv_store_rollback(Store, VoidCallback, UserData);
    dkv_store_get_now(Store, Data, Length, Room, Length, OutValue);
    dkv_store_try_get(Store, Data, Length, Room, Length, OutValue);
    dkv_store_close(Store, VoidCallback, UserData);
    dkv_store_get_many(Store, Texts, Length, ValuesCallback, UserData);
    dkv_store_count(Store, Data, Length, CountCallback, UserData);
    dkv_store_put_if_absent(Store, Data, Length, OneValue, NumberCallback, UserData);
    dkv_store_put_if_unchanged(Store, Data, Length, OneValue, OneValue, NumberCallback, UserData);
    dkv_store_delete_if_unchanged(Store, Data, Length, OneValue, NumberCallback, UserData);
    dkv_field_node_new(Data, Length, OutNode);
    dkv_field_node_append_child(Node, Node);
    dkv_field_node_set_type(Node, Int);
    dkv_field_node_set_nullable(Node, Int);
    dkv_field_node_set_default(Node, OneValue);
    dkv_schema_new(OutSchema);
    dkv_schema_root(Schema, OutNode);
    dkv_schema_set_root(Schema, Node);
    dkv_schema_set_indexes(Schema, Texts, Length);
    dkv_schema_set_mode(Schema, Uint);
    dkv_schema_set_skip(Schema, Uint);
    dkv_schema_to_json(Schema, OutText);
    dkv_store_subscribe(Store, Int, ChangeCallback, UserData, OutSubscription);
    dkv_store_get_from_device(Store, Data, Length, Data, Length, ValueCallback, UserData);
    dkv_store_get_entries_from_device(Store, Data, Length, Data, Length, EntriesCallback, UserData);
    dkv_store_get_result_set_from_device(Store, Data, Length, Data, Length, ResultSetCallback, UserData);
    dkv_store_count_from_device(Store, Data, Length, Data, Length, CountCallback, UserData);
    dkv_store_remove_device_data(Store, Data, Length, VoidCallback, UserData);
    dkv_store_get_security_level(Store, NumberCallback, UserData);
    dkv_store_enable_sync(Store, Int, VoidCallback, UserData);
    dkv_store_set_sync_range(Store, Texts, Length, Texts, Length, VoidCallback, UserData);
    dkv_store_set_sync_param(Store, Uint, VoidCallback, UserData);
    dkv_store_sync(Store, Texts, Length, Int, Uint);
    dkv_store_subscribe_sync_complete(Store, ToldCallback, UserData, OutSubscription);
    dkv_manager_subscribe_service_death(Manager, DeathCallback, UserData, OutSubscription);
    dkv_store_get_result_set(Store, Data, Length, ResultSetCallback, UserData);
    dkv_result_set_get_count(ResultSet, OutNumber);
    dkv_result_set_get_position(ResultSet, OutNumber);
    dkv_result_set_move_to_first(ResultSet, OutNumber);
    dkv_result_set_move_to_last(ResultSet, OutNumber);
    dkv_result_set_move_to_next(ResultSet, OutNumber);
    dkv_result_set_move_to_previous(ResultSet, OutNumber);
    dkv_result_set_move(ResultSet, Long, OutNumber);
    dkv_result_set_move_to_position(ResultSet, Long, OutNumber);
    dkv_result_set_is_first(ResultSet, OutNumber);
    dkv_result_set_is_last(ResultSet, OutNumber);
    dkv_result_set_is_before_first(ResultSet, OutNumber);
    dkv_result_set_is_after_last(ResultSet, OutNumber);
    dkv_result_set_get_entry(ResultSet, OutEntry);
    dkv_result_set_close(ResultSet);
    dkv_key_range_init(OutStruct, Length);
    dkv_store_get_iterator(Store, KeyRange, IteratorCallback, UserData);
    dkv_iterator_next_page(Iterator, OutPage, OutCount);
    dkv_query_new(OutQuery);
    dkv_query_reset(Query);
    dkv_query_get_sql_like(Query, Room, Length, OutNumber);
    dkv_query_and(Query);
    dkv_query_or(Query);
    dkv_query_begin_group(Query);
    dkv_query_end_group(Query);
    dkv_query_order_by_asc(Query, Data, Length);
    dkv_query_order_by_desc(Query, Data, Length);
    dkv_query_limit(Query, Int, Int);
    dkv_query_prefix_key(Query, Data, Length);
    dkv_query_set_suggest_index(Query, Data, Length);
    dkv_query_device_id(Query, Data, Length);
    dkv_query_equal_to(Query, Data, Length, OneValue);
    dkv_query_not_equal_to(Query, Data, Length, OneValue);
    dkv_query_greater_than(Query, Data, Length, OneValue);
    dkv_query_less_than(Query, Data, Length, OneValue);
    dkv_query_greater_than_or_equal_to(Query, Data, Length, OneValue);
    dkv_query_less_than_or_equal_to(Query, Data, Length, OneValue);
    dkv_query_is_null(Query, Data, Length);
    dkv_query_is_not_null(Query, Data, Length);
    dkv_query_in_number(Query, Data, Length, Values, Length);
    dkv_query_not_in_number(Query, Data, Length, Values, Length);
    dkv_query_in_string(Query, Data, Length, Texts, Length);
    dkv_query_not_in_string(Query, Data, Length, Texts, Length);
    dkv_query_like(Query, Data, Length, Data, Length);
    dkv_query_unlike(Query, Data, Length, Data, Length);
    dkv_store_get_entries_by_query(Store, Query, EntriesCallback, UserData);
    dkv_store_get_entries_from_device_by_query(Store, Data, Length, Query, EntriesCallback, UserData);
    dkv_store_get_result_set_by_query(Store, Query, ResultSetCallback, UserData);
    dkv_store_get_result_set_from_device_by_query(Store, Data, Length, Query, ResultSetCallback, UserData);
    dkv_store_get_result_size(Store, Query, CountCallback, UserData);
    dkv_store_get_result_size_from_device(Store, Data, Length, Query, CountCallback, UserData);
    dkv_store_explain_query(Store, Query, Room, Length, OutNumber);
    dkv_store_sync_by_query(Store, Texts, Length, Query, Int, Uint);
    dkv_store_backup(Store, Data, Length, VoidCallback, UserData);
    dkv_store_restore(Store, Data, Length, VoidCallback, UserData);
    dkv_store_delete_backup(Store, Texts, Length, BackupsCallback, UserData);
    dkv_store_backup_ex(Store, Data, Length, Folder, Length, VoidCallback, UserData);
    dkv_store_restore_ex(Store, Data, Length, Folder, Length, VoidCallback, UserData);
    dkv_store_delete_backup_ex(Store, Data, Length, Folder, Length, VoidCallback, UserData);
    dkv_store_check_integrity(Store, Int, VoidCallback, UserData);
    dkv_store_compact(Store, VoidCallback, UserData);
    dkv_store_rekey(Store, VoidCallback, UserData);
    dkv_store_get_statistics_now(Store, OutGrowable);
    dkv_store_describe_holders_now(Store, Room, Length, OutNumber);
    dkv_store_get_recovery_now(Store, OutGrowable);
    dkv_store_describe_recovery_now(Store, Room, Length, OutNumber);
    dkv_queue_create(OutQueue);
    dkv_queue_descriptor(Queue, OutDescriptor);
    dkv_queue_wait(Queue, Timeout);
    dkv_queue_drain(Queue, DrainRoom, Length, OutDrained, OutNumber);
    dkv_blob_data(Blob, OutData, OutCount);
    dkv_store_submit(Store, Data, Length, OutNumber);
    dkv_set_logger(LogCallback, UserData);
    dkv_set_log_queue(Queue);
}

calls! {
    ENDS -> ();
    dkv_manager_free(Manager);
    dkv_store_free(Store);
    dkv_field_node_free(Node);
    dkv_schema_free(Schema);
    dkv_subscription_free(Subscription);
    dkv_result_set_free(ResultSet);
    dkv_iterator_free(Iterator);
    dkv_query_free(Query);
    dkv_queue_free(Queue);
    dkv_blob_free(Blob);
}

/// Makes a call, and looks at what it says.
fn call(machine: &mut Machine<'_>) {
    let chosen = usize::from(machine.byte());
    let mut succeeded = false;
    if chosen >= CALLS.len() + ENDS.len() {
        // Time for answers.
        std::thread::yield_now();
    } else if let Some(end) = chosen.checked_sub(CALLS.len()) {
        ENDS[end](machine);
    } else {
        let code = CALLS[chosen](machine);
        check(code);
        succeeded = code == OK;
    }
    machine.take_back(succeeded);
}

fn check(code: i32) {
    let name = unsafe { std::ffi::CStr::from_ptr(dkv_status_name(code)) };
    assert!(name.to_bytes() != b"DKV_ERR_?", "{code} has a name");
    assert_ne!(code, INTERNAL, "the library failed inside");
    if code != OK {
        let error = unsafe { dkv_last_error().as_ref() }.expect("a failure is remembered");
        assert_eq!(error.code, code);
        read_bytes(error.message, error.message_length);
    }
}

/// Opens a store, so that not every input has to find out how.
fn begin(machine: &mut Machine<'_>, folder: &str) {
    let (mut manager, mut queue, mut view) = (0, 0, 0);
    let options = abi::ManagerOptions::new("com.example.tests", folder);
    let mut store = abi::StoreOptions::single();
    store.kind = i32::from(machine.byte() % 2);
    unsafe {
        assert_eq!(dkv_manager_create((&raw const options).cast(), &raw mut manager), OK);
        assert_eq!(dkv_queue_create(&raw mut queue), OK);
        assert_eq!(dkv_manager_on_queue(manager, queue, &raw mut view), OK);
        let store = (&raw const store).cast();
        assert_eq!(dkv_manager_get_store(view, b"a".as_ptr(), 1, store, std::ptr::null(), std::ptr::null_mut()), OK);
        assert_eq!(dkv_queue_wait(queue, SHUTDOWN_MS), OK);
        let mut buffer = [0; 64];
        let (mut written, mut needed) = (0usize, 0usize);
        let places = ((&raw mut written).cast(), (&raw mut needed).cast());
        assert_eq!(dkv_queue_drain(queue, buffer.as_mut_ptr(), buffer.len(), places.0, places.1), OK);
        keep_drained(&buffer[..written]);
        let answer = on_store as Callback;
        assert_eq!(dkv_manager_get_store(manager, b"a".as_ptr(), 1, store, answer, std::ptr::null_mut()), OK);
    }
    for (noun, handle) in [(Noun::Queue, queue), (Noun::Manager, view), (Noun::Manager, manager)] {
        machine::keep(noun, handle);
    }
    while machine::handles(Noun::Store).len() < 2 {
        std::thread::yield_now();
    }
}

/// Ends every handle, whether it is alive or not, and the library.
fn end() {
    unsafe {
        assert_eq!(dkv_set_logger(std::ptr::null(), std::ptr::null_mut()), OK);
        assert_eq!(dkv_shutdown(SHUTDOWN_MS), OK, "nothing keeps the library");
        machine::handles(Noun::ResultSet).into_iter().for_each(|handle| dkv_result_set_free(handle));
        machine::handles(Noun::Iterator).into_iter().for_each(|handle| dkv_iterator_free(handle));
        machine::handles(Noun::Subscription).into_iter().for_each(|handle| dkv_subscription_free(handle));
        machine::handles(Noun::Store).into_iter().for_each(|handle| dkv_store_free(handle));
        machine::handles(Noun::Manager).into_iter().for_each(|handle| dkv_manager_free(handle));
        machine::handles(Noun::Query).into_iter().for_each(|handle| dkv_query_free(handle));
        machine::handles(Noun::Schema).into_iter().for_each(|handle| dkv_schema_free(handle));
        machine::handles(Noun::Node).into_iter().for_each(|handle| dkv_field_node_free(handle));
        machine::handles(Noun::Blob).into_iter().for_each(|handle| dkv_blob_free(handle));
        machine::handles(Noun::Queue).into_iter().for_each(|handle| dkv_queue_free(handle));
        assert_eq!(dkv_shutdown(SHUTDOWN_MS), OK);
    }
    close_descriptors();
    machine::forget_handles();
}

/// Makes the calls that the bytes say.
pub fn calls(bytes: &[u8]) {
    let folder = abi::folder();
    let folder = folder.path().to_str().unwrap();
    let mut machine = Machine::new(bytes, folder);
    begin(&mut machine, folder);
    for _ in 0..CALLS_MAX {
        if machine.is_over() {
            break;
        }
        call(&mut machine);
    }
    end();
}
