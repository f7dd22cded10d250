//! What must have been read and written, in plain data.

/// A file without buffers: its content and one position. `T` is a byte, or a
/// character of a text with characters of one width.
#[derive(Clone, Debug)]
pub(crate) struct Model<T> {
    pub(crate) data: Vec<T>,
    pub(crate) pos: usize,
    pub(crate) append: bool,
    /// What a gap is filled with.
    pub(crate) zero: T,
    pub(crate) newline: T,
}

impl<T: Copy + PartialEq> Model<T> {
    pub(crate) fn rest(&self) -> &[T] {
        self.data.get(self.pos..).unwrap_or_default()
    }

    /// The next `size` units, fewer at the end.
    pub(crate) fn read(&mut self, size: usize) -> Vec<T> {
        let n = self.rest().len().min(size);
        let taken = self.rest()[..n].to_vec();
        self.pos += n;
        taken
    }

    /// One line with its end, at most `size` units of it.
    pub(crate) fn read_line(&mut self, size: usize) -> Vec<T> {
        let end = self.rest().iter().position(|unit| *unit == self.newline);
        let n = end.map_or(self.rest().len(), |at| at + 1);
        self.read(n.min(size))
    }

    /// Lines until their total exceeds `hint`.
    pub(crate) fn read_lines(&mut self, hint: usize) -> Vec<Vec<T>> {
        let mut lines = Vec::new();
        let mut total = 0;
        while total <= hint && !self.rest().is_empty() {
            let line = self.read_line(usize::MAX);
            total += line.len();
            lines.push(line);
        }
        lines
    }

    pub(crate) fn write(&mut self, units: &[T]) {
        if self.append && !units.is_empty() {
            self.pos = self.data.len();
        }
        let end = self.pos + units.len();
        if !units.is_empty() && self.data.len() < end {
            self.data.resize(end, self.zero);
        }
        if !units.is_empty() {
            self.data[self.pos..end].copy_from_slice(units);
        }
        self.pos = end;
    }

    pub(crate) fn truncate(&mut self, size: usize) {
        self.data.resize(size, self.zero);
    }
}
