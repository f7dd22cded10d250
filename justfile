# The commands of this project. `just ci` is what CI runs (`.ci/run`).

# Everything CI runs.
ci:
    bash .ci/run

# The tests, doc examples included.
test:
    cargo test --locked

# The tests of the tools over streams, a package of its own.
streams:
    cargo test --locked --manifest-path examples/streams/Cargo.toml

# Formatting, lints and docs, with all warnings denied.
lint:
    cargo fmt --check
    RUSTFLAGS="-D warnings" cargo clippy --locked --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps

# Tests and examples for every system of the README, and the tests under Wine.
targets:
    bash .ci/targets all

# The documentation, in a browser.
doc:
    cargo doc --no-deps --open

# This crate beside std and tokio::fs, in one run.
bench:
    cargo bench --locked

# This crate beside all its peers, in one run.
peers:
    cargo bench --manifest-path benches/peers/Cargo.toml --bench peers

# The long run of the cancellation and fault tests.
long:
    AIOFILES_SEQUENCES=100000 cargo test --release --test cancel --test faults

# Records again what CPython does (3.13 or later).
record:
    python3.13 -B tests/oracle/record.py
    python3.13 -B tests/oracle/two_hands.py
