//! The workloads, in the order of the report, and the bars that were set.

/// One thing that every peer does, if it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    NextLine,
    OwnedLines,
    RandomSerial,
    RandomTasks,
    Sequential,
    SmallWrites,
    LargeWrites,
    WholeSerial,
    WholeTasks,
    CreateTasks,
    StatSerial,
    StatTasks,
    List,
    OpenClose,
    ColdTasks,
}

/// The peer that the wall time is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    Std,
    BestAsync,
    Tokio,
}

impl Workload {
    pub const ALL: [Self; 15] = [
        Self::NextLine,
        Self::OwnedLines,
        Self::RandomSerial,
        Self::RandomTasks,
        Self::Sequential,
        Self::SmallWrites,
        Self::LargeWrites,
        Self::WholeSerial,
        Self::WholeTasks,
        Self::CreateTasks,
        Self::StatSerial,
        Self::StatTasks,
        Self::List,
        Self::OpenClose,
        Self::ColdTasks,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::NextLine => "next_line",
            Self::OwnedLines => "into_lines",
            Self::RandomSerial => "random_serial",
            Self::RandomTasks => "random_64_tasks",
            Self::Sequential => "sequential",
            Self::SmallWrites => "small_writes",
            Self::LargeWrites => "large_writes",
            Self::WholeSerial => "whole_serial",
            Self::WholeTasks => "whole_64_tasks",
            Self::CreateTasks => "create_64_tasks",
            Self::StatSerial => "stat_serial",
            Self::StatTasks => "stat_64_tasks",
            Self::List => "list",
            Self::OpenClose => "open_close",
            Self::ColdTasks => "cold_64_tasks",
        }
    }

    /// What README.md calls it; `None` where it is not in the table.
    pub fn readme(self) -> Option<&'static str> {
        match self {
            Self::NextLine => Some("`next_line` over 64 MiB of 80-byte lines"),
            Self::OwnedLines => Some("the same, owned lines"),
            Self::RandomSerial => Some("50,000 random reads of 4 KiB"),
            Self::RandomTasks => Some("the same by 64 tasks"),
            Self::Sequential => Some("1 GiB in reads of 64 KiB"),
            Self::SmallWrites => Some("2,000,000 writes of 50 bytes"),
            Self::LargeWrites => Some("1,024 writes of 256 KiB"),
            Self::WholeSerial => Some("10,000 small files, whole"),
            Self::WholeTasks => Some("the same by 64 tasks"),
            Self::CreateTasks => Some("10,000 new files by 64 tasks"),
            Self::StatSerial => Some("50,000 `stat`"),
            Self::StatTasks => Some("the same by 64 tasks"),
            Self::List => Some("a folder of 50,000, with types"),
            Self::OpenClose => None,
            Self::ColdTasks => Some("4,096 cold random reads of 4 KiB by 64 tasks"),
        }
    }

    /// At full size.
    pub fn title(self) -> &'static str {
        match self {
            Self::NextLine => "64 MiB of 80-byte lines, lent",
            Self::OwnedLines => "64 MiB of 80-byte lines, owned",
            Self::RandomSerial => "50,000 reads of 4 KiB at random in 256 MiB, one after another",
            Self::RandomTasks => "the same, 64 tasks",
            Self::Sequential => "1 GiB in reads of 64 KiB",
            Self::SmallWrites => "2,000,000 writes of 50 bytes",
            Self::LargeWrites => "1,024 writes of 256 KiB",
            Self::WholeSerial => "10,000 whole files of 1 to 8 KiB, one after another",
            Self::WholeTasks => "the same, 64 tasks",
            Self::CreateTasks => "10,000 new files of 1 KiB, 64 tasks",
            Self::StatSerial => "50,000 stat, one after another",
            Self::StatTasks => "the same, 64 tasks",
            Self::List => "a folder of 50,000 files, with types",
            Self::OpenClose => "20,000 open and close, one after another",
            Self::ColdTasks => "4,096 reads of 4 KiB at random, not in the page cache, 64 tasks",
        }
    }

    /// The wall time that is allowed, as a ratio.
    pub fn bar(self) -> (f64, Against) {
        match self {
            Self::NextLine => (0.7, Against::Std),
            Self::OwnedLines => (0.8, Against::Std),
            Self::RandomSerial => (1.5, Against::Std),
            Self::RandomTasks => (0.9, Against::BestAsync),
            Self::Sequential => (1.1, Against::Std),
            Self::SmallWrites => (0.5, Against::Std),
            Self::LargeWrites => (1.15, Against::Std),
            Self::WholeSerial => (1.5, Against::Std),
            Self::WholeTasks => (0.8, Against::BestAsync),
            Self::CreateTasks => (0.9, Against::BestAsync),
            Self::StatSerial => (3.0, Against::Std),
            Self::StatTasks => (0.8, Against::BestAsync),
            Self::List => (1.5, Against::Std),
            Self::OpenClose => (1.8, Against::Std),
            Self::ColdTasks => (1.0, Against::Tokio),
        }
    }
}
