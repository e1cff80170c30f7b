//! The server as its callers see it: the shipped binary, a real database, HTTP. One behaviour a file.
//!
//! SQLite in a temporary folder, or Postgres when `HEADWATER_TEST_DATABASE_URL` names a server on
//! which databases may be made (each test makes its own).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on fails, and its helpers take what reads best at the call"
)]

mod harness;

mod audience_events;
mod audience_progress;
mod audience_rules;
mod audiences;
mod audit;
mod authorisation;
mod backup;
mod bots;
mod browser;
mod callers;
mod clock;
mod computed_traits;
mod consent_counting;
mod consent_oracle;
mod consent_policy;
mod consent_statement;
mod consent_why;
mod consent_withdrawal;
mod crash;
mod disk_full;
mod experience_results;
mod experiences;
mod exposures;
mod folder;
mod hostile_bodies;
mod hostile_clients;
mod hostile_json;
mod idempotency;
mod identity;
mod identity_decisions;
mod identity_reading;
mod import_csv;
mod import_ndjson;
mod import_online_retail;
mod ingest;
mod known_people;
mod ledger;
mod live;
mod lock;
mod logs;
mod match_evaluate;
mod members;
mod merge;
mod openapi_walk;
mod order;
mod pages;
mod placements;
mod plans;
mod poison;
mod privacy_access;
mod privacy_erasure;
mod privacy_requests;
mod privacy_retention;
mod profile_api;
mod quarantine;
mod reports;
mod restart;
mod shared_devices;
mod sign_in;
mod signature;
mod sources;
mod suggestions;
mod tracking_plan;
mod user_tokens;
mod vault;
