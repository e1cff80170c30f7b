// Weakens one gate of consent after the other, in a copy of the tree, and expects the named test to fail:
//
//     node xtask/tests/consent_mutants.mjs [part of a name]
//
// About a minute a mutant, after everything was compiled once; so it is no part of `cargo xtask test`. Compiled files go to
// target/mutants, or to HEADWATER_MUTANTS_TARGET.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const target = process.env.HEADWATER_MUTANTS_TARGET ?? join(root, 'target/mutants');
const tree = join(root, 'target/mutants-tree');

const core = ['-p', 'cdp-core'];
const server = ['-p', 'headwater', '--test', 'it'];

/** What is weakened: a name, a file, its text before and after (or several, where two gates stand one behind the other), and the test that has to fail. */
const MUTANTS = [
    ['a denial at the moment of the evidence does not count', 'core/src/consent/standing.rs',
        'denied_at >= ruled_at', 'denied_at > ruled_at', [...core, '--test', 'properties', 'evidence_counts']],
    ['what a place presumes counts although the last word is a denial', 'core/src/consent/standing.rs',
        'grant != Grant::Chosen && said.denies()', 'false', [...core, '--test', 'properties', 'evidence_counts']],
    ['one of several purposes is enough', 'core/src/consent/scope.rs',
        'needed.iter().all(', 'needed.iter().any(', [...core, '--lib', 'scope']],
    ['a use that names no purpose is allowed', 'core/src/consent/scope.rs',
        '!needed.is_empty() && ', '', [...core, '--lib', 'scope']],
    ['what was denied since counts all the same', 'core/src/consent/scope.rs',
        'standing.allows(grants, purpose)', '{ let _ = (standing, purpose); true }', [...core, '--lib', 'scope']],
    ['a statement that nobody can have written is taken', 'core/src/gate.rs',
        'forgery(policy, event).map_or(Gate::Admit, Gate::Quarantine)', 'Gate::Admit',
        [...server, 'a_statement_that_cannot_be_read']],
    ['the gate does not ask what the person has said', 'core/src/gate.rs',
        'let allowed = current.filter(|_| why.verdict == Verdict::Allow);', 'let allowed = current.filter(|_| false);',
        [...server, 'what_was_said_rules']],
    ['nobody is remembered to have refused', 'aggregator/src/consent/refusals.rs',
        '!known.filled\n            ||', 'false &&', [...server, 'what_was_said_rules']],
    ['only the strongest identifier of an event is asked about', 'aggregator/src/ingest/judge.rs',
        'flat_map(|(_, _, identifiers)| identifiers)', 'flat_map(|(_, _, identifiers)| identifiers.iter().take(1))',
        [...server, 'an_event_that_names_a_browser']],
    ['what is said holds for the strongest identifier alone', 'aggregator/src/consent/stage.rs',
        'for named in identifiers {', 'for named in identifiers.iter().take(1) {',
        [...server, 'what_is_said_with_two_ids']],
    ['nothing is folded again', 'aggregator/src/consent/stage.rs',
        'if kept.folded.differs(standing) {', 'if false && kept.folded.differs(standing) {',
        [...server, 'what_rested_on_withdrawn']],
    ['what was kept of traits stays', 'aggregator/src/withdrawal/store.rs',
        '"DELETE FROM trait_value WHERE space_id = $1 AND anchor IN (VALUES {rows})",', '',
        [...server, 'what_rested_on_withdrawn']],
    ['what was suggested of somebody stays', 'aggregator/src/withdrawal/store.rs',
        'matching::forget(connection, space_id, anchors).await', 'matching::forget(connection, space_id, anchors.take(0)).await',
        [...server, 'people_who_share_no_identifier']],
    ['what was taken back while a matching ran is suggested', 'aggregator/src/matching/records.rs',
        'self.records.get(at).is_some_and(|record| {', 'true || self.records.get(at).is_some_and(|record| {',
        [...server, 'people_who_share_no_identifier']],
    ['a lookup for a purpose sees all counts', 'aggregator/src/computed_trait/store.rs',
        'if !scope.serves(needed) {', 'if false && !scope.serves(needed) {', [...server, 'who_takes_back_decisions']],
    ['a lookup for a purpose sees all traits', 'aggregator/src/traits/store.rs',
        'if scope.serves(needed)\n', 'if (true || scope.serves(needed))\n', [...server, 'who_takes_back_decisions']],
    ['a snapshot has memberships that do not hold for decisions', 'aggregator/src/audience/members.rs',
        'if scope(row)?.serves(needed) {', 'if true || scope(row)?.serves(needed) {', [...server, 'who_agreed_to_facts_alone']],
    ['who never agreed is in audiences', 'aggregator/src/audience/evaluate.rs',
        'let lives = agreed(profile_id, narrow);', 'let lives = agreed(profile_id, narrow) || folded.contains_key(profile_id);',
        [...server, 'what_rested_on_withdrawn']],
    ['evidence without consent to it links', 'aggregator/src/identity/link.rs',
        ['let allowed = scope.serves(needed);', '.filter(|(_, scope)| scope.serves(needed))'],
        ['let allowed = true || scope.serves(needed);', '.filter(|(_, scope)| true || scope.serves(needed))'],
        [...server, 'a_person_who_withdraws_in_one_browser']],
    ['a new computed trait counts what was withdrawn', 'aggregator/src/consent/stage.rs',
        'rules.scope(logged, standing)', '{ let _ = standing; rules.scope(logged, &Standing::default()) }',
        [...server, 'a_definition_that_is_made_after']],
    ['a stricter policy does not concern what there is', 'aggregator/src/consent/policy/store.rs',
        'withdrawal::everybody(&mut transaction, space_id).await?;', 'let _ = withdrawal::everybody;',
        [...server, 'a_policy_that_asks_for_more']],
    ['who refused is counted wherever somebody is', 'core/src/consent/counting.rs',
        'rule.counting?', 'rule.counting.unwrap_or(CountedFrom::Start)', [...core, '--lib', 'counting']],
    ['who has not chosen is counted where only who refused is', 'core/src/consent/counting.rs',
        '!stay.refused && from == CountedFrom::Refusal', 'false', [...core, '--lib', 'counting']],
    ['any name is counted', 'core/src/consent/counting.rs',
        'let both = named.iter().filter(|name| happened.contains(name));',
        'let _ = named; let both = happened.iter();', [...core, '--lib', 'counting']],
    ['a count may bring an id along', 'core/src/consent/counting.rs',
        ', deny_unknown_fields)]', ')]', [...core, '--lib', 'counting']],
    ['a region is passed on', 'core/src/consent/counting.rs',
        'jurisdiction.map(place::country_of);', 'jurisdiction;', [...core, '--lib', 'counting']],
    ['small groups are shown', 'aggregator/src/counting/store.rs',
        'count >= minimum_group AND count >= $4 AND id > $5', 'count >= 1 AND $4 >= 0 AND id > $5',
        [...server, 'only_large_groups']],
    ['a later policy shows what an earlier one kept back', 'aggregator/src/counting/store.rs',
        'count >= minimum_group AND count >= $4 AND id > $5', 'count >= $4 AND id > $5',
        [...server, 'a_later_policy_does_not_show']],
    ['a day that goes on is shown', 'aggregator/src/counting/routes.rs',
        'day_of(clock::now()));', 'clock::now());', [...server, 'only_large_groups']],
    ['what is tried again came without Global Privacy Control', 'aggregator/src/quarantine/replay.rs',
        'first.is_some_and(|one| one.gpc)', 'false', [...server, 'a_message_is_tried_again']],
    ['a policy that is tried is in force', 'aggregator/src/withdrawal/trial.rs',
        'transaction.rollback()', 'transaction.commit()', [...server, 'trying_a_policy']],
    ['nobody hears of memberships that a policy ended', 'aggregator/src/withdrawal/fold.rs',
        'news::tell_all(connection, turn.space_id, &left, now).await', '{ let _ = news::tell_all; let _ = left; Ok(()) }',
        [...server, 'a_policy_that_asks_for_more']],
];

