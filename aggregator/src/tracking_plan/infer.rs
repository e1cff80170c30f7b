//! A draft from what has arrived.

use cdp_core::event::{Event, EventKind};
use cdp_core::time::Timestamp;
use cdp_core::tracking_plan::{Inferred, Observed, Plan, name_of};

use crate::app::App;
use crate::error::Result;
use crate::history::{self, Reading};
use crate::pipeline;

/// Infers a plan from the stored events since a time. Entries of `known` keep their action and
/// description.
pub(super) async fn infer(
    app: &App,
    space_id: &str,
    since: Timestamp,
    known: Option<&Plan>,
) -> Result<(Inferred, Reading)> {
    let end = pipeline::last_offset(&app.database).await?;
    let mut observed = Observed::default();
    let reading = history::read(&app.database, space_id, end, since, |_, event| {
        see(&mut observed, event);
    })
    .await?;
    Ok((observed.infer(known), reading))
}

fn see(observed: &mut Observed, mut event: Event) {
    let mut body = match event.kind {
        EventKind::Identify | EventKind::Group => std::mem::take(&mut event.traits),
        _ => std::mem::take(&mut event.properties),
    };
    body.with_value(|body| observed.see(event.kind, name_of(&event), body));
}
