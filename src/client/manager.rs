//! The manager of an application's stores (`store.md` 1 to 3).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::request::Request;
use super::store::KvStore;
use super::subscription::Subscription;
use crate::disk::{RootKey, SharedVolume, system};
use crate::engine::{self, Answer, CloseRequest, DeleteRequest, DeviceIdRequest, ListRequest, OpenRequest, Place};
use crate::error::{Error, Result};
use crate::limits::OPEN_STORES_MAX;
use crate::model::{AppId, Options, StoreId};

/// What a [`Manager`] is made with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ManagerOptions {
    /// The application's bundle name: not empty, at most 128 bytes to open a store with.
    pub bundle_name: String,
    /// The folder below which the stores lie. It must exist when a store is opened.
    pub base_dir: PathBuf,
    /// Whether the application may use the calls for system applications. Default false.
    pub is_system_app: bool,
    /// Stores that the application may have open at once. Default 16.
    pub open_stores_max: u32,
    /// Where the root key of encrypted stores comes from. Default [`RootKey::in_file`].
    pub root_key: RootKey,
    /// Where the folder lies: on the system's disk, except in tests of this library.
    volume: SharedVolume,
}

impl ManagerOptions {
    /// The defaults, with the fields that have none.
    pub fn new(bundle_name: impl Into<String>, base_dir: impl Into<PathBuf>) -> Self {
        Self {
            bundle_name: bundle_name.into(),
            base_dir: base_dir.into(),
            is_system_app: false,
            open_stores_max: OPEN_STORES_MAX,
            root_key: RootKey::in_file(),
            volume: system(),
        }
    }

    /// As `new`, for stores on a simulated volume.
    #[cfg(feature = "simulation")]
    #[doc(hidden)]
    pub fn simulated(bundle_name: impl Into<String>, volume: &crate::disk::simulated::SimulatedVolume) -> Self {
        Self { volume: std::sync::Arc::new(volume.clone()), ..Self::new(bundle_name, volume.base()) }
    }
}

/// Gives, closes, deletes and lists the stores of one application below one folder.
///
/// It is a plain value: making one touches no disk, and several may exist. All calls may be made from any thread.
#[derive(Debug, Clone)]
pub struct Manager {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    bundle_name: AppId,
    base_dir: PathBuf,
    is_system_app: bool,
    open_stores_max: u32,
    root_key: RootKey,
    volume: SharedVolume,
}

impl Manager {
    /// A manager. A relative folder is taken from the current one, now.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for an empty bundle name or folder, and for a limit of 0 open stores.
    pub fn new(options: ManagerOptions) -> Result<Self> {
        let bundle_name = AppId::new(&options.bundle_name)?;
        if options.base_dir.as_os_str().is_empty() {
            return Err(Error::invalid_argument("Parameter error: the folder of the stores is empty. Name one."));
        }
        if options.base_dir.as_os_str().as_encoded_bytes().contains(&0) {
            return Err(Error::invalid_argument("Parameter error: the folder of the stores has a NUL in its name."));
        }
        if options.open_stores_max == 0 {
            return Err(Error::invalid_argument(
                "Parameter error: the limit of open stores is 0, it needs at least 1.",
            ));
        }
        let base_dir = std::path::absolute(&options.base_dir)
            .map_err(|error| Error::invalid_argument(format!("Parameter error: the folder is not usable: {error}.")))?;
        let ManagerOptions { is_system_app, open_stores_max, root_key, volume, .. } = options;
        Ok(Self { inner: Arc::new(Inner { bundle_name, base_dir, is_system_app, open_stores_max, root_key, volume }) })
    }

    /// Whether the application may use the calls for system applications.
    #[must_use]
    pub fn is_system_app(&self) -> bool {
        self.inner.is_system_app
    }

    /// Opens a store, creating it unless the options say otherwise. Every call gives a handle of its own; handles on
    /// one store share it.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401): bad id, name or option, a missing store with `create_if_missing` false, an unusable
    /// `root_dir`; `InvalidSchema` (401). `OptionsChanged` (15100002), `SchemaMismatch` (15100002: the recorded schema does
    /// not allow this one), `General` (27459584: an entry does not fit a new schema; nothing was changed),
    /// `Corrupted` (15100003), `KeyUnavailable` (15100006: the system's keyring, which has the root key, cannot be used),
    /// `OverLimits` (15100001: the 17th store),
    /// `CannotOpen` (27459626: another process has it, permissions, folders), `NotSupported` (27459601).
    pub fn get_store(&self, store_id: &str, options: Options) -> Request<KvStore> {
        Request::start(|answer| self.get_store_then(store_id, options, answer))
    }

