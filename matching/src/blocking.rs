//! Which pairs are compared at all: those that share a value, or a part of one, that not too many others have.
//!
//! Every field gives keys. A group of records with the same key is a block if it is small enough; a group that is too
//! large is cut by the other keys on which it is too large as well, and again, so that a common surname makes no block
//! but that surname with that year of birth does. The number of pairs is bounded whatever the data is like, the most
//! selective blocks first.

use crate::kind::Kind;
use crate::normalise;
use crate::random::mix;
use crate::table::{Field, Table, float, narrow};

/// Pairs that may be compared, a record: what a large set costs.
const PAIRS_A_RECORD: f64 = 50.0;
/// Pairs that may always be compared: below this a small set is compared as a whole.
const PAIRS_AT_LEAST: f64 = 600_000.0;
/// Sizes of blocks that are tried, largest first.
const SIZES: [usize; 8] = [1_000, 500, 250, 120, 60, 30, 15, 8];
/// Rare words of a text that are keys, a record.
const WORDS_A_RECORD: usize = 4;
/// Keys that are combined at most.
const DEEPEST: usize = 4;

/// Pairs of (hashed value, record), sorted.
type Entries = Vec<(u64, u32)>;

/// A way to group records.
struct Key {
    name: String,
    /// The fields that it looks at, as bits.
    fields: u32,
    entries: Entries,
}

/// What became of one way to group records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockingRule {
    /// The fields, or parts of them, on which records agree.
    pub name: String,
    /// How many groups were made blocks.
    pub blocks: usize,
    /// How many pairs these blocks have, those that others have too among them.
    pub pairs: u64,
    /// How many groups were too large and were cut by further keys.
    pub cut: usize,
}

/// The blocks of a table.
pub(crate) struct Blocks {
    /// The members of all blocks, one block after the other, each in ascending order.
    members: Vec<u32>,
    /// Where each block begins, and the fields on which its members agree.
    starts: Vec<(usize, u32)>,
    /// The blocks of each record.
    of_record: Vec<u32>,
    of_record_starts: Vec<usize>,
    pub(crate) rules: Vec<BlockingRule>,
    /// The largest block that was allowed.
    pub(crate) largest: usize,
    /// Groups that no further key could cut, and that were left out.
    pub(crate) left_out: usize,
}

impl Blocks {
    /// Finds the blocks.
    pub(crate) fn new(table: &Table) -> Self {
        let budget = PAIRS_AT_LEAST.max(PAIRS_A_RECORD * float(table.len() as usize));
        if table.pairs() <= budget {
            return Self::whole(table);
        }
        let keys = keys(table);
        let mut groups: Vec<Vec<Group>> = keys.iter().map(|key| group(&key.entries)).collect();
        let largest = largest(&groups, budget * 0.6);
        let mut found = Found::default();
        let mut spent = 0.0;
        let mut rules = Vec::new();
        // For each key the records of its groups that are too large.
        let mut large: Vec<Entries> = Vec::new();
        for (key, groups) in keys.iter().zip(&mut groups) {
            let (rule, rest) = found.take(&key.name, key.fields, groups, &key.entries, largest);
            spent += float(usize::try_from(rule.pairs).unwrap_or(usize::MAX));
            rules.push(rule);
            large.push(rest);
        }
        drop(groups);
        // What was large, by record: groups are cut by looking up what else each of their records has.
        let singles: Vec<Vec<(u32, u64)>> = large
            .iter()
            .map(|entries| {
                let mut by_record: Vec<(u32, u64)> = entries
                    .iter()
                    .map(|(value, record)| (*record, *value))
                    .collect();
                by_record.sort_unstable();
                by_record
            })
            .collect();
        let fields: Vec<(String, u32)> =
            keys.into_iter().map(|key| (key.name, key.fields)).collect();
        let mut level: Vec<(Vec<usize>, Entries)> = large
            .into_iter()
            .enumerate()
            .filter(|(_, entries)| !entries.is_empty())
            .map(|(at, entries)| (vec![at], entries))
            .collect();
        for _ in 1..DEEPEST {
            let mut next = Vec::new();
            for (used, entries) in std::mem::take(&mut level) {
                let last = used.last().copied().unwrap_or(0);
                for more in last + 1..fields.len() {
                    let same_field = used.iter().any(|at| fields[*at].1 == fields[more].1);
                    if singles[more].is_empty() || same_field || spent >= budget {
                        continue;
                    }
                    let combined = combine(&entries, &singles[more]);
                    let mut groups = group(&combined);
                    let mut names: Vec<&str> =
                        used.iter().map(|at| fields[*at].0.as_str()).collect();
                    names.push(&fields[more].0);
                    let agreed = used
                        .iter()
                        .fold(fields[more].1, |all, at| all | fields[*at].1);
                    let (rule, rest) =
                        found.take(&names.join(" + "), agreed, &mut groups, &combined, largest);
                    spent += float(usize::try_from(rule.pairs).unwrap_or(usize::MAX));
                    if rule.pairs > 0 {
                        rules.push(rule);
                    }
                    if !rest.is_empty() {
                        let mut used = used.clone();
                        used.push(more);
                        next.push((used, rest));
                    }
                }
            }
            level = next;
        }
        let left_out = level.iter().map(|(_, entries)| group(entries).len()).sum();
        found.finish(table.len(), rules, largest, left_out)
    }

