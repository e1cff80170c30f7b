//! The ledger's accounts: how far each tab has numbered, and how its numbers ended.

use std::collections::BTreeMap;

use cdp_core::ledger::{Account, Ending, News};
use cdp_core::outcome::Outcome;
use sqlx::{AnyConnection, Row as _};

use super::take::{Read, number};
use crate::database::rows::Many;
use crate::error::Result;
use crate::ingest::Entry;

/// Space, source and id of a tab.
type TabKey<'a> = (&'a str, &'a str, &'a str);

/// What was known of a tab.
#[derive(Clone, Copy)]
struct Known {
    next: u64,
    heard_at: i64,
    /// How many of its numbers have ended.
    settled: i64,
}

impl Known {
    const NEW: Self = Self {
        next: 1,
        heard_at: 0,
        settled: 0,
    };
}

/// How a number has ended before: in which outcome, and whether a message arrived.
type Before = (String, bool);

/// Numbers that came to an outcome less those that came out of it, and the same of those of which a message arrived, by space,
/// source and outcome; '' for numbers that were given out.
type Totals<'a> = BTreeMap<(&'a str, &'a str, String), [i64; 2]>;

/// Brings the ledger forward: how far each tab has numbered, how numbers ended, and how many that makes.
pub(super) async fn keep(
    connection: &mut AnyConnection,
    entries: &[Read<'_>],
    stored: &[Vec<bool>],
) -> Result<()> {
    let mut news: BTreeMap<TabKey<'_>, (News<'_>, i64)> = BTreeMap::new();
    for (read, stored) in entries.iter().zip(stored) {
        tell(&mut news, read, stored);
    }
    if news.is_empty() {
        return Ok(());
    }
    let known = known_tabs(connection, news.keys()).await?;
    let accounts: Vec<(TabKey<'_>, Account<'_>, i64, Known)> = news
        .iter()
        .map(|(key, (news, heard_at))| {
            let known = known.get(key).copied().unwrap_or(Known::NEW);
            (*key, news.account(known.next), *heard_at, known)
        })
        .collect();
    let before = ended_before(connection, &accounts).await?;
    let mut tabs = Many::new(
        "INSERT INTO ledger_tab (space_id, source_id, tab, next_seq, heard_at, settled, is_open) VALUES {rows} \
         ON CONFLICT (space_id, source_id, tab) DO UPDATE SET next_seq = excluded.next_seq, heard_at = excluded.heard_at, settled = excluded.settled, is_open = excluded.is_open",
        [],
    );
    let mut ended = Many::new(
        "INSERT INTO ledger_entry (space_id, source_id, tab, seq, outcome, reason, message_id, settled_at) VALUES {rows} \
         ON CONFLICT (space_id, source_id, tab, seq) DO UPDATE \
         SET outcome = excluded.outcome, reason = excluded.reason, message_id = excluded.message_id, settled_at = excluded.settled_at",
        [],
    );
    let mut totals: Totals<'_> = BTreeMap::new();
    for ((space_id, source_id, tab), account, heard_at, known) in accounts {
        let mut total = |outcome: &str, number: i64, has_message: bool| {
            let key = (space_id, source_id, outcome.to_owned());
            let [numbers, received] = totals.entry(key).or_default();
            *numbers += number;
            *received += if has_message { number } else { 0 };
        };
        let mut settled = known.settled;
        for (seq, ending) in &account.endings {
            match before.get(&(space_id, source_id, tab, *seq)) {
                None => settled += 1,
                Some((outcome, had_message)) if makes_good(outcome, ending.outcome) => {
                    total(outcome, -1, *had_message);
                }
                Some(_) => continue,
            }
            total(ending.outcome.as_str(), 1, ending.message_id.is_some());
            let reason = ending.reason.map(|reason| reason.replace('\0', "\u{fffd}"));
            ended.push([
                space_id.into(),
                source_id.into(),
                tab.into(),
                number(*seq).into(),
                ending.outcome.as_str().into(),
                reason.into(),
                ending.message_id.map(str::to_owned).into(),
                heard_at.into(),
            ]);
        }
        total("", number(account.next) - number(known.next), false);
        tabs.push([
            space_id.into(),
            source_id.into(),
            tab.into(),
            number(account.next).into(),
            heard_at.max(known.heard_at).into(),
            settled.into(),
            i64::from(number(account.next) - 1 > settled).into(),
        ]);
    }
    tabs.execute(connection).await?;
    ended.execute(connection).await?;
    add(connection, totals).await
}

/// The first outcome of a number stays, except that an event that arrives after all makes good for having been reported lost
/// or for having been refused.
fn makes_good(before: &str, now: Outcome) -> bool {
    let lost = [Outcome::Dropped, Outcome::Denied, Outcome::Quarantined];
    now == Outcome::Ok && lost.iter().any(|outcome| outcome.as_str() == before)
}

