//! A queue from whose middle values can be taken.

use std::collections::VecDeque;

/// Values that wait for their turn, each with a ticket; the oldest has the lowest ticket.
///
/// All operations take constant time on average, except for a binary search in
/// [`take`](Self::take). The memory is proportional to the number of values: a value that
/// is taken from the middle leaves a gap, and when most entries are gaps, they are
/// removed.
#[derive(Debug)]
pub(super) struct Tickets<T> {
    /// Ordered by ticket, lowest first. `None` is a gap. The first entry is never a gap.
    entries: VecDeque<(u64, Option<T>)>,
    gaps: usize,
    next: u64,
    /// How many entries were looked at or moved in order to save memory.
    #[cfg(test)]
    looked_at: usize,
}

impl<T> Default for Tickets<T> {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            gaps: 0,
            next: 0,
            #[cfg(test)]
            looked_at: 0,
        }
    }
}

impl<T> Tickets<T> {
    /// So many gaps are too few to be removed.
    const FEW: usize = 16;

    pub(super) fn len(&self) -> usize {
        self.entries.len() - self.gaps
    }

    /// The ticket of the next value.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn push(&mut self, value: T) {
        self.entries.push_back((self.next, Some(value)));
        self.next += 1;
    }

    /// Takes the oldest value.
    pub(super) fn pop(&mut self) -> Option<T> {
        let (_, value) = self.entries.pop_front()?;
        self.trim();
        value
    }

    /// Takes the value with this ticket, if it is still there.
    pub(super) fn take(&mut self, ticket: u64) -> Option<T> {
        let at = self.entries.binary_search_by_key(&ticket, |entry| entry.0);
        let value = self.entries[at.ok()?].1.take()?;
        self.gaps += 1;
        self.trim();
        if self.gaps > self.len() + Self::FEW {
            self.close_gaps();
        }
        Some(value)
    }

    /// Takes those values after the first `count` for which `out` returns true.
    pub(super) fn split(&mut self, count: usize, out: impl Fn(&T) -> bool) -> Vec<T> {
        self.close_gaps();
        let behind = self.entries.split_off(count.min(self.entries.len()));
        let mut taken = Vec::new();
        for (ticket, value) in behind {
            match value {
                Some(value) if out(&value) => taken.push(value),
                value => self.entries.push_back((ticket, value)),
            }
        }
        taken
    }

    /// Removes the gaps at the front, and frees memory that is no longer needed.
    fn trim(&mut self) {
        while let Some((_, None)) = self.entries.front() {
            self.entries.pop_front();
            self.gaps -= 1;
        }
        if self.entries.capacity() > 4 * (self.entries.len() + Self::FEW) {
            self.shrink();
        }
    }

    fn close_gaps(&mut self) {
        #[cfg(test)]
        {
            self.looked_at += self.entries.len();
        }
        self.entries.retain(|(_, value)| value.is_some());
        self.gaps = 0;
        self.shrink();
    }

    /// Moves the entries to a smaller allocation. It leaves so much room that their number
    /// must halve or double before the next move, so moves cost little on average.
    fn shrink(&mut self) {
        #[cfg(test)]
        {
            self.looked_at += self.entries.len();
        }
        self.entries.shrink_to(2 * (self.entries.len() + Self::FEW));
    }
}

/// Four of the faults that `just mutants` puts in are not found by these tests. They only
/// change when memory is freed, and how much: `>=` for `>` in `take` and in `trim`, and
/// `+` and `/` for `*` in `shrink`.
#[cfg(test)]
mod tests {
    use super::*;

    fn filled(n: u64) -> Tickets<u64> {
        let mut tickets = Tickets::default();
        for value in 0..n {
            assert_eq!(tickets.next(), value);
            tickets.push(value);
        }
        tickets
    }

    /// All numbers below `n`, in a mixed order.
    fn scattered(n: u64) -> impl Iterator<Item = u64> {
        // Coprime to every power of ten.
        (0..n).map(move |i| i * 7_919 % n)
    }

    #[test]
    fn values_come_in_order_without_those_that_were_taken() {
        let mut tickets = filled(1_000);
        for ticket in scattered(1_000).filter(|ticket| ticket % 3 != 0) {
            assert_eq!(tickets.take(ticket), Some(ticket));
            assert_eq!(tickets.take(ticket), None, "once");
        }
        assert_eq!(tickets.len(), 334);
        assert_eq!(tickets.pop(), Some(0));
        assert_eq!(tickets.take(0), None, "it had its turn");
        assert_eq!(tickets.split(100, |value| value % 2 == 0).len(), 116);
        let rest: Vec<_> = std::iter::from_fn(|| tickets.pop()).collect();
        let expected = (1..334).map(|n| n * 3).enumerate();
        let expected = expected.filter(|&(i, value)| i < 100 || value % 2 == 1);
        assert_eq!(rest, expected.map(|(_, value)| value).collect::<Vec<_>>());
        assert_eq!(tickets.len(), 0);
    }

    #[test]
    fn one_that_was_taken_from_the_front_is_no_value() {
        let mut tickets = filled(4);
        assert_eq!(tickets.take(1), Some(1));
        assert_eq!(tickets.take(0), Some(0));
        assert_eq!(tickets.len(), 2);
        assert_eq!(tickets.pop(), Some(2));
        assert_eq!(tickets.take(3), Some(3));
        assert_eq!((tickets.pop(), tickets.len()), (None, 0));
    }

    #[test]
    fn memory_is_that_of_the_values_that_are_there() {
        const FEW: usize = Tickets::<u64>::FEW;
        for n in [10, 1_000, 1_001, 1_002, 1_003, 20_000] {
            let mut tickets = filled(n);
            for value in 0..n {
                assert_eq!(tickets.pop(), Some(value));
                let most = 4 * (tickets.len() + FEW);
                assert!(tickets.entries.capacity() <= most, "{n}: {value}");
            }
            let mut tickets = filled(n);
            for ticket in scattered(n).filter(|ticket| ticket % 5 != 0) {
                assert_eq!(tickets.take(ticket), Some(ticket));
                let most = 2 * tickets.len() + FEW;
                assert!(tickets.entries.len() <= most, "{n}: {ticket}");
            }
        }
    }

    #[test]
    fn taking_any_of_many_looks_at_few() {
        const N: u64 = 100_000;
        let orders: [(&str, Box<dyn Iterator<Item = u64>>); 4] = [
            ("oldest first", Box::new(0..N)),
            ("youngest first", Box::new((0..N).rev())),
            ("scattered", Box::new(scattered(N))),
            ("all but the first", Box::new(1..N)),
        ];
        for (name, order) in orders {
            let mut tickets = filled(N);
            for ticket in order {
                assert_eq!(tickets.take(ticket), Some(ticket));
            }
            let looked_at = tickets.looked_at;
            assert!(looked_at <= 4 * N as usize, "{name}: {looked_at}");
            assert!(
                tickets.entries.capacity() < 200,
                "{name}: the memory is free"
            );
        }
    }

    #[test]
    fn one_that_waits_for_ever_keeps_nothing_of_those_behind_it() {
        let mut tickets = filled(1);
        for ticket in 1..100_000 {
            tickets.push(ticket);
            tickets.take(ticket);
        }
        assert!(tickets.entries.len() < 40 && tickets.entries.capacity() < 200);
        assert!(tickets.looked_at < 400_000, "{}", tickets.looked_at);
        assert_eq!(tickets.pop(), Some(0));
    }
}
