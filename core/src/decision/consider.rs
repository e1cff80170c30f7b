//! Whether one experience takes a person, and with which variant.

use super::{Asker, Assigned, Cause, Evidence, Experience, Exposed, HOLDOUT, SPACE_HOLDOUT};
use super::{Variant, Why};
use crate::bucket::{HashVersion, bucket_ranges, choose_variation, hash};

/// What an experience says of a person.
pub(super) struct Considered<'e> {
    pub(super) why: Why,
    /// The same in words.
    pub(super) words: String,
    /// `None` lets the next experience decide; `Some(None)` is the holdout.
    pub(super) takes: Option<Option<&'e Variant>>,
}

/// Asks, in this order: is it on, is it its time, is the person in its audience, is there a variant for
/// the person, was it shown often enough, and is the person in its holdout.
pub(super) fn consider<'e>(experience: &'e Experience, asker: &Asker<'_>) -> Considered<'e> {
    let name = &experience.name;
    let mut why = Why::of(experience, Cause::Disabled, asker);
    let passes = |why: Why, outcome: Cause, words: String| Considered {
        why: Why { outcome, ..why },
        words,
        takes: None,
    };
    if !experience.enabled {
        return passes(why, Cause::Disabled, format!("\"{name}\" is off"));
    }
    if let Some(words) = untimely(experience, asker) {
        return passes(why, Cause::Schedule, words);
    }
    let mut fits = format!("\"{name}\" is for everybody");
    if let Some(audience_id) = &experience.audience_id {
        match member(audience_id, asker, &mut why) {
            Some(of) => fits = format!("in audience \"{of}\" ({audience_id})"),
            None => {
                let words = format!("not in the audience of \"{name}\" ({audience_id})");
                return passes(why, Cause::Audience, words);
            }
        }
    }
    let exposed = asker.snapshot.exposures.get(&experience.id);
    let Some((variant, by)) = variant(experience, exposed, asker, &mut why) else {
        let words = format!("no variant of \"{name}\" is for this person");
        return passes(why, Cause::VariantAudience, words);
    };
    if let Some(words) = capped(experience, exposed, asker) {
        return passes(why, Cause::Cap, words);
    }
    if let Some(by) = held(&experience.id, experience.holdout, exposed, asker) {
        why.outcome = Cause::Holdout;
        why.by = Some(by);
        return Considered {
            why,
            words: format!("in the holdout of \"{name}\", which sees the default"),
            takes: Some(None),
        };
    }
    if by == Assigned::Audience
        && let Some(audience_id) = &variant.audience_id
    {
        let key = &variant.key;
        fits = format!(
            "{fits}, and variant \"{key}\" is for an audience ({audience_id}) that the person is in"
        );
    }
    why.outcome = Cause::Chosen;
    why.by = Some(by);
    Considered {
        why,
        words: fits,
        takes: Some(Some(variant)),
    }
}

/// How the person came to be in the holdout of the whole space; `None` when not in it. Whatever was shown
/// first stays: a person who was shown any experience does not come into it afterwards.
pub(super) fn held_by_space(asker: &Asker<'_>) -> Option<Assigned> {
    if asker.holdout <= 0.0 {
        return None;
    }
    let first = |of_space: bool| {
        let exposures = asker.snapshot.exposures.iter();
        let exposures = exposures.filter(|(id, _)| (*id == SPACE_HOLDOUT) == of_space);
        exposures
            .filter_map(|(_, exposed)| Some(exposed.first()?.1))
            .min()
    };
    match (first(true), first(false)) {
        (Some(held), shown) => {
            (shown.is_none_or(|shown| held <= shown)).then_some(Assigned::Exposure)
        }
        (None, Some(_)) => None,
        (None, None) => held(SPACE_HOLDOUT, asker.holdout, None, asker),
    }
}

