//! What a call costs that does nothing: `delegate(|| ())` beside `spawn_blocking`.
//!
//! ```text
//! cargo bench --bench calls [-- CALLERS]
//! ```

#[path = "support/rounds.rs"]
mod rounds;

use std::future::Future;

use aiofiles::{ThreadPoolExecutor, delegate};
use rounds::{case, compare};
use tokio::runtime::Runtime;
use tokio::task::spawn_blocking;

const ROUNDS: usize = 9;
const CALLS: usize = 50_000;

/// Makes all calls, in so many tasks.
fn calls<F>(runtime: &Runtime, tasks: usize, call: impl Fn() -> F + Send + Clone + 'static) -> u64
where
    F: Future<Output = ()> + Send,
{
    runtime.block_on(async {
        let tasks: Vec<_> = (0..tasks)
            .map(|_| {
                let call = call.clone();
                tokio::spawn(async move {
                    for _ in 0..CALLS / tasks {
                        call().await;
                    }
                    CALLS / tasks
                })
            })
            .collect();
        let mut done = 0;
        for task in tasks {
            done += task.await.expect("a task that ends") as u64;
        }
        done
    })
}

fn main() {
    let runtime = Runtime::new().expect("a runtime");
    let asked = std::env::args().skip(1).find_map(|arg| arg.parse().ok());
    for tasks in asked.map_or(vec![1, 64], |tasks| vec![tasks]) {
        let bare = || async { spawn_blocking(|| ()).await.expect("a job") };
        let ours = || async { delegate(|| ()).await.expect("a job") };
        let on_pool = |workers| {
            let pool = ThreadPoolExecutor::new(workers);
            move || {
                let pool = pool.clone();
                async move { delegate(|| ()).executor(pool).await.expect("a job") }
            }
        };
        let (two, eight) = (on_pool(2), on_pool(8));
        let cases = vec![
            case("spawn_blocking", || calls(&runtime, tasks, bare)),
            case("delegate, tokio's pool", || calls(&runtime, tasks, ours)),
            case("delegate, pool of 2", || {
                calls(&runtime, tasks, two.clone())
            }),
            case("delegate, pool of 8", || {
                calls(&runtime, tasks, eight.clone())
            }),
        ];
        let title = format!("50,000 calls that do nothing, by {tasks}");
        compare(&title, ROUNDS, |_| (), cases);
    }
}
