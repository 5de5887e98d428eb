//! The frame of a message: the length of its body in eight bytes, the body's CRC-32 in four, and the body, which begins
//! with the message's kind in one byte.
//!
//! The channel itself loses nothing. The checksum is for what else might write to a worker's descriptors: half an answer
//! and something foreign must not become a wrong output.

/// Frames larger than this, in bytes, are treated as corrupt.
const MAX_FRAME: u64 = 1 << 36;

/// The bytes of a frame's length.
const LENGTH: usize = 8;

/// The bytes before a frame's body: its length, and the checksum of the body.
pub(super) const HEAD: usize = LENGTH + 4;

/// The first whole frame in `bytes`: its body, and how many bytes it takes in all.
///
/// `Ok(None)` where it is not whole yet; an error where it never will be, or is damaged.
pub(super) fn next_frame(bytes: &[u8]) -> Result<Option<(&[u8], usize)>, &'static str> {
    if missing(bytes)? > 0 {
        return Ok(None);
    }
    let (head, rest) = bytes.split_at(HEAD);
    let body = &rest[..body_length(head)? as usize];
    if head[LENGTH..] != crc32fast::hash(body).to_le_bytes() {
        return Err("it sent a damaged frame");
    }
    Ok(Some((body, HEAD + body.len())))
}

/// How many more bytes the first frame in `bytes` lacks, as far as can be told; 0 for a whole one. An error where it
/// never will be whole.
pub(super) fn missing(bytes: &[u8]) -> Result<u64, &'static str> {
    if bytes.len() < HEAD {
        return Ok((HEAD - bytes.len()) as u64);
    }
    Ok((body_length(bytes)? + HEAD as u64).saturating_sub(bytes.len() as u64))
}

/// Whether more bytes follow the first frame in `bytes`.
pub(super) fn has_more(bytes: &[u8]) -> bool {
    bytes.len() >= HEAD && body_length(bytes).is_ok_and(|length| bytes.len() as u64 > length + HEAD as u64)
}

/// The length that the head of a frame tells of its body.
fn body_length(head: &[u8]) -> Result<u64, &'static str> {
    let length = head.first_chunk().map_or(0, |length| u64::from_le_bytes(*length));
    if length == 0 || length > MAX_FRAME {
        Err("it sent a frame that is longer than any, or empty")
    } else {
        Ok(length)
    }
}

pub(super) fn frame(out: &mut Vec<u8>, kind: u8, fields: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0; HEAD]);
    out.push(kind);
    fields(out);
    close(&mut out[start..]);
}

/// Writes the head of the frame whose body is the rest of `frame`.
pub(super) fn close(frame: &mut [u8]) {
    let (head, body) = frame.split_at_mut(HEAD);
    head[..LENGTH].copy_from_slice(&(body.len() as u64).to_le_bytes());
    head[LENGTH..].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_frame_is_seen_and_absurd_lengths_are_refused_before_anything_is_allocated() {
        assert!(!has_more(&[0; 4]));
        let mut two = Vec::new();
        frame(&mut two, 7, |out| out.push(1));
        assert!(!has_more(&two));
        two.push(0);
        assert!(has_more(&two));
        for absurd in [0, MAX_FRAME + 1, u64::MAX] {
            let mut bytes = absurd.to_le_bytes().to_vec();
            bytes.extend([0; 4]);
            assert!(next_frame(&bytes).is_err() && missing(&bytes).is_err());
        }
    }
}
