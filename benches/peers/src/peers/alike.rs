//! Code that is the same for several peers but for the calls. It is in macros, as the
//! peers have no types or traits in common.

/// The workloads on many files, and those on the shares of tasks, for a peer that
/// has a `random`. It says how it reads all of a file at a path, how it makes one,
/// and how it learns its size.
macro_rules! in_shares {
    (
        read($read_path:ident) $read:expr;
        write($write_path:ident) $write:expr;
        size($size_path:ident) $size:expr;
    ) => {
        async fn random_share(site: Arc<Site>, task: usize) -> io::Result<Tally> {
            let count = crate::site::share(site.sizes.random, task).len();
            random(site, task, count).await
        }

        async fn cold_share(site: Arc<Site>, task: usize) -> io::Result<Tally> {
            let count = crate::site::share(site.sizes.cold, task).len();
            random(site, task, count).await
        }

        async fn read_files(site: Arc<Site>, files: std::ops::Range<usize>) -> io::Result<Tally> {
            let mut tally = Tally::default();
            for index in files {
                let $read_path = site.small(index);
                tally.piece(&$read);
            }
            Ok(tally)
        }

        async fn whole(site: Arc<Site>) -> io::Result<Tally> {
            let files = 0..site.sizes.files;
            read_files(site, files).await
        }

        async fn whole_share(site: Arc<Site>, task: usize) -> io::Result<Tally> {
            let files = crate::site::share(site.sizes.files, task);
            read_files(site, files).await
        }

        async fn create_share(site: Arc<Site>, task: usize) -> io::Result<Tally> {
            let mut tally = Tally::default();
            for index in crate::site::share(site.sizes.files, task) {
                let $write_path = site.created(index);
                $write;
                tally.add(1);
            }
            Ok(tally)
        }

        async fn ask(site: Arc<Site>, times: std::ops::Range<usize>) -> io::Result<Tally> {
            let mut tally = Tally::default();
            for index in times {
                let $size_path = site.small(index % site.sizes.files);
                tally.add($size);
            }
            Ok(tally)
        }

        async fn stat(site: Arc<Site>) -> io::Result<Tally> {
            let times = 0..site.sizes.stats;
            ask(site, times).await
        }

        async fn stat_share(site: Arc<Site>, task: usize) -> io::Result<Tally> {
            let times = crate::site::share(site.sizes.stats, task);
            ask(site, times).await
        }
    };
}

/// The workloads on one `File` as std has it, for a peer whose traits are in scope.
macro_rules! with_a_cursor {
    () => {
        async fn random(site: Arc<Site>, seed: usize, count: usize) -> io::Result<Tally> {
            let mut tally = Tally::default();
            let mut file = File::open(site.data()).await?;
            let mut block = [0; BLOCK];
            for offset in site.offsets(seed).take(count) {
                file.seek(SeekFrom::Start(offset)).await?;
                file.read_exact(&mut block).await?;
                tally.add(block_number(&block));
            }
            Ok(tally)
        }

        async fn large_writes(site: Arc<Site>) -> io::Result<Tally> {
            let mut tally = Tally::default();
            let mut file = File::create(site.out()).await?;
            let data = vec![7; LARGE];
            for _ in 0..site.sizes.large {
                file.write_all(&data).await?;
                tally.add(1);
            }
            file.flush().await?;
            Ok(tally)
        }

        async fn open_close(site: Arc<Site>) -> io::Result<Tally> {
            let mut tally = Tally::default();
            let path = site.empty()?;
            for _ in 0..site.sizes.opens {
                drop(File::open(&path).await?);
                tally.add(1);
            }
            Ok(tally)
        }
    };
}
