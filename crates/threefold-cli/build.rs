//! Links the released program statically, where the static C library is installed.
//!
//! Such a program starts about 0.3 ms sooner, since no loader has to find and join libraries first, and so does every
//! worker process. It is position-independent all the same, so that its addresses stay random.
//!
//! `-C target-feature=+crt-static` would do the same. But flags for the whole build break procedural macros, which are
//! shared libraries, unless `build.target` is set too, and then the program is no longer in `target/release`. So only the
//! linking of the program itself is changed here. The compiler still names the libraries as for a dynamic program;
//! scripts with their names, in a folder that is searched first, lead the linker to the static ones.
//!
//! Whether it works is found out by doing it with a program of a few lines, which is then run. Where it does not work, the
//! program is linked as usual.
//!
//! `RUSTFLAGS` that speak of `crt-static` have decided already, and nothing is changed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io};

/// The libraries that the compiler names for a dynamic program, each with a linker script that names static ones.
/// `libgcc_s` is the one that unwinds; the parts of the C library that are not named here have been empty for long.
const LIBRARIES: [(&str, &str); 3] = [
    ("libc.so", "GROUP ( libc.a libgcc_eh.a libgcc.a )"),
    ("libm.so", "INPUT ( libm.a )"),
    ("libgcc_s.so", "GROUP ( libgcc_eh.a libgcc.a )"),
];

/// It needs what the program needs: threads, unwinding, and the mathematical library.
const TRIAL: &str = "\
fn main() {
    let panicked = std::thread::spawn(|| std::panic::resume_unwind(Box::new(()))).join().is_err();
    let root = (std::env::args().count() as f64).powf(0.5).sin();
    std::process::exit(if panicked && root > 0.0 { 0 } else { 1 });
}
";

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    if !is_wanted() {
        return Ok(());
    }
    let folder = PathBuf::from(variable("OUT_DIR"));
    for (name, script) in LIBRARIES {
        fs::write(folder.join(name), script)?;
    }
    let arguments = ["-static-pie".to_string(), format!("-L{}", folder.display())];
    if works(&arguments, &folder)? {
        for argument in arguments {
            println!("cargo:rustc-link-arg-bins={argument}");
        }
    }
    Ok(())
}

/// Whether this build is to be tried: a release for Linux with the GNU C library. Debug builds stay as tools for debugging
/// expect them.
fn is_wanted() -> bool {
    // MPI libraries are shared ones, and load parts of themselves when they start.
    env::var_os("CARGO_FEATURE_MPI").is_none()
        && variable("PROFILE") == "release"
        && variable("CARGO_CFG_TARGET_OS") == "linux"
        && variable("CARGO_CFG_TARGET_ENV") == "gnu"
        && ["x86_64", "aarch64"].contains(&variable("CARGO_CFG_TARGET_ARCH").as_str())
        && !variable("CARGO_ENCODED_RUSTFLAGS").contains("crt-static")
}

/// Whether a program that is linked with these `arguments` is a static one, and runs.
fn works(arguments: &[String], folder: &Path) -> io::Result<bool> {
    let (source, program) = (folder.join("trial.rs"), folder.join("trial"));
    fs::write(&source, TRIAL)?;
    let mut compiler = Command::new(variable("RUSTC"));
    compiler
        .args(["--edition=2024", "-Cstrip=symbols", "--target", &variable("TARGET")])
        .arg(&source)
        .arg("-o")
        .arg(&program);
    compiler.args(variable("CARGO_ENCODED_RUSTFLAGS").split('\x1f').filter(|flag| !flag.is_empty()));
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        compiler.arg("-C").arg(format!("linker={linker}"));
    }
    for argument in arguments {
        compiler.arg("-C").arg(format!("link-arg={argument}"));
    }
    if !succeeds(&mut compiler) {
        return Ok(false);
    }
    // Of another machine's program no more can be told.
    let runs_here = variable("HOST") == variable("TARGET");
    // One that is instrumented (`-C instrument-coverage`) leaves a file where it runs.
    let mut trial = Command::new(&program);
    trial.current_dir(folder);
    Ok(!asks_for_a_loader(&fs::read(&program)?) && (!runs_here || succeeds(&mut trial)))
}

/// Whether this program, an ELF-64 file, names a loader that is to run first.
fn asks_for_a_loader(file: &[u8]) -> bool {
    const PT_INTERP: [u8; 4] = 3_u32.to_le_bytes();
    let number = |at: usize| usize::from(u16::from_le_bytes([file[at], file[at + 1]]));
    // The table of program headers: where it is, which fits in 16 bits, how large each header is, and how many there are.
    let (start, size, count) = (number(32), number(54), number(56));
    file[start..].chunks(size).take(count).any(|header| header.starts_with(&PT_INTERP))
}

fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// What Cargo says. It says nothing where there is nothing to say.
fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}
