//! `--journal FILE`: a run that ended too soon is continued by the same command, with the same result; what cannot be
//! continued is refused.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use threefold::Model;

use crate::{Answer, answer, threefold};

/// How often a state is asked for that does not tell of itself.
const POLL: Duration = Duration::from_millis(2);

/// Longer than anything takes here, on any machine.
const LONG: Duration = Duration::from_secs(60);

/// How many chunks a run has that waits 10 ms for each.
const CHUNKS: u64 = 150;

fn in_folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("run.journal");
    (folder, path)
}

/// The command of a run of 1.5 s on one worker, chunk after chunk.
fn waiting(model: Model, journal: &Path) -> Vec<String> {
    let range = format!("1..={CHUNKS}");
    let mut words = vec![model.name(), "--workload", "wait", &range, "--chunk-size", "1", "--format", "json"];
    words.extend(match model {
        Model::Sequential => &[][..],
        Model::Async => &["--in-flight", "1"],
        _ => &["-j", "1"],
    });
    let journal = ["--journal", journal.to_str().expect("it is text")];
    words.into_iter().chain(journal).map(str::to_string).collect()
}

/// The object that the program writes, and what it says on stderr.
fn object(program: &mut Command) -> (Value, Answer) {
    let answer = program.output().map(Answer::from).expect("the program starts");
    (serde_json::from_str(&answer.stdout).unwrap_or_else(|_| panic!("no JSON: {}", answer.stderr)), answer)
}

/// Runs the command again, to its end: each chunk is run that was not recorded, and no other.
fn resume(model: Model, journal: &Path) {
    let (object, answer) = object(&mut threefold(waiting(model, journal)));
    assert_eq!(answer.code, Some(0), "{model}: {}", answer.stderr);
    assert_eq!(object["value"], CHUNKS.to_string(), "{model}");
    let resumed = object["resumed"].as_u64().expect("it has a journal");
    let mut run: Vec<_> = object["spans"].as_array().expect("a list").iter().map(|span| &span["chunk"]).collect();
    run.sort_by_key(|chunk| chunk.as_u64());
    run.dedup();
    assert!(resumed > 0, "{model}");
    assert_eq!(run.len() as u64, CHUNKS - resumed, "{model}");
    let note = format!(
        "threefold: note: {resumed} of {CHUNKS} chunks {are} in the journal `{}`, and {are} not run again\n",
        journal.display(),
        are = if resumed == 1 { "is" } else { "are" },
    );
    assert!(answer.stderr.ends_with(&note), "{model}: {}", answer.stderr);
}

/// A child that is killed when the test fails.
struct Guarded(Child);

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the command, and waits until outputs are in the journal.
fn started(mut program: Command, journal: &Path) -> Guarded {
    let child = Guarded(program.spawn().expect("the program starts"));
    let since = Instant::now();
    // A fold without outputs is shorter.
    while fs::metadata(journal).map_or(0, |metadata| metadata.len()) < 1000 {
        assert!(since.elapsed() < LONG, "nothing is recorded");
        thread::sleep(POLL);
    }
    child
}

#[test]
fn a_run_that_was_killed_is_continued_on_every_model() {
    for &model in Model::available() {
        let (_folder, journal) = in_folder();
        let mut child = started(threefold(waiting(model, &journal)), &journal);
        child.0.kill().expect("it is a child");
        child.0.wait().expect("it is a child");
        resume(model, &journal);
    }
}

#[test]
#[cfg(unix)]
fn a_run_that_was_interrupted_says_how_it_is_continued_and_is_continued() {
    use rustix::process::{Pid, Signal, kill_process};

    for &model in Model::available() {
        let (_folder, journal) = in_folder();
        let mut child = started(crate::interruptible(waiting(model, &journal)), &journal);
        let pid = child.0.id().try_into().ok().and_then(Pid::from_raw).expect("it is a process id");
        kill_process(pid, Signal::INT).expect("it is a child");
        let (stdout, stderr) = (child.0.stdout.take(), child.0.stderr.take());
        let mut texts = [String::new(), String::new()];
        Read::read_to_string(&mut stdout.expect("it is captured"), &mut texts[0]).expect("it is text");
        Read::read_to_string(&mut stderr.expect("it is captured"), &mut texts[1]).expect("it is text");
        let code = child.0.wait().expect("it is a child").code();
        // On a busy machine it may have come to its end before it was interrupted.
        if code != Some(0) {
            assert_eq!(code, Some(130), "{model}: {}", texts[1]);
            let note =
                format!(" chunks are in the journal `{}`; the same command runs only the others\n", journal.display());
            assert!(texts[1].ends_with(&note), "{model}: {}", texts[1]);
        }
        resume(model, &journal);
    }
}