function copy() {
    rmSync(tree, { recursive: true, force: true });
    const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
    for (const file of files.split('\0').filter(Boolean)) {
        mkdirSync(join(tree, dirname(file)), { recursive: true });
        cpSync(join(root, file), join(tree, file));
    }
}

/** Whether the tests pass; null when they do not compile, or when there is none. */
function passes(test) {
    const options = { cwd: tree, encoding: 'utf8', env: { ...process.env, CARGO_TARGET_DIR: target } };
    const compiled = spawnSync('cargo', ['test', '--offline', '--no-run', ...test.slice(0, -1)], options);
    if (compiled.status !== 0) {
        console.error(compiled.stderr);
        return null;
    }
    const ran = spawnSync('cargo', ['test', '--offline', ...test], options);
    return /running [1-9]/.test(ran.stdout) ? ran.status === 0 : null;
}

copy();
const wanted = process.argv[2] ?? '';
let survivors = 0;
for (const [name, file, before, after, test] of MUTANTS.filter(([name]) => name.includes(wanted))) {
    const path = join(tree, file);
    const text = readFileSync(path, 'utf8');
    const [befores, afters] = [[before].flat(), [after].flat()];
    if (befores.some((before) => text.split(before).length !== 2)) {
        console.log(`STALE     ${name}: ${file} does not have its text once`);
        survivors += 1;
        continue;
    }
    writeFileSync(path, befores.reduce((weaker, before, at) => weaker.replace(before, () => afters[at]), text));
    const start = Date.now();
    const passed = passes(test);
    writeFileSync(path, text);
    const verdict = { true: 'SURVIVED', false: 'caught', null: 'INVALID' }[passed];
    survivors += passed === false ? 0 : 1;
    console.log(`${verdict.padEnd(9)} ${name} (${test.at(-1)}, ${Math.round((Date.now() - start) / 1000)} s)`);
}
process.exitCode = survivors ? 1 : 0;
