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

# The concurrent parts under a model checker: `just model timer::` for some of them.
# What fails says how to have that schedule again.
model part="":
    cargo test --locked --lib --manifest-path tests/model/Cargo.toml --target-dir target {{part}}model::

# Faults put into some files, one at a time, and which of them the tests of `tests` do not
# find (`cargo install cargo-mutants`). Each takes a build, so it is a slice at a time:
# `just mutants "src/delegate/**" 0/20 "--lib --test at_exit --test gone_runtime"`.
mutants files="src/codec/**" slice="0/40" tests="--lib":
    cargo mutants -o target --timeout 60 --shard {{slice}} --file '{{files}}' \
        {{prepend("--cargo-arg=", tests)}}

# Any text, modes, paths and positions, led by what is covered, so many seconds a target
# (`cargo install cargo-fuzz`, and a C++ compiler). The bytes that fail are kept, with
# what to type to run those alone.
fuzz seconds="600" targets="reading writing modes paths positions":
    for target in {{targets}}; do \
        cargo fuzz run --fuzz-dir tests/fuzz --features fuzzer -s none "$target" -- \
            -max_total_time={{seconds}} -max_len=160 || exit 1; \
    done

# Formatting, lints and docs, with all warnings denied.
lint:
    cargo fmt --check
    RUSTFLAGS="-D warnings" cargo clippy --locked --all-targets -- -D warnings
    cargo clippy --locked --tests --manifest-path tests/model/Cargo.toml --target-dir target -- -D warnings
    cargo clippy --locked --all-targets --manifest-path tests/fuzz/Cargo.toml --target-dir target -- -D warnings
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

# Measures and writes the tables of README.md: a quarter of an hour on a quiet machine.
figures:
    cargo bench --manifest-path benches/peers/Cargo.toml --bench peers -- --readme {{justfile_directory()}}/README.md
    cargo bench --locked --bench growth -- --readme {{justfile_directory()}}/README.md

# The long run of the cancellation and fault tests, and of the models, other schedules
# each time.
long:
    AIOFILES_SEQUENCES=100000 cargo test --release --test cancel --test faults
    AIOFILES_SEED=$(date +%s) AIOFILES_SCHEDULES=20000 CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true \
        cargo test --release --locked --lib --manifest-path tests/model/Cargo.toml --target-dir target model::

# Records again what CPython does (3.13 or later).
record:
    python3.13 -B tests/oracle/record.py
    python3.13 -B tests/oracle/two_hands.py