#[test]
fn a_run_is_continued_on_another_model() {
    let (_folder, journal) = in_folder();
    let path = journal.to_str().expect("it is text");
    let mut results = Vec::new();
    for &model in Model::available() {
        let arguments = [model.name(), "--chunks", "9", "--journal", path, "--format", "json"];
        let (object, _) = object(&mut threefold(arguments));
        results.push((object["value"].clone(), object["resumed"].clone(), object["spans"].as_array().map(Vec::len)));
    }
    let total = Value::from("500000500000");
    assert_eq!(results[0], (total.clone(), 0.into(), Some(9)));
    for result in &results[1..] {
        assert_eq!(*result, (total.clone(), 9.into(), Some(0)));
    }
}

#[test]
#[cfg(all(feature = "processes", target_os = "linux"))]
fn a_chunk_that_failed_runs_again_and_one_that_is_finished_does_not() {
    let (_folder, journal) = in_folder();
    let path = journal.to_str().expect("it is text");
    for resumed in [0, 1] {
        // The second chunk takes years.
        let arguments = ["processes", "1..=10", "i64::MIN..=i64::MAX", "--timeout", "0.2", "--keep-going"];
        let mut program = threefold(arguments);
        let (object, answer) = object(program.args(["--journal", path, "--format", "json"]));
        assert_eq!(answer.code, Some(1), "{}", answer.stderr);
        assert_eq!((&object["resumed"], &object["failures"][0]["chunk"]), (&resumed.into(), &1.into()));
        assert_eq!((&object["partial"]["value"], &object["partial"]["chunks"]), (&"55".into(), &1.into()));
        let advice = format!(
            "threefold: note: 1 of 2 chunks is in the journal `{path}`; the same command runs only the others\n"
        );
        assert!(answer.stderr.ends_with(&advice), "{}", answer.stderr);
    }
}

#[test]
#[cfg(all(feature = "processes", target_os = "linux"))]
fn a_journal_that_is_changed_or_removed_during_the_run_is_a_failure_of_the_run() {
    for is_removed in [false, true] {
        let (_folder, journal) = in_folder();
        let command = |timeout: &str| {
            // The first chunk takes years.
            let mut program = threefold(["processes", "i64::MIN..=i64::MAX", "1..=10", "--keep-going"]);
            program.args(["--format", "json", "--timeout", timeout, "--journal"]).arg(&journal);
            program
        };
        assert_eq!(object(&mut command("0.2")).1.code, Some(1));
        // Long enough to change the file before the chunk fails.
        let program = command("5").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = Guarded(program.expect("the program starts"));
        let mut stderr = BufReader::new(child.0.stderr.take().expect("it is captured"));
        let mut text = String::new();
        stderr.read_line(&mut text).expect("it is text");
        assert!(text.contains("1 of 2 chunks is in the journal"), "{text}");
        // The output of the second chunk is read when the first one has failed.
        if is_removed {
            fs::remove_file(&journal).expect("it is there");
        } else {
            let mut bytes = fs::read(&journal).expect("it is there");
            let place = bytes.len() - 6;
            bytes[place] ^= 1;
            fs::write(&journal, bytes).expect("it can be written");
        }
        stderr.read_to_string(&mut text).expect("it is text");
        let stdout = io::read_to_string(child.0.stdout.take().expect("it is captured")).expect("it is text");
        assert_eq!(child.0.wait().expect("it is a child").code(), Some(1), "{text}");
        let object: Value = serde_json::from_str(&stdout).expect("it is JSON");
        assert_eq!(object["error"]["kind"], "journal", "{text}");
        let message = object["error"]["message"].as_str().expect("it is text");
        let expected =
            if is_removed { "was removed or replaced while it was open" } else { "the output of chunk 1 has changed" };
        assert!(message.contains(expected), "{message}");
        assert!(!text.contains("the same command"), "{text}");
    }
}

#[test]
fn a_journal_in_the_folder_that_is_read_is_not_read() {
    let (folder, journal) = in_folder();
    fs::write(folder.path().join("a text"), "two words").expect("it can be written");
    for resumed in [0, 1] {
        let mut program = threefold(["threads", "--workload", "files", "--journal", "run.journal", "--format", "json"]);
        let (object, answer) = object(program.current_dir(folder.path()));
        assert_eq!((&object["value"], &object["resumed"]), (&"2".into(), &resumed.into()), "{}", answer.stderr);
        assert!(journal.exists());
    }
}

/// The refusal of `arguments`, with the path of the journal left out.
fn refusal(arguments: &str, journal: &Path) -> String {
    let words = arguments.split_whitespace().chain(["--journal", journal.to_str().expect("it is text")]);
    let answer = threefold(words).output().map(Answer::from).expect("the program starts");
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{arguments}: {}", answer.stderr);
    let text = answer.stderr.replace(journal.to_str().expect("it is text"), "FILE");
    format!("$ threefold {arguments} --journal FILE\n{text}\n")
}

