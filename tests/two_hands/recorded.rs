//! What CPython did, once more.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use aiofiles::executor::{Executor, InlineExecutor};
use aiofiles::{BinaryFile, ThreadPoolExecutor, wrap};
use futures::executor::block_on;

use super::common::{Dir, Random, Wavering};
use super::system::same_open_file;

const RECORDED: &str = include_str!("../oracle/two_hands.txt");

fn bytes(told: &str) -> Vec<u8> {
    match told {
        "-" => Vec::new(),
        told => told.replace('|', "\n").replace('.', "\0").into_bytes(),
    }
}

fn told(bytes: &[u8]) -> String {
    match bytes {
        [] => "-".into(),
        bytes => {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            text.replace('\n', "|").replace('\0', ".")
        }
    }
}

/// One operation of the file; what it gave.
async fn operate(file: &mut BinaryFile, words: &[&str]) -> String {
    let number = || words[1].parse::<u64>().unwrap();
    let gave = match words[0] {
        "read" => return told(&file.read().size(number() as usize).await.unwrap()),
        "readline" => return told(&file.readline().await.unwrap()),
        "write" => file.write(&bytes(words[1])).await.unwrap() as u64,
        "flush" => {
            file.flush().await.unwrap();
            0
        }
        "seek" => file.seek(SeekFrom::Start(number())).await.unwrap(),
        "skip" => file.seek(SeekFrom::Current(number() as i64)).await.unwrap(),
        "end" => file.seek(SeekFrom::End(0)).await.unwrap(),
        "truncate" => file.truncate().await.unwrap(),
        "size" => file.truncate().size(number()).await.unwrap(),
        other => panic!("{other}"),
    };
    gave.to_string()
}

/// Something that the other one does.
fn interfere(other: &mut File, words: &[&str]) {
    let number = || words[1].parse::<u64>().unwrap();
    match words[0] {
        "seek" => drop(other.seek(SeekFrom::Start(number())).unwrap()),
        "truncate" => other.set_len(number()).unwrap(),
        "write" => other.write_all(&bytes(words[1])).unwrap(),
        "append" => {
            other.seek(SeekFrom::End(0)).unwrap();
            other.write_all(&bytes(words[1])).unwrap();
        }
        unknown => panic!("{unknown}"),
    }
}

fn replay(executor: impl Executor + Clone) {
    let dir = Dir::new();
    let path = dir.join("f");
    let mut file: Option<BinaryFile> = None;
    let mut other = None;
    let (mut cases, mut steps, mut at) = (0, 0, String::new());
    block_on(async {
        for (number, line) in RECORDED.lines().enumerate() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["#", ..] => {}
                ["case", hand, size, content] => {
                    at = format!("the case of line {}", number + 1);
                    std::fs::write(&path, bytes(content)).unwrap();
                    let options = File::options().read(true).write(true).open(&path);
                    let std = options.unwrap();
                    other = Some(match hand {
                        "same" => same_open_file(&std),
                        _ => File::options().read(true).write(true).open(&path).unwrap(),
                    });
                    let made = wrap(std).buffering(size.parse().unwrap());
                    file = Some(made.executor(executor.clone()).await.unwrap());
                    cases += 1;
                }
                ["h", ..] => interfere(other.as_mut().unwrap(), &words[1..]),
                ["f", .., "=", expected] => {
                    let file = file.as_mut().unwrap();
                    let got = operate(file, &words[1..words.len() - 2]).await;
                    assert_eq!(got, expected, "{at}: line {}: {line}", number + 1);
                    steps += 1;
                }
                ["end", content] => {
                    file.take().unwrap().close().await.unwrap();
                    let left = std::fs::read(&path).unwrap();
                    assert_eq!(told(&left), content, "{at}");
                }
                _ => panic!("line {}: {line}", number + 1),
            }
        }
    });
    assert!(
        cases >= 300 && steps > 1_000,
        "{cases} cases, {steps} steps"
    );
}

#[test]
fn files_with_another_hand_do_as_those_of_cpython() {
    replay(InlineExecutor);
    replay(ThreadPoolExecutor::new(1));
    for seed in 0..5 {
        replay(Wavering::new(InlineExecutor, Random::new(seed).next()));
    }
}
