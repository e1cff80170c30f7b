//! How events leave: batches and their replies, beacons.

use super::{AFTER_BEACON, Collector};
use crate::command::Moment;
use crate::host::Host;
use crate::json::{push_comma, push_pair, push_time};
use crate::queue::Entry;
use crate::session::{Loss, Tab};

/// A request: Segment's limit is 500 KB.
const BATCH_BYTES: usize = 400_000;
/// Browsers give one origin 64 KiB for all that outlives a page; the rest is for the envelope.
const BEACON_BYTES: usize = 55_000;

impl Collector {
    /// Sends a batch, if one may go now.
    pub(super) fn flush(&mut self, now: f64, host: &mut impl Host) {
        if self.flying || self.refused || self.offline || self.queue.is_empty() || !self.collecting
        {
            return;
        }
        let wait = self.retry.wait(now);
        if wait > 0.0 {
            self.wake(now, wait, host);
            return;
        }
        self.queue.take_off(self.batch_events, BATCH_BYTES);
        self.tabs.iter_mut().for_each(Tab::take_off);
        self.flying = true;
        self.ticket += 1;
        let mut body = self.body(now, |entry| entry.flying);
        if !self.watched.is_empty() && self.consent.may_decide(&self.settings) {
            body.push_str(",\"placements\":");
            body.push_str(&self.watched);
            body.push(',');
            push_pair(&mut body, "anonymousId", &self.anonymous_id);
            body.push_str(",\"consent\":{");
            self.consent.push_state(&mut body, &self.settings);
            body.push('}');
        }
        body.push('}');
        host.send(self.ticket, &body);
    }

    /// A batch, still open.
    fn body(&self, now: f64, goes: impl Fn(&Entry) -> bool) -> String {
        let mut out = String::from("{");
        push_pair(&mut out, "writeKey", self.settings.write_key());
        out.push_str(",\"sentAt\":");
        push_time(&mut out, now);
        out.push_str(",\"batch\":[");
        let mut first = true;
        for entry in self.queue.entries() {
            if goes(entry) {
                push_comma(&mut out, &mut first);
                out.push_str(&entry.text);
            }
        }
        out.push_str("],\"ledger\":[");
        first = true;
        for (index, tab) in self.tabs.iter().enumerate() {
            let counts = index == self.own
                || tab.has_losses()
                || self.queue.entries().iter().any(|entry| entry.tab == index);
            if counts {
                push_comma(&mut out, &mut first);
                tab.push_report(&mut out);
            }
        }
        out.push(']');
        out
    }

    /// Settles the request that was answered.
    pub(super) fn replied(
        &mut self,
        moment: Moment,
        status: u32,
        wait: f64,
        outcomes: &str,
        host: &mut impl Host,
    ) {
        // A 200 without outcomes is no reply of a collector: a captive portal says 200 as well.
        let heard = status == 200 && !outcomes.is_empty();
        let flying = self
            .queue
            .entries()
            .iter()
            .filter(|entry| entry.flying)
            .count();
        if heard {
            for (tab, seq) in self.queue.settle(outcomes) {
                self.settled(tab, seq, host);
            }
        }
        if status == 413 && flying < 2 {
            for (tab, seq) in self.queue.settle("d") {
                self.settled(tab, seq, host);
                self.lose(tab, seq, Loss::TooLarge, host);
            }
        }
        self.land(heard, host);
        if status == 413 {
            // The request was too large: half of it, down to one event, which is not to be sent at all.
            self.batch_events = (flying / 2).max(1);
        } else if heard && outcomes.bytes().all(|letter| letter == b'd') {
            self.retry.reset();
        } else if (400..500).contains(&status) && status != 408 && status != 429 {
            self.refused = true;
        } else {
            self.retry.fail(moment.now, moment.dice, wait);
        }
        self.due = 0.0;
    }

    /// Whatever is under way brings no answer any more, except that the server `heard` the losses.
    pub(super) fn land(&mut self, heard: bool, host: &mut impl Host) {
        self.flying = false;
        self.queue.land();
        for index in 0..self.tabs.len() {
            if self.tabs.get_mut(index).is_some_and(|tab| tab.land(heard)) {
                self.save_losses(index, host);
            }
        }
    }

    /// Sends what fits into a beacon: the page is hidden, or leaves.
    pub(super) fn hide(&mut self, now: f64, leaving: bool, host: &mut impl Host) {
        if self.refused || self.offline || !self.collecting {
            return;
        }
        if self.queue.board_beacon(leaving, BEACON_BYTES) {
            let mut body = self.body(now, |entry| entry.boarding);
            body.push('}');
            host.beacon(self.settings.url(), &body);
            self.wake(now, AFTER_BEACON, host);
        }
    }
}