#[test]
fn a_journal_of_another_run_is_refused_before_anything_is_run() {
    let (_folder, journal) = in_folder();
    let first = threefold(["sequential", "1..=9", "--chunks", "3", "--journal", journal.to_str().expect("it is text")]);
    let first = { first }.output().map(Answer::from).expect("the program starts");
    assert_eq!((first.code, first.stderr.as_str()), (Some(0), ""));
    let before = fs::read(&journal).expect("it is there");
    let others = [
        "sequential 1..=9 --chunks 4",
        "threads 1..=10 --chunks 3",
        "sequential 1..=3 4..=6 7..=9",
        "sequential --workload primes 1..=9 --chunks 3",
    ];
    let texts: String = others.iter().map(|arguments| refusal(arguments, &journal)).collect();
    assert_eq!(fs::read(&journal).expect("it is there"), before);
    insta::assert_snapshot!(texts);
}

#[test]
fn the_same_chunks_are_continued_however_they_are_asked_for() {
    let (_folder, journal) = in_folder();
    let path = journal.to_str().expect("it is text");
    for (cut, resumed) in [("", 0), ("--chunks 4", 4), ("--chunk-size 250_000", 4)] {
        let arguments = format!("threads --journal {path} --format json {cut}");
        let (object, answer) = object(&mut threefold(arguments.split_whitespace()));
        assert_eq!((answer.code, &object["resumed"]), (Some(0), &resumed.into()), "{cut}: {}", answer.stderr);
    }
}

#[test]
#[cfg(unix)]
fn a_journal_that_is_the_input_or_the_output_is_refused() {
    let (folder, journal) = in_folder();
    File::create(&journal).expect("there is room");
    let path = journal.to_str().expect("it is text");
    #[cfg(target_os = "linux")]
    {
        let input =
            answer(&format!("threads --lines {path} --exec true --journal {}/./run.journal", folder.path().display()));
        assert_eq!((input.code, input.stdout.as_str()), (Some(2), ""), "{}", input.stderr);
        assert!(input.stderr.contains("is the file of --lines: name another file"), "{}", input.stderr);
    }
    for name in [path, "/dev/stdout"] {
        let file = File::create(&journal).expect("there is room");
        let output = threefold(["threads", "--journal", name]).stdout(file).output().expect("the program starts");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("is what stdout is written to: name another file"), "{text}");
        assert_eq!(fs::metadata(&journal).expect("it is there").len(), 0);
    }
    drop(folder);
}

#[test]
#[cfg(unix)]
fn a_journal_that_cannot_be_written_or_read_is_refused() {
    let (folder, journal) = in_folder();
    let mut texts = refusal("sequential", folder.path());
    texts += &refusal("sequential", &folder.path().join("missing/run.journal"));
    texts += &refusal("sequential", Path::new("/dev/null"));
    fs::write(&journal, "the notes of somebody").expect("it can be written");
    texts += &refusal("sequential", &journal);
    fs::remove_file(&journal).expect("it is there");
    assert_eq!(answer(&format!("sequential --journal {}", journal.display())).code, Some(0));
    let file = File::open(&journal).expect("it is there");
    file.lock().expect("nobody has it");
    texts += &refusal("sequential", &journal);
    drop(file);
    let mut bytes = fs::read(&journal).expect("it is there");
    bytes[100] ^= 1;
    fs::write(&journal, bytes).expect("it can be written");
    texts += &refusal("sequential", &journal);
    insta::assert_snapshot!(texts);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_ends_the_run_with_an_error_and_loses_nothing_that_was_written() {
    let (_folder, journal) = in_folder();
    // A limit on the size of files is met where the disk would be full. It is in units of 512 bytes or more.
    let limited = |limit: u32| {
        let arguments = ["sequential", "--chunks", "5000", "--format", "json", "--journal"];
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -f {limit}; exec \"$@\""), "sh", crate::program()]);
        shell.args(arguments).arg(&journal);
        object(&mut shell)
    };
    let (object, answer) = limited(0);
    assert_eq!((answer.code, &object["error"]["kind"]), (Some(2), &"setup".into()), "{}", answer.stderr);
    let (object, answer) = limited(1);
    assert_eq!((answer.code, &object["error"]["kind"]), (Some(1), &"journal".into()), "{}", answer.stderr);
    let message = object["error"]["message"].as_str().expect("it is text");
    let expected = format!("the journal `{}` cannot be written: File too large (os error 27)", journal.display());
    assert!(message.contains(&expected), "{message}");
    let (object, answer) = limited(100_000);
    assert_eq!((answer.code, &object["value"]), (Some(0), &"500000500000".into()), "{}", answer.stderr);
}