/// Adds to how many numbers ended in which outcome.
async fn add(connection: &mut AnyConnection, totals: Totals<'_>) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO ledger_total (space_id, source_id, outcome, numbers, received) VALUES {rows} \
         ON CONFLICT (space_id, source_id, outcome) DO UPDATE SET numbers = ledger_total.numbers + excluded.numbers, \
         received = ledger_total.received + excluded.received",
        [],
    );
    let new = totals.into_iter().filter(|(_, added)| *added != [0, 0]);
    let rows = new.map(|((space_id, source_id, outcome), [numbers, received])| {
        [
            space_id.into(),
            source_id.into(),
            outcome.into(),
            numbers.into(),
            received.into(),
        ]
    });
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// How those numbers ended that their tabs gave out before, as far as they did.
async fn ended_before<'a>(
    connection: &mut AnyConnection,
    accounts: &[(TabKey<'a>, Account<'_>, i64, Known)],
) -> Result<BTreeMap<(&'a str, &'a str, &'a str, u64), Before>> {
    let query = Many::new(
        "WITH wanted (place, space_id, source_id, tab, seq) AS (VALUES {rows}) SELECT w.place AS place, w.seq AS seq, e.outcome AS outcome, \
         CASE WHEN e.message_id IS NULL THEN 0 ELSE 1 END AS has_message FROM wanted w CROSS JOIN ledger_entry e \
         WHERE e.space_id = w.space_id AND e.source_id = w.source_id AND e.tab = w.tab AND e.seq = w.seq",
        [],
    );
    let wanted = accounts.iter().enumerate().flat_map(|(place, account)| {
        let ((space_id, source_id, tab), account, _, known) = account;
        // Tabs number upwards, so nothing else can have ended.
        let seqs = account.endings.keys().filter(|seq| **seq < known.next);
        let place = i64::try_from(place).unwrap_or(i64::MAX);
        seqs.map(move |seq| {
            [
                place.into(),
                (*space_id).into(),
                (*source_id).into(),
                (*tab).into(),
                number(*seq).into(),
            ]
        })
    });
    let rows = query.rows(wanted).fetch(connection).await?;
    let mut before = BTreeMap::new();
    for row in &rows {
        let place: i64 = row.try_get("place")?;
        let seq: i64 = row.try_get("seq")?;
        let account = usize::try_from(place).ok().and_then(|at| accounts.get(at));
        if let (Some(((space_id, source_id, tab), ..)), Ok(seq)) = (account, u64::try_from(seq)) {
            let has_message: i64 = row.try_get("has_message")?;
            before.insert(
                (*space_id, *source_id, *tab, seq),
                (row.try_get("outcome")?, has_message == 1),
            );
        }
    }
    Ok(before)
}

/// Adds what a batch says of tabs to the news of each.
fn tell<'a>(
    news: &mut BTreeMap<TabKey<'a>, (News<'a>, i64)>,
    read: &'a Read<'a>,
    stored: &'a [bool],
) {
    let entry = read.entry;
    for (event, new) in read.events.iter().zip(stored) {
        let Some(mark) = &event.ledger else { continue };
        let ending = Ending {
            outcome: if *new {
                Outcome::Ok
            } else {
                Outcome::Duplicate
            },
            reason: None,
            message_id: Some(&event.message_id),
        };
        of_tab(news, entry, &mark.tab).arrived(mark.seq, ending);
    }
    for refused in &entry.refused {
        let Some(mark) = &refused.ledger else {
            continue;
        };
        let ending = Ending {
            outcome: refused.outcome,
            reason: Some(&refused.reason),
            message_id: Some(&refused.message_id),
        };
        of_tab(news, entry, &mark.tab).arrived(mark.seq, ending);
    }
    for report in &entry.reports {
        of_tab(news, entry, &report.tab).reported(report);
    }
}

fn of_tab<'n, 'a>(
    news: &'n mut BTreeMap<TabKey<'a>, (News<'a>, i64)>,
    entry: &'a Entry,
    tab: &'a str,
) -> &'n mut News<'a> {
    let key = (entry.space_id.as_str(), entry.source_id.as_str(), tab);
    let (news, heard_at) = news.entry(key).or_default();
    *heard_at = entry.received_at.as_micros().max(*heard_at);
    news
}

/// What is known of these tabs.
async fn known_tabs<'a>(
    connection: &mut AnyConnection,
    tabs: impl Iterator<Item = &'a TabKey<'a>>,
) -> Result<BTreeMap<TabKey<'a>, Known>> {
    let tabs: Vec<&TabKey<'_>> = tabs.collect();
    let query = Many::new(
        "WITH wanted (place, space_id, source_id, tab) AS (VALUES {rows}) SELECT w.place AS place, \
         t.next_seq AS next_seq, t.heard_at AS heard_at, t.settled AS settled FROM wanted w CROSS JOIN ledger_tab t \
         WHERE t.space_id = w.space_id AND t.source_id = w.source_id AND t.tab = w.tab",
        [],
    );
    let wanted = tabs.iter().zip(0_i64..);
    let wanted = wanted.map(|((space_id, source_id, tab), place)| {
        [
            place.into(),
            (*space_id).into(),
            (*source_id).into(),
            (*tab).into(),
        ]
    });
    let rows = query.rows(wanted).fetch(connection).await?;
    let mut known = BTreeMap::new();
    for row in &rows {
        let place: i64 = row.try_get("place")?;
        let next: i64 = row.try_get("next_seq")?;
        if let Some(key) = usize::try_from(place).ok().and_then(|at| tabs.get(at)) {
            let tab = Known {
                next: u64::try_from(next).unwrap_or(1),
                heard_at: row.try_get("heard_at")?,
                settled: row.try_get("settled")?,
            };
            known.insert(**key, tab);
        }
    }
    Ok(known)
}
