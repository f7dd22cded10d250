//! Pending calls, `open` and `wrap`.

use std::fs::OpenOptions;
use std::future::{Future, IntoFuture};
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};

use aiofiles::codec::{Encoding, ErrorPolicy, Newline};
use aiofiles::open::{Any, Binary, Raw, Text};
use aiofiles::{
    AnyFile, BinaryFile, Call, Error, Open, RawFile, RawIo, Result, TextFile, ThreadPoolExecutor,
    Wrap, open, wrap,
};

use crate::common::{Dir, run};

/// What every pending call is.
fn call<F: IntoFuture<Output = Result<T>> + Send + Sync + Unpin + 'static, T>(call: F) -> F {
    call
}

/// A future that gives a `T`: that of no other type compiles.
fn gives<T, F: Future<Output = Result<T>> + Send>(future: F) -> F {
    future
}

#[test]
fn the_examples_of_the_contract_run() {
    run(async {
        let dir = Dir::new();
        let pool = ThreadPoolExecutor::new(1);
        let [notes, log, img, out, tree] =
            ["notes.txt", "log.txt", "img.png", "out.txt", "a/b/c"].map(|name| dir.join(name));
        std::fs::write(&notes, "0123456789ab\n").unwrap();
        std::fs::write(&img, "image").unwrap();

        let text: String = open(&notes).await.unwrap().read().await.unwrap();
        assert_eq!(text, "0123456789ab\n");
        let log = open(&log).mode("a+").encoding("latin-1").newline("\r\n");
        let mut f: TextFile = log.await.unwrap();
        assert_eq!(f.write("0123456789ab").await.unwrap(), 12);
        f.seek(io::SeekFrom::Start(0)).await.unwrap();
        let head: String = f.read().size(10).await.unwrap();
        assert_eq!(head, "0123456789");
        let mut b: BinaryFile = open(&img).binary().await.unwrap();
        assert_eq!(
            (b.read().await.unwrap(), b.mode()),
            (b"image".to_vec(), "rb")
        );
        let w = open(dir.join("out.bin"))
            .binary()
            .mode("w")
            .executor(pool.clone());
        w.await.unwrap().close().await.unwrap();
        let st = aiofiles::os::stat(&notes)
            .follow_symlinks(false)
            .await
            .unwrap();
        assert_eq!(st.len(), 13);
        let makes = aiofiles::os::makedirs(&tree).exist_ok(true).executor(pool);
        makes.await.unwrap();

        let mut lines = open(&notes).await.unwrap();
        while let Some(line) = lines.next_line().await.unwrap() {
            let line: &str = line;
            assert_eq!(line, "0123456789ab");
        }
        let written = open(&out).mode("w").with(async |f| {
            f.write("x\n").await?;
            Ok(())
        });
        written.await.unwrap();
        assert_eq!(std::fs::read(&out).unwrap(), b"x\n");
    });
}

#[test]
fn a_call_can_be_named_and_any_taken() {
    fn on_pool<T, K>(call: Call<T, K>) -> Call<T, K> {
        call.executor(ThreadPoolExecutor::new(1))
    }
    let stat: aiofiles::os::Stat = aiofiles::os::stat(".");
    let stat: Call<std::fs::Metadata, aiofiles::os::StatKeywords> = on_pool(stat);
    assert!(
        futures::executor::block_on(gives(call(stat)))
            .unwrap()
            .is_dir()
    );
}

#[test]
fn paths_are_whatever_names_one() {
    drop(call(open("x")));
    drop(call(open(String::from("x"))));
    drop(call(open(Path::new("x"))));
    drop(call(open(PathBuf::from("x"))));
    drop(call(open(std::ffi::OsString::from("x"))));
}

#[test]
fn the_kinds_of_open_have_their_keywords() {
    let text: Open<Text> = open("x");
    let same: Open = text;
    let binary: Open<Binary> = open("x").binary();
    let raw: Open<Raw> = open("x").raw();
    let any: Open<Any> = open("x").any();
    let text = same
        .mode("r")
        .buffering(1)
        .encoding("utf-8")
        .errors("strict");
    let text = text.newline("").line_buffering(true).write_through(false);
    let text = text.permissions(0o600).create(false).nowait(true);
    let text = text.executor(aiofiles::executor::InlineExecutor);
    let text = text
        .encoding(Encoding::for_label("latin-1").unwrap())
        .errors(ErrorPolicy::Replace)
        .newline(Newline::Lf);
    drop(gives::<TextFile, _>(call(text)));
    drop(gives::<BinaryFile, _>(call(
        binary
            .mode("r")
            .buffering(1)
            .permissions(0o600)
            .create(true),
    )));
    drop(gives::<RawFile, _>(call(raw.mode("r+").nowait(false))));
    let any = any
        .mode("rb")
        .buffering(0)
        .encoding("utf-8")
        .errors("ignore");
    drop(gives::<AnyFile, _>(call(
        any.newline("\r").line_buffering(false),
    )));
    #[cfg(any(unix, windows))]
    drop(call(open("x").custom_flags(0)));
    let opener =
        |path: &Path, options: &OpenOptions| -> io::Result<std::fs::File> { options.open(path) };
    drop(call(open("x").opener(opener)));
    for policy in [
        "strict",
        "ignore",
        "replace",
        "backslashreplace",
        "xmlcharrefreplace",
    ] {
        assert_eq!(ErrorPolicy::try_from(policy).unwrap().as_str(), policy);
    }
}

