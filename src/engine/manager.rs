//! Calls on a manager: they touch the disk, so they leave the caller's thread at once.
//!
//! The manager's thread only finds out which store is meant; what is done with it is done by the store's slot, so that
//! stores do not wait for each other.

use std::path::PathBuf;
use std::sync::Arc;

use super::hold::Hold;
use super::lane::Next;
use super::opening::OpenJob;
use super::promise::{Answer, Promise};
use super::registry::{self, StoreKey};
use super::slot::SlotJob;
use super::threads;
use crate::disk::{self, Folder, RootKey, SharedVolume, StoreBackend, StoreFile, Tree};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{AppId, Options, StoreId};

/// Where a manager keeps its stores.
#[derive(Debug, Clone)]
pub struct Place {
    /// What both folders lie on.
    pub volume: SharedVolume,
    /// The manager's folder.
    pub base_dir: PathBuf,
    /// The store's own folder instead, if it has one.
    pub root_dir: Option<PathBuf>,
}

/// A store to open.
pub struct OpenRequest {
    pub app_id: AppId,
    pub volume: SharedVolume,
    pub base_dir: PathBuf,
    pub store_id: StoreId,
    pub options: Options,
    /// Where the key of an encrypted store comes from.
    pub root_key: RootKey,
    pub open_stores_max: u32,
}

/// A store to close, by its id.
pub struct CloseRequest {
    pub app_id: AppId,
    /// The bundle name of the manager that asks.
    pub bundle_name: AppId,
    pub place: Place,
    pub store_id: StoreId,
}

/// A store to delete.
pub struct DeleteRequest {
    pub app_id: AppId,
    /// The bundle name of the manager that asks.
    pub bundle_name: AppId,
    pub place: Place,
    pub store_id: StoreId,
}

/// Stores to list.
pub struct ListRequest {
    pub app_id: AppId,
    pub volume: SharedVolume,
    pub base_dir: PathBuf,
}

/// The id of this installation below a folder, to make if there is none.
pub struct DeviceIdRequest {
    pub volume: SharedVolume,
    pub base_dir: PathBuf,
}

/// What the manager's thread is asked to do.
pub enum ManagerJob {
    Open(Box<OpenRequest>, Promise<Hold>),
    Close(CloseRequest, Promise<()>),
    Delete(DeleteRequest, Promise<()>),
    List(ListRequest, Promise<Vec<String>>),
    DeviceId(DeviceIdRequest, Promise<String>),
    /// Close every store, those included whose opening was asked for before.
    CloseAll,
}

/// Opens a store.
///
/// # Errors
///
/// `Forked`, or `Database` if the system gives no thread; the answer then never comes.
pub fn open(request: OpenRequest, answer: Answer<Hold>) -> Result<()> {
    submit(|promise| ManagerJob::Open(Box::new(request), promise), answer)
}

/// Lets go of one handle of a store, by the store's id.
///
/// # Errors
///
/// As [`open`].
pub fn close(request: CloseRequest, answer: Answer<()>) -> Result<()> {
    submit(|promise| ManagerJob::Close(request, promise), answer)
}

/// Deletes a store, open or not.
///
/// # Errors
///
/// As [`open`].
pub fn delete(request: DeleteRequest, answer: Answer<()>) -> Result<()> {
    submit(|promise| ManagerJob::Delete(request, promise), answer)
}

/// Lists the ids of an application's stores, in ascending order of their bytes.
///
/// # Errors
///
/// As [`open`].
pub fn list(request: ListRequest, answer: Answer<Vec<String>>) -> Result<()> {
    submit(|promise| ManagerJob::List(request, promise), answer)
}

/// Reads the id of this installation.
///
/// # Errors
///
/// As [`open`].
pub fn device_id(request: DeviceIdRequest, answer: Answer<String>) -> Result<()> {
    submit(|promise| ManagerJob::DeviceId(request, promise), answer)
}

/// Closes every open store; returns before they are closed.
///
/// # Errors
///
/// `Forked` in a child of the process that opened them.
pub fn close_all() -> Result<()> {
    let engine = registry::engine()?;
    if !engine.is_idle() {
        push(engine, ManagerJob::CloseAll);
    }
    Ok(())
}

fn submit<T: Send + 'static>(job: impl FnOnce(Promise<T>) -> ManagerJob, answer: Answer<T>) -> Result<()> {
    let engine = registry::engine()?;
    push(engine, job(Promise::new(answer, Arc::clone(&engine.dispatch))));
    Ok(())
}

fn push(engine: &registry::Engine, job: ManagerJob) {
    if !engine.manager.push(job) {
        return;
    }
    if let Err(error) = threads::spawn("dkv-manager", run) {
        // Accepted is accepted: what was queued is answered, if only with this failure.
        for job in engine.manager.give_up() {
            refuse(job, &error);
        }
    }
}

fn refuse(job: ManagerJob, error: &Error) {
    match job {
        ManagerJob::Open(_, promise) => promise.settle(Err(error.clone())),
        ManagerJob::Close(_, promise) | ManagerJob::Delete(_, promise) => promise.settle(Err(error.clone())),
        ManagerJob::List(_, promise) => promise.settle(Err(error.clone())),
        ManagerJob::DeviceId(_, promise) => promise.settle(Err(error.clone())),
        ManagerJob::CloseAll => {}
    }
}

