//! `Jobs`: all jobs of a comparison as a source. Its items are those of the jobs, and its chunks are the jobs.

use threefold::__private::Pieces;
use threefold::Source;

use super::job::Job;

#[derive(Clone)]
pub(super) struct Jobs(pub(super) Vec<Job>);

impl Source for Jobs {
    type Chunk = Job;
    type Pieces = Self;

    fn into_pieces(self) -> Self {
        self
    }

    fn item_count(&self) -> u128 {
        self.0.iter().map(|job| u128::from(job.item_count())).sum()
    }

    fn chunk_count(&self) -> u128 {
        self.0.len() as u128
    }
}

impl Pieces for Jobs {
    type Chunk = Job;

    fn count(&self) -> Result<u64, String> {
        Ok(self.0.len() as u64)
    }

    fn piece(&self, index: u64) -> Job {
        self.0[index as usize].clone()
    }

    fn describe(&self, index: u64) -> String {
        self.0[index as usize].describe()
    }

    /// As many jobs as have so many items, or a few more: a job is not cut.
    fn first(&self, items: u128) -> Option<Self> {
        let mut left = items.max(1);
        let is_within = |job: &&Job| {
            let is_within = left > 0;
            left = left.saturating_sub(job.item_count().into());
            is_within
        };
        Some(Self(self.0.iter().take_while(is_within).cloned().collect()))
    }

    fn grain(&self) -> u128 {
        self.0.iter().map(|job| u128::from(job.item_count())).max().unwrap_or(1).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs() -> Jobs {
        let ranges = [1..=10, 11..=20, 21..=25];
        Jobs((0..).zip(ranges).map(|(chunk, range)| Job::of_range(chunk, &range)).collect())
    }

    #[test]
    fn items_are_those_of_the_jobs() {
        assert_eq!((jobs().item_count(), jobs().chunk_count(), jobs().grain()), (25, 3, 10));
    }

    #[test]
    fn a_part_has_whole_jobs() {
        let first = |items| jobs().first(items).map(|part| (part.item_count(), part.chunk_count()));
        assert_eq!([0, 1, 10, 11, 25].map(first), [(10, 1), (10, 1), (10, 1), (20, 2), (25, 3)].map(Some));
    }
}