#[test]
fn an_opener_learns_what_the_mode_asked_for() {
    run(async {
        let dir = Dir::new();
        let path = dir.join("x");
        let open = open(&path).mode("w+").opener_with(|path, asked| {
            assert!(asked.read() && asked.write() && asked.truncate() && asked.create());
            assert!(!asked.append() && !asked.create_new());
            #[cfg(unix)]
            assert_ne!(asked.flags(), 0);
            asked.options().open(path)
        });
        open.await.unwrap().close().await.unwrap();
    });
}

#[test]
fn defaults_of_open_are_those_that_are_written_down() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("x", "a\r\nb\rc\n");
        let mut file = open(&path).await.unwrap();
        assert_eq!(
            (file.mode(), file.encoding(), file.errors()),
            ("r", "utf-8", "strict")
        );
        assert!(!file.line_buffering() && !file.write_through());
        assert_eq!(file.read().await.unwrap(), "a\nb\nc\n");
        let newlines: &[&str] = file.newlines();
        assert_eq!(newlines.len(), 3);
        assert_eq!(open(&path).raw().await.unwrap().mode(), "rb");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            open(dir.join("new"))
                .mode("w")
                .await
                .unwrap()
                .close()
                .await
                .unwrap();
            std::fs::File::create(dir.join("std")).unwrap();
            let mode = |name| {
                std::fs::metadata(dir.join(name))
                    .unwrap()
                    .permissions()
                    .mode()
            };
            assert_eq!(mode("new"), mode("std"));
        }
    });
}

#[test]
fn what_open_refuses_it_refuses_with_these_errors() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("x", "");
        let new = dir.join("new");
        let mode = open(&path).mode("rb").await.unwrap_err();
        assert!(matches!(mode, Error::InvalidMode { .. }), "{mode:?}");
        assert!(mode.to_string().contains(".binary()"), "{mode}");
        let kind = open(&path).binary().mode("rt").await.unwrap_err();
        assert!(matches!(kind, Error::InvalidMode { .. }), "{kind:?}");
        for zero in [
            open(&path).buffering(0).await.unwrap_err(),
            open(&path).binary().buffering(0).await.unwrap_err(),
        ] {
            assert!(zero.to_string().contains(".raw()"), "{zero}");
            assert_eq!(zero.kind(), io::ErrorKind::InvalidInput);
        }
        let label = open(&new).mode("w").encoding("klingon").await.unwrap_err();
        assert!(matches!(label, Error::UnknownEncoding { .. }), "{label:?}");
        assert!(label.to_string().contains("klingon"), "{label}");
        for policy in ["surrogateescape", "surrogatepass", "namereplace"] {
            let refused = open(&new).mode("w").errors(policy).await.unwrap_err();
            assert!(
                matches!(refused, Error::InvalidArgument { .. }),
                "{refused:?}"
            );
            assert!(refused.to_string().contains(policy), "{refused}");
        }
        assert!(!new.exists());
        for folder in [
            open(dir.path()).await.map(drop),
            open(dir.path()).binary().await.map(drop),
            open(dir.path()).raw().mode("w").await.map(drop),
        ] {
            assert_eq!(folder.unwrap_err().kind(), io::ErrorKind::IsADirectory);
        }
        let nul = open("a\0b").await.unwrap_err();
        assert_eq!(nul.kind(), io::ErrorKind::InvalidInput);
        open(&new)
            .mode("r+")
            .create(true)
            .await
            .unwrap()
            .close()
            .await
            .unwrap();
        assert!(new.exists());
    });
}

#[test]
fn with_takes_bodies_of_both_error_types_and_keeps_send() {
    #[derive(Debug)]
    struct Mine(String);
    impl From<Error> for Mine {
        fn from(error: Error) -> Self {
            Self(error.to_string())
        }
    }
    run(async {
        let dir = Dir::new();
        let path = dir.file("x", "12");
        let body = open(&path).with(async |f| Ok(f.read().await?.len()));
        assert_eq!(tokio::spawn(body).await.unwrap().unwrap(), 2);
        let own = open(&path).try_with(async |f| {
            let text = f.read().await?;
            Err::<(), _>(Mine(text))
        });
        assert_eq!(own.await.unwrap_err().0, "12");
        let gone = open(dir.join("gone")).try_with(async |_| Ok::<_, Mine>(()));
        assert!(gone.await.unwrap_err().0.starts_with("failed to open"));
    });
}

#[test]
fn wrap_is_binary_and_takes_the_keywords_that_make_sense() {
    fn anything<R: RawIo>(raw: R) -> Wrap<R> {
        wrap(raw)
    }
    run(async {
        let memory = || Cursor::new(b"a\nb".to_vec());
        let mut binary: BinaryFile<Cursor<Vec<u8>>> = anything(memory()).await.unwrap();
        assert_eq!(binary.read().await.unwrap(), b"a\nb");
        let text = wrap(memory())
            .text()
            .mode("r+")
            .encoding("latin-1")
            .newline("");
        let text = text.errors("replace").buffering(64).nowait(false);
        let text = text.line_buffering(true).write_through(true);
        let text = text.executor(aiofiles::executor::InlineExecutor);
        let mut text: TextFile<_> = call(text).await.unwrap();
        assert_eq!(text.readline().await.unwrap(), "a\n");
        let mut raw: RawFile<_> = wrap(memory()).raw().await.unwrap();
        assert_eq!(raw.read().size(1).await.unwrap(), b"a");
        assert!(matches!(
            wrap(memory()).any().mode("rb").await.unwrap(),
            AnyFile::Binary(_)
        ));
        let dir = Dir::new();
        let file = std::fs::File::open(dir.file("x", "text")).unwrap();
        let mut wrapped = wrap(file).text().mode("r").await.unwrap();
        assert_eq!(wrapped.read().await.unwrap(), "text");
    });
}
