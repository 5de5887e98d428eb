//! A helper that never sleeps still looks for folds that have called nobody.

use std::cell::Cell;

use super::*;

/// A fold that is only a name.
#[derive(Clone, Debug, PartialEq)]
struct Named(&'static str);

impl Open for Named {
    type Inside = ();
    type Call = ();

    fn is_open(&self) -> bool {
        true
    }
    fn left(&self) -> u64 {
        1
    }
    fn enter(&self) {}
    fn is(&self, other: &Self) -> bool {
        self == other
    }
    fn cry(&self) {}
}

/// A helper whose clock advances by one millisecond at each reading.
struct Busy(Cell<Duration>);

impl Helper<Named> for Busy {
    fn may_spin(&self) -> bool {
        false
    }
    fn now(&self) -> Duration {
        self.0.set(self.0.get() + Duration::from_millis(1));
        self.0.get()
    }
    fn spin(&self, _is_called: &dyn Fn() -> bool) {}
    fn wants_more(&self, _fold: &Named, _call: &(), _coming: usize) -> bool {
        false
    }
}

#[test]
fn a_helper_that_never_sleeps_comes_to_a_stuck_fold_too() {
    let (open, busy) = (OpenFolds::new(0), Busy(Cell::new(Duration::ZERO)));
    open.add(Named("stuck"), None);
    for _ in 0..2 {
        open.add(Named("calls"), Some(()));
        assert_eq!(open.enter_next(&busy).unwrap().fold, Named("calls"));
        open.take_off(&Named("calls"));
    }
    let visit = open.enter_next(&busy).unwrap();
    assert_eq!((visit.fold, visit.came), (Named("stuck"), Came::Awake));
}