/// How the person came to be in a holdout. What was shown first decides; the share only where nothing was.
fn held(id: &str, holdout: f64, exposed: Option<&Exposed>, asker: &Asker<'_>) -> Option<Assigned> {
    if holdout <= 0.0 {
        return None;
    }
    match exposed.and_then(Exposed::first) {
        Some((arm, _)) => (arm == HOLDOUT).then_some(Assigned::Exposure),
        None => {
            let point = share(&format!("{id}:holdout"), asker);
            (point < holdout).then_some(Assigned::Hash)
        }
    }
}

fn untimely(experience: &Experience, asker: &Asker<'_>) -> Option<String> {
    if experience.is_on(asker.now) {
        return None;
    }
    let name = &experience.name;
    let over = experience.ends_at.filter(|_| experience.is_over(asker.now));
    Some(match (over, experience.starts_at) {
        (Some(ends_at), _) => format!("\"{name}\" was over at {ends_at}"),
        (None, Some(starts_at)) => format!("\"{name}\" begins at {starts_at}"),
        (None, None) => format!("\"{name}\" is not on"),
    })
}

/// Whether the person is in an audience, with its name; what was found is evidence.
fn member<'s>(audience_id: &str, asker: &Asker<'s>, why: &mut Why) -> Option<&'s str> {
    let memberships = &asker.snapshot.audiences;
    let found = memberships
        .iter()
        .find(|membership| membership.audience_id == audience_id);
    why.audiences.push(Evidence {
        audience: audience_id.to_owned(),
        member: found.is_some(),
        since: found.and_then(|membership| membership.since),
    });
    found.map(|membership| membership.name.as_str())
}

/// The variant for a person, and how they came to it: the first whose own audience they are in; of those
/// without an audience the one that they were shown first; else by weight.
fn variant<'e>(
    experience: &'e Experience,
    exposed: Option<&Exposed>,
    asker: &Asker<'_>,
    why: &mut Why,
) -> Option<(&'e Variant, Assigned)> {
    for variant in experience.variants.iter().filter(|variant| variant.enabled) {
        if let Some(audience_id) = &variant.audience_id
            && member(audience_id, asker, why).is_some()
        {
            return Some((variant, Assigned::Audience));
        }
    }
    let of_key = |key: &str| experience.split().find(|variant| variant.key == key);
    let kept = exposed.and_then(|exposed| exposed.first_of(|arm| of_key(arm).is_some()));
    if let Some(variant) = kept.and_then(|(arm, _)| of_key(arm)) {
        return Some((variant, Assigned::Exposure));
    }
    let mut weighted = experience.split().filter(|variant| variant.weight > 0.0);
    let total: f64 = weighted.clone().map(|variant| variant.weight).sum();
    let weights: Vec<f64> = weighted
        .clone()
        .map(|variant| variant.weight / total)
        .collect();
    let ranges = bucket_ranges(weights.len(), 1.0, Some(&weights));
    let chosen = match choose_variation(share(&experience.id, asker), &ranges) {
        Some(at) => weighted.nth(at),
        // Sums of fractions may fall short of the total by a hair.
        None => weighted.next_back(),
    };
    chosen.map(|variant| (variant, Assigned::Hash))
}

/// Where the person falls, from 0 to below 1 in steps of 1/10,000: GrowthBook's hash, version 2. The seed of the variants
/// is the experience's id, so that another program that splits by GrowthBook's rule can tell who sees what.
fn share(seed: &str, asker: &Asker<'_>) -> f64 {
    hash(seed, asker.bucket_by, HashVersion::V2)
}

fn capped(experience: &Experience, exposed: Option<&Exposed>, asker: &Asker<'_>) -> Option<String> {
    let times = &exposed?.times;
    let reached = experience.frequency_caps.iter().find(|cap| {
        let counts = times
            .iter()
            .filter(|time| asker.now.since(**time) < cap.within);
        u32::try_from(counts.count()).unwrap_or(u32::MAX) >= cap.exposures
    })?;
    Some(format!(
        "\"{}\" was shown {} times within {}, which is its most",
        experience.name, reached.exposures, reached.within
    ))
}
