//! What the letters of other ranks mean for a run: its events, and what is known of its workers.
//!
//! Letters are taken in at three moments: while the run waits, while an answer is waited for, and as a fold begins. The
//! last two happen where the run cannot be told of an event. So events are kept, and the run gets them when it waits the
//! next time. A worker that has no part in this fold makes no event. If it is gone, only its number becomes free.
//!
//! The handshake of a worker is the affair of its relay. The run expects one, since it knows no other way by which a
//! worker becomes ready. So the letter that a worker is ready is turned into the frame that the worker would have sent.

use super::{BUILD, Isolated};
use crate::backend::mpi::crew_letter::{self, FromCrew};
use crate::backend::mpi::world::Letter;
use crate::error::Error;
use crate::model::Model;
use crate::remote::carrier::Event;
use crate::remote::wire::FromWorker;

impl Isolated {
    /// Deals with a letter.
    pub(super) fn take(&mut self, letter: Letter) {
        match letter {
            Letter::Came { worker, fold: life, bytes } => {
                if self.is_there(worker, life) {
                    self.moved += bytes.len() as u64;
                    self.crews.session.members[worker].inbox.put(bytes);
                    self.note(Event::Heard { worker });
                }
            }
            Letter::Sent { worker } => {
                let member = &mut self.crews.session.members[worker];
                member.on_the_way = member.on_the_way.saturating_sub(1);
                if member.on_the_way == 0 && self.crews.lives[worker].is_there {
                    self.note(Event::Drained { worker });
                }
            }
            Letter::Crew { worker, life, bytes } => {
                if let Some(letter) = crew_letter::read(&bytes) {
                    self.take_crew(worker as usize, life, letter);
                }
            }
        }
    }

    fn take_crew(&mut self, worker: usize, life: u32, letter: FromCrew) {
        match letter {
            FromCrew::Refused { reason } => self.refused = Some(Error::setup(Some(Model::Mpi), reason)),
            FromCrew::Rested { rank } => self.crews.ranks[rank].owes_word = false,
            FromCrew::HasBegunLine { rank, has } => self.crews.ranks[rank].has_begun_line = has,
            _ if !self.is_there(worker, life) => {}
            FromCrew::Ready { pid } => {
                self.crews.lives[worker].pid = pid;
                let mut hello = Vec::new();
                FromWorker::Hello { build: BUILD }.write(&mut hello);
                self.crews.session.members[worker].inbox.extend(&hello);
                self.note(Event::Heard { worker });
            }
            FromCrew::Gone(departed) => {
                let rank = self.crews.session.rank_of(worker);
                self.crews.ranks[rank].lingers |= departed.was_late();
                self.crews.lives[worker].departed = Some(departed);
                self.note(Event::Gone { worker });
            }
            FromCrew::Stops => self.crews.lives[worker].stops = true,
            FromCrew::Rests(rests) => self.crews.lives[worker].rests = rests,
        }
    }

    /// Whether a worker is there and in that life.
    fn is_there(&self, worker: usize, life: u32) -> bool {
        self.crews.lives.get(worker).is_some_and(|known| known.is_there && known.number == life)
    }

    /// Something has happened to a worker. The run is told if the worker takes part.
    pub(super) fn note(&mut self, event: Event) {
        let (Event::Heard { worker } | Event::Drained { worker } | Event::Gone { worker }) = event;
        if worker < self.workers {
            self.events.push(event);
        } else if let Some(life) = self.crews.lives.get_mut(worker) {
            life.forget_departed();
        }
    }
}
