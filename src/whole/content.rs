//! [`Content`]: the types that can be written as a whole file.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use crate::budget;

/// Content of a file, for [`write()`](crate::write()) and
/// [`write_atomic`](crate::write_atomic).
///
/// Owned data is moved to the executor: a `Vec<u8>`, a `String`, an array, an owned `Cow`,
/// and anything `AsRef<[u8]>` in a `Box` or an `Arc`. Borrowed data is copied when the call
/// is made: any `&T` where `T` is `AsRef<[u8]>`, such as a `&str`, a `&String` or a
/// `&Bytes`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the content of a file",
    label = "it is text or bytes, owned or borrowed",
    note = "borrow it, and it is copied: `&data`; or box it, and it is moved: `Box::new(data)`"
)]
pub trait Content: sealed::Content {}

pub(super) mod sealed {
    use std::io;

    pub trait Content {
        /// The bytes, for another thread.
        type Bytes: AsRef<[u8]> + Send + 'static;

        #[doc(hidden)]
        fn into_bytes(self) -> io::Result<Self::Bytes>;
    }
}

/// Implements `Content` for types that are bytes themselves and are moved.
macro_rules! moved {
    ($([$($generics:tt)*] $Type:ty),* $(,)?) => {$(
        impl<$($generics)*> Content for $Type {}

        impl<$($generics)*> sealed::Content for $Type {
            type Bytes = Self;

            fn into_bytes(self) -> io::Result<Self> {
                Ok(self)
            }
        }
    )*};
}

moved! {
    [] Vec<u8>,
    [] String,
    [const N: usize] [u8; N],
}

/// Bytes behind a pointer, which is moved.
#[derive(Debug)]
pub struct Behind<P>(P);

impl<P: std::ops::Deref<Target: AsRef<[u8]>>> AsRef<[u8]> for Behind<P> {
    fn as_ref(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

/// Implements `Content` for owning pointers to bytes.
macro_rules! pointer {
    ($($Type:ident: $($bounds:tt)*),*) => {$(
        impl<T: AsRef<[u8]> + ?Sized + $($bounds)*> Content for $Type<T> {}

        impl<T: AsRef<[u8]> + ?Sized + $($bounds)*> sealed::Content for $Type<T> {
            type Bytes = Behind<Self>;

            fn into_bytes(self) -> io::Result<Behind<Self>> {
                Ok(Behind(self))
            }
        }
    )*};
}

pointer!(Box: Send + 'static);
pointer!(Arc: Send + Sync + 'static);

impl<T: AsRef<[u8]> + ?Sized> Content for &T {}

impl<T: AsRef<[u8]> + ?Sized> sealed::Content for &T {
    type Bytes = Vec<u8>;

    fn into_bytes(self) -> io::Result<Vec<u8>> {
        budget::copy(self.as_ref())
    }
}

impl Content for Cow<'_, str> {}

impl sealed::Content for Cow<'_, str> {
    type Bytes = String;

    fn into_bytes(self) -> io::Result<String> {
        match self {
            Cow::Borrowed(text) => {
                let mut copy = String::new();
                copy.try_reserve_exact(text.len())?;
                copy.push_str(text);
                Ok(copy)
            }
            Cow::Owned(text) => Ok(text),
        }
    }
}

impl Content for Cow<'_, [u8]> {}

impl sealed::Content for Cow<'_, [u8]> {
    type Bytes = Vec<u8>;

    fn into_bytes(self) -> io::Result<Vec<u8>> {
        match self {
            Cow::Borrowed(bytes) => budget::copy(bytes),
            Cow::Owned(bytes) => Ok(bytes),
        }
    }
}
