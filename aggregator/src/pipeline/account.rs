//! The ledger's accounts: how far each tab has numbered, and how its numbers ended.

use std::collections::BTreeMap;

use cdp_core::ledger::{Ending, News};
use cdp_core::outcome::Outcome;
use sqlx::{AnyConnection, Row as _};

use super::take::{Read, number};
use crate::database::rows::Many;
use crate::error::Result;
use crate::ingest::Entry;

/// Space, source and id of a tab.
type TabKey<'a> = (&'a str, &'a str, &'a str);

/// Brings the ledger forward: how far each tab has numbered, and how numbers ended. The first outcome
/// of a number stays, except that an event that arrives after all makes good for having been
/// reported lost or for having been refused.
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
    let mut tabs = Many::new(
        "INSERT INTO ledger_tab (space_id, source_id, tab, next_seq, heard_at) VALUES {rows} \
         ON CONFLICT (space_id, source_id, tab) DO UPDATE SET next_seq = excluded.next_seq, heard_at = excluded.heard_at",
        [],
    );
    let mut entries = Many::new(
        "INSERT INTO ledger_entry (space_id, source_id, tab, seq, outcome, reason, message_id, settled_at) VALUES {rows} \
         ON CONFLICT (space_id, source_id, tab, seq) DO UPDATE \
         SET outcome = excluded.outcome, reason = excluded.reason, message_id = excluded.message_id, settled_at = excluded.settled_at \
         WHERE excluded.outcome = 'ok' AND ledger_entry.outcome IN ('dropped', 'denied', 'quarantined')",
        [],
    );
    for ((space_id, source_id, tab), (news, heard_at)) in &news {
        let key = [space_id, source_id, tab].map(|text| (*text).to_owned());
        let (next, heard_before) = known.get(&key).copied().unwrap_or((1, 0));
        let account = news.account(next);
        tabs.push([
            (*space_id).into(),
            (*source_id).into(),
            (*tab).into(),
            number(account.next).into(),
            (*heard_at).max(heard_before).into(),
        ]);
        for (seq, ending) in account.endings {
            let reason = ending.reason.map(|reason| reason.replace('\0', "\u{fffd}"));
            entries.push([
                (*space_id).into(),
                (*source_id).into(),
                (*tab).into(),
                number(seq).into(),
                ending.outcome.as_str().into(),
                reason.into(),
                ending.message_id.map(str::to_owned).into(),
                (*heard_at).into(),
            ]);
        }
    }
    tabs.execute(connection).await?;
    entries.execute(connection).await?;
    Ok(())
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

/// How far these tabs are known to have numbered, and when they were last heard of.
async fn known_tabs<'a>(
    connection: &mut AnyConnection,
    tabs: impl Iterator<Item = &'a TabKey<'a>>,
) -> Result<BTreeMap<[String; 3], (u64, i64)>> {
    let query = Many::new(
        "WITH wanted (space_id, source_id, tab) AS (VALUES {rows}) SELECT t.space_id AS space_id, \
         t.source_id AS source_id, t.tab AS tab, t.next_seq AS next_seq, t.heard_at AS heard_at \
         FROM wanted w CROSS JOIN ledger_tab t \
         WHERE t.space_id = w.space_id AND t.source_id = w.source_id AND t.tab = w.tab",
        [],
    );
    let rows = query
        .rows(tabs.map(|(space_id, source_id, tab)| {
            [(*space_id).into(), (*source_id).into(), (*tab).into()]
        }))
        .fetch(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let key = [
                row.try_get("space_id")?,
                row.try_get("source_id")?,
                row.try_get("tab")?,
            ];
            let next: i64 = row.try_get("next_seq")?;
            let next = u64::try_from(next).unwrap_or(1);
            Ok((key, (next, row.try_get("heard_at")?)))
        })
        .collect()
}
