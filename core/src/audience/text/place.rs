//! Which piece of a text became which place of the tree, for what is found wrong when the tree is read.

/// Where the rules of a text begin and what they consist of: the path in the tree, and the place in the text in bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(Vec<(String, usize)>);

impl Places {
    /// Notes a place of the rule that is being read.
    pub(super) fn note(&mut self, path: &str, at: usize) {
        self.0.push((path.to_owned(), at));
    }

    /// How many are noted, for [`Places::put_below`].
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Puts what was noted from one number up to another below a path.
    pub(super) fn put_below(&mut self, path: &str, from: usize, to: usize) {
        for (noted, _) in self.0.iter_mut().take(to).skip(from) {
            *noted = match noted.chars().next() {
                None => path.to_owned(),
                Some('[') => format!("{path}{noted}"),
                Some(_) => format!("{path}.{noted}"),
            };
        }
    }

    /// The place in the text of what is nearest around a path, and what of the path is left.
    pub(super) fn of<'a>(&self, path: &'a str) -> (usize, &'a str) {
        let around = |noted: &str| {
            let rest = path.strip_prefix(noted)?;
            let ends = noted.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']);
            ends.then_some(rest)
        };
        let found = self
            .0
            .iter()
            .filter_map(|(noted, at)| Some((*at, around(noted)?)));
        let (at, rest) = found
            .min_by_key(|(_, rest)| rest.len())
            .unwrap_or((0, path));
        (at, rest.trim_start_matches('.'))
    }
}
