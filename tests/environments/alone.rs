//! Tests that change what belongs to a process: in one of their own.

use std::path::Path;
use std::process::Command;

/// Says that the process is one of its own.
const ALONE: &str = "AIOFILES_TEST_ALONE";

/// Runs `test` of this binary again, alone, as `wrapper` starts it. `true` in that
/// process, where the body is to be run. Says so where `wrapper` cannot start anything.
pub(crate) fn alone(test: &str, wrapper: &[&str]) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let exe = std::env::current_exe().unwrap();
    let mut command = Command::new(wrapper.first().unwrap_or(&"env"));
    command.args(wrapper.iter().skip(1));
    if !wrapper.is_empty() {
        let mut possible = Command::new(wrapper[0]);
        let possible = possible.args(&wrapper[1..]).arg("true").status();
        if !possible.is_ok_and(|status| status.success()) {
            eprintln!(
                "skipped: nothing can be started by `{}` here",
                wrapper.join(" ")
            );
            return false;
        }
    }
    let output = command
        .env(ALONE, "1")
        .arg(exe)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    eprint!("{told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{test} failed, above");
    assert!(told.contains("1 passed"), "{test} did not run");
    false
}

/// In a mount namespace: what is mounted is gone with the process.
pub(crate) const MOUNTS: &[&str] = &["unshare", "-m", "--propagation", "private"];

/// Mounts, or says that it cannot.
pub(crate) fn mount(options: &[&str], at: &Path) -> bool {
    let mut mount = Command::new("mount");
    let done = mount.args(options).arg(at).status();
    let done = done.is_ok_and(|status| status.success());
    if !done {
        eprintln!("skipped: `mount {}` does not work here", options.join(" "));
    }
    done
}
