//! The standard streams over streams that are odd in one of their calls. They are the
//! process's own: one test for each.

use aiofiles::stdio::{self, set_stdin, set_stdout};
use aiofiles::{Error, Result};
use futures::executor::block_on;

use super::odd::{Deed, Memory};

const CONTENT: &[u8] = b"first line\nsecond\nthird line, the last one\n";

const DEEDS: [Deed; 7] = [
    Deed::Nothing,
    Deed::Panics,
    Deed::PanicsAgain,
    Deed::OneMore,
    Deed::Largest,
    Deed::Stalls,
    Deed::Interrupted(100),
];

#[test]
fn standard_input_loses_no_byte_to_a_stream_that_is_odd_once() {
    let mut happened = 0;
    for deed in DEEDS {
        for call in 0..8 {
            for what in [
                "readline",
                "read",
                "read.size",
                "readinto",
                "next_line",
                "read_owned",
            ] {
                let at = format!("{what}, {deed:?} in call {call}");
                let memory = Memory::new(CONTENT);
                drop(block_on(set_stdin(memory.stream())).unwrap());
                let mut input = stdio::stdin_bytes();
                memory.plan(deed, call);
                let given: Result<Vec<u8>> = block_on(async {
                    match what {
                        "readline" => input.readline().await,
                        "read" => input.read().await,
                        "read.size" => input.read().size(20).await,
                        "readinto" => {
                            let mut buf = [0; 20];
                            let n = input.readinto(&mut buf).await?;
                            Ok(buf[..n].to_vec())
                        }
                        "next_line" => {
                            let line = input.next_line().await?;
                            Ok(line.map_or(Vec::new(), |line| [line, b"\n"].concat()))
                        }
                        _ => {
                            let (n, buf) = input.read_owned(Vec::with_capacity(20)).await;
                            n.map(|_| buf)
                        }
                    }
                });
                let done = memory.heal();
                happened += usize::from(done);
                if let Err(error) = &given {
                    let harmless = matches!(deed, Deed::Nothing | Deed::Interrupted(_));
                    assert!(done && !harmless, "{at}: {error}");
                    let panics = matches!(deed, Deed::Panics | Deed::PanicsAgain);
                    assert_eq!(
                        matches!(error, Error::Panicked { .. }),
                        panics,
                        "{at}: {error}"
                    );
                }
                let mut all = given.unwrap_or_default();
                all.extend(block_on(input.read()).unwrap_or_else(|error| panic!("{at}: {error}")));
                assert_eq!(
                    String::from_utf8_lossy(&all),
                    String::from_utf8_lossy(CONTENT),
                    "{at}"
                );
            }
        }
    }
    assert!(happened > 100, "only {happened} things happened");
}

#[test]
fn standard_output_writes_all_to_a_stream_that_is_odd_once() {
    let mut happened = 0;
    for deed in DEEDS {
        for call in 0..6 {
            for what in ["write", "write much", "writelines", "write_owned", "flush"] {
                let at = format!("{what}, {deed:?} in call {call}");
                let memory = Memory::new(b"");
                drop(block_on(set_stdout(memory.stream())).unwrap());
                let output = stdio::stdout_bytes();
                block_on(output.write(b"before ")).unwrap();
                memory.plan(deed, call);
                let text = "text".repeat(if what == "write much" { 10 } else { 2 });
                let result = block_on(async {
                    match what {
                        "writelines" => output.writelines([&text[..4], &text[4..]]).await,
                        "write_owned" => {
                            // What was written before the fault counts.
                            let (n, data) = output.write_owned(text.clone().into_bytes()).await;
                            output.write(&data[n?..]).await.map(drop)
                        }
                        "flush" => {
                            output.write(text.as_bytes()).await?;
                            output.flush().await
                        }
                        _ => output.write(text.as_bytes()).await.map(drop),
                    }
                });
                for attempt in 0.. {
                    assert!(attempt < 4, "{at}: it goes on failing");
                    if block_on(output.flush()).is_ok() {
                        break;
                    }
                }
                happened += usize::from(memory.heal());
                if let Err(error) = &result {
                    let harmless = matches!(deed, Deed::Nothing | Deed::Interrupted(_));
                    assert!(!harmless, "{at}: {error}");
                }
                let data = String::from_utf8(memory.data()).unwrap();
                let whole = format!("before {text}");
                let partly = what == "writelines" && result.is_err();
                // A flush that fails keeps what was written before it.
                assert!(
                    data == whole
                        || result.is_err() && what != "flush" && data == "before "
                        || partly && data == "before text",
                    "{at}: {result:?}: {data}"
                );
            }
        }
    }
    assert!(happened > 50, "only {happened} things happened");
}
