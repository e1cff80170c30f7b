//! Places: countries and their regions, as ISO 3166 codes them.

use std::sync::LazyLock;

/// One country a line, its regions behind it; lines that begin with `#` say where the list is from.
const PLACES: &str = include_str!("places.txt");

/// Countries with their regions, in the order of the codes: every event of a browser asks.
static COUNTRIES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let lines = PLACES.lines().filter(|line| !line.starts_with('#'));
    let mut countries: Vec<(&str, &str)> = lines
        .map(|line| line.split_once(' ').unwrap_or((line, "")))
        .collect();
    countries.sort_unstable();
    countries
});

/// The regions of a country, divided by spaces; `None` for what is no country.
fn regions_of(country: &str) -> Option<&'static str> {
    let at = COUNTRIES.binary_search_by_key(&country, |(code, _)| code);
    COUNTRIES.get(at.ok()?).map(|(_, regions)| *regions)
}

/// Whether a text is a country's code (`DE`). Geographies say `XX` for nowhere and `T1` for Tor, which
/// are none.
#[must_use]
pub fn is_country(code: &str) -> bool {
    regions_of(code).is_some()
}

/// The country of a place.
#[must_use]
pub fn country_of(place: &str) -> &str {
    place.split_once('-').map_or(place, |(country, _)| country)
}

/// Whether a text is a country's code (`DE`) or that of a country's region (`US-CA`).
///
/// # Errors
/// What is wrong with it and what to write.
pub fn check(code: &str) -> Result<(), String> {
    let (country, region) = match code.split_once('-') {
        None => (code, None),
        Some((country, region)) => (country, Some(region)),
    };
    let upper = code.to_ascii_uppercase();
    let regions = match regions_of(country) {
        Some(regions) => regions,
        None if upper != code && check(&upper).is_ok() => {
            return Err(format!("codes are in capitals: write \"{upper}\""));
        }
        None if code == "UK" => {
            return Err("the code of the United Kingdom is GB: write \"GB\"".to_owned());
        }
        None if code == "EU" => {
            return Err(
                "EU is no country: write each of its countries, such as \"DE\" and \"FR\""
                    .to_owned(),
            );
        }
        None => {
            return Err(
                "is no ISO 3166 code: write a country such as \"DE\" or a region such as \"US-CA\""
                    .to_owned(),
            );
        }
    };
    match region {
        None => Ok(()),
        Some(region) if regions.split(' ').any(|known| known == region) && !region.is_empty() => {
            Ok(())
        }
        Some(_) if upper != code && check(&upper).is_ok() => {
            Err(format!("codes are in capitals: write \"{upper}\""))
        }
        Some(_) => Err(format!(
            "{country} has no such region in ISO 3166-2: write one of its regions, or \"{country}\" for all of it"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_and_regions_are_known() {
        for code in ["DE", "US", "US-CA", "GB-ENG", "FR-IDF", "XK", "ES-CT"] {
            assert_eq!(check(code), Ok(()), "{code}");
        }
        for (code, hint) in [
            ("de", "\"DE\""),
            ("us-ca", "\"US-CA\""),
            ("US-ca", "\"US-CA\""),
            ("UK", "GB"),
            ("EU", "each of its countries"),
            ("US-XX", "no such region"),
            ("US-", "no such region"),
            ("XX", "no ISO 3166 code"),
            ("T1", "no ISO 3166 code"),
            ("", "no ISO 3166 code"),
            ("# ", "no ISO 3166 code"),
            ("Germany", "no ISO 3166 code"),
        ] {
            assert!(
                check(code).is_err_and(|wrong| wrong.contains(hint)),
                "{code}"
            );
        }
        assert_eq!(
            PLACES.lines().filter(|line| !line.starts_with('#')).count(),
            250
        );
    }
}
