//! Bodies of the tracking API: read or refused, one outcome a message, and what is admitted survives
//! being written and read as the aggregator does.

#![no_main]

use cdp_core::collection::{Caller, CollectionPolicy};
use cdp_core::consent::Policy;
use cdp_core::event::{Event, EventKind};
use cdp_core::forward::Forward;
use cdp_core::identity::Rules;
use cdp_core::source::{ConsentBasis, SourceConfig};
use cdp_core::time::Timestamp;
use cdp_core::traits;
use cdp_core::wire::{Batch, DecideRequest, Intake};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|data: &[u8]| {
    let _ = DecideRequest::read(data);
    for batch in [
        Batch::read(data),
        Batch::read_single(EventKind::Identify, data),
    ] {
        let Ok(batch) = batch else { continue };
        for basis in [
            ConsentBasis::EveryEvent,
            ConsentBasis::Declared {
                basis: "contract".to_owned(),
            },
        ] {
            judge(&batch, basis);
        }
    }
});

fn judge(batch: &Batch, consent_basis: ConsentBasis) {
    let config = SourceConfig {
        source_id: "src_1".to_owned(),
        space_id: "spc_1".to_owned(),
        write_key: "wk".to_owned(),
        consent_basis,
        allowed_origins: Vec::new(),
        collection: CollectionPolicy::default(),
        enabled: true,
        policy: Policy::default(),
        experiences: Vec::new(),
        user_token_keys: Vec::new(),
            audiences: cdp_core::audience::Rules::default(),
            defaults: std::collections::BTreeMap::new(),
            holdout: 0.0,
    };
    let intake = Intake {
        config: &config,
        received_at: Timestamp::from_millis(1_769_853_600_000),
        jurisdiction: Some("DE"),
        gpc: false,
        caller: Caller::default(),
    };
    let judged = batch.judge(&intake, &mut || "fresh".to_owned());
    assert_eq!(
        judged.admitted.len() + judged.refused.len(),
        batch.len(),
        "one outcome a message"
    );
    for admitted in &judged.admitted {
        let text = serde_json::to_string(&admitted.event).unwrap();
        let again: Event = serde_json::from_str(&text).unwrap();
        assert_eq!(again, admitted.event, "the log gives back what was written");
        let whole: Value = serde_json::from_str(&text).unwrap();
        let event = &admitted.event;
        for (name, fields) in [
            ("properties", &event.properties),
            ("traits", &event.traits),
            ("context", &event.context),
            ("extra", &event.extra),
        ] {
            let read = Value::Object((**fields).clone());
            let written = whole.get(name).cloned().unwrap_or(json!({}));
            assert_eq!(written, read, "what stayed text can be read");
        }
        let _ = (
            Rules::default().identifiers_of(&again),
            traits::of_event(&again),
        );
    }
    let forward = Forward {
        space_id: config.space_id.clone(),
        source_id: config.source_id.clone(),
        received_at: intake.received_at,
        jurisdiction: None,
        admitted: judged.admitted,
        refused: judged.refused,
        ledger: batch.ledger.clone(),
        snapshot_of: None,
    };
    let text = forward.text().unwrap();
    let again: Forward = serde_json::from_str(&text).unwrap();
    assert_eq!(
        again, forward,
        "the aggregator reads what the edge forwards"
    );
}