fn run() {
    let Ok(engine) = registry::engine() else { return };
    loop {
        match engine.manager.next(None) {
            Next::Items(jobs) => jobs.into_iter().for_each(|job| handle(engine, job)),
            Next::Deadline => {}
            Next::Retired => return,
        }
    }
}

fn handle(engine: &registry::Engine, job: ManagerJob) {
    match job {
        ManagerJob::Open(request, promise) => handle_open(engine, *request, promise),
        ManagerJob::Close(request, promise) => {
            if let Err(error) = request.app_id.check() {
                return promise.settle(Err(error));
            }
            if request.app_id != request.bundle_name {
                warn_of_foreign_close();
                return promise.settle(Ok(()));
            }
            match find(&request.place, request.store_id) {
                Ok(Some(key)) => engine.push(key, SlotJob::CloseById { app_id: request.app_id, promise }),
                // What has no folder is not open, and closing what is not open succeeds (`store.md` 3.6).
                Ok(None) => promise.settle(Ok(())),
                Err(error) if error.kind() == ErrorKind::CannotOpen => promise.settle(Ok(())),
                Err(error) => promise.settle(Err(error)),
            }
        }
        ManagerJob::Delete(request, promise) => match find_to_delete(&request) {
            Ok(key) => engine.push(key, SlotJob::Delete { app_id: request.app_id, promise }),
            Err(error) => promise.settle(Err(error)),
        },
        ManagerJob::List(request, promise) => {
            let ids = list_stores(&request);
            promise.settle(ids);
        }
        ManagerJob::DeviceId(request, promise) => {
            let id = Tree::resolve(&request.volume, &request.base_dir)
                .and_then(|tree| disk::load_or_create_device_id(&tree));
            promise.settle(id.map(|id| id.as_str().to_owned()));
        }
        ManagerJob::CloseAll => engine.close_all(),
    }
}

fn handle_open(engine: &registry::Engine, request: OpenRequest, promise: Promise<Hold>) {
    let OpenRequest { app_id, volume, base_dir, store_id, options, root_key, open_stores_max } = request;
    let trees = app_id.check_for_open().and_then(|()| Tree::resolve(&volume, &base_dir)).and_then(|manager_tree| {
        let tree = match &options.root_dir {
            None => manager_tree.clone(),
            Some(root_dir) => Tree::resolve(&volume, root_dir).map_err(|error| {
                Error::invalid_argument(format!("Parameter error: the rootDir cannot be used. {error}"))
            })?,
        };
        Ok((manager_tree, tree))
    });
    match trees {
        Ok((manager_tree, tree)) => {
            let job = OpenJob { app_id, manager_tree, options, root_key, open_stores_max, promise };
            engine.push(StoreKey { tree, store_id }, SlotJob::Open(Box::new(job)));
        }
        Err(error) => promise.settle(Err(error)),
    }
}

/// A wrong application id closes nothing, and succeeds (`store.md` 3.7).
pub fn warn_of_foreign_close() {
    log::warn!("a store was not closed: the application id of the call is not the bundle name it was opened with");
}

/// The store that is meant; none if its folder does not exist.
fn find(place: &Place, store_id: StoreId) -> Result<Option<StoreKey>> {
    let folder = place.root_dir.as_deref().unwrap_or(&place.base_dir);
    Ok(Tree::find(&place.volume, folder)?.map(|tree| StoreKey { tree, store_id }))
}

fn find_to_delete(request: &DeleteRequest) -> Result<StoreKey> {
    request.app_id.check()?;
    if request.app_id != request.bundle_name {
        return Err(Error::new(
            ErrorKind::NotFound,
            format!(
                "Not found. The application id of the call is {}, the manager's bundle name is {}.",
                request.app_id.as_str(),
                request.bundle_name.as_str()
            ),
        ));
    }
    find(&request.place, request.store_id.clone())?.ok_or_else(|| {
        let message = format!("Not found. There is no store {}, nor the folder for it.", request.store_id.as_str());
        Error::new(ErrorKind::NotFound, message)
    })
}

fn list_stores(request: &ListRequest) -> Result<Vec<String>> {
    request.app_id.check()?;
    let stores = Tree::resolve(&request.volume, &request.base_dir)?.stores();
    if !stores.exists()? {
        return Ok(Vec::new());
    }
    let names = stores.names()?;
    let mut ids: Vec<String> =
        names.iter().filter_map(|name| owned_store(&stores.inner(name), &request.app_id)).collect();
    ids.sort_unstable();
    Ok(ids)
}

/// The id of the store in `folder`, if there is one and it is the application's.
fn owned_store(folder: &Folder, app_id: &AppId) -> Option<String> {
    let is_store = disk::is_store_folder(folder.path().file_name()?.to_str()?)
        && folder.exists().ok()?
        && StoreFile::exists(folder).ok()?;
    if !is_store {
        return None;
    }
    match StoreFile::open_to_read(folder).and_then(StoreBackend::identify) {
        Ok(superblock) if superblock.identity.bundle_name == app_id.as_str() => Some(superblock.identity.store_id),
        Ok(_) => None,
        Err(error) => {
            log::warn!("a store was left out of a list: {error}");
            None
        }
    }
}
