//! Makes the backend of a model. This is the only file that names every backend.

use std::sync::Arc;

use super::options::Options;
use super::{Home, sequential, threads};
use crate::error::{Error, Result};
use crate::model::Model;

/// The backend of `model`. The options have been checked.
pub(crate) fn backend(model: Model, options: &Options) -> Result<Arc<Home>> {
    #[cfg(all(feature = "mpi", target_os = "linux"))]
    if matches!(model, Model::Mpi | Model::Processes) && super::mpi::is_serving() {
        return Err(Error::setup(
            Some(model),
            "an MPI rank starts no workers of its own: inside a task, use `Executor::current()`",
        ));
    }
    #[cfg(all(feature = "mpi", target_os = "linux"))]
    if model == Model::Mpi && super::processes::worker::is_serving() {
        return Err(Error::setup(
            Some(model),
            "a worker process starts no workers of its own: inside a task, use `Executor::current()`",
        ));
    }
    match model {
        Model::Sequential => Ok(sequential::inline(options.cores)),
        Model::Threads => threads::new(options),
        #[cfg(feature = "async")]
        Model::Async => super::tokio::new(options),
        #[cfg(all(feature = "processes", target_os = "linux"))]
        Model::Processes => super::processes::new(options),
        #[cfg(all(feature = "mpi", target_os = "linux"))]
        Model::Mpi => super::mpi::new(options),
        #[allow(unreachable_patterns, reason = "reached where a feature was left out, or on another platform")]
        absent => Err(Error::setup(Some(absent), absence(absent))),
    }
}

/// The reason why this build does not have the model.
#[allow(dead_code, reason = "used where a feature was left out, or on another platform")]
fn absence(model: Model) -> String {
    let features = [(Model::Processes, cfg!(feature = "processes")), (Model::Mpi, cfg!(feature = "mpi"))];
    if features.contains(&(model, true)) {
        return format!("the model {model} is not available on this platform: it needs Linux; use threads");
    }
    format!("the model {model} is not in this build: enable threefold's feature `{model}`")
}
