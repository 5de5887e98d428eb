//! The program `threefold`.
fn main() {
    threefold::init();
}
