//! Settings of sources as last heard: fresh for seconds, and for a day when nobody can be asked.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use cdp_core::source::SourceConfig;
use cdp_core::time::{Span, Timestamp};

/// How long settings are believed without asking again.
const FRESH: Span = Span::from_seconds(5);
/// How old settings may be that are used while the aggregator cannot be asked.
const USABLE: Span = Span::from_seconds(24 * 3_600);
/// How often an isolate writes down settings that stay the same; far more often than they expire.
const WRITTEN_DOWN: Span = Span::from_seconds(3_600);
/// How many write keys an isolate remembers; beyond that it starts anew.
const MOST_SOURCES: usize = 1_000;

/// What is known of a write key.
#[derive(Clone)]
struct Known {
    heard: Timestamp,
    source: Option<Arc<SourceConfig>>,
    /// When this isolate wrote it down for others.
    written_down: Option<Timestamp>,
}

thread_local! {
    static SOURCES: RefCell<BTreeMap<String, Known>> = const { RefCell::new(BTreeMap::new()) };
}

/// What was heard a moment ago: a source, or that there is none.
pub(super) fn fresh(write_key: &str, now: Timestamp) -> Option<Option<Arc<SourceConfig>>> {
    SOURCES.with_borrow(|sources| {
        sources
            .get(write_key)
            .filter(|known| now.since(known.heard) < FRESH)
            .map(|known| known.source.clone())
    })
}

/// A source that may be used when nobody can be asked. That a key was unknown is no such thing: its
/// source may have been made since.
pub(super) fn usable(write_key: &str, now: Timestamp) -> Option<Arc<SourceConfig>> {
    SOURCES.with_borrow(|sources| {
        sources
            .get(write_key)
            .filter(|known| is_usable(known.heard, now))?
            .source
            .clone()
    })
}

/// Whether settings of this age may still be used when nobody can be asked.
pub(super) fn is_usable(heard: Timestamp, now: Timestamp) -> bool {
    now.since(heard) < USABLE
}

/// Remembers what was heard, and says whether it has to be written down for other isolates.
pub(super) fn remember(
    write_key: &str,
    heard: Timestamp,
    source: Option<&Arc<SourceConfig>>,
) -> bool {
    SOURCES.with_borrow_mut(|sources| {
        let before = sources.get(write_key);
        let same = before.is_some_and(|known| known.source.as_ref() == source);
        let written_down = before
            .and_then(|known| known.written_down)
            .filter(|at| same && heard.since(*at) < WRITTEN_DOWN);
        // That a key is unknown is news only to who knew it: made-up keys are not written anywhere.
        let news = written_down.is_none()
            && (source.is_some() || before.is_some_and(|known| known.source.is_some()));
        if sources.len() >= MOST_SOURCES {
            sources.clear();
        }
        let known = Known {
            heard,
            source: source.cloned(),
            written_down: written_down.or(news.then_some(heard)),
        };
        sources.insert(write_key.to_owned(), known);
        news
    })
}
