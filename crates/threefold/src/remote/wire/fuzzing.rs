//! What holds for any bytes that come through a channel, whoever wrote them.
//!
//! Where the bytes are cut on their way makes no difference, no length among them makes more room than one read may
//! have, and a body that is read at all is the very one that would be written.

use std::io::{self, Write};

use rustix::buffer::spare_capacity;

use super::frame::{HEAD, close};
use super::inbox::READ;
use super::{FromWorker, Inbox, ToWorker};

/// Takes `data` as a stream, as one body, and as bodies with the right heads: random bytes hardly ever have a right
/// checksum.
pub fn frames(data: &[u8]) {
    arrive(data);
    read_back(data);
    let bodies = bodies(data);
    let (arrived, fault) = arrive(&bodies.iter().flat_map(|body| sealed(body)).collect::<Vec<_>>());
    assert_eq!((arrived, fault), (bodies, None));
}

/// `data` as bodies, each behind a byte that says how long it is.
fn bodies(mut data: &[u8]) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    while let Some((&length, rest)) = data.split_first() {
        let (body, rest) = rest.split_at(rest.len().min(length.into()));
        // No frame is empty.
        if !body.is_empty() {
            bodies.push(body.to_vec());
        }
        data = rest;
    }
    bodies
}

/// `body` behind its head.
fn sealed(body: &[u8]) -> Vec<u8> {
    let mut frame = [&[0; HEAD], body].concat();
    close(&mut frame);
    frame
}

/// The bodies of a stream's frames, up to the first that will never be whole, and what was wrong with that.
type Arrived = (Vec<Vec<u8>>, Option<&'static str>);

/// What arrives of `stream`, which is the same in one piece and in many.
fn arrive(stream: &[u8]) -> Arrived {
    let mut inbox = Inbox::default();
    inbox.extend(stream);
    let arrived = take(&mut inbox);
    for body in &arrived.0 {
        read_back(body);
    }
    assert_eq!(arrive_in_pieces(stream).expect("a pipe takes and gives a few bytes"), arrived);
    arrived
}

/// The same, through a pipe, in pieces as long as the bytes at their beginnings say.
fn arrive_in_pieces(mut stream: &[u8]) -> io::Result<Arrived> {
    let room = 2 * (stream.len() + READ.end);
    let (reader, mut writer) = io::pipe()?;
    let mut inbox = Inbox::default();
    let mut arrived = Arrived::default();
    while let (Some(&first), None) = (stream.first(), arrived.1) {
        let (piece, rest) = stream.split_at(stream.len().min(1 + usize::from(first)));
        writer.write_all(piece)?;
        assert_eq!(inbox.receive(|bytes| Ok(rustix::io::read(&reader, spare_capacity(bytes))?))?, piece.len());
        assert!(inbox.room() <= room, "room for {} bytes", inbox.room());
        let (bodies, fault) = take(&mut inbox);
        arrived.0.extend(bodies);
        arrived.1 = fault;
        stream = rest;
    }
    Ok(arrived)
}

/// The frames that lie ready.
fn take(inbox: &mut Inbox) -> Arrived {
    let mut bodies = Vec::new();
    loop {
        let is_ready = inbox.has_frame();
        let next = inbox.next().map(|body| body.map(<[u8]>::to_vec));
        assert_eq!(is_ready, next != Ok(None), "it is not said that a frame lies ready");
        match next {
            Ok(Some(body)) => bodies.push(body),
            Ok(None) => return (bodies, None),
            Err(fault) => return (bodies, Some(fault)),
        }
    }
}

/// Whatever `body` is read as, by either side, would be written as it is.
fn read_back(body: &[u8]) {
    let mut written = Vec::new();
    if let Some(said) = FromWorker::read(body) {
        said.write(&mut written);
        assert_eq!(written, sealed(body), "{said:?}");
    }
    written.clear();
    if let Some(said) = ToWorker::read(body) {
        said.write(&mut written);
        assert_eq!(written, sealed(body), "{said:?}");
    }
}
