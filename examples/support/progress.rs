//! A progress bar for the examples: on a terminal only, and gone at the end.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows on the standard error how much of `total` is done. If `total` is 0, because it is
/// not known, as for a pipe, it shows only how much is done.
pub(crate) fn bar(label: impl Into<String>, total: u64) -> ProgressBar {
    let template = match total {
        0 => "{prefix} {spinner} {binary_bytes} {binary_bytes_per_sec}",
        _ => "{prefix} [{bar:30}] {percent:>3} % {binary_bytes_per_sec}",
    };
    let style = ProgressStyle::with_template(template).expect("the template is right");
    // Hidden where the standard error is no terminal.
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    bar.with_style(style.progress_chars("==-"))
        .with_prefix(label.into())
}
