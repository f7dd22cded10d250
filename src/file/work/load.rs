//! How many bytes a job moves, as far as that is known before it begins.

use super::{Then, Work};
use crate::executor::Load;

impl<R> Work<R> {
    pub(super) fn measure(&self) -> Load {
        let dirty = self.dirty.iter().map(|pending| pending.rest().len());
        let queued = self.queue.as_ref().map_or(0, |queue| queue.len());
        let owned = if self.owned_out { self.owned.len() } else { 0 };
        let writes = (dirty.sum::<usize>() + queued + owned) as u64;
        let end = match (&self.then, self.pos) {
            (Then::Truncate(Some(size)), _) => *size,
            (Then::Truncate(None), Some(pos)) => pos,
            (_, Some(pos)) if writes > 0 => pos.saturating_add(writes),
            _ => 0,
        };
        let reads = match self.then {
            Then::Fill { min, chunk, .. } => min.max(chunk),
            Then::FillLine { max, .. } => max,
            Then::ReadOwned => self.owned.capacity() - self.owned.len(),
            _ => 0,
        };
        Load {
            reads: reads as u64,
            writes,
            end,
        }
    }
}
