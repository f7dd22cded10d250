//! What a buffer keeps as it grows, and how it is taken out of.

use super::Buf;

#[test]
fn space_keeps_what_is_there() {
    let mut buf = Buf::default();
    buf.push(b"abcdef");
    buf.consume(4);
    assert!(buf.space(100).len() >= 100);
    assert_eq!(buf.bytes(), b"ef");
    buf.push(b"gh");
    assert_eq!(buf.take(3), b"efg");
    assert_eq!(buf.bytes(), b"h");
}

#[test]
fn memory_that_is_not_to_be_had_is_an_error_and_changes_nothing() {
    let mut buf = Buf::default();
    buf.push(b"abc");
    buf.consume(1);
    for room in [1 << 60, usize::MAX / 2, usize::MAX - 2, usize::MAX] {
        let error = buf.try_space(room).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::OutOfMemory);
        assert_eq!(buf.bytes(), b"bc");
    }
    assert!(buf.try_space(2 << 20).unwrap().len() >= 2 << 20);
    assert_eq!(buf.bytes(), b"bc");
}

#[test]
fn what_is_put_in_front_uses_the_room_there() {
    let mut buf = Buf::default();
    buf.prepare(4, 8);
    buf.push(b"cdef");
    let at = buf.bytes().as_ptr();
    buf.unread(b"ab");
    assert_eq!(buf.bytes(), b"abcdef");
    assert_eq!(buf.bytes()[2..].as_ptr(), at, "in place");
    buf.consume(5);
    assert!(!buf.seek(-6), "there is nothing before the first");
    assert!(buf.seek(-5));
    buf.unread(b"123");
    assert_eq!(buf.bytes(), b"123abcdef", "more than there is room for");
    buf.consume(1);
    buf.unread(b"x");
    assert_eq!(buf.bytes(), b"x23abcdef", "behind what was consumed");
}

#[test]
fn take_of_everything_moves_the_allocation() {
    let mut buf = Buf::default();
    buf.push(&[7; 1000]);
    let before = buf.bytes().as_ptr();
    let taken = buf.take(1000);
    assert_eq!(taken.as_ptr(), before);
    assert!(buf.is_empty());
}
