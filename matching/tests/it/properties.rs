//! What holds for any records.

use cdp_matching::{Column, Kind, Matching, Record, Settings};
use proptest::prelude::*;

const FIRST: [&str; 24] = [
    "robert", "bob", "mary", "anna", "james", "peter", "linda", "susan", "paul", "mark", "donald",
    "george", "karen", "betty", "helen", "sandra", "donna", "carol", "ruth", "sharon", "kevin",
    "brian", "jason", "gary",
];
const LAST: [&str; 24] = [
    "smith", "jones", "miller", "davis", "garcia", "wilson", "moore", "taylor", "thomas",
    "jackson", "white", "harris", "martin", "thompson", "young", "king", "wright", "lopez", "hill",
    "scott", "green", "adams", "baker", "nelson",
];

/// Numbers that follow from a seed.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// Made-up people, some of them twice with errors, some in households; whose record each is.
pub(crate) fn people(seed: u64, count: usize) -> (Vec<Column>, Vec<Record>, Vec<usize>) {
    let kinds = [
        ("first_name", Kind::FirstName),
        ("surname", Kind::Surname),
        ("born", Kind::BirthDate),
        ("street", Kind::Address),
        ("email", Kind::Email),
    ];
    let columns = kinds
        .map(|(name, kind)| Column {
            name: name.to_owned(),
            kind,
        })
        .to_vec();
    let mut numbers = Numbers(seed);
    let mut records = Vec::new();
    let mut truth = Vec::new();
    let mut home = String::new();
    let mut last = "";
    for person in 0..count {
        if person == 0 || numbers.below(3) > 0 {
            home = format!("{} street{}", numbers.below(200), numbers.below(300));
            last = LAST[numbers.below(LAST.len())];
        }
        let first = FIRST[numbers.below(FIRST.len())];
        let born = format!(
            "{}-{:02}-{:02}",
            1930 + numbers.below(80),
            1 + numbers.below(12),
            1 + numbers.below(28)
        );
        let email = format!("{first}{person}@example.com");
        for _ in 0..1 + numbers.below(2) {
            let mut values = [
                first.to_owned(),
                last.to_owned(),
                born.clone(),
                home.clone(),
                email.clone(),
            ];
            let wrong = numbers.below(8);
            if let Some(value) = values.get_mut(wrong) {
                let at = numbers.below(value.len());
                value.replace_range(at..=at, if wrong == 2 { "1" } else { "x" });
            }
            if let Some(value) = values.get_mut(numbers.below(9)) {
                value.clear();
            }
            records.push(Record {
                id: records.len().to_string(),
                source: String::new(),
                values: values.to_vec(),
            });
            truth.push(person);
        }
    }
    (columns, records, truth)
}

/// Clusters without their numbers.
fn groups(clusters: &[usize], name: impl Fn(usize) -> usize) -> Vec<Vec<usize>> {
    let mut groups = vec![Vec::new(); clusters.iter().max().map_or(0, |last| last + 1)];
    for (at, cluster) in clusters.iter().enumerate() {
        groups[*cluster].push(name(at));
    }
    for group in &mut groups {
        group.sort_unstable();
    }
    groups.sort();
    groups
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_order_of_rows_changes_nothing(seed in any::<u64>(), count in 60_usize..250, turn in 1_usize..50) {
        let (columns, records, _) = people(seed, count);
        let mut moved: Vec<usize> = (0..records.len()).collect();
        moved.sort_by_key(|at| (at * 7_919 + turn * 104_729) % 1_009);
        let shuffled: Vec<Record> = moved.iter().map(|at| records[*at].clone()).collect();
        let settings = Settings::default();
        match (Matching::new(&columns, &records, &settings), Matching::new(&columns, &shuffled, &settings)) {
            (Ok(one), Ok(other)) => {
                prop_assert_eq!(one.model(), other.model());
                prop_assert_eq!(groups(one.clusters(), |at| at), groups(other.clusters(), |at| moved[at]));
            }
            (one, other) => prop_assert_eq!(one.err(), other.err()),
        }
    }

    #[test]
    fn bars_add_up_and_pairs_weigh_the_same_both_ways(seed in any::<u64>(), count in 60_usize..200) {
        let (columns, records, _) = people(seed, count);
        let Ok(matching) = Matching::new(&columns, &records, &Settings::default()) else { return Ok(()) };
        for pair in matching.pairs().iter().take(50) {
            let waterfall = matching.explain(pair.one, pair.other).unwrap();
            let sum = waterfall.start + waterfall.bars.iter().map(|bar| bar.weight).sum::<f64>();
            prop_assert!((sum - waterfall.weight).abs() < 1e-9);
            prop_assert!((pair.weight - waterfall.weight).abs() < 1e-9);
            prop_assert!((pair.probability() - waterfall.probability).abs() < 1e-12);
            let back = matching.explain(pair.other, pair.one).unwrap();
            prop_assert!((back.weight - waterfall.weight).abs() < 1e-12);
        }
    }

    #[test]
    fn no_cluster_has_a_pair_that_is_vetoed_or_said_to_be_apart(seed in any::<u64>(), count in 60_usize..250) {
        let (columns, records, _) = people(seed, count);
        let Ok(free) = Matching::new(&columns, &records, &Settings::default()) else { return Ok(()) };
        let apart: Vec<(usize, usize)> = free.pairs().iter().step_by(3).map(|pair| (pair.one, pair.other)).collect();
        let settings = Settings { cannot_link: apart.clone(), ..Settings::default() };
        let matching = Matching::new(&columns, &records, &settings).unwrap();
        let clusters = matching.clusters();
        for (one, other) in apart {
            prop_assert_ne!(clusters[one], clusters[other]);
        }
        let active: Vec<&str> = matching.vetoes().iter().filter(|veto| veto.active).map(|veto| veto.field.as_str()).collect();
        for one in 0..records.len() {
            for other in one + 1..records.len() {
                if clusters[one] != clusters[other] {
                    continue;
                }
                for bar in matching.explain(one, other).unwrap().bars {
                    let veto = active.contains(&bar.field.as_str());
                    prop_assert!(!(veto && bar.field == "first_name" && bar.level == "different"), "{bar:?}");
                    prop_assert!(!(veto && bar.field == "born" && bar.level.starts_with("within")), "{bar:?}");
                }
            }
        }
        for pair in matching.pairs().iter().filter(|pair| pair.relationship.is_some()) {
            prop_assert_ne!(clusters[pair.one], clusters[pair.other]);
        }
    }
}