    /// As [`Manager::get_store`], with a callback that runs once on a thread of the library.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for a bad id or option, `Forked`: the callback then never runs.
    pub fn get_store_then(&self, store_id: &str, options: Options, answer: Answer<KvStore>) -> Result<()> {
        options.check()?;
        let request = OpenRequest {
            app_id: self.inner.bundle_name.clone(),
            volume: self.inner.volume.clone(),
            base_dir: self.inner.base_dir.clone(),
            store_id: StoreId::new(store_id)?,
            options,
            root_key: self.inner.root_key.clone(),
            open_stores_max: self.inner.open_stores_max,
        };
        engine::open(request, Box::new(move |hold| answer(hold.map(KvStore::new))))
    }

    /// Lets go of one handle of a store, by the store's id: after as many closes as opens the store is closed and all
    /// handles fail with `Closed`. Closing what is not open succeeds.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for a bad id.
    pub fn close_store(&self, app_id: &str, store_id: &str, root_dir: Option<&Path>) -> Request<()> {
        Request::start(|answer| self.close_store_then(app_id, store_id, root_dir, answer))
    }

    /// As [`Manager::close_store`], with a callback that runs once on a thread of the library.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for a bad id, `Forked`: the callback then never runs.
    pub fn close_store_then(
        &self,
        app_id: &str,
        store_id: &str,
        root_dir: Option<&Path>,
        answer: Answer<()>,
    ) -> Result<()> {
        let (app_id, store_id) = (AppId::new(app_id)?, StoreId::new(store_id)?);
        let bundle_name = self.inner.bundle_name.clone();
        engine::close(CloseRequest { app_id, bundle_name, place: self.place(root_dir), store_id }, answer)
    }

    /// Deletes a store and its data. An open one is closed first, whatever handles there are.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for a bad id, `NotFound` (15100004) for a store that does not exist or is another
    /// application's, `CannotOpen` (27459626) if another process has it open.
    pub fn delete_store(&self, app_id: &str, store_id: &str, root_dir: Option<&Path>) -> Request<()> {
        Request::start(|answer| self.delete_store_then(app_id, store_id, root_dir, answer))
    }

    /// As [`Manager::delete_store`], with a callback that runs once on a thread of the library.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for a bad id, `Forked`: the callback then never runs.
    pub fn delete_store_then(
        &self,
        app_id: &str,
        store_id: &str,
        root_dir: Option<&Path>,
        answer: Answer<()>,
    ) -> Result<()> {
        let request = DeleteRequest {
            app_id: AppId::new(app_id)?,
            bundle_name: self.inner.bundle_name.clone(),
            place: self.place(root_dir),
            store_id: StoreId::new(store_id)?,
        };
        engine::delete(request, answer)
    }

    /// The ids of all stores of an application in this manager's folder, open or not, in ascending order of their
    /// bytes. Stores with a `root_dir` of their own are not among them.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for a bad application id, `CannotOpen` (27459626) if the folder cannot be read.
    pub fn all_store_ids(&self, app_id: &str) -> Request<Vec<String>> {
        Request::start(|answer| self.all_store_ids_then(app_id, answer))
    }

    /// As [`Manager::all_store_ids`], with a callback that runs once on a thread of the library.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for an empty application id, `Forked`: the callback then never runs.
    pub fn all_store_ids_then(&self, app_id: &str, answer: Answer<Vec<String>>) -> Result<()> {
        let app_id = AppId::new(app_id)?;
        let (volume, base_dir) = (self.inner.volume.clone(), self.inner.base_dir.clone());
        engine::list(ListRequest { app_id, volume, base_dir }, answer)
    }

    /// The device id of this installation: 64 lower-case hexadecimal digits. It is made with the first call or the
    /// first store below the manager's folder, and is the same for every manager of that folder from then on.
    ///
    /// # Errors
    ///
    /// `CannotOpen` (27459626) if its file cannot be made or read, `Corrupted` (15100003) if it holds something else.
    pub fn local_device_id(&self) -> Request<String> {
        Request::start(|answer| self.local_device_id_then(answer))
    }

    /// As [`Manager::local_device_id`], with a callback that runs once on a thread of the library.
    ///
    /// # Errors
    ///
    /// `Forked`: the callback then never runs.
    pub fn local_device_id_then(&self, answer: Answer<String>) -> Result<()> {
        let (volume, base_dir) = (self.inner.volume.clone(), self.inner.base_dir.clone());
        engine::device_id(DeviceIdRequest { volume, base_dir }, answer)
    }

    /// Registers a callback for the end of the service that holds the stores, as the reference has it
    /// (`store.md` 1.4). Here the stores are held by this very process: the callback never runs.
    pub fn subscribe_service_death(&self, died: impl Fn() + Send + Sync + 'static) -> Subscription {
        Subscription::new(died)
    }

    fn place(&self, root_dir: Option<&Path>) -> Place {
        Place {
            volume: self.inner.volume.clone(),
            base_dir: self.inner.base_dir.clone(),
            root_dir: root_dir.map(Path::to_owned),
        }
    }
}