    fn whole(table: &Table) -> Self {
        let all = BlockingRule {
            name: "every pair".to_owned(),
            blocks: 1,
            pairs: u64::from(table.len()) * u64::from(table.len().saturating_sub(1)) / 2,
            cut: 0,
        };
        Self {
            members: (0..table.len()).collect(),
            starts: vec![(0, 0)],
            of_record: vec![0; table.len() as usize],
            of_record_starts: (0..=table.len() as usize).collect(),
            rules: vec![all],
            largest: table.len() as usize,
            left_out: 0,
        }
    }

    /// Calls back once for every pair that shares a block, in order, with the fields without which it would be no pair:
    /// a field's bit is set in `only` if every shared block rests on it.
    pub(crate) fn for_each(&self, mut take: impl FnMut(u32, u32, u32)) {
        let records = self.of_record_starts.len() - 1;
        let mut seen = vec![(u32::MAX, 0_u32); records];
        let mut partners = Vec::new();
        for one in 0..narrow(records) {
            partners.clear();
            let range =
                self.of_record_starts[one as usize]..self.of_record_starts[one as usize + 1];
            for block in &self.of_record[range] {
                let (start, fields) = self.starts[*block as usize];
                let end = self
                    .starts
                    .get(*block as usize + 1)
                    .map_or(self.members.len(), |(next, _)| *next);
                let members = &self.members[start..end];
                let after = members.partition_point(|member| *member <= one);
                for other in &members[after..] {
                    let of_other = &mut seen[*other as usize];
                    if of_other.0 == one {
                        of_other.1 &= fields;
                    } else {
                        *of_other = (one, fields);
                        partners.push(*other);
                    }
                }
            }
            partners.sort_unstable();
            for other in &partners {
                take(one, *other, seen[*other as usize].1);
            }
        }
    }
}

/// Records with one value: where they are in the sorted entries.
#[derive(Clone)]
struct Group {
    start: usize,
    len: usize,
}

/// Groups of two and more in sorted entries.
fn group(entries: &[(u64, u32)]) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut start = 0;
    for (at, entry) in entries.iter().enumerate() {
        let last = entries.get(at + 1).is_none_or(|next| next.0 != entry.0);
        if last {
            if at > start {
                groups.push(Group {
                    start,
                    len: at + 1 - start,
                });
            }
            start = at + 1;
        }
    }
    groups
}

/// The largest size of block with which the groups that need no cutting stay within the budget.
fn largest(groups: &[Vec<Group>], budget: f64) -> usize {
    SIZES
        .into_iter()
        .find(|size| {
            let pairs: f64 = groups
                .iter()
                .flatten()
                .filter(|group| group.len <= *size)
                .map(|group| float(group.len) * float(group.len - 1) / 2.0)
                .sum();
            pairs <= budget
        })
        .unwrap_or(SIZES[SIZES.len() - 1])
}

/// Entries that are in both, with a value for both together.
fn combine(one: &[(u64, u32)], by_record: &[(u32, u64)]) -> Entries {
    let mut combined = Vec::new();
    for (value, record) in one {
        let from = by_record.partition_point(|(of, _)| of < record);
        for (_, more) in by_record[from..].iter().take_while(|(of, _)| of == record) {
            combined.push((mix(value.rotate_left(21) ^ mix(*more)), *record));
        }
    }
    combined.sort_unstable();
    combined.dedup();
    combined
}

#[derive(Default)]
struct Found {
    members: Vec<u32>,
    starts: Vec<(usize, u32)>,
}

impl Found {
    /// Makes blocks of the groups that are small enough; gives back the entries of the others.
    fn take(
        &mut self,
        name: &str,
        fields: u32,
        groups: &mut [Group],
        entries: &[(u64, u32)],
        largest: usize,
    ) -> (BlockingRule, Entries) {
        let mut rule = BlockingRule {
            name: name.to_owned(),
            blocks: 0,
            pairs: 0,
            cut: 0,
        };
        let mut rest = Vec::new();
        for group in groups {
            let of_group = &entries[group.start..group.start + group.len];
            if group.len > largest {
                rule.cut += 1;
                rest.extend_from_slice(of_group);
                continue;
            }
            rule.blocks += 1;
            rule.pairs += (group.len * (group.len - 1) / 2) as u64;
            self.starts.push((self.members.len(), fields));
            self.members
                .extend(of_group.iter().map(|(_, record)| *record));
        }
        (rule, rest)
    }

