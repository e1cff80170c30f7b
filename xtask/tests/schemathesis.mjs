// Has schemathesis make requests out of the server API's description, and expects no 5xx and nothing that the description does
// not say:
//
//     node xtask/tests/schemathesis.mjs [schemathesis's own options, such as --max-examples 50]
//
// It takes minutes, so it is no part of `cargo xtask test`. Before: `cargo build -p headwater`, and
// `python3 -m venv target/schemathesis && target/schemathesis/bin/pip install schemathesis==4.32.5`.
// HEADWATER_BIN and SCHEMATHESIS name other places.

import { spawn, spawnSync, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const root = resolve(import.meta.dirname, '../..');
const headwater = process.env.HEADWATER_BIN ?? join(root, 'target/debug/headwater');
const schemathesis = process.env.SCHEMATHESIS ?? join(root, 'target/schemathesis/bin/schemathesis');

/** What a stream of events answers never ends, and who signs out or takes its own token away has no further answers. */
const APART = ['/api/v1/events/live', '/api/v1/session', '/api/v1/tokens/{id}'];
const CHECKS = 'not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance';

const folder = mkdtempSync(join(tmpdir(), 'headwater-schemathesis-'));
const keys = JSON.parse(execFileSync(headwater, ['init', '--data-dir', folder, '--json'], { encoding: 'utf8' }));
const server = spawn(headwater, ['serve', '--data-dir', folder, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'ignore'] });
try {
    const [line] = await once(createInterface(server.stdout), 'line');
    const url = line.replace('headwater listening on ', '');
    const apart = APART.flatMap((path) => ['--exclude-path', path]);
    const { status } = spawnSync(
        schemathesis,
        ['run', `${url}/api/openapi.json`, '--header', `Authorization: Bearer ${keys.token}`, '--checks', CHECKS, ...apart, '--phases', 'examples,coverage,fuzzing', '--request-timeout', '30', '--continue-on-failure', ...process.argv.slice(2)],
        { stdio: 'inherit', cwd: folder },
    );
    process.exitCode = status ?? 1;
} finally {
    server.kill();
    await once(server, 'exit');
    rmSync(folder, { recursive: true, force: true });
}
