//! How often somebody may try to sign in: per address and per email, slower with each failure, in a memory that does
//! not grow with those who try.

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use cdp_core::time::{Span, Timestamp};

use crate::error::{Code, Error, Result};

/// Places of each row; who tries has one place in each of the two, and the better of both counts.
const PLACES: usize = 16_384;
/// Failures before anybody has to wait: of one email, and of one address, behind which many may work.
const FREE_OF_EMAIL: u32 = 5;
const FREE_OF_ADDRESS: u32 = 20;
/// The longest wait in seconds. Of an email it is short, for somebody else may have failed with it.
const LONGEST_OF_EMAIL: i64 = 60;
const LONGEST_OF_ADDRESS: i64 = 900;
/// After this time without a failure all is forgotten.
const FORGOTTEN: i64 = 3600;

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    failures: u32,
    last: i64,
}

/// Failures, by what tried.
#[derive(Debug)]
pub(crate) struct Throttle {
    rows: Mutex<[Vec<Place>; 2]>,
    keys: [RandomState; 2],
}

impl Default for Throttle {
    fn default() -> Self {
        let row = || vec![Place::default(); PLACES];
        Self {
            rows: Mutex::new([row(), row()]),
            keys: [RandomState::new(), RandomState::new()],
        }
    }
}

impl Throttle {
    /// Takes a try, which counts as a failure until [`Self::succeeded`].
    ///
    /// # Errors
    /// When it comes too early; it says after how many seconds the next is taken.
    pub(crate) fn attempt(
        &self,
        address: Option<IpAddr>,
        email: &str,
        now: Timestamp,
    ) -> Result<()> {
        let address = address.map(|address| address_key(&address));
        let kinds = [
            address
                .as_deref()
                .map(|key| (key, FREE_OF_ADDRESS, LONGEST_OF_ADDRESS)),
            Some((email, FREE_OF_EMAIL, LONGEST_OF_EMAIL)),
        ];
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = kinds.iter().flatten().map(|(key, free, longest)| {
            let places = self.places(key);
            let seen = places.map(|(row, place)| fresh(rows[row][place], now));
            let least = seen.into_iter().min_by_key(|place| place.failures);
            least.map_or(0, |place| wait(place, *free, *longest, now))
        });
        let wait = waits.max().unwrap_or_default();
        if wait > 0 {
            return Err(too_early(wait));
        }
        for (key, ..) in kinds.iter().flatten() {
            self.count(&mut rows, key, now);
        }
        Ok(())
    }

    /// Whether an address may try anything.
    ///
    /// # Errors
    /// When it comes too early; it says after how many seconds the next is taken.
    pub(crate) fn may_try(&self, address: Option<IpAddr>, now: Timestamp) -> Result<()> {
        let place = self.of_address(address, now);
        let wait = place.map_or(0, |place| {
            wait(place, FREE_OF_ADDRESS, LONGEST_OF_ADDRESS, now)
        });
        if wait > 0 {
            return Err(too_early(wait));
        }
        Ok(())
    }

    /// How often an address has failed.
    pub(crate) fn failures(&self, address: Option<IpAddr>, now: Timestamp) -> u32 {
        self.of_address(address, now)
            .map_or(0, |place| place.failures)
    }

    /// An address has failed with something that is no email.
    pub(crate) fn failed(&self, address: Option<IpAddr>, now: Timestamp) {
        if let Some(address) = address {
            let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
            self.count(&mut rows, &address_key(&address), now);
        }
    }

    fn of_address(&self, address: Option<IpAddr>, now: Timestamp) -> Option<Place> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let places = self.places(&address_key(&address?));
        let seen = places.map(|(row, place)| fresh(rows[row][place], now));
        seen.into_iter().min_by_key(|place| place.failures)
    }

    fn count(&self, rows: &mut [Vec<Place>; 2], key: &str, now: Timestamp) {
        for (row, place) in self.places(key) {
            let known = fresh(rows[row][place], now);
            rows[row][place] = Place {
                failures: known.failures.saturating_add(1),
                last: now.as_micros(),
            };
        }
    }

    /// The last try was no failure: the email may be tried anew, and the address has one failure less.
    pub(crate) fn succeeded(&self, address: Option<IpAddr>, email: &str) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        for (row, place) in self.places(email) {
            rows[row][place].failures = 0;
        }
        if let Some(address) = address {
            for (row, place) in self.places(&address_key(&address)) {
                let failures = &mut rows[row][place].failures;
                *failures = failures.saturating_sub(1);
            }
        }
    }

    fn places(&self, key: &str) -> [(usize, usize); 2] {
        let place = |row: usize| {
            let most = PLACES as u64;
            usize::try_from(self.keys[row].hash_one(key) % most).unwrap_or_default()
        };
        [(0, place(0)), (1, place(1))]
    }
}

fn too_early(wait: i64) -> Error {
    let words = format!("too many tries to sign in: wait {wait} seconds, then try again");
    Error::new(Code::TooManyRequests, words).with("retry_after", wait)
}

/// A network counts as one, as whoever has it may take any of its addresses.
fn address_key(address: &IpAddr) -> String {
    format!("address {}", cdp_core::address::caller(*address))
}

fn fresh(place: Place, now: Timestamp) -> Place {
    let since = now.since(Timestamp::from_micros(place.last));
    if since > Span::from_seconds(FORGOTTEN) {
        return Place::default();
    }
    place
}

/// Seconds until the next try: 1, 2, 4 … from the first failure that is not free.
fn wait(place: Place, free: u32, longest: i64, now: Timestamp) -> i64 {
    let Some(over) = place.failures.checked_sub(free) else {
        return 0;
    };
    let seconds = 1_i64
        .checked_shl(over.min(20))
        .unwrap_or(longest)
        .min(longest);
    let left = place.last + seconds * 1_000_000 - now.as_micros();
    // A begun second is waited for whole.
    (left + 999_999).div_euclid(1_000_000).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_grows_is_forgotten_and_is_nobody_elses() {
        let throttle = Throttle::default();
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        for _ in 0..5 {
            assert!(throttle.attempt(None, "a@b.test", at(0)).is_ok());
        }
        assert!(throttle.attempt(None, "a@b.test", at(0)).is_err());
        assert!(throttle.attempt(None, "c@d.test", at(0)).is_ok());
        assert!(throttle.attempt(None, "a@b.test", at(1)).is_ok());
        assert!(throttle.attempt(None, "a@b.test", at(2)).is_err());
        assert!(throttle.attempt(None, "a@b.test", at(3)).is_ok());
        throttle.succeeded(None, "a@b.test");
        assert!(throttle.attempt(None, "a@b.test", at(3)).is_ok());
        let address = Some(IpAddr::from([203, 0, 113, 9]));
        for number in 0..20 {
            let email = format!("{number}@b.test");
            assert!(throttle.attempt(address, &email, at(10)).is_ok());
        }
        assert!(throttle.attempt(address, "z@b.test", at(10)).is_err());
        assert!(throttle.may_try(address, at(10)).is_err());
        assert!(throttle.may_try(None, at(10)).is_ok());
        assert!(throttle.may_try(address, at(4000)).is_ok());
        throttle.failed(address, at(4000));
        assert_eq!(throttle.failures(address, at(4000)), 1);
        assert!(throttle.attempt(address, "z@b.test", at(4000)).is_ok());
    }
}
