//! Rivals in C and C++: OpenMP and oneTBB, each a helper program of its own.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use threefold_contest::Contest;

use crate::helper::{Helper, compile};
use crate::pace::Pace;
use crate::work::Job;

/// A library that helpers use, and its helper, or why there is none.
pub(crate) struct Library {
    name: &'static str,
    program: LazyLock<Result<PathBuf, String>>,
}

/// gcc's OpenMP.
pub(crate) static OPENMP: Library = Library {
    name: "OpenMP",
    program: LazyLock::new(|| compile("cc", "benches/overhead/native/openmp.c", &["-fopenmp"])),
};

/// oneTBB.
pub(crate) static TBB: Library = Library {
    name: "oneTBB",
    program: LazyLock::new(|| compile("c++", "benches/overhead/native/tbb.cpp", &["-std=c++17", "-ltbb"])),
};

/// Compiles all helpers, and prints which are available.
pub(crate) fn prepare() {
    for library in [&OPENMP, &TBB] {
        match &*library.program {
            Ok(program) => println!("{}: {}", library.name, program.display()),
            Err(reason) => println!("{} is absent: {reason}", library.name),
        }
    }
}

impl Library {
    /// Adds a helper to the contest as a rival, or a remark below its table that says why there is none. `settings` are
    /// variables of the helper's environment.
    pub(crate) fn enter(
        &self,
        contest: &mut Contest,
        family: &str,
        job: Job,
        pace: Pace,
        threads: usize,
        settings: &[(&str, &str)],
    ) {
        match &*self.program {
            Ok(program) => {
                let schedule = settings.iter().find(|(name, _)| *name == "OMP_SCHEDULE").map(|(_, value)| *value);
                let name = [Some(self.name), schedule].into_iter().flatten().collect::<Vec<_>>().join(" ");
                let threads = threads.to_string();
                let mut command = Command::new(program);
                command.env("OMP_NUM_THREADS", &threads).env("OMP_DYNAMIC", "false").envs(settings.iter().copied());
                contest.rival(family, &name, Helper::start(command.arg(&threads)).sample(job, pace));
            }
            Err(reason) => contest.remark(format!("{} is absent: {reason}.", self.name)),
        }
    }
}