    fn finish(
        self,
        records: u32,
        rules: Vec<BlockingRule>,
        largest: usize,
        left_out: usize,
    ) -> Blocks {
        let mut of_record_starts = vec![0_usize; records as usize + 1];
        for member in &self.members {
            of_record_starts[*member as usize + 1] += 1;
        }
        for at in 1..of_record_starts.len() {
            of_record_starts[at] += of_record_starts[at - 1];
        }
        let mut next = of_record_starts.clone();
        let mut of_record = vec![0; self.members.len()];
        for (block, (start, _)) in self.starts.iter().enumerate() {
            let end = self
                .starts
                .get(block + 1)
                .map_or(self.members.len(), |(next, _)| *next);
            for member in &self.members[*start..end] {
                let at = &mut next[*member as usize];
                of_record[*at] = narrow(block);
                *at += 1;
            }
        }
        Blocks {
            members: self.members,
            starts: self.starts,
            of_record,
            of_record_starts,
            rules,
            largest,
            left_out,
        }
    }
}

/// The keys of all fields.
fn keys(table: &Table) -> Vec<Key> {
    let mut keys = Vec::new();
    for (at, field) in table.fields.iter().enumerate() {
        for (name, make) in makers(field.kind) {
            let name = format!("{}{name}", field.name);
            let hashes: Vec<Vec<u64>> = field
                .values
                .iter()
                .map(|value| make(field, value))
                .collect();
            let mut entries = Vec::new();
            for (record, value) in (0..).zip(&field.of_record) {
                let Some(value) = value.checked_sub(1) else {
                    continue;
                };
                entries.extend(hashes[value as usize].iter().map(|hash| (*hash, record)));
            }
            entries.sort_unstable();
            entries.dedup();
            keys.push(Key {
                name,
                fields: 1 << at,
                entries,
            });
        }
    }
    // The most selective first: those are combined first, as long as there is room for pairs.
    keys.sort_by_cached_key(|key| {
        let pairs: usize = group(&key.entries)
            .iter()
            .map(|group| group.len * (group.len - 1) / 2)
            .sum();
        (pairs, key.name.clone())
    });
    keys
}

type Make = fn(&Field, &crate::table::Value) -> Vec<u64>;

/// What of a value records may agree on.
fn makers(kind: Kind) -> Vec<(&'static str, Make)> {
    let whole: (&'static str, Make) = ("", |_, value| vec![hash(&value.text)]);
    let by_words: (&'static str, Make) = ("'s telling words", |field, value| {
        let mut words = value.words.clone();
        words.sort_by_key(|word| (field.word_counts[*word as usize], *word));
        words
            .into_iter()
            .filter(|word| field.word_counts[*word as usize] > 1)
            .take(WORDS_A_RECORD)
            .map(|word| mix(u64::from(word) + 1))
            .collect()
    });
    let letters: (&'static str, Make) = (" without spaces", |_, value| {
        vec![hash(&value.text.replace(' ', ""))]
    });
    let consonants: (&'static str, Make) = ("'s consonants", |_, value| {
        vec![hash(&consonants(&value.text))]
    });
    match kind {
        Kind::FirstName | Kind::Surname | Kind::City => vec![whole, consonants],
        Kind::FullName | Kind::Organisation | Kind::Address | Kind::Text => vec![letters, by_words],
        Kind::BirthDate => vec![
            whole,
            (" (year and month)", |_, value| {
                parts(value, |date| {
                    (date.month > 0).then_some([date.year, date.month.into(), 0])
                })
            }),
            (" (month and day)", |_, value| {
                parts(value, |date| {
                    (date.month > 0).then_some([0, date.month.into(), date.day.into()])
                })
            }),
            (" (year)", |_, value| {
                parts(value, |date| Some([date.year, 0, 0]))
            }),
        ],
        Kind::Email => vec![
            whole,
            (" (user part)", |_, value| {
                vec![hash(crate::similarity::user_part(&value.text))]
            }),
        ],
        Kind::Phone => vec![
            whole,
            (" (last seven digits)", |_, value| {
                let text = &value.text;
                vec![hash(
                    text.get(text.len().saturating_sub(7)..).unwrap_or(text),
                )]
            }),
        ],
        _ => vec![whole],
    }
}

fn parts(value: &crate::table::Value, pick: fn(normalise::Date) -> Option<[u16; 3]>) -> Vec<u64> {
    value
        .date
        .and_then(pick)
        .map(|parts| {
            parts
                .iter()
                .fold(7, |all, part| mix(all ^ (u64::from(*part) + 1)))
        })
        .into_iter()
        .collect()
}

/// The first letter and the consonants after it, doubles once: what most typing and hearing errors leave.
fn consonants(text: &str) -> String {
    let mut kept = String::new();
    for letter in text.chars().filter(|letter| letter.is_alphanumeric()) {
        let vowel = matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'h' | 'w');
        if kept.is_empty() || (!vowel && !kept.ends_with(letter)) {
            kept.push(letter);
        }
    }
    kept
}

/// FNV-1a, spread.
fn hash(text: &str) -> u64 {
    mix(text.bytes().fold(0xcbf2_9ce4_8422_2325, |all, byte| {
        (all ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }))
}
