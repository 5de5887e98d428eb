//! How a worker process reports: its notes are on the status page, and its answers go through the channel.
//!
//! Both are shared with a fork of the worker, which a task may have made. So each report that follows user code ends the
//! fork instead.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::channel::Answers;
use super::{seat, serve};
use crate::backend::processes::{arrays, build, memory};
use crate::model::Model;
use crate::remote::serve::{Aside, Reporter};
use crate::remote::wire::{Build, Place, Running};

impl Reporter for Answers<'_> {
    fn prepare(&mut self, build: Build, memory_limit: u64, model: Model) -> io::Result<Result<(), String>> {
        serve::note_model(model);
        if build != build::own()? {
            return Ok(Err(
                "it was started from another build: the program's file was replaced while the program ran".to_string()
            ));
        }
        if memory_limit > 0 {
            if let Some(least) = memory::least_here().filter(|&least| memory_limit < least) {
                return Ok(Err(format!(
                    "a memory_limit of {memory_limit} bytes is too low for this program: it must be at least {least}"
                )));
            }
            limit_memory(memory_limit)?;
        }
        Ok(Ok(()))
    }

    fn note_aside(&mut self, aside: Aside) {
        self.leave_in_fork();
        self.page.note_aside(aside);
    }

    fn is_alone(&self) -> bool {
        true
    }

    fn map(&mut self, place: Place) -> io::Result<()> {
        arrays::map(place)
    }

    fn begin_block(&mut self) -> io::Result<()> {
        self.leave_in_fork();
        self.page.take_core().into_iter().for_each(seat::move_to);
        Ok(())
    }

    fn limit(&self) -> u64 {
        self.page.limit()
    }

    fn has_more(&self) -> bool {
        self.has_received_more()
    }

    fn note_start(&mut self, running: Running) {
        self.page.note_start(running);
    }

    fn note_done(&mut self, serial: u64) {
        self.leave_in_fork();
        self.page.note_done(serial);
    }

    fn unsent(&mut self) -> &mut Vec<u8> {
        self.outgoing
    }

    fn rewrite(&mut self, start: usize) {
        self.held.cut(self.outgoing, start);
    }

    fn hold(&mut self) -> bool {
        self.leave_in_fork();
        self.hold_on_page()
    }

    fn send(&mut self) -> io::Result<()> {
        self.send_all()
    }
}

/// Bounds the private memory of this process: what the task asks for beyond is refused by the system.
fn limit_memory(bytes: u64) -> io::Result<()> {
    // The data segment, the heap and private mappings. The address space as a whole would count shared arrays too.
    // A lower limit that is there already stays: it was meant, and it may not be allowed to be raised.
    let there = getrlimit(Resource::Data);
    let limit = [there.current, there.maximum, Some(bytes)].into_iter().flatten().min();
    Ok(setrlimit(Resource::Data, Rlimit { current: limit, maximum: limit })?)
}
