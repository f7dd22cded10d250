//! What a handle can tell about its stream without waiting for a turn.

/// Writes the getters and the `Debug` that all handles have.
macro_rules! facts {
    ($Handle:ident, reads: $reads:literal) => {
        impl $Handle {
            /// Says whether it is a terminal. Answered from memory.
            #[must_use]
            pub fn isatty(&self) -> bool {
                self.stream.facts().isatty
            }

            #[doc = concat!("Says whether it can be read: `", $reads, "`.")]
            #[must_use]
            pub fn readable(&self) -> bool {
                $reads
            }

            /// Says whether it can be written: it can if it cannot be read.
            #[must_use]
            pub fn writable(&self) -> bool {
                !$reads
            }

            /// Says whether it can seek: never, `false`.
            #[must_use]
            pub fn seekable(&self) -> bool {
                false
            }

            /// Says whether it was closed.
            #[must_use]
            pub fn closed(&self) -> bool {
                self.stream.facts().closed
            }

            /// Returns `<stdin>`, `<stdout>` or `<stderr>`, as in Python.
            #[must_use]
            pub fn name(&self) -> Option<&std::path::Path> {
                Some(std::path::Path::new(self.stream.spec.name()))
            }
        }

        impl std::fmt::Debug for $Handle {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($Handle))
                    .field(&self.stream.spec)
                    .finish()
            }
        }
    };
}

pub(super) use facts;
