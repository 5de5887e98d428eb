//! The same jobs by hand, on what people use for each model, at its best settings.

pub(crate) mod chili;
pub(crate) mod native;
pub(crate) mod procspawn;
pub(crate) mod rayon;
pub(crate) mod smol;
pub(crate) mod tokio;
